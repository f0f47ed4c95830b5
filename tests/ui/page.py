"""The main screen as a person sees it: what tests say and look at, apart from how the widgets are made."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC
from typing import Any

from textual import events
from textual._context import visible_screen_stack
from textual.keys import _character_to_key
from textual.pilot import Pilot
from textual.screen import Screen

from qctui.ui.app import QctuiApp
from qctui.ui.context import UiOptions
from qctui.ui.kit.bar import Bar
from qctui.ui.kit.not_available import NotAvailable
from qctui.ui.kit.pane import Pane
from qctui.ui.main_screen import MainScreen
from qctui.value import replace
from tests.idle import until_idle
from tests.ui.scene import StillEngine, fill

OPTIONS = UiOptions(profile="main", zone=UTC)

Size = tuple[int, int]


def key_event(key: str) -> events.Key:
    """A key as the terminal's driver makes it."""
    name = _character_to_key(key) if len(key) == 1 else key
    return events.Key(name, key if len(key) == 1 else " " if key == "space" else None)


class Page:
    """An open console."""

    def __init__(self, app: QctuiApp, engine: StillEngine, pilot: Pilot[int]) -> None:
        self.app = app
        self.engine = engine
        self.pilot = pilot

    @property
    def main(self) -> MainScreen:
        return self.app.main_screen

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.settle()

    async def burst(self, *keys: str) -> None:
        """All of these before any of them is looked at."""
        for key in keys:
            self.app.post_message(key_event(key))
        await self.settle()

    async def settle(self) -> None:
        """Until nothing is left to be handled or drawn."""
        await until_idle()

    async def drawn(self) -> None:
        """Until every plot is drawn: they are on a thread of their own."""
        await self.settle()
        while drawing := [each for each in self.app.workers if each.group == "plots" and not each.is_finished]:
            await self.app.workers.wait_for_complete(drawing)
            await self.settle()

    @property
    def lines(self) -> list[str]:
        return screen_text(self.app.screen).split("\n")

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def line(self, containing: str) -> str:
        """The one line that contains this text."""
        found = [line for line in self.lines if containing in line]
        assert len(found) == 1, f"{containing!r} is in {len(found)} lines of\n{self.text}"
        return found[0]

    @property
    def said(self) -> list[str]:
        """What was said in passing, newest last, and why the last key does nothing while that stands there."""
        refused = [self.app.screen.words] if isinstance(self.app.screen, NotAvailable) else []
        return [*(notification.message for notification in self.app._notifications), *refused]


def screen_text(screen: Screen[object]) -> str:
    """The screen's cells as text, with what is seen through it."""
    visible_screen_stack.set(screen.app._background_screens)
    width, height = screen.size
    strips = screen._compositor.render_strips(screen.size)
    return "\n".join(strip.crop(0, width).text.rstrip() for strip in strips[:height])


def frame_text(pane: Pane) -> str:
    """Title and note of a pane, as they read."""
    return "\n".join(bar.text for bar in pane.query(Bar)).strip()


@asynccontextmanager
async def console(
    size: Size = (80, 24),
    *,
    options: UiOptions = OPTIONS,
    prepare: Callable[[StillEngine], object] = fill,
    read_only: bool = False,
    app_of: Callable[[Any, UiOptions], QctuiApp] = QctuiApp,
) -> AsyncIterator[Page]:
    """Open the console, or what `app_of` makes, on a prepared store."""
    engine = StillEngine(read_only=read_only)
    prepare(engine)
    app = app_of(engine, replace(options, read_only=read_only))
    async with app.run_test(size=size, notifications=True) as pilot:
        page = Page(app, engine, pilot)
        await page.settle()
        yield page
        assert not [each for each in page.said if "does failed" in each], page.said
