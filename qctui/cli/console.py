"""`qctui` without a command: starts the console's parts in the order in which they are seen, and ends them backwards.

The simulator first (another process, another core), then the engine, which opens what it writes to while the interface
is imported, and asks once there is a first frame; the interface last.
"""

from __future__ import annotations

import asyncio
import faulthandler
import gc
import logging
import os
import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from qctui.cli.credentials import Account
from qctui.cli.demo import Demo
from qctui.cli.log_file import log_path
from qctui.cli.parser import Exit, Options
from qctui.cli.shutdown import DRAIN_S, Shutdown, last_words
from qctui.cli.terminal import Terminal, drop_unwritten, given_locale, speaks_unicode
from qctui.cli.wiring import CONSOLE, account_of_person, actions_of, engine_of, open_client_of, read_settings
from qctui.engine.host import ApiClient, Observer
from qctui.model.action import ACTIONS, ActionRecord, Rung
from qctui.model.keys import JOURNAL
from qctui.paths import config_dir, describe_path
from qctui.settings import Settings
from qctui.usage import UsageError

if TYPE_CHECKING:
    from qctui.actions.service import ActionService
    from qctui.api.client import Client
    from qctui.cli.console_app import Console
    from qctui.ui.context import UiOptions

FRAME_S = 2.0
"""How long the first request may wait for the first frame: a terminal that does not read must not hold up the rest."""

PATIENCE_S = 0.5
"""How long the end may take before it says what it waits for."""

TURN_S = 0.001
"""Longest turn of one thread while another one waits for the interpreter; Python's own 5 ms would be paid several times
over by a trigger that leaves while the interface draws and a large chart is parsed."""

_log = logging.getLogger(__name__)


def run_console(options: Options, terminal: Terminal, demo: Demo | None) -> int:
    """Open the console, and return when everything it confirmed has its answer in the journal.

    Raises:
        UsageError: the configuration or the credentials can't be used.
    """
    settings = read_settings(options)
    account = None if demo is not None else account_of_person(settings)
    quieten()
    code = _Console(terminal, settings, account, demo).run()
    if demo is not None:
        demo.close()
    drop_unwritten()
    Shutdown.force(code)
    return code


class _Console:
    """One run: the engine, the interface and the end of both."""

    def __init__(self, terminal: Terminal, settings: Settings, account: Account | None, demo: Demo | None) -> None:
        self._terminal = terminal
        self._settings = settings
        self._account = account
        self._demo = demo
        self._host = engine_of(account, settings, self._open_client, self._open_actions, who=CONSOLE)
        self._shutdown = Shutdown(terminal, self._drain)
        self._shown = threading.Event()
        """The first frame is on the screen, or there will be none."""
        self._seen: dict[str, Rung | None] | None = None
        """How far each action was when the interface began to end."""

    def run(self) -> int:
        """From the first import to the last line of the journal."""
        sys.setswitchinterval(TURN_S)
        self._shutdown.install()
        self._host.start()
        try:
            code = self._run_interface()
        finally:
            self._shown.set()
            self._shutdown.interface_ended()
            lines = self._end()
        if self._shutdown.signal_number is not None:
            code = 128 + self._shutdown.signal_number
        if self._demo is None:
            for line in lines:
                self._terminal.say(line)
        return code

    def _run_interface(self) -> int:
        from qctui.cli.console_app import Console

        options = ui_options(self._settings)

        def build(shown: Callable[[], object]) -> Console:
            def first_frame() -> None:
                self._shown.set()
                shown()

            return Console(self._host, options, first_frame, self.leave)

        return run_interface(build, self._terminal, self._shutdown, mouse=self._settings.mouse)

    def leave(self) -> None:
        """The interface begins to end: what comes now is not on the screen any more. The end may take seconds."""
        if self._seen is None:
            self._seen = {record.action_id: record.rung for record in self._actions()}

    def _end(self) -> list[str]:
        """Give the actions their time; say so if that takes long. Returns what is left to say of them."""
        self._terminal.tidy()
        waiting = threading.Timer(PATIENCE_S, self._say_waiting)
        waiting.daemon = True
        waiting.start()
        try:
            return self._drain(DRAIN_S)
        finally:
            waiting.cancel()

    def _drain(self, seconds: float) -> list[str]:
        self.leave()  # unless it has: its terminal may hang, or an error have ended it
        if not self._host.stop(seconds):
            _log.error("the engine did not end within %.0f s", seconds)
        return last_words(self._seen or {}, self._actions())

    def _actions(self) -> tuple[ActionRecord, ...]:
        return self._host.store.get(ACTIONS).value or ()

    def _say_waiting(self) -> None:
        # A start knows what the journal has got.
        leave = "do not wait" if self._host.store.get(JOURNAL).value else "leave it to the next start"
        self._terminal.say(
            f"qctui: a confirmed action is being sent or answered; waiting up to {DRAIN_S:.0f} s (Ctrl+C: {leave})"
        )

    async def _open_client(self, observer: Observer) -> Client:
        # Importing the client, and reading what it brings, is a quarter of the work until the first frame, which shares
        # this interpreter and needs neither.
        await asyncio.to_thread(self._shown.wait, FRAME_S)
        if self._account is None:
            assert self._demo is not None, "without an account there is the simulator's"
            self._account = await self._demo.listen()
        return open_client_of(self._account, self._settings, self._host.clock, observer, self._host.tape)

    def _open_actions(self, client: ApiClient) -> ActionService:
        assert self._account is not None, "the client was opened for one"
        return actions_of(self._account, self._settings, client.triggers, self._host.store, self._host.clock)


