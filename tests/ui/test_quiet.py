"""What reaches the terminal: the bytes of an update, counted where the driver would write them."""

from __future__ import annotations

import gc
import time
import weakref
from typing import Any

import pytest
from textual._compositor import CompositorUpdate
from textual.app import App

from qctui.model.keys import DEPLOYMENTS
from qctui.ui import app_base, textual_patches
from qctui.value import replace
from tests.ui.page import Page, Size, console
from tests.ui.scene import deployments

pytestmark = pytest.mark.anyio


def record(page: Page, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    sent: list[str] = []

    def display(screen: object, renderable: object) -> None:
        if isinstance(renderable, CompositorUpdate):
            sent.append(renderable.render_segments(page.app.console))

    monkeypatch.setattr(page.app, "_display", display)
    return sent


def record_rendered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is rendered, by its kind, whether or not it may be sent."""
    rendered: list[str] = []
    original = App._display

    def display(app: App[object], screen: Any, renderable: Any) -> None:
        if isinstance(renderable, CompositorUpdate):
            rendered.append("in vain" if app._batch_count else type(renderable).__name__)
        original(app, screen, renderable)

    monkeypatch.setattr(App, "_display", display)
    return rendered


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_the_first_frame_is_rendered_once(size: Size, monkeypatch: pytest.MonkeyPatch) -> None:
    rendered = record_rendered(monkeypatch)
    async with console(size):
        assert rendered == ["LayoutUpdate"]


async def test_what_is_to_be_drawn_now_waits_for_no_tick_and_is_drawn_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async with console() as page:
        rendered = record_rendered(monkeypatch)
        page.main.deployments.styles.height = 7
        page.main.refresh(layout=True)
        textual_patches.draw(page.main)
        assert rendered == ["LayoutUpdate"]
        await page.settle()
        assert "LayoutUpdate" not in rendered[1:]


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_one_changed_equity_costs_less_than_four_hundred_bytes(
    size: Size, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with console(size) as page:
        sent = record(page, monkeypatch)
        rows = list(deployments())
        for place in range(3):
            rows[place] = replace(rows[place], equity=(rows[place].equity or 0.0) + 113.21)
            sent.clear()
            page.engine.put(DEPLOYMENTS, tuple(rows))
            await page.settle()
            total = sum(len(each.encode()) for each in sent)
            assert 0 < total <= 400, f"{total} bytes: {sent}"


async def test_a_new_reading_of_the_same_values_sends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async with console((120, 40)) as page:
        sent = record(page, monkeypatch)
        for _ in range(5):
            page.engine.put(DEPLOYMENTS, deployments())
            await page.settle()
        assert sent == []


async def test_an_update_begins_at_its_first_changed_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    async with console((120, 40)) as page:
        sent = record(page, monkeypatch)
        page.main.deployments.table.refresh(
            page.main.deployments.table.size.region.translate((90, 3)).crop_size((4, 1))
        )
        await page.settle()
        assert len(sent) == 1
        assert sent[0].startswith("\x1b[6;91H")
        assert len(sent[0]) < 60


class Cycle:
    itself: object = None


async def test_memory_is_searched_for_garbage_in_a_pause_of_the_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app_base, "COLLECTS_EARLIER_AT", 0)  # it is due
    async with console((80, 24)) as page:
        before = time.monotonic()
        await page.press("j")
        assert page.app._pressed_mono >= before
        # Nothing is awaited from here on: the app's own timer and the interpreter search for garbage, too.
        gc.disable()
        try:
            garbage = Cycle()
            garbage.itself, left = garbage, weakref.ref(garbage)
            del garbage
            page.app._pressed_mono += 3_600.0  # a moment ago, however busy the machine is
            page.app.collect_garbage()
            assert left() is not None
            page.app._pressed_mono -= 3_600.0 + app_base.PAUSE_S
            page.app.collect_garbage()
            assert left() is None
        finally:
            gc.enable()
