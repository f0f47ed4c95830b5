"""No stop leaves after a liquidation of the same deployment was accepted and before it is verified (REFERENCE.md 7.1),
whichever processes of this machine sent the two."""

from __future__ import annotations

import asyncio
import fcntl
import os
from pathlib import Path

import pytest

from qctui.actions.locks import SendLock
from qctui.model.action import ActionRecord, Rung
from tests.actions.fakes import FakeTriggers, InlineDisk, Rig, Try, last, target
from tests.fakes import FakeClock


def own(rig: Rig) -> ActionRecord:
    """The one action this process confirmed."""
    (record,) = [each for each in rig.records if not each.foreign]
    return record


def test_a_stop_that_was_confirmed_first_does_not_overtake_a_liquidation_of_another_process(tmp_path: Path) -> None:
    async def main() -> None:
        clock = FakeClock()
        api = FakeTriggers(clock)
        api.stop_after_s = 1e9
        async with Rig(tmp_path, clock, api) as stopping, Rig(tmp_path, clock, api) as liquidating:
            # It takes a second to connect; the liquidation is accepted meanwhile.
            api.tries = iter([Try(before_s=1.0)])
            await stopping.act(target("stop"))
            await liquidating.act()
            assert own(liquidating).rung is Rung.ACCEPTED
            await clock.advance(1.5)
            assert [post.action for post in api.posts] == ["liquidate"]
            rung, words = last(own(stopping))
            assert rung is Rung.REJECTED
            assert words == "a liquidation of this deployment is not verified (ACCEPTED): a stop could cancel it"

    asyncio.run(main())


def test_a_lock_that_is_held_for_ever_holds_nothing_up_for_long_and_is_said(tmp_path: Path) -> None:
    async def main() -> None:
        fd = os.open(tmp_path / "journal.lock", os.O_RDWR | os.O_CREAT)
        fcntl.flock(fd, fcntl.LOCK_EX)
        async with Rig(tmp_path) as rig:
            await rig.act(target("stop"))
            assert [post.action for post in rig.api.posts] == ["stop"]
            assert rig.record().warnings == (
                "not known whether another process is liquidating: another process holds the lock beside the journal "
                "for more than 0.2 s",
            )
        async with Rig(tmp_path / "other") as rig:
            rig.journal.with_suffix(".lock").parent.mkdir(parents=True, exist_ok=True)
            other = os.open(rig.journal.with_suffix(".lock"), os.O_RDWR | os.O_CREAT)
            fcntl.flock(other, fcntl.LOCK_EX)
            await rig.act()
            assert [post.action for post in rig.api.posts] == ["liquidate"]
            assert rig.record().warnings == (
                "sent without the others knowing first: another process holds the lock beside the journal for more "
                "than 0.2 s",
            )
            os.close(other)
        os.close(fd)

    asyncio.run(main())


def test_a_disk_that_hangs_holds_a_stop_up_for_a_quarter_of_a_second(tmp_path: Path) -> None:
    async def main() -> None:
        disk = InlineDisk()
        async with Rig(tmp_path, disk=disk) as rig:
            rig.api.tries = iter([Try(before_s=1.0)])
            await rig.act(target("stop"))
            disk.hanging = True
            await rig.clock.advance(1.2)
            assert rig.api.posts == []
            await rig.clock.advance(0.1)
            assert [post.mono for post in rig.api.posts] == [pytest.approx(1001.25)]
            assert any("no answer of the disk" in warning for warning in rig.record().warnings)
            disk.release()

    asyncio.run(main())


def test_the_lock_is_free_again_after_every_stop(tmp_path: Path) -> None:
    async def main() -> None:
        async with Rig(tmp_path) as rig:
            await rig.act(*(target("stop", number) for number in range(1, 6)))
            await rig.clock.advance(1)
            assert len(rig.api.posts) == 5
            mine = SendLock(rig.journal)
            assert mine.acquire(0.0) == ""
            mine.release()

    asyncio.run(main())
