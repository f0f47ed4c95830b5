"""What can be opened in full."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from qctui.model.chart import ChartWindow
from qctui.model.insight import Insight


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


@dataclass(frozen=True, slots=True)
class Detail:
    """One thing to be shown in full, as it was when somebody asked for it."""

    kind: DetailKind
    project_id: int
    deploy_id: str = ""
    optimization_id: str = ""
    insight: Insight | None = None
    """The one to show; the log it stands in may move on."""
    name: str = ""
    """The project's name, or the optimization's, as it was on screen."""
    chart: str = ""
    """The chart's name, for a chart."""
    window: ChartWindow | None = None
    """The part of time it showed, for a chart."""


Opens = Callable[[Detail], None]
"""Shows one thing in full, at once."""
