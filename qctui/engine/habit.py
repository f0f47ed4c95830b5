"""When a deployment shows signs of life, learnt from its own history: which hours of the week, and how densely.

No calendar of any market is known here. An hour counts as open if the deployment itself has been active in it before;
silence is measured in such hours only, so nights, weekends and what trades around the clock need no rule of their own.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

HOUR_S = 3_600.0
WEEK_H, DAY_H = 168, 24

BUCKET_S = 300.0
"""Of the signs in so short a time only the first and the last count: a burst of log lines is one sign of life."""

KEEP_S = 28 * 86_400.0
"""How far back the habit goes."""

LEAST_SIGNS, LEAST_SPAN_S = 12, 4 * HOUR_S
"""With fewer signs, or signs within a shorter time, there is no habit to speak of."""

USUAL_RATE = 0.4
"""The part of its past occurrences in which an hour of the week was active, for it to count as open."""

SAME_MARKET = 0.5
"""The part of their open hours that two deployments share at least, to be taken for trading the same market."""


class Habit:
    """The habit of one deployment, or of one kind of its signs. Times are Unix seconds."""

    def __init__(self) -> None:
        self._ats: list[float] = []
        self._excused: set[float] = set()
        self._complete_since = float("-inf")
        self._hours = 0
        """The open hours of the week, numbered 0 to 167 in New York's time, each a bit: every habit is compared with
        every other once a minute."""
        self._active: set[int] = set()
        """The hours with a sign, counted since 1970 in New York's time."""
        self._usual_s: float | None = None
        self._learnt = -1
        """Signs whose distances were learnt from; below zero until that was done."""
        self._counted = 0
        """Signs in all; below zero until they were counted."""

    def add(self, ats: Iterable[float]) -> None:
        """These signs were seen. Order and repetitions do not matter."""
        known, hours, changed = self._ats, len(self._active), False
        for at in ats:
            place = bisect_left(known, at)
            if at < self.last_at - KEEP_S or known[place : place + 1] == [at]:
                continue
            bucket, start, end = _bucket(at), place, place
            while start and _bucket(known[start - 1]) == bucket:
                start -= 1
            while end < len(known) and _bucket(known[end]) == bucket:
                end += 1
            if start < place < end:
                continue
            known[start:end] = [at, *known[max(start, end - 1) : end]] if place == start else [known[start], at]
            self._active.add(_local_hour(at))
            changed = True
        if not changed:
            return
        self._learnt = self._counted = -1
        if known[0] < self.last_at - KEEP_S - DAY_H * HOUR_S:
            del known[: bisect_left(known, self.last_at - KEEP_S)]
            self._excused = {at for at in self._excused if at >= known[0]}
            self._active = {_local_hour(at) for at in known}
            hours = -1
        if len(self._active) != hours:
            self._hours = _open_hours(self._active)

    def begin(self, since: float) -> None:
        """Of one kind of sign nothing is missing from then on. Silences from before are not learnt from, where there is
        enough without them: there may have been signs that were not read."""
        if since > self._complete_since:
            self._complete_since = since
            self._learnt = -1

    def excuse(self, since: float) -> None:
        """The silence that began with the sign at this time was no habit: it is not learnt from."""
        self._excused.add(since)
        self._learnt = -1

    @property
    def last_at(self) -> float:
        """The newest sign; minus infinity before the first."""
        return self._ats[-1] if self._ats else float("-inf")

    @property
    def signs(self) -> Sequence[float]:
        """The signs that are kept, oldest first."""
        return tuple(self._ats)

    @property
    def count(self) -> int:
        """Signs it rests on: those in one bucket are one."""
        if self._counted < 0:
            self._counted = _count(self._ats)
        return self._counted

    @property
    def usual_s(self) -> float | None:
        """The longest silence so far, in open time; None while there is too little history to tell."""
        if self._learnt < 0:
            self._usual_s = self._longest_s()
        return self._usual_s

    @property
    def tolerated_s(self) -> float | None:
        """The silence, in open time, beyond which it counts as quiet: twice what was usual, more with little history.
        None where there is no habit."""
        return None if self.usual_s is None else self.usual_s * (2.0 + 2 * LEAST_SIGNS / self._learnt)

    def open_s(self, start: float, end: float, witnesses: Sequence[Habit] = ()) -> float:
        """Seconds of open time between two instants. With `witnesses` only hours count in which one of them was active:
        when all of them are silent their market is closed, whatever the habit says."""
        if not self._hours or not math.isfinite(start):
            return 0.0
        total, at = 0.0, max(start, end - KEEP_S)
        while at < end:
            until = min(end, (at // HOUR_S + 1) * HOUR_S)
            hour = _local_hour(at)
            if self._hours >> hour % WEEK_H & 1 and (not witnesses or any(hour in each._active for each in witnesses)):
                total += until - at
            at = until
        return total

    def shares_market(self, other: Habit) -> bool:
        """Whether the other one is active at much the same hours."""
        either = (self._hours | other._hours).bit_count()
        return either > 0 and (self._hours & other._hours).bit_count() >= SAME_MARKET * either

    def _longest_s(self) -> float | None:
        known = self._ats[bisect_left(self._ats, self._complete_since) :]
        if not _is_enough(known, count := _count(known)):
            # With signs that were not read the silences are longer than they were, never shorter.
            known = self._ats
            count = _count(known)
        self._learnt = count
        if not _is_enough(known, count):
            return None
        longest = 0.0
        for a, b in pairwise(known):
            # Open time is never longer than time.
            if b - a > longest and a not in self._excused:
                longest = max(longest, self.open_s(a, b))
        return longest


def _is_enough(ats: Sequence[float], count: int) -> bool:
    return count >= LEAST_SIGNS and ats[-1] - ats[0] >= LEAST_SPAN_S


def _bucket(at: float) -> float:
    return at // BUCKET_S


def _count(ats: Sequence[float]) -> int:
    return len({at // BUCKET_S for at in ats})


@lru_cache(maxsize=1)
def _new_york() -> ZoneInfo | None:
    try:
        return ZoneInfo("America/New_York")
    except ZoneInfoNotFoundError:  # a machine without a zone database
        return None


@lru_cache(maxsize=4_096)
def new_york_offset_s(hour: int) -> float:
    """New York's distance from UTC, in seconds, in an hour that is counted since 1970. Logs are written in its time by
    default (REFERENCE.md 6.5), and most markets that are traded here keep to it."""
    zone = _new_york()
    offset = datetime.fromtimestamp(hour * HOUR_S, UTC).astimezone(zone).utcoffset() if zone is not None else None
    return (offset if offset is not None else timedelta(hours=-5)).total_seconds()


def _local_hour(at: float) -> int:
    return int((at + new_york_offset_s(int(at // HOUR_S))) // HOUR_S)


def _is_weekend(local_hour: int) -> bool:
    return (local_hour // DAY_H + 3) % 7 >= 5  # day 0 was a Thursday


def _open_hours(active: set[int]) -> int:
    """The hours of the week that were active often enough. An hour that was not lived through yet counts like the same
    hour of the other working days, or of the other weekend days."""
    if not active:
        return 0
    lived = range(min(active), max(active) + 1)
    seen, hits = Counter(hour % WEEK_H for hour in lived), Counter(hour % WEEK_H for hour in active)
    class_seen = Counter((_is_weekend(hour), hour % DAY_H) for hour in lived)
    class_hits = Counter((_is_weekend(hour), hour % DAY_H) for hour in active)
    found = 0
    for hour in range(WEEK_H):
        alike = (_is_weekend(hour), hour % DAY_H)
        rate = class_hits[alike] / class_seen[alike] if class_seen[alike] else 0.0
        if (hits[hour] + rate) / (seen[hour] + 1) >= USUAL_RATE:
            found |= 1 << hour
    return found
