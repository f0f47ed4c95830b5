"""Which resources are wanted at the moment, and when a newly wanted one is first read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from qctui.clock import Clock
from qctui.engine.poll import Poll
from qctui.engine.readers import ReaderSet
from qctui.engine.retention import Retention
from qctui.engine.schedule import MIN_GAP_S, interval_s
from qctui.engine.subscription import Pace, Subscriptions
from qctui.model.account import ACCOUNTS, EQUITY_HISTORY
from qctui.model.action import ACTIONS
from qctui.model.keys import DEPLOYMENTS, LINK, PROJECTS, Key
from qctui.store import Store

ALWAYS: dict[Key[Any], Pace] = {DEPLOYMENTS: Pace.OPENED, PROJECTS: Pace.VISIBLE}
"""Read whatever is on screen: they name and list what trades. The accounts are too, once something runs."""

KEPT: frozenset[Key[Any]] = frozenset({LINK, ACTIONS, EQUITY_HISTORY, ACCOUNTS})
"""Not read from the API, and never to be evicted."""

SETTLE_S = 0.12
"""How long a selection must last before its data are read: a held-down key moves every 30 ms."""

RESTLESS_S = 0.3
"""The same while the selection has just been moving: somebody leafing through reads only where they stop."""

QUIET_S = 0.6
"""Without a move for this long the selection is no longer moving."""


class Subscribed:
    """The polls of everything wanted, and of nothing else. Iterates over them; one thread."""

    def __init__(self, readers: ReaderSet, store: Store, clock: Clock) -> None:
        self._readers = readers
        self._store = store
        self._clock = clock
        self._retention = Retention(self._forget)
        self._polls: dict[Key[Any], Poll] = {}
        self._moved_mono = float("-inf")
        self._left: dict[Key[Any], float] = {}
        """When what is no longer wanted was last asked for: leaving and coming back must not read it twice a second."""
        now = clock.monotonic()
        self._always = dict(ALWAYS)
        for key, pace in ALWAYS.items():
            self._begin(key, pace, now)
        self._started = False
        store.pin(frozenset(ALWAYS) | KEPT)

    def __iter__(self) -> Iterator[Poll]:
        return iter(self._polls.values())

    def __contains__(self, poll: Poll) -> bool:
        """This very poll is still wanted: a key that was left and is wanted again has another one."""
        return self._polls.get(poll.key) is poll

    def change(self, view: Subscriptions) -> list[Poll]:
        """Want exactly this, besides what is always wanted; cancel the reads of the rest. Returns the new polls."""
        now = self._clock.monotonic()
        wanted = dict(self._always)
        for want in view.wants:
            wanted[want.key] = min(want.pace, wanted.get(want.key, want.pace))
        for key in self._polls.keys() - wanted.keys():
            self._leave(self._polls.pop(key))
        self._left = {key: mono for key, mono in self._left.items() if now - mono < MIN_GAP_S}
        for key, poll in self._polls.items():
            self._change_pace(poll, wanted[key], now)
        added = [key for key in wanted if key not in self._polls]
        due_mono = now + self._settle_s(now) if added else now
        begun = [begun for key in added if (begun := self._begin(key, wanted[key], due_mono)) is not None]
        self._store.pin(frozenset(wanted) | KEPT)
        self._retention.trim(wanted.keys())
        return begun

    def follow_accounts(self, running: bool) -> None:
        """Read the accounts from now on, or no longer: without one that runs there is nothing to ask for."""
        if running and ACCOUNTS not in self._always:
            # Behind the pages of what somebody has opened, though its rows are on screen.
            self._always[ACCOUNTS] = Pace.HIDDEN
            self._begin(ACCOUNTS, Pace.HIDDEN, self._clock.monotonic())
        elif not running and self._always.pop(ACCOUNTS, None) is not None and ACCOUNTS in self._polls:
            self._leave(self._polls.pop(ACCOUNTS))

    def note(self, key: Key[Any], value: object) -> None:
        """`key` has a new value: it counts for what may be kept once nobody wants it."""
        self._retention.note(key, value)

    def _settle_s(self, now: float) -> float:
        # The first selection of all is not a move: a start must not wait.
        if not self._started:
            self._started = True
            return 0.0
        moved, self._moved_mono = self._moved_mono, now
        return SETTLE_S if now - moved >= QUIET_S else RESTLESS_S

    def _begin(self, key: Key[Any], pace: Pace, due_mono: float) -> Poll | None:
        reader = self._readers.open(key)
        if reader is None:
            return None
        known = self._store.get(key)
        due_mono = max(due_mono, self._left.pop(key, float("-inf")) + MIN_GAP_S)
        if known.value is not None and known.fetched_mono is not None and known.error is None:
            # Coming back to what was read a moment ago shows it at once and reads it when its time has come.
            due_mono = max(due_mono, known.fetched_mono + interval_s(key, pace, known.value))
        if known.error is not None:
            self._store.put(key, known.with_error(replace(known.error, next_try_mono=due_mono)))
        self._polls[key] = poll = Poll(key, pace, reader, due_mono)
        return poll

    def _leave(self, poll: Poll) -> None:
        self._left[poll.key] = poll.sent_mono
        self._retention.touch(poll.key)
        if poll.task is not None:
            poll.task.cancel()

    def _change_pace(self, poll: Poll, pace: Pace, now: float) -> None:
        if pace is not poll.pace:
            poll.pace = pace
            if poll.settled:
                value = self._store.get(poll.key).value
                poll.due_mono = max(now, min(poll.due_mono, poll.turn_mono + interval_s(poll.key, pace, value)))

    def _forget(self, key: Key[Any]) -> None:
        self._readers.forget(key)
        self._store.drop(key)
