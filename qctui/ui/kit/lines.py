"""Paragraphs of outside text that wrap and scroll."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import zip_longest

from rich.cells import cell_len, set_cell_size
from rich.text import Text
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from qctui.ui.kit.cell_diff import SpanLines, scroll_thumb
from qctui.ui.kit.spans import Spans, fitting, seven_bit, to_strip
from qctui.ui.theme.glyph_set import Glyphs
from qctui.value import Value, field

Piece = str | Text | tuple[str, str]
"""Text, or text and its role in the theme, as `Palette` takes it: `muted`, `danger badge`, `title bold`."""


def pieces(*parts: Piece) -> Text:
    """A literal text of these parts: nothing in it is ever read as markup."""
    return Text.assemble(*parts, no_wrap=False, end="")


class Paragraph(Value):
    """Text that wraps beside its label."""

    body: Text = field(default_factory=lambda: pieces(""))
    label: str = ""
    """At the left of the first line, muted, and never touching it."""
    indent: int = 0
    """Cells before the body's lines; the label is cut to fit in them."""
    hang: int = 0
    """Further cells before every line but the first."""
    max_lines: int = 0
    """What does not fit is cut with an ellipsis; 0 shows it all."""
    one_line: bool = False
    """Cut at the width instead of wrapping."""


def labelled(label: str, body: Text, max_lines: int = 0, indent: int = 12) -> Paragraph:
    """A paragraph beside its label, in the column of labels that most lists of facts have."""
    return Paragraph(body, label=label, indent=indent, max_lines=max_lines)


def labelled_lines(facts: Iterable[tuple[str, Sequence[Piece]]], indent: int = 12) -> list[Paragraph]:
    """Facts beside their labels, each in two lines at most; those without a word are left out."""
    return [labelled(label, pieces(*said), max_lines=2, indent=indent) for label, said in facts if said]


class Lines(SpanLines, ScrollView, can_focus=False):
    """Shows paragraphs."""

    DEFAULT_CSS = """
    Lines { width: 1fr; height: auto; layout: vertical; overflow: hidden auto; scrollbar-size: 0 0; }
    """

    def __init__(self, glyphs: Glyphs, *, id: str | None = None) -> None:
        super().__init__(glyphs, id=id)
        self._paragraphs: tuple[Paragraph, ...] = ()
        self._wanted: tuple[Paragraph, ...] = ()
        self._defect = ""
        self._laid_out_for = -1

    def show(self, paragraphs: Iterable[Paragraph]) -> None:
        """Replace what is shown. Equal content costs nothing."""
        self._wanted = tuple(paragraphs)
        self._show_wanted()

    def show_defect(self, words: str) -> None:
        """Say this above the lines, until it is empty again."""
        self._defect = words
        self._show_wanted()

    def _show_wanted(self) -> None:
        alert = f"{self._glyphs.alert} {self._defect}"
        wanted = (Paragraph(pieces((alert, "danger bold"))), *self._wanted) if self._defect else self._wanted
        if wanted == self._paragraphs:
            return
        self._paragraphs = wanted
        if self._laid_out_for < 0:
            return
        lines = self._wrapped_to(self._laid_out_for)
        if len(lines) != len(self.drawn):
            self.drawn = lines
            self.virtual_size = Size(self._laid_out_for, len(lines))
            self.refresh(layout=True)
        else:
            self.draw(lines)

    @property
    def line_count(self) -> int:
        """How many lines the paragraphs wrap to at the present width."""
        return len(self.drawn)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many lines as the paragraphs wrap to in this width."""
        self.drawn = self._wrapped_to(_text_width(width))
        return len(self.drawn)

    def on_resize(self) -> None:
        """Wrap again: the width is what the layout really gave."""
        width = _text_width(self.size.width)
        if width != self._laid_out_for:
            self.drawn = self._wrapped_to(width)
            self.refresh()
        self.virtual_size = Size(width, len(self.drawn))

    def render_line(self, y: int) -> Strip:
        """One line of the visible part, with its part of the scroll position."""
        thumb = scroll_thumb(y, self.scroll_offset.y, self.size.height, len(self.drawn), self._glyphs)
        text = super().render_line(y).crop(0, self.size.width - 1)
        return Strip.join([text, to_strip((thumb,), self.palette, self.rich_style)])

    def _wrapped_to(self, width: int) -> list[Spans]:
        self._laid_out_for = width
        rows = [_spans(row) for each in self._paragraphs for row in _wrap(each, width, self._glyphs.ellipsis)]
        return [seven_bit(row) for row in rows] if self._glyphs.ascii else rows


class ScrollKeys:
    """The keys of a table move through lines."""

    lines: Lines
    """What they move through."""

    def action_move(self, by: int) -> None:
        """Scroll by lines."""
        self.lines.scroll_relative(y=by, animate=False)

    def action_page(self, by: int) -> None:
        """Scroll by what fits."""
        self.action_move(by * max(1, self.lines.size.height - 1))

    def action_first(self) -> None:
        """Scroll to the top."""
        self.lines.scroll_home(animate=False)

    def action_last(self) -> None:
        """Scroll to the end."""
        self.lines.scroll_end(animate=False)


def _text_width(width: int) -> int:
    """Cells for text: the last column is the position's, shown or not, so that the height does not depend on it."""
    return max(1, width - 1)


def _spans(row: Text) -> Spans:
    """The row as runs of one role each."""
    roles = [""] * len(row.plain)
    for span in row.spans:
        roles[span.start : span.end] = [str(span.style)] * (min(span.end, len(roles)) - span.start)
    starts = [at for at in range(len(roles)) if at == 0 or roles[at] != roles[at - 1]]
    return tuple((row.plain[start:end], roles[start]) for start, end in zip_longest(starts, starts[1:]))


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
    # The last cell before the body stays free: a label that is too long for that is cut where it can be seen.
    label = set_cell_size(_shorten(pieces(paragraph.label), indent - 1, ellipsis, force=False).plain, indent)
    label = label if indent else ""
    return [pieces((label, "muted") if n == 0 else " " * (indent + hang), row) for n, row in enumerate(rows)]


def _wrapped(body: Text, first_room: int, room: int) -> list[Text]:
    """Greedy word wrap; a word longer than a line is broken where the line ends. Never loses a character that is not
    a space."""
    plain = body.plain
    rows: list[Text] = []
    start = end = 0  # the line under way: characters [start, end)
    for word in re.finditer("[^ ]+", plain):
        word_start, word_end = word.span()
        limit = room if rows else first_room
        if end > start and cell_len(plain[start:word_end]) > limit:
            rows.append(body[start:end])
            start, limit = word_start, room
        end = word_end
        while cell_len(plain[start:end]) > limit:
            split = start + max(1, fitting(plain[start:end], limit))
            rows.append(body[start:split])
            start, limit = split, room
    rows.append(body[start:end])
    return rows


def _shorten(row: Text, room: int, ellipsis: str, *, force: bool) -> Text:
    """The row within `room` cells, ending with an ellipsis where something is missing."""
    if not force and cell_len(row.plain) <= room:
        return row
    return pieces(row[: fitting(row.plain, max(0, room - len(ellipsis)))], ellipsis[:room])
