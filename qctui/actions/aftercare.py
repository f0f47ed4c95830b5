"""What the polled lists show after an action has ended: a VERIFIED or a REJECTED that they contradict is withdrawn."""

from __future__ import annotations

from collections.abc import Callable

from qctui.actions.action_store import ActionStore
from qctui.actions.facts import format_clock_time
from qctui.actions.rejection import BEFORE_S
from qctui.clock import Clock
from qctui.model.action import ActionRecord, Rung
from qctui.model.deployment import Deployment
from qctui.model.keys import DEPLOYMENTS
from qctui.model.resource import Resource
from qctui.store import Store

LOOK_S = 5.0
"""Between looks at what the polling has brought. They cost no read."""

SURE = 2
"""Lists in a row that must contradict: one may be a lagging replica's."""

SETTLED_S = 5.0
"""A list that was received this soon after the action ended may have been made before."""

WATCHED_S = 900.0
"""How long after its end an action can still be contradicted; by then every snapshot has been renewed."""


class Aftercare:
    """Watches over actions of this process that have ended. Each is reopened once at most."""

    def __init__(
        self, store: Store, clock: Clock, action_store: ActionStore, verify: Callable[[ActionRecord], None]
    ) -> None:
        """`verify` looks after an action that was reopened."""
        self._store = store
        self._clock = clock
        self._action_store = action_store
        self._verify = verify
        self._version = 0
        self._doubts: dict[str, int] = {}
        self._reopened: set[str] = set()

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            await self._clock.sleep(LOOK_S)
            listed = self._store.get(DEPLOYMENTS)
            if listed.version != self._version and listed.value is not None:
                self._version = listed.version
                self._look(listed)

    def _look(self, listed: Resource[tuple[Deployment, ...]]) -> None:
        rows = {row.deploy_id: row for row in listed.value or () if row.deploy_id}
        received = listed.fetched_mono or 0.0
        doubts: dict[str, int] = {}
        for record in self._action_store.records:
            row = rows.get(record.target.deploy_id)
            why = self._contradiction(record, row, received) if row is not None else ""
            if not why or record.action_id in self._reopened:
                continue
            doubts[record.action_id] = self._doubts.get(record.action_id, 0) + 1
            if doubts[record.action_id] >= SURE:
                self._reopen(record, why)
        self._doubts = doubts

    def _contradiction(self, record: ActionRecord, row: Deployment, received_mono: float) -> str:
        """Why a list that was received then speaks against how the action ended; empty if it does not."""
        if record.foreign or not record.steps or record.rung not in (Rung.VERIFIED, Rung.REJECTED):
            return ""
        since = received_mono - record.steps[-1].mono
        if not SETTLED_S <= since <= WATCHED_S:
            return ""
        if record.rung is Rung.VERIFIED:
            return f"live/list says {row.status or 'alive'}" if row.alive else ""
        sent = next((step for step in record.steps if step.rung is Rung.SENT), None)
        if sent is None or row.alive or row.stopped_at is None or row.stopped_at < sent.at - BEFORE_S:
            return ""
        when = format_clock_time(row.stopped_at, self._clock.now())
        return f"by live/list it ended at {when}, after the request was sent"

    def _reopen(self, record: ActionRecord, why: str) -> None:
        self._reopened.add(record.action_id)
        ended = record.rung.value if record.rung is not None else ""
        self._action_store.reopen(record.action_id, f"{ended} withdrawn: {why}")
        reopened = self._action_store.get(record.action_id)
        if reopened is not None:
            self._verify(reopened)
