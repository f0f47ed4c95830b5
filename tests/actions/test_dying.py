"""The process or the connection dies at any point: at most one request acts, and the journal tells what is open."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

import pytest

from qctui.actions.earlier_actions import without_effect
from qctui.actions.journal_watcher import DAY_S
from qctui.actions.wording import ENDED_BEFORE_ANSWER, ENDED_BEFORE_TAKEN
from qctui.model.action import ASKED, Rung
from qctui.model.resource import FailureKind
from tests.actions.fakes import (
    REFUSED_CONNECTION,
    FakeTriggers,
    InlineDisk,
    Rig,
    Try,
    error,
    last,
    read_journal,
    target,
)
from tests.fakes import FakeClock

FINAL = {"verified", "rejected", "not_sent", "unverified"}

CONNECTIONS = {
    "answered": [Try(after_s=0.4)],
    "refused, then answered": [Try(REFUSED_CONNECTION, leaves=False, before_s=0.2), Try(after_s=0.2)],
    "429, then answered": [Try(error(FailureKind.RATE_LIMITED, may_have_acted=False), acts=False), Try(after_s=0.2)],
    "reset before the server acted": [Try(error(FailureKind.RESET), acts=False, after_s=0.2)],
    "reset after the server acted": [Try(error(FailureKind.RESET), after_s=0.2)],
    "time-out": [Try(error(FailureKind.TIMEOUT), after_s=2.0)],
    "500": [Try(error(FailureKind.SERVER, status_code=500), acts=False)],
    "rejected": [Try(error(FailureKind.REJECTED, answered=True), acts=False, after_s=0.1)],
}


@dataclass(frozen=True)
class Moment:
    """What a kill -9 at this turn of the loop leaves behind."""

    journal: bytes
    left: int
    """Requests whose first byte had left."""
    acted: float | None
    now: float
    mono: float


async def _life(folder: Path, tries: list[Try], lag: int) -> list[Moment]:
    """One action from the key to a verified end, with every moment of it that differs from the one before."""
    rig = Rig(folder, disk=InlineDisk(lag))
    moments: list[Moment] = []

    def note() -> None:
        journal = rig.journal.read_bytes() if rig.journal.exists() else b""
        acted = rig.api.acted.get(1)
        moment = Moment(journal, len(rig.api.posts), acted, rig.clock.now(), rig.clock.monotonic())
        if not moments or (moments[-1].journal, moments[-1].left) != (moment.journal, moment.left):
            moments.append(moment)

    async with rig:
        rig.api.tries = iter(tries)
        rig.api.stop_after_s, rig.api.flat_after_s = 3.0, 6.0
        rig.service.confirm([target()], "console")
        for _ in range(80):
            for _ in range(25):
                note()
                await asyncio.sleep(0)
            await rig.clock.advance(0.1)
        await rig.clock.advance(600)
        note()
    assert sum(each.acts for each in tries) >= len(rig.api.acted)
    return moments


async def _rise_again(folder: Path, moment: Moment, journal: bytes | None = None) -> Rig:
    """The next start finds that journal, and a world in which the first life's request did or did not act."""
    folder.mkdir()  # noqa: ASYNC240 - nothing else runs on this loop yet
    clock = FakeClock(moment.now + 30, moment.mono + 30)
    api = FakeTriggers(clock)
    api.stop_after_s, api.flat_after_s = 3.0, 6.0
    if moment.acted is not None:
        api.acted[1] = moment.acted
    rig = Rig(folder, clock, api)
    rig.journal.write_bytes(moment.journal if journal is None else journal)
    await rig.service.start()
    return rig


