"""Which series of a chart are drawn, how (kind, colour, letter), and which of them share a panel."""

from __future__ import annotations

import math
import string
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from enum import Enum

from qctui.model.chart import Chart, ChartWindow, Series, SeriesType
from qctui.plot.chart_glyphs import BRAILLE, GlyphSet
from qctui.plot.decimate import Prepared
from qctui.plot.grid import Ink
from qctui.plot.values import ValueScale
from qctui.value import Value, replace

PALETTE = 6
"""Roles `chart-1` to `chart-6`."""


class Kind(Enum):
    """How a series is drawn: decided by its points, then by what it claims to be."""

    LINE = "line"
    CANDLES = "candles"
    BARS = "bars"
    AREA = "area"
    MARKERS = "markers"
    FLAGS = "flags"
    RANKED = "ranked"
    TABLE = "table"


def kind_of(series: Series) -> Kind:
    """The kind of a series (REFERENCE.md 6.3: the claimed type is not to be trusted alone)."""
    if series.rows or series.series_type in (SeriesType.HEATMAP, SeriesType.SCATTER_3D):
        return Kind.TABLE
    if series.candles:
        return Kind.CANDLES
    return _BY_TYPE.get(series.series_type, Kind.LINE)


_BY_TYPE = {
    SeriesType.SCATTER: Kind.MARKERS,
    SeriesType.BAR: Kind.BARS,
    SeriesType.FLAG: Kind.FLAGS,
    SeriesType.STACKED_AREA: Kind.AREA,
    SeriesType.PIE: Kind.RANKED,
    SeriesType.TREEMAP: Kind.RANKED,
}
TAGGED = (Kind.LINE, Kind.CANDLES, Kind.BARS)
"""Their last value stands beside the plot."""


class PlotView(Value):
    """How a person wants to see a chart. Everything a drawing depends on besides data and size.

    Fields:
        now: wall time, Unix seconds: the right edge when following.
        hidden: names of series switched off.
        zone: the time zone of what is shown; None is the machine's zone.
        percent: draw the change since the window's beginning in percent, all series on one axis.
        mark: instant a person marked; changes are counted from there instead of the window's beginning.
    """

    window: ChartWindow = ChartWindow()
    now: float = 0.0
    glyphs: GlyphSet = BRAILLE
    hidden: frozenset[str] = frozenset()
    log: bool = False
    percent: bool = False
    zone: tzinfo | None = UTC
    mark: float | None = None


@dataclass(slots=True)
class Mark:
    """One series on a drawing."""

    prepared: Prepared
    kind: Kind
    ink: Ink
    letter: str
    """The key letter that stands in the legend, at the tag and on the line; empty past the alphabet."""
    shown: bool = True
    base: float | None = None
    """With `percent`: the value that counts as 0 %; None where there is none."""
    fill: str = ""
    """Stacked areas: the character that fills it."""
    reached: set[int] = field(default_factory=set)
    """Rows of dots, or of half cells for candles, that values were drawn on."""
    bucket_s: float = 0.0
    """Candles: the length they were re-bucketed to; 0.0 when each is drawn as the API gave it."""

    @property
    def series(self) -> Series:
        """Its data."""
        return self.prepared.series

    @property
    def drawn(self) -> bool:
        """It is switched on and has points."""
        return self.shown and len(self.series) > 0

    def extremes(self, start: int, end: int) -> tuple[float, float]:
        """The lowest and highest of the points in `start:end`, wicks of candles included."""
        return self.prepared.range(start, end) if self.kind is Kind.CANDLES else self.prepared.ys.of(start, end)

    def of(self, value: float) -> float:
        """A value as the axis counts it: itself, or percent from the base."""
        if self.base is None:
            return value
        return (value / abs(self.base) - (1.0 if self.base > 0 else -1.0)) * 100.0


@dataclass(slots=True)
class Panel:
    """A part of the drawing with a value axis of its own: the series of one `index`, a ranking, or a table."""

    index: int
    kind: Kind
    """RANKED, TABLE, or LINE for everything on a time axis."""
    marks: list[Mark]
    top: int = 0
    """First row of cells of the plot itself."""
    height: int = 0
    legend_row: int | None = None
    scale: ValueScale | None = None
    unit: str = ""
    idle: bool = False
    """Nothing of it is in the window while other panels have something there."""
    few: bool = False
    """So few points are visible that rows are worth more elsewhere."""
    note: str = ""
    """Why it is not drawn as asked, in words."""


