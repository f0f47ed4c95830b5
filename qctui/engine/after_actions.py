"""Reads again what an action has changed, as soon as the action's own reads have seen it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Collection
from typing import Any

from qctui.clock import Clock
from qctui.model.action import ACTIONS, Rung, Target
from qctui.model.keys import (
    DEPLOYMENTS,
    Key,
    detail_key,
    optimization_key,
    optimizations_key,
    orders_key,
    portfolio_key,
)
from qctui.store import Store

SPACING_S = 3.0
"""Between two rounds: the targets of one confirmation end one by one, and the reads share a budget."""

_CHANGES = frozenset({Rung.STOPPED, Rung.FLAT, Rung.VERIFIED, Rung.REJECTED, Rung.UNVERIFIED})
"""Rungs after which the lists may say something else than before."""


class AfterActions:
    """Watches the actions. The first rung reached is followed at once, those within `SPACING_S` after it together."""

    def __init__(self, store: Store, clock: Clock, read_again: Callable[[Collection[Key[Any]]], None]) -> None:
        """`read_again` is called on the loop that runs this; what nobody wants on screen it leaves alone."""
        self._store, self._clock, self._read_again = store, clock, read_again
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
                await self._changed.wait()
                self._changed.clear()
                if keys := self._new_changes():
                    self._read_again(keys)
                    await self._clock.sleep(SPACING_S)
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


def _changed_by(target: Target) -> frozenset[Key[Any]]:
    if target.optimization_id:
        return frozenset({optimizations_key(target.project_id), optimization_key(target.optimization_id)})
    project_id = target.project_id
    return frozenset({DEPLOYMENTS, detail_key(project_id), portfolio_key(project_id), orders_key(project_id)})
