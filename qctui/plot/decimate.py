"""Reduces points to what columns can show: every extreme, the first and the last value of each column stay.

Costs are array slices, `bisect` and the builtin `min` and `max`: a million points are read once (in steps, so that keys
are served in between) into extremes of blocks, and each drawing after that touches only block edges.
"""

from __future__ import annotations

import math
import sys
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from qctui.model.chart import Series
from qctui.value import replace

BLOCK = 1_024
"""Points under one pair of stored extremes."""
LEAST_BLOCKS = 4
"""Blocks below which storing extremes is not worth its while."""
_EXPONENT = 7 if sys.byteorder == "little" else 0
"""Which byte of a number has its sign and the higher bits of its exponent."""
STRIDE = 16_384
"""Numbers read between two yields: about two milliseconds."""
_AT_ONCE = 4_096
"""Numbers that are proved in order at once: fewer pay for more calls, more fall out of the processor's cache."""
_SIGNS = int.from_bytes(array("d", [-0.0]) * _AT_ONCE, sys.byteorder)
"""The sign bit of each of so many numbers, and no other bit."""


class Extremes:
    """Lowest and highest of any slice of a series: of its one column, or of all members of its candles."""

    __slots__ = ("bottoms", "highs", "lows", "tops")

    def __init__(self, tops: tuple[array[float], ...], bottoms: tuple[array[float], ...] | None = None) -> None:
        """The columns of finite numbers that reach highest, and lowest; they are read, never copied or changed."""
        self.tops = tops
        self.bottoms = tops if bottoms is None else bottoms
        self.lows: array[float] = array("d")
        """The lowest of each block, once it was read; empty while questions are answered from the columns."""
        self.highs: array[float] = array("d")

    def of(self, start: int, end: int) -> tuple[float, float]:
        """Lowest and highest in `start:end`, which must not be empty."""
        first, last = -(-start // BLOCK), end // BLOCK
        if not self.lows or last - first < 2:
            return self._scan(start, end)
        low, high = min(self.lows[first:last]), max(self.highs[first:last])
        for begin, stop in ((start, first * BLOCK), (last * BLOCK, end)):
            if begin < stop:
                lowest, highest = self._scan(begin, stop)
                low, high = min(low, lowest), max(high, highest)
        return low, high

    def _scan(self, start: int, end: int) -> tuple[float, float]:
        if self.tops is self.bottoms:
            part = self.tops[0][start:end]
            return min(part), max(part)
        return (
            min([min(column[start:end]) for column in self.bottoms]),
            max([max(column[start:end]) for column in self.tops]),
        )


@dataclass(slots=True)
class Prepared:
    """A series read once, ready to be drawn at any size and window."""

    series: Series
    xs: array[float]
    ys: Extremes
    """Of the values; for candles, of their closes."""
    candles: Extremes | None = None
    """Candles only: of all their members."""
    gaps: array[int] | None = None

    @property
    def values(self) -> array[float]:
        """The values; for candles, their closes."""
        return self.series.ys

    def slice(self, start: float, end: float) -> tuple[int, int]:
        """Positions of the points from `start` to `end`, both included."""
        return bisect_left(self.xs, start), bisect_right(self.xs, end)

    def broken(self, first: int, last: int) -> bool:
        """A null of the wire stood between the points at `first` and `last`."""
        gaps = self.gaps
        if not gaps:
            return False
        place = bisect_right(gaps, first)
        return place < len(gaps) and gaps[place] <= last

    def read_values(self) -> Generator[int, None, None]:
        """Read what a line needs; of candles that are drawn as such, the closes alone are not needed."""
        if not self.ys.lows:
            yield from _read(self.ys)

    def range(self, start: int, end: int) -> tuple[float, float]:
        """Lowest and highest of the points in `start:end`, wicks included."""
        return (self.ys if self.candles is None else self.candles).of(start, end)


def prepare(series: Series) -> Generator[int, None, Prepared]:
    """Steps to a `Prepared`, the generator's return value; yields the points read since the last yield.

    Ascending times and finite numbers are what parsing promises; reading a series proves it, and one that breaks the
    promise is drawn by what of it can be trusted.
    """
    columns = [column for column in (series.ys, series.opens, series.highs, series.lows) if column is not None]
    if any(len(column) != len(series.xs) for column in columns) or not (yield from _ascending(series.xs)):
        series = _repaired(series)
    ys = Extremes((series.ys,))
    if series.opens is not None and series.highs is not None and series.lows is not None:
        wicks = Extremes((series.highs,), (series.lows,))
        if (yield from _enclosed(series.ys, series.opens, series.highs, series.lows)) and (yield from _read(wicks)):
            return Prepared(series, series.xs, ys, wicks, series.gaps if len(series.gaps) else None)
    if not (yield from _read(ys)):
        series = _repaired(series)
        ys = Extremes((series.ys,))
        yield from _read(ys)
    prepared = Prepared(series, series.xs, ys, gaps=series.gaps if len(series.gaps) else None)
    if series.opens is not None and series.highs is not None and series.lows is not None:
        opens = Extremes((series.opens,))
        prepared.candles = Extremes((series.highs, series.opens, series.ys), (series.lows, series.opens, series.ys))
        if not ((yield from _read(opens)) and (yield from _read(prepared.candles, ys, opens))):
            tops, bottoms = array("d"), array("d")
            for start in range(0, len(series.ys), BLOCK):
                members = (series.ys, series.opens, series.highs, series.lows)
                part = list(zip(*(column[start : start + BLOCK] for column in members), strict=True))
                # A missing member (NaN) is neither larger nor smaller than anything.
                tops.extend(max(c, o if c < o < math.inf else c, h if c < h < math.inf else c) for c, o, h, _ in part)
                bottoms.extend(
                    min(c, o if -math.inf < o < c else c, v if -math.inf < v < c else c) for c, o, _, v in part
                )
                yield 8 * BLOCK
            prepared.candles = Extremes((tops,), (bottoms,))
            yield from _read(prepared.candles)
    return prepared


def _ascending(xs: array[float]) -> Generator[int, None, bool]:
    previous = -math.inf
    for start in range(0, len(xs), _AT_ONCE):
        times = xs[start : start + _AT_ONCE].tolist()
        # Sorting what is sorted is the quickest proof.
        if times != sorted(times) or times[0] < previous or not math.isfinite(times[0] + times[-1]):
            return False
        previous = times[-1]
        yield len(times)
    return True


def _enclosed(
    closes: array[float], opens: array[float], highs: array[float], lows: array[float]
) -> Generator[int, None, bool]:
    """Whether no candle reaches beyond its wick and none is below zero: then high and low are all there is to find.

    Without their sign, floats are in the order of their bits read as whole numbers. So 4,096 floats are read as one
    large number, and one subtraction compares all of them: where a float is less than what is taken from it, its sign
    bit is set. A third of what it costs to make each into an object and ask for the largest. A missing
    member (NaN) of an open, low or close is larger than any high; that highs are finite is for `_read` to see.
    """
    for start in range(0, len(closes), _AT_ONCE):
        parts = (column[start : start + _AT_ONCE] for column in (closes, opens, highs, lows))
        c, o, h, v = (int.from_bytes(part, sys.byteorder) for part in parts)
        if (c | o | h | v | (h - c) | (c - v) | (h - o) | (o - v)) & _SIGNS:
            return False
        yield _AT_ONCE
    return True


def _read(extremes: Extremes, *known: Extremes) -> Generator[int, None, bool]:
    """Find the extremes of each block by the first column of each side; those of the other columns are `known`.

    False as soon as a number is not finite.
    """
    tops, bottoms = extremes.tops[0], extremes.bottoms[0]
    small = len(tops) < LEAST_BLOCKS * BLOCK
    unsaid = 0
    for block, start in enumerate(range(0, len(tops), BLOCK)):
        above = tops[start : start + BLOCK]
        below = above if tops is bottoms else bottoms[start : start + BLOCK]
        if not _finite(above) or not (above is below or _finite(below)):
            return False
        if not small:
            # What is looked at twice is made into numbers once; for one look that would be slower.
            ups: Sequence[float] = above.tolist() if above is below else above
            downs = ups if above is below else below
            extremes.highs.append(max([max(ups), *(each.highs[block] for each in known)]))
            extremes.lows.append(min([min(downs), *(each.lows[block] for each in known)]))
        unsaid += len(above) if above is below else 2 * len(above)
        if unsaid >= STRIDE:
            yield unsaid
            unsaid = 0
    return True


def _finite(part: array[float]) -> bool:
    # What is not finite has the largest of exponents; so have numbers beyond 1e303, and only then each is looked at.
    exponents = part.tobytes()[_EXPONENT :: part.itemsize]
    return not (b"\x7f" in exponents or b"\xff" in exponents) or all(map(math.isfinite, part))


def _repaired(series: Series) -> Series:
    length = min(len(series.xs), len(series.ys))
    kept = [i for i in range(length) if math.isfinite(series.xs[i]) and math.isfinite(series.ys[i])]
    kept.sort(key=series.xs.__getitem__)

    def column(values: array[float] | None) -> array[float] | None:
        return None if values is None or len(values) < length else array("d", (values[i] for i in kept))

    opens, highs, lows = column(series.opens), column(series.highs), column(series.lows)
    complete = opens is not None and highs is not None and lows is not None
    return replace(
        series,
        xs=array("d", (series.xs[i] for i in kept)),
        ys=array("d", (series.ys[i] for i in kept)),
        gaps=array("l"),
        tooltips={place: series.tooltips[i] for place, i in enumerate(kept) if i in series.tooltips},
        opens=opens if complete else None,
        highs=highs if complete else None,
        lows=lows if complete else None,
    )


class Piece(NamedTuple):
    """What one column of dots shows of a series: its first, lowest, highest and last value, and which points."""

    column: int
    first: float
    low: float
    high: float
    last: float
    start: int
    """Position of its first point."""
    end: int
    """Position after its last point."""


def pieces(prepared: Prepared, edges: list[float]) -> list[Piece]:
    """The points between `edges`, a piece for each column that has any. One on the last edge is in the last column."""
    xs, values = prepared.xs, prepared.values
    found: list[Piece] = []
    start, stop = prepared.slice(edges[0], edges[-1])
    last = len(edges) - 2
    if stop - start < last:
        # Fewer points than columns: ask each point for its column.
        column = 0
        place = start
        while place < stop:
            column = min(last, bisect_right(edges, xs[place], column, last + 1) - 1)
            end = place + 1
            limit = edges[column + 1]
            while end < stop and (xs[end] < limit or column == last):
                end += 1
            found.append(_piece(prepared, column, place, end, values))
            place = end
        return found
    place = start
    for column in range(last + 1):
        end = stop if column == last else bisect_left(xs, edges[column + 1], place, stop)
        if end > place:
            found.append(_piece(prepared, column, place, end, values))
            place = end
    return found


def _piece(prepared: Prepared, column: int, start: int, end: int, values: array[float]) -> Piece:
    if end - start == 1:
        value = values[start]
        return Piece(column, value, value, value, value, start, end)
    low, high = prepared.ys.of(start, end)
    return Piece(column, values[start], low, high, values[end - 1], start, end)
