"""Evaluates the rules as the store changes, keeps the life of every alert, and delivers what fires."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from qctui.alerts.rules import DEFAULT_BLIND, Delivery, Rule
from qctui.clock import Clock
from qctui.store import Store


class AlertService:
    """Runs on the engine's loop. `acknowledge` and `shelve` may be called from any thread."""

    def __init__(self, store: Store, clock: Clock, rules: Sequence[Rule], delivery: Delivery) -> None:
        self._store, self._clock, self._rules, self._delivery = store, clock, tuple(rules), delivery
        self._blind: tuple[str, ...] = DEFAULT_BLIND

    def configure(self, rules: Sequence[Rule], delivery: Delivery, blind: Sequence[str]) -> None:
        """Go by these from now on: rules, delivery, and the texts that mean BLIND. From any thread."""
        self._rules, self._delivery, self._blind = tuple(rules), delivery, tuple(blind)

    def acknowledge(self, alert_ids: Collection[str]) -> None:
        """As in `AlertsPort`."""

    def shelve(self, alert_ids: Collection[str], seconds: float) -> None:
        """As in `AlertsPort`."""

    async def run(self) -> None:
        """Evaluate until cancelled."""
