"""Draws statistical plots as cells with plotext, which no other module knows.

It gets finite numbers only, at most some thousands of them, on one thread (its state is global), and whatever goes
wrong there becomes words. It is imported when the first plot is drawn.
"""

from __future__ import annotations

import asyncio
import logging
import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from enum import Enum
from functools import cache
from typing import Any

from qctui.plot.chart_glyphs import BRAILLE
from qctui.plot.grid import CellGrid, Ink
from qctui.plot.values import ValueScale, tick_labels, ticks
from qctui.text import cell_width
from qctui.value import Value

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

Dot = tuple[int, int]
"""Dots from the left and from the bottom of the area within the frame. A character has 2 across and 4 up, in 7 bits
one."""


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
    points: Sequence[tuple[float, float]] = ()
    boxes: Sequence[tuple[float, tuple[float, float, float, float, float]]] = ()
    """Of boxes, instead: the place of each, and highest, upper quartile, median, lower quartile, lowest."""


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
    """Words of places on `x`, ascending, in the first line."""
    sideways: bool = False
    """Bars go to the right."""
    points: Sequence[tuple[float, float]] = ()
    """What a person can go to, drawn or not; by default the dots."""


class Area(Value, eq=False):
    """The part of the cells within the frame."""

    x: ValueScale
    y: ValueScale
    left: int
    width: int
    height: int
    """It begins below the frame's first line."""
    ascii: bool

    def dots(self, points: Iterable[tuple[float, float]]) -> list[Dot | None]:
        """Where each point lies, as plotext places them; None of one that is not on the plot."""
        (wide, high), x, y = self._a_cell, self.x, self.y
        # Capped: the ends may be too close for a quotient.
        across = min(1e300, (self.width * wide - 1) / (x.high - x.low))
        up = min(1e300, (self.height * high - 1) / (y.high - y.low))
        left, right, bottom, top, half = x.low, x.high, y.low, y.high, 0.5 + 5e-9  # plotext rounds to eight digits
        return [
            (int(half + across * (a - left)), int(half + up * (b - bottom)))
            if left <= a <= right and bottom <= b <= top
            else None
            for a, b in points
        ]

    def cells(self, dots: Iterable[Dot | None]) -> list[Cell | None]:
        """The cells of dots."""
        (wide, high), left, bottom = self._a_cell, self.left, self.height
        return [None if dot is None else (left + dot[0] // wide, bottom - dot[1] // high) for dot in dots]

    def marks(self, dots: Iterable[Dot | None]) -> tuple[list[float], list[float], list[str]]:
        """The characters that these dots make together, each at the middle of its cell."""
        wide, high = self._a_cell
        masks: dict[Cell, int] = {}
        for dot in set(dots):
            if dot is None:
                continue
            x, y = dot
            cell = x // wide, y // high
            masks[cell] = masks.get(cell, 0) | 1 << ((high - 1 - y % high) * wide + x % wide)
        across, up = max(1, self.width - 1), max(1, self.height - 1)
        xs = [self.x.low + (self.x.high - self.x.low) * x / across for x, _ in masks]
        ys = [self.y.low + (self.y.high - self.y.low) * y / up for _, y in masks]
        return xs, ys, ["o" if self.ascii else BRAILLE.cells[mask] for mask in masks.values()]

    @property
    def _a_cell(self) -> tuple[int, int]:
        return (1, 1) if self.ascii else (BRAILLE.sub_x, BRAILLE.sub_y)


class Drawn(Value, eq=False):
    """A finished plot: its cells, and where its points are on them."""

    grid: CellGrid
    area: Area | None = None
    cells: Sequence[Cell | None] = ()
    """Column and row of each of the plot's `points`; None of one that is not on it."""
    words: str = ""
    """Why there is none."""


async def work_off(work: Iterator[object]) -> None:
    """Do some work on the thread of plots, step by step: a plot that is asked for goes between two steps."""
    loop = asyncio.get_running_loop()
    while await loop.run_in_executor(_thread(), next, work, work) is not work:
        pass


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

    roles = ["muted", *dict.fromkeys(layer.role for layer in plot.layers), "chart-mark"]
    plotext.clear_figure()
    plotext.limit_size(False, False)
    plotext.plotsize(width, height)
    plotext.canvas_color("default")
    plotext.axes_color("default")
    plotext.ticks_color(1)
    most = max(2, width // 14), max(2, height // 4)
    across, upwards = (_ticks(side, count, ascii=ascii) for side, count in zip((plot.x, plot.y), most, strict=True))
    # plotext leaves a line for the words below the frame, and what the longest one needs for those beside it.
    left = 1 + max([len(label) for _, label in upwards], default=0)
    area = Area(plot.x.scale, plot.y.scale, left, width - left - 1, height - 3, ascii)
    plotext.scatter([area.x.low], [area.y.low], marker=" ")  # without any point it draws no frame
    dots: list[Dot | None] = []
    for layer in plot.layers:
        if layer.kind is Kind.DOTS:
            dots = area.dots(layer.points)
        _put(plotext, layer, roles, area, dots, sideways=plot.sideways)
    for scale, limit, tick, labels in (
        (area.x, plotext.xlim, plotext.xticks, across), (area.y, plotext.ylim, plotext.yticks, upwards)
    ):  # fmt: skip
        limit(scale.low, scale.high)
        tick([value for value, _ in labels], [label for _, label in labels])
    text: str = plotext.build()
    grid = _cells(text, width, height, roles)
    corners = grid.chars[0][left - 1], grid.chars[area.height + 1][left - 1], grid.chars[0][width - 1]
    if corners != ("┌", "└", "┐"):
        raise ValueError("plotext put its frame elsewhere")
    if ascii:
        grid.chars = [[char.translate(_SEVEN_BIT) for char in row] for row in grid.chars]
        grid.to_ascii()
    for (_, _, sign), cell in zip(plot.signs, area.cells(area.dots((x, y) for x, y, _ in plot.signs)), strict=True):
        if cell is not None:
            grid.put(*cell, _narrow(sign, ascii=ascii), Ink("chart-mark", bold=True))
    ends = 0
    for (_, words), cell in zip(
        plot.flags, area.cells(area.dots((x, area.y.high) for x, _ in plot.flags)), strict=True
    ):
        if cell is not None:
            text = _narrow(words, ascii=ascii)
            at = max(left, min(cell[0], width - 1 - len(text)))
            # Beside the one before, or below it: ascending flags share no cell.
            grid.put(at, 1 if at >= ends else 2, text, Ink("title", bold=True))
            ends = at + len(text) + 1
    return Drawn(grid, area, area.cells(area.dots(plot.points) if plot.points else dots))


def _ticks(side: Side, most: int, *, ascii: bool) -> Sequence[tuple[float, str]]:
    labels = side.labels
    if not labels:
        values = ticks(side.scale, most)
        labels = list(zip(values, tick_labels(values, side.unit, _TICK_CELLS), strict=True))
    return [(value, _narrow(label, ascii=ascii)) for value, label in labels]


def _put(
    plotext: Any, layer: Layer, roles: Sequence[str], area: Area, dots: Iterable[Dot | None], *, sideways: bool
) -> None:
    color = roles.index(layer.role) + 1
    if layer.kind is Kind.BOXES:
        pairs = [(x, box) for x, box in layer.boxes if _finite(x, *box)]
        if pairs:
            xs, boxes = zip(*pairs, strict=True)
            plotext.box(xs, boxes, quintuples=True, colors=[color, len(roles)], width=0.4, reset_ticks=False)
        return
    if layer.kind is Kind.DOTS:
        # plotext needs 10 us a point to put its dots together: it gets whole characters.
        across, up, markers = area.marks(dots)
        if markers:
            plotext.scatter(across, up, color=color, marker=markers)
        return
    finite = [(x, y) for x, y in layer.points if _finite(x, y)]
    if not finite:
        return
    xs, ys = zip(*finite, strict=True)
    if layer.kind is Kind.BARS:
        marker = "#" if area.ascii else "sd"
        way, wide = ("horizontal", 0.6) if sideways else ("vertical", 1.0)
        plotext.bar(xs, ys, color=color, marker=marker, width=wide, orientation=way, reset_ticks=False)
    else:
        plotext.plot(xs, ys, color=color, marker="o" if area.ascii else "braille")


def _finite(*values: float) -> bool:
    return all(map(math.isfinite, values))


def _narrow(text: str, *, ascii: bool) -> str:
    """A label in which each character takes one cell: plotext counts them so."""
    return "".join(char if cell_width(char) == 1 and (char.isascii() or not ascii) else "?" for char in text)


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
