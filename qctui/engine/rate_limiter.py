"""The rate limiter of the reads: how many a minute, and how much of that each priority may use."""

from __future__ import annotations

from collections import deque
from enum import Enum

WINDOW_S = 60.0


class Priority(Enum):
    """How urgent a read is. The value is the share of the budget that may be used up by the time it is made."""

    FRESH = 1.5
    """Newly on screen, or asked for by a person. May exceed the budget: a person waits for it, moves are few, and what
    is over is taken from the routine of the same minute."""
    ROUTINE = 0.9
    """What is shown already is brought up to date."""
    BULK = 0.6
    """One of many pages of a long list, whose newest part is shown already."""
    BACKGROUND = 0.5
    """The accounts of everything that runs, in turn. Below all others, so that a list that was just opened finds room
    for its pages."""


EVENLY = 0.25
"""The last part of a priority's share, which is handed out evenly over the minute and not at once."""


class RateLimiter:
    """How many reads are made in any 60 seconds: `per_minute` for all that is routine, half as many again for what a
    person's own moves bring on screen. Plain arithmetic on times it is given; one thread.

    It counts the reads of the last minute instead of refilling a bucket: a bucket with a useful burst would either
    allow more than it says in the first minute or less than it says ever after. A read may be made while the reads of
    the last minute, of all priorities together, are below the share of its own priority. The first three quarters of a
    share may be used at once, so that a start or a move to another deployment shows its data without waiting. In the
    last quarter each read waits for its part of the time until the oldest one is a minute old, so that no share is ever
    gone all at once and whatever comes next waits seconds, not the rest of the minute.
    """

    def __init__(self, per_minute: int = 60) -> None:
        self.per_minute = max(1, per_minute)
        self._reads: deque[float] = deque()
        """When each read of the last minute was made."""

    def wait_s(self, priority: Priority, mono: float) -> float:
        """Seconds until such a read may be made, zero for now. An estimate: others may come first."""
        used = self.used(mono)
        # At least one read must be possible whatever the share, or a tiny budget would never read.
        allowed = max(1, int(self.per_minute * priority.value))
        if used >= allowed:
            return max(0.0, self._reads[used - allowed] + WINDOW_S - mono)
        left = allowed - used
        if used and left <= int(allowed * EVENLY):
            relief_s = self._reads[0] + WINDOW_S - self._reads[-1]
            return max(0.0, self._reads[-1] + relief_s / left - mono)
        return 0.0

    def take(self, mono: float) -> None:
        """A read is being made. Counted even if it was not allowed, so that later ones make up for it."""
        self._reads.append(mono)

    def used(self, mono: float) -> int:
        """Reads in the last minute."""
        while self._reads and self._reads[0] + WINDOW_S <= mono:
            self._reads.popleft()
        return len(self._reads)
