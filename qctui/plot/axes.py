"""Axes onto cells: value labels and last-value tags on the right, time labels below, a faint grid between."""

from __future__ import annotations

from qctui.plot import times, values
from qctui.plot.grid import AXIS, GRID, MUTED, Grid, Ink, width_of
from qctui.plot.marks import TAGGED, Mark, Panel, PlotView
from qctui.plot.reading import reading_last
from qctui.plot.times import TimeScale
from qctui.plot.values import readable, short, with_unit

ROWS_A_TICK = 3
"""Value labels stand at least this many rows apart."""
TAG_WIDTH = 12
"""Characters of a last-value tag at most."""


def put_value_axis(grid: Grid | None, gutter: int, panel: Panel, time: TimeScale | None, view: PlotView) -> int:
    """Write a panel's value labels and grid lines. Returns the columns the axis needs, tags included.

    Without a grid it only measures.
    """
    scale = panel.scale
    if scale is None or time is None:
        return 0
    most = TAG_WIDTH if grid is None else max(1, gutter - 1)
    ticks = values.ticks(scale, max(1, panel.height // ROWS_A_TICK))
    labels = values.tick_labels(ticks, panel.unit, most)
    tags = [_tag(mark, panel, most, time) for mark in _tagged(panel)]
    if grid is not None:
        taken: set[int] = set()
        for value, label in zip(ticks, labels, strict=True):
            row = scale.row(value, panel.height)
            if row in taken:
                continue
            taken.add(row)
            for x in range(1, time.columns, 4):
                grid.cell(x, panel.top + row, view.glyphs.grid, GRID)
            if gutter:
                grid.put(time.columns + 1, panel.top + row, label, AXIS, gutter - 1)
    return 1 + max([width_of(text) for text in (*labels, *tags)], default=0)


def put_tags(grid: Grid, gutter: int, panel: Panel, time: TimeScale, view: PlotView) -> None:
    """Write each series' last visible value beside the plot at its height; tags that would meet move apart."""
    scale = panel.scale
    if scale is None:
        return
    wanted: list[tuple[int, Mark]] = []
    for mark in _tagged(panel):
        value = reading_last(mark, time).value
        if value is not None:
            wanted.append((scale.row(mark.of(value), panel.height), mark))
    free = set(range(panel.height))
    for row, mark in wanted:
        place = min(free, key=lambda each: (abs(each - row), each), default=None)
        if place is None or abs(place - row) > 3:
            continue
        free.discard(place)
        y = panel.top + place
        grid.put(time.columns, y, " " * gutter, AXIS, gutter)
        text = _tag(mark, panel, gutter - 1, time)
        pointer = mark.letter or view.glyphs.now
        grid.put(time.columns, y, pointer, mark.ink, 1)
        grid.put(time.columns + 1, y, text, Ink("tag", mark.ink.color), gutter - 1)


def _tagged(panel: Panel) -> list[Mark]:
    return [mark for mark in panel.marks if mark.shown and len(mark.series) and mark.kind in TAGGED]


def _tag(mark: Mark, panel: Panel, width: int, time: TimeScale) -> str:
    value = reading_last(mark, time).value
    if value is None:
        return ""
    if mark.base is not None:
        return f"{mark.of(value):+.2f}%"[:width]
    room = max(1, min(TAG_WIDTH, width) - (width_of(with_unit("", panel.unit))))
    text = readable(value, panel.unit)
    return with_unit(text if len(text) <= room else short(value, room), panel.unit)


def put_time_axis(grid: Grid, row: int, time: TimeScale, view: PlotView) -> None:
    """Write time labels centred under their instants, none cut and none touching; `now` where following ends. Beside
    them, under the value axis, stands what the times are told in."""
    if time.columns < 4:
        return
    zone = times.zone_name(time.end, view.zone)
    if width_of(zone) < grid.width - time.columns:
        grid.put(grid.width - width_of(zone), row, zone, MUTED)
    taken: list[tuple[int, int]] = []
    if view.window.following:
        _label(grid, row, time, "now", view.now, MUTED, taken)
    found = times.ticks(time, max(1, time.columns // 10), view.zone)
    for tick in sorted(found, key=lambda each: not each.major):
        _label(grid, row, time, tick.label, tick.at, Ink("axis", bold=tick.major), taken)


def _label(
    grid: Grid, row: int, time: TimeScale, label: str, at: float, ink: Ink, taken: list[tuple[int, int]]
) -> None:
    column = time.column(at)
    if not 0 <= column < time.columns:
        return
    start = min(max(0, column - len(label) // 2), time.columns - len(label))
    end = start + len(label)
    if start < 0 or any(start <= last and first <= end for first, last in taken):
        return
    taken.append((start, end))
    grid.put(start, row, label, ink)
