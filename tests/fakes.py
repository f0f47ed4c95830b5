"""Stand-ins shared by tests: a clock that only moves when told, and a scripted API. No real time passes in them."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from qctui.alerts.alert_service import AlertService
from qctui.alerts.rules import DEFAULT_RULES, AlertSettings, Delivery
from qctui.api.ports import ApiError, Loading, RequestReport
from qctui.clock import Clock
from qctui.model.chart import Chart
from qctui.model.deployment import Deployment, DeploymentDetail, DeploymentList, Environment, LogPage, Project
from qctui.model.insight import Direction, Insight, InsightPage
from qctui.model.optimization import Criterion, Optimization, OptimizationSummary
from qctui.model.order import Order, OrderPage
from qctui.model.portfolio import Portfolio
from qctui.model.resource import FailureKind
from qctui.store import Store
from qctui.value import replace

T = TypeVar("T")

IN_MEMORY = next(filter(Path.is_dir, [Path("/dev/shm")]), None)
"""Where there is one, simulated worlds have their disk here: only simulated time counts in them. None: anywhere."""

_SETTLE_LIMIT = 1_000_000
_PAUSE_S = 0.005
"""Longer than any pause of the client or of a chart that is drawn in slices, and far shorter than a frame: frames are
painted by whoever looks at the screen."""


def default_alerts(store: Store, clock: Clock) -> AlertService:
    return AlertService(store, clock, AlertSettings(DEFAULT_RULES, Delivery()))


class FakeClock:
    """Time that stands still until `advance`. `now` and `monotonic` are read from any thread; the rest is for one loop.

    Sleepers are woken in the order of their deadlines, one at a time, and after each the loop runs until nothing is
    ready any more: what a woken task starts at once happens at that instant and not later.
    """

    def __init__(self, now: float = 1_700_000_000.0, monotonic: float = 1_000.0) -> None:
        self._offset = now - monotonic
        self._mono = monotonic
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = itertools.count()

    def now(self) -> float:
        return self._mono + self._offset

    def monotonic(self) -> float:
        return self._mono

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        future = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._mono + seconds, next(self._order), future))
        await future

    async def advance(self, seconds: float) -> None:
        """Let `seconds` pass, waking every sleeper on the way at its own instant."""
        until = self._mono + seconds
        await self.settle()
        while self._sleepers and self._sleepers[0][0] <= until:
            due, _, future = heapq.heappop(self._sleepers)
            if future.done():  # cancelled while asleep
                continue
            self._mono = max(self._mono, due)
            future.set_result(None)
            await self.settle()
        self._mono = until
        await self.settle()

    async def settle(self) -> None:
        """Run the loop until no callback is ready. The client's pauses of real milliseconds in the middle of a large
        answer are waited out, longer real waits, threads and sockets are not."""
        # No public call tells whether anything else is ready; without it a test would have to guess how often to yield.
        loop: Any = asyncio.get_running_loop()
        for _ in range(_SETTLE_LIMIT):
            await asyncio.sleep(0)
            if loop._ready:
                continue
            pauses = [timer.when() - loop.time() for timer in loop._scheduled if not timer.cancelled()]
            if min(pauses, default=_PAUSE_S) >= _PAUSE_S:
                return
            await asyncio.sleep(min(pauses))
        raise AssertionError("the loop never settles: something reschedules itself without sleeping")

    def jump_wall(self, seconds: float) -> None:
        """Set the wall clock forward (or back); the monotonic clock does not notice."""
        self._offset += seconds

    def suspend(self, seconds: float) -> None:
        """The machine is suspended for so long: both times go on, and what is asleep does not notice."""
        self._mono += seconds
        self._sleepers = [(due + seconds, number, future) for due, number, future in self._sleepers]

    @property
    def sleeping(self) -> int:
        """How many are asleep now."""
        return sum(not future.done() for _, _, future in self._sleepers)


@dataclass(frozen=True)
class Call:
    """One request that reached the fake API."""

    name: str
    """The method without `fetch_`: `deployments`, `detail`, `chart` ..."""
    args: tuple[Any, ...]
    mono: float


class Hold:
    """Answers held back until `release`; made by `FakeApi.hold`."""

    def __init__(self) -> None:
        self._open = asyncio.Event()

    def release(self) -> None:
        self._open.set()

    async def wait(self) -> None:
        await self._open.wait()


Script = Callable[..., Any]
"""Called with the method's arguments; its result is the answer, an exception in place of a result is raised."""


