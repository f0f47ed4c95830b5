"""The one base of all that draws lines of cells: it compares them with those on screen and sends what changed."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from itertools import zip_longest
from typing import Any, Generic, TypeVar

from rich.cells import cell_len
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from qctui.ui.app_base import palette_of
from qctui.ui.kit.spans import Span, Spans, seven_bit, to_strip, width_of
from qctui.ui.theme.glyph_set import Glyphs
from qctui.ui.theme.themes import Palette

Cell = tuple[str, Hashable]
"""What a cell holds, and how it is coloured. The cell at the right of a wide character holds an empty text."""

L = TypeVar("L")

RUN_BYTES = 44
"""What a run of cells costs the line before its first character: the cursor's move, the colours, their end."""

_BLANK: Cell = (" ", "")


class CellDiff(Widget, Generic[L]):
    """A widget that is given the lines it shows. Equal lines cost nothing; of others the changed cells are sent."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.drawn: Sequence[L] = ()
        """The lines on screen, the first one first."""

    def draw(self, lines: Sequence[L]) -> None:
        """Show these lines instead."""
        before, self.drawn = self.drawn, lines
        if len(before) != len(lines):
            self.refresh()
            return
        top = self.scroll_offset.y
        regions = [
            Region(start, y - top, end - start, 1)
            for y, (old, new) in enumerate(zip(before, lines, strict=True))
            if old != new
            for start, end in changed_runs(self.cells_of(old), self.cells_of(new))
        ]
        if regions:
            self.refresh(*regions)

    def cells_of(self, line: L) -> Sequence[Cell]:
        """The line cell by cell."""
        raise NotImplementedError

    def strip_of(self, line: L) -> Strip:
        """The line as Textual draws it."""
        raise NotImplementedError

    def render_line(self, y: int) -> Strip:
        """One line of the visible part."""
        at = y + self.scroll_offset.y
        if at >= len(self.drawn):
            return Strip.blank(self.size.width, self.rich_style)
        return self.strip_of(self.drawn[at]).adjust_cell_length(self.size.width, self.rich_style)


class SpanLines(CellDiff[Spans]):
    """A widget that is given lines of text and roles of the theme."""

    def __init__(self, glyphs: Glyphs, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._glyphs = glyphs

    def draw(self, lines: Sequence[Spans]) -> None:
        """Show these lines instead, in 7 bits where that is asked for."""
        super().draw([seven_bit(line) for line in lines] if self._glyphs.ascii else lines)

    @property
    def palette(self) -> Palette:
        """The theme's roles as styles."""
        return palette_of(self)

    @property
    def text(self) -> str:
        """What is drawn, as plain text: for tests and copying."""
        return "\n".join("".join(text for text, _ in line).rstrip() for line in self.drawn)

    def cells_of(self, line: Spans) -> Sequence[Cell]:
        """The line cell by cell."""
        return by_cell(line)

    def strip_of(self, line: Spans) -> Strip:
        """The line as Textual draws it."""
        return to_strip(line, self.palette, self.rich_style)


def scroll_thumb(y: int, top: int, height: int, count: int, glyphs: Glyphs) -> Span:
    """The right edge of line `y`: where the `height` visible lines from `top` on are among all. Drawn as text, because
    Textual's own scroll bar has no 7-bit form."""
    if count <= height or not height:
        return " ", ""
    size = max(1, height * height // count)
    start = round(top * (height - size) / (count - height))
    return (glyphs.thumb, "muted") if start <= y < start + size else (glyphs.track, "rule")


def by_cell(spans: Spans) -> list[Cell]:
    """The spans cell by cell. Where joined characters take fewer cells together than one by one it is unknown which
    cell holds what: each cell then holds the whole line, so that a change is a change of all of them."""
    cells: list[Cell] = []
    for text, role in spans:
        if text.isascii():
            cells += [(character, role) for character in text]
            continue
        for character in text:
            width = cell_len(character)
            if width:
                cells += [(character, role), *[("", role)] * (width - 1)]
            elif cells:
                cells[-1] = (cells[-1][0] + character, cells[-1][1])
    width = width_of(spans)
    return cells if len(cells) == width else [("".join(text for text, _ in spans), spans)] * width


def changed_runs(old: Sequence[Cell], new: Sequence[Cell]) -> Iterator[tuple[int, int]]:
    """The runs of cells, each as its first cell and one past its last, in which a line differs from what it was.

    A run never begins or ends within a wide character of either line. Unchanged cells between two changes are sent
    along where that costs less than a run of its own.
    """
    cells = list(zip_longest(old, new, fillvalue=_BLANK))
    start = end = -1
    for x, (was, now) in enumerate(cells):
        if was == now:
            continue
        if start < 0:
            start = x
        elif _costs_more_than_a_run(cells, end, x):
            yield _widened(cells, start, end)
            start = x
        end = x + 1
    if start >= 0:
        yield _widened(cells, start, end)


def _costs_more_than_a_run(cells: Sequence[tuple[Any, Any]], end: int, x: int) -> bool:
    """Whether sending the unchanged cells from `end` to `x` costs more than another run that begins at `x`. A blank
    without a role is drawn in the colours of what is before it."""
    cost = 0
    colours = cells[end - 1][1][1]
    for place in range(end, x + 1):
        text, role = cells[place][1]
        if place < x:
            cost += 1 if text.isascii() else 3
        if role != colours and (role or not text.isspace()):
            cost += RUN_BYTES
            colours = role
        if cost > RUN_BYTES:
            return True
    return False


def _widened(cells: Sequence[tuple[Any, Any]], start: int, end: int) -> tuple[int, int]:
    while start > 0 and "" in (cells[start][0][0], cells[start][1][0]):
        start -= 1
    while end < len(cells) and "" in (cells[end][0][0], cells[end][1][0]):
        end += 1
    return start, end
