"""The last of many, soon: for what is expensive to follow at key-repeat speed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

StartTimer = Callable[[float, Callable[[], None]], Callable[[], None]]
"""Starts a one-shot timer; returns what stops it."""


class Throttle(Generic[T]):
    """Hands values on: the first at once, then at most one in `interval_s`, the last one always, equal ones never
    twice."""

    def __init__(self, first: T, send: Callable[[T], None], start_timer: StartTimer, interval_s: float) -> None:
        """`first` is what the receiver has already."""
        self._sent = first
        self._newest = first
        self._send = send
        self._start_timer = start_timer
        self._settle_s = interval_s
        self._settling = False

    @property
    def newest(self) -> T:
        """The value offered last, handed on or not."""
        return self._newest

    def offer(self, value: T) -> None:
        """Hand this on, now or when the one before it has settled."""
        self._newest = value
        if not self._settling:
            self._hand_on()

    def _hand_on(self) -> None:
        self._settling = False
        if self._newest != self._sent:
            self._sent = self._newest
            self._settling = True
            self._start_timer(self._settle_s, self._hand_on)
            self._send(self._sent)
