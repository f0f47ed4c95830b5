"""Acting in the whole program: its own keys, its palette, its screens."""

from __future__ import annotations

import pytest
from textual import events
from textual.widgets._toast import Toast

from qctui.model.action import ACTIONS, Rung
from qctui.model.keys import DEPLOYMENTS
from qctui.ui.actions.dialog import ConfirmScreen
from qctui.ui.app import QctuiApp
from qctui.ui.context import UiOptions
from qctui.ui.help import CommandPalette
from qctui.ui.journal_screen import JournalScreen
from qctui.value import replace
from tests.ui import scene
from tests.ui.page import screen_text
from tests.ui.targets import record, target

pytestmark = pytest.mark.anyio

CODE = scene.deploy_id(23_456_791)[-4:]


def make() -> tuple[QctuiApp, scene.StillEngine]:
    engine = scene.StillEngine()
    scene.fill(engine)
    return QctuiApp(engine, UiOptions()), engine


async def test_the_key_the_code_and_enter() -> None:
    app, engine = make()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("L", *CODE, "enter")
        await pilot.pause()
        assert [[each.project_id for each in targets] for targets in engine.still_actions.confirmed] == [[23_456_791]]
        assert not isinstance(app.screen, ConfirmScreen)


async def test_all_of_it_in_one_burst() -> None:
    app, engine = make()
    async with app.run_test(size=(80, 24)) as pilot:
        for key in ("L", *CODE, "enter"):
            app.post_message(events.Key(key, key if len(key) == 1 else None))
        await pilot.pause()
        await pilot.pause()
        assert [[each.project_id for each in targets] for targets in engine.still_actions.confirmed] == [[23_456_791]]


async def test_no_key_of_the_program_acts_through_the_dialog() -> None:
    app, engine = make()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("L")
        before = app.selected.now
        for key in ("ctrl+p", "ctrl+q", "q", "J", "p", "question_mark", "r", "1", "slash", "v", "d", "tab"):
            await pilot.press(key)
            assert isinstance(app.screen, ConfirmScreen), key
            assert app.focused is not None, key
            assert app.focused.id == "cancel", key
            assert (engine.refreshed, engine.still_actions.confirmed, engine.still_actions.acknowledged) == (
                [],
                [],
                [],
            ), key
        assert app.selected.now == before


async def test_the_palette_asks_like_the_key() -> None:
    app, engine = make()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("ctrl+p")
        await pilot.pause()
        assert isinstance(app.screen, CommandPalette)
        await pilot.press("escape")
        await pilot.pause()
        await app.run_command("liquidate")
        await pilot.pause()
        assert isinstance(app.screen, ConfirmScreen)
        assert engine.still_actions.confirmed == []


async def test_marks_choose_the_targets_and_have_served_once_confirmed() -> None:
    app, engine = make()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("space", "j", "space", "L")
        await pilot.pause()
        assert len(engine.still_actions.rechecked[0]) == 2
        await pilot.press("2", "enter")
        await pilot.pause()
        assert len(engine.still_actions.confirmed[0]) == 2
        assert app.selected.now.marks == ()


async def test_open_actions_of_the_last_run_are_on_the_first_screen() -> None:
    app, engine = make()
    left = record(
        "a", target(), (Rung.SENT, 0.0), (Rung.UNKNOWN, 10.0, "the console ended"), resumed=True, from_last_run=True
    )
    engine.put(ACTIONS, (left,))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        bar = app.main_screen.action_bar
        assert bar.region.height > 0
        assert "from the last run" in bar.text
        assert "UNKNOWN" in bar.text


async def test_j_opens_the_journal_and_nothing_is_aimed_at_there() -> None:
    app, engine = make()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("J")
        await pilot.pause()
        assert isinstance(app.screen, JournalScreen)
        await pilot.press("L")
        await pilot.pause()
        assert engine.still_actions.rechecked == []
        await pilot.press("X")
        await pilot.pause()
        assert isinstance(app.screen, ConfirmScreen)


async def test_what_changes_below_a_dialog_is_not_drawn_until_it_closes(monkeypatch: pytest.MonkeyPatch) -> None:
    app, engine = make()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("L")
        await pilot.pause()
        await pilot.pause()
        drawn: list[object] = []
        display = app._display
        monkeypatch.setattr(app, "_display", lambda *update: drawn.append(update))
        rows = engine.store.get(DEPLOYMENTS).value or ()
        engine.put(DEPLOYMENTS, tuple(replace(row, equity=7_777_777.0) for row in rows))
        await pilot.pause()
        await pilot.pause()
        assert drawn == []
        monkeypatch.setattr(app, "_display", display)
        await pilot.press("escape")
        await pilot.pause()
        assert "7,777,777" in screen_text(app.screen)


async def test_actions_go_on_in_the_bar_below_a_dialog() -> None:
    app, engine = make()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("X")
        await pilot.pause()
        engine.put(ACTIONS, (record("a", target(), (Rung.SENT, 0.0), (Rung.ACCEPTED, 0.2)),))
        await pilot.pause()
        assert not app.main_screen.action_bar.empty
        await pilot.press("escape")
        await pilot.pause()
        assert "ACCEPTED" in screen_text(app.screen)


def said(app: QctuiApp) -> list[str]:
    return [str(toast._notification.message) for toast in app.screen.query(Toast)]


async def test_what_was_said_last_is_shown_beside_the_last_refusal_and_never_over_a_dialog() -> None:
    app, _ = make()
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        for number in range(30):
            app.notify(f"word {number}", timeout=60, severity="error" if number == 7 else "warning")
        await pilot.pause()
        assert said(app) == ["word 7", "word 29"]
        await pilot.press("L")
        app.notify("one more", timeout=60)
        await pilot.pause()
        assert list(app.screen.query(Toast)) == []
        await pilot.press("escape")
        await pilot.pause()
        assert said(app) == ["word 7", "one more"]


async def test_panic_says_so_over_its_dialog() -> None:
    app, _ = make()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("X")
        await pilot.pause()
        assert "PANIC: LIQUIDATE" in screen_text(app.screen)
        await pilot.press("escape", "L")
        await pilot.pause()
        assert "PANIC" not in screen_text(app.screen)
