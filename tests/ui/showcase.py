"""What the pictures show: the scene of the tests as it is in use, with nothing in it that tests a renderer."""

from __future__ import annotations

import math

from qctui.model.action import ACTIONS, ActionRecord, Rung, Step, Target
from qctui.model.alert import ALERTS
from qctui.model.deployment import Deployment, LogPage
from qctui.model.insight import InsightLog
from qctui.model.keys import (
    DEPLOYMENTS,
    PROJECTS,
    detail_key,
    insights_key,
    logs_key,
    optimization_key,
    orders_key,
    portfolio_key,
)
from qctui.model.optimization import Run
from qctui.model.order import Order, OrderEvent
from qctui.model.portfolio import Cash, Holding, Portfolio
from qctui.model.pulse import PULSES
from qctui.value import replace
from tests.ui.alert_scene import alerts, ok, put_pulses
from tests.ui.detail_scene import (
    DEPLOY_ID,
    EARLIER_ID,
    OPTIMIZATION_ID,
    PROJECT,
    detail,
    fill_details,
    grid_optimization,
)
from tests.ui.scene import HOSTILE, NOW, StillEngine, deploy_id, deployments, insights, projects

_COINS = (("BTCUSDT", 70_412.5), ("ETHUSDT", 3_612.2), ("SOLUSDT", 186.4))
"""Perpetual futures: positions, where coins would be cash (REFERENCE.md 6.6)."""
_MODELS = ("EmaCrossAlphaModel", "RsiAlphaModel")
_TAGS = ("pullback", "", "breakout", "", "trend confirmed")


def portfolio() -> Portfolio:
    """Positions with a gain of 607.40: with the cash an equity of 25,900.40."""
    bought = (("BTCUSDT", 0.16, 66_980.0), ("ETHUSDT", 2.4, 3_702.55), ("SOLUSDT", 18.0, 171.12))
    prices = dict(_COINS)
    holdings = tuple(
        Holding(
            f"{ticker} 18R", ticker, quantity, average, prices[ticker],
            round(quantity * prices[ticker], 2), round(quantity * (prices[ticker] - average), 2),
            round((prices[ticker] / average - 1) * 100, 2),
        )
        for ticker, quantity, average in bought
    )  # fmt: skip
    return Portfolio(holdings, (Cash("USDT", 25_293.0, "₮", 1.0, 25_293.0),), is_known=True)


def orders(count: int = 26) -> tuple[Order, ...]:
    """Orders of three coins: most filled, one in parts, one rejected, a limit that waits."""
    made: list[Order] = []
    for number in range(count):
        at = NOW - 9_400.0 * (count - number)
        ticker, last = _COINS[number % 3]
        owner = EARLIER_ID if number < 3 else DEPLOY_ID
        quantity = (0.04, 0.6, 4.5)[number % 3] * (1 if number % 4 < 2 else -1)
        price = round(last * (0.94 + 0.0021 * number), 2)
        submitted = OrderEvent(at, "submitted", 0.0, 0.0, owner)
        filled = (submitted, OrderEvent(at + 2, "filled", quantity, price, owner))
        parts = (
            submitted,
            OrderEvent(at + 1, "partiallyFilled", quantity * 0.4, price, owner),
            OrderEvent(at + 3, "filled", quantity * 0.6, round(price * 1.0002, 2), owner),
        )
        refused = (OrderEvent(at, "invalid", 0.0, None, owner, "Brokerage: insufficient balance"),)
        events = parts if number % 5 == 1 else refused if number == count - 4 else filled
        status, tag = events[-1].status, "stop" if number % 6 == 4 else "rebalance" if number % 2 else ""
        made.append(
            Order(number + 1, owner, ticker, "stop market" if tag == "stop" else "market", status, quantity, 0.0, at,
                  at + 2, tag, events)
        )  # fmt: skip
    limit = OrderEvent(NOW - 95, "submitted", 0.0, None, DEPLOY_ID)
    made.append(
        Order(count + 1, DEPLOY_ID, "ETHUSDT", "limit", "submitted", 0.5, 3_540.0, NOW - 95, None, "pullback", (limit,))
    )
    return tuple(made)


def logs() -> LogPage:
    """What a trend follower writes."""
    lines: list[str] = []
    for number in range(60):
        ticker, price = _COINS[number % 3]
        clock = f"2024-03-25 {13 + (number + 32) // 60:02d}:{(number + 32) % 60:02d}:00"
        value = price * (0.995 + 0.0001 * number)
        lines.append(
            f"{clock} {ticker} {value:,.2f}: fast {value * 1.004:,.2f} above slow {value * 0.991:,.2f}, holding"
        )
    return LogPage(tuple(lines), 40, 100, 10)


