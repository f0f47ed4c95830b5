"""A dialog's keys: nothing but its answer sends anything."""

from __future__ import annotations

import pytest
from textual import events

from qctui.model.action import Recheck
from qctui.model.deployment import Project
from qctui.model.keys import DEPLOYMENTS, PROJECTS, detail_key
from qctui.model.resource import Resource
from qctui.ui.actions.dialog import ConfirmScreen
from tests.ui.desk import (
    ActingApp,
    StillEngine,
    deploy_id,
    detail,
    fail_recheck,
    pointed,
    project_id,
    recheck,
    target,
    with_deployments,
)  # fmt: skip
from tests.ui.dialogs import QUESTION, opened, screen_text, sent

pytestmark = pytest.mark.anyio


async def test_cancel_has_the_focus() -> None:
    async with opened() as (app, _):
        assert app.focused is not None
        assert app.focused.id == "cancel"


async def test_code_and_enter_send_the_captured_target_once() -> None:
    async with opened() as (app, pilot):
        await pilot.press(*"430e", "enter", "enter")
        await pilot.pause()
        assert sent(app) == [(deploy_id(0),)]
        assert app.controller.dialog is None
        assert app.engine.desk.closed == 1
        assert app.served == 1


async def test_keys_in_one_burst_are_answered_in_order() -> None:
    async with opened() as (app, pilot):
        for key in ("4", "3", "0", "e", "enter", "enter"):
            app.post_message(events.Key(key, None if key == "enter" else key))
        await pilot.pause()
        assert sent(app) == [(deploy_id(0),)]


@pytest.mark.parametrize(
    "keys",
    [
        ("enter",), ("y",), ("space",), ("y", "enter"), ("space", "enter"), ("L",) * 20, ("L", "enter"),
        ("enter",) * 20, ("4",) * 20, (*("4",) * 20, "enter"), ("430e"[0], "enter"), ("tab", "enter"),
        ("tab", "space"), ("ctrl+p", "enter"), ("S", "y"), ("A", "y"), ("X", "1", "enter"), ("ctrl+j",),
    ],
)  # fmt: skip
async def test_other_keys_send_nothing_and_reach_nothing_below(keys: tuple[str, ...]) -> None:
    async with opened() as (app, pilot):
        held_open = "enter" not in keys
        await pilot.press(*keys)
        await pilot.pause()
        assert sent(app) == []
        assert app.heard == 0
        if held_open:
            assert isinstance(app.screen, ConfirmScreen)
        assert sum(isinstance(screen, ConfirmScreen) for screen in app.screen_stack) <= 1


@pytest.mark.parametrize("pasted", ["430e", "430e\n", "430e\r\n", "y", "\r"])
async def test_pasted_text_answers_nothing(pasted: str) -> None:
    async with opened() as (app, pilot):
        app.post_message(events.Paste(pasted))
        await pilot.pause()
        assert sent(app) == []
        assert "____" in screen_text(app)
        await pilot.press("enter")
        await pilot.pause()
        assert sent(app) == []


async def test_l_twice_opens_one_dialog() -> None:
    async with opened("X", count=2) as (app, pilot):
        app.controller.request("liquidate")
        await pilot.press("L", "L")
        assert len(app.screen_stack) == 2
        assert len(app.engine.desk.rechecked) == 1


@pytest.mark.parametrize("key", ["escape", "n", "enter"])
async def test_cancelling_sends_nothing_and_ends_the_rechecks(key: str) -> None:
    async with opened() as (app, pilot):
        await pilot.press(key)
        await pilot.pause()
        assert app.controller.dialog is None
        assert len(app.screen_stack) == 1
        assert sent(app) == []
        assert app.engine.desk.closed == 1
        assert app.served == 0


async def test_a_click_on_cancel_cancels() -> None:
    async with opened() as (app, pilot):
        await pilot.click("#cancel")
        await pilot.pause()
        assert app.controller.dialog is None
        assert sent(app) == []


async def test_a_wrong_code_says_so_and_keeps_the_dialog() -> None:
    async with opened() as (app, pilot):
        await pilot.press(*"430f", "enter")
        await pilot.pause()
        assert "430f does not match 430e" in screen_text(app)
        await pilot.press(*"430e", "enter")
        assert sent(app) == [(deploy_id(0),)]


async def test_a_paper_deployment_is_stopped_by_y() -> None:
    async with opened("S", paper=(0,)) as (app, pilot):
        assert "Press y to stop." in screen_text(app)
        assert " PAPER  Momentum/Crossover" in screen_text(app)
        await pilot.press("y")
        assert sent(app) == [(deploy_id(0),)]


