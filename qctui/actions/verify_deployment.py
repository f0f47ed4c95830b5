"""Verification of liquidate and stop: STOPPED, and for a liquidation FLAT after it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from qctui.actions.book import Book
from qctui.actions.evidence import (
    CHECK_BROKERAGE,
    ReadState,
    is_same_deployment,
    liquidation_orders,
    shortfall,
    stopped_words,
    unfilled_words,
)
from qctui.actions.spec import ACTION_SPECS, Proof
from qctui.actions.verify import SNAPSHOT_S, STATUS_S, keep_looking, run_until_done, wait_for_deadline
from qctui.api.errors import ApiError
from qctui.api.ports import Loading, TriggerApi
from qctui.clock import Clock
from qctui.model.action import Rung, Target
from qctui.model.deployment import DeploymentDetail
from qctui.model.order import OrderPage

ORDERS_WINDOW = 100
"""Orders asked for at once (REFERENCE.md 6.7)."""

SURE_OF_ANOTHER = 2
"""Reads in a row that must name another deployment before ours counts as replaced: one may be a lagging replica."""


class DeploymentCheck:
    """Looks for STOPPED and, for a liquidation, FLAT.

    FLAT rests on three answers in this order: live/read shows ours stopped; then a portfolio read begins and shows no
    quantity; then live/read still names ours. Without the last one the flat portfolio could be a newer deployment's,
    because both endpoints tell of the project's most recent one (REFERENCE.md section 6).
    """

    def __init__(self, api: TriggerApi, clock: Clock, book: Book, action_id: str, target: Target) -> None:
        self._api = api
        self._clock = clock
        self._book = book
        self._id = action_id
        self._target = target
        self._deploy_id = target.deploy_id
        self._wants_flat = ACTION_SPECS[target.action].proof is Proof.FLAT
        self._status = target.status
        self._status_reads = ReadState()
        self._portfolio_reads = ReadState()
        self._orders_known = 0
        self._stopped = False
        self._others = 0
        self._done = asyncio.Event()
        self._looks: list[asyncio.Task[None]] = []
        self._portfolio_task: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """As in `Check`."""
        self._start(self._look_at_status, STATUS_S)
        if self._wants_flat:
            self._portfolio_task = self._start(partial(self._read_portfolio, after_stop=False), SNAPSHOT_S)
            self._start(self._read_orders, SNAPSHOT_S)
        deadline = wait_for_deadline(self._book, self._id, self._clock)
        await run_until_done(self._looks, deadline, self._done, self._give_up)

    def _start(self, look: Callable[[], Awaitable[None]], interval_s: float) -> asyncio.Task[None]:
        task = asyncio.ensure_future(keep_looking(look, self._clock, interval_s))
        self._looks.append(task)
        return task

    async def _look_at_status(self) -> None:
        await self._read_status()

    async def _read_status(self) -> bool:
        """Read live/read and draw the conclusions. Whether it told of our deployment."""
        try:
            detail = await self._api.fetch_detail(self._target.project_id)
        except ApiError as error:
            self._status_reads.failure = error.message
            self._book.warn(self._id, "status", f"live/read fails: {error.message}")
            return False
        self._status_reads.went_well(self._clock)
        if self._done.is_set():
            return False
        told = bool(detail.status) or detail.stopped_at is not None
        self._book.warn(self._id, "status", "" if told else "live/read tells no status")
        if not is_same_deployment(self._deploy_id, detail):
            self._see_another(detail)
            return False
        self._others = 0
        self._book.warn(self._id, "redeployed", "")
        self._deploy_id = self._deploy_id or detail.deploy_id
        self._status = detail.status
        if not detail.alive and not self._stopped:
            self._see_stopped(stopped_words(detail, self._clock))
        return told

    def _see_stopped(self, words: str) -> None:
        self._stopped = True
        self._step_once(Rung.STOPPED, words)
        if not self._wants_flat:
            self._finish(Rung.VERIFIED, words)
            return
        # A portfolio read that began before this proves nothing, and a slow one must not delay the one that does.
        if self._portfolio_task is not None:
            self._portfolio_task.cancel()
        self._portfolio_task = self._start(partial(self._read_portfolio, after_stop=True), SNAPSHOT_S)

    def _see_another(self, detail: DeploymentDetail) -> None:
        """The project's most recent deployment is not ours any more: what live/read and the portfolio tell from now on
        is about the other one."""
        now = f"{detail.deploy_id} ({detail.status or 'status unknown'})"
        self._book.warn(self._id, "redeployed", f"redeployed meanwhile: now {now}")
        self._others += 1
        if self._others < SURE_OF_ANOTHER:
            return
        self._stopped = True
        self._step_once(Rung.STOPPED, f"replaced by {now}: a project has one live deployment")
        if self._wants_flat:
            self._book.change(self._id, holdings=None, holdings_mono=None)
            words = f"redeployed: the portfolio is now that of {now}, the request may have hit it; {CHECK_BROKERAGE}"
            self._finish(Rung.UNVERIFIED, words)
        elif detail.alive:
            self._finish(Rung.UNVERIFIED, f"redeployed: {now} trades in its place")
        else:
            self._finish(Rung.VERIFIED, f"replaced by {now}, which has ended too")

    async def _read_portfolio(self, *, after_stop: bool) -> None:
        try:
            portfolio = await self._api.fetch_portfolio(self._target.project_id)
        except ApiError as error:
            self._miss_portfolio(error.message)
            return
        if self._others or self._done.is_set():
            return
        if not portfolio.tells:
            self._miss_portfolio("the answer is empty, which may mean anything")
            return
        self._portfolio_reads.went_well(self._clock)
        self._book.warn(self._id, "portfolio", "")
        holdings = portfolio.open_holdings
        self._book.change(self._id, holdings=holdings, holdings_mono=self._clock.monotonic())
        if after_stop and not holdings and await self._read_status() and not self._done.is_set():
            self._step_once(Rung.FLAT, "no holding with a quantity")
            unfilled = self._unfilled()
            self._finish(Rung.VERIFIED, "; ".join(filter(None, ("stopped and flat", unfilled, CHECK_BROKERAGE))))

    def _miss_portfolio(self, why: str) -> None:
        self._portfolio_reads.failure = why
        self._book.warn(self._id, "portfolio", f"the portfolio is unknown: {why}")

    async def _read_orders(self) -> None:
        """Read the newest orders: they are at the end of the list, whose length only an answer tells."""
        try:
            page = await self._orders_page()
            if page is not None and page.length is not None and page.length > self._orders_known + ORDERS_WINDOW // 2:
                self._orders_known = page.length
                page = await self._orders_page()
        except ApiError as error:
            self._book.warn(self._id, "orders", f"the orders can't be read: {error.message}")
            return
        self._book.warn(self._id, "orders", "")
        if page is None or self._done.is_set():
            return
        found = liquidation_orders(page.orders, self._deploy_id)
        if found:
            self._book.change(self._id, orders=found)

    async def _orders_page(self) -> OrderPage | None:
        """The window that ends somewhat after what is known to exist; None while the service prepares it."""
        start = max(0, self._orders_known - ORDERS_WINDOW // 2)
        page = await self._api.fetch_orders(self._target.project_id, start, start + ORDERS_WINDOW)
        return None if isinstance(page, Loading) else page

    def _unfilled(self) -> str:
        record = self._book.get(self._id)
        return unfilled_words(record.orders) if record is not None else ""

    def _step_once(self, rung: Rung, words: str) -> None:
        """A resumed action may have reached a rung before: the story tells it once."""
        record = self._book.get(self._id)
        if record is not None and all(step.rung is not rung for step in record.steps):
            self._book.step(self._id, rung, words)

    def _finish(self, rung: Rung, words: str) -> None:
        if rung is Rung.VERIFIED:
            for topic in ("status", "portfolio", "orders"):
                self._book.warn(self._id, topic, "")
        self._book.step(self._id, rung, words)
        self._done.set()

    def _give_up(self) -> None:
        record = self._book.get(self._id)
        if record is None:
            return
        words = shortfall(
            record,
            status=self._status,
            stopped=self._stopped,
            status_reads=self._status_reads,
            portfolio_reads=self._portfolio_reads,
            clock=self._clock,
        )
        self._book.step(self._id, Rung.UNVERIFIED, "; ".join(filter(None, (words, self._unfilled()))))
