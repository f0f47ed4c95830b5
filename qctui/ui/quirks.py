"""What has to be worked around in Textual 8.2.8, in one place. Each entry says what happens without it."""

from __future__ import annotations

import asyncio
import contextlib
from itertools import pairwise
from typing import Any

from rich.console import Console
from rich.control import Control
from textual import _compositor
from textual.app import App
from textual.drivers import _writer_thread
from textual.drivers.linux_driver import LinuxDriver
from textual.screen import Screen
from textual.widgets import Input


def install() -> None:
    """Put every workaround in place. Safe to call more than once."""
    _compositor.ChopsUpdate.render_segments = _render_changed_cells  # type: ignore[method-assign]  # see below
    App._background_screens = property(visible_background)  # type: ignore[method-assign,assignment]  # see below
    _writer_thread.WriterThread.run = _write_while_there  # type: ignore[method-assign]  # see below
    LinuxDriver._sigcont_application = _go_on  # type: ignore[method-assign]  # see below


def _render_changed_cells(self: _compositor.ChopsUpdate, console: Console) -> str:
    """The update as bytes for the terminal: only the cells between each span's ends.

    Textual's own crops what follows a span but not what precedes it: a cell at the right edge of a table then sends the
    whole row before it, styles included.
    """
    out: list[str] = []
    for y, x1, x2 in self.spans:
        for end, (x, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
            if strip is None or x >= x2 or end <= x1:
                continue
            start = max(x, x1)
            out.append(Control.move_to(start, y).segment.text)
            out.append(strip.crop(start - x, min(end, x2) - x).render(console))
    return "".join(out)


def visible_background(self: App[Any]) -> list[Screen[Any]]:
    """The screens that can be seen through those above them, lowest first.

    Textual's own counts the screen below the top one in any case: each change on a screen that is covered whole (the
    live data under a dialog) then redraws everything above it.
    """
    seen: list[Screen[Any]] = []
    for above, below in pairwise(reversed(self._screen_stack)):
        if above.styles.background.a == 1:
            break
        seen.append(below)
    return seen[::-1]


_write = _writer_thread.WriterThread.run
_resume = LinuxDriver._sigcont_application


def _write_while_there(self: _writer_thread.WriterThread) -> None:
    """Write to the terminal; once it has hung up, let go of what is drawn.

    Textual's own thread ends by an error then. Nobody empties its queue any more, and drawing waits for room in it.
    """
    try:
        _write(self)
    except OSError:
        while self._queue.get() is not None:
            pass


def _go_on(self: LinuxDriver, *_: object) -> None:
    """SIGCONT: resume what SIGTSTP suspended, else only draw again.

    The kernel sends it with the SIGHUP of a closed terminal, systemd after SIGTERM. Textual's own then sets up a
    terminal that is set up already, takes its raw mode for the one it had before, and leaves that to the shell.
    """
    if self._must_signal_resume:
        _resume(self)
    else:
        with contextlib.suppress(RuntimeError):  # no loop runs any more, or not yet
            asyncio.get_running_loop().call_soon_threadsafe(self._app.refresh)


def still_palette(app: App[Any]) -> None:
    """Keep the cursor of a palette that is open from blinking, which is sent each time, and its words to 7 bits."""

    def still() -> None:
        for field in app.screen.query(Input):
            field.cursor_blink = False
            field.placeholder = "Search for commands"

    app.call_after_refresh(still)
