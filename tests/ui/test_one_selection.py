"""What is highlighted is what is shown and what the keys act on, on every screen."""

from __future__ import annotations

import pytest

from qctui.model.keys import DEPLOYMENTS, detail_key, orders_key
from qctui.ui.actions.dialog import ConfirmScreen
from qctui.ui.charts.chart_screen import ChartScreen
from qctui.ui.deployments.deployment_screen import DeploymentScreen
from qctui.ui.help import HelpScreen
from qctui.ui.keys.keymap import commands_now
from qctui.ui.kit.not_available import NotAvailable
from qctui.value import replace
from tests.ui.detail_scene import PROJECT, fill_details, opened, orders
from tests.ui.page import Page, console
from tests.ui.scene import deployments

pytestmark = pytest.mark.anyio

ACTS = {"liquidate", "stop", "abort", "panic"}


def aimed(page: Page) -> list[int]:
    """The projects of the dialog on top."""
    assert isinstance(page.app.screen, ConfirmScreen), page.text
    return [each.project_id for each in page.app.screen._targets]


async def test_a_filter_takes_the_panes_and_the_keys_to_its_first_match() -> None:
    async with console() as page:
        await page.burst("/", *"wheel", "enter", "L")
        assert page.said == ["Can't liquidate: Options/wheel: no longer running: Stopped"] or aimed(page) == [23456796]
        await page.press("escape", "escape", "/", *"vol carry", "enter")
        assert page.main.presenter.data.name == "Research/vol carry"
        assert "2 Optimizations Research/vol" in page.text
        await page.press("L")
        assert aimed(page) == [23456793]


async def test_with_no_match_nothing_is_selected_and_the_keys_say_so() -> None:
    async with console((120, 40)) as page:
        before = page.main.presenter.data.name
        await page.press("/", *"foo", "enter", "L")
        assert page.said == ["Can't liquidate: no deployment matches /foo"]
        await page.press("escape")
        assert "No deployment matches /foo." in page.text
        await page.press("escape", "L")
        assert page.main.presenter.data.name == before
        assert aimed(page) == [23456791]


async def test_enter_keeps_the_match_and_escape_gives_back_what_was_selected() -> None:
    async with console() as page:
        before = page.main.presenter.data.name
        await page.press("/", *"golden")
        await page.press("escape")
        assert page.main.presenter.data.name == before
        await page.press("/", *"rotation", "enter", "escape")
        assert page.main.presenter.data.name == "Research/sector rotation"


async def test_a_project_that_the_filter_hides_is_picked_and_seen() -> None:
    async with console() as page:
        await page.press("/", *"vol", "enter")
        await page.burst("p", *"btc", "enter", "L")
        assert page.said == ["The filter /vol is dropped: Crypto/BTC trend does not match it"]
        assert aimed(page) == [23456791]
        assert page.main.deployments.filter_text == ""


async def test_what_ended_long_ago_leaves_the_list_with_the_selection_and_not_at_some_later_redraw() -> None:
    for leave in (("k",), ("/", *"wheel", "enter", "escape")):
        async with console((120, 40)) as page:
            await page.press("p", *"golden", "enter")
            assert "Legacy/golden" in page.text
            await page.press(*leave)
            before = page.lines
            assert not any("Legacy/golden" in line for line in before)
            page.main.deployments.show_again()
            await page.settle()
            assert page.lines == before


async def test_a_list_that_is_covered_whole_is_drawn_when_it_is_seen_again_also_when_an_age_changes_its_word() -> None:
    async with console((120, 40)) as page:
        await page.press("j", "j")
        before = page.main.selected.now.project
        above = page.main.deployments.table.visible_rows[0].project_id
        await page.press("enter")
        page.engine.put(DEPLOYMENTS, tuple(each for each in deployments() if each.project_id != above))
        page.engine.still.passed = 3_600.0
        page.main.ages._fire()
        await page.settle()
        assert page.main.deployments.table.visible_rows[0].project_id == above
        await page.press("escape")
        assert page.main.selected.now.project.key == before.key
        assert page.main.selected.now.project.index == before.index - 1
        assert "1h" in page.line("Deployments")


