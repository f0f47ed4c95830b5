"""Projects and their deployments: what trades, has traded or failed, and the lines it logged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from enum import Enum
from types import MappingProxyType

from qctui.model.resource import Resource
from qctui.value import Value, field

TERMINAL_STATUSES = frozenset(
    {"deployerror", "stopped", "liquidated", "deleted", "completed", "runtimeerror", "invalid"}
)
"""Statuses of a deployment that has ended, lower case (REFERENCE.md 8.1)."""

EMPTY: Mapping[str, str] = MappingProxyType({})


RECENT_S = 86_400.0
"""How long an ended deployment stays in the list."""

LOG_WINDOW = 200
"""Lines per request: the smaller of the documented limits (REFERENCE.md 9, row 9)."""

TAIL_SLACK = 10
"""Rows of a window at the end of a list left free for new ones, so that most polls cost one request."""


class Project(Value):
    """One row of projects/read (REFERENCE.md 4.2)."""

    project_id: int
    name: str
    """Folders are separated by `/`."""
    live_control: bool | None = None
    """Whether the signed-in user may stop or liquidate; None when the API does not say."""

    @property
    def deleted(self) -> bool:
        """In the recycle bin (REFERENCE.md 4.2): not shown."""
        return self.name.startswith("Recycle Bin/")


class Environment(Enum):
    """Real money or not. Unknown counts as LIVE everywhere: asking once too often is the safe mistake."""

    LIVE = "LIVE"
    PAPER = "PAPER"


def environment_of(brokerage: str, environment: str) -> Environment:
    """PAPER only if the brokerage says so, or, with no brokerage told, the environment does. Everything else is
    LIVE."""
    return Environment.PAPER if "paper" in (brokerage or environment).casefold() else Environment.LIVE


_FOR_PRACTICE = ("paper", "practice", "demo", "sandbox", "simul", "testnet")


def claims_paper(environment: Environment, told: str) -> bool:
    """Whether an account that counts as LIVE says of itself that no real money is in it. That is shown and changes
    nothing else: only the brokerage that is nothing but paper is beyond doubt."""
    return environment is Environment.LIVE and any(word in told.casefold() for word in _FOR_PRACTICE)


def is_alive(status: str, stopped_at: float | None) -> bool:
    """Whether a deployment with this status may still trade. A stop time always ends it; an unlisted status is alive,
    because calling a trading algorithm ended would hide it (REFERENCE.md 8.1: treat unknown values as opaque)."""
    return stopped_at is None and status.casefold() not in TERMINAL_STATUSES


def names_of(projects: Iterable[Project]) -> dict[int, str]:
    """The names of projects by id."""
    return {each.project_id: each.name for each in projects}


def name_of(project_id: int, names: Mapping[int, str]) -> str:
    """A project's name, or its number while the name is unknown."""
    return names.get(project_id) or f"project {project_id}"


class DeploymentState:
    """What follows from a deployment's status, stop time and account, whichever answer they are from."""

    __slots__ = ()

    status: str
    stopped_at: float | None
    environment: Environment
    account_environment: str

    @property
    def alive(self) -> bool:
        """It may still trade."""
        return is_alive(self.status, self.stopped_at)

    @property
    def failed(self) -> bool:
        """It ended by an error of its own."""
        return not self.alive and self.status.casefold() in {"runtimeerror", "deployerror"}

    @property
    def claims_paper(self) -> bool:
        """It is LIVE, and its account says that it is not."""
        return claims_paper(self.environment, self.account_environment)


class DeploymentAnswer(Value, DeploymentState):
    """What live/list and live/read both tell of a deployment. Every field may be missing on the wire."""

    project_id: int
    """In live/read the one asked for: that answer does not carry it."""
    deploy_id: str
    """Empty when the API does not say."""
    status: str
    """As the API spells it; empty when it does not say."""
    launched_at: float | None
    stopped_at: float | None
    brokerage: str
    environment: Environment


class Deployment(DeploymentAnswer):
    """One row of live/list (REFERENCE.md 6.1). Names are in `Project`; the list does not carry them."""

    equity: float | None
    """In the account's currency; None when unknown, never 0 for unknown."""
    error: str = ""
    description: str = ""
    account_environment: str = ""
    """What the API says of the account, as it spells it."""


def is_recent(deployment: Deployment, now: float) -> bool:
    """Alive, or ended within the last 24 hours. One without a stop time counts by its launch."""
    if deployment.alive:
        return True
    ended_at = deployment.stopped_at if deployment.stopped_at is not None else deployment.launched_at
    return ended_at is None or now - ended_at < RECENT_S


