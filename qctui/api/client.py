"""The two sides of the client: polled reads, and triggers with the reads around them, each on its own connections."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

from qctui.api import endpoints
from qctui.api.answer import Answer
from qctui.api.auth import Credentials
from qctui.api.endpoints import Endpoint
from qctui.api.lanes import TRIGGER_LANES, TRIGGER_POOL, Lanes
from qctui.api.library_patches import httpx
from qctui.api.parse_chart import chart
from qctui.api.parse_live import ChartNames, logs, projects
from qctui.api.parse_optimization import compiled, estimate, summaries
from qctui.api.parse_records import insights
from qctui.api.ports import Gate, Loading, RequestReport
from qctui.api.reader import Reader, RetryPolicy, parsed
from qctui.api.transport import Channel, Pool, Timeouts
from qctui.clock import Clock
from qctui.model.chart import Chart
from qctui.model.deployment import LogPage, Project
from qctui.model.insight import InsightPage
from qctui.model.optimization import Compile, Estimate, OptimizationPlan, Parameter
from qctui.model.recording import Exchange
from qctui.model.resource import FailureKind
from qctui.value import Value

READ_POOL = Pool(connections=20, idle_s=30.0)
CHECK_POOL = Pool(connections=100, idle_s=4.0)
"""For the reads of a trigger's target, before and after. They are not repeated either, so a connection that may be
closed at any time is not for them."""

READ_TIMEOUTS = Timeouts(connect_s=5.0, read_s=30.0, total_s=60.0)
TRIGGER_TIMEOUTS = Timeouts(connect_s=3.0, read_s=20.0, total_s=30.0)
CHECK_TIMEOUTS = Timeouts(connect_s=3.0, read_s=10.0, total_s=20.0)
"""Reads of a trigger's target: the verification of an action asks again anyway."""

WAIT_FOR_WARM_S = 0.25
"""How long a trigger waits at most for a connection that is just being warmed: most often the rest of one round trip,
where a new one costs three."""


class QuantConnectClient(Reader):
    """`ReadApi` over HTTP."""

    async def authenticate(self) -> None:
        """Check the credentials."""
        await self._post(endpoints.AUTHENTICATE, {})

    async def fetch_projects(self) -> tuple[Project, ...]:
        """projects/read."""
        return await self._read(endpoints.PROJECTS, {}, lambda answer: projects(answer, self._channel.user_id))

    async def fetch_chart(self, project_id: int, name: str, start: float, end: float, count: int) -> Chart | Loading:
        """live/chart/read. Times are sent as whole seconds."""
        body: dict[str, object] = {
            "projectId": project_id,
            "name": self._names.raw(project_id, name),
            "count": count,
            "start": int(start),
            "end": int(end),
        }
        return await self._read(endpoints.CHART, body, lambda answer: chart(answer, name, start, end, count))

    async def fetch_insights(self, project_id: int, start: int, end: int, deploy_id: str) -> InsightPage:
        """live/insights/read, always with project, start and end (REFERENCE.md 9, row 6)."""
        body: dict[str, object] = {"projectId": project_id, "start": start, "end": end}
        if deploy_id:
            body["algorithmId"] = deploy_id
        return await self._read(endpoints.INSIGHTS, body, insights)

    async def fetch_logs(
        self, project_id: int, deploy_id: str, start_line: int, end_line: int, query: str = ""
    ) -> LogPage:
        """live/logs/read."""
        body: dict[str, object] = {
            "projectId": project_id,
            "algorithmId": deploy_id,
            "startLine": start_line,
            "endLine": end_line,
            "format": "json",
        }
        if query:
            body["query"] = query
        return await self._read(endpoints.LOGS, body, lambda answer: logs(answer, start_line))


