"""The crosshair: an instant on a drawing, the value of every series there, and where the next instant is."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable

from qctui.plot import times
from qctui.plot.candles import candle_at
from qctui.plot.compose import Drawing
from qctui.plot.grid import AXIS, CellGrid, Ink
from qctui.plot.legend import put_legend
from qctui.plot.marks import Kind, Mark, Panel, PlotView
from qctui.plot.reading import Reading, change_text, reading_at, start_of

TAG = Ink("tag", "chart-crosshair")
POINT = Ink("chart-crosshair", bold=True)
MARK = Ink("chart-mark", bold=True)


def timed(drawing: Drawing) -> list[Mark]:
    """The series a crosshair can stand on."""
    return [mark for panel in drawing.panels if panel.kind is Kind.LINE for mark in panel.marks if mark.drawn]


def step(drawing: Drawing, at: float | None, columns: int) -> float | None:
    """The instant of the nearest point at least `columns` columns away (negative: earlier); the outermost visible point
    where there is none so far out. Without a crosshair yet, the last visible point. None when no point is visible."""

    def place_of(mark: Mark, time: times.TimeScale, at: float) -> int:
        xs, here = mark.prepared.xs, min(time.columns - 1, max(0, time.column(at)))
        if columns > 0:
            place = bisect_left(xs, time.at(here + columns))
            # Rounding can put the first point of a column a hair before its edge: never stand still.
            place = max(place, bisect_right(xs, at))
        else:
            place = min(bisect_left(xs, time.at(here + columns + 1)), bisect_left(xs, at)) - 1
        return _whole(mark, time, place, at, columns) if mark.bucket_s and 0 <= place < len(xs) else place

    return _nearest(drawing, at, columns, place_of)


def _whole(mark: Mark, time: times.TimeScale, place: int, at: float, direction: int) -> int:
    """The last point of the drawn candle around `place`, or of the one before when that is not on the way."""
    first, stop = mark.prepared.slice(time.start, time.end)
    if not first <= place < stop:
        return place
    candle = candle_at(mark.prepared, time, mark.bucket_s, place)
    if direction < 0 and mark.prepared.xs[candle.end - 1] >= at:
        return candle.start - 1
    return candle.end - 1


def step_point(drawing: Drawing, at: float | None, direction: int) -> float | None:
    """The instant of the very next point of any series (`direction` 1) or the one before (-1)."""

    def place_of(mark: Mark, time: times.TimeScale, at: float) -> int:
        return bisect_right(mark.prepared.xs, at) if direction > 0 else bisect_left(mark.prepared.xs, at) - 1

    return _nearest(drawing, at, direction, place_of)


def _nearest(
    drawing: Drawing, at: float | None, direction: int, place_of: Callable[[Mark, times.TimeScale, float], int]
) -> float | None:
    """The nearest of the visible points that each series has there; the outermost one where none has any."""
    first, last = _ends(drawing)
    if drawing.time is None or at is None or first is None or last is None:
        return last
    places = [(mark.prepared.xs, place_of(mark, drawing.time, at)) for mark in timed(drawing)]
    found = [xs[place] for xs, place in places if 0 <= place < len(xs) and first <= xs[place] <= last]
    return min(found, default=last) if direction > 0 else max(found, default=first)


def end(drawing: Drawing, direction: int) -> float | None:
    """The first (-1) or last (1) visible point's instant."""
    return _ends(drawing)[0 if direction < 0 else 1]


def _ends(drawing: Drawing) -> tuple[float | None, float | None]:
    time = drawing.time
    if time is None:
        return None, None
    firsts: list[float] = []
    lasts: list[float] = []
    for mark in timed(drawing):
        start, stop = mark.prepared.slice(time.start, time.end)
        if start < stop:
            firsts.append(mark.prepared.xs[start])
            lasts.append(mark.prepared.xs[stop - 1])
    return min(firsts, default=None), max(lasts, default=None)


