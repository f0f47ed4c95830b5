"""How each kind of resource is read: one request at a time, and what value the answers make.

A reader makes exactly one request per `read`. A list that needs several says so in the answer, and the poller comes
back: that way every request passes the rate limiter and gives way to what is more urgent, and cancelling one loses
nothing that was read before.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from qctui.api.ports import ApiError, Loading, ReadApi
from qctui.clock import Clock
from qctui.engine.insight_pager import InsightPager
from qctui.engine.rate_limiter import Priority
from qctui.model.account import ACCOUNTS
from qctui.model.chart import Chart, ChartWindow
from qctui.model.deployment import LOG_WINDOW, TAIL_SLACK, DeploymentList, LogPage
from qctui.model.insight import InsightPage
from qctui.model.keys import DEPLOYMENTS, Key
from qctui.model.resource import FailureKind
from qctui.store import Store
from qctui.value import Value

ORDER_WINDOW = 100
"""Orders per request: the limit all sources agree on (REFERENCE.md 9, row 8)."""

EMPTY_PATIENCE = 12
"""Empty order windows in a row, where there should be orders, before calling it a failure: the service's cache may
take 10 x 10 s to load (REFERENCE.md 6.7)."""

FRESH_PAGES = 3
"""Pages of insights that may go before the routine while the newest are looked for: the first, the one that the
stated length points to, and one more."""

ALL_SPAN_S = 730 * 86_400.0
"""The longest window the chart `all` asks for: the service keeps two years (REFERENCE.md 6.3)."""

MIN_SPAN_S = 3_600.0
"""The shortest: a window of no length is answered with a single point (REFERENCE.md 6.3, the trap)."""


class Answer(Value):
    """What one request brought."""

    value: Any = None
    """The new value; None: nothing to show yet."""
    as_of: float | None = None
    """Unix seconds of the service's snapshot, where it is known."""
    loading: Loading | None = None
    """The service is preparing: ask again in a few seconds."""
    more: Priority | None = None
    """Another request is needed, of this urgency: at once, or after `wait_s`."""
    unreadable: int = 0
    """Entries that are missing from the value because they could not be read."""
    wait_s: float | None = None
    """Seconds until there is something to read again, where that is not the kind's cadence."""


class Reader(Protocol):
    """Reads one resource. Keeps between calls what makes the next one cheaper."""

    async def read(self) -> Answer:
        """Make one request. Raises `ApiError`."""
        ...


class ReaderSet:
    """Opens a reader for any key that is read from the API."""

    def __init__(self, api: ReadApi, store: Store, clock: Clock, accounts: Reader | None = None) -> None:
        """`accounts` reads those of everything that runs."""
        self._api = api
        self._store = store
        self._clock = clock
        self._accounts = accounts
        self._pagers: dict[Key[Any], InsightPager] = {}

    def open(self, key: Key[Any], start: int | None = None) -> Reader | None:
        """A reader for `key`; None for what is not read from the API (the link, the actions ...). `start` is where the
        newest window of orders or log lines was, where that is known."""
        api = self._api
        fetches: dict[str, Callable[[], Awaitable[Any]]] = {
            "projects": api.fetch_projects,
            "deployments": api.fetch_deployments,
            "detail": lambda: api.fetch_detail(key.project_id),
            "older": lambda: api.fetch_detail(key.project_id, key.name),
            "portfolio": lambda: api.fetch_portfolio(key.project_id),
            "optimizations": lambda: api.fetch_optimizations(key.project_id),
            "optimization": lambda: api.fetch_optimization(key.name),
            "log_lines": lambda: api.fetch_logs(key.project_id, key.name, key.count, key.count + LOG_WINDOW, key.query),
        }
        if key.kind in fetches:
            return PlainReader(fetches[key.kind])
        if key == ACCOUNTS:
            return self._accounts
        if key.kind == "chart":
            return ChartReader(api, key, self._store, self._clock)
        if key.kind == "insights":
            return InsightReader(api, key, self._pagers.setdefault(key, InsightPager()), self._clock)
        if key.kind == "orders":
            return OrderReader(api, key.project_id, start or 0)
        if key.kind == "logs":
            return LogReader(api, key.project_id, key.name, start)
        return None

    def forget(self, key: Key[Any]) -> None:
        """Drop what is kept for a resource that has not been subscribed for long."""
        self._pagers.pop(key, None)


class PlainReader:
    """One request, one value."""

    def __init__(self, fetch: Callable[[], Awaitable[Any]]) -> None:
        self._fetch = fetch

    async def read(self) -> Answer:
        """Make the request."""
        value = await self._fetch()
        if isinstance(value, DeploymentList):
            return Answer(value.deployments, unreadable=value.unreadable)
        return Answer(value)


