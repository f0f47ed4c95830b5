"""The current resource of every key: replaced whole, read from any thread, bounded."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, TypeVar

from qctui.model.keys import Key
from qctui.model.resource import Resource
from qctui.value import replace

T = TypeVar("T")
Subscriber = Callable[[Key[Any]], None]


class Store:
    """What the program knows now. Written by the engine's thread, read by any.

    Resources are frozen, so a reader never sees a half-written one. Subscribers are called on the writer's thread,
    after the replacement, and must be quick and not raise: they post a message and return.
    """

    def __init__(self, capacity: int = 256) -> None:
        """Keep at most `capacity` resources; the least recently used of those not pinned go first."""
        self._capacity = capacity
        self._resources: OrderedDict[Key[Any], Resource[Any]] = OrderedDict()
        self._pinned: frozenset[Key[Any]] = frozenset()
        self._subscribers: tuple[Subscriber, ...] = ()
        self._lock = threading.Lock()

    def get(self, key: Key[T]) -> Resource[T]:
        """The current resource; an empty one for a key never written."""
        return self._resources.get(key) or _EMPTY

    def put(self, key: Key[T], resource: Resource[T]) -> Resource[T]:
        """Replace the resource of `key`, one version on, and call the subscribers. Returns what is stored."""
        return self.change(key, lambda _: resource)

    def put_value(self, key: Key[T], value: T, *, at: float, mono: float) -> Resource[T]:
        """Store a newer good value, received at Unix time `at` and monotonic time `mono`. Returns what is stored."""
        return self.change(key, lambda known: known.with_value(value, at=at, mono=mono))

    def change(self, key: Key[T], change: Callable[[Resource[T]], Resource[T]]) -> Resource[T]:
        """Replace the resource of `key` by what `change` makes of it, with no other writer in between. Returns what is
        stored."""
        with self._lock:
            stored = self._replace(key, change(self.get(key)))
            subscribers = self._subscribers
        for subscriber in subscribers:
            subscriber(key)
        return stored

    def pin(self, keys: frozenset[Key[Any]]) -> None:
        """Keep these whatever their number: what is on screen or polled must not be evicted under a reader."""
        with self._lock:
            self._pinned = keys
            for key in keys & self._resources.keys():
                self._resources.move_to_end(key)
            self._evict()

    def drop(self, key: Key[Any]) -> None:
        """Forget a resource that is no longer shown. Subscribers are not called."""
        with self._lock:
            self._resources.pop(key, None)

    def keys(self) -> tuple[Key[Any], ...]:
        """Every key that holds a resource."""
        with self._lock:
            return tuple(self._resources)

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """Call `subscriber` with each key that changes. Returns the function that ends it."""
        with self._lock:
            self._subscribers = (*self._subscribers, subscriber)

        def unsubscribe() -> None:
            with self._lock:
                self._subscribers = tuple(each for each in self._subscribers if each is not subscriber)

        return unsubscribe

    def _replace(self, key: Key[T], resource: Resource[T]) -> Resource[T]:
        stored = replace(resource, version=self.get(key).version + 1)
        self._resources[key] = stored
        self._resources.move_to_end(key)
        self._evict()
        return stored

    def _evict(self) -> None:
        # However much a screen wants, some room stays for what is written beside it and not pinned.
        room = max(self._capacity, len(self._pinned) + self._capacity // 4)
        excess = len(self._resources) - room
        if excess > 0:
            for key in [key for key in self._resources if key not in self._pinned][:excess]:
                del self._resources[key]


_EMPTY: Resource[Any] = Resource()
