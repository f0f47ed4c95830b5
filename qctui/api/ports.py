"""The client as the engine and the actions see it. They import this module and nothing else of `qctui.api`.

Every method raises `ApiError` and nothing else. A read may be cancelled at any time.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from qctui.model.chart import Chart
from qctui.model.deployment import DeploymentDetail, DeploymentList, LogPage, Project
from qctui.model.insight import InsightPage
from qctui.model.optimization import Compile, Estimate, Optimization, OptimizationPlan, OptimizationSummary
from qctui.model.order import OrderPage
from qctui.model.portfolio import Portfolio
from qctui.model.resource import FailureKind
from qctui.value import Value

Gate = Callable[[], Awaitable[None]]
"""Awaited right before the first byte of a trigger; an `ApiError` it raises keeps everything from being written."""

REWARM_S = 3.0
"""How often `TriggerApi.warm` is to be called: an idle connection is trusted for some 4 s."""


class ApiError(Exception):
    """A call that has no usable answer. `message` is scrubbed of secrets and control characters.

    Attributes:
        kind: what happened.
        message: one line for a person.
        may_have_acted: False only if the request provably never reached the API (connect failure, refused by ourselves)
            or was answered 429.
            For a trigger this decides whether the program may re-send by itself (DESIGN section 4).
        answered: the API gave a well-formed answer of its own (`success: false`): a rejection is certain, not unknown.
        retry_after_s: seconds the API asked us to wait, when it did.
        status_code: the HTTP status, when there was one.
        members: what the answer held beside its errors, under folded names; a failure may carry data
            (REFERENCE.md 2.1).
    """

    def __init__(
        self,
        kind: FailureKind,
        message: str,
        *,
        may_have_acted: bool = True,
        answered: bool = False,
        retry_after_s: float | None = None,
        status_code: int | None = None,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.may_have_acted = may_have_acted
        self.answered = answered
        self.retry_after_s = retry_after_s
        self.status_code = status_code
        self.members: Mapping[str, object] = {}

    @property
    def advised(self) -> str:
        """The message, with what a person can do about it."""
        return f"{self.message}; {self.kind.advice}" if self.kind.advice else self.message


class Loading(Value):
    """The service is preparing the answer (REFERENCE.md 2.3): ask again in a few seconds."""

    fraction: float | None
    """0..1, None when the answer has none or one that makes no sense."""


class RequestReport(Value):
    """One finished request, for the link bar and the log. Holds no secret."""

    endpoint: str
    latency_s: float
    """From sending to the answer's headers, or to the failure."""
    server_at: float | None
    """The Date header, Unix seconds."""
    failure: FailureKind | None
    at: float
    """Our wall clock when the headers came, Unix seconds."""


class DetailReads(Protocol):
    """The reads that both sides have, each over connections of its own."""

    async def fetch_detail(self, project_id: int) -> DeploymentDetail:
        """The most recent deployment of a project (REFERENCE.md 6.2)."""
        ...

    async def fetch_portfolio(self, project_id: int) -> Portfolio:
        """Holdings and cash (REFERENCE.md 6.6)."""
        ...

    async def fetch_orders(self, project_id: int, start: int, end: int) -> OrderPage | Loading:
        """Orders by index, `end - start` at most 100 (REFERENCE.md 6.7)."""
        ...

    async def fetch_optimization(self, optimization_id: str) -> Optimization:
        """One optimization with its runs (REFERENCE.md 5.2)."""
        ...

    async def fetch_optimizations(self, project_id: int) -> tuple[OptimizationSummary, ...]:
        """Optimizations of a project (REFERENCE.md 5.1)."""
        ...


