"""qctui beside what else there is, on the same machine in the same minutes: `python -m tests.bench --peers`.

Absolute times mean nothing on a machine that others use, so everything is measured in turns, one of each after the
other, and what counts is the ratio of the medians; the seconds of a core, where a process has them to itself, are
less disturbed still. lean-cli and Textual go into a virtual environment of their own, which may be deleted.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from statistics import median

from qctui.model.chart import ChartWindow
from qctui.plot.marks import PlotView
from tests.bench.bench_chart import plotext_text, read_and_drawn, wave
from tests.bench.bench_console import cpu_s
from tests.bench.bench_trigger import confirm, tapped, world
from tests.bench.tap import Tap
from tests.e2e.api import Api
from tests.e2e.console import QCTUI, Console, clean_environment
from tests.fidelity.__main__ import PORT, install, lean_workspace
from tests.fidelity.__main__ import run as run_client
from tests.plot.bare import NOW

BARE = Path(__file__).with_name("bare_app.py")
LIQUIDATE = "/api/v2/live/update/liquidate"
LEAN_UI = (
    "from pathlib import Path; from lean.container import container; from lean.ui.app import LeanApp;"
    "import sys; LeanApp(Path(sys.argv[1]), None).run()"
)
"""`lean ui` without its look for Docker, which few test machines have."""

Measured = tuple[float, float | None]
"""Seconds by the clock, and seconds of a core of the measured process, if it has them to itself."""


@dataclass
class Row:
    """One thing that is measured, and those it is compared with: ours first."""

    what: str
    target: float | None
    """The highest ratio that is fine."""
    ways: dict[str, Callable[[], Measured]]
    found: dict[str, list[Measured]] = field(default_factory=dict)

    def turn(self) -> None:
        """Measure each once."""
        for name, way in self.ways.items():
            self.found.setdefault(name, []).append(way())

    def lines(self) -> Sequence[str]:
        """The medians, and the ratios of ours to each other one."""
        ours, *others = self.found
        made = []
        for name in self.found:
            clock, core = self.medians(name)
            spent = "" if core is None else f", {1000 * core:7.0f} ms of a core"
            made.append(f"    {name:<34} {1000 * clock:8.1f} ms{spent}")
        for number, name in enumerate(others):
            (clock, core), (peer, peers_core) = self.medians(ours), self.medians(name)
            wanted = f" (target {self.target:g})" if self.target is not None and not number else ""
            spent = "" if core is None or not peers_core else f"; of a core {core / peers_core:.2f}"
            made.append(f"    ratio to {name:<25} {clock / peer:8.2f}{wanted}{spent}")
        return [self.what, *made]

    def medians(self, name: str) -> Measured:
        """Of everything that was measured of one."""
        cores = [core for _, core in self.found[name] if core is not None]
        return median(clock for clock, _ in self.found[name]), median(cores) if cores else None


def first_frame(command: Sequence[str], shown: str, env: dict[str, str]) -> Measured:
    """From the start of a program to what it shows first."""
    began = time.monotonic()
    with Console(env=env, command=command) as console:
        console.wait_for(shown)
        return time.monotonic() - began, cpu_s(console.process.pid)


def first_byte(command: Sequence[str], env: dict[str, str], folder: Path, tap: Tap) -> Measured:
    """From the start of a command to the first byte of its trigger."""
    before = os.times()
    began = time.monotonic()
    subprocess.run(command, env=env, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    after = os.times()
    core = after.children_user + after.children_system - before.children_user - before.children_system
    return tap.next_at() - began, core


def key_to_paint(console: Console, key: str, back: str) -> Measured:
    """From a key to the frame in which anything has moved. `back` undoes it."""
    console.draw_for(0.3)
    sent = len(console.raw)
    began = time.monotonic()
    console.send(key)
    console.wait_until(lambda: len(console.raw) > sent, "a frame")
    taken = time.monotonic() - began
    console.send(back)
    return taken, None


def bare_confirm(console: Console, tap: Tap) -> Measured:
    """From the confirming Enter to the first byte, of the bare program."""
    console.send("L")
    console.wait_for("Type yes")
    console.send("yes")
    console.wait_for(" yes ")
    began = time.monotonic()
    console.send("\r")
    console.wait_gone("Type yes")
    return tap.next_at() - began, None


def by_clock(work: Callable[[], object]) -> Measured:
    """Of something that this process does."""
    began, spent = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - began, time.process_time() - spent


def drawing(points: int, *, candles: bool = False) -> dict[str, Callable[[], Measured]]:
    """Ways to draw so many points."""
    chart, view = wave(points, candles=candles), PlotView(ChartWindow(), now=NOW)
    xs, ys = chart.series[0].xs, chart.series[0].ys
    peer = f"plotext {version('plotext')}{', as a line' if candles else ''}"
    return {
        "qctui": lambda: by_clock(lambda: read_and_drawn(chart, view)),
        peer: lambda: by_clock(lambda: plotext_text(xs, ys)),
    }


def rows(stack: ExitStack, clients: Path, home: Path, api: Api, tap: Tap, at_leans: Tap) -> list[Row]:
    """Everything that is measured."""
    project_id, name, deploy_id = api.running("live")
    env, bare_env = api.environment(home / "ours"), clean_environment(home / "bare", TEXTUAL_FPS="60")
    ours = [str(QCTUI), "--base-url", tapped(tap), "--project", str(project_id)]
    bare = [str(clients / "python"), str(BARE), str(tap.port), LIQUIDATE]
    workspace = lean_workspace(home)
    lean = str(clients / "lean")
    run_client([lean, "login", "--user-id", api.user_id, "--api-token", api.token], workspace, home)
    lean_env = {**clean_environment(home), "QC_API": "local"}
    console = stack.enter_context(Console(env=env, command=ours))
    console.wait_for(name, "Strategy Equity")
    bare_console = stack.enter_context(Console(env=bare_env, command=bare))
    bare_console.wait_for("Project 1 ")
    ui = [str(clients / "python"), "-c", LEAN_UI, str(workspace)]
    command = [str(QCTUI), "--base-url", tapped(tap), "liquidate", str(project_id), "--yes", "--no-wait"]
    return [
        Row(
            "start to first frame",
            1.4,
            {
                "qctui": lambda: first_frame(ours, "1 Deployments", api.environment(home / "first")),
                "bare Textual": lambda: first_frame(bare, "Project 1 ", bare_env),
                "lean ui": lambda: first_frame(ui, "Projects (", lean_env),
            },
        ),
        Row(
            "command to the trigger's first byte",
            0.6,
            {
                "qctui liquidate --yes": lambda: first_byte(command, env, home, tap),
                "lean cloud live liquidate": lambda: first_byte(
                    [lean, "cloud", "live", "liquidate", str(project_id)], lean_env, workspace, at_leans
                ),
            },
        ),
        Row(
            "key to paint",
            None,
            {
                "qctui": lambda: key_to_paint(console, "j", "k"),
                "bare Textual": lambda: key_to_paint(bare_console, "\x1b[B", "\x1b[A"),
            },
        ),
        Row(
            "confirming Enter to first byte",
            2.0,
            {
                "qctui": lambda: (confirm(console, deploy_id[-4:], tap), None),
                "bare Textual, asyncio streams": lambda: bare_confirm(bare_console, tap),
            },
        ),
        Row("drawing 10,000 points", None, drawing(10_000)),
        Row("drawing 100,000 points", None, drawing(100_000)),
        Row("drawing 1,000,000 candles (aim: 100 ms)", None, drawing(1_000_000, candles=True)),
    ]


def compare(turns: int, clients: Path | None) -> None:
    """Install, measure in turns, print."""
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="peers-")))
        programs = install(clients or home / "clients", f"textual=={version('textual')}")
        api = stack.enter_context(world())
        tap, at_leans = stack.enter_context(Tap(api.port)), stack.enter_context(Tap(api.port, PORT))
        measured = rows(stack, programs, home, api, tap, at_leans)
        for number in range(turns + 1):
            for row in measured:
                row.turn()
                if not number:
                    row.found.clear()  # the first of each finds no cache
        print(f"medians of {turns} turns, load average {', '.join(f'{each:.1f}' for each in os.getloadavg())}")
        for row in measured:
            print("\n".join(row.lines()), flush=True)
