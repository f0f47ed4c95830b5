"""`qctui replay`: the console over a tape. Nothing here knows a network or a token."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from qctui.actions.journal import JournalTail
from qctui.cli.console import TURN_S, quieten, run_interface, ui_options
from qctui.cli.parser import Options
from qctui.cli.shutdown import Shutdown
from qctui.cli.terminal import Terminal, drop_unwritten, open_terminal
from qctui.cli.wiring import open_recorded, own_tape, read_settings
from qctui.clock import SystemClock
from qctui.engine.instants import instant_of
from qctui.engine.player import Player
from qctui.engine.replay_host import ReplayHost
from qctui.engine.tape_events import TapeEvents, began_at
from qctui.paths import describe_path, expand_home, journal_path
from qctui.settings import Settings
from qctui.tape.bundle import tape_in
from qctui.tape.tape import Tape
from qctui.tape.tape_file import EMPTY, TapeError
from qctui.text import clean
from qctui.usage import UsageError
from qctui.value import replace

if TYPE_CHECKING:
    from qctui.ui.context import UiOptions

HOUR_S = 3_600.0

NAME_CELLS = 18
"""Of a file's name, in the bar."""

FIRST_S = 1.0
"""How long the first frame waits for the place that it is to show."""


def run_replay(options: Options) -> int:
    """Show the tape until the person leaves.

    Raises:
        UsageError: there is no tape, it can't be read, or a time or the terminal can't be used.
    """
    settings = read_settings(options)
    path = own_tape(settings) if options.file is None else expand_home(options.file)
    with open_tape(path) as tape:
        host = _host_of(tape, options, settings)
        ui = replace(ui_options(settings), replay=True, read_only=True, demo=False)
        if options.file is not None:
            # Whose it is, is not known: it is called by its name.
            ui = replace(ui, profile=clean(path.stem, NAME_CELLS))
        code = _show(host, ui, open_terminal(), mouse=settings.mouse)
    drop_unwritten()
    Shutdown.force(code)
    return code


def _show(host: ReplayHost, ui: UiOptions, terminal: Terminal, *, mouse: bool) -> int:
    quieten()
    sys.setswitchinterval(TURN_S)

    def end(seconds: float) -> list[str]:
        host.stop(min(seconds, 1.0))
        return []

    shutdown = Shutdown(terminal, end)
    shutdown.install()
    host.start()
    try:
        from qctui.cli.console_app import Console
        from qctui.ui.replay_app import ReplayApp

        class Replay(Console, ReplayApp):
            """The replay as the program runs it."""

        host.wait_shown(FIRST_S)
        code = run_interface(partial(Replay, host, ui), terminal, shutdown, mouse=mouse)
    finally:
        shutdown.interface_ended()
        terminal.tidy()
        host.stop()
    if shutdown.signal_number is not None:
        code = 128 + shutdown.signal_number
    return code


@contextlib.contextmanager
def open_tape(path: Path) -> Iterator[Tape]:
    """The tape in this file, or in this bundle, with something on it.

    Raises:
        UsageError: there is none.
    """
    with contextlib.ExitStack() as stack:
        try:
            tape = stack.enter_context(contextlib.closing(Tape(stack.enter_context(tape_in(path)))))
            if tape.first_at is None or tape.last_at is None:
                raise TapeError(EMPTY)
        except (TapeError, OSError) as error:
            shown, words = describe_path(path), str(error)
            raise UsageError(f"replay: {words}" if str(path) in words else f"replay: {shown}: {words}") from error
        yield tape


def _host_of(tape: Tape, options: Options, settings: Settings) -> ReplayHost:
    """The replay at the place that the command line names.

    Raises:
        UsageError: it names none.
    """
    try:
        journal = JournalTail(journal_path()).read()
    except OSError:
        journal = ()  # it can't be read: the tape has the steps
    try:
        first, last, events = tape.first_at or 0.0, tape.last_at or 0.0, TapeEvents(tape.events(), journal)
    except TapeError as error:
        raise UsageError(f"replay: {describe_path(tape.path)}: {error}") from error
    at = max(first, last - HOUR_S)
    if options.at is not None:
        try:
            at = instant_of(
                options.at, first=first, last=last, here=None, now=SystemClock().now(), zone=None,
                action_at=lambda number: events.action_at(number) or began_at(journal, number),
            )  # fmt: skip
        except ValueError as error:
            raise UsageError(f"--at: {error}") from error
    player = Player(
        tape,
        open_recorded,
        at=at,
        playing=options.at is None or options.speed is not None,
        speed=options.speed or 1.0,
        patterns=settings.config.alerting.blind,
        journal=journal,
    )
    return ReplayHost(player)
