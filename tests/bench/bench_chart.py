"""The chart, measured: drawing time, the longest wait of a key, and bytes to the terminal, each beside plotext alone.

Run by hand: `python -m tests.bench.bench_chart`. Prints a table; nothing here is a test.
"""

from __future__ import annotations

import argparse
import asyncio
import fcntl
import math
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from rich.text import Text
from textual.app import App, ComposeResult
from textual.widgets import Static

from qctui.model.chart import Chart, ChartWindow, Series, SeriesType
from qctui.plot.compose import Drawing, Source, compose
from qctui.plot.marks import PlotView
from tests.plot.bare import NOW, ChartApp

WIDTH, HEIGHT = 120, 40
SIZES = (1_000, 10_000, 100_000, 1_000_000)
KINDS = ("line", "candles", "plotext")
QUIET_S = 0.4
"""Nothing for this long: the terminal has everything."""


def wave(points: int, *, candles: bool = False, extra: int = 0) -> Chart:
    """A day of equity in `points` points up to now, and `extra` more."""
    step = 86_400.0 / points
    xs = array("d", (NOW - 86_400.0 + step * i for i in range(points + extra)))
    ys = array("d", (100_000.0 + 400.0 * math.sin(i / points * 9.0) + i % 7 for i in range(points + extra)))
    opens = array("d", (y - 2.0 for y in ys)) if candles else None
    highs = array("d", (y + 3.0 for y in ys)) if candles else None
    lows = array("d", (y - 4.0 for y in ys)) if candles else None
    kind = SeriesType.CANDLE if candles else SeriesType.LINE
    series = Series("Equity", "$", 0, kind, xs, ys, opens=opens, highs=highs, lows=lows)
    return Chart("Strategy Equity", False, (series,))


def plotext_text(xs: array[float], ys: array[float]) -> str:
    """The same points drawn by plotext alone."""
    import plotext

    plotext.clear_figure()
    plotext.plot_size(WIDTH, HEIGHT)
    plotext.plot(list(xs), list(ys), marker="braille")
    return str(plotext.build())


def best(work: Callable[[], object], rounds: int) -> float:
    """The median of some rounds, in milliseconds."""
    taken = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        taken.append((time.perf_counter() - start) * 1e3)
    return sorted(taken)[len(taken) // 2]


def read_and_drawn(chart: Chart, view: PlotView) -> Drawing:
    """A chart that was never drawn before."""
    return compose(Source(chart), WIDTH, HEIGHT, view)


def measure_drawing() -> None:
    """Parsed points to finished cells, the first time and once read."""
    print(f"{'points':>10} {'line ms':>9} {'candles ms':>11} {'again ms':>9} {'plotext ms':>11}")
    view = PlotView(ChartWindow(), now=NOW)
    for points in SIZES:
        line, candles = wave(points), wave(points, candles=True)
        first = best(partial(read_and_drawn, line, view), 5)
        boxed = best(partial(read_and_drawn, candles, view), 3)
        source = Source(line)
        compose(source, WIDTH, HEIGHT, view)
        again = best(partial(compose, source, WIDTH, HEIGHT, view), 9)
        xs, ys = line.series[0].xs, line.series[0].ys
        peer = best(partial(plotext_text, xs, ys), 3 if points < 1_000_000 else 1)
        print(f"{points:>10,} {first:>9.1f} {boxed:>11.1f} {again:>9.1f} {peer:>11.1f}")


async def longest_wait(points: int, *, candles: bool) -> float:
    """The longest the interface's loop was held up, in milliseconds, from showing a chart to its being drawn."""
    chart = wave(points, candles=candles)
    app = ChartApp()
    worst = 0.0
    async with app.run_test(size=(WIDTH, HEIGHT)) as pilot:
        await pilot.pause()
        running = True

        async def beat() -> None:
            nonlocal worst
            before = time.perf_counter()
            while running:
                await asyncio.sleep(0)
                now = time.perf_counter()
                worst = max(worst, now - before)
                before = now

        heart = asyncio.create_task(beat())
        await asyncio.sleep(0.05)
        worst = 0.0
        app.show(chart)
        while app.pane.view.drawing is None:  # noqa: ASYNC110  # what ends it is a widget's state, which tells nobody
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.05)
        running = False
        await heart
    return worst * 1e3


