"""The action desk as the interface holds it: there before the engine runs, and honest after it has ended."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Protocol

from qctui.actions.actions_port import ActionsPort, JournalEntry
from qctui.clock import Clock
from qctui.model.action import ACTIONS, ActionRecord, Rung, Step, Target
from qctui.store import Store

STARTING = "The engine is still starting."
STOPPED = "The engine has stopped: nothing can be sent from here. Restart qctui, or act on quantconnect.com."


class ActionsLifecycle(ActionsPort, Protocol):
    """What the engine needs of the actions besides what the interface may ask."""

    async def start(self) -> None:
        """Take up work on the running loop: read the journal, verify again what it left open."""
        ...

    async def drain(self, timeout_s: float) -> None:
        """Wait, at most that long, until every confirmed action has been sent and its answer is in the journal."""
        ...

    async def aclose(self) -> None:
        """End every task. What is not verified by then stays open in the journal."""
        ...


class ActionsProxy:
    """An `ActionsPort` from the first moment on. Safe to call from any thread.

    Until the real desk is attached, and after it is gone, it refuses with the reason. A confirmation that reaches it
    then becomes a record that says NOT SENT, in the store: it is never swallowed.
    """

    def __init__(self, store: Store, clock: Clock, read_only: bool) -> None:
        self.read_only = read_only
        self._store = store
        self._clock = clock
        self._actions: ActionsPort | None = None
        self._reason = STARTING

    def attach(self, actions: ActionsPort) -> None:
        """From now on `actions` does the work."""
        self.read_only = actions.read_only
        self._actions = actions

    def detach(self, reason: str = STOPPED) -> None:
        """From now on nothing can be done, for this reason."""
        self._reason = reason
        self._actions = None

    def refusal(self, target: Target) -> str | None:
        """As in `ActionsPort`."""
        actions = self._actions
        return self._reason if actions is None else actions.refusal(target)

    def open_rechecks(self, targets: Sequence[Target]) -> None:
        """As in `ActionsPort`."""
        if self._actions is not None:
            self._actions.open_rechecks(targets)

    def close_rechecks(self) -> None:
        """As in `ActionsPort`."""
        if self._actions is not None:
            self._actions.close_rechecks()

    def confirm(self, targets: Sequence[Target], via: str) -> tuple[str, ...]:
        """As in `ActionsPort`."""
        actions = self._actions
        return self._not_sent(targets, via) if actions is None else actions.confirm(targets, via)

    def cancel(self, action_id: str) -> None:
        """As in `ActionsPort`."""
        if self._actions is not None:
            self._actions.cancel(action_id)

    def acknowledge(self, action_id: str) -> None:
        """As in `ActionsPort`."""
        if self._actions is not None:
            self._actions.acknowledge(action_id)

    def entries(self) -> tuple[JournalEntry, ...]:
        """As in `ActionsPort`."""
        return () if self._actions is None else self._actions.entries()

    def _not_sent(self, targets: Sequence[Target], via: str) -> tuple[str, ...]:
        now, mono = self._clock.now(), self._clock.monotonic()
        batch_id = uuid.uuid4().hex
        step = Step(Rung.NOT_SENT, now, mono, self._reason)
        records = tuple(
            ActionRecord(uuid.uuid4().hex, batch_id, target, via, now, mono, steps=(step,)) for target in targets
        )
        # In one step: the engine's thread may be writing the actions of its own at this moment.
        self._store.change(ACTIONS, lambda known: known.with_value((*(known.value or ()), *records), at=now, mono=mono))
        return tuple(record.action_id for record in records)
