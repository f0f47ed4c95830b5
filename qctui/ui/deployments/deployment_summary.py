"""What is known of the deployment of a project that matters now, from the list and from its own read. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from qctui.model.deployment import Deployment, DeploymentDetail, Environment, claims_paper, is_alive
from qctui.model.resource import Resource
from qctui.ui.rows import newest_deployments


@dataclass(frozen=True, slots=True)
class DeploymentSummary:
    """The one alive, else the newest: what an action on its project would hit. Of both sources, the one received later
    tells; what it leaves out is taken from the other, if that tells of the same deployment."""

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
    description: str
    known: bool
    """Whether anything has been received of it."""
    account_environment: str = ""
    """What the API says of the account, as it spells it."""

    @property
    def alive(self) -> bool:
        """It may still trade."""
        return is_alive(self.status, self.stopped_at)

    @property
    def claims_paper(self) -> bool:
        """It is LIVE, and its account says that it is not."""
        return claims_paper(self.environment, self.account_environment)

    @property
    def failed(self) -> bool:
        """It ended by an error of its own."""
        return not self.alive and self.status.casefold() in {"runtimeerror", "deployerror"}


def deployed(
    project_id: int,
    name: str,
    opened_id: str,
    listed: Resource[tuple[Deployment, ...]],
    read: Resource[DeploymentDetail],
) -> DeploymentSummary:
    """The deployment to show. `name` is the project's as it was on screen, `opened_id` the deploy id that was opened;
    they stand in until something is received."""
    row = next(iter(newest_deployments(each for each in listed.value or () if each.project_id == project_id)), None)
    detail = read.value
    newer = detail is not None and (row is None or (read.fetched_mono or 0.0) >= (listed.fetched_mono or 0.0))
    if row is not None and detail is not None and detail.deploy_id and row.deploy_id != detail.deploy_id:
        row, detail = (None, detail) if newer else (row, None)
    first, second = (detail, row) if newer else (row, detail)
    tells: Deployment | DeploymentDetail | None = first or second
    if tells is None:
        return DeploymentSummary(
            project_id, name, opened_id, Environment.LIVE, "", "", None, None, None, "", "", "", "", known=False
        )
    other: Deployment | DeploymentDetail = second or tells
    message = (detail.message if detail is not None else "") or (row.error if row is not None else "")
    return DeploymentSummary(
        project_id=project_id,
        name=name or (detail.project_name if detail is not None else ""),
        deploy_id=tells.deploy_id or other.deploy_id,
        environment=tells.environment if tells.brokerage or not other.brokerage else other.environment,
        brokerage=tells.brokerage or other.brokerage,
        status=tells.status or other.status,
        launched_at=tells.launched_at if tells.launched_at is not None else other.launched_at,
        stopped_at=tells.stopped_at if tells.stopped_at is not None else other.stopped_at,
        equity=row.equity if row is not None else None,
        message=message,
        security_types=detail.security_types if detail is not None else "",
        datacenter=detail.datacenter if detail is not None else "",
        description=(detail.description if detail is not None else "") or (row.description if row is not None else ""),
        known=True,
        account_environment=tells.account_environment or other.account_environment,
    )