class TriggerClient(Reader):
    """`TriggerApi` over HTTP: connections of its own, and nothing is ever sent twice."""

    def __init__(
        self,
        channel: Channel,
        for_triggers: Lanes,
        names: ChartNames,
        *,
        read_only: bool,
        timeouts: Timeouts,
        check_timeouts: Timeouts,
    ) -> None:
        super().__init__(channel, names, RetryPolicy(retries=0), lambda: 0.0, check_timeouts)
        self._for_triggers = for_triggers
        self._read_only = read_only
        self._trigger_timeouts = timeouts
        self._warming: set[asyncio.Task[None]] = set()
        self._waiting = 0
        """Triggers that wait for one of `_warming`."""

    async def liquidate(self, project_id: int, gate: Gate | None = None) -> None:
        """live/update/liquidate. The project id is all it takes (REFERENCE.md 9, row 10)."""
        await self._trigger(endpoints.LIQUIDATE, {"projectId": project_id}, gate)

    async def stop(self, project_id: int, gate: Gate | None = None) -> None:
        """live/update/stop."""
        await self._trigger(endpoints.STOP, {"projectId": project_id}, gate)

    async def abort(self, optimization_id: str, gate: Gate | None = None) -> None:
        """optimizations/abort."""
        await self._trigger(endpoints.ABORT, {"optimizationId": optimization_id}, gate)

    async def rename(self, optimization_id: str, name: str, gate: Gate | None = None) -> None:
        """optimizations/update."""
        await self._trigger(endpoints.RENAME, {"optimizationId": optimization_id, "name": name}, gate)

    async def delete(self, optimization_id: str, gate: Gate | None = None) -> None:
        """optimizations/delete."""
        await self._trigger(endpoints.DELETE, {"optimizationId": optimization_id}, gate)

    async def compile(self, project_id: int) -> Compile:
        """compile/create."""
        self._refuse_read_only(endpoints.COMPILE)
        return await self._read(endpoints.COMPILE, {"projectId": project_id}, compiled)

    async def fetch_compile(self, project_id: int, compile_id: str) -> Compile:
        """compile/read."""
        return await self._read(endpoints.COMPILED, {"projectId": project_id, "compileId": compile_id}, compiled)

    async def estimate(self, plan: OptimizationPlan, compile_id: str) -> Estimate:
        """optimizations/estimate."""
        return await self._read(endpoints.ESTIMATE, _asked(plan, compile_id), estimate)

    async def create(self, plan: OptimizationPlan, compile_id: str, gate: Gate | None = None) -> str:
        """optimizations/create."""
        body = _asked(plan, compile_id)
        # The service wants a figure and names none: this is lean-cli's for every optimization.
        body |= {"estimatedCost": 0.01, "nodeType": plan.node_type, "parallelNodes": plan.parallel_nodes}
        answer = await self._trigger(endpoints.CREATE, body, gate)
        made = await parsed(answer, summaries)
        return made[0].optimization_id if made else ""

    def _refuse_read_only(self, endpoint: Endpoint) -> None:
        if self._read_only:
            raise endpoint.failure(FailureKind.REFUSED, "not sent, read-only", may_have_acted=False)

    async def _trigger(self, endpoint: Endpoint, body: dict[str, object], gate: Gate | None) -> Answer:
        self._refuse_read_only(endpoint)
        await self._wait_for_warm()
        # Once, whatever happens: a repeated liquidation could hit a deployment that was started in between.
        answer = await self._for_triggers.trigger(endpoint, body, self._trigger_timeouts, gate)
        # With a list so long that it was cut out unread it may be no JSON at all.
        if answer.members.get("success") is not True or answer.document.cuts:
            raise endpoint.failure(FailureKind.MALFORMED, "the answer does not say that it succeeded")
        return answer

    async def warm(self, connections: int = 1) -> None:
        """Check the credentials on as many connections at once, those that are still under way counted in."""
        lanes = self._for_triggers.half_for_checks()
        for _ in range(connections - len(self._warming)):
            task = asyncio.ensure_future(self._for_triggers.check(lanes))
            self._warming.add(task)
            task.add_done_callback(self._warming.discard)
        # A connection that could not be opened shows when something is sent.
        await asyncio.gather(*self._warming, return_exceptions=True)

    async def _wait_for_warm(self) -> None:
        """Return when a connection is likely free, or soon. Each that is being warmed is waited for by one trigger."""
        if self._waiting >= len(self._warming) or self._for_triggers.has_idle():
            return
        self._waiting += 1
        try:
            await asyncio.wait(self._warming, timeout=WAIT_FOR_WARM_S, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._waiting -= 1


def _asked(plan: OptimizationPlan, compile_id: str) -> dict[str, object]:
    """What estimate and create have in common."""
    criterion = plan.criterion
    body: dict[str, object] = {
        "projectId": plan.project_id,
        "compileId": compile_id,
        "name": plan.name,
        "target": criterion.wire_target,
        "targetTo": criterion.extremum,
        "strategy": plan.strategy,
        "parameters": [_parameter(each) for each in plan.parameters],
        "constraints": [
            {"target": each.target, "operator": each.operator, "targetValue": each.limit} for each in plan.constraints
        ],
    }
    if criterion.target_value is not None:
        body["targetValue"] = criterion.target_value
    return body


def _parameter(one: Parameter) -> dict[str, object]:
    if one.value is not None:
        return {"name": one.name, "value": one.value}
    return {"name": one.name, "min": one.minimum, "max": one.maximum, "step": one.step or 1}


class Client(Value):
    """Both sides of the API for one profile."""

    reads: QuantConnectClient
    triggers: TriggerClient
    _channels: tuple[Channel, ...]

    async def aclose(self) -> None:
        """Close every connection."""
        for channel in self._channels:
            await channel.aclose()


def open_client(
    credentials: Credentials,
    base_url: str,
    *,
    read_only: bool,
    clock: Clock,
    observer: Callable[[RequestReport], None] | None = None,
    record: Callable[[Exchange], None] | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
    read_timeouts: Timeouts = READ_TIMEOUTS,
    trigger_timeouts: Timeouts = TRIGGER_TIMEOUTS,
    check_timeouts: Timeouts = CHECK_TIMEOUTS,
    policy: RetryPolicy | None = None,
    jitter: Callable[[], float] = random.random,
) -> Client:
    """The client of one profile. Nothing is connected and no certificate read until the first request.

    `observer` hears of every finished request, `record` gets it whole. `transport` replaces the network. `jitter` gives
    numbers in 0..1.
    Raises ValueError, one line, for a base URL that is neither https nor http to this machine.
    """
    names = ChartNames()

    def channel(pool: Pool) -> Channel:
        return Channel(
            base_url, credentials, clock=clock, pool=pool, observer=observer, record=record, transport=transport
        )

    for_reads, for_checks = channel(READ_POOL), channel(CHECK_POOL)
    for_triggers = [channel(TRIGGER_POOL) for _ in range(TRIGGER_LANES)]
    return Client(
        QuantConnectClient(for_reads, names, policy or RetryPolicy(), jitter, read_timeouts),
        TriggerClient(
            for_checks,
            Lanes(for_triggers),
            names,
            read_only=read_only,
            timeouts=trigger_timeouts,
            check_timeouts=check_timeouts,
        ),
        (for_reads, for_checks, *for_triggers),
    )
