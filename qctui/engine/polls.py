"""One poll for each subscribed resource: when it is read next, how urgently, and what is kept once it is off screen."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from math import inf
from typing import Any

from qctui.clock import Clock
from qctui.engine.engine_port import Subscription, Visibility
from qctui.engine.rate_limiter import UNHURRIED, Priority
from qctui.engine.readers import Answer, Reader, ReaderSet
from qctui.engine.schedule import MIN_GAP_S, interval_s
from qctui.model.account import ACCOUNTS, EQUITY_HISTORY
from qctui.model.action import ACTIONS, PREPARATION
from qctui.model.alert import ALERT_TROUBLE, ALERTS, DELIVERED
from qctui.model.chart import Chart
from qctui.model.insight import InsightLog
from qctui.model.keys import DEPLOYMENTS, LINK, PROJECTS, Key
from qctui.model.pulse import NEW_LINES, PULSES
from qctui.model.resource import Failure
from qctui.store import Store
from qctui.value import replace

FRESH_S = 5.0
"""How long a newly subscribed resource is read before the routine. A crowd of them is no longer news by then."""

LIST_GAP_S = 5.0
"""Between two reads of the list of deployments that the budget does not bound: a key held down asks for many."""

ONE_A_ROW = frozenset({"optimization"})
"""Kinds of which many may be on screen at once, one a row: a single row is never urgent unless it is opened."""

IN_TURN = frozenset({"accounts"})
"""Kinds that are many reads in turn, none of which a person waits for."""

TURN_PATIENCE_S = 3.0
"""How long one of those waits for its next request before it may use more of the budget ..."""

TURN_LIMIT_S = 20.0
"""... and before it goes first, after what is opened: a screen that asks for more than the budget must not keep it from
ever being made."""

CHAIN_LIMIT = 3
"""Requests in a row one resource may make without its turn ending, bulk pages apart: a list whose length changes with
every answer would never be done."""

READ_LIMIT_S = 120.0
"""A read under way for longer than this is given up. The client has time-outs of its own; this one is for whatever they
do not cover."""

ALWAYS: dict[Key[Any], Visibility] = {DEPLOYMENTS: Visibility.OPENED, PROJECTS: Visibility.VISIBLE}
"""Read whatever is on screen: they name and list what trades. So are the accounts, once something runs."""

NOT_READ: frozenset[Key[Any]] = frozenset(
    {LINK, ACTIONS, PREPARATION, EQUITY_HISTORY, ACCOUNTS, PULSES, NEW_LINES, ALERTS, DELIVERED, ALERT_TROUBLE}
)
"""Not one read of the API each, and never to be evicted from the store."""

STILL_DELAY_S = 0.12
"""How long a new selection must last before its data are read: a held-down key moves every 30 ms."""

MOVING_DELAY_S = 0.3
"""The same while the selection has just been moving: leafing through reads only where it stops."""

STILL_AFTER_S = 0.6
"""Without a move for this long the selection is no longer moving."""

BYTES_PER_POINT = 24
BYTES_PER_INSIGHT = 1_000
"""Rough sizes in memory: only their proportion and magnitude matter."""

HEAVY_BYTES = 24_000_000
"""Kept of charts and insights that are not subscribed just now."""

HEAVY_KEYS = 64
"""And no more of them than this, however small: each pan of a chart is another key."""


@dataclass(slots=True, eq=False)
class Poll:
    """The state of reading one resource. Lives exactly as long as the resource is subscribed."""

    key: Key[Any]
    visibility: Visibility
    reader: Reader
    due_mono: float
    priority: Priority = Priority.FRESH
    task: asyncio.Task[None] | None = None
    """The read under way: never more than one."""
    sent_mono: float = float("-inf")
    """When its last request was sent."""
    turn_mono: float = float("-inf")
    """When the first request of its last turn was sent: its cadence counts from here."""
    chained: int = 0
    """Requests of the turn under way so far."""
    loadings: int = 0
    """Loading answers in a row."""
    failure: Failure | None = None
    """Its own last failure, if its last read failed."""
    shows_outage: bool = False
    """Its resource says that the API as a whole does not answer."""
    outdated: bool = False
    """What it reads has changed while a read was under way: that answer may be from before."""
    given_up: bool = False
    """Cancelled because it took too long, not because it is no longer subscribed."""

    @property
    def at_rest(self) -> bool:
        """Waiting for its regular time, not failing, loading or in the middle of a turn."""
        return self.task is None and self.failure is None and self.loadings == 0 and self.chained == 0

    def read_soon(self, mono: float) -> None:
        """Make it due as soon as `MIN_GAP_S` allows, and urgent."""
        self.due_mono = max(mono, self.sent_mono + MIN_GAP_S)
        self.priority = Priority.FRESH

    def note_sent(self, mono: float) -> None:
        """A request is sent: the first of a turn, or another of the one under way."""
        self.sent_mono = mono
        if self.chained == 0:
            self.turn_mono = mono
        self.given_up = False

    def plan_next(self, answer: Answer, known: object, mono: float) -> None:
        """Decide when to read again after a good answer: at once where it says so, else when the turn's interval is
        over. `known` is the resource's value now."""
        if answer.more is not None and (answer.more in UNHURRIED or self.chained < CHAIN_LIMIT):
            self.chained += 1
            self.priority = answer.more
            self.due_mono = mono + (answer.wait_s or 0.0)
            return
        self.chained = 0
        self.priority = Priority.ROUTINE
        regular_mono = self.turn_mono + interval_s(self.key, self.visibility, known)
        self.due_mono = max(mono + MIN_GAP_S, regular_mono if answer.wait_s is None else mono + answer.wait_s)
        if self.outdated:
            self.outdated = False
            self.read_soon(mono)

    def priority_at(self, mono: float) -> Priority:
        """How urgent it is now: what part of the budget it may use."""
        if self.key.kind in IN_TURN:
            waited_s = mono - max(self.sent_mono, self.due_mono)
            if waited_s >= TURN_LIMIT_S:
                return Priority.ROUTINE
            upkeep = self.priority is Priority.ROUTINE and waited_s < TURN_PATIENCE_S
            return Priority.BACKGROUND if upkeep else Priority.UNKNOWN
        if self.priority is Priority.BULK:
            return Priority.BULK
        if self.visibility is Visibility.OPENED:
            return Priority.FRESH
        visible = self.visibility is Visibility.VISIBLE and self.key.kind not in ONE_A_ROW
        fresh = visible and mono - self.due_mono <= FRESH_S and self.priority is Priority.FRESH
        return Priority.FRESH if fresh else Priority.ROUTINE

    def free_in_s(self, mono: float) -> float:
        """Seconds until it may be read whatever is left of the budget. Only the list that actions aim by ever may, when
        a person asks for it or nobody has read it: a refusal must not rest on what a newer list would deny."""
        if self.key != DEPLOYMENTS or self.priority is not Priority.FRESH:
            return inf
        return max(0.0, self.sent_mono + LIST_GAP_S - mono)

    def order_at(self, mono: float) -> tuple[Visibility, float, float]:
        """What goes first when not everything can be read: the smallest. Among fresh ones the newest, because that is
        where a person has just moved to; among others the longest due."""
        priority = self.priority_at(mono)
        in_turn = self.key.kind in IN_TURN and priority is Priority.ROUTINE
        visibility = Visibility.OPENED if in_turn else self.visibility
        return visibility, -priority.value, -self.due_mono if priority is Priority.FRESH else self.due_mono


