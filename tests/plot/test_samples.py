"""Every chart the API is known to send, at the sizes people have."""

from __future__ import annotations

from array import array

import pytest

from qctui.model.chart import Chart, ChartWindow, Series, SeriesType
from qctui.plot import crosshair
from qctui.plot.candles import Body, body_of
from qctui.plot.chart_glyphs import ASCII, BRAILLE, GLYPH_SETS
from qctui.plot.compose import Drawing, Source, compose
from qctui.plot.marks import Kind, PlotView
from qctui.plot.reading import reading_at, reading_last, value_text
from qctui.value import replace
from tests.plot.bare import NOW
from tests.plot.samples import sample, sample_names
from tests.ui.scene import equity_chart

SIZES = [(80, 22), (120, 38), (38, 7), (20, 4)]


def drawn(chart: Chart, width: int = 100, height: int = 30, **view: object) -> Drawing:
    window = ChartWindow(None)
    return compose(Source(chart), width, height, PlotView(window, now=NOW, **view))  # type: ignore[arg-type]


def plot_width(drawing: Drawing) -> int:
    """Columns of the plots; the value axis is right of them."""
    return drawing.grid.width if drawing.time is None else drawing.time.columns


@pytest.mark.parametrize("name", sample_names())
@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("glyphs", GLYPH_SETS)
def test_no_label_of_the_axes_is_cut(name: str, width: int, height: int, glyphs: str) -> None:
    drawing = drawn(sample(name), width, height, glyphs=GLYPH_SETS[glyphs])
    if drawing.axis_row is not None:
        for word in "".join(drawing.grid.chars[drawing.axis_row]).split():
            assert word in ("now", "Nov", "Dec", "Oct", "UTC") or word.isdigit() or ":" in word, word
    for panel in drawing.panels:
        if panel.kind is Kind.LINE and plot_width(drawing) < width:
            for row in range(panel.top, panel.top + panel.height):
                label = "".join(drawing.grid.chars[row][plot_width(drawing) :]).strip()
                assert not label.endswith(("…", ".", ",")), label


@pytest.mark.parametrize("name", sample_names())
def test_the_ascii_glyphs_are_seven_bit(name: str) -> None:
    assert drawn(sample(name), 80, 22, glyphs=ASCII).grid.text().isascii()


@pytest.mark.parametrize("name", sample_names())
def test_the_readout_is_the_payloads_number(name: str) -> None:
    drawing = drawn(sample(name))
    for mark in crosshair.timed(drawing):
        for place, at in enumerate(mark.series.xs):
            found = reading_at(mark, at)
            assert found.at == at
            assert found.value == mark.series.ys[place]


@pytest.mark.parametrize("name", sample_names())
def test_the_tag_is_the_last_value(name: str) -> None:
    drawing = drawn(sample(name), 120, 38)
    for panel in drawing.panels:
        for mark in panel.marks:
            if panel.kind is Kind.LINE and mark.kind in (Kind.LINE, Kind.CANDLES, Kind.BARS) and len(mark.series):
                tags = [
                    "".join(drawing.grid.chars[row][plot_width(drawing) + 1 :]).strip()
                    for row in range(panel.top, panel.top + panel.height)
                ]
                assert value_text(reading_last(mark), mark.series.unit) in tags


def series(drawing: Drawing, name: str) -> Series:
    return next(mark.series for mark in drawing.marks if mark.series.name == name)


def test_a_null_breaks_the_line_and_is_no_zero() -> None:
    drawing = drawn(sample("line_with_nulls"), 100, 20)
    panel = drawing.panels[0]
    time = drawing.time
    assert time is not None
    gap = time.column(1_795_183_500.0)
    assert all(drawing.grid.char(gap, panel.top + row) in (" ", "·") for row in range(panel.height))


def test_candles_in_a_line_series_are_candles_and_so_are_pairs_in_a_candle_series() -> None:
    assert drawn(sample("strategy_equity_candles")).marks[0].kind is Kind.CANDLES
    assert drawn(sample("candles_legacy_two_values")).marks[0].kind is Kind.CANDLES


def test_series_with_another_index_get_a_panel_of_their_own_under_one_time_axis() -> None:
    drawing = drawn(sample("strategy_equity_candles"), 100, 30)
    assert [panel.index for panel in drawing.panels] == [0, 1]
    assert drawing.axis_row == 29


def test_a_tree_map_is_ranked_with_shares() -> None:
    text = drawn(sample("treemap"), 80, 10).grid.text()
    first, second = text.splitlines()[:2]
    assert first.startswith("SPY")
    assert "$58,812" in first
    assert first.endswith("68.5%")
    assert second.endswith("31.5%")


