"""Signals and a closed terminal before the first frame, and what comes along with them: a quiet end."""

from __future__ import annotations

import os
import signal
import termios
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.api import Api
from tests.e2e.console import QCTUI, Console
from tests.e2e.test_console import LIVE_PROJECT, log_of

ENDS = [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)]


def takes_signals(console: Console) -> bool:
    """Whether it has a handler for SIGTERM by now, which is before it imports its interface."""
    status = Path(f"/proc/{console.process.pid}/status").read_text()
    caught = int(next(line for line in status.splitlines() if line.startswith("SigCgt:")).split()[1], 16)
    return bool(caught >> (signal.SIGTERM - 1) & 1)


def await_handlers(console: Console) -> None:
    while not takes_signals(console):
        assert console.process.poll() is None, console.text


def await_first_byte(console: Console) -> None:
    console.wait_until(lambda: bool(console.raw), "its first byte")


def quiet(home: Path) -> bool:
    log = log_of(home)
    assert "ERROR" not in log, log
    return "Traceback" not in log


def ended_quietly(console: Console, home: Path) -> bool:
    assert console.terminal.left_behind == []
    assert console.terminal_as_found()
    assert "unexpected" not in console.text
    return quiet(home)


AT = pytest.mark.parametrize("moment", [await_handlers, await_first_byte], ids=["handlers", "first-byte"])


@AT
@pytest.mark.parametrize(("number", "code"), ENDS, ids=str)
def test_a_signal_before_the_first_frame_ends_it_quietly(
    env: dict[str, str], home: Path, moment: Callable[[Console], None], number: signal.Signals, code: int
) -> None:
    with Console("--demo", env=env) as console:
        moment(console)
        console.signal(number)
        assert console.wait_exit() == code
        assert ended_quietly(console, home)


@AT
def test_a_terminal_that_closes_before_the_first_frame_ends_it_quietly(
    env: dict[str, str], home: Path, moment: Callable[[Console], None]
) -> None:
    with Console("--demo", env=env) as console:
        moment(console)
        console.hang_up()
        assert console.wait_exit() == 129
        assert quiet(home)


def test_a_signal_in_its_first_moments_leaves_the_terminal_untouched(
    api: Api, signed_in: dict[str, str], home: Path
) -> None:
    with Console("--base-url", api.base_url, env=signed_in) as console:
        await_handlers(console)
        console.signal(signal.SIGTERM)
        assert console.wait_exit() == 143
        assert ended_quietly(console, home)
        assert b"\x1b[?1049h" not in console.raw


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=str)
def test_the_signal_to_go_on_that_comes_with_the_one_to_end_does_no_harm(
    look: Callable[..., Console], home: Path, number: signal.Signals
) -> None:
    with look() as console:
        console.wait_for(LIVE_PROJECT)
        console.signal(number)
        console.signal(signal.SIGCONT)
        assert console.wait_exit() == 128 + number
        assert ended_quietly(console, home)


def test_stopped_and_continued_from_elsewhere_it_draws_again_and_leaves_the_terminal_as_it_was(
    look: Callable[..., Console], home: Path
) -> None:
    with look() as console:
        console.wait_for(LIVE_PROJECT)
        console.signal(signal.SIGSTOP)
        console.terminal.screen.reset()
        console.signal(signal.SIGCONT)
        console.wait_for(LIVE_PROJECT)
        console.send("q")
        assert console.wait_exit() == 0
        assert ended_quietly(console, home)


def test_continued_by_a_shell_that_took_the_terminal_meanwhile_it_takes_keys_again(
    look: Callable[..., Console], home: Path
) -> None:
    with look() as console:
        console.wait_for(LIVE_PROJECT)
        ours = termios.tcgetattr(console.master)
        console.signal(signal.SIGSTOP)
        termios.tcsetattr(console.master, termios.TCSANOW, console.attributes)  # as a shell does before its prompt
        console.terminal.feed(b"\x1b[?2004h\x1b[?2004l")  # which takes a paste as one while it is there
        console.terminal.screen.reset()
        console.signal(signal.SIGCONT)
        console.wait_for(LIVE_PROJECT)
        console.send("?")
        console.wait_for("Keys that work right now")
        assert termios.tcgetattr(console.master) == ours
        assert console.terminal.modes["2004"]
        console.send("\x1b")
        console.send("q")
        assert console.wait_exit() == 0
        assert ended_quietly(console, home)


def test_nothing_is_drawn_before_there_is_something_to_see(api: Api, signed_in: dict[str, str]) -> None:
    with Console("--base-url", api.base_url, env=signed_in) as console:
        console.wait_for("1 Deployments")
        assert len(console.raw.partition(b"Deployments")[0]) < 3_000  # a blank screen alone is 7 kB


def test_brought_to_the_foreground_by_a_shell_that_sends_no_signal_it_takes_keys_again(still: Api, home: Path) -> None:
    with Console("--norc", "-i", env=still.environment(home), command=["bash"]) as shell:
        shell.send(f"{QCTUI} --base-url {still.base_url}\n")
        shell.wait_for(LIVE_PROJECT)
        (console,) = Path(f"/proc/{shell.process.pid}/task/{shell.process.pid}/children").read_text().split()
        raw = termios.tcgetattr(shell.master)
        os.kill(int(console), signal.SIGSTOP)
        shell.wait_for("Stopped")
        shell.send("bg\n")
        shell.wait_until(lambda: ") T" not in Path(f"/proc/{console}/stat").read_text(), "it goes on")
        shell.send("fg\n")
        shell.wait_until(lambda: termios.tcgetattr(shell.master) == raw, "the terminal as it needs it")
        shell.send("?")
        shell.wait_for("Keys that work right now")
