"""The value axis of a panel: from what is visible of its series."""

from __future__ import annotations

from collections.abc import Generator

from qctui.plot import values
from qctui.plot.area import Stack
from qctui.plot.marks import Kind, Mark, Panel, PlotView
from qctui.plot.reading import reading_at
from qctui.plot.times import TimeScale
from qctui.plot.values import ValueScale

_BELOW = "not log: values at or below zero"
_ZERO = "not log: bars and areas stand on zero"
_PERCENT = "not log: changes in percent"
LINEAR = frozenset({_BELOW, _ZERO, _PERCENT})
"""Notes of a panel that stays linear although a logarithmic axis was asked for."""


def fit_panel(
    panel: Panel, time: TimeScale, view: PlotView, before: ValueScale | None
) -> Generator[int, None, Stack | None]:
    """Give a panel the value axis of what is visible; returns its stacked areas. Yields the points read meanwhile.

    `before`, the axis of the last drawing, is kept where it still fits. With percent, each series' base is set too.
    """
    lows: list[float] = []
    highs: list[float] = []
    areas = [mark for mark in panel.marks if mark.kind is Kind.AREA and mark.shown]
    stack = Stack(areas) if areas else None
    if stack is not None:
        yield from stack.build(time)
        lows.append(stack.low)
        highs.append(stack.high)
    for mark in panel.marks:
        if not mark.shown or not len(mark.series):
            continue
        if view.percent:
            mark.base = _base(mark, time)
        if mark.kind is Kind.AREA:
            continue
        for value in visible(mark, time):
            number = mark.of(value)
            lows.append(number)
            highs.append(number)
        yield 256
    zero = any(mark.kind in (Kind.BARS, Kind.AREA) and mark.shown and len(mark.series) for mark in panel.marks)
    low, high = min(lows, default=0.0), max(highs, default=0.0)
    log = view.log and not zero and not view.percent
    panel.scale = values.fit(low, high, log=log, zero=zero, before=before)
    if view.log and lows and not panel.scale.log:
        panel.note = _PERCENT if view.percent else _ZERO if zero else _BELOW
    if zero:
        panel.scale = values.on_edge(panel.scale, panel.height)
    return stack


def visible(mark: Mark, time: TimeScale) -> list[float]:
    """The extremes of what is on screen; where no point is, the values of the line that crosses the window."""
    prepared = mark.prepared
    start, stop = prepared.slice(time.start, time.end)
    if start < stop:
        if mark.kind is Kind.CANDLES:
            return list(prepared.range(start, stop))
        return list(prepared.ys.of(start, stop))
    if 0 < start < len(prepared.xs) and mark.kind is Kind.LINE:
        return [prepared.ys.values[start - 1], prepared.ys.values[start]]
    return []


def _base(mark: Mark, time: TimeScale) -> float | None:
    """The value at the left edge, or the first one after it; None if that is zero, of which nothing is a percentage."""
    reading = reading_at(mark, time.start)
    value = reading.value
    if value is None:
        start, stop = mark.prepared.slice(time.start, time.end)
        value = mark.prepared.ys.values[start] if start < stop else None
    return value or None
