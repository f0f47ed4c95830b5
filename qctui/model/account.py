"""The account of each running deployment: its positions and exposure, and its equity over the last day."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Mapping

from qctui.model.keys import Key
from qctui.value import Value

DAY_S = 86_400.0
"""What a change is measured over. The account's zone is not known, so no day has a known beginning."""

SEEN_S = 300.0
"""What was first seen this soon after midnight, or after the same time a day ago, counts as seen from then on. A launch
does not: an account may lose a tenth in its first minutes."""

NEAR_S = 3_600.0
"""The first known equity stands for that of a day ago if it is at most this much later."""


class Account(Value):
    """One running deployment's account. What is None is not known, and never zero."""

    positions: int | None = None
    """Open positions."""
    exposure: float | None = None
    """The sum of what they are worth, long or short, in the account's currency."""
    other_cash: bool = False
    """There are balances in other currencies, coins among them, that `exposure` leaves out."""
    read_mono: float | None = None
    """Monotonic time at which the positions were read; None before the first time."""
    currency: str = ""
    """The account currency's symbol; empty while no answer has shown it."""


class EquityTrail(Value, eq=False):
    """The equity of one deployment since a day ago or its launch: from its chart, continued by what was listed since.

    Both columns have the same length and hold finite numbers, oldest first, about one sample every 15 minutes. Compared
    by identity: an unchanged deployment keeps its trail object. Time in which nothing was seen is missing, not
    interpolated.
    """

    ats: array[float]
    """When each sample is from, Unix seconds."""
    values: array[float]
    """Equity in the account's currency."""
    since: float
    """From then on nothing is missing that could be known, Unix seconds."""

    def base(self, launched_at: float | None, now: float) -> float | None:
        """The equity that a change is measured from: 24 hours ago, or at the launch where that is later. None while it
        is not known: never the first one this program happened to see."""
        if not self.ats:
            return None
        day_ago = now - DAY_S
        if launched_at is not None and launched_at > day_ago:
            return self.at_launch(launched_at)
        # An equity stays what it was until the next one is sampled.
        if at := bisect_right(self.ats, day_ago):
            return self.values[at - 1]
        complete = self.since <= day_ago + SEEN_S and self.ats[0] <= day_ago + NEAR_S
        return self.values[0] if complete else None

    def at_launch(self, launched_at: float | None) -> float | None:
        """The equity with which it was launched; None where that was not seen."""
        return self.values[0] if self.ats and launched_at is not None and self.since <= launched_at else None

    def sampled(self, now: float, count: int) -> list[float]:
        """The last 24 hours in at most `count` values: the newest of each equal part; parts before the first are left
        out. The parts end at whole multiples of their length, so that time passing moves all of them at once, rarely.
        """
        part_s = DAY_S / count
        newest = int(now // part_s) + 1
        ends = (bisect_right(self.ats, (newest - count + 1 + part) * part_s) for part in range(count))
        return [self.values[end - 1] for end in ends if end]


EQUITY_HISTORY: Key[Mapping[str, EquityTrail]] = Key("equity_history")
"""Trails by deploy id, of every deployment with an equity in the live list."""

ACCOUNTS: Key[Mapping[str, Account]] = Key("accounts")
"""By deploy id, of every deployment that runs alone in its project: holdings and charts are the project's."""
