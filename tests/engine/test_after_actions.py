"""What an action has changed is read again at once, however many actions end together."""

from __future__ import annotations

import asyncio

from qctui.engine.actions_proxy import ReadAfterActions
from qctui.model.action import ACTIONS, ActionRecord, Rung, Step, Target
from qctui.model.keys import detail_key, portfolio_key
from qctui.model.resource import Resource
from qctui.value import replace
from tests.engine.rig import Rig, on_rig
from tests.fakes import server_error


def record(number: int, *rungs: Rung) -> ActionRecord:
    target = Target("liquidate", f"Project {number}", number, f"L-{number}")
    steps = tuple(Step(rung, 0.0, 0.0) for rung in rungs)
    return ActionRecord(f"a{number}", "b", target, "console", 0.0, 0.0, steps=steps)


def put(rig: Rig, *records: ActionRecord) -> None:
    rig.store.put(ACTIONS, Resource(value=records, fetched_at=0.0, fetched_mono=0.0))


def watch(rig: Rig) -> asyncio.Task[None]:
    poller = rig.poller
    reads = ReadAfterActions(rig.store, rig.clock, poller.read_again, poller.follow_portfolios)
    return asyncio.ensure_future(reads.run())


def counts(rig: Rig) -> tuple[int, int, int]:
    return rig.api.count("deployments"), rig.api.count("detail"), rig.api.count("portfolio")


def test_what_was_verified_is_read_at_once() -> None:
    async def body(rig: Rig) -> None:
        task = watch(rig)
        rig.subscribe(detail_key(1), portfolio_key(1), detail_key(2))
        put(rig, record(1, Rung.SENT))
        await rig.clock.advance(4)
        before = counts(rig)
        put(rig, record(1, Rung.SENT, Rung.ACCEPTED))
        await rig.clock.advance(0.1)
        assert counts(rig) == before
        put(rig, record(1, Rung.SENT, Rung.ACCEPTED, Rung.STOPPED, Rung.FLAT, Rung.VERIFIED))
        await rig.clock.advance(0.1)
        assert counts(rig) == tuple(each + 1 for each in before)
        task.cancel()

    on_rig(body)


def test_what_a_liquidation_of_another_process_left_is_read_until_that_is_settled() -> None:
    async def body(rig: Rig) -> None:
        def reads(number: int = 98) -> int:
            return sum(call.name == "portfolio" and call.args == (number,) for call in rig.api.calls)

        task = watch(rig)
        rig.subscribe()
        # Nothing runs any more in the projects of either.
        stopped = replace(record(98, Rung.SENT, Rung.ACCEPTED, Rung.STOPPED), foreign=True)
        put(rig, record(99, Rung.SENT, Rung.STOPPED), stopped)
        await rig.clock.advance(130)
        assert reads() == 3
        assert reads(99) == 0, "an own one has reads of its own"
        rig.subscribe(portfolio_key(98))
        put(rig, replace(stopped, acknowledged=True))
        await rig.clock.advance(120)
        assert reads() == 5, "it is on screen"
        rig.subscribe()
        await rig.clock.advance(600)
        assert reads() == 5
        put(rig, stopped)
        await rig.clock.advance(10)
        assert reads() == 6
        put(rig, stopped.with_step(Step(Rung.VERIFIED, 0.0, 0.0)))
        await rig.clock.advance(600)
        assert reads() == 6
        task.cancel()

    on_rig(body)


def test_an_answer_that_was_under_way_is_not_the_last_word() -> None:
    async def body(rig: Rig) -> None:
        task = watch(rig)
        put(rig, record(1, Rung.SENT))
        await rig.clock.advance(4)
        rig.api.latency_s = 2.0
        await rig.clock.advance(11.5)
        assert rig.api.count("deployments") == 2
        put(rig, record(1, Rung.SENT, Rung.VERIFIED))
        await rig.clock.advance(3)
        assert rig.api.count("deployments") == 3
        await rig.clock.advance(5)
        assert rig.api.count("deployments") == 3
        task.cancel()

    on_rig(body)


def test_a_hundred_that_end_one_after_the_other_leave_the_budget_alone() -> None:
    async def body(rig: Rig) -> None:
        task = watch(rig)
        rig.subscribe(detail_key(1))
        await rig.clock.advance(4)
        before = sum(counts(rig))
        for ended in range(100):
            states = [(Rung.SENT, Rung.VERIFIED) if number <= ended else (Rung.SENT,) for number in range(100)]
            put(rig, *(record(number, *rungs) for number, rungs in enumerate(states)))
            await rig.clock.advance(0.2)
        assert sum(counts(rig)) - before <= 16
        assert rig.api.count("detail") <= 8
        task.cancel()

    on_rig(body)


def test_what_fails_is_not_asked_for_faster_than_its_back_off() -> None:
    async def body(rig: Rig) -> None:
        task = watch(rig)
        rig.subscribe(detail_key(1))
        put(rig, record(1, Rung.SENT))
        await rig.clock.advance(4)
        rig.api.fail(server_error(), "detail")
        await rig.clock.advance(8)
        failed = rig.api.count("detail")
        put(rig, record(1, Rung.SENT, Rung.VERIFIED))
        await rig.clock.advance(0.1)
        assert rig.api.count("detail") == failed
        task.cancel()

    on_rig(body)
