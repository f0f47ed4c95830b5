"""What a world starts with: projects, who trades what in them, since when, and what will happen to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from qctui.simulator.market import DAY_S, SYMBOLS, Symbol, trading_time
from qctui.simulator.noise import bits, hex_of, key_of, unit

HOUR_S = 3600.0
HOSTILE_NAME = "[bold red]x[/] \x1b[31m 均值 [@click=app.quit]y[/]"

_RUNTIME_ERROR = (
    "Runtime Error: 'NoneType' object has no attribute 'price'\n  at OnData\n    in main.py: line 41\n"
    "  (see [Documentation](https://www.quantconnect.com/docs))"
)


@dataclass(frozen=True)
class Holding:
    """A position that a deployment starts with."""

    ticker: str
    quantity: float
    average_price: float | None = None
    """None is the price at its launch."""


@dataclass(frozen=True)
class Parameter:
    """One axis of the grid, or a value that is not varied."""

    name: str
    low: float
    high: float
    step: float
    fixed: str | None = None

    def values(self) -> list[str]:
        """Return the values it takes, as the service writes them."""
        if self.fixed is not None:
            return [self.fixed]
        steps = round((self.high - self.low) / self.step)
        return [f"{round(self.low + self.step * number, 6):g}" for number in range(steps + 1)]


@dataclass(frozen=True)
class Sweep:
    """An optimization with what it was asked for."""

    name: str
    requested_ago_s: float
    parameters: tuple[Parameter, ...]
    target: str
    extremum: str
    node_type: str
    nodes: int
    aborted_after_s: float | None = None


@dataclass(frozen=True)
class Run:
    """One deployment in a project's plan. Ages are seconds before the world's start; negative is in its future."""

    launched_ago_s: float
    ended_ago_s: float | None = None
    ends_as: str = "Stopped"
    message: str = ""
    starting: bool = True
    stuck_status: str | None = None
    positions: tuple[Holding, ...] = ()
    """What it holds from its launch on, and keeps; without any it trades by itself."""


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
    sweeps: tuple[Sweep, ...] = ()
    """Optimizations of its own, beside those."""
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


CHARTS = ("Signals", "Events", "Allocation", "Correlation", "Surface", "Regime", "Spread", "Idle")
"""Charts of its own that an algorithm can have."""

_STRATEGIES = ("Stat Arb", "Breakout", "Carry", "Value Tilt", "Low Vol", "Seasonal", "Earnings Drift", "Gap Fade")
_BROKERAGES = (
    "PaperBrokerage",
    "PaperBrokerage",
    "InteractiveBrokersBrokerage",
    "TradierBrokerage",
    "BinanceBrokerage",
)


def plans(
    cast: Sequence[ProjectPlan], count: int | None, *, seed: int, hostile: bool, odd: bool = False
) -> list[ProjectPlan]:
    """Return the projects of a world: the cast, cut or filled up to `count` projects that have a deployment.

    `hostile` gives one of them a name that attacks terminals, `odd` a status that no list names.
    """
    chosen = list(cast)
    if chosen and (hostile or odd):
        place = min(3, len(chosen) - 1)
        runs = tuple(replace(run, stuck_status="Idle" if odd else run.stuck_status) for run in chosen[place].runs)
        chosen[place] = replace(chosen[place], name=HOSTILE_NAME if hostile else chosen[place].name, runs=runs)
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
        run = Run(age_s + DAY_S, unit(key, 5) * 20 * HOUR_S, "RuntimeError", _RUNTIME_ERROR)
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
