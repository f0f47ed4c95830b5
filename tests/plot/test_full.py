"""The chart screen: several charts at once, one against another, and what it asks the engine for."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from qctui.model.chart import Chart
from qctui.model.keys import DEPLOYMENTS
from qctui.ui.actions.controller import Pointed
from qctui.ui.charts.chart_pane import ChartPane
from qctui.ui.charts.chart_screen import ChartScreen
from qctui.ui.context import DetailKind
from qctui.ui.kit.bar import KeyBar
from qctui.value import replace
from tests.plot.full import FullApp
from tests.plot.samples import sample
from tests.ui.page import frame_text

pytestmark = pytest.mark.anyio

NAMES = ("Strategy Equity", "Drawdown", "Benchmark", "Exposure", "Allocation")
CHARTS = {
    (1, "Strategy Equity"): sample("strategy_equity_candles"),
    (1, "Drawdown"): sample("line_with_nulls"),
    (1, "Benchmark"): sample("legacy_xy_capitalised"),
    (1, "Exposure"): sample("multi_series_index"),
    (1, "Allocation"): sample("stacked_and_pie"),
    (2, "Strategy Equity"): replace(sample("line_with_nulls"), name="Strategy Equity"),
    (3, "Strategy Equity"): sample("single_point"),
}


def screen(app: FullApp) -> ChartScreen:
    shown = app.screen_shown
    assert shown is not None
    return shown


def panes(app: FullApp) -> list[ChartPane]:
    return [pane for pane in screen(app).query(ChartPane) if pane.display]


async def answered(app: FullApp, pilot: Pilot[None], charts: dict[tuple[int, str], Chart] | None = None) -> None:
    await pilot.pause()
    app.answer(charts or CHARTS)
    await pilot.pause()


def charts_wanted(app: FullApp) -> list[tuple[int, str]]:
    return [(want.key.project_id, want.key.name) for want in app.kept if want.key.kind == "chart"]


async def test_all_charts_of_a_deployment_are_shown_and_asked_for() -> None:
    app = FullApp(names=NAMES, kind=DetailKind.CHARTS)
    async with app.run_test(size=(120, 40)) as pilot:
        await answered(app, pilot)
        assert charts_wanted(app) == [(1, name) for name in NAMES]
        assert [name in frame_text(pane) for pane, name in zip(panes(app), NAMES, strict=True)] == [True] * 5
        assert "Tech" in panes(app)[4].view.shown.text()
        await pilot.press("tab", "tab", "enter")
        await answered(app, pilot)
        assert charts_wanted(app) == [(1, "Benchmark")]
        assert len(panes(app)) == 1
        assert "$590.11" in panes(app)[0].view.shown.text()


async def test_more_charts_than_room_are_paged() -> None:
    app = FullApp(names=NAMES, kind=DetailKind.CHARTS)
    async with app.run_test(size=(80, 22)) as pilot:
        await answered(app, pilot)
        assert charts_wanted(app) == [(1, name) for name in NAMES[:4]]
        await pilot.press("right_square_bracket")
        await answered(app, pilot)
        assert charts_wanted(app) == [(1, "Allocation")]


async def test_the_equity_of_all_deployments_and_what_an_action_would_hit() -> None:
    app = FullApp(names=NAMES, kind=DetailKind.EQUITIES)
    async with app.run_test(size=(120, 40)) as pilot:
        await answered(app, pilot)
        assert charts_wanted(app) == [(number, "Strategy Equity") for number in (1, 2, 3)]
        assert "Project [b]2[/b] 均值" in frame_text(panes(app)[1])
        assert "Return" not in panes(app)[0].view.shown.text()
        assert screen(app).pointed() == Pointed(project_id=1)
        await pilot.press("tab")
        assert screen(app).pointed() == Pointed(project_id=2)


async def test_another_deployment_is_laid_over_in_percent() -> None:
    app = FullApp(names=NAMES, kind=DetailKind.OVERLAY)
    async with app.run_test(size=(120, 40)) as pilot:
        await answered(app, pilot)
        await pilot.press(*"Benchm", "enter")
        await answered(app, pilot)
        assert charts_wanted(app) == [(1, "Strategy Equity"), (1, "Benchmark")]
        (pane,) = panes(app)
        assert "change in %" in frame_text(pane)
        assert "a━ Trend $100,255.43" in pane.view.shown.text()
        assert "b━ Benchmark $590.11" in pane.view.shown.text()


async def test_turning_charts_at_key_repeat_ends_on_the_right_one() -> None:
    app = FullApp(names=NAMES)
    async with app.run_test(size=(100, 30)) as pilot:
        await answered(app, pilot)
        for _ in range(23):
            await pilot.press("right_square_bracket")
        await answered(app, pilot)
        assert charts_wanted(app) == [(1, NAMES[23 % 5])]
        assert NAMES[23 % 5] in frame_text(panes(app)[0])
        assert "Equity - Long Ratio" in panes(app)[0].view.shown.text()


async def test_a_chart_is_chosen_by_typing_and_nothing_is_wanted_after_closing() -> None:
    app = FullApp(names=NAMES)
    async with app.run_test(size=(100, 30)) as pilot:
        await answered(app, pilot)
        await pilot.press("c", *"draw", "enter")
        await answered(app, pilot)
        assert charts_wanted(app) == [(1, "Drawdown")]
        await pilot.press("escape")
        await pilot.pause()
        assert app.kept == ()


async def test_a_resize_shows_as_many_as_fit() -> None:
    app = FullApp(names=NAMES, kind=DetailKind.CHARTS)
    async with app.run_test(size=(120, 40)) as pilot:
        await answered(app, pilot)
        await pilot.resize_terminal(60, 14)
        await answered(app, pilot)
        assert len(panes(app)) == 1
        await pilot.resize_terminal(120, 40)
        await answered(app, pilot)
        assert len(panes(app)) == 5


async def test_the_footer_tells_the_charts_keys_and_only_those_that_do_something() -> None:
    app = FullApp(names=NAMES)
    async with app.run_test(size=(120, 40)) as pilot:
        await answered(app, pilot)
        keys = screen(app).query_one("#keys", KeyBar)
        assert "+ zoom in" in keys.text
        assert "w longer" in keys.text
        assert "enlarge" not in keys.text
        await pilot.press("a")
        await answered(app, pilot)
        assert "Enter enlarge" in keys.text


async def test_a_small_chart_has_no_number_in_its_title_that_could_be_cut() -> None:
    app = FullApp(names=NAMES, kind=DetailKind.EQUITIES)
    async with app.run_test(size=(80, 40)) as pilot:
        await answered(app, pilot)
        title = frame_text(panes(app)[0]).splitlines()[0]
        assert "$" not in title or "$100,255.43" in title
        assert "Equity $100,255.43 +0.21%" in panes(app)[0].view.shown.text()


async def test_a_page_of_equities_stays_where_it_is_when_the_list_is_read_again() -> None:
    app = FullApp(names=NAMES, kind=DetailKind.EQUITIES, projects=40)
    async with app.run_test(size=(120, 40)) as pilot:
        await answered(app, pilot)
        await pilot.press("right_square_bracket", "tab", "tab")
        tile, before = screen(app)._tiles.focused(), screen(app)._tiles.shown
        assert tile is not None
        assert screen(app).pointed() == Pointed(project_id=tile.project_id)
        rows = app.engine.store.get(DEPLOYMENTS).value or ()
        app.put(DEPLOYMENTS, tuple(rows))
        screen(app).show_changes(frozenset({DEPLOYMENTS}))
        await pilot.pause()
        assert screen(app)._tiles.focused() == tile
        assert screen(app)._tiles.shown == before
        # Another order puts it on another page: it keeps the keys.
        app.put(DEPLOYMENTS, tuple(reversed(rows)))
        screen(app).show_changes(frozenset({DEPLOYMENTS}))
        await pilot.pause()
        assert screen(app)._tiles.focused() == tile
        assert screen(app).pointed() == Pointed(project_id=tile.project_id)
        assert screen(app)._tiles.shown != before
