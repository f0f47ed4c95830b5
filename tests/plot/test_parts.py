"""The parts of a drawing: extremes of slices, changed cells, scales, numbers, colours."""

from __future__ import annotations

import math
from array import array

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qctui.model.chart import Chart, ChartWindow, Series, SeriesType
from qctui.ui.plot import values
from qctui.ui.plot.compose import Source, compose
from qctui.ui.plot.contrast import LEAST, contrast, visible
from qctui.ui.plot.decimate import BLOCK, Extremes, prepare
from qctui.ui.plot.grid import MUTED, TEXT, Grid, Ink, changes, cut, width_of
from qctui.ui.plot.marks import PlotView
from qctui.ui.plot.overlay import main_series, overlaid
from qctui.ui.plot.values import ValueScale
from qctui.ui.plot.windows import samples
from qctui.ui.widgets.chart_inks import Inks
from tests.plot.samples import sample

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


@given(st.randoms(use_true_random=False), st.integers(0, 9 * BLOCK), st.integers(1, 9 * BLOCK))
@settings(max_examples=40, deadline=None)
def test_extremes_of_any_slice(random: object, start: int, size: int) -> None:
    column = array("d", (math.sin(i * 7919) * (i % 977) for i in range(9 * BLOCK)))
    extremes = Extremes(column)
    for _ in extremes.build():
        pass
    part = column[start : start + size]
    if part:
        assert extremes.of(start, min(len(column), start + size)) == (min(part), max(part))


def test_no_step_of_reading_is_long() -> None:
    size = 1_000_000
    xs = array("d", range(size))
    series = Series("s", "", 0, SeriesType.LINE, xs, xs, opens=xs, highs=xs, lows=xs)
    assert max(prepare(series)) <= 65_536


WORDS = st.text(st.sampled_from("ab é均值́ "), max_size=12)


@given(
    st.lists(st.tuples(WORDS, st.integers(-2, 22), st.integers(0, 4), st.booleans()), max_size=8), st.integers(1, 20)
)
@settings(max_examples=300, deadline=None)
def test_the_changed_runs_are_all_that_changed(words: list[tuple[str, int, int, bool]], width: int) -> None:
    old, new = Grid(width, 5), Grid(width, 5)
    for place, (text, x, y, muted) in enumerate(words):
        for grid in (old, new) if place % 2 else (new,):
            grid.put(x, y, text, MUTED if muted else TEXT)
    patched = old.copy()
    for span in changes(old, new):
        patched.chars[span.y][span.start : span.end] = new.chars[span.y][span.start : span.end]
        patched.inks[span.y][span.start : span.end] = new.inks[span.y][span.start : span.end]
        assert new.chars[span.y][span.start] != ""
        assert old.chars[span.y][span.start] != ""
        assert span.end == width or "" not in (new.chars[span.y][span.end], old.chars[span.y][span.end])
    assert (patched.chars, patched.inks) == (new.chars, new.inks)


@given(WORDS, st.integers(0, 10))
def test_what_is_cut_fits(text: str, width: int) -> None:
    assert width_of(cut(text, width)) <= width


@given(NUMBERS, NUMBERS, st.booleans(), st.booleans(), st.integers(1, 20))
@settings(max_examples=500, deadline=None)
def test_a_scale_holds_its_data_and_its_ticks(a: float, b: float, log: bool, zero: bool, most: int) -> None:
    low, high = sorted((a, b))
    scale = values.fit(low, high, log=log, zero=zero)
    assert scale.low <= low
    assert high <= scale.high
    assert scale.low < scale.high
    ticks = values.ticks(scale, most)
    assert len(ticks) <= most
    assert ticks == sorted(ticks)
    assert all(scale.low <= tick <= scale.high for tick in ticks)
    values.tick_labels(ticks, "$", 10)


def test_ticks_are_round_and_labels_alike() -> None:
    scale = values.fit(99_971.75, 100_301.4)
    ticks = values.ticks(scale, 5)
    assert ticks == [100_000.0, 100_100.0, 100_200.0, 100_300.0]
    assert values.tick_labels(ticks, "$", 12) == ["$100,000", "$100,100", "$100,200", "$100,300"]
    assert values.tick_labels(values.ticks(values.fit(0.0, 5e6), 4), "", 5) == ["0", "2M", "4M"]


def test_an_axis_stays_while_the_data_fit_it() -> None:
    before = ValueScale(0.0, 10.0)
    assert values.fit(1.0, 9.0, before=before) is before
    assert values.fit(1.0, 11.0, before=before) is not before
    assert values.fit(4.0, 6.0, before=before) is not before


@pytest.mark.parametrize(
    ("value", "text"),
    [(100242.37, "100,242.37"), (0.0, "0"), (-0.05, "-0.05"), (1e300, "1e+300"), (100000.0, "100,000")],
)
def test_numbers_are_the_payloads_own(value: float, text: str) -> None:
    assert values.exact(value) == text


@given(NUMBERS, st.integers(6, 14))
def test_a_short_number_is_nearly_the_number(value: float, width: int) -> None:
    text = values.short(value, width)
    factor = {"k": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}.get(text[-1], 1.0)
    read = float(text.rstrip("kMBT").replace(",", "")) * factor
    assert math.isclose(read, value, rel_tol=0.5, abs_tol=1e-320) or not math.isfinite(read)


@given(st.integers(0, 0xFFFFFF), st.sampled_from(["#000000", "#ffffff", "#10141a", "#808080", "#fdf6e3"]))
def test_colours_of_the_api_stand_out(color: int, background: str) -> None:
    assert contrast(visible(f"#{color:06x}", background), background) >= LEAST


def test_on_the_terminals_own_background_only_its_own_colours_are_used() -> None:
    inks = Inks({"background": "ansi_default", **{f"chart-{n}": "ansi_blue" for n in range(1, 7)}})
    color = inks[Ink("#1f77b4")].color
    assert color is not None
    assert color.number == 4


def test_a_pause_is_flat_and_its_jump_upright() -> None:
    # Two days of ten-minute samples with a night between them at which nothing was sampled.
    day = [i * 600.0 for i in range(40)]
    xs = array("d", [*day, *(60_000.0 + at for at in day)])
    ys = array("d", [1.0] * 40 + [2.0] * 40)
    chart = Chart("c", False, (Series("s", "", 0, SeriesType.LINE, xs, ys),))
    drawing = compose(Source(chart), 80, 20, PlotView(ChartWindow(None), now=84_000.0))
    panel, time = drawing.panels[0], drawing.time
    assert time is not None
    assert panel.scale is not None
    low = panel.top + panel.scale.row(1.0, panel.height * 4) // 4
    night = range(time.column(26_000.0), time.column(58_000.0))
    assert all(drawing.grid.char(x, low) not in (" ", "·") for x in night)
    others = [row for row in range(panel.top, panel.top + panel.height) if row != low]
    assert all(drawing.grid.char(x, row) in (" ", "·") for x in night for row in others)


def test_an_overlay_takes_the_main_series_of_each() -> None:
    equity, benchmark = sample("strategy_equity_candles"), sample("legacy_xy_capitalised")
    main = main_series(equity)
    assert main is not None
    assert main.name == "Equity"
    chart = overlaid("x", [("A", equity), ("B", benchmark), ("C", sample("treemap"))])
    assert [series.name for series in chart.series] == ["A", "B"]


def test_samples_grow_in_steps() -> None:
    assert [samples(columns) for columns in (1, 128, 129, 300, 5_000)] == [512, 512, 1_024, 2_048, 4_096]
