"""The journal watcher: shows the actions of other consoles, and takes over those whose console is gone."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from pathlib import Path

from qctui.actions.action_store import JOURNAL, ActionStore, JournalContext
from qctui.actions.actions_port import JournalEntry
from qctui.actions.earlier_actions import WITHOUT_EFFECT, retried
from qctui.actions.journal import FINAL_EVENTS, RUNG_OF_EVENT, lines_by_action, parse_journal_time, public_url
from qctui.actions.journal_writer import Disk, JournalWriter
from qctui.actions.locks import OwnerLock, owner_of
from qctui.actions.send import SEND_S
from qctui.actions.spec import ACTION_SPECS, OF_OPTIMIZATIONS, RENAME, RERUN
from qctui.actions.verify import VERIFY_S
from qctui.actions.verify_optimization import named_in
from qctui.actions.wording import ENDED_BEFORE_ANSWER, ENDED_BEFORE_TAKEN
from qctui.clock import Clock
from qctui.model.action import ActionRecord, Rung, Step, Target
from qctui.model.deployment import Environment
from qctui.text import clean
from qctui.value import replace

DAY_S = 86_400.0
"""How long what an earlier run did or did not get done is of interest to a later one."""

FOLLOW_S = 2.0
"""Between looks at the journal; one stat while nothing is appended."""

CLOSE_S = 0.2
"""How long the end of the program waits for the disk to let go of the locks."""

_LOG = logging.getLogger(__name__)


class JournalWatcher:
    """Turns the lines of other processes into records, and adopts the actions whose process is gone.

    Only actions against the same API are shown: a journal is shared by all profiles, and by the demo. Only those of
    the same profile are adopted, because another profile's deployments can't be read with this one's credentials.
    """

    def __init__(
        self,
        action_store: ActionStore,
        writer: JournalWriter,
        disk: Disk,
        clock: Clock,
        context: JournalContext,
        consoles: Path,
        instance: str,
    ) -> None:
        """`consoles`: where the files of the owner locks are. `instance`: this process's name in them."""
        self._action_store = action_store
        self._writer = writer
        self._disk = disk
        self._clock = clock
        self._base_url = public_url(context.base_url)
        self._profile = clean(context.profile)
        self._owner_lock = OwnerLock(consoles)
        self._instance = instance
        self._lines: dict[str, list[JournalEntry]] = {}
        """Foreign actions shown here, with all their lines."""
        self.adopt: Callable[[ActionRecord], None] | None = None
        """Looks after an adopted action from now on; None leaves them all alone."""
        self.started = asyncio.Event()
        """Set once what the journal leaves open is in the action store."""

    async def run(self) -> None:
        """Show (and adopt) what the journal leaves open, then look every `FOLLOW_S` until cancelled."""
        await self._logged(self._begin)
        self.started.set()
        while True:
            await self._clock.sleep(FOLLOW_S)
            await self._logged(self._look)

    async def _begin(self) -> None:
        await self._at_disk(partial(self._owner_lock.claim, self._instance))
        await self._writer.poll()
        by_id = lines_by_action(self._writer.entries)
        self._writer.found = self._take
        left_open = [lines for lines in by_id.values() if _is_open(lines)]
        for lines in left_open:
            self._show(lines)
        recent = self._recent(by_id.values())
        self._action_store.note_asked(each.target.deploy_id for each in recent if each.rung not in WITHOUT_EFFECT)
        if self.adopt is not None:
            self._take_up_unsent(recent)
            await self._adopt_left_behind()
            keep = frozenset(owner_of(lines[0].id) for lines in left_open)
            await self._at_disk(partial(self._owner_lock.sweep, keep))

    def _recent(self, actions: Iterable[list[JournalEntry]]) -> list[ActionRecord]:
        """What was confirmed against this API within a day, oldest first."""
        since = self._clock.now() - DAY_S
        ours = (lines for lines in actions if lines[0].base_url == self._base_url)
        # By its date alone: a journal of years is read before an emergency command sends.
        recent = (lines for lines in ours if (parse_journal_time(lines[0].at) or since) >= since)
        return [record for lines in recent if (record := record_of(lines, self._clock)) is not None]

    def _take_up_unsent(self, recent: Sequence[ActionRecord]) -> None:
        """Show what was not sent because its program ended first: nobody may have seen it say so. What was asked for
        again since is left out, and what can't be: a rerun, whose lines do not say what it was to run."""
        again = retried(recent)
        for record in recent:
            died = record.rung is Rung.NOT_SENT and record.steps[-1].detail == ENDED_BEFORE_TAKEN
            if died and record.target.action != RERUN.id and record.action_id not in again:
                self._action_store.put([replace(record, resumed=True, from_last_run=True)])

    async def _look(self) -> None:
        await self._writer.poll()
        if self.adopt is not None:
            await self._adopt_left_behind()

    async def _logged(self, step: Callable[[], Awaitable[None]]) -> None:
        try:
            await step()
        except Exception:  # whatever is wrong with a shared file, this console's own actions go on
            _LOG.exception("the journal could not be followed")

    async def aclose(self) -> None:
        """Let go of the locks: another console may take over what is still open. A disk that hangs is not waited for:
        the kernel lets go when the process ends."""
        # By the loop's own time: this bound is for the process.
        await asyncio.wait({self._disk.run(self._owner_lock.close)}, timeout=CLOSE_S)

    def _take(self, entries: Sequence[JournalEntry]) -> None:
        for action_id, lines in lines_by_action(entries).items():
            known = self._action_store.get(action_id)
            # What was adopted goes on with lines of our own.
            if owner_of(action_id) == self._instance or (known is not None and not known.foreign):
                if not self._writer.failure:
                    self._action_store.warn(action_id, JOURNAL, "")
                continue
            self._show([*self._lines.get(action_id, []), *lines])

    def _show(self, lines: list[JournalEntry]) -> None:
        first = lines[0]
        if first.base_url != self._base_url:
            return
        record = record_of(lines, self._clock)
        if record is None:
            return
        mine_to_adopt = self.adopt is not None and first.profile == self._profile
        overdue = record.goal_by_mono is not None and self._clock.monotonic() > record.goal_by_mono
        if overdue and not record.done and not mine_to_adopt:
            return  # left open long ago, for a console of its own profile to verify: nothing moves it here
        known = self._action_store.get(record.action_id)
        acknowledged = known is not None and known.acknowledged
        self._lines[record.action_id] = lines
        self._action_store.put([replace(record, foreign=True, acknowledged=acknowledged)])
        if record.done:
            # No line follows; the record stays in the action store.
            del self._lines[record.action_id]

    async def _adopt_left_behind(self) -> None:
        for action_id in [each for each, lines in self._lines.items() if lines[0].profile == self._profile]:
            owner = owner_of(action_id)
            if not await self._at_disk(partial(self._owner_lock.claim, owner)):
                continue
            # Its last lines may have been written after this console's last look, and before its owner let go.
            await self._writer.poll()
            record = self._action_store.get(action_id)
            if record is None or not record.foreign or record.done:
                continue
            self._lines.pop(action_id, None)
            target = record.target
            if target.action == RERUN.id:
                target = replace(target, others=self._made_by_others(action_id))
            taken = replace(record, target=target, foreign=False, resumed=True, goal_by_mono=None)
            self._action_store.put([replace(taken, from_last_run=not self.started.is_set())])
            missing = _left_open_words(record)
            if missing is not None:
                self._action_store.step(action_id, *missing)
            adopted = self._action_store.get(action_id)
            if adopted is not None and not adopted.done and self.adopt is not None:
                self.adopt(adopted)

    def _made_by_others(self, action_id: str) -> tuple[str, ...]:
        """What every other rerun has made, by the whole journal."""
        lines = [each for each in self._writer.entries if each.action == RERUN.id and each.id != action_id]
        return named_in((RUNG_OF_EVENT.get(each.event), each.detail) for each in lines)

    async def _at_disk(self, job: Callable[[], bool | None]) -> bool:
        with contextlib.suppress(OSError):
            return bool(await self._disk.run(job))
        return False


