"""A pane whose body is a table: filter, sort, and rows that are shown again when either changes."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from qctui.ui.kit.pane import Pane
from qctui.ui.kit.render_context import RenderContext
from qctui.ui.kit.spans import Spans
from qctui.ui.kit.table import KeyedTable
from qctui.ui.kit.table_columns import Column
from qctui.ui.selection_owner import Cursor
from qctui.ui.textual_patches import lay_out
from qctui.ui.theme.glyph_set import Glyphs
from qctui.ui.wording.format import format_count
from qctui.ui.wording.load_state import LoadStateWords

R = TypeVar("R")


class ListPane(Pane, Generic[R]):
    """Subclasses turn a resource into rows and hand them to `show_rows`."""

    SECTION: ClassVar[bool] = False
    """It stands in what is opened in full."""

    def __init__(
        self,
        number: int,
        title: str,
        glyphs: Glyphs,
        columns: Sequence[Column[R]],
        key_of: Callable[[R], Hashable],
        text_of: Callable[[R], str],
        *,
        opens: bool = False,
        cursor: Cursor | None = None,
    ) -> None:
        """`cursor` owns what is selected in the list. `opens`: Enter on a row of a section leads somewhere."""
        self.table: KeyedTable[R] = KeyedTable(columns, key_of, glyphs, cursor=cursor)
        super().__init__(number, title, self.table, glyphs)
        self.table.opens, self.table.marks = opens or not self.SECTION, not self.SECTION
        self._text_of = text_of
        self._sort: tuple[str, bool] | None = None
        self._rows: Sequence[R] = ()
        self._render_context: RenderContext | None = None
        self._facts_of_rows: Spans = ()
        self._row_words: LoadStateWords | None = None
        self._marked: frozenset[Hashable] = frozenset()
        self._kept: tuple[tuple[Sequence[R], str, tuple[str, bool] | None], Sequence[R]] | None = None

    def show_rows(
        self,
        rows: Sequence[R],
        context: RenderContext,
        words: LoadStateWords,
        facts: Spans,
        marked: frozenset[Hashable] = frozenset(),
    ) -> None:
        """Show these rows, in their given order unless a person chose another."""
        self._rows, self._render_context, self._row_words, self._facts_of_rows = rows, context, words, facts
        self._marked = marked
        self._refresh_rows()

    def cycle_sort(self) -> None:
        """Sort by the next column that is on screen, then by none."""
        lay_out(self.screen)
        columns = [column for column in self.table.shown_columns if column.sort_key is not None]
        ids = [column.id for column in columns]
        at = ids.index(self._sort[0]) + 1 if self._sort is not None and self._sort[0] in ids else 0
        self._sort = (columns[at].id, columns[at].descending) if at < len(columns) else None
        self._refresh_rows()

    searchable = True

    def filter_by(self, text: str) -> None:
        """Show only the rows that contain this text."""
        if text != self.filter_text:
            super().filter_by(text)
            self._refresh_rows(refiltered=True)

    def filter_kept(self) -> None:
        """What the filter has selected is what was meant."""
        self.table.cursor.take()

    def _refresh_rows(self, *, refiltered: bool = False) -> None:
        context, words = self._render_context, self._row_words
        if context is None or words is None:
            return
        rows = self._arranged()
        body = words.body
        facts = self._facts_of_rows
        if self.filter_text:
            dot = f"{self._glyphs.dot} "
            if facts and not facts[0][0].startswith(dot):
                facts = ((f"{dot}{facts[0][0]}", facts[0][1]), *facts[1:])
            facts = ((f"{format_count(len(rows))} of {format_count(len(self._rows))} ", "mark"), *facts)
            if self._rows and not rows:
                body = f"No row contains '{self.filter_text}'. Esc shows all."
        self.table.show(
            rows,
            context,
            listed=self._rows if self.filter_text else None,
            refiltered=refiltered,
            marks=self._marked,
            sort=self._sort,
            words=body,
            foot=self._foot(),
        )
        self.show_frame(facts, words)

    def _foot(self) -> Callable[[Column[R]], Spans] | None:
        """What is said below the rows, column by column."""
        return None

    def _arranged(self) -> Sequence[R]:
        """The rows as a person filtered and sorted them. Kept while nothing of that changes: an age that changes its
        word must not sort ten thousand rows again."""
        by = (self._rows, self.filter_text, self._sort)
        kept = self._kept
        if kept is None or kept[0][0] is not by[0] or kept[0][1:] != by[1:]:
            rows = narrowed(self._rows, self.filter_text, self._text_of)
            for column in self.table.columns:
                if self._sort is not None and column.id == self._sort[0] and column.sort_key is not None:
                    rows = ordered(rows, column.sort_key, descending=self._sort[1])
            kept = self._kept = (by, rows)
        return kept[1]


class SectionPane(ListPane[R]):
    """A list within what is opened in full: its rows can't be marked, and most have nothing more to show."""

    SECTION = True


def narrowed(rows: Sequence[R], text: str, text_of: Callable[[R], str]) -> Sequence[R]:
    """The rows that contain every word of `text`, whatever its case."""
    words = text.casefold().split()
    if not words:
        return rows
    return [row for row in rows if all(word in text_of(row).casefold() for word in words)]


def ordered(rows: Sequence[R], key: Callable[[R], Any], *, descending: bool) -> Sequence[R]:
    """The rows by a column; those without a value come last in either direction."""
    valued = [(key(row), row) for row in rows]
    known = [(value, row) for value, row in valued if value is not None]
    known.sort(key=lambda pair: pair[0], reverse=descending)
    return [row for _, row in known] + [row for value, row in valued if value is None]
