"""Takes up after a restart what the tape knows: equity trails, positions, and the habits that pulses are judged by."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol, cast

from qctui.api.ports import ApiError, Loading, ReadApi
from qctui.clock import Clock
from qctui.engine.accounts import CHART_SAMPLES, CHART_SPAN_S, Accounts, account_with, equity_of, running_alone
from qctui.engine.equity_history import EquityHistory
from qctui.engine.pulse_judge import PulseJudge
from qctui.model.account import DAY_S, EQUITY_HISTORY, Account
from qctui.model.chart import EQUITY_CHART, Chart, Series
from qctui.model.deployment import Deployment
from qctui.store import Store
from qctui.tape.request_key import request_key
from qctui.tape.tape import Answers, Tape
from qctui.tape.tape_file import Position, TapeError
from qctui.value import Value

OpenRecorded = Callable[[Callable[[str, Mapping[str, Any]], Awaitable[tuple[int, bytes] | None]], Clock], ReadApi]
"""Makes a client whose requests are answered by what is recorded."""

FIRST = 20
"""So many deployments have their money before the first frame, which may wait 50 ms for it; real money goes first."""

SETTLE_S = 3.0
"""The others, and the habits, which take longest, wait until the start is over."""

_STARTS = {"live/logs/read": "startLine", "live/orders/read": "start", "live/insights/read": "start"}
"""The endpoints that show signs of life, and where a window of theirs begins."""

_log = logging.getLogger(__name__)


class Window(Value):
    """A window of log lines, orders or insights that was asked for."""

    endpoint: str
    name: str
    """The request's, on the tape."""
    start: int
    request: Mapping[str, Any]
    answers: Answers


class Known(Protocol):
    """What is known at an instant."""

    at: float
    """When the last answer came."""
    known: Mapping[tuple[str, str], Answers]
    """By endpoint and request."""


class Past:
    """The end of an earlier run. Its file is read off the loop, one request after the other: a disk may hang."""

    def __init__(self, path: Path, before: float) -> None:
        """What was known at that time. Blocks.

        Raises:
            TapeError: there is no tape, or it can't be read.
        """
        self._tape = Tape(path)
        try:
            self._place: Position = self._tape.seek(before)
            self.known: Mapping[tuple[str, str], Answers] = self._tape.known(self._place)
        except TapeError:
            self._tape.close()
            raise
        self._first = {key: self._body(found) for key, found in self.known.items() if _is_first(*key)}
        """What is asked for before the first frame: each way to a thread and back would hold that up."""
        self.at = max((each.good.at for each in self.known.values() if each.good is not None), default=0.0)
        """When the last answer came."""

    def close(self) -> None:
        """Close the file."""
        self._tape.close()

    async def find(self, endpoint: str, request: Mapping[str, Any]) -> tuple[int, bytes] | None:
        """Status and body of the newest good answer."""
        key = endpoint, request_key(request, self.at)
        if key in self._first or key not in self.known:
            return self._first.get(key)
        return await asyncio.to_thread(self._body, self.known[key])

    def _body(self, found: Answers) -> tuple[int, bytes] | None:
        try:
            return None if found.good is None else (found.good.status or 200, self._tape.body(found.good))
        except TapeError:
            return None


class _ChartsOnce:
    """A client that reads and parses each chart once: money and habits are made of the same ones."""

    def __init__(self, reads: ReadApi) -> None:
        self._reads = reads
        self._charts: dict[tuple[int, str, float, float, int], Chart | Loading] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reads, name)

    async def fetch_chart(self, *asked: Any) -> Chart | Loading:
        """As the client's."""
        if asked not in self._charts:
            self._charts[asked] = await self._reads.fetch_chart(*asked)
        return self._charts[asked]


async def remember(path: Path, open_recorded: OpenRecorded, accounts: Accounts, clock: Clock) -> None:
    """Hand over what the tape knows. Never raises: without it the program begins with nothing, as the first time."""
    try:
        past = await asyncio.to_thread(Past, path, clock.now())
    except TapeError as error:
        _log.info("nothing is remembered: %s", error)
        return
    try:
        reads = cast(ReadApi, _ChartsOnce(open_recorded(past.find, clock)))
        running = running_alone((await reads.fetch_deployments()).deployments)
        # What is older says nothing of the last day.
        recent = running if clock.now() - past.at < DAY_S else []
        await restore_money(past, reads, recent[:FIRST], accounts, clock, [(past.at, recent[:FIRST])])
        await clock.sleep(SETTLE_S)
        await restore_money(past, reads, recent[FIRST:], accounts, clock, [(past.at, recent[FIRST:])])
        windows = windows_of(past.known)
        for each in running:
            accounts.pulses.restore(each.deploy_id, await judge_of(each, past, reads, windows, ()))
    except ApiError as error:
        _log.info("nothing is remembered: %s", error.message)
    except Exception:  # a defect here must not cost more than the memory
        _log.exception("what is recorded could not be taken up")
    # Not when cancelled: a thread may be reading it.
    past.close()