async def test_a_live_deployment_is_stopped_by_its_code() -> None:
    async with opened("S") as (app, pilot):
        assert "Type 430e to stop, then Enter." in screen_text(app)
        await pilot.press("y", "enter")
        assert sent(app) == []


async def test_y_that_was_typed_before_the_question_was_drawn_answers_nothing() -> None:
    engine = StillEngine()
    with_deployments(engine, paper=(0,))
    app = ActingApp(engine)
    app.selected = pointed(0)
    async with app.run_test(size=(80, 24)) as pilot:
        early = events.Key("y", "y")
        await pilot.press("S")
        await pilot.pause()
        app.post_message(early)
        await pilot.pause()
        assert sent(app) == []
        await pilot.press("y")
        assert sent(app) == [(deploy_id(0),)]


async def test_the_target_stays_the_captured_one_when_rows_move_vanish_and_are_renamed() -> None:
    async with opened(count=3) as (app, pilot):
        app.selected = pointed(2)
        store = app.engine.store
        rows = store.get(DEPLOYMENTS).value or ()
        store.put(DEPLOYMENTS, Resource(value=tuple(reversed(rows[1:])), fetched_at=1.0, fetched_mono=2_000.0))
        renamed = Resource[tuple[Project, ...]](value=(Project(project_id(0), "Another name"),), fetched_mono=2_000.0)
        store.put(PROJECTS, renamed)
        await pilot.pause()
        assert " LIVE  Momentum/Crossover" in screen_text(app)
        assert deploy_id(0) in screen_text(app)
        await pilot.press(*"430e", "enter")
        assert sent(app) == [(deploy_id(0),)]


@pytest.mark.parametrize("why", ["redeployed since: now L-ffff", "no longer running: Stopped"])
async def test_it_disarms_says_why_and_only_closes(why: str) -> None:
    async with opened() as (app, pilot):
        await pilot.press(*"430e")
        recheck(app.engine, target(), Recheck(detail(), disarmed=why))
        await pilot.pause()
        text = screen_text(app)
        assert f"DISARMED: {why}" in text
        assert QUESTION not in text
        await pilot.press(*"430e", "y", "space")
        assert isinstance(app.screen, ConfirmScreen)
        await pilot.press("enter")
        await pilot.pause()
        assert app.controller.dialog is None
        assert sent(app) == []


async def test_a_disarming_read_that_was_not_drawn_yet_still_counts() -> None:
    async with opened() as (app, pilot):
        await pilot.press(*"430e")
        app._bridge.close()
        recheck(app.engine, target(), Recheck(detail(), disarmed="no longer running: Stopped"))
        await pilot.press("enter")
        await pilot.pause()
        assert sent(app) == []
        assert "DISARMED: no longer running: Stopped" in screen_text(app)


async def test_what_an_earlier_dialog_left_behind_does_not_disarm() -> None:
    async with opened() as (app, pilot):
        recheck(app.engine, target(), Recheck(detail(), disarmed="redeployed since: now L-ffff"))
        await pilot.pause()
        await pilot.press("escape")
        await pilot.pause()
        app.engine.still_clock.mono += 1
        await pilot.press("L")
        await pilot.pause()
        assert "DISARMED" not in screen_text(app)
        await pilot.press(*"430e", "enter")
        assert sent(app) == [(deploy_id(0),)]


async def test_closing_a_disarmed_dialog_reads_anew_what_targets_are_captured_from() -> None:
    async with opened() as (app, pilot):
        await pilot.press("escape")
        await pilot.pause()
        assert app.engine.refreshed == []
        await pilot.press("L")
        await pilot.pause()
        recheck(app.engine, target(), Recheck(detail(), disarmed="redeployed since: now L-ffff"))
        await pilot.pause()
        await pilot.press("escape")
        await pilot.pause()
        assert app.engine.refreshed == [(DEPLOYMENTS, detail_key(project_id(0)))]


async def test_disarmed_once_it_stays_so() -> None:
    async with opened() as (app, pilot):
        recheck(app.engine, target(), Recheck(detail(), disarmed="no longer running: Stopped"))
        await pilot.pause()
        recheck(app.engine, target(), Recheck(detail()))
        await pilot.pause()
        await pilot.press(*"430e", "enter")
        assert sent(app) == []


async def test_failing_rechecks_warn_and_still_let_a_person_send() -> None:
    async with opened() as (app, pilot):
        fail_recheck(app.engine, target(), "timed out after 5 s")
        await pilot.pause()
        assert "target could not be re-checked: timed out after 5 s; you can still send" in screen_text(app)
        await pilot.press(*"430e", "enter")
        assert sent(app) == [(deploy_id(0),)]