class ReadApi(DetailReads, Protocol):
    """The reads. Transient failures are retried inside, with back-off and jitter."""

    async def authenticate(self) -> None:
        """Check the credentials (REFERENCE.md 4.1)."""
        ...

    async def fetch_detail(self, project_id: int, deploy_id: str = "") -> DeploymentDetail:
        """The most recent deployment of a project, or the one with this id (REFERENCE.md 6.2)."""
        ...

    async def fetch_projects(self) -> tuple[Project, ...]:
        """All projects, deleted ones left out (REFERENCE.md 4.2)."""
        ...

    async def fetch_deployments(self) -> DeploymentList:
        """Past and present deployments of all projects, in the service's order (REFERENCE.md 6.1)."""
        ...

    async def fetch_chart(self, project_id: int, name: str, start: float, end: float, count: int) -> Chart | Loading:
        """One chart's window in about `count` samples (REFERENCE.md 6.3)."""
        ...

    async def fetch_insights(self, project_id: int, start: int, end: int, deploy_id: str) -> InsightPage:
        """Insights by index, `end - start` at most 99 (REFERENCE.md 6.4)."""
        ...

    async def fetch_logs(
        self, project_id: int, deploy_id: str, start_line: int, end_line: int, query: str = ""
    ) -> LogPage:
        """Log lines, `end_line - start_line` at most 200 (REFERENCE.md 6.5). With `query` only those that contain it,
        upper or lower case, of all deployments of the project; the numbers count them."""
        ...


class TriggerApi(DetailReads, Protocol):
    """The emergency path: its own connections, no retries, no share in the read budget.

    The reads here have connections apart from those of the triggers: an answer that something in between repeats or
    mixes up is then never one about a deployment. So reading keeps no trigger's connection warm; `warm` does.

    A trigger returns only on an explicit `success: true`. Each call sends at most one POST. In read-only mode every
    trigger raises `ApiError` of kind REFUSED before a request is built.

    `gate` is awaited once per POST, right before the request's first byte is written (connected, TLS done): from its
    return on it may be out. Should it raise an `ApiError`, nothing is written and that very error comes out of the
    call. It raises when the person has cancelled, the deadline passed while connecting, or something else forbids
    sending by then.
    """

    async def liquidate(self, project_id: int, gate: Gate | None = None) -> None:
        """Close all positions of whatever is live in the project now, and stop it (REFERENCE.md 7.1)."""
        ...

    async def stop(self, project_id: int, gate: Gate | None = None) -> None:
        """Stop it, leaving its positions (REFERENCE.md 7.2)."""
        ...

    async def abort(self, optimization_id: str, gate: Gate | None = None) -> None:
        """End an optimization (REFERENCE.md 5.3)."""
        ...

    async def rename(self, optimization_id: str, name: str, gate: Gate | None = None) -> None:
        """Give an optimization another name (REFERENCE.md 5.4)."""
        ...

    async def delete(self, optimization_id: str, gate: Gate | None = None) -> None:
        """Delete an optimization (REFERENCE.md 5.4)."""
        ...

    async def compile(self, project_id: int) -> Compile:
        """Begin to build a project as it is now (REFERENCE.md 5.5). It costs nothing."""
        ...

    async def fetch_compile(self, project_id: int, compile_id: str) -> Compile:
        """How far a build is (REFERENCE.md 5.5)."""
        ...

    async def estimate(self, plan: OptimizationPlan, compile_id: str) -> Estimate:
        """What an optimization would take (REFERENCE.md 5.5)."""
        ...

    async def create(self, plan: OptimizationPlan, compile_id: str, gate: Gate | None = None) -> str:
        """Start an optimization, which costs credit (REFERENCE.md 5.5). Its id; empty if the answer has none."""
        ...

    async def warm(self, connections: int = 1) -> None:
        """Open `connections` connections ahead of a trigger, so that sending costs no handshake. To be called again
        every `REWARM_S` while a trigger may come. Never raises for a failure."""
        ...

    async def fetch_deployments(self, project_id: int) -> DeploymentList:
        """live/list of one project: the second witness beside live/read."""
        ...
