"""What must hold in every world, looked at after every turn of its loop."""

from __future__ import annotations

import hashlib
import logging
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from qctui.actions.action_runner import HOLD_BACK_S, JOURNAL_WAIT_S
from qctui.actions.actions_port import JournalEntry
from qctui.actions.contradictions import LOOK_S, SECOND_LOOK_S
from qctui.actions.journal import FINAL_EVENTS, decode_entry
from qctui.actions.send import ANSWER_S, SEND_S
from qctui.cli.parser import Exit
from qctui.model.action import ActionRecord, Rung, Step, Target
from qctui.simulator.deployments import Deployment
from tests.proof.truth import NO_WORD, TOKEN, Post

ALL_BUT_VERIFYING_S = JOURNAL_WAIT_S + SEND_S + ANSWER_S + 2 * LOOK_S + SECOND_LOOK_S + HOLD_BACK_S + 10.0
"""From a confirmation, or from the start that found it open, to its last word at most, less how long its goal is looked
for."""

LEFT_OVER_S = 12.0
"""How long what the disk held up may still be under way after its trouble."""

SAID_S = 0.01
"""After the first byte of a request whose intent is not on the disk, within which that is said."""

HALF = 24
"""Characters of a secret that are too many to be shown."""

CHECKS = {
    "one-post": "at most one POST of an action to a target, unless those before provably did nothing",
    "intent-first": "the intent is on the disk before the first byte leaves",
    "no-false-word": "no VERIFIED or FLAT against the world",
    "last-word": "every confirmation ends in a word",
    "exit-code": "exit code and journal agree with the world",
    "no-secret": "no secret in journal, log, records and what is printed",
    "no-overtaking": "no stop leaves after a liquidation was accepted, or written down by another process, and before "
    "it is verified",
}


class Violation(AssertionError):
    """Something that must hold does not."""

    def __init__(self, check: str, words: str) -> None:
        super().__init__(f"{check} ({CHECKS[check]}): {words}")
        self.check = check
        self.seed = -1
        """Of the world, once it is known."""


@dataclass
class Confirmed:
    """One confirmation of one target."""

    process: Any
    action_id: str
    target: Target
    excused: str = ""
    """Why it may have no word: the disk did not take it."""


