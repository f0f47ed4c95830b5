from __future__ import annotations

from typing import Any

import pytest

from qctui.engine.engine_port import Visibility
from qctui.model.action import ACTIONS, Rung
from qctui.model.deployment import Environment, LogPage
from qctui.model.keys import DEPLOYMENTS, Key, detail_key, log_lines_key, logs_key, older_key, orders_key, portfolio_key
from qctui.model.portfolio import Cash, Portfolio
from qctui.ui.actions.controller import Pointed
from qctui.ui.actions.dialog import ConfirmScreen
from qctui.ui.deployments.deployment_screen import DeploymentScreen
from qctui.ui.wording.load_state import LoadState
from qctui.value import replace
from tests.ui.detail_scene import DEPLOY_ID, EARLIER_ID, ERROR, PROJECT, detail, fill_details, opened, portfolio, wanted
from tests.ui.page import OPTIONS, Page
from tests.ui.scene import HOSTILE, NOW, StillEngine, deployments, fail, fill, outage
from tests.ui.targets import record, target
from tests.ui.test_quiet import record as record_sent

pytestmark = pytest.mark.anyio

SECTIONS = ("Statistics", "Holdings", "Cash", "Orders", "Logs")


def screen(page: Page) -> DeploymentScreen:
    found = page.app.screen
    assert isinstance(found, DeploymentScreen)
    return found


async def test_enter_opens_it_and_escape_goes_back() -> None:
    async with opened() as page:
        assert "Crypto/BTC trend  Running" in page.text
        assert f"{DEPLOY_ID} · project {PROJECT} · CoinbaseBrokerage" in page.text
        assert "launched 2024-03-22 14:32:05 UTC (3d ago) · Crypto, Equity · NY7" in page.text
        await page.press("escape")
        assert page.app.screen is page.main


async def test_what_the_account_says_of_itself_stands_beside_the_brokerage() -> None:
    async with opened(size=(120, 40)) as page:
        assert " LIVE " in page.text
        assert "LIVE?" not in page.text
        known = page.engine.store.get(detail_key(PROJECT))
        page.engine.store.put(detail_key(PROJECT), replace(known, value=detail(account_environment="live-paper")))
        await page.settle()
        assert " LIVE? " in page.text
        assert "CoinbaseBrokerage, whose account says live-paper" in page.text


async def test_statistics_are_as_the_engine_formatted_them() -> None:
    async with opened() as page:
        for text in ("$25,900.40", "-$12.40", "$-61.31", "0.25 %", "Server", "CPU Usage", "3d 00:15:00"):
            assert text in page.text
        loss, gain, none = (
            next(each for each in screen(page).statistics.view.drawn if name in "".join(text for text, _ in each))
            for name in ("$-61.31", "0.25 %", "$0.00")
        )
        assert ("$-61.31", "pnl-down") in loss
        assert ("0.25 %", "pnl-up") in gain
        assert any("$0.00" in text and role == "" for text, role in none)


async def test_sections_by_number_at_80x24() -> None:
    async with opened("enter") as page:
        for key, shows in (("2", "BTCUSD"), ("3", ""), ("4", "Liquidated"), ("5", "line 99")):
            await page.press(key)
            assert page.line(f"━ {key} ").startswith(f"━ {key} {SECTIONS[int(key) - 1]}")
            assert shows in page.text
            visible = [section for section in screen(page).panes if section.display]
            assert visible == [screen(page).panes[int(key) - 1]]


async def test_tab_goes_round_and_keys_pressed_at_once_reach_the_section_they_are_meant_for() -> None:
    async with opened("enter", "tab", "tab") as page:
        assert screen(page).chosen is screen(page).cash
        await page.press("shift+tab", "shift+tab", "shift+tab")
        assert screen(page).chosen is screen(page).logs
        await page.press("4", "j", "j")
        assert screen(page).orders.table.cursor.place.index == 2


async def test_all_sections_beside_each_other_where_there_is_room() -> None:
    async with opened(size=(120, 40)) as page:
        for number, section in enumerate(SECTIONS, 1):
            assert f" {number} {section} " in page.text
        await page.pilot.resize_terminal(80, 24)
        await page.settle()
        assert sum(section.display for section in screen(page).panes) == 1


