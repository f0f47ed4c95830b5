"""The action store: the records of all actions. Every step goes here, and from here to the screen and the journal."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from qctui.actions.actions_port import JournalEntry
from qctui.actions.journal import journal_time, public_url
from qctui.actions.journal_writer import JournalWriter
from qctui.clock import Clock
from qctui.model.action import ACTIONS, ASKED, ActionRecord, Rung, Step
from qctui.model.resource import Resource
from qctui.store import Store
from qctui.text import clean
from qctui.value import Value, replace

KEPT_RECORDS = 500
"""Records kept; beyond that the oldest that are over go, acknowledged ones first."""

JOURNAL = "journal"
"""Topic of the warning about the journal."""

LOCK = "lock"
"""Topic of the warning about the lock beside it."""


_LOG = logging.getLogger(__name__)


Sight = tuple[str, str | int]
"""What speaks against the goal of an action: `ALIVE` and a deploy id, or `HOLDS` and a project id."""

ALIVE, HOLDS = "alive", "holds"


class JournalContext(Value):
    """Base URL and profile of these actions: a journal is shared by all profiles of a machine."""

    base_url: str
    profile: str


def entry_of(record: ActionRecord, event: str, at: float, detail: str, context: JournalContext) -> JournalEntry:
    """The journal's line for one event of an action (DESIGN section 4)."""
    target = record.target
    return JournalEntry(
        id=record.action_id,
        at=journal_time(at),
        event=event,
        action=target.action,
        project_id=target.project_id,
        deploy_id=target.deploy_id,
        optimization_id=target.optimization_id,
        name=clean(target.name),
        environment="" if target.optimization_id else target.environment.value,
        base_url=public_url(context.base_url),
        profile=clean(context.profile),
        via=record.via,
        detail=clean(detail),
    )


def store_not_sent(store: Store, clock: Clock, records: Sequence[ActionRecord], why: str) -> None:
    """Put records of confirmations that nothing can send into the store as NOT SENT, from any thread.

    Past the `ActionStore`, which belongs to the engine's loop; it keeps what it finds there.
    """
    at, mono = clock.now(), clock.monotonic()
    lost = {record.action_id: record.with_step(Step(Rung.NOT_SENT, at, mono, why)) for record in records}

    # In one step: the engine's thread may be writing its own actions now.
    def add(known: Resource[tuple[ActionRecord, ...]]) -> Resource[tuple[ActionRecord, ...]]:
        kept = [each for each in known.value or () if each.action_id not in lost]
        return known.with_value((*kept, *lost.values()), at=at, mono=mono)

    store.change(ACTIONS, add)


