"""Every use of a private part of Textual 8.2.8, each with its reason.

Where another version lacks such a part, what it was used for is done as Textual does it: a repaint too many, or keys
that overtake each other, but no action that stops.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import logging
import re
import selectors
import termios
import tty
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from itertools import islice, pairwise
from types import ModuleType
from typing import Any, ClassVar, TypeVar

from rich.color import ColorSystem
from rich.console import Console
from rich.control import Control
from rich.segment import Segment
from textual.app import App
from textual.cache import LRUCache
from textual.dom import DOMNode
from textual.events import Event
from textual.message import Message
from textual.notifications import Notification, Notifications
from textual.screen import Screen

from qctui.ui.key_waiter import IN_BACKGROUND_S, KeyWaiter, in_background

R = TypeVar("R")

_log = logging.getLogger(__name__)


def part(module: str, *names: str) -> Any:
    """A private part of Textual; None where there is none of this name."""
    try:
        found: Any = importlib.import_module(module)
    except ImportError:
        return None
    for name in names:
        found = getattr(found, name, None)
    return found


# Workarounds that are put into Textual's own classes


def install() -> None:
    """Put every workaround in place. Safe to call more than once."""
    _replace("textual._compositor", "ChopsUpdate", "render_segments", _render_changed_cells)
    _replace("textual.drivers._writer_thread", "WriterThread", "run", _write_while_there)
    _replace("textual.drivers.linux_driver", "LinuxDriver", "_sigcont_application", _go_on)
    _replace("textual._xterm_parser", "XTermParser", "feed", _feed_apart)
    _replace("textual.css.stylesheet", "Stylesheet", "_parse_rules", _parse_once)
    _replace("textual.screen", "Screen", "_compositor_refresh", _render_what_is_sent)
    _replace("textual._styles_cache", "StylesCache", "get_inner_outer", _backgrounds)
    _wait_for_keys()
    if part("textual.app", "App", "_background_screens") is not None:
        App._background_screens = property(visible_background)  # type: ignore[method-assign,assignment]  # see there


def _replace(module: str, owner: str, name: str, ours: Callable[..., Any]) -> None:
    """Put `ours(original, self, ...)` in a method's place. The first time that it misses something of Textual's it is
    done with, and the original goes on."""
    original = part(module, owner, name)
    if original is None:
        _log.warning("%s.%s is not there: it goes without its workaround", owner, name)
        return
    if hasattr(original, "replaced"):
        return
    works = True

    def call(self: Any, *more: Any, **named: Any) -> Any:
        nonlocal works
        if works:
            try:
                return ours(original, self, *more, **named)
            except (AttributeError, TypeError):
                works = False
                _log.exception("%s.%s is another than expected: it goes without its workaround", owner, name)
        return original(self, *more, **named)

    call.replaced = original  # type: ignore[attr-defined]  # a mark of ours: it is replaced once
    setattr(part(module, owner), name, call)


def _render_changed_cells(_original: object, update: Any, console: Console) -> str:
    """An update as bytes for the terminal: only the cells between each span's ends.

    Textual's own crops what follows a span but not what precedes it: a cell at the right edge of a table then sends the
    whole row before it, styles included.
    """
    out: list[str] = []
    colors = console._color_system or ColorSystem.TRUECOLOR
    for y, x1, x2 in update.spans:
        for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            if strip is None or x >= x2 or end <= x1:
                continue
            start = max(x, x1)
            out.append(Control.move_to(start, y).segment.text)
            # As segments: each strip made of a run of cells would bring seven caches that nothing asks.
            _, run = islice(Segment.divide(strip, (start - x, min(end, x2) - x)), 2)
            out += [strip.render_style(style, text, colors) if style else text for text, style, _ in run]
    return "".join(out)


def _render_what_is_sent(original: Callable[..., None], screen: Any) -> None:
    """Draw what has changed, unless nothing is to be drawn yet.

    Textual's own renders it all the same, throws that away, and takes what has changed for drawn.
    """
    if not screen.app._batch_count:
        original(screen)


_REST = r"[\x1b\[\]P_^]|O[A-DFHMP-Sabcdj-y]"
"""How the rest of a sequence that begins with Escape begins. Of what follows an `O` only the keys that terminals have:
whoever types Escape and `O` may go on with anything. A terminal writes the three in one piece."""

_CONTINUATION, _LONE_ESCAPE = re.compile(_REST), re.compile(rf"\x1b(?=[^\x1b])(?!{_REST})", re.DOTALL)
"""The rest of a sequence; Escape before what can't be that."""

