"""A dialog's keys: nothing but its answer sends anything."""

from __future__ import annotations

import pytest
from textual import events

from qctui.model.action import Recheck
from qctui.model.deployment import Project
from qctui.model.keys import DEPLOYMENTS, PROJECTS, detail_key
from qctui.model.resource import Resource
from qctui.ui.actions.dialog import ConfirmScreen
from tests.ui.dialogs import QUESTION, opened, sent
from tests.ui.page import console
from tests.ui.targets import deploy_id, detail, fail_recheck, project_id, recheck, target, with_deployments

pytestmark = pytest.mark.anyio


async def test_cancel_has_the_focus() -> None:
    async with opened() as page:
        assert page.app.focused is not None
        assert page.app.focused.id == "cancel"


async def test_code_and_enter_send_the_captured_target_once() -> None:
    async with opened() as page:
        await page.press(*"430e", "enter", "enter")
        assert sent(page) == [(deploy_id(0),)]
        assert page.app.controller.dialog is None
        assert page.engine.still_actions.closed == 1


async def test_keys_in_one_burst_are_answered_in_order() -> None:
    async with opened() as page:
        await page.burst(*"430e", "enter", "enter")
        assert sent(page) == [(deploy_id(0),)]


OTHER_KEYS = (
    ("enter",), ("y",), ("space",), ("y", "enter"), ("space", "enter"), ("L",) * 20, ("L", "enter"),
    ("enter",) * 20, ("4",) * 20, (*("4",) * 20, "enter"), ("430e"[0], "enter"), ("tab", "enter"),
    ("tab", "space"), ("ctrl+p", "enter"), ("S", "y"), ("A", "y"), ("X", "1", "enter"), ("ctrl+j",),
)  # fmt: skip


async def test_other_keys_send_nothing_and_reach_nothing_below() -> None:
    async with opened() as page:
        for keys in OTHER_KEYS:
            await page.press(*keys)
            assert sent(page) == [], keys
            assert page.app.selected.now.marks == (), keys
            assert page.app.clipboard == "", keys
            if "enter" not in keys:
                assert isinstance(page.app.screen, ConfirmScreen), keys
            assert sum(isinstance(screen, ConfirmScreen) for screen in page.app.screen_stack) <= 1, keys
            await page.press("escape", "escape", "1", "L")
            assert isinstance(page.app.screen, ConfirmScreen), keys


async def test_pasted_text_answers_nothing_and_that_is_said() -> None:
    async with opened() as page:
        for pasted in ("430e", "430e\n", "430e\r\n", "y", "\r"):
            page.app.post_message(events.Paste(pasted))
            await page.settle()
            assert sent(page) == [], pasted
            assert "____" in page.text, pasted
            assert "what is pasted answers nothing: type it" in page.text, pasted
            await page.press("enter")  # which cancels
            assert sent(page) == [], pasted
            await page.press("L")


async def test_l_twice_opens_one_dialog() -> None:
    async with opened("X", count=2) as page:
        page.app.controller.request("liquidate")
        await page.press("L", "L")
        assert len(page.app.screen_stack) == 2
        assert len(page.engine.still_actions.rechecked) == 1


@pytest.mark.parametrize("key", ["escape", "n", "enter"])
async def test_cancelling_sends_nothing_and_ends_the_rechecks(key: str) -> None:
    async with opened(count=2, marked=(0, 1)) as page:
        await page.press(key)
        assert page.app.controller.dialog is None
        assert len(page.app.screen_stack) == 1
        assert sent(page) == []
        assert page.engine.still_actions.closed == 1
        assert len(page.app.selected.now.marks) == 2


async def test_a_click_on_cancel_cancels() -> None:
    async with opened() as page:
        await page.pilot.click("#cancel")
        await page.settle()
        assert page.app.controller.dialog is None
        assert sent(page) == []


async def test_a_wrong_code_says_so_and_keeps_the_dialog() -> None:
    async with opened() as page:
        await page.press(*"430f", "enter")
        assert "430f does not match 430e" in page.text
        await page.press(*"430e", "enter")
        assert sent(page) == [(deploy_id(0),)]


async def test_a_paper_deployment_is_stopped_by_y() -> None:
    async with opened("S", paper=(0,)) as page:
        assert "Press y to stop." in page.text
        assert " PAPER  Momentum/Crossover" in page.text
        await page.press("y")
        assert sent(page) == [(deploy_id(0),)]


