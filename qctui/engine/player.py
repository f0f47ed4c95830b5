"""Plays a tape: where it is, whether it goes on by itself, and the ways to another place. Used on one loop."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from datetime import tzinfo
from typing import Any

from qctui.actions.actions_port import JournalEntry
from qctui.clock import Clock, SystemClock
from qctui.engine.instants import instant_of
from qctui.engine.readers import keep
from qctui.engine.recorded_state import RecordedState
from qctui.engine.remembered import OpenRecorded
from qctui.engine.tape_events import TapeEvents, event_words
from qctui.model.keys import Key
from qctui.model.playback import PLAYBACK, SPEEDS, Playback
from qctui.store import Store
from qctui.tape.tape import Recorded, Tape
from qctui.tape.tape_file import EMPTY, Position, TapeError
from qctui.value import replace

log = logging.getLogger(__name__)

GAP_S = 120.0
"""With nothing recorded for longer than this, nothing was recording: the list is read four times a minute, and an API
that is down is asked more often still."""

KEPT = 32
"""Resources that are shown at each place although they are not on screen any more."""

END = "the end of the tape"

_ORDERS = "live/orders/read"


class TapeClock:
    """A `Clock` whose wall time is the tape's. Its monotonic time is the same: what was received at an instant is as
    old as the tape says. Read from any thread, set by one."""

    def __init__(self, real: Clock, at: float) -> None:
        """Begins at Unix time `at`, standing still."""
        self._real = real
        self._state = at, real.monotonic(), 0.0, float("inf")
        """One value, so that no reader sees half of a change: time, real monotonic time of it, speed, limit."""

    def now(self) -> float:
        """The time on the tape."""
        at, since, speed, limit = self._state
        return min(limit, at + (self._real.monotonic() - since) * speed) if speed else at

    def monotonic(self) -> float:
        """The same."""
        return self.now()

    def set(self, at: float, speed: float, limit: float = float("inf")) -> None:
        """Go on from there at this speed, up to a limit."""
        self._state = at, self._real.monotonic(), speed, limit

    async def sleep(self, seconds: float) -> None:
        """Wait for real: what is done here is done for somebody who waits."""
        await self._real.sleep(seconds)


class Player:
    """The place on a tape. Every move ends with all of it in the store; it returns what is to be said, empty if all is
    well, and never raises for what is on the tape."""

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
        """At Unix time `at`, with nothing in the store before `begin`. `journal` is this machine's. `patterns` are
        texts that mean that a brokerage is disconnected.

        Raises:
            TapeError: the tape can't be read, or is empty.
        """
        self.tape, self.store = tape, Store()
        self._real = real or SystemClock()
        self.clock = TapeClock(self._real, at)
        self._acknowledged: set[str] = set()
        """Actions whose outcome was seen in this replay."""
        self._journal, self._zone = journal, zone
        first_at, last_at = tape.first_at, tape.last_at
        if first_at is None or last_at is None:
            raise TapeError(EMPTY)
        self.events = TapeEvents(tape.events(), journal)
        self._state = RecordedState(tape, open_recorded, patterns)
        self._now = Playback(at, first_at, last_at, playing, speed, marks=self.events.marks)
        self._place = Position(at, 0, 0)
        self._keys: OrderedDict[Key[Any], None] = OrderedDict()
        """What is on screen, and was before, the newest last: as in the console it stays known."""

    @property
    def playing(self) -> bool:
        """Time passes."""
        return self._now.playing

    async def safely(self, move: Callable[[], Awaitable[str]]) -> str:
        """The move, or why it can't be made."""
        try:
            return await move()
        except TapeError as error:
            words = str(error)
        except Exception as error:  # a defect must be said, and must not end the replay
            log.exception("the replay failed at %s", self._now.at)
            words = f"this place can't be shown ({type(error).__name__}); see the log"
        self._put(replace(self._now, note=words))
        return words

    # Moves.

    async def begin(self) -> str:
        """Show the first place, and play if that was asked for."""
        return await self._go(self._now.at)

    async def show(self, keys: Sequence[Key[Any]] = ()) -> str:
        """Show this place, these resources too."""
        for key in keys:
            self._keys[key] = None
            self._keys.move_to_end(key)
        while len(self._keys) > max(KEPT, len(keys)):
            self._keys.popitem(last=False)
        await self._show(self.tape.seek(self.clock.now()))
        return ""

    async def acknowledge(self, action_id: str) -> str:
        """An action leaves the bar of this replay."""
        self._acknowledged.add(action_id)
        return await self.show()

    async def play(self) -> str:
        """Play, or stand still."""
        if not self._now.playing:
            self._look_for_more()
            if self.clock.now() >= self._now.last_at:
                return f"{END}: nothing was recorded after it"
        self._set(self.clock.now(), not self._now.playing, self._now.speed)
        return ""

    async def change_speed(self, by: int) -> str:
        """Faster or slower."""
        now = self._now.speed
        others = [each for each in SPEEDS if (each > now if by > 0 else each < now)]
        if not others:
            return f"it goes no {'faster' if by > 0 else 'slower'} than x{now:g}"
        self._set(self.clock.now(), self._now.playing, others[0] if by > 0 else others[-1])
        return ""

    async def seek(self, seconds: float) -> str:
        """So far on, or back."""
        return await self._go(self.clock.now() + seconds)

    async def go_to(self, text: str) -> str:
        """To an instant as a person names it."""
        now = self._now
        try:
            at = instant_of(
                text, first=now.first_at, last=now.last_at, here=self.clock.now(), now=self._real.now(),
                zone=self._zone, action_at=self.events.action_at,
            )  # fmt: skip
        except ValueError as error:
            return str(error)
        return await self._go(at)

    async def step(self, by: int) -> str:
        """To the change beside this place of what is on screen."""
        self._look_for_more()
        wanted, place = self._state.asked, replace(self._place, at=self.clock.now())

        def shown(each: Recorded) -> bool:
            return (each.endpoint, each.request) in wanted

        found = self.tape.change_beside(place, shown, forward=by > 0)
        if found is None:
            return f"nothing that is on screen changed {'after' if by > 0 else 'before'} this"
        return await self._go(found.at, pause=True)

    async def seek_event(self, by: int) -> str:
        """To the action, alert, order or end of a deployment beside this place."""
        self._look_for_more()
        at, forward = self.clock.now(), by > 0
        event = self.events.beside(at, forward=forward)
        order = self.tape.change_beside(replace(self._place, at=at), self._has_new_orders, forward=forward)
        if event is not None and (order is None or (event.at < order.at) is forward):
            return await self._go(event.at, event_words(event), pause=True)
        if order is None:
            return f"no action, alert, order or end of a deployment {'after' if forward else 'before'} this"
        return await self._go(order.at, "orders changed", pause=True)

    async def pass_time(self) -> str:
        """Show what came meanwhile, and stand still at the end."""
        at = self.clock.now()
        if at >= self._now.last_at:
            self._look_for_more()
        place = self.tape.seek(at)
        if self.tape.arrivals(self._place, place) or self.events.happened(self._place.at, at):
            self._now = replace(self._now, note="")
            await self._show(place)
        elif self._now.gap != (gap := self._gap(at)):
            self._put(replace(self._now, at=at, gap=gap))
        if at >= self._now.last_at:
            self._now = replace(self._now, note=END)
            self._set(at, False, self._now.speed)
        return ""

    def _has_new_orders(self, each: Recorded) -> bool:
        return each.endpoint == _ORDERS and each.failure is None and next(self.tape.earlier(each), None) is not None

    async def _go(self, at: float, note: str = "", *, pause: bool = False) -> str:
        """Go there, or to the nearest place on the tape."""
        self._look_for_more()
        now = self._now
        there = min(now.last_at, max(now.first_at, at))
        if abs(there - at) >= 1.0:
            note = "the tape ends here" if at > there else "the tape begins here"
        self._now = replace(now, note=note)
        self.clock.set(there, 0.0)
        await self._show(self.tape.seek(there))
        self._set(there, now.playing and not pause and there < now.last_at, now.speed)
        return ""

    # What is shown.

    async def _show(self, place: Position) -> None:
        found = await self._state.at(place, self._keys, self.events, self._acknowledged)
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
        following = self.tape.next_arrival(replace(self._place, at=at))
        return (last, following) if (following or at) - last > GAP_S else None

    def _look_for_more(self) -> None:
        """A tape that is being written grows at its end, and is trimmed at its beginning."""
        first_at, last_at = self.tape.first_at or self._now.first_at, self.tape.last_at or self._now.last_at
        if (first_at, last_at) != (self._now.first_at, self._now.last_at):
            self.events = TapeEvents(self.tape.events(), self._journal)
            self._now = replace(self._now, first_at=first_at, last_at=last_at, marks=self.events.marks)
            if self._now.playing:
                self.clock.set(self.clock.now(), self._now.speed, last_at)

    def _set(self, at: float, playing: bool, speed: float) -> None:
        self.clock.set(at, speed if playing else 0.0, self._now.last_at)
        # Every age goes on at another pace.
        self._put(replace(self._now, at=at, playing=playing, speed=speed, jumps=self._now.jumps + 1))

    def _put(self, now: Playback) -> None:
        self._now = now
        self.store.put_value(PLAYBACK, now, at=now.at, mono=now.at)
