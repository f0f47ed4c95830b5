"""What was noted on the tape to seek for: the steps of actions and alerts, and the ends of deployments."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from qctui.actions.actions_port import JournalEntry
from qctui.actions.journal import TEXT_FIELDS, lines_by_action, parse_journal_time
from qctui.actions.journal_watcher import record_of
from qctui.alerts.lives import Lives
from qctui.clock import Clock
from qctui.model.account import DAY_S
from qctui.model.action import ActionRecord
from qctui.model.alert import Alert, AlertState, Severity, Subject
from qctui.model.deployment import Environment
from qctui.tape.tape import TapeEvent
from qctui.text import clean
from qctui.value import replace

MARKED = ("action", "alert", "ended")
"""What can be sought for."""

_SEEN = "acknowledged"


class TapeEvents:
    """All events of a tape, in the order of time."""

    def __init__(self, events: Iterable[TapeEvent], journal: Iterable[JournalEntry] = ()) -> None:
        """What can't be read of them is left out. Of an action that the `journal` tells of its lines are taken: they
        say more."""
        self.events = sorted(events, key=lambda each: each.at)
        noted = [(each.at, entry) for each in self.events if (entry := _entry_of(each)) is not None]
        on_tape = {entry.id for _, entry in noted}
        lines = [
            (at, each) for each in journal if each.id in on_tape and (at := parse_journal_time(each.at)) is not None
        ]
        told = {entry.id for _, entry in lines}
        both = lines + [(at, entry) for at, entry in noted if entry.id not in told]
        self._entries = sorted(both, key=lambda each: each[0])
        self._alerts = {each.seq: alert for each in self.events if (alert := _alert_of(each)) is not None}

    @property
    def marks(self) -> tuple[tuple[float, str], ...]:
        """When and what."""
        return tuple((each.at, each.kind) for each in self.events if each.kind in MARKED)

    def beside(self, at: float, *, forward: bool) -> TapeEvent | None:
        """The nearest event on one side of an instant."""
        events = [each for each in self.events if each.kind in MARKED]
        if forward:
            return next((each for each in events if each.at > at), None)
        return next((each for each in reversed(events) if each.at < at), None)

    def happened(self, after: float, until: float) -> bool:
        """Whether anything was noted between two instants."""
        return any(after < each.at <= until for each in self.events)

    def entries(self, at: float) -> tuple[JournalEntry, ...]:
        """The journal as it stood, oldest line first."""
        return tuple(entry for noted_at, entry in self._entries if noted_at <= at)

    def action_at(self, number: str) -> float | None:
        """When the action began that is meant by the end of an id."""
        return began_at(self.entries(float("inf")), number)

    def actions(self, clock: Clock, since: float, seen: Collection[str]) -> tuple[ActionRecord, ...]:
        """The actions as they stood at the clock's time, oldest first. Those that were over when the program began, at
        `since`, were not in its bar any more, nor those that were acknowledged, then or in this replay (`seen`)."""
        now = clock.now()
        acknowledged = {
            *seen,
            *(str(each.body.get("id")) for each in self.events if each.kind == _SEEN and each.at <= now),
        }
        records: list[ActionRecord] = []
        for number, lines in lines_by_action(self.entries(now)).items():
            record = record_of(lines, clock)
            last_at = record.steps[-1].at if record is not None and record.steps else 0.0
            if record is not None and now - last_at < DAY_S:
                over = record.done and last_at < since
                records.append(replace(record, acknowledged=over or number in acknowledged))
        return tuple(records)

    def alerts(self, at: float) -> tuple[Alert, ...]:
        """The alerts as they stood at an instant, those included that had cleared within the day before."""
        newest: dict[str, Alert] = {}
        for each in self.events:
            if each.at > at:
                break
            if (alert := self._alerts.get(each.seq)) is not None:
                newest[alert.alert_id] = alert
            elif each.kind == "gone":
                newest.pop(str(each.body.get("id")), None)
        kept = [
            each for each in newest.values() if each.state is not AlertState.CLEARED or at - each.changed_at <= DAY_S
        ]
        return Lives(kept).alerts


def began_at(journal: Iterable[JournalEntry], number: str) -> float | None:
    """When the action began whose id ends so, or that of what it hit; of several the newest."""
    times = [
        parse_journal_time(lines[0].at)
        for found, lines in lines_by_action(journal).items()
        if any(each.endswith(number) for each in (found, lines[0].deploy_id, lines[0].optimization_id))
    ]
    return max((at for at in times if at is not None), default=None)


def event_words(event: TapeEvent) -> str:
    """What happened, in a line."""
    body = event.body

    def text(name: str) -> str:
        return clean(str(body.get(name) or ""), 60)

    if event.kind == "action":
        return f"{text('action')} {text('name')}: {text('event').replace('_', ' ').upper()}"
    if event.kind == "alert":
        return f"alert {text('state')}: {text('rule')} {text('project')}".rstrip()
    return f"{text('deploy_id')[-4:]} of project {text('project_id')} ended: {text('status') or 'no status'}"


def _entry_of(event: TapeEvent) -> JournalEntry | None:
    if event.kind != "action" or not isinstance(event.body.get("project_id"), int):
        return None
    known = {name: clean(str(event.body.get(name) or ""), 500) for name in TEXT_FIELDS}
    return JournalEntry(**known, project_id=event.body["project_id"])


def _alert_of(event: TapeEvent) -> Alert | None:
    """The inverse of `alert_fields`."""
    if event.kind != "alert":
        return None
    body = event.body
    try:
        mode = body["mode"]
        subject = Subject(
            _text(body, "project"),
            int(body["project_id"] or 0),
            _text(body, "deploy_id"),
            _text(body, "optimization_id"),
            None if mode is None else Environment(mode.upper()),
        )
        return Alert(
            _text(body, "rule"),
            Severity[body["severity"].upper()],
            subject,
            AlertState(body["state"]),
            _text(body, "text"),
            _text(body, "value"),
            _text(body, "threshold"),
            began_at=_time(body, "began_at") or event.at,
            fired_at=_time(body, "fired_at"),
            changed_at=event.at,
            no_data_since=_time(body, "no_data_since"),
            deliveries=int(body["delivery"]),
            shelved_until=_time(body, "shelved_until"),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _text(body: Mapping[str, Any], name: str) -> str:
    return clean(str(body[name] or ""), 500)


def _time(body: Mapping[str, Any], name: str) -> float | None:
    return parse_journal_time(body[name]) if body[name] else None
