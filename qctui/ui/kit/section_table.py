"""A table within what is opened in full."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import TypeVar

from qctui.ui.kit.list_pane import ListPane
from qctui.ui.kit.table import KeyedTable
from qctui.ui.kit.table_columns import Column
from qctui.ui.selection_owner import Cursor
from qctui.ui.theme.glyph_set import Glyphs

R = TypeVar("R")


class SectionTable(KeyedTable[R]):
    """Its columns may become others, and its rows may have nothing more to show."""

    def __init__(
        self,
        columns: Sequence[Column[R]],
        key_of: Callable[[R], Hashable],
        glyphs: Glyphs,
        *,
        opens: bool,
        cursor: Cursor | None = None,
    ) -> None:
        """`opens`: Enter on a row leads somewhere."""
        super().__init__(columns, key_of, glyphs, cursor=cursor)
        self._opens = opens

    def change_columns(self, columns: Sequence[Column[R]]) -> None:
        """Show other columns of the same rows."""
        self._columns = tuple(columns)
        if self.size.width:
            self.on_resize()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Rows here can't be marked."""
        return action != "mark" and (self._opens or action != "open")


class SectionPane(ListPane[R]):
    """A pane of such a table."""

    def __init__(
        self,
        number: int,
        title: str,
        glyphs: Glyphs,
        columns: Sequence[Column[R]],
        key_of: Callable[[R], Hashable],
        text_of: Callable[[R], str],
        *,
        id: str,
        opens: bool = False,
        cursor: Cursor | None = None,
    ) -> None:
        super().__init__(number, title, glyphs, columns, key_of, text_of, id=id)
        self.table: SectionTable[R] = SectionTable(columns, key_of, glyphs, opens=opens, cursor=cursor)
