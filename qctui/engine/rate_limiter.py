"""The rate limiter of the reads: how many a minute, and how much of that each priority may use."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from enum import Enum

WINDOW_S = 60.0


class Priority(Enum):
    """How urgent a read is. The value is the share of the budget that may be used up by the time it is made."""

    FRESH = 1.5
    """Newly on screen, or asked for by a person. May exceed the budget: a person waits for it, moves are few, and what
    is over is taken from the routine of the same minute."""
    ROUTINE = 0.9
    """What is shown already is brought up to date."""
    BULK = 0.8
    """One of many pages of a long list, whose newest part is shown already."""
    UNKNOWN = 0.7
    """What a running deployment holds, while that was never read. Below the pages, so that a list that was just opened
    finds room for them."""
    BACKGROUND = 0.5
    """The accounts of everything that runs are brought up to date, in turn. Below all others."""


UNHURRIED = frozenset({Priority.BULK, Priority.UNKNOWN, Priority.BACKGROUND})
"""Reads that no person waits for."""

EVENLY = 0.25
"""The last part of a priority's share, which is handed out evenly over the minute and not at once."""


LEAST_BUDGET = 6
"""Reads a minute that one process may always make, however many there are: the list of deployments is read at least."""


class RateLimiter:
    """How many reads are made in any 60 seconds: `per_minute` for all that is routine, half as many again for what a
    person's own moves bring on screen. Plain arithmetic on times it is given; one thread.

    It counts the reads of the last minute instead of refilling a bucket: a bucket with a useful burst would either
    allow more than it says in the first minute or less than it says ever after. A read may be made while the reads of
    the last minute, of all priorities together, are below the share of its own priority. The first three quarters of a
    share may be used at once, so that a start or a move to another deployment shows its data without waiting. In the
    last quarter each read waits for its part of the time until the oldest one is a minute old, so that no share is ever
    gone all at once and whatever comes next waits seconds, not the rest of the minute.

    Where several processes read, an equal part of the budget is each one's own, and what the others leave of the whole
    may be used besides: a start fills its screen with what an idle neighbour does not need, and gives it back.
    """

    def __init__(self, per_minute: int = 60) -> None:
        self.per_minute = max(1, per_minute)
        self._reads: deque[float] = deque()
        """When each read of the last minute was made."""
        self._readers = 1
        self._others: list[float] = []
        """When the other processes made theirs, as far as it is known."""

    def share(self, readers: int, others: Iterable[float]) -> None:
        """So many processes read now, this one included; `others` are the times of the reads of the rest."""
        self._readers, self._others = max(1, readers), sorted(others)

    def wait_s(self, priority: Priority, mono: float) -> float:
        """Seconds until such a read may be made, zero for now. An estimate: others may come first."""
        self._forget(mono)
        if self._readers == 1:
            return _wait_s(self._reads, self.per_minute * priority.value, mono)
        part = max(LEAST_BUDGET, self.per_minute // self._readers)
        own_s, reads = _wait_s(self._reads, part * priority.value, mono), sorted((*self._reads, *self._others))
        # Less of the whole is kept free for what is more urgent: each has its own part for that. And what is over the
        # budget is over one's own part: nobody may count on the others for it.
        whole_s = _wait_s(reads, self.per_minute * min(1.0, 1.0 - (1.0 - priority.value) / self._readers), mono)
        # Many that start one after the other each have a part, and there may be more parts than the budget has.
        spent = priority in UNHURRIED and len(reads) >= self.per_minute
        return whole_s if spent else min(own_s, whole_s)

    def take(self, mono: float) -> None:
        """A read is being made. Counted even if it was not allowed, so that later ones make up for it."""
        self._reads.append(mono)

    def reads(self, mono: float) -> tuple[float, ...]:
        """When this process read in the last minute."""
        self._forget(mono)
        return tuple(self._reads)

    def used(self, mono: float) -> int:
        """Reads in the last minute, of all processes."""
        self._forget(mono)
        return len(self._reads) + len(self._others)

    def _forget(self, mono: float) -> None:
        while self._reads and self._reads[0] + WINDOW_S <= mono:
            self._reads.popleft()
        if self._others and self._others[0] + WINDOW_S <= mono:
            self._others = [at for at in self._others if at + WINDOW_S > mono]


def _wait_s(reads: Sequence[float], share: float, mono: float) -> float:
    """Seconds until there may be one more besides these, of which a minute takes `share` at most."""
    # At least one read must be possible whatever the share, or a tiny budget would never read.
    used, allowed = len(reads), max(1, int(share))
    if used >= allowed:
        return max(0.0, reads[used - allowed] + WINDOW_S - mono)
    left = allowed - used
    if used and left <= int(allowed * EVENLY):
        relief_s = reads[0] + WINDOW_S - reads[-1]
        return max(0.0, reads[-1] + relief_s / left - mono)
    return 0.0
