"""Runs a replay: an `Engine` whose answers come from a tape. It has no connection, and nothing to act with."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Collection, Sequence
from concurrent.futures import Future
from functools import partial
from typing import Any

from qctui.actions.actions_port import ActionsPort, JournalEntry
from qctui.clock import Clock
from qctui.engine.engine_port import AlertsPort, Subscription
from qctui.engine.player import Player
from qctui.model.action import Target
from qctui.model.keys import Key
from qctui.model.optimization import OptimizationPlan
from qctui.model.playback import NOTHING_CHANGED, NOTHING_SENT

TURN_S = 0.5
"""How often it is looked what has come while the tape plays."""


class ReplayHost:
    """The `Engine` of a replay, on a thread (`start`, `stop`) or on the caller's loop (`run`). Everything but `run` may
    be called from any thread. Moves are made one after the other, each from where the one before it ended."""

    def __init__(self, player: Player) -> None:
        """Runs this one, whose tape is closed at the end."""
        self.player, self.store = player, player.store
        self.clock: Clock = player.clock
        self.refused: Callable[[str], object] = lambda words: None
        """Called with the reason when something is asked for that a replay does not do."""
        self.actions: ActionsPort = _NoActions(self)
        self.alerts: AlertsPort = _NoAlerts(self)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._turn: asyncio.Lock | None = None
        """Held by what moves, or shows a place."""
        self._ending = False
        self._begun, self._shown = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None

    # From any thread.

    def start(self) -> None:
        """Run on a thread of its own, once."""
        self._thread = threading.Thread(target=lambda: asyncio.run(self.run()), name="replay", daemon=True)
        self._thread.start()
        self._begun.wait()

    def wait_shown(self, timeout_s: float) -> bool:
        """Wait until the first place is in the store. False if that did not come in time."""
        return self._shown.wait(timeout_s)

    def stop(self, wait_s: float = 1.0) -> bool:
        """End it. False if it did not end in time; it dies with the process."""
        self._ending = True
        if self._thread is None or self._thread is threading.current_thread():
            return True
        self._thread.join(wait_s)
        return not self._thread.is_alive()

    def subscribe(self, subscriptions: tuple[Subscription, ...]) -> None:
        """As in `Engine`."""
        self._do(partial(self.player.show, tuple(each.key for each in subscriptions)))

    def refresh(self, keys: Sequence[Key[Any]] | None = None) -> None:
        """As in `Engine`: what is on the tape at this place is shown again."""
        self._do(self.player.show)

    def play(self) -> Future[str]:
        """As in `PlayerPort`."""
        return self._do(self.player.play)

    def change_speed(self, by: int) -> Future[str]:
        """As in `PlayerPort`."""
        return self._do(partial(self.player.change_speed, by))

    def seek(self, seconds: float) -> Future[str]:
        """As in `PlayerPort`."""
        return self._do(partial(self.player.seek, seconds))

    def step(self, by: int) -> Future[str]:
        """As in `PlayerPort`."""
        return self._do(partial(self.player.step, by))

    def seek_event(self, by: int) -> Future[str]:
        """As in `PlayerPort`."""
        return self._do(partial(self.player.seek_event, by))

    def go_to(self, text: str) -> Future[str]:
        """As in `PlayerPort`."""
        return self._do(partial(self.player.go_to, text))

    def acknowledge(self, action_id: str) -> None:
        """As in `ActionsPort`: it leaves the bar of this replay."""
        self._do(partial(self.player.acknowledge, action_id))

    def _do(self, move: Callable[[], Awaitable[str]]) -> Future[str]:
        loop = self._loop
        if loop is None:
            done: Future[str] = Future()
            done.set_result("the replay has ended")
            return done
        return asyncio.run_coroutine_threadsafe(self._in_turn(move), loop)

    # On its loop.

    async def run(self) -> None:
        """The whole life, until `stop`."""
        self._turn = asyncio.Lock()
        self._loop = asyncio.get_running_loop()
        self._begun.set()
        try:
            await self._in_turn(self.player.begin)
            self._shown.set()
            while not self._ending:
                await self.clock.sleep(TURN_S)
                if self.player.playing:
                    await self._in_turn(self.player.pass_time)
        finally:
            self._loop = None
            self.player.tape.close()

    async def _in_turn(self, move: Callable[[], Awaitable[str]]) -> str:
        assert self._turn is not None
        async with self._turn:
            return await self.player.safely(move)


class _NoActions:
    """An `ActionsPort` that has nothing to act with."""

    read_only = True

    def __init__(self, host: ReplayHost) -> None:
        self._host = host

    def refusal(self, target: Target) -> str | None:
        """Always one."""
        return NOTHING_SENT

    def open_rechecks(self, targets: Sequence[Target]) -> None:
        """Nothing is read again."""

    def close_rechecks(self) -> None:
        """Nothing was."""

    def confirm(self, targets: Sequence[Target], via: str) -> tuple[str, ...]:
        """Nothing is sent."""
        self._host.refused(NOTHING_SENT)
        return ()

    def prepare(self, plan: OptimizationPlan) -> None:
        """Nothing is asked for."""

    def stop_preparing(self) -> None:
        """Nothing was."""

    def cancel(self, action_id: str) -> None:
        """What happened has happened."""
        self._host.refused(NOTHING_CHANGED)

    def acknowledge(self, action_id: str) -> None:
        """It leaves the bar of this replay."""
        self._host.acknowledge(action_id)

    def entries(self) -> tuple[JournalEntry, ...]:
        """The journal as it stood."""
        return self._host.player.events.entries(self._host.clock.now())


class _NoAlerts:
    """An `AlertsPort` that changes nothing."""

    def __init__(self, host: ReplayHost) -> None:
        self._host = host

    def acknowledge(self, alert_ids: Collection[str]) -> str:
        """What happened has happened."""
        self._host.refused(NOTHING_CHANGED)
        return ""

    def shelve(self, alert_ids: Collection[str], seconds: float) -> str:
        """What happened has happened."""
        self._host.refused(NOTHING_CHANGED)
        return ""
