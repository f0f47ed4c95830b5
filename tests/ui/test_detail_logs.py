from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from qctui.model.deployment import LogPage
from qctui.model.keys import Key, log_lines_key, logs_key
from qctui.ui.deployments.deployment_screen import DeploymentScreen
from qctui.ui.logs import log_reading
from qctui.ui.logs.log_reading import JoinedLog, times_of, wrap_line
from qctui.ui.logs.log_view import LogView
from qctui.value import replace
from tests.ui.detail_scene import DEPLOY_ID, PROJECT, fill_details, logs, opened, wanted
from tests.ui.page import Page
from tests.ui.scene import HOSTILE, StillEngine, fail

pytestmark = pytest.mark.anyio


def view(page: Page) -> LogView:
    screen = page.app.screen
    assert isinstance(screen, DeploymentScreen)
    return screen.logs.view


def title(page: Page) -> str:
    return page.line("━ 5 Logs")


async def test_it_opens_at_the_end_and_follows() -> None:
    async with opened("enter", "5") as page:
        assert "line 99" in page.text
        assert "following" in title(page)
        page.engine.put(logs_key(PROJECT, DEPLOY_ID), logs(70))
        await page.settle()
        assert "line 109" in page.text


async def test_times_are_said_to_be_the_algorithms_own() -> None:
    async with opened("enter", "5") as page:
        assert "algorithm's own zone" in title(page)


async def test_scrolled_back_it_stays_on_its_lines_and_says_how_many_are_below() -> None:
    async with opened("enter", "5", "pageup") as page:
        before = view(page).text
        assert "line 99" not in before
        below = view(page).below
        assert f"{below} below, End follows" in title(page)
        page.engine.put(logs_key(PROJECT, DEPLOY_ID), logs(75))
        await page.settle()
        assert [line[:78] for line in view(page).text.split("\n")] == [line[:78] for line in before.split("\n")]
        assert view(page).below == below + 15
        await page.press("end")
        assert "line 114" in page.text
        assert "following" in title(page)


async def test_earlier_lines_that_were_not_read_are_told() -> None:
    async with opened("enter", "5", size=(120, 40)) as page:
        assert "30 earlier lines not read" in title(page)


def many(start: int, end: int, offset: int = 10, length: int = 700) -> LogPage:
    lines = [f"2024-03-25 10:{number % 60:02d}:00 line {number}" for number in range(start, end)]
    return LogPage(tuple(lines), start, length, offset)


def long_log(engine: StillEngine) -> None:
    fill_details(engine)
    engine.put(logs_key(PROJECT, DEPLOY_ID), many(510, 700))


def window(start: int, query: str = "") -> Key[LogPage]:
    return log_lines_key(PROJECT, DEPLOY_ID, start, query)


def windows_wanted(page: Page) -> set[Key[Any]]:
    return {key for key in wanted(page) if key.kind == "log_lines"}


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_older_lines_are_read_when_somebody_nears_the_first(size: tuple[int, int]) -> None:
    async with opened("enter", "5", prepare=long_log, size=size) as page:
        assert windows_wanted(page) == set()
        await page.press(*["pageup"] * 20)
        assert windows_wanted(page) == {window(310)}
        assert "reading more" in title(page)
        assert view(page).text.startswith(" 2024-03-25 10:30:00 line 510")
        page.engine.put(window(310), many(310, 510))
        await page.settle()
        # What was on screen stays where it was.
        assert view(page).text.startswith(" 2024-03-25 10:30:00 line 510")
        assert windows_wanted(page) == set()
        await page.press("pageup")
        assert "line 509" in view(page).text
        assert "reading more" not in title(page)


async def test_older_lines_that_can_not_be_read_are_said() -> None:
    async with opened("enter", "5", prepare=long_log, size=(120, 40)) as page:
        await page.press(*["pageup"] * 20)
        fail(page.engine, window(310), "logs: HTTP 502")
        await page.settle()
        assert "! more can't be read: logs: HTTP 502" in title(page)
        page.engine.put(window(310), many(310, 510))
        await page.settle()
        assert "can't" not in title(page)


async def test_g_goes_to_the_very_beginning_and_capital_g_back_to_the_end() -> None:
    async with opened("enter", "5", prepare=long_log, size=(120, 40)) as page:
        await page.press("g")
        assert windows_wanted(page) == {window(10)}
        assert "reading more" in title(page)
        page.engine.put(window(10), many(10, 210))
        await page.settle()
        assert view(page).text.startswith(" 2024-03-25 10:10:00 line 10")
        assert "earlier" not in title(page)
        assert windows_wanted(page) == set()
        below = 700 - 10 - view(page).size.height
        assert f"{below} below, End follows" in title(page)
        await page.press(*["pagedown"] * 30)
        assert "line 209" in view(page).text
        assert windows_wanted(page) == {window(210)}
        await page.press("G")
        assert "line 699" in view(page).text
        assert "following" in title(page)
        assert windows_wanted(page) == set()


