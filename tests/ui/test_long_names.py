"""Names that begin alike, where there is no room for them: a person can still tell one from the other."""

from __future__ import annotations

import pytest

from qctui.model.keys import PROJECTS, optimizations_key
from qctui.ui.kit.pane import Pane
from qctui.value import replace
from tests.ui.dialogs import dialog
from tests.ui.page import Page, Size, console
from tests.ui.scene import StillEngine, deployments, fill, projects

pytestmark = pytest.mark.anyio

BEGINNING = "Momentum/Crossover of slow and fast averages, "
ENDS = ("daily", "hourly")


def fill_alike(engine: StillEngine) -> None:
    """The first two projects with something alive begin alike, and so do the first two optimizations of each."""
    fill(engine)
    alive = [each.project_id for each in deployments() if each.alive][: len(ENDS)]
    names = dict(zip(alive, (BEGINNING + end for end in ENDS), strict=True))
    engine.put(PROJECTS, tuple(replace(each, name=names.get(each.project_id, each.name)) for each in projects()))
    for project in projects():
        key = optimizations_key(project.project_id)
        known = engine.store.get(key).value or ()
        alike = [replace(each, name=BEGINNING + end) for each, end in zip(known, ENDS, strict=False)]
        engine.put(key, (*alike, *known[len(ENDS) :]))


def ends_of(page: Page, section: range) -> list[bool]:
    """Which of the two ends a line of these begins with the common beginning and shows."""
    lines = [page.lines[number] for number in section]
    return [any("Mom" in line and f"{end[-4:]} " in line for line in lines) for end in ENDS]


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_two_that_begin_alike_are_told_apart(size: Size) -> None:
    async with console(size, prepare=fill_alike) as page:
        panes: list[Pane] = [page.main.deployments, page.main.optimizations]
        sections = [range(pane.region.y + 2, pane.region.bottom) for pane in panes]
        assert [ends_of(page, section) for section in sections] == [[True, True], [True, True]]
        await page.press("1", "home", "down", "space", "down", "space", "L")
        assert dialog(page)
        assert ends_of(page, range(size[1])) == [True, True]


async def test_the_pane_with_the_keys_gets_the_width_too() -> None:
    async with console((80, 24), prepare=fill) as page:
        before = page.main.optimizations.size.width
        await page.press("2")
        assert page.main.optimizations.size.width >= before + 6
        await page.press("4")
        assert page.main.optimizations.size.width <= before
