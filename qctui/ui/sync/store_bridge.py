"""From the store, on the engine's thread, to the interface: one message at a time says that something changed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

from textual.message import Message

from qctui.model.keys import Key
from qctui.store import Store


class StoreChanged(Message, bubble=False):
    """Something in the store changed: the bridge holds which keys. At most one is under way at a time."""


@runtime_checkable
class ShowsStore(Protocol):
    """A screen that shows resources."""

    def show_changes(self, keys: frozenset[Key[Any]]) -> None:
        """Draw what depends on these keys. An exception becomes a message on screen, not the end of the program."""
        ...


class Bridge:
    """Collects the keys that change in the store and wakes the interface once for all of them.

    While the interface does not answer (a terminal that stopped reading freezes its loop), the set of keys is all that
    grows, and it is bounded by the store.
    """

    def __init__(self, store: Store, wake: Callable[[], bool]) -> None:
        """`wake` is called on the engine's thread; it returns whether the interface will call `take`."""
        self._store = store
        self._wake = wake
        self._lock = threading.Lock()
        self._dirty: set[Key[Any]] = set()
        self._awaited = False
        self._unsubscribe: Callable[[], None] | None = None

    def open(self) -> None:
        """Begin to listen. What is in the store already counts as changed."""
        if self._unsubscribe is None:
            self._unsubscribe = self._store.subscribe(self._collect)
            for key in self._store.keys():  # noqa: SIM118  # a store is no mapping
                self._collect(key)

    def close(self) -> None:
        """Listen no longer. Safe to call twice; a change under way on another thread is then dropped."""
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None

    def take(self) -> frozenset[Key[Any]]:
        """The keys changed since the last call. The next change wakes the interface again."""
        with self._lock:
            keys = frozenset(self._dirty)
            self._dirty.clear()
            self._awaited = False
        return keys

    def _collect(self, key: Key[Any]) -> None:
        with self._lock:
            self._dirty.add(key)
            if self._awaited:
                return
            self._awaited = True
        try:
            delivered = self._wake()
        except RuntimeError:  # the interface's event loop is closed: it has ended before us
            delivered = False
        if not delivered:
            with self._lock:
                self._awaited = False
