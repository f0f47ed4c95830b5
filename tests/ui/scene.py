"""A scene of fixed data: what pictures, snapshots and tests of the interface are made of. Nothing here is random."""

from __future__ import annotations

import math
from array import array
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from qctui.actions.actions_port import ActionsPort, JournalEntry
from qctui.actions.spec import eligibility
from qctui.clock import Clock
from qctui.engine.engine_port import AlertsPort, Subscription
from qctui.model.account import ACCOUNTS, EQUITY_HISTORY, Account, EquityTrail
from qctui.model.action import ACTIONS, Target
from qctui.model.chart import Chart, Series, SeriesType
from qctui.model.deployment import Deployment, DeploymentDetail, Environment, Project
from qctui.model.insight import Direction, Insight, InsightLog
from qctui.model.keys import (
    DEPLOYMENTS,
    LINK,
    PROJECTS,
    Key,
    detail_key,
    insights_key,
    optimization_key,
    optimizations_key,
)
from qctui.model.link import Link, LinkState
from qctui.model.optimization import Criterion, Optimization, OptimizationPlan, OptimizationSummary, Run
from qctui.model.resource import Failure, FailureKind, Resource
from qctui.store import Store

NOW = 1_711_377_125.0
"""2024-03-25 14:32:05 UTC."""

MONO = 50_000.0

HOSTILE = "[bold red]x[/] 均值 [@click=app.quit]y[/]"
"""A name as it is after the gate for outside text: markup in it, wide characters, no control bytes."""


class StillClock:
    """Time that moves only when a test moves it."""

    def __init__(self) -> None:
        self.passed = 0.0

    def now(self) -> float:
        return NOW + self.passed

    def monotonic(self) -> float:
        return MONO + self.passed

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("the interface never sleeps on the engine's clock")


@dataclass
class StillActions:
    """The engine's actions as the interface sees them: remembers what it was asked, and sends nothing."""

    read_only: bool = False
    refusals: dict[int, str] = field(default_factory=dict)
    """Why nothing can be asked of a project, beside what its target says itself."""
    confirmed: list[tuple[Target, ...]] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    acknowledged: list[str] = field(default_factory=list)
    rechecked: list[tuple[Target, ...]] = field(default_factory=list)
    prepared: list[OptimizationPlan | None] = field(default_factory=list)
    """What was to be compiled for; None where it was given up."""
    closed: int = 0
    """How often re-reading targets ended."""
    journal: tuple[JournalEntry, ...] = ()

    def refusal(self, target: Target) -> str | None:
        return self.refusals.get(target.project_id) or eligibility(target)

    def open_rechecks(self, targets: Sequence[Target]) -> None:
        self.rechecked.append(tuple(targets))

    def close_rechecks(self) -> None:
        self.closed += 1

    def confirm(self, targets: Sequence[Target], via: str) -> tuple[str, ...]:
        assert via == "console"
        self.confirmed.append(tuple(targets))
        return tuple(f"a{index}" for index in range(len(targets)))

    def prepare(self, plan: OptimizationPlan) -> None:
        self.prepared.append(plan)

    def stop_preparing(self) -> None:
        self.prepared.append(None)

    def cancel(self, action_id: str) -> None:
        self.cancelled.append(action_id)

    def acknowledge(self, action_id: str) -> None:
        self.acknowledged.append(action_id)

    def entries(self) -> tuple[JournalEntry, ...]:
        return self.journal


@dataclass
class StillAlerts:
    """The engine's alerts as the interface sees them: remembers what it was asked."""

    acknowledged: list[tuple[str, ...]] = field(default_factory=list)
    shelved: list[tuple[tuple[str, ...], float]] = field(default_factory=list)

    asked: str = ""
    """What is said of another process that is to do it."""

    def acknowledge(self, alert_ids: Collection[str]) -> str:
        self.acknowledged.append(tuple(alert_ids))
        return self.asked

    def shelve(self, alert_ids: Collection[str], seconds: float) -> str:
        self.shelved.append((tuple(alert_ids), seconds))
        return self.asked


