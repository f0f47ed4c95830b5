"""Whatever fails between a confirmation and its end: it ends in a word, and its story is on the disk."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pytest

from qctui.actions.action_store import entry_of
from qctui.actions.journal import append_entries
from qctui.actions.locks import OwnerLock
from qctui.actions.service import KEPT_TAKEN
from qctui.model.action import ACTIONS, ActionRecord, Rung
from qctui.model.resource import Resource
from qctui.store import Store
from qctui.value import replace
from tests.actions.fakes import CONTEXT, FakeTriggers, InlineDisk, Rig, in_rig, last, read_journal, target
from tests.fakes import FakeClock, make_detail

T = TypeVar("T")


def broken(action: str) -> Any:
    """A target on which every check of its status fails by a defect."""
    return replace(target(action), status=None)  # type: ignore[arg-type]  # the defect


@in_rig
async def test_a_defect_in_the_check_holds_no_emergency_up(rig: Rig) -> None:
    await rig.act(broken("liquidate"))
    assert [post.action for post in rig.api.posts] == ["liquidate"]
    await rig.service.drain(1.0)


@in_rig
async def test_a_defect_in_the_check_of_a_stop_sends_nothing_and_says_so(rig: Rig) -> None:
    await rig.act(broken("stop"))
    assert rig.api.posts == []
    assert last(rig.record()) == (Rung.REJECTED, "internal error (AttributeError) in the check")
    await rig.service.drain(1.0)


class BrokenDisk(InlineDisk):
    """Takes no job any more."""

    broken = False

    def run(self, job: Callable[[], T]) -> asyncio.Future[T]:
        if self.broken:
            raise RuntimeError("can't start new thread")
        return super().run(job)


def test_a_journal_that_fails_by_a_defect_holds_no_emergency_up(tmp_path: Path) -> None:
    async def main() -> None:
        disk = BrokenDisk()
        async with Rig(tmp_path, disk=disk) as rig:
            disk.broken = True
            await rig.act()
            assert len(rig.api.posts) == 1
            assert any("journal" in warning for warning in rig.record().warnings)
            disk.broken = False

    asyncio.run(main())


def _with(record: ActionRecord, known: Resource[tuple[ActionRecord, ...]]) -> Resource[tuple[ActionRecord, ...]]:
    return known.with_value((*(known.value or ()), record), at=0.0, mono=0.0)


def test_two_threads_lose_no_record_of_each_other() -> None:
    store = Store()

    def add(name: str) -> None:
        for number in range(2_000):
            record = ActionRecord(f"{name}-{number}", "b", target(), "console", 0.0, 0.0)
            store.change(ACTIONS, partial(_with, record))

    threads = [threading.Thread(target=add, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store.get(ACTIONS).value or ()) == 4_000


@in_rig
async def test_what_was_confirmed_is_not_remembered_for_ever(rig: Rig) -> None:
    for number in range(KEPT_TAKEN + 50):
        rig.service.confirm([target(number=number + 1, status="Stopped")], "console")
    await rig.clock.settle()
    assert len(rig.service._taken) <= KEPT_TAKEN + 1


def test_every_line_waits_for_the_disk_however_many_there_are(tmp_path: Path) -> None:
    async def main() -> None:
        blocked = tmp_path / "state"
        blocked.write_text("a file where the folder should be")
        async with Rig(blocked) as rig:
            ids: list[str] = []
            for number in range(400):
                ids += await rig.act(target(number=number + 1))
            await rig.clock.advance(60)
            blocked.rename(tmp_path / "away")
            await rig.clock.advance(10)
            story = ["intent", "sending", "sent", "accepted", "stopped", "flat", "verified"]
            entries = rig.entries()
            assert len(entries) == len(story) * len(ids)
            for action_id in (ids[0], ids[199], ids[-1]):
                assert [entry.event for entry in entries if entry.id == action_id] == story

    asyncio.run(main())


def test_lines_handed_over_while_others_are_written_are_neither_lost_nor_reported_twice(tmp_path: Path) -> None:
    async def main() -> None:
        disk = InlineDisk(lag=3)
        async with Rig(tmp_path, disk=disk) as rig:
            for number in range(1, 40):
                rig.service.confirm([target(number=number)], "console")
                await asyncio.sleep(0)
            await rig.clock.advance(60)
            events = rig.events()
            assert {event: events.count(event) for event in set(events)} == dict.fromkeys(
                ["intent", "sending", "sent", "accepted", "stopped", "flat", "verified"], 39
            )

    asyncio.run(main())


def test_a_disk_that_hangs_at_the_end_is_not_waited_for(tmp_path: Path) -> None:
    async def main() -> None:
        disk = InlineDisk()
        rig = Rig(tmp_path, disk=disk)
        await rig.service.start()
        disk.hanging = True
        await rig.service.aclose()
        # Closed on the loop's own thread it would be gone, and with a real disk that hangs so would the loop.
        assert len(list((tmp_path / "consoles").iterdir())) == 1
        disk.release()
        assert list((tmp_path / "consoles").iterdir()) == []

    asyncio.run(main())


def test_the_intent_is_on_the_disk_itself_before_anything_leaves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, synced = os.fsync, []

    async def main() -> None:
        async with Rig(tmp_path) as rig:

            def fsync(fd: int) -> None:
                if rig.journal.exists() and os.fstat(fd).st_ino == rig.journal.stat().st_ino:
                    synced.append((rig.journal.read_text().count("\n"), len(rig.api.posts)))
                real(fd)

            monkeypatch.setattr(os, "fsync", fsync)
            await rig.act()
            await rig.clock.advance(60)
            assert synced[0] == (2, 0)
            # And so is every later line: none is only in the system's memory.
            assert synced[-1][0] == len(rig.entries())

    asyncio.run(main())


class SlowTriggers(FakeTriggers):
    """Reads wait until `open` is set."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock)
        self.open = asyncio.Event()

    async def _read(self, name: str) -> None:
        await self.open.wait()
        await super()._read(name)


