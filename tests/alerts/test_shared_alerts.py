"""Consoles and watchers of one account: one tells, all show, whoever starts or dies first."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from qctui.alerts.conditions import Finding, Memory
from qctui.alerts.lives import Lives
from qctui.alerts.rules import DEFAULT_RULES
from qctui.alerts.shared_alerts import HUNG_S, Kept, Request, SharedAlerts, read_shared
from qctui.model.alert import ALERT_TROUBLE, Alert, AlertState, Severity, Subject
from qctui.model.deployment import Environment
from qctui.model.keys import optimization_key
from qctui.model.link import LinkState
from qctui.model.pulse import PulseState
from qctui.value import replace
from tests.alerts.rig import BLIND, RULES, Desk, blind, shared_desk
from tests.fakes import FakeClock, make_deployment, make_optimization


def two(tmp_path: Path, body: Callable[[Desk, Desk, FakeClock], Awaitable[None]]) -> None:
    """Two processes of one account; the first one began first."""

    async def main() -> None:
        clock = FakeClock()
        one, other = desk(tmp_path, clock), desk(tmp_path, clock)
        for each in (one, other):
            each.begin()
            await clock.advance(1)
        await body(one, other, clock)
        for each in (one, other):
            await each.end()

    asyncio.run(main())


def desk(tmp_path: Path, clock: FakeClock) -> Desk:
    return shared_desk(tmp_path, clock, "tell")


def test_two_show_the_same_and_the_command_runs_once(tmp_path: Path) -> None:
    async def body(one: Desk, other: Desk, clock: FakeClock) -> None:
        blind(one, other)
        await clock.advance(30)
        assert one.alerts == other.alerts == {BLIND: "firing"}
        assert len(one.hook.told) == 1
        assert other.hook.told == []
        # Each rings in its own terminal.
        assert [len(each.delivered) for each in (one, other)] == [1, 1]

    two(tmp_path, body)


def test_a_restart_tells_nothing_of_optimizations_again(tmp_path: Path) -> None:
    def read(one: Desk, status: str) -> None:
        one.put(optimization_key("O-1"), make_optimization("O-1"))
        one.put(optimization_key("O-2"), make_optimization("O-2", status=status))

    async def main() -> None:
        clock = FakeClock()
        one = desk(tmp_path, clock)
        one.begin()
        await clock.advance(1)
        read(one, "running")
        await clock.advance(6.5 * 3_600)
        read(one, "completed")
        await clock.advance(10)
        found = {"optimization-stuck@O-1": "firing", "optimization-finished@O-2": "firing"}
        assert one.alerts == found
        await one.end()
        again = desk(tmp_path, clock)
        again.begin()
        # The optimizations are read a little later than the deployments.
        await clock.advance(10)
        assert again.alerts == found
        read(again, "completed")
        await clock.advance(10)
        assert again.alerts == found
        assert again.hook.told == []
        await again.end()

    asyncio.run(main())


def test_alone_the_disk_is_left_in_peace_and_in_company_they_know_of_each_other_soon(tmp_path: Path) -> None:
    async def main() -> None:
        clock = FakeClock()
        one, other = desk(tmp_path, clock), desk(tmp_path, clock)
        one.begin()
        one.service.note_others(False)
        await clock.advance(60)
        before = one.asked_disk
        await clock.advance(600)
        # A look every quarter of a minute, and a sign every half that this one leads.
        assert one.asked_disk - before <= 60
        blind(one, other)
        await clock.advance(1)
        assert one.alerts == {BLIND: "firing"}
        # Whoever comes and asks is heard.
        other.begin()
        await clock.advance(1)
        other.service.acknowledge([BLIND])
        await clock.advance(25)
        assert one.alerts == other.alerts == {BLIND: "acknowledged"}
        one.service.note_others(True)
        one.service.shelve([BLIND], 900)
        await clock.advance(6)
        assert one.alerts == other.alerts == {BLIND: "shelved"}
        for each in (one, other):
            await each.end()

    asyncio.run(main())


def test_a_command_that_fails_is_said_beside_with_the_process_that_ran_it(tmp_path: Path) -> None:
    def troubles(*desks: Desk) -> list[str]:
        return [each.store.get(ALERT_TROUBLE).value or "" for each in desks]

    async def body(one: Desk, other: Desk, clock: FakeClock) -> None:
        blind(one, other)
        await clock.advance(30)
        one.hook.fail("the command of rule blind (mail) ended with exit code 1")
        await clock.advance(15)
        words = "the command of rule blind (mail) ended with exit code 1"
        assert troubles(one, other) == [words, f"{words} (qctui watch, process 1)"]
        one.hook.fail("")
        await clock.advance(15)
        assert troubles(one, other) == ["", ""]
        # What the one that is gone has said is said no longer.
        one.hook.fail(words)
        await clock.advance(15)
        await one.end()
        await clock.advance(15)
        assert troubles(other) == [""]
        one.begin()

    two(tmp_path, body)


def test_what_is_acknowledged_in_one_is_acknowledged_in_both(tmp_path: Path) -> None:
    async def body(one: Desk, other: Desk, clock: FakeClock) -> None:
        blind(one, other)
        await clock.advance(30)
        other.service.acknowledge([BLIND])
        await clock.advance(15)
        assert one.alerts == other.alerts == {BLIND: "acknowledged"}
        one.service.shelve([BLIND], 900)
        await clock.advance(15)
        assert one.alerts == other.alerts == {BLIND: "shelved"}

    two(tmp_path, body)


def test_one_that_asks_the_leader_says_so_at_once_and_shows_the_answer_as_soon_as_there_is_one(tmp_path: Path) -> None:
    async def body(one: Desk, other: Desk, clock: FakeClock) -> None:
        blind(one, other)
        await clock.advance(30)
        assert other.service.acknowledge([BLIND]) == "qctui watch, process 1 is asked: it shows here once that answers"
        waited = 0.0
        while one.alerts != {BLIND: "acknowledged"}:
            await clock.advance(0.25)
            waited += 0.25
        assert waited <= 6
        await clock.advance(0.75)
        assert other.alerts == {BLIND: "acknowledged"}
        assert one.service.shelve([BLIND], 900) == ""
        await clock.advance(15)
        # Answered, or not to be answered any more, it leaves the disk in peace again.
        before = other.asked_disk
        await clock.advance(60)
        assert other.asked_disk - before <= 60 / 3

    two(tmp_path, body)


def test_when_one_dies_the_other_goes_on_and_tells_nothing_again(tmp_path: Path) -> None:
    async def body(one: Desk, other: Desk, clock: FakeClock) -> None:
        blind(one, other)
        await clock.advance(30)
        await one.end()
        await clock.advance(600)
        assert other.alerts == {BLIND: "firing"}
        assert other.hook.told == []
        other.pulse(PulseState.OK)
        await clock.advance(10)
        assert other.alerts == {BLIND: "cleared"}
        assert [state for _, _, state in other.hook.told] == ["cleared"]
        one.begin()

    two(tmp_path, body)


def test_after_a_restart_nothing_is_told_again_and_acknowledged_stays_so(tmp_path: Path) -> None:
    async def main() -> None:
        clock = FakeClock()
        first = desk(tmp_path, clock)
        first.begin()
        blind(first)
        await clock.advance(10)
        first.service.acknowledge([BLIND])
        await clock.advance(10)
        await first.end()
        second = desk(tmp_path, clock)
        second.begin()
        await clock.advance(60)
        assert second.alerts == {BLIND: "acknowledged"}
        assert second.alert(BLIND).no_data_since is not None
        blind(second)
        await clock.advance(60)
        assert second.alerts == {BLIND: "acknowledged"}
        assert second.hook.told == []
        await second.end()

    asyncio.run(main())


def test_one_that_takes_over_clears_nothing_by_what_it_read_before(tmp_path: Path) -> None:
    ended = f"ended@{make_deployment(2).deploy_id}"

    async def main() -> None:
        clock = FakeClock()
        one, other = desk(tmp_path, clock), desk(tmp_path, clock)
        runs = make_deployment(1), make_deployment(2, environment=Environment.LIVE)
        for each in (one, other):
            each.list(*runs)
            each.pulse(PulseState.OK)
            each.begin()
            await clock.advance(1)
        now_ended = runs[0], replace(runs[1], status="Stopped", stopped_at=clock.now())
        one.list(*now_ended)
        blind(one)
        await clock.advance(10)
        assert one.alerts == {BLIND: "firing", ended: "firing"}
        await one.die()
        await clock.advance(30)
        assert other.alerts == {BLIND: "firing", ended: "firing"}
        other.list(*now_ended)
        blind(other)
        await clock.advance(10)
        assert other.alerts == {BLIND: "firing", ended: "firing"}
        assert other.hook.told == []
        other.pulse(PulseState.OK)
        await clock.advance(10)
        assert other.alerts == {BLIND: "cleared", ended: "firing"}
        await other.end()

    asyncio.run(main())


def test_what_no_command_has_begun_for_is_run_by_the_next_one_and_what_began_is_not(tmp_path: Path) -> None:
    async def main() -> None:
        clock = FakeClock()
        killed, ended, last = (desk(tmp_path, clock) for _ in range(3))
        killed.begin()
        await clock.advance(1)
        blind(killed, ended, last)
        killed.hook.busy = True
        await clock.advance(30)
        assert [each.alert_id for each in killed.hook.waiting] == [BLIND]
        await killed.die()
        ended.begin()
        await clock.advance(30)
        assert [state for _, _, state in ended.hook.told] == ["firing"]
        assert ended.delivered == []  # it rang when it fired
        # Asked to end, it kills the command that runs.
        ended.hook.busy = True
        ended.pulse(PulseState.OK)
        await clock.advance(30)
        (cleared,) = ended.hook.waiting
        ended.hook._begun(cleared)
        ended.hook.cut = [cleared]
        await ended.end()
        last.pulse(PulseState.OK)
        last.begin()
        await clock.advance(30)
        assert [state for _, _, state in last.hook.told] == ["cleared"]
        await last.end()
        nothing_left = read_shared(tmp_path / "alerts-1.json")
        assert nothing_left is not None
        assert nothing_left.owed == ()

    asyncio.run(main())


def test_a_disk_that_hangs_holds_no_alert_up(tmp_path: Path) -> None:
    async def main() -> None:
        clock = FakeClock()
        alone = desk(tmp_path, clock)
        alone.begin()
        await clock.advance(1)
        alone.disk.clear()
        blind(alone)
        await clock.advance(60)
        assert alone.alerts == {BLIND: "firing"}
        assert len(alone.hook.told) == 1
        assert alone.store.get(ALERT_TROUBLE).value == "alerts are not kept: the disk does not answer"
        # Asked in another console while this one waits for the disk.
        SharedAlerts(tmp_path / "alerts-1.json").ask([Request((BLIND,))])
        alone.disk.set()
        await clock.advance(60)
        assert alone.store.get(ALERT_TROUBLE).value == ""
        found = read_shared(tmp_path / "alerts-1.json")
        assert found is not None
        assert [each.state.value for each in found.alerts] == ["acknowledged"]
        assert len(alone.hook.told) == 1
        await alone.end()

    asyncio.run(main())


def test_a_disk_that_hangs_for_one_of_two_makes_nothing_known_be_told_again(tmp_path: Path) -> None:
    async def body(one: Desk, other: Desk, clock: FakeClock) -> None:
        blind(one, other)
        await clock.advance(30)
        other.disk.clear()
        await clock.advance(60)
        assert other.alerts == {BLIND: "firing"}
        assert other.hook.told == []
        other.disk.set()
        await clock.advance(60)
        one.service.acknowledge([BLIND])
        await clock.advance(60)
        assert one.alerts == other.alerts == {BLIND: "acknowledged"}
        assert len(one.hook.told) == 1
        assert other.hook.told == []

    two(tmp_path, body)


def test_one_that_hangs_is_stood_in_for_until_it_is_back(tmp_path: Path) -> None:
    async def main() -> None:
        clock = FakeClock()
        hung, other = desk(tmp_path, clock), desk(tmp_path, clock)
        hung.begin()
        await clock.advance(1)
        other.begin()
        await clock.advance(40)
        # Cancelled without its lock being given back: as a process that was stopped.
        assert hung._task is not None
        sharing = hung.service._sharing
        lock, sharing.files = sharing.files, None
        await hung.end()
        sharing.files = lock
        await clock.advance(HUNG_S)
        blind(hung, other)
        await clock.advance(30)
        assert [state for _, _, state in other.hook.told] == ["firing"]
        hung.begin()
        await clock.advance(60)
        assert hung.hook.told == []
        assert hung.alerts == other.alerts == {BLIND: "firing"}
        for each in (hung, other):
            await each.end()

    asyncio.run(main())


def test_a_disk_that_declines_is_said_and_stops_nothing(tmp_path: Path) -> None:
    async def main() -> None:
        clock = FakeClock()
        (tmp_path / "file").write_text("")
        alone = Desk(clock, RULES, SharedAlerts(tmp_path / "file" / "alerts.json"))
        alone.link(LinkState.OK)
        alone.list(make_deployment(1))
        alone.begin()
        blind(alone)
        await clock.advance(10)
        assert alone.alerts == {BLIND: "firing"}
        assert len(alone.hook.told) == 1
        await alone.end()

    asyncio.run(main())


def alert(**changes: object) -> Alert:
    subject = Subject("Name", 1, "L-1", "", Environment.LIVE)
    made = Alert(
        "blind", Severity.CRITICAL, subject, AlertState.SHELVED, "BLIND", "1", "2", 3.0, 4.0, 5.0, 6.0, 7, 8.0, 9.0
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # fields of the class


def test_what_is_written_is_read_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "alerts.json"
    alerts = (alert(), alert(subject=Subject(), rule="outage", fired_at=None))
    memory = Memory(1.0, {"L-1": 2.0}, {"1": "L-1"}, {"x@y": (3.0, "w")}, {"O-1": (0.5, 4.0)})
    owed = (alert(state=AlertState.FIRING),)
    SharedAlerts(path, "a console, process 7").write(Kept(alerts, owed, "it failed"), memory, 10.0)
    shared = read_shared(path)
    assert shared is not None
    assert (shared.alerts, shared.memory, shared.written_at, shared.owed) == (alerts, memory, 10.0, owed)
    assert (shared.who, shared.trouble) == ("a console, process 7", "it failed")
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("text", ["", "[]", "{}", "nonsense", '{"alerts": [1, {}], "memory": {}, "written_at": 1}'])
def test_a_file_that_is_none_is_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "alerts.json"
    path.write_text(text)
    assert read_shared(path) is None


def test_requests_are_taken_once_and_nonsense_is_left_out(tmp_path: Path) -> None:
    shared = SharedAlerts(tmp_path / "alerts.json")
    shared.ask([Request(("a", "b")), Request(("c",), 5.0)])
    with (tmp_path / "alerts.requests").open("a") as file:
        file.write("nonsense\n")
    assert shared.take_requests() == [Request(("a", "b")), Request(("c",), 5.0)]
    assert shared.take_requests() == []


def test_what_was_found_to_be_over_does_not_fire_again_on_older_reads_of_another_process() -> None:
    rule = next(rule for rule in DEFAULT_RULES if rule.name == "quiet")
    subject = Subject("Momentum", 1, "L-1", environment=Environment.LIVE)
    holds, over = Finding(subject, True, "QUIET"), Finding(subject, False)
    first = Lives()
    assert [alert.state for alert in first.step(rule, [holds], 100.0, outage=False)] == [AlertState.FIRING]
    assert [alert.state for alert in first.step(rule, [over], 200.0, outage=False)] == [AlertState.CLEARED]
    # The one that goes on has not looked since it took over.
    second = Lives(first.alerts)
    assert second.step(rule, [holds], 210.0, outage=False, proves=lambda subject: False) == []
    (again,) = second.step(rule, [holds], 500.0, outage=False, proves=lambda subject: True)
    assert (again.state, again.fired_at) == (AlertState.FIRING, 500.0)
    # What nobody has told of yet does not wait.
    assert len(Lives().step(rule, [holds], 210.0, outage=False, proves=lambda subject: False)) == 1
