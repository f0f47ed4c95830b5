"""Reads a series at an instant, as the API gave it, and how much it changed between two readings."""

from __future__ import annotations

import math
from bisect import bisect_right
from operator import itemgetter

from qctui.model.chart import Series
from qctui.plot.marks import Kind, Mark, PlotView
from qctui.plot.times import TimeScale
from qctui.plot.values import is_currency, readable, with_unit
from qctui.value import Value


class Reading(Value):
    """What a series is at an instant.

    Fields:
        at: Unix seconds of the point it was read from; None where there is none.
        value: the payload's own number; None in a gap, before the first point, or without points.
        candle: the payload's open, high, low and close (NaN where null), for candles.
        tooltip: what the API says of the point, for scatters; of a null too, where it has a text.
    """

    at: float | None
    value: float | None
    candle: tuple[float, float, float, float] | None = None
    tooltip: str = ""


NOTHING = Reading(None, None)


def reading_at(mark: Mark, at: float, reach_s: float = 0.0) -> Reading:
    """The last point not after `at`, unless a null stands between it and the next and `at` is past it.

    A line or a candle holds until its next point; a marker is over when `reach_s` seconds have passed.
    """
    place = bisect_right(mark.prepared.xs, at) - 1
    nulls = mark.series.null_tooltips
    null = bisect_right(nulls, at, key=itemgetter(0)) - 1
    if null >= 0 and at - nulls[null][0] <= reach_s and (place < 0 or nulls[null][0] > mark.prepared.xs[place]):
        return Reading(nulls[null][0], None, tooltip=nulls[null][1])
    if place < 0:
        return NOTHING
    time = mark.prepared.xs[place]
    if at > time and mark.prepared.broken(place, place + 1):
        return NOTHING
    if at - time > reach_s and mark.kind in (Kind.MARKERS, Kind.FLAGS):
        return NOTHING
    return _reading(mark, place)


def reading_last(mark: Mark, time: TimeScale | None = None) -> Reading:
    """The last point there is; with a time axis the last one up to its right end."""
    xs = mark.prepared.xs
    place = (len(xs) if time is None else bisect_right(xs, time.end)) - 1
    return _reading(mark, place) if place >= 0 else NOTHING


def _reading(mark: Mark, place: int) -> Reading:
    series = mark.series
    return Reading(series.xs[place], series.ys[place], candle_of(series, place), series.tooltips.get(place, ""))


def candle_of(series: Series, place: int) -> tuple[float, float, float, float] | None:
    """Open, high, low and close of the point at `place`; None where the series has no candles."""
    if series.opens is None or series.highs is None or series.lows is None:
        return None
    return series.opens[place], series.highs[place], series.lows[place], series.ys[place]


def value_text(reading: Reading, unit: str, *, members: bool = False) -> str:
    """The payload's number as text; with `members` a candle's four, without their unit. A dash where there is
    nothing."""
    if reading.value is None:
        return "-"
    if members and reading.candle is not None:
        names = ("O", "H", "L", "C")
        return " ".join(
            f"{name} {readable(value, unit) if math.isfinite(value) else '-'}"
            for name, value in zip(names, reading.candle, strict=True)
        )
    text = with_unit(readable(reading.value, unit), unit)
    return f"{text} {unit}" if unit and unit not in text else text


def start_of(mark: Mark, time: TimeScale | None, view: PlotView) -> Reading:
    """Where a series' changes are counted from: the mark, else the window's beginning."""
    if view.mark is not None or time is None:
        return reading_at(mark, view.mark or 0.0)
    return first_reading(mark, time, view)


def first_reading(mark: Mark, time: TimeScale, view: PlotView) -> Reading:
    """What a series was at the window's beginning, else at its own first point in it.

    Of a window that follows, the beginning is its length before now, which lies left of the first column: what is kept
    free at the right depends on the width, and what `1d` has brought must not.
    """
    span_s = view.window.span_s if view.window.following else None
    begin = time.start if span_s is None else view.now - span_s
    reading = reading_at(mark, begin)
    start, stop = mark.prepared.slice(begin, time.end)
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
