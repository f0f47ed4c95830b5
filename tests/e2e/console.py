"""Drives the installed `qctui` on a real pty. Waits for what it shows, never for time."""

from __future__ import annotations

import fcntl
import multiprocessing
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import qctui.cli
from tests.e2e.terminal import Terminal

QCTUI = Path(sys.executable).with_name("qctui")
"""The console script that pip installed."""

DEADLINE_S = 60.0
"""How long anything may take before a test gives up: far more than it needs, so that a busy machine fails nothing."""

COPIES = multiprocessing.get_context("forkserver")
# Importing costs more than most tests ask of a program. It is done once; simulators and what has no terminal are copies
# of that process.
COPIES.set_forkserver_preload(
    [
        "tests.e2e.api",
        "qctui.simulator.command_line",
        "qctui.simulator.server",
        "qctui.api.client",
        "anyio._backends._asyncio",
        "httpcore",
        *(f"qctui.cli.{each}" for each in ("doctor", "optimizations_command", "status", "trigger")),
    ]
)

LOOK_AGAIN_S = 0.5
"""After how long a test looks again at what no frame tells, such as a file."""

BEGIN_OF_FRAME, END_OF_FRAME = b"\x1b[?2026h", b"\x1b[?2026l"
"""Synchronized output: what was drawn since it began is shown at once."""


def clean_environment(home: Path, **more: str) -> dict[str, str]:
    """An environment in which nothing of the person who runs the tests matters."""
    for folder in ("config", "state"):
        (home / folder).mkdir(exist_ok=True, parents=True)
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_STATE_HOME": str(home / "state"),
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "LANG": "C.UTF-8",
        **more,
    }


