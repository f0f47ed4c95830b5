"""What the interface may ask of the engine. Safe to call from any thread; nothing here blocks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future
from enum import IntEnum
from typing import Any, Protocol

from qctui.actions.actions_port import ActionsPort
from qctui.clock import Clock
from qctui.model.keys import Key
from qctui.store import Store
from qctui.value import Value


class Visibility(IntEnum):
    """Where a resource is on screen. Smaller is read first when the read budget is short."""

    OPENED = 0
    """A person is looking at its detail."""
    VISIBLE = 1
    """Its pane is on screen."""
    HIDDEN = 2
    """Subscribed, but off screen: read at a third of the rate."""


class Subscription(Value):
    """One resource to be kept current."""

    key: Key[Any]
    visibility: Visibility = Visibility.VISIBLE


class AlertsPort(Protocol):
    """What a person may do about alerts. What they are is found in the store under `ALERTS`. Each result is what is to
    be said, empty for nothing: what is asked here may be another process's to do."""

    def acknowledge(self, alert_ids: Collection[str]) -> str:
        """These have been seen: they stay until they clear, and are not delivered again. Shared with every console and
        watcher of this account on this machine, and kept when all of them end."""
        ...

    def shelve(self, alert_ids: Collection[str], seconds: float) -> str:
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


class PlayerPort(Protocol):
    """What a person may do with a replay, beside what an `Engine` may be asked. Each result comes when the place is in
    the store: it is what is to be said, empty if all is well. Where it is, is found in the store under `PLAYBACK`."""

    refused: Callable[[str], object]
    """Called with the reason when something is asked for that a replay does not do."""

    def play(self) -> Future[str]:
        """Play, or stand still."""
        ...

    def change_speed(self, by: int) -> Future[str]:
        """Faster (1) or slower (-1)."""
        ...

    def seek(self, seconds: float) -> Future[str]:
        """So far on, or back."""
        ...

    def step(self, by: int) -> Future[str]:
        """To the next (1) or the last (-1) change of what is on screen."""
        ...

    def seek_event(self, by: int) -> Future[str]:
        """To the next (1) or the last (-1) action, alert, order or end of a deployment."""
        ...

    def go_to(self, text: str) -> Future[str]:
        """To an instant as a person names it."""
        ...