def test_a_series_without_points_says_so() -> None:
    assert "Sell no points" in drawn(sample("scatter_tooltip_objects"), 100, 20).grid.text()


def test_rising_and_falling_candles_differ_without_colour() -> None:
    rising, falling = BRAILLE.candles.cells[2][2], BRAILLE.candles.falling[2][2]
    assert rising != falling
    assert ASCII.candles.cells[2][2] != ASCII.candles.falling[2][2]


def test_lines_that_share_a_panel_carry_their_letters() -> None:
    text = drawn(sample("multi_series_index"), 100, 20).grid.text().splitlines()
    assert text[0].startswith("a━ Equity - Long Ratio 0.61  b━ Equity - Short Ratio -0.02")
    assert any("a" in row[:80] for row in text[1:19])


def test_log_says_why_it_is_linear() -> None:
    assert drawn(sample("line_with_nulls"), log=True).notes == ("not log: values at or below zero",)
    scale = drawn(sample("strategy_equity_candles"), log=True).panels[0].scale
    assert scale is not None
    assert scale.log


def test_percent_counts_from_the_left_edge() -> None:
    drawing = drawn(sample("legacy_xy_capitalised"), percent=True)
    assert drawing.marks[0].base == 590.11
    assert drawing.marks[0].of(590.11) == 0.0


def test_a_stacked_area_is_filled_between_its_points() -> None:
    drawing = drawn(sample("stacked_and_pie"), 80, 22)
    panel = drawing.panels[0]
    time = drawing.time
    assert time is not None
    for x in range(time.column(1_795_184_400.0), time.column(1_795_185_000.0)):
        assert {drawing.grid.char(x, panel.top + row) for row in range(1, panel.height)} == {"█", "▓"}


def test_an_empty_bar_series_does_not_pull_the_axis_to_zero() -> None:
    chart = sample("strategy_equity_candles")
    bars = replace(chart.series[1], xs=array("d"), ys=array("d"), gaps=array("l"))
    scale = drawn(replace(chart, series=(chart.series[0], bars))).panels[0].scale
    assert scale is not None
    assert scale.low > 99_000.0


def test_a_marker_is_read_with_its_tooltip_and_only_where_it_is() -> None:
    drawing = drawn(sample("scatter_tooltip_objects"), 120, 20)
    row = drawing.panels[0].legend_row or 0
    on = crosshair.cross(drawing, drawing.view, 1_795_183_200.0)
    off = crosshair.cross(drawing, drawing.view, 1_795_184_100.0)
    assert "Buy $182.10 order 7" in "".join(on.chars[row])
    assert "Buy - " in "".join(off.chars[row])


def test_what_is_said_where_there_is_no_value_is_read_at_its_instant() -> None:
    chart = sample("scatter_tooltip_objects")
    price, buy, sell = chart.series
    told = ((1_795_184_100.0, "order 8"), (1_795_185_000.0, "under a value"), (1_795_185_600.0, "order 9"))
    drawing = drawn(replace(chart, series=(price, replace(buy, null_tooltips=told), sell)), 120, 20)
    row = drawing.panels[0].legend_row or 0

    def read(at: float) -> str:
        return "".join(crosshair.cross(drawing, drawing.view, at).chars[row])

    assert "Buy - order 8" in read(1_795_184_100.0)
    assert "order" not in read(1_795_184_550.0)
    assert "Buy $181.90" in read(1_795_185_000.0)


def test_a_table_tells_its_times_newest_first_in_as_many_columns_as_fit() -> None:
    rows = tuple((f"x={1_795_132_800 + 900 * i}", f"y={i}") for i in range(30))
    matrix = Series("Matrix", "", 0, SeriesType.HEATMAP, array("d"), array("d"), rows=rows)
    lines = drawn(Chart("Surface", False, (matrix,)), 90, 12).grid.text().splitlines()
    assert lines[1] == "2026-11-20 07:15:00  y=29    2026-11-20 04:45:00  y=19    2026-11-20 02:15:00  y=9"
    assert "more" not in lines[-1]
    few = drawn(Chart("Surface", False, (matrix,)), 30, 12).grid.text().splitlines()
    assert few[1].startswith("2026-11-20 07:15:00  y=29")
    assert few[-1] == "… and 20 more"


def test_a_legend_shows_numbers_whole_or_not_at_all_and_every_name_that_fits() -> None:
    chart = sample("multi_series_index")
    wide = drawn(chart, 100, 20).grid.text().splitlines()[0]
    assert "Equity - Long Ratio 0.61" in wide
    assert drawn(chart, 50, 20).grid.text().splitlines()[0] == "a━ Equity - Long Ratio  b━ Equity - Short Ratio"
    assert drawn(chart, 38, 20).grid.text().splitlines()[0] == "a━ Equity - Long…  b━ Equity - Shor…"
    assert drawn(chart, 30, 20).grid.text().splitlines()[0] == "a━ Equity - Long… 0.61  +1"
    for width in range(20, 120):
        for word in drawn(chart, width, 20).grid.text().splitlines()[0].split():
            assert not (word[:1].isdigit() and word.endswith("…")), word


