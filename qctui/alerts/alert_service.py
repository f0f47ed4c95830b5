"""Evaluates the rules as the store changes, keeps the life of every alert, and delivers what fires."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from qctui.alerts.rules import Delivery, Rule
from qctui.clock import Clock
from qctui.store import Store


class AlertService:
    """Runs on the engine's loop. `acknowledge` and `shelve` may be called from any thread."""

    def __init__(self, store: Store, clock: Clock, rules: Sequence[Rule], delivery: Delivery) -> None:
        self._store, self._clock, self._rules, self._delivery = store, clock, tuple(rules), delivery

    def acknowledge(self, alert_ids: Collection[str]) -> None:
        """As in `AlertsPort`."""

    def shelve(self, alert_ids: Collection[str], seconds: float) -> None:
        """As in `AlertsPort`."""

    async def run(self) -> None:
        """Evaluate until cancelled."""
