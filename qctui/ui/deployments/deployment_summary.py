"""What is known of one deployment of a project, by the list and by its own read, and which ones there are. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from qctui.model.deployment import (
    Deployment,
    DeploymentDetail,
    DeploymentState,
    Environment,
    LogPage,
    deployments_of,
    newest_deployments,
)
from qctui.model.resource import Resource
from qctui.value import Value


class DeploymentSummary(Value, DeploymentState):
    """What is known of a deployment. What the newest word on it leaves out is
    taken from the other source, if that is about the same deployment."""

    project_id: int
    name: str
    deploy_id: str
    """Empty while unknown."""
    environment: Environment
    brokerage: str
    status: str
    launched_at: float | None
    stopped_at: float | None
    equity: float | None
    message: str
    """Why it failed, or what it says; may have several lines."""
    security_types: str
    datacenter: str
    account_environment: str = ""
    """What the API says of the account, as it spells it."""


def deployed(
    project_id: int,
    name: str,
    opened_id: str,
    listed: Resource[tuple[Deployment, ...]],
    read: Resource[DeploymentDetail],
) -> DeploymentSummary:
    """The deployment to show. Pure. `name` is the project's as it was on screen, `opened_id` the deploy id that was
    opened; they stand in until something is received."""
    project, detail = deployments_of(project_id, listed, read), read.value
    newest = project.known
    if newest is None:
        return DeploymentSummary(project_id, name, opened_id, Environment.LIVE, "", "", None, None, None, "", "", "")
    if isinstance(newest, DeploymentDetail):
        # An answer that does not say which deployment it is of, is of the newest.
        alike = [row for row in project.rows if newest.deploy_id in ("", row.deploy_id)]
        row = next(iter(newest_deployments(alike)), None)
        other: Deployment | DeploymentDetail = row or newest
    else:
        row = newest
        detail = detail if detail is not None and detail.deploy_id in ("", newest.deploy_id) else None
        other = detail or newest
    return DeploymentSummary(
        project_id=project_id,
        name=name or (read.value.project_name if read.value is not None else ""),
        deploy_id=newest.deploy_id or other.deploy_id,
        environment=newest.environment if newest.brokerage or not other.brokerage else other.environment,
        brokerage=newest.brokerage or other.brokerage,
        status=newest.status or other.status,
        launched_at=newest.launched_at if newest.launched_at is not None else other.launched_at,
        stopped_at=newest.stopped_at if newest.stopped_at is not None else other.stopped_at,
        equity=row.equity if row is not None else None,
        message=(detail.message if detail is not None else "") or (row.error if row is not None else ""),
        security_types=detail.security_types if detail is not None else "",
        datacenter=detail.datacenter if detail is not None else "",
        account_environment=newest.account_environment or other.account_environment,
    )


def deploy_ids(project_id: int, listed: Iterable[Deployment], newest: str) -> list[str]:
    """The deployments of a project: the newest, which actions hit, then the others, the one launched last first."""
    rows = sorted((row for row in listed if row.project_id == project_id), key=lambda row: -(row.launched_at or 0.0))
    return [each for each in dict.fromkeys((newest, *(row.deploy_id for row in rows))) if each]


def own_lines(page: LogPage, end: int) -> LogPage:
    """The lines of a window that are a deployment's own, where the log of the one after it begins at `end`."""
    first = max(page.start_line, page.deployment_offset)
    lines = page.lines[first - page.start_line : max(first, end) - page.start_line]
    return LogPage(lines, first, end, page.deployment_offset)