async def restore_money(
    past: Known,
    reads: ReadApi,
    running: Iterable[Deployment],
    accounts: Accounts,
    clock: Clock,
    lists: Iterable[tuple[float, Iterable[Deployment]]],
) -> None:
    """Hand over positions, currencies and equity trails. `lists` are the newest lists, each with its time, which
    continue what the charts say."""
    store = Store()
    history = EquityHistory(store)
    for at, listed in lists:
        history.record(listed, at, at)
    for each in running:
        account = Account()
        equity = await _equity(reads, each.project_id, past.at)
        if equity is not None:
            history.adopt(each, equity, past.at - CHART_SPAN_S, past.at, past.at)
            account = Account(currency=equity.unit if equity.unit != "%" else "")
        try:
            portfolio = await reads.fetch_portfolio(each.project_id)
            found = past.known.get(("live/portfolio/read", request_key({"projectId": each.project_id}, past.at)))
            read_at = found.good.at if found is not None and found.good is not None else 0.0
            read_mono = clock.monotonic() - max(0.0, clock.now() - read_at)
            account = account_with(portfolio, read_mono, account.currency)
        except ApiError:  # that one is not on the tape
            pass
        trail = (store.get(EQUITY_HISTORY).value or {}).get(each.deploy_id)
        accounts.restore(each.deploy_id, account, trail)


async def equity_chart(reads: ReadApi, project_id: int, until: float) -> Chart | Loading:
    """The chart that the accounts read."""
    return await reads.fetch_chart(project_id, EQUITY_CHART, until - CHART_SPAN_S, until, CHART_SAMPLES)


async def _equity(reads: ReadApi, project_id: int, until: float) -> Series | None:
    """None as well where it is not on the tape."""
    try:
        chart = await equity_chart(reads, project_id, until)
    except ApiError:
        return None
    return None if isinstance(chart, Loading) else equity_of(chart)


def windows_of(known: Mapping[tuple[str, str], Answers]) -> Mapping[int, Sequence[Window]]:
    """By project: every window of log lines, orders and insights that was asked for, in their order."""
    windows: dict[int, list[Window]] = defaultdict(list)
    for (endpoint, text), found in known.items():
        if endpoint in _STARTS and (request := _request_of(text)) is not None:
            windows[request["projectId"]].append(Window(endpoint, text, request[_STARTS[endpoint]], request, found))
    for each in windows.values():
        each.sort(key=lambda window: (window.endpoint, window.start))
    return windows


async def judge_of(
    deployment: Deployment,
    past: Known,
    reads: ReadApi,
    windows: Mapping[int, Sequence[Window]],
    patterns: Sequence[str],
) -> PulseJudge:
    """What every window that was read has shown of a deployment: together they hold all that was seen, each once."""
    project_id, deploy_id = deployment.project_id, deployment.deploy_id
    judge = PulseJudge(deployment.launched_at, patterns)
    equity = await _equity(reads, project_id, past.at)
    if equity is not None:
        judge.take_samples(equity.xs, past.at)
    next_line = 0
    whole_from = _run_of(each for each in windows.get(project_id, ()) if each.endpoint == "live/insights/read")
    for window in windows.get(project_id, ()):
        good, start, request = window.answers.good, window.start, window.request
        if good is None or request.get("algorithmId", deploy_id) != deploy_id:
            continue
        try:
            if window.endpoint == "live/logs/read":
                if start > next_line:
                    # Lines between two windows were never read: no silence is learnt from that.
                    judge.activity.excuse(judge.activity.last_at)
                page = await reads.fetch_logs(project_id, deploy_id, start, request["endLine"])
                judge.take_log(page, good.at)
                next_line = start + len(page.lines)
            elif window.endpoint == "live/orders/read":
                orders = await reads.fetch_orders(project_id, start, request["end"])
                # A service that is still preparing says how many there are, and sends none.
                if not isinstance(orders, Loading) and (orders.orders or (orders.length or 0) <= start):
                    judge.take_orders(orders.orders, deploy_id, good.at)
            else:
                insights = await reads.fetch_insights(project_id, start, request["end"], deploy_id)
                ats = (insight.generated_at for insight in insights.insights)
                judge.take_insights(ats, good.at, newest=start >= whole_from)
        except ApiError:
            continue
    return judge


def _run_of(windows: Iterable[Window]) -> int:
    """Where the last run of windows begins between which nothing is missing."""
    begin = end = 0
    for each in windows:
        begin = begin if each.start <= end else each.start
        end = max(end, each.request["end"])
    return begin


def _is_first(endpoint: str, text: str) -> bool:
    if endpoint == "live/chart/read":
        return f'"count":{CHART_SAMPLES},' in text
    return endpoint in ("live/list", "live/portfolio/read")


@lru_cache(maxsize=4_096)
def _request_of(text: str) -> dict[str, Any] | None:
    """The request of a window; None of what is none, or of a search or a look at the length alone."""
    try:
        request = json.loads(text)
        end = request.get("endLine", request.get("end"))
        whole = end - request.get("startLine", request.get("start")) > 1 and "query" not in request
        return request if whole and isinstance(request["projectId"], int) else None
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
