"""Draws lines with dots finer than cells: vertical runs of dots, then turned into characters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from qctui.plot.chart_glyphs import GLYPH_SETS, GlyphSet
from qctui.plot.decimate import Piece, Prepared
from qctui.plot.grid import CellGrid, Ink

HOLD_FACTOR = 4.0
"""A pause this many times longer than the intervals beside it is drawn flat: nothing sampled, nothing invented."""


@dataclass(slots=True)
class Dots:
    """The dots of one series in a rectangle of cells, and which rows of dots it reached."""

    width: int
    height: int
    glyphs: GlyphSet
    masks: dict[tuple[int, int], int] = field(default_factory=dict)
    """(column, row) of a cell to its dots."""
    reached: set[int] = field(default_factory=set)
    """Rows of dots, from the top, that a value was drawn on: what a test compares with the true extremes."""

    @property
    def rows(self) -> int:
        """Rows of dots."""
        return self.height * self.glyphs.sub_y

    def run(self, column: int, top: int, bottom: int) -> None:
        """Set the dots of one column from row `top` to row `bottom`, either way round, both included."""
        if top > bottom:
            top, bottom = bottom, top
        sub_x, sub_y = self.glyphs.sub_x, self.glyphs.sub_y
        if not 0 <= column < self.width * sub_x:
            return
        x, bit = divmod(column, sub_x)
        masks = self.masks
        for y in range(top // sub_y, bottom // sub_y + 1):
            base = y * sub_y
            mask = 0
            for row in range(max(top - base, 0), min(bottom - base, sub_y - 1) + 1):
                mask |= 1 << (row * sub_x + bit)
            masks[x, y] = masks.get((x, y), 0) | mask

    def unique(self, x: int, y: int) -> bool:
        """A cell is the only one that shows the highest or the lowest row that was reached."""
        sub_x, sub_y = self.glyphs.sub_x, self.glyphs.sub_y
        for row in (min(self.reached, default=0), max(self.reached, default=0)):
            bits = ((1 << sub_x) - 1) << (row % sub_y * sub_x)
            holders = [place for place, mask in self.masks.items() if place[1] == row // sub_y and mask & bits]
            if holders == [(x, y)]:
                return True
        return False

    def stamp(self, grid: CellGrid, top: int, ink: Ink) -> None:
        """Write the cells that have dots. Where another series is already, dots of both stay, in this one's ink."""
        cells = self.glyphs.cells
        known = _MASKS[self.glyphs.name]
        for (x, y), mask in self.masks.items():
            if 0 <= x < self.width and 0 <= y < self.height:
                under = known.get(grid.char(x, top + y), 0)
                grid.cell(x, top + y, cells[mask | under], ink)


# Characters of 7 bits mean other things too, and masks share them.
_MASKS: dict[str, dict[str, int]] = {
    name: {} if glyphs.ascii else {char: mask for mask, char in enumerate(glyphs.cells) if mask}
    for name, glyphs in GLYPH_SETS.items()
}


def draw_line(
    dots: Dots, prepared: Prepared, found: list[Piece], row: Callable[[float], int], edges: list[float]
) -> None:
    """Draw a line through pieces: each column's lowest to highest, joined to the next unless a null stands between."""
    before: Piece | None = None
    for piece in found:
        high, low = row(piece.high), row(piece.low)
        dots.run(piece.column, high, low)
        dots.reached.add(high)
        dots.reached.add(low)
        if before is not None and not prepared.broken(before.end - 1, piece.start):
            _join(dots, prepared, before, piece, row)
        before = piece
    _enter(dots, prepared, found, row, edges)


def _join(dots: Dots, prepared: Prepared, before: Piece, piece: Piece, row: Callable[[float], int]) -> None:
    start, end = row(before.last), row(piece.first)
    first, last = before.column, piece.column
    distance = last - first
    if distance > 2 and paused(prepared, before.end - 1):
        for column in range(first + 2, last, 2):
            dots.run(column, start, start)
        if start != end:
            dots.run(last, start + (1 if end > start else -1), end)
        return
    previous = start
    for column in range(first + 1, last + 1):
        now = end if column == last else round(start + (end - start) * (column - first) / distance)
        middle = (previous + now) // 2
        if abs(now - previous) > 1:
            dots.run(column - 1, previous, middle)
            dots.run(column, middle, now)
        elif column < last:
            dots.run(column, now, now)
        previous = now


def paused(prepared: Prepared, place: int) -> bool:
    """Between the points at `place` and the next, sampling paused: far longer than just before and just after."""
    xs = prepared.xs
    pause = xs[place + 1] - xs[place]
    beside = []
    if place > 0:
        beside.append(xs[place] - xs[place - 1])
    if place + 2 < len(xs):
        beside.append(xs[place + 2] - xs[place + 1])
    return bool(beside) and pause > HOLD_FACTOR * max(beside)


def _enter(dots: Dots, prepared: Prepared, found: list[Piece], row: Callable[[float], int], edges: list[float]) -> None:
    """Draw what leads in from before the left edge and out past the right one."""
    xs, values = prepared.xs, prepared.values
    columns = len(edges) - 1
    start, stop = prepared.slice(edges[0], edges[-1])

    def leg(first: int, second: int, left: int, right: int) -> None:
        """The line from point `first` to point `second`, in the columns `left` to `right` (exclusive)."""
        if prepared.broken(first, second):
            return
        flat = paused(prepared, first)
        length = xs[second] - xs[first]
        previous: int | None = None
        for column in range(left, right):
            if flat:
                if column % 2 == 0:
                    dots.run(column, row(values[first]), row(values[first]))
                continue
            part = ((edges[column] + edges[column + 1]) / 2 - xs[first]) / length if length > 0 else 0.0
            now = row(values[first] * (1 - part) + values[second] * part)
            dots.run(column, now if previous is None else previous + (now > previous) - (now < previous), now)
            previous = now

    if start > 0 and start < stop:
        leg(start - 1, start, 0, found[0].column)
    if start < stop < len(xs):
        leg(stop - 1, stop, found[-1].column + 1, columns)
    if start == stop and 0 < start < len(xs):
        leg(start - 1, start, 0, columns)
