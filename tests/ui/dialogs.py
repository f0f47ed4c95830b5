"""Opens a confirm dialog in the console, with the keys that a person would press."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from qctui.ui.actions.dialog import ConfirmScreen
from qctui.value import replace
from tests.ui.page import OPTIONS, Page, Size, console
from tests.ui.scene import StillEngine
from tests.ui.targets import project_id, with_deployments

QUESTION = "Type 430e to liquidate, then Enter."


@asynccontextmanager
async def opened(
    key: str = "L", *, count: int = 1, paper: Sequence[int] = (), at: int = 0, marked: Sequence[int] = (),
    size: Size = (80, 24), name: str = "", ascii_only: bool = False,
    prepare: Callable[[StillEngine], object] = lambda engine: None,
) -> AsyncIterator[Page]:  # fmt: skip
    """A console with so many deployments, one selected, some marked, in which `key` has been pressed."""

    def fill(engine: StillEngine) -> None:
        with_deployments(engine, count, paper=paper, name=name)
        prepare(engine)

    async with console(size, options=replace(OPTIONS, ascii=ascii_only), prepare=fill) as page:
        for number in marked:
            await select(page, number)
            await page.press("space")
        if count:
            await select(page, at)
        await page.press(key)
        yield page


async def select(page: Page, number: int) -> None:
    """Go to the row of a deployment."""
    await page.press("home")
    while page.app.selected.now.project_id != project_id(number):
        before = page.app.selected.now.project_id
        await page.press("down")
        assert page.app.selected.now.project_id != before, f"deployment {number} has no row"


def dialog(page: Page) -> ConfirmScreen:
    """The dialog on top."""
    assert isinstance(page.app.screen, ConfirmScreen)
    return page.app.screen


def words(page: Page) -> str:
    """What the dialog says, without its line breaks."""
    return " ".join(dialog(page).text.split())


def sent(page: Page) -> list[tuple[str, ...]]:
    """The deployments of each confirmation."""
    return [tuple(each.deploy_id for each in targets) for targets in page.engine.still_actions.confirmed]