async def test_g_goes_to_the_beginning_also_where_it_meets_what_was_read_at_once() -> None:
    def nearly_read(engine: StillEngine) -> None:
        long_log(engine)
        engine.put(logs_key(PROJECT, DEPLOY_ID), many(150, 350, length=350))

    async with opened("enter", "5", prepare=nearly_read, size=(120, 40)) as page:
        await page.press("g")
        page.engine.put(window(10), many(10, 210, length=350))
        await page.settle()
        assert view(page).text.startswith(" 2024-03-25 10:10:00 line 10")


async def test_what_is_typed_stands_out_and_enter_searches_the_whole_log() -> None:
    async with opened("enter", "5", prepare=long_log) as page:
        await page.press("pageup")
        before = view(page).text
        await page.press("slash", *"LINE 6")
        assert "Enter searches the whole log" in title(page)
        assert windows_wanted(page) == set()
        assert any(("line 6", "mark badge") in row for row in view(page).drawn)
        await page.press("enter")
        assert windows_wanted(page) == {window(0, "LINE 6")}
        assert "searching the whole log" in title(page)
        assert "Reading matches" in page.text
        page.engine.put(window(0, "LINE 6"), LogPage(("a line 69", "b LINE 690"), 0, 2, 10))
        await page.settle()
        assert "2 matches" in title(page)
        assert [line.strip(" │┃") for line in view(page).text.split("\n") if line] == ["a line 69", "b LINE 690"]
        await page.press("escape")
        assert view(page).text == before
        assert windows_wanted(page) == set()
        assert isinstance(page.app.screen, DeploymentScreen)


async def test_a_search_may_find_what_earlier_deployments_wrote_and_says_so() -> None:
    async with opened("enter", "5", prepare=long_log, size=(120, 40)) as page:
        await page.press("slash", "x", "enter")
        page.engine.put(window(0, "x"), LogPage(("x",), 0, 1, 10))
        await page.settle()
        assert "1 match " in title(page)
        assert "also of earlier deployments" in title(page)


async def test_of_many_matches_the_newest_are_shown_first() -> None:
    async with opened("enter", "5", prepare=long_log) as page:
        await page.press("slash", "x", "enter")
        page.engine.put(window(0, "x"), LogPage(tuple(f"x {n}" for n in range(200)), 0, 1_000, 0))
        await page.settle()
        assert "1,000 lines contain it; reading the newest" in page.text
        assert windows_wanted(page) == {window(810, "x")}
        page.engine.put(window(810, "x"), LogPage(tuple(f"x {n}" for n in range(810, 1_000)), 810, 1_000, 0))
        await page.settle()
        assert "x 999" in view(page).text
        assert "1,000 matches" in title(page)


async def test_a_search_without_a_match_and_one_that_fails() -> None:
    async with opened("enter", "5", prepare=long_log) as page:
        await page.press("slash", "z", "enter")
        page.engine.put(window(0, "z"), LogPage((), 0, 0, 10))
        await page.settle()
        assert "No line contains 'z'. Esc shows the log again." in page.text
        await page.press("slash", "y", "enter")
        fail(page.engine, window(0, "zy"), "logs: HTTP 502")
        await page.settle()
        assert page.line("No matches received yet: logs: HTTP 502")
        assert "HTTP 502" in page.text
        assert "! failed" in title(page)
        await page.press("escape")
        assert "line 699" in page.text


async def test_what_is_typed_in_one_burst_searches_like_what_is_typed_slowly() -> None:
    async with opened("enter", "5", prepare=long_log) as page:
        await page.pilot.press("slash", *"LSX q", "enter")
        await page.settle()
        assert windows_wanted(page) == {window(0, "LSX q")}
        assert len(page.app.screen_stack) == 2


async def test_a_long_hostile_line_is_shown_whole() -> None:
    async with opened("enter", "5", "home") as page:
        joined = "".join(line.rstrip("│┃ ") for line in page.lines)
        assert HOSTILE in joined.replace("\n", "")
        assert page.text.count("long") == 40