async def test_holdings_open_ones_first_largest_first_flat_ones_last() -> None:
    async with opened("enter", "2", size=(120, 40)) as page:
        rows = [row.ticker for row in screen(page).holdings.table._rows]
        assert rows == ["SPY", "BTCUSD", "EURUSD", HOSTILE, "MSFT"]
        assert "4 open" in page.line("━ 2 Holdings")
        assert "-€1,060.10" in page.text
        assert "unreadable" in page.text
        assert "+199.00" in page.text
        assert "-219.14" in page.text


async def test_what_an_unreadable_position_is_worth_is_not_left_out_of_a_total() -> None:
    async with opened("enter", "2", size=(120, 40)) as page:
        assert "value unknown" in page.line("━ 2 Holdings")
        known = replace(portfolio(), holdings=portfolio().holdings[1:4])
        page.engine.put(portfolio_key(PROJECT), known)
        await page.settle()
        # -1,060.10 EUR at 1.06, and two positions in dollars.
        assert "value 60,168.15" in page.line("━ 2 Holdings")
        assert "unrealized" not in page.line("━ 2 Holdings")


async def test_an_answer_that_does_not_tell_is_unknown_and_never_flat() -> None:
    async with opened("enter", "2") as page:
        page.engine.put(portfolio_key(PROJECT), Portfolio((), (), is_known=False))
        await page.settle()
        assert "unknown" in page.line("━ 2 Holdings")
        assert "not the same as flat" in " ".join(page.text.split())
        assert screen(page).holdings.load_state is not LoadState.EMPTY
        assert "0 open" not in page.text
        await page.press("3")
        assert "not the same as flat" in " ".join(page.text.split())


async def test_coins_kept_as_cash_are_told_beside_no_holdings() -> None:
    async with opened("enter", "2") as page:
        cash = (Cash("BTC", 0.3, "₿", 60_000.0, 18_000.0), Cash("USD", 10.0, "$", 1.0, 10.0))
        page.engine.put(portfolio_key(PROJECT), Portfolio((), cash, is_known=True))
        await page.settle()
        assert "Cash has balances in 1 other currency" in page.text


async def test_both_ages_of_the_snapshot() -> None:
    async with opened("enter", "2") as page:
        assert page.line("━ 2 Holdings").endswith("now, of 5m ago ━")


async def test_loading_is_said_for_each_section() -> None:
    async with opened("enter", prepare=fill) as page:
        for key, what in (("2", "portfolio"), ("3", "portfolio"), ("4", "orders"), ("5", "log")):
            await page.press(key)
            assert f"Reading {what}…" in page.text


async def test_empty_is_said() -> None:
    def prepare(engine: StillEngine) -> None:
        fill_details(engine)
        engine.put(portfolio_key(PROJECT), Portfolio((), (Cash("USD", 1.0, "$", 1.0, 1.0),), is_known=True))
        engine.put(orders_key(PROJECT), ())
        engine.put(detail_key(PROJECT), detail(statistics={}, server_statistics={}))

    async with opened("enter", prepare=prepare) as page:
        assert "This deployment reports no statistics." in page.text
        await page.press("2")
        assert "No holding in this snapshot." in page.text
        await page.press("4")
        assert "No orders yet." in page.text


async def test_an_outage_keeps_the_last_data_says_why_and_marks_the_tabs() -> None:
    async with opened("enter", "2") as page:
        outage(page.engine)
        await page.settle()
        assert "SPY" in page.text
        assert "HTTP 502" in page.text
        assert "failed data" in page.line("━ 2 Holdings").replace("  ", " ")
        assert page.line("1 Statistics").count("!") == 5
        await page.press("escape")


async def test_one_failing_section_leaves_the_others_their_faces() -> None:
    async with opened("enter", "4") as page:
        fail(page.engine, orders_key(PROJECT), "HTTP 500: server error")
        await page.settle()
        assert "HTTP 500" in page.text
        assert screen(page).orders.load_state is LoadState.FAILED
        assert screen(page).holdings.load_state is LoadState.DATA


async def test_it_is_stale_when_nothing_newer_comes() -> None:
    async with opened() as page:
        page.engine.still.passed += 130
        page.engine.put(DEPLOYMENTS, deployments())
        await page.settle()
        assert "no newer statistics" in page.text


