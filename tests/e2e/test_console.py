from __future__ import annotations

import os
import re
import select
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.api import Api, simulator
from tests.e2e.console import DEADLINE_S, Console
from tests.e2e.line import Line
from tests.e2e.terminal import Terminal

SEQUENCE = re.compile(rb"\x1b\[[<-?]*[0-9;:]*[ -/]*[@-~]|\x1b\]22;[a-z]*(?:\x07|\x1b\\)")
"""What the console itself sends: control sequences, and the pointer's shape."""

CONTROL = re.compile(rb"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f]|\xc2[\x80-\x9f]")

LIVE_PROJECT = "Momentum/Crossover Live"


def log_of(home: Path) -> str:
    return (home / "state" / "qctui" / "qctui.log").read_text()


def test_the_demo_opens_with_deployments_optimizations_insights_and_a_chart(env: dict[str, str], home: Path) -> None:
    with Console("--demo", "--project", "23456789", env=env) as console:
        console.wait_for(LIVE_PROJECT, "LIVE", "PAPER", "DEMO", "Strategy Equity", "Large Caps Sweep 02", "240")
        console.send("q")
        assert console.wait_exit() == 0
        assert console.terminal.left_behind == []
        assert console.terminal_as_found()
    assert "ERROR" not in log_of(home)


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (200, 60)])
def test_it_opens_at_other_sizes_and_follows_a_resize(look: Callable[..., Console], columns: int, rows: int) -> None:
    with look(columns=columns, rows=rows) as console:
        console.wait_for("Momentum", "1 Deployments")
        console.resize(120, 40)
        console.wait_for(LIVE_PROJECT, "1 Deployments", "q quit")


def test_credentials_of_the_environment_and_another_api(api: Api, signed_in: dict[str, str]) -> None:
    with Console("--base-url", api.base_url, env=signed_in) as console:
        console.wait_for(LIVE_PROJECT, "default")
        assert "DEMO" not in console.text


def test_an_outage_keeps_the_last_data_and_ends_without_a_key(api: Api, line: Line, signed_in: dict[str, str]) -> None:
    with Console("--base-url", api.base_url, env=signed_in) as console:
        console.wait_for(LIVE_PROJECT, "Strategy Equity", "API ok")
        line.cut()
        console.send("r")
        console.wait_for("API DOWN")
        assert LIVE_PROJECT in console.text
        line.mend()
        console.wait_for("API ok")


def test_names_made_to_break_a_terminal_are_text(home: Path) -> None:
    folder = home / "config/qctui"
    folder.mkdir(parents=True, exist_ok=True)
    # A bell is a control character of our own.
    (folder / "config.toml").write_text("[delivery]\nbell = false\nnotify = false\n")
    with (
        simulator("--calm", "--hostile-text") as api,
        Console("--base-url", api.base_url, env=api.environment(home)) as console,
    ):
        console.wait_for("[bold red]x[/]", "quit]y[/]")
        console.wait_for("240")
        console.send("q")
        assert console.wait_exit() == 0
        assert b"\x1b[31m" not in console.raw
        assert not CONTROL.search(SEQUENCE.sub(b"", bytes(console.raw)))
    assert "ERROR" not in log_of(home)


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)], ids=lambda each: str(each)
)
def test_a_signal_ends_it_with_the_terminal_as_it_was(
    look: Callable[..., Console], number: signal.Signals, code: int
) -> None:
    with look("--mouse") as console:
        console.wait_for(LIVE_PROJECT)
        assert console.terminal.modes["1049"]
        console.signal(number)
        assert console.wait_exit() == code
        assert console.terminal.left_behind == []
        assert console.terminal_as_found()


@pytest.mark.parametrize("keys", ["q", "\x03"], ids=["q", "ctrl+c"])
def test_a_key_ends_it_with_the_terminal_as_it_was(look: Callable[..., Console], keys: str) -> None:
    with look() as console:
        console.wait_for(LIVE_PROJECT)
        console.send(keys)
        assert console.wait_exit() == 0
        assert console.terminal.left_behind == []
        assert console.terminal_as_found()