async def test_what_was_never_deployed_is_shown_and_refused_in_its_own_words() -> None:
    async with console() as page:
        await page.burst("p", *"never", "enter", "L")
        assert page.said == ["Can't liquidate: Ideas/never deployed was never deployed"]


@pytest.mark.parametrize(
    "keys", [("enter",), ("4", "enter"), ("4", "a"), ("4", "E"), ("3", "enter"), ("enter", "4", "enter")]
)
async def test_picking_goes_to_the_main_screen_from_wherever(keys: tuple[str, ...]) -> None:
    async with console(prepare=fill_details) as page:
        page.engine.put(orders_key(PROJECT), orders())
        await page.settle()
        await page.burst(*keys, "p", *"sector", "enter", "L")
        assert aimed(page) == [23456792]
        assert len(page.app.screen_stack) == 2
        await page.press("escape")
        assert page.main.presenter.data.name == "Research/sector rotation"


@pytest.mark.parametrize(
    ("keys", "offered"),
    [
        ((), ACTS),
        (("enter",), {"liquidate", "stop", "panic"}),
        (("4", "enter"), {"liquidate", "stop", "panic"}),
        (("3", "enter"), {"liquidate", "stop", "panic"}),
        (("2", "enter"), {"abort", "panic"}),
        (("2", "enter", "enter"), {"abort", "panic"}),
        (("J",), {"panic"}),
    ],
)
async def test_an_action_is_offered_where_what_it_acts_on_is_shown(keys: tuple[str, ...], offered: set[str]) -> None:
    async with console(prepare=fill_details) as page:
        await page.press(*keys)
        assert {command.id for command in commands_now(page.app.screen)} & ACTS == offered
        for key, request in (("L", "liquidate"), ("A", "abort")):
            if request not in offered:
                await page.press(key)
                assert page.said[-1].startswith(f"Can't {request}: ")
                assert " is on screen, no " in page.said[-1]
        assert not isinstance(page.app.screen, ConfirmScreen)


async def test_a_mark_that_lost_its_deployment_is_said_and_the_next_key_acts_on_what_is_selected() -> None:
    async with console() as page:
        await page.press("space", "j")
        rows = tuple(
            replace(each, deploy_id="L-new1") if each.project_id == 23456791 else each for each in deployments()
        )
        page.engine.put(DEPLOYMENTS, rows, age_s=0)
        await page.settle()
        await page.press("L")
        assert page.said[-1] == "Can't liquidate: Crypto/BTC trend: deployed again since it was marked"
        await page.press("L")
        assert aimed(page) == [23456789]


async def test_marks_that_the_filter_hides_are_counted_and_named() -> None:
    async with console() as page:
        await page.press("space", "j", "space", "/", *"rotation", "enter")
        assert "2 marked, 2 hidden by the filter" in page.text
        await page.press("L")
        assert aimed(page) == [23456791, 23456789]


async def test_enter_and_the_key_in_one_go_leave_the_dialog_on_top() -> None:
    async with console(prepare=fill_details) as page:
        await page.burst("enter", "L")
        assert [type(each) for each in page.app.screen_stack[1:]] == [DeploymentScreen, ConfirmScreen]
        await page.burst("escape", "escape", "4", "enter", "escape", "1", "L")
        assert aimed(page) == [PROJECT]
        assert len(page.app.screen_stack) == 2


async def test_enters_behind_a_confirmation_open_one_screen() -> None:
    async with console(prepare=fill_details) as page:
        code = page.main.selected.now.deploy_id[-4:]
        await page.burst("L", *code, *["enter"] * 6)
        assert len(page.engine.still_actions.confirmed) == 1
        assert [type(each) for each in page.app.screen_stack[1:]] == [DeploymentScreen]