async def test_a_live_deployment_is_stopped_by_its_code() -> None:
    async with opened("S") as page:
        assert "Type 430e to stop, then Enter." in page.text
        await page.press("y", "enter")
        assert sent(page) == []


async def test_y_that_was_typed_before_the_question_was_drawn_answers_nothing() -> None:
    async with console(prepare=lambda engine: with_deployments(engine, paper=(0,))) as page:
        early = events.Key("y", "y")
        await page.press("S")
        page.app.post_message(early)
        await page.settle()
        assert sent(page) == []
        await page.press("y")
        assert sent(page) == [(deploy_id(0),)]


async def test_the_target_stays_the_captured_one_when_rows_move_vanish_and_are_renamed() -> None:
    async with opened(count=3) as page:
        page.main.presenter.pick(project_id(2))
        store = page.engine.store
        rows = store.get(DEPLOYMENTS).value or ()
        store.put(DEPLOYMENTS, Resource(value=tuple(reversed(rows[1:])), fetched_at=1.0, fetched_mono=2_000.0))
        renamed = Resource[tuple[Project, ...]](value=(Project(project_id(0), "Another name"),), fetched_mono=2_000.0)
        store.put(PROJECTS, renamed)
        await page.settle()
        assert " LIVE  Momentum/Crossover" in page.text
        assert deploy_id(0) in page.text
        await page.press(*"430e", "enter")
        assert sent(page) == [(deploy_id(0),)]


@pytest.mark.parametrize("why", ["redeployed since: now L-ffff", "no longer running: Stopped"])
async def test_it_disarms_says_why_and_only_closes(why: str) -> None:
    async with opened() as page:
        await page.press(*"430e")
        recheck(page.engine, target(), Recheck(detail(), disarmed=why))
        await page.settle()
        text = page.text
        assert f"DISARMED: {why}" in text
        assert QUESTION not in text
        await page.press(*"430e", "y", "space")
        assert isinstance(page.app.screen, ConfirmScreen)
        await page.press("enter")
        assert page.app.controller.dialog is None
        assert sent(page) == []


async def test_a_disarming_read_that_was_not_drawn_yet_still_counts() -> None:
    async with opened() as page:
        await page.press(*"430e")
        page.app._bridge.close()
        recheck(page.engine, target(), Recheck(detail(), disarmed="no longer running: Stopped"))
        await page.press("enter")
        assert sent(page) == []
        assert "DISARMED: no longer running: Stopped" in page.text


async def test_what_an_earlier_dialog_left_behind_does_not_disarm() -> None:
    async with opened() as page:
        recheck(page.engine, target(), Recheck(detail(), disarmed="redeployed since: now L-ffff"))
        await page.settle()
        await page.press("escape")
        page.engine.still.passed += 1
        await page.press("L")
        assert "DISARMED" not in page.text
        await page.press(*"430e", "enter")
        assert sent(page) == [(deploy_id(0),)]


async def test_closing_a_disarmed_dialog_reads_anew_what_targets_are_captured_from() -> None:
    async with opened() as page:
        await page.press("escape")
        assert page.engine.refreshed == []
        await page.press("L")
        recheck(page.engine, target(), Recheck(detail(), disarmed="redeployed since: now L-ffff"))
        await page.settle()
        await page.press("escape")
        assert page.engine.refreshed == [[DEPLOYMENTS, detail_key(project_id(0))]]


async def test_a_burst_into_a_disarmed_dialog_says_that_nothing_was_sent() -> None:
    async with opened() as page:
        recheck(page.engine, target(), Recheck(detail(), disarmed="redeployed since: now L-ffff"))
        await page.press(*target().deploy_id[-4:], "enter")
        assert page.said == [f"Nothing was sent. {target().name}: redeployed since: now L-ffff"]


async def test_disarmed_once_it_stays_so() -> None:
    async with opened() as page:
        recheck(page.engine, target(), Recheck(detail(), disarmed="no longer running: Stopped"))
        await page.settle()
        recheck(page.engine, target(), Recheck(detail()))
        await page.settle()
        await page.press(*"430e", "enter")
        assert sent(page) == []


async def test_failing_rechecks_warn_and_still_let_a_person_send() -> None:
    async with opened() as page:
        fail_recheck(page.engine, target(), "timed out after 5 s")
        await page.settle()
        assert "target could not be re-checked: timed out after 5 s; you can still send" in page.text
        await page.press(*"430e", "enter")
        assert sent(page) == [(deploy_id(0),)]
