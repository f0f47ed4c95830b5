"""A journal that can't be written, is slow, or is shared must hold up no emergency."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from qctui.actions.action_runner import JOURNAL_WAIT_S
from qctui.actions.action_store import KEPT_RECORDS, JournalContext
from qctui.actions.locks import OwnerLock, owner_of
from qctui.actions.service import FLUSH_S, ActionService
from qctui.clock import SystemClock
from qctui.model.action import ACTIONS, ActionRecord, Rung, Step
from qctui.model.resource import Resource
from qctui.store import Store
from tests.actions.fakes import CONTEXT, FakeTriggers, Rig, Try, in_rig, read_journal, target
from tests.fakes import FakeClock


def test_what_was_shown_before_the_service_ran_stays_shown(tmp_path: Path) -> None:
    async def main() -> None:
        rig = Rig(tmp_path)
        step = Step(Rung.NOT_SENT, 0.0, 0.0, "the engine has not started")
        early = ActionRecord("early", "b", target(), "console", 0.0, 0.0, (step,))
        rig.store.put(ACTIONS, Resource[tuple[ActionRecord, ...]](value=(early,)))
        async with rig:
            (later,) = await rig.act()
            assert [record.action_id for record in rig.records] == ["early", later]
            rig.service.acknowledge("early")
            await rig.clock.settle()
            assert rig.records[0].acknowledged

    asyncio.run(main())


@pytest.mark.parametrize("back_after_s", [0, 60], ids=["while it is watched", "after its end"])
def test_without_a_journal_it_is_sent_all_the_same_and_said_loudly(tmp_path: Path, back_after_s: float) -> None:
    async def main() -> None:
        blocked = tmp_path / "state"
        blocked.write_text("a file where the folder should be")
        async with Rig(blocked) as rig:
            await rig.act()
            assert len(rig.api.posts) == 1
            await rig.clock.advance(back_after_s)
            assert rig.record().warnings == ("the journal could not be written: File exists",)
            assert (rig.record().rung is Rung.VERIFIED) is bool(back_after_s)
            blocked.rename(tmp_path / "away")
            await rig.clock.advance(60)
            assert rig.record().rung is Rung.VERIFIED
            assert rig.record().warnings == ()
            assert rig.events() == ["intent", "sending", "sent", "accepted", "stopped", "flat", "verified"]

    asyncio.run(main())


async def acted_without_a_journal(folder: Path) -> tuple[Path, Rig]:
    """A started service that has acted, and the file that stands where its folder should be."""
    blocked = folder / "state"
    blocked.write_text("a file where the folder should be")
    rig = Rig(blocked)
    await rig.service.start()
    await rig.act()
    return blocked, rig


def test_at_the_end_it_is_known_what_no_later_start_will_find(tmp_path: Path) -> None:
    async def main() -> None:
        blocked, rig = await acted_without_a_journal(tmp_path)
        await rig.clock.advance(1)
        blocked.rename(tmp_path / "away")
        await rig.clock.advance(5)
        (tmp_path / "away").rename(tmp_path / "file")
        blocked.rename(tmp_path / "kept")
        blocked.write_text("again")
        await rig.act()
        await rig.clock.advance(1)
        draining = asyncio.ensure_future(rig.service.drain(3.0))
        await rig.clock.advance(5)
        await draining
        assert [record.lost for record in rig.records] == [False, True]
        await rig.service.aclose()

    asyncio.run(main())


def test_at_the_end_what_the_disk_refused_is_tried_until_the_time_is_over(tmp_path: Path) -> None:
    async def main() -> None:
        blocked, rig = await acted_without_a_journal(tmp_path)
        draining = asyncio.ensure_future(rig.service.drain(3.0))
        await rig.clock.advance(FLUSH_S / 2)
        blocked.rename(tmp_path / "away")
        await rig.clock.advance(FLUSH_S / 4)
        assert draining.done()
        assert rig.events() == ["intent", "sending", "sent", "accepted"]
        await rig.service.aclose()

    asyncio.run(main())


@in_rig
async def test_a_disk_that_hangs_delays_sending_by_a_second_at_most(rig: Rig) -> None:
    rig.disk.hanging = True
    await rig.act()
    await rig.clock.advance(JOURNAL_WAIT_S - 0.01)
    assert rig.api.posts == []
    await rig.clock.advance(0.01)
    assert len(rig.api.posts) == 1
    assert rig.record().warnings == ("sent without the journal: no write within 1 s",)
    await rig.clock.advance(60)
    assert rig.record().rung is Rung.VERIFIED
    rig.disk.release()
    await rig.clock.settle()
    assert rig.record().warnings == ()
    assert rig.events() == ["intent", "sending", "sent", "accepted", "stopped", "flat", "verified"]


def test_a_disk_that_hangs_at_the_start_keeps_nobody_from_acting(tmp_path: Path) -> None:
    async def main() -> None:
        rig = Rig(tmp_path)
        rig.disk.hanging = True
        starting = asyncio.ensure_future(rig.service.start())
        await rig.clock.advance(2)
        assert starting.done()
        assert rig.records == ()
        await rig.act()
        await rig.clock.advance(1)
        assert len(rig.api.posts) == 1
        await rig.service.aclose()

    asyncio.run(main())


def test_a_disk_that_hangs_does_not_hold_back_the_end_of_the_program(tmp_path: Path) -> None:
    async def main() -> None:
        rig = Rig(tmp_path)
        await rig.service.start()
        rig.disk.hanging = True
        await rig.act()
        draining = asyncio.ensure_future(rig.service.drain(3.0))
        await rig.clock.advance(5)
        assert draining.done()
        assert len(rig.api.posts) == 1
        await rig.service.aclose()

    asyncio.run(main())


def test_two_consoles_see_each_others_actions_and_only_one_verifies(tmp_path: Path) -> None:
    async def main() -> None:
        clock = FakeClock()
        api = FakeTriggers(clock)
        async with Rig(tmp_path, clock, api) as mine, Rig(tmp_path, clock, api) as other:
            api.tries = iter([Try(after_s=3)])
            await mine.act()
            await clock.advance(2.5)
            assert other.rungs() == ["SENDING", "SENT"]
            assert (other.record().foreign, other.record().resumed) == (True, False)
            reason = other.service.refusal(target("stop"))
            assert reason is not None
            assert "not verified (SENT)" in reason
            assert other.service.refusal(target()) is None
            await clock.advance(60)
            assert other.record().rung is Rung.VERIFIED
            assert other.record().foreign
            assert mine.record().confirmed_mono == other.record().confirmed_mono
            assert other.service.refusal(target("stop")) is None
            assert other.service.entries() == mine.service.entries() == mine.entries()
        assert mine.events().count("verified") == 1
        assert len(api.posts) == 1

    asyncio.run(main())


def test_the_actions_of_a_console_that_went_away_are_taken_over_by_one_that_stayed(tmp_path: Path) -> None:
    async def main() -> None:
        clock = FakeClock()
        api = FakeTriggers(clock)
        gone = Rig(tmp_path, clock, api)
        await gone.service.start()
        async with Rig(tmp_path, clock, api) as second, Rig(tmp_path, clock, api) as third:
            api.tries = iter([Try(hangs=True)])
            await gone.act()
            await clock.advance(2)
            await gone.service.aclose()
            await clock.advance(60)
            assert sorted(rig.record().foreign for rig in (second, third)) == [False, True]
            assert sorted(rig.record().resumed for rig in (second, third)) == [False, True]
            assert [rig.record().from_last_run for rig in (second, third)] == [False, False]
            assert second.record().rung is third.record().rung is Rung.VERIFIED
        assert gone.events() == ["intent", "sending", "sent", "unknown", "stopped", "flat", "verified"]
        assert len(api.posts) == 1

    asyncio.run(main())


def test_a_single_command_takes_over_nothing_but_sees_the_liquidation_under_way(tmp_path: Path) -> None:
    async def main() -> None:
        rig = Rig(tmp_path)
        rig.api.stop_after_s = 1e9
        await rig.service.start()
        await rig.act()
        await rig.service.aclose()
        async with Rig(tmp_path, rig.clock, rig.api, resume=False) as command:
            assert command.record().foreign
            assert command.service.refusal(target("stop")) is not None
            await rig.clock.advance(60)
            assert not command.record().resumed
            # Its console is gone for good; a lock for ever would leave no way to stop.
            await rig.clock.advance(800)
            assert command.service.refusal(target("stop")) is None

    asyncio.run(main())


def test_acknowledging_another_consoles_action_survives_its_next_line(tmp_path: Path) -> None:
    async def main() -> None:
        clock = FakeClock()
        api = FakeTriggers(clock)
        async with Rig(tmp_path, clock, api) as mine, Rig(tmp_path, clock, api) as other:
            await mine.act()
            await clock.advance(3)
            other.service.acknowledge(other.record().action_id)
            await clock.advance(60)
            assert other.record().rung is Rung.VERIFIED
            assert other.record().acknowledged

    asyncio.run(main())


def test_a_presence_is_exclusive_and_ends_with_its_holder(tmp_path: Path) -> None:
    first, second = OwnerLock(tmp_path / "consoles"), OwnerLock(tmp_path / "consoles")
    assert first.claim("a" * 12)
    assert first.claim("a" * 12)
    assert not second.claim("a" * 12)
    first.close()
    assert list((tmp_path / "consoles").iterdir()) == []
    assert second.claim("a" * 12)
    second.close()


def test_files_of_dead_processes_are_swept_away_unless_they_left_something_open(tmp_path: Path) -> None:
    alive, sweeper = OwnerLock(tmp_path), OwnerLock(tmp_path)
    assert alive.claim("a" * 12)
    for name in ("b" * 12, "c" * 12):
        (tmp_path / name).touch()
    sweeper.sweep(frozenset({"c" * 12}))
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a" * 12, "c" * 12]
    alive.close()


def test_without_locks_leftovers_are_verified_rather_than_forgotten(tmp_path: Path) -> None:
    blocked = tmp_path / "consoles"
    blocked.write_text("a file where the folder should be")
    assert OwnerLock(blocked).claim("a" * 12)


def test_owners_are_reported_by_the_id() -> None:
    assert owner_of("0123456789ab-17") == "0123456789ab"
    assert owner_of("../../etc/passwd") == owner_of("x") == "nobody"


def test_confirmed_from_another_thread_on_real_time_and_a_real_disk(tmp_path: Path) -> None:
    clock = SystemClock()
    api = FakeTriggers(FakeClock())
    api.stop_after_s = 1e9
    store = Store()
    context = JournalContext("https://www.quantconnect.com/api/v2", "default")
    service = ActionService(api, store, clock, tmp_path / "journal.jsonl", context)
    ready, over = threading.Event(), threading.Event()
    ids: list[str] = []

    async def main() -> None:
        await service.start()
        ready.set()
        await asyncio.to_thread(over.wait, 30)
        await service.drain(5.0)
        await service.aclose()

    engine = threading.Thread(target=lambda: asyncio.run(main()))
    engine.start()
    assert ready.wait(30)
    ids.extend(service.confirm([target(number=number) for number in range(1, 13)], "console"))
    over.set()
    engine.join(30)
    assert not engine.is_alive()
    assert sorted(int(post.id) for post in api.posts) == list(range(1, 13))
    entries = read_journal(tmp_path / "journal.jsonl")
    for action_id in ids:
        story = [entry.event for entry in entries if entry.id == action_id]
        assert story == ["intent", "sending", "sent", "accepted"]
    records = store.get(ACTIONS).value or ()
    assert tuple(record.action_id for record in records) == tuple(ids)
    assert service.refusal(target()) == "the program is ending"
    late = service.confirm([target(number=99)], "console")
    assert {record.action_id: record.rung for record in store.get(ACTIONS).value or ()}[late[0]] is Rung.NOT_SENT


def test_what_another_profile_left_open_long_ago_is_not_shown(tmp_path: Path) -> None:
    async def main() -> None:
        rig = Rig(tmp_path)
        await rig.service.start()
        await rig.act()
        await rig.service.aclose()
        await rig.clock.advance(3_600)
        theirs = JournalContext(CONTEXT.base_url, "other")
        async with Rig(tmp_path, rig.clock, rig.api, context=theirs) as other:
            assert other.records == ()
        async with Rig(tmp_path, rig.clock, rig.api, resume=False) as command:
            assert command.records == ()
        async with Rig(tmp_path, rig.clock, rig.api) as again:
            assert again.record().resumed

    asyncio.run(main())


def test_records_are_bounded_and_open_ones_stay(tmp_path: Path) -> None:
    async def main() -> None:
        rig = Rig(tmp_path)
        rig.api.stop_after_s = 1e9
        async with rig:
            (first,) = await rig.act()
            for _ in range(KEPT_RECORDS + 20):
                await rig.act(target(number=2, status="Stopped"))
            assert len(rig.records) == KEPT_RECORDS
            assert rig.records[0].action_id == first

    asyncio.run(main())
