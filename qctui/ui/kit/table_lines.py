"""Lines of a table as spans, and what of them changed. Pure functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from textual.geometry import Region

from qctui.ui.kit.spans import Span, Spans, changed_cells, fit, seven_bit, width_of, wrap
from qctui.ui.kit.table_columns import Column, Placed
from qctui.ui.theme.glyph_set import Glyphs

GUTTER = 2
"""Cells for the cursor's and the mark's glyph."""


def header_line(placed: Sequence[Placed[Any]], sort: tuple[str, bool] | None, width: int, glyphs: Glyphs) -> Spans:
    """The columns' words; the one sorted by carries an arrow, whatever of its word that costs."""
    cells: list[Span] = []
    x = 0
    for each in placed:
        if each.x > x:
            cells.append((" " * (each.x - x), ""))
        if sort is not None and sort[0] == each.column.id:
            arrow = glyphs.descending if sort[1] else glyphs.ascending
            cells += fit(((each.column.header[: each.width - 1] + arrow, "title bold"),), each.width, glyphs,
                         right=each.column.right)  # fmt: skip
        else:
            cells += fit(((each.column.header, "muted"),), each.width, glyphs, right=each.column.right)
        x = each.x + each.width
    return fit(tuple(cells), width, glyphs)


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
        if glyphs.ascii:
            spans = seven_bit(spans)
        if each.column.keep_end:
            spans = tuple((text[-each.width :], role) for text, role in spans)
        cells += fit(spans, each.width, glyphs, right=each.column.right)
        x = each.x + each.width
    if width > x:
        cells.append((" " * (width - x), ""))
    return tuple(cells)


def words_line(words: str, line: int, width: int, glyphs: Glyphs) -> Spans:
    """One line, counted from 0, of what is said in place of rows."""
    if not words or width <= GUTTER:
        return ((" " * max(0, width), ""),)
    spans = ((words, "muted"),)
    lines = wrap(seven_bit(spans) if glyphs.ascii else spans, width - GUTTER)
    return fit(((" " * GUTTER, ""), *(lines[line] if line < len(lines) else ())), width, glyphs)


def scroll_glyph(line: int, top: int, height: int, count: int, glyphs: Glyphs) -> Span:
    """The right edge of a line, counted from 0: where the visible rows are among all of them."""
    if count <= height or not height:
        return " ", ""
    size = max(1, height * height // count)
    start = round(top * (height - size) / (count - height))
    return (glyphs.thumb, "muted") if start <= line < start + size else (glyphs.track, "rule")


def changed_regions(y: int, old: Spans, new: Spans) -> list[Region]:
    """A region per changed run of cells: two values far apart must not send what stands between them."""
    if old == new:
        return []
    if [width_of((span,)) for span in old] != [width_of((span,)) for span in new]:
        changed = changed_cells(old, new)
        return [] if changed is None else [Region(changed[0], y, changed[1] - changed[0], 1)]
    regions: list[Region] = []
    x = 0
    for before, after in zip(old, new, strict=True):
        if (changed := changed_cells((before,), (after,))) is not None:
            regions.append(Region(x + changed[0], y, changed[1] - changed[0], 1))
        x += width_of((after,))
    return regions
