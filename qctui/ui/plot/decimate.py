"""Fewer points, the same picture: every extreme, the first and the last value of each column stay.

Costs are array slices, `bisect` and the builtin `min` and `max`: a million points are read once (in steps, so that keys
are served in between) into extremes of blocks, and each drawing after that touches only block edges.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from operator import ge, le
from typing import NamedTuple

from qctui.model.chart import Series

BLOCK = 1_024
"""Points under one pair of stored extremes."""
STRIDE = 32
"""Blocks read between two yields: 32,768 points, about two milliseconds."""
CANDLES = 8_192
"""Candles read between two yields, each being four numbers."""


class Extremes:
    """Lowest and highest of any slice of one column of finite numbers."""

    __slots__ = ("_highs", "_lows", "values")

    def __init__(self, values: array[float]) -> None:
        """`values` is read, never copied or changed. `build` must run to its end before the first question."""
        self.values = values
        self._lows: array[float] = array("d")
        self._highs: array[float] = array("d")

    def build(self) -> Iterator[int]:
        """Read the column; yields the points read since the last yield."""
        values = self.values
        size = len(values)
        if size < 4 * BLOCK:
            return
        for count, start in enumerate(range(0, size, BLOCK), 1):
            part = values[start : start + BLOCK]
            self._lows.append(min(part))
            self._highs.append(max(part))
            if count % STRIDE == 0:
                yield STRIDE * BLOCK

    def of(self, start: int, end: int) -> tuple[float, float]:
        """Lowest and highest of `values[start:end]`, which must not be empty."""
        first, last = -(-start // BLOCK), end // BLOCK
        if not self._lows or last - first < 2:
            part = self.values[start:end]
            return min(part), max(part)
        low, high = min(self._lows[first:last]), max(self._highs[first:last])
        for edge in (self.values[start : first * BLOCK], self.values[last * BLOCK : end]):
            if edge:
                low, high = min(low, min(edge)), max(high, max(edge))
        return low, high


@dataclass(slots=True)
class Prepared:
    """A series read once, ready to be drawn at any size and window."""

    series: Series
    xs: array[float]
    ys: Extremes
    highs: Extremes | None = None
    lows: Extremes | None = None
    gaps: array[int] | None = None

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

    def range(self, start: int, end: int) -> tuple[float, float]:
        """Lowest and highest of the points in `start:end`, wicks included."""
        if self.highs is None or self.lows is None:
            return self.ys.of(start, end)
        return self.lows.of(start, end)[0], self.highs.of(start, end)[1]


def prepare(series: Series) -> Generator[int, None, Prepared]:
    """Steps to a `Prepared`, the generator's return value; yields the points read since the last yield.

    Ascending times and finite numbers are what parsing promises; reading a series proves it, and one that breaks the
    promise is drawn by what of it can be trusted.
    """
    xs, values = series.xs, series.ys
    if len(xs) != len(values) or not (yield from _sound(xs, values)):
        series = _repaired(series)
        xs, values = series.xs, series.ys
    prepared = Prepared(series, xs, Extremes(values), gaps=series.gaps if len(series.gaps) else None)
    yield from prepared.ys.build()
    if series.opens is not None and series.highs is not None and series.lows is not None:
        highs, lows = array("d"), array("d")
        for start in range(0, len(xs), CANDLES):
            part = slice(start, start + CANDLES)
            _reach(values[part], series.opens[part], series.highs[part], series.lows[part], highs, lows)
            yield 4 * CANDLES
        prepared.highs, prepared.lows = Extremes(highs), Extremes(lows)
        yield from prepared.highs.build()
        yield from prepared.lows.build()
    return prepared


def _reach(
    closes: array[float],
    opens: array[float],
    highs: array[float],
    lows: array[float],
    tops: array[float],
    bottoms: array[float],
) -> None:
    """Append how far each candle reaches, up and down: no less than any member that is known."""
    # A NaN is neither, and fails this too.
    if (
        all(map(ge, highs, closes))
        and all(map(ge, highs, opens))
        and all(map(le, lows, closes))
        and all(map(le, lows, opens))
        and math.isfinite(sum(highs) - sum(lows))
    ):
        tops.extend(highs)
        bottoms.extend(lows)
        return
    # What is missing (NaN) is neither larger nor smaller than anything.
    tops.extend(
        max(c, o if c < o < math.inf else c, h if c < h < math.inf else c)
        for c, o, h in zip(closes, opens, highs, strict=True)
    )
    bottoms.extend(
        min(c, o if -math.inf < o < c else c, v if -math.inf < v < c else c)
        for c, o, v in zip(closes, opens, lows, strict=True)
    )


def _sound(xs: array[float], values: array[float]) -> Generator[int, None, bool]:
    previous = -math.inf
    for count, start in enumerate(range(0, len(xs), BLOCK), 1):
        times = xs[start : start + BLOCK].tolist()
        # Sorting what is sorted is the quickest proof; a sum is finite only when every member is.
        if times != sorted(times) or times[0] < previous or not math.isfinite(times[0] + times[-1]):
            return False
        if not math.isfinite(sum(values[start : start + BLOCK])) and not all(
            map(math.isfinite, values[start : start + BLOCK])
        ):
            return False
        previous = times[-1]
        if count % STRIDE == 0:
            yield STRIDE * BLOCK
    return True


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
    xs, values = prepared.xs, prepared.ys.values
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
