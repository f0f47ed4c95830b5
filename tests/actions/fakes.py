"""A trigger API whose answers are scripted and whose world changes on the fake clock, and a rig around the service."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from qctui.actions.action_store import JournalContext
from qctui.actions.actions_port import JournalEntry
from qctui.actions.journal import JournalTail
from qctui.actions.service import ActionService
from qctui.actions.spec import OF_OPTIMIZATIONS
from qctui.api.ports import ApiError, Gate, Loading
from qctui.model.action import ACTIONS, ActionRecord, Rung, Target
from qctui.model.deployment import DeploymentDetail, DeploymentList, Environment
from qctui.model.optimization import (
    GRID_SEARCH,
    Compile,
    Constraint,
    Criterion,
    Estimate,
    Optimization,
    OptimizationPlan,
    OptimizationSummary,
    Parameter,
)
from qctui.model.order import Order, OrderPage
from qctui.model.portfolio import Cash, Holding, Portfolio
from qctui.model.resource import FailureKind
from qctui.store import Store
from qctui.value import replace
from tests.fakes import FakeClock, make_detail, make_optimization

T = TypeVar("T")

BASE_URL = "https://www.quantconnect.com/api/v2"
CONTEXT = JournalContext(BASE_URL, "default")
SPY = Holding("SPY R735QTJ8XC9X", "SPY", 100.0, market_value=43_000.0)
HELD = Portfolio((SPY,), (Cash("USD", 1_000.0),), is_known=True)
FLAT = Portfolio((replace(SPY, quantity=0.0, market_value=None),), (Cash("USD", 44_000.0),), is_known=True)
EMPTY = Portfolio((), (), is_known=False)

GOAL = Criterion("Sharpe Ratio", maximize=True, wire_target="TotalPerformance.PortfolioStatistics.SharpeRatio")
PLAN = OptimizationPlan(
    1, "Grid 2", GOAL, GRID_SEARCH,
    (Parameter("fast", 5, 20, 5), Parameter("slow", 30, 60, 10), Parameter("mode", value="x")),
    (Constraint("TotalPerformance.PortfolioStatistics.Drawdown", "Drawdown Less 0.25", "Less", 0.25),),
    "O2-8", 2,
)  # fmt: skip
"""Sixteen backtests."""


def target(action: str = "liquidate", number: int = 1, **changes: Any) -> Target:
    """Deployment `number` of `tests.fakes.make_detail`, or optimization `O-number`."""
    if action in OF_OPTIMIZATIONS:
        base = Target(action, f"Optimization {number}", 1, optimization_id=f"O-{number}", status="running")
    else:
        base = Target(
            action, f"Project {number}", number, f"L-{number:032x}", environment=Environment.LIVE, status="Running"
        )
    return replace(base, **changes)


def error(kind: FailureKind, message: str = "", **marks: Any) -> ApiError:
    return ApiError(kind, message or kind.value, **marks)


REFUSED_CONNECTION = error(FailureKind.CONNECT, "connection refused", may_have_acted=False)


@dataclass(frozen=True)
class Post:
    """One trigger request whose first byte left."""

    action: str
    id: int | str
    mono: float


@dataclass
class Try:
    """What happens to one call of a trigger."""

    error: ApiError | Exception | None = None
    before_s: float = 0.0
    """Time to connect."""
    after_s: float = 0.0
    """Time from the first byte to the answer."""
    leaves: bool = True
    """Whether the first byte leaves: False for a connection that is never made."""
    acts: bool = True
    """Whether the server does it."""
    hangs: bool = False
    """The answer never comes."""


class FakeTriggers:
    """A `TriggerApi`. The world: projects stop `stop_after_s` and are flat `flat_after_s` after the server acted."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.calls = 0
        self.posts: list[Post] = []
        self.tries: Iterator[Try] = iter(())
        """What happens to the calls, in order; then everything goes well."""
        self.per_project: dict[int, Try] = {}
        self.stop_after_s = 5.0
        self.flat_after_s = 20.0
        self.acted: dict[int | str, float] = {}
        self.names: dict[str, str] = {}
        """The new name of each optimization that was to be renamed."""
        self.made = "O-new"
        """The id that the answer to a create has."""
        self.compiles: Iterator[Compile] = iter(())
        """The answers to compile/create and compile/read, in order."""
        self.listed: dict[int, tuple[OptimizationSummary, ...]] = {}
        """What optimizations/list says of a project; nothing by default."""
        self.details: dict[int, DeploymentDetail] = {}
        self.lists: dict[int, DeploymentList] = {}
        """What live/list says of a project; nothing by default."""
        self.portfolios: dict[int, Portfolio] = {}
        self.flat = FLAT
        self.orders: list[Order] = []
        self.optimizations: dict[str, Optimization] = {}
        self.fail: dict[str, ApiError] = {}
        """Failures by read: `detail`, `deployments`, `portfolio`, `orders`, `optimization`."""
        self.read_s: dict[str, float] = {}
        """How long the answer to each kind of read takes; the others come at once."""
        self.hang: set[str] = set()
        self.reads: list[tuple[str, float]] = []
        self.warmed: list[int] = []
        self.on_read: Callable[[str], None] = lambda name: None

    async def liquidate(self, project_id: int, gate: Gate | None = None) -> None:
        await self._trigger("liquidate", project_id, gate, self.per_project.get(project_id))

    async def stop(self, project_id: int, gate: Gate | None = None) -> None:
        await self._trigger("stop", project_id, gate, self.per_project.get(project_id))

    async def abort(self, optimization_id: str, gate: Gate | None = None) -> None:
        await self._trigger("abort", optimization_id, gate, None)

    async def rename(self, optimization_id: str, name: str, gate: Gate | None = None) -> None:
        self.names[optimization_id] = name
        await self._trigger("rename", optimization_id, gate, None)

    async def delete(self, optimization_id: str, gate: Gate | None = None) -> None:
        await self._trigger("delete", optimization_id, gate, None)

    async def compile(self, project_id: int) -> Compile:
        await self._read("compile")
        return next(self.compiles)

    async def fetch_compile(self, project_id: int, compile_id: str) -> Compile:
        await self._read("compiled")
        return next(self.compiles)

    async def estimate(self, plan: OptimizationPlan, compile_id: str) -> Estimate:
        await self._read("estimate")
        return Estimate(412.0, 250.0)

    async def create(self, plan: OptimizationPlan, compile_id: str, gate: Gate | None = None) -> str:
        await self._trigger("rerun", plan.name, gate, None)
        return self.made

    async def warm(self, connections: int = 1) -> None:
        self.warmed.append(connections)

    async def fetch_detail(self, project_id: int) -> DeploymentDetail:
        await self._read("detail")
        detail = self.details.get(project_id) or make_detail(project_id)
        stopped_mono = self.acted.get(project_id, float("inf")) + self.stop_after_s
        if detail.alive and self.clock.monotonic() >= stopped_mono:
            stopped_at = self.clock.now() - (self.clock.monotonic() - stopped_mono)
            return replace(detail, status="Liquidated", stopped_at=stopped_at)
        return detail

    async def fetch_deployments(self, project_id: int) -> DeploymentList:
        await self._read("deployments")
        return self.lists.get(project_id, DeploymentList(()))

    async def fetch_portfolio(self, project_id: int) -> Portfolio:
        await self._read("portfolio")
        if self.clock.monotonic() >= self.acted.get(project_id, float("inf")) + self.flat_after_s:
            return self.flat
        return self.portfolios.get(project_id, HELD)

    async def fetch_orders(self, project_id: int, start: int, end: int) -> OrderPage | Loading:
        await self._read("orders")
        return OrderPage(tuple(self.orders[start:end]), len(self.orders))

    async def fetch_optimization(self, optimization_id: str) -> Optimization:
        await self._read("optimization")
        optimization = self.optimizations.get(optimization_id) or make_optimization(optimization_id)
        if self.clock.monotonic() < self.acted.get(optimization_id, float("inf")) + self.stop_after_s:
            return optimization
        action = next(post.action for post in reversed(self.posts) if post.id == optimization_id)
        if action == "delete":
            raise ApiError(FailureKind.REJECTED, "optimization not found", answered=True)
        if action == "rename":
            return replace(optimization, name=self.names[optimization_id])
        return replace(optimization, status="aborted")

    async def fetch_optimizations(self, project_id: int) -> tuple[OptimizationSummary, ...]:
        await self._read("optimizations")
        return self.listed.get(project_id, ())

    async def _read(self, name: str) -> None:
        self.reads.append((name, self.clock.monotonic()))
        if name in self.hang:
            await asyncio.Event().wait()
        if name in self.read_s:
            await self.clock.sleep(self.read_s[name])
        await asyncio.sleep(0)
        self.on_read(name)
        if name in self.fail:
            raise self.fail[name].with_traceback(None)

    async def _trigger(self, action: str, identity: int | str, gate: Gate | None, special: Try | None) -> None:
        self.calls += 1
        outcome = special or next(self.tries, Try())
        if outcome.before_s:
            await self.clock.sleep(outcome.before_s)
        if outcome.leaves:
            if gate is not None:
                await gate()
            self.posts.append(Post(action, identity, self.clock.monotonic()))
            if outcome.acts:
                self.acted.setdefault(identity, self.clock.monotonic())
        await asyncio.sleep(0)
        if outcome.hangs:
            await asyncio.Event().wait()
        if outcome.after_s:
            await self.clock.sleep(outcome.after_s)
        if outcome.error is not None:
            raise outcome.error.with_traceback(None)


