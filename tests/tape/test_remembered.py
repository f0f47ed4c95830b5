"""What a run has seen is there at the beginning of the next one, before anything but the list was read."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from qctui.api.auth import BodyScrubber, Credentials
from qctui.api.client import open_client
from qctui.api.ports import ReadApi
from qctui.api.recorded import Find, open_recorded
from qctui.clock import Clock
from qctui.engine.health import Health
from qctui.engine.poller import Poller
from qctui.engine.remembered import remember
from qctui.engine.schedule import PollSettings
from qctui.model.account import ACCOUNTS, EQUITY_HISTORY
from qctui.model.keys import DEPLOYMENTS
from qctui.model.pulse import PULSES
from qctui.secret import SecretStr
from qctui.simulator.config import SimConfig
from qctui.simulator.simulation import Simulation
from qctui.simulator.web_app import build_app
from qctui.simulator.world import World
from qctui.simulator.world_clock import WorldClock
from qctui.store import Store
from qctui.tape.recorder import Recorder
from qctui.tape.request_key import request_key
from tests.engine.test_with_simulator import SESSION_AT
from tests.fakes import FakeClock

TOKEN = SecretStr(SimConfig().token)


class Door(httpx.ASGITransport):
    """The way to the simulator. While it is closed only the lists come through."""

    closed = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.closed and request.url.path.rpartition("v2/")[2] not in ("live/list", "projects/read"):
            raise httpx.ReadTimeout("closed")
        return await super().handle_async_request(request)


class Run:
    """One start of the program, as far as it reads."""

    def __init__(self, world: World, clock: FakeClock, path: Path) -> None:
        self.clock, self.path = clock, path
        self.door = Door(app=build_app(Simulation(world)))
        self.store = Store()
        self.taken: Counter[tuple[str, str]] = Counter()
        """How often each request was asked of what is remembered."""
        self.recorder = Recorder(path, clock, BodyScrubber(TOKEN), spare=0, gather_s=0.05)
        health = Health(self.store, clock, 60)
        health.open()
        self.client = open_client(
            Credentials("424242", TOKEN),
            "http://127.0.0.1/api/v2",
            read_only=True,
            clock=clock,
            observer=health.observe,
            record=self.recorder.note,
            transport=self.door,
        )
        self.poller = Poller(self.client.reads, self.store, clock, health, PollSettings(), random.Random(5))

    async def take_up(self) -> None:
        """Remember, to the end."""
        task = asyncio.create_task(remember(self.path, self._open_recorded, self.poller.accounts, self.clock))
        while not task.done():
            await asyncio.wait({task}, timeout=0.005)  # its file is read on threads
            await self.clock.advance(0.1)
        await task

    def _open_recorded(self, find: Find, clock: Clock) -> ReadApi:
        async def count(endpoint: str, request: Mapping[str, Any]) -> tuple[int, bytes] | None:
            self.taken[endpoint, request_key(request, clock.now())] += 1
            return await find(endpoint, request)

        return open_recorded(count, clock)


@asynccontextmanager
async def running(
    world: World, clock: FakeClock, path: Path, *, remembers: bool = True, closed: bool = False
) -> AsyncIterator[Run]:
    run = Run(world, clock, path)
    run.door.closed = closed
    if remembers:
        await run.take_up()
    run.recorder.start()
    task = asyncio.create_task(run.poller.run())
    try:
        yield run
    finally:
        task.cancel()
        await asyncio.wait({task})
        assert run.recorder.close(20.0)
        await run.client.aclose()


async def _two_runs(path: Path) -> None:
    clock = FakeClock(now=SESSION_AT)
    world = World(SimConfig(events=False, loading=1), WorldClock(speed=1.0, real=clock.now, monotonic=clock.monotonic))
    async with running(world, clock, path, remembers=False) as first:
        await clock.advance(2 * 3_600.0)
        known = dict(first.store.get(EQUITY_HISTORY).value or {})
        accounts = dict(first.store.get(ACCOUNTS).value or {})
        pulses = dict(first.store.get(PULSES).value or {})
    alive = [each for each in first.store.get(DEPLOYMENTS).value or () if each.alive and each.deploy_id in accounts]
    assert len(alive) > 3
    await clock.advance(1_800.0)
    async with running(world, clock, path, closed=True) as second:
        await clock.advance(0.3)
        trails = second.store.get(EQUITY_HISTORY).value or {}
        taken = second.store.get(ACCOUNTS).value or {}
        for each in alive:
            before, after = known[each.deploy_id], trails[each.deploy_id]
            now = clock.now()
            assert after.base(each.launched_at, now) == before.base(each.launched_at, now)
            assert len(after.sampled(now, 48)) >= len(before.sampled(now, 48)) - 2
            assert after.ats[-1] >= now - 1.0, "the newest is what was listed now"
            assert taken[each.deploy_id].exposure == accounts[each.deploy_id].exposure
            read_mono = taken[each.deploy_id].read_mono
            assert read_mono is not None
            assert 1_800.0 <= clock.monotonic() - read_mono < 2_500.0, "as old as it is"
        habits = {each.deploy_id: second.poller.pulses._watched[each.deploy_id].judge.habit for each in alive}
        learnt = {each.deploy_id: first.poller.pulses._watched[each.deploy_id].judge.habit for each in alive}
        for deploy_id, habit in learnt.items():
            assert habits[deploy_id].count >= 0.9 * habit.count
            assert (habits[deploy_id].usual_s is None) == (habit.usual_s is None)
        assert any(habit.usual_s is not None for habit in habits.values())
        assert max(second.taken.values()) == 1, "nothing is read and parsed twice"
        second.door.closed = False
        await clock.advance(900.0)
        later = second.store.get(PULSES).value or {}
        assert {number: later[number].state for number in pulses} == {
            number: pulse.state for number, pulse in pulses.items()
        }


def test_money_and_habits_are_taken_up_after_a_restart(tmp_path: Path) -> None:
    asyncio.run(_two_runs(tmp_path / "tape.sqlite"))


async def _without(path: Path) -> None:
    clock = FakeClock(now=SESSION_AT)
    world = World(SimConfig(events=False, loading=1), WorldClock(speed=1.0, real=clock.now, monotonic=clock.monotonic))
    async with running(world, clock, path) as run:
        await clock.advance(60.0)
        assert run.store.get(DEPLOYMENTS).value


def test_a_tape_that_can_not_be_read_is_a_start_without_memory(tmp_path: Path) -> None:
    path = tmp_path / "tape.sqlite"
    path.write_bytes(b"no tape" * 1_000)
    asyncio.run(_without(path))
    assert path.with_name("tape.sqlite.damaged").exists()