_ESCAPE = "\x1b[27u"
"""Escape, spelled so that nothing can be taken for its continuation."""


def _feed_apart(original: Callable[..., Iterable[Message]], parser: Any, data: str) -> Iterable[Message]:
    """What the terminal sent, with Escape as a key of its own whatever is typed behind it, and with the time at which
    it came.

    Textual's own waits a tenth of a second for the rest of a sequence, takes what comes meanwhile for it, and hands
    all of it on without the Escape: `Escape L`, typed quickly or sent in one piece, would be `L` alone, or Alt+L.

    And it stamps each key when its turn comes: on a busy machine the first of a burst has had its effect by then, and
    the last would look like the answer to a question that it was typed before.
    """
    waiting = getattr(parser, "ended_in_escape", False) and parser._timeout_time is not None
    if data and "\x1b[200~" not in data:
        if waiting and not _CONTINUATION.match(data):
            data = _ESCAPE[1:] + data
        data = _LONE_ESCAPE.sub(_ESCAPE, data)
    parser.ended_in_escape = data.endswith("\x1b")  # ours, kept where it belongs
    return _stamped(original(parser, data), Message().time)


def _stamped(messages: Iterable[Message], time: float) -> Iterable[Message]:
    for message in messages:
        message.time = time
        yield message


_parsed: LRUCache[tuple[Any, ...], Any] = LRUCache(512)
"""The rules of styles by the text they were read from: those of all screens in five themes."""


def _parse_once(original: Callable[..., Any], sheet: Any, css: str, **read: Any) -> Any:
    """The rules of these styles, read once for each theme.

    Textual's own reads them into one stylesheet, copies that and forgets what it read: before the first frame, and with
    each change of the theme, everything is read twice.
    """
    key = (css, *sorted(read.items()), *sheet._variables.items())
    found = _parsed.get(key)
    if found is None:
        found = _parsed[key] = original(sheet, css, **read)
    return found


_behind: LRUCache[tuple[Any, Any], Any] = LRUCache(256)
"""Pairs of styles by the backgrounds they are made of."""


def _backgrounds(original: Any, _cache: object, base: Any, background: Any) -> Any:
    """The styles inside and outside of a border.

    Textual's own remembers them together with what asked: everything drawn of the last thousand widgets stays in
    memory, 40 MB of it once some twenty screens were opened and closed.
    """
    found = _behind.get((base, background))
    if found is None:
        found = _behind[base, background] = original.__wrapped__(None, base, background)
    return found


def _write_while_there(original: Callable[..., None], writer: Any) -> None:
    """Write to the terminal; once it has hung up, let go of what is drawn.

    Textual's own thread ends by an error then. What is drawn stays in its queue, and drawing waits for room in it.
    """
    queue = writer._queue
    try:
        original(writer)
    except OSError:
        while queue.get() is not None:
            pass


def _go_on(original: Callable[..., None], driver: Any, *more: object) -> None:
    """SIGCONT: resume what SIGTSTP suspended, else only take keys and draw again.

    The kernel sends it with the SIGHUP of a closed terminal, systemd after SIGTERM. Textual's own then sets up a
    terminal that is set up already, takes its raw mode for the one it had before, and leaves that to the shell.
    """
    if driver._must_signal_resume:
        original(driver, *more)
        return
    with contextlib.suppress(RuntimeError):  # no loop runs any more, or not yet
        asyncio.get_running_loop().call_soon_threadsafe(_take_terminal_again, driver)