class Console:
    """One `qctui` in a terminal of its own."""

    def __init__(
        self,
        *arguments: str,
        env: Mapping[str, str],
        columns: int = 120,
        rows: int = 40,
        command: Sequence[str] | None = None,
    ) -> None:
        self.terminal = Terminal(columns, rows)
        self.raw = bytearray()
        """Every byte it sent to the terminal."""
        self._undrawn = b""
        """What was read and is not on the screen yet: the frames after the one that is."""
        self.master, slave = pty.openpty()
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.attributes = termios.tcgetattr(slave)
        self.process = subprocess.Popen(
            [*(command or [str(QCTUI)]), *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=dict(env),
            start_new_session=True,
            preexec_fn=_take_terminal,
        )
        self._slave = slave
        self._exit = os.pidfd_open(self.process.pid)
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._exit)
        os.close(self._slave)
        self.hang_up()

    @property
    def text(self) -> str:
        return self.terminal.text

    def send(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def resize(self, columns: int, rows: int) -> None:
        self.terminal.resize(columns, rows)
        fcntl.ioctl(
            self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0)
        )  # the kernel sends SIGWINCH
        if self.terminal.modes.get("2048"):
            self.send(f"\x1b[48;{rows};{columns};0;0t")  # what a terminal does that was asked to report resizes

    def hang_up(self) -> None:
        """Close the terminal, as a dropped SSH session does."""
        if not self._closed:
            self._closed = True
            self._undrawn = b""
            os.close(self.master)

    def wait_for(self, *texts: str) -> None:
        """Until all of these are on the screen."""
        self.wait_until(lambda: all(text in self.text for text in texts), f"waiting for {texts}")

    def wait_gone(self, *texts: str) -> None:
        """Until none of these is on the screen."""
        self.wait_until(lambda: not any(text in self.text for text in texts), f"waiting for the end of {texts}")

    def wait_until(self, met: Callable[[], bool], what: str, *, also: Sequence[int] = ()) -> None:
        """Until `met`, looked at after every frame the program draws, however many of them a slow machine brings at
        once, and now and then (and whenever a file of `also` can be read)."""
        give_up = time.monotonic() + DEADLINE_S
        while not met():
            ended = self.process.poll() is not None
            came = self._pump(LOOK_AGAIN_S, also)
            if ((ended and not came) or time.monotonic() > give_up) and not met():
                state = f"it ended with {self.process.returncode}" if ended else "it still runs"
                raise AssertionError(f"{what}: not within {DEADLINE_S:.0f} s, {state}; on the screen:\n{self.text}")

    def draw_for(self, seconds: float) -> None:
        """Take what it draws for a while: for benchmarks, which have nothing on the screen to wait for."""
        until = time.monotonic() + seconds
        while self._pump(until - time.monotonic(), ()):
            pass

    def wait_exit(self) -> int:
        """Until the process is gone, reading what it draws meanwhile; returns its exit code."""
        give_up = time.monotonic() + DEADLINE_S
        while self.process.poll() is None:
            if not self._pump(give_up - time.monotonic(), ()) and self.process.poll() is None:
                raise AssertionError(f"still running after {DEADLINE_S:.0f} s; on the screen:\n{self.text}")
        self.drain()
        return self.process.returncode

    def drain(self) -> None:
        """Draw what an ended process left to be read."""
        while self._pump(0.0, ()):
            pass
        self.terminal.feed(self._undrawn)
        self._undrawn = b""

    def wait_exit_unread(self) -> int:
        """Like `wait_exit`, with a terminal that reads nothing."""
        if not select.select([self._exit], [], [], DEADLINE_S)[0]:
            raise AssertionError(f"still running after {DEADLINE_S:.0f} s with a terminal that does not read")
        return self.process.wait()

    def terminal_as_found(self) -> bool:
        """The line settings are those from before it started."""
        return termios.tcgetattr(self._slave) == self.attributes

    def _pump(self, within_s: float, also: Sequence[int]) -> bool:
        """Wait for a frame, the process's end or `also`; False if nothing came in time."""
        if END_OF_FRAME in self._undrawn:
            return self._draw()
        watched = [self._exit, *also] if self._closed else [self.master, self._exit, *also]
        ready = select.select(watched, [], [], max(0.0, within_s))[0]
        if self.master in ready and not self._closed:
            data = os.read(self.master, 65536)
            self.raw += data
            self._undrawn += data
            return self._draw()
        return bool(set(ready) - {self._exit}) or (self._exit in ready and self.process.poll() is None)

    def _draw(self) -> bool:
        """Draw what was read, up to the end of a frame; the half of one waits for the other half."""
        frame, end, rest = self._undrawn.partition(END_OF_FRAME)
        if not end:
            frame, begin, rest = self._undrawn.partition(BEGIN_OF_FRAME)
            rest = begin + rest
        self._undrawn = rest
        if reply := self.terminal.feed(frame + end):
            os.write(self.master, reply)
        return True


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # what was started by nohup hands on that it is ignored


def run_command(*arguments: str, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run `qctui` without a terminal, in a copy of a process that has imported it."""
    with tempfile.TemporaryDirectory() as folder:
        process = COPIES.Process(target=_command, args=(arguments, dict(env), folder), daemon=True)
        process.start()
        process.join(DEADLINE_S)
        code = process.exitcode
        if code is None:
            process.kill()
            process.join()
        out, err = ((Path(folder) / each).read_text(encoding="utf-8") for each in ("out", "err"))
    assert code is not None, f"still running after {DEADLINE_S:.0f} s: {out}{err}"
    return subprocess.CompletedProcess(arguments, code, out, err)


def _command(arguments: tuple[str, ...], env: dict[str, str], folder: str) -> None:
    os.environ.clear()
    os.environ.update(env)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for number, name in enumerate(("out", "err"), 1):
        os.dup2(os.open(f"{folder}/{name}", os.O_WRONLY | os.O_CREAT, 0o600), number)
    sys.stdout, sys.stderr = (os.fdopen(number, "w", encoding="utf-8", closefd=False) for number in (1, 2))
    sys.exit(qctui.cli.main(arguments))
