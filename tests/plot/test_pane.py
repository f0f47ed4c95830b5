"""The pane of a chart on a screen: its faces, its keys, and what it does not send."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator

import pytest
from textual.geometry import Region

from qctui.model.chart import Chart, ChartWindow, Series, SeriesType
from qctui.model.resource import Failure, FailureKind, Progress, Resource
from qctui.ui.charts import chart_canvas
from qctui.ui.wording.load_state import LoadState
from qctui.value import replace
from tests.plot.bare import NOW, ChartApp
from tests.plot.samples import sample
from tests.ui.page import frame_text

pytestmark = pytest.mark.anyio

EQUITY = sample("strategy_equity_candles")
HOSTILE = "[bold red]x[/] [@click=app.quit]y[/] 均值 [SPY]"


def line(points: int, name: str = "Equity") -> Chart:
    step = 86_400.0 / points
    xs = array("d", (NOW - 86_400.0 + step * (i + 1) for i in range(points)))
    ys = array("d", (100.0 + (i * 37 % 101) / 7 for i in range(points)))
    return Chart("Strategy Equity", False, (Series(name, "$", 0, SeriesType.LINE, xs, ys),))


def face_of(app: ChartApp) -> LoadState:
    return app.pane.load_state


async def test_faces_tell_which_one_they_are() -> None:
    app = ChartApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        app.show_resource(Resource(progress=Progress(0.25, 1_000.0)), "Strategy Equity")
        assert face_of(app) is LoadState.LOADING
        assert "25%" in app.pane.view.shown.text()
        app.show(EQUITY)
        await pilot.pause()
        assert face_of(app) is LoadState.DATA
        assert "Equity" in app.pane.view.shown.text()
        failure = Failure(FailureKind.TIMEOUT, "no answer within 15 s", NOW, 1_000.0)
        good = Resource[Chart]().with_value(EQUITY, at=NOW, mono=900.0)
        app.show_resource(good.with_error(failure), "Strategy Equity")
        await pilot.pause()
        assert face_of(app) is LoadState.FAILED
        assert "no answer within 15 s" in frame_text(app.pane)
        assert "Equity" in app.pane.view.shown.text()
        app.show_resource(Resource[Chart]().with_value(EQUITY, at=NOW, mono=100.0), "Strategy Equity")
        assert face_of(app) is LoadState.STALE
        app.show(sample("series_with_empty_values"))
        await pilot.pause()
        assert face_of(app) is LoadState.EMPTY
        assert "No points in this window" in app.pane.view.shown.text()


async def test_a_sparse_answer_says_so() -> None:
    app = ChartApp()
    async with app.run_test(size=(120, 24)) as pilot:
        await pilot.pause()
        app.show(replace(sample("single_point"), sparse=True))
        await pilot.pause()
        assert "sparse: 1 points for 1d" in frame_text(app.pane)


async def test_names_from_outside_are_shown_as_they_are() -> None:
    app = ChartApp()
    async with app.run_test(size=(120, 24)) as pilot:
        await pilot.pause()
        app.show(line(300, HOSTILE))
        await pilot.press("left", "t")
        await pilot.pause()
        assert HOSTILE in app.pane.view.shown.text()
        prompt = app.screen.query("OptionList").first()
        assert HOSTILE in str(prompt.get_option_at_index(0).prompt)  # type: ignore[attr-defined]


async def test_the_crosshair_reads_the_payloads_numbers() -> None:
    app = ChartApp()
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        app.pane.view.set_window(ChartWindow(7_200.0))
        app.show(EQUITY)
        await pilot.press("end")
        await pilot.pause()
        assert "2026-11-20 15:20:00 UTC" in frame_text(app.pane)
        assert "O 100,265.88 H 100,297.38 L 100,227.18 C 100,255.43" in app.pane.view.shown.text()
        await pilot.press("escape")
        await pilot.pause()
        assert app.pane.view.crosshair_at is None
        assert "O 100,265.88" not in app.pane.view.shown.text()


async def test_a_move_of_the_crosshair_changes_few_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    app = ChartApp()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        app.show(line(1_440))
        await pilot.press("left", "left")
        await pilot.pause()
        cells = count_cells(app, monkeypatch)
        await pilot.press("left")
        await pilot.pause()
        assert 0 < sum(cells) < 120


async def test_what_did_not_change_is_not_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    app = ChartApp()
    chart = line(1_440)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        app.show(chart)
        await pilot.pause()
        cells = count_cells(app, monkeypatch)
        app.show(chart)
        app.show(line(1_440))
        await pilot.pause()
        assert cells == []


async def test_one_new_point_changes_few_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    app = ChartApp()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        app.show(line(1_440))
        await pilot.pause()
        cells = count_cells(app, monkeypatch)
        old = line(1_440).series[0]
        xs, ys = array("d", old.xs), array("d", old.ys)
        xs.append(NOW + 60.0)
        ys.append(105.0)
        app.show(Chart("Strategy Equity", False, (replace(old, xs=xs, ys=ys),)))
        await pilot.pause()
        assert 0 < sum(cells) < 100


def count_cells(app: ChartApp, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The areas of the chart that are drawn again from now on."""
    drawn: list[int] = []
    original = app.pane.view.refresh

    def refresh(*regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> object:
        drawn.extend(region.area for region in regions or (app.pane.view.size.region,))
        return original(*regions, repaint=repaint, layout=layout, recompose=recompose)

    monkeypatch.setattr(app.pane.view, "refresh", refresh)
    return drawn


class OneShot:
    """A timer that fires when the test says so."""

    def __init__(self, callback: Callable[[], object]) -> None:
        self.fire = callback
        self.runs = True

    def stop(self) -> None:
        self.runs = False


async def test_a_window_is_asked_for_once_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    app = ChartApp()
    timers: list[OneShot] = []

    def start(_seconds: float, callback: Callable[[], object]) -> OneShot:
        timers.append(OneShot(callback))
        return timers[-1]

    monkeypatch.setattr(app.pane.view, "set_timer", start)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        app.show(line(1_440))
        await pilot.press("plus", "plus", "h", "h", "h")
        assert app.asked == []
        (last,) = [timer for timer in timers if timer.runs]
        last.fire()
        assert len(app.asked) == 1
        assert app.asked[0][0].start is not None
        assert app.pane.view.wanted == app.asked[0]
        assert "$" in app.pane.view.shown.text()


async def test_another_window_keeps_what_is_there_until_its_answer_comes() -> None:
    app = ChartApp()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        app.show(line(1_440))
        await pilot.press("w")
        app.show_resource(Resource(), "Strategy Equity")
        await pilot.pause()
        assert "Equity $" in app.pane.view.shown.text()
        app.show_resource(Resource(), "Drawdown")
        await pilot.pause()
        assert "Equity $" not in app.pane.view.shown.text()


async def test_twenty_quick_charts_end_on_the_last() -> None:
    app = ChartApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        for number in range(20):
            app.show(replace(line(200_000, f"Series {number}"), name=f"Chart {number}"))
        for _ in range(100):
            await pilot.pause()
            if app.pane.view.drawing is not None:
                break
        assert "Series 19" in app.pane.view.shown.text()
        assert "Chart 19" in frame_text(app.pane)


async def test_only_seven_bits_where_that_is_asked_for() -> None:
    app = ChartApp(ascii_only=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        app.show(line(300, HOSTILE))
        await pilot.press("left", "m", "b")
        await pilot.pause()
        assert app.pane.view.shown.text().isascii()
        assert frame_text(app.pane).isascii()
        await pilot.press("t")
        await pilot.pause()
        assert screen_text(app).isascii()
        await pilot.press("escape", "e")
        await pilot.pause()
        assert screen_text(app).isascii()


@pytest.mark.parametrize("points", [300, 300_000])
async def test_a_defect_of_drawing_is_said_and_ends_nothing(points: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: object, **_named: object) -> Iterator[int]:
        yield 200_000
        raise ZeroDivisionError

    app = ChartApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        monkeypatch.setattr(chart_canvas, "steps", broken)
        app.show(line(points))
        await app.workers.wait_for_complete()
        await pilot.press("left", "plus", "h")
        assert "This chart could not be drawn." in app.pane.view.shown.text()
        monkeypatch.undo()
        app.show(line(points))
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert "Equity $" in app.pane.view.shown.text()


def screen_text(app: ChartApp) -> str:
    """Every character that the terminal is given."""
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips(app.size))


async def test_the_crosshair_goes_from_candle_to_candle_and_reads_the_drawn_one() -> None:
    app = ChartApp()
    step = 60.0
    xs = array("d", (NOW - 86_400.0 + step * i for i in range(1_440)))
    ys = array("d", (1_000.0 + i % 60 for i in range(1_440)))
    candles = Series(
        "Equity", "$", 0, SeriesType.CANDLE, xs, ys,
        opens=array("d", (y - 2.0 for y in ys)), highs=array("d", (y + 3.0 for y in ys)),
        lows=array("d", (y - 4.0 for y in ys)),
    )  # fmt: skip
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        app.show(Chart("Strategy Equity", False, (candles,)))
        await pilot.press("end", "left")
        await pilot.pause()
        drawing, cursor = app.pane.view.drawing, app.pane.view.crosshair_at
        assert drawing is not None
        assert cursor is not None
        length = drawing.bucket_s
        assert length == 2_700.0
        members = [i for i, x in enumerate(xs) if x // length == cursor // length]
        assert cursor == xs[members[-1]]
        four = (
            candles.opens[members[0]] if candles.opens else 0.0,
            max(candles.highs[i] for i in members) if candles.highs else 0.0,
            min(candles.lows[i] for i in members) if candles.lows else 0.0,
            ys[members[-1]],
        )
        assert "45m O {:,.2f} H {:,.2f} L {:,.2f} C {:,.2f}".format(*four) in app.pane.view.shown.text()
        await pilot.press("left")
        assert app.pane.view.crosshair_at == xs[members[0] - 1]
        await pilot.press("shift+left")
        assert app.pane.view.crosshair_at == xs[members[0] - 2]
        assert "45m O" not in app.pane.view.shown.text()
