"""Bars that stand on zero, and markers: points that are not joined."""

from __future__ import annotations

import itertools

from qctui.plot.chart_glyphs import GlyphSet
from qctui.plot.decimate import pieces
from qctui.plot.grid import Grid, Ink
from qctui.plot.marks import Kind, Mark
from qctui.plot.times import TimeScale
from qctui.plot.values import ValueScale

EIGHTHS = 8
WIDEST = 8
"""Columns of the widest bar."""
SAMPLES = 8
"""Markers drawn of one column's points besides its lowest and highest."""


def draw_bars(
    grid: Grid,
    left: int,
    top: int,
    height: int,
    marks: list[Mark],
    scale: ValueScale,
    time: TimeScale,
    glyphs: GlyphSet,
) -> None:
    """Draw bar series side by side where there is room, else over each other. A column shows its lowest and highest."""
    edges = time.edges(1)
    found = [(mark, pieces(mark.prepared, edges)) for mark in marks]
    slot = min(
        (after.column - piece.column for _, each in found for piece, after in itertools.pairwise(each)),
        default=4,
    )
    width = max(1, min(WIDEST, (slot - 1) // len(marks))) if marks else 1
    beside = slot > len(marks) * width
    for number, (mark, each) in enumerate(found):
        mark.resolution = EIGHTHS
        shift = (number * width if beside else 0) - (width * (len(marks) if beside else 1)) // 2
        for piece in each:
            columns = range(max(0, piece.column + shift), min(time.columns, piece.column + shift + width))
            for value in {piece.low, piece.high}:
                _bar(grid, [left + column for column in columns], top, height, mark, value, scale, glyphs)


def _bar(
    grid: Grid, columns: list[int], top: int, height: int, mark: Mark, value: float, scale: ValueScale, glyphs: GlyphSet
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
    mark.reached.add(first if rising else last)
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
    grid: Grid, left: int, top: int, height: int, mark: Mark, scale: ValueScale, time: TimeScale, glyphs: GlyphSet
) -> None:
    """Draw a scatter's markers or a flag series' flags: every point where they are few, else extremes and samples."""
    char = glyphs.flag if mark.kind is Kind.FLAGS else glyphs.markers.get(mark.series.marker, glyphs.markers["none"])
    ink = Ink(mark.ink.color, bold=True)
    values = mark.prepared.ys.values
    for piece in pieces(mark.prepared, time.edges(1)):
        stride = max(1, (piece.end - piece.start) // SAMPLES)
        shown = {piece.low, piece.high, piece.last, *values[piece.start : piece.end : stride]}
        rows = {scale.row(mark.of(value), height) for value in shown}
        mark.reached |= rows
        for row in rows:
            grid.cell(left + piece.column, top + row, char, ink)