def test_a_lone_series_tells_its_last_value_its_change_and_its_reach() -> None:
    chart = sample("strategy_equity_candles")
    lines = drawn(chart, 80, 20).grid.text().splitlines()
    assert lines[0] == "a┿ Equity $100,255.43 +0.21%  low $99,971.75  high $100,301.40"
    assert drawn(chart, 40, 20).grid.text().splitlines()[0] == "a┿ Equity $100,255.43 +0.21%"


def test_no_change_is_neither_up_nor_down() -> None:
    drawing = drawn(sample("single_point"), 80, 20)
    assert drawing.grid.text().splitlines()[0] == "┿ Equity $100,250.75 0.00%"


def test_the_axis_says_what_its_times_are_reported_in() -> None:
    assert drawn(sample("line_with_nulls"), 100, 20).grid.text().splitlines()[-1].endswith("UTC")


def test_candles_that_touch_leave_half_a_column_free_on_either_side() -> None:
    assert body_of(2, BRAILLE) == Body(1, slim=False)
    assert body_of(3, BRAILLE) == Body(3, slim=True)
    assert body_of(4, BRAILLE) == Body(3, slim=False)
    assert body_of(3, ASCII) == Body(1, slim=False)


def test_what_stays_linear_is_reported_only_where_nothing_is_logarithmic() -> None:
    both = drawn(sample("strategy_equity_candles"), 100, 30, log=True)
    assert [panel.scale.log for panel in both.panels if panel.scale is not None][:1] == [True]
    assert both.notes == ()


def test_a_single_bar_takes_no_rows_from_what_is_above_it() -> None:
    chart = sample("strategy_equity_candles")
    bars = chart.series[1]
    one = replace(bars, xs=bars.xs[-1:], ys=array("d", [0.2]), gaps=array("l"))
    assert drawn(replace(chart, series=(chart.series[0], one)), 100, 40).panels[1].height == 3


def test_candles_that_would_touch_are_put_together() -> None:
    xs = array("d", (NOW - 3_600.0 + 60.0 * i for i in range(60)))
    ys = array("d", (100.0 + i % 5 for i in range(60)))
    candles = Series("Equity", "$", 0, SeriesType.CANDLE, xs, ys, opens=ys, highs=ys, lows=ys)
    drawing = drawn(Chart("Equity", False, (candles,)), 100, 20)
    assert drawing.bucket_s == 120.0


def test_a_candle_that_ends_beyond_the_edge_does_not_narrow_the_others() -> None:
    xs = array("d", (NOW - 21_600.0 + 60.0 * i for i in range(360)))
    ys = array("d", (100.0 + i % 7 for i in range(360)))
    candles = Series(
        "Equity", "$", 0, SeriesType.CANDLE, xs, ys, opens=array("d", (y - 9.0 for y in ys)), highs=ys, lows=ys
    )
    window = ChartWindow(None, NOW - 21_540.0, NOW - 60.0)
    drawing = compose(Source(Chart("Equity", False, (candles,))), 120, 30, PlotView(window, now=NOW))
    assert drawing.bucket_s == 600.0
    assert any(cell == "▐" for row in drawing.grid.chars for cell in row)


def test_the_tag_has_the_colour_of_the_last_drawn_candle() -> None:
    xs = array("d", (NOW - 86_400.0 + 60.0 * i for i in range(1_440)))
    ys = array("d", (2_000.0 - i for i in range(1_440)))
    ys[-1] = ys[-2] + 0.5
    opens = array("d", (ys[max(0, i - 1)] for i in range(1_440)))
    candles = Series("Equity", "$", 0, SeriesType.CANDLE, xs, ys, opens=opens, highs=opens, lows=ys)
    drawing = drawn(Chart("Equity", False, (candles,)), 80, 20)
    assert candles.ys[-1] > opens[-1]
    assert drawing.marks[0].ink.color == "chart-down"


@pytest.mark.parametrize("width", [40, 57, 120])
def test_after_a_resize_the_time_has_the_columns_that_it_has_at_the_start(width: int) -> None:
    source = Source(equity_chart(NOW))
    view = PlotView(ChartWindow(86_400.0), now=NOW)
    assert compose(source, width, 12, view, compose(source, 80, 12, view)).time == compose(source, width, 12, view).time
