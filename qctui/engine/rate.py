"""The read budget: how many requests a minute the polling may cost, and who goes first when that is tight."""

from __future__ import annotations

from collections import deque
from enum import Enum

WINDOW_S = 60.0


class Errand(Enum):
    """Why a read is made. The value is the share of the budget it must leave to those before it."""

    FRESH = 0.0
    """Something newly on screen, or asked for by a person: may use the last of the budget."""
    ROUTINE = 0.1
    """What is shown already is brought up to date."""
    BULK = 0.3
    """One of many pages of a long list, whose newest part is shown already."""


class Budget:
    """At most `per_minute` reads in any 60 seconds. Plain arithmetic on times it is given; one thread.

    It works on a log of the last minute, not on a bucket that refills: a bucket with a useful burst would either allow
    more than it says in the first minute or less than it says ever after. The first two thirds are granted at once, so
    that a start or a move to another deployment shows its data without waiting. Of the last third each grant waits for
    its part of the time until the oldest grant is a minute old, so that the budget is never gone all at once and
    whatever comes next waits seconds, not the rest of the minute. Routine reads leave a tenth of the budget, bulk ones
    three tenths, to whatever is newly wanted.
    """

    def __init__(self, per_minute: int = 60) -> None:
        self.per_minute = max(1, per_minute)
        self._grants: deque[float] = deque()

    def wait_s(self, errand: Errand, mono: float) -> float:
        """Seconds until such a read may be made, zero for now. An estimate: others may come first."""
        self._forget(mono)
        used = len(self._grants)
        # At least one grant must be possible whatever the share, or a tiny budget would never read.
        allowed = max(1, self.per_minute - int(self.per_minute * errand.value))
        if used >= allowed:
            return max(0.0, self._grants[used - allowed] + WINDOW_S - mono)
        left = self.per_minute - used
        if used and left <= self.per_minute // 3:
            relief_s = self._grants[0] + WINDOW_S - self._grants[-1]
            return max(0.0, self._grants[-1] + relief_s / left - mono)
        return 0.0

    def take(self, mono: float) -> None:
        """A read is being made. Counted even if it was not allowed, so that forced ones are paid for by later ones."""
        self._forget(mono)
        self._grants.append(mono)

    def used(self, mono: float) -> int:
        """Reads in the last minute."""
        self._forget(mono)
        return len(self._grants)

    def _forget(self, mono: float) -> None:
        while self._grants and self._grants[0] + WINDOW_S <= mono:
            self._grants.popleft()
