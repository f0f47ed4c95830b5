"""What a chart is made of: its series, their types, and where their values come from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from qctui.simulator.deployments import Deployment

LINE, SCATTER, CANDLE, BAR, FLAG, STACKED_AREA, PIE, TREEMAP, HEATMAP, SCATTER_3D = 0, 1, 2, 3, 4, 5, 6, 7, 9, 10
"""Series type, REFERENCE.md 8.5."""

Values = Callable[[Deployment, Sequence[float]], list[float | None]]
Point = tuple[float, float | None, str | None]
Events = Callable[[Deployment, float, float], list[Point]]


@dataclass(frozen=True)
class SeriesPlan:
    """One series: either `values` on a grid of times, or `events` at times of their own."""

    name: str
    type: int
    unit: str = ""
    index: int = 0
    color: str = ""
    marker: str = "none"
    values: Values | None = None
    events: Events | None = None
    """Points between two times: time, value, tooltip."""
    last_only: bool = False
    """One point at the end of the window, as pies and treemaps have."""
    kept_long: bool = False
    """Kept for two years, one point a day, beyond the two days of full resolution (REFERENCE.md 6.3)."""
    least_step_s: float = 60.0
    """Its own sampling; a finer one is never served."""
    objects: bool = False
    """Points are objects with x and y, as scatter plots have them."""
    tooltip: str = ""
    z_index: int | None = None
    index_name: str | None = None


@dataclass(frozen=True)
class ChartPlan:
    """One chart of a deployment."""

    name: str
    series: tuple[SeriesPlan, ...]
    type: int = 0
    """0 overlay, 1 stacked (REFERENCE.md 8.4)."""