class ChartReader:
    """live/chart/read of a window that may follow the time."""

    def __init__(self, api: ReadApi, key: Key[Any], store: Store, clock: Clock) -> None:
        self._api = api
        self._key = key
        self._store = store
        self._clock = clock

    async def read(self) -> Answer:
        """Make the request for the window as it is now."""
        key = self._key
        window = key.window or ChartWindow()
        start, end = self.span(window)
        answer = await self._api.fetch_chart(key.project_id, key.name, start, end, max(1, key.count))
        if isinstance(answer, Loading):
            return Answer(loading=answer)
        # The last point shows how old the snapshot is, as long as the window was meant to reach the present.
        return Answer(answer, as_of=_last_at(answer, end) if window.following else None)

    def span(self, window: ChartWindow) -> tuple[float, float]:
        """Start and end in Unix seconds; never empty, never the wrong way round."""
        if window.start is not None and window.end is not None:
            return window.start, max(window.end, window.start + 1.0)
        now = self._clock.now()
        if window.span_s is not None:
            return now - max(window.span_s, 1.0), now
        # Everything there is begins with the project's first deployment. Asking for two years of a three days old one
        # would spread the samples so thin that none are left.
        known = self._store.get(DEPLOYMENTS).value or ()
        launches = [
            each.launched_at
            for each in known
            if each.project_id == self._key.project_id and each.launched_at is not None
        ]
        start = max(min(launches, default=0.0), now - ALL_SPAN_S)
        return min(start, now - MIN_SPAN_S), now


def _last_at(chart: Chart, end: float) -> float | None:
    # Points of series without a time axis carry no usable time: anything outside the window is not taken for one.
    lasts = [series.xs[-1] for series in chart.series if len(series) and chart.start <= series.xs[-1] <= end]
    return max(lasts, default=None)


class InsightReader:
    """All insights of one deployment, a page at a time."""

    def __init__(self, api: ReadApi, key: Key[Any], pager: InsightPager, clock: Clock) -> None:
        self._api = api
        self._key = key
        self._pager = pager
        self._clock = clock

    async def read(self) -> Answer:
        """Ask for the next page. The answer's value is the log as of the last publication."""
        pager = self._pager
        window = pager.next_window(self._clock.now())
        try:
            page = await self._api.fetch_insights(self._key.project_id, window.start, window.end, self._key.name)
        except ApiError as error:
            if error.kind is not FailureKind.REJECTED or not pager.probing:
                raise
            # No service has to answer for rows it does not have.
            page = InsightPage((), None)
        more = pager.add(page)
        # A person waits for the newest insights; all others come after what is on screen.
        priority = Priority.BULK if pager.newest_known or pager.pages > FRESH_PAGES else Priority.FRESH
        return Answer(pager.log if pager.published else None, more=priority if more else None)


class OrderReader:
    """The newest orders of a project: they are at the end of a list of unknown length (REFERENCE.md 6.7)."""

    def __init__(self, api: ReadApi, project_id: int, start: int = 0) -> None:
        """Begin with the window from `start` on."""
        self._api = api
        self._project_id = project_id
        self._start = start
        self._empty = 0

    async def read(self) -> Answer:
        """Ask for the window that held the newest orders last time, and move on if it no longer does."""
        start = self._start
        page = await self._api.fetch_orders(self._project_id, start, start + ORDER_WINDOW)
        if isinstance(page, Loading):
            return Answer(loading=page)
        length, orders = page.length, page.orders
        if length is None:
            # Without a total there is only walking on while the pages are full.
            if len(orders) >= ORDER_WINDOW:
                self._start = start + ORDER_WINDOW - TAIL_SLACK
                return Answer(more=Priority.BULK)
            return Answer(orders)
        if not orders and length > start:
            return self._still_empty(length)
        self._empty = 0
        if length > start + ORDER_WINDOW or length < start:
            self._start = max(0, length - ORDER_WINDOW + TAIL_SLACK)
            return Answer(more=Priority.FRESH)
        return Answer(orders[-ORDER_WINDOW:])

    def _still_empty(self, length: int) -> Answer:
        self._empty += 1
        if self._empty < EMPTY_PATIENCE:
            return Answer(loading=Loading(None))
        self._start = self._empty = 0
        raise ApiError(FailureKind.MALFORMED, f"The API tells of {length} orders but sends none of them.")


class LogReader:
    """The last lines of a deployment's log (REFERENCE.md 6.5)."""

    def __init__(self, api: ReadApi, project_id: int, deploy_id: str, start: int | None = None) -> None:
        """Begin with the window from `start` on; None: look for the end first."""
        self._api = api
        self._project_id = project_id
        self._deploy_id = deploy_id
        self._start = start

    async def read(self) -> Answer:
        """Learn the length with one line, then ask for the window that holds the end."""
        if self._start is None:
            page = await self._fetch(0, 1)
            self._start = self._tail(page)
            return Answer(more=Priority.FRESH)
        start = self._start
        page = await self._fetch(start, start + LOG_WINDOW)
        if page.length is None:
            if len(page.lines) >= LOG_WINDOW:
                self._start = start + LOG_WINDOW - TAIL_SLACK
                return Answer(more=Priority.BULK)
        elif page.length > start + LOG_WINDOW or page.length < start:
            self._start = self._tail(page)
            if self._start != start:
                return Answer(more=Priority.FRESH)
        return Answer(page)

    def _tail(self, page: LogPage) -> int:
        return max(0, page.deployment_offset, (page.length or 0) - LOG_WINDOW + TAIL_SLACK)

    async def _fetch(self, start: int, end: int) -> LogPage:
        return await self._api.fetch_logs(self._project_id, self._deploy_id, start, end)


def keep(old: Any, new: Any) -> Any:
    """`old` if `new` says the same, so that panes see by identity that nothing is to be redrawn."""
    if old is None or old is new:
        return new
    if isinstance(old, Chart) and isinstance(new, Chart):
        return old if old.has_same_data(new) else new
    return old if type(old) is type(new) and old == new else new
