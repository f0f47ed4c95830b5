"""How much a series changed: from the mark or the left edge to an instant or to its last value."""

from __future__ import annotations

import math

from qctui.plot.marks import Kind, Mark, PlotView
from qctui.plot.reading import Reading, reading_at, reading_last
from qctui.plot.times import TimeScale
from qctui.plot.values import is_currency, readable


def start_of(mark: Mark, time: TimeScale | None, view: PlotView) -> Reading:
    """Where a series' changes are counted from: the mark, else the left edge, else its own first visible point."""
    if view.mark is not None or time is None:
        return reading_at(mark, view.mark or 0.0)
    reading = reading_at(mark, time.start)
    start, stop = mark.prepared.slice(time.start, time.end)
    return reading if reading.value is not None or start == stop else reading_at(mark, mark.prepared.xs[start])


def gain(mark: Mark, time: TimeScale | None, view: PlotView) -> str:
    """The last visible value's change in percent, as `percent_text`."""
    return percent_text(start_of(mark, time, view), reading_last(mark, time), mark)


def percent_text(at_start: Reading, at_end: Reading, mark: Mark) -> str:
    """From one reading to another in percent; empty for what is a percentage itself, and for what is no course."""
    start, end = at_start.value, at_end.value
    if start is None or end is None or mark.series.unit == "%" or mark.kind not in (Kind.LINE, Kind.CANDLES):
        return ""
    # Of what stands around zero a percentage says nothing.
    if start <= 0.0 or end <= 0.0 or end / start >= 100.0:
        return ""
    text = f"{(end / start - 1.0) * 100.0:+,.2f}%"
    return text if text.strip("+-0.%") else "0.00%"


def change_text(start: Reading, end: Reading, unit: str) -> str:
    """From one reading to another: `+268.3 (+0.27%)`; empty where either is missing. Percent units change in points."""
    if start.value is None or end.value is None:
        return ""
    change = end.value - start.value
    if not math.isfinite(change):
        return ""
    if math.isclose(start.value, end.value, rel_tol=1e-12):
        change = 0.0
    # Money changes in cents, unless it is a price so small that it has more digits itself.
    cents = is_currency(unit) and max(abs(start.value), abs(end.value)) >= 10.0
    text = f"{'-' if change < 0 else '+'}{f'{abs(change):,.2f}' if cents else readable(abs(change), unit)}"
    if unit == "%" or not start.value:
        return text
    percent = change / abs(start.value) * 100.0
    return f"{text} ({percent:+,.2f}%)" if abs(percent) < 1e9 else text
