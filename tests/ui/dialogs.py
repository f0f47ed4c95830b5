"""Opens a confirm dialog on a screen and tells what is in its cells."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

from textual.app import App
from textual.pilot import Pilot

from qctui.ui.actions.dialog import ConfirmScreen
from tests.ui.desk import (
    ActingApp,
    StillEngine,
    pointed,
    with_deployments,
)  # fmt: skip

QUESTION = "Type 430e to liquidate, then Enter."


@asynccontextmanager
async def opened(
    key: str = "L", *, count: int = 1, paper: tuple[int, ...] = (), marked: tuple[int, ...] = (0,),
    size: tuple[int, int] = (80, 24), name: str = "", ascii_only: bool = False, engine: StillEngine | None = None,
) -> AsyncIterator[tuple[ActingApp, Pilot[None]]]:  # fmt: skip
    engine = engine or StillEngine()
    with_deployments(engine, count, paper=paper, name=name)
    app = ActingApp(engine, ascii_only=ascii_only)
    app.selected = pointed(*marked)
    async with app.run_test(size=size) as pilot:
        await pilot.press(key)
        await pilot.pause()
        yield app, pilot


def dialog(app: ActingApp) -> ConfirmScreen:
    return cast(ConfirmScreen, app.screen)


def screen_text(app: App[Any]) -> str:
    """What is on screen, cell by cell: text that is cut or scrolled away is not in it."""
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip) for strip in strips)


def sent(app: ActingApp) -> list[tuple[str, ...]]:
    return [tuple(each.deploy_id for each in targets) for targets, via in app.engine.desk.confirmed if via == "console"]
