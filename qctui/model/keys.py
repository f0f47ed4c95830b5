"""The keys of the store: the name of each resource, with the type of its value."""

from __future__ import annotations

from typing import Generic, TypeVar

from qctui.model.chart import Chart, ChartWindow
from qctui.model.deployment import Deployment, DeploymentDetail, LogPage, Project
from qctui.model.insight import InsightLog
from qctui.model.link import Link
from qctui.model.optimization import Optimization, OptimizationSummary
from qctui.model.order import Order
from qctui.model.portfolio import Portfolio
from qctui.value import Value

T = TypeVar("T")


# No slots: Python 3.11 can't make `Key[X](...)` of a generic that is both frozen and slotted.
class Key(Value, Generic[T]):
    """A resource's name. `kind` is the word used in the log and in messages; the rest says which one."""

    kind: str
    project_id: int = 0
    name: str = ""
    """Deploy id, optimization id or chart name."""
    window: ChartWindow | None = None
    count: int = 0
    """Samples of a chart, or the first line of a window of a log."""
    query: str = ""
    """What the lines of a log have to contain."""


LINK: Key[Link] = Key("link")
JOURNAL: Key[str] = Key("journal")
"""Why actions can't be written to the journal now, in words; empty while they can. Without a value: not known yet."""
PROJECTS: Key[tuple[Project, ...]] = Key("projects")
DEPLOYMENTS: Key[tuple[Deployment, ...]] = Key("deployments")


def detail_key(project_id: int) -> Key[DeploymentDetail]:
    """live/read of a project's most recent deployment."""
    return Key("detail", project_id)


def older_key(project_id: int, deploy_id: str) -> Key[DeploymentDetail]:
    """live/read of an older deployment, by its id. A kind of its own: what is said of a project is said by `detail`."""
    return Key("older", project_id, deploy_id)


def portfolio_key(project_id: int) -> Key[Portfolio]:
    """live/portfolio/read."""
    return Key("portfolio", project_id)


def orders_key(project_id: int) -> Key[tuple[Order, ...]]:
    """The newest window of live/orders/read, newest order last."""
    return Key("orders", project_id)


def logs_key(project_id: int, deploy_id: str) -> Key[LogPage]:
    """The tail of live/logs/read."""
    return Key("logs", project_id, deploy_id)


def log_lines_key(project_id: int, deploy_id: str, start_line: int, query: str = "") -> Key[LogPage]:
    """Lines of live/logs/read from `start_line` on, as many as one answer holds; with `query` the numbers count the
    lines that contain it."""
    return Key("log_lines", project_id, deploy_id, count=start_line, query=query)


def insights_key(project_id: int, deploy_id: str) -> Key[InsightLog]:
    """All insights of one deployment, read incrementally."""
    return Key("insights", project_id, deploy_id)


def chart_key(project_id: int, name: str, window: ChartWindow, count: int) -> Key[Chart]:
    """live/chart/read of one window in `count` samples."""
    return Key("chart", project_id, name, window, count)


def optimizations_key(project_id: int) -> Key[tuple[OptimizationSummary, ...]]:
    """optimizations/list of a project."""
    return Key("optimizations", project_id)


def optimization_key(optimization_id: str) -> Key[Optimization]:
    """optimizations/read."""
    return Key("optimization", 0, optimization_id)
