"""The very first of the console, before anything slow to import: is there a terminal, and the simulator's start.

The simulator is another process on another core: what it needs to start runs beside what we do.
"""

from __future__ import annotations

import os
from contextlib import ExitStack

from qctui.cli.demo import Demo, DemoError
from qctui.cli.exits import UsageError
from qctui.cli.parser import Options
from qctui.cli.terminal import Terminal


def open_console(options: Options) -> int:
    """Run the console and return its exit code.

    Raises:
        UsageError: there is no terminal, or the configuration or credentials can't be used.
    """
    terminal = _terminal()
    with ExitStack() as stack:
        demo = stack.enter_context(_start_demo()) if options.demo else None
        from qctui.cli.console import run_console

        return run_console(options, terminal, demo)


def _terminal() -> Terminal:
    try:
        terminal = Terminal()
    except OSError as error:
        raise UsageError("the console needs a terminal; without one use: qctui status, qctui --help") from error
    if os.environ.get("TERM", "") in ("", "dumb"):
        raise UsageError("TERM says that this terminal can't show the console; set it, e.g. to xterm-256color")
    return terminal


def _start_demo() -> Demo:
    try:
        return Demo()
    except DemoError as error:
        raise UsageError(str(error)) from error
