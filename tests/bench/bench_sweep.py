"""A sweep of 5,000 runs, 24 of them under way: opening it, its views, keys, and the memory of redraws. Run by hand:
python -m tests.bench.bench_sweep [--redraws N] [--rounds N]

Prints a table; asserts nothing. The console is the real app in this process, without a terminal.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import sys
import time
from contextlib import suppress
from pathlib import Path

from qctui.cli.console import TURN_S
from qctui.model.keys import optimization_key
from qctui.model.optimization import Optimization
from qctui.sweep import views
from qctui.sweep.judging import Sweep
from qctui.sweep.plots import Plot, drawn
from qctui.ui.app_base import COLLECTS_AFTER
from qctui.value import replace
from tests import idle
from tests.bench.figures import print_figures
from tests.sweep.grids import grid
from tests.ui.detail_scene import OPTIMIZATION_ID, fill_details
from tests.ui.page import Page, console
from tests.ui.scene import StillEngine

SIZES = (5, 5, 5, 5, 4, 2)
"""Values of the six parameters: 5,000 runs."""

KEY = optimization_key(OPTIMIZATION_ID)


def reading(seed: int) -> Optimization:
    """One answer of the API, parsed."""
    return replace(grid(*SIZES, seed=seed, under_way=24), optimization_id=OPTIMIZATION_ID)


Times = list[tuple[float, float, float]]
"""Seconds; how many of them this program was at work: they are all on a machine without other work, for its threads go
one after the other; and how many of these its loop was."""


def clocks() -> tuple[float, float, float]:
    """What `Times` are differences of."""
    return time.perf_counter(), time.process_time(), time.thread_time()


def since(before: tuple[float, float, float]) -> tuple[float, float, float]:
    now = clocks()
    return now[0] - before[0], now[1] - before[1], now[2] - before[2]


class Heartbeat:
    """How long the loop did not look at its callbacks: as long would a key have waited."""

    def __init__(self) -> None:
        self.waits: Times = []
        self._task = asyncio.create_task(self._beat())

    async def _beat(self) -> None:
        while True:
            before = clocks()
            await asyncio.sleep(0.001)
            self.waits.append(since(before))

    async def longest(self) -> tuple[float, float, float]:
        """The longest wait since the last question, the longest work, and the longest of the loop."""
        waits, self.waits = self.waits, []
        wall, program, loop = map(max, zip(*waits, (0.0, 0.0, 0.0), strict=True))
        return wall, program, loop

    async def stop(self) -> None:
        """End."""
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task


async def timed(page: Page, *keys: str, drawn: bool = True) -> tuple[float, float, float]:
    before = clocks()
    await page.press(*keys)
    if drawn:
        await page.drawn()
    return since(before)


def print_times(what: str, times: Times, target_ms: float) -> None:
    for words, column in zip(("", ", at work", ", its loop"), zip(*times, strict=True), strict=True):
        print_figures(f"{what}{words}", column, target_ms)


async def console_times(rounds: int, size: tuple[int, int]) -> None:
    """Opening, views, keys while a new answer comes."""
    readings = [reading(seed) for seed in (1, 2)]
    opens: Times = []
    view_times: dict[str, Times] = {}
    waits: dict[str, Times] = {"table": [], "plot": [], "a new answer in the table": [], "and in a plot": []}

    def prepare(engine: StillEngine) -> None:
        fill_details(engine)
        engine.put(KEY, readings[0], age_s=5)

    async with console(size, prepare=prepare) as page:
        heart = Heartbeat()
        await page.press("2")
        for number in range(rounds):
            page.engine.put(KEY, readings[number % 2], age_s=1)
            await page.settle()
            gc.collect()
            opens.append(await timed(page, "enter", drawn=False))
            await page.drawn()
            for key in "234567":
                view_times.setdefault(key, []).append(await timed(page, key))
            await page.press("1")
            await page.drawn()
            for name, view in (("table", "1"), ("plot", "6")):
                await page.press(view)
                await page.drawn()
                await heart.longest()
                for key in "jjjjkk":
                    waits[name].append(await timed(page, key))
            for name, view in (("a new answer in the table", "1"), ("and in a plot", "6")):
                await page.press(view)
                await page.drawn()
                await heart.longest()
                page.engine.put(KEY, replace(readings[number % 2], completed=number), age_s=1)
                await page.settle()
                await page.drawn()
                waits[name].append(await heart.longest())
            await page.press("escape")
        await heart.stop()
    where = f"{size[0]}x{size[1]}"
    print_times(f"{where} Enter to the runs of 5,000", opens, 300)
    for key, times in view_times.items():
        print_times(f"{where} view {key}, key to its plot", times, 100)
    for name, times in waits.items():
        print_times(f"{where} a key waits: {name}", times, 50)


async def redraws(count: int) -> None:
    """What drawing again and again leaves in memory."""
    sweep = Sweep(grid(8, 6, 5))
    one, other = sweep.objectives[:2]
    made: list[Plot | None] = [
        views.slices(sweep, "p0", 76, "●").plot,
        views.distribution(sweep, 76).plot,
        views.history(sweep, "●").plot,
        views.pareto(sweep, one, other, "●").plot,
        views.importance(sweep).plot,
    ]
    for number in range(500):
        await drawn(lambda plot=made[number % 5]: plot, 70 + number % 3, 18)  # type: ignore[misc]
    gc.collect()
    before = memory()
    for number in range(count):
        await drawn(lambda plot=made[number % 5]: plot, 70 + number % 3, 18)  # type: ignore[misc]
    gc.collect()
    print(f"{count:,} redraws: {memory() - before:+.1f} MiB (5)")


def memory() -> float:
    """Resident memory of this process, MiB."""
    fields = Path("/proc/self/statm").read_text().split()
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--redraws", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=10)
    options = parser.parse_args()
    sys.setswitchinterval(TURN_S)  # as the program does
    gc.freeze()
    gc.set_threshold(*gc.get_threshold()[:2], COLLECTS_AFTER)
    idle.install()  # without it each key waits for an idle processor, which a heartbeat never lets be
    for size in ((80, 24), (120, 40)) if options.rounds else ():
        asyncio.run(console_times(options.rounds, size))
    if options.redraws:
        asyncio.run(redraws(options.redraws))


if __name__ == "__main__":
    main()
