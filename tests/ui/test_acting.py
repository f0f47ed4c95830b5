"""From the key to the dialog: who is aimed at, and who is refused in which words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.message import Message
from textual.screen import Screen

from qctui.model.action import Recheck, Rung
from qctui.model.keys import DEPLOYMENTS
from qctui.model.resource import Failure, FailureKind
from qctui.ui.actions.controller import REQUESTS, ActionController, Pointed
from qctui.ui.actions.dialog import ConfirmScreen
from qctui.ui.keys.keymap import commands_now
from qctui.ui.main_screen import MainScreen
from qctui.ui.selection import Mark
from qctui.value import replace
from tests.ui.dialogs import opened, select, sent, words
from tests.ui.page import Size, console, key_event
from tests.ui.scene import NOW, StillEngine
from tests.ui.targets import (
    HOSTILE,
    deploy_id,
    deployment,
    fail_recheck,
    project_id,
    put_actions,
    recheck,
    record,
    target,
    with_deployments,
    with_optimization,
)  # fmt: skip

pytestmark = pytest.mark.anyio


def nothing(engine: StillEngine) -> None:
    """Nothing was read yet."""


def deployments(count: int) -> Callable[[StillEngine], None]:
    return lambda engine: with_deployments(engine, count)


async def said(key: str, prepare: Callable[[StillEngine], object]) -> list[str]:
    """What the console says to a key that must ask for nothing."""
    async with console(prepare=prepare) as page:
        await page.press(key)
        assert page.engine.still_actions.rechecked == []
        assert not isinstance(page.app.screen, ConfirmScreen)
        return page.said


@pytest.mark.parametrize("key", ["L", "S"])
async def test_without_a_selection_it_says_so(key: str) -> None:
    verb = "liquidate" if key == "L" else "stop"
    assert await said(key, deployments(0)) == [f"Can't {verb}: no deployment is selected"]


async def test_without_a_list_it_says_that_nothing_was_read() -> None:
    assert await said("L", nothing) == ["Can't liquidate: the list of deployments has not been read yet"]


async def test_panic_without_a_list_tells_why_there_is_none() -> None:
    def refused(engine: StillEngine) -> None:
        failure = Failure(FailureKind.CONNECT, "connection refused", 1.0, 1.0)
        engine.store.put(DEPLOYMENTS, engine.store.get(DEPLOYMENTS).with_error(failure))

    assert await said("X", refused) == [
        "Can't liquidate: the list of deployments has not been read yet: connection refused",
    ]


async def test_panic_with_nothing_running_says_so() -> None:
    assert await said("X", deployments(0)) == ["Can't liquidate: no deployment is running"]


async def test_abort_without_an_optimization_says_so() -> None:
    assert await said("A", nothing) == ["Can't abort: no optimization is selected"]


async def test_what_has_ended_is_refused_by_name() -> None:
    def ended(engine: StillEngine) -> None:
        with_deployments(engine, name=HOSTILE)
        rows = engine.store.get(DEPLOYMENTS).value or ()
        engine.put(DEPLOYMENTS, tuple(replace(row, status="Stopped", stopped_at=NOW - 60) for row in rows))

    assert await said("L", ended) == [f"Can't liquidate: {HOSTILE}: no longer running: Stopped"]


async def test_a_finished_optimization_is_refused() -> None:
    def finished(engine: StillEngine) -> None:
        with_deployments(engine)
        with_optimization(engine, status="completed")

    assert await said("A", finished) == ["Can't abort: Grid of periods: already finished: completed"]


async def test_one_reason_for_all_marked_is_said_once() -> None:
    def locked(engine: StillEngine) -> None:
        engine.still_actions.refusals = {project_id(0): "locked", project_id(1): "locked"}

    async with opened("S", count=2, marked=(0, 1), prepare=locked) as page:
        assert page.said == ["Can't stop: 2 marked, each: locked"]


async def test_read_only_has_none_of_the_keys_and_opens_no_dialog() -> None:
    async with console(prepare=with_deployments, read_only=True) as page:
        assert not set(REQUESTS) & {command.id for command in commands_now(page.app.screen)}
        for number, key in enumerate(("L", "S", "A", "X"), start=1):
            await page.press(key)
            assert page.engine.still_actions.rechecked == []
            assert len(page.said) == number
            assert page.said[-1].endswith("read-only: nothing can be sent")


async def test_rechecks_begin_at_the_key_press_with_the_captured_target() -> None:
    async with console(prepare=deployments(3)) as page:
        await select(page, 1)
        page.app.controller.request("liquidate")
        # Before any frame was drawn: the connection warms up while a person reads.
        assert [each.deploy_id for each in page.engine.still_actions.rechecked[0]] == [deploy_id(1)]
        assert isinstance(page.app.controller.dialog, ConfirmScreen)


async def test_a_project_marked_twice_is_one_target() -> None:
    twice = Pointed((Mark(project_id(1), deploy_id(1)), Mark(project_id(1), deploy_id(1))))
    async with console(prepare=deployments(2)) as page:
        ActionController(page.app, page.app._app_context, lambda: twice).request("liquidate")
        assert len(page.engine.still_actions.rechecked[0]) == 1


async def test_panic_does_not_depend_on_the_selection() -> None:
    async with opened("X", count=3) as page:
        assert {each.action for each in page.engine.still_actions.rechecked[0]} == {"liquidate"}
        assert len(page.engine.still_actions.rechecked[0]) == 3


async def test_panic_by_an_old_list_says_how_old() -> None:
    def outdated(engine: StillEngine) -> None:
        failure = Failure(FailureKind.SERVER, "HTTP 502", 1.0, 1.0)
        engine.store.put(DEPLOYMENTS, engine.store.get(DEPLOYMENTS).with_error(failure))
        engine.still.passed += 400

    async with opened("X", count=2, prepare=outdated) as page:
        assert "The list of deployments was read 5m ago (HTTP 502): one started since is not in it." in words(page)


async def test_panic_names_what_failed_and_is_not_reached() -> None:
    async with console((120, 40)) as page:
        await page.press("X")
        assert "Not part of it: FX/overnight drift failed and may have left positions open." in page.text
        assert "LIVE equity 1,328,443" in page.text


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_panic_names_what_starts_while_its_question_is_open(size: Size) -> None:
    async with opened("X", count=12, size=size) as page:
        twelve = page.engine.store.get(DEPLOYMENTS).value or ()
        assert "Not part of it" not in page.text
        await page.press("1")
        page.engine.put(DEPLOYMENTS, (*twelve, deployment(12)), age_s=0.0)
        await page.settle()
        assert "Not part of it, and running: LIVE project 23456801 …430e; Escape and X takes it in" in words(page)
        assert "…430e; Escape and X" in " ".join(page.text.replace("┃", " ").split())
        # Nothing else changes: the question stands, and with it what was typed.
        assert "Type 12 to liquidate 12 deployments, then Enter.   1_" in page.text
        assert "Checked again" in page.text or "Checking 12 of 12 targets again" in page.text
        assert "Cancel" in page.text
        more = tuple(deployment(number, paper=number < 14) for number in range(12, 17))
        page.engine.put(DEPLOYMENTS, (*twelve, *more), age_s=0.0)
        await page.settle()
        assert "project 23456803 …77a0 · LIVE project 23456804 …c3d2 · 3 more; Escape and X takes" in words(page)
        assert "Type 12 to liquidate 12 deployments, then Enter.   1_" in page.text
        page.engine.put(DEPLOYMENTS, twelve, age_s=0.0)
        await page.settle()
        assert "Not part of it" not in page.text
        await page.press("2", "enter")
        assert {each for batch in sent(page) for each in batch} == {deploy_id(number) for number in range(12)}


async def test_what_starts_beside_fits_at_80x24_when_reads_fail_too() -> None:
    async with opened("X", count=12) as page:
        for each in page.engine.still_actions.rechecked[0]:
            fail_recheck(page.engine, each, "the API did not answer within 10 s, which is how long it is waited for")
        rows = page.engine.store.get(DEPLOYMENTS).value or ()
        page.engine.put(DEPLOYMENTS, (*rows, *(deployment(number) for number in range(12, 17))), age_s=0.0)
        await page.settle()
        text = " ".join(page.text.replace("┃", " ").split())
        assert "· 3 more; Escape and X takes them in" in text
        assert "12 of 12 targets could not be re-checked" in text
        assert "you can still send" in text
        assert "Type 12 to liquidate 12 deployments, then Enter." in text
        assert "Escape or n cancels" in text


async def test_panic_names_what_was_redeployed_once_its_old_deployment_is_no_target() -> None:
    async with opened("X", count=3) as page:
        rows = page.engine.store.get(DEPLOYMENTS).value or ()
        newer = replace(deployment(1), deploy_id="L-another", launched_at=NOW)
        page.engine.put(DEPLOYMENTS, (rows[0], newer, rows[2]), age_s=0.0)
        await page.settle()
        # The request names the project alone: as long as it is sent, it would hit the newer one.
        assert "Not part of it" not in words(page)
        gone = next(each for each in page.engine.still_actions.rechecked[0] if each.deploy_id == deploy_id(1))
        recheck(page.engine, gone, Recheck(disarmed="redeployed since: now L-another", another=True))
        await page.settle()
        assert "Not part of it, and running: LIVE Momentum/Crossover 1 …ther; Escape and X takes it in" in words(page)


async def test_what_starts_beside_marked_ones_is_no_news() -> None:
    async with opened(count=2, marked=(0, 1)) as page:
        rows = page.engine.store.get(DEPLOYMENTS).value or ()
        page.engine.put(DEPLOYMENTS, (*rows, deployment(2)), age_s=0.0)
        await page.settle()
        assert "Not part of it" not in words(page)


async def test_an_unknown_request_does_nothing() -> None:
    async with console(prepare=nothing) as page:
        page.app.controller.request("delete")
        assert page.app.controller.dialog is None
    assert REQUESTS == ("liquidate", "stop", "abort", "rename", "delete", "rerun", "panic", "retry")


async def test_cancel_goes_to_what_waits_and_says_so_if_nothing_does() -> None:
    async with console(prepare=nothing) as page:
        await page.press("u")
        assert page.said == ["Nothing to cancel: no request is waiting to be sent"]
        put_actions(
            page.engine,
            record("a1", target(), (Rung.SENDING, 0.0), cancellable=True, tries=1),
            record("a2", target(1), (Rung.SENT, 0.0)),
        )
        await page.settle()
        await page.press("u")
        assert page.engine.still_actions.cancelled == ["a1"]


async def test_key_code_and_enter_in_one_burst_reach_the_dialog_and_the_next_key_what_is_below() -> None:
    async with console(prepare=with_deployments) as page:
        await page.burst("L", *"430e", "enter", "space")
        assert sent(page) == [(deploy_id(0),)]
        assert page.app.selected.now.marks == (Mark(project_id(0), deploy_id(0)),)


async def test_a_pasted_burst_answers_no_question_for_a_number() -> None:
    async with console(prepare=deployments(2)) as page:
        await page.burst("X", "2", "enter", "enter")
        assert sent(page) == []
        assert isinstance(page.app.screen, ConfirmScreen)
        await page.press("2", "enter")
        assert [len(targets) for targets in sent(page)] == [2]


async def test_who_answers_the_moment_the_question_is_drawn_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine the answer is typed before the program has done with the frame that shows the question."""
    async with console(prepare=deployments(2)) as page:
        drawn: list[float] = []
        display = page.app._display

        def note(screen: Screen[object], renderable: Any) -> None:
            display(screen, renderable)
            if isinstance(screen, ConfirmScreen):
                drawn.append(Message().time)

        monkeypatch.setattr(page.app, "_display", note)
        await page.press("X")
        for key in ("2", "enter"):
            event = key_event(key)
            event.time = drawn[0]
            page.app.post_message(event)
        await page.settle()
        assert [len(targets) for targets in sent(page)] == [2]


