"""What the program knew at a place of the tape: the same values, made of the recorded answers by the same code."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Any

from qctui.api.ports import ApiError, RequestReport
from qctui.engine.circuit_breaker import ANSWERED, CircuitBreaker
from qctui.engine.health import Health
from qctui.engine.known_insights import LIMIT, KnownInsights
from qctui.engine.paging import PAGE, RowRanges
from qctui.engine.readers import Answer, PlainReader, Reader, ReaderSet
from qctui.engine.recorded_accounts import RecordedAccounts
from qctui.engine.recorded_answers import RecordedAnswers
from qctui.engine.remembered import OpenRecorded, Window, windows_of
from qctui.engine.tape_events import TapeEvents
from qctui.model.action import ACTIONS
from qctui.model.alert import ALERTS
from qctui.model.insight import InsightLog
from qctui.model.keys import DEPLOYMENTS, LINK, PROJECTS, Key
from qctui.model.link import Link
from qctui.model.resource import Failure, FailureKind, Progress, Resource
from qctui.store import Store
from qctui.tape.tape import Recorded, Tape
from qctui.tape.tape_file import Position
from qctui.value import replace

ALWAYS: tuple[Key[Any], ...] = (DEPLOYMENTS, PROJECTS)

LINK_S = 300.0
"""What came within so long says how the connection was."""

RETRY_S = 10.0
"""The client tries a read again within so long: its failures are one."""

READS_PER_MINUTE = 60
"""A budget that is never tight: what was left of it is not recorded."""

MOST_EARLIER = 5
"""Answers to the same request that are looked through for one that was not of a service still preparing."""

NOT_READ = "Nothing of it is on the tape at this time: it was not read then."


class RecordedState:
    """Used by one task at a time."""

    def __init__(self, tape: Tape, open_recorded: OpenRecorded, patterns: Sequence[str]) -> None:
        """`patterns` are texts that mean that a brokerage is disconnected."""
        self._answers = RecordedAnswers(tape, open_recorded)
        self._accounts = RecordedAccounts(self._answers, patterns)
        self._tape = tape
        self._store = Store()
        """For the readers that look up the list."""
        self._readers = ReaderSet(self._answers.reads, self._store, self._answers.clock)
        self._logs: dict[Key[Any], tuple[tuple[int, ...], InsightLog]] = {}
        self._words: dict[int, str] = {}
        """Of failures of the connection, by the number of the answer."""
        self.outage = ""
        """Why the API as a whole did not answer at the place; empty if it did."""
        self.asked: frozenset[tuple[str, str]] = frozenset()
        """The requests that what is on screen rests on, by endpoint and name."""

    @property
    def last_arrival(self) -> float:
        """When the last answer or failure before the place came."""
        known = self._answers.known.values()
        return max((each.at for found in known for each in (found.good, found.failure) if each), default=0.0)

    async def at(
        self, place: Position, keys: Iterable[Key[Any]], events: TapeEvents, seen: Collection[str]
    ) -> dict[Key[Any], Resource[Any]]:
        """Every resource at a place: of these keys, and what is always known. `seen` are actions that were acknowledged
        in this replay."""
        answers = self._answers
        answers.move(place)
        windows = windows_of(answers.known)
        link, outage = await self._link(place)
        self.outage = "" if outage is None else outage.message
        found: dict[Key[Any], Resource[Any]] = {}
        asked: set[tuple[str, str]] = set()
        # A chart is asked for by the name that a deployment's own reading has for it.
        for key in sorted({*ALWAYS, *keys}, key=lambda key: (key != DEPLOYMENTS, key.kind == "chart")):
            answers.begin(place.at)
            resource = await self._resource(key, windows)
            if resource is None:
                continue
            found[key] = resource.with_error(outage) if outage is not None else resource
            asked |= {*answers.asked, *((each.endpoint, each.request) for each in answers.found)}
            if key == DEPLOYMENTS:
                self._store.put(key, resource)
        self.asked = frozenset(asked)
        self._logs = {key: kept for key, kept in self._logs.items() if key in found}
        values: dict[Key[Any], Any] = await self._accounts.at(place, found[DEPLOYMENTS], windows)
        answers.begin(place.at)
        since = self._tape.began_at(place)
        values |= {LINK: link, ALERTS: events.alerts(place.at), ACTIONS: events.actions(answers.clock, since, seen)}
        return found | {key: Resource(value, 0.0, 0.0) for key, value in values.items()}

    # What was read.

    async def _resource(self, key: Key[Any], windows: Mapping[int, Sequence[Window]]) -> Resource[Any] | None:
        """None of what is not read from the API."""
        if key.kind == "insights":
            return await self._insights(key, _windows_of(key, windows))
        # The window with the largest numbers holds the newest, or is still empty.
        starts: Sequence[int | None] = [each.start for each in reversed(_windows_of(key, windows))][:3]
        resource: Resource[Any] = Resource()
        for start in starts or [None]:
            opened = partial(self._readers.open, key, start)
            reader = opened()
            if reader is None:
                return None
            resource = await self._with_failure(await self._read(key, reader), opened)
            if resource.value is not None:
                break
        return resource

    async def _read(self, key: Key[Any], reader: Reader) -> Resource[Any]:
        """The newest good answer, as old as it is; empty without one."""
        answers, chart = self._answers, None
        if key.kind == "chart":
            # Its window follows the time: it is read as it was when its answer came.
            chart = await answers.look_up(reader.read)
            if chart is None:
                return Resource()
            answers.clock.at = chart.first_at
        try:
            answer = await answers.answered_with(chart, reader.read)
        except ApiError as error:
            if not answers.found:
                return Resource()
            at = answers.found[-1].at
            return Resource(error=Failure(error.kind, error.message, at, at))
        newest = answers.found[-1]
        resource = _resource_of(answer, newest)
        if answer.loading is None:
            return resource
        for earlier in islice(self._tape.earlier(newest), MOST_EARLIER):
            try:
                answer = await answers.answered_with(earlier, reader.read)
            except ApiError:
                continue
            if answer.value is not None:
                return replace(_resource_of(answer, earlier), progress=resource.progress)
        return resource

    async def _with_failure(self, resource: Resource[Any], opened: Callable[[], Reader | None]) -> Resource[Any]:
        """With the failure after it, if there was one; or that there is nothing."""
        answers = self._answers
        bad = [found.failure for key in answers.asked if (found := answers.known.get(key)) and found.failure]
        newest = max(bad, key=lambda each: each.at, default=None)
        if newest is not None and newest.at >= (resource.fetched_at or 0.0):
            reader = opened()
            error = None if reader is None else await answers.failure_of(newest, reader.read)
            if error is not None:
                return resource.with_error(Failure(error.kind, error.message, newest.at, newest.at))
        if resource.loading and resource.progress is None:
            at = answers.clock.at
            return resource.with_error(Failure(FailureKind.REFUSED, NOT_READ, at, at))
        return resource

    async def _insights(self, key: Key[Any], windows: Sequence[Window]) -> Resource[Any]:
        """All rows that were read, each from the newest answer that has it."""
        answers, rows = self._answers, set[int]()
        chosen: list[tuple[Window, Recorded]] = []
        good = [(each, each.answers.good) for each in windows if each.answers.good is not None]
        for window, recorded in sorted(good, key=lambda each: -each[1].at):
            asked = range(window.start, window.request["end"])
            if not rows.issuperset(asked):
                chosen.append((window, recorded))
                rows.update(asked)
        signature = tuple(recorded.seq for _, recorded in chosen)
        kept = self._logs.get(key)
        if kept is None or kept[0] != signature:
            kept = self._logs[key] = signature, await self._log_of(key, chosen)
        newest_at = max((recorded.at for _, recorded in chosen), default=None)
        resource: Resource[Any] = Resource()
        if newest_at is not None:
            resource = Resource(kept[1], newest_at, newest_at)
        last = windows[-1].request if windows else {"start": 0, "end": PAGE}
        answers.asked += [(each.endpoint, each.name) for each in windows[-5:]]
        newest = partial(answers.reads.fetch_insights, key.project_id, last["start"], last["end"], key.name)
        return await self._with_failure(resource, lambda: PlainReader(newest))

    async def _log_of(self, key: Key[Any], chosen: Sequence[tuple[Window, Recorded]]) -> InsightLog:
        known, covered, reads = KnownInsights(LIMIT), RowRanges(), self._answers.reads
        for window, recorded in reversed(chosen):
            fetch = partial(reads.fetch_insights, key.project_id, window.start, window.request["end"], key.name)
            try:
                page = await self._answers.answered_with(recorded, fetch)
            except ApiError:
                continue
            known.learn(page.insights, recorded.at)
            covered.add(window.start, window.start + len(page.insights))
        complete = covered.gap(covered.top, highest=True) is None
        known.refresh_log(complete=False, expected=None if complete else covered.top, newest=True)
        return replace(known.log, complete=complete)

    # The connection.

    async def _link(self, place: Position) -> tuple[Link, Failure | None]:
        """How the connection was, and why the API as a whole did not answer, if it did not."""
        answers, store = self._answers, Store()
        health, breaker = Health(store, answers.clock, READS_PER_MINUTE), CircuitBreaker(random.Random(0))
        health.open()
        failing: dict[tuple[str, str], Failure] = {}
        for each in self._tape.arrivals(self._tape.seek(place.at - LINK_S), place):
            request, failure = (each.endpoint, each.request), None
            health.observe(RequestReport(each.endpoint, each.latency_s, None, each.failure, each.at))
            before = failing.pop(request, None)
            if each.failure is not None:
                failure = failing[request] = Failure(each.failure, await self._words_of(each), each.at, each.at)
            if each.failure is None or each.failure in ANSWERED:
                breaker.succeeded()
            elif failure is not None and (breaker.tripped or before is None or each.at - before.at > RETRY_S):
                key = None if each.endpoint == "authenticate" else Key[Any](each.endpoint, name=each.request)
                breaker.failed(key, failure, None, probe=breaker.tripped)
        failing = {key: each for key, each in failing.items() if each.kind not in ANSWERED}
        health.publish(breaker, list(failing.values()), 0, 0, READS_PER_MINUTE)
        # When it was tried next is not recorded.
        link = replace(store.get(LINK).value or Link(), next_try_mono=None)
        outage = None if breaker.failure is None else replace(breaker.failure, next_try_mono=None)
        return link, outage

    async def _words_of(self, recorded: Recorded) -> str:
        if recorded.seq not in self._words:
            error = await self._answers.failure_of(recorded, self._answers.reads.fetch_deployments)
            self._words[recorded.seq] = "" if error is None else error.message
        return self._words[recorded.seq]


def _windows_of(key: Key[Any], windows: Mapping[int, Sequence[Window]]) -> list[Window]:
    endpoint = {"orders": "live/orders/read", "logs": "live/logs/read", "insights": "live/insights/read"}.get(key.kind)
    return [
        each
        for each in windows.get(key.project_id, ())
        if each.endpoint == endpoint and each.request.get("algorithmId", key.name) == key.name
    ]


def _resource_of(answer: Answer, recorded: Recorded) -> Resource[Any]:
    if answer.loading is not None:
        return Resource(progress=Progress(answer.loading.fraction, recorded.at))
    if answer.value is None:
        return Resource()
    return Resource(answer.value, recorded.at, recorded.at, answer.as_of, unreadable=answer.unreadable)