class Polls:
    """The polls of everything subscribed, and of nothing else. Iterates over them; used on one thread."""

    def __init__(self, readers: ReaderSet, store: Store, clock: Clock) -> None:
        self._readers = readers
        self._store = store
        self._clock = clock
        self._retention = Retention()
        self._polls: dict[Key[Any], Poll] = {}
        self._moved_mono = float("-inf")
        self._left: dict[Key[Any], float] = {}
        """When what is no longer subscribed was last asked for: leaving and coming back must not read it twice a
        second."""
        self._subscribed: frozenset[Key[Any]] = frozenset()
        self._always = dict(ALWAYS)
        for key, visibility in ALWAYS.items():
            self._begin(key, visibility, clock.monotonic())
        self._started = False
        store.pin(frozenset(ALWAYS) | NOT_READ)

    def __iter__(self) -> Iterator[Poll]:
        return iter(self._polls.values())

    def __contains__(self, poll: Poll) -> bool:
        """This very poll is still there: a key that was left and is subscribed again has another one."""
        return self._polls.get(poll.key) is poll

    def change(self, subscriptions: Iterable[Subscription]) -> list[Poll]:
        """Poll exactly these, besides what is always read; cancel the reads of the rest. Returns the new polls."""
        now = self._clock.monotonic()
        wanted = dict(self._always)
        subscriptions = tuple(subscriptions)
        self._subscribed = frozenset(each.key for each in subscriptions)
        for each in subscriptions:
            wanted[each.key] = min(each.visibility, wanted.get(each.key, each.visibility))
        for key in self._polls.keys() - wanted.keys():
            self._leave(self._polls.pop(key))
        self._left = {key: mono for key, mono in self._left.items() if now - mono < MIN_GAP_S}
        for key, poll in self._polls.items():
            self._change_visibility(poll, wanted[key], now)
        added = [key for key in wanted if key not in self._polls]
        due_mono = now + self._first_delay_s(now) if added else now
        begun = [begun for key in added if (begun := self._begin(key, wanted[key], due_mono)) is not None]
        self._store.pin(frozenset(wanted) | NOT_READ)
        for key in self._retention.excess(wanted.keys()):
            self._readers.forget(key)
            self._store.drop(key)
        return begun

    def follow(self, key: Key[Any], visibility: Visibility, *, wanted: bool) -> None:
        """Read this from now on whatever is subscribed, or only as long as that is."""
        if wanted and key not in self._always:
            self._always[key] = visibility
            if key not in self._polls:
                self._begin(key, visibility, self._clock.monotonic())
        elif not wanted:
            self._always.pop(key, None)
            if key not in self._subscribed and key in self._polls:
                self._leave(self._polls.pop(key))

    def due(self, now: float) -> tuple[list[Poll], float]:
        """What is due, the most urgent first, and the seconds until something else is."""
        idle = [poll for poll in self if poll.task is None]
        due = sorted((poll for poll in idle if poll.due_mono <= now), key=lambda poll: poll.order_at(now))
        return due, min((poll.due_mono - now for poll in idle if poll.due_mono > now), default=float("inf"))

    def give_up_hanging(self, now: float) -> None:
        """Cancel every read that has been under way for longer than `READ_LIMIT_S`."""
        for poll in self:
            if poll.task is not None and now - poll.sent_mono > READ_LIMIT_S and not poll.given_up:
                poll.given_up = True
                poll.task.cancel()

    def note_value(self, key: Key[Any], value: object) -> None:
        """`key` has a new value: its size counts for what may be kept once it is no longer subscribed."""
        self._retention.note(key, value)

    def show_outage(self, failure: Failure, polls: Iterable[Poll] | None = None) -> None:
        """Put `failure`, which is of the API as a whole and says when it is asked next, beside the value of `polls`;
        by default of all but those whose first read is under way."""
        if polls is None:
            polls = [each for each in self if each.task is None or each.shows_outage or each.failure is not None]
        for poll in polls:
            poll.shows_outage = True
            resource = self._store.get(poll.key)
            if resource.error != failure:
                self._store.put(poll.key, resource.with_error(failure))

    def end_outage(self, mono: float) -> None:
        """The API answers again: read soon what is due or failed, and take the failure off what is still current."""
        for poll in self:
            if poll.task is not None:
                continue
            resource = self._store.get(poll.key)
            if poll.shows_outage and poll.failure is None and resource.value is not None and poll.due_mono > mono:
                self._store.put(poll.key, replace(resource, error=None))
            else:
                poll.read_soon(mono)
            poll.shows_outage = False

    def _first_delay_s(self, now: float) -> float:
        # The first selection of all is not a move: a start must not wait.
        if not self._started:
            self._started = True
            return 0.0
        moved, self._moved_mono = self._moved_mono, now
        return STILL_DELAY_S if now - moved >= STILL_AFTER_S else MOVING_DELAY_S

    def _begin(self, key: Key[Any], visibility: Visibility, due_mono: float) -> Poll | None:
        reader = self._readers.open(key)
        if reader is None:
            return None
        known = self._store.get(key)
        due_mono = max(due_mono, self._left.pop(key, float("-inf")) + MIN_GAP_S)
        if known.value is not None and known.fetched_mono is not None and known.error is None:
            # Coming back to what was read a moment ago shows it at once and reads it when its time has come.
            due_mono = max(due_mono, known.fetched_mono + interval_s(key, visibility, known.value))
        if known.error is not None:
            self._store.put(key, known.with_error(replace(known.error, next_try_mono=due_mono)))
        self._polls[key] = poll = Poll(key, visibility, reader, due_mono)
        return poll

    def _leave(self, poll: Poll) -> None:
        self._left[poll.key] = poll.sent_mono
        self._retention.touch(poll.key)
        if poll.task is not None:
            poll.task.cancel()

    def _change_visibility(self, poll: Poll, visibility: Visibility, now: float) -> None:
        if visibility is not poll.visibility:
            poll.visibility = visibility
            if poll.at_rest:
                regular_mono = poll.turn_mono + interval_s(poll.key, visibility, self._store.get(poll.key).value)
                poll.due_mono = max(now, min(poll.due_mono, regular_mono))


