"""Hands actions from the interface to the service on the engine's thread, and reads what an action changed."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Callable, Collection, Sequence
from typing import Any, Protocol

from qctui.actions.action_store import store_not_sent
from qctui.actions.actions_port import ActionsPort, JournalEntry
from qctui.clock import Clock
from qctui.model.action import ACTIONS, ActionRecord, Rung, Target
from qctui.model.keys import (
    DEPLOYMENTS,
    Key,
    detail_key,
    optimization_key,
    optimizations_key,
    orders_key,
    portfolio_key,
)
from qctui.model.optimization import OptimizationPlan
from qctui.store import Store

STARTING = "The engine is still starting."
STOPPED = "The engine has stopped: nothing can be sent from here. Restart qctui, or act on quantconnect.com."

SPACING_S = 3.0
"""Between two rounds: the targets of one confirmation end one by one, and the reads share a budget."""

MOST_LEFT = 8
"""Portfolios that are read for what other processes' liquidations left."""

_CHANGES = frozenset({Rung.STOPPED, Rung.FLAT, Rung.VERIFIED, Rung.REJECTED, Rung.UNVERIFIED})
"""Rungs after which the lists may say something else than before."""


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
    """An `ActionsPort` from the start of the program to its end. Safe to call from any thread.

    Before the action service is attached, and after it is gone, this refuses with the reason. A confirmation that
    arrives then becomes a record that says NOT SENT, in the store: it is never swallowed.
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

    def detach(self) -> None:
        """From now on nothing can be done."""
        self._reason = STOPPED
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

    def prepare(self, plan: OptimizationPlan) -> None:
        """As in `ActionsPort`."""
        if self._actions is not None:
            self._actions.prepare(plan)

    def stop_preparing(self) -> None:
        """As in `ActionsPort`."""
        if self._actions is not None:
            self._actions.stop_preparing()

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
        at, mono = self._clock.now(), self._clock.monotonic()
        batch_id = uuid.uuid4().hex
        records = [ActionRecord(uuid.uuid4().hex, batch_id, target, via, at, mono) for target in targets]
        store_not_sent(self._store, self._clock, records, self._reason)
        return tuple(record.action_id for record in records)


class ReadAfterActions:
    """Reads again what an action has changed, as soon as the action's own reads have seen it: the first rung at once,
    those within `SPACING_S` after it together. And portfolios, for liquidations that another process looks after: an
    alert must say what they left."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        read_again: Callable[[Collection[Key[Any]]], None],
        follow_portfolios: Callable[[frozenset[Key[Any]]], None],
    ) -> None:
        """Both are called on the loop that runs this. `read_again` leaves alone what is not subscribed;
        `follow_portfolios` reads what it was told last, whatever is."""
        self._store = store
        self._clock = clock
        self._read_again = read_again
        self._follow_portfolios = follow_portfolios
        self._changed = asyncio.Event()
        self._steps: dict[str, int] = {}

    async def run(self) -> None:
        """Watch until cancelled."""
        loop = asyncio.get_running_loop()

        def wake(key: Key[Any]) -> None:
            if key == ACTIONS:
                # A confirmation may be written by another thread, and while this loop is closing.
                with contextlib.suppress(RuntimeError):
                    loop.call_soon_threadsafe(self._changed.set)

        self._new_changes()
        unsubscribe = self._store.subscribe(wake)
        try:
            while True:
                self._follow_portfolios(_left_by_others(self._store.get(ACTIONS).value or ()))
                if keys := self._new_changes():
                    self._read_again(keys)
                    await self._clock.sleep(SPACING_S)
                await self._changed.wait()
                self._changed.clear()
        finally:
            unsubscribe()

    def _new_changes(self) -> frozenset[Key[Any]]:
        """What the actions have changed since the last call."""
        before, records = self._steps, self._store.get(ACTIONS).value or ()
        self._steps = {record.action_id: len(record.steps) for record in records}
        found: set[Key[Any]] = set()
        for record in records:
            if any(step.rung in _CHANGES for step in record.steps[before.get(record.action_id, 0) :]):
                found |= _changed_by(record.target)
        return frozenset(found)


def _left_by_others(records: Sequence[ActionRecord]) -> frozenset[Key[Any]]:
    """Where it stands what the newest liquidations of other processes left."""
    theirs = [each for each in records if each.foreign and each.stopped_at is not None]
    return frozenset(portfolio_key(each.target.project_id) for each in theirs[-MOST_LEFT:])


def _changed_by(target: Target) -> frozenset[Key[Any]]:
    if target.optimization_id:
        return frozenset({optimizations_key(target.project_id), optimization_key(target.optimization_id)})
    project_id = target.project_id
    return frozenset({DEPLOYMENTS, detail_key(project_id), portfolio_key(project_id), orders_key(project_id)})
