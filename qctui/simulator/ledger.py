"""The ledger of one deployment: what it held, what it was worth and what it traded, as functions of time.

Positions change at rebalances only; between them equity is the last rebalance's equity plus what the prices did, so
holdings, cash, equity, orders and fees always balance.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from qctui.simulator.cast import Holding
from qctui.simulator.market import Market, Symbol, is_open
from qctui.simulator.noise import unit

FIRST_TRADE_S = 60.0
"""From the launch to the first rebalance."""


@dataclass
class Spells:
    """From when to when something lasts, oldest first; what has not ended lasts up to infinity."""

    known: list[tuple[float, float]] = field(default_factory=list)

    def switch(self, at: float, *, on: bool) -> None:
        """It begins now, or is over. What is so already stays."""
        lasts = bool(self.known) and self.known[-1][1] == math.inf
        if on and not lasts:
            self.known.append((at, math.inf))
        elif lasts and not on:
            self.known[-1] = self.known[-1][0], at

    def began_at(self, at: float) -> float | None:
        """Return since when it lasts at a time, None when it does not."""
        return next((start for start, end in self.known if start <= at < end), None)


@dataclass(frozen=True)
class Position:
    """A holding in one symbol."""

    symbol: Symbol
    quantity: float
    average_price: float


@dataclass(frozen=True)
class Trade:
    """One filled change of position."""

    at: float
    symbol: Symbol
    quantity: float
    price: float
    fee: float

    @property
    def worth(self) -> float:
        """What was traded, in account currency."""
        return abs(self.quantity) * self.price * self.symbol.conversion


@dataclass(frozen=True)
class Epoch:
    """What the deployment holds right after one rebalance."""

    at: float
    equity: float
    """After fees, in account currency."""
    positions: tuple[Position, ...]
    trades: tuple[Trade, ...]
    fees: float
    """Paid since launch."""
    volume: float
    """Traded since launch, in account currency."""


@dataclass(eq=False)
class Ledger:
    """A ledger from `launched_at` on, for one seed and one set of symbols, rebalanced at equal distances."""

    market: Market
    key: int
    symbols: tuple[Symbol, ...]
    launched_at: float
    rebalance_s: float
    capital: float
    shorts: bool
    starts_with: Sequence[Holding] = ()
    """Positions it has from its launch on, and keeps: nothing is rebalanced then."""

    def __post_init__(self) -> None:
        self.gone, self.quiet = Spells(), Spells()
        """When nothing can be traded: the brokerage is gone, or nothing at all is done."""
        self._moves: list[tuple[float, float]] = []
        """When equity moved by itself, and by how much."""
        self._epochs = [self._launch()]
        self._times = [self.launched_at]

    def _launch(self) -> Epoch:
        positions: list[Position] = []
        trades: list[Trade] = []
        at = self.launched_at
        for each in self.starts_with:
            symbol = next(one for one in self.symbols if one.ticker == each.ticker)
            price = self.market.price(symbol, at)
            positions.append(Position(symbol, each.quantity, each.average_price or price))
            trades.append(Trade(at, symbol, each.quantity, price, 0.0))
        return Epoch(at, self.capital, tuple(positions), tuple(trades), 0.0, sum(trade.worth for trade in trades))

    def move(self, at: float, percent: float) -> None:
        """Let equity go up or down by so much of itself, at a time not before any that was asked for."""
        self._moves.append((at, round(self.equity(at) * percent / 100.0, 2)))

    def epoch_at(self, at: float) -> Epoch:
        """Return the epoch of the last rebalance not after a time."""
        return self.epochs(at)[bisect_right(self._times, at) - 1] if at >= self.launched_at else self._epochs[0]

    def epochs(self, until: float) -> list[Epoch]:
        """Return the rebalances known, extended at least up to a time; the first is the launch, without positions."""
        first_at = self.launched_at + FIRST_TRADE_S if not self.starts_with else math.inf
        while (following := first_at + (len(self._epochs) - 1) * self.rebalance_s) <= until:
            self._epochs.append(self._rebalance(self._epochs[-1], following))
            self._times.append(following)
        return self._epochs

    def _rebalance(self, before: Epoch, at: float) -> Epoch:
        equity = self._equity_in(before, at)
        if self.gone.began_at(at) is not None or self.quiet.began_at(at) is not None:
            return Epoch(at, equity, before.positions, (), before.fees, before.volume)
        held = {position.symbol.ticker: position for position in before.positions}
        fees, volume = before.fees, before.volume
        positions: list[Position] = []
        trades: list[Trade] = []
        number = len(self._epochs)
        for order, symbol in enumerate(self.symbols):
            old = held.get(symbol.ticker)
            if not is_open(symbol.hours, at):
                if old:
                    positions.append(old)
                continue
            price = self.market.price(symbol, at)
            wanted = self._weight(number, order) * equity / (price * symbol.conversion)
            quantity = round(round(wanted / symbol.lot) * symbol.lot, 8)
            change = round(quantity - (old.quantity if old else 0.0), 8)
            # Small corrections are left alone, as a strategy minding its fees would.
            if abs(change) * price * symbol.conversion < 0.02 * equity and quantity != 0:
                if old:
                    positions.append(old)
                continue
            if change:
                worth = abs(change) * price * symbol.conversion
                fee = round(0.001 * worth if symbol.coin else max(1.0, 0.005 * abs(change)), 2)
                if symbol.security_type == 4:
                    fee = 2.0
                equity, fees, volume = equity - fee, fees + fee, volume + worth
                trades.append(Trade(at, symbol, change, price, fee))
            if quantity:
                positions.append(Position(symbol, quantity, _average(old, quantity, price)))
        return Epoch(at, equity, tuple(positions), tuple(trades), fees, volume)

    def _weight(self, number: int, order: int) -> float:
        """Return the wanted share of equity; kept over a few rebalances, so that not everything trades every time."""
        draw = unit(self.key, (number + order * 2) // 4 * 64 + order)
        share = 0.95 / len(self.symbols)
        if draw < 0.15:
            return 0.0
        if self.shorts and draw < 0.35:
            return -share * 0.6
        return share * (0.6 + 0.6 * draw)

    def _equity_in(self, epoch: Epoch, at: float) -> float:
        equity = epoch.equity + sum(amount for moved_at, amount in self._moves if epoch.at < moved_at <= at)
        for position in epoch.positions:
            symbol = position.symbol
            gain = self.market.price(symbol, at) - self.market.price(symbol, epoch.at)
            equity += position.quantity * gain * symbol.conversion
        return equity

    def equity(self, at: float) -> float:
        """Return the equity at a time, in account currency; the capital before the launch."""
        return self._equity_in(self.epoch_at(at), at) if at > self.launched_at else self.capital

    def spans(self, times: Sequence[float]) -> Iterator[tuple[Epoch, int, int]]:
        """Yield the epochs of ascending times, each with the half-open range of places it covers."""
        if not times:
            return
        epochs = self.epochs(times[-1])
        first = 0
        while first < len(times):
            number = bisect_right(self._times, times[first]) - 1
            last = len(times)
            if number + 1 < len(self._times):
                last = bisect_left(times, self._times[number + 1], first)
            yield epochs[max(number, 0)], first, last
            first = last

    def equities(self, times: Sequence[float]) -> list[float]:
        """Return the equity at ascending times, none before the launch."""
        values: list[float] = []
        # Of all times at once: an epoch may be shorter than the distance of two of them.
        run_of: dict[str, Sequence[float]] = {}
        for epoch, first, last in self.spans(times):
            span = times[first:last]
            total = [epoch.equity] * len(span)
            for position in epoch.positions:
                symbol = position.symbol
                factor = position.quantity * symbol.conversion
                base = self.market.price(symbol, epoch.at)
                if (run := run_of.get(symbol.ticker)) is None:
                    run = run_of[symbol.ticker] = self.market.prices(symbol, times)
                total = [value + factor * (price - base) for value, price in zip(total, run[first:last], strict=True)]
            for moved_at, amount in self._moves:
                if moved_at > epoch.at:
                    total = [value + amount * (at >= moved_at) for value, at in zip(total, span, strict=True)]
            values += total
        return values

    def trades(self, until: float) -> list[Trade]:
        """Return every trade up to a time, oldest first."""
        return [trade for epoch in self.epochs(until) if epoch.at <= until for trade in epoch.trades]


def _average(old: Position | None, quantity: float, price: float) -> float:
    if old is None or old.quantity * quantity <= 0:
        return price
    if abs(quantity) <= abs(old.quantity):
        return old.average_price
    added = quantity - old.quantity
    return round((old.average_price * old.quantity + price * added) / quantity, 6)
