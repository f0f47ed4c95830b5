"""The one selection of the program and its owner, and the places in lists that nothing else reads."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import Any, Generic, TypeVar

from qctui.ui.selection import (
    Change,
    Chose,
    Listed,
    Mark,
    Pane,
    Picked,
    Place,
    Rows,
    Selection,
    Took,
    after,
    place_of,
    reselect,
)

R = TypeVar("R")


class LocalCursor:
    """The place in a list that nothing but its own screen reads."""

    def __init__(self, moved: Callable[[], object] | None = None) -> None:
        """`moved` is called when a person went to another row."""
        self.place = Place()
        self._moved = moved

    def reselect(self, rows: Rows) -> None:
        """The list shows these rows."""
        self.place = reselect(self.place, rows)

    def choose(self, key: Hashable, index: int) -> None:
        """A person went to this row."""
        self.place = Place(key, key, index)
        if self._moved is not None:
            self._moved()

    def take(self) -> None:
        """A person kept the filter."""
        self.place = self.place.meant

    def start_over(self) -> None:
        """The next rows are of something else: begin at the first one."""
        self.place = Place()


class SelectionOwner:
    """The owner of the one selection. Nothing else changes it, and everything else reads it here."""

    def __init__(self, *, pinned: bool = False) -> None:
        """`pinned` as in `after`."""
        self.now = Selection()
        self.on_change: Callable[[Selection, Selection, Change], None] = lambda _before, _now, _change: None
        """`on_change(before, now, change)` is called at once, whenever the selection is another one."""
        self.deploy_ids: Mapping[int, str] = {}
        """As in `after`. Set before the deployments are listed."""
        self.touched = False
        """A person has chosen something."""
        self._pinned = pinned

    def stands(self, mark: Mark) -> bool:
        """Whether what was marked is still what the project runs, or ran last."""
        listed = self.deploy_ids.get(mark.project_id)
        return listed is not None and (not mark.deploy_id or listed == mark.deploy_id)

    @property
    def lost_marks(self) -> tuple[Mark, ...]:
        """The marks whose project was deployed again since: what runs there now was never marked."""
        return tuple(mark for mark in self.now.marks if not self.stands(mark))

    def change(self, change: Change) -> None:
        """Something happened to it."""
        before = self.now
        self.touched = self.touched or isinstance(change, Chose | Picked)
        self.now = after(before, change, self.deploy_ids, pinned=self._pinned)
        if self.now != before:
            self.on_change(before, self.now, change)


class SelectedCursor:
    """A list's place as a part of the one selection."""

    def __init__(self, selected: SelectionOwner, pane: Pane) -> None:
        self._selected, self._pane = selected, pane

    @property
    def place(self) -> Place:
        """What is selected in the list."""
        return place_of(self._selected.now, self._pane)

    def reselect(self, rows: Rows) -> None:
        """As in `LocalCursor`."""
        self._selected.change(Listed(self._pane, rows))

    def choose(self, key: Hashable, index: int) -> None:
        """As in `LocalCursor`."""
        self._selected.change(Chose(self._pane, key, index))

    def take(self) -> None:
        """As in `LocalCursor`."""
        self._selected.change(Took(self._pane))


Cursor = LocalCursor | SelectedCursor
"""How a table reads its place and asks for another one."""


class KeysOf(Sequence[Hashable], Generic[R]):
    """The keys of rows, made one by one when they are looked at."""

    def __init__(self, rows: Sequence[R], key_of: Callable[[R], Hashable]) -> None:
        self._rows, self._key_of = rows, key_of

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: Any) -> Any:
        rows = self._rows[index]
        return [self._key_of(row) for row in rows] if isinstance(index, slice) else self._key_of(rows)

    def __iter__(self) -> Iterator[Hashable]:
        return map(self._key_of, self._rows)