def predictions() -> InsightLog:
    """The scene's insights, of the coins that are traded."""
    log = insights()
    rows = []
    for number, each in enumerate(log.insights):
        ticker, price = _COINS[number * 5 % 3]
        rows.append(
            replace(
                each, symbol=f"{ticker} 18R", ticker=ticker, model=_MODELS[number % 2], tag=_TAGS[number % len(_TAGS)],
                reference=price,
            )
        )  # fmt: skip
    return replace(log, insights=tuple(rows))


def running() -> tuple[Deployment, ...]:
    """The scene's deployments, the first one where perpetual futures trade."""
    return tuple(
        replace(each, brokerage="BybitBrokerage") if each.project_id == PROJECT else each for each in deployments()
    )


def liquidating(engine: StillEngine) -> None:
    """Two liquidations 42 s after they were confirmed: one is verified, of the other some is still open."""
    began = engine.clock.monotonic() - 42.0

    def step(rung: Rung, after_s: float) -> Step:
        return Step(rung, NOW - 42.0 + after_s, began + after_s)

    sent = (step(Rung.SENDING, 0.0), step(Rung.SENT, 0.004), step(Rung.ACCEPTED, 0.2))
    ladders = {
        PROJECT: (*sent, step(Rung.STOPPED, 12.3)),
        23456789: (*sent, step(Rung.STOPPED, 6.1), step(Rung.FLAT, 21.4), step(Rung.VERIFIED, 26.5)),
    }
    names = {each.project_id: each.name for each in projects()}
    engine.put(
        ACTIONS,
        tuple(
            ActionRecord(
                f"a{project_id}", "b", Target("liquidate", names[project_id], project_id, deploy_id(project_id)),
                "console", NOW - 42.0, began, ladder, tries=1,
            )
            for project_id, ladder in ladders.items()
        ),
    )  # fmt: skip
    stopped = {project_id: ladder[3].at for project_id, ladder in ladders.items()}
    engine.put(
        DEPLOYMENTS,
        tuple(
            replace(each, status="Liquidated", stopped_at=stopped[each.project_id])
            if each.project_id in stopped
            else each
            for each in running()
        ),
    )


def _statistics(run: Run, number: int) -> dict[str, float]:
    """A run's statistics with the roughness that real ones have."""
    told = {name: value for name, value in run.statistics.items() if "[" not in name}
    if "Sharpe Ratio" in told:
        told["Sharpe Ratio"] = round(told["Sharpe Ratio"] + 0.08 * math.sin(7.0 * number), 3)
        told["Drawdown"] = round(22.0 - 5.0 * told["Sharpe Ratio"] + 0.9 * math.sin(3.0 * number), 1)
    return told


def fill_showcase(engine: StillEngine) -> None:
    """The scene with everything that can be opened from its first row, as it is in use."""
    fill_details(engine)
    engine.put(
        PROJECTS,
        tuple(replace(each, name="Research/gap fade") if each.name == HOSTILE else each for each in projects()),
        age_s=40,
    )
    engine.put(DEPLOYMENTS, running())
    engine.put(PULSES, {each.deploy_id: ok() for each in running() if each.status == "Running"})
    for each in projects():
        key = insights_key(each.project_id, deploy_id(each.project_id))
        engine.put(key, predictions(), age_s=30, snapshot_age_s=400)
    statistics = {
        "Equity": "$25,900.40", "Fees": "-$112.40", "Holdings": "$23,290.48", "Net Profit": "$294.83",
        "Probabilistic Sharpe Ratio": "61%", "Return": "3.60 %", "Unrealized": "$607.40", "Volume": "$91,204.10",
    }  # fmt: skip
    engine.put(
        detail_key(PROJECT), detail(statistics=statistics, security_types="CryptoFuture", brokerage="BybitBrokerage")
    )
    engine.put(portfolio_key(PROJECT), portfolio(), age_s=20, snapshot_age_s=500)
    engine.put(orders_key(PROJECT), orders(), age_s=20)
    engine.put(logs_key(PROJECT, DEPLOY_ID), logs(), age_s=20)
    sweep = grid_optimization()
    runs = tuple(
        replace(
            run,
            name=f"Lookback x stop_{number + 1}",
            parameters={**run.parameters, "slow": run.parameters["slow"].removesuffix(".0")},
            statistics=_statistics(run, number),
        )
        for number, run in enumerate(sweep.runs)
    )
    engine.put(
        optimization_key(OPTIMIZATION_ID),
        replace(sweep, requested_at=NOW - 3_600.0, constraints=sweep.constraints[:1], runs=runs),
        age_s=5,
    )


def noticing(engine: StillEngine) -> None:
    """One deployment is refused by its brokerage, one has gone quiet, and more."""
    fill_showcase(engine)
    put_pulses(engine)
    engine.put(ALERTS, alerts())
