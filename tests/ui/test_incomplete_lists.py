"""Lists of deployments that do not tell everything, or more than one deployment of a project."""

from __future__ import annotations

import pytest

from qctui.model.keys import DEPLOYMENTS
from qctui.value import replace
from tests.ui.dialogs import opened, words
from tests.ui.page import console
from tests.ui.scene import NOW, StillEngine, deployments, fill
from tests.ui.targets import with_deployments

pytestmark = pytest.mark.anyio

SELECTED = 23456791


def with_a_hole(engine: StillEngine, count: int) -> None:
    with_deployments(engine, count)
    engine.store.put(DEPLOYMENTS, replace(engine.store.get(DEPLOYMENTS), unreadable=1))


async def test_panic_by_a_list_with_holes_says_so() -> None:
    async with opened("X", prepare=lambda engine: with_a_hole(engine, 2)) as page:
        assert "1 entry of the list of deployments can't be read: one that runs may be missing here." in words(page)


async def test_panic_with_nothing_readable_running_does_not_say_that_nothing_runs() -> None:
    async with opened("X", count=0, prepare=lambda engine: with_a_hole(engine, 0)) as page:
        (said,) = page.said
        assert said.startswith("Can't liquidate: no deployment that can be read is running; 1 entry of the list")


def two_alive(engine: StillEngine, status: str = "Running") -> None:
    fill(engine)
    rows = deployments()
    newest = next(each for each in rows if each.project_id == SELECTED)
    older = replace(newest, deploy_id="L-older", status=status, launched_at=NOW - 9e6)
    engine.put(DEPLOYMENTS, (*rows, older, older, replace(older, deploy_id="L-ended", stopped_at=NOW - 8e6)))


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_two_alive_in_one_project_are_told_in_its_row_and_counted(size: tuple[int, int]) -> None:
    async with console(size, prepare=two_alive) as page:
        assert "Running ? +1 " in page.line("▸ LIVE  Crypto/BTC trend ")
        assert "Running ? +" not in page.line("LIVE  Pairs/KO")
        assert "7 running " in page.line("1 Deployments")
        assert "1 failed" in page.line("1 Deployments")


async def test_however_long_a_status_is_the_others_are_told() -> None:
    async with console((80, 24)) as page:
        rows = [replace(each, status="Initializing") for each in deployments()]
        page.engine.put(DEPLOYMENTS, (*rows, replace(rows[2], deploy_id="L-older")))
        await page.settle()
        assert f"Initial{page.main.deployments._glyphs.ellipsis} ? +1 " in page.line("▸ LIVE  Crypto/BTC trend ")


async def test_the_dialog_says_what_a_liquidation_hits_where_several_are_alive() -> None:
    async with console((120, 40), prepare=two_alive) as page:
        await page.press("L")
        said = " ".join(page.text.replace("┃", " ").split())
        assert "1 other deployment of this project is alive too: this hits whatever the service holds live" in said
