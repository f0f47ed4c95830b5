"""What a chart says in numbers: the digits a person reads, and of what is on screen."""

from __future__ import annotations

from array import array

import pytest

from qctui.model.chart import Chart, ChartWindow, Series, SeriesType
from qctui.plot.candles import candle_at
from qctui.plot.reading import Reading, change_text, value_text
from qctui.plot.times import TimeScale
from tests.plot.bare import NOW, ChartApp
from tests.plot.test_parts import prepared
from tests.ui.page import frame_text

pytestmark = pytest.mark.anyio

HOUR = 3_600.0


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.1 + 0.2, "", "0.3"),
        (0.016923847562938475, "%", "0.0169238%"),
        (-1.0900000000000034, "%", "-1.09%"),
        (55988.299999999996, "$", "$55,988.30"),
        (55988.3, "$", "$55,988.30"),
        (590.1143, "$", "$590.11"),
        (590.1143, "", "590.114"),
        (100000.0, "$", "$100,000.00"),
        (-12.5, "€", "-€12.50"),
        (1.06123, "$", "$1.06123"),
        (5.12, "$", "$5.12"),
        (5.5, "$", "$5.50"),
        (0.00012345, "", "0.00012345"),
        (1204331.52, "", "1,204,331.52"),
        (41.0, "", "41"),
        (999.99996, "", "1,000"),
        (2.0e-7, "", "2e-07"),
    ],
)
def test_a_value_has_the_digits_that_tell_something(value: float, unit: str, text: str) -> None:
    assert value_text(Reading(NOW, value), unit) == text


def test_a_candle_has_the_digits_of_its_money_without_the_sign() -> None:
    candle = Reading(NOW, 100.1, (100.0, 100.30000000000001, 99.95, 100.1))
    assert value_text(candle, "$", members=True) == "O 100.00 H 100.30 L 99.95 C 100.10"


@pytest.mark.parametrize(
    ("start", "end", "unit", "text"),
    [
        (55988.29, 55988.299999999996, "$", "+0.01 (+0.00%)"),
        (100.0, 95.125, "$", "-4.88 (-4.88%)"),
        (0.1, 0.30000000000000004, "%", "+0.2"),
        (3.0, 3.0, "", "+0 (+0.00%)"),
    ],
)
def test_so_has_a_change(start: float, end: float, unit: str, text: str) -> None:
    assert change_text(Reading(NOW, start), Reading(NOW, end), unit) == text


def prices(hours: int = 48, unit: str = "$") -> Chart:
    xs = array("d", (NOW - HOUR * (hours - 1 - step) for step in range(hours)))
    ys = array("d", (1_000.0 + step for step in range(hours)))
    return Chart("Price", False, (Series("Price", unit, 0, SeriesType.LINE, xs, ys),))


async def test_a_panned_chart_tells_the_last_visible_value_everywhere() -> None:
    app = ChartApp()
    async with app.run_test(size=(100, 24)) as pilot:
        app.show(prices())
        await pilot.pause()
        view = app.pane.view
        assert view.shown.text().count("$1,047.00") >= 2
        assert "$1,047.00" in frame_text(app.pane)
        view.set_window(ChartWindow(start=NOW - 40 * HOUR, end=NOW - 20.5 * HOUR))
        app.show(prices())
        await pilot.pause()
        assert "$1,047.00" not in view.shown.text() + frame_text(app.pane)
        assert view.shown.text().count("$1,026.00") >= 2
        assert "$1,026.00" in frame_text(app.pane)
        assert "+1.89%" in frame_text(app.pane)


def test_a_candle_is_found_where_dividing_its_time_rounds_it_into_the_next() -> None:
    xs, ys = array("d", (-5e-324, 1_700_000_000.0)), array("d", (1.0, 2.0))
    series = Series("Equity", "$", 0, SeriesType.CANDLE, xs, ys, opens=ys, highs=ys, lows=ys)
    assert candle_at(prepared(series), TimeScale(-1.0, 1.0, 2), 60.0, 0).close == 1.0


def minutes(first: float) -> Chart:
    """A point a minute since `first`, one more each."""
    xs = array("d", (first + 60.0 * step for step in range(int((NOW - first) / 60.0) + 1)))
    ys = array("d", (1_000.0 + (at - NOW + 24 * HOUR) / 60.0 for at in xs))
    return Chart("Price", False, (Series("Price", "$", 0, SeriesType.LINE, xs, ys),))


@pytest.mark.parametrize("width", [60, 80, 120, 200])
async def test_a_named_window_tells_one_change_whatever_its_width(width: int) -> None:
    app = ChartApp()
    async with app.run_test(size=(width, 24)) as pilot:
        app.show(minutes(NOW - 25 * HOUR))
        await pilot.pause()
        # 1,000 a day ago, 2,440 now; the first column drawn begins later.
        assert "1d $2,440.00 +144.00%" in frame_text(app.pane)
        assert "+144.00%" in app.pane.view.shown.text()
        await pilot.press("percent_sign")
        await pilot.pause()
        assert "+144.00%" in frame_text(app.pane)
        assert "+144.00%" in app.pane.view.shown.text()


async def test_what_begins_within_the_window_has_changed_since_its_first_point() -> None:
    app = ChartApp()
    async with app.run_test(size=(100, 24)) as pilot:
        app.show(minutes(NOW - 24 * HOUR + 600.0))
        await pilot.pause()
        assert "+141.58%" in frame_text(app.pane)  # of 1,010, left of the first column


async def test_a_window_moved_by_hand_tells_the_change_over_what_is_drawn() -> None:
    app = ChartApp()
    async with app.run_test(size=(100, 24)) as pilot:
        app.show(minutes(NOW - 25 * HOUR))
        await pilot.pause()
        app.pane.view.set_window(ChartWindow(start=NOW - 12 * HOUR, end=NOW - 6 * HOUR))
        app.show(minutes(NOW - 25 * HOUR))
        await pilot.pause()
        assert "6h $2,080.00 +20.93%" in frame_text(app.pane)  # from 1,720
