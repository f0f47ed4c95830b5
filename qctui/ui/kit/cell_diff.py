"""The one base of all that draws lines of cells: it compares them with those on screen and sends what changed."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Hashable, Iterator, Sequence
from typing import Generic, TypeVar

from rich.cells import cell_len
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from qctui.ui.app_base import palette_of
from qctui.ui.kit.spans import Span, Spans, seven_bit, to_strip, width_of
from qctui.ui.theme.glyph_set import Glyphs
from qctui.ui.theme.themes import Palette

Cells = tuple[Sequence[str], Sequence[Hashable]]
"""What each cell of a line holds, and how each is coloured. The cell at the right of a wide character holds an empty
text."""

L = TypeVar("L")

RUN_BYTES = 44
"""What a run of cells costs the line before its first character: the cursor's move, the colours, their end."""


class CellDiff(Widget, Generic[L]):
    """A widget that is given the lines it shows. Equal lines cost nothing; of others the changed cells are sent."""

    drawn: Sequence[L] = ()
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

    @abstractmethod
    def cells_of(self, line: L) -> Cells:
        """The line cell by cell."""

    @abstractmethod
    def strip_of(self, line: L, under: Style) -> Strip:
        """The line as Textual draws it, on the widget's own colours."""

    def render_line(self, y: int) -> Strip:
        """One line of the visible part."""
        at, width, under = y + self.scroll_offset.y, self.size.width, self.rich_style
        if at >= len(self.drawn):
            return Strip.blank(width, under)
        return self.strip_of(self.drawn[at], under).adjust_cell_length(width, under)


class SpanLines(CellDiff[Spans]):
    """A widget that is given lines of text and roles of the theme."""

    def __init__(self, glyphs: Glyphs, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._glyphs = glyphs

    def draw(self, lines: Sequence[Spans]) -> None:
        """Show these lines instead, in 7 bits where that is asked for."""
        super().draw([seven_bit(line) for line in lines] if self._glyphs.ascii else lines)

    @property
    def palette(self) -> Palette:
        """The theme's roles as styles; the heat map has more."""
        return palette_of(self)

    @property
    def text(self) -> str:
        """What is drawn, as plain text: for tests and copying."""
        return "\n".join("".join(text for text, _ in line).rstrip() for line in self.drawn)

    def cells_of(self, line: Spans) -> Cells:
        """The line cell by cell."""
        return by_cell(line)

    def strip_of(self, line: Spans, under: Style) -> Strip:
        """The line as Textual draws it."""
        return to_strip(line, self.palette, under)


def scroll_thumb(y: int, top: int, height: int, count: int, glyphs: Glyphs) -> Span:
    """The right edge of line `y`: where the `height` visible lines from `top` on are among all. Drawn as text, because
    Textual's own scroll bar has no 7-bit form."""
    if count <= height or not height:
        return " ", ""
    size = max(1, height * height // count)
    start = round(top * (height - size) / (count - height))
    return (glyphs.thumb, "muted") if start <= y < start + size else (glyphs.track, "rule")


def by_cell(spans: Spans) -> Cells:
    """The spans cell by cell. Where joined characters take fewer cells together than one by one it is unknown which
    cell holds what: each cell then holds the whole line, so that a change is a change of all of them."""
    texts: list[str] = []
    roles: list[Hashable] = []
    for text, role in spans:
        if text.isascii():
            texts += text
            roles += [role] * len(text)
            continue
        for character in text:
            width = cell_len(character)
            if width:
                texts += [character, *[""] * (width - 1)]
                roles += [role] * width
            elif texts:
                texts[-1] += character
    width = width_of(spans)
    return (texts, roles) if len(texts) == width else (["".join(text for text, _ in spans)] * width, [spans] * width)


def changed_runs(old: Cells, new: Cells) -> Iterator[tuple[int, int]]:
    """The runs of cells, each as its first cell and one past its last, in which a line differs from what it was.

    A run never begins or ends within a wide character of either line. Unchanged cells between two changes are sent
    along where that costs less than a run of its own.
    """
    count = max(len(old[0]), len(new[0]))
    (was, wore), (texts, roles) = _padded(old, count), _padded(new, count)
    start = end = -1
    for x in range(count):
        if texts[x] == was[x] and roles[x] == wore[x]:
            continue
        if start < 0:
            start = x
        elif _costs_more_than_a_run(texts, roles, end, x):
            yield _widened(was, texts, start, end)
            start = x
        end = x + 1
    if start >= 0:
        yield _widened(was, texts, start, end)


def _padded(cells: Cells, count: int) -> Cells:
    texts, roles = cells
    missing = count - len(texts)
    return cells if not missing else ([*texts, *[" "] * missing], [*roles, *[""] * missing])


def _costs_more_than_a_run(texts: Sequence[str], roles: Sequence[Hashable], end: int, x: int) -> bool:
    """Whether sending the unchanged cells from `end` to `x` costs more than another run that begins at `x`. A blank
    without a role is drawn in the colours of what is before it."""
    cost = 0
    colours = roles[end - 1]
    for place in range(end, x + 1):
        if place < x:
            cost += 1 if texts[place].isascii() else 3
        if roles[place] != colours and (roles[place] or not texts[place].isspace()):
            cost += RUN_BYTES
            colours = roles[place]
        if cost > RUN_BYTES:
            return True
    return False


def _widened(was: Sequence[str], texts: Sequence[str], start: int, end: int) -> tuple[int, int]:
    while start > 0 and "" in (was[start], texts[start]):
        start -= 1
    while end < len(texts) and "" in (was[end], texts[end]):
        end += 1
    return start, end
