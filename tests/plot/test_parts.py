"""The parts of a drawing: extremes of slices, changed cells, scales, numbers, colours."""

from __future__ import annotations

import math
from array import array

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from qctui.model.chart import Chart, ChartWindow, Series, SeriesType
from qctui.plot import values
from qctui.plot.compose import Source, compose
from qctui.plot.decimate import BLOCK, Prepared, prepare
from qctui.plot.grid import Ink, cut, width_of
from qctui.plot.marks import PlotView, main_series, overlaid
from qctui.plot.values import ValueScale
from qctui.plot.windows import samples
from qctui.ui.theme.chart_inks import LEAST, Inks, contrast, visible
from qctui.value import replace
from tests.plot.samples import sample

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


LONG = 9 * BLOCK + 77


def column(seed: int, *, holes: bool = False, size: float = 1.0) -> array[float]:
    return array(
        "d",
        (math.nan if holes and i % 613 == seed else math.sin(i * 7919 + seed) * (i % 977) * size for i in range(LONG)),
    )


INSTANTS = array("d", range(LONG))
LINE = Series("s", "", 0, SeriesType.LINE, INSTANTS, column(0))
CANDLES = {
    name: replace(LINE, ys=column(0, size=size), opens=opens, highs=highs, lows=lows)
    for name, size, opens, highs, lows in (
        ("whole", 1.0, column(1), column(2), column(3)),
        ("partly null", 1.0, column(1, holes=True), column(2, holes=True), column(3, holes=True)),
        ("huge", 1e305, column(1, size=1e305), column(2, size=1e305), column(3, size=1e305)),
    )
}


def boxed(place: int = 0, **member: float) -> Series:
    """Candles as they should be, each within its wick and above zero; but for one member at one place."""
    middle = array("d", (100.0 + value / 977 for value in column(4)))
    columns = {"ys": middle[:]}
    for name, beside in (("opens", -0.5), ("highs", 1.0), ("lows", -1.0)):
        columns[name] = array("d", (value + beside for value in middle))
    for name, value in member.items():
        columns[name][place] = value
    return candles(**columns)


def candles(ys: array[float], opens: array[float], highs: array[float], lows: array[float]) -> Series:
    return replace(LINE, ys=ys, opens=opens, highs=highs, lows=lows)


MIDST = 5 * BLOCK - 1
CANDLES |= {
    "boxed": boxed(),
    "close above its high": boxed(MIDST, ys=math.nextafter(1e3, 0), highs=150.0),
    "open below its low": boxed(MIDST, opens=math.nextafter(0.0, 1)),
    "open above its high": boxed(MIDST, opens=1e3),
    "below zero": boxed(MIDST, ys=-7.0, highs=3.0),
    "all below zero": candles(*[array("d", [-7.0]) * LONG] * 4),
    "high below zero": boxed(MIDST, highs=-1e9),
    "low above its high": boxed(MIDST, ys=-200.0, opens=-200.0, highs=1.0, lows=1e300),
    "no high": boxed(MIDST, highs=math.nan),
    "no low": boxed(LONG - 1, lows=-math.nan),
    "no open": boxed(0, opens=math.nan),
    "endless": boxed(MIDST, highs=math.inf, lows=-math.inf),
}


def prepared(series: Series) -> Prepared:
    steps = prepare(series)
    while True:
        try:
            next(steps)
        except StopIteration as done:
            found: Prepared = done.value
            return found


READ = {"line": prepared(LINE), **{name: prepared(series) for name, series in CANDLES.items()}}


@pytest.mark.parametrize("name", READ)
@settings(max_examples=12)
@given(st.integers(0, LONG - 1), st.integers(1, LONG))
@example(0, LONG)
@example(MIDST, 1)
def test_extremes_of_any_slice(name: str, start: int, size: int) -> None:
    series = READ[name].series
    end = min(LONG, start + size)

    def known(*columns: array[float] | None) -> list[float]:
        return [value for each in columns if each is not None for value in each[start:end] if math.isfinite(value)]

    low = min(known(series.ys, series.opens, series.lows))
    high = max(known(series.ys, series.opens, series.highs))
    assert READ[name].range(start, end) == (low, high)
    assert READ[name].ys.of(start, end) == (min(series.ys[start:end]), max(series.ys[start:end]))


def test_columns_of_another_length_make_no_candles() -> None:
    short = replace(CANDLES["whole"], highs=array("d", [1.0]))
    assert prepared(short).candles is None
    assert len(prepared(short).xs) == LONG


def test_no_step_of_reading_is_long() -> None:
    size = 1_000_000
    xs = array("d", range(size))
    series = Series("s", "", 0, SeriesType.LINE, xs, xs, opens=xs, highs=xs, lows=xs)
    assert max(prepare(series)) <= 65_536


WORDS = st.text(st.sampled_from("ab é均值́ "), max_size=12)


@given(WORDS, st.integers(0, 10))
def test_what_is_cut_fits(text: str, width: int) -> None:
    assert width_of(cut(text, width)) <= width


@given(NUMBERS, NUMBERS, st.booleans(), st.booleans(), st.integers(1, 20))
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
    assert values.readable(value) == text


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
