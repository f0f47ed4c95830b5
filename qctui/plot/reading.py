"""What a series is at an instant: the payload's own numbers."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from operator import itemgetter

from qctui.plot.marks import Kind, Mark
from qctui.plot.times import TimeScale
from qctui.plot.values import readable, with_unit


@dataclass(frozen=True, slots=True)
class Reading:
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
    told = mark.series.null_tooltips
    null = bisect_right(told, at, key=itemgetter(0)) - 1
    if null >= 0 and at - told[null][0] <= reach_s and (place < 0 or told[null][0] > mark.prepared.xs[place]):
        return Reading(told[null][0], None, tooltip=told[null][1])
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
    candle = None
    if series.opens is not None and series.highs is not None and series.lows is not None:
        candle = (series.opens[place], series.highs[place], series.lows[place], series.ys[place])
    return Reading(series.xs[place], series.ys[place], candle, series.tooltips.get(place, ""))


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