async def test_a_burst_confirms_an_object_once_and_a_second_time_only_what_was_seen() -> None:
    async with console() as page:
        code = page.main.selected.now.deploy_id[-4:]
        await page.burst("L", *code, "enter", "L", *code, "enter")
        assert len(page.engine.still_actions.confirmed) == 1
        assert "A second time: type it again" in page.text
        await page.press("enter")
        assert "nothing typed" in page.text
        await page.press(*code, "enter")
        assert len(page.engine.still_actions.confirmed) == 2


async def test_an_answer_typed_before_the_question_was_on_screen_is_said_to_be_too_early() -> None:
    async with console() as page:
        await page.burst("/", *"sector", "enter", "S", "y")
        assert page.engine.still_actions.confirmed == []
        assert "Too early: type it again, now that the question is on screen" in page.text
        await page.press("y")
        assert len(page.engine.still_actions.confirmed) == 1


async def test_what_is_typed_for_a_search_where_there_is_none_is_no_command() -> None:
    async with opened() as page:
        await page.burst("/", "S", "y")
        assert isinstance(page.app.screen, NotAvailable)
        await page.press("enter")
        assert page.engine.still_actions.rechecked == []
        await page.press("/")
        assert "Nothing to search in Statistics. Enter or Esc goes back" in page.text
        await page.press("escape")
        assert isinstance(page.app.screen, DeploymentScreen)


async def test_a_key_that_is_not_available_says_so() -> None:
    async with console() as page:
        await page.press("z")
        assert page.said == ["z (UTC) does nothing here"]
        await page.press("z")
        assert len(page.said) == 1


async def test_what_is_shown_in_full_stays_selected_while_the_list_loses_it() -> None:
    async with console(prepare=fill_details) as page:
        await page.press("enter")
        page.engine.put(DEPLOYMENTS, tuple(each for each in deployments() if each.project_id != PROJECT))
        await page.settle()
        assert page.main.selected.now.project_id == PROJECT
        await page.press("escape")
        assert page.main.selected.now.project_id == PROJECT


async def test_the_chart_with_the_keys_is_the_selected_deployment() -> None:
    async with console((120, 40)) as page:
        await page.press("4", "E", "tab")
        assert isinstance(page.app.screen, ChartScreen)
        tile = page.app.screen._tiles.focused()
        assert tile is not None
        assert page.main.selected.now.project_id == tile.project_id
        await page.press("escape")
        row = page.main.deployments.table.cursor_row
        assert row is not None
        assert row.project_id == tile.project_id


async def test_nothing_is_opened_above_a_dialog() -> None:
    async with console(prepare=fill_details) as page:
        await page.press("L")
        page.main.deployments.table.action_open()
        page.app.action_open_help()
        await page.settle()
        assert aimed(page) == [PROJECT]
        await page.press("escape", "question_mark")
        assert isinstance(page.app.screen, HelpScreen)


@pytest.mark.parametrize("keys", ["L", "space L", "E L"])
async def test_what_live_read_knows_to_have_ended_hides_no_other_that_trades(keys: str) -> None:
    """Two alive by the list, the newer one ended by an earlier live/read: it is the other one that is meant."""
    async with console((120, 40)) as page:
        selected = page.app.selected.now.project_id
        trades = next(each for each in deployments() if each.project_id == selected)
        over = replace(trades, deploy_id="L-0over", launched_at=(trades.launched_at or 0.0) + 100_000)
        key = detail_key(trades.project_id)
        read = page.engine.store.get(key).value
        assert read is not None
        page.engine.put(key, replace(read, deploy_id=over.deploy_id, status="Stopped"), age_s=9.0)
        page.engine.put(DEPLOYMENTS, (over, *deployments()))
        await page.settle()
        assert page.app.selected.now.deploy_id == trades.deploy_id
        await page.burst(*keys.split())
        assert isinstance(page.app.screen, ConfirmScreen), page.said
        assert [each.deploy_id for each in page.app.screen._targets] == [trades.deploy_id]
