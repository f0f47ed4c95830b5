"""A table that formats only what is visible and sends only what changed."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from qctui.ui.glyphs import Glyphs
from qctui.ui.keymap import Scope, bindings
from qctui.ui.moment import Moment
from qctui.ui.theme import Palette
from qctui.ui.widgets.cells import Spans, changed_cells, fit, seven_bit, to_strip, width_of, wrap
from qctui.ui.widgets.columns import Column, Placed, place

R = TypeVar("R")

_GUTTER = 2
"""Cells for the cursor's and the mark's glyph."""


@dataclass(frozen=True, slots=True)
class _Drawn(Generic[R]):
    """What one line of the screen holds."""

    row: R | None
    moment: Moment | None
    cells: Spans
    under: str
    """`cursor`, `cursor-blurred` or empty: the background."""


class KeyedTable(Widget, Generic[R], can_focus=True):
    """Rows by key, with a cursor that stays on its key whatever happens around it.

    The rows themselves are handed over whole and never copied; ten thousand cost what the visible ones cost. Textual's
    own table formats every row and sends 20 kB for a changed cell.
    """

    DEFAULT_CSS = """
    KeyedTable { height: 1fr; width: 1fr; }
    """
    BINDINGS = bindings(Scope.TABLE)

    class CursorMoved(Message):
        """The cursor stands on another row."""

        def __init__(self, table: KeyedTable[R], key: Hashable | None, by_person: bool) -> None:
            super().__init__()
            self.table = table
            self.key = key
            """None: the table is empty."""
            self.by_person = by_person
            """False: rows came or went under it."""

        @property
        def control(self) -> Widget:
            """The table."""
            return self.table

    class Opened(Message):
        """Enter on a row."""

        def __init__(self, table: KeyedTable[R], key: Hashable) -> None:
            super().__init__()
            self.table = table
            self.key = key

        @property
        def control(self) -> Widget:
            """The table."""
            return self.table

    class Marked(Message):
        """Somebody asked to mark or unmark this row."""

        def __init__(self, table: KeyedTable[R], key: Hashable) -> None:
            super().__init__()
            self.table = table
            self.key = key

        @property
        def control(self) -> Widget:
            """The table."""
            return self.table

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
        self._placed = place(self._columns, self.size.width - 1, indent=_GUTTER)
        self._drawn = []
        self._scroll_to_cursor()
        self._draw()
        self.post_message(self.Scrolled(self))

    def on_focus(self) -> None:
        """Show the cursor as the one keys move."""
        self._draw()

    def on_blur(self) -> None:
        """Show the cursor as a memory of where it was."""
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
        if not found:
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
        after = [self._header(), *(self._line(y, before) for y in range(1, self.size.height))]
        self._drawn = after
        if len(before) != len(after):
            self.refresh()
            return
        regions: list[Region] = []
        for y, (old, new) in enumerate(zip(before, after, strict=True)):
            if old.under != new.under:
                regions.append(Region(0, y, self.size.width, 1))
            else:
                regions += self._changed(y, old.cells, new.cells)
        if regions:
            self.refresh(*regions)

    def _changed(self, y: int, old: Spans, new: Spans) -> list[Region]:
        """A region per changed run of cells: two values far apart must not send what stands between them."""
        if old == new:
            return []
        if [width_of((span,)) for span in old] != [width_of((span,)) for span in new]:
            span = changed_cells(old, new)
            return [] if span is None else [Region(span[0], y, span[1] - span[0], 1)]
        regions: list[Region] = []
        x = 0
        for before, after in zip(old, new, strict=True):
            if (span := changed_cells((before,), (after,))) is not None:
                regions.append(Region(x + span[0], y, span[1] - span[0], 1))
            x += width_of((after,))
        return regions

    def _line(self, y: int, before: list[_Drawn[R]]) -> _Drawn[R]:
        index = self._top + y - 1
        bar = self._scroll_glyph(y)
        if index >= len(self._rows) or self._moment is None:
            return _Drawn(None, None, self._words_line(y) + bar, "")
        row = self._rows[index]
        current = index == self._cursor
        marked = self._key_of(row) in self._marks
        gutter = (
            (self._glyphs.cursor if current else " ", "focus bold" if self.has_focus else "muted"),
            (self._glyphs.mark if marked else " ", "mark bold"),
        )
        under = "" if not current else "cursor" if self.has_focus else "cursor-blurred"
        old = before[y] if y < len(before) else None
        if old is not None and old.row is row and old.moment is self._moment:
            cells = (*gutter, *old.cells[_GUTTER:-1], *bar)
        else:
            cells = (*gutter, *self._cells(row, self._moment), *bar)
        return _Drawn(row, self._moment, cells, under)

    def _words_line(self, y: int) -> Spans:
        """A line of what is said in place of rows."""
        width = self.size.width - 1
        if self._rows or not self._words or width <= _GUTTER:
            return ((" " * max(0, width), ""),)
        words = ((self._words, "muted"),)
        lines = wrap(seven_bit(words) if self._glyphs.ascii else words, width - _GUTTER)
        line = lines[y - 1] if y <= len(lines) else ()
        return fit(((" " * _GUTTER, ""), *line), width, self._glyphs)

    def _cells(self, row: R, moment: Moment) -> Spans:
        cells: list[tuple[str, str]] = []
        x = _GUTTER
        for placed in self._placed:
            if placed.x > x:
                cells.append((" " * (placed.x - x), ""))
            spans = placed.column.cell(row, moment)
            if self._glyphs.ascii:
                spans = seven_bit(spans)
            if placed.column.keep_end:
                spans = tuple((text[-placed.width :], role) for text, role in spans)
            cells += fit(spans, placed.width, self._glyphs, right=placed.column.right)
            x = placed.x + placed.width
        end = self.size.width - 1
        if end > x:
            cells.append((" " * (end - x), ""))
        return tuple(cells)

    def _header(self) -> _Drawn[R]:
        cells: list[tuple[str, str]] = []
        x = 0
        for placed in self._placed:
            if placed.x > x:
                cells.append((" " * (placed.x - x), ""))
            text, role = placed.column.header, "muted"
            if self._sort is not None and self._sort[0] == placed.column.id:
                arrow = self._glyphs.descending if self._sort[1] else self._glyphs.ascending
                text, role = f"{text}{arrow}", "title bold"
            cells += fit(((text, role),), placed.width, self._glyphs, right=placed.column.right)
            x = placed.x + placed.width
        return _Drawn(None, None, fit(tuple(cells), self.size.width, self._glyphs), "")

    def _scroll_glyph(self, y: int) -> Spans:
        """The right edge of a line: where the visible rows are among all of them."""
        height, count = self._height, len(self._rows)
        if count <= height or not height:
            return ((" ", ""),)
        size = max(1, height * height // count)
        start = round(self._top * (height - size) / (count - height))
        inside = start <= y - 1 < start + size
        return ((self._glyphs.thumb, "muted"),) if inside else ((self._glyphs.track, "rule"),)
