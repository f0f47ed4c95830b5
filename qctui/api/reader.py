"""The reads that polling and the emergency path share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from qctui.api import endpoints
from qctui.api.decode import DecodeError
from qctui.api.endpoints import Endpoint
from qctui.api.errors import ApiError
from qctui.api.limits import Timeouts
from qctui.api.names import ChartNames
from qctui.api.ports import Loading
from qctui.api.retry import RetryPolicy, with_retries
from qctui.api.tolerant import line, number
from qctui.api.transport import Answer, Channel
from qctui.model.deployment import DeploymentDetail, DeploymentList
from qctui.model.optimization import Optimization
from qctui.model.order import OrderPage
from qctui.model.portfolio import Portfolio
from qctui.model.resource import FailureKind


@contextmanager
def reading(endpoint: Endpoint) -> Iterator[None]:
    """Turns whatever goes wrong in reading an answer into an ApiError."""
    try:
        yield
    except ApiError:
        raise
    except DecodeError as error:
        text = f"{endpoint.words}: the answer cannot be read ({error})"
        raise ApiError(FailureKind.MALFORMED, text) from None
    except Exception as error:
        # Everything: a parser's defect, met by an answer nobody foresaw, must cost that answer and not its poller.
        text = f"{endpoint.words}: the answer could not be understood ({type(error).__name__})"
        raise ApiError(FailureKind.INTERNAL, text) from error


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

    async def _read(self, endpoint: Endpoint, body: dict[str, object]) -> Answer:
        return await with_retries(
            lambda: self._channel.post(endpoint, body, timeouts=self._timeouts),
            self._policy,
            self._channel.clock,
            self._jitter,
        )

    async def fetch_deployments(self, project_id: int | None = None) -> DeploymentList:
        """live/list, without the start and end of its old documentation (REFERENCE.md 9, row 11)."""
        body: dict[str, object] = {} if project_id is None else {"projectId": project_id}
        answer = await self._read(endpoints.LIVE_LIST, body)
        with reading(endpoints.LIVE_LIST):
            from qctui.api.parse import parse_live

            return await parse_live.deployments(answer.document, answer.members)

    async def fetch_detail(self, project_id: int) -> DeploymentDetail:
        """live/read. Errors beside its fields take nothing from them: they are told in the detail's `errors`."""
        failure: ApiError | None = None
        members: Mapping[str, object]
        try:
            members = (await self._read(endpoints.LIVE_READ, {"projectId": project_id})).members
        except ApiError as error:
            failure, members = error, error.members
        with reading(endpoints.LIVE_READ):
            from qctui.api.parse import parse_live

            if failure is None:
                return parse_live.detail(members, project_id, self._names)
            if failure.kind.refuses_credentials or not parse_live.holds_detail(members):
                raise failure
            return parse_live.detail(members, project_id, self._names, failure.message)

    async def fetch_portfolio(self, project_id: int) -> Portfolio:
        """live/portfolio/read."""
        answer = await self._read(endpoints.PORTFOLIO, {"projectId": project_id})
        with reading(endpoints.PORTFOLIO):
            from qctui.api.parse import parse_portfolio

            return parse_portfolio.portfolio(answer.document.tree)

    async def fetch_orders(self, project_id: int, start: int, end: int) -> OrderPage | Loading:
        """live/orders/read."""
        answer = await self._read(endpoints.ORDERS, {"projectId": project_id, "start": start, "end": end})
        loading = loading_in(answer.members, "orders")
        if loading is not None:
            return loading
        with reading(endpoints.ORDERS):
            from qctui.api.parse import parse_order

            return await parse_order.orders(answer.document, answer.members)

    async def fetch_optimization(self, optimization_id: str) -> Optimization:
        """optimizations/read."""
        answer = await self._read(endpoints.OPTIMIZATION_READ, {"optimizationId": optimization_id})
        with reading(endpoints.OPTIMIZATION_READ):
            from qctui.api.parse import parse_optimization

            return await parse_optimization.optimization(answer.document, answer.members, optimization_id)


def loading_in(members: dict[str, object], expected: str) -> Loading | None:
    """The loading answer in `members`: it says so, or what was asked for is absent (REFERENCE.md 2.3)."""
    if members.get(expected) is not None and line(members.get("status")).casefold() != "loading":
        return None
    fraction = number(members.get("progress"))
    if fraction is None or fraction < 0 or fraction > 100:
        return Loading(None)
    return Loading(fraction / 100 if fraction > 1 else fraction)