class Retention:
    """Decides which charts and insights to forget once too many are kept: those unsubscribed for longest."""

    def __init__(self) -> None:
        self._sizes: OrderedDict[Key[Any], int] = OrderedDict()
        """Oldest use first."""

    def note(self, key: Key[Any], value: object) -> None:
        """`key` now holds `value`."""
        size = _size_of(value)
        if size is not None:
            self._sizes[key] = size
            self._sizes.move_to_end(key)

    def touch(self, key: Key[Any]) -> None:
        """`key` has been subscribed until now."""
        if key in self._sizes:
            self._sizes.move_to_end(key)

    def excess(self, subscribed: Collection[Key[Any]]) -> list[Key[Any]]:
        """What to forget now, never anything subscribed."""
        kept = [key for key in self._sizes if key not in subscribed]
        total = sum(self._sizes[key] for key in kept)
        gone: list[Key[Any]] = []
        while kept and (total > HEAVY_BYTES or len(kept) > HEAVY_KEYS):
            key = kept.pop(0)
            total -= self._sizes.pop(key)
            gone.append(key)
        return gone


def _size_of(value: object) -> int | None:
    if isinstance(value, Chart):
        return BYTES_PER_POINT * value.points
    if isinstance(value, InsightLog):
        return BYTES_PER_INSIGHT * len(value.insights)
    return None
