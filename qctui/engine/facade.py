"""What the interface sees of the engine. Safe to call from any thread; nothing here blocks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from qctui.actions.actions_port import ActionsPort
from qctui.clock import Clock
from qctui.engine.subscription import Subscriptions
from qctui.model.keys import Key
from qctui.store import Store


class Engine(Protocol):
    """Reads the API in the background and carries out actions, on a thread of its own."""

    store: Store
    clock: Clock
    actions: ActionsPort

    def show(self, view: Subscriptions) -> None:
        """Keep these resources current from now on, instead of the earlier view's."""
        ...

    def refresh(self, keys: Sequence[Key[Any]] | None = None) -> None:
        """Read these now (None: everything wanted), ahead of their time. Never overlaps a read that is under way."""
        ...
