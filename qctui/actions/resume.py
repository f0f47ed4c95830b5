"""Actions told by the journal: those another console makes, and those a process that is gone left open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from qctui.actions.action_store import with_step
from qctui.actions.actions_port import JournalEntry
from qctui.actions.journal import parse_journal_time
from qctui.actions.send import SEND_S
from qctui.actions.spec import ABORT, ACTION_SPECS
from qctui.actions.verify import VERIFY_S
from qctui.clock import Clock
from qctui.model.action import FINAL_RUNGS, ActionRecord, Rung, Step, Target
from qctui.model.deployment import Environment

RUNG_OF_EVENT = {rung.event: rung for rung in Rung}

FINAL_EVENTS = frozenset(rung.event for rung in FINAL_RUNGS)

NEVER_SENT = "the program ended before it was sent"
NO_ANSWER = "the program ended before the answer"


def by_action(entries: Sequence[JournalEntry]) -> dict[str, list[JournalEntry]]:
    """The lines of each action, in order."""
    stories: dict[str, list[JournalEntry]] = {}
    for entry in entries:
        stories.setdefault(entry.id, []).append(entry)
    return stories


def is_open(story: Sequence[JournalEntry]) -> bool:
    """Whether an action's lines leave its outcome untold: they told none, or withdrew it."""
    told = [entry.event for entry in story if entry.event in FINAL_EVENTS or entry.event == Rung.UNKNOWN.event]
    return not told or told[-1] not in FINAL_EVENTS


def record_of(story: Sequence[JournalEntry], clock: Clock) -> ActionRecord | None:
    """The action as its lines tell it; None if they tell none that could be acted upon.

    Lines carry wall time only. Their distance from now places them on the monotonic clock; a wall clock that was set
    back can't put them into the future.
    """
    first = story[0]
    if first.action not in ACTION_SPECS or not (
        first.optimization_id if first.action == ABORT.id else first.project_id
    ):
        return None
    now, mono = clock.now(), clock.monotonic()

    def place(entry: JournalEntry) -> tuple[float, float]:
        at = parse_journal_time(entry.at)
        at = now if at is None else at
        return at, mono - max(0.0, now - at)

    confirmed_at, confirmed_mono = place(first)
    target = Target(
        action=first.action,
        name=first.name,
        project_id=first.project_id,
        deploy_id=first.deploy_id,
        optimization_id=first.optimization_id,
        environment=Environment.PAPER if first.environment == Environment.PAPER.value else Environment.LIVE,
    )
    record = ActionRecord(
        action_id=first.id,
        batch_id=first.id,
        target=target,
        via=first.via,
        confirmed_at=confirmed_at,
        confirmed_mono=confirmed_mono,
        # What its own console will wait at most; that one alone knows exactly.
        goal_by_mono=confirmed_mono + SEND_S + VERIFY_S,
    )
    for entry in story:
        rung = RUNG_OF_EVENT.get(entry.event)
        # Nothing follows an end but its withdrawal.
        if rung is None or (record.done and rung is not Rung.UNKNOWN):
            continue
        at, step_mono = place(entry)
        record = with_step(record, Step(rung, at, step_mono, entry.detail))
        if rung is Rung.SENDING:
            record = replace(record, tries=record.tries + 1)
    return record


def left_open_words(record: ActionRecord) -> tuple[Rung, str] | None:
    """What a process that is gone can't have told about an action it left open; None if its lines say enough.

    `sending` is on the disk before a connection is tried, so an intent without it was never sent. After it nothing is
    certain until an answer is told.
    """
    if record.rung is None:
        return Rung.NOT_SENT, NEVER_SENT
    if record.rung in (Rung.SENDING, Rung.SENT):
        return Rung.UNKNOWN, NO_ANSWER
    return None
