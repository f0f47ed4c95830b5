"""The charts every deployment has: what a chart is made of, and each of their series as a function of time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from qctui.simulator.deployments import Deployment
from qctui.simulator.ledger import Position
from qctui.simulator.market import DAY_S, SECURITY_TYPES, SYMBOLS, Market

LINE, SCATTER, CANDLE, BAR, FLAG, STACKED_AREA, PIE, TREEMAP, HEATMAP, SCATTER_3D = 0, 1, 2, 3, 4, 5, 6, 7, 9, 10
"""Series type, REFERENCE.md 8.5."""

Values = Callable[[Deployment, Sequence[float]], list[float | None]]
Point = tuple[float, float | None, str | None]
Events = Callable[[Deployment, float, float], list[Point]]


@dataclass(frozen=True)
class SeriesPlan:
    """One series: either `values` on a grid of times, or `events` at times of their own."""

    name: str
    type: int
    unit: str = ""
    index: int = 0
    color: str = ""
    marker: str = "none"
    values: Values | None = None
    events: Events | None = None
    """Points between two times: time, value, tooltip."""
    last_only: bool = False
    """One point at the end of the window, as pies and treemaps have."""
    kept_long: bool = False
    """Kept for two years, one point a day, beyond the two days of full resolution (REFERENCE.md 6.3)."""
    least_step_s: float = 60.0
    """Its own sampling; a finer one is never served."""
    objects: bool = False
    """Points are objects with x and y, as scatter plots have them."""
    tooltip: str = ""
    z_index: int | None = None
    index_name: str | None = None


@dataclass(frozen=True)
class ChartPlan:
    """One chart of a deployment."""

    name: str
    series: tuple[SeriesPlan, ...]
    type: int = 0
    """0 overlay, 1 stacked (REFERENCE.md 8.4)."""


class StandardCharts:
    """The charts every deployment has, with their values."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self._peaks: dict[str, list[float]] = {}
        self._kept: dict[tuple[object, ...], list[float]] = {}

    def of(self, deployment: Deployment) -> list[ChartPlan]:
        """Return those of one deployment."""
        symbols = deployment.ledger.symbols
        kinds = sorted({symbol.security_type for symbol in symbols})
        exposure = [
            SeriesPlan(f"{SECURITY_TYPES[kind]} - {side} Ratio", LINE, values=partial(self._exposure, kind, sign))
            for kind in kinds
            for side, sign in (("Long", 1), ("Short", -1))
        ]
        return [
            ChartPlan(
                "Strategy Equity",
                (
                    SeriesPlan("Equity", CANDLE, "$", values=_equity, kept_long=True),
                    SeriesPlan("Return", BAR, "%", 1, values=_daily_return, kept_long=True, least_step_s=DAY_S),
                ),
            ),
            ChartPlan("Drawdown", (SeriesPlan("Equity Drawdown", LINE, "%", values=self._drawdown),)),
            ChartPlan("Benchmark", (SeriesPlan("Benchmark", LINE, "$", values=self.price("SPY"), kept_long=True),)),
            ChartPlan("Exposure", tuple(exposure)),
            ChartPlan(
                "Assets Sales Volume",
                tuple(
                    SeriesPlan(symbol.ticker, TREEMAP, "$", values=partial(_sales, symbol.ticker), last_only=True)
                    for symbol in symbols
                ),
            ),
            ChartPlan("Portfolio Turnover", (SeriesPlan("Portfolio Turnover", LINE, "%", events=_turnover),)),
            ChartPlan(
                "Portfolio Margin",
                tuple(
                    SeriesPlan(one.ticker, STACKED_AREA, "%", values=partial(self._margin, one.ticker))
                    for one in symbols
                ),
                type=1,
            ),
        ]

    def price(self, ticker: str) -> Values:
        """Return the price of a symbol as the values of a series."""
        return lambda deployment, times: list(self._market.prices(SYMBOLS[ticker], times))

    def _drawdown(self, deployment: Deployment, times: Sequence[float]) -> list[float | None]:
        equities = deployment.ledger.equities(times)
        peak = self._peak(deployment, times[0]) if times else 0.0
        values: list[float | None] = []
        for equity in equities:
            peak = max(peak, equity)
            values.append(round((equity / peak - 1.0) * 100.0, 4))
        return values

    def _peak(self, deployment: Deployment, before: float) -> float:
        """Return the highest equity before a time, as seen every four hours."""
        known = self._peaks.setdefault(deployment.deploy_id, [deployment.ledger.capital])
        steps = int(max(before - deployment.launched_at, 0.0) // 14_400)
        while len(known) <= steps:
            known.append(max(known[-1], deployment.ledger.equity(deployment.launched_at + len(known) * 14_400.0)))
        return known[steps]

    def _exposure(self, kind: int, sign: int, deployment: Deployment, times: Sequence[float]) -> list[float | None]:
        def side(position: Position) -> bool:
            return position.symbol.security_type == kind and position.quantity * sign > 0

        return [round(share, 4) for share in self._shares(deployment, times, side)]

    def _margin(self, ticker: str, deployment: Deployment, times: Sequence[float]) -> list[float | None]:
        shares = self._shares(deployment, times, lambda position: position.symbol.ticker == ticker)
        return [round(abs(share) * 100.0, 3) for share in shares]

    def _shares(
        self, deployment: Deployment, times: Sequence[float], counts: Callable[[Position], bool]
    ) -> list[float]:
        """Return the worth of the positions that count, as a share of equity, at ascending times."""
        equities = self._equities(deployment, times)
        shares: list[float] = []
        for epoch, first, last in deployment.ledger.spans(times):
            worth = [0.0] * (last - first)
            for position in filter(counts, epoch.positions):
                factor = position.quantity * position.symbol.conversion
                prices = self._market.prices(position.symbol, times[first:last])
                worth = [value + factor * price for value, price in zip(worth, prices, strict=True)]
            shares += [value / equity for value, equity in zip(worth, equities[first:last], strict=True)]
        return shares

    def _equities(self, deployment: Deployment, times: Sequence[float]) -> list[float]:
        """Return the equities, kept a little while: the series of one chart ask for the same times in turn."""
        key = (deployment.deploy_id, len(times), times[0], times[len(times) // 2], times[-1])
        found = self._kept.get(key)
        if found is None:
            if len(self._kept) > 400:
                self._kept.clear()
            found = self._kept[key] = deployment.ledger.equities(times)
        return found


def _equity(deployment: Deployment, times: Sequence[float]) -> list[float | None]:
    return list(deployment.ledger.equities(times))


def _daily_return(deployment: Deployment, times: Sequence[float]) -> list[float | None]:
    launched_at = deployment.launched_at
    befores = deployment.ledger.equities([max(at - DAY_S, launched_at) for at in times])
    nows = deployment.ledger.equities(times)
    return [round((now / before - 1.0) * 100.0, 4) for before, now in zip(befores, nows, strict=True)]


def _sales(ticker: str, deployment: Deployment, times: Sequence[float]) -> list[float | None]:
    trades = [trade for trade in deployment.ledger.trades(times[-1]) if trade.symbol.ticker == ticker]
    return [round(sum(trade.worth for trade in trades), 2)] * len(times)


def _turnover(deployment: Deployment, start: float, end: float) -> list[Point]:
    points: list[Point] = []
    for epoch in deployment.ledger.epochs(end):
        if start <= epoch.at <= end and epoch.trades:
            worth = sum(trade.worth for trade in epoch.trades)
            points.append((epoch.at, round(worth / epoch.equity * 100.0, 3), None))
    return points