def test_a_reread_that_answers_after_its_dialog_closed_is_written_nowhere(tmp_path: Path) -> None:
    async def main() -> None:
        clock = FakeClock()
        api = SlowTriggers(clock)
        async with Rig(tmp_path, clock, api) as rig:
            rig.service.open_rechecks([target()])
            await clock.settle()
            rig.service.close_rechecks()
            await clock.settle()
            written: list[str] = []
            rig.store.subscribe(lambda key: written.append(key.kind))
            api.open.set()
            await clock.advance(5)
            assert [name for name, _ in api.reads] == ["detail", "portfolio"]
            assert "recheck" not in written

    asyncio.run(main())


class LastWords(InlineDisk):
    """Right before somebody takes over from `owner`, its process writes its last line and ends."""

    def __init__(self, owner: OwnerLock, name: str, speak: Callable[[], None]) -> None:
        super().__init__()
        self._owner, self._name, self._speak = owner, name, speak

    def run(self, job: Callable[[], T]) -> asyncio.Future[T]:
        if isinstance(job, partial) and job.args == (self._name,):
            self._speak()
            self._owner.close()
        return super().run(job)


def test_the_last_line_of_a_process_is_read_before_its_actions_are_taken_over(tmp_path: Path) -> None:
    async def main() -> None:
        name = "0123456789ab"
        owner = OwnerLock(tmp_path / "consoles")
        assert owner.claim(name)
        clock = FakeClock()
        record = ActionRecord(f"{name}-1", f"{name}-b1", target(), "console", clock.now(), clock.monotonic())

        def tell(*events: str) -> None:
            lines = [entry_of(record, event, clock.now(), "", CONTEXT) for event in events]
            append_entries(tmp_path / "journal.jsonl", lines)

        tell("intent", "sending", "sent", "accepted")
        disk = LastWords(owner, name, lambda: None)
        async with Rig(tmp_path, clock, disk=InlineDisk()) as watching:
            assert watching.record().foreign
            disk._speak = lambda: tell("stopped", "flat", "verified")
            watching.service._watcher._disk = disk
            await clock.advance(3)
            assert watching.record().rung is Rung.VERIFIED
            assert watching.record().foreign
            assert watching.api.reads == []
        assert [entry.event for entry in read_journal(tmp_path / "journal.jsonl")].count("verified") == 1

    asyncio.run(main())


@in_rig
async def test_another_deployments_holdings_are_not_taken_for_ours(rig: Rig) -> None:
    rig.api.stop_after_s = 1e9
    rig.api.details[1] = make_detail(1, deploy_id="L-" + "9" * 32)
    await rig.act()
    await rig.clock.advance(1)
    assert [name for name, _ in rig.api.reads].count("portfolio") == 1
    assert rig.record().holdings is None
