"""Charts that algorithms plot themselves: between them, every series type and marker there is."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache, partial

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
