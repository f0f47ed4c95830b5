"""Runs a replay: an `Engine` whose answers come from a tape. It has no connection, and nothing to act with."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import tzinfo
from typing import Any

from qctui.actions.actions_port import ActionsPort, JournalEntry
from qctui.clock import Clock, SystemClock
from qctui.engine.engine_port import AlertsPort, Subscription
from qctui.engine.instants import instant_of
from qctui.engine.readers import keep
from qctui.engine.recorded_state import RecordedState
from qctui.engine.remembered import OpenRecorded
from qctui.engine.tape_clock import TapeClock
from qctui.engine.tape_events import TapeEvents, event_words
from qctui.model.action import Target
from qctui.model.keys import Key
from qctui.model.playback import NOTHING_CHANGED, NOTHING_SENT, PLAYBACK, SPEEDS, Playback
from qctui.store import Store
from qctui.tape.tape import Recorded, Tape
from qctui.tape.tape_file import Position, TapeError

log = logging.getLogger(__name__)

TURN_S = 0.5
"""How often it is looked what has come while the tape plays."""

GAP_S = 120.0
"""With nothing recorded for longer than this, nothing was recording: the list is read four times a minute, and an API
that is down is asked more often still."""

KEPT = 32
"""Resources that are shown at each place although they are not on screen any more."""

END = "the end of the tape"

_ORDERS = "live/orders/read"

Move = Callable[[], Awaitable[str]]


class ReplayHost:
    """The `Engine` of a replay. Everything but `run` may be called from any thread."""

    def __init__(
        self,
        tape: Tape,
        open_recorded: OpenRecorded,
        *,
        at: float,
        playing: bool,
        speed: float,
        patterns: Sequence[str] = (),
        journal: Sequence[JournalEntry] = (),
        real: Clock | None = None,
        zone: tzinfo | None = None,
    ) -> None:
        """Begins at Unix time `at`. The tape is closed at the end. `journal` is this machine's.

        Raises:
            TapeError: it can't be read, or is empty.
        """
        self._tape, self._zone, self._real = tape, zone, real or SystemClock()
        first_at, last_at = tape.first_at, tape.last_at
        if first_at is None or last_at is None:
            raise TapeError("nothing is recorded on it yet")
        self._journal = journal
        self._events = TapeEvents(tape.events(), journal)
        self._state = RecordedState(tape, open_recorded, patterns)
        self._now = Playback(at, first_at, last_at, playing, speed, marks=self._events.marks)
        self._place = Position(at, 0, 0)
        self.store = Store()
        self._time = TapeClock(self._real, at)
        self.clock: Clock = self._time
        self._acknowledged: set[str] = set()
        self.refused: Callable[[str], object] = lambda words: None
        """Called with the reason when something is asked for that a replay does not do."""
        self.actions: ActionsPort = _NoActions(self)
        self.alerts: AlertsPort = _NoAlerts(self)
        self._keys: tuple[Key[Any], ...] = ()
        self._left: OrderedDict[Key[Any], None] = OrderedDict()
        """What was on screen before, the newest last: as the console it stays known."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._turn: asyncio.Lock | None = None
        """Held by what moves, or shows a place."""
        self._ending = False
        self._begun = threading.Event()
        self._shown = threading.Event()
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
        self._keys = tuple(each.key for each in subscriptions)
        self._do(self._show_here)

    def refresh(self, keys: Sequence[Key[Any]] | None = None) -> None:
        """As in `Engine`: what is on the tape at this place is shown again."""
        self._do(self._show_here)

    def play(self) -> Future[str]:
        """As in `PlayerPort`."""
        return self._do(self._play)

    def change_speed(self, by: int) -> Future[str]:
        """As in `PlayerPort`."""

        async def move() -> str:
            now = self._now.speed
            others = [each for each in SPEEDS if (each > now if by > 0 else each < now)]
            if not others:
                return f"x{now:g} is as {'fast' if by > 0 else 'slow'} as it goes"
            self._set(self.clock.now(), self._now.playing, others[0] if by > 0 else others[-1])
            return ""

        return self._do(move)

    def seek(self, seconds: float) -> Future[str]:
        """As in `PlayerPort`."""
        return self._do(lambda: self._go(self.clock.now() + seconds))

    def step(self, by: int) -> Future[str]:
        """As in `PlayerPort`."""
        return self._do(lambda: self._step(by))

    def seek_event(self, by: int) -> Future[str]:
        """As in `PlayerPort`."""
        return self._do(lambda: self._seek_event(by))

    def go_to(self, text: str) -> Future[str]:
        """As in `PlayerPort`."""

        async def move() -> str:
            now = self._now
            try:
                at = instant_of(
                    text, first=now.first_at, last=now.last_at, here=self.clock.now(), now=self._real.now(),
                    zone=self._zone, action_at=self._events.action_at,
                )  # fmt: skip
            except ValueError as error:
                return str(error)
            return await self._go(at)

        return self._do(move)

    def entries(self) -> tuple[JournalEntry, ...]:
        """The journal as it stood."""
        return self._events.entries(self.clock.now())

    def acknowledge(self, action_id: str) -> None:
        """The outcome leaves the bar of this replay."""
        self._acknowledged.add(action_id)
        self._do(self._show_here)

    def _do(self, move: Move) -> Future[str]:
        """One after the other, each on the state that the one before it left."""
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
            await self._in_turn(lambda: self._go(self._now.at))
            self._shown.set()
            while not self._ending:
                await self._real.sleep(TURN_S)
                if self._now.playing:
                    await self._in_turn(self._pass_time)
        finally:
            self._loop = None
            self._tape.close()

    async def _in_turn(self, move: Move) -> str:
        assert self._turn is not None
        async with self._turn:
            try:
                return await move()
            except TapeError as error:
                self._put(replace(self._now, note=f"{error}"))
                return f"{error}"
            except Exception as error:  # a defect must be said, and must not end the replay
                log.exception("the replay failed at %s", self._now.at)
                words = f"this place can't be shown ({type(error).__name__}); see the log"
                self._put(replace(self._now, note=words))
                return words

    async def _play(self) -> str:
        if not self._now.playing:
            self._look_for_more()
            if self.clock.now() >= self._now.last_at:
                return f"{END}: nothing was recorded after it"
        self._set(self.clock.now(), not self._now.playing, self._now.speed)
        return ""

    async def _step(self, by: int) -> str:
        wanted = self._state.asked
        place = replace(self._place, at=self.clock.now())

        def shown(each: Recorded) -> bool:
            return (each.endpoint, each.request) in wanted

        self._look_for_more()
        found = self._tape.change_beside(place, shown, forward=by > 0)
        if found is None:
            return f"nothing that is on screen changed {'after' if by > 0 else 'before'} this"
        return await self._go(found.at, pause=True)

    async def _seek_event(self, by: int) -> str:
        self._look_for_more()
        at, forward = self.clock.now(), by > 0
        place = replace(self._place, at=at)
        event = self._events.beside(at, forward=forward)
        order = self._tape.change_beside(place, self._has_new_orders, forward=forward)
        if event is not None and (order is None or (event.at < order.at) is forward):
            return await self._go(event.at, event_words(event), pause=True)
        if order is None:
            return f"no action, alert, order or end of a deployment {'after' if forward else 'before'} this"
        return await self._go(order.at, "orders changed", pause=True)

    def _has_new_orders(self, each: Recorded) -> bool:
        return each.endpoint == _ORDERS and each.failure is None and next(self._tape.earlier(each), None) is not None

    async def _go(self, at: float, note: str = "", *, pause: bool = False) -> str:
        """Go there, or to the nearest place on the tape."""
        self._look_for_more()
        now = self._now
        there = min(now.last_at, max(now.first_at, at))
        if abs(there - at) >= 1.0:
            note = "the tape ends here" if at > there else "the tape begins here"
        playing = now.playing and not pause and there < now.last_at
        self._now = replace(now, jumps=now.jumps + 1, note=note)
        self._time.set(there, 0.0)
        await self._show(self._tape.seek(there))
        self._set(there, playing, now.speed)
        return ""

    async def _show_here(self) -> str:
        await self._show(self._tape.seek(self.clock.now()))
        return ""

    async def _pass_time(self) -> str:
        at = self.clock.now()
        if at >= self._now.last_at:
            self._look_for_more()
        place = self._tape.seek(at)
        if self._tape.arrivals(self._place, place) or self._events.happened(self._place.at, at):
            self._now = replace(self._now, note="")
            await self._show(place)
        elif self._now.gap != (gap := self._gap(at)):
            self._put(replace(self._now, at=at, gap=gap))
        if at >= self._now.last_at:
            self._now = replace(self._now, note=END)
            self._set(at, False, self._now.speed)
        return ""

    async def _show(self, place: Position) -> None:
        for key in self._keys:
            self._left[key] = None
            self._left.move_to_end(key)
        while len(self._left) > max(KEPT, len(self._keys)):
            self._left.popitem(last=False)
        found = await self._state.at(place, self._left, self._events, self._acknowledged)
        self._place = place
        for key in self.store.keys():  # noqa: SIM118  # a store is no mapping
            if key not in found and key != PLAYBACK:
                self.store.drop(key)
        for key, resource in found.items():
            known = self.store.get(key)
            kept = replace(resource, value=keep(known.value, resource.value), version=known.version)
            if kept != known:
                self.store.put(key, kept)
        self._put(replace(self._now, at=place.at, gap=self._gap(place.at), outage=self._state.outage))

    def _gap(self, at: float) -> tuple[float, float | None] | None:
        last = self._state.last_arrival
        if at - last < 1.0:
            return None
        following = self._tape.next_arrival(replace(self._place, at=at))
        if following is None:
            return (last, None) if at - last > GAP_S else None
        return (last, following) if following - last > GAP_S else None

    def _look_for_more(self) -> None:
        """A tape that is being written grows."""
        last_at = self._tape.last_at
        if last_at is not None and last_at > self._now.last_at:
            self._events = TapeEvents(self._tape.events(), self._journal)
            self._now = replace(self._now, last_at=last_at, marks=self._events.marks)
            if self._now.playing:
                self._time.set(self.clock.now(), self._now.speed, last_at)

    def _set(self, at: float, playing: bool, speed: float) -> None:
        self._time.set(at, speed if playing else 0.0, self._now.last_at)
        # Every age goes on at another pace.
        self._put(replace(self._now, at=at, playing=playing, speed=speed, jumps=self._now.jumps + 1))

    def _put(self, now: Playback) -> None:
        self._now = now
        self.store.put_value(PLAYBACK, now, at=now.at, mono=now.at)


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

    def cancel(self, action_id: str) -> None:
        """What happened has happened."""
        self._host.refused(NOTHING_CHANGED)

    def acknowledge(self, action_id: str) -> None:
        """It leaves the bar of this replay."""
        self._host.acknowledge(action_id)

    def entries(self) -> tuple[JournalEntry, ...]:
        """The journal as it stood."""
        return self._host.entries()


class _NoAlerts:
    """An `AlertsPort` that changes nothing."""

    def __init__(self, host: ReplayHost) -> None:
        self._host = host

    def acknowledge(self, alert_ids: Collection[str]) -> None:
        """What happened has happened."""
        self._host.refused(NOTHING_CHANGED)

    def shelve(self, alert_ids: Collection[str], seconds: float) -> None:
        """What happened has happened."""
        self._host.refused(NOTHING_CHANGED)
