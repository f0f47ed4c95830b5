"""Keeps the wanted resources current: one scheduler, one poll per resource, no read that somebody does not want.

Everything here runs on one event loop and never raises for a failing API: a failure is stored beside the last good
value, with the time of the next try, and the polling goes on for as long as the program does.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from qctui.api.errors import ApiError
from qctui.api.ports import ReadApi
from qctui.clock import Clock
from qctui.engine.accounts import Accounts
from qctui.engine.circuit_breaker import ANSWERED, CircuitBreaker
from qctui.engine.equity_history import EquityHistory
from qctui.engine.health import Health
from qctui.engine.poll import CHAIN_LIMIT, READ_LIMIT_S, Poll
from qctui.engine.rate_limiter import Priority, RateLimiter
from qctui.engine.readers import Answer, ReaderSet, keep
from qctui.engine.schedule import MIN_GAP_S, backoff_s, interval_s, loading_s
from qctui.engine.subscribed import Subscribed
from qctui.engine.subscription import Pace, Subscriptions
from qctui.model.account import ACCOUNTS
from qctui.model.keys import DEPLOYMENTS, PROJECTS, Key
from qctui.model.link import LinkState
from qctui.model.resource import Failure, FailureKind, Progress
from qctui.store import Store

log = logging.getLogger(__name__)

FAIR_TURN = 5
"""Every fifth read is of what has been due for longest, whatever its pace: so nothing starves for ever behind a
screen that wants more than the budget allows."""

TICK_CAP_S = 15.0
"""The longest the scheduler sleeps. Sleeping follows a clock that stands still while the machine is suspended; due
times do not."""

TICK_FLOOR_S = 0.01
"""The shortest: a time that is due in less than a rounding error must not become a busy loop."""


@dataclass(frozen=True, slots=True)
class PollSettings:
    """What a user may tune."""

    reads_per_minute: int = 60
    """The read budget, shared by everything but the triggers and their verification."""
    concurrency: int = 6
    """Reads under way at once."""


class Poller:
    """The scheduler. `show` and `refresh` are called on its loop; `run` is its life."""

    def __init__(
        self,
        api: ReadApi,
        store: Store,
        clock: Clock,
        health: Health,
        settings: PollSettings,
        luck: random.Random | None = None,
    ) -> None:
        self._api = api
        self._store = store
        self._clock = clock
        self._health = health
        self._concurrency = max(1, settings.concurrency)
        self._luck = luck or random.Random()
        self._limiter = RateLimiter(settings.reads_per_minute)
        self._gate = CircuitBreaker(self._luck)
        self._history = EquityHistory(store)
        self._accounts = Accounts(api, store, clock, self._history)
        self._wanted = Subscribed(ReaderSet(api, store, clock, self._accounts), store, clock)
        self._tasks: set[asyncio.Task[None]] = set()
        self._probe: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._waiting = 0
        self._started = 1
        """Reads sent so far, for the turns of those that have waited longest."""
        self._sought: set[int] = set()
        """Project ids without a name for which the projects have been read again already."""

    # What is wanted.

    def show(self, view: Subscriptions) -> None:
        """Want exactly this, besides what is always wanted. Reads of anything else end here."""
        self._accounts.looked_at = {want.key.project_id for want in view.wants if want.key.kind == "detail"}
        self._accounts.holdings_polled = {want.key.project_id for want in view.wants if want.key.kind == "portfolio"}
        for poll in self._wanted.change(view):
            if self._gate.failure is not None:
                self._mark(poll, self._gate.failure)
        self._wake.set()

    def refresh(self, keys: Sequence[Key[Any]] | None = None) -> None:
        """Read these (None: all) as soon as `MIN_GAP_S` allows. One that is being read is not read again."""
        now = self._clock.monotonic()
        self._gate.hasten(now)
        if self._gate.closed:
            self._mark_all()
        for poll in self._wanted:
            if poll.task is None and (keys is None or poll.key in keys):
                poll.due_mono = max(now, poll.sent_mono + MIN_GAP_S)
                poll.priority = Priority.FRESH
        self._wake.set()

    def read_again(self, keys: Collection[Key[Any]]) -> None:
        """These are known to have changed: read them as soon as `MIN_GAP_S` allows, after a read that is under way too.
        What fails keeps its back-off."""
        now = self._clock.monotonic()
        for poll in self._wanted:
            if poll.key not in keys or poll.failure is not None:
                continue
            if poll.task is not None:
                poll.again = True
            else:
                poll.due_mono = max(now, poll.sent_mono + MIN_GAP_S)
                poll.priority = Priority.FRESH
        self._wake.set()

    # When it is read.

    async def run(self) -> None:
        """Poll until cancelled. Cancelling ends every read under way."""
        try:
            while True:
                self._wake.clear()
                wait_s = self._tick(self._clock.monotonic())
                self._publish_health()
                await self._sleep(min(TICK_CAP_S, max(TICK_FLOOR_S, wait_s)))
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _sleep(self, seconds: float) -> None:
        """Until the time has come or something happened."""
        sleeper = asyncio.ensure_future(self._clock.sleep(seconds))
        waker = asyncio.ensure_future(self._wake.wait())
        try:
            await asyncio.wait({sleeper, waker}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleeper.cancel()
            waker.cancel()

    def _tick(self, now: float) -> float:
        """Start every read whose time has come and that may be sent. Returns the seconds until the next may be."""
        for poll in self._wanted:
            if poll.task is not None and now - poll.sent_mono > READ_LIMIT_S and not poll.given_up:
                poll.given_up = True
                poll.task.cancel()
        self._waiting = 0
        if self._gate.closed:
            return self._tick_closed(now)
        wait_s = TICK_CAP_S
        due: list[Poll] = []
        for poll in self._wanted:
            if poll.task is None:
                if poll.due_mono <= now:
                    due.append(poll)
                else:
                    wait_s = min(wait_s, poll.due_mono - now)
        due.sort(key=lambda poll: poll.order_at(now))
        if due and self._started % FAIR_TURN == 0:
            due.insert(0, min(due, key=lambda poll: poll.due_mono))
        running = sum(poll.task is not None for poll in self._wanted)
        for poll in due:
            if poll.task is not None or running >= self._lanes(poll):
                continue  # a read that ends wakes the scheduler
            priority = poll.errand_at(now)
            budget_s = self._limiter.wait_s(priority, now)
            if budget_s > 0:
                self._waiting += priority not in (Priority.BULK, Priority.BACKGROUND)
                wait_s = min(wait_s, budget_s)
                continue
            self._start(poll, now, probe=False)
            running += 1
        return wait_s

    def _tick_closed(self, now: float) -> float:
        if self._probe is not None and not self._probe.done():
            return TICK_CAP_S
        wait_s = self._gate.probe_in_s(now)
        if wait_s > 0:
            return wait_s
        if self._gate.asks_credentials:
            self._gate.note_probe(now)
            self._limiter.take(now)
            self._probe = self._spawn(self._check_credentials(), "check credentials")
            return TICK_CAP_S
        # The least recently tried goes first: an endpoint that stays broken must not be the only one asked whether
        # the API is back.
        idle = [poll for poll in self._wanted if poll.task is None]
        if idle:
            self._gate.note_probe(now)
            poll = min(idle, key=lambda poll: poll.sent_mono)
            self._start(poll, now, probe=True)
            self._probe = poll.task
        return TICK_CAP_S

    def _lanes(self, poll: Poll) -> int:
        """How many reads may be under way for one more of this sort to begin."""
        if not self._gate.proved:
            # Until the credentials are known to be good, many reads would only be refused many times.
            return min(self._concurrency, 2)
        if poll.pace is Pace.HIDDEN or poll.priority is Priority.BULK:
            # A slow service must not be kept busy with what nobody sees.
            return max(1, self._concurrency - 2)
        return self._concurrency

    def _start(self, poll: Poll, now: float, *, probe: bool) -> None:
        self._limiter.take(now)
        self._started += 1
        poll.sent_mono = now
        if poll.chained == 0:
            poll.turn_mono = now
        poll.given_up = False
        poll.task = self._spawn(self._read(poll, probe), f"read {poll.key.kind}")

    def _spawn(self, body: Any, name: str) -> asyncio.Task[None]:
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(body, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    # What comes of it.

    async def _read(self, poll: Poll, probe: bool) -> None:
        try:
            try:
                answer = await poll.reader.read()
                if poll in self._wanted:  # else: a late answer that nobody wants any more
                    self._take(poll, answer)
            except asyncio.CancelledError:
                if not poll.given_up:
                    raise
                self._fail(poll, FailureKind.TIMEOUT, "No answer in two minutes: given up.", None, probe)
            except ApiError as error:
                self._fail(poll, error.kind, error.message, error.retry_after_s, probe)
            except Exception as error:  # a defect of ours must not end the polling: it becomes a failure one can see
                log.exception("reading %s failed", poll.key.kind)
                message = f"Internal error ({type(error).__name__}); see the log."
                self._fail(poll, FailureKind.INTERNAL, message, None, probe)
        finally:
            poll.task = None
            self._wake.set()

    def _take(self, poll: Poll, answer: Answer) -> None:
        now, mono = self._clock.now(), self._clock.monotonic()
        poll.failure = None
        poll.marked = False
        self._open_gate(mono)
        resource = self._store.get(poll.key)
        if answer.loading is not None:
            poll.loadings += 1
            poll.chained = 0
            poll.due_mono = mono + loading_s(poll.loadings)
            self._store.put(poll.key, resource.with_progress(Progress(answer.loading.fraction, mono)))
            return
        poll.loadings = 0
        if answer.value is not None:
            value = keep(resource.value, answer.value)
            newer = resource.with_value(value, at=now, mono=mono, as_of=answer.as_of, unreadable=answer.unreadable)
            self._store.put(poll.key, newer)
            self._wanted.note(poll.key, value)
            self._follow_up(poll.key, value, now, mono)
        elif resource.error is not None:
            self._store.put(poll.key, replace(resource, error=None))
        if answer.more is not None and (answer.more is Priority.BULK or poll.chained < CHAIN_LIMIT):
            poll.chained += 1
            poll.priority = answer.more
            poll.due_mono = mono
        else:
            poll.chained = 0
            poll.priority = Priority.ROUTINE
            value = self._store.get(poll.key).value
            due_mono = poll.turn_mono + interval_s(poll.key, poll.pace, value)
            poll.due_mono = max(mono + MIN_GAP_S, due_mono if answer.wait_s is None else mono + answer.wait_s)
            if poll.again:
                poll.again = False
                poll.due_mono = max(mono, poll.sent_mono + MIN_GAP_S)
                poll.priority = Priority.FRESH

    def _follow_up(self, key: Key[Any], value: Any, now: float, mono: float) -> None:
        if key.kind == "portfolio":
            self._accounts.note_holdings(key.project_id, value)
        elif key.kind == "detail":
            self._accounts.note_detail(value)
        if key != DEPLOYMENTS:
            return
        self._history.record(value, now, mono)
        another = self._accounts.follow(value)
        self._wanted.follow_accounts(self._accounts.any)
        if another:
            self.refresh([ACCOUNTS])
        names = self._store.get(PROJECTS).value
        listed = {deployment.project_id for deployment in value}
        self._sought &= listed
        if names is not None:
            unnamed = listed - {project.project_id for project in names} - self._sought
            if unnamed:
                # Once for each: a project that stays without a name is not a reason to list all of them for ever.
                self._sought |= unnamed
                self.refresh([PROJECTS])

    def _fail(self, poll: Poll, kind: FailureKind, message: str, retry_after_s: float | None, probe: bool) -> None:
        if poll not in self._wanted:
            return
        now, mono = self._clock.now(), self._clock.monotonic()
        resource = self._store.get(poll.key)
        attempts = 1 if poll.failure is None else poll.failure.attempts + 1
        interval = interval_s(poll.key, poll.pace, resource.value)
        poll.due_mono = mono + backoff_s(kind, attempts, interval, retry_after_s, self._luck.random())
        poll.failure = Failure(kind, message, now, mono, attempts, poll.due_mono)
        poll.priority = Priority.ROUTINE
        poll.chained = 0
        poll.loadings = 0
        poll.marked = False
        self._store.put(poll.key, resource.with_error(poll.failure))
        if kind in ANSWERED:
            self._open_gate(mono)
        elif self._gate.failed(poll.key, poll.failure, retry_after_s, probe):
            self._mark_all()
        elif self._gate.failure is not None:
            self._mark(poll, self._gate.failure)

    async def _check_credentials(self) -> None:
        try:
            await self._api.authenticate()
        except ApiError as error:
            # The API has nothing else to reject here than the credentials.
            kind = FailureKind.AUTH if error.kind in ANSWERED else error.kind
            now, mono = self._clock.now(), self._clock.monotonic()
            self._gate.failed(None, Failure(kind, error.message, now, mono), error.retry_after_s, probe=True)
            self._mark_all()
        except Exception as error:  # as in `_read`: never the end of the polling
            log.exception("checking the credentials failed")
            now, mono = self._clock.now(), self._clock.monotonic()
            message = f"Internal error ({type(error).__name__}); see the log."
            self._gate.failed(None, Failure(FailureKind.INTERNAL, message, now, mono), None, probe=True)
            self._mark_all()
        else:
            self._open_gate(self._clock.monotonic())
        finally:
            self._wake.set()

    def _open_gate(self, mono: float) -> None:
        """The API answers. What waited for that is read now, all of it."""
        suspicion = self._gate.failure is None
        if not self._gate.succeeded() or suspicion:
            return  # after a mere suspicion nothing was marked, and the one that was refused keeps its long back-off
        for poll in self._wanted:
            if poll.task is not None:
                continue
            resource = self._store.get(poll.key)
            if poll.marked and poll.failure is None and resource.value is not None and poll.due_mono > mono:
                self._store.put(poll.key, replace(resource, error=None))
            else:
                poll.due_mono = max(mono, poll.sent_mono + MIN_GAP_S)
                poll.priority = Priority.FRESH
            poll.marked = False

    def _mark_all(self) -> None:
        """Say on every resource that the API does not answer, and when it will be asked next."""
        if self._gate.failure is not None:
            for poll in self._wanted:
                if poll.task is None or poll.marked or poll.failure is not None:
                    self._mark(poll, self._gate.failure)

    def _mark(self, poll: Poll, failure: Failure) -> None:
        poll.marked = True
        resource = self._store.get(poll.key)
        if resource.error != failure:
            self._store.put(poll.key, resource.with_error(failure))

    def _publish_health(self) -> None:
        failure, state = self._gate.failure, LinkState.CONNECTING
        next_try_mono = None if failure is None else failure.next_try_mono
        if failure is not None:
            limited = failure.kind is FailureKind.RATE_LIMITED
            state = LinkState.DEGRADED if limited else LinkState.DOWN
            state = LinkState.AUTH if failure.kind.refuses_credentials else state
        else:
            failing = [
                poll.failure for poll in self._wanted if poll.failure is not None and poll.failure.kind not in ANSWERED
            ]
            failure = max(failing, key=lambda each: each.mono, default=None)
            if failure is not None:
                state = LinkState.DEGRADED
            elif self._gate.proved:
                state = LinkState.OK
        used = self._limiter.used(self._clock.monotonic())
        self._health.publish(state, failure, next_try_mono, used, self._waiting)
