"""The poller: one scheduler that reads every subscribed resource when it is due, within the budget.

Everything here runs on one event loop and never raises for a failing API: a failure is stored beside the last good
value, with the time of the next try, and the polling goes on for as long as the program does.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Collection, Coroutine, Sequence
from typing import Any

from qctui.api.ports import ApiError, ReadApi
from qctui.clock import Clock, first_of
from qctui.engine.accounts import Accounts
from qctui.engine.circuit_breaker import ANSWERED, CircuitBreaker
from qctui.engine.engine_port import Subscription, Visibility
from qctui.engine.health import Health
from qctui.engine.polls import Poll, Polls
from qctui.engine.rate_limiter import UNHURRIED, Priority, RateLimiter
from qctui.engine.readers import Answer, ReaderSet, keep
from qctui.engine.schedule import CONCURRENCY, PollSettings, backoff_s, interval_s, loading_s
from qctui.model.account import ACCOUNTS
from qctui.model.deployment import Deployment
from qctui.model.keys import DEPLOYMENTS, PROJECTS, Key, portfolio_key
from qctui.model.resource import Failure, FailureKind, Progress
from qctui.store import Store
from qctui.value import replace

log = logging.getLogger(__name__)

FAIR_TURN = 5
"""Every fifth read is of what has been due for longest, wherever it is on screen: so nothing starves for ever behind a
screen that asks for more than the budget allows."""

SOONEST_S = 5.0
"""However often other processes have read what fails here: it is not read again for that within this time."""

TICK_CAP_S = 15.0
"""The longest the scheduler sleeps. Sleeping follows a clock that stands still while the machine is suspended; due
times do not."""

TICK_FLOOR_S = 0.01
"""The shortest: a time that is due in less than a rounding error must not become a busy loop."""


class Poller:
    """The scheduler. `subscribe` and `refresh` are called on its loop; `run` is its life."""

    def __init__(
        self,
        api: ReadApi,
        store: Store,
        clock: Clock,
        health: Health,
        settings: PollSettings,
        jitter: random.Random | None = None,
    ) -> None:
        self._api = api
        self._store = store
        self._clock = clock
        self._health = health
        self._jitter = jitter or random.Random()
        self.limiter = RateLimiter(settings.reads_per_minute)
        """How many reads are made: a budget that the processes of one account share."""
        self._breaker = CircuitBreaker(self._jitter)
        self.accounts = Accounts(api, store, clock, settings.blind_patterns)
        self.pulses = self.accounts.pulses
        self._polls = Polls(ReaderSet(api, store, clock, self.accounts), store, clock)
        self._tasks: set[asyncio.Task[None]] = set()
        self._probe: asyncio.Task[None] | None = None
        self._portfolios: frozenset[Key[Any]] = frozenset()
        """Read for what liquidations of other processes may have left."""
        self._hurried_mono = float("-inf")
        """When the list was last read because another process had."""
        self._wake = asyncio.Event()
        self._waiting = 0
        self._started = 1
        """Reads sent so far, for the turns of those that have waited longest."""
        self._sought: set[int] = set()
        """Project ids without a name for which the projects have been read again already."""

    # What is read.

    def subscribe(self, subscriptions: Sequence[Subscription]) -> None:
        """Read exactly these, besides what is always read. Reads of anything else end here."""
        self.accounts.opened = {each.key.project_id for each in subscriptions if each.key.kind == "detail"}
        self.accounts.polled = {(each.key.kind, each.key.project_id) for each in subscriptions}
        begun = self._polls.change(subscriptions)
        if self._breaker.failure is not None:
            self._polls.show_outage(self._breaker.failure, begun)
        self._wake.set()

    def refresh(self, keys: Sequence[Key[Any]] | None = None) -> None:
        """Read these (None: all) as soon as `MIN_GAP_S` allows. One that is being read is not read again."""
        now = self._clock.monotonic()
        self._breaker.hasten(now)
        self._show_outage()
        for poll in self._polls:
            if poll.task is None and (keys is None or poll.key in keys):
                poll.read_soon(now)
        self._wake.set()

    def note_listed_elsewhere(self, mono: float) -> None:
        """Another process of this machine read the live list at `mono`. What failed here before that is tried now, not
        when its back-off is over: alerts wait for it. Not where this process was asked to wait, or its credentials are
        refused."""
        now = self._clock.monotonic()
        failure = self._breaker.failure or next((each.failure for each in self._polls if each.key == DEPLOYMENTS), None)
        if (
            failure is not None
            and failure.kind is not FailureKind.RATE_LIMITED
            and not failure.kind.refuses_credentials
            and failure.mono < mono
            and now - self._hurried_mono >= SOONEST_S
        ):
            self._hurried_mono = now
            self.refresh([DEPLOYMENTS])

    def read_again(self, keys: Collection[Key[Any]]) -> None:
        """These are known to have changed: read them as soon as `MIN_GAP_S` allows, after a read that is under way too.
        What fails keeps its back-off."""
        now = self._clock.monotonic()
        for poll in self._polls:
            if poll.key not in keys or poll.failure is not None:
                continue
            if poll.task is not None:
                poll.outdated = True
            else:
                poll.read_soon(now)
        self._wake.set()

    def follow_portfolios(self, keys: frozenset[Key[Any]]) -> None:
        """Read these whatever is on screen, and none of those that were asked for before."""
        for key in self._portfolios ^ keys:
            self._polls.follow(key, Visibility.VISIBLE, wanted=key in keys)
        self._portfolios = keys
        self._wake.set()

    # When it is read.

    async def run(self) -> None:
        """Poll until cancelled. Cancelling ends every read under way."""
        try:
            while True:
                self._wake.clear()
                wait_s = self._tick(self._clock.monotonic())
                failing = [each.failure for each in self._polls if each.failure and each.failure.kind not in ANSWERED]
                used = self.limiter.used(self._clock.monotonic())
                self._health.publish(self._breaker, failing, used, self._waiting, self.limiter.per_minute)
                woken = asyncio.ensure_future(self._wake.wait())
                try:
                    await first_of(self._clock, min(TICK_CAP_S, max(TICK_FLOOR_S, wait_s)), woken)
                finally:
                    woken.cancel()
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _tick(self, now: float) -> float:
        """Start every read whose time has come and that may be sent. Returns the seconds until the next may be."""
        self._polls.give_up_hanging(now)
        self.pulses.judge_in_time()
        self._waiting = 0
        if self._breaker.tripped:
            return self._tick_tripped(now)
        due, next_due_s = self._polls.due(now)
        wait_s = min(TICK_CAP_S, next_due_s)
        if due and self._started % FAIR_TURN == 0:
            due.insert(0, min(due, key=lambda poll: poll.due_mono))
        running = sum(poll.task is not None for poll in self._polls)
        for poll in due:
            if poll.task is not None or running >= self._lanes(poll):
                continue  # a read that ends wakes the scheduler
            priority = poll.priority_at(now)
            budget_s = min(self.limiter.wait_s(priority, now), poll.free_in_s(now))
            if budget_s > 0:
                self._waiting += priority not in UNHURRIED
                wait_s = min(wait_s, budget_s)
                continue
            self._start(poll, now, probe=False)
            running += 1
        return wait_s

    def _tick_tripped(self, now: float) -> float:
        """Send the probe if it is due and none is under way."""
        if self._probe is not None and not self._probe.done():
            return TICK_CAP_S
        wait_s = self._breaker.probe_in_s(now)
        if wait_s > 0:
            return wait_s
        if self._breaker.asks_credentials:
            self._breaker.note_probe(now)
            self.limiter.take(now)
            self._probe = self._spawn(self._check_credentials(), "check credentials")
            return TICK_CAP_S
        # The least recently tried goes first: an endpoint that stays broken must not be the only one asked whether
        # the API is back.
        idle = [poll for poll in self._polls if poll.task is None]
        if idle:
            self._breaker.note_probe(now)
            poll = min(idle, key=lambda poll: poll.sent_mono)
            self._start(poll, now, probe=True)
            self._probe = poll.task
        return TICK_CAP_S

    def _lanes(self, poll: Poll) -> int:
        """How many reads may be under way for one more of this sort to begin."""
        if not self._breaker.proved:
            # Until the credentials are known to be good, many reads would only be refused many times.
            return 2
        if poll.visibility is Visibility.HIDDEN or poll.priority is Priority.BULK:
            # A slow service must not be kept busy with what is off screen.
            return CONCURRENCY - 2
        return CONCURRENCY

    def _start(self, poll: Poll, now: float, *, probe: bool) -> None:
        self.limiter.take(now)
        self._started += 1
        poll.note_sent(now)
        poll.task = self._spawn(self._read(poll, probe), f"read {poll.key.kind}")

    def _spawn(self, body: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(body, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    # What comes of it.

    async def _read(self, poll: Poll, probe: bool) -> None:
        try:
            answer = await poll.reader.read()
            if poll in self._polls:  # else: a late answer to what is no longer subscribed
                self._take(poll, answer)
        except asyncio.CancelledError:
            if not poll.given_up:
                raise
            self._fail(poll, FailureKind.TIMEOUT, "No answer in two minutes: given up.", None, probe)
        except Exception as error:  # a defect of ours must not end the polling: it becomes a failure one can see
            self._fail(poll, *_facts_of(error, f"reading {poll.key.kind}"), probe)
        finally:
            poll.task = None
            self._wake.set()

    def _take(self, poll: Poll, answer: Answer) -> None:
        now, mono = self._clock.now(), self._clock.monotonic()
        poll.failure = None
        poll.shows_outage = False
        self._note_answer(mono)
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
            self._polls.note_value(poll.key, value)
            if poll.key.kind == "detail" and resource.value is not None and resource.value.is_followed_by(value):
                # A portfolio names no deployment: what was read of the one before is not shown of this one.
                held_key = portfolio_key(value.project_id)
                self._store.drop(held_key)
                self.read_again([held_key])
            self._follow_up(poll.key, value)
        elif resource.error is not None:
            self._store.put(poll.key, replace(resource, error=None))
        if answer.value is None and answer.more is None:
            self.pulses.note(poll.key, None)
        poll.plan_next(answer, self._store.get(poll.key).value, mono)

    def _follow_up(self, key: Key[Any], value: Any) -> None:
        """Read what a new value shows to be missing."""
        another = self.accounts.note(key, value)
        if key == DEPLOYMENTS:
            # Behind the pages of what is opened, though its rows are on screen; while nothing runs there is nothing to
            # ask for.
            self._polls.follow(ACCOUNTS, Visibility.HIDDEN, wanted=self.accounts.any)
            if another:
                self.refresh([ACCOUNTS])
            self._seek_names(value)

    def _seek_names(self, deployments: Sequence[Deployment]) -> None:
        """Read the projects again for a project that has no name yet, once for each: one that stays without a name is
        no reason to list all of them for ever."""
        projects = self._store.get(PROJECTS).value
        listed = {deployment.project_id for deployment in deployments}
        self._sought &= listed
        if projects is not None:
            unnamed = listed - {project.project_id for project in projects} - self._sought
            if unnamed:
                self._sought |= unnamed
                self.refresh([PROJECTS])

    def _fail(self, poll: Poll, kind: FailureKind, message: str, retry_after_s: float | None, probe: bool) -> None:
        if poll not in self._polls:
            return
        now, mono = self._clock.now(), self._clock.monotonic()
        resource = self._store.get(poll.key)
        attempts = 1 if poll.failure is None else poll.failure.attempts + 1
        interval = interval_s(poll.key, poll.visibility, resource.value)
        poll.due_mono = mono + backoff_s(kind, attempts, interval, retry_after_s, self._jitter.random())
        poll.failure = Failure(kind, message, now, mono, attempts, poll.due_mono)
        poll.priority = Priority.ROUTINE
        poll.chained = 0
        poll.loadings = 0
        poll.shows_outage = False
        self._store.put(poll.key, resource.with_error(poll.failure))
        if kind in ANSWERED:
            self._note_answer(mono)
        elif self._breaker.failed(poll.key, poll.failure, retry_after_s, probe):
            self._show_outage()
        elif self._breaker.failure is not None:
            self._polls.show_outage(self._breaker.failure, [poll])
        elif self._breaker.needs_witness:
            others = [each for each in self._polls if each.task is None and each.failure is None]
            if others:
                min(others, key=lambda each: each.sent_mono).read_soon(mono)

    async def _check_credentials(self) -> None:
        """The probe while the credentials are in doubt."""
        try:
            await self._api.authenticate()
        except Exception as error:  # as in `_read`: never the end of the polling
            kind, message, retry_after_s = _facts_of(error, "checking the credentials")
            # The API has nothing else to reject here than the credentials.
            kind = FailureKind.AUTH if kind in ANSWERED else kind
            failure = Failure(kind, message, self._clock.now(), self._clock.monotonic())
            self._breaker.failed(None, failure, retry_after_s, probe=True)
            self._show_outage()
        else:
            self._note_answer(self._clock.monotonic())
        finally:
            self._wake.set()

    def _note_answer(self, mono: float) -> None:
        """The API answers. What waited for that is read now, all of it."""
        outage = self._breaker.failure is not None
        self._breaker.succeeded()
        # After a mere suspicion no resource shows it, and the one that was refused keeps its long back-off.
        if outage:
            self._polls.end_outage(mono)
            self.accounts.end_outage()
            self.read_again([ACCOUNTS])

    def _show_outage(self) -> None:
        if self._breaker.failure is not None:
            self._polls.show_outage(self._breaker.failure)


def _facts_of(error: Exception, doing: str) -> tuple[FailureKind, str, float | None]:
    """Kind, message and Retry-After of what a request raised. A defect of the program is logged."""
    if isinstance(error, ApiError):
        return error.kind, error.message, error.retry_after_s
    log.error("%s failed", doing, exc_info=error)
    return FailureKind.INTERNAL, f"Internal error ({type(error).__name__}); see the log.", None