def _take_terminal_again(driver: Any) -> None:
    """Raw mode, where a shell took it away: its `fg` gives the terminal back in the modes of its own prompt.

    In the background it is left alone, and looked at again: a shell sends no signal to what `bg` let run already.
    """
    keys = driver._key_thread
    with contextlib.suppress(OSError, termios.error):  # it has hung up, or is none
        if keys is None or not keys.is_alive():
            return
        if in_background(driver.fileno):
            asyncio.get_running_loop().call_later(IN_BACKGROUND_S, _take_terminal_again, driver)
            return
        modes = termios.tcgetattr(driver.fileno)
        modes[tty.LFLAG] = driver._patch_lflag(modes[tty.LFLAG])
        modes[tty.IFLAG] = driver._patch_iflag(modes[tty.IFLAG])
        modes[tty.CC][termios.VMIN] = 1
        termios.tcsetattr(driver.fileno, termios.TCSANOW, modes)
        driver._enable_bracketed_paste()
    driver._app.refresh()


def _wait_for_keys() -> None:
    """Have Textual's thread for the keys wait as `KeyWaiter` does, if it can be told to end."""
    driver = part("textual.drivers.linux_driver")
    if driver is None or part(driver.__name__, "LinuxDriver", "disable_input") is None:
        return
    _replace(driver.__name__, "LinuxDriver", "disable_input", _end_input)
    ours = ModuleType("selectors")
    vars(ours).update(vars(selectors), SelectSelector=KeyWaiter)
    driver.selectors = ours


def _end_input(original: Callable[..., None], driver: Any) -> None:
    """Textual's own, which waits for the thread that waits for the keys."""
    KeyWaiter.wake()
    original(driver)


def visible_background(app: App[Any]) -> list[Screen[Any]]:
    """The screens that can be seen through those above them, lowest first.

    Textual's own counts the screen below the top one in any case: each change on a screen that is covered whole (the
    live data under a dialog) then redraws everything above it.
    """
    seen: list[Screen[Any]] = []
    for above, below in pairwise(reversed(app.screen_stack)):
        if above.styles.background.a == 1:
            break
        seen.append(below)
    return seen[::-1]


# What Textual does sooner or later, done now


def lay_out(screen: Screen[Any]) -> None:
    """Give every widget its size now.

    Textual does so when it paints next: a key that depends on what fits would find the sizes from before the keys that
    came together with it.
    """
    if (refresh_layout := getattr(screen, "_refresh_layout", None)) is not None:
        refresh_layout()


def draw(screen: Screen[Any]) -> None:
    """Draw the whole of a screen now, in one frame.

    Textual waits for the next tick of its timer, up to 67 ms at 15 frames a second. Then it draws what the layout has
    moved, and all of it once more.
    """
    screen.refresh()
    if (draw_what_changed := getattr(screen, "_on_timer_update", None)) is not None:
        with screen.app.batch_update():
            lay_out(screen)
        screen._layout_required = False
        draw_what_changed()


def keys_in_order(app: App[Any], event: Event) -> bool:
    """Whether this Textual has what the functions below need. Without it a key goes Textual's own way."""
    parts = (
        (app, ("_check_bindings", "_next_callbacks", "_flush_next_callbacks", "_get_dispatch_methods", "_context")),
        (event, ("_set_forwarded", "_stop_propagation", "_no_default_action", "_prevent")),
    )
    return all(hasattr(each, name) for each, names in parts for name in names)


def as_sender(app: App[Any]) -> AbstractContextManager[None]:
    """Within this the app is what opens a screen, whichever widget asks for it: Textual lets the one that opened a
    screen handle its answer, after the keys that came meanwhile."""
    context: Callable[[], AbstractContextManager[None]] = getattr(app, "_context", nullcontext)
    return context()


