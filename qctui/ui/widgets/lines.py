"""Lines of outside text that wrap, scroll, and cost only the cells that changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from rich.style import Style
from rich.text import Span, Text
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from qctui.ui.glyphs import Glyphs

ROLES = ("strong", "dim", "danger", "warning", "success", "live", "paper", "question", "typed")
"""What a piece of text can be said to be; each is the component class `lines--<role>`."""

Piece = str | Text | tuple[str, str]
"""Text, or text and its role."""


def pieces(*parts: Piece) -> Text:
    """A literal text of these parts: nothing in it is ever read as markup."""
    return Text.assemble(*parts, no_wrap=False, end="")


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Text that wraps beside its label."""

    body: Text = field(default_factory=lambda: pieces(""))
    label: str = ""
    """At the left of the first line, dim."""
    indent: int = 0
    """Cells before the body's lines; the label is cut to fit in them."""
    hang: int = 0
    """Further cells before every line but the first."""
    max_lines: int = 0
    """What does not fit is cut with an ellipsis; 0 shows it all."""
    tag: str = ""
    """Whose line it is: told by `Lines.visible_tags`."""
    one_line: bool = False
    """Cut at the width instead of wrapping."""


class Lines(ScrollView, can_focus=False):
    """Shows paragraphs. A line that changed is sent from its first to its last changed cell, and no other."""

    DEFAULT_CSS = """
    Lines {
        height: auto;
        scrollbar-size-vertical: 1;
        scrollbar-gutter: stable;
        overflow-x: hidden;
        & > .lines--strong { text-style: bold; }
        & > .lines--dim { color: $muted; }
        & > .lines--danger { color: $background; background: $danger; text-style: bold; }
        & > .lines--warning { color: $stale; text-style: bold; }
        & > .lines--success { color: $ok; text-style: bold; }
        & > .lines--live { color: $background; background: $live; text-style: bold; }
        & > .lines--paper { color: $paper; text-style: bold; }
        & > .lines--question { color: $foreground; text-style: bold; }
        & > .lines--typed { color: $background; background: $foreground; text-style: bold; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"lines--{role}" for role in ROLES}

    def __init__(self, glyphs: Glyphs, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._ellipsis = glyphs.ellipsis
        self._paragraphs: tuple[Paragraph, ...] = ()
        self._strips: list[Strip] = []
        self._tags: list[str] = []
        self._laid_out_for = -1

    def show(self, paragraphs: Iterable[Paragraph]) -> None:
        """Replace what is shown. Equal content costs nothing."""
        wanted = tuple(paragraphs)
        if wanted == self._paragraphs:
            return
        self._paragraphs = wanted
        before = self._strips
        if self._laid_out_for < 0:
            return
        self._lay_out(self._laid_out_for)
        if len(before) != len(self._strips):
            self.virtual_size = Size(self._laid_out_for, len(self._strips))
            self.refresh(layout=True)
            return
        for y, (old, new) in enumerate(zip(before, self._strips, strict=True)):
            if (span := _changed_cells(old, new)) is not None:
                self.refresh(Region(span[0], y - self.scroll_offset.y, span[1] - span[0], 1))

    @property
    def text(self) -> str:
        """What is shown, as plain text, a line each: for tests and copying."""
        return "\n".join(strip.text.rstrip() for strip in self._strips)

    @property
    def line_count(self) -> int:
        """How many lines the paragraphs wrap to at the present width."""
        return len(self._strips)

    @property
    def visible_tags(self) -> frozenset[str]:
        """The tags of the lines that are on screen now."""
        top = self.scroll_offset.y
        return frozenset(tag for tag in self._tags[top : top + self.scrollable_content_region.height] if tag)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many lines as the paragraphs wrap to in this width."""
        self._lay_out(max(1, width))
        return len(self._strips)

    def on_resize(self) -> None:
        """Wrap again: the width is what the layout really gave."""
        width = max(1, self.scrollable_content_region.width)
        if width != self._laid_out_for:
            self._lay_out(width)
            self.refresh()
        self.virtual_size = Size(width, len(self._strips))

    def notify_style_update(self) -> None:
        """A theme changed: the same words in other colours."""
        super().notify_style_update()
        if self._laid_out_for > 0:
            self._lay_out(self._laid_out_for)

    def render_line(self, y: int) -> Strip:
        """One line of the visible part."""
        row = y + self.scroll_offset.y
        width = self.scrollable_content_region.width
        if row >= len(self._strips):
            return Strip.blank(width, self.rich_style)
        return self._strips[row].adjust_cell_length(width, self.rich_style).apply_style(self.rich_style)

    def _lay_out(self, width: int) -> None:
        self._laid_out_for = width
        styles = {role: self.get_component_rich_style(f"lines--{role}", partial=True) for role in ROLES}
        self._strips, self._tags = [], []
        for paragraph in self._paragraphs:
            rows = _wrap(paragraph, width, self._ellipsis)
            self._strips += [self._strip(row, styles) for row in rows]
            self._tags += [paragraph.tag] * len(rows)

    def _strip(self, row: Text, styles: dict[str, Style]) -> Strip:
        row.spans = [Span(span.start, span.end, styles.get(str(span.style), Style.null())) for span in row.spans]
        segments = [segment for segment in row.render(self.app.console) if segment.text]
        return Strip(segments, cell_len(row.plain))