class ActionStore:
    """Records by action id, in the order they came. Used on the loop; `records` may be read from any thread."""

    def __init__(self, store: Store, clock: Clock, writer: JournalWriter, context: JournalContext) -> None:
        self._store = store
        self._clock = clock
        self._writer = writer
        self._context = context
        self._records: dict[str, ActionRecord] = {}
        self._warnings: dict[str, dict[str, str]] = {}
        self._published: frozenset[str] = frozenset()
        """Ids published from here: any other in the store came from another thread."""
        self._sights: dict[Sight, float] = {}
        self._contradictions: Counter[str] = Counter()
        self._holding = 0
        self._unpublished = False
        """Something has changed that is held back."""
        self.records: tuple[ActionRecord, ...] = ()
        """All of them, oldest first. Not read back from the store, which may evict."""

    def get(self, action_id: str) -> ActionRecord | None:
        """The newest state of one action; None if it is not here."""
        return self._records.get(action_id)

    def put(self, records: Iterable[ActionRecord]) -> None:
        """Add or replace whole records, and publish."""
        for record in records:
            self._records[record.action_id] = record
        self._trim()
        self.publish()

    def change(self, action_id: str, **changes: Any) -> None:
        """Replace fields of a record, and publish if that changed anything."""
        record = self._records[action_id]
        if any(getattr(record, name) != value for name, value in changes.items()):
            self._records[action_id] = replace(record, **changes)
            self.publish()

    def step(self, action_id: str, rung: Rung, detail: str = "", *, journal: bool = True, **changes: Any) -> None:
        """One rung reached: on the record, on the screen, in the journal. `changes` are other fields of the record.

        Nothing follows a final rung: an answer that comes later changes nothing.
        """
        record = self._records[action_id]
        if record.done:
            return
        self._step(record, rung, detail, journal=journal, **changes)

    def reopen(self, action_id: str, detail: str) -> None:
        """Withdraw the end of an action: it is UNKNOWN again, and not acknowledged."""
        self._step(self._records[action_id], Rung.UNKNOWN, detail, journal=True, acknowledged=False, goal_by_mono=None)

    def _step(self, record: ActionRecord, rung: Rung, detail: str, *, journal: bool, **changes: Any) -> None:
        action_id = record.action_id
        at = self._clock.now()
        detail = clean(detail)
        record = record.with_step(Step(rung, at, self._clock.monotonic(), detail))
        cancellable = changes.pop("cancellable", False)
        self._records[action_id] = replace(record, cancellable=cancellable, **changes)
        self.publish()
        if journal:
            entry = entry_of(record, rung.event, at, detail, self._context)
            self._warn_unless_written(self._writer.write([entry]), [action_id])

    def note_asked(self, deploy_ids: Iterable[str]) -> None:
        """Publish the deployments that actions of earlier runs were about."""
        at, mono = self._clock.now(), self._clock.monotonic()
        self._store.put_value(ASKED, frozenset(filter(None, deploy_ids)), at=at, mono=mono)

    def intend(self, action_ids: Sequence[str]) -> asyncio.Future[str]:
        """Journal the intents of one confirmation and that sending begins, with one write and one fsync.

        Both lines are on the disk before a connection is tried, unless the disk takes too long or takes nothing.
        """
        at = self._clock.now()
        records = [self._records[action_id] for action_id in action_ids]
        # A later start has nothing but these lines: what is asked for is in the first.
        lines = [entry_of(each, "intent", at, each.target.new_name, self._context) for each in records]
        lines += [entry_of(each, Rung.SENDING.event, at, "", self._context) for each in records]
        written = self._writer.write(lines)
        self._warn_unless_written(written, action_ids)
        return written

    async def catch_up(self) -> str:
        """Read what the other processes of this machine have confirmed; none of them can confirm more until `release`.
        Returns why that could not be done; empty if it was."""
        return await self._writer.catch_up()

    def release(self) -> None:
        """After `catch_up`: what was decided has been done."""
        self._writer.release()

    def warn(self, action_id: str, topic: str, words: str) -> None:
        """Show `words` beside the ladder, in place of the earlier ones about `topic`; empty words take them back."""
        if action_id not in self._records:
            return
        warnings = self._warnings.setdefault(action_id, {})
        if words:
            warnings[topic] = clean(words)
        else:
            warnings.pop(topic, None)
        self.change(action_id, warnings=tuple(warnings.values()))

    def note_sight(self, sight: Sight, asked_mono: float) -> None:
        """An answer that was asked for then showed this: to whichever action or dialog of this process."""
        self._sights[sight] = max(asked_mono, self._sights.get(sight, asked_mono))

    def seen_since(self, sight: Sight, mono: float) -> bool:
        """Whether an answer that was asked for after that time showed this."""
        return self._sights.get(sight, mono) > mono

    def note_contradiction(self, about: str) -> None:
        """A later answer about a deployment took back what earlier ones had shown of it, to whichever action."""
        self._contradictions[about] += 1

    def contradictions(self, about: str) -> int:
        """How often that has happened: its answers are worth so much less."""
        return self._contradictions[about]

    def note_lost(self) -> None:
        """The program ends: of what is not in the journal now, no later start will know."""
        for action_id in self._writer.missing & self._records.keys():
            self.change(action_id, lost=True)

    @contextlib.contextmanager
    def held_back(self) -> Iterator[None]:
        """Publish nothing in between: while a batch leaves, the screen would take the processor from it."""
        self._holding += 1
        try:
            yield
        finally:
            self._holding -= 1
            if not self._holding and self._unpublished:
                self.publish()

    def publish(self) -> None:
        """Put the records into the store, unless that is held back.

        What another thread put there meanwhile is kept: a confirmation that came before the service ran.
        """
        self.records = tuple(self._records.values())
        self._unpublished = self._holding > 0
        if self._unpublished:
            return
        try:
            self._store.change(ACTIONS, self._merged)
        except Exception:  # no subscriber may come between a confirmation and its request
            _LOG.exception("a subscriber of the actions failed")

    def _merged(self, known: Resource[tuple[ActionRecord, ...]]) -> Resource[tuple[ActionRecord, ...]]:
        foreign = [each for each in known.value or () if each.action_id not in self._published]
        if foreign:
            self._records = {each.action_id: each for each in foreign} | self._records
            self.records = tuple(self._records.values())
        self._published = frozenset(self._records)
        return known.with_value(self.records, at=self._clock.now(), mono=self._clock.monotonic())

    def _warn_unless_written(self, written: asyncio.Future[str], action_ids: Sequence[str]) -> None:
        """Warn on the records as long as the journal can't be written."""

        def warn(done: asyncio.Future[str]) -> None:
            if done.cancelled():
                return
            error = done.exception()
            failure = str(error) if error is not None else done.result()
            words = f"the journal could not be written: {failure}" if failure else ""
            unlocked = self._writer.unlocked
            unseen = f"sent without the others knowing first: {unlocked}" if unlocked and not failure else ""
            for action_id in action_ids:
                self.warn(action_id, JOURNAL, words)
                if unseen:
                    self.warn(action_id, LOCK, unseen)

        written.add_done_callback(warn)

    def _trim(self) -> None:
        excess = len(self._records) - KEPT_RECORDS
        if excess > 0:
            over = sorted(
                (record for record in self._records.values() if record.done), key=lambda r: not r.acknowledged
            )
            for action_id in [record.action_id for record in over[:excess]]:
                del self._records[action_id]
                self._warnings.pop(action_id, None)