async def press(app: App[Any], event: Event, key: str) -> bool:
    """Let a key, or what was pasted, go through what has the focus and all it stands in, then through what the key is
    bound to. True if something took it; `key` is empty where it can be bound to nothing.

    Textual has no such call: it puts the event into the widget's queue, where it is handled some time later, and on
    from there into the queue of the widget's parent. Keys that follow would overtake what this one does.
    """
    event._set_forwarded()
    focused: DOMNode = app.focused or app.screen
    for node in focused.ancestors_with_self:
        if node is app:
            break
        await _hand_to(node, event)
        if event._stop_propagation:
            return True
    if not key or event._no_default_action:
        return True
    before = app.screen
    return await app._check_bindings(key) or app.screen is not before


async def _hand_to(node: DOMNode, event: Event) -> None:
    """Let a widget handle an event now, with all its handlers, and without passing it on."""
    from textual._callback import invoke

    if not node.is_running or not node.check_message_enabled(event):
        return
    with node._context(), node.prevent(*event._prevent):
        for _, handler in node._get_dispatch_methods(event.handler_name, event):
            await invoke(handler, event)


async def finish_screens(app: App[Any]) -> None:
    """Until what was opened is mounted, what was closed is gone, and answers were handed on."""
    while app._next_callbacks:
        await app._flush_next_callbacks()


# What Textual's app does by itself, under plain names


class PatchedApp(App[R]):
    """An app that chooses which messages in passing stand, and how it ends by an error."""

    CRASH_REPORT: ClassVar[bool] = True
    """Whether Textual's report of an error is printed at the end: with the values of local variables."""

    def messages_to_show(self, known: Sequence[Notification]) -> Sequence[Notification]:
        """Those of the messages in passing, oldest first, that stand on the screen."""
        return known

    def crashed(self, error: Exception) -> None:
        """The app ends by this error."""

    @property
    def messages(self) -> list[Notification]:
        """What was said in passing and still stands or waits, oldest first."""
        return list(getattr(self, "_notifications", ()))

    def write_to_terminal(self, sequence: str) -> None:
        """Send a sequence that draws nothing.

        Textual has no such call but for the bell. Frames are handed over whole, on this thread: none is cut in two.
        """
        driver = getattr(self, "_driver", None)
        if driver is not None and not self.is_headless:
            driver.write(sequence)

    def end_at_once(self) -> None:
        """Handle no further message, and end."""
        close: Callable[[], object] = getattr(self, "_close_messages_no_wait", self.exit)
        close()

    def _refresh_notifications(self) -> None:
        """Bring the messages in passing up to date; none stands over a dialog.

        Textual's own mounts everything that was said in the last half minute, on each screen that opens. With thirty
        of them under way their mounting and removing waited for each other for ever, and no key was taken any more.
        """
        if not self.is_running or not self.screen_stack or self.screen.is_modal:
            return
        said = Notifications()
        for notification in self.messages_to_show(self.messages):
            said.add(notification)
        # A screen that is still being made has no place for it yet, and asks again when it has.
        for rack in self.screen.query("ToastRack"):
            if (id_of := getattr(rack, "_toast_id", None)) is not None:
                shown = {id_of(notification) for notification in said}
                for holder in rack.children:
                    if holder.id not in shown:
                        holder.remove()
            rack.show(said)  # type: ignore[attr-defined]  # its class is private

    def _handle_exception(self, error: Exception) -> None:
        self.crashed(error)
        super()._handle_exception(error)

    def _fatal_error(self) -> None:
        if self.CRASH_REPORT:
            super()._fatal_error()
        else:
            self.end_at_once()

    def _print_error_renderables(self) -> None:
        if self.CRASH_REPORT:
            super()._print_error_renderables()
        else:
            self._exit_renderables.clear()