def run_interface(
    build: Callable[[Callable[[], object]], Console], terminal: Terminal, shutdown: Shutdown, *, mouse: bool
) -> int:
    """Run an interface to its end. `build` makes it, of what is to be called once its first frame is out."""
    if not shutdown.interface_begins():
        return Exit.DONE
    from qctui.ui.app_base import COLLECTS_AFTER

    app = build(lambda: shutdown.attach(asyncio.get_running_loop(), lambda: app.exit(0)))
    # Everything imported stays: collections need not look at it again, and none falls into the start.
    gc.freeze()
    gc.set_threshold(*gc.get_threshold()[:2], COLLECTS_AFTER)
    gc.enable()
    asyncio.run(app.run_async(mouse=mouse))
    if app.crash is None:
        return Exit.DONE
    terminal.say(f"qctui: unexpected error ({app.crash}); details are in {describe_path(log_path())}")
    return Exit.INTERNAL


def quieten() -> None:
    """Before Textual is imported: it reads its environment then. And nothing but it may write to the terminal."""
    os.environ.pop("TEXTUAL", None)  # features such as debug would print values on a crash
    os.environ.setdefault("TEXTUAL_FPS", "15")
    os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")

    def log_thread(failure: threading.ExceptHookArgs) -> None:
        if failure.exc_value is not None:
            _log.error("thread %s ended by an error", failure.thread, exc_info=failure.exc_value)

    threading.excepthook = log_thread
    sys.unraisablehook = lambda failure: _log.error("unraisable: %s", failure.err_msg, exc_info=failure.exc_value)
    for handler in logging.getLogger().handlers:
        stream = getattr(handler, "stream", None)
        if stream is not None:
            faulthandler.enable(stream)


def ui_options(settings: Settings) -> UiOptions:
    """The options of the interface; keys and theme are checked here, before the screen is touched.

    Raises:
        UsageError: keys that can't be used, or a theme that is not there.
    """
    from qctui.ui.alerts.terminal_delivery import terminal_variables
    from qctui.ui.context import UiOptions
    from qctui.ui.keys.keymap import KeymapError, check_keymap
    from qctui.ui.theme.themes import DEFAULT_THEME, load_themes, shipped_folder

    themes_dir = config_dir() / "themes"
    try:
        keymap = check_keymap(settings.config.keys)
    except KeymapError as error:
        raise UsageError(f"{settings.config_path}: {error}") from error
    theme = settings.theme or DEFAULT_THEME
    if settings.theme is not None:
        known, problems = load_themes([shipped_folder(), themes_dir])
        if theme not in known:
            # A file that can't be used may be the very one that was meant: it is named, with what is wrong in it.
            words = (f"there is no theme {theme!r}; allowed: {', '.join(sorted(known))}", *problems)
            raise UsageError(f"{settings.theme_source}: {'; '.join(words)}")
    return UiOptions(
        profile=settings.profile_name,
        demo=settings.demo,
        read_only=settings.read_only,
        theme=theme,
        themes_dir=themes_dir,
        keymap=keymap,
        ascii=settings.ascii or not speaks_unicode(given_locale(os.environ)),
        project_id=settings.project_id,
        pinned=settings.pinned,
        delivery=settings.config.alerting.delivery,
        terminal=terminal_variables(os.environ),
    )
