"""The programs of a session on their terminals: started, read all at once, disturbed at their moments, and ended."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.campaign.evidence import NO_JOURNAL, Program
from tests.e2e.console import Console

PATIENCE_S = 60.0
"""How long anything may take: far more than it needs."""
LOOK_AGAIN_S = 0.02
STALL_S = 2.5
"""How long a terminal that stalls is not read, and a process that is stopped stands still."""


class StuckError(Exception):
    """The program did not come to where it has to be."""


@dataclass(eq=False)
class Running:
    """One program and its terminal."""

    console: Console
    program: Program
    begun_at: int = 0
    """Where the bytes of this round begin."""
    unread_until: float = 0.0
    """Monotonic seconds until which nobody reads its terminal."""

    @property
    def alive(self) -> bool:
        """The process has not ended."""
        return self.console.process.poll() is None

    @property
    def text(self) -> str:
        """Its screen."""
        return self.console.text

    def read(self) -> None:
        """Draw what has come, unless the terminal is stalled."""
        if time.monotonic() < self.unread_until:
            return
        before = len(self.console.raw)
        self.console.draw_for(0.0)
        if len(self.console.raw) > before and not self.program.said_no_journal and NO_JOURNAL.search(self.text):
            self.program.said_no_journal = True

    def judge(self, *, ended: bool) -> Program:
        """What it did since the last time; begins anew if it goes on. `ended`: and it has drawn all it had to draw."""
        program, console = self.program, self.console
        program.raw = bytes(console.raw[self.begun_at :])
        program.code = console.process.poll() if ended else None
        if ended and not program.closed:
            program.left_behind = console.terminal.left_behind
            program.as_found = console.terminal_as_found()
        self.begun_at = len(console.raw)
        self.program = Program(way=program.way)
        return program


@dataclass
class Programs:
    """All programs of a session."""

    env: Mapping[str, str]
    base_url: str
    size: tuple[int, int]
    running: list[Running] = field(default_factory=list)
    _due: list[tuple[float, Callable[[], None]]] = field(default_factory=list)
    _given_up: bool = False

    def give_up(self) -> None:
        """Wait for nothing any more: whatever waits raises SystemExit."""
        self._given_up = True

    def start(self, way: str, *arguments: str) -> Running:
        """A console, or a command."""
        columns, rows = (110, 30) if way == "command" else self.size
        made = Console("--base-url", self.base_url, *arguments, env=self.env, columns=columns, rows=rows)
        one = Running(made, Program(way=way))
        self.running.append(one)
        return one

    def later(self, seconds: float, act: Callable[[], None]) -> None:
        """Do this in so many seconds, while others are waited for."""
        self._due.append((time.monotonic() + seconds, act))

    def until(self, met: Callable[[], bool], seconds: float = PATIENCE_S) -> bool:
        """Read all terminals until `met`; False if that takes longer."""
        give_up = time.monotonic() + seconds
        while True:
            if self._given_up:
                sys.exit(128 + signal.SIGTERM)
            now = time.monotonic()
            for due in [each for each in self._due if each[0] <= now]:
                self._due.remove(due)
                due[1]()
            for each in self.running:
                each.read()
            if met():
                return True
            if now > give_up:
                return False
            time.sleep(LOOK_AGAIN_S)

    def must(self, met: Callable[[], bool], what: str, one: Running) -> None:
        """Like `until`, for what has to come.

        Raises:
            StuckError: it did not.
        """
        if not self.until(lambda: met() or not one.alive) or not met():
            state = "it runs" if one.alive else f"it ended with {one.console.process.returncode}"
            raise StuckError(f"{what}: not within {PATIENCE_S:.0f} s, {state}; on the screen:\n{one.text}")

    def pass_time(self, seconds: float) -> None:
        """Read all terminals for a while."""
        if seconds > 0:
            self.until(lambda: False, seconds)

    def disturb(self, one: Running, end: str) -> None:
        """Let this happen to one of them."""
        program, console = one.program, one.console
        if not one.alive:
            return
        if end in ("stop", "stall"):
            self._hold(one, end)
        elif end == "close":
            program.disturbed_at = min(program.disturbed_at, time.time())
            program.closed = True
            one.console.hang_up()
        elif end == "quit":
            program.quit = True
            console.send("q")
        else:
            number = signal.Signals[end]
            program.disturbed_at = min(program.disturbed_at, time.time())
            program.signals.append(number)
            console.signal(number)

    def _hold(self, one: Running, how: str) -> None:
        if how == "stop":
            one.console.signal(signal.SIGSTOP)
            self.later(STALL_S, lambda: self._go_on(one))
            return
        one.unread_until = time.monotonic() + STALL_S
        one.program.held = True
        if one.program.way == "command":
            one.console.send("\x13")  # Ctrl+S
            self.later(STALL_S, lambda: one.console.send("\x11") if one.alive else None)
        else:
            one.console.send("?\x1b" * 60)  # more to draw than its terminal takes

    def _go_on(self, one: Running) -> None:
        if one.alive:
            one.console.signal(signal.SIGCONT)

    def end(self, one: Running) -> None:
        """Wait until it has ended, and read what is left.

        Raises:
            StuckError: it does not.
        """
        ended = self.until(lambda: not one.alive)
        if not ended:
            raise StuckError(f"a {one.program.way} does not end; on the screen:\n{one.text}")
        one.program.ended_at = min(one.program.ended_at, time.time())
        one.unread_until = 0.0
        if not one.program.closed:
            one.console.drain()

    def drop(self, one: Running) -> None:
        """It has ended and was judged."""
        self.running.remove(one)
        one.console.__exit__(None, None, None)

    def close(self) -> None:
        """End whatever is left, by its process id."""
        for each in self.running:
            if each.alive:
                os.kill(each.console.process.pid, signal.SIGCONT)
            each.console.__exit__(None, None, None)
        self.running.clear()
