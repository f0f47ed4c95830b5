"""Stacked areas: each series on top of those before it, in a fill of its own."""

from __future__ import annotations

from qctui.ui.plot.decimate import Piece, Prepared, pieces
from qctui.ui.plot.glyphs import GlyphSet
from qctui.ui.plot.grid import Grid, Ink
from qctui.ui.plot.marks import Mark
from qctui.ui.plot.times import TimeScale
from qctui.ui.plot.values import ValueScale


class Stack:
    """The layers of a stacked area, column by column.

    A column's value of a series is the one farthest from zero among its points, or the last one before it; a null of
    the wire ends it until the next point. Values below zero pile downwards.
    """

    def __init__(self, marks: list[Mark], time: TimeScale) -> None:
        """Pile up the visible part of `marks`."""
        self.marks = marks
        columns = time.columns
        edges = time.edges(1)
        self.layers: list[list[tuple[float, float] | None]] = []
        above, below = [0.0] * columns, [0.0] * columns
        for mark in marks:
            layer: list[tuple[float, float] | None] = [None] * columns
            for column, value in enumerate(_held(mark.prepared, edges, pieces(mark.prepared, edges))):
                if value is None:
                    continue
                pile = above if value >= 0 else below
                layer[column] = (pile[column], pile[column] + value)
                pile[column] += value
            self.layers.append(layer)
        self.low = max(-1.7e308, min([0.0, *below]))
        self.high = min(1.7e308, max([0.0, *above]))

    def draw(self, grid: Grid, left: int, top: int, height: int, scale: ValueScale, glyphs: GlyphSet) -> None:
        """Fill the cells. The upper edge of the pile is drawn to an eighth of a cell where the glyphs can."""
        eighths = height * 8
        for mark, layer in zip(self.marks, self.layers, strict=True):
            mark.resolution = 8
            for column, ends in enumerate(layer):
                if ends is None or ends[0] == ends[1]:
                    continue
                base, end = ((1.0 - min(1.0, max(0.0, scale.unit(value)))) * eighths for value in ends)
                first, last = round(min(base, end)), max(round(max(base, end)) - 1, round(min(base, end)))
                mark.reached.add(min(first, eighths - 1) if ends[1] > ends[0] else min(last, eighths - 1))
                self._column(grid, left + column, top, (first, min(last, eighths - 1)), mark, glyphs)

    def _column(self, grid: Grid, x: int, top: int, span: tuple[int, int], mark: Mark, glyphs: GlyphSet) -> None:
        first, last = span
        for y in range(first // 8, last // 8 + 1):
            filled = min(last, y * 8 + 7) - max(first, y * 8) + 1
            if filled >= 4 or glyphs.ascii:
                grid.cell(x, top + y, mark.fill, mark.ink)
            elif first >= y * 8 and grid.char(x, top + y) in (" ", glyphs.grid):
                grid.cell(x, top + y, glyphs.levels[filled], Ink(mark.ink.color))


def _held(prepared: Prepared, edges: list[float], found: list[Piece]) -> list[float | None]:
    columns = len(edges) - 1
    values: list[float | None] = [None] * columns
    start, _ = prepared.slice(edges[0], edges[-1])
    before = start - 1
    column = 0
    for piece in found:
        if before >= 0 and not prepared.broken(before, piece.start):
            values[column : piece.column] = [prepared.ys.values[before]] * (piece.column - column)
        values[piece.column] = piece.high if abs(piece.high) >= abs(piece.low) else piece.low
        before = piece.end - 1
        column = piece.column + 1
    if 0 <= before < len(prepared.xs) - 1 and not prepared.broken(before, before + 1):
        values[column:] = [prepared.ys.values[before]] * (columns - column)
    return values
