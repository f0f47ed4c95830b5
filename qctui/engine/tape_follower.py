"""Says whether the tape records, and puts on it what is sought for later: actions, alerts, ends of deployments."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

from qctui.alerts.alert_json import alert_fields, iso_time
from qctui.clock import Clock
from qctui.model.action import ACTIONS
from qctui.model.alert import ALERTS, Alert
from qctui.model.deployment import Deployment
from qctui.model.keys import DEPLOYMENTS
from qctui.model.recording import TAPE, TapeState
from qctui.store import Store
from qctui.tape.recorder import Recorder


async def follow_tape(tape: Recorder | None, store: Store, clock: Clock) -> None:
    """Publish the tape's state under `TAPE`, and note events, until cancelled. Sleeps until something changes."""
    if tape is None:
        store.put_value(TAPE, TapeState(), at=clock.now(), mono=clock.monotonic())
        return
    follower, shown = _Follower(store, clock.now()), None
    loop, changed = asyncio.get_running_loop(), asyncio.Event()

    def wake() -> None:
        # The tape has a thread of its own, a confirmation another one; and this loop may be closing.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(changed.set)

    unsubscribe = store.subscribe(lambda key: wake() if key in _SEEN else None)
    tape.changed = wake
    try:
        while True:
            changed.clear()
            if (state := tape.told) is not shown:
                shown = state
                store.put_value(TAPE, state, at=clock.now(), mono=clock.monotonic())
            for kind, body in follower.news():
                tape.note_event(kind, body)
            await changed.wait()
    finally:
        unsubscribe()


_SEEN = frozenset({ACTIONS, ALERTS, DEPLOYMENTS})
"""What events are made of."""

_Event = tuple[str, Mapping[str, Any]]
"""Its kind and its body."""


class _Follower:
    """What happened since the last look. What happened before the first one is on the tape of an earlier run."""

    def __init__(self, store: Store, since: float) -> None:
        self._store = store
        self._since = since
        self._steps: dict[str, int] = {}
        """How many steps of each action were seen."""
        self._acknowledged: set[str] = set()
        self._alerts: dict[str, Alert] = {}
        self._listed: tuple[Deployment, ...] | None = None
        self._alive: set[str] = set()

    def news(self) -> list[_Event]:
        """Kinds and bodies of events, in the words of the journal and of `qctui alerts --json`."""
        return [*self._actions(), *self._alert_steps(), *self._ends()]

    def _actions(self) -> Iterator[_Event]:
        for record in self._store.get(ACTIONS).value or ():
            target = record.target
            for step in record.steps[self._steps.get(record.action_id, 0) :]:
                if step.at >= self._since:
                    body = {
                        "id": record.action_id,
                        "at": iso_time(step.at),
                        "event": step.rung.event,
                        "action": target.action,
                        "project_id": target.project_id,
                        "deploy_id": target.deploy_id,
                        "optimization_id": target.optimization_id,
                        "name": target.name,
                        "environment": target.environment.value,
                        "via": record.via,
                        "detail": step.detail,
                    }
                    yield "action", body
            self._steps[record.action_id] = len(record.steps)
            if record.acknowledged and record.action_id not in self._acknowledged:
                self._acknowledged.add(record.action_id)
                yield "acknowledged", {"id": record.action_id}

    def _alert_steps(self) -> Iterator[_Event]:
        alerts = {alert.alert_id: alert for alert in self._store.get(ALERTS).value or ()}
        before, self._alerts = self._alerts, alerts
        # One that was pending, or was over for a day, goes without a state of its own.
        for number in before.keys() - alerts.keys():
            yield "gone", {"id": number}
        for number, alert in alerts.items():
            if alert.changed_at >= self._since and (number not in before or before[number].state is not alert.state):
                yield "alert", alert_fields(alert, "")

    def _ends(self) -> Iterator[_Event]:
        listed = self._store.get(DEPLOYMENTS).value
        if listed is None or listed is self._listed:
            return
        before, self._listed = self._alive, listed
        self._alive = {each.deploy_id for each in listed if each.alive}
        for each in listed:
            if each.deploy_id in before - self._alive:
                yield "ended", {"project_id": each.project_id, "deploy_id": each.deploy_id, "status": each.status}
