"""One deployment of a project: its life from launch to flat, moved by its own fate and by triggers."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from qctui.simulator.cast import ProjectPlan
from qctui.simulator.config import Lags
from qctui.simulator.ledger import Epoch, Ledger, Position
from qctui.simulator.market import Symbol, is_open, next_open_at, time_of, trading_time

STARTING = (("InQueue", 3.0), ("LoggingIn", 6.0), ("Initializing", 14.0), ("History", 20.0))
"""States before Running, each with the age in seconds at which it ends (REFERENCE.md 8.1)."""
FILL_AFTER_OPEN_S = 5.0
"""From a market's opening to the fills of the orders that waited for it."""
TAG_LIQUIDATED = "Liquidated"
REFUSED_EVERY_S = 900.0
"""While the brokerage is gone an order is tried, and refused, this often."""
DISCONNECTED = "Orders cannot be submitted when disconnected"
"""What its brokerage is known to say then (REFERENCE.md 6.9)."""


@dataclass
class Liquidation:
    """A liquidation that was accepted. Times are Unix seconds; None is never."""

    orders_at: float | None
    """When its orders are placed. Until then a stop replaces it (REFERENCE.md 7.1)."""
    stopped_at: float | None
    flat_at: float | None
    market_on_open: bool = False
    """Its orders wait for a market that is closed."""


