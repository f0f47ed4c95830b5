"""Whatever the chart, the size and the view: no exception, nothing outside the cells, no extreme lost."""

from __future__ import annotations

import math
from array import array
from unicodedata import combining

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import get_character_cell_size

from qctui.model.chart import Chart, ChartWindow, Series, SeriesType
from qctui.plot import crosshair
from qctui.plot.chart_glyphs import GLYPH_SETS
from qctui.plot.compose import Drawing, Source, compose
from qctui.plot.export import csv_text, svg_text
from qctui.plot.grid import CellGrid
from qctui.plot.marks import Kind, PlotView
from qctui.value import replace
from tests.plot.strategies import charts, serieses, views

SIZES = st.integers(1, 160)
HEIGHTS = st.integers(1, 50)


def check_cells(grid: CellGrid, width: int, height: int) -> None:
    assert (grid.width, grid.height) == (width, height)
    assert len(grid.chars) == len(grid.inks) == height
    for row, inks in zip(grid.chars, grid.inks, strict=True):
        assert len(row) == len(inks) == width
        x = 0
        while x < width:
            cell = row[x]
            assert cell, "a cell without a character that no wide one covers"
            size = get_character_cell_size(cell[0])
            assert size in (1, 2)
            assert all(get_character_cell_size(char) == 0 or combining(char) for char in cell[1:])
            if size == 2:
                assert x + 1 < width
                assert row[x + 1] == ""
            x += size


@given(charts(), SIZES, HEIGHTS, views(), st.integers(-60, 60), st.sampled_from([1, 1, 1, 1, 1, 1, 1, 1, 1, 50]))
def test_any_chart_is_drawn_in_its_cells(
    chart: Chart, width: int, height: int, view: PlotView, move: int, times: int
) -> None:
    chart = replace(chart, series=chart.series * times)
    source = Source(chart)
    drawing = compose(source, width, height, view)
    check_cells(drawing.grid, width, height)
    again = compose(source, width, height, view, drawing)
    at = crosshair.step(again, None, 1)
    for _ in range(3):
        at = crosshair.step(again, at, move or 1)
        at = crosshair.step_point(again, at, 1 if move > 0 else -1)
    crossed = crosshair.cross(again, view, at, abs(move))
    check_cells(crossed, width, height)
    csv_text(drawing)
    crossed.text()
    svg_text(crossed, lambda ink: ("#ffffff", ""), "#000000", chart.name)


def visible_extremes(drawing: Drawing, series: Series) -> tuple[float, float] | None:
    time = drawing.time
    assert time is not None
    lows, highs = [], []
    for place, (x, y) in enumerate(zip(series.xs, series.ys, strict=True)):
        if time.start <= x <= time.end:
            members = [y]
            for column in (series.opens, series.highs, series.lows):
                if column is not None and math.isfinite(column[place]):
                    members.append(column[place])
            lows.append(min(members))
            highs.append(max(members))
    return (min(lows), max(highs)) if lows else None


def sane(series: Series) -> Series:
    order = sorted(range(len(series.xs)), key=series.xs.__getitem__)

    def column(values: array[float] | None) -> array[float] | None:
        return None if values is None else array("d", (values[i] for i in order))

    opens, highs, lows = map(column, (series.opens, series.highs, series.lows))
    if opens is not None and highs is not None and lows is not None:
        for place, i in enumerate(order):
            known = [value for value in (opens[place], highs[place], lows[place]) if math.isfinite(value)]
            highs[place] = max([series.ys[i], *known])
            lows[place] = min([series.ys[i], *known])
    return Series(
        "s", series.unit, 0, series.series_type, array("d", sorted(series.xs)),
        array("d", (series.ys[i] for i in order)), series.gaps, opens, highs, lows,
    )  # fmt: skip


@given(serieses(), SIZES, st.integers(3, 50), st.sampled_from(list(GLYPH_SETS.values())))
def test_drawn_extremes_are_the_true_extremes(series: Series, width: int, height: int, glyphs: object) -> None:
    series = sane(series)
    view = PlotView(ChartWindow(None), now=1.75e9, glyphs=GLYPH_SETS[getattr(glyphs, "name", "braille")])
    drawing = compose(Source(Chart("c", False, (series,))), width, height, view)
    for panel in drawing.panels:
        if panel.kind is not Kind.LINE or panel.height == 0:
            continue
        mark = panel.marks[0]
        extremes = visible_extremes(drawing, series)
        if extremes is None or mark.kind is Kind.AREA or panel.scale is None:
            continue
        rows = panel.height * {Kind.CANDLES: 2, Kind.LINE: view.glyphs.sub_y}.get(mark.kind, 1)
        assert panel.scale.low <= extremes[0]
        assert extremes[1] <= panel.scale.high
        if mark.kind is Kind.BARS:
            continue
        assert min(mark.reached) == panel.scale.row(extremes[1], rows)
        assert max(mark.reached) == panel.scale.row(extremes[0], rows)


def test_a_spike_of_one_point_in_a_million_is_on_screen() -> None:
    size = 1_000_000
    xs = array("d", (1.7e9 + 60.0 * i for i in range(size)))
    ys = array("d", bytes(8 * size))
    ys[777_777] = 5.0
    series = Series("s", "", 0, SeriesType.LINE, xs, ys)
    drawing = compose(Source(Chart("c", False, (series,))), 80, 24, PlotView(ChartWindow(None), now=xs[-1]))
    panel = drawing.panels[0]
    assert drawing.time is not None
    assert panel.scale is not None
    column = drawing.time.column(xs[777_777])
    top = panel.top + panel.scale.row(5.0, panel.height * 4) // 4
    assert drawing.grid.char(column, top) not in (" ", "·")
