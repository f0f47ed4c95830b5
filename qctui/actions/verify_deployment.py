"""Verification of liquidate and stop: STOPPED, for a liquidation FLAT after it, and VERIFIED when later looks agree."""

from __future__ import annotations

import asyncio

from msgspec import Struct

from qctui.actions.action_store import ALIVE, HOLDS, ActionStore
from qctui.actions.liquidation_orders import NewestOrders, liquidation_orders
from qctui.actions.observation import SILENT, Observation, Observed, observe
from qctui.actions.spec import LIQUIDATE
from qctui.actions.verify import AGREEING, MOST_AGREEING, SNAPSHOT_S, STATUS_S, Check
from qctui.actions.wording import CHECK_BROKERAGE, format_clock_time, format_holdings, shortfall, unfilled_words
from qctui.api.ports import ApiError, TriggerApi
from qctui.clock import Clock
from qctui.model.action import Rung, Target

SURE_OF_ANOTHER = 2
"""Looks in a row that must show another deployment before ours counts as replaced: one may be a lagging replica's."""

LATER_S = 1.0
"""Looks closer to each other than this are one: the same replica may have answered both."""

_REACHED_BY = (Rung.ACCEPTED, Rung.UNKNOWN)
"""What is left of a ladder whose evidence was withdrawn."""


class ReadState(Struct):
    """How one kind of read has gone."""

    good_at: float | None = None
    """Unix seconds of the last one that showed something."""
    failure: str = ""
    """Why the last one showed nothing; empty if it did."""

    def went_well(self, clock: Clock) -> None:
        """It showed something."""
        self.good_at = clock.now()
        self.failure = ""

    def failure_words(self, what: str, clock: Clock) -> str:
        """That it could not be read again, since when and why; empty if it could."""
        if not self.failure:
            return ""
        since = f"since {format_clock_time(self.good_at, clock.now())}" if self.good_at is not None else "at all"
        return f"{what} could not be re-read {since}: {self.failure}"


