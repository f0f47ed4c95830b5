"""The charts every deployment has, those that algorithms plot themselves, and their series as functions of time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

from qctui.simulator.deployments import Deployment
from qctui.simulator.ledger import Position
from qctui.simulator.market import DAY_S, SECURITY_TYPES, SYMBOLS, Market, is_open
from qctui.simulator.noise import Fractal, key_of, unit

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


def custom_charts(price: Values, lead: str) -> list[ChartPlan]:
    """Return the charts algorithms plot themselves: between them, every series type and marker there is.

    `lead` is the ticker whose price and trades are shown.
    """
    return [
        ChartPlan(
            "Signals",
            (
                SeriesPlan("Price", LINE, "$", color="#1F77B4", values=price, z_index=1),
                SeriesPlan(
                    "Buy",
                    SCATTER,
                    "$",
                    color="#00FF00",
                    marker="triangle",
                    events=partial(_trades, lead, 1),
                    objects=True,
                    tooltip="{SERIES_NAME}: {VALUE}",
                ),
                SeriesPlan(
                    "Sell",
                    SCATTER,
                    "$",
                    color="#FF0000",
                    marker="triangle-down",
                    events=partial(_trades, lead, -1),
                    objects=True,
                    index_name="Main",
                ),
            ),
        ),
        ChartPlan("Events", (SeriesPlan("Rebalance", FLAG, color="#FFBF00", events=_flags, objects=True),)),
        ChartPlan(
            "Allocation",
            (
                *(
                    SeriesPlan(name, STACKED_AREA, "%", values=partial(_share, number))
                    for number, name in enumerate(("Tech", "Energy", "Health"))
                ),
                *(
                    SeriesPlan(f"{name} mix", PIE, "", 1, values=partial(_share, number), last_only=True)
                    for number, name in enumerate(("Tech", "Energy", "Health"))
                ),
            ),
            type=1,
        ),
        ChartPlan(
            "Correlation",
            (SeriesPlan("Matrix", HEATMAP, values=partial(_wave, "matrix", 1.0, 0.0), least_step_s=3600.0),),
        ),
        ChartPlan(
            "Surface",
            (
                SeriesPlan(
                    "Volatility",
                    SCATTER_3D,
                    "%",
                    values=partial(_wave, "vol", 12.0, 0.0),
                    objects=True,
                    least_step_s=900.0,
                ),
            ),
        ),
        ChartPlan(
            "Regime",
            tuple(
                SeriesPlan(name, SCATTER, "", color=color, marker=marker, events=partial(_regime, number), objects=True)
                for number, (name, color, marker) in enumerate(
                    (
                        ("calm", "#2CA02C", "circle"),
                        ("trend", "#1F77B4", "square"),
                        ("stress", "#D62728", "diamond"),
                        ("unknown", "", "none"),
                    )
                )
            ),
        ),
        ChartPlan(
            "Spread",
            (
                SeriesPlan("Spread", LINE, "$", color="#9467BD", values=partial(_with_gaps, "spread", 2.4)),
                SeriesPlan("Upper", LINE, "$", values=partial(_wave, "upper", 0.2, 2.6)),
                SeriesPlan("Lower", LINE, "$", values=partial(_wave, "lower", 0.2, -2.6)),
                SeriesPlan("Z-Score", BAR, "", 1, values=partial(_with_gaps, "z", 1.7), least_step_s=300.0),
            ),
        ),
        ChartPlan(
            "Idle",
            (
                SeriesPlan("Never Plotted", LINE, "$", values=lambda deployment, times: [], last_only=True),
                SeriesPlan("Rare", LINE, "", values=partial(_wave, "rare", 5.0, 0.0), least_step_s=6 * 3600.0),
            ),
        ),
    ]


def _trades(ticker: str, sign: int, deployment: Deployment, start: float, end: float) -> list[Point]:
    found: list[Point] = []
    for number, trade in enumerate(deployment.ledger.trades(end), start=1):
        if trade.symbol.ticker == ticker and trade.at >= start and trade.quantity * sign > 0:
            # Now and then the algorithm plotted nothing: a null is a gap, not a zero.
            value = None if number % 11 == 5 else trade.price
            found.append((trade.at, value, f"order {number}" if value is not None else None))
    return found


def _flags(deployment: Deployment, start: float, end: float) -> list[Point]:
    return [
        (epoch.at, round(epoch.equity, 2), f"{len(epoch.trades)} trades")
        for epoch in deployment.ledger.epochs(end)
        if start <= epoch.at <= end and epoch.trades
    ]


def _regime(which: int, deployment: Deployment, start: float, end: float) -> list[Point]:
    key = key_of("regime", deployment.deploy_id)
    return [
        (hour * 3600.0, round(unit(key, hour) * 4.0, 3), None)
        for hour in range(int(start // 3600) + 1, int(end // 3600) + 1)
        if int(unit(key, 7_000_000 + hour) * 4) == which
    ]


@lru_cache(maxsize=1_000)
def _curve(name: str, deploy_id: str) -> Fractal:
    return Fractal(key_of(name, deploy_id), year_s=DAY_S, octaves=8)


def _wave(name: str, scale: float, level: float, deployment: Deployment, times: Sequence[float]) -> list[float | None]:
    return [round(level + scale * value, 4) for value in _curve(name, deployment.deploy_id).along(times)]


def _with_gaps(name: str, scale: float, deployment: Deployment, times: Sequence[float]) -> list[float | None]:
    key = key_of(name, "gaps", deployment.deploy_id)
    hours = deployment.ledger.symbols[0].hours
    return [
        value if is_open(hours, at) and unit(key, int(at // 900)) > 0.06 else None
        for at, value in zip(times, _wave(name, scale, 0.0, deployment, times), strict=True)
    ]


def _share(which: int, deployment: Deployment, times: Sequence[float]) -> list[float | None]:
    waves = [_wave(f"share {number}", 0.3, 1.0, deployment, times) for number in range(3)]
    columns = [[max(value or 0.0, 0.1) for value in wave] for wave in waves]
    return [round(share / sum(each) * 100.0, 3) for share, *each in zip(columns[which], *columns, strict=True)]
