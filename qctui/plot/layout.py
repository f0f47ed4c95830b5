"""Lays a drawing out: the rows of each panel, its value axis, and the labels of both axes."""

from __future__ import annotations

from collections.abc import Generator

from qctui.plot import times, values
from qctui.plot.bars_and_areas import Stack
from qctui.plot.grid import AXIS, GRID, MUTED, CellGrid, Ink, width_of
from qctui.plot.marks import TAGGED, Kind, Mark, Panel, PlotView
from qctui.plot.reading import first_reading, reading_last
from qctui.plot.times import TimeScale
from qctui.plot.values import ValueScale, readable, short, with_unit

LEAST_PLOT = 2
"""Rows of cells a plot needs to be worth drawing."""

FEW_PLOT = 3
"""Rows of cells of a plot below the first that has hardly a point to show."""

LEAST_PANEL = 5
"""Rows a panel needs before another one may share the screen with it."""

ROWS_A_TICK = 3
"""Value labels stand at least this many rows apart."""
TAG_WIDTH = 12
"""Characters of a last-value tag at most."""

_BELOW = "not log: values at or below zero"
_ZERO = "not log: bars and areas stand on zero"
_PERCENT = "not log: changes in percent"
LINEAR = frozenset({_BELOW, _ZERO, _PERCENT})
"""Notes of a panel that stays linear although a logarithmic axis was asked for."""


def place(panels: list[Panel], height: int) -> tuple[list[Panel], int | None, int]:
    """Share `height` rows: the time axis, a legend a panel where there is room, the first plot three times as
    high as the others. Rankings and tables come last, under the time axis.

    Returns the panels that fit, top to bottom, with their rows in them; the row of the time axis (None without plots or
    room); and how many panels are left out for want of rows.
    """
    for panel in panels:
        panel.legend_row = None
    if height < (LEAST_PLOT + 2) * len(panels):
        panels = [panel for panel in panels if not panel.idle]
    axis = 1 if any(panel.kind is Kind.LINE for panel in panels) and height > LEAST_PLOT else 0
    rows = height - axis
    most = max(1, rows // LEAST_PANEL)
    fitting = panels[:most]
    plots = [panel for panel in fitting if panel.kind is Kind.LINE]
    legends = rows >= (LEAST_PLOT + 2) * len(fitting)
    shares = _shares(fitting, rows - len(plots) if legends else rows)
    top = 0
    axis_row: int | None = None
    for panel, share in zip(fitting, shares, strict=True):
        if panel.kind is not Kind.LINE and plots and axis_row is None and axis:
            axis_row, top = top, top + 1
        if legends and panel.kind is Kind.LINE:
            panel.legend_row, top = top, top + 1
        panel.top, panel.height = top, share
        top += share
    if axis and axis_row is None:
        axis_row = height - 1
    return fitting, axis_row, len(panels) - len(fitting)


def _shares(panels: list[Panel], free: int) -> list[int]:
    """Rows of each panel: rankings and tables take what they need, up to a fair part; plots share the rest, the first
    one three times. A plot with hardly a visible point gets few, and one without any none: its legend says so."""
    plots = [panel for panel in panels if panel.kind is Kind.LINE and not panel.idle]
    fair = free // max(1, len(panels))
    shares = {}
    for panel in panels:
        if panel.kind is not Kind.LINE:
            needed = sum(max(1, len(mark.series.rows) + 1 if mark.series.rows else 1) for mark in panel.marks)
            shares[id(panel)] = max(1, min(needed, fair if plots else free))
            free -= shares[id(panel)]
    for panel in plots[1:]:
        if panel.few:
            shares[id(panel)] = max(1, min(FEW_PLOT, free // len(plots)))
            free -= shares[id(panel)]
    plots = [panel for panel in plots if id(panel) not in shares]
    weights = [3 if number == 0 and len(plots) > 1 else 1 for number in range(len(plots))]
    for number, (panel, weight) in enumerate(zip(plots, weights, strict=True)):
        shares[id(panel)] = max(1, free * weight // sum(weights[number:]))
        free -= shares[id(panel)]
    return [shares.get(id(panel), 0) for panel in panels]


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
        if not mark.drawn:
            continue
        if view.percent:
            # Of what stands at zero nothing is a percentage.
            mark.base = first_reading(mark, time, view).value or None
        if mark.kind is Kind.AREA:
            continue
        for value in visible(mark, time):
            number = mark.of(value)
            lows.append(number)
            highs.append(number)
        yield 256
    zero = any(mark.kind in (Kind.BARS, Kind.AREA) and mark.drawn for mark in panel.marks)
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
        return list(mark.extremes(start, stop))
    if 0 < start < len(prepared.xs) and mark.kind is Kind.LINE:
        return [prepared.values[start - 1], prepared.values[start]]
    return []


def put_value_axis(grid: CellGrid | None, gutter: int, panel: Panel, time: TimeScale | None, view: PlotView) -> int:
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


def put_tags(grid: CellGrid, gutter: int, panel: Panel, time: TimeScale, view: PlotView) -> None:
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
    return [mark for mark in panel.marks if mark.drawn and mark.kind in TAGGED]


def _tag(mark: Mark, panel: Panel, width: int, time: TimeScale) -> str:
    value = reading_last(mark, time).value
    if value is None:
        return ""
    if mark.base is not None:
        return f"{mark.of(value):+.2f}%"[:width]
    room = max(1, min(TAG_WIDTH, width) - (width_of(with_unit("", panel.unit))))
    text = readable(value, panel.unit)
    return with_unit(text if len(text) <= room else short(value, room), panel.unit)


def put_time_axis(grid: CellGrid, row: int, time: TimeScale, view: PlotView) -> None:
    """Write time labels centred under their instants, none cut and none touching; `now` where following ends. Beside
    them, under the value axis, stands the zone of the times."""
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
        _label(grid, row, time, tick.label, tick.at, Ink("chart-axis", bold=tick.major), taken)


def _label(
    grid: CellGrid, row: int, time: TimeScale, label: str, at: float, ink: Ink, taken: list[tuple[int, int]]
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
