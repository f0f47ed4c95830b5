"""The read budget: how many requests a minute the polling may cost, and who goes first when that is tight."""

from __future__ import annotations

from collections import deque
from enum import Enum

WINDOW_S = 60.0


class Priority(Enum):
    """Why a read is made. The value is how much of the budget may be used for it."""

    FRESH = 1.5
    """Newly on screen, or asked for by a person. May exceed the budget: somebody waits for it, moves are few, and what
    is over is taken from the routine of the same minute."""
    ROUTINE = 0.9
    """What is shown already is brought up to date."""
    BULK = 0.6
    """One of many pages of a long list, whose newest part is shown already."""
    BACKGROUND = 0.4
    """The accounts of everything that runs, in turn. Below all others, so that a list somebody has just opened finds
    room for its pages."""


PACED = 0.25
"""Share of what an errand may use that is handed out evenly over the minute and not at once."""


class RateLimiter:
    """How many reads are made in any 60 seconds: `per_minute` for all that is routine, half as many again for what a
    person's own moves bring on screen. Plain arithmetic on times it is given; one thread.

    It works on a log of the last minute, not on a bucket that refills: a bucket with a useful burst would either allow
    more than it says in the first minute or less than it says ever after. Each errand may be granted while the reads of
    the last minute, of all errands together, are below its share of the budget. The first three quarters of a share are
    granted at once, so that a start or a move to another deployment shows its data without waiting. In the last quarter
    each grant waits for its part of the time until the oldest grant is a minute old, so that no share is ever gone all
    at once and whatever comes next waits seconds, not the rest of the minute.
    """

    def __init__(self, per_minute: int = 60) -> None:
        self.per_minute = max(1, per_minute)
        self._grants: deque[float] = deque()

    def wait_s(self, priority: Priority, mono: float) -> float:
        """Seconds until such a read may be made, zero for now. An estimate: others may come first."""
        self._forget(mono)
        used = len(self._grants)
        # At least one grant must be possible whatever the share, or a tiny budget would never read.
        allowed = max(1, int(self.per_minute * priority.value))
        if used >= allowed:
            return max(0.0, self._grants[used - allowed] + WINDOW_S - mono)
        left = allowed - used
        if used and left <= int(allowed * PACED):
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