def read_journal(path: Path) -> tuple[JournalEntry, ...]:
    """The whole journal, oldest first."""
    return JournalTail(path).read()


class InlineDisk:
    """A `Disk` without a thread, so that no thread's time gets into a test.

    Each job is done `lag` turns of the loop after it was queued, in order. `hanging` makes later jobs wait.
    """

    def __init__(self, lag: int = 0) -> None:
        self.lag = lag
        self.hanging = False
        self.jobs = 0
        self.waiting: list[Callable[[], None]] = []

    def run(self, job: Callable[[], T]) -> asyncio.Future[T]:
        self.jobs += 1
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()

        def do() -> None:
            try:
                result = job()
            except Exception as failure:  # handed to whoever waits, as the thread does
                future.set_exception(failure)
            else:
                if not future.done():
                    future.set_result(result)

        if self.hanging:
            self.waiting.append(do)
        else:
            self._later(do, self.lag)
        return future

    def _later(self, do: Callable[[], None], turns: int) -> None:
        if turns:
            asyncio.get_running_loop().call_soon(self._later, do, turns - 1)
        else:
            do()

    def release(self) -> None:
        self.hanging = False
        for do in self.waiting:
            do()
        self.waiting.clear()

    def close(self) -> None:
        pass


class Rig:
    """A service on the fake clock with a journal in a folder of the test's own."""

    def __init__(self, folder: Path, clock: FakeClock | None = None, api: FakeTriggers | None = None, **options: Any):
        self.clock = clock or FakeClock()
        self.api = api or FakeTriggers(self.clock)
        self.store = Store()
        self.journal = folder / "journal.jsonl"
        options.setdefault("context", CONTEXT)
        self.disk = options.pop("disk", None) or InlineDisk()
        self.service = ActionService(self.api, self.store, self.clock, self.journal, disk=self.disk, **options)

    async def __aenter__(self) -> Rig:
        await self.service.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.service.aclose()

    @property
    def records(self) -> tuple[ActionRecord, ...]:
        return self.store.get(ACTIONS).value or ()

    # A method: mypy narrows properties for good, and here they change with every step of the clock.
    def record(self) -> ActionRecord:
        (record,) = self.records
        return record

    def rungs(self, action_id: str = "") -> list[str]:
        record = next(each for each in self.records if each.action_id == action_id) if action_id else self.record()
        return [step.rung.value for step in record.steps]

    def entries(self) -> tuple[JournalEntry, ...]:
        return read_journal(self.journal)

    def events(self, action_id: str = "") -> list[str]:
        return [entry.event for entry in self.entries() if action_id in ("", entry.id)]

    async def act(self, *targets: Target) -> tuple[str, ...]:
        """Confirm, and let everything happen that happens at once."""
        ids = self.service.confirm(targets or (target(),), "console")
        await self.clock.settle()
        return ids


def in_rig(body: Callable[[Rig], Awaitable[None]]) -> Callable[[Path], None]:
    """The test that runs `body` with a started service and closes it after."""

    def test(tmp_path: Path) -> None:
        async def main() -> None:
            async with Rig(tmp_path) as rig:
                await body(rig)

        asyncio.run(main())

    test.__name__ = getattr(body, "__name__", "test")
    return test


def last(record: ActionRecord) -> tuple[Rung | None, str]:
    return record.rung, record.steps[-1].detail if record.steps else ""
