"""Several charts' main lines as one chart, to be compared as change in percent from the left edge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from qctui.model.chart import Chart, Series, SeriesType
from qctui.plot.marks import Kind, kind_of


def main_series(chart: Chart) -> Series | None:
    """The series a chart is about: its first candles, else the first line with points."""
    timed = [each for each in chart.series if len(each) and kind_of(each) in (Kind.CANDLES, Kind.LINE)]
    return next((each for each in timed if each.candles), timed[0] if timed else None)


def main_only(chart: Chart) -> Chart:
    """The chart with its main series alone, as a line: small candles touch. As it is where it has none."""
    series = main_series(chart)
    return chart if series is None else replace(chart, series=(as_line(series),))


def as_line(series: Series) -> Series:
    """Candles by their closes; in a colour of its own, since the API gives all equities the same."""
    return replace(series, series_type=SeriesType.LINE, opens=None, highs=None, lows=None, color="")


def overlaid(name: str, parts: Sequence[tuple[str, Chart]]) -> Chart:
    """One chart of the main series of each of `parts`, called by the given labels; what has none is left out."""
    found = []
    for label, chart in parts:
        series = main_series(chart)
        if series is not None:
            found.append(replace(as_line(series), name=label, index=0))
    first = parts[0][1] if parts else Chart(name, stacked=False, series=())
    return Chart(
        name,
        stacked=False,
        series=tuple(found),
        start=first.start,
        end=first.end,
        count=first.count,
        sparse=any(chart.sparse for _, chart in parts),
    )
