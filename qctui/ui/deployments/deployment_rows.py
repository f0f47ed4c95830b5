"""The rows of Deployments: which there are, in which order, and the total of those that run. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from qctui.model.account import Account, EquityTrail
from qctui.model.deployment import Deployment, Environment


@dataclass(frozen=True, slots=True)
class DeploymentRow:
    """One project's newest deployment."""

    deployment: Deployment
    name: str
    base: float | None
    """The equity of 24 hours ago, or of its launch if that is later; None while it is not known."""
    trail: EquityTrail | None
    unseen_error: bool
    """It ended with a runtime error that no person has looked at yet."""
    alive_in_project: int = 0
    """Deployments of the project that may trade. The row shows the one launched last."""
    account: Account = field(default_factory=Account)
    """What is at risk in it, as far as it is known."""

    @property
    def project_id(self) -> int:
        """The row's key: it stays when the project is deployed again."""
        return self.deployment.project_id

    @property
    def gain(self) -> float | None:
        """What the equity has changed by since; None of what has ended, and while one of the two is unknown."""
        equity = self.deployment.equity
        return None if equity is None or self.base is None or not self.deployment.alive else equity - self.base

    @property
    def change(self) -> float | None:
        """The same, relative to the equity of then."""
        gain = self.gain
        return None if gain is None or self.base is None or self.base <= 0 else gain / self.base


def deployment_order(row: DeploymentRow) -> tuple[Any, ...]:
    """Alive first, LIVE before PAPER, by name; then what ended last. Having been seen changes no place: a row must not
    move because a person looked at it."""
    deployment = row.deployment
    if deployment.alive:
        return 0, deployment.environment is not Environment.LIVE, row.name.casefold(), deployment.project_id
    return 1, False, -(deployment.stopped_at or 0.0), row.name.casefold(), deployment.project_id


def deployment_text(row: DeploymentRow) -> str:
    """What a filter searches: the words of the row, and nothing that it does not show."""
    deployment = row.deployment
    doubt = "?" if deployment.claims_paper else ""
    return f"{row.name} {deployment.environment.value}{doubt} {deployment.status} {deployment.brokerage}"


@dataclass(frozen=True, slots=True)
class Sum:
    """A sum of what is known."""

    value: float | None
    """None while nothing is."""
    known: int
    """Of how many rows."""


@dataclass(frozen=True, slots=True)
class Total:
    """The LIVE rows that run together; the PAPER ones where none is LIVE: play money is never added to real."""

    rows: int
    environment: Environment
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
    alive = [row for row in rows if row.deployment.alive]
    live = [row for row in alive if row.deployment.environment is Environment.LIVE]
    running = live or alive
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
        environment=Environment.LIVE if live else Environment.PAPER,
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