@dataclass
class Deployment:
    """One deployment. What it is at a time follows from its plan and from the triggers it got."""

    plan: ProjectPlan
    """The plan of its project."""
    deploy_id: str
    launched_at: float
    ledger: Ledger
    lags: Lags
    ends_at: float | None = None
    """When it ends by itself, if it does."""
    ends_as: str = "Stopped"
    message: str = ""
    """What `live/read` says once it has ended by itself."""
    starting: bool = True
    """Whether it passes through the states before Running."""
    stuck_status: str | None = None
    """A status it shows for as long as it is alive, for statuses that stand in no list."""
    liquidation: Liquidation | None = None
    stop_accepted_at: float | None = None
    stop_stopped_at: float | None = None
    keeps_positions: bool = False
    """Positions stay although a liquidation was accepted."""
    said: list[tuple[float, str]] = field(default_factory=list)
    """Lines that it was made to write into its log, and when."""
    insight_total: int | None = None
    """Insights it has at the world's start, when that was chosen."""

    def end(self, at: float, status: str = "Stopped", message: str = "") -> None:
        """End it by itself at a time, with a status and a message."""
        self.ends_at, self.ends_as, self.message = at, status, message

    @property
    def hours(self) -> str:
        """When it does anything: while a market of anything it trades is open, as `Symbol.hours` says it."""
        hours = {symbol.hours for symbol in self.ledger.symbols}
        return next(each for each in ("always", "fx", "us") if each in hours)

    def acts_at(self, at: float) -> bool:
        """Say whether it does anything at a time: not while all its markets are closed, not while it is quiet."""
        return is_open(self.hours, at) and self.ledger.quiet.began_at(at) is None

    def active_s(self, at: float) -> float:
        """Return how many seconds in which it acts lie before a time."""
        hours, active_s = self.hours, trading_time(self.hours, at)
        for start, end in self.ledger.quiet.known:
            active_s -= max(0.0, trading_time(hours, min(at, end)) - trading_time(hours, start))
        return active_s

    def active_at(self, active_s: float) -> float:
        """Return when so many seconds in which it acts lie before: `active_s`, the other way round."""
        hours = self.hours
        for start, end in self.ledger.quiet.known:
            if active_s < trading_time(hours, start):
                break
            active_s += trading_time(hours, end) - trading_time(hours, start) if end < math.inf else math.inf
        return time_of(hours, active_s) if active_s < math.inf else math.inf

    def refused(self, after: float, until: float) -> list[float]:
        """Return when orders were refused, later than `after` and not after `until`: the brokerage was gone."""
        times: list[float] = []
        for start, end in self.ledger.gone.known:
            at = start + 1.0
            while at <= until and at < end:
                if at > after and self.acts_at(at):
                    times.append(at)
                at += REFUSED_EVERY_S
        return times

    def stopped_at(self) -> float | None:
        """Return when it stops or stopped, as far as is decided."""
        ends = [self.ends_at, self.stop_stopped_at, self.liquidation.stopped_at if self.liquidation else None]
        return min((end for end in ends if end is not None), default=None)

    def ended_at(self, at: float) -> float | None:
        """Return when it stopped, None while it has not."""
        stopped = self.stopped_at()
        return stopped if stopped is not None and stopped <= at else None

    def alive(self, at: float) -> bool:
        """Say whether it runs, or is on its way to running, at a time."""
        return self.launched_at <= at and self.ended_at(at) is None

    def status(self, at: float) -> str:
        """Return the status `live/read` shows."""
        stopped = self.ended_at(at)
        if stopped is not None:
            if self.ends_at == stopped:
                return self.ends_as
            return "Stopped" if self.stop_stopped_at == stopped else "Liquidated"
        if self.stuck_status is not None:
            return self.stuck_status
        before = STARTING if self.starting else ()
        return next((status for status, until_s in before if at < self.launched_at + until_s), "Running")

    def message_at(self, at: float) -> str:
        """Return the message of its end, empty before."""
        return self.message if self.ends_at is not None and self.stopped_at() == self.ends_at <= at else ""

    def liquidate(self, at: float, *, stops: bool = True, flattens: bool = True, market_closed: bool = False) -> None:
        """Accept a liquidation. One that is under way goes on as it was; a stop not yet acted on is replaced."""
        if self.liquidation is not None:
            return
        if self.stop_accepted_at is not None:
            if at >= self.stop_accepted_at + self.lags.order_s:
                return
            self.stop_accepted_at = self.stop_stopped_at = None
        if not stops:
            self.liquidation = Liquidation(None, None, None)
            return
        lags = self.lags
        orders_at, stopped_at = at + min(lags.order_s, lags.stop_s), at + lags.stop_s
        flat_at = stopped_at + lags.flat_s if flattens and not market_closed else None
        self.keeps_positions = not flattens
        self.liquidation = Liquidation(orders_at, stopped_at, flat_at, market_on_open=market_closed)

    def stop(self, at: float, *, stops: bool = True) -> None:
        """Accept a stop. It replaces a liquidation whose orders are not placed yet; a later one it cannot touch."""
        if self.liquidation is not None:
            if self.liquidation.orders_at is not None and at >= self.liquidation.orders_at:
                return
            self.liquidation = None
        if self.stop_accepted_at is None:
            self.stop_accepted_at = at
            self.stop_stopped_at = at + self.lags.stop_s if stops else None

    def trading_until(self, at: float) -> float:
        """Return up to when it shows anything: now, or the end of the deployment, or since when it is quiet."""
        stopped = self.stopped_at()
        until = at if stopped is None else min(at, stopped)
        if self.liquidation is not None and self.liquidation.orders_at is not None:
            until = min(until, self.liquidation.orders_at)
        quiet_since = self.ledger.quiet.began_at(until)
        return max(until if quiet_since is None else quiet_since, self.launched_at)

    def epoch(self, at: float) -> Epoch:
        """Return the ledger as of the last rebalance before a time or before its end."""
        return self.ledger.epoch_at(self.trading_until(at))

    def equity(self, at: float) -> float:
        """Return its equity, in account currency; after its end, the last one."""
        return self.ledger.equity(self.trading_until(at))

    def flat_at(self, position: Position) -> float | None:
        """Return when a liquidation closes a position, None when it does not (or not yet decided)."""
        liquidation = self.liquidation
        if liquidation is None or liquidation.orders_at is None or self.keeps_positions:
            return None
        if self.is_cash(position.symbol):
            return None
        if liquidation.market_on_open:
            opens_at = next_open_at(position.symbol.hours, liquidation.orders_at)
            return None if opens_at <= liquidation.orders_at else opens_at + FILL_AFTER_OPEN_S
        return liquidation.flat_at

    def all_flat_at(self) -> float | None:
        """Return when its last position is closed, None while that is not decided."""
        stopped_at = self.stopped_at()
        closes = [] if stopped_at is None else [self.flat_at(position) for position in self.epoch(stopped_at).positions]
        known = [each for each in closes if each is not None]
        return max([stopped_at, *known]) if stopped_at is not None and len(known) == len(closes) else None

    def is_cash(self, symbol: Symbol) -> bool:
        """Say whether a symbol is crypto that is cash at its brokerage: a liquidation leaves it (REFERENCE.md 7.1)."""
        return bool(symbol.coin) and self.plan.brokerage == "CoinbaseBrokerage"

    def partial_fill(self, position: Position) -> tuple[float, float] | None:
        """Return when a liquidation has filled part of a position, and how much of it; None when it never fills."""
        closes_at, liquidation = self.flat_at(position), self.liquidation
        if closes_at is None or liquidation is None or liquidation.orders_at is None:
            return None
        lot = position.symbol.lot
        part = round(round(position.quantity * 0.4 / lot) * lot, 8)
        return liquidation.orders_at + 0.5 * (closes_at - liquidation.orders_at), part

    def open_positions(self, at: float) -> list[Position]:
        """Return the positions at a time, less what a liquidation has closed of them."""
        held: list[Position] = []
        for position in self.epoch(at).positions:
            closes_at, part = self.flat_at(position), self.partial_fill(position)
            if closes_at is None or part is None or at < part[0]:
                held.append(position)
            elif at < closes_at:
                held.append(replace(position, quantity=round(position.quantity - part[1], 8)))
        return held