@pytest.mark.parametrize("lag", [0, 1, 4], ids=["quick disk", "disk", "slow disk"])
@pytest.mark.parametrize("connection", CONNECTIONS)
def test_killed_at_any_turn(connection: str, lag: int, tmp_path: Path) -> None:
    async def main() -> None:
        (tmp_path / "life").mkdir()
        moments = await _life(tmp_path / "life", CONNECTIONS[connection], lag)
        assert len(moments) > 4
        for number, moment in enumerate(moments):
            rig = await _rise_again(tmp_path / str(number), moment)
            before = [entry.event for entry in rig.entries()]
            story = before[: len(moment.journal.splitlines())]
            # Nothing leaves before the journal has it.
            assert moment.left == 0 or "sending" in story
            shown = [rung.value for rung in (rig.records[0].rung,) if rung] if rig.records else []
            await rig.clock.advance(700)
            await rig.service.aclose()
            assert rig.api.calls == 0
            events = rig.events()
            assert events[: len(story)] == story
            if not story:
                assert not rig.records
            elif FINAL & set(story):
                assert events == story
                assert not rig.records
            else:
                assert shown
                assert rig.record().resumed
                assert rig.record().from_last_run
                assert len([event for event in events if event in FINAL]) == 1
                assert len(events) == len(set(events)) + events.count("sending") - 1 + max(0, events.count("sent") - 1)
                if moment.acted is not None:
                    assert events[-1] == "verified"
                elif moment.left:
                    assert events[-1] == "unverified"

    asyncio.run(main())


def test_a_journal_cut_at_any_byte_is_read_and_never_claims_more_than_it_proves(tmp_path: Path) -> None:
    async def main() -> None:
        (tmp_path / "life").mkdir()
        moments = await _life(tmp_path / "life", [Try(after_s=0.4)], 0)
        whole = moments[-1].journal
        ends = [index + 1 for index, byte in enumerate(whole) if byte == 10]
        for cut in range(0, len(whole), 7):
            complete = sum(end <= cut for end in ends)
            rig = await _rise_again(tmp_path / f"cut{cut}", moments[0], whole[:cut])
            match complete:
                case 0:
                    assert not rig.records
                case 1 | 2 | 3:
                    assert last(rig.record()) == (Rung.UNKNOWN, ENDED_BEFORE_ANSWER)
                case _ if complete < len(ends):
                    assert rig.record().resumed
            await rig.service.aclose()
            # What was torn costs its own line and no other.
            assert len([entry for entry in rig.entries() if entry.id]) >= complete
            assert rig.api.calls == 0

    asyncio.run(main())


def test_hung_up_right_after_the_confirming_key(tmp_path: Path) -> None:
    async def main() -> None:
        rig = Rig(tmp_path)
        await rig.service.start()
        rig.api.tries = iter([Try(after_s=0.5)])
        rig.service.confirm([target()], "console")
        draining = asyncio.ensure_future(rig.service.drain(5.0))
        await rig.clock.advance(1)
        assert draining.done()
        await rig.service.aclose()
        assert len(rig.api.posts) == 1
        assert rig.events() == ["intent", "sending", "sent", "accepted"]

    asyncio.run(main())


def test_what_is_confirmed_after_the_end_began_is_refused(tmp_path: Path) -> None:
    async def main() -> None:
        rig = Rig(tmp_path)
        await rig.service.start()
        await rig.service.drain(1.0)
        assert rig.service.refusal(target()) == "the program is ending"
        await rig.act()
        assert rig.record().rung is Rung.REJECTED
        assert rig.api.calls == 0
        await rig.service.aclose()

    asyncio.run(main())


def test_an_answer_that_does_not_come_before_the_end_is_journalled_as_unknown_and_verified_next_time(
    tmp_path: Path,
) -> None:
    async def main() -> None:
        rig = Rig(tmp_path)
        await rig.service.start()
        rig.api.tries = iter([Try(hangs=True)])
        await rig.act()
        draining = asyncio.ensure_future(rig.service.drain(2.0))
        await rig.clock.advance(1.9)
        assert not draining.done()
        await rig.clock.advance(0.2)
        assert draining.done()
        await rig.service.aclose()
        assert rig.events() == ["intent", "sending", "sent", "unknown"]
        async with Rig(tmp_path, rig.clock, rig.api) as again:
            assert again.record().resumed
            assert again.rungs() == ["SENDING", "SENT", "UNKNOWN"]
            await rig.clock.advance(60)
            assert again.record().rung is Rung.VERIFIED
        assert len(rig.api.posts) == 1

    asyncio.run(main())


