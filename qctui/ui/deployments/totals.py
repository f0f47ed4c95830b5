"""The sum over all deployments that run, as far as it is known, and of how many. Pure functions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from qctui.ui.rows import DeploymentRow


@dataclass(frozen=True, slots=True)
class Sum:
    """A sum of what is known."""

    value: float | None
    """None while nothing is."""
    known: int
    """Of how many rows."""


@dataclass(frozen=True, slots=True)
class Total:
    """All rows that run together."""

    rows: int
    equity: Sum
    gain: Sum
    change: float | None
    """The gain, relative to the equity of then of the rows that are in it."""
    exposure: Sum
    positions: Sum
    other_cash: bool
    """Some of them hold balances that their exposure leaves out."""
    oldest_mono: float | None
    """When the positions that are in it and were read longest ago were read."""
    currency: str
    """The currency of the amounts; empty while no account's is known."""
    foreign: int
    """Rows in another currency: their amounts are left out."""

    @property
    def known(self) -> int:
        """Rows that each of the sums is at least made of."""
        return min(each.known for each in (self.equity, self.gain, self.exposure, self.positions))


def total_of(rows: Iterable[DeploymentRow]) -> Total:
    """The total of those that run. An account whose currency is not known is taken to be in that of the most others;
    what is known to be in another one is never added."""
    running = [row for row in rows if row.deployment.alive]
    currencies = Counter(row.account.currency for row in running if row.account.currency)
    currency = max(currencies, key=lambda each: (currencies[each], each == "$", each), default="")
    alike = [row for row in running if row.account.currency in {"", currency}]
    gained = [row for row in alike if row.gain is not None]
    gain = _sum([row.gain for row in gained])
    base = sum(row.base or 0.0 for row in gained)
    at_risk = [row.account for row in alike if row.account.exposure is not None]
    read = [account.read_mono for account in at_risk if account.read_mono is not None]
    return Total(
        rows=len(running),
        equity=_sum([row.deployment.equity for row in alike]),
        gain=gain,
        change=gain.value / base if gain.value is not None and base > 0 else None,
        exposure=_sum([account.exposure for account in at_risk]),
        positions=_sum([row.account.positions for row in running]),
        other_cash=any(account.other_cash for account in at_risk),
        oldest_mono=min(read, default=None),
        currency=currency,
        foreign=len(running) - len(alike),
    )


def _sum(values: Sequence[float | None]) -> Sum:
    known = [value for value in values if value is not None]
    return Sum(sum(known) if known else None, len(known))
