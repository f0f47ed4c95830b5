"""A stand-in for the engine of a watcher."""

from __future__ import annotations

from typing import Any

from qctui.alerts.rules import AlertSettings
from qctui.engine.engine_port import Subscription
from qctui.model.keys import Key
from qctui.store import Store
from tests.fakes import FakeClock


class StillEngine:
    """An engine that does nothing but hold what a test puts into its store."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.store = Store()
        self.turned_mono = self.clock.monotonic()
        self.rules: list[AlertSettings] = []
        self.subscribed: tuple[Subscription, ...] = ()

    def configure_alerts(self, settings: AlertSettings) -> None:
        self.rules.append(settings)

    def subscribe(self, subscriptions: tuple[Subscription, ...]) -> None:
        self.subscribed = subscriptions

    def put(self, key: Key[Any], value: Any) -> None:
        self.store.put_value(key, value, at=self.clock.now(), mono=self.clock.monotonic())
