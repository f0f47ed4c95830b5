"""What cannot be drawn says so where it would stand, and no age there looks fresh."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from qctui.model.action import ACTIONS, Rung
from qctui.model.keys import DEPLOYMENTS, LINK, Key, chart_key, detail_key, insights_key, optimizations_key
from qctui.ui.actions import action_bar
from qctui.ui.charts import chart_canvas
from qctui.ui.charts.chart_screen import ChartScreen
from qctui.ui.deployments.deployment_screen import DeploymentScreen
from qctui.ui.kit import bar
from qctui.ui.kit.pane import Pane
from qctui.ui.wording.load_state import LoadState
from qctui.value import replace
from tests.ui.detail_scene import PROJECT, opened
from tests.ui.page import Page, console, frame_text
from tests.ui.targets import record, target

pytestmark = pytest.mark.anyio


def broken(*_: object, **__: object) -> None:
    raise ZeroDivisionError("a defect")


async def read_again(page: Page, *keys: Key[Any]) -> None:
    """The same values, read a second later."""
    page.engine.still.passed += 1
    for key in keys:
        page.engine.put(key, page.engine.store.get(key).value)
    await page.settle()


def face_of(pane: Pane) -> LoadState:
    return pane.load_state


def chart_of(page: Page) -> Key[Any]:
    return chart_key(page.main.selected.now.project_id or 0, "Strategy Equity", *page.main.chart.view.wanted)


PANES: dict[str, tuple[Callable[[Page], Pane], Callable[[Page], object], str, Callable[[Page], Key[Any]]]] = {
    "deployments": (lambda page: page.main.deployments, lambda page: page.main.deployments.table, "show",
                    lambda page: DEPLOYMENTS),
    "optimizations": (lambda page: page.main.optimizations, lambda page: page.main.optimizations.table, "show",
                      lambda page: optimizations_key(page.main.selected.now.project_id or 0)),
    "insights": (lambda page: page.main.insights, lambda page: page.main.insights.table, "show",
                 lambda page: insights_key(page.main.selected.now.project_id or 0, page.main.selected.now.deploy_id)),
    "chart": (lambda page: page.main.chart, lambda page: page.main.chart.view, "show_chart", chart_of),
}  # fmt: skip


@pytest.mark.parametrize("name", PANES)
async def test_a_pane_that_cannot_be_drawn_wears_the_failed_face_until_it_can(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pane_of, part_of, drawing, key_of = PANES[name]
    async with console((120, 40)) as page:
        pane, key = pane_of(page), key_of(page)
        await read_again(page, key)
        assert face_of(pane) is LoadState.DATA
        fine = frame_text(pane)
        with monkeypatch.context() as patch:
            patch.setattr(part_of(page), drawing, broken)
            await read_again(page, key)
            assert face_of(pane) is LoadState.FAILED
            title, note = frame_text(pane).split("\n")
            assert title[:-1].endswith("! not drawn ")
            assert "now" not in title.split("not drawn")[1]
            assert note.startswith(" ! not drawn since 14:32:06 (ZeroDivisionError)")
            # A key that words the title anew does not wash it off.
            await page.press("tab", "tab", "tab", "tab")
            assert "not drawn" in frame_text(pane)
        await read_again(page, key)
        assert face_of(pane) is LoadState.DATA
        assert frame_text(pane) == fine


async def test_a_chart_whose_picture_fails_is_not_as_fresh_as_its_data(monkeypatch: pytest.MonkeyPatch) -> None:
    async with console((120, 40)) as page:
        pane = page.main.chart
        with monkeypatch.context() as patch:
            patch.setattr(chart_canvas, "steps", broken)
            pane.view.redraw()
            await page.settle()
            assert face_of(pane) is LoadState.FAILED
            assert "! not drawn (ZeroDivisionError)" in frame_text(pane)
            assert "This chart could not be drawn." in page.text
        pane.view.redraw()
        await page.app.workers.wait_for_complete()
        await page.settle()
        assert face_of(pane) is LoadState.DATA


async def test_a_section_that_cannot_be_drawn_marks_its_tab(monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened() as page:
        screen = page.app.screen
        assert isinstance(screen, DeploymentScreen)
        with monkeypatch.context() as patch:
            patch.setattr(screen.statistics.view, "show_blocks", broken)
            await read_again(page, detail_key(PROJECT))
            assert face_of(screen.statistics) is LoadState.FAILED
            assert "1 Statistics !" in page.text
            assert face_of(screen.holdings) is LoadState.DATA
        await read_again(page, detail_key(PROJECT))
        assert face_of(screen.statistics) is LoadState.DATA


async def test_what_fails_before_the_sections_are_reached_marks_them_all(monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened() as page:
        screen = page.app.screen
        assert isinstance(screen, DeploymentScreen)
        with monkeypatch.context() as patch:
            patch.setattr(screen, "show_sections", broken)
            await read_again(page, detail_key(PROJECT))
            assert {section.load_state for section in screen.panes} == {LoadState.FAILED}
        await read_again(page, detail_key(PROJECT))
        assert {section.load_state for section in screen.panes} == {LoadState.DATA}


async def test_a_header_that_cannot_be_drawn_says_so_above_what_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened() as page:
        before = page.app.screen.query_one("#detail-header").text  # type: ignore[attr-defined]
        with monkeypatch.context() as patch:
            patch.setattr(page.app.screen, "show_header", broken)
            for _ in range(2):
                await read_again(page, detail_key(PROJECT))
            header = page.app.screen.query_one("#detail-header").text  # type: ignore[attr-defined]
            first, *rest = header.split("\n")
            assert first.startswith("! not drawn since 14:32:")
            assert rest == before.split("\n")
        await read_again(page, detail_key(PROJECT))
        assert "not drawn" not in page.app.screen.query_one("#detail-header").text  # type: ignore[attr-defined]


async def test_the_link_bar_says_so_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    async with console((120, 40)) as page:
        with monkeypatch.context() as patch:
            patch.setattr(bar, "_groups", broken)
            await read_again(page, LINK)
            # What is said of it in passing stands there first.
            page.app.clear_notifications()
            await page.settle()
            assert "oldest data" not in page.lines[0]
            assert page.lines[0].endswith("(ZeroDivisionError)")
            assert "! not drawn since 14:32:" in page.lines[0]
        await read_again(page, LINK)
        assert page.lines[0].endswith("oldest data now")


async def test_no_action_is_hidden_because_it_cannot_be_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    async with console((120, 40)) as page:
        first = record("a1", target(name="Momentum/ES intraday"), (Rung.UNKNOWN, 1.0))
        with monkeypatch.context() as patch:
            patch.setattr(action_bar, "batch_paragraphs", broken)
            page.engine.put(ACTIONS, (first,))
            await page.settle()
            bar = page.app.screen.query_one(action_bar.ActionBar)
            assert bar.display
            assert "! not drawn since 14:32:" in bar.text
            assert f"liquidate Momentum/ES intraday {first.target.identity}  UNKNOWN" in bar.text
        page.engine.put(ACTIONS, (replace(first, acknowledged=False),))
        await page.settle()
        assert "not drawn" not in bar.text
        assert "UNKNOWN" in bar.text


async def test_one_chart_of_many_that_cannot_be_drawn_leaves_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    async with console((200, 60)) as page:
        await page.press("4", "a")
        screen = page.app.screen
        assert isinstance(screen, ChartScreen)
        (_, one), (subject, other), *_ = screen._tiles.shown
        before = face_of(other)
        with monkeypatch.context() as patch:
            patch.setattr(one.view, "show_chart", broken)
            await read_again(page, detail_key(subject.project_id))
            assert (face_of(one), face_of(other)) == (LoadState.FAILED, before)
        await read_again(page, detail_key(subject.project_id))
        assert face_of(one) is not LoadState.FAILED


async def test_news_and_ticks_that_reach_a_screen_while_it_is_being_closed_are_no_defect() -> None:
    async with console((80, 24)) as page:
        await page.press("enter")
        closing = page.app.screen
        assert isinstance(closing, DeploymentScreen)
        await page.press("escape")
        closing.show_elapsed()
        closing.show_changes(frozenset({ACTIONS}))
        await page.settle()
        assert page.app.messages == []
