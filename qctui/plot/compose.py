"""Draws a chart: panels under one time axis, at a size and in a view, in steps that let keys be served between."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field

from qctui.model.chart import Chart
from qctui.plot import times
from qctui.plot.bars_and_areas import Stack, draw_bars, draw_markers
from qctui.plot.candles import draw_candles
from qctui.plot.decimate import Prepared, pieces, prepare
from qctui.plot.grid import CellGrid
from qctui.plot.layout import LINEAR, fit_panel, place, put_tags, put_time_axis, put_value_axis, visible
from qctui.plot.legend import put_legend
from qctui.plot.marks import Kind, Mark, Panel, PlotView, marks_of, panels_of
from qctui.plot.ranked import draw_ranked, draw_table
from qctui.plot.raster import Dots, draw_line
from qctui.plot.times import TimeScale
from qctui.plot.values import ValueScale

FEW = 3
"""Visible points of a series that are too few to need rows."""
DRAW_COST = 2_000
"""What drawing one series is worth, in points read."""


@dataclass(slots=True)
class Source:
    """A chart and what was learnt by reading it once. Kept as long as the chart is on screen."""

    chart: Chart
    prepared: list[Prepared] = field(default_factory=list)

    def steps(self) -> Generator[int, None, None]:
        """Read what has not been read yet; yields the points read since the last yield."""
        for series in self.chart.series[len(self.prepared) :]:
            self.prepared.append((yield from prepare(series)))
            yield 64


@dataclass(slots=True)
class Drawing:
    """A finished chart: its cells, and where everything is on them."""

    grid: CellGrid
    view: PlotView
    panels: list[Panel] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    time: TimeScale | None = None
    """None when nothing has a time axis or the size has no room for one."""
    axis_row: int | None = None
    bucket_s: float = 0.0
    """Length of the candles when they were re-bucketed, else 0.0."""
    notes: tuple[str, ...] = ()
    """What a person should know about how it is drawn."""


def steps(
    source: Source, width: int, height: int, view: PlotView, before: Drawing | None = None
) -> Generator[int, None, Drawing]:
    """Draw in steps. The generator's return value is the drawing; it yields the points handled since the last yield.

    `before`, the last drawing of the same chart, lends its value axes where they still fit, so that little changes; one
    of another width lends no room for them.
    """
    yield from source.steps()
    marks = marks_of(source.chart, source.prepared, view)
    for mark in marks:
        if mark.kind is Kind.LINE:
            yield from mark.prepared.read_values()
    drawing = Drawing(CellGrid(width, height), view, panels_of(marks, view), marks)
    if width <= 0 or height <= 0:
        return drawing
    panels = drawing.panels
    most = 0 if width < 16 else min(15, width // 3)  # columns for the value axis
    lent = before.time.columns if before is not None and before.time is not None and before.grid.width == width else 0
    gutter = min(most, width - lent) if lent else most
    kept = {(each.index, each.kind): each.scale for each in before.panels} if before is not None else {}
    plots: list[Panel] = []
    # What the value axis needs is known once its labels are, and those depend on what is visible beside it.
    for last in (False, False, True):
        drawing.time = time_scale(source, view, max(1, width - gutter))
        plots = _arrange(drawing, panels, height)
        stacks = {}
        for panel in plots:
            yield DRAW_COST
            stacks[id(panel)] = yield from fit_panel(panel, drawing.time, view, kept.get((panel.index, panel.kind)))
        axes = (put_value_axis(None, 0, panel, drawing.time, view) for panel in plots)
        needed = min(most, max(axes, default=gutter))
        # Too wide is left as it is: a last value with a digit less must not move the whole chart.
        if last or needed == gutter or (needed < gutter and lent):
            break
        gutter = needed
    if not plots:
        drawing.time = None
    elif drawing.time is not None:
        if drawing.axis_row is not None:
            put_time_axis(drawing.grid, drawing.axis_row, drawing.time, view)
        for panel in plots:
            yield from _plot(drawing, panel, stacks[id(panel)], gutter)
    for panel in drawing.panels:
        if panel.legend_row is not None:
            put_legend(drawing.grid, panel.legend_row, panel.marks, view, drawing.time, idle=panel.idle)
        if panel.kind is Kind.RANKED:
            draw_ranked(drawing.grid, panel, view.glyphs)
        elif panel.kind is Kind.TABLE:
            draw_table(drawing.grid, panel, view)
    log = any(panel.scale is not None and panel.scale.log for panel in drawing.panels)
    # That bars below stay linear needs no word while what is looked at is as it was asked for.
    notes = [panel.note for panel in drawing.panels if panel.note and not (log and panel.note in LINEAR)]
    drawing.notes = (*drawing.notes, *dict.fromkeys(notes))
    return drawing


def compose(source: Source, width: int, height: int, view: PlotView, before: Drawing | None = None) -> Drawing:
    """Draw at once: `steps` without the pauses."""
    drawing = steps(source, width, height, view, before)
    while True:
        try:
            next(drawing)
        except StopIteration as done:
            finished: Drawing = done.value
            return finished


def time_scale(source: Source, view: PlotView, columns: int) -> TimeScale:
    """The columns of time that a view asks for."""
    window = view.window
    if window.start is not None and window.end is not None:
        return times.fixed(window.start, window.end, columns)
    if window.span_s is not None:
        return times.follow(window.span_s, view.now, columns)
    told = [each.xs for each in source.prepared if each.xs]
    if not told:
        return times.follow(86_400.0, view.now, columns)
    first, last = min(xs[0] for xs in told), max(xs[-1] for xs in told)
    return times.everything(first, max(last, min(view.now, last + (last - first))), columns)


def _arrange(drawing: Drawing, panels: list[Panel], height: int) -> list[Panel]:
    """Share the rows among `panels`; returns those that are to be plotted."""
    assert drawing.time is not None
    _set_idle(panels, drawing.time)
    drawing.panels, drawing.axis_row, hidden = place(panels, height)
    drawing.notes = (f"{hidden} more below: enlarge to see",) if hidden else ()
    return [panel for panel in drawing.panels if panel.kind is Kind.LINE and not panel.idle]


def _set_idle(panels: list[Panel], time: TimeScale) -> None:
    """Mark the panels that have nothing on screen; if that is all of them, they stay as they are and say so."""
    plots = [panel for panel in panels if panel.kind is Kind.LINE]
    for panel in plots:
        panel.note = ""
        panel.idle = not any(visible(mark, time) for mark in panel.marks if mark.shown)
        panel.few = all(_count(mark, time) < FEW for mark in panel.marks if mark.shown)
    if all(panel.idle for panel in plots):
        for panel in plots:
            panel.idle = False
            if any(mark.shown for mark in panel.marks):
                panel.note = "no points in this window"


def _count(mark: Mark, time: TimeScale) -> int:
    start, stop = mark.prepared.slice(time.start, time.end)
    return stop - start


def _plot(drawing: Drawing, panel: Panel, stack: Stack | None, gutter: int) -> Generator[int, None, None]:
    time, grid, view = drawing.time, drawing.grid, drawing.view
    assert time is not None
    assert panel.scale is not None
    scale = panel.scale
    put_value_axis(grid, gutter, panel, time, view)
    shown = [mark for mark in panel.marks if mark.drawn]
    if stack is not None:
        stack.draw(grid, panel.top, panel.height, scale)
    bars = [mark for mark in shown if mark.kind is Kind.BARS]
    if bars:
        yield DRAW_COST
        draw_bars(grid, panel.top, panel.height, bars, scale, time, view.glyphs)
    edges = time.edges(view.glyphs.sub_x)
    for mark in sorted(shown, key=lambda each: each.series.z_index):
        if mark.kind is Kind.LINE:
            yield DRAW_COST
            _line(drawing, panel, mark, scale, edges)
    for mark in shown:
        yield DRAW_COST // 4
        if mark.kind is Kind.CANDLES:
            length = draw_candles(grid, panel.top, panel.height, mark, scale, time, view.glyphs)
            drawing.bucket_s = max(drawing.bucket_s, length)
    for mark in shown:
        if mark.kind in (Kind.MARKERS, Kind.FLAGS):
            yield DRAW_COST
            draw_markers(grid, panel.top, panel.height, mark, scale, time, view.glyphs)
    if gutter:
        put_tags(grid, gutter, panel, time, view)


def _line(drawing: Drawing, panel: Panel, mark: Mark, scale: ValueScale, edges: list[float]) -> None:
    assert drawing.time is not None
    glyphs = drawing.view.glyphs
    dots = Dots(drawing.time.columns, panel.height, glyphs, reached=mark.reached)
    rows = dots.rows
    draw_line(dots, mark.prepared, pieces(mark.prepared, edges), lambda value: scale.row(mark.of(value), rows), edges)
    dots.stamp(drawing.grid, panel.top, mark.ink)
    if mark.letter:
        _letters(drawing, panel, mark, dots)


def _letters(drawing: Drawing, panel: Panel, mark: Mark, dots: Dots) -> None:
    """Write a line's letter on it now and then, so that crossing lines differ without colour too."""
    lines = [each for each in panel.marks if each.kind is Kind.LINE and each.drawn]
    if len(lines) < 2 or panel.height < 3:
        return
    cells: dict[int, list[int]] = {}
    for x, y in dots.masks:
        cells.setdefault(x, []).append(y)
    every = 24
    for x in range(6 + lines.index(mark) * 5 % every, dots.width - 2, every):
        at = cells.get(x, [])
        # A letter hides dots: only where the line is level, and never the only place of an extreme.
        if len(at) == 1 and not dots.unique(x, at[0]):
            drawing.grid.cell(x, panel.top + at[0], mark.letter, mark.ink._replace(bold=True))
            dots.masks.pop((x, at[0]))
