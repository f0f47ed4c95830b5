"""Stacked areas: each series on top of those before it, in a fill of its own."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Generator

from qctui.plot.decimate import Piece, pieces
from qctui.plot.grid import Grid
from qctui.plot.marks import Mark
from qctui.plot.times import TimeScale
from qctui.plot.values import ValueScale

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
        parts = [mark.prepared.ys.values[first.start : first.end] for mark in self.marks]
        piles = [abs(sum(each)) for each in zip(*parts, strict=True)]
        place = piles.index(max(piles))
        return [part[place] for part in parts]

    def _apart(self, here: list[Piece | None], end: float) -> list[float | None]:
        """The fullest of the instants at which a series was farthest from zero, and of the column's end."""
        instants = {end}
        for mark, piece in zip(self.marks, here, strict=True):
            if piece is None or len(instants) > MOST_INSTANTS:
                continue
            part = mark.prepared.ys.values[piece.start : piece.end]
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

    def draw(self, grid: Grid, left: int, top: int, height: int, scale: ValueScale) -> None:
        """Fill the cells of every layer, largest part of a cell wins."""
        for mark, layer in zip(self.marks, self.layers, strict=True):
            mark.resolution = 1
            for column, ends in enumerate(layer):
                if ends is None or ends[0] == ends[1]:
                    continue
                base, end = (round((1.0 - min(1.0, max(0.0, scale.unit(value)))) * height) for value in ends)
                first, last = min(base, end), max(base, end) - 1
                if first > last:
                    continue
                mark.reached.add(first if ends[1] > ends[0] else last)
                for row in range(first, last + 1):
                    grid.cell(left + column, top + row, mark.fill, mark.ink)


def _held(mark: Mark, at: float) -> float | None:
    prepared = mark.prepared
    place = bisect_right(prepared.xs, at) - 1
    if place < 0:
        return None
    last = len(prepared.xs) - 1
    if prepared.xs[place] < at and (place == last or prepared.broken(place, place + 1)):
        return None
    return prepared.ys.values[place]
