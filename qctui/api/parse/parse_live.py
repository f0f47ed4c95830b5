"""Projects, deployments and logs."""

from __future__ import annotations

from collections.abc import Mapping

from qctui.api.decode import Document
from qctui.api.endpoints import LIVE_LIST, LIVE_READ, LOGS, PROJECTS
from qctui.api.names import ChartNames
from qctui.api.parse.common import MAX_NAMES, each, refuse_loading, sift, texts
from qctui.api.schemas.live import WireCollaborator, WireDeployment, WireDetail, WireLogs, WireProject
from qctui.api.tolerant import block, fold, line
from qctui.model.deployment import (
    Deployment,
    DeploymentDetail,
    DeploymentList,
    LogPage,
    Project,
    environment_of,
    is_alive,
)


async def projects(document: Document, members: dict[str, object], user_id: str) -> tuple[Project, ...]:
    """projects/read without the recycle bin. `user_id` finds the signed-in user among the collaborators."""
    found = await each(PROJECTS, document, members, "projects", lambda item: _project(item, user_id))
    return tuple(project for project in found if not project.deleted)


def _project(item: object, user_id: str) -> Project | None:
    wire = WireProject.read(item)
    if wire.project_id is None:
        return None
    control = None
    for collaborator in map(WireCollaborator.read, wire.collaborators):
        if collaborator.uid is not None and str(collaborator.uid) == user_id:
            control = collaborator.live_control
    return Project(wire.project_id, wire.name, wire.language, wire.modified, control)


async def deployments(document: Document, members: dict[str, object]) -> DeploymentList:
    """live/list."""
    return DeploymentList(*await sift(LIVE_LIST, document, members, "live", _deployment))


def _deployment(item: object) -> Deployment | None:
    wire = WireDeployment.read(item)
    if wire.project_id is None:
        return None
    return Deployment(
        project_id=wire.project_id,
        deploy_id=wire.deploy_id,
        status=wire.status,
        launched_at=wire.launched,
        stopped_at=_stopped_at(wire),
        brokerage=wire.brokerage,
        environment=environment_of(wire.brokerage, wire.environment),
        equity=wire.equity,
        error=wire.error,
        description=wire.description,
        subscription=wire.subscription,
        account_environment=wire.environment,
    )


def _stopped_at(wire: WireDeployment | WireDetail) -> float | None:
    """When it stopped. Before its launch an unended one can't have: taking such a time for its own would hide an
    algorithm that trades, and refuse to liquidate it."""
    stopped = wire.stopped
    if stopped is None or not is_alive(wire.status, None):
        return stopped
    return None if wire.launched is not None and stopped < wire.launched else stopped


def holds_detail(members: Mapping[str, object]) -> bool:
    """Whether a failed live/read says all the same which deployment this is, or how it is: such fields are kept
    (REFERENCE.md 2.1)."""
    wire = WireDetail.read(members)
    return bool(wire.deploy_id) or wire.stopped is not None


def detail(members: Mapping[str, object], project_id: int, names: ChartNames, errors: str = "") -> DeploymentDetail:
    """live/read, in which everything is optional. The names of its charts are remembered in `names`. `errors` is what
    the answer complained of.

    Raises ApiError if the answer is only being prepared: its status is not the deployment's.
    """
    wire = WireDetail.read(members)
    if not wire.deploy_id:
        refuse_loading(LIVE_READ, members)
    return DeploymentDetail(
        project_id=project_id,
        deploy_id=wire.deploy_id,
        status=wire.status,
        launched_at=wire.launched,
        stopped_at=_stopped_at(wire),
        brokerage=wire.brokerage,
        environment=environment_of(wire.brokerage, wire.environment),
        project_name=wire.project_name,
        message=wire.message,
        security_types=wire.security_types,
        datacenter=wire.datacenter,
        description=wire.description,
        statistics=texts(wire.runtime_statistics),
        server_statistics=texts(wire.server_statistics),
        charts=names.remember(project_id, _chart_names(wire.charts)),
        errors=errors,
        account_environment=wire.environment or line(fold(members.get("deploymentdetails")).get("environment")),
    )


def _chart_names(value: object) -> list[str]:
    """Raw chart names from a map by name, one chart (as the documentation draws it), or a list of either."""
    if isinstance(value, dict):
        own = fold(value).get("name")
        return [own] if isinstance(own, str) else list(value)[:MAX_NAMES]
    if not isinstance(value, list):
        return []
    named = [item if isinstance(item, str) else fold(item).get("name") for item in value[:MAX_NAMES]]
    return [name for name in named if isinstance(name, str)]


async def logs(document: Document, members: dict[str, object], start_line: int) -> LogPage:
    """live/logs/read: one element a row, even if a message of several lines makes a row of several."""
    wire = WireLogs.model_validate(members)
    rows = await each(LOGS, document, members, "logs", block)
    return LogPage(rows, start_line, wire.length, max(0, wire.deployment_offset or 0))
