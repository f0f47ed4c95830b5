"""What the program knew at a place of the tape: the same values, made of the recorded answers by the same code."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from qctui.api.ports import ApiError, RequestReport
from qctui.engine.accounts import Accounts
from qctui.engine.circuit_breaker import ANSWERED, CircuitBreaker
from qctui.engine.equity_history import SPACING_S, EquityHistory
from qctui.engine.health import Health
from qctui.engine.insight_pager import PAGE
from qctui.engine.known_insights import LIMIT, KnownInsights
from qctui.engine.paging import RowRanges
from qctui.engine.pulse_judge import PulseJudge
from qctui.engine.pulses import Pulses
from qctui.engine.readers import Answer, LogReader, OrderReader, Reader, ReaderSet
from qctui.engine.recorded_answers import RecordedAnswers
from qctui.engine.remembered import (
    OpenRecorded,
    Window,
    equity_chart,
    judge_of,
    restore_money,
    running_alone,
    windows_of,
)
from qctui.engine.tape_events import TapeEvents
from qctui.model.account import ACCOUNTS, DAY_S, EQUITY_HISTORY, EquityTrail
from qctui.model.action import ACTIONS
from qctui.model.alert import ALERTS
from qctui.model.chart import EQUITY_CHART
from qctui.model.deployment import Deployment
from qctui.model.insight import InsightLog
from qctui.model.keys import DEPLOYMENTS, LINK, PROJECTS, Key
from qctui.model.link import Link
from qctui.model.pulse import PULSES
from qctui.model.resource import Failure, FailureKind, Progress, Resource
from qctui.store import Store
from qctui.tape.tape import Recorded, Tape
from qctui.tape.tape_file import Position

ALWAYS: tuple[Key[Any], ...] = (DEPLOYMENTS, PROJECTS)

LISTS_S = 3 * SPACING_S
"""The lists of so long continue an equity chart, which is read every half hour and ends at its last sample ..."""

LISTS_APART_S = 60.0
"""... and so many are enough: a trail keeps one every quarter of an hour."""

LINK_S = 300.0
"""What came within so long says how the connection was."""

RETRY_S = 10.0
"""The client tries a read again within so long: its failures are one."""

READS_PER_MINUTE = 60
"""A budget that is never tight: what was left of it is not recorded."""

MOST_EARLIER = 5
"""Answers to the same request that are looked through for one that was not of a service still preparing."""

MOST_WINDOWS = 40
"""Windows of each sort that a pulse is judged by, the newest."""

NOT_READ = "nothing of it is on the tape at this time: it was not read then"

_PARTS = {"live/orders/read": "orders", "live/logs/read": "log", "live/insights/read": "insights"}
"""What a pulse calls a look at this endpoint."""


class RecordedState:
    """Used by one task at a time."""

    def __init__(self, tape: Tape, open_recorded: OpenRecorded, patterns: Sequence[str]) -> None:
        """`patterns` are texts that mean that a brokerage is disconnected."""
        self._answers = RecordedAnswers(tape, open_recorded)
        self._tape, self._patterns = tape, patterns
        self._store = Store()
        """For the readers that look up the list."""
        self._readers = ReaderSet(self._answers.reads, self._store, self._answers.clock)
        self._logs: dict[Key[Any], tuple[tuple[int, ...], InsightLog]] = {}
        self._judges: dict[str, tuple[tuple[object, ...], PulseJudge]] = {}
        self._trails: Mapping[str, EquityTrail] = {}
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
        values: dict[Key[Any], Any] = await self._derived(place, found[DEPLOYMENTS], windows)
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

            def opened(start: int | None = start) -> Reader | None:
                reader = self._readers.open(key)
                if start is not None and isinstance(reader, OrderReader | LogReader):
                    reader.resume(start)
                return reader

            reader = opened()
            if reader is None:
                return None
            resource = await self._with_failure(await self._read(key, reader), opened)
            if resource.value is not None:
                break
        return resource

    async def _read(self, key: Key[Any], reader: Reader) -> Resource[Any]:
        """The newest good answer, as old as it is; empty without one."""
        answers = self._answers
        if key.kind == "chart":
            # Its window follows the time: it is read as it was when its answer came.
            found = await answers.look_up(reader.read)
            if found is None:
                return Resource()
            answers.clock.at = found.first_at
            answers.instead = found
        try:
            answer = await reader.read()
        except ApiError as error:
            if not answers.found:
                return Resource()
            at = answers.found[-1].at
            return Resource(error=Failure(error.kind, error.message, at, at))
        finally:
            answers.instead = None
        newest = answers.found[-1]
        resource = _resource_of(answer, newest)
        if answer.loading is None:
            return resource
        for earlier in islice(self._tape.earlier(newest), MOST_EARLIER):
            answers.instead = earlier
            try:
                answer = await reader.read()
            except ApiError:
                continue
            finally:
                answers.instead = None
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

        class Last:
            """The newest window that was asked for."""

            async def read(self) -> Answer:
                """Ask for it."""
                api = answers.reads
                return Answer(await api.fetch_insights(key.project_id, last["start"], last["end"], key.name))

        return await self._with_failure(resource, Last)

    async def _log_of(self, key: Key[Any], chosen: Sequence[tuple[Window, Recorded]]) -> InsightLog:
        known, covered = KnownInsights(LIMIT), RowRanges()
        for window, recorded in reversed(chosen):
            self._answers.instead = recorded
            try:
                page = await self._answers.reads.fetch_insights(
                    key.project_id, window.start, window.request["end"], key.name
                )
            except ApiError:
                continue
            finally:
                self._answers.instead = None
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

    # What follows from what was read.

    async def _derived(
        self, place: Position, listed: Resource[Any], windows: Mapping[int, Sequence[Window]]
    ) -> dict[Key[Any], Any]:
        """Money and pulses, as a program that begins at this place takes them up."""
        if listed.value is None:
            return {}
        answers, store = self._answers, Store()
        pulses = Pulses(answers.reads, store, answers.clock, self._patterns)
        accounts = Accounts(answers.reads, store, answers.clock, EquityHistory(store), pulses)
        answers.begin(min(place.at, answers.at))
        accounts.note(DEPLOYMENTS, listed.value)
        running = running_alone(listed.value)
        ended = [
            each
            for each in listed.value
            if not each.alive and each.stopped_at is not None and 0 <= place.at - each.stopped_at < DAY_S
        ]
        # The newest one too where it is as old as the tape: a place is right after what came then.
        lists = [*await self._lists(place), (listed.fetched_at or place.at, listed.value)]
        await restore_money(answers, answers.reads, [*running, *ended], accounts, answers.clock, lists)
        trails = store.get(EQUITY_HISTORY).value or {}
        if not _same_trails(trails, self._trails):
            self._trails = trails
        judges = {each.deploy_id: await self._judge(each, windows) for each in running}
        judged = {deploy_id: judge.judge(judges.values(), place.at) for deploy_id, judge in judges.items()}
        return {ACCOUNTS: store.get(ACCOUNTS).value or {}, EQUITY_HISTORY: self._trails, PULSES: judged}

    async def _lists(self, place: Position) -> list[tuple[float, Iterable[Deployment]]]:
        """The newest lists, oldest first, each with its time."""
        listed: list[Recorded] = []
        for each in self._tape.changes(self._tape.seek(place.at - LISTS_S), place):
            if each.endpoint == "live/list" and each.failure is None:
                if listed and each.at - listed[-1].at < LISTS_APART_S and len(listed) > 1:
                    listed.pop()
                listed.append(each)
        return [(each.at, deployments) for each in listed if (deployments := await self._deployments_of(each))]

    async def _deployments_of(self, recorded: Recorded) -> tuple[Deployment, ...]:
        self._answers.instead = recorded
        try:
            return (await self._answers.reads.fetch_deployments()).deployments
        except ApiError:
            return ()
        finally:
            self._answers.instead = None

    async def _judge(self, deployment: Deployment, windows: Mapping[int, Sequence[Window]]) -> PulseJudge:
        """What its windows have shown. As long as they say the same, only when it was looked at changes."""
        answers, mine = self._answers, windows.get(deployment.project_id, ())
        newest = [each for kind in _PARTS for each in [one for one in mine if one.endpoint == kind][-MOST_WINDOWS:]]
        looks = [(_PARTS[each.endpoint], each.answers.good) for each in newest if each.answers.good is not None]
        chart = await answers.look_up(lambda: equity_chart(answers.reads, deployment.project_id, answers.at))
        looks += [("chart", chart)] if chart is not None else []
        # What was read of it for the screen was a look too.
        looks += [("chart", each) for each in answers.charts_of(deployment.project_id, EQUITY_CHART)]
        signature = tuple(recorded.seq for _, recorded in looks)
        kept = self._judges.get(deployment.deploy_id)
        if kept is None or kept[0] != signature:
            of_it = {deployment.project_id: newest}
            judge = await judge_of(deployment, answers, answers.reads, of_it, self._patterns)
            kept = self._judges[deployment.deploy_id] = signature, judge
        looked_at = kept[1].looked_at
        # An answer of a service that was still preparing was no look.
        looked_at |= {part: max(r.at for other, r in looks if other == part) for part, _ in looks if part in looked_at}
        return kept[1]


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


def _same_trails(some: Mapping[str, EquityTrail], others: Mapping[str, EquityTrail]) -> bool:
    return some.keys() == others.keys() and all(
        (trail.ats, trail.values, trail.since) == (others[name].ats, others[name].values, others[name].since)
        for name, trail in some.items()
    )