def _is_open(lines: Sequence[JournalEntry]) -> bool:
    """Whether an action's lines leave its outcome open: they have none, or withdrew it."""
    outcomes = [entry.event for entry in lines if entry.event in FINAL_EVENTS or entry.event == Rung.UNKNOWN.event]
    return not outcomes or outcomes[-1] not in FINAL_EVENTS


def record_of(lines: Sequence[JournalEntry], clock: Clock) -> ActionRecord | None:
    """The action that its lines describe; None if they describe none that could be acted upon.

    Lines carry wall time only. Their distance from now places them on the monotonic clock; a wall clock that was set
    back can't put them into the future.
    """
    first = lines[0]
    if first.action not in ACTION_SPECS or not (
        first.optimization_id if first.action in OF_OPTIMIZATIONS else first.project_id
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
        new_name=first.detail if first.action in (RENAME.id, RERUN.id) and first.event == "intent" else "",
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
    for entry in lines:
        rung = RUNG_OF_EVENT.get(entry.event)
        # Nothing follows an end but its withdrawal.
        if rung is None or (record.done and rung is not Rung.UNKNOWN):
            continue
        at, step_mono = place(entry)
        record = record.with_step(Step(rung, at, step_mono, entry.detail))
        if rung is Rung.SENDING:
            record = replace(record, tries=record.tries + 1)
    return record


def _left_open_words(record: ActionRecord) -> tuple[Rung, str] | None:
    """The step that a process that is gone can't have written of an action it left open; None if its lines say enough.

    An intent alone is what is left of one write that should have brought `sending` as well. It does not prove that
    nothing was sent: a disk that hangs or is full keeps no request from leaving, and may take a part of the lines.
    """
    if record.rung in (None, Rung.SENDING, Rung.SENT):
        return Rung.UNKNOWN, ENDED_BEFORE_ANSWER
    return None
