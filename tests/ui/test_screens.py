from __future__ import annotations

import re

import pytest
from textual.widgets import Input

from qctui.model.insight import Direction, InsightLog
from qctui.model.keys import PROJECTS, insights_key
from qctui.ui.help import CommandPalette, HelpScreen
from qctui.ui.keys.keymap import COMMANDS
from qctui.ui.kit.chooser import ProjectPicker
from qctui.value import replace
from tests.ui.page import OPTIONS, Page, console
from tests.ui.scene import StillEngine, deploy_id, fail, fill, insights, outage

pytestmark = pytest.mark.anyio

SELECTED = 23456791


async def entries(page: Page) -> set[str]:
    """What the palette offers on the screen that is open."""
    await page.press("ctrl+p")
    assert isinstance(page.app.screen, CommandPalette)
    offered = {label.split("  ")[0] for label in page.app.screen.labels}
    await page.press("escape")
    return offered


async def test_help_lists_the_keys_that_work_right_now() -> None:
    async with console((120, 60)) as page:
        await page.press("question_mark")
        assert isinstance(page.app.screen, HelpScreen)
        assert "In a table" in page.text
        assert "In the chart" not in page.text
        await page.press("escape", "4", "question_mark")
        assert "In the chart" in page.text
        assert "In a table" not in page.text


@pytest.mark.parametrize("size", [(80, 24), (120, 60)])
async def test_help_explains_the_ages_on_screen(size: tuple[int, int]) -> None:
    async with console(size) as page:
        await page.press("question_mark", *["pagedown"] * 5)
        last = page.lines
        await page.press(*["up"] * 12)
        lines = [*page.lines, *last]
        words = " ".join(" ".join(line.strip(" │▏▎▍▌▋▊▉█▁▂▃▄▅▆▇") for line in lines).split())
        assert "now, of 2m ago Read just now; QuantConnect took the snapshot in it 2 minutes ago" in words
        assert "oldest data 2m The pane on screen that was read longest ago, 2 minutes ago" in words
        assert "BLIND Refused by its brokerage, after the last order that went well" in words
        assert "up/ended How long a deployment has been up, or how long ago it ended" in words


@pytest.mark.parametrize("key", ["escape", "q", "question_mark", "enter"])
async def test_help_is_closed_by_what_people_press(key: str) -> None:
    async with console() as page:
        await page.press("question_mark", key)
        assert len(page.app.screen_stack) == 1
        assert page.app.is_running


async def test_no_letter_acts_behind_the_help() -> None:
    async with console() as page:
        await page.press("question_mark", "L", "X", "s")
        assert isinstance(page.app.screen, HelpScreen)
        assert len(page.app.screen_stack) == 2


async def test_help_and_footer_show_the_users_own_keys() -> None:
    async with console((120, 40), options=replace(OPTIONS, keymap={"filter": "f", "liquidate": "K"})) as page:
        assert "K liquidate" in page.lines[-1]
        assert "f filter" in page.lines[-1]
        await page.press("f")
        assert page.main.query(Input)
        await page.press("escape", "slash")
        assert not page.main.query(Input)


async def test_the_palette_offers_what_works_and_runs_it() -> None:
    async with console() as page:
        offered = await entries(page)
        assert "Liquidate (L)" in offered
        assert "Sort (s)" in offered
        assert "Zoom in (+, =)" not in offered
        await page.app.run_command("sort")
        await page.settle()
        assert "▴" in page.text


async def test_the_palette_opens_once_and_closes_by_escape() -> None:
    async with console() as page:
        await page.press("ctrl+p")
        assert isinstance(page.app.screen, CommandPalette)
        await page.press("escape")
        assert len(page.app.screen_stack) == 1


async def test_in_read_only_mode_the_palette_has_nothing_that_acts() -> None:
    async with console(read_only=True) as page:
        offered = " ".join(await entries(page))
        for command in COMMANDS:
            if command.acts:
                assert command.label.capitalize() not in offered
                await page.app.run_command(command.id)
        await page.settle()
        assert len(page.app.screen_stack) == 1


async def test_the_picker_narrows_and_escape_keeps_what_was() -> None:
    async with console() as page:
        await page.press("p", *"KO-P")
        assert isinstance(page.app.screen, ProjectPicker)
        assert "Pairs/KO-PEP mean reversion" in page.text
        await page.press("escape")
        assert page.main.presenter.data.name == "Crypto/BTC trend"
        await page.press("p", *"23456789", "enter")
        assert page.main.presenter.data.name == "Momentum/ES intraday"


async def test_the_picker_moves_with_the_arrows_and_says_when_nothing_matches() -> None:
    async with console() as page:
        await page.press("p", "down", "down", "enter")
        assert page.main.presenter.data.name == "Momentum/ES intraday"
        await page.press("p", *"zzz")
        assert "No project contains 'zzz'." in page.text
        await page.press("enter")
        assert isinstance(page.app.screen, ProjectPicker)


async def test_the_picker_says_why_it_has_no_projects() -> None:
    def failing(engine: StillEngine) -> None:
        fail(engine, PROJECTS, "connection refused")

    async with console(prepare=failing) as page:
        await page.press("p")
        assert "No projects received yet: connection refused" in re.sub(r"[\s│]+", " ", page.text)


@pytest.mark.parametrize("ascii_only", [False, True])
async def test_a_flat_insight_is_told_from_one_without_a_direction(ascii_only: bool) -> None:
    def two(engine: StillEngine) -> None:
        fill(engine)
        rows = insights().insights[:2]
        known = (replace(rows[0], direction=Direction.FLAT), replace(rows[1], direction=Direction.UNKNOWN))
        engine.put(insights_key(SELECTED, deploy_id(SELECTED)), InsightLog(known, complete=True, expected=2))

    async with console((120, 40), options=replace(OPTIONS, ascii=ascii_only), prepare=two) as page:
        flat, unknown = (page.line(each).split(each)[1].split()[0] for each in (" SPY ", " QQQ "))
        assert (flat, unknown) == ("=" if ascii_only else "→", "?")


@pytest.mark.parametrize("keys", [(), ("question_mark",), ("p",), ("ctrl+p",), ("slash",), ("y",), ("L",), ("J",)])
async def test_with_ascii_every_character_is_seven_bit(keys: tuple[str, ...]) -> None:
    async with console((120, 40), options=replace(OPTIONS, ascii=True)) as page:
        await page.press(*keys)
        odd = {character for character in page.text if not character.isascii()}
        assert odd == set(), page.text
        outage(page.engine)
        await page.settle()
        assert page.text.isascii()


async def test_no_cursor_blinks() -> None:
    async with console() as page:
        for key in ("slash", "p", "ctrl+p"):
            await page.press(key)
            fields = list(page.app.screen.query(Input))
            assert fields
            assert not any(field.cursor_blink for field in fields)
            await page.press("escape")


async def test_a_key_in_the_footer_can_be_clicked() -> None:
    async with console() as page:
        place = page.lines[-1].index("? help")
        await page.pilot.click("#keys", offset=(place + 2, 0))
        await page.settle()
        assert isinstance(page.app.screen, HelpScreen)
