"""What happened, in the past tense: the messages of the interface. Nobody edits one after it was posted."""

from __future__ import annotations

from enum import Enum
from typing import Any, Protocol, runtime_checkable

from textual.message import Message

from qctui.model.chart import ChartWindow
from qctui.model.insight import Insight
from qctui.model.keys import Key


class StoreStirred(Message, bubble=False):
    """Something in the store changed: the bridge holds which keys. At most one is under way at a time."""


@runtime_checkable
class ShowsStore(Protocol):
    """A screen that shows resources. One that is covered whole is told when it is seen again, except of actions."""

    def show_changes(self, keys: frozenset[Key[Any]]) -> None:
        """These keys have newer resources. An exception becomes a message on screen, not the end of the program."""
        ...


class DetailKind(Enum):
    """What can be opened in full."""

    DEPLOYMENT = "deployment"
    OPTIMIZATION = "optimization"
    INSIGHT = "insight"
    CHART = "chart"
    CHARTS = "charts"
    """All charts of a deployment, side by side."""
    EQUITIES = "equities"
    """The equity of all deployments, side by side."""
    OVERLAY = "overlay"
    """A deployment's equity against another's, or the benchmark."""


class OpenDetail(Message):
    """Somebody asked to see one thing in full: Enter on a row."""

    def __init__(
        self,
        kind: DetailKind,
        *,
        project_id: int,
        deploy_id: str = "",
        optimization_id: str = "",
        insight: Insight | None = None,
        name: str = "",
        chart: str = "",
        window: ChartWindow | None = None,
    ) -> None:
        super().__init__()
        self.kind = kind
        self.project_id = project_id
        self.deploy_id = deploy_id
        self.optimization_id = optimization_id
        self.insight = insight
        """The one to show; the log it stands in may move on."""
        self.name = name
        """The project's name, or the optimization's, as it was on screen."""
        self.chart = chart
        """The chart's name, for a chart."""
        self.window = window
        """The part of time it showed, for a chart."""
