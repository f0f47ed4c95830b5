"""Statistical plots as cells, by plotext: the one module that knows it, and the gate in front of it.

Through the gate go finite numbers only, at most some thousands of them, on one thread (its state is global), and
whatever goes wrong behind it becomes words. It is imported when the first plot is drawn.
"""

from __future__ import annotations

import asyncio
import logging
import math
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from enum import Enum
from functools import cache
from typing import Any

from qctui.plot.grid import CellGrid, Ink
from qctui.plot.values import ValueScale, tick_labels, ticks
from qctui.text import cell_width
from qctui.value import Value, replace

MOST_POINTS = 2_000
"""Points of a layer that are drawn as they are. Of more, one in each quarter of a cell is."""

WIDEST = 1e150
"""The widest range of an axis: beyond it arithmetic overflows."""

LEAST = (24, 6)
"""Columns and rows below which there is no room for axes."""

_TICK_CELLS = 9
"""The longest label at the left of an axis of numbers."""

_SEVEN_BIT = str.maketrans("┌┐└┘┬┴┼┤├─│█▼", "+++++++++-|#v")
_STYLE = re.compile(r"\x1b\[([0-9;]*)m")

_log = logging.getLogger(__name__)


Cell = tuple[int, int]
"""Column and row."""


class Kind(Enum):
    """How a layer is drawn."""

    DOTS = "dots"
    LINE = "line"
    BARS = "bars"
    BOXES = "boxes"


class Layer(Value, eq=False):
    """Points of one colour."""

    kind: Kind
    role: str
    """Of the theme."""
    xs: Sequence[float]
    ys: Sequence[float] = ()
    boxes: Sequence[tuple[float, float, float, float, float]] = ()
    """Highest, upper quartile, median, lower quartile, lowest: of boxes, in place of `ys`."""


class Side(Value, eq=False):
    """An axis."""

    scale: ValueScale
    unit: str = ""
    labels: Sequence[tuple[float, str]] = ()
    """Instead of round numbers."""


class Plot(Value, eq=False):
    """What is to be drawn."""

    layers: Sequence[Layer]
    x: Side
    y: Side
    signs: Sequence[tuple[float, float, str]] = ()
    """Points that stand out whatever the colours: each with its place and its character."""
    flags: Sequence[tuple[float, str]] = ()
    """Words of places on `x`, in the first line."""
    sideways: bool = False
    """Bars go to the right."""
    points: Sequence[tuple[float, float]] = ()
    """What a person can go to, drawn or not."""


class Drawn(Value, eq=False):
    """A finished plot: its cells, and where its points are on them."""

    grid: CellGrid
    plot: Plot | None = None
    left: int = 0
    top: int = 0
    width: int = 0
    height: int = 0
    ascii: bool = False
    cells: Sequence[Cell | None] = ()
    """Column and row of each of the plot's `points`; None of one that is not on it."""
    words: str = ""
    """Why there is none."""

    def cell(self, x: float, y: float) -> Cell | None:
        """The column and row of a point; None where it is not on the plot."""
        if self.plot is None:
            return None
        across, up = self.plot.x.scale.unit(x), self.plot.y.scale.unit(y)
        if not (0 <= across <= 1 and 0 <= up <= 1):
            return None
        # As the points are placed: dots of a braille character are 2 across and 4 up.
        dots = (1, 1) if self.ascii else (2, 4)
        return self.left + _dot(across, self.width, dots[0]), self.top + self.height - 1 - _dot(
            up, self.height, dots[1]
        )


def _dot(share: float, cells: int, dots: int) -> int:
    return math.floor(round(0.5 + (cells * dots - 1) * share, 8)) // dots


def go_on(work: Iterator[object]) -> None:
    """Do some work for plots that nobody waits for, step by step: a plot that is asked for goes between two steps."""

    def step() -> None:
        if next(work, work) is not work:
            _thread().submit(step)

    _thread().submit(step)


@cache
def _thread() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, thread_name_prefix="plots")


async def drawn(make: Callable[[], Plot | None], width: int, height: int, *, ascii: bool = False) -> Drawn:
    """Make a plot and draw it on the thread of plots; the caller's loop is free meanwhile. Nothing to draw gives empty
    cells. Never raises."""
    return await asyncio.get_running_loop().run_in_executor(_thread(), _drawn, make, width, height, ascii)


def _drawn(make: Callable[[], Plot | None], width: int, height: int, ascii: bool) -> Drawn:
    try:
        plot = make()
        if plot is None:
            return Drawn(CellGrid(width, height))
        if width < LEAST[0] or height < LEAST[1]:
            return Drawn(CellGrid(width, height), words="There is no room for a plot here.")
        if not all(side.scale.high - side.scale.low <= WIDEST for side in (plot.x, plot.y)):
            return Drawn(CellGrid(width, height), words="The values are too far apart for a plot.")
        return _draw(plot, width, height, ascii=ascii)
    except Exception as error:  # whatever it is: a plot must not end a program that may be needed to liquidate
        _log.exception("a plot could not be drawn")
        words = f"This plot could not be drawn ({type(error).__name__}). The log has the details."
        return Drawn(CellGrid(width, height), words=words)


