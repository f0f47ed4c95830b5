"""Waits until an app under test has nothing left to do: exactly that long, however busy the machine is."""

from __future__ import annotations

import asyncio
from typing import Any

import textual.app
import textual.pilot
import textual.screen
from textual._context import active_app
from textual.screen import Screen

_MOST_TURNS = 1_000_000
_RESIZE_S = 1 / 120
"""How long Textual lets a resize wait for the next one."""


def install() -> None:
    """Let Textual's pilot wait by `until_idle`, and paint meanwhile as seldom as the console does (`cli/console.py`).

    Its own waiting sleeps 20 ms twice for each key, and goes on while the process uses the processor: half of the time
    that the tests of the interface took, and a verdict that depended on how busy the machine was.
    """
    for module in (textual.app, textual.pilot):
        vars(module)["wait_for_idle"] = until_idle
    vars(textual.screen)["UPDATE_PERIOD"] = 1 / 15


async def until_idle(_at_least: float = 0.0, _at_most: float = 1.0) -> None:
    """Run the loop until no callback is ready and all is laid out and painted. Timers are not waited for, except the
    one that ends a resize, nor are threads. The parameters are those of Textual's own `wait_for_idle`."""
    # No public call tells whether anything else is ready.
    loop: Any = asyncio.get_running_loop()
    app = active_app.get()
    for _ in range(_MOST_TURNS):
        await asyncio.sleep(0)
        if loop._ready:
            continue
        if app._resize_timer is not None:
            await asyncio.sleep(_RESIZE_S)
            continue
        screen = app._screen_stack[-1] if app._screen_stack else None
        if screen is None or not screen.is_running or not _is_unpainted(screen):
            return
        screen._on_timer_update()
    raise AssertionError("the app never comes to rest")


def _is_unpainted(screen: Screen[Any]) -> bool:
    """Whether the screen's next frame has anything to do."""
    if not screen.is_current or screen.app._batch_count:
        return False
    return bool(
        screen._layout_required
        or screen._scroll_required
        or screen._repaint_required
        or screen._recompose_required
        or screen._dirty_widgets
        or screen._callbacks
    )