class Judge(logging.Handler):
    """Sees everything that a world does. The first violation ends it."""

    def __init__(self, world: Any, only: str = "", *, keeps: bool = False) -> None:
        """`only` one of `CHECKS` is looked at, all if it is empty. What happens is kept in words if it `keeps`."""
        super().__init__(logging.INFO)
        self.world = world
        self.only = only
        self.violation: Violation | None = None
        self.confirmations: list[Confirmed] = []
        self.entries: list[tuple[int, JournalEntry]] = []
        """The journal's entries, each with the byte that it ends before."""
        self.told: list[str] = []
        """What happened, in words."""
        self._keeps = keeps
        self._hash = hashlib.blake2b(digest_size=8)
        self._changes = 0
        self._read = 0
        self._rest = b""
        self._seen: dict[Any, tuple[ActionRecord, ...]] = {}
        self.stirred: dict[Any, None] = {}
        """Processes whose actions have changed."""

    def fail(self, check: str, words: str) -> None:
        """Raised at the next turn: here it would be raised into the program."""
        if self.violation is None and self.only in ("", check):
            self.violation = Violation(check, words)

    def note(self, *words: object) -> None:
        """Something happened: it belongs to the trace of this world."""
        line = f"{self.world.clock.monotonic():.4f} {' '.join(map(str, words))}"
        self._hash.update(line.encode())
        if self._keeps:
            self.told.append(line)

    @property
    def trace(self) -> str:
        """One word for all that happened."""
        return self._hash.hexdigest()

    def look(self) -> None:
        """After each turn of the loop."""
        while self.stirred:
            process, _ = self.stirred.popitem()
            if not process.dead:
                records = process.records
                self._look_at_records(process, self._seen.get(process, ()), records)
                self._seen[process] = records
        if self._changes != self.world.machine.changes:
            self._changes = self.world.machine.changes
            self._read_journal()
        if self.violation is not None:
            raise self.violation

    # What is on the disk.

    def disk_now(self) -> tuple[int, bool]:
        """How much of the journal is safe, and whether the disk could not be relied on lately."""
        machine = self.world.machine
        lately = self.world.clock.monotonic() - machine.troubled_at < LEFT_OVER_S
        return machine.synced, bool(machine.trouble) or lately

    def _read_journal(self) -> None:
        self._changes = self.world.machine.changes
        journal = self.world.machine.journal
        data = journal.read_bytes() if journal.exists() else b""
        if len(data) < self._read:
            self._read, self._rest = 0, b""
            self.entries.clear()
            self.note("cut", len(data))
        new, self._read = data[self._read :], len(data)
        end = len(data) - len(new) - len(self._rest)
        *lines, self._rest = (self._rest + new).split(b"\n")
        for line in lines:
            end += len(line) + 1
            entry = decode_entry(line)
            if entry is not None:
                self.entries.append((end, entry))
                self.note("journal", entry.id, entry.event, entry.detail)
            self.check_secret("the journal", line.decode("utf-8", "replace"))

    def events(self, action_id: str) -> list[str]:
        return [entry.event for _, entry in self.entries if entry.id == action_id]

    def power_lost(self) -> None:
        """What the disk did not take lately may be gone."""
        if self.disk_now()[1]:
            for each in self.confirmations:
                each.excused = each.excused or "the disk lost it"

    # What leaves.

    def confirmed(self, process: Any, ids: Sequence[str], targets: Sequence[Target]) -> None:
        for action_id, target in zip(ids, targets, strict=True):
            self.note("confirmed", process.name, target.action, target.project_id, action_id)
            self.confirmations.append(Confirmed(process, action_id, target))
        self.world.plan.confirmed(process)

    def _of(self, post: Post) -> list[Confirmed]:
        """The confirmations that a request can be for."""
        return [
            each
            for each in self.confirmations
            if each.process is post.process
            and each.target.action == post.action
            and post.project_id in (0, each.target.project_id)
        ]

    def trigger_leaves(self, post: Post) -> None:
        """The first byte of a trigger is about to leave."""
        self._look_at_post(post)

    def trigger_arrives(self, post: Post) -> None:
        """The whole of it has arrived: it is known what it is aimed at."""
        self._look_at_post(post)
        if post.action == "stop":
            self._look_for_liquidation(post)

    def _look_at_post(self, post: Post) -> None:
        confirmed = self._of(post)
        same = [
            each
            for each in self.world.truth.posts
            if each.process is post.process
            and each.action == post.action
            and post.project_id in (0, each.project_id)
            and not each.did_nothing
        ]
        if len(same) > len(confirmed):
            self.fail("one-post", f"{len(same)} {post.action} of {post.process.name} for {len(confirmed)} confirmed")
        if self.world.machine.changes != self._changes:
            self._read_journal()
        on_disk = {entry.id for end, entry in self.entries if end <= post.on_disk and entry.event == "intent"}
        missing = [each for each in confirmed if each.action_id not in on_disk]
        late = len(same) - (len(confirmed) - len(missing))
        if late > 0 and not post.troubled:
            self.fail(
                "intent-first", f"{post.action} of {post.process.name} leaves without an intent; the disk is well"
            )
        elif missing:
            # It may leave at the very moment at which the disk says no: the words come with the next turns.
            self.world.loop.call_later(SAID_S, self._look_at_words, post, missing, late)
            self._excuse(missing)

    def _excuse(self, missing: Sequence[Confirmed]) -> None:
        for each in missing:
            if _warnings_about_journal(each):
                each.excused = "the disk did not take it"

    def _look_at_words(self, post: Post, missing: Sequence[Confirmed], late: int) -> None:
        if post.process.dead:
            for each in missing:
                each.excused = each.excused or "there was nobody left to say so"
            return
        self._excuse(missing)
        # One that was told of before counts too: once a later fsync has covered it, that is rightly told no more.
        if sum(bool(each.excused) for each in missing) < late:
            self.fail(
                "intent-first", f"{post.action} of {post.process.name} left without an intent, and nobody is told"
            )

    def _look_for_liquidation(self, post: Post) -> None:
        events: dict[str, list[str]] = defaultdict(list)
        for end, entry in self.entries:
            if end <= post.on_disk and entry.action == "liquidate" and entry.project_id == post.project_id:
                events[entry.id].append(entry.event)
        # One that could not have the lock in time has said so. One of this process is in its records before that.
        unseen = {
            each.action_id
            for each in self.confirmations
            if each.process is post.process or any("the others" in words for words in _warnings(each))
        }
        (stop,) = self._of(post)[-1:] or (None,)
        warned = stop is None or post.troubled or any("another process" in each for each in _warnings(stop))
        for action_id, known in events.items():
            if "accepted" not in known and action_id in unseen:
                continue
            if not FINAL_EVENTS & set(known) and not warned and not self.world.plan.jumped:
                self.fail("no-overtaking", f"a stop of {post.process.name} leaves, {action_id} is at {known[-1]}")

    # What is said.

    def _look_at_records(
        self, process: Any, before: tuple[ActionRecord, ...], records: tuple[ActionRecord, ...]
    ) -> None:
        known = {each.action_id: each for each in before}
        for record in records:
            old = known.get(record.action_id)
            if record is old:
                continue
            for warning in record.warnings:
                self.check_secret("a warning", warning)
            steps = old.steps if old is not None else ()
            for step in record.steps:
                if record.foreign or any(step is each for each in steps):
                    continue
                self.note(process.name, record.action_id, step.rung.value, step.detail)
                self.check_secret("a record", step.detail)
                if step.rung in (Rung.VERIFIED, Rung.FLAT) and not (record.resumed and old is None):
                    self._look_at_word(process, record, step)
                if step.rung is Rung.STOPPED:
                    self.world.plan.stopped(record.target.project_id)
                if step.rung is Rung.REJECTED:
                    self._look_at_rejection(process, record, step)

    def _look_at_word(self, process: Any, record: ActionRecord, step: Step) -> None:
        truth, target = self.world.truth, record.target
        deployments, lag_s = truth.world.projects[target.project_id].deployments, truth.weather.lag_s
        if step.rung is Rung.FLAT and (truth.lied or (len(deployments) > 1 and lag_s)):
            # One portfolio that lies, or that is a newer deployment's of which the replica that tells what runs knows
            # nothing yet, is believed for FLAT, and no longer.
            return
        # The portfolio is the newest one's, and so shortly after its launch every look may have met the other replica.
        unseen = truth.now() - deployments[-1].launched_at < lag_s
        for deployment in self._hit_by(record):
            said = f"{step.rung.value} of {process.name}, and {deployment.deploy_id}"
            if not truth.has_ended(deployment):
                self.fail("no-false-word", f"{said} runs: {step.detail}")
            elif target.action == "liquidate" and not unseen and not truth.is_flat(deployment):
                self.fail("no-false-word", f"{said} holds something: {step.detail}")

    def _look_at_rejection(self, process: Any, record: ActionRecord, step: Step) -> None:
        """Two looks were taken at the target, some seconds apart: what shows later is beyond what they can promise."""
        truth, target = self.world.truth, record.target
        posts = [
            each
            for each in truth.posts
            if each.acted
            and each.process is process
            and each.action == target.action
            and each.project_id == target.project_id
            and target.deploy_id in ("", each.hit)
        ]
        # Otherwise the posts may be those of an earlier one that asked for the same.
        alone = len(self._alike(process, target)) == 1
        if alone:
            for post in posts:
                if post.kind in NO_WORD:
                    self.fail("exit-code", f"REJECTED of {process.name}, and nobody said no: {step.detail}")
        if truth.lied or truth.world.behaviours:
            return
        if "already" in step.detail and alone and posts and target.status and self.world.keeps_time:
            self.fail("exit-code", f"REJECTED of {process.name}, and it lived when asked: {step.detail}")
        if any(words in step.detail for words in ("could not be checked", "already", "redeployed", "credentials")):
            return
        for post in posts:
            hit = truth.deployment(target.project_id, post.hit)
            if hit is not None:
                ended_at = hit.ended_at(truth.now() - SECOND_LOOK_S - truth.weather.lag_s)
                if ended_at is not None:
                    self.fail("exit-code", f"REJECTED of {process.name}, and it acted: {step.detail}")

    def _alike(self, process: Any, target: Target) -> list[Confirmed]:
        """The confirmations of a process that ask for the same of the same project."""
        return [
            each
            for each in self.confirmations
            if each.process is process
            and each.target.action == target.action
            and each.target.project_id == target.project_id
        ]

    def _hit_by(self, record: ActionRecord) -> list[Deployment]:
        """The deployment that a word is about: the one that was aimed at, or what the request met where that was not
        known."""
        truth, target = self.world.truth, record.target
        met = {
            post.hit
            for post in truth.posts
            if post.action == target.action and post.project_id == target.project_id and post.hit
        }
        ids = [target.deploy_id] if target.deploy_id else sorted(met)[:1] if len(met) == 1 else []
        return [each for each in (truth.deployment(target.project_id, one) for one in ids) if each is not None]

    def emit(self, record: logging.LogRecord) -> None:
        """A line of the log."""
        self.check_secret("the log", self.format(record))

    def check_secret(self, where: str, text: str) -> None:
        """Fail if a secret, or most of one, is in it."""
        for secret in (TOKEN, *self.world.truth.digests):
            if secret[:HALF] in text or secret[-HALF:] in text:
                self.fail("no-secret", f"in {where}: {text}")

    # How it ends.

    def exited(self, process: Any) -> None:
        """A command has ended with an exit code."""
        self.note(process.name, "exits", process.code)
        for line in process.printed:
            self.check_secret("what is printed", line)
        if self.world.machine.changes != self._changes:
            self._read_journal()
        mine = [each for each in self.confirmations if each.process is process]
        left = [post for post in self.world.truth.posts if post.process is process and not post.did_nothing]
        if process.code >= 128:
            return
        wanted = {Exit.DONE: ["verified"], Exit.REJECTED: ["rejected"], Exit.NOT_SENT: ["not_sent"]}.get(process.code)
        for each in mine:
            events = self.events(each.action_id)
            said = f"{process.name} exits with {process.code}, its journal says {events}"
            if each.excused or self.disk_now()[1]:
                continue
            if wanted is None and events[-1:] and events[-1] in FINAL_EVENTS - {"unverified"}:
                self.fail("exit-code", said)
            if wanted is not None and events[-1:] != wanted:
                self.fail("exit-code", said)
        if process.code == Exit.DONE:
            for each in mine:
                hit = self.world.truth.deployment(each.target.project_id, each.target.deploy_id)
                if hit is not None and not self.world.truth.has_ended(hit):
                    self.fail("exit-code", f"{process.name} exits with 0, and {hit.deploy_id} runs")
        if process.code == Exit.NOT_SENT and left:
            self.fail("exit-code", f"{process.name} exits with 3, and {len(left)} left")

    def open_confirmations(self) -> list[Confirmed]:
        """Those that have no last word yet, and must come to one."""
        return [each for each in self.confirmations if not each.excused and not self._has_word(each)]

    def _has_word(self, each: Confirmed) -> bool:
        events = self.events(each.action_id)
        ends = [event for event in events if event in FINAL_EVENTS or event == "unknown"]
        if events:
            return bool(ends) and ends[-1] in FINAL_EVENTS
        # Its process was gone before the journal had it: then nothing of it has left.
        return each.process.dead and not self._left_of(each)

    def _left_of(self, one: Confirmed) -> int:
        """How many requests have left and can only be those of this confirmation."""
        target = one.target
        left = [
            post
            for post in self.world.truth.posts
            if post.process is one.process
            and post.action == target.action
            and post.project_id in (0, target.project_id)
            and not post.did_nothing
        ]
        others = [
            each
            for each in self.confirmations
            if each is not one
            and each.process is one.process
            and each.target.action == target.action
            and each.target.project_id == target.project_id
            and (each.excused or self.events(each.action_id)[-1:] not in ([], ["not_sent"]))
        ]
        return max(0, len(left) - len(others))

    def over(self) -> None:
        """The time in which every confirmation must have come to a word is over."""
        self._read_journal()
        for each in self.open_confirmations():
            self.fail("last-word", f"{each.action_id} of {each.process.name}: {self.events(each.action_id)}")
        for each in self.confirmations:
            events, left = self.events(each.action_id), self._left_of(each)
            if events[-1:] == ["not_sent"] and left:
                self.fail("exit-code", f"the journal says not_sent of {each.action_id}, and {left} left")
            if not events and left and not each.excused:
                self.fail("intent-first", f"nothing in the journal of {each.action_id}, and {left} left")
        if self.violation is not None:
            raise self.violation


def _warnings(one: Confirmed) -> tuple[str, ...]:
    record = one.process.service._action_store.get(one.action_id)
    return record.warnings if record is not None else ()


def _warnings_about_journal(one: Confirmed) -> bool:
    return any("journal" in each for each in _warnings(one))
