"""What has to be worked around in Textual 8.2.8, in one place. Each entry says what happens without it."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from rich.console import Console
from rich.control import Control
from textual import _compositor
from textual._callback import invoke
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.drivers import _writer_thread
from textual.drivers.linux_driver import LinuxDriver
from textual.events import Event
from textual.message import Message
from textual.message_pump import MessagePump
from textual.screen import Screen


def install() -> None:
    """Put every workaround in place. Safe to call more than once."""
    _compositor.ChopsUpdate.render_segments = _render_changed_cells  # type: ignore[method-assign]  # see below
    App._background_screens = property(visible_background)  # type: ignore[method-assign,assignment]  # see below
    _writer_thread.WriterThread.run = _write_while_there  # type: ignore[method-assign]  # see below
    LinuxDriver._sigcont_application = _go_on  # type: ignore[method-assign]  # see below
    XTermParser.feed = _feed_apart  # type: ignore[method-assign]  # see below


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


_LONE_ESCAPE = re.compile(r"\x1b(?=[^\x1b\[\]OP_^])")
"""Escape before what can't be the rest of a sequence that begins with it."""

_ESCAPE = "\x1b[27u"
"""Escape, spelled so that nothing can be taken for its continuation."""

_feed = XTermParser.feed


def _feed_apart(self: XTermParser, data: str) -> Iterable[Message]:
    """What the terminal sent, with Escape as a key of its own whatever is typed behind it.

    Textual's own waits a tenth of a second for the rest of a sequence, takes what comes meanwhile for it, and hands
    all of it on without the Escape: `Escape L`, typed quickly or sent in one piece, would be `L` alone, or Alt+L.
    """
    waiting = getattr(self, "_ended_in_escape", False) and self._timeout_time is not None
    if data and "\x1b[200~" not in data:
        if waiting and data[0] not in "\x1b[]OP_^":
            data = _ESCAPE[1:] + data
        data = _LONE_ESCAPE.sub(_ESCAPE, data)
    self._ended_in_escape = data.endswith("\x1b")  # type: ignore[attr-defined]  # ours, kept where it belongs
    yield from _feed(self, data)


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


def lay_out(screen: Screen[Any]) -> None:
    """Give every widget its size now.

    Textual does so when it paints next: a key that depends on what fits would find the sizes from before the keys that
    came together with it.
    """
    screen._refresh_layout()


def path_of_keys(focused: MessagePump) -> list[MessagePump]:
    """The widgets a key goes through: what has the focus, and what it stands in, up to its screen."""
    path: list[MessagePump] = []
    node: MessagePump | None = focused
    while node is not None and not isinstance(node, App):
        path.append(node)
        node = node._parent
    return path


async def hand_to(node: MessagePump, event: Event) -> None:
    """Let a widget handle an event now, with all its handlers, and without passing it on.

    Textual has no such call: it puts the event into the widget's queue, where it is handled some time later, and on
    from there into the queue of the widget's parent. Keys that follow would overtake what this one does.
    """
    if not node._running or not node.check_message_enabled(event):
        return
    with node._context(), node.prevent(*event._prevent):
        for _, handler in node._get_dispatch_methods(event.handler_name, event):
            await invoke(handler, event)
