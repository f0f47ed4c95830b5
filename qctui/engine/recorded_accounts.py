"""Money and pulses at a place of the tape, made as a program that begins there takes them up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from qctui.api.ports import ApiError
from qctui.engine.accounts import Accounts, running_alone
from qctui.engine.equity_history import SPACING_S
from qctui.engine.pulse_judge import PulseJudge
from qctui.engine.recorded_answers import RecordedAnswers
from qctui.engine.remembered import Window, equity_chart, judge_of, restore_money
from qctui.model.account import ACCOUNTS, DAY_S, EQUITY_HISTORY, EquityTrail
from qctui.model.chart import EQUITY_CHART
from qctui.model.deployment import Deployment
from qctui.model.keys import DEPLOYMENTS, Key
from qctui.model.pulse import PULSES
from qctui.model.resource import Resource
from qctui.store import Store
from qctui.tape.tape import Recorded
from qctui.tape.tape_file import Position

LISTS_S = 3 * SPACING_S
"""The lists of so long continue an equity chart, which is read every half hour and ends at its last sample ..."""

LISTS_APART_S = 60.0
"""... and so many are enough: a trail keeps one every quarter of an hour."""

MOST_WINDOWS = 40
"""Windows of each sort that a pulse is judged by, the newest."""

_PARTS = {"live/orders/read": "orders", "live/logs/read": "log", "live/insights/read": "insights"}
"""What a pulse calls a look at this endpoint."""


class RecordedAccounts:
    """Used by one task at a time."""

    def __init__(self, answers: RecordedAnswers, patterns: Sequence[str]) -> None:
        """`patterns` are texts that mean that a brokerage is disconnected."""
        self._answers, self._patterns = answers, patterns
        self._judges: dict[str, tuple[tuple[object, ...], PulseJudge]] = {}
        """By deploy id, with the answers that each rests on."""
        self._trails: Mapping[str, EquityTrail] = {}

    async def at(
        self, place: Position, listed: Resource[Any], windows: Mapping[int, Sequence[Window]]
    ) -> dict[Key[Any], Any]:
        """Money and pulses, as a program that begins at this place takes them up."""
        if listed.value is None:
            return {}
        answers, store = self._answers, Store()
        accounts = Accounts(answers.reads, store, answers.clock, self._patterns)
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
        self._judges = {deploy_id: self._judges[deploy_id] for deploy_id in judges}
        habits = [judge.habit for judge in judges.values()]
        judged = {deploy_id: judge.judge(habits, place.at, more=False) for deploy_id, judge in judges.items()}
        return {ACCOUNTS: store.get(ACCOUNTS).value or {}, EQUITY_HISTORY: self._trails, PULSES: judged}

    async def _lists(self, place: Position) -> list[tuple[float, Iterable[Deployment]]]:
        """The newest lists, oldest first, each with its time."""
        listed: list[Recorded] = []
        for each in self._answers.tape.changes(self._answers.tape.seek(place.at - LISTS_S), place):
            if each.endpoint == "live/list" and each.failure is None:
                if listed and each.at - listed[-1].at < LISTS_APART_S and len(listed) > 1:
                    listed.pop()
                listed.append(each)
        return [(each.at, deployments) for each in listed if (deployments := await self._deployments_of(each))]

    async def _deployments_of(self, recorded: Recorded) -> tuple[Deployment, ...]:
        answers = self._answers
        try:
            return (await answers.answered_with(recorded, answers.reads.fetch_deployments)).deployments
        except ApiError:
            return ()

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


def _same_trails(some: Mapping[str, EquityTrail], others: Mapping[str, EquityTrail]) -> bool:
    return some.keys() == others.keys() and all(
        (trail.ats, trail.values, trail.since) == (others[name].ats, others[name].values, others[name].since)
        for name, trail in some.items()
    )