class StillEngine:
    """The engine as the interface sees it: a real store, and a record of what was asked."""

    def __init__(self, *, read_only: bool = False, clock: Clock | None = None) -> None:
        self.store = Store()
        self.still = StillClock()
        self.clock: Clock = clock or self.still
        self.still_actions = StillActions(read_only=read_only)
        self.actions: ActionsPort = self.still_actions
        self.still_alerts = StillAlerts()
        self.alerts: AlertsPort = self.still_alerts
        self.views: list[tuple[Subscription, ...]] = []
        self.refreshed: list[Sequence[Key[Any]] | None] = []
        self.answers_charts = True

    def subscribe(self, subscriptions: tuple[Subscription, ...]) -> None:
        self.views.append(subscriptions)
        for want in subscriptions:
            # A chart's key depends on the size of the screen: it is answered when it is asked for.
            if want.key.kind == "chart" and self.answers_charts and self.store.get(want.key).value is None:
                put_chart(self, want.key)

    def refresh(self, keys: Sequence[Key[Any]] | None = None) -> None:
        self.refreshed.append(keys)

    def put(self, key: Key[Any], value: object, *, age_s: float = 2.0, snapshot_age_s: float | None = None) -> None:
        """A value received `age_s` ago, from a snapshot of the server's that was `snapshot_age_s` old then."""
        at = self.clock.now() - age_s
        as_of = None if snapshot_age_s is None else at - snapshot_age_s
        self.store.put(
            key, Resource[Any](value=value, fetched_at=at, fetched_mono=self.clock.monotonic() - age_s, as_of=as_of)
        )


_CAST = (
    (23456789, "Momentum/ES intraday", "Running", Environment.LIVE, "InteractiveBrokersBrokerage", 1_204_331.52, 41),
    (
        23456790,
        "Pairs/KO-PEP mean reversion",
        "Running",
        Environment.LIVE,
        "InteractiveBrokersBrokerage",
        98_211.07,
        12,
    ),
    (23456791, "Crypto/BTC trend", "Running", Environment.LIVE, "CoinbaseBrokerage", 25_900.40, 3),
    (23456792, "Research/sector rotation", "Running", Environment.PAPER, "PaperBrokerage", 101_442.18, 6),
    (23456793, "Research/vol carry", "Initializing", Environment.PAPER, "PaperBrokerage", None, 0),
    (23456794, HOSTILE, "Running", Environment.PAPER, "PaperBrokerage", 99_870.00, 1),
    (23456795, "FX/overnight drift", "RuntimeError", Environment.LIVE, "OandaBrokerage", 48_120.33, 9),
    (23456796, "Options/wheel", "Stopped", Environment.PAPER, "PaperBrokerage", 103_006.90, 20),
    (23456797, "Legacy/golden cross", "Liquidated", Environment.PAPER, "PaperBrokerage", 87_350.00, 300),
)


_SPREAD = 0x9E3779B97F4A7C15_D1B54A32_9E3779B1
"""What numbers are multiplied by to look like ids."""


def deploy_id(project_id: int) -> str:
    return f"L-{project_id * _SPREAD % 16**32:032x}"


def projects() -> tuple[Project, ...]:
    listed = tuple(Project(each[0], each[1]) for each in _CAST)
    return (*listed, Project(23456799, "Ideas/never deployed"))


def deployments(now: float = NOW) -> tuple[Deployment, ...]:
    rows: list[Deployment] = []
    for project_id, name, status, environment, brokerage, equity, days in _CAST:
        ended = {"RuntimeError": 2.4 * 3_600, "Stopped": 7.2 * 3_600, "Liquidated": 40 * 86_400.0}.get(status)
        rows.append(
            Deployment(
                project_id=project_id,
                deploy_id=deploy_id(project_id),
                status=status,
                launched_at=now - days * 86_400 - 900,
                stopped_at=None if ended is None else now - ended,
                brokerage=brokerage,
                environment=environment,
                equity=equity,
                error="Object reference not set" if status == "RuntimeError" else "",
                description=name,
            )
        )
    return tuple(rows)


