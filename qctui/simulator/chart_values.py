"""What the charts of a deployment show: every series as a function of time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

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


class ChartSource:
    """Plans the charts of deployments and knows their values."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self._peaks: dict[str, list[float]] = {}
        self._kept: dict[tuple[object, ...], list[float]] = {}

    def charts(self, deployment: Deployment, custom: Sequence[str]) -> list[ChartPlan]:
        """Return the charts it reports: those every deployment has, then its own."""
        symbols = deployment.ledger.symbols
        kinds = sorted({symbol.security_type for symbol in symbols})
        exposure = [
            SeriesPlan(f"{SECURITY_TYPES[kind]} - {side} Ratio", LINE, values=self._exposure(kind, sign))
            for kind in kinds
            for side, sign in (("Long", 1), ("Short", -1))
        ]
        standard = [
            ChartPlan(
                "Strategy Equity",
                (
                    SeriesPlan("Equity", CANDLE, "$", values=_equity, kept_long=True),
                    SeriesPlan("Return", BAR, "%", 1, values=_daily_return, kept_long=True, least_step_s=DAY_S),
                ),
            ),
            ChartPlan("Drawdown", (SeriesPlan("Equity Drawdown", LINE, "%", values=self._drawdown),)),
            ChartPlan("Benchmark", (SeriesPlan("Benchmark", LINE, "$", values=self._benchmark, kept_long=True),)),
            ChartPlan("Exposure", tuple(exposure)),
            ChartPlan(
                "Assets Sales Volume",
                tuple(
                    SeriesPlan(symbol.ticker, TREEMAP, "$", values=_sales(symbol.ticker), last_only=True)
                    for symbol in symbols
                ),
            ),
            ChartPlan("Portfolio Turnover", (SeriesPlan("Portfolio Turnover", LINE, "%", events=_turnover),)),
            ChartPlan(
                "Portfolio Margin",
                tuple(SeriesPlan(one.ticker, STACKED_AREA, "%", values=self._margin(one.ticker)) for one in symbols),
                type=1,
            ),
        ]
        return standard + [plan for plan in self._custom(deployment) if plan.name in custom]

    def _custom(self, deployment: Deployment) -> list[ChartPlan]:
        lead = deployment.ledger.symbols[0].ticker
        return [
            ChartPlan(
                "Signals",
                (
                    SeriesPlan("Price", LINE, "$", color="#1F77B4", values=self._price(lead), z_index=1),
                    SeriesPlan(
                        "Buy",
                        SCATTER,
                        "$",
                        color="#00FF00",
                        marker="triangle",
                        events=_trades(lead, 1),
                        objects=True,
                        tooltip="{SERIES_NAME}: {VALUE}",
                    ),
                    SeriesPlan(
                        "Sell",
                        SCATTER,
                        "$",
                        color="#FF0000",
                        marker="triangle-down",
                        events=_trades(lead, -1),
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
                        SeriesPlan(name, STACKED_AREA, "%", values=_share(number))
                        for number, name in enumerate(("Tech", "Energy", "Health"))
                    ),
                    *(
                        SeriesPlan(f"{name} mix", PIE, "", 1, values=_share(number), last_only=True)
                        for number, name in enumerate(("Tech", "Energy", "Health"))
                    ),
                ),
                type=1,
            ),
            ChartPlan(
                "Correlation", (SeriesPlan("Matrix", HEATMAP, values=_wave("matrix", 1.0), least_step_s=3600.0),)
            ),
            ChartPlan(
                "Surface",
                (
                    SeriesPlan(
                        "Volatility", SCATTER_3D, "%", values=_wave("vol", 12.0), objects=True, least_step_s=900.0
                    ),
                ),
            ),
            ChartPlan(
                "Regime",
                tuple(
                    SeriesPlan(name, SCATTER, "", color=color, marker=marker, events=_regime(number), objects=True)
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
                    SeriesPlan("Spread", LINE, "$", color="#9467BD", values=_with_gaps("spread", 2.4)),
                    SeriesPlan("Upper", LINE, "$", values=_wave("upper", 0.2, 2.6)),
                    SeriesPlan("Lower", LINE, "$", values=_wave("lower", 0.2, -2.6)),
                    SeriesPlan("Z-Score", BAR, "", 1, values=_with_gaps("z", 1.7), least_step_s=300.0),
                ),
            ),
            ChartPlan(
                "Idle",
                (
                    SeriesPlan("Never Plotted", LINE, "$", values=lambda deployment, times: [], last_only=True),
                    SeriesPlan("Rare", LINE, "", values=_wave("rare", 5.0), least_step_s=6 * 3600.0),
                ),
            ),
        ]

    def _price(self, ticker: str) -> Values:
        def values(deployment: Deployment, times: Sequence[float]) -> list[float | None]:
            return list(self._market.prices(SYMBOLS[ticker], times))

        return values

    def _benchmark(self, deployment: Deployment, times: Sequence[float]) -> list[float | None]:
        return list(self._market.prices(SYMBOLS["SPY"], times))

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

    def _exposure(self, kind: int, sign: int) -> Values:
        def values(deployment: Deployment, times: Sequence[float]) -> list[float | None]:
            def side(position: Position) -> bool:
                return position.symbol.security_type == kind and position.quantity * sign > 0

            return [round(share, 4) for share in self._shares(deployment, times, side)]

        return values

    def _margin(self, ticker: str) -> Values:
        def values(deployment: Deployment, times: Sequence[float]) -> list[float | None]:
            shares = self._shares(deployment, times, lambda position: position.symbol.ticker == ticker)
            return [round(abs(share) * 100.0, 3) for share in shares]

        return values

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


