"""Columns of a table: what each shows, which ones fit, and the lines they make."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Generic, TypeVar

from qctui.ui.kit.render_context import RenderContext
from qctui.ui.kit.spans import Span, Spans, fit, keep_ends, seven_bit
from qctui.ui.theme.glyph_set import Glyphs
from qctui.value import Value

R = TypeVar("R")

GUTTER = 2
"""Cells for the cursor's and the mark's glyph."""

LAST_TO_COME = 2
"""Columns whose `keep` is this or less come only when the others have the width they want."""


class Column(Value, Generic[R], eq=False):
    """One column. Compared by identity."""

    id: str
    header: str
    """Short words."""
    width: int
    """Cells it needs at least. Fixed widths: a longer value never moves the others."""
    cell: Callable[[R, RenderContext], Spans]
    """A row's value in literal text and roles."""
    right: bool = False
    """Aligned to the right, as numbers are."""
    wanted: int = 0
    """Cells it gets before one of the columns that come last (`LAST_TO_COME`) is shown at all."""
    widest: int = 0
    """Cells it may grow to in the room that all shown columns leave; 0: it does not grow."""
    cut_middle: bool = False
    """It holds names. One that does not fit loses its middle: names of one folder differ at their end more often."""
    keep: int = 0
    """When room is short, columns with the smallest number go first. A higher number costs the others room to grow."""
    sort_key: Callable[[R], Any] | None = None
    """What rows are ordered by; None: the table can't be sorted by this column. Never compares None with a number."""
    descending: bool = False
    """The first order a person wants: largest first for numbers."""


def text_column(
    id: str, width: int, text_of: Callable[[R], str], *, header: str | None = None, **more: Any
) -> Column[R]:
    """A column of muted text, sorted by it unless another `sort_key` is among the rest. Its id is its header too."""

    def cell(row: R, context: RenderContext) -> Spans:
        return ((text_of(row) or context.glyphs.none, "muted"),)

    more = {"sort_key": lambda row: text_of(row).casefold()} | more
    return Column(id, id if header is None else header, width, cell, **more)


def number_column(
    id: str,
    header: str,
    width: int,
    value_of: Callable[[R], float | None],
    format_value: Callable[[float | None, Glyphs], str],
    **more: Any,
) -> Column[R]:
    """A column of numbers, sorted by them; one that is not known is muted."""

    def cell(row: R, context: RenderContext) -> Spans:
        value = value_of(row)
        return ((format_value(value, context.glyphs), "" if value is not None else "muted"),)

    return figure(id, header, width, cell, sort_key=value_of, **more)


figure = partial(Column, right=True, descending=True)
"""Numbers stand at the right, and the largest are first at the first sort."""


class Placed(Value, Generic[R]):
    """A column that fits, and where."""

    column: Column[R]
    x: int
    width: int


def place(columns: Sequence[Column[R]], width: int, *, indent: int) -> tuple[Placed[R], ...]:
    """The columns that fit in `width` cells, in their order, grown into what is left.

    `indent` cells stay free at the left. The column kept longest is shown even when it does not fit whole.
    """
    shown: list[Column[R]] = []
    room = width - indent
    for column in sorted(columns, key=lambda each: -each.keep):
        needed = column.width + (1 if shown else 0)
        growth = sum(max(0, each.wanted - each.width) for each in shown) if column.keep <= LAST_TO_COME else 0
        if needed + growth <= room:
            shown.append(column)
            room -= needed
        elif not shown:
            return (Placed(column, indent, max(0, room)),)
        else:
            break  # a less important column that happens to be narrow must not take the place of this one
    grown = {id(column): column.width for column in shown}
    for column in sorted(shown, key=lambda each: -each.keep):
        extra = max(0, min(column.wanted - column.width, room))
        grown[id(column)] += extra
        room -= extra
    growing = [column for column in shown if column.widest > grown[id(column)]]
    while room > 0 and growing:
        share = max(1, room // len(growing))
        for column in list(growing):
            extra = min(share, column.widest - grown[id(column)], room)
            grown[id(column)] += extra
            room -= extra
            if grown[id(column)] >= column.widest:
                growing.remove(column)
    placed: list[Placed[R]] = []
    x = indent
    for column in columns:
        if id(column) in grown:
            placed.append(Placed(column, x, grown[id(column)]))
            x += grown[id(column)] + 1
    return tuple(placed)


def header_line(placed: Sequence[Placed[Any]], sort: tuple[str, bool] | None, width: int, glyphs: Glyphs) -> Spans:
    """The columns' words; the one sorted by carries an arrow, whatever of its word that costs."""
    widths = {each.column.id: each.width for each in placed}

    def head(column: Column[Any]) -> Spans:
        if sort is None or sort[0] != column.id:
            return ((column.header, "muted"),)
        arrow = glyphs.descending if sort[1] else glyphs.ascending
        return ((column.header[: widths[column.id] - 1] + arrow, "title bold"),)

    return fit(((" " * GUTTER, ""), *row_cells(placed, head, width, glyphs)), width, glyphs)


def row_cells(
    placed: Sequence[Placed[Any]], format_cell: Callable[[Column[Any]], Spans], width: int, glyphs: Glyphs
) -> Spans:
    """A row from the gutter to `width`, each column in exactly its cells."""
    cells: list[Span] = []
    x = GUTTER
    for each in placed:
        if each.x > x:
            cells.append((" " * (each.x - x), ""))
        spans = format_cell(each.column)
        if each.column.cut_middle:
            spans = keep_ends(spans, each.width, glyphs)
        if glyphs.ascii:
            spans = seven_bit(spans)
        cells += fit(spans, each.width, glyphs, right=each.column.right)
        x = each.x + each.width
    if width > x:
        cells.append((" " * (width - x), ""))
    return tuple(cells)
