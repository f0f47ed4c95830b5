"""Aiming by a list of deployments that does not tell everything."""

from __future__ import annotations

from dataclasses import replace

import pytest

from qctui.model.keys import DEPLOYMENTS
from tests.ui.desk import ActingApp, StillEngine, with_deployments

pytestmark = pytest.mark.anyio


async def test_panic_by_a_list_with_holes_says_so() -> None:
    engine = StillEngine()
    with_deployments(engine, 2)
    engine.store.put(DEPLOYMENTS, replace(engine.store.get(DEPLOYMENTS), unreadable=1))
    app = ActingApp(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("X")
        await pilot.pause()
        said = " ".join(app.acting.dialog.text.split()) if app.acting.dialog else ""
        assert "1 entry of the list of deployments can't be read: one that runs may be missing here." in said


async def test_panic_with_nothing_readable_running_does_not_say_that_nothing_runs() -> None:
    engine = StillEngine()
    with_deployments(engine, 0)
    engine.store.put(DEPLOYMENTS, replace(engine.store.get(DEPLOYMENTS), unreadable=1))
    app = ActingApp(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("X")
        await pilot.pause()
        (said,) = [notification.message for notification in app._notifications]
    assert said.startswith("Can't liquidate: no deployment that can be read is running; 1 entry of the list")
