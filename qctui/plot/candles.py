"""Draws candles in half cells; where they are denser than columns, several become one candle of a round length."""

from __future__ import annotations

import itertools
import math
from bisect import bisect_left
from typing import NamedTuple

from qctui.plot.chart_glyphs import GlyphSet
from qctui.plot.decimate import Prepared
from qctui.plot.grid import AXIS, CellGrid, Ink
from qctui.plot.marks import Mark
from qctui.plot.times import TimeScale
from qctui.plot.values import ValueScale

UP = Ink("chart-up")
DOWN = Ink("chart-down")
_MINUTES = (1, 2, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 360, 480, 720, 1_440)
_NICE = (1, 2, 5, 10, 15, 30, *(60 * length for length in _MINUTES))
"""Bucket lengths in seconds, each a part of a day; longer ones are whole days."""
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
    # Two columns a candle leave a gap between them; a narrow pane cannot afford it.
    least_s = time.step_s * (2 if time.columns >= 48 else 1)
    if stop - start <= time.columns:
        shortest = min((xs[i + 1] - xs[i] for i in range(start, stop - 1)), default=math.inf)
        if shortest >= least_s:
            return [_candle(prepared, xs[i], i, i + 1) for i in range(start, stop)], 0.0
    length = bucket_length(least_s)
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
    if least_s <= _NICE[-1]:
        return float(_NICE[bisect_left(_NICE, least_s)])
    return math.ceil(least_s / 86_400) * 86_400.0


def _candle(prepared: Prepared, at: float, start: int, end: int) -> Candle:
    opens = prepared.series.opens
    close = prepared.values[end - 1]
    first = prepared.values[start] if opens is None else opens[start]
    if not math.isfinite(first):  # a candle without an open begins where it is first known
        first = prepared.values[start]
    low, high = prepared.range(start, end)
    return Candle(at, first, high, low, close, start, end)


def candle_at(prepared: Prepared, time: TimeScale, length: float, place: int) -> Candle:
    """The drawn candle of `length` seconds that the visible point at `place` is part of."""
    xs = prepared.xs
    first, stop = prepared.slice(time.start, time.end)
    bucket = math.floor(xs[place] / length)
    # Dividing rounds: the point itself is part of it in any case.
    start = bisect_left(xs, bucket * length, min(first, place), place)
    end = bisect_left(xs, (bucket + 1) * length, place + 1, max(stop, place + 1))
    return _candle(prepared, (bucket + 0.5) * length, start, end)


def draw_candles(
    grid: CellGrid, top: int, height: int, mark: Mark, scale: ValueScale, time: TimeScale, glyphs: GlyphSet
) -> float:
    """Draw the visible candles of a series; returns the length of their buckets (0.0: as the API gave them)."""
    found, length = candles_of(mark.prepared, time)
    places = [time.column(candle.at) for candle in found]
    body = body_of(min((b - a for a, b in itertools.pairwise(places)), default=5), glyphs)
    # The middle of a candle that only begins or ends in the window can lie outside it.
    places = [min(time.columns - 1, max(0, place)) for place in places]
    rows = height * 2
    mark.bucket_s = length
    for candle, column in zip(found, places, strict=True):
        ends = [scale.row(mark.of(value), rows) for value in (candle.high, candle.low, candle.open, candle.close)]
        mark.reached.update(ends[:2])
        _draw(grid, column, top, candle, ends, body, glyphs, time.columns)
    if found and found[-1].end == len(mark.prepared.xs):
        # The tag beside the last drawn candle must not contradict it.
        mark.ink = UP if found[-1].close >= found[-1].open else DOWN
    return length


class Body(NamedTuple):
    """How wide the bodies of a chart's candles are."""

    width: int
    """Columns, odd: the wick stands in the middle."""
    slim: bool
    """Half a column less on either side, so that candles which touch have a column between them."""


def body_of(slot: int, glyphs: GlyphSet) -> Body:
    """The body for candles whose middles are `slot` columns apart or more; a column stays free between them."""
    if slot < 3:
        return Body(1, slim=False)
    if slot % 2 == 0 or glyphs.ascii or slot > WIDEST:
        return Body(min(WIDEST, slot - 1 if slot % 2 == 0 else slot - 2), slim=False)
    return Body(slot, slim=True)


def _draw(
    grid: CellGrid, x: int, top: int, candle: Candle, ends: list[int], shape: Body, glyphs: GlyphSet, columns: int
) -> None:
    high, low, opened, closed = ends
    rising = candle.close >= candle.open
    ink = AXIS if candle.high == candle.low else UP if rising else DOWN
    body = range(min(opened, closed), max(opened, closed) + 1)
    even = candle.open == candle.close
    pieces = glyphs.candles.cells if rising else glyphs.candles.falling
    width = shape.width
    for y in range(high // 2, low // 2 + 1):
        halves = [0 if not high <= row <= low else 2 if row in body else 1 for row in (y * 2, y * 2 + 1)]
        center = pieces[halves[0]][halves[1]]
        if even and 2 in halves:
            wick = high < y * 2 or low > y * 2 + 1
            center = glyphs.candles.cross if wick else glyphs.candles.flat
            # Seen from afar a dash is as wide as a body: a slim one ends where its cells do.
            text = glyphs.candles.flat * width
        elif 2 in halves and width > 1:
            text = _wide(halves, y, body, shape, rising, glyphs)
            if 1 not in halves:
                center = text[width // 2]
        else:
            text = " " * width
        half = width // 2
        for offset in range(-half, half + 1):
            char = center if offset == 0 else text[offset + half]
            if char != " " and 0 <= x + offset < columns:
                grid.cell(x + offset, top + y, char, ink)


def _wide(halves: list[int], y: int, body: range, shape: Body, rising: bool, glyphs: GlyphSet) -> str:
    """The cells of a body wider than a column: hollow when rising, filled when falling."""
    if glyphs.ascii:
        return (glyphs.candles.cells if rising else glyphs.candles.falling)[2][2] * shape.width
    inner = shape.width - 2
    if halves[0] != 2 or halves[1] != 2:
        upper = halves[0] == 2
        edges = ("▝▘" if upper else "▗▖") if shape.slim else "▀▀" if upper else "▄▄"
        return edges[0] + ("▀" if upper else "▄") * inner + edges[1]
    first, last = y * 2 == body.start, y * 2 + 1 == body.stop - 1
    if not rising:
        return ("▐" if shape.slim else "█") + "█" * inner + ("▌" if shape.slim else "█")
    fill = " " if first == last else "▀" if first else "▄"
    if shape.slim:
        return "▐" + fill * inner + "▌"
    edges = "▌▐" if first == last else "▛▜" if first else "▙▟"
    return edges[0] + fill * inner + edges[1]
