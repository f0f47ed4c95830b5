"""Reads the points of a series into columns of numbers, by what they are and not by what the series claims.

REFERENCE.md 6.3 lists the shapes of a point.
"""

from __future__ import annotations

import heapq
import math
from array import array
from collections.abc import AsyncIterator
from operator import itemgetter
from typing import cast

from msgspec import Struct, field

from qctui.api.decode import TimeSlice
from qctui.api.tolerant import LAST_UNIX_TIME, fold, line, number

NAN = math.nan
_NUMBERS = {int, float}
_LIST = {list}
_MAX_TOOLTIP = 200
_RUN = 4096
_AT_ONCE = 256


class Columns(Struct):
    """The points of one series while they are read.

    Among candles a point with one value is a candle that never moved, as LEAN reads it.
    """

    xs: array[float] = field(default_factory=lambda: array("d"))
    ys: array[float] = field(default_factory=lambda: array("d"))
    candles: tuple[array[float], array[float], array[float]] | None = None
    """Opens, highs and lows; None until the first candle."""
    tooltips: dict[int, str] = field(default_factory=dict)
    null_tooltips: list[tuple[float, str]] = field(default_factory=list)
    """Time and text of nulls that have one."""
    null_xs: array[float] = field(default_factory=lambda: array("d"))
    """Times of the nulls, in the order they came."""
    null_at: array[int] = field(default_factory=lambda: array("l"))
    """How many points stood before each null."""
    all_candles: bool = False
    """The series says that its points are candles."""
    entries: int = 0
    """Elements seen, nulls included."""
    ascending: bool = True
    _last: float = 0.0
    """Time of the last point or null."""

    def add_chunk(self, points: list[object]) -> None:
        """Take some points, the usual shapes by the column."""
        self.entries += len(points)
        if not self._add_lines(points):
            for point in points:
                self._add(point)

    def _add_lines(self, points: list[object]) -> bool:
        """Take points that are all `[t, y]` or all `[t, o, h, l, c]`, numbers throughout; False if they are not."""
        if set(map(type, points)) != _LIST:
            return False
        rows = cast(list[list[float]], points)  # the types of their members are checked below
        widths = set(map(len, rows))
        if widths != {2} and widths != {5}:
            return False
        columns = list(zip(*rows, strict=True))
        if any(not set(map(type, column)) <= _NUMBERS for column in columns):
            return False
        try:
            arrays = [array("d", column) for column in columns]
        except OverflowError:
            return False
        times = arrays[0]
        # A sum is finite only if every member is.
        if not all(math.isfinite(sum(column)) for column in arrays) or min(times) < 0 or max(times) > LAST_UNIX_TIME:
            return False
        if times[0] < self._last or list(times) != sorted(times):
            self.ascending = False
        self._last = times[-1]
        if len(arrays) == 5 or self.all_candles:
            self._need_candles()
        self._extend_candles(arrays[1:4] if len(arrays) == 5 else [arrays[-1]] * 3)
        self.xs.extend(times)
        self.ys.extend(arrays[-1])
        return True

    def _need_candles(self) -> None:
        if self.candles is None:
            self.candles = array("d", self.ys), array("d", self.ys), array("d", self.ys)

    def _extend_candles(self, members: list[array[float]]) -> None:
        if self.candles is not None:
            for column, more in zip(self.candles, members, strict=True):
                column.extend(more)

    def _add(self, point: object) -> None:
        """Take one point of any shape."""
        at, values, tooltip = _read_point(point)
        if at is None:
            if point is None:
                self._add_null(self._last)
            return
        if at < self._last:
            self.ascending = False
        self._last = at
        # The close, or the best of what a partly null candle has: open, high, low.
        best = next((value for value in (values[-1], *values[:-1]) if value is not None), None)
        if best is None:
            self._add_null(at)
            if tooltip:
                self.null_tooltips.append((at, tooltip))
            return
        if tooltip:
            self.tooltips[len(self.xs)] = tooltip
        if len(values) == 4 or self.all_candles:
            self._need_candles()
        members = values[:3] if len(values) == 4 else [best] * 3
        self._extend_candles([array("d", [NAN if value is None else value]) for value in members])
        self.xs.append(at)
        self.ys.append(best)

    def _add_null(self, at: float) -> None:
        self.null_xs.append(at)
        self.null_at.append(len(self.xs))

    def _copy(self, other: Columns, position: int) -> None:
        """Take a point of another set of columns."""
        if position in other.tooltips:
            self.tooltips[len(self.xs)] = other.tooltips[position]
        if self.candles is not None and other.candles is not None:
            for mine, theirs in zip(self.candles, other.candles, strict=True):
                mine.append(theirs[position])
        self.xs.append(other.xs[position])
        self.ys.append(other.ys[position])

    @property
    def gaps(self) -> array[int]:
        """Positions of the nulls among the points, each once."""
        return array("l", dict.fromkeys(self.null_at))


async def read_columns(chunks: AsyncIterator[list[object]], *, candles: bool) -> Columns:
    """All points, ascending in time. `candles`: the series says that they are candles."""
    columns = Columns(all_candles=candles)
    async for chunk in chunks:
        columns.add_chunk(chunk)
    columns.null_tooltips.sort(key=itemgetter(0))
    return columns if columns.ascending else await _sorted(columns)


async def _sorted(columns: Columns) -> Columns:
    """The same points and nulls, stable by time.

    Sorted in runs that a generator merges: one call over everything would hold the interpreter too long.
    """
    time_slice = TimeSlice()
    nulls_before = iter([*zip(columns.null_at, range(len(columns.null_at)), strict=True), (-1, -1)])
    null_at, null = next(nulls_before)
    entries: list[tuple[float, int]] = []  # time, and the point's position or -1 - the null's
    for position in range(len(columns.xs) + 1):
        while null_at == position:
            entries.append((columns.null_xs[null], -1 - null))
            null_at, null = next(nulls_before)
        if position < len(columns.xs):
            entries.append((columns.xs[position], position))
        if position % _AT_ONCE == 0:
            await time_slice.pause_if_over()
    by_time = itemgetter(0)
    runs = [sorted(entries[start : start + _RUN], key=by_time) for start in range(0, len(entries), _RUN)]
    result = Columns(entries=columns.entries, null_tooltips=columns.null_tooltips)
    if columns.candles is not None:
        result._need_candles()
    for count, (at, position) in enumerate(heapq.merge(*runs, key=by_time)):
        if count % _AT_ONCE == 0:
            await time_slice.pause_if_over()
        if position < 0:
            result._add_null(at)
        else:
            result._copy(columns, position)
    return result


def _read_point(point: object) -> tuple[float | None, list[float | None], str]:
    """Time, values (one, or the four of a candle) and tooltip of a point; no time if it is no point."""
    if isinstance(point, list):
        if not point:
            return None, [], ""
        at = _time(point[0])
        if len(point) >= 5:
            return at, [number(value) for value in point[1:5]], ""
        return at, [number(point[1]) if len(point) > 1 else None], ""
    if isinstance(point, dict):
        members = fold(point)
        # LEAN reads a missing y as 0; here it is a gap: a number that was not sent is not shown.
        return _time(members.get("x")), [number(members.get("y"))], line(members.get("tooltip"))[:_MAX_TOOLTIP]
    return None, [], ""


def _time(value: object) -> float | None:
    at = number(value)
    return at if at is not None and 0 <= at <= LAST_UNIX_TIME else None
