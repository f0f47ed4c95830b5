"""The reads that polling and the emergency path share, and when a read is tried again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias, TypeVar

from qctui.api import endpoints
from qctui.api.answer import Answer
from qctui.api.decode import DecodeError, Document, TooLargeError
from qctui.api.endpoints import Endpoint
from qctui.api.parse_live import ChartNames, deployments, detail, identifies_deployment
from qctui.api.parse_optimization import optimization, summaries
from qctui.api.parse_portfolio import portfolio
from qctui.api.parse_records import orders
from qctui.api.ports import ApiError, Loading
from qctui.api.response import too_large
from qctui.api.transport import Channel, Timeouts
from qctui.model.deployment import DeploymentDetail, DeploymentList
from qctui.model.optimization import Optimization, OptimizationSummary
from qctui.model.order import OrderPage
from qctui.model.portfolio import Portfolio
from qctui.model.resource import FailureKind
from qctui.value import Value

T = TypeVar("T")

Parser: TypeAlias = Callable[[Answer], Awaitable[T]]

TRANSIENT = frozenset({FailureKind.CONNECT, FailureKind.RESET, FailureKind.TIMEOUT, FailureKind.SERVER})
"""Failures that may be gone a second later. A rejection, rejected credentials and a throttle are not: asking again at
once would only hammer."""


class RetryPolicy(Value):
    """How often and how long a read is tried again. Triggers have no part in this."""

    retries: int = 2
    first_s: float = 0.5
    """The longest first pause; each further one may be twice as long."""
    longest_s: float = 4.0
    within_s: float = 10.0
    """No retry begins later than this after the first try: the next poll comes anyway."""

    def pause_s(self, failed: int, jitter: float) -> float:
        """The pause after the `failed`-th failure (from 1): full jitter, `jitter` being uniform in 0..1, so that the
        pollers of many consoles do not come back together."""
        return jitter * min(self.longest_s, self.first_s * 2.0 ** (failed - 1))


class Reader:
    """The reads that both clients have, over one channel."""

    def __init__(
        self, channel: Channel, names: ChartNames, policy: RetryPolicy, jitter: Callable[[], float], timeouts: Timeouts
    ) -> None:
        self._channel = channel
        self._names = names
        self._policy = policy
        self._jitter = jitter
        self._timeouts = timeouts

    async def _post(self, endpoint: Endpoint, body: dict[str, object]) -> Answer:
        """The answer to one read, tried again after transient failures. Raises the last ApiError."""
        clock, policy = self._channel.clock, self._policy
        began = clock.monotonic()
        failed = 0
        while True:
            try:
                return await self._channel.post(endpoint, body, timeouts=self._timeouts)
            except ApiError as error:
                failed += 1
                pause = max(policy.pause_s(failed, self._jitter()), error.retry_after_s or 0.0)
                late = clock.monotonic() + pause - began > policy.within_s
                if error.kind not in TRANSIENT or failed > policy.retries or late:
                    raise
            await clock.sleep(pause)

    async def _read(self, endpoint: Endpoint, body: dict[str, object], parse: Parser[T]) -> T:
        return await parsed(await self._post(endpoint, body), parse)

    async def fetch_deployments(self, project_id: int | None = None) -> DeploymentList:
        """live/list, without the start and end of its old documentation (REFERENCE.md 9, row 11)."""
        body: dict[str, object] = {} if project_id is None else {"projectId": project_id}
        return await self._read(endpoints.LIVE_LIST, body, deployments)

    async def fetch_detail(self, project_id: int, deploy_id: str = "") -> DeploymentDetail:
        """live/read. Errors beside its fields take nothing from them: they are in the detail's `errors`."""
        errors = ""
        body: dict[str, object] = {"projectId": project_id}
        if deploy_id:
            body["deployId"] = deploy_id
        try:
            answer = await self._post(endpoints.LIVE_READ, body)
        except ApiError as error:
            answer, errors = Answer(endpoints.LIVE_READ, error.members, Document(None)), error.message
            if error.kind.refuses_credentials or not identifies_deployment(answer):
                raise
        # Charts are asked for by the names that the newest deployment has.
        names = ChartNames() if deploy_id else self._names
        found = await parsed(answer, lambda answer: detail(answer, project_id, names, errors))
        if deploy_id and found.deploy_id != deploy_id:
            # Today's documentation does not know the field: a service that ignores it answers with the newest.
            raise endpoints.LIVE_READ.failure(FailureKind.MALFORMED, "the answer is about another deployment")
        return found

    async def fetch_portfolio(self, project_id: int) -> Portfolio:
        """live/portfolio/read."""
        return await self._read(endpoints.PORTFOLIO, {"projectId": project_id}, portfolio)

    async def fetch_orders(self, project_id: int, start: int, end: int) -> OrderPage | Loading:
        """live/orders/read."""
        body: dict[str, object] = {"projectId": project_id, "start": start, "end": end}
        return await self._read(endpoints.ORDERS, body, orders)

    async def fetch_optimization(self, optimization_id: str) -> Optimization:
        """optimizations/read."""
        body: dict[str, object] = {"optimizationId": optimization_id}
        return await self._read(endpoints.OPTIMIZATION_READ, body, lambda answer: optimization(answer, optimization_id))

    async def fetch_optimizations(self, project_id: int) -> tuple[OptimizationSummary, ...]:
        """optimizations/list."""
        return await self._read(endpoints.OPTIMIZATION_LIST, {"projectId": project_id}, summaries)


async def parsed(answer: Answer, parse: Parser[T]) -> T:
    """What `parse` makes of the answer. Whatever goes wrong in it becomes an ApiError."""
    try:
        return await parse(answer)
    except ApiError:
        raise
    except TooLargeError:
        raise too_large(answer.endpoint) from None
    except DecodeError as error:
        raise answer.malformed(f"the answer cannot be read ({error})") from None
    except Exception as error:
        # Everything: a parser's defect, met by an answer that was not foreseen, must cost that answer and not its
        # poller.
        words = f"the answer could not be understood ({type(error).__name__})"
        raise answer.endpoint.failure(FailureKind.INTERNAL, words) from error
