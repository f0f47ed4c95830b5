"""What is put on the tape to be sought for later, and what the store is told of the recording."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qctui.engine.tape_follower import follow_tape
from qctui.model.action import ACTIONS, ActionRecord, Rung, Step, Target
from qctui.model.alert import ALERTS, AlertState
from qctui.model.keys import DEPLOYMENTS, Key
from qctui.model.recording import TAPE, Recording, TapeState
from qctui.store import Store
from qctui.tape.recorder import Recorder
from qctui.value import replace
from tests.fakes import FakeClock, make_deployment
from tests.ui.alert_scene import blind_alert


class Notes(Recorder):
    """A recorder that keeps what it is handed."""

    def __init__(self, path: Path, clock: FakeClock) -> None:
        super().__init__(path, clock, bytes)
        self.events: list[tuple[str, str]] = []

    def become(self, state: TapeState) -> None:
        self._state = state
        self._tell()

    def note_event(self, kind: str, body: Mapping[str, object]) -> None:
        self.events.append((kind, str(body.get("event") or body.get("state") or body.get("deploy_id") or body["id"])))


async def _follow(path: Path) -> None:
    clock, store = FakeClock(), Store()
    notes, puts = Notes(path, clock), list[Key[Any]]()

    def put(key: Key[Any], value: object) -> None:
        store.put_value(key, value, at=clock.now(), mono=clock.monotonic())

    old = Step(Rung.SENT, clock.now() - 60.0, 0.0)
    record = ActionRecord("a", "b", Target("stop", "p", 1), "console", 0.0, 0.0, (old,))
    put(ACTIONS, (record,))
    first, second = make_deployment(1), make_deployment(2)
    put(DEPLOYMENTS, (first, second))
    store.subscribe(puts.append)
    task = asyncio.create_task(follow_tape(notes, store, clock))
    await clock.settle()
    assert notes.events == [], "what was before is on the tape of an earlier run"
    accepted = Step(Rung.ACCEPTED, clock.now(), 0.0)
    put(ACTIONS, (replace(record, steps=(old, accepted)),))
    put(DEPLOYMENTS, (first, replace(second, status="Stopped", stopped_at=clock.now())))
    firing = replace(blind_alert(), changed_at=clock.now())
    put(ALERTS, (firing,))
    await clock.settle()
    put(ALERTS, (replace(firing, state=AlertState.ACKNOWLEDGED, changed_at=clock.now()),))
    await clock.settle()
    put(ACTIONS, (replace(record, steps=(old, accepted), acknowledged=True),))
    put(ALERTS, ())
    await clock.settle()
    assert notes.events == [
        ("action", "accepted"),
        ("alert", "firing"),
        ("ended", second.deploy_id),
        ("alert", "acknowledged"),
        ("acknowledged", "a"),
        ("gone", firing.alert_id),
    ]
    told = puts.count(TAPE)
    for size in (1_000, 2_000, 3_000):
        notes.become(TapeState(Recording.ON, 1.0, size))
        await clock.settle()
    stopped = TapeState(Recording.STOPPED, 1.0, 3_000, "its disk is full")
    await asyncio.to_thread(notes.become, stopped)  # it has a thread of its own
    await clock.settle()
    assert puts.count(TAPE) - told == 2, "a size that grew a little is no news"
    assert store.get(TAPE).value == stopped
    assert clock.sleeping == 0, "it sleeps until something changes, and wakes for nothing else"
    task.cancel()
    await asyncio.wait({task})


def test_actions_alerts_and_ends_are_noted_once(tmp_path: Path) -> None:
    asyncio.run(_follow(tmp_path / "tape.sqlite"))
