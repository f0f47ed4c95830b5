"""Charts: columns of numbers, ready to be drawn (REFERENCE.md 6.3)."""

from __future__ import annotations

from array import array
from enum import IntEnum

from qctui.value import Value, field


class SeriesType(IntEnum):
    """What the wire claims a series is (REFERENCE.md 8.5). The points decide whether it is true."""

    LINE = 0
    SCATTER = 1
    CANDLE = 2
    BAR = 3
    FLAG = 4
    STACKED_AREA = 5
    PIE = 6
    TREEMAP = 7
    HEATMAP = 9
    SCATTER_3D = 10
    UNKNOWN = -1


EQUITY_CHART = "Strategy Equity"
"""Every deployment has this chart (REFERENCE.md 6.3)."""

_BESIDE_POINTS = ("name", "unit", "index", "series_type", "color", "marker", "rows", "tooltips", "null_tooltips")


class Series(Value, eq=False):
    """One series, by what its points are. Compared by identity.

    Times ascend (sorted when parsed, stable for equal times). `ys` holds finite numbers only. A null of the wire is not
    a point: its place is in `gaps`, and a line breaks there; it is never a zero.
    """

    name: str
    unit: str
    """`$`, `%`, another currency, or empty."""
    index: int
    """Sub-plot: series with the same index share a value axis."""
    series_type: SeriesType
    xs: array[float]
    """Unix seconds, ascending."""
    ys: array[float]
    """Values; for candles the close (or the best of what a partly null candle has)."""
    gaps: array[int] = field(default_factory=lambda: array("l"))
    """Ascending positions i: one or more nulls stood between point i-1 and point i (0: before the first;
    len(xs): after the last)."""
    opens: array[float] | None = None
    highs: array[float] | None = None
    lows: array[float] | None = None
    """Candles only: same length as xs; NaN where that member was null. `ys` is then the close column with NaN
    never in it."""
    color: str = ""
    """`#RRGGBB` or empty."""
    marker: str = "none"
    """Scatter marker: none, circle, square, diamond, triangle, triangle-down."""
    tooltips: dict[int, str] = field(default_factory=dict)
    """Position to text, scatter only."""
    null_tooltips: tuple[tuple[float, str], ...] = ()
    """Times, ascending, and texts of the nulls that have one: something happened, and it has no value."""
    rows: tuple[tuple[str, ...], ...] = ()
    """For types that have no time axis (heat map, 3-D): the points as text, for a table."""
    z_index: int = 0

    @property
    def candles(self) -> bool:
        """Its points are candles, whatever the type claims."""
        return self.opens is not None

    def __len__(self) -> int:
        return len(self.xs)

    def has_same_data(self, other: Series) -> bool:
        """Whether both show the same: points, gaps, and what is shown beside them."""
        if len(self) != len(other) or (len(self) and (self.xs[-1], self.ys[-1]) != (other.xs[-1], other.ys[-1])):
            return False
        if any(getattr(self, name) != getattr(other, name) for name in _BESIDE_POINTS):
            return False
        # As bytes: a NaN of a candle equals itself, and a million points are compared in a millisecond.
        for column in ("xs", "ys", "gaps", "opens", "highs", "lows"):
            mine, theirs = getattr(self, column), getattr(other, column)
            if (mine is None) != (theirs is None) or (mine is not None and mine.tobytes() != theirs.tobytes()):
                return False
        return True


class Chart(Value, eq=False):
    """One answer of live/chart/read. Compared by identity."""

    name: str
    stacked: bool
    """chartType 1."""
    series: tuple[Series, ...]
    start: float = 0.0
    """The window that was asked for, Unix seconds."""
    end: float = 0.0
    count: int = 0
    """How many samples were asked for."""
    sparse: bool = False
    """Implausibly few points for the window: the service may have misread the request, or the data do not exist."""

    @property
    def points(self) -> int:
        """Points of all series."""
        return sum(len(series) for series in self.series)

    def has_same_data(self, other: Chart) -> bool:
        """Whether both show the same. The window's edges do not count: that a following window has moved on is not news
        about its data."""
        if (self.name, self.stacked, self.count, self.sparse) != (other.name, other.stacked, other.count, other.sparse):
            return False
        pairs = zip(self.series, other.series, strict=False)
        return len(self.series) == len(other.series) and all(one.has_same_data(two) for one, two in pairs)


class ChartWindow(Value):
    """What part of time a chart shows: the last `span_s` seconds up to now, or a fixed range."""

    span_s: float | None = 86_400.0
    """Following: the length up to now; None means everything there is."""
    start: float | None = None
    end: float | None = None
    """Both set: a fixed range, Unix seconds; `span_s` is then ignored."""

    @property
    def following(self) -> bool:
        """Its right edge is now."""
        return self.start is None or self.end is None


WINDOWS: dict[str, float | None] = {
    "1h": 3_600.0,
    "1d": 86_400.0,
    "1w": 604_800.0,
    "1m": 2_592_000.0,
    "3m": 7_776_000.0,
    "1y": 31_536_000.0,
    "all": None,
}
"""The named windows, shortest first."""
