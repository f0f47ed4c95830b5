"""Candles: re-bucketed as candles when they are denser than columns, and drawn in half cells."""

from __future__ import annotations

import itertools
import math
from bisect import bisect_left
from typing import NamedTuple

from qctui.ui.plot.decimate import Prepared
from qctui.ui.plot.glyphs import GlyphSet
from qctui.ui.plot.grid import AXIS, Grid, Ink
from qctui.ui.plot.marks import Mark
from qctui.ui.plot.times import TimeScale
from qctui.ui.plot.values import ValueScale

UP = Ink("up")
DOWN = Ink("down")
_NICE = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 28_800, 43_200, 86_400)
"""Bucket lengths in seconds; longer ones are whole days."""
WIDEST = 9
"""Columns of the widest candle body."""


class Candle(NamedTuple):
    """One candle to be drawn. `open` to `close` are finite."""

    at: float
    """Unix seconds of its middle."""
    open: float
    high: float
    low: float
    close: float
    start: int
    end: int
    """The points it was made of."""


def candles_of(prepared: Prepared, time: TimeScale) -> tuple[list[Candle], float]:
    """The visible candles, and the length of their buckets in seconds: 0.0 when each is as the API gave it."""
    start, stop = prepared.slice(time.start, time.end)
    xs = prepared.xs
    if stop - start <= time.columns:
        shortest = min((xs[i + 1] - xs[i] for i in range(start, stop - 1)), default=math.inf)
        if shortest >= time.step_s:
            return [_candle(prepared, xs[i], i, i + 1) for i in range(start, stop)], 0.0
    # Two columns a bucket leave a gap between candles; a narrow pane cannot afford it.
    length = bucket_length(time.step_s * (2 if time.columns >= 48 else 1))
    found: list[Candle] = []
    place = start
    while place < stop:
        bucket = math.floor(xs[place] / length)
        end = bisect_left(xs, (bucket + 1) * length, place + 1, stop)
        found.append(_candle(prepared, (bucket + 0.5) * length, place, end))
        place = end
    return found, length


def bucket_length(least_s: float) -> float:
    """The shortest round length of at least `least_s` seconds."""
    for length in _NICE:
        if length >= least_s:
            return float(length)
    return math.ceil(least_s / 86_400) * 86_400.0


def _candle(prepared: Prepared, at: float, start: int, end: int) -> Candle:
    opens = prepared.series.opens
    close = prepared.ys.values[end - 1]
    first = prepared.ys.values[start] if opens is None else opens[start]
    if not math.isfinite(first):  # a candle without an open begins where it is first known
        first = prepared.ys.values[start]
    low, high = prepared.range(start, end)
    return Candle(at, first, high, low, close, start, end)


def draw_candles(
    grid: Grid, left: int, top: int, height: int, mark: Mark, scale: ValueScale, time: TimeScale, glyphs: GlyphSet
) -> float:
    """Draw the visible candles of a series; returns the length of their buckets (0.0: as the API gave them)."""
    found, length = candles_of(mark.prepared, time)
    places = [min(time.columns - 1, max(0, time.column(candle.at))) for candle in found]
    slot = min((b - a for a, b in itertools.pairwise(places)), default=5)
    width = 1 if slot < 3 else min(WIDEST, (slot - 1) | 1 if slot % 2 == 0 else slot - 2)
    rows = height * 2
    mark.resolution = 2
    for candle, column in zip(found, places, strict=True):
        ends = [scale.row(mark.of(value), rows) for value in (candle.high, candle.low, candle.open, candle.close)]
        mark.reached.update(ends[:2])
        _draw(grid, left + column, top, candle, ends, width, glyphs, (left, left + time.columns))
    return length


def _draw(
    grid: Grid, x: int, top: int, candle: Candle, ends: list[int], width: int, glyphs: GlyphSet, bounds: tuple[int, int]
) -> None:
    high, low, opened, closed = ends
    rising = candle.close >= candle.open
    ink = AXIS if candle.high == candle.low else UP if rising else DOWN
    body = range(min(opened, closed), max(opened, closed) + 1)
    even = candle.open == candle.close
    for y in range(high // 2, low // 2 + 1):
        halves = [0 if not high <= row <= low else 2 if row in body else 1 for row in (y * 2, y * 2 + 1)]
        if even and 2 in halves:
            wick = high < y * 2 or low > y * 2 + 1
            text = glyphs.candles.flat * width
            center = glyphs.candles.cross if wick else glyphs.candles.flat
        elif 2 in halves and width > 1:
            text, center = _wide(halves, y, body, width, rising, glyphs)
        else:
            text = " " * width
            center = (glyphs.candles.cells if rising else glyphs.candles.falling)[halves[0]][halves[1]]
        half = width // 2
        for offset in range(-half, half + 1):
            char = center if offset == 0 else text[offset + half]
            if char != " " and bounds[0] <= x + offset < bounds[1]:
                grid.cell(x + offset, top + y, char, ink)


def _wide(halves: list[int], y: int, body: range, width: int, rising: bool, glyphs: GlyphSet) -> tuple[str, str]:
    """A body wider than a column: hollow when rising, filled when falling. Returns its cells and the middle one."""
    pieces = glyphs.candles.cells if rising else glyphs.candles.falling
    upper, lower = halves[0] == 2, halves[1] == 2
    if glyphs.ascii:
        char = pieces[2][2]
        return char * width, char
    if not (upper and lower):
        char = "▀" if upper else "▄"
        other = halves[1] if upper else halves[0]
        return char * width, pieces[halves[0]][halves[1]] if other == 1 else char
    if not rising:
        return "█" * width, "█"
    first, last = y * 2 == body.start, y * 2 + 1 == body.stop - 1
    if first == last:
        return "▌" + " " * (width - 2) + "▐", " "
    if first:
        return "▛" + "▀" * (width - 2) + "▜", "▀"
    return "▙" + "▄" * (width - 2) + "▟", "▄"
