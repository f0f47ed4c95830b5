"""A table that formats only what is visible and sends only what changed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from qctui.ui.glyphs import Glyphs
from qctui.ui.keymap import Scope, bindings
from qctui.ui.moment import Moment
from qctui.ui.theme import Palette
from qctui.ui.widgets.cells import Spans, to_strip
from qctui.ui.widgets.columns import Column, Placed, place
from qctui.ui.widgets.table_lines import GUTTER, changed_regions, header_line, row_cells, scroll_glyph, words_line

R = TypeVar("R")

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Drawn(Generic[R]):
    """What one line of the screen holds."""

    row: R | None
    moment: Moment | None
    cells: Spans
    under: str
    """`cursor`, `cursor-blurred` or empty: the background."""


class _OfTable(Message):
    """What happened in a table; `@on(..., selector)` finds the table as its control."""

    def __init__(self, table: KeyedTable[Any]) -> None:
        super().__init__()
        self.table = table

    @property
    def control(self) -> Widget:
        """The table."""
        return self.table


class KeyedTable(Widget, Generic[R], can_focus=True):
    """Rows by key, with a cursor that stays on its key whatever happens around it.

    The rows themselves are handed over whole and never copied; ten thousand cost what the visible ones cost. Textual's
    own table formats every row and sends 20 kB for a changed cell.
    """

    DEFAULT_CSS = """
    KeyedTable { height: 1fr; width: 1fr; }
    """
    BINDINGS = bindings(Scope.TABLE)

    class CursorMoved(_OfTable):
        """The cursor stands on another row."""

        def __init__(self, table: KeyedTable[R], key: Hashable | None, by_person: bool) -> None:
            super().__init__(table)
            self.key = key
            """None: the table is empty."""
            self.by_person = by_person
            """False: rows came or went under it."""

    class Opened(_OfTable):
        """Enter on a row."""

        def __init__(self, table: KeyedTable[R], key: Hashable) -> None:
            super().__init__(table)
            self.key = key

    class Marked(_OfTable):
        """Somebody asked to mark or unmark this row."""

        def __init__(self, table: KeyedTable[R], key: Hashable) -> None:
            super().__init__(table)
            self.key = key

    class Scrolled(Message):
        """Other rows are visible."""

        def __init__(self, table: KeyedTable[R]) -> None:
            super().__init__()
            self.table = table

    def __init__(
        self,
        columns: Sequence[Column[R]],
        key_of: Callable[[R], Hashable],
        glyphs: Glyphs,
        *,
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self._columns = tuple(columns)
        self._key_of = key_of
        self._glyphs = glyphs
        self._rows: Sequence[R] = ()
        self._moment: Moment | None = None
        self._marks: frozenset[Hashable] = frozenset()
        self._sort: tuple[str, bool] | None = None
        self._words = ""
        self._cursor = 0
        self._cursor_key: Hashable | None = None
        self._top = 0
        self._placed: tuple[Placed[R], ...] = ()
        self._drawn: list[_Drawn[R]] = []
        self._failed: set[str] = set()
        self.stays_first = False
        """Whether a cursor on the first row stays on the first row when others come above it: for lists that are read
        from their newest end. Anywhere else it always stays on its key."""

    def show(
        self,
        rows: Sequence[R],
        moment: Moment,
        *,
        marks: frozenset[Hashable] = frozenset(),
        sort: tuple[str, bool] | None = None,
        words: str = "",
    ) -> None:
        """Replace the rows. Their keys must be unique. `sort` is (column id, descending), for the header's arrow only;
        `words` are shown where rows would be while there are none.

        A row is formatted again when its object or the moment is another one; only cells that then differ are sent.
        """
        self._rows, self._moment, self._marks = rows, moment, marks
        self._sort, self._words = sort, words
        self._follow_key()
        self._draw()

    @property
    def cursor_key(self) -> Hashable | None:
        """The key under the cursor; None while the table is empty."""
        return self._cursor_key

    @property
    def cursor_row(self) -> R | None:
        """The row under the cursor."""
        return self._rows[self._cursor] if self._cursor < len(self._rows) else None

    @property
    def position(self) -> tuple[int, int]:
        """The cursor's place from 1, and how many rows there are."""
        return (self._cursor + 1 if self._rows else 0), len(self._rows)

    @property
    def visible_rows(self) -> Sequence[R]:
        """The rows on screen."""
        return self._rows[self._top : self._top + self._height]

    @property
    def columns(self) -> tuple[Column[R], ...]:
        """All columns, shown or not."""
        return self._columns

    @property
    def shown_columns(self) -> tuple[Column[R], ...]:
        """The columns that fit."""
        return tuple(placed.column for placed in self._placed)

    def move_to(self, key: Hashable) -> bool:
        """Put the cursor on a row, as a person would. False if there is no such row."""
        for index, row in enumerate(self._rows):
            if self._key_of(row) == key:
                self._set_cursor(index)
                return True
        return False

    def start_over(self) -> None:
        """The next rows are of something else: begin at the first one."""
        self._cursor, self._cursor_key, self._top = 0, None, 0

    def action_move(self, by: int) -> None:
        """Move the cursor by rows."""
        self._set_cursor(self._cursor + by)

    def action_page(self, by: int) -> None:
        """Move the cursor by pages."""
        self._set_cursor(self._cursor + by * max(1, self._height - 1))

    def action_first(self) -> None:
        """Go to the first row."""
        self._set_cursor(0)

    def action_last(self) -> None:
        """Go to the last row."""
        self._set_cursor(len(self._rows) - 1)

    def action_open(self) -> None:
        """Ask for the row in full."""
        if self._cursor_key is not None:
            self.post_message(self.Opened(self, self._cursor_key))

    def action_mark(self) -> None:
        """Ask for the row to be marked."""
        if self._cursor_key is not None:
            self.post_message(self.Marked(self, self._cursor_key))

    def row_text(self) -> str:
        """The row under the cursor as it is shown, columns separated by tabs: for copying. Empty without a row."""
        row, moment = self.cursor_row, self._moment
        if row is None or moment is None:
            return ""
        return "\t".join("".join(text for text, _ in column.cell(row, moment)).strip() for column in self._columns)

    def on_resize(self) -> None:
        """Fit the columns to the new width and keep the cursor in sight."""
        self._placed = place(self._columns, self.size.width - 1, indent=GUTTER)
        self._drawn = []
        self._scroll_to_cursor()
        self._draw()
        self.post_message(self.Scrolled(self))

    def watch_has_focus(self, has_focus: bool) -> None:
        """Show the cursor as the one keys move, or as a memory of where it was. Blur is handled by Textual after a
        handler of ours would be: only the watcher sees the new state."""
        super().watch_has_focus(has_focus)
        self._draw()

    def on_click(self, event: events.Click) -> None:
        """Put the cursor where somebody pointed; a second click opens."""
        index = self._top + event.y - 1
        if event.y >= 1 and index < len(self._rows):
            self._set_cursor(index)
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

    def render_line(self, y: int) -> Strip:
        """One line: the header, or a row."""
        palette: Palette = self.app.palette  # type: ignore[attr-defined]  # every app these tables live in has one
        if y >= len(self._drawn):
            return Strip.blank(self.size.width, self.rich_style)
        drawn = self._drawn[y]
        under = self.rich_style + palette.background(drawn.under) if drawn.under else self.rich_style
        return to_strip(drawn.cells, palette, under)

    @property
    def _height(self) -> int:
        return max(0, self.size.height - 1)

    def _set_cursor(self, index: int) -> None:
        if not self._rows:
            return
        index = min(len(self._rows) - 1, max(0, index))
        if index == self._cursor and self._cursor_key is not None:
            return
        self._cursor = index
        self._cursor_key = self._key_of(self._rows[index])
        self._scroll_to_cursor()
        self._draw()
        self.post_message(self.CursorMoved(self, self._cursor_key, True))

    def _follow_key(self) -> None:
        """After a change of rows: find the cursor's row again, keep it at the same line of the screen."""
        rows, key = self._rows, self._cursor_key
        line = self._cursor - self._top
        found = self._cursor < len(rows) and self._key_of(rows[self._cursor]) == key
        if not found and not (self.stays_first and self._cursor == 0):
            for index, row in enumerate(rows):
                if self._key_of(row) == key:
                    self._cursor = index
                    found = True
                    break
        if found:
            self._top = self._cursor - line
        else:
            self._cursor = min(self._cursor, max(0, len(rows) - 1))
            self._cursor_key = self._key_of(rows[self._cursor]) if rows else None
            if self._cursor_key != key:
                self.post_message(self.CursorMoved(self, self._cursor_key, False))
        self._scroll_to_cursor()

    def _scroll_to_cursor(self) -> None:
        height = self._height
        top = min(self._top, self._cursor)
        if height and self._cursor >= top + height:
            top = self._cursor - height + 1
        top = max(0, min(top, len(self._rows) - height))
        if top != self._top:
            self._top = top
            self.post_message(self.Scrolled(self))

    def _draw(self) -> None:
        """Bring the visible lines up to date and ask for the cells that differ."""
        if not self.size.width or self._moment is None:
            return
        before = self._drawn
        words = header_line(self._placed, self._sort, self.size.width, self._glyphs)
        header: _Drawn[R] = _Drawn(None, None, words, "")
        after = [header, *(self._line(y, before) for y in range(1, self.size.height))]
        self._drawn = after
        if len(before) != len(after):
            self.refresh()
            return
        regions: list[Region] = []
        for y, (old, new) in enumerate(zip(before, after, strict=True)):
            if old.under != new.under:
                regions.append(Region(0, y, self.size.width, 1))
            else:
                regions += changed_regions(y, old.cells, new.cells)
        if regions:
            self.refresh(*regions)

    def _line(self, y: int, before: list[_Drawn[R]]) -> _Drawn[R]:
        index = self._top + y - 1
        bar = scroll_glyph(y - 1, self._top, self._height, len(self._rows), self._glyphs)
        width = self.size.width - 1
        moment = self._moment
        if index >= len(self._rows) or moment is None:
            words = "" if self._rows else self._words
            return _Drawn(None, None, (*words_line(words, y - 1, width, self._glyphs), bar), "")
        row = self._rows[index]
        current = index == self._cursor
        marked = self._key_of(row) in self._marks
        gutter = (
            (self._glyphs.cursor if current else " ", "focus bold" if self.has_focus else "muted"),
            (self._glyphs.mark if marked else " ", "mark bold"),
        )
        under = "" if not current else "cursor" if self.has_focus else "cursor-blurred"
        old = before[y] if y < len(before) else None
        if old is not None and old.row is row and old.moment is moment:
            cells = old.cells[GUTTER:-1]
        else:
            cells = row_cells(self._placed, lambda column: self._format(column, row, moment), width, self._glyphs)
        return _Drawn(row, moment, (*gutter, *cells, bar), under)

    def _format(self, column: Column[R], row: R, moment: Moment) -> Spans:
        try:
            return column.cell(row, moment)
        except Exception:  # scrolling to a value nobody foresaw must not end a program one may need to liquidate with
            if column.id not in self._failed:
                self._failed.add(column.id)
                _log.exception("Column %r could not be shown", column.id)
            return ((self._glyphs.alert, "danger bold"),)