def _sales(ticker: str) -> Values:
    def values(deployment: Deployment, times: Sequence[float]) -> list[float | None]:
        worth = [
            abs(trade.quantity) * trade.price * trade.symbol.conversion
            for trade in deployment.ledger.trades(times[-1])
            if trade.symbol.ticker == ticker
        ]
        return [round(sum(worth), 2)] * len(times)

    return values


def _turnover(deployment: Deployment, start: float, end: float) -> list[Point]:
    points: list[Point] = []
    for epoch in deployment.ledger.epochs(end):
        if start <= epoch.at <= end and epoch.trades:
            worth = sum(abs(trade.quantity) * trade.price * trade.symbol.conversion for trade in epoch.trades)
            points.append((epoch.at, round(worth / epoch.equity * 100.0, 3), None))
    return points


def _trades(ticker: str, sign: int) -> Events:
    def events(deployment: Deployment, start: float, end: float) -> list[Point]:
        found: list[Point] = []
        for number, trade in enumerate(deployment.ledger.trades(end), start=1):
            if trade.symbol.ticker == ticker and trade.at >= start and trade.quantity * sign > 0:
                # Now and then the algorithm plotted nothing: a null is a gap, not a zero.
                value = None if number % 11 == 5 else trade.price
                found.append((trade.at, value, f"order {number}" if value is not None else None))
        return found

    return events


def _flags(deployment: Deployment, start: float, end: float) -> list[Point]:
    return [
        (epoch.at, round(epoch.equity, 2), f"{len(epoch.trades)} trades")
        for epoch in deployment.ledger.epochs(end)
        if start <= epoch.at <= end and epoch.trades
    ]


def _regime(which: int) -> Events:
    def events(deployment: Deployment, start: float, end: float) -> list[Point]:
        key = key_of("regime", deployment.deploy_id)
        first = int(start // 3600) + 1
        return [
            (hour * 3600.0, round(unit(key, hour) * 4.0, 3), None)
            for hour in range(first, int(end // 3600) + 1)
            if int(unit(key, 7_000_000 + hour) * 4) == which
        ]

    return events


def _wave(name: str, scale: float, level: float = 0.0) -> Values:
    curves: dict[str, Fractal] = {}

    def values(deployment: Deployment, times: Sequence[float]) -> list[float | None]:
        curve = curves.get(deployment.deploy_id)
        if curve is None:
            curve = curves[deployment.deploy_id] = Fractal(key_of(name, deployment.deploy_id), year_s=DAY_S, octaves=8)
        return [round(level + scale * value, 4) for value in curve.along(times)]

    return values


def _with_gaps(name: str, scale: float) -> Values:
    wave = _wave(name, scale)

    def values(deployment: Deployment, times: Sequence[float]) -> list[float | None]:
        key = key_of(name, "gaps", deployment.deploy_id)
        hours = deployment.ledger.symbols[0].hours
        return [
            value if is_open(hours, at) and unit(key, int(at // 900)) > 0.06 else None
            for at, value in zip(times, wave(deployment, times), strict=True)
        ]

    return values


def _share(which: int) -> Values:
    waves = [_wave(f"share {number}", 0.3, 1.0) for number in range(3)]

    def values(deployment: Deployment, times: Sequence[float]) -> list[float | None]:
        columns = [[max(value or 0.0, 0.1) for value in wave(deployment, times)] for wave in waves]
        return [
            round(columns[which][place] / sum(column[place] for column in columns) * 100.0, 3)
            for place in range(len(times))
        ]

    return values
