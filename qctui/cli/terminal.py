"""The terminal: its settings as they were found, the way back to them even when it no longer reads, its characters."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import termios
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from qctui.usage import UsageError

RESTORE = (
    "\x18"  # CAN: ends whatever sequence was cut off half way
    "\x1b[?2026l"  # end of a synchronized update
    "\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1016l"  # mouse
    "\x1b[?1004l\x1b[?2004l\x1b[?2048l"  # focus reports, bracketed paste, resize reports
    "\x1b[?7h"  # line wrap
    "\x1b[<u"  # kitty keyboard: before leaving the alternate screen, which has a stack of its own
    "\x1b[?1049l\x1b[?25h\x1b[0m"
)
"""Undoes everything the console sets on a terminal."""

LEFTOVERS = "\x1b[?1016l\x1b[?7h\x1b[?25h"
"""What may still be set after an orderly end. Harmless on a terminal in its normal state, unlike `RESTORE`, which pops
a keyboard mode and leaves a screen."""


class Terminal:
    """The terminal on standard input and error, where the console draws."""

    def __init__(self) -> None:
        """Remember its settings.

        Raises:
            OSError: standard input or standard error is no terminal.
        """
        self.name = os.ttyname(sys.stdin.fileno())
        self.fd = sys.stdin.fileno()
        os.ttyname(sys.stderr.fileno())
        self._attributes: list[Any] = termios.tcgetattr(self.fd)

    def tidy(self) -> None:
        """After an orderly end: the little that Textual leaves behind."""
        self._write(LEFTOVERS)

    def restore(self) -> None:
        """Bring it back by force, from any thread, while another may be blocked writing to it. Never blocks for longer
        than half a second, never raises.

        Nothing this process writes to standard output or error afterwards reaches the terminal.
        """
        # Whatever the blocked writer still holds must not come after the restoring: its next write goes nowhere.
        with contextlib.suppress(OSError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            for stream in (1, 2):
                if os.isatty(stream):
                    os.dup2(nowhere, stream)
        self._write(RESTORE, 0.5, discard=True)
        with contextlib.suppress(OSError, termios.error), _without_stopping():
            termios.tcsetattr(self.fd, termios.TCSANOW, self._attributes)

    def say(self, line: str) -> None:
        """Print one line on the restored terminal, unless it doesn't take it."""
        self._write(line + "\r\n")

    def _write(self, text: str, within_s: float = 0.2, *, discard: bool = False) -> None:
        until = time.monotonic() + within_s
        # A description of its own: O_NONBLOCK on the shared one would reach the shell that started us.
        try:
            fd = os.open(self.name, os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            return
        data = text.encode("ascii", "replace")
        try:
            with _without_stopping():
                while data and time.monotonic() < until:
                    if discard:
                        # What it has not taken yet is dropped, and the writer that waits with its lock in hand wakes.
                        with contextlib.suppress(termios.error):
                            termios.tcflush(fd, termios.TCOFLUSH)
                            termios.tcflow(fd, termios.TCOOFF)
                            termios.tcflow(fd, termios.TCOON)
                    try:
                        data = data[os.write(fd, data) :]
                    except BlockingIOError:
                        time.sleep(0.01)  # until `until`: a terminal that does not read gets no longer
        except OSError:
            pass  # it has hung up: nothing is left to restore
        finally:
            os.close(fd)


def open_terminal() -> Terminal:
    """The terminal that the console needs.

    Raises:
        UsageError: there is none, or it can't show it.
    """
    try:
        terminal = Terminal()
    except OSError as error:
        raise UsageError("the console needs a terminal; without one use: qctui status, qctui --help") from error
    if os.environ.get("TERM", "") in ("", "dumb"):
        raise UsageError("TERM says that this terminal can't show the console; set it, e.g. to xterm-256color")
    return terminal


def drop_unwritten() -> None:
    """Let go of output that can't be written: the interpreter would fail on it at exit, with a code of its own."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


@contextlib.contextmanager
def _without_stopping() -> Iterator[None]:
    """Touching the terminal from the background stops a process (SIGTTOU); not this thread, not now."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def speaks_unicode(environment: Mapping[str, str]) -> bool:
    """Whether the locale says UTF-8, or says nothing: a terminal without a description is taken for a modern one.

    Looks at the variables in the C library's order, not at Python's idea of the locale: Python calls the plain C locale
    UTF-8 for files' sake (PEP 538, PEP 540), and the terminal behind it has not heard of that.
    """
    name = next((environment[key] for key in ("LC_ALL", "LC_CTYPE", "LANG") if environment.get(key)), "")
    return not name or "utf8" in name.casefold().replace("-", "")


def given_locale(environment: Mapping[str, str], block: Path = Path("/proc/self/environ")) -> dict[str, str]:
    """The locale's variables as the person set them: without the LC_CTYPE that Python itself puts beside a plain C
    locale at its start (PEP 538). The block the kernel keeps is from before that."""
    given = {key: environment[key] for key in ("LC_ALL", "LC_CTYPE", "LANG") if key in environment}
    try:
        was_there = any(entry.startswith(b"LC_CTYPE=") for entry in block.read_bytes().split(b"\0"))
    except OSError:
        was_there = given.get("LANG", "C") not in ("C", "POSIX")
    if not was_there:
        given.pop("LC_CTYPE", None)
    return given
