"""What the interface may ask of the engine. Safe to call from any thread; nothing here blocks."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Protocol

from qctui.actions.actions_port import ActionsPort
from qctui.clock import Clock
from qctui.model.keys import Key
from qctui.store import Store


class Visibility(IntEnum):
    """Where a resource is on screen. Smaller is read first when the read budget is short."""

    OPENED = 0
    """A person is looking at its detail."""
    VISIBLE = 1
    """Its pane is on screen."""
    HIDDEN = 2
    """Subscribed, but off screen: read at a third of the rate."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """One resource to be kept current."""

    key: Key[Any]
    visibility: Visibility = Visibility.VISIBLE


class AlertsPort(Protocol):
    """What a person may do about alerts. What they are is found in the store under `ALERTS`."""

    def acknowledge(self, alert_ids: Collection[str]) -> None:
        """These have been seen: they stay until they clear, and are not delivered again. Shared with every console and
        watcher of this account on this machine, and kept when all of them end."""
        ...

    def shelve(self, alert_ids: Collection[str], seconds: float) -> None:
        """Put these away for so long, whatever they do. 0 takes them back."""
        ...


class Engine(Protocol):
    """Reads the API in the background and carries out actions, on a thread of its own."""

    store: Store
    clock: Clock
    actions: ActionsPort
    alerts: AlertsPort

    def subscribe(self, subscriptions: tuple[Subscription, ...]) -> None:
        """Keep these resources current from now on, and no others but the live list and the projects, which are always
        read. Reads of any other end here; their late answers are dropped."""
        ...

    def refresh(self, keys: Sequence[Key[Any]] | None = None) -> None:
        """Read these now (None: all), ahead of their time. Never overlaps a read that is under way."""
        ...