def marks_of(chart: Chart, prepared: Iterable[Prepared], view: PlotView) -> list[Mark]:
    """Every series of a chart with its kind, its colour and its letter, in the chart's order.

    The API's colour is taken where it gives one that no earlier series has; the widget sees to its contrast.
    """
    taken: set[str] = set()
    marks: list[Mark] = []
    many = sum(len(series) > 0 for series in chart.series) > 1
    for place, each in enumerate(prepared):
        kind = kind_of(each.series)
        if view.percent and kind in (Kind.CANDLES, Kind.BARS, Kind.AREA):
            kind = Kind.LINE
        color = each.series.color.lower()
        if not color or color in taken:
            color = f"chart-{place % PALETTE + 1}"
        taken.add(color)
        if kind is Kind.CANDLES:
            color = _last_direction(each.series)
        letter = string.ascii_lowercase[place] if many and place < 26 else ""
        fill = view.glyphs.fills[place % len(view.glyphs.fills)]
        marks.append(Mark(each, kind, Ink(color), letter, shown=each.series.name not in view.hidden, fill=fill))
    return marks


def _last_direction(candles: Series) -> str:
    """The colour of the last candle: what stands for all of them beside the plot."""
    if candles.opens is None or not len(candles):
        return "chart-up"
    opened = candles.opens[-1]
    return "chart-down" if math.isfinite(opened) and candles.ys[-1] < opened else "chart-up"


def panels_of(marks: list[Mark], view: PlotView) -> list[Panel]:
    """The panels of a drawing, top to bottom: time axes by index, then rankings, then tables. None is empty."""
    groups: dict[tuple[int, int], Panel] = {}
    # Series without points make no panel; one that is there names them in its legend.
    for mark in sorted(marks, key=_empty):
        kind = mark.kind if mark.kind in (Kind.RANKED, Kind.TABLE) else Kind.LINE
        if _empty(mark):
            timed = [groups[key] for key in sorted(groups) if not key[0]]
            same = [panel for panel in timed if panel.index == mark.series.index]
            for panel in (same or timed)[:1]:
                panel.marks.append(mark)
            continue
        order = (Kind.LINE, Kind.RANKED, Kind.TABLE).index(kind)
        index = 0 if view.percent and kind is Kind.LINE else mark.series.index
        panel = groups.setdefault((order, index), Panel(index, kind, []))
        panel.marks.append(mark)
        panel.unit = "%" if view.percent else panel.unit or mark.series.unit
    return [groups[key] for key in sorted(groups)]


def _empty(mark: Mark) -> bool:
    return not len(mark.series) and not mark.series.rows


def main_series(chart: Chart) -> Series | None:
    """The series a chart is about: its first candles, else the first line with points."""
    timed = [each for each in chart.series if len(each) and kind_of(each) in (Kind.CANDLES, Kind.LINE)]
    return next((each for each in timed if each.candles), timed[0] if timed else None)


def main_only(chart: Chart) -> Chart:
    """The chart with its main series alone, as a line: small candles touch. As it is where it has none."""
    series = main_series(chart)
    return chart if series is None else replace(chart, series=(_as_line(series),))


def _as_line(series: Series) -> Series:
    """Candles by their closes; in a colour of its own, since the API gives all equities the same."""
    return replace(series, series_type=SeriesType.LINE, opens=None, highs=None, lows=None, color="")


def overlaid(name: str, parts: Sequence[tuple[str, Chart]]) -> Chart:
    """One chart of the main series of each of `parts`, called by the given labels; what has none is left out."""
    found = []
    for label, chart in parts:
        series = main_series(chart)
        if series is not None:
            found.append(replace(_as_line(series), name=label, index=0))
    sparse = any(chart.sparse for _, chart in parts)
    return replace(parts[0][1], name=name, stacked=False, series=tuple(found), sparse=sparse)
