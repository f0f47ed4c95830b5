"""Charts that algorithms plot themselves: between them, every series type and marker there is."""

from __future__ import annotations

from collections.abc import Sequence

from qctui.simulator.charts import (
    BAR,
    FLAG,
    HEATMAP,
    LINE,
    PIE,
    SCATTER,
    SCATTER_3D,
    STACKED_AREA,
    ChartPlan,
    Events,
    Point,
    SeriesPlan,
    Values,
)
from qctui.simulator.deployments import Deployment
from qctui.simulator.market import DAY_S, is_open
from qctui.simulator.noise import Fractal, key_of, unit


def custom_charts(price: Values, lead: str) -> list[ChartPlan]:
    """Return the charts algorithms plot themselves; `lead` is the ticker whose price and trades are shown."""
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
        ChartPlan("Correlation", (SeriesPlan("Matrix", HEATMAP, values=_wave("matrix", 1.0), least_step_s=3600.0),)),
        ChartPlan(
            "Surface",
            (SeriesPlan("Volatility", SCATTER_3D, "%", values=_wave("vol", 12.0), objects=True, least_step_s=900.0),),
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
