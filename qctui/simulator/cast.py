"""The projects of the demo: who trades what, where, since when, and what will happen to them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from qctui.simulator.market import DAY_S, SYMBOLS, Symbol, trading_time
from qctui.simulator.noise import bits, hex_of, key_of, unit

HOUR_S = 3600.0
HOSTILE_NAME = "[bold red]x[/] \x1b[31m 均值 [@click=app.quit]y[/]"

RUNTIME_ERROR = (
    "Runtime Error: 'NoneType' object has no attribute 'price'\n  at OnData\n    in main.py: line 41\n"
    "  (see [Documentation](https://www.quantconnect.com/docs))"
)


@dataclass(frozen=True)
class Run:
    """One deployment in a project's plan. Ages are seconds before the world's start; negative is in its future."""

    launched_ago_s: float
    ended_ago_s: float | None = None
    ends_as: str = "Stopped"
    message: str = ""
    starting: bool = True
    stuck_status: str | None = None


@dataclass(frozen=True)
class ProjectPlan:
    """One project and the deployments it starts the world with."""

    project_id: int
    name: str
    tickers: tuple[str, ...]
    brokerage: str = "PaperBrokerage"
    capital: float = 100_000.0
    rebalance_s: float = 2 * HOUR_S
    shorts: bool = False
    insight_every_s: float = 45.0
    """Mean distance between two of its insights while its markets are open."""
    runs: tuple[Run, ...] = ()
    redeploys_every_s: float | None = None
    """Seconds between redeployments once the world runs; None is never."""
    fails_after_s: float | None = None
    """When a runtime error ends its running deployment, in seconds after the world's start."""
    custom_charts: tuple[str, ...] = ()
    optimizations: int = 2
    """Finished optimizations it starts with."""
    optimizes_every_s: float | None = None
    """Seconds between the beginnings of new optimizations; None is never."""
    sweep_ends_after_s: float | None = None
    """When the first of its optimizations, under way since before, completes: seconds after the world's start."""
    deleted: bool = False
    organization: str = ""
    """The organization it belongs to; empty is the user's own."""
    commands: tuple[str, ...] = ()
    """Types of commands that its algorithm knows."""

    @property
    def symbols(self) -> tuple[Symbol, ...]:
        """What it trades."""
        return tuple(SYMBOLS[ticker] for ticker in self.tickers)

    @property
    def paper(self) -> bool:
        """Whether no real money is in it."""
        return self.brokerage == "PaperBrokerage"

    @property
    def environment(self) -> str:
        """`live` or `live-paper`, as `live/list` says it."""
        return "live-paper" if self.paper else "live"


def organization_id(name: str) -> str:
    """Return the id of an organization."""
    return hex_of("organization", name) if name else hex_of("organization")


ALL_CUSTOM = ("Signals", "Events", "Allocation", "Correlation", "Surface", "Regime", "Spread", "Idle")

