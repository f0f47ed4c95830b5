"""Draws series whose cells are filled from an axis: bars, stacked areas; and markers, which are points not joined."""

from __future__ import annotations

import itertools
from bisect import bisect_right
from collections.abc import Generator

from qctui.plot.chart_glyphs import GlyphSet
from qctui.plot.decimate import Piece, pieces
from qctui.plot.grid import CellGrid, Ink
from qctui.plot.marks import Kind, Mark
from qctui.plot.times import TimeScale
from qctui.plot.values import ValueScale

EIGHTHS = 8
WIDEST = 8
"""Columns of the widest bar."""
SAMPLES = 8
"""Markers drawn of one column's points besides its lowest and highest."""

MOST_INSTANTS = 16
"""Instants compared in one column when the series were sampled at different times."""
_LARGEST = 1.7e308


class Stack:
    """The layers of a stacked area, column by column.

    A column shows the instant at which the whole pile was farthest from zero; a series without a point then has the
    value it had before. A null of the wire ends a series until its next point. Values below zero pile downwards.
    """

    def __init__(self, marks: list[Mark]) -> None:
        """`build` must run to its end before anything is asked."""
        self.marks = marks
        self.layers: list[list[tuple[float, float] | None]] = []
        self.low = self.high = 0.0

    def build(self, time: TimeScale) -> Generator[int, None, None]:
        """Pile up what is visible; yields the points read since the last yield."""
        columns = time.columns
        edges = time.edges(1)
        found = []
        for mark in self.marks:
            pieces_by_column: list[Piece | None] = [None] * columns
            for piece in pieces(mark.prepared, edges):
                pieces_by_column[piece.column] = piece
            found.append(pieces_by_column)
            yield 1_000
        together = all(mark.prepared.xs == self.marks[0].prepared.xs for mark in self.marks)
        self.layers = [[None] * columns for _ in self.marks]
        for column in range(columns):
            here = [each[column] for each in found]
            values = self._together(here, edges[column + 1]) if together else self._apart(here, edges[column + 1])
            above = below = 0.0
            for layer, value in zip(self.layers, values, strict=True):
                if value is None:
                    continue
                base = above if value >= 0 else below
                end = max(-_LARGEST, min(_LARGEST, base + value))
                layer[column] = (base, end)
                above, below = (end, below) if value >= 0 else (above, end)
            self.low, self.high = min(self.low, below), max(self.high, above)
            yield 20 + sum(piece.end - piece.start for piece in here if piece is not None)

    def _together(self, here: list[Piece | None], end: float) -> list[float | None]:
        """All series were sampled at the same instants: the pile of each is a sum down the columns."""
        first = here[0]
        if first is None:
            return self._apart(here, end)
        parts = [mark.prepared.values[first.start : first.end] for mark in self.marks]
        piles = [abs(sum(each)) for each in zip(*parts, strict=True)]
        place = piles.index(max(piles))
        return [part[place] for part in parts]

    def _apart(self, here: list[Piece | None], end: float) -> list[float | None]:
        """The fullest of the instants at which a series was farthest from zero, and of the column's end."""
        instants = {end}
        for mark, piece in zip(self.marks, here, strict=True):
            if piece is None or len(instants) > MOST_INSTANTS:
                continue
            part = mark.prepared.values[piece.start : piece.end]
            farthest = piece.high if abs(piece.high) >= abs(piece.low) else piece.low
            instants.add(mark.prepared.xs[piece.start + part.index(farthest)])
        best: list[float | None] = [None] * len(self.marks)
        largest = -1.0
        for at in sorted(instants):
            values = [_held(mark, at) for mark in self.marks]
            pile = abs(sum(value for value in values if value is not None))
            if pile >= largest and any(value is not None for value in values):
                best, largest = values, pile
        return best

    def draw(self, grid: CellGrid, top: int, height: int, scale: ValueScale) -> None:
        """Fill the cells of every layer, largest part of a cell wins."""
        for mark, layer in zip(self.marks, self.layers, strict=True):
            for column, ends in enumerate(layer):
                if ends is None or ends[0] == ends[1]:
                    continue
                base, end = (round((1.0 - min(1.0, max(0.0, scale.unit(value)))) * height) for value in ends)
                for row in range(min(base, end), max(base, end)):
                    grid.cell(column, top + row, mark.fill, mark.ink)


