"""The journal's view: stories by action, newest first, live, and literal."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from qctui.actions.actions_port import JournalEntry
from qctui.model.action import ACTIONS
from qctui.model.alert import ALERTS
from qctui.ui.journal_screen import JournalScreen, group_stories
from qctui.value import replace
from tests.ui.alert_scene import blind_alert, quiet_alert
from tests.ui.page import OPTIONS, Page, Size, console
from tests.ui.scene import StillEngine
from tests.ui.targets import HOSTILE, deploy_id

pytestmark = pytest.mark.anyio


def line(
    action_id: str, event: str, clock: str = "14:03:07", *, name: str = "Momentum", detail: str = ""
) -> JournalEntry:
    return JournalEntry(
        id=action_id, at=f"2026-03-01T{clock}.120Z", event=event, action="liquidate", project_id=23_456_789, name=name,
        environment="LIVE", base_url="https://www.quantconnect.com/api/v2", profile="main", via="console",
        deploy_id=deploy_id(0), detail=detail,
    )  # fmt: skip


def story(action_id: str, *events: str, name: str = "Momentum") -> tuple[JournalEntry, ...]:
    return tuple(line(action_id, event, name=name) for event in events)


@asynccontextmanager
async def opened(
    *entries: JournalEntry, size: Size = (80, 24), ascii_only: bool = False
) -> AsyncIterator[tuple[Page, JournalScreen]]:
    def prepare(engine: StillEngine) -> None:
        engine.still_actions.journal = entries

    async with console(size, options=replace(OPTIONS, ascii=ascii_only), prepare=prepare) as page:
        await page.press("J")
        assert isinstance(page.app.screen, JournalScreen)
        yield page, page.app.screen


def test_lines_of_two_actions_are_told_apart_the_newest_action_first() -> None:
    mixed = (line("a", "intent"), line("b", "intent"), line("a", "sent"), line("b", "rejected"))
    assert [[entry.event for entry in each.entries] for each in group_stories(mixed)] == [
        ["intent", "rejected"],
        ["intent", "sent"],
    ]


def test_what_has_no_final_line_is_open() -> None:
    assert group_stories(story("a", "intent", "sent"))[0].outcome == "SENT, open"
    assert group_stories(story("a", "intent"))[0].outcome == "INTENT, open"
    assert group_stories(story("a", "intent", "sent", "not_sent"))[0].outcome == "NOT SENT"
    assert group_stories(story("a", "intent", "sent", "verified"))[0].outcome == "VERIFIED"


def test_events_of_a_newer_program_do_not_hide_the_last_known_one() -> None:
    assert group_stories(story("a", "intent", "sent", "pondered"))[0].outcome == "SENT, open"


async def test_empty() -> None:
    async with opened() as (page, _):
        assert "Nothing has been liquidated, stopped or aborted yet." in page.text
        assert page.lines[-1].strip() == "Esc back"


async def test_list_and_story_at_80x24() -> None:
    async with opened(*story("a", "intent", "sent", "accepted", "verified"), *story("b", "intent", "sent")) as (
        page,
        journal,
    ):
        text = page.text
        assert "2 actions taken from this machine" in text
        assert text.index("SENT, open") < text.index("VERIFIED")
        assert deploy_id(0) in journal.text
        assert "2026-03-01 14:03:07 UTC  SENT" in journal.text


async def test_the_story_follows_the_cursor_and_enter_gives_it_the_screen() -> None:
    entries = (*story("a", "intent", "verified", name="Older"), *story("b", "intent", "sent", name="Newer"))
    async with opened(*entries) as (page, journal):
        assert "LIQUIDATE  LIVE  Newer" in journal.text
        await page.press("down")
        assert "LIQUIDATE  LIVE  Older" in journal.text
        await page.press("enter")
        assert "Newer" not in page.text
        await page.press("escape")
        assert "Newer" in page.text
        await page.press("escape")
        assert len(page.app.screen_stack) == 1


async def test_j_closes() -> None:
    async with opened() as (page, _):
        await page.press("J")
        assert len(page.app.screen_stack) == 1


async def test_lines_of_another_console_appear() -> None:
    async with opened(*story("a", "intent", "sent")) as (page, journal):
        page.engine.still_actions.journal += story("b", "intent", "sent", name="Elsewhere")
        journal.show_changes(frozenset({ACTIONS}))
        await page.settle()
        assert "Elsewhere" in page.text
        assert "2 actions" in page.text


async def test_hostile_names_and_times_are_text() -> None:
    entry = line("a", "rejected", clock="[/]", name=HOSTILE, detail=HOSTILE)
    async with opened(entry) as (page, journal):
        assert "[bold red]x[/]" in page.text
        assert journal.text.count("[@click=app.quit]y[/]") == 2


async def test_an_alert_has_its_line_above_the_keys_and_covers_nothing() -> None:
    entries = [entry for n in range(40) for entry in story(f"{n}", "intent", "verified", name="Momentum")]
    async with opened(*entries) as (page, journal):
        for key in ("down", "enter"):
            await page.press(key)
            before, focused = page.lines, page.app.focused
            page.engine.put(ALERTS, (blind_alert(), quiet_alert()))
            await page.settle()
            assert page.lines[-2].startswith(" ! CRITICAL  LIVE ")
            assert page.lines[-2].endswith("  1h  +1  N alerts")
            assert page.lines[-1] == before[-1]
            assert page.app.focused is focused
            assert "VERIFIED" in journal.text
            page.engine.put(ALERTS, ())
            await page.settle()
            assert page.lines == before


async def test_ascii_means_seven_bits() -> None:
    entries = [entry for n in range(40) for entry in story(f"{n}", "intent", "verified", name="均值")]
    async with opened(*entries, size=(120, 40), ascii_only=True) as (page, _):
        await page.press("down")
        assert page.text.isascii()