def trails() -> dict[str, EquityTrail]:
    made: dict[str, EquityTrail] = {}
    for number, (project_id, _, _, _, _, equity, _) in enumerate(_CAST):
        if equity is None:
            continue
        values = [
            equity * (1 + 0.004 * math.sin(step / (5 + number)) + 0.0003 * step * (-1) ** number) for step in range(98)
        ]
        ats = [NOW - 900 * (97 - step) for step in range(98)]
        made[deploy_id(project_id)] = EquityTrail(
            array("d", ats), array("d", [value * equity / values[-1] for value in values]), ats[0]
        )
    return made


def accounts() -> dict[str, Account]:
    """What is at risk where it was read; one holds coins beside its positions."""
    made: dict[str, Account] = {}
    for number, (project_id, _, status, _, _, equity, _) in enumerate(_CAST):
        if status == "Running" and equity is not None:
            made[deploy_id(project_id)] = Account(number * 2, equity * 0.31 * number, number == 2, MONO - 120, "$")
    return made


def optimizations(project_id: int) -> tuple[tuple[OptimizationSummary, Optimization | None], ...]:
    cases = (
        ("Lookback x stop", "running", "Sharpe Ratio", True, 312, 3, 900, 1.842),
        ("Entry threshold", "running", "Drawdown", False, 41, 0, 120, 6.3),
        ("Universe size", "new", "Sharpe Ratio", True, 0, 0, None, None),
        ("Rebalance hour", "completed", "Sharpe Ratio", True, 48, 0, 48, 1.377),
        ("Leverage sweep", "aborted", "Compounding Annual Return", True, 17, 9, 64, 18.2),
    )
    made: list[tuple[OptimizationSummary, Optimization | None]] = []
    for number, (name, status, target, maximize, completed, failed, total, best) in enumerate(cases):
        optimization_id = f"O-{(project_id * 10 + number) * _SPREAD % 16**32:032x}"
        criterion = Criterion(target, maximize)
        created = NOW - 3_600.0 * (number + 1) ** 3
        summary = OptimizationSummary(optimization_id, project_id, name, status, criterion, created)
        runs = () if best is None else (Run("0", "b", name, 1.0, 0, {}, {target: best}),)
        detail = Optimization(
            optimization_id, project_id, name, status, criterion, created, completed, failed, 4, 8, total, runs=runs
        )
        made.append((summary, detail))
    return tuple(made)


def insights(count: int = 40, now: float = NOW) -> InsightLog:
    tickers = ("SPY", "QQQ", "BTCUSD", "EURUSD", "ESH4", "KO")
    directions = (Direction.UP, Direction.DOWN, Direction.UP, Direction.FLAT, Direction.DOWN)
    rows: list[Insight] = []
    for number in range(count):
        at = now - 95.0 - 411.0 * number - (number * number % 37)
        ticker = tickers[number * 7 % len(tickers)]
        final = number > 6
        rows.append(
            Insight(
                insight_id=f"{number:032x}",
                generated_at=at,
                close_at=at + (3_600.0 if number % 3 else 86_400.0),
                symbol=f"{ticker} R735QTJ8XC9X",
                ticker=ticker,
                kind="price",
                direction=directions[number % len(directions)],
                period_s=3_600.0 if number % 3 else 86_400.0,
                magnitude=None if number % 4 == 3 else 0.0021 * (1 + number % 5),
                confidence=None if number % 5 == 4 else 0.5 + 0.04 * (number % 9),
                weight=None if number % 2 else 0.25,
                reference=512.4,
                reference_final=None,
                score_direction=1.0 if number % 3 else 0.0,
                score_magnitude=0.37 + 0.01 * number % 1,
                score_final=final,
                estimated_value=None,
                model=HOSTILE if number == 2 else "EmaCrossAlphaModel" if number % 2 else "RsiAlphaModel",
                group_id="",
                tag=HOSTILE if number == 1 else "" if number % 3 else "pullback",
            )
        )
    return InsightLog(tuple(rows), complete=True, expected=count)


