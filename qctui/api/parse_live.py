"""Projects, deployments and logs, from answers to models."""

from __future__ import annotations

from collections.abc import Mapping

from qctui.api.answer import Answer
from qctui.api.decode import entries
from qctui.api.tolerant import MAX_NAMES, block, flag, fold, integer, line, number, texts, unix_time
from qctui.model.deployment import (
    Deployment,
    DeploymentDetail,
    DeploymentList,
    Environment,
    LogPage,
    Project,
    environment_of,
    is_alive,
)
from qctui.text import clean

_MAX_PROJECTS = 2_000


class ChartNames:
    """Chart names as the API spells them, behind the cleaned ones that people see.

    A chart name is an identifier that goes back to the API, and cleaning may change it (a blank at its end, a control
    character). Leaving such charts out would hide them, so their raw names are kept, only theirs, per project.
    """

    def __init__(self) -> None:
        self._raw: dict[int, dict[str, str]] = {}

    def remember(self, project_id: int, raw_names: list[str]) -> tuple[str, ...]:
        """The cleaned names, in order, of the charts a project reports; empty and repeated ones left out."""
        shown: dict[str, str] = {}
        for raw in raw_names:
            name = clean(raw)
            if name and (name not in shown or raw == name):
                shown[name] = raw
        odd = {name: raw for name, raw in shown.items() if name != raw}
        self._raw.pop(project_id, None)
        if odd:
            self._raw[project_id] = odd
            if len(self._raw) > _MAX_PROJECTS:
                self._raw.pop(next(iter(self._raw)))
        return tuple(shown)

    def raw(self, project_id: int, name: str) -> str:
        """What to send for a name that was shown."""
        return self._raw.get(project_id, {}).get(name, name)


async def projects(answer: Answer, user_id: str) -> tuple[Project, ...]:
    """projects/read without the recycle bin (REFERENCE.md 4.2). `user_id` finds the signed-in user among the
    collaborators."""
    found = await answer.each("projects", lambda item: _project(item, user_id))
    return tuple(project for project in found if not project.deleted)


def _project(item: object, user_id: str) -> Project | None:
    raw = fold(item)
    project_id = integer(raw.get("projectid"))
    if project_id is None:
        return None
    control = None
    for collaborator in map(fold, entries(raw.get("collaborators"))):
        uid = integer(collaborator.get("uid"))
        if uid is not None and str(uid) == user_id:
            control = flag(collaborator.get("livecontrol"))
    return Project(project_id, line(raw.get("name")), control)


async def deployments(answer: Answer) -> DeploymentList:
    """live/list (REFERENCE.md 6.1)."""
    return DeploymentList(*await answer.sift("live", _deployment))


def _deployment(item: object) -> Deployment | None:
    raw = fold(item)
    project_id = integer(raw.get("projectid"))
    if project_id is None:
        return None
    return Deployment(
        *_in_both(raw, project_id),
        equity=number(raw.get("equity")),
        error=line(raw.get("error")),
        description=line(raw.get("description")),
        account_environment=line(raw.get("environment")),
    )


def _in_both(
    raw: Mapping[str, object], project_id: int
) -> tuple[int, str, str, float | None, float | None, str, Environment]:
    """The fields of `DeploymentAnswer`, in their order. Before its launch an unended deployment can't have stopped:
    taking such a time for its own would hide an algorithm that trades, and refuse to liquidate it."""
    status, brokerage = line(raw.get("status")), line(raw.get("brokerage"))
    launched_at, stopped_at = unix_time(raw.get("launched")), unix_time(raw.get("stopped"))
    if stopped_at is not None and launched_at is not None and stopped_at < launched_at and is_alive(status, None):
        stopped_at = None
    environment = environment_of(brokerage, line(raw.get("environment")))
    return project_id, line(raw.get("deployid")), status, launched_at, stopped_at, brokerage, environment


def identifies_deployment(answer: Answer) -> bool:
    """Whether a live/read, failed or not, says which deployment this is, or that it has ended."""
    return bool(line(answer.members.get("deployid"))) or unix_time(answer.members.get("stopped")) is not None


async def detail(answer: Answer, project_id: int, names: ChartNames, errors: str = "") -> DeploymentDetail:
    """live/read, which is flat and in which everything is optional (REFERENCE.md 6.2). The names of its charts are
    remembered in `names`; `errors` is what the answer complained of.

    `deploymentDetails` may hold account numbers and `files` is source text: neither is kept, but for the first one's
    `environment`. Raises ApiError if the answer is only being prepared: its status is not the deployment's.
    """
    raw = answer.members
    if not line(raw.get("deployid")):
        answer.refuse_loading()
    environment = line(raw.get("environment")) or line(fold(raw.get("deploymentdetails")).get("environment"))
    return DeploymentDetail(
        *_in_both(raw, project_id),
        project_name=line(raw.get("projectname")),
        message=block(raw.get("message")),
        security_types=line(raw.get("securitytypes")),
        datacenter=line(raw.get("datacenter")),
        description=line(raw.get("description")),
        statistics=texts(raw.get("runtimestatistics")),
        server_statistics=texts(raw.get("serverstatistics")),
        charts=names.remember(project_id, _raw_chart_names(raw.get("charts"))),
        errors=errors,
        account_environment=environment,
    )


def _raw_chart_names(value: object) -> list[str]:
    """Chart names from a map by name, one chart (as the documentation draws it), or a list of either."""
    if isinstance(value, dict):
        own = fold(value).get("name")
        return [own] if isinstance(own, str) else list(value)[:MAX_NAMES]
    if not isinstance(value, list):
        return []
    named = [item if isinstance(item, str) else fold(item).get("name") for item in value[:MAX_NAMES]]
    return [name for name in named if isinstance(name, str)]


async def logs(answer: Answer, start_line: int) -> LogPage:
    """live/logs/read (REFERENCE.md 6.5): one element a row, even if a message of several lines makes a row of
    several."""
    rows = await answer.each("logs", block)
    length, offset = integer(answer.members.get("length")), integer(answer.members.get("deploymentoffset"))
    return LogPage(rows, start_line, length, max(0, offset or 0))