class FakeApi:
    """A `ReadApi` that answers from lists anybody may edit, and remembers who asked what and when.

    `fail(error)` fails everything, `fail(error, "chart")` one method; `heal()` ends it. `hold("chart")` keeps answers
    back. `script["chart"] = function` replaces an answer. `latency_s` lets each answer take that long on the clock.
    """

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.calls: list[Call] = []
        self.latency_s = 0.0
        self.running = 0
        self.most_running = 0
        self.overlaps = 0
        """How often a request began while an equal one was under way."""
        self.cancelled = 0
        self.script: dict[str, Script] = {}
        self.observe: Callable[[RequestReport], None] | None = None
        self.server_offset_s = 0.0
        """How far the API's clock, as told by its Date header, is ahead."""
        self.deployments: list[Deployment] = []
        self.unreadable = 0
        """Entries of the list of deployments that can't be read."""
        self.projects: list[Project] = []
        self.insights: list[Insight] = []
        self.orders: list[Order] = []
        self.logs: list[str] = []
        self.optimizations: list[OptimizationSummary] = []
        self._failures: dict[str, Exception] = {}
        self._holds: dict[str, Hold] = {}
        self._under_way: Counter[tuple[str, tuple[Any, ...]]] = Counter()

    def fail(self, error: Exception, name: str = "") -> None:
        self._failures[name] = error

    def heal(self, name: str = "") -> None:
        self._failures.pop(name, None)

    def hold(self, name: str) -> Hold:
        self._holds[name] = hold = Hold()
        return hold

    def unhold(self, name: str) -> None:
        """Later answers are not held back; release those held already."""
        self._holds.pop(name).release()

    def count(self, name: str = "") -> int:
        return sum(call.name == name for call in self.calls) if name else len(self.calls)

    def times(self, name: str) -> list[float]:
        return [call.mono for call in self.calls if call.name == name]

    async def authenticate(self) -> None:
        await self._answer("authenticate", (), lambda: None)

    async def fetch_projects(self) -> tuple[Project, ...]:
        return await self._answer("projects", (), lambda: tuple(self.projects))

    async def fetch_deployments(self) -> DeploymentList:
        return await self._answer("deployments", (), lambda: DeploymentList(tuple(self.deployments), self.unreadable))

    async def fetch_detail(self, project_id: int, deploy_id: str = "") -> DeploymentDetail:
        made = await self._answer("detail", (project_id, *([deploy_id] if deploy_id else [])), make_detail)
        return replace(made, deploy_id=deploy_id) if deploy_id else made

    async def fetch_chart(self, project_id: int, name: str, start: float, end: float, count: int) -> Chart | Loading:
        return await self._answer("chart", (project_id, name, start, end, count), make_chart)

    async def fetch_insights(self, project_id: int, start: int, end: int, deploy_id: str) -> InsightPage:
        return await self._answer(
            "insights",
            (project_id, start, end, deploy_id),
            lambda *_: InsightPage(tuple(self.insights[start:end]), len(self.insights)),
        )

    async def fetch_portfolio(self, project_id: int) -> Portfolio:
        return await self._answer("portfolio", (project_id,), lambda *_: Portfolio((), (), is_known=True))

    async def fetch_orders(self, project_id: int, start: int, end: int) -> OrderPage | Loading:
        return await self._answer(
            "orders",
            (project_id, start, end),
            lambda *_: OrderPage(tuple(self.orders[start:end]), len(self.orders)),
        )

    async def fetch_logs(
        self, project_id: int, deploy_id: str, start_line: int, end_line: int, query: str = ""
    ) -> LogPage:
        lines = [line for line in self.logs if query.casefold() in line.casefold()]
        return await self._answer(
            "logs",
            (project_id, deploy_id, start_line, end_line, *([query] if query else [])),
            lambda *_: LogPage(tuple(lines[start_line:end_line]), start_line, len(lines), 0),
        )

    async def fetch_optimizations(self, project_id: int) -> tuple[OptimizationSummary, ...]:
        return await self._answer("optimizations", (project_id,), lambda *_: tuple(self.optimizations))

    async def fetch_optimization(self, optimization_id: str) -> Optimization:
        return await self._answer("optimization", (optimization_id,), make_optimization)

    async def _answer(self, name: str, args: tuple[Any, ...], default: Callable[..., T]) -> T:
        self.calls.append(Call(name, args, self.clock.monotonic()))
        self.overlaps += self._under_way[name, args] > 0
        self._under_way[name, args] += 1
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        began = self.clock.monotonic()
        failure: FailureKind | None = None
        try:
            if self.latency_s:
                await self.clock.sleep(self.latency_s)
            if name in self._holds:
                await self._holds[name].wait()
            error = self._failures.get(name) or self._failures.get("")
            if error is not None:
                raise error.with_traceback(None)  # the same object is raised many times and must not grow
            answer: Callable[..., T] = self.script.get(name, default)
            return answer(*args)
        except ApiError as error:
            failure = error.kind
            raise
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.running -= 1
            self._under_way[name, args] -= 1
            if not self._under_way[name, args]:
                del self._under_way[name, args]
            if self.observe is not None:
                server_at = None if failure is not None else float(int(self.clock.now() + self.server_offset_s))
                latency_s = self.clock.monotonic() - began
                self.observe(RequestReport(name, latency_s, server_at, failure, self.clock.now()))