def equity_chart(end: float = NOW, hours: int = 24, *, last: float | None = None) -> Chart:
    """An equity of candles every five minutes, which ends at `last`."""
    count = hours * 12
    xs = array("d", (end - 300.0 * (count - 1 - step) for step in range(count)))
    shape = [100_000 + 9.0 * step + 900 * math.sin(step / 21) + 260 * math.sin(step / 4.3) for step in range(count)]
    scale = 1.0 if last is None else last / shape[-1]
    closes = array("d", (round(value * scale, 2) for value in shape))
    opens = array("d", [closes[0], *closes[:-1]])
    highs = array("d", (round(max(a, b) + 70 * scale, 2) for a, b in zip(opens, closes, strict=True)))
    lows = array("d", (round(min(a, b) - 70 * scale, 2) for a, b in zip(opens, closes, strict=True)))
    equity = Series("Equity", "$", 0, SeriesType.CANDLE, xs, closes, opens=opens, highs=highs, lows=lows)
    return Chart("Strategy Equity", False, (equity,), end - hours * 3_600, end, count)


def put_chart(engine: StillEngine, key: Key[Any], *, age_s: float = 20.0) -> None:
    """The equity, whatever part of it was asked for: it ends at what the list says."""
    last = next((equity for project_id, *_, equity, _ in _CAST if project_id == key.project_id), None)
    engine.put(key, equity_chart(engine.clock.now(), last=last), age_s=age_s, snapshot_age_s=400)


def fill(engine: StillEngine) -> None:
    """Put the whole scene into the engine's store, as if every read had just succeeded."""
    engine.put(LINK, Link(LinkState.OK, latency_s=0.084, budget_used=22))
    engine.put(PROJECTS, projects(), age_s=40)
    engine.put(DEPLOYMENTS, deployments())
    engine.put(EQUITY_HISTORY, trails())
    engine.put(ACCOUNTS, accounts())
    engine.put(ACTIONS, ())
    for key in engine.store.keys():  # noqa: SIM118  # a store is no mapping
        if key.kind == "chart":
            put_chart(engine, key)
    for project_id, name, status, environment, brokerage, _, days in _CAST:
        engine.put(
            detail_key(project_id),
            DeploymentDetail(
                project_id, deploy_id(project_id), status, NOW - days * 86_400, None, brokerage, environment, name,
                charts=("Strategy Equity", "Drawdown", "Benchmark", "Exposure"),
            ),
        )  # fmt: skip
        engine.put(insights_key(project_id, deploy_id(project_id)), insights(), age_s=30, snapshot_age_s=400)
        pairs = optimizations(project_id)
        engine.put(optimizations_key(project_id), tuple(summary for summary, _ in pairs), age_s=12)
        for summary, detail in pairs:
            engine.put(optimization_key(summary.optimization_id), detail, age_s=5)


def fail(engine: StillEngine, key: Key[Any], message: str, *, age_s: float = 0.0, next_s: float | None = 12.0) -> None:
    """A read that failed `age_s` ago, beside whatever was there."""
    now, mono = engine.clock.now() - age_s, engine.clock.monotonic() - age_s
    next_try = None if next_s is None else engine.clock.monotonic() + next_s
    failure = Failure(FailureKind.SERVER, message, now, mono, 3, next_try)
    engine.store.put(key, engine.store.get(key).with_error(failure))


def outage(engine: StillEngine, seconds: float = 420.0) -> None:
    """The API stopped answering `seconds` ago: everything on screen is that much older, and says why."""
    engine.still.passed += seconds
    for key in engine.store.keys():  # noqa: SIM118  # a store is no mapping
        if key not in {LINK, ACTIONS, EQUITY_HISTORY, ACCOUNTS}:
            fail(engine, key, "HTTP 502: not the API's answer (a proxy's page)")
    mono = engine.clock.monotonic()
    failure = Failure(FailureKind.SERVER, "HTTP 502: not the API's answer (a proxy's page)", NOW, mono, 9, mono + 12)
    engine.put(LINK, Link(LinkState.DOWN, 0.1, failure=failure, next_try_mono=mono + 12))