def cross(drawing: Drawing, view: PlotView, at: float | None, first: int = 0) -> CellGrid:
    """The drawing's cells with the crosshair and the mark on them; the drawing itself stays as it is.

    A full line across the plot would cost a run of cells in every row of it at each move. The time tag on the axis and
    a sign on every series say the same.
    """
    time = drawing.time
    if at is not None and time is not None and not time.start <= at <= time.end:
        at = None
    if time is None or (at is None and view.mark is None):
        return drawing.grid
    grid = drawing.grid.copy()
    for panel in drawing.panels:
        if panel.kind is not Kind.LINE:
            continue
        if view.mark is not None:
            _points(grid, drawing, panel, view.mark, view.glyphs.mark, MARK)
        if at is not None:
            _points(grid, drawing, panel, at, "o" if view.glyphs.ascii else "●", POINT)
            if panel.legend_row is not None:
                grid.put(0, panel.legend_row, " " * grid.width)
                put_legend(grid, panel.legend_row, panel.marks, view, time, at=at, first=first)
    if drawing.axis_row is not None:
        if view.mark is not None and time.start <= view.mark <= time.end:
            grid.cell(time.column(view.mark), drawing.axis_row, view.glyphs.mark, MARK)
        if at is not None:
            _tag(grid, drawing, at)
    return grid


def summary(drawing: Drawing, view: PlotView, at: float) -> str:
    """The crosshair in one line, for where a legend has no room: the first series' value and its change."""
    for mark in timed(drawing):
        reading = reading_at(mark, at)
        if reading.value is not None:
            return change_text(start_of(mark, drawing.time, view), reading, mark.series.unit)
    return ""


def _points(grid: CellGrid, drawing: Drawing, panel: Panel, at: float, char: str, ink: Ink) -> None:
    time, scale = drawing.time, panel.scale
    if time is None or scale is None or not time.start <= at <= time.end:
        return
    for mark in panel.marks:
        if not mark.shown or mark.kind is Kind.AREA:
            continue
        reading = reading_at(mark, at, time.step_s)
        if reading.value is not None:
            column = min(time.columns - 1, max(0, time.column(_drawn_at(mark, time, reading, at))))
            grid.cell(column, panel.top + scale.row(mark.of(reading.value), panel.height), char, ink)


def _drawn_at(mark: Mark, time: times.TimeScale, reading: Reading, at: float) -> float:
    """Where a reading stands on screen: at its instant, or in the middle of the candle it became part of."""
    if not mark.bucket_s or reading.at is None or not time.start <= reading.at <= time.end:
        return at
    place = bisect_right(mark.prepared.xs, reading.at) - 1
    return candle_at(mark.prepared, time, mark.bucket_s, place).at


def _tag(grid: CellGrid, drawing: Drawing, at: float) -> None:
    time, row = drawing.time, drawing.axis_row
    assert time is not None
    assert row is not None
    text = f" {axis_text(at, time, drawing.view)} "
    if len(text) > time.columns:
        return
    start = min(max(0, time.column(at) - len(text) // 2), time.columns - len(text))
    # A label the tag covers in part goes altogether: half a time is a wrong time.
    for x, by in ((start - 1, -1), (start + len(text), 1)):
        while 0 <= x < time.columns and grid.char(x, row) != " ":
            grid.cell(x, row, " ", AXIS)
            x += by
    grid.put(start, row, text, TAG)


def axis_text(at: float, time: times.TimeScale, view: PlotView) -> str:
    """An instant as finely as the span asks for."""
    parts = times.broken(at, view.zone)
    if parts is None:
        return f"{at:.0f}"
    day = f"{parts.day} {times.MONTHS[parts.month - 1]}"
    span = time.end - time.start
    if span > 200 * 86_400:
        return f"{day} {parts.year}"
    if span > 2 * 86_400:
        return f"{day} {parts.hour:02d}:{parts.minute:02d}"
    return f"{parts.hour:02d}:{parts.minute:02d}:{parts.second:02d}"
