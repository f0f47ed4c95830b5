"""Text measured in terminal cells: cut, padded, compared. Wide characters take two, joiners none."""

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


def wrap(spans: Spans, width: int) -> tuple[Spans, ...]:
    """The spans' words in lines of at most `width` cells. A word that is wider than that is cut by whoever fits it."""
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


def changed_cells(before: Spans, after: Spans) -> tuple[int, int] | None:
    """The first cell in which two lines differ, and one past the last; None if they are the same."""
    if before == after:
        return None
    old, new = _by_cell(before), _by_cell(after)
    if len(old) != width_of(before) or len(new) != width_of(after):
        # Joined characters take fewer cells together than one by one: the place of a change can't be told.
        return 0, max(width_of(before), width_of(after))
    length = max(len(old), len(new))
    blank = (" ", "")
    old += [blank] * (length - len(old))
    new += [blank] * (length - len(new))
    changed = [x for x in range(length) if old[x] != new[x]]
    if not changed:
        return None
    first, last = changed[0], changed[-1]
    # A region that begins or ends inside a wide character would split it: take the whole of it along.
    while first > 0 and (old[first][0] == "" or new[first][0] == ""):
        first -= 1
    while last + 1 < length and (old[last + 1][0] == "" or new[last + 1][0] == ""):
        last += 1
    return first, last + 1


def _by_cell(spans: Spans) -> list[Span]:
    cells: list[Span] = []
    for text, role in spans:
        if text.isascii():
            cells += [(character, role) for character in text]
            continue
        for character in text:
            width = cell_len(character)
            if width == 0:
                if cells:
                    cells[-1] = (cells[-1][0] + character, cells[-1][1])
            else:
                cells += [(character, role), *[("", role)] * (width - 1)]
    return cells
