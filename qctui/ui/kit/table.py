"""A table that formats only what is visible and sends only what changed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from rich.style import Style
from textual import events
from textual.strip import Strip

from qctui.ui.app_base import palette_of
from qctui.ui.keys.keymap import Scope, bindings
from qctui.ui.kit.cell_diff import CellDiff, Cells, by_cell, scroll_thumb
from qctui.ui.kit.render_context import RenderContext, nothing
from qctui.ui.kit.spans import Spans, fit, seven_bit, to_strip, wrap
from qctui.ui.kit.table_columns import GUTTER, Column, Placed, header_line, place, row_cells
from qctui.ui.selection import NO_ROW, Rows
from qctui.ui.selection_owner import Cursor, KeysOf, LocalCursor
from qctui.ui.textual_patches import lay_out
from qctui.ui.theme.glyph_set import Glyphs

R = TypeVar("R")

_ROOM_FOR_FOOT = 5
"""Lines a table must have before one of them is given to its foot."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Drawn(Generic[R]):
    """What one line of the screen holds."""

    cells: Spans
    under: str = ""
    """`cursor`, `cursor-blurred` or empty: the background."""
    row: R | None = field(default=None, compare=False)
    context: RenderContext | None = field(default=None, compare=False)


class KeyedTable(CellDiff[_Drawn[R]], Generic[R], can_focus=True):
    """Rows by key. It draws what is selected among them and asks for another selection; a `Cursor` owns it.

    The rows themselves are handed over whole and never copied; ten thousand cost what the visible ones cost. Textual's
    own table formats every row and sends 20 kB for a changed cell.
    """

    DEFAULT_CSS = """
    KeyedTable { height: 1fr; width: 1fr; }
    """
    BINDINGS = bindings(Scope.TABLE)

    def __init__(
        self,
        columns: Sequence[Column[R]],
        key_of: Callable[[R], Hashable],
        glyphs: Glyphs,
        *,
        cursor: Cursor | None = None,
        id: str | None = None,
    ) -> None:
        """`cursor` owns what is selected; without one the table's place is its own."""
        super().__init__(id=id)
        self.cursor: Cursor = cursor or LocalCursor()
        """The owner of what is selected."""
        self.opens = self.marks = True
        """Whether Enter and Space do something here."""
        self.opened: Callable[[R], object] = nothing
        """Called on Enter with the selected row."""
        self.marked: Callable[[R], object] = nothing
        """Called on Space with the selected row."""
        self.scrolled: Callable[[], object] = nothing
        """Called when other rows are visible."""
        self.columns = tuple(columns)
        """All columns, shown or not."""
        self._key_of = key_of
        self._glyphs = glyphs
        self._rows: Sequence[R] = ()
        self._render_context: RenderContext | None = None
        self._marks: frozenset[Hashable] = frozenset()
        self._sort: tuple[str, bool] | None = None
        self._words = ""
        self._foot: Callable[[Column[R]], Spans] | None = None
        self._top = 0
        self._below_top = 0
        self._placed: tuple[Placed[R], ...] = ()
        self._failed: set[str] = set()
        self.stays_first = False
        """Whether a cursor on the first row stays on the first row when others come above it: for lists that are read
        from their newest end. Anywhere else it always stays on its key."""
        self.keeps = False
        """Whether what was chosen stays selected without a row; see `Rows`."""

    def show(
        self,
        rows: Sequence[R],
        context: RenderContext,
        *,
        listed: Sequence[R] | None = None,
        refiltered: bool = False,
        marks: frozenset[Hashable] = frozenset(),
        sort: tuple[str, bool] | None = None,
        words: str = "",
        foot: Callable[[Column[R]], Spans] | None = None,
    ) -> None:
        """Replace the rows. Their keys must be unique. `listed` are all of the list while a filter hides some of them,
        `refiltered` says that it is another filter. `sort` is (column id, descending), for the header's arrow only;
        `words` are shown where rows would be while there are none; `foot` is a line that stays below the rows.

        A row is formatted again when its object or the render context is another one.
        """
        self._rows, self._render_context, self._marks = rows, context, marks
        self._sort, self._words, self._foot = sort, words, foot
        self.cursor.reselect(
            Rows(
                KeysOf(rows, self._key_of),
                KeysOf(listed if listed is not None else rows, self._key_of),
                filtered=listed is not None,
                refiltered=refiltered,
                first_stays=self.stays_first,
                keeps=self.keeps,
            )
        )
        # The selected row stays at its line of the screen.
        self._top = self._at - self._below_top
        self._scroll_to_cursor()
        self._draw()

    @property
    def cursor_key(self) -> Hashable | None:
        """The key of what is selected; None while nothing is."""
        return self.cursor.place.key

    @property
    def cursor_row(self) -> R | None:
        """The selected row; None while nothing is selected, or nothing that has a row."""
        at = self.cursor.place.index
        selected = self.cursor_key is not None and 0 <= at < len(self._rows)
        return self._rows[at] if selected and self._key_of(self._rows[at]) == self.cursor_key else None

    @property
    def visible_rows(self) -> Sequence[R]:
        """The rows on screen."""
        return self._rows[self._top : self._top + self._height]

    @property
    def shown_columns(self) -> tuple[Column[R], ...]:
        """The columns that fit."""
        return tuple(placed.column for placed in place(self.columns, self.size.width - 1, indent=GUTTER))

    def change_columns(self, columns: Sequence[Column[R]]) -> None:
        """Show other columns of the same rows."""
        self.columns = tuple(columns)
        if self.size.width:
            self.on_resize()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what rows here have can be asked for."""
        return (self.opens or action != "open") and (self.marks or action != "mark")

    def action_move(self, by: int) -> None:
        """Move the cursor by rows."""
        self._choose(self.cursor.place.index + by)

    def action_page(self, by: int) -> None:
        """Move the cursor by pages."""
        lay_out(self.screen)
        self._choose(self.cursor.place.index + by * max(1, self._height - 1))

    def action_first(self) -> None:
        """Go to the first row."""
        self._choose(0)

    def action_last(self) -> None:
        """Go to the last row."""
        self._choose(len(self._rows) - 1)

    def action_open(self) -> None:
        """Show the row in full."""
        if (row := self.cursor_row) is not None:
            self.opened(row)

    def action_mark(self) -> None:
        """Mark the row, or unmark it."""
        if (row := self.cursor_row) is not None:
            self.marked(row)

    def select(self, key: Hashable) -> None:
        """Go to the row of a key, if it is among the rows."""
        if key != self.cursor_key:
            at = next((at for at, row in enumerate(self._rows) if self._key_of(row) == key), -1)
            if at >= 0:
                self._choose(at)

    def row_text(self) -> str:
        """The row under the cursor as it is shown, columns separated by tabs: for copying. Empty without a row."""
        row, context = self.cursor_row, self._render_context
        if row is None or context is None:
            return ""
        return "\t".join("".join(text for text, _ in column.cell(row, context)).strip() for column in self.columns)

    def on_resize(self) -> None:
        """Fit the columns to the new width and keep the cursor in sight."""
        self._placed = place(self.columns, self.size.width - 1, indent=GUTTER)
        self.drawn = ()  # the cells of a row that has not changed are kept, and these have another width
        self._scroll_to_cursor()
        self._draw()
        self.scrolled()

    def watch_has_focus(self, has_focus: bool) -> None:
        """Show the cursor as the one keys move, or as a memory of where it was. Blur is handled by Textual after a
        handler of ours would be: only the watcher sees the new state."""
        super().watch_has_focus(has_focus)
        self._draw()

    def on_click(self, event: events.Click) -> None:
        """Put the cursor where a person pointed; a second click opens."""
        index = self._top + event.y - 1
        if 1 <= event.y <= self._height and index < len(self._rows):
            self._choose(index)
            if event.chain == 2:
                self.action_open()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The wheel moves the cursor: what is selected is always in sight."""
        event.stop()
        self.action_move(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The wheel moves the cursor: what is selected is always in sight."""
        event.stop()
        self.action_move(-3)

    def cells_of(self, line: _Drawn[R]) -> Cells:
        """The line cell by cell: with another background all of them are others."""
        texts, roles = by_cell(line.cells)
        return texts, [(role, line.under) for role in roles] if line.under else roles

    def strip_of(self, line: _Drawn[R], under: Style) -> Strip:
        """The line as Textual draws it."""
        palette = palette_of(self)
        return to_strip(line.cells, palette, under + palette.background(line.under))

    @property
    def _height(self) -> int:
        return max(0, self.size.height - 1 - self._has_foot)

    @property
    def _has_foot(self) -> bool:
        return self._foot is not None and self.size.height >= _ROOM_FOR_FOOT

    @property
    def _at(self) -> int:
        """Where the selected row stands; the first one's place while there is none."""
        at = self.cursor.place.index
        return 0 if at == NO_ROW else at

    def _choose(self, index: int) -> None:
        if not self._rows:
            return
        index = min(len(self._rows) - 1, max(0, index))
        key = self._key_of(self._rows[index])
        if self.cursor.place.chosen == key and self.cursor.place.index == index:
            return
        self.cursor.choose(key, index)
        self._scroll_to_cursor()
        self._draw()

    def _scroll_to_cursor(self) -> None:
        height = self._height
        at, before = self._at, self._top
        top = min(self._top, at)
        if height and at >= top + height:
            top = at - height + 1
        self._top = max(0, min(top, len(self._rows) - height))
        self._below_top = at - self._top
        if self._top != before:
            self.scrolled()

    def _draw(self) -> None:
        """Bring the visible lines up to date and ask for the cells that differ."""
        if not self.size.width or self._render_context is None:
            return
        header: _Drawn[R] = _Drawn(header_line(self._placed, self._sort, self.size.width, self._glyphs))
        lines = [header, *(self._line(y) for y in range(1, self._height + 1))]
        if self._has_foot:
            lines.insert(1 + min(len(self._rows), self._height), self._foot_line())
        self.draw(lines)

    def _line(self, y: int) -> _Drawn[R]:
        index = self._top + y - 1
        thumb = scroll_thumb(y - 1, self._top, self._height, len(self._rows), self._glyphs)
        width = self.size.width - 1
        context = self._render_context
        if index >= len(self._rows) or context is None:
            return _Drawn((*self._words_line(y - 1, width), thumb))
        row = self._rows[index]
        current = index == self.cursor.place.index and self.cursor_key is not None
        marked = self._key_of(row) in self._marks
        gutter = (
            (self._glyphs.cursor if current else " ", "focus bold" if self.has_focus else "muted"),
            (self._glyphs.mark if marked else " ", "mark bold"),
        )
        under = "" if not current else "cursor" if self.has_focus else "cursor-blurred"
        old = self.drawn[y] if y < len(self.drawn) else None
        if old is not None and old.row is row and old.context is context:
            cells = old.cells[GUTTER:-1]
        else:
            cells = row_cells(self._placed, lambda column: self._format(column, row, context), width, self._glyphs)
        return _Drawn((*gutter, *cells, thumb), under, row, context)

    def _words_line(self, line: int, width: int) -> Spans:
        """One line, counted from 0, of what is said in place of rows."""
        if self._rows or not self._words or width <= GUTTER:
            return ((" " * max(0, width), ""),)
        spans = ((self._words, "muted"),)
        lines = wrap(seven_bit(spans) if self._glyphs.ascii else spans, width - GUTTER)
        return fit(((" " * GUTTER, ""), *(lines[line] if line < len(lines) else ())), width, self._glyphs)

    def _foot_line(self) -> _Drawn[R]:
        foot, width = self._foot, self.size.width - 1
        assert foot is not None
        cells = row_cells(self._placed, foot, width, self._glyphs)
        return _Drawn(((" " * GUTTER, ""), *cells, (" ", "")))

    def _format(self, column: Column[R], row: R, context: RenderContext) -> Spans:
        try:
            return column.cell(row, context)
        except (
            Exception
        ):  # scrolling to an unforeseen value must not end a program that may be needed for an emergency stop
            if column.id not in self._failed:
                self._failed.add(column.id)
                _log.exception("Column %r could not be shown", column.id)
            return ((self._glyphs.alert, "danger bold"),)