class DeploymentCheck(Check):
    """Looks for STOPPED and, for a liquidation, FLAT; then looks again before it says VERIFIED.

    FLAT rests on three answers in this order: a look shows ours stopped; then a portfolio read begins and shows no
    quantity; then another look still shows ours stopped. Without the last one the flat portfolio could be a newer
    deployment's, because the portfolio is that of the project's most recent one (REFERENCE.md section 6).

    A rung that later evidence contradicts is withdrawn: the ladder goes back to the one below, with the reason.
    """

    def __init__(
        self, api: TriggerApi, clock: Clock, action_store: ActionStore, action_id: str, target: Target
    ) -> None:
        super().__init__(api, clock, action_store, action_id, target)
        self._deploy_id = target.deploy_id
        self._must_be_flat = target.action == LIQUIDATE.id
        self._status = target.status
        self._status_reads = ReadState()
        self._portfolio_reads = ReadState()
        self._orders = NewestOrders(api, target.project_id)
        self._stopped_looks = 0.0
        """Looks in a row that showed ours stopped. One that needed a second witness, or had none, counts half."""
        self._counted_mono = 0.0
        """When the last of them was asked for."""
        self._flat_reads = 0
        """Portfolio reads in a row that were flat and followed by a look that showed ours stopped."""
        self._flat_mono = 0.0
        """When the last of them was asked for."""
        self._round = 0
        """Raised whenever those in a row begin anew."""
        self._others = 0
        """Looks in a row that showed another deployment in its place."""
        self._others_mono = 0.0
        """When the first of them was asked for."""
        self._launched_at: float | None = None
        """When ours was launched by the looks that showed it, Unix seconds."""
        record = action_store.get(action_id)
        self._there_at = record.confirmed_at if record is not None else None
        """When ours was launched, or had been, Unix seconds."""
        self._newer = ""
        """One that any look showed and that was launched later, in words; from then on the portfolio may be its."""
        self._looked = asyncio.Event()
        """Set by the first look: before it, it is not known whose portfolio the project's is."""
        self._portfolio_task: asyncio.Task[None] | None = None

    def _begin(self) -> None:
        self._keep_looking(self._look, lambda: STATUS_S)
        if self._must_be_flat:
            self._read_portfolios_anew()
            self._keep_looking(self._read_orders, lambda: SNAPSHOT_S)

    @property
    def _about(self) -> str:
        """What is contradicted: the deployment, whose id may never be told."""
        return self._deploy_id or self._id

    @property
    def _agreeing(self) -> int:
        return min(MOST_AGREEING, AGREEING + self._action_store.contradictions(self._about))

    def _stands(self, rung: Rung) -> bool:
        record = self._action_store.get(self._id)
        return record is not None and rung in record.standing

    # Whether it runs.

    async def _look(self) -> bool:
        """Observe once and draw the conclusions. Whether ours was seen stopped."""
        asked_mono = self._clock.monotonic()
        look = await observe(self._api, self._target.project_id, self._deploy_id, self._there_at)
        if look.state is Observed.ALIVE:
            self._action_store.note_sight((ALIVE, look.deploy_id), asked_mono)
        self._looked.set()
        self._warn("status", look.note)
        if look.state is Observed.UNKNOWN:
            self._status_reads.failure = "" if look.note == SILENT else look.note
            self._status = look.status
            return False
        self._status_reads.went_well(self._clock)
        if self._done.is_set():
            return False
        if look.state is Observed.REPLACED:
            self._see_another(look, asked_mono)
            return False
        self._others = 0
        if not self._newer:
            self._warn("redeployed", "")
        if look.launched_at is not None:
            self._there_at = self._launched_at = look.launched_at
        self._deploy_id = self._deploy_id or look.deploy_id
        self._status = look.status
        if look.state is Observed.ALIVE:
            self._see_alive(look)
            return False
        self._see_stopped(look, asked_mono)
        return True

    def _begin_anew(self) -> None:
        """What was seen of a stop so far counts no more: it has to be seen again, in a row."""
        self._stopped_looks, self._flat_reads = 0.0, 0
        self._round += 1

    def _see_alive(self, look: Observation) -> None:
        self._begin_anew()
        if self._stands(Rung.STOPPED):
            self._withdraw(Rung.STOPPED, f"{look.source} says {look.status or 'alive'} again")

    def _see_stopped(self, look: Observation, asked_mono: float) -> None:
        words = look.ended_words(self._clock)
        if self._stopped_looks and self._seen_alive_since(self._counted_mono):
            self._begin_anew()
        first = not self._stopped_looks
        if first or asked_mono - self._counted_mono >= LATER_S:
            self._counted_mono = asked_mono
            self._stopped_looks += 0.5 if look.note else 1.0
        if not self._stands(Rung.STOPPED):
            self._step(Rung.STOPPED, words)
        if self._must_be_flat:
            if first and self._portfolio_task is not asyncio.current_task():
                # A portfolio read that began before this proves nothing, and a slow one must not delay the one that
                # does.
                self._read_portfolios_anew()
        elif self._stopped_looks >= self._agreeing:
            self._finish(Rung.VERIFIED, words)

    def _seen_alive_since(self, mono: float) -> bool:
        """Another action or a dialog has seen ours alive between two of our looks."""
        return self._action_store.seen_since((ALIVE, self._deploy_id), mono)

    def _see_another(self, look: Observation, asked_mono: float) -> None:
        """The project's most recent deployment is not ours, or not any more: what live/read and the portfolio show is
        about the other one."""
        now = look.other_words
        known, lags = look.deploy_id in self._target.others, look.is_before(self._launched_at)
        said = f"{look.source} tells of {now}, not of ours" if known or lags else f"redeployed meanwhile: now {now}"
        self._warn("redeployed", said)
        self._begin_anew()
        if lags:
            return
        if not self._others or self._seen_alive_since(self._others_mono):
            self._others, self._others_mono = 0, asked_mono
        self._others += 1
        if look.newer:
            self._newer = now
            self._action_store.change(self._id, holdings=None, holdings_mono=None)
        if self._others < SURE_OF_ANOTHER:
            return
        if not self._stands(Rung.STOPPED):
            ended = "ended" if known else "replaced"
            self._step(Rung.STOPPED, f"{ended}: the project's deployment is {now}")
        if self._must_be_flat:
            self._action_store.change(self._id, holdings=None, holdings_mono=None)
            words = f"redeployed: the portfolio is now that of {now}, the request may have hit it"
            if known:
                words = f"the portfolio is that of {now}"
            self._finish(Rung.UNVERIFIED, f"{words}; {CHECK_BROKERAGE}")
        elif look.alive:
            self._finish(Rung.UNVERIFIED, f"redeployed: {now} trades in its place")
        else:
            self._finish(Rung.VERIFIED, f"replaced by {now}, which has ended too")

    # What is held.

    def _read_portfolios_anew(self) -> None:
        """Read now and every `SNAPSHOT_S`; sooner while one more flat read is all that VERIFIED waits for."""
        if self._portfolio_task is not None:
            self._portfolio_task.cancel()
        self._portfolio_task = self._keep_looking(
            self._read_portfolio, lambda: STATUS_S if self._stands(Rung.FLAT) else SNAPSHOT_S
        )

    async def _read_portfolio(self) -> None:
        stopped_since = self._round if self._stopped_looks else None
        asked_mono = self._clock.monotonic()
        try:
            portfolio = await self._api.fetch_portfolio(self._target.project_id)
        except ApiError as error:
            self._miss_portfolio(error.message)
            return
        await self._looked.wait()
        if self._others or self._newer or self._done.is_set():
            return
        if not portfolio.is_known:
            self._miss_portfolio("the answer is empty, which may mean anything")
            return
        self._portfolio_reads.went_well(self._clock)
        holdings = portfolio.open_holdings
        unreadable = format_holdings([holding for holding in holdings if holding.unreadable_quantity])
        self._warn("portfolio", f"not known to be flat: {unreadable}" if unreadable else "")
        self._action_store.change(self._id, holdings=holdings, holdings_mono=self._clock.monotonic())
        if holdings:
            self._action_store.note_sight((HOLDS, self._target.project_id), asked_mono)
            self._flat_reads = 0
            if self._stands(Rung.FLAT):
                self._withdraw(Rung.FLAT, f"a later portfolio shows {format_holdings(holdings)}")
        elif stopped_since is not None and await self._look() and stopped_since == self._round:
            self._see_flat(asked_mono)

    def _see_flat(self, asked_mono: float) -> None:
        if self._action_store.seen_since((HOLDS, self._target.project_id), self._flat_mono):
            self._flat_reads = 0  # another action or a dialog has seen holdings between two of our reads
        self._flat_mono = asked_mono
        self._flat_reads += 1
        if not self._stands(Rung.FLAT):
            self._step(Rung.FLAT, "no holding with a quantity")
        if self._flat_reads >= self._agreeing and self._stopped_looks >= self._agreeing:
            unfilled = self._unfilled()
            self._finish(Rung.VERIFIED, "; ".join(filter(None, ("stopped and flat", unfilled, CHECK_BROKERAGE))))

    def _miss_portfolio(self, why: str) -> None:
        self._portfolio_reads.failure = why
        self._warn("portfolio", f"the portfolio is unknown: {why}")

    # What the liquidation ordered.

    async def _read_orders(self) -> None:
        try:
            orders = await self._orders.read()
        except ApiError as error:
            self._warn("orders", f"the orders can't be read: {error.message}")
            return
        self._warn("orders", "")
        found = liquidation_orders(orders, self._deploy_id)
        if found and not self._done.is_set():
            self._action_store.change(self._id, orders=found)

    def _unfilled(self) -> str:
        record = self._action_store.get(self._id)
        return unfilled_words(record.orders) if record is not None else ""

    # What follows.

    def _withdraw(self, rung: Rung, why: str) -> None:
        """Take `rung` back, and what stands above it: the one below is reached again, which says so."""
        record = self._action_store.get(self._id)
        if record is None:
            return
        self._action_store.note_contradiction(self._about)
        below = record.standing[: record.standing.index(rung)]
        ground = next((each for each in reversed(below) if each in (*_REACHED_BY, Rung.STOPPED)), Rung.UNKNOWN)
        self._step(ground, f"{rung.value} withdrawn: {why}")

    def _finish(self, rung: Rung, words: str) -> None:
        if rung is Rung.VERIFIED:
            for topic in ("status", "portfolio", "orders"):
                self._warn(topic, "")
        super()._finish(rung, words)

    def _give_up(self) -> None:
        record = self._action_store.get(self._id)
        if record is None:
            return
        words = shortfall(
            record,
            status=self._status,
            stopped=self._stands(Rung.STOPPED),
            status_failure=self._status_reads.failure_words("the deployment", self._clock),
            portfolio_failure=f"the portfolio may be that of {self._newer}"
            if self._newer
            else self._portfolio_reads.failure_words("the portfolio", self._clock),
            mono=self._clock.monotonic(),
        )
        self._step(Rung.UNVERIFIED, "; ".join(filter(None, (words, self._unfilled()))))
