"""A busy hour, recorded while somebody looks at the console: what stood on the screen at twenty instants.

Twelve deployments; one is liquidated, one is deployed again, the API is away for some minutes. Everything runs on one
fake clock: the simulated service, the client, the engine with its alerts and actions, and the console itself.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any

import httpx

from qctui.actions.action_store import JournalContext
from qctui.actions.capture import capture_deployment
from qctui.actions.journal import JournalTail
from qctui.actions.service import ActionService
from qctui.alerts.alert_service import AlertService
from qctui.alerts.rules import DEFAULT_RULES, AlertSettings, Delivery
from qctui.api.auth import BodyScrubber, Credentials
from qctui.api.client import Client, open_client
from qctui.api.ports import RequestReport
from qctui.api.recorded import open_recorded
from qctui.engine.host import ApiClient, EngineHost
from qctui.engine.player import Player
from qctui.engine.replay_host import ReplayHost
from qctui.model.keys import DEPLOYMENTS
from qctui.secret import SecretStr
from qctui.simulator.config import SimConfig
from qctui.simulator.faults import Fault
from qctui.simulator.simulation import Simulation
from qctui.simulator.web_app import build_app
from qctui.simulator.world import World
from qctui.simulator.world_clock import WorldClock
from qctui.store import Store
from qctui.tape.recorder import Recorder
from qctui.tape.tape import Tape
from qctui.ui.app import QctuiApp
from qctui.ui.context import UiOptions
from qctui.ui.replay_app import ReplayApp
from qctui.value import replace
from tests.actions.fakes import InlineDisk
from tests.engine.test_with_simulator import SESSION_AT
from tests.fakes import FakeClock
from tests.idle import until_idle
from tests.ui.page import Size, key_event, screen_text

OPTIONS = UiOptions(profile="main", zone=UTC)
MINUTE_S = 60.0


@dataclass(frozen=True)
class Seen:
    """One look at the screen."""

    at: float
    keys: tuple[str, ...]
    """What was pressed to come there from the main screen."""
    text: str


LOOKS: tuple[tuple[float, tuple[str, ...]], ...] = (
    (3, ()), (5, ("enter",)), (8, ("j",)), (10, ("j", "enter", "2")), (13, ()), (14, ("4",)), (16, ("2",)),
    (18, ("enter", "3")), (21, ("N",)), (24, ("j", "j", "3")), (27, ()), (29, ("enter",)), (32, ("j",)), (35, ("J",)),
    (38, ("c",)), (41, ()), (44, ("j", "enter", "4")), (48, ("E",)), (53, ("4", "minus")), (58, ("2", "enter")),
)  # fmt: skip
"""Minutes after the beginning, and keys."""


async def _inline(call: Callable[[], Any]) -> Any:
    return call()


class Hour:
    """The program, the service, and somebody in front of the console."""

    def __init__(self, folder: Path, size: Size) -> None:
        self.clock, self.folder, self.size = FakeClock(now=SESSION_AT), folder, size
        self.config = SimConfig(deployments=12, events=False, loading=1, insights=120)
        world_clock = WorldClock(speed=1.0, real=self.clock.now, monotonic=self.clock.monotonic)
        self.world = World(self.config, world_clock)
        self.simulation = Simulation(self.world)
        self.path = folder / "tape.sqlite"
        self.token = SecretStr(self.config.token)
        self.recorder = Recorder(self.path, self.clock, BodyScrubber(self.token), spare=0, gather_s=0.02)
        self.host = EngineHost(
            self._open_client,
            self._open_actions,
            clock=self.clock,
            open_alerts=self._open_alerts,
            tape=self.recorder,
        )
        self.app = QctuiApp(self.host, OPTIONS)
        self.begins_at = self.clock.now()
        self.seen: list[Seen] = []

    async def _open_client(self, observer: Callable[[RequestReport], None]) -> Client:
        return open_client(
            Credentials(str(self.config.user_id), self.token),
            "http://127.0.0.1:1/api/v2",
            read_only=False,
            clock=self.clock,
            observer=observer,
            record=self.recorder.note,
            transport=self.transport(),
            jitter=lambda: 0.5,
        )

    def transport(self) -> httpx.AsyncBaseTransport:
        """The way to the service."""
        return httpx.ASGITransport(build_app(self.simulation))

    def _open_actions(self, client: ApiClient) -> ActionService:
        journal, context = self.folder / "journal.jsonl", JournalContext("http://127.0.0.1:1/api/v2", "main")
        return ActionService(client.triggers, self.host.store, self.clock, journal, context, disk=InlineDisk())

    def _open_alerts(self, store: Store, clock: Any) -> AlertService:
        return AlertService(store, clock, AlertSettings(DEFAULT_RULES, Delivery(), zone=UTC), off_loop=_inline)

    async def until(self, minutes: float) -> None:
        """Let it run, in steps: what is handed to threads comes back between them."""
        until = self.begins_at + minutes * MINUTE_S
        while self.clock.now() < until - 1e-6:
            await self.clock.advance(min(30.0, until - self.clock.now()))
            await until_idle()

    async def look(self, keys: Sequence[str]) -> None:
        """Go there, wait until it was read, look, and come back."""
        await press(self.app, keys)
        await self.until((self.clock.now() - self.begins_at) / MINUTE_S + 0.5)
        self.seen.append(Seen(self.clock.now(), tuple(keys), picture(self.app)))
        await home(self.app)

    def happen(self, minute: float) -> None:
        """What happens before the look at this minute."""
        rows = [each for each in self.host.store.get(DEPLOYMENTS).value or () if each.alive]
        if minute == 13:
            target = capture_deployment("liquidate", self.host.store, rows[0].project_id)
            self.host.actions.confirm((target,), "console")
        if minute == 21:
            self.app.post_message(key_event("d"))
        if minute == 27:
            self.simulation.faults.active[:] = [Fault("http-502")]
        if minute == 32:
            self.simulation.faults.active[:] = []
        if minute == 41:
            self.world.redeploy(rows[-1].project_id)

    async def run(self) -> None:
        """All of it."""
        running = asyncio.create_task(self.host.run())
        async with self.app.run_test(size=self.size):
            for minute, keys in LOOKS:
                await self.until(minute - 1)
                self.happen(minute)
                await self.until(minute)
                await self.look(keys)
            await self.until(60)
        self.host.stop(0.0)
        await running


async def press(app: QctuiApp, keys: Sequence[str]) -> None:
    """One after the other, each with its whole effect."""
    for key in keys:
        app.post_message(key_event(key))
        await settled(app)


async def burst(app: QctuiApp, keys: Sequence[str]) -> None:
    """All of them before any is looked at."""
    for key in keys:
        app.post_message(key_event(key))
    await settled(app)


async def settled(app: QctuiApp) -> None:
    """Until everything is drawn, in a replay of what the tape has for it."""
    await until_idle()
    calm = 0
    while isinstance(app.engine, ReplayHost) and calm < 3:
        await until_shown(app.engine)
        await until_idle()
        # Keys wait behind a move.
        calm = 0 if app.message_queue_size else calm + 1


async def until_shown(host: ReplayHost) -> None:
    """Until nothing that was asked of it is under way."""
    for _ in range(5):
        await asyncio.sleep(0)  # from the caller's thread to its turn
    assert host._turn is not None
    async with host._turn:
        pass


async def home(app: QctuiApp) -> None:
    """Back to the first row of the main screen."""
    for _ in range(4):
        await press(app, ["escape"])
    await press(app, ["1", "g"])


def picture(app: QctuiApp) -> str:
    """The screen, with the ages of now."""
    for screen in app.screen_stack:
        if (ages := getattr(screen, "ages", None)) is not None and screen.is_mounted:
            ages.restart()
            screen._on_timer_update()
    return screen_text(app.screen)


@dataclass(frozen=True)
class Recorded:
    """What is left of the hour."""

    path: Path
    """The tape; the journal lies beside it."""
    seen: tuple[Seen, ...]


def record(folder: Path, size: Size) -> Recorded:
    """The hour, recorded in this folder, once for all processes that ask for it."""
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        kept = folder / "seen"
        if not kept.exists():
            hour = Hour(folder, size)
            asyncio.run(hour.run())
            kept.write_text(json.dumps([[each.at, each.keys, each.text] for each in hour.seen]))
        seen = tuple(Seen(at, tuple(keys), text) for at, keys, text in json.loads(kept.read_text()))
    return Recorded(folder / "tape.sqlite", seen)


@asynccontextmanager
async def replaying(
    path: Path, at: float, size: Size, *, playing: bool = False, options: UiOptions = OPTIONS
) -> AsyncIterator[ReplayApp]:
    """The console over a tape."""
    real, journal = FakeClock(), JournalTail(path.with_name("journal.jsonl")).read()
    tape = Tape(path)
    player = Player(tape, open_recorded, at=at, playing=playing, speed=1.0, real=real, zone=UTC, journal=journal)
    host = ReplayHost(player)
    app = ReplayApp(host, replace(options, replay=True, read_only=True))
    running = asyncio.create_task(host.run())
    await asyncio.sleep(0)
    async with app.run_test(size=size, notifications=True):
        await settled(app)
        yield app
    host.stop()
    await real.advance(1.0)
    await running
