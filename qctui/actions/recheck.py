"""Reads the targets of an open dialog again and again, and keeps warm the connections that their triggers will use."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from functools import partial
from typing import Any

from qctui.actions.action_store import ALIVE, HOLDS, Sight
from qctui.actions.spec import OF_OPTIMIZATIONS, disarm_reason
from qctui.api.ports import REWARM_S, ApiError, TriggerApi
from qctui.clock import Clock
from qctui.model.action import Recheck, Target, recheck_key
from qctui.model.deployment import DeploymentDetail
from qctui.model.keys import Key, detail_key, portfolio_key
from qctui.model.portfolio import Portfolio
from qctui.model.resource import Failure, FailureKind, Resource
from qctui.store import Store
from qctui.value import replace

RECHECK_S = 2.0
"""Between reads of one target (DESIGN section 4)."""

AT_ONCE = 8
"""Reads under way at the same time: panic over many targets must leave the loop free for the triggers."""

SPARE_CONNECTIONS = 1
"""Kept warm beyond one per target, for one that the server closes."""

MOST_CONNECTIONS = 24
"""Kept warm at most."""

OF_ANOTHER = "what is read is another deployment's"
"""Why there is no newer portfolio of a target whose project has another deployment."""

_Update = Callable[[Target], None]
"""Puts what a read brought into the store."""

_Held = tuple[Portfolio | None, float | None]
"""A portfolio, and when it was received."""

_LOG = logging.getLogger(__name__)


class Rechecks:
    """The re-reads of one dialog at a time. Used on the loop; `newest` from any thread."""

    def __init__(self, api: TriggerApi, store: Store, clock: Clock, note_sight: Callable[[Sight, float], None]) -> None:
        """`note_sight` is told what a read showed that an action under way may take to be over, and when it was
        asked."""
        self._api = api
        self._store = store
        self._clock = clock
        self._note_sight = note_sight
        self._targets: tuple[Target, ...] = ()
        self._newest: dict[Key[Recheck], Recheck] = {}
        self._own: dict[Key[Recheck], _Held] = {}
        """The last portfolio that is known to be the target's: what named no deployment when it was received was
        followed by a look that found the target in place."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._round = 0

    def newest(self, target: Target) -> Recheck | None:
        """What the latest good re-read of this very capture showed, its dialog open or closed; None without one.

        The same deployment captured anew is judged anew: one answer that named another deployment, or none that runs,
        may have been a lagging replica's, and must not refuse whatever is asked from then on.
        """
        return self._newest.get(recheck_key(target)) if any(target is each for each in self._targets) else None

    def open(self, targets: Sequence[Target]) -> None:
        """Begin with these, in place of an earlier set."""
        self.close()
        for key in self._newest:
            self._store.drop(key)
        self._newest = {}
        self._targets = tuple(targets)
        self._spawn(self._keep_warm(min(len(targets) + SPARE_CONNECTIONS, MOST_CONNECTIONS)))
        status_slots, portfolio_slots = asyncio.Semaphore(AT_ONCE), asyncio.Semaphore(AT_ONCE)
        for target in targets:
            self._store.put(recheck_key(target), Resource[Recheck]())
            self._own[recheck_key(target)] = _confirmed_by_list(target)
            # Apart from each other: a portfolio that hangs must not hold back the news that the deployment has changed.
            if target.action in OF_OPTIMIZATIONS:
                self._spawn(self._keep_reading(target, self._read_optimization, status_slots))
            else:
                self._spawn(self._keep_reading(target, self._read_detail, status_slots))
                self._spawn(self._keep_reading(target, self._read_portfolio, portfolio_slots))

    def close(self) -> None:
        """Begin no more reads. Those under way end by themselves: cancelling a credential check would close a warm
        connection just when the trigger may want it."""
        self._round += 1

    async def aclose(self) -> None:
        """End everything now."""
        self.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _keep_warm(self, connections: int) -> None:
        """Apart from the reads: they go over connections of their own, so that no answer to one is ever taken for the
        trigger's. A check that hangs does not hold back the next."""
        round_ = self._round
        while round_ == self._round:
            self._spawn(self._api.warm(connections))
            await self._clock.sleep(REWARM_S)

    async def _keep_reading(
        self, target: Target, read: Callable[[Target], Awaitable[_Update]], slots: asyncio.Semaphore
    ) -> None:
        round_ = self._round
        while round_ == self._round:
            async with slots:
                if round_ != self._round:
                    return
                update = await self._attempt(target, read)
            if round_ != self._round:
                return
            update(target)
            if self._replaced(target):
                return  # it is out for good, and what would be read is another's
            await self._clock.sleep(RECHECK_S)

    async def _attempt(self, target: Target, read: Callable[[Target], Awaitable[_Update]]) -> _Update:
        try:
            return await read(target)
        except ApiError as error:
            return partial(self._put_failure, kind=error.kind, words=error.message)
        except Exception as error:  # a defect here must leave a dialog that says so, not one that looks fresh
            _LOG.exception("a re-read failed in an unforeseen way")
            return partial(self._put_failure, kind=FailureKind.INTERNAL, words=f"internal: {type(error).__name__}")

    async def _read_optimization(self, target: Target) -> _Update:
        optimization = await self._api.fetch_optimization(target.optimization_id)
        return partial(self._put, optimization=optimization, disarmed=disarm_reason(target, None, optimization))

    async def _read_detail(self, target: Target) -> _Update:
        asked_mono, held = self._clock.monotonic(), self._held(target)
        detail = await self._api.fetch_detail(target.project_id)
        if detail.alive:
            self._note_sight((ALIVE, detail.deploy_id), asked_mono)
        return partial(self._take_detail, detail=detail, held=held)

    async def _read_portfolio(self, target: Target) -> _Update:
        """A portfolio that fails leaves the last one and says so; it is not what arms or disarms a dialog."""
        asked_mono = self._clock.monotonic()
        try:
            portfolio = await self._api.fetch_portfolio(target.project_id)
        except ApiError as error:
            return partial(self._take_portfolio, portfolio_failure=error.message)
        if portfolio.open_holdings:
            self._note_sight((HOLDS, target.project_id), asked_mono)
        received_mono = self._clock.monotonic()
        return partial(self._take_portfolio, portfolio=portfolio, portfolio_mono=received_mono, portfolio_failure="")

    def _take_detail(self, target: Target, *, detail: DeploymentDetail, held: _Held) -> None:
        """`held` was known when this look was asked for. If it found the target in place, that is the target's: a
        portfolio names no deployment, and one that is received later may be another's by then."""
        disarmed = disarm_reason(target, detail, None)
        if disarmed:
            # Another deployment is live, or none. The next key must aim at what is known to be there, however long the
            # budget of the polling keeps the lists from being read again.
            now, mono = self._clock.now(), self._clock.monotonic()
            self._store.put_value(detail_key(target.project_id), detail, at=now, mono=mono)
        if target.deploy_id and detail.deploy_id not in ("", target.deploy_id):
            if disarmed:
                self._store.drop(portfolio_key(target.project_id))  # the next key must not aim with what this one held
            own, own_mono = self._own[recheck_key(target)]
            self._merge(
                target, another=True, disarmed=disarmed,
                portfolio=own, portfolio_mono=own_mono, portfolio_failure=OF_ANOTHER,
            )  # fmt: skip
            return
        if detail.deploy_id:
            self._own[recheck_key(target)] = held
        self._put(target, detail=detail, another=False, disarmed=disarmed)

    def _take_portfolio(self, target: Target, **facts: Any) -> None:
        newest = self._newest.get(recheck_key(target))
        if newest is None or not newest.another:
            self._merge(target, **facts)

    def _held(self, target: Target) -> _Held:
        """The newest portfolio, whosever it is."""
        newest = self._newest.get(recheck_key(target))
        if newest is not None and newest.portfolio is not None:
            return newest.portfolio, newest.portfolio_mono
        return target.portfolio.value, target.portfolio.fetched_mono

    def _replaced(self, target: Target) -> bool:
        newest = self._newest.get(recheck_key(target))
        return newest is not None and newest.another and bool(newest.disarmed)

    def _put(self, target: Target, **facts: Any) -> None:
        """A good look at the target itself: earlier failures of it are over."""
        key = recheck_key(target)
        self._newest[key] = recheck = replace(self._newest.get(key, Recheck()), **facts)
        self._store.put_value(key, recheck, at=self._clock.now(), mono=self._clock.monotonic())

    def _merge(self, target: Target, **facts: Any) -> None:
        """Facts beside it: how fresh the look at the target is stays as it was, and whether it failed, unless it was
        one that found another deployment."""
        key = recheck_key(target)
        self._newest[key] = recheck = replace(self._newest.get(key, Recheck()), **facts)
        known = self._store.get(key)
        self._store.put(key, replace(known, value=recheck, error=None if "another" in facts else known.error))

    def _put_failure(self, target: Target, *, kind: FailureKind, words: str) -> None:
        key = recheck_key(target)
        known: Resource[Recheck] = self._store.get(key)
        mono = self._clock.monotonic()
        attempts = known.error.attempts + 1 if known.error is not None else 1
        failure = Failure(kind, words, self._clock.now(), mono, attempts, mono + RECHECK_S)
        self._store.put(key, known.with_error(failure))


def _confirmed_by_list(target: Target) -> _Held:
    """The portfolio a target was captured with, if the list that was received after it still had the target."""
    held_mono, listed_mono = target.portfolio.fetched_mono, target.equity_mono
    confirmed = held_mono is not None and listed_mono is not None and held_mono <= listed_mono
    return (target.portfolio.value, held_mono) if confirmed else (None, None)
