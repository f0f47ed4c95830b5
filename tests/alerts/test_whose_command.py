"""Which of several processes runs the command of an alert: one that has one, once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from qctui.alerts.commands import Coverage
from qctui.alerts.rules import Delivery
from qctui.alerts.shared_alerts import HUNG_S, SharedAlerts, read_shared
from qctui.model.alert import ALERT_TROUBLE
from qctui.model.pulse import PulseState
from qctui.value import replace
from tests.alerts.rig import BLIND, RULES, Desk, blind, shared_desk
from tests.fakes import FakeClock


def states(*desks: Desk) -> list[str]:
    """What the commands of these were run for."""
    return [state for each in desks for _, _, state in each.hook.told]


def trouble(desk: Desk) -> str:
    return desk.store.get(ALERT_TROUBLE).value or ""


def beside_a_console(
    tmp_path: Path, body: Callable[[Desk, Callable[..., Awaitable[Desk]], FakeClock], Awaitable[None]]
) -> None:
    """A console without a command is open; the second argument of `body` starts a process with one, or with that."""

    async def main() -> None:
        clock = FakeClock()
        console = shared_desk(tmp_path, clock)
        started = [console]

        async def start(*command: str) -> Desk:
            started.append(shared_desk(tmp_path, clock, *(command or ("tell",))))
            started[-1].begin()
            return started[-1]

        console.begin()
        await clock.advance(400)
        await body(console, start, clock)
        for each in started:
            await each.end()

    asyncio.run(main())


def test_a_watcher_with_a_command_runs_it_although_a_console_without_one_began_first(tmp_path: Path) -> None:
    async def body(console: Desk, start: Callable[..., Awaitable[Desk]], clock: FakeClock) -> None:
        watcher = await start()
        await clock.advance(10)
        blind(console, watcher)
        await clock.advance(1)
        assert states(watcher) == ["firing"]
        await clock.advance(30)
        assert console.alerts == watcher.alerts == {BLIND: "firing"}
        assert states(watcher) == ["firing"]
        assert [len(each.delivered) for each in (console, watcher)] == [1, 1]
        for each in (console, watcher):
            each.pulse(PulseState.OK)
        await clock.advance(30)
        assert states(watcher) == ["firing", "cleared"]
        assert states(console) == []

    beside_a_console(tmp_path, body)


@pytest.mark.parametrize("before_s", range(8))
def test_what_fires_while_the_watcher_starts_is_run_by_it(tmp_path: Path, before_s: int) -> None:
    async def body(console: Desk, start: Callable[..., Awaitable[Desk]], clock: FakeClock) -> None:
        watcher = await start()
        await clock.advance(before_s)
        blind(console, watcher)
        await clock.advance(30)
        assert states(watcher) == ["firing"]
        assert [len(each.delivered) for each in (console, watcher)] == [1, 1]

    beside_a_console(tmp_path, body)


@pytest.mark.parametrize("killed_s", [0, 1, 2, 3, 4, 5, 6, 8, 12])
@pytest.mark.parametrize("which", ["console", "watcher", "both"])
def test_killed_at_any_moment_it_is_run_once(tmp_path: Path, killed_s: int, which: str) -> None:
    async def body(console: Desk, start: Callable[..., Awaitable[Desk]], clock: FakeClock) -> None:
        watcher = await start()
        await clock.advance(2)
        blind(console, watcher)
        await clock.advance(killed_s)
        killed = {"console": [console], "watcher": [watcher], "both": [console, watcher]}[which]
        for each in killed:
            await each.die()
        await clock.advance(20)
        again = await start()
        blind(again)
        await clock.advance(30)
        assert states(watcher, again) == ["firing"]
        assert again.alerts == {BLIND: "firing"}

    beside_a_console(tmp_path, body)


def test_what_the_command_had_not_begun_for_waits_for_the_next_one_beside_a_console_without(tmp_path: Path) -> None:
    async def body(console: Desk, start: Callable[..., Awaitable[Desk]], clock: FakeClock) -> None:
        watcher = await start()
        await clock.advance(10)
        watcher.hook.busy = True
        blind(console, watcher)
        await clock.advance(10)
        await watcher.die()
        await clock.advance(600)
        assert console.alerts == {BLIND: "firing"}
        again = await start()
        await clock.advance(30)
        assert states(watcher, again) == ["firing"]

    beside_a_console(tmp_path, body)


def test_what_was_told_long_before_there_was_a_command_or_was_seen_is_not_run(tmp_path: Path) -> None:
    async def body(console: Desk, start: Callable[..., Awaitable[Desk]], clock: FakeClock) -> None:
        blind(console)
        await clock.advance(10)
        console.service.acknowledge([BLIND])
        await clock.advance(10)
        found = read_shared(tmp_path / "alerts-1.json")
        assert found is not None
        assert found.owed == ()
        console.pulse(PulseState.OK)
        await clock.advance(3_700)
        watcher = await start()
        await clock.advance(60)
        assert states(watcher) == []
        assert watcher.alerts == {BLIND: "cleared"}

    beside_a_console(tmp_path, body)


def test_one_without_a_command_stands_in_for_one_that_hangs(tmp_path: Path) -> None:
    async def body(console: Desk, start: Callable[..., Awaitable[Desk]], clock: FakeClock) -> None:
        hung = await start()
        # It holds its locks and does nothing more: as a process that was stopped.
        assert hung._task is not None
        sharing = hung.service._sharing
        lock, sharing.files = sharing.files, None
        await hung.end()
        sharing.files = lock
        await clock.advance(HUNG_S + 10)
        blind(console)
        await clock.advance(10)
        assert console.alerts == {BLIND: "firing"}
        hung.begin()
        await clock.advance(30)
        assert console.alerts == hung.alerts == {BLIND: "firing"}
        assert states(hung) == ["firing"]

    beside_a_console(tmp_path, body)


def test_a_command_given_later_is_run_for_what_was_left(tmp_path: Path) -> None:
    async def body(console: Desk, start: Callable[..., Awaitable[Desk]], clock: FakeClock) -> None:
        blind(console)
        await clock.advance(10)
        console.service.configure(RULES, Delivery(command=("tell",)))
        await clock.advance(30)
        assert states(console) == ["firing"]
        # One that loses its command gives way, once what waits has begun.
        console.hook.busy = True
        console.pulse(PulseState.OK)
        await clock.advance(10)
        console.service.configure(RULES, Delivery())
        watcher = await start()
        watcher.pulse(PulseState.OK)
        await clock.advance(30)
        assert states(watcher) == []
        console.hook.begin()
        await clock.advance(30)
        blind(console, watcher)
        await clock.advance(10)
        assert states(console) == ["firing", "cleared"]
        assert states(watcher) == ["firing"]

    beside_a_console(tmp_path, body)


def test_one_that_has_a_command_for_everything_goes_before_one_that_has_some(tmp_path: Path) -> None:
    rules = tuple(replace(rule, command=("mail",)) if rule.when == "outage" else rule for rule in RULES)

    async def main() -> None:
        clock = FakeClock()
        some, every = shared_desk(tmp_path, clock, rules=rules), shared_desk(tmp_path, clock, "tell")
        for each in (some, every):
            each.begin()
            await clock.advance(20)
        blind(some, every)
        await clock.advance(1)
        assert (states(some), states(every)) == ([], ["firing"])
        for each in (some, every):
            await each.end()

    asyncio.run(main())


def test_of_two_commands_the_one_of_the_first_runs_and_the_other_process_says_so(tmp_path: Path) -> None:
    async def body(console: Desk, start: Callable[..., Awaitable[Desk]], clock: FakeClock) -> None:
        first = await start("/bin/tell")
        await clock.advance(10)
        second = await start("/bin/mail", "--to", "me@example.org")
        await clock.advance(40)
        words = "qctui watch, process 1 tells the alerts and runs /bin/tell, not /bin/mail"
        assert [trouble(each) for each in (console, first, second)] == ["", "", words]
        blind(console, first, second)
        await clock.advance(10)
        assert (states(first), states(second)) == (["firing"], [])
        await first.end()
        await clock.advance(10)
        assert trouble(second) == ""
        first.begin()

    beside_a_console(tmp_path, body)


def test_what_a_process_has_commands_for_is_known_while_it_lives(tmp_path: Path) -> None:
    path = tmp_path / "alerts.json"
    none, some, every = SharedAlerts(path), SharedAlerts(path), SharedAlerts(path)
    for each, coverage in zip((none, some, every), Coverage, strict=True):
        each.offer(coverage)
    assert [none.outranked(Coverage.NONE), some.outranked(Coverage.SOME), every.outranked(Coverage.ALL)] == [
        True,
        True,
        False,
    ]
    every.offer(Coverage.NONE)
    assert (some.outranked(Coverage.SOME), none.outranked(Coverage.NONE)) == (False, True)
    some.close()
    assert not none.outranked(Coverage.NONE)