def _draw(plot: Plot, width: int, height: int, *, ascii: bool) -> Drawn:
    import plotext

    roles = ["muted", *dict.fromkeys(layer.role for layer in plot.layers), "mark"]
    plotext.clear_figure()
    plotext.limit_size(False, False)
    plotext.plotsize(width, height)
    plotext.canvas_color("default")
    plotext.axes_color("default")
    plotext.ticks_color(1)
    for layer in plot.layers:
        _put(plotext, layer, roles, width, height, ascii=ascii, sideways=plot.sideways)
    across = (plot.x, plotext.xlim, plotext.xticks, max(2, width // 14))
    for side, limit, tick, most in (across, (plot.y, plotext.ylim, plotext.yticks, max(2, height // 4))):
        limit(side.scale.low, side.scale.high)
        values = [value for value, _ in side.labels] or ticks(side.scale, most)
        labels = [label for _, label in side.labels] or tick_labels(values, side.unit, _TICK_CELLS)
        tick(values, [_narrow(label, ascii=ascii) for label in labels])
    text: str = plotext.build()
    grid = _cells(text, width, height, roles)
    left, bottom, right = _frame(grid)
    if ascii:
        grid.chars = [[_seven_bit(char) for char in row] for row in grid.chars]
    found = Drawn(grid, plot, left, 1, right - left, bottom - 1, ascii)
    found = replace(found, cells=[found.cell(*point) for point in plot.points])
    for x, y, sign in plot.signs:
        if (cell := found.cell(x, y)) is not None:
            grid.put(*cell, _narrow(sign, ascii=ascii), Ink("mark", bold=True))
    for x, words in plot.flags:
        if (cell := found.cell(x, plot.y.scale.high)) is not None:
            text = _narrow(words, ascii=ascii)
            grid.put(max(left, min(cell[0], right - len(text))), 1, text, Ink("title", bold=True))
    return found


def _put(
    plotext: Any, layer: Layer, roles: Sequence[str], width: int, height: int, *, ascii: bool, sideways: bool
) -> None:
    color = roles.index(layer.role) + 1
    if layer.kind is Kind.BOXES:
        pairs = [(x, box) for x, box in zip(layer.xs, layer.boxes, strict=True) if _finite(x, *box)]
        if pairs:
            xs, boxes = zip(*pairs, strict=True)
            plotext.box(xs, boxes, quintuples=True, colors=[color, len(roles)], width=0.4, reset_ticks=False)
        return
    points = [(x, y) for x, y in zip(layer.xs, layer.ys, strict=True) if _finite(x, y)]
    if not points:
        return
    if layer.kind is Kind.BARS:
        xs, ys = zip(*points, strict=True)
        marker = "#" if ascii else "sd"
        way, wide = ("horizontal", 0.6) if sideways else ("vertical", 1.0)
        plotext.bar(xs, ys, color=color, marker=marker, width=wide, orientation=way, reset_ticks=False)
        return
    if layer.kind is Kind.DOTS and len(points) > MOST_POINTS:
        points = _thinned(points, width, height)
    xs, ys = zip(*points, strict=True)
    marker = "o" if ascii else "braille"
    (plotext.plot if layer.kind is Kind.LINE else plotext.scatter)(xs, ys, color=color, marker=marker)


def _finite(*values: float) -> bool:
    return all(map(math.isfinite, values))


def _thinned(points: Sequence[tuple[float, float]], width: int, height: int) -> list[tuple[float, float]]:
    """One point of each quarter of a cell."""
    lows, highs = (tuple(pick(each[side] for each in points) for side in (0, 1)) for pick in (min, max))
    found: dict[tuple[int, int], tuple[float, float]] = {}
    for x, y in points:
        across = (x - lows[0]) / (highs[0] - lows[0] or 1.0)
        up = (y - lows[1]) / (highs[1] - lows[1] or 1.0)
        found.setdefault((int(across * 2 * width), int(up * 2 * height)), (x, y))
    return list(found.values())


def _narrow(text: str, *, ascii: bool) -> str:
    """A label in which each character takes one cell: plotext counts them so."""
    return "".join(char if cell_width(char) == 1 and (char.isascii() or not ascii) else "?" for char in text)


def _seven_bit(char: str) -> str:
    plain = char.translate(_SEVEN_BIT)
    return plain if plain.isascii() else "?"


def _cells(text: str, width: int, height: int, roles: Sequence[str]) -> CellGrid:
    """The cells of what plotext drew, coloured by role instead of by number."""
    grid = CellGrid(width, height)
    for y, line in enumerate(text.split("\n")[:height]):
        x, ink = 0, Ink()
        for place, part in enumerate(_STYLE.split(line)):
            if place % 2:
                number = int(part[5:]) if part.startswith("38;5;") else 0
                ink = Ink(roles[number - 1]) if 0 < number <= len(roles) else Ink()
            else:
                x = grid.put(x, y, part, ink)
    return grid


def _frame(grid: CellGrid) -> tuple[int, int, int]:
    """The first column within the frame, its lowest row, and its right edge."""
    left = grid.chars[0].index("┌") + 1
    bottom = next(y for y in range(grid.height - 1, 0, -1) if grid.chars[y][left - 1] == "└")
    return left, bottom, grid.chars[bottom].index("┘")