def draw_bars(
    grid: CellGrid, top: int, height: int, marks: list[Mark], scale: ValueScale, time: TimeScale, glyphs: GlyphSet
) -> None:
    """Draw bar series side by side where there is room, else over each other. A column shows its lowest and highest."""
    edges = time.edges(1)
    found = [(mark, pieces(mark.prepared, edges)) for mark in marks]
    slot = min((b.column - a.column for _, each in found for a, b in itertools.pairwise(each)), default=4)
    width = max(1, min(WIDEST, (slot - 1) // len(marks)))
    beside = slot > len(marks) * width
    for number, (mark, each) in enumerate(found):
        shift = (number * width if beside else 0) - (width * (len(marks) if beside else 1)) // 2
        for piece in each:
            columns = range(max(0, piece.column + shift), min(time.columns, piece.column + shift + width))
            for value in {piece.low, piece.high}:
                _bar(grid, columns, top, height, mark, value, scale, glyphs)


def _bar(
    grid: CellGrid, columns: range, top: int, height: int, mark: Mark, value: float, scale: ValueScale, glyphs: GlyphSet
) -> None:
    eighths = height * EIGHTHS
    number = mark.of(value)
    zero = scale.low if scale.log else min(scale.high, max(scale.low, 0.0))
    base = round((1.0 - scale.unit(zero)) * eighths)
    end = round((1.0 - min(1.0, max(0.0, scale.unit(number)))) * eighths)
    if number == zero:
        return
    rising = number > zero
    first, last = (min(end, base - 1), base - 1) if rising else (base, max(end - 1, base))
    first, last = max(0, first), min(eighths - 1, last)
    for y in range(first // EIGHTHS, last // EIGHTHS + 1):
        filled = min(last, y * EIGHTHS + EIGHTHS - 1) - max(first, y * EIGHTHS) + 1
        if rising:
            char = glyphs.levels[filled]
        elif glyphs.ascii:
            char = "'" if filled <= EIGHTHS // 2 else "#"
        else:
            # Only three fillings from above exist everywhere.
            char = "▔" if filled <= 2 else "▀" if filled <= 5 else "█"
        for x in columns:
            grid.cell(x, top + y, char, mark.ink)


def draw_markers(
    grid: CellGrid, top: int, height: int, mark: Mark, scale: ValueScale, time: TimeScale, glyphs: GlyphSet
) -> None:
    """Draw a scatter's markers or a flag series' flags: every point where they are few, else extremes and samples."""
    char = glyphs.flag if mark.kind is Kind.FLAGS else glyphs.markers.get(mark.series.marker, glyphs.markers["none"])
    ink = Ink(mark.ink.color, bold=True)
    values = mark.prepared.values
    for piece in pieces(mark.prepared, time.edges(1)):
        stride = max(1, (piece.end - piece.start) // SAMPLES)
        shown = {piece.low, piece.high, piece.last, *values[piece.start : piece.end : stride]}
        rows = {scale.row(mark.of(value), height) for value in shown}
        mark.reached |= rows
        for row in rows:
            grid.cell(piece.column, top + row, char, ink)


def _held(mark: Mark, at: float) -> float | None:
    prepared = mark.prepared
    place = bisect_right(prepared.xs, at) - 1
    if place < 0:
        return None
    last = len(prepared.xs) - 1
    if prepared.xs[place] < at and (place == last or prepared.broken(place, place + 1)):
        return None
    return prepared.values[place]