def test_what_could_not_be_sent_before_the_end_never_will_be_and_is_shown_at_the_next_start(tmp_path: Path) -> None:
    async def main() -> None:
        rig = Rig(tmp_path)
        await rig.service.start()
        rig.api.per_project[1] = Try(REFUSED_CONNECTION, leaves=False)
        await rig.act()
        draining = asyncio.ensure_future(rig.service.drain(2.0))
        await rig.clock.advance(2.1)
        await draining
        await rig.service.aclose()
        assert rig.events()[-1] == "not_sent"
        rig.api.per_project.clear()
        async with Rig(tmp_path, rig.clock, rig.api) as again:
            await rig.clock.advance(60)
            assert last(again.record()) == (Rung.NOT_SENT, ENDED_BEFORE_TAKEN)
            assert again.record().resumed
            assert without_effect(again.records) == again.records
        assert rig.api.posts == []
        async with Rig(tmp_path, rig.clock, rig.api) as sent:
            await sent.act()
            assert len(rig.api.posts) == 1
        async with Rig(tmp_path, rig.clock, rig.api) as since:
            assert [each.rung for each in since.records if each.rung is Rung.NOT_SENT] == []
            assert since.store.get(ASKED).value == frozenset({target().deploy_id})
        await rig.clock.advance(DAY_S + 1.0)
        async with Rig(tmp_path, rig.clock, rig.api) as later:
            assert later.store.get(ASKED).value == frozenset()

    asyncio.run(main())


def test_a_rejection_reaches_the_journal_though_the_second_look_hangs_at_the_end(tmp_path: Path) -> None:
    async def main() -> None:
        rig = Rig(tmp_path)
        await rig.service.start()
        rig.api.hang.add("detail")
        rig.api.tries = iter([Try(error(FailureKind.REJECTED, "no", answered=True), acts=False)])
        await rig.act()
        await rig.service.drain(0.5)
        await rig.service.aclose()
        assert rig.events()[-1] == "rejected"

    asyncio.run(main())


def test_verification_interrupted_goes_on_in_the_next_start_without_telling_a_step_twice(tmp_path: Path) -> None:
    async def main() -> None:
        rig = Rig(tmp_path)
        await rig.service.start()
        await rig.act()
        await rig.clock.advance(7)
        await rig.service.drain(1)
        await rig.service.aclose()
        assert rig.events()[-1] == "stopped"
        async with Rig(tmp_path, rig.clock, rig.api) as again:
            assert again.records[0].resumed
            await rig.clock.advance(60)
        assert rig.events() == ["intent", "sending", "sent", "accepted", "stopped", "flat", "verified"]
        async with Rig(tmp_path, rig.clock, rig.api) as third:
            assert third.records == ()
        assert len(read_journal(rig.journal)) == 7

    asyncio.run(main())


def test_leftovers_of_another_profile_or_another_api_are_not_verified_with_these_credentials(tmp_path: Path) -> None:
    from qctui.actions.action_store import JournalContext

    async def main() -> None:
        rig = Rig(tmp_path)
        await rig.service.start()
        await rig.act()
        await rig.service.aclose()
        for context, shown in [
            (JournalContext("http://127.0.0.1:8123/api/v2", "default"), 0),
            (JournalContext("https://www.quantconnect.com/api/v2/", "other"), 1),
        ]:
            async with Rig(tmp_path, rig.clock, context=context) as other:
                await rig.clock.advance(60)
                assert len(other.records) == shown
                assert other.api.reads == []
                assert not any(record.resumed for record in other.records)

    asyncio.run(main())