async def test_escape_in_the_same_burst_cancels() -> None:
    async with console(prepare=deployments(2)) as page:
        await page.burst("X", "escape", "2", "enter")
        assert sent(page) == []
        assert page.app.controller.dialog is None


async def test_a_pasted_burst_answers_no_question_for_y() -> None:
    async with console(prepare=lambda engine: with_deployments(engine, paper=(0,))) as page:
        await page.burst("S", "y", "y")
        assert sent(page) == []
        assert isinstance(page.app.screen, ConfirmScreen)
        assert page.app.clipboard == ""


def ended(engine: StillEngine) -> None:
    """One that has ended, with an action over in the bar, a finished optimization, and one that runs below."""
    with_deployments(engine, 2)
    rows = engine.store.get(DEPLOYMENTS).value or ()
    engine.put(DEPLOYMENTS, (replace(rows[0], status="Stopped", stopped_at=NOW - 60.0), rows[1]), age_s=0.0)
    with_optimization(engine, "completed")
    put_actions(engine, record("a", target(), (Rung.SENT, 0.0), (Rung.VERIFIED, 9.0)))


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize(
    ("keys", "verb"),
    [
        (("L", *"505a", "enter"), "liquidate"),
        (("S", *"1d2c", "enter"), "stop"),
        (("S", *"1dxc", "backspace", "backspace", *"fe", "enter"), "stop"),
        (("L", *"505a", "escape"), "liquidate"),
        (("A", "y", "enter"), "abort"),
        (("K", *"dead", "enter"), "delete"),
        (("R", *"430e", "enter"), "retry"),
    ],
)
async def test_what_is_typed_behind_a_refused_key_is_no_command(
    keys: tuple[str, ...], verb: str, at_once: bool
) -> None:
    async with console(prepare=ended) as page:
        await select(page, 0)
        if verb in {"abort", "delete"}:
            page.engine.still_actions.refusals[project_id(0)] = "locked"
        before, stack = page.app.focused, list(page.app.screen_stack)
        await (page.burst if at_once else page.press)(*keys[:-1])
        assert page.said[-1].startswith(f"Can't {verb}: ")
        assert " ".join(f"{page.said[-1]}. Enter or Esc goes back".split()) in " ".join(page.text.split())
        line = page.said[-1]
        await page.press(keys[-1])
        assert page.app.screen_stack == stack
        assert page.said == ([] if keys[-1] == "escape" else [line])
        assert page.app.focused is before
        assert page.engine.still_actions.acknowledged == []
        assert page.engine.still_actions.rechecked == []
        assert page.app.clipboard == ""
        assert page.app.selected.now.project_id == project_id(0)
        await page.press("space")
        assert [mark.project_id for mark in page.app.selected.now.marks] == [project_id(0)]