async def test_a_runtime_error_in_several_lines_is_in_the_header_and_in_full_below() -> None:
    def prepare(engine: StillEngine) -> None:
        fill_details(engine)
        ended = detail(status="RuntimeError", stopped_at=NOW - 3_600, message=ERROR)
        engine.put(DEPLOYMENTS, [each for each in deployments() if each.project_id != PROJECT])
        engine.put(detail_key(PROJECT), ended)

    async with opened("p", *"BTC", "enter", prepare=prepare) as page:
        page.app.push_screen(_screen_of(page))
        await page.settle()
        assert "RuntimeError" in page.text
        assert "! Runtime Error: 'NoneType' object has no attribute 'price'" in page.text
        assert "stopped 2024-03-25 13:32:05 UTC (1h ago)" in " ".join(page.text.split())
        assert "in full: Statistics" in page.text
        assert screen(page).statistics.view.text.split("\n")[:5] == [row.rstrip() for row in ERROR.split("\n")]


async def test_redeployed_while_open_is_said_and_the_log_is_the_new_ones() -> None:
    newer = "L-ffffffffffffffffffffffffffff430e"
    async with opened() as page:
        page.engine.put(detail_key(PROJECT), detail(deploy_id=newer, launched_at=NOW - 60))
        page.engine.put(DEPLOYMENTS, _redeployed(newer), age_s=1)
        await page.settle()
        assert newer in page.text
        assert f"Deployed again: …{DEPLOY_ID[-4:]} was opened" in page.text
        assert logs_key(PROJECT, newer) in wanted(page)
        assert logs_key(PROJECT, DEPLOY_ID) not in wanted(page)


async def test_statistics_of_the_deployment_before_are_not_passed_off_as_the_new_ones() -> None:
    newer = "L-ffffffffffffffffffffffffffff430e"
    async with opened() as page:
        page.engine.put(DEPLOYMENTS, _redeployed(newer), age_s=0)
        await page.settle()
        assert newer in page.text
        assert f"of …{DEPLOY_ID[-4:]}, deployed before" in page.text


async def test_opened_resources_are_read_first_and_no_longer_once_closed() -> None:
    async with opened() as page:
        paces = wanted(page)
        keys: list[Key[Any]] = [
            detail_key(PROJECT),
            portfolio_key(PROJECT),
            orders_key(PROJECT),
            logs_key(PROJECT, DEPLOY_ID),
        ]
        assert [paces[key] for key in keys] == [Visibility.OPENED] * 4
        await page.press("escape")
        paces = wanted(page)
        assert portfolio_key(PROJECT) not in paces
        assert paces[detail_key(PROJECT)] is Visibility.VISIBLE


async def test_under_the_journal_it_is_read_at_the_pace_of_what_is_off_screen_under_a_dialog_as_before() -> None:
    async with opened() as page:
        await page.press("J")
        paces = wanted(page)
        assert paces[portfolio_key(PROJECT)] is Visibility.HIDDEN
        await page.press("escape", "L")
        assert isinstance(page.app.screen, ConfirmScreen)
        paces = wanted(page)
        assert paces[portfolio_key(PROJECT)] is Visibility.OPENED


@pytest.mark.parametrize("key", ["L", "S"])
async def test_acting_from_here_aims_at_what_is_shown_whatever_is_marked_below(key: str) -> None:
    async with opened("j", "space", "k", "enter") as page:
        assert screen(page).pointed() == Pointed(project_id=PROJECT)
        await page.press(key)
        assert isinstance(page.app.screen, ConfirmScreen)
        assert [[each.deploy_id for each in targets] for targets in page.engine.still_actions.rechecked] == [
            [DEPLOY_ID]
        ]


async def test_the_action_bar_is_here_too_and_an_outcome_is_acknowledged_here() -> None:
    async with opened() as page:
        done = record("a", target(), (Rung.SENT, 0.0), (Rung.REJECTED, 1.0, "not live"))
        page.engine.put(ACTIONS, (done,))
        await page.settle()
        assert "REJECTED" in page.text
        assert page.said == []
        await page.press("d")
        assert page.engine.still_actions.acknowledged == ["a"]


async def test_nothing_acts_here_in_read_only_mode() -> None:
    async with opened(read_only=True) as page:
        await page.press("L", "S", "escape")
        assert page.app.screen is screen(page)
        assert "liquidate" not in page.lines[-1]


async def test_copying_a_row_and_all_statistics() -> None:
    async with opened() as page:
        await page.press("y")
        assert "$-61.31" in page.app.clipboard
        await page.press("2", "y")
        assert page.app.clipboard.startswith("SPY\t100\t$588.12")


