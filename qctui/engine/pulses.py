"""Reads and keeps the pulse of every running deployment: orders, log and insights in turn, beside what is on screen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from qctui.api.ports import ReadApi
from qctui.clock import Clock
from qctui.engine.paging import PAGE
from qctui.engine.pulse_judge import PulseJudge
from qctui.engine.readers import Answer, LogReader, OrderReader, Reader
from qctui.model.chart import EQUITY_CHART
from qctui.model.deployment import Deployment
from qctui.model.insight import InsightLog
from qctui.model.keys import Key
from qctui.model.pulse import NEW_LINES, PULSES
from qctui.store import Store

MOST_INSIGHTS = 500
"""Of all that were read for the screen, newest first, so many are looked at."""

JUDGE_EVERY_S = 60.0


class Part(IntEnum):
    """What is read of a running deployment, the first one first. A pulse rests on the last three."""

    HOLDINGS = 0
    EQUITY = 1
    ORDERS = 2
    LOG = 3
    INSIGHTS = 4


@dataclass(slots=True, eq=False)
class _Watched:
    """One running deployment."""

    deployment: Deployment
    judge: PulseJudge
    readers: dict[Part, Reader] = field(default_factory=dict)


class Pulses:
    """Who is watched is said by `follow`, what is read next by the caller of `read`."""

    def __init__(self, api: ReadApi, store: Store, clock: Clock, patterns: Sequence[str]) -> None:
        """`patterns` are texts that mean that a brokerage is disconnected."""
        self._api, self._store, self._clock = api, store, clock
        self._patterns = list(patterns)
        self._watched: dict[str, _Watched] = {}
        self._remembered: dict[str, PulseJudge] = {}
        """Of an earlier run, until the deployment is followed."""
        self._judge_mono = float("-inf")

    def follow(self, deployments: Iterable[Deployment]) -> None:
        """Watch these, and no others. What was learnt of one that has ended is forgotten."""
        before = self._watched
        self._watched = {each.deploy_id: before.get(each.deploy_id) or self._begin(each) for each in deployments}
        if before.keys() != self._watched.keys():
            self._publish()

    def look_for(self, patterns: Sequence[str]) -> None:
        """What is read from now on is judged by these texts."""
        self._patterns[:] = patterns

    def restore(self, deploy_id: str, judge: PulseJudge) -> None:
        """Judge by the habits that an earlier run has learnt."""
        watched = self._watched.get(deploy_id)
        if watched is None:
            self._remembered[deploy_id] = judge
        else:
            watched.judge.adopt_habits(judge)
            self._judge([watched])

    def awaited(self, deploy_id: str) -> frozenset[Part]:
        """The parts of it that QUIET waits for."""
        watched = self._watched.get(deploy_id)
        if watched is None or not watched.judge.awaits:
            return frozenset()
        return frozenset(part for part in Part if part.name.casefold() in watched.judge.awaits)

    async def read(self, deploy_id: str, part: Part) -> Answer | None:
        """Make one request. None if the deployment is not watched any more. Raises `ApiError`."""
        watched = self._watched.get(deploy_id)
        if watched is None:
            return None
        answer = await watched.readers[part].read()
        if answer.value is not None and self._watched.get(deploy_id) is watched:
            self._take(watched, part, answer.value, newest=answer.wait_s is None)
        return answer

    def note(self, key: Key[Any], value: Any) -> None:
        """Take in what was read for the screen; None: nothing new."""
        watched = next((each for each in self._watched.values() if _is_of(key, each.deployment)), None)
        part = {"orders": Part.ORDERS, "logs": Part.LOG, "insights": Part.INSIGHTS}.get(key.kind)
        if watched is not None and part is not None:
            self._take(watched, part, value)
        elif watched is not None and value is not None and key.kind == "chart" and key.name == EQUITY_CHART:
            self.note_samples(watched.deployment.deploy_id, [at for series in value.series for at in series.xs[-50:]])

    def note_samples(self, deploy_id: str, ats: Iterable[float]) -> None:
        """The times of a deployment's equity samples were read."""
        watched = self._watched.get(deploy_id)
        if watched is not None:
            watched.judge.take_samples(ats, self._clock.now())
            self._judge([watched])

    def judge_in_time(self) -> None:
        """Judge all of them once a minute, whatever is read: a silence grows, and a look becomes too old."""
        if self._clock.monotonic() >= self._judge_mono:
            self._judge_mono = self._clock.monotonic() + JUDGE_EVERY_S
            self._judge(self._watched.values())

    def _begin(self, deployment: Deployment) -> _Watched:
        project_id, deploy_id = deployment.project_id, deployment.deploy_id
        readers: dict[Part, Reader] = {
            Part.ORDERS: OrderReader(self._api, project_id),
            Part.LOG: LogReader(self._api, project_id, deploy_id),
            Part.INSIGHTS: _NewestInsights(self._api, project_id, deploy_id),
        }
        judge = PulseJudge(deployment.launched_at, self._patterns, watched_since=self._clock.now())
        if (remembered := self._remembered.pop(deploy_id, None)) is not None:
            judge.adopt_habits(remembered)
        return _Watched(deployment, judge, readers)

    def _take(self, watched: _Watched, part: Part, value: Any, *, newest: bool = True) -> None:
        now, judge = self._clock.now(), watched.judge
        if value is None:
            judge.looked_at[part.name.casefold()] = now
        elif part is Part.ORDERS:
            judge.take_orders(value, watched.deployment.deploy_id, now)
        elif part is Part.LOG:
            judge.take_log(value, now)
            self._put(NEW_LINES, {deploy_id: each.judge.lines for deploy_id, each in self._watched.items()})
        else:
            insights = value.insights if isinstance(value, InsightLog) else value
            judge.take_insights((each.generated_at for each in insights[:MOST_INSIGHTS]), now, newest=newest)
        self._judge([watched])

    def _judge(self, watched: Iterable[_Watched]) -> None:
        now, habits = self._clock.now(), [each.judge.habit for each in self._watched.values()]
        before = [each.judge.pulse for each in self._watched.values()]
        for each in watched:
            each.judge.judge(habits, now)
        if before != [each.judge.pulse for each in self._watched.values()]:
            self._publish()

    def _publish(self) -> None:
        pulses = {deploy_id: each.judge.pulse for deploy_id, each in self._watched.items()}
        self._put(PULSES, {deploy_id: pulse for deploy_id, pulse in pulses.items() if pulse is not None})

    def _put(self, key: Key[Any], value: Any) -> None:
        self._store.put_value(key, value, at=self._clock.now(), mono=self._clock.monotonic())


class _NewestInsights:
    """The newest page of a deployment's insights: they are at the end of a list of unknown length."""

    def __init__(self, api: ReadApi, project_id: int, deploy_id: str) -> None:
        self._api, self._project_id, self._deploy_id = api, project_id, deploy_id
        self._start = 0

    async def read(self) -> Answer:
        """Ask from where the newest were last time; again, further on, if the page is full."""
        start = self._start
        page = await self._api.fetch_insights(self._project_id, start, start + PAGE, self._deploy_id)
        # The length may be that of the page alone: it is only ever taken for a hint (REFERENCE.md 6.4).
        hinted = max(start + len(page.insights), page.length or 0)
        if len(page.insights) < PAGE:
            return Answer(page.insights)
        self._start = max(start + PAGE, hinted - PAGE // 2)
        return Answer(page.insights, wait_s=0.0)


def _is_of(key: Key[Any], deployment: Deployment) -> bool:
    if key.project_id != deployment.project_id:
        return False
    return key.kind in ("orders", "chart") or (key.kind in ("logs", "insights") and key.name == deployment.deploy_id)
