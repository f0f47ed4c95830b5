"""Renaming and deleting an optimization, with the keys that a person would press."""

from __future__ import annotations

from functools import partial

import pytest
from textual import events

from qctui.ui.actions.dialog import ConfirmScreen
from tests.ui.dialogs import dialog, opened, words
from tests.ui.page import Page
from tests.ui.targets import OPTIMIZATION_ID, with_optimization

pytestmark = pytest.mark.anyio

RENAMING = "Type another name to rename, then Enter."
DELETING = f"Type {OPTIMIZATION_ID[-4:]} to delete, then Enter."


def sent(page: Page) -> list[tuple[str, str, str]]:
    confirmed = page.engine.still_actions.confirmed
    return [(each.action, each.optimization_id, each.new_name) for targets in confirmed for each in targets]


async def test_a_name_is_typed_over_the_one_it_has() -> None:
    async with opened("2", prepare=with_optimization) as page:
        await page.press("M")
        assert RENAMING in page.text
        assert "RENAME" in page.text
        assert f"{RENAMING}   Grid of periods" in dialog(page).text
        assert " Escape cancels" in page.text
        await page.press("backspace", "n", "enter")
        assert sent(page) == [("rename", OPTIMIZATION_ID, "Grid of periodn")]


async def test_what_is_no_new_name_sends_nothing_and_keeps_the_question() -> None:
    async with opened("2", prepare=with_optimization) as page:
        await page.press("M", "n", "backspace", "enter")
        assert "that is its name already" in page.text
        await page.press("ctrl+u", "space", "enter")
        assert "a name is expected" in page.text
        await page.press("escape")
        assert sent(page) == []
        await page.press("M", "enter")
        assert not isinstance(page.app.screen, ConfirmScreen)
        assert sent(page) == []


async def test_a_name_may_be_pasted_and_a_long_one_shows_its_end() -> None:
    async with opened("2", prepare=with_optimization) as page:
        await page.press("M", "ctrl+u")
        page.app.post_message(events.Paste("Walk-forward 2019 to 2026,\x1b[31m both sides\n" + "z" * 200))
        await page.settle()
        assert RENAMING in page.text
        assert "zzz" in page.text
        await page.press("enter")
        ((_, _, name),) = sent(page)
        assert name.startswith("Walk-forward 2019 to 2026, both sides")
        assert (len(name), name.isprintable()) == (100, True)


async def test_a_burst_renames_nothing_that_was_not_seen() -> None:
    async with opened("2", prepare=with_optimization) as page:
        await page.burst("M", "x", "enter")
        assert sent(page) == []
        assert RENAMING in words(page)
        await page.press("x", "enter")
        assert sent(page) == [("rename", OPTIMIZATION_ID, "Grid of periodsx")]


async def test_a_deletion_asks_for_the_ids_end_and_not_of_what_runs() -> None:
    async with opened("2", prepare=with_optimization) as page:
        await page.press("K")
        assert page.said[-1] == "Can't delete: Grid of periods: not finished: running; abort it first"
    async with opened("2", prepare=partial(with_optimization, status="completed")) as page:
        await page.burst("K", *OPTIMIZATION_ID[-4:], "enter")
        assert sent(page) == [("delete", OPTIMIZATION_ID, "")]
        await page.press("K")
        assert DELETING in page.text
        assert "It can't be brought back." in words(page)