async def test_filter_and_sort_and_escape_drops_the_filter_first() -> None:
    async with opened("enter", "2", "slash", *"spy", "enter") as page:
        assert [row.ticker for row in screen(page).holdings.table._rows] == ["SPY"]
        await page.press("escape")
        assert len(screen(page).holdings.table._rows) == 5
        await page.press("s")
        assert "ticker▴" in page.text
        await page.press("escape")
        assert page.app.screen is page.main


async def test_keys_that_mean_nothing_here_are_not_offered() -> None:
    async with opened("enter", "question_mark", size=(120, 60)) as page:
        assert "In what is opened in full" in page.text
        assert "heat map" not in page.text
        assert "Mark or unmark" not in page.text
        assert "earlier deployments" not in page.text


async def test_ascii_only() -> None:
    def prepare(engine: StillEngine) -> None:
        fill_details(engine)
        page = engine.store.get(logs_key(PROJECT, DEPLOY_ID)).value
        assert page is not None
        engine.put(logs_key(PROJECT, DEPLOY_ID), replace(page, lines=("均值 → ✓", *page.lines)))

    async with opened(options=replace(OPTIONS, ascii=True), prepare=prepare, size=(120, 40)) as page:
        assert page.text.isascii()


async def test_hostile_text_is_shown_as_it_is() -> None:
    def prepare(engine: StillEngine) -> None:
        fill_details(engine)
        hostile = detail(
            project_name=HOSTILE, status=HOSTILE, brokerage=HOSTILE, message=HOSTILE, datacenter=HOSTILE,
            security_types=HOSTILE, environment=Environment.LIVE, description=HOSTILE,
        )  # fmt: skip
        engine.put(detail_key(PROJECT), hostile, age_s=0)

    async with opened("enter", prepare=prepare, size=(200, 60)) as page:
        assert page.app.screen is not page.main
        assert page.text.count("[bold red]x[/] 均值 [@click=app.quit]y[/]") >= 4
        for key in ("2", "3", "4", "5"):
            await page.press(key)
        assert page.said == []