def _wrap(paragraph: Paragraph, width: int, ellipsis: str) -> list[Text]:
    """The paragraph's lines, each with its label or indent in front."""
    # A body squeezed to nothing by its label is unreadable: below this the label gives way.
    indent = paragraph.indent if width - paragraph.indent >= 8 else 0
    room = max(1, width - indent)
    hang = paragraph.hang if room - paragraph.hang >= 8 else 0
    rows = [paragraph.body.copy()] if paragraph.one_line else _wrapped(paragraph.body, room, room - hang)
    limit = 1 if paragraph.one_line else paragraph.max_lines
    cut = bool(limit) and len(rows) > limit
    rows = rows[:limit] if limit else rows
    if rows and (cut or cell_len(rows[-1].plain) > room):
        rows[-1] = _shorten(rows[-1], room if len(rows) == 1 else room - hang, ellipsis, force=cut)
    label = set_cell_size(paragraph.label, indent) if indent else ""
    return [pieces((label, "dim") if n == 0 else " " * (indent + hang), row) for n, row in enumerate(rows)]


def _wrapped(body: Text, first_room: int, room: int) -> list[Text]:
    """Greedy word wrap; a word longer than a line is broken where the line ends. Never loses a character that is not
    a space."""
    plain = body.plain
    rows: list[Text] = []
    start = end = 0  # the line under way: characters [start, end)
    for word_start, word_end in _words(plain):
        limit = room if rows else first_room
        if end > start and cell_len(plain[start:word_end]) > limit:
            rows.append(body[start:end])
            start, limit = word_start, room
        end = word_end
        while cell_len(plain[start:end]) > limit:
            split = _fitting(plain, start, end, limit)
            rows.append(body[start:split])
            start, limit = split, room
    rows.append(body[start:end])
    return rows


def _words(plain: str) -> list[tuple[int, int]]:
    words: list[tuple[int, int]] = []
    start: int | None = None
    for position, character in enumerate(plain):
        if character == " ":
            if start is not None:
                words.append((start, position))
            start = None
        elif start is None:
            start = position
    if start is not None:
        words.append((start, len(plain)))
    return words


def _fitting(plain: str, start: int, end: int, room: int) -> int:
    """Where the text from `start` has filled `room` cells; always at least one character on."""
    used = 0
    for position in range(start, end):
        used += cell_len(plain[position])
        if used > room:
            return max(position, start + 1)
    return end


def _shorten(row: Text, room: int, ellipsis: str, *, force: bool) -> Text:
    """The row within `room` cells, ending with an ellipsis where something is missing."""
    if not force and cell_len(row.plain) <= room:
        return row
    keep = max(0, room - len(ellipsis))
    end = _fitting(row.plain, 0, len(row.plain), keep) if cell_len(row.plain) > keep else len(row.plain)
    return pieces(row[:end], ellipsis) if keep else pieces(ellipsis[:room])


def _changed_cells(old: Strip, new: Strip) -> tuple[int, int] | None:
    """The first and one past the last cell in which the two differ; None if they do not."""
    before, after = _cells(old), _cells(new)
    if before == after:
        return None
    width = max(len(before), len(after))
    blank = (" ", None)
    before += [blank] * (width - len(before))
    after += [blank] * (width - len(after))
    changed = [x for x in range(width) if before[x] != after[x]]
    # A wide character that gives way to two narrow ones must be overwritten whole.
    return max(0, changed[0] - 1), min(width, changed[-1] + 2)


def _cells(strip: Strip) -> list[tuple[str, Style | None]]:
    cells: list[tuple[str, Style | None]] = []
    for segment in strip:
        for character in segment.text:
            width = cell_len(character)
            if width == 0 and cells:
                cells[-1] = (cells[-1][0] + character, cells[-1][1])
            else:
                cells += [(character, segment.style)] + [("", segment.style)] * (width - 1)
    return cells