def connect_error() -> ApiError:
    return ApiError(FailureKind.CONNECT, "The API cannot be reached.", may_have_acted=False)


def auth_error() -> ApiError:
    return ApiError(FailureKind.AUTH, "The API does not accept the credentials.", answered=True)


def server_error() -> ApiError:
    return ApiError(FailureKind.SERVER, "The API failed (HTTP 500).", status_code=500)


def make_deployment(number: int = 1, **changes: Any) -> Deployment:
    """Deployment `number`, in project `number`, running on paper."""
    base = Deployment(
        project_id=number,
        deploy_id=f"L-{number:032x}",
        status="Running",
        launched_at=1_699_000_000.0,
        stopped_at=None,
        brokerage="PaperBrokerage",
        environment=Environment.PAPER,
        equity=100_000.0 + number,
    )
    return replace(base, **changes)


def make_detail(project_id: int = 1, **changes: Any) -> DeploymentDetail:
    """live/read of `make_deployment(project_id)`."""
    base = DeploymentDetail(
        project_id=project_id,
        deploy_id=f"L-{project_id:032x}",
        status="Running",
        launched_at=1_699_000_000.0,
        stopped_at=None,
        brokerage="PaperBrokerage",
        environment=Environment.PAPER,
        project_name=f"Project {project_id}",
    )
    return replace(base, **changes)


def make_chart(project_id: int, name: str, start: float, end: float, count: int) -> Chart:
    """An empty chart of the window asked for."""
    return Chart(name, stacked=False, series=(), start=start, end=end, count=count)


def make_optimization(optimization_id: str = "O-1", **changes: Any) -> Optimization:
    """A running optimization, half done."""
    base = Optimization(
        optimization_id=optimization_id,
        project_id=1,
        name=f"Optimization {optimization_id}",
        status="running",
        criterion=Criterion("Sharpe Ratio", maximize=True),
        requested_at=1_699_000_000.0,
        completed=5,
        failed=0,
        running=1,
        queued=4,
        total=10,
    )
    return replace(base, **changes)


def make_insight(number: int, **changes: Any) -> Insight:
    """Insight `number`, generated a minute after the one before, closed and final."""
    base = Insight(
        insight_id=f"{number:032x}",
        generated_at=1_690_000_000.0 + 60 * number,
        close_at=1_690_000_000.0 + 60 * number + 3_600,
        symbol="SPY R735QTJ8XC9X",
        ticker="SPY",
        kind="price",
        direction=Direction.UP,
        period_s=3_600.0,
        magnitude=0.01,
        confidence=0.5,
        weight=None,
        reference=430.0,
        reference_final=None,
        score_direction=1.0,
        score_magnitude=0.5,
        score_final=True,
        estimated_value=None,
        model="Momentum",
        group_id="",
        tag="",
    )
    return replace(base, **changes)


def make_order(number: int, **changes: Any) -> Order:
    """Order `number` of project 1's deployment, filled."""
    base = Order(
        order_id=number,
        deploy_id=f"L-{1:032x}",
        ticker="SPY",
        order_type="market",
        status="filled",
        quantity=10.0,
        price=430.0,
        at=1_690_000_000.0 + 60 * number,
        last_fill_at=1_690_000_000.0 + 60 * number,
        tag="",
    )
    return replace(base, **changes)
