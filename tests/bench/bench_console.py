"""How the console feels and what it costs. Run by hand: python -m tests.bench.bench_console [--demo-starts N]

Prints a table; asserts nothing. The world of the scale run: 1,000 deployments, 10,000 insights, polled.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.bench.figures import print_figures
from tests.e2e.api import simulator
from tests.e2e.console import Console, clean_environment

TICK = os.sysconf("SC_CLK_TCK")


def start_times(starts: int) -> tuple[list[float], list[float]]:
    """Seconds from starting `qctui --demo` to its first frame, and to the first deployment on it."""
    frames, data = [], []
    for _ in range(starts):
        with tempfile.TemporaryDirectory() as home:
            began = time.monotonic()
            with Console("--demo", env=clean_environment(Path(home))) as console:
                console.wait_for("1 Deployments")
                frames.append(time.monotonic() - began)
                console.wait_for("Momentum/Crossover Live")
                data.append(time.monotonic() - began)
    return frames, data


FIRST_LOOKS_S = 240.0
"""After this long each of the deployments has been looked at once, money and pulse: until then cells do change."""


def idle_cost(seconds: float) -> Iterator[str]:
    """Bytes, CPU and memory of the console's own process while nothing changes: right after the start, and later."""
    with (
        tempfile.TemporaryDirectory() as home,
        simulator("--calm", "--now", "2026-11-20T15:00:00Z") as api,
        Console("--base-url", api.base_url, env=api.environment(Path(home))) as console,
    ):
        console.wait_for("Momentum/Crossover Live", "Strategy Equity")
        for name, wait_s in (("first looks", 10.0), ("idle", FIRST_LOOKS_S - seconds)):
            console.draw_for(wait_s)
            sent, spent = len(console.raw), cpu_s(console.process.pid)
            console.draw_for(seconds)
            rate = (len(console.raw) - sent) / seconds
            percent = 100 * (cpu_s(console.process.pid) - spent) / seconds
            memory = memory_mib(console.process.pid)
            cost = f"{rate:.1f} bytes/s, {percent:.2f} % of a core, {memory:.1f} MiB (0; 0.3; 70)"
            yield f"{name}, {seconds:.0f} s: {cost}"


FRAME_S = 1 / 15
"""The console draws so seldom: what comes within a frame of the last drawing waits for the next one."""


def key_times(presses: int) -> Iterator[tuple[str, list[float]]]:
    """Seconds from `j` on the pty to the cursor's row being drawn, in a table of 1,000 deployments."""
    with (
        tempfile.TemporaryDirectory() as home,
        simulator("--calm", "--deployments", "1000", "--optimizations", "200", "--insights", "10000") as api,
        Console("--base-url", api.base_url, env=api.environment(Path(home))) as console,
    ):
        console.wait_for("1 Deployments", "Strategy Equity")
        console.draw_for(8.0)
        for name, rest_s in (("a key on its own", 2.25 * FRAME_S), ("a key in a row", 0.75 * FRAME_S)):
            times = []
            for _ in range(presses):
                times.append(_press(console, "j"))
                console.draw_for(rest_s)
            yield name, times


def _press(console: Console, key: str) -> float:
    before = _cursor_row(console)
    began = time.monotonic()
    console.send(key)
    console.wait_until(lambda: _cursor_row(console) != before, "the cursor moving")
    return time.monotonic() - began


def _cursor_row(console: Console) -> str:
    """The first row of the screen that has the cursor's sign."""
    return next((line for line in console.text.splitlines() if line.startswith(("▸", ">"))), "")


def cpu_s(pid: int) -> float:
    """Seconds of processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def memory_mib(pid: int) -> float:
    """Resident memory of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[21]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--demo-starts", type=int, default=10)
    parser.add_argument("--idle", type=float, default=60.0, metavar="S")
    parser.add_argument("--presses", type=int, default=200)
    options = parser.parse_args()
    if options.demo_starts:
        frames, data = start_times(options.demo_starts)
        print_figures("demo, start to first frame", frames, 450)
        print_figures("demo, start to first data", data, 1000)
    if options.idle:
        for line in idle_cost(options.idle):
            print(line, flush=True)
    if options.presses:
        for name, times in key_times(options.presses):
            print_figures(f"{name} to its effect, 1,000 deployments and 10,000 insights", times, 25, 60)


if __name__ == "__main__":
    main()
