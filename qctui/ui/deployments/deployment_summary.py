"""Puts together what the list and a deployment's own read say of it; and the log of an older deployment."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from qctui.model.deployment import (
    LOG_WINDOW,
    Deployment,
    DeploymentAnswer,
    DeploymentDetail,
    Environment,
    LogPage,
    deployments_of,
    newest_deployments,
)
from qctui.model.keys import Key, log_lines_key
from qctui.model.resource import Failure, FailureKind, Resource
from qctui.value import replace


class DeploymentSummary(DeploymentAnswer):
    """What is known of a deployment. What the newest word on it leaves out is
    taken from the other source, if that is about the same deployment."""

    name: str
    equity: float | None = None
    message: str = ""
    """Why it failed, or what it says; may have several lines."""
    security_types: str = ""
    datacenter: str = ""
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
        return DeploymentSummary(project_id, opened_id, "", None, None, "", Environment.LIVE, name)
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


class OlderLog:
    """The end of an older deployment's log. The service numbers the lines of all deployments of a project together: its
    own end where those of the deployment after it begin, which an answer about that one says."""

    def __init__(self, read: Callable[[Key[LogPage]], Resource[LogPage]]) -> None:
        self._read = read
        self._made: tuple[LogPage, LogPage, LogPage] | None = None
        """The two answers, and what was made of them: the same as long as they are."""

    def keys(self, project_id: int, deploy_id: str, ids: Sequence[str]) -> list[Key[LogPage]]:
        """What is to be read of the deployment after it, and, once its end is known, of its own. `ids` are those of the
        project as `deploy_ids` has them."""
        place = ids.index(deploy_id) if deploy_id in ids else 0
        if place == 0:
            return []
        keys = [log_lines_key(project_id, ids[place - 1], 0)]
        if (after := self._read(keys[0]).value) is not None:
            keys.append(log_lines_key(project_id, deploy_id, max(0, after.deployment_offset - LOG_WINDOW)))
        return keys

    def end(self, project_id: int, deploy_id: str, ids: Sequence[str]) -> Resource[LogPage]:
        """Its last lines."""
        found = [self._read(key) for key in self.keys(project_id, deploy_id, ids)]
        if len(found) < 2 or (page := found[1].value) is None:
            return found[-1] if found else Resource()
        after, own = found[0].value, found[1]
        if after is None or after.deployment_offset <= page.deployment_offset:
            words = "the service does not say where the log of this deployment ends"
            return Resource(error=Failure(FailureKind.MALFORMED, words, own.fetched_at or 0.0, own.fetched_mono or 0.0))
        if self._made is None or self._made[0] is not after or self._made[1] is not page:
            first, end = max(page.start_line, page.deployment_offset), after.deployment_offset
            lines = page.lines[first - page.start_line : max(first, end) - page.start_line]
            self._made = after, page, LogPage(lines, first, end, page.deployment_offset)
        return replace(own, value=self._made[2])
