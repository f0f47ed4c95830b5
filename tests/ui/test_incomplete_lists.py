"""Lists of deployments that do not tell everything, or more than one deployment of a project."""

from __future__ import annotations

from dataclasses import replace

import pytest

from qctui.model.keys import DEPLOYMENTS
from tests.ui.desk import ActingApp, StillEngine, with_deployments
from tests.ui.page import console
from tests.ui.scene import NOW, deployments, fill
from tests.ui.scene import StillEngine as SceneEngine

pytestmark = pytest.mark.anyio

SELECTED = 23456791


async def test_panic_by_a_list_with_holes_says_so() -> None:
    engine = StillEngine()
    with_deployments(engine, 2)
    engine.store.put(DEPLOYMENTS, replace(engine.store.get(DEPLOYMENTS), unreadable=1))
    app = ActingApp(engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("X")
        await pilot.pause()
        said = " ".join(app.controller.dialog.text.split()) if app.controller.dialog else ""
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


def two_alive(engine: SceneEngine, status: str = "Running") -> None:
    fill(engine)
    rows = deployments()
    newest = next(each for each in rows if each.project_id == SELECTED)
    older = replace(newest, deploy_id="L-older", status=status, launched_at=NOW - 9e6)
    engine.put(DEPLOYMENTS, (*rows, older, older, replace(older, deploy_id="L-ended", stopped_at=NOW - 8e6)))


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_two_alive_in_one_project_are_told_in_its_row_and_counted(size: tuple[int, int]) -> None:
    async with console(size, prepare=two_alive) as page:
        assert "Running +1 " in page.line("▸ LIVE  Crypto/BTC trend ")
        assert "Running +" not in page.line("LIVE  Pairs/KO-PEP")
        assert "7 running " in page.line("1 Deployments")
        assert "1 failed" in page.line("1 Deployments")


async def test_however_long_a_status_is_the_others_are_told() -> None:
    async with console((80, 24)) as page:
        rows = [replace(each, status="Initializing") for each in deployments()]
        page.engine.put(DEPLOYMENTS, (*rows, replace(rows[2], deploy_id="L-older")))
        await page.settle()
        assert f"Initiali{page.main.deployments._glyphs.ellipsis} +1 " in page.line("▸ LIVE  Crypto/BTC trend ")


async def test_the_dialog_says_what_a_liquidation_hits_where_several_are_alive() -> None:
    async with console((120, 40), prepare=two_alive) as page:
        await page.press("L")
        said = " ".join(page.text.replace("┃", " ").split())
        assert "1 other deployment of this project is alive too: this hits whatever the service holds live" in said