def alive_by_project(deployments: Iterable[Deployment]) -> Counter[int]:
    """How many deployments may trade, by project. One is the rule; a trigger hits whatever the service holds live in
    the project (REFERENCE.md 7.1). An entry that is listed twice is one deployment."""
    alive = {(each.project_id, each.deploy_id) for each in deployments if each.alive}
    return Counter(project_id for project_id, _ in alive)


class DeploymentList(Value):
    """live/list."""

    deployments: tuple[Deployment, ...]
    unreadable: int = 0
    """Entries left out because they name no project: a deployment that trades may be among them."""


class DeploymentDetail(DeploymentAnswer):
    """live/read (REFERENCE.md 6.2): the most recent deployment of a project."""

    project_name: str
    message: str = ""
    security_types: str = ""
    datacenter: str = ""
    description: str = ""
    statistics: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    """runtimeStatistics: name to text as the engine formatted it; shown as it is."""
    server_statistics: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    charts: tuple[str, ...] = ()
    """Names of the charts this deployment reports."""
    errors: str = ""
    """What the answer complained of beside its fields (REFERENCE.md 2.1): such an answer wants a second witness."""
    account_environment: str = ""
    """What the API says of the account, as it spells it."""

    @property
    def has_status(self) -> bool:
        """It says whether it runs: every field of live/read may be missing."""
        return bool(self.status) or self.stopped_at is not None

    def is_followed_by(self, later: DeploymentDetail) -> bool:
        """Whether a later answer is about another deployment; one without an id is no evidence of that."""
        return bool(self.deploy_id and later.deploy_id) and self.deploy_id != later.deploy_id


def which_matters(
    rows: Sequence[Deployment], later: DeploymentDetail | None = None, ended: Container[str] = ()
) -> Deployment | DeploymentDetail | None:
    """The deployment of one project that matters now: the one alive, else the one launched last. None without any.

    `rows` are the project's in live/list; `later` is its live/read, where that was received later. live/read tells of
    one deployment only: that it ended says nothing about another one that the list has alive. One that the list does
    not have yet, and one that the answer does not name, is the newest. `ended` are the deploy ids of which a
    live/read said at any time that they ended: a list that still has one alive must not hide another that trades.
    """
    others = [row for row in rows if later is None or row.deploy_id != later.deploy_id]
    candidates: list[Deployment | DeploymentDetail] = [*others]
    if later is not None:
        if all(row.deploy_id != later.deploy_id for row in rows):
            return later
        candidates.append(later)
    return max(
        candidates,
        key=lambda each: (each.alive and each.deploy_id not in ended, each.alive, each.launched_at or 0.0),
        default=None,
    )


def newest_deployments(deployments: Iterable[Deployment], ended: Container[str] = ()) -> list[Deployment]:
    """The deployment that matters of each project in live/list, which has all there ever were; `ended` as in
    `which_matters`."""
    projects: dict[int, list[Deployment]] = {}
    for deployment in deployments:
        projects.setdefault(deployment.project_id, []).append(deployment)
    return [each for rows in projects.values() if isinstance(each := which_matters(rows, None, ended), Deployment)]


class ProjectDeployments(Value):
    """What both sources tell of the deployments of one project."""

    rows: Sequence[Deployment]
    """Those of live/list."""
    known: Deployment | DeploymentDetail | None
    """The newest word on the deployment that matters; None without any."""
    ended: str
    """The deploy id of which live/read said last that it ended; empty without one."""


def deployments_of(
    project_id: int, listed: Resource[tuple[Deployment, ...]], read: Resource[DeploymentDetail]
) -> ProjectDeployments:
    """The deployments of a project, by live/list and its live/read."""
    rows = [row for row in listed.value or () if row.project_id == project_id]
    is_later = not rows or (read.fetched_mono or 0.0) >= (listed.fetched_mono or 0.0)
    later = read.value if is_later else None
    ended = read.value.deploy_id if read.value is not None and not read.value.alive else ""
    return ProjectDeployments(rows, which_matters(rows, later, {ended}), ended)


class LogPage(Value):
    """A window of lines: of all there are, or of those that contain a text. Times in them are in the algorithm's own
    zone, not UTC."""

    lines: tuple[str, ...]
    start_line: int
    length: int | None
    """Rows over all deployments of the project; of a search those that match."""
    deployment_offset: int
    """Rows before this deployment, those that do not match a search included."""