async def test_lines_of_several_lines() -> None:
    def prepare(engine: StillEngine) -> None:
        fill_details(engine)
        engine.put(logs_key(PROJECT, DEPLOY_ID), LogPage(("Traceback\n  File x\nValueError: [/y]",), 0, 1, 0))

    async with opened("enter", "5", prepare=prepare) as page:
        assert [line for line in view(page).text.split("\n") if line] == [
            " Traceback", "   File x", " ValueError: [/y]"
        ]  # fmt: skip
        assert "zone" not in title(page)


async def test_a_window_without_rows_is_no_empty_log() -> None:
    def empty_window(engine: StillEngine) -> None:
        fill_details(engine)
        engine.put(logs_key(PROJECT, DEPLOY_ID), LogPage((), 40, 100, 10))

    async with opened("enter", "5", prepare=empty_window) as page:
        assert "The log is empty." not in page.text
        assert "No rows in this window, though the log has 90." in page.text
        page.engine.put(logs_key(PROJECT, DEPLOY_ID), LogPage((), 40, 10, 10))
        await page.settle()
        assert "The log is empty." in page.text


async def test_a_window_without_rows_takes_no_rows_away() -> None:
    async with opened("enter", "5") as page:
        page.engine.put(logs_key(PROJECT, DEPLOY_ID), LogPage((), 40, 100, 10))
        await page.settle()
        assert "line 99" in page.text
        assert "the newest answer has no rows" in title(page)
        page.engine.put(logs_key(PROJECT, DEPLOY_ID), logs(70))
        await page.settle()
        assert "line 109" in page.text
        assert "no rows" not in title(page)


async def test_empty_and_failing() -> None:
    def prepare(engine: StillEngine) -> None:
        fill_details(engine)
        engine.put(logs_key(PROJECT, DEPLOY_ID), LogPage((), 0, 0, 0))

    async with opened("enter", "5", prepare=prepare) as page:
        assert "The log is empty." in page.text
        fail(page.engine, logs_key(PROJECT, DEPLOY_ID), "HTTP 500: server error")
        await page.settle()
        assert "HTTP 500" in page.text


async def test_resizing_keeps_the_place() -> None:
    async with opened("enter", "5", "pageup", "pageup") as page:
        top = view(page).text.split("\n")[0]
        await page.pilot.resize_terminal(70, 24)
        await page.settle()
        assert view(page).text.split("\n")[0][:30] == top[:30]


def page_of(start: int, end: int, *, offset: int = 0) -> LogPage:
    return LogPage(tuple(f"line {number}" for number in range(start, end)), start, end, offset)


def test_windows_are_joined_without_gap_or_repeat() -> None:
    joined = JoinedLog()
    joined.add(page_of(100, 300))
    joined.add(page_of(150, 350))
    joined.add(page_of(350, 360))
    assert joined.lines == [f"line {number}" for number in range(100, 360)]
    assert (joined.first_line, joined.end_line, joined.earlier) == (100, 360, 100)


def test_a_gap_or_a_shorter_log_begins_anew() -> None:
    joined = JoinedLog()
    joined.add(page_of(100, 300))
    joined.add(page_of(400, 600))
    assert (joined.first_line, len(joined.lines)) == (400, 200)
    joined.add(page_of(0, 20))
    assert joined.lines == [f"line {number}" for number in range(20)]


def test_it_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_reading, "MOST_LINES", 250)
    joined = JoinedLog()
    for start in range(0, 2_000, 100):
        joined.add(page_of(start, start + 200))
    assert len(joined.lines) == 250
    assert joined.lines[-1] == "line 2099"
    assert joined.first_line == 1_850


def test_the_same_page_twice_changes_nothing() -> None:
    joined = JoinedLog()
    joined.add(page_of(0, 50))
    joined.add(replace(page_of(0, 50), length=None))
    assert len(joined.lines) == 50
    assert joined.length is None


@given(st.text(alphabet=st.sampled_from("ab 均\n[]x"), max_size=200), st.integers(1, 40))
def test_wrapping_never_loses_a_character_nor_exceeds_the_width(text: str, width: int) -> None:
    rows = wrap_line(text, width)
    assert "".join("".join(rows).split()) == "".join(text.split())
    assert all(cell_len(row) <= max(2, width) for row in rows)


@pytest.mark.parametrize(
    ("line", "timed"),
    [
        ("2024-03-25 14:32:05 hello", True),
        ("Algorithm Initialization: x", False),
        ("", False),
        ("2024", False),
        ("1234567890123456789", False),
    ],
)
def test_lines_with_a_time_are_told_from_those_without(line: str, timed: bool) -> None:
    assert times_of([line]) is timed