@pytest.mark.parametrize("read_only", [True, False])
async def test_nor_is_it_where_the_key_is_not_there_at_all(read_only: bool) -> None:
    async with console(prepare=ended, read_only=read_only) as page:
        await page.press(*(() if read_only else ("N",)))
        stack = list(page.app.screen_stack)
        await page.burst("L", *"505ad", "enter")
        assert page.app.screen_stack == stack
        assert [each for each in page.said if each.startswith("Can't liquidate: ")] == page.said
        assert "Can't liquidate: " in page.lines[0]
        assert page.engine.still_actions.acknowledged == []
        await page.press("S")
        assert page.said[-1].startswith("Can't stop: ")


@pytest.mark.parametrize("at_once", [True, False])
async def test_a_key_that_is_part_of_no_answer_acts_at_once_behind_a_refused_one(at_once: bool) -> None:
    async with console(prepare=ended) as page:
        press = page.burst if at_once else page.press
        await select(page, 0)
        await press("L", "5", "X")
        assert isinstance(page.app.screen, ConfirmScreen)
        await press("escape")
        await select(page, 0)
        await press("L", "L", "down", "L", "k", "L", *"9b1f", "enter")
        assert sent(page) == [(deploy_id(1),)]
        assert len(page.app.screen_stack) == 1


async def test_l_twice_in_one_burst_opens_one_dialog() -> None:
    async with console(prepare=with_deployments) as page:
        await page.burst("L", "L", "L")
        assert len(page.app.screen_stack) == 2
        assert len(page.engine.still_actions.rechecked) == 1


async def test_a_defect_behind_one_key_takes_no_other_key_away(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(screen: MainScreen) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(MainScreen, "action_pick_chart", fails)
    async with console(prepare=with_deployments) as page:
        await page.burst("c", "L", *"430e", "enter")
        assert sent(page) == [(deploy_id(0),)]
        assert page.said == ["What this key does failed (ZeroDivisionError). The log has the details."]
        page.app.clear_notifications()