async def test_nothing_is_sent_when_nothing_changed_and_one_value_costs_its_cells(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with opened("enter", "2", size=(120, 40)) as page:
        sent = record_sent(page, monkeypatch)
        page.engine.put(portfolio_key(PROJECT), portfolio(), age_s=20, snapshot_age_s=500)
        page.engine.put(detail_key(PROJECT), detail())
        await page.settle()
        assert sent == []
        held = portfolio().holdings
        for value in (59_012.0, 59_013.0):
            # The first update after a change of focus also carries what Textual redraws for that.
            sent.clear()
            now = replace(portfolio(), holdings=(*held[:2], replace(held[2], market_value=value), *held[3:]))
            page.engine.put(portfolio_key(PROJECT), now, age_s=20, snapshot_age_s=500)
            await page.settle()
        assert 0 < sum(len(each.encode()) for each in sent) < 60


def _redeployed(newer: str) -> tuple[object, ...]:
    return tuple(
        replace(each, deploy_id=newer, launched_at=NOW - 60) if each.project_id == PROJECT else each
        for each in deployments()
    )


def _screen_of(page: Page) -> DeploymentScreen:
    from qctui.ui.context import Detail, DetailKind

    return DeploymentScreen(page.app._app_context, Detail(DetailKind.DEPLOYMENT, PROJECT, DEPLOY_ID))


OLDEST_ID = "L-eeeeeeeeeeeeeeeeeeeeeeeeeeee0000"


def with_older(engine: StillEngine) -> None:
    """Two deployments of the first project that ended before the one that runs."""
    fill_details(engine)
    listed = engine.store.get(DEPLOYMENTS).value or ()
    ours = next(row for row in listed if row.project_id == PROJECT)
    older = [
        replace(
            ours,
            deploy_id=each,
            status="Stopped",
            launched_at=NOW - days * 86_400,
            stopped_at=NOW - (days - 5) * 86_400,
            equity=1_234.5,
        )
        for each, days in ((OLDEST_ID, 90), (EARLIER_ID, 40))
    ]
    engine.put(DEPLOYMENTS, (*older, *listed))


async def test_older_deployments_are_read_by_their_id_and_said_to_be_older() -> None:
    async with opened("enter", prepare=with_older) as page:
        assert "An older deployment" not in page.text
        await page.burst("left_square_bracket", "left_square_bracket", "right_square_bracket")
        assert EARLIER_ID in page.text
        assert "(2 of 3)" in page.text
        assert f"Actions aim at …{DEPLOY_ID[-4:]}, Running" in page.text
        assert "Crypto/BTC trend  Stopped · equity 1,234.50" in page.text
        read = older_key(PROJECT, EARLIER_ID)
        assert wanted(page)[read] is Visibility.OPENED
        assert log_lines_key(PROJECT, DEPLOY_ID, 0) in wanted(page)
        # What actions aim at is kept current all the same.
        assert wanted(page)[detail_key(PROJECT)] is Visibility.OPENED
        assert "$25,900.40" not in page.text
        page.engine.put(read, detail(deploy_id=EARLIER_ID, status="Stopped", statistics={"Equity": "$1,234.50"}))
        await page.settle()
        assert "$1,234.50" in page.text
        # Of its holdings nothing is known: those of the newest do not stand under its id.
        await page.press("2")
        assert "the newest deployment alone" in " ".join(page.text.split())
        assert "BTCUSD" not in page.text
        await page.press("4")
        assert [row.order.order_id for row in screen(page).orders.table._rows] == [99, 3, 2, 1, 0]
        # Beyond both ends there is none, and that is said.
        await page.press("left_square_bracket", "left_square_bracket")
        assert OLDEST_ID in page.text
        assert page.said[-1] == "No older deployment of this project is known"
        await page.press("right_square_bracket", "right_square_bracket", "right_square_bracket")
        assert page.said[-1] == "No newer deployment of this project is known"
        assert "An older deployment" not in page.text
        assert f"{DEPLOY_ID} · project" in page.text
        assert older_key(PROJECT, OLDEST_ID) not in wanted(page)


async def test_the_log_of_an_older_one_ends_where_the_next_one_begins() -> None:
    """The service numbers the lines of all deployments of a project together."""
    lines = tuple(f"2024-03-25 10:00:00 line {number}" for number in range(100, 300))
    async with opened("enter", "left_square_bracket", "5", prepare=with_older) as page:
        assert "Reading log" in page.text
        page.engine.put(log_lines_key(PROJECT, DEPLOY_ID, 0), LogPage((), 0, 900, 260))
        await page.settle()
        window = log_lines_key(PROJECT, EARLIER_ID, 60)
        assert window in wanted(page)
        page.engine.put(window, LogPage(tuple(f"line {number} of it" for number in range(60, 260)), 60, 900, 250))
        await page.settle()
        # Ten lines are its own: those before belong to the one before it, those after to the one that runs.
        assert next(line for line in page.lines if " of it" in line).strip().startswith("line 250 of it")
        assert sum(" of it" in line for line in page.lines) == 10
        # Where no offset is told, nothing is shown for its own.
        page.engine.put(log_lines_key(PROJECT, DEPLOY_ID, 0), LogPage(lines, 0, 900, 0))
        page.engine.put(log_lines_key(PROJECT, EARLIER_ID, 0), LogPage(lines, 0, 900, 0))
        await page.settle()
        assert "does not say where the log" in " ".join(page.text.split())


async def test_actions_aim_at_what_runs_while_an_older_one_is_looked_at() -> None:
    async with opened("enter", "left_square_bracket", prepare=with_older) as page:
        assert screen(page).pointed() == Pointed(project_id=PROJECT)
        await page.press("L")
        assert isinstance(page.app.screen, ConfirmScreen)
        assert f"Type {DEPLOY_ID[-4:]} to liquidate" in page.text
        assert EARLIER_ID not in page.text
        await page.press("escape")
        # An order of it is one of an earlier deployment.
        await page.press("4", "end", "enter")
        assert "an earlier deployment" in page.text


async def test_an_older_one_whose_read_fails_says_so_and_shows_what_the_list_has() -> None:
    async with opened("enter", "left_square_bracket", prepare=with_older) as page:
        fail(page.engine, older_key(PROJECT, EARLIER_ID), "the answer is about another deployment")
        await page.settle()
        assert screen(page).statistics.load_state is LoadState.FAILED
        assert "Crypto/BTC trend  Stopped · equity 1,234.50" in page.text
