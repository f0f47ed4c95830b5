"""Text measured in terminal cells: cut, padded, wrapped. Wide characters take two, joiners none."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from qctui.ui.theme.glyph_set import Glyphs
from qctui.ui.theme.themes import Palette

Span = tuple[str, str]
"""Text and its role in the theme (empty: plain). The text is literal: nothing in it is ever read as markup."""

Spans = tuple[Span, ...]


def width_of(spans: Sequence[Span]) -> int:
    """Cells these spans take."""
    return sum(len(text) if text.isascii() else cell_len(text) for text, _ in spans)


def fit(spans: Spans, width: int, glyphs: Glyphs, *, right: bool = False) -> Spans:
    """The spans in exactly `width` cells: padded on the side they are not aligned to, or cut with an ellipsis."""
    length = width_of(spans)
    if length == width:
        return spans
    if length < width:
        pad = (" " * (width - length), "")
        return (pad, *spans) if right else (*spans, pad)
    return cut(spans, width, glyphs)


def cut(spans: Spans, width: int, glyphs: Glyphs) -> Spans:
    """The first `width` cells, the last of them an ellipsis. For spans that are wider than that."""
    if width <= 0:
        return ()
    kept: list[Span] = []
    room = width - 1
    role = ""
    for text, role in spans:
        length = len(text) if text.isascii() else cell_len(text)
        if length > room:
            kept.append((set_cell_size(text, room), role))
            break
        kept.append((text, role))
        room -= length
    return (*kept, (glyphs.ellipsis, role))


def fitting(text: str, cells: int) -> int:
    """How many characters of a text fit in so many cells."""
    used = 0
    for place, character in enumerate(text):
        used += cell_len(character)
        if used > cells:
            return place
    return len(text)


def cut_text(text: str, cells: int, glyphs: Glyphs) -> str:
    """A text in at most so many cells, with an ellipsis where something is missing."""
    return text if cell_len(text) <= cells else set_cell_size(text, cells - 1).rstrip() + glyphs.ellipsis


def cut_name(name: str, cells: int, glyphs: Glyphs) -> str:
    """A name in at most so many cells, with an ellipsis in place of its middle: those that begin alike differ at their
    ends."""
    if cell_len(name) <= cells:
        return name
    if cells <= 0:
        return ""
    room = (cells - 1) // 2
    end = name[-room:] if room else ""
    while cell_len(end) > room:
        end = end[1:]
    return set_cell_size(name, cells - 1 - cell_len(end)).rstrip() + glyphs.ellipsis + end


def keep_ends(spans: Spans, width: int, glyphs: Glyphs) -> Spans:
    """The spans, the last of them cut as a name where they are wider than `width`."""
    if width_of(spans) <= width:
        return spans
    *before, (name, role) = spans
    return (*before, (cut_name(name, width - width_of(before), glyphs), role))


def wrap(spans: Spans, width: int) -> tuple[Spans, ...]:
    """The spans' words in lines of at most `width` cells. A wider word stays whole: `fit` cuts it."""
    lines: list[Spans] = []
    line: list[Span] = []
    used = 0
    for text, role in spans:
        for word in text.split():
            length = cell_len(word)
            if line and used + 1 + length > width:
                lines.append(tuple(line))
                line, used = [], 0
            line.append((f" {word}" if line else word, role))
            used += length + (1 if used else 0)
    return (*lines, tuple(line)) if line else tuple(lines)


def seven_bit(spans: Spans) -> Spans:
    """The spans with every character that 7 bits can't hold replaced by as many `?` as it takes cells."""
    return tuple((text if text.isascii() else "".join(map(_seven_bit, text)), role) for text, role in spans)


def _seven_bit(character: str) -> str:
    return character if character.isascii() else "?" * cell_len(character)


def to_strip(spans: Spans, palette: Palette, under: Style) -> Strip:
    """The spans as Textual draws them; `under` is the style below each one's own: the widget's colours, a cursor's
    background. Where that is reversed, the roles' colours would become backgrounds: they give way."""
    segments: list[Segment] = []
    style: Style | None = None
    for text, role in spans:
        if not text:
            continue
        # Blanks look alike in every colour. In their neighbour's they cost no escape sequence of their own.
        if style is None or style.reverse or not text.isspace():
            style = under if under.reverse else under + palette[role]
        segments.append(Segment(text, style))
    return Strip(Segment.simplify(segments), width_of(spans))