def measure_waits() -> None:
    """How long a key waits at most."""
    print(f"\n{'points':>10} {'longest block, line ms':>23} {'candles ms':>11} {'plotext on the loop ms':>23}")
    for points in SIZES:
        line = asyncio.run(longest_wait(points, candles=False))
        candles = asyncio.run(longest_wait(points, candles=True))
        chart = wave(points)
        xs, ys = chart.series[0].xs, chart.series[0].ys
        start = time.perf_counter()
        plotext_text(xs, ys)
        peer = (time.perf_counter() - start) * 1e3
        print(f"{points:>10,} {line:>23.1f} {candles:>11.1f} {peer:>23.1f}")


class OurChild(ChartApp):
    """The pane on a real terminal: `n` brings one more point, arrows move the crosshair."""

    BINDINGS: ClassVar = [("n", "more", "One more point")]

    def __init__(self, *, candles: bool) -> None:
        super().__init__()
        self.candles = candles
        self.extra = 0

    def on_ready(self) -> None:
        self.more()

    def action_more(self) -> None:
        self.more()

    def more(self) -> None:
        self.extra += 1
        self.now = NOW + 60.0 * self.extra
        self.show(wave(1_440, candles=self.candles, extra=self.extra))


class PlotextChild(App[None]):
    """plotext through `Text.from_ansi`, as it is usually put into a Textual program."""

    def __init__(self) -> None:
        super().__init__()
        self.extra = 0

    def compose(self) -> ComposeResult:
        yield Static()

    def on_ready(self) -> None:
        self.key_n()

    def key_n(self) -> None:
        self.extra += 1
        series = wave(1_440, extra=self.extra).series[0]
        self.query_one(Static).update(Text.from_ansi(plotext_text(series.xs, series.ys)))


@dataclass
class Terminal:
    """A child on a pty, and every byte it sends."""

    pid: int
    fd: int

    def drain(self) -> int:
        """Bytes until it is quiet."""
        total = 0
        while True:
            ready, _, _ = select.select([self.fd], [], [], QUIET_S)
            if not ready:
                return total
            try:
                data = os.read(self.fd, 65_536)
            except OSError:
                return total
            if not data:
                return total
            total += len(data)

    def press(self, keys: bytes) -> int:
        """Bytes that a key costs."""
        os.write(self.fd, keys)
        return self.drain()


def spawn(kind: str) -> Terminal:
    """This file as a child on a pty of the measured size."""
    pid, fd = pty.fork()
    if pid == 0:
        os.environ.update(TERM="xterm-256color", COLORTERM="truecolor", TEXTUAL_FPS="15", TEXTUAL_ANIMATIONS="none")
        os.execv(sys.executable, [sys.executable, "-m", "tests.bench.bench_chart", kind])
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", HEIGHT, WIDTH, 0, 0))
    return Terminal(pid, fd)


def measure_bytes() -> None:
    """What one new point and one move of the crosshair cost on the line."""
    print(f"\n{'':>24} {'whole':>8} {'new point: median':>18} {'worst':>8} {'crosshair: median':>18} {'worst':>8}")
    for kind in KINDS:
        child = spawn(kind)
        time.sleep(1.5)
        whole = child.drain()
        news = [child.press(b"n") for _ in range(40)]
        child.press(b"\x1b[D")
        moves = [child.press(b"\x1b[D") for _ in range(25)] if kind != "plotext" else []
        os.kill(child.pid, signal.SIGTERM)
        os.waitpid(child.pid, 0)
        os.close(child.fd)
        news.sort()
        moves.sort()
        crosshair = f"{moves[len(moves) // 2]:>18,} {moves[-1]:>8,}" if moves else f"{'-':>18} {'-':>8}"
        print(f"{kind:>24} {whole:>8,} {news[len(news) // 2]:>18,} {news[-1]:>8,} {crosshair}")


def main() -> None:
    """Measure everything, or be the child that is measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("child", nargs="?", choices=KINDS, help="draw one on this terminal instead, to be measured")
    kind = parser.parse_args().child
    if kind is not None:
        app: App[None] = PlotextChild() if kind == "plotext" else OurChild(candles=kind == "candles")
        app.run()
        return
    measure_drawing()
    measure_waits()
    measure_bytes()


if __name__ == "__main__":
    main()