def test_a_signal_in_the_first_moment_ends_it_too(env: dict[str, str]) -> None:
    with Console("--demo", env=env) as console:
        console.wait_until(lambda: bool(console.raw), "its first byte")
        console.signal(signal.SIGTERM)
        assert console.wait_exit() == 143
        assert console.terminal.left_behind == []
        assert console.terminal_as_found()


def test_a_closed_terminal_ends_it(look: Callable[..., Console], home: Path) -> None:
    with look() as console:
        console.wait_for(LIVE_PROJECT)
        console.hang_up()
        assert console.wait_exit() == 129
    assert "ERROR" not in log_of(home)


def test_a_terminal_that_stopped_reading_does_not_keep_it(api: Api, signed_in: dict[str, str]) -> None:
    with Console("--base-url", api.base_url, env=signed_in) as console:
        console.wait_for(LIVE_PROJECT)
        fill(console)
        console.signal(signal.SIGTERM)
        assert console.wait_exit_unread() == 143
        console.drain()
        assert console.terminal.left_behind == []
        assert console.terminal_as_found()


@pytest.mark.parametrize("halves", [b"\x1b[1;2;3H", b"\x1b[?1;2H", b"\x1b[3;4;5r"])
def test_halves_of_two_sequences_are_nothing_to_a_terminal(halves: bytes) -> None:
    """What a stalled terminal receives once the rest was thrown away between them."""
    terminal = Terminal(20, 2)
    terminal.feed(b"before" + halves + b"after")
    assert terminal.text.strip() == "beforeafter"


def fill(console: Console) -> None:
    """Make it draw until its terminal takes no more: whole screens, and nobody reads them."""
    for _ in range(60):
        console.send("?")
        console.send("\x1b")


def test_killed_it_leaves_no_simulator_behind(env: dict[str, str]) -> None:
    with Console("--demo", env=env) as console:
        console.wait_for(LIVE_PROJECT)
        children = Path(f"/proc/{console.process.pid}/task/{console.process.pid}/children").read_text().split()
        (simulator_fd,) = [os.pidfd_open(int(child)) for child in children]
        console.signal(signal.SIGKILL)
        console.wait_exit()
        assert select.select([simulator_fd], [], [], DEADLINE_S)[0], "the simulator outlived its console"
        os.close(simulator_fd)


def test_a_name_that_is_not_a_theme_or_a_key_is_said_before_the_screen_is_touched(
    env: dict[str, str], home: Path
) -> None:
    with Console("--demo", "--theme", "nonsense", env=env) as console:
        assert console.wait_exit() == 2
        assert "--theme: there is no theme 'nonsense'" in console.text
        assert "1049" not in console.terminal.modes
    folder = home / "config" / "qctui"
    folder.mkdir()
    (folder / "config.toml").write_text('theme = "mine"\n')
    (folder / "themes").mkdir()
    (folder / "themes" / "mine.toml").write_text('name = "mine"\n[colors]\nprimary = "no colour"\n')
    with Console("--demo", env=env) as console:
        assert console.wait_exit() == 2
        # The terminal folds it where the path's length wants it, and a blank at a fold is gone.
        said = "".join(console.text.split())
        assert f"{folder / 'config.toml'}:`theme`:thereisnotheme'mine'" in said
        assert f"{folder / 'themes' / 'mine.toml'}:'colors.primary'isnotacolour:'nocolour'" in said
    (folder / "config.toml").write_text('[keys]\nliquidate = "q"\n')
    with Console("--demo", env=env) as console:
        assert console.wait_exit() == 2
        assert "config.toml:keys" in "".join(console.text.split())


def test_without_a_utf8_locale_nothing_but_7_bit_reaches_the_terminal(still: Api, home: Path) -> None:
    with Console("--base-url", still.base_url, env=still.environment(home, LANG="C")) as console:
        console.wait_for("Crossover Live", "1 Deployments")
        console.send("q")
        console.wait_exit()
        assert console.raw.isascii()


def test_read_only_has_no_keys_that_act(look: Callable[..., Console]) -> None:
    with look("--read-only") as console:
        console.wait_for(LIVE_PROJECT, "READ-ONLY")
        assert "liquidate" not in console.text
        console.send("L?")
        console.wait_for("Everywhere")
        assert "Liquidate" not in console.text
