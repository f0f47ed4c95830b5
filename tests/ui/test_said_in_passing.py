"""What is said in passing covers nothing that somebody reads or types at that moment."""

from __future__ import annotations

import pytest
from textual.geometry import Region
from textual.widgets._toast import Toast, ToastRack

from qctui.model.action import ACTIONS, Rung
from qctui.value import replace
from tests.ui.page import OPTIONS, Page, Size, console
from tests.ui.scene import StillEngine, fill
from tests.ui.targets import record, target

pytestmark = pytest.mark.anyio

LONG = "Can't liquidate: a deployment with a long name: deployed again since it was marked, which takes lines to say"


def with_actions(engine: StillEngine) -> None:
    fill(engine)
    ended = ((Rung.SENT, 0.0), (Rung.ACCEPTED, 0.2), (Rung.VERIFIED, 9.0))
    engine.put(ACTIONS, tuple(record(f"a{n}", target(n), *ended, batch_id="b") for n in range(12)))


def toasts(page: Page) -> list[Region]:
    rack = page.app.screen.query_one(ToastRack)
    return [toast.region.intersection(rack.region) for toast in rack.query(Toast) if toast.region]


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
@pytest.mark.parametrize("details", [False, True])
async def test_neither_the_actions_nor_the_keys_are_ever_covered(size: Size, details: bool) -> None:
    async with console(size, prepare=with_actions) as page:
        if details:
            await page.press("v")
        for number in range(4):
            page.app.say(f"{number} {LONG}")
            await page.settle()
        shown = toasts(page)
        assert shown
        kept = (page.main.action_bar.region, page.main.key_bar.region)
        assert not [each for each in shown for other in kept if each.overlaps(other)]
        assert f"3 {LONG[:20]}" in page.text


async def test_a_sentence_takes_the_first_line_alone() -> None:
    async with console((80, 24)) as page:
        before = page.lines
        page.app.say("Crypto/BTC trend was deployed again: what runs there now is not marked")
        await page.settle()
        assert "what runs there now is not marked" in page.lines[0]
        assert page.lines[1:] == before[1:]


@pytest.mark.parametrize("keys", ["L", "X", "p", "ctrl+p", "c"])
async def test_what_asks_for_an_answer_is_not_covered(keys: str) -> None:
    async with console((80, 24)) as page:
        await page.press(keys)
        before = page.text
        page.app.say(LONG)
        await page.settle()
        assert page.text == before
        await page.press("escape")
        assert "Can't liquidate" in page.text


@pytest.mark.parametrize("ascii_only", [False, True])
async def test_the_pane_with_the_keys_is_told_without_colour(ascii_only: bool) -> None:
    async with console((120, 40), options=replace(OPTIONS, ascii=ascii_only)) as page:
        strong = "=" if ascii_only else "━"
        titles = {"1": "Deployments", "2": "Optimizations", "3": "Insights", "4": "Chart"}
        for key in titles:
            await page.press(key)
            assert [other for other in titles if f"{strong} {other} {titles[other]}" in page.text] == [key]
