"""From the key to the dialog: who is aimed at, and who is refused in which words."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual import events
from textual.app import App

from qctui.model.action import Rung
from qctui.model.keys import DEPLOYMENTS
from qctui.model.resource import Failure, FailureKind, Resource
from qctui.ui.actions.controller import REQUESTS, Pointed
from qctui.ui.actions.dialog import ConfirmScreen
from tests.ui.desk import (
    HOSTILE,
    ActingApp,
    StillEngine,
    deploy_id,
    pointed,
    project_id,
    put_actions,
    record,
    target,
    with_deployments,
    with_optimization,
)  # fmt: skip

pytestmark = pytest.mark.anyio


def notices(app: App[None]) -> list[str]:
    return [notice.message for notice in app._notifications]


async def ask(engine: StillEngine, key: str, selected: Pointed) -> ActingApp:
    app = ActingApp(engine)
    app.selected = selected
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(key)
        await pilot.pause()
    return app


@pytest.mark.parametrize("key", ["L", "S"])
async def test_without_a_selection_it_says_so(key: str) -> None:
    engine = StillEngine()
    with_deployments(engine)
    app = await ask(engine, key, Pointed())
    verb = "liquidate" if key == "L" else "stop"
    assert notices(app) == [f"Can't {verb}: no deployment is selected"]
    assert engine.desk.rechecked == []


async def test_without_a_list_it_says_that_nothing_was_read() -> None:
    app = await ask(StillEngine(), "L", Pointed())
    assert notices(app) == ["Can't liquidate: the list of deployments has not been read yet"]


async def test_panic_without_a_list_tells_why_there_is_none() -> None:
    engine = StillEngine()
    failure = Failure(FailureKind.CONNECT, "connection refused", 1.0, 1.0)
    engine.store.put(DEPLOYMENTS, engine.store.get(DEPLOYMENTS).with_error(failure))
    app = await ask(engine, "X", Pointed())
    assert notices(app) == [
        "Can't liquidate: the list of deployments has not been read yet: connection refused",
    ]


async def test_panic_with_nothing_running_says_so() -> None:
    engine = StillEngine()
    with_deployments(engine, 0)
    app = await ask(engine, "X", Pointed())
    assert notices(app) == ["Can't liquidate: no deployment is running"]


async def test_abort_without_an_optimization_says_so() -> None:
    app = await ask(StillEngine(), "A", Pointed())
    assert notices(app) == ["Can't abort: no optimization is selected"]


async def test_what_has_ended_is_refused_by_name() -> None:
    engine = StillEngine()
    with_deployments(engine, name=HOSTILE)
    rows = engine.store.get(DEPLOYMENTS).value or ()
    ended = tuple(replace(row, status="Stopped", stopped_at=1.0) for row in rows)
    engine.store.put(DEPLOYMENTS, Resource(value=ended, fetched_mono=1_000.0))
    app = await ask(engine, "L", pointed(0))
    assert notices(app) == [f"Can't liquidate: {HOSTILE}: no longer running: Stopped"]


async def test_a_finished_optimization_is_refused() -> None:
    engine = StillEngine()
    app = await ask(engine, "A", with_optimization(engine, status="completed"))
    assert notices(app) == ["Can't abort: Grid of periods: already finished: completed"]


async def test_one_reason_for_all_marked_is_said_once() -> None:
    engine = StillEngine()
    with_deployments(engine, 2)
    engine.desk.refusals = {project_id(0): "locked", project_id(1): "locked"}
    app = await ask(engine, "S", pointed(0, 1))
    assert notices(app) == ["Can't stop: 2 marked, each: locked"]


@pytest.mark.parametrize("key", ["L", "S", "A", "X"])
async def test_read_only_opens_no_dialog(key: str) -> None:
    engine = StillEngine()
    engine.desk.read_only = True
    with_deployments(engine)
    app = await ask(engine, key, pointed(0))
    assert engine.desk.rechecked == []
    assert notices(app)[0].endswith("read-only: nothing can be sent")


async def test_rechecks_begin_at_the_key_press_with_the_captured_target() -> None:
    engine = StillEngine()
    with_deployments(engine, 3)
    app = ActingApp(engine)
    app.selected = pointed(1)
    async with app.run_test(size=(80, 24)):
        app.controller.request("liquidate")
        # Before any frame was drawn: the connection warms up while a person reads.
        assert [each.deploy_id for each in engine.desk.rechecked[0]] == [deploy_id(1)]
        assert isinstance(app.controller.dialog, ConfirmScreen)


async def test_a_project_marked_twice_is_one_target() -> None:
    engine = StillEngine()
    with_deployments(engine, 2)
    app = ActingApp(engine)
    app.selected = pointed(1, 1)
    async with app.run_test(size=(80, 24)):
        app.controller.request("liquidate")
        assert len(engine.desk.rechecked[0]) == 1


async def test_panic_does_not_depend_on_the_selection() -> None:
    engine = StillEngine()
    with_deployments(engine, 3)
    app = ActingApp(engine)
    async with app.run_test(size=(80, 24)):
        app.controller.request("panic")
        assert {each.action for each in engine.desk.rechecked[0]} == {"liquidate"}
        assert len(engine.desk.rechecked[0]) == 3


async def test_panic_by_an_old_list_says_how_old() -> None:
    engine = StillEngine()
    with_deployments(engine, 2)
    failure = Failure(FailureKind.SERVER, "HTTP 502", 1.0, 1.0)
    engine.store.put(DEPLOYMENTS, engine.store.get(DEPLOYMENTS).with_error(failure))
    engine.still_clock.mono += 400
    app = ActingApp(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("X")
        await pilot.pause()
        said = " ".join(app.controller.dialog.text.split()) if app.controller.dialog else ""
        assert "The list of deployments was read 5m ago (HTTP 502): one started since is not in it." in said


async def test_an_unknown_request_does_nothing() -> None:
    engine = StillEngine()
    app = ActingApp(engine)
    async with app.run_test():
        app.controller.request("delete")
        assert app.controller.dialog is None
    assert REQUESTS == ("liquidate", "stop", "abort", "panic", "retry")


async def test_cancel_goes_to_what_waits_and_says_so_if_nothing_does() -> None:
    engine = StillEngine()
    app = ActingApp(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("u")
        assert notices(app) == ["Nothing to cancel: no request is waiting to be sent"]
        put_actions(
            engine,
            record("a1", target(), (Rung.SENDING, 0.0), cancellable=True, tries=1),
            record("a2", target(1), (Rung.SENT, 0.0)),
        )
        await pilot.pause()
        await pilot.press("u")
    assert engine.desk.cancelled == ["a1"]


def burst(app: ActingApp, *keys: str) -> None:
    for key in keys:
        app.post_message(events.Key(key, key if len(key) == 1 else None))


async def test_key_code_and_enter_in_one_burst_reach_the_dialog() -> None:
    engine = StillEngine()
    with_deployments(engine)
    app = ActingApp(engine)
    app.selected = pointed(0)
    async with app.run_test(size=(80, 24)) as pilot:
        burst(app, "L", *"430e", "enter", "1")
        await pilot.pause()
        await pilot.pause()
        assert [[each.deploy_id for each in targets] for targets, _ in engine.desk.confirmed] == [[deploy_id(0)]]
        assert app.heard == 1


async def test_a_pasted_burst_answers_no_question_for_a_number() -> None:
    engine = StillEngine()
    with_deployments(engine, 2)
    app = ActingApp(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        burst(app, "X", "2", "enter", "enter")
        await pilot.pause()
        await pilot.pause()
        assert engine.desk.confirmed == []
        assert isinstance(app.screen, ConfirmScreen)
        await pilot.press("2", "enter")
        assert [len(targets) for targets, _ in engine.desk.confirmed] == [2]


async def test_escape_in_the_same_burst_cancels() -> None:
    engine = StillEngine()
    with_deployments(engine, 2)
    app = ActingApp(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        burst(app, "X", "escape", "2", "enter")
        await pilot.pause()
        await pilot.pause()
        assert engine.desk.confirmed == []
        assert app.controller.dialog is None


async def test_a_pasted_burst_answers_no_question_for_y() -> None:
    engine = StillEngine()
    with_deployments(engine, paper=(0,))
    app = ActingApp(engine)
    app.selected = pointed(0)
    async with app.run_test(size=(80, 24)) as pilot:
        burst(app, "S", "y", "y")
        await pilot.pause()
        assert engine.desk.confirmed == []
        assert isinstance(app.screen, ConfirmScreen)
        assert app.heard == 0


async def test_l_twice_in_one_burst_opens_one_dialog() -> None:
    engine = StillEngine()
    with_deployments(engine)
    app = ActingApp(engine)
    app.selected = pointed(0)
    async with app.run_test(size=(80, 24)) as pilot:
        burst(app, "L", "L", "L")
        await pilot.pause()
        assert len(app.screen_stack) == 2
        assert len(engine.desk.rechecked) == 1
