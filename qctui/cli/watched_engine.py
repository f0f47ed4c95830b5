"""What watching and its metrics need of the engine."""

from __future__ import annotations

from typing import Protocol

from qctui.alerts.rules import Delivery, Rule
from qctui.clock import Clock
from qctui.engine.engine_port import Subscription
from qctui.engine.poller import TICK_CAP_S
from qctui.store import Store

LATE_S = 4 * TICK_CAP_S
"""A polling without a turn for so long hangs."""

STALE_S = 300.0
"""With a live list older than this all is not well: no heartbeat is sent, and what it says is no metric."""


class WatchedEngine(Protocol):
    """The engine, as far as it is watched."""

    @property
    def store(self) -> Store:
        """What is known."""
        ...

    @property
    def clock(self) -> Clock:
        """What it goes by."""
        ...

    @property
    def turned_mono(self) -> float:
        """When the polling last had a turn."""
        ...

    def configure_alerts(self, rules: tuple[Rule, ...], delivery: Delivery, blind: tuple[str, ...]) -> None:
        """Go by these from now on."""
        ...

    def subscribe(self, subscriptions: tuple[Subscription, ...]) -> None:
        """Keep these current."""
        ...
