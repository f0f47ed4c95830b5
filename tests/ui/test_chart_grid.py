"""The grids of charts, on the whole console: from any pane in, by number, and back the way one came."""

from __future__ import annotations

import pytest

from qctui.engine.engine_port import Visibility
from qctui.model.action import ACTIONS
from qctui.model.keys import DEPLOYMENTS
from qctui.ui.actions.action_bar import ActionBar
from qctui.ui.charts.chart_screen import ChartScreen
from qctui.ui.charts.chart_view import ChartView
from qctui.ui.console_screen import ConsoleScreen
from qctui.ui.context import DetailKind
from qctui.ui.main_screen import MainScreen
from qctui.value import replace
from tests.ui.page import Page, console
from tests.ui.scene import NOW, StillEngine, fill
from tests.ui.test_said_in_passing import with_actions

pytestmark = pytest.mark.anyio


def without_charts(engine: StillEngine) -> None:
    fill(engine)
    for key in tuple(engine.store.keys()):
        if key.kind == "detail" and (read := engine.store.get(key).value) is not None:
            engine.put(key, replace(read, charts=()))


def tile(page: Page) -> str:
    """Id of the pane with the keys."""
    view = page.app.focused
    assert isinstance(view, ChartView)
    return str(view.parent.id) if view.parent is not None else ""


async def test_all_three_work_from_any_pane() -> None:
    async with console((120, 40)) as page:
        for pane in "1234":
            for key, said in (("a", "all charts of"), ("E", "equity of all deployments"), ("O", "Compare")):
                await page.press(pane, key)
                assert said in page.text, (pane, key)
                await page.press("escape", "escape")  # the choice of what is compared lies over its chart
                assert isinstance(page.app.screen, MainScreen), (pane, key)


async def test_the_number_of_a_tile_gives_it_the_keys_and_selects_it() -> None:
    async with console((120, 40)) as page:
        await page.press("E", "3")
        assert tile(page) == "tile-3"
        third = page.app.selected.now.project_id
        await page.press("2")
        assert tile(page) == "tile-2"
        assert page.app.selected.now.project_id != third
        await page.press("L")
        assert page.engine.still_actions.rechecked[-1][0].project_id == page.app.selected.now.project_id


async def test_a_number_without_a_tile_does_nothing_and_says_so() -> None:
    async with console((80, 24)) as page:
        await page.press("E", "9")
        assert isinstance(page.app.screen, ChartScreen)
        assert page.said == ["9 (chart 9) does nothing here"]


@pytest.mark.parametrize("grid", ["a", "E"])
async def test_escape_from_an_enlarged_tile_returns_to_its_grid(grid: str) -> None:
    async with console((120, 40)) as page:
        await page.press(grid, "2")
        selected = page.app.selected.now.project_id
        before = page.lines[0]
        await page.press("enter")
        assert page.lines[0] != before
        await page.press("escape")
        assert page.lines[0] == before
        assert tile(page) == "tile-2"
        assert page.app.selected.now.project_id == selected
        await page.press("escape")
        assert isinstance(page.app.screen, MainScreen)


async def test_escape_in_one_burst_ends_where_it_ends_slowly() -> None:
    async with console((120, 40)) as page:
        await page.press("E", "2", "enter", "a", "enter", "escape", "escape", "escape", "escape")
        assert isinstance(page.app.screen, MainScreen)


async def test_the_pages_are_counted() -> None:
    async with console((80, 24)) as page:
        await page.press("E")
        first = page.lines[0]
        assert "page 1/3" in first
        await page.press("]")
        assert "page 2/3" in page.lines[0]


@pytest.mark.parametrize("key", ["E", "enter"])
async def test_a_screen_that_has_closed_neither_draws_nor_reads_any_more(key: str) -> None:
    async with console((120, 40)) as page:
        await page.press(key)
        closed = page.app.screen
        assert isinstance(closed, ConsoleScreen)
        await page.press("escape")
        asked = page.main.presenter.subscriptions
        closed.show_changes(frozenset({ACTIONS, *(each.key for each in page.engine.views[-2])}))
        assert page.said == []
        assert page.main.presenter.subscriptions == asked


async def test_an_arrangement_that_comes_after_its_screen_has_closed_is_none() -> None:
    async with console((120, 40)) as page:
        await page.press("4", "enter")
        closed = page.app.screen
        assert isinstance(closed, ChartScreen)
        closed.dismiss()
        await page.settle()
        closed.open_charts(DetailKind.EQUITIES)
        await page.settle()
        assert page.said == []
        assert not [each for each in page.main.presenter.subscriptions if each.visibility is Visibility.OPENED]


@pytest.mark.parametrize("keys", [("tab",) * 9, ("shift+tab",) * 9])
async def test_the_keys_come_back_from_the_actions_to_the_chart_that_is_selected(keys: tuple[str, ...]) -> None:
    """It may stand elsewhere by then, and another deployment's in its place."""
    async with console((80, 24), prepare=with_actions) as page:
        await page.press("E")
        for key in keys:
            if isinstance(page.app.focused, ActionBar):
                break
            before = page.app.selected.now.project_id
            await page.press(key)
        assert isinstance(page.app.focused, ActionBar)
        selected = page.app.selected.now.project_id
        assert selected == before
        reordered = tuple(
            replace(each, stopped_at=NOW, status="Stopped") if each.project_id == selected else each
            for each in page.engine.store.get(DEPLOYMENTS).value or ()
        )
        page.engine.put(DEPLOYMENTS, reordered)
        await page.settle()
        await page.press("escape")
        assert isinstance(page.app.focused, ChartView)
        assert page.app.selected.now.project_id == selected


@pytest.mark.parametrize("key", ["tab", "shift+tab"])
async def test_a_grid_without_a_chart_has_nothing_to_go_on_to(key: str) -> None:
    async with console((80, 24), prepare=without_charts) as page:
        await page.press("a")
        assert "none known yet" in page.text
        await page.press(key)
        assert isinstance(page.app.screen, ChartScreen)
        assert "none known yet" in page.text


async def test_a_chart_that_asks_for_its_window_after_its_screen_has_closed_draws_nothing() -> None:
    async with console((120, 40), prepare=with_actions) as page:
        await page.press("E")
        view = page.app.focused
        assert isinstance(view, ChartView)
        await page.press("escape")
        view.window_changed()  # its pause is over only now
        await page.settle()
        assert page.said == []
