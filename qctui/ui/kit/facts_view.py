"""Facts of one thing: names beside values, which wrap and scroll in as many columns as there is room for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC

from rich.cells import cell_len, set_cell_size

from qctui.ui.keys.keymap import Scope, bindings
from qctui.ui.kit.lines import Lines, Paragraph, ScrollKeys, pieces
from qctui.ui.kit.pane import Pane
from qctui.ui.kit.render_context import RenderContext
from qctui.ui.kit.spans import Spans
from qctui.ui.theme.glyph_set import Glyphs
from qctui.ui.wording.format import DAY, HOUR, MINUTE, format_instant
from qctui.ui.wording.load_state import LoadStateWords
from qctui.value import Value


class FactsView(ScrollKeys, Lines, can_focus=True):
    """Blocks of facts; the keys of a table scroll it."""

    DEFAULT_CSS = """
    FactsView { height: 1fr; padding: 0 0 0 1; }
    """
    BINDINGS = bindings(Scope.TABLE)

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__(glyphs)
        self.lines = self
        self._blocks: tuple[Paragraph | Group, ...] = ()

    def show_blocks(self, blocks: Iterable[Paragraph | Group]) -> None:
        """Replace what is shown. Equal content costs nothing."""
        self._blocks = tuple(blocks)
        if self.size.width:
            self.show(lay_out(self._blocks, self.content_size.width - 1))

    def on_resize(self) -> None:
        """Choose the columns for the new width."""
        self.show(lay_out(self._blocks, self.content_size.width - 1))
        super().on_resize()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There are no rows here to open or mark."""
        return action not in {"mark", "open"}


class FactsPane(Pane):
    """A pane whose body is facts."""

    def __init__(self, number: int, title: str, glyphs: Glyphs, *, id: str = "") -> None:
        self.view = FactsView(glyphs)
        super().__init__(number, title, self.view, glyphs, id=id)

    def show_blocks(self, blocks: Sequence[Paragraph | Group], facts: Spans, words: LoadStateWords) -> None:
        """Show these blocks; the words of the load state in their place while there are none."""
        body = [Paragraph(pieces((words.body, "muted")))] if words.body and not blocks else list(blocks)
        self.view.show_blocks(body)
        self.show_frame(facts, words)


VALUE_CELLS = 16
"""The most a value takes in a column; a longer one gets a line of its own."""

_LEAST_VALUE_CELLS = 8

MOST_NAME_CELLS = 28

_GAP = 2
_MOST_COLUMNS = 4


class Fact(Value):
    """A name and its value, both literal."""

    name: str
    value: Spans

    @property
    def cells(self) -> int:
        """How wide the value is."""
        return sum(cell_len(text) for text, _ in self.value)


class Group(Value):
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
