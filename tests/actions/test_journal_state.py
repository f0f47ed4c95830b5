"""Whether actions can be written down is known before the first of them."""

from __future__ import annotations

import asyncio
from pathlib import Path

from qctui.actions.journal_writer import JOURNAL_LOOK_S, SILENT
from qctui.model.keys import JOURNAL
from tests.actions.fakes import InlineDisk, Rig, in_rig


def state(rig: Rig) -> str | None:
    return rig.store.get(JOURNAL).value


@in_rig
async def test_a_journal_that_can_be_written_is_tried_once_and_not_touched(rig: Rig) -> None:
    await rig.clock.settle()
    assert state(rig) == ""
    assert not rig.journal.exists()
    version = rig.store.get(JOURNAL).version
    await rig.clock.advance(60)
    assert rig.store.get(JOURNAL).version == version


async def started_with_a_folder_in_its_place(rig: Rig) -> None:
    rig.journal.mkdir(parents=True)
    await rig.service.start()
    await rig.clock.settle()
    assert state(rig) == "not a regular file"


def test_one_that_can_not_is_reported_at_the_start_and_taken_back_once_it_can(tmp_path: Path) -> None:
    async def main() -> None:
        rig = Rig(tmp_path / "state")
        await started_with_a_folder_in_its_place(rig)
        await rig.clock.advance(60)
        assert state(rig) == "not a regular file"
        rig.journal.rmdir()
        await rig.clock.advance(JOURNAL_LOOK_S)
        assert state(rig) == ""
        await rig.service.aclose()

    asyncio.run(main())


@in_rig
async def test_one_that_can_not_be_written_any_more_is_reported_with_the_action(rig: Rig) -> None:
    await rig.clock.settle()
    rig.journal.mkdir()
    await rig.act()
    await rig.clock.advance(JOURNAL_LOOK_S)
    assert state(rig) == "not a regular file"
    rig.journal.rmdir()
    await rig.clock.advance(3 * JOURNAL_LOOK_S)
    assert state(rig) == ""
    assert "intent" in rig.events()


def test_a_disk_that_does_not_answer_is_reported_until_it_does(tmp_path: Path) -> None:
    async def main() -> None:
        disk = InlineDisk()
        disk.hanging = True
        rig = Rig(tmp_path, disk=disk)
        starting = asyncio.ensure_future(rig.service.start())
        await rig.clock.advance(10)
        await starting
        await rig.clock.advance(10)
        assert state(rig) == SILENT
        disk.release()
        await rig.clock.advance(10)
        assert state(rig) == ""
        await rig.service.aclose()

    asyncio.run(main())


def test_a_single_command_has_nobody_to_tell(tmp_path: Path) -> None:
    async def main() -> None:
        async with Rig(tmp_path, resume=False) as rig:
            await rig.clock.advance(10)
            assert state(rig) is None

    asyncio.run(main())
