"""Facts of one thing in words: instants, signed amounts, and names beside values in as many columns as fit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC

from rich.cells import cell_len, set_cell_size

from qctui.ui.kit.lines import Paragraph, pieces
from qctui.ui.kit.render_context import RenderContext
from qctui.ui.kit.spans import Spans
from qctui.ui.theme.glyph_set import Glyphs
from qctui.ui.wording.format import DAY, HOUR, MINUTE, format_instant, format_number

VALUE_CELLS = 16
"""The most a value takes in a column; a longer one gets a line of its own."""

_LEAST_VALUE_CELLS = 8

MOST_NAME_CELLS = 28

_GAP = 2
_MOST_COLUMNS = 4

_AMOUNT = re.compile(r"(-?)[^\d]*?(-?)\s*(\d[\d,]*\.?\d*|\.\d+)")


@dataclass(frozen=True, slots=True)
class Fact:
    """A name and its value, both literal."""

    name: str
    value: Spans

    @property
    def cells(self) -> int:
        """How wide the value is."""
        return sum(cell_len(text) for text, _ in self.value)


@dataclass(frozen=True, slots=True)
class Group:
    """Facts under a heading."""

    heading: str
    facts: tuple[Fact, ...]
    roomy: bool = False
    """Each on a line of its own, however short."""


def fact(name: str, text: str, role: str = "") -> Fact:
    """A fact of one piece of text."""
    return Fact(name, ((text, role),))


def lay_out(blocks: Sequence[Paragraph | Group], width: int) -> list[Paragraph]:
    """The blocks as paragraphs `width` cells wide."""
    laid: list[Paragraph] = []
    for block in blocks:
        if isinstance(block, Paragraph):
            laid.append(block)
        elif block.facts:
            if block.heading:
                laid += [*([Paragraph()] if laid else []), Paragraph(pieces((block.heading, "title bold")))]
            laid += _grid(block, width)
    return laid


def _grid(group: Group, width: int) -> list[Paragraph]:
    short = [] if group.roomy else [each for each in group.facts if each.cells <= VALUE_CELLS]
    long = [each for each in group.facts if each not in short]
    laid: list[Paragraph] = []
    if short:
        columns = _columns(short, width)
        names = [max(_name_cells(each) for each in column) for column in columns]
        values = [_value_cells(column) for column in columns]
        for row in range(len(columns[0])):
            line = pieces()
            for column, cells, room in zip(columns, names, values, strict=True):
                if row >= len(column):
                    continue
                each = column[row]
                padding = " " * (room - each.cells + _GAP) if column is not columns[-1] else ""
                line.append_text(pieces((set_cell_size(each.name, cells), "muted"), " ", *each.value, padding))
            laid.append(Paragraph(line))
    if long:
        indent = max(_name_cells(each) for each in long) + 1
        laid += [Paragraph(pieces(*each.value), label=each.name, indent=indent) for each in long]
    return laid


def _columns(facts: Sequence[Fact], width: int) -> list[Sequence[Fact]]:
    """The facts in the most columns that fit, read downwards."""
    for count in range(min(_MOST_COLUMNS, len(facts)), 1, -1):
        height = -(-len(facts) // count)
        columns = [facts[at : at + height] for at in range(0, len(facts), height)]
        needed = sum(max(_name_cells(each) for each in column) + 1 + _value_cells(column) for column in columns)
        if needed + _GAP * (len(columns) - 1) <= width:
            return columns
    return [facts]


def _value_cells(column: Sequence[Fact]) -> int:
    """In steps of two: a number that grows by a digit seldom moves the next column."""
    widest = max(each.cells for each in column)
    return max(_LEAST_VALUE_CELLS, widest + widest % 2)


def _name_cells(each: Fact) -> int:
    return min(MOST_NAME_CELLS, cell_len(each.name))


def sign_of(text: str) -> int:
    """Whether the amount in a formatted text is above (1), below (-1) or at zero, or there is none (0).

    The engine puts the currency's symbol before the sign: `$-61.31` (REFERENCE.md 6.2).
    """
    found = _AMOUNT.search(text)
    if found is None or not found.group(3).strip("0.,"):
        return 0
    return -1 if found.group(1) or found.group(2) else 1


def role_of_sign(sign: float) -> str:
    """The colour of a gain or a loss. The sign itself stays in the text."""
    return "pnl-up" if sign > 0 else "pnl-down" if sign < 0 else ""


def format_signed(value: float | None, glyphs: Glyphs, digits: int = 2) -> str:
    """A number with its sign, for example `+199.00`; zero has none."""
    text = format_number(value, glyphs, digits)
    return f"+{text}" if value is not None and value > 0 and text != glyphs.none else text


def format_quantity(value: float | None, glyphs: Glyphs) -> str:
    """A quantity with as many digits as it has, up to ten: a coin has eight."""
    if value is None:
        return glyphs.none
    return f"{value:,.10g}"


def instant_words(at: float | None, context: RenderContext) -> Spans:
    """An instant in UTC, in the zone on screen where that is another one, and how far it is from now."""
    utc, local = format_instant(at, UTC, context.glyphs), format_instant(at, context.zone, context.glyphs)
    if at is None or utc == context.glyphs.none:
        return ((context.glyphs.none, "muted"),)
    dot = f" {context.glyphs.dot} "
    shown = [(utc, "")] if local.split()[:2] == utc.split()[:2] else [(utc, ""), (f"{dot}{local}", "muted")]
    return (*shown, (f"{dot}{relative_words(at, context)}", "muted"))


def relative_words(at: float, context: RenderContext) -> str:
    """How far an instant is from now in coarse words: `5m ago`, `now`, `in 2h`."""
    ahead = at - context.now
    if ahead <= 0:
        word = context.ago(at)
        return word if word == "now" else f"{word} ago"
    unit, letter = (MINUTE, "m") if ahead < HOUR else (HOUR, "h") if ahead < DAY else (DAY, "d")
    count = int(ahead // unit)
    context.note(context.mono + ahead - count * unit + 0.001)
    return f"in {count}{letter}" if count else "in under 1m"
