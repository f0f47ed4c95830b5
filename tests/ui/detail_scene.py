"""What the screens of one thing in full are fed with, beside the scene of the main one."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any

from qctui.engine.engine_port import Visibility
from qctui.model.deployment import DeploymentDetail, Environment, LogPage
from qctui.model.keys import Key, detail_key, logs_key, optimization_key, orders_key, portfolio_key
from qctui.model.optimization import Constraint, Criterion, Optimization, Parameter, Run
from qctui.model.order import Order, OrderEvent
from qctui.model.portfolio import Cash, Holding, Portfolio
from qctui.ui.context import UiOptions
from qctui.value import replace
from tests.ui.page import OPTIONS, Page, Size, console
from tests.ui.scene import HOSTILE, NOW, StillEngine, deploy_id, fill, optimizations

Prepare = Callable[[StillEngine], object]

PROJECT = 23_456_791
"""Crypto/BTC trend: the first row of the list."""

DEPLOY_ID = deploy_id(PROJECT)

EARLIER_ID = "L-eeeeeeeeeeeeeeeeeeeeeeeeeeee0001"

OPTIMIZATION_ID = optimizations(PROJECT)[0][0].optimization_id

ERROR = "Runtime Error: 'NoneType' object has no attribute 'price'\n  at OnData\n    in main.py: 41\n  at Loop\n  end"


def detail(**changes: object) -> DeploymentDetail:
    made = DeploymentDetail(
        project_id=PROJECT,
        deploy_id=DEPLOY_ID,
        status="Running",
        launched_at=NOW - 3 * 86_400,
        stopped_at=None,
        brokerage="CoinbaseBrokerage",
        environment=Environment.LIVE,
        project_name="Crypto/BTC trend",
        security_types="Crypto, Equity",
        datacenter="NY7",
        statistics={
            "Equity": "$25,900.40",
            "Fees": "-$12.40",
            "Holdings": "$4,000.00",
            "Net Profit": "$-61.31",
            "Probabilistic Sharpe Ratio": "12%",
            "Return": "0.25 %",
            "Unrealized": "$0.00",
            "Volume": "$1,000.00",
            f"Mood {HOSTILE}"[:40]: HOSTILE,
        },
        server_statistics={"CPU Usage": "3.2%", "Up Time": "3d 00:15:00"},
        charts=("Strategy Equity",),
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # names and types are the caller's to get right


def portfolio() -> Portfolio:
    return Portfolio(
        holdings=(
            Holding("MSFT R735", "MSFT", 0.0),
            Holding("EURUSD 8G", "EURUSD", -1_000.0, 1.0612, 1.0601, -1_060.1, 1.1, 0.1, "€", 1.06),
            Holding("SPY R735", "SPY", 100.0, 588.12, 590.11, 59_011.0, 199.0, 0.34),
            Holding("BTCUSD 2XR", "BTCUSD", 0.025, 100_000.0, 91_234.5, 2_280.86, -219.14, -8.77),
            Holding("ODD 1", HOSTILE, 0.0, unreadable_quantity=True),
        ),
        cash=(
            Cash("USD", 38_950.12, "$", 1.0, 38_950.12),
            Cash("BTC", 0.025, "₿", 91_234.5, 2_280.86),
            Cash("JPY", None, "¥", None, None),
        ),
        is_known=True,
    )


def orders(count: int = 30) -> tuple[Order, ...]:
    made: list[Order] = []
    for number in range(count):
        at = NOW - 3_600.0 * (count - number)
        owner = EARLIER_ID if number < 4 else DEPLOY_ID
        quantity = 10.0 * (1 if number % 2 else -1)
        events = (
            OrderEvent(at, "submitted", 0.0, 0.0, owner),
            OrderEvent(at + 1, "partiallyFilled", quantity * 0.4, 100.0, owner),
            OrderEvent(at + 2, "filled", quantity * 0.6, 110.0, owner, HOSTILE if number == count - 1 else ""),
        )
        tag = "Liquidated" if number == count - 1 else HOSTILE if number == count - 2 else ""
        made.append(
            Order(number, owner, "SPY", "stop limit" if number % 3 else "market", "filled", quantity, 0.0, at, at + 2,
                  tag, events)
        )  # fmt: skip
    made.append(Order(99, "", "QQQ", "limit", "submitted", 5.0, 402.5, NOW - 30, None, ""))
    return tuple(made)


def logs(count: int = 60, start: int = 40) -> LogPage:
    lines = [f"2024-03-25 10:{number % 60:02d}:00 line {start + number}" for number in range(count)]
    lines[3] = f"2024-03-25 10:03:00 {HOSTILE} " + "long " * 40
    return LogPage(tuple(lines), start, start + count, 10)


def equity_of(profit: float, dip: float) -> tuple[tuple[float, float], ...]:
    """Two years of a backtest that ends with this profit in percent, after a fall of `dip` percent from its top."""
    top = 1.0 + max(profit, 0.0) / 200
    turns = ((0, 1.0), (12, top), (18, top * (1 - dip / 100)), (30, 1.0 + profit / 100))
    points: list[tuple[float, float]] = []
    for (begin, low), (end, high) in pairwise(turns):
        for step in range(begin, end):
            points.append((step, low + (high - low) * (step - begin) / (end - begin)))
    points.append(turns[-1])
    return tuple((NOW - 86_400.0 * 730 * (30 - step) / 30, round(100_000.0 * level, 2)) for step, level in points)


def grid_optimization(
    fast: int = 8, slow: int = 6, *, target: str = "Sharpe Ratio", maximize: bool | None = True, done: int | None = None
) -> Optimization:
    """Two parameters; the runs of the last fast value fail, one is under way, `done` of them exist."""
    runs: list[Run] = []
    for x in range(fast):
        for y in range(slow):
            value = round(2 - math.hypot(x - 3, y - 2) / 3, 3)
            failed, under_way = x == fast - 1, (x, y) == (0, 0)
            profit = max(-60.0, 30.0 - 5 * y - 3 * abs(x - 3))
            statistics = {} if failed or under_way else {
                "Sharpe Ratio": value, "Drawdown": 10.0 + x, "Net Profit": profit, "Total Orders": 100.0 + x,
                "Compounding Annual Return": round(100 * ((1 + profit / 100) ** 0.5 - 1), 3),
                "Custom [b]turnover[/]": 0.37,
            }  # fmt: skip
            runs.append(
                Run(
                    key=f"{x}-{y}",
                    backtest_id=f"{x * 100 + y:032x}",
                    name=f"run {x}/{y}" if (x, y) != (1, 1) else HOSTILE,
                    progress=0.4 if under_way else 1.0,
                    exit_code=1 if failed else None if under_way else 0,
                    parameters={"fast": str(5 + 5 * x), "slow": f"{30 + 10 * y}.0", "fee": "1"},
                    statistics=statistics,
                    equity=equity_of(profit, dip=10.0 + x),
                )
            )
    total = fast * slow
    return Optimization(
        OPTIMIZATION_ID,
        PROJECT,
        "Lookback x stop",
        "running",
        Criterion(target, maximize),
        NOW - 7_200,
        completed=total - slow - 1,
        failed=slow,
        running=1,
        queued=0,
        total=total,
        runtime={"Consumed": "3.41", "Total Runtime": "01:12:33", "Average Length": "00:01:12"},
        constraints=(Constraint("", "Drawdown Less 0.25"), Constraint("", HOSTILE)),
        parameters=(
            Parameter("fast", 5, 5 * fast, 5),
            Parameter("slow", 30, 20 + 10 * slow, 10),
            Parameter("fee", value="1"),
        ),
        runs=tuple(runs if done is None else runs[:done]),
        node_type="O2-8",
        parallel_nodes=4,
    )


def fill_details(engine: StillEngine) -> None:
    """The scene, and everything that can be opened from its first row."""
    fill(engine)
    engine.put(detail_key(PROJECT), detail())
    engine.put(portfolio_key(PROJECT), portfolio(), age_s=20, snapshot_age_s=500)
    engine.put(orders_key(PROJECT), orders(), age_s=20)
    engine.put(logs_key(PROJECT, DEPLOY_ID), logs(), age_s=20)
    engine.put(optimization_key(OPTIMIZATION_ID), grid_optimization(), age_s=5)


@asynccontextmanager
async def opened(
    *keys: str,
    size: Size = (80, 24),
    options: UiOptions = OPTIONS,
    prepare: Prepare = fill_details,
    read_only: bool = False,
) -> AsyncIterator[Page]:
    """The console with these keys pressed: Enter opens the first deployment, `2` and Enter the first optimization."""
    async with console(size, options=options, prepare=prepare, read_only=read_only) as page:
        for key in keys or ("enter",):
            await page.press(key)
        yield page


def wanted(page: Page) -> dict[Key[Any], Visibility]:
    """What the engine is asked to keep current."""
    return {each.key: each.visibility for each in page.main.presenter.subscriptions}