_DAY = float(DAY_S)
CAST: tuple[ProjectPlan, ...] = (
    ProjectPlan(
        23456789,
        "Momentum/Crossover Live",
        ("SPY", "AAPL", "NVDA", "BTCUSD"),
        brokerage="InteractiveBrokersBrokerage",
        capital=250_000.0,
        rebalance_s=_DAY,
        runs=(
            Run(700 * _DAY, 300 * _DAY, "Stopped"),
            Run(299 * _DAY, 41 * _DAY, "Liquidated"),
            Run(40 * _DAY, starting=False),
        ),
        custom_charts=("Signals", "Regime"),
        optimizations=3,
        optimizes_every_s=2 * HOUR_S,
    ),
    ProjectPlan(
        23456801,
        "Crypto/BTC-ETH Trend",
        ("BTCUSD", "ETHUSD", "SOLUSD"),
        brokerage="CoinbaseBrokerage",
        capital=60_000.0,
        runs=(Run(9 * _DAY),),
        custom_charts=("Signals", "Allocation"),
        optimizations=4,
        sweep_ends_after_s=40.0,
    ),
    ProjectPlan(
        23456823,
        "Pairs/ETF Mean Reversion",
        ("SPY", "QQQ", "GLD", "ETHUSD"),
        rebalance_s=HOUR_S,
        shorts=True,
        runs=(Run(12 * _DAY, 6 * _DAY, "Liquidated"), Run(5.9 * _DAY, 20.2 * HOUR_S), Run(20 * HOUR_S)),
        redeploys_every_s=60 * HOUR_S,
        custom_charts=ALL_CUSTOM,
        optimizes_every_s=3 * HOUR_S,
    ),
    ProjectPlan(
        23456844,
        "Allocation/Kelly Sizing v2",
        ("MSFT", "TLT", "BTCUSD"),
        runs=(Run(3 * _DAY),),
        custom_charts=("Spread",),
        optimizations=1,
    ),
    ProjectPlan(
        23456870,
        "Options/Wheel",
        ("AAPL", "MSFT"),
        brokerage="TradierBrokerage",
        capital=40_000.0,
        runs=(Run(6 * _DAY, 2.4 * HOUR_S, "RuntimeError", RUNTIME_ERROR),),
        optimizations=0,
    ),
    ProjectPlan(
        23456902,
        "Mean Reversion/Intraday",
        ("QQQ", "NVDA"),
        runs=(Run(15 * _DAY, 4.3 * _DAY, "Stopped"),),
        optimizations=1,
    ),
    ProjectPlan(
        23456931,
        "Overnight/Crypto Basis",
        ("BTCUSD", "SOLUSD"),
        rebalance_s=0.5 * HOUR_S,
        runs=(Run(4.0),),
        fails_after_s=25 * 60.0,
        optimizations=0,
    ),
    ProjectPlan(
        23456950,
        "Macro/FX Carry",
        ("EURUSD", "SAP"),
        brokerage="InteractiveBrokersBrokerage",
        capital=120_000.0,
        rebalance_s=6 * HOUR_S,
        shorts=True,
        runs=(Run(75 * _DAY),),
        optimizations=1,
    ),
    ProjectPlan(23456960, "Research/Untested Idea", ("TLT",), optimizations=2),
    ProjectPlan(23456977, "Recycle Bin/Old Idea", ("SPY",), runs=(Run(90 * _DAY, 60 * _DAY),), deleted=True),
)

_STRATEGIES = ("Stat Arb", "Breakout", "Carry", "Value Tilt", "Low Vol", "Seasonal", "Earnings Drift", "Gap Fade")
_BROKERAGES = (
    "PaperBrokerage",
    "PaperBrokerage",
    "InteractiveBrokersBrokerage",
    "TradierBrokerage",
    "BinanceBrokerage",
)


def plans(count: int | None, *, seed: int, hostile: bool, odd: bool = False) -> list[ProjectPlan]:
    """Return the projects of a world: the cast, cut or filled up to `count` projects that have a deployment.

    `hostile` gives one of them a name that attacks terminals, `odd` a status that no list names.
    """
    chosen = list(CAST)
    if hostile:
        chosen[3] = replace(chosen[3], name=HOSTILE_NAME)
    if odd:
        chosen[3] = replace(chosen[3], runs=tuple(replace(run, stuck_status="Idle") for run in chosen[3].runs))
    if count is None:
        return chosen
    deployed = [plan for plan in chosen if plan.runs and not plan.deleted][:count]
    return deployed + [_filler(seed, number) for number in range(len(deployed), count)]


def _filler(seed: int, number: int) -> ProjectPlan:
    key = key_of(seed, "filler", number)
    tickers = list(SYMBOLS)
    first = bits(key, 1) % len(tickers)
    chosen = tuple(tickers[(first + step * 5) % len(tickers)] for step in range(2 + bits(key, 2) % 2))
    age_s = HOUR_S + unit(key, 3) * 10 * DAY_S
    run = Run(age_s, starting=False)
    fate = unit(key, 4)
    if fate < 0.05:
        run = Run(age_s + DAY_S, unit(key, 5) * 20 * HOUR_S, "RuntimeError", RUNTIME_ERROR)
    elif fate < 0.10:
        run = Run(age_s + 4 * DAY_S, DAY_S * (1 + 2 * unit(key, 5)), "Liquidated")
    return ProjectPlan(
        24000000 + number * 13,
        f"Book {number // 50:02d}/{_STRATEGIES[bits(key, 6) % len(_STRATEGIES)]} {number:04d}",
        chosen,
        brokerage=_BROKERAGES[bits(key, 7) % len(_BROKERAGES)],
        capital=float(10_000 * (1 + bits(key, 8) % 50)),
        rebalance_s=12 * HOUR_S,
        runs=(run,),
        optimizations=bits(key, 9) % 2,
    )


def in_session(at: float) -> float:
    """Return the first time not before a time that lies an hour into a New York session."""
    session_at = at - at % DAY_S + 15.6 * HOUR_S
    while session_at < at or trading_time("us", session_at + 1) <= trading_time("us", session_at):
        session_at += DAY_S
    return session_at
