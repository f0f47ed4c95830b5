"""The screen of all alerts: what it shows, what its keys do, and where Enter leads."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from textual.screen import Screen

from qctui.model.alert import ALERT_TROUBLE, ALERTS, AlertState
from qctui.ui.alerts_screen import AlertsScreen
from qctui.ui.deployments.deployment_screen import DeploymentScreen
from qctui.ui.optimizations.optimization_screen import OptimizationScreen
from qctui.value import replace
from tests.screenshots import controller
from tests.ui.alert_scene import CRYPTO, MOMENTUM, PAIRS, STUCK, alerts, blind_alert, fill_alerts, subject
from tests.ui.page import OPTIONS, Page, Size, console
from tests.ui.scene import HOSTILE, NOW, StillEngine, fill

pytestmark = pytest.mark.anyio

BLIND, QUIET, DRAWDOWN, HELD, SHELVED, PENDING, CLEARED = (alert.alert_id for alert in alerts())


@asynccontextmanager
async def opened(
    size: Size = (80, 24), prepare: Callable[[StillEngine], object] = fill_alerts, *, read_only: bool = False
) -> AsyncIterator[Page]:
    async with console(size, prepare=prepare, read_only=read_only) as page:
        await page.press("N")
        assert isinstance(top(page), AlertsScreen)
        yield page


def top(page: Page) -> Screen[Any]:
    return page.app.screen


def words(page: Page) -> str:
    return " ".join(page.text.split())


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_the_worst_first_each_with_its_state(size: Size) -> None:
    async with opened(size) as page:
        states = [line.split()[:3] for line in page.lines[3:10]]
        assert states == [
            ["▸", "CRITICAL", "firing"], ["warning", "firing", "LIVE"], ["warning", "acknowledged", "LIVE"],
            ["warning", "held", "back"], ["warning", "shelved", "PAPER"], ["warning", "pending", "LIVE"],
            ["info", "cleared", "PAPER"],
        ]  # fmt: skip
        assert "Alerts 3 firing · 1 acknowledged · 1 pending · 1 shelved · 1 cleared" in page.text


async def test_everything_is_a_column_where_there_is_room() -> None:
    async with opened((120, 40)) as page:
        row = page.line("  warning  firing")
        for cell in ("LIVE", "Crypto/BTC trend", "no sign of life", " 2h ", "…1ae7", " 2h ", " 90m "):
            assert cell in row
        assert page.line("▸ CRITICAL").endswith("in 30m")


async def test_the_one_under_the_cursor_is_told_in_full() -> None:
    async with opened() as page:
        for fact in ("What refused by its brokerage · value 3 refusals", "Told 2 times, again in 30m", "Rule blind"):
            assert fact in words(page)
        await page.press("j", "j")
        assert "State acknowledged 15m ago; no data for 2m, so it neither fires nor clears" in words(page)
        assert "value 10.8% · allowed 10%" in page.text
        await page.press("j")
        assert "held back: the API does not answer, and that is the alert now" in words(page)
        await page.press("j")
        assert "State shelved, back in 50m" in words(page)


async def test_what_lacks_data_since_a_moment_was_not_read_now() -> None:
    async with opened() as page:
        page.engine.put(ALERTS, (replace(blind_alert(), no_data_since=NOW),))
        await page.settle()
        assert "no data for less than a minute, so it neither fires nor clears" in words(page)


async def test_what_another_rule_has_told_says_so() -> None:
    async with opened((120, 40)) as page:
        silent = replace(blind_alert(), told_by="step", deliveries=0, next_delivery_at=NOW)
        page.engine.put(ALERTS, (silent,))
        await page.settle()
        assert page.line("▸ CRITICAL").endswith("by step")
        assert "Told not yet: step has told of the same fall, and it goes no deeper than that" in words(page)


async def test_without_data_that_is_the_state() -> None:
    async with opened() as page:
        page.engine.put(ALERTS, (replace(blind_alert(), no_data_since=1.0),))
        await page.settle()
        assert "CRITICAL no data " in page.text


async def test_nothing_to_report_is_said_and_what_is_not_known_is_not() -> None:
    async with opened(prepare=fill) as page:
        assert "The rules have not been evaluated yet." in page.text
        page.engine.put(ALERTS, ())
        await page.settle()
        assert "Nothing to report: no rule has found anything, nor in the last day." in page.text
        await page.press("d", "D", "z", "enter")
        assert page.said == ["No alert is selected", "No alert fires", "No alert is selected"]
        assert not page.engine.still_alerts.acknowledged


async def test_d_acknowledges_the_one_under_the_cursor_and_nothing_else() -> None:
    async with opened() as page:
        await page.press("j", "d")
        assert page.engine.still_alerts.acknowledged == [(QUIET,)]
        await page.press("j", "d")
        assert page.engine.still_alerts.acknowledged == [(QUIET,)]
        assert page.said == ["Can't acknowledge what is acknowledged: only what fires"]


async def test_what_another_process_is_asked_for_is_said() -> None:
    asked = "qctui watch, process 7 is asked: it shows here once that answers"
    async with opened() as page:
        page.engine.still_alerts.asked = asked
        await page.press("d")
        assert page.said == [asked]


async def test_an_acknowledged_one_stays_and_says_so() -> None:
    async with opened() as page:
        await page.press("d")
        page.engine.put(ALERTS, (blind_alert(AlertState.ACKNOWLEDGED), *alerts()[1:]))
        await page.settle()
        assert "▸ CRITICAL acknowledged LIVE  Pairs" in page.text


async def test_capital_d_acknowledges_all_that_fire() -> None:
    async with opened() as page:
        await page.press("slash", *"quiet", "enter", "D")
        assert page.engine.still_alerts.acknowledged == [(BLIND, QUIET, HELD)]


async def test_shelving_asks_for_how_long() -> None:
    async with opened() as page:
        for moves, seconds in enumerate((3_600.0, 14_400.0, 86_400.0, 604_800.0)):
            await page.press("z")
            assert "Shelve the alert for" in page.text
            await page.press(*["down"] * moves, "enter")
            assert page.engine.still_alerts.shelved[moves:] == [((BLIND,), seconds)]


async def test_a_shelved_one_can_be_taken_back() -> None:
    async with opened() as page:
        await page.press(*"jjjj", "z", "enter")
        assert page.engine.still_alerts.shelved == [((SHELVED,), 0.0)]
        await page.press("z", "escape")
        assert len(page.engine.still_alerts.shelved) == 1


async def test_enter_opens_the_deployment_and_the_keys_act_on_it() -> None:
    async with opened() as page:
        await page.press("enter")
        assert isinstance(top(page), DeploymentScreen)
        assert "Pairs/KO-PEP mean reversion" in page.text
        assert page.main.selected.now.project_id == PAIRS
        await page.press("L", *"a136", "enter")
        assert [[each.project_id for each in targets] for targets in page.engine.still_actions.confirmed] == [[PAIRS]]
        await page.press("escape")
        assert isinstance(top(page), AlertsScreen)
        await page.press("escape")
        assert top(page) is page.main
        assert page.main.selected.now.project_id == PAIRS


async def test_enter_opens_the_optimization() -> None:
    async with opened() as page:
        await page.press(*"jjj", "enter")
        assert isinstance(top(page), OptimizationScreen)
        assert STUCK.optimization_id in page.text
        assert page.main.selected.now.project_id == CRYPTO


async def test_what_is_about_no_project_has_nothing_to_open() -> None:
    async with opened() as page:
        about = replace(subject(0, ""), deploy_id="", environment=None)
        page.engine.put(ALERTS, (replace(blind_alert(), rule="outage", text="no answer", subject=about),))
        await page.settle()
        assert "—" in page.line("▸ CRITICAL")
        assert "CRITICAL no deployment" in words(page)
        await page.press("enter")
        assert isinstance(top(page), AlertsScreen)
        assert page.said == ["This alert is about no deployment: there is nothing to open"]


async def test_no_screen_of_another_deployment_stays_below_what_is_opened() -> None:
    async with console((80, 24), prepare=fill_alerts) as page:
        await page.press("enter", "N", "enter")
        assert [type(each) for each in page.app.screen_stack] == [type(page.main), DeploymentScreen]
        assert "Pairs/KO-PEP mean reversion" in page.text
        await page.press("escape")
        assert top(page) is page.main


async def test_n_closes_it_and_comes_back_to_it() -> None:
    async with opened() as page:
        await page.press("N")
        assert top(page) is page.main
        await page.press("N", "enter", "N")
        assert isinstance(top(page), AlertsScreen)
        assert len(page.app.screen_stack) == 2


async def test_what_acts_is_not_offered_and_says_why() -> None:
    async with opened() as page:
        assert "liquidate" not in page.lines[-1]
        await page.press("L")
        assert page.said == ["Can't liquidate: the list of alerts is on screen, no deployment"]
        await page.press("X")
        assert "PANIC" in page.text


async def test_outcomes_of_actions_are_acknowledged_where_the_bar_has_the_keys() -> None:
    async with opened() as page:
        controller(page.engine)
        await page.settle()
        assert "d acknowledge" not in "\n".join(page.lines[:-1])
        await page.press("d")
        assert page.engine.still_alerts.acknowledged == [(BLIND,)]
        assert not page.engine.still_actions.acknowledged
        await page.press("tab")
        assert "d acknowledge" in "\n".join(page.lines[:-1])
        await page.press("d")
        assert page.engine.still_actions.acknowledged
        assert len(page.engine.still_alerts.acknowledged) == 1


async def test_filter_sort_and_copy() -> None:
    async with opened((120, 40)) as page:
        copied: list[str] = []
        page.app.copy_to_clipboard = copied.append  # type: ignore[method-assign,assignment]  # the terminal's clipboard
        await page.press("slash", *"shelved", "enter")
        assert "1 of 7" in page.text
        await page.press("y")
        assert copied[0].startswith("warning\tshelved\tPAPER\tResearch/sector rotation\tequity moved 5.3% in 15m\t15m")
        await page.press("escape", "s", "s")
        table = page.app.screen.alerts.table  # type: ignore[attr-defined]
        assert table.visible_rows[0].state is AlertState.FIRING
        assert table.visible_rows[-1].state is AlertState.CLEARED


async def test_the_cursor_stays_on_its_alert() -> None:
    async with opened() as page:
        await page.press("j", "j")
        page.engine.put(ALERTS, tuple(reversed(alerts())))
        await page.settle()
        assert "equity 10.8%" in page.line("▸ ")
        await page.press("k", "d")
        assert page.engine.still_alerts.acknowledged == [(HELD,)]


async def test_why_alerts_are_not_delivered_stands_below_them() -> None:
    async with opened() as page:
        page.engine.put(ALERT_TROUBLE, "the file of alerts can't be written: no space left")
        await page.settle()
        assert "! the file of alerts can't be written: no space left" in page.text


async def test_acknowledging_is_no_acting() -> None:
    async with opened(read_only=True) as page:
        await page.press("d")
        assert page.engine.still_alerts.acknowledged == [(BLIND,)]


async def test_a_burst_ends_where_slow_keys_end() -> None:
    async def after(*, burst: bool) -> tuple[object, ...]:
        async with console((80, 24), prepare=fill_alerts) as page:
            keys = ("N", "j", "d", "z", "down", "enter", "j", "j", "D", "k", "k", "enter", "escape", "escape", "j")
            await (page.burst if burst else page.press)(*keys)
            asked = page.engine.still_alerts
            return page.text, page.said, asked.acknowledged, asked.shelved, page.main.selected.now.project_id

    slow, fast = await after(burst=False), await after(burst=True)
    assert slow == fast
    assert slow[2:4] == ([(QUIET,), (BLIND, QUIET, HELD)], [((QUIET,), 14_400.0)])


async def test_the_help_lists_its_keys() -> None:
    async with opened((120, 60)) as page:
        await page.press("question_mark")
        for text in ("Among the alerts", "Every alert that fires has been seen", "Put the selected alert away"):
            assert text in page.text


async def test_hostile_text_is_text_and_small_terminals_are_survived() -> None:
    for size in ((120, 40), (40, 12), (20, 6)):
        async with opened(size) as page:
            about = subject(MOMENTUM, HOSTILE)
            page.engine.put(ALERTS, (replace(blind_alert(), text=HOSTILE, value=HOSTILE, subject=about),))
            await page.settle()
            assert "[bold red]x[/]" in page.text or size[0] < 120


async def test_ascii_means_seven_bits() -> None:
    async with console((120, 40), prepare=fill_alerts, options=replace(OPTIONS, ascii=True)) as page:
        await page.press("N", "j", "j", "z")
        assert page.text.isascii()
