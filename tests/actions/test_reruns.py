"""Running an optimization again: it costs credit, so one POST, and nothing that may have left is ever sent twice."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from qctui.actions.preparation import BUILD_S, prepare
from qctui.actions.send import ANSWER_S
from qctui.model.action import PREPARATION, Preparation, Rung, Target
from qctui.model.optimization import (
    Compile,
    Estimate,
    OptimizationSummary,
    Parameter,
)
from qctui.model.resource import FailureKind
from qctui.value import replace
from tests.actions.fakes import GOAL, PLAN, REFUSED_CONNECTION, FakeTriggers, Rig, Try, error, in_rig, last, target
from tests.fakes import FakeClock, make_optimization

RERUN = target("rerun", status="completed", new_name="Grid 2", plan=PLAN, compile_id="c1", others=("O-1", "O-old"))
NO = error(FailureKind.REJECTED, "the API says no", answered=True)


def listed(optimization_id: str, name: str = "Grid 2", created_at: float | None = None) -> OptimizationSummary:
    return OptimizationSummary(optimization_id, 1, name, "new", GOAL, created_at)


@in_rig
async def test_it_is_sent_once_and_verified_by_reading_what_was_made(rig: Rig) -> None:
    await rig.act(RERUN)
    await rig.clock.advance(10)
    assert rig.rungs() == ["SENDING", "SENT", "ACCEPTED", "VERIFIED"]
    assert [step.detail for step in rig.record().steps[2:]] == ["as O-new", "O-new is there"]
    assert [post.action for post in rig.api.posts] == ["rerun"]
    assert [(entry.event, entry.detail) for entry in rig.entries()][::3] == [
        ("intent", "Grid 2"),
        ("accepted", "as O-new"),
    ]


@pytest.mark.parametrize(
    "lost", [error(FailureKind.TIMEOUT), error(FailureKind.RESET), error(FailureKind.SERVER, status_code=502)]
)
def test_without_an_answer_the_one_new_of_its_name_is_looked_for_and_nothing_is_sent_again(
    tmp_path: Path, lost: Exception
) -> None:
    async def main() -> None:
        async with Rig(tmp_path) as rig:
            rig.api.tries = iter([Try(lost)])
            rig.api.listed[1] = (
                listed("O-old"), listed("O-other", "Another"), listed("O-past", created_at=rig.clock.now() - 3_600)
            )  # fmt: skip
            await rig.act(RERUN)
            await rig.clock.advance(30)
            assert rig.rungs() == ["SENDING", "SENT", "UNKNOWN"]
            rig.api.listed[1] += (listed("O-new", created_at=rig.clock.now() - 25),)
            await rig.clock.advance(30)
            assert last(rig.record()) == (Rung.VERIFIED, "O-new is there, new and of this name")
            assert len(rig.api.posts) == 1

    asyncio.run(main())


@in_rig
async def test_a_look_that_does_not_find_it_contradicts_the_one_before(rig: Rig) -> None:
    """Two answers that know of it, with one between that does not, are no two that agree."""
    missing = error(FailureKind.REJECTED, "optimization not found", answered=True)
    looks = iter([True, False, True, *[False] * 1_000])

    def answer(name: str) -> None:
        if name == "optimization":
            rig.api.fail = {} if next(looks) else {name: missing}

    rig.api.on_read = answer
    await rig.act(RERUN)
    await rig.clock.advance(700)
    assert last(rig.record()) == (Rung.UNVERIFIED, "O-new is not there: optimization not found")


@in_rig
async def test_two_new_ones_of_its_name_verify_nothing(rig: Rig) -> None:
    rig.api.tries = iter([Try(error(FailureKind.TIMEOUT))])
    rig.api.listed[1] = (listed("O-a"), listed("O-b"))
    await rig.act(RERUN)
    await rig.clock.advance(700)
    words = "no answer to the request; 2 new optimizations are called Grid 2: which is it is not known"
    assert last(rig.record()) == (Rung.UNVERIFIED, words)


@in_rig
async def test_what_another_request_of_the_same_name_made_is_none_of_its_own(rig: Rig) -> None:
    """The first did nothing and was asked for again: one sweep is there, and one action is VERIFIED."""
    rig.api.tries = iter([Try(error(FailureKind.RESET), acts=False)])
    (first,) = await rig.act(RERUN)
    (second,) = await rig.act(replace(RERUN))
    rig.api.listed[1] = (listed("O-new", created_at=rig.clock.now()),)
    await rig.clock.advance(700)
    assert rig.rungs(second) == ["SENDING", "SENT", "ACCEPTED", "VERIFIED"]
    words = "no answer to the request; no new optimization is called Grid 2"
    assert last(next(each for each in rig.records if each.action_id == first)) == (Rung.UNVERIFIED, words)


@in_rig
async def test_one_new_of_its_name_is_not_known_to_be_of_one_of_two_requests(rig: Rig) -> None:
    rig.api.tries = iter([Try(error(FailureKind.RESET), acts=False), Try(error(FailureKind.RESET), acts=False)])
    await rig.act(RERUN)
    await rig.act(replace(RERUN))
    rig.api.listed[1] = (listed("O-new", created_at=rig.clock.now()),)
    await rig.clock.advance(700)
    words = "no answer to the request; 1 new optimization is called Grid 2: whose it is is not known"
    assert [last(each) for each in rig.records] == [(Rung.UNVERIFIED, words)] * 2
    assert len(rig.api.posts) == 2


@in_rig
async def test_a_refused_one_is_not_taken_for_what_an_earlier_request_made(rig: Rig) -> None:
    rig.api.tries = iter([Try(error(FailureKind.RESET)), Try(NO, acts=False)])
    rig.api.listed[1] = (listed("O-new", created_at=rig.clock.now()),)
    await rig.act(RERUN)
    await rig.clock.advance(10)
    (again,) = await rig.act(replace(RERUN))
    await rig.clock.advance(10)
    assert [each.rung for each in rig.records] == [Rung.VERIFIED, Rung.REJECTED]
    assert rig.rungs(again) == ["SENDING", "SENT", "REJECTED"]


def test_a_later_start_knows_what_the_others_made(tmp_path: Path) -> None:
    async def main() -> None:
        async with Rig(tmp_path) as rig:
            rig.api.tries = iter([Try(error(FailureKind.RESET), acts=False)])
            await rig.act(RERUN)
            await rig.act(replace(RERUN))
            await rig.clock.advance(10)
            rungs = [each.rung for each in rig.records]
            assert rungs == [Rung.UNKNOWN, Rung.VERIFIED]
        async with Rig(tmp_path) as later:
            later.api.listed[1] = (listed("O-new", created_at=later.clock.now()),)
            await later.clock.advance(700)
            words = "no answer to the request; no new optimization is called Grid 2"
            assert last(later.record()) == (Rung.UNVERIFIED, words)

    asyncio.run(main())


@in_rig
async def test_none_made_is_unverified_and_a_request_that_never_left_is_sent_again(rig: Rig) -> None:
    rig.api.tries = iter([Try(REFUSED_CONNECTION, leaves=False, acts=False), Try(hangs=True, acts=False)])
    await rig.act(RERUN)
    await rig.clock.advance(700 + ANSWER_S)
    assert last(rig.record()) == (Rung.UNVERIFIED, "no answer to the request; no new optimization is called Grid 2")
    assert (rig.api.calls, len(rig.api.posts)) == (2, 1)


@in_rig
async def test_a_refusal_is_one_once_the_list_agrees(rig: Rig) -> None:
    rig.api.tries = iter([Try(NO, acts=False)])
    await rig.act(RERUN)
    await rig.clock.advance(10)
    assert last(rig.record()) == (Rung.REJECTED, "the API says no")


@in_rig
async def test_a_refusal_of_what_was_made_all_the_same_is_none(rig: Rig) -> None:
    rig.api.tries = iter([Try(NO)])
    rig.api.listed[1] = (listed("O-new"),)
    await rig.act(RERUN)
    await rig.clock.advance(20)
    assert rig.rungs() == ["SENDING", "SENT", "UNKNOWN", "VERIFIED"]


@pytest.mark.parametrize(
    ("aim", "why"),
    [
        (replace(RERUN, plan=None), "what it was asked for is not known"),
        (replace(RERUN, compile_id=""), "its project was not compiled"),
        (replace(RERUN, plan=replace(PLAN, name=" ")), "it has no name"),
        (
            replace(RERUN, plan=replace(PLAN, parameters=(Parameter("a", value="1"),))),
            "it has no parameter with a range",
        ),
        (
            replace(RERUN, plan=replace(PLAN, parameters=(Parameter("a", 5, 1, 1),))),
            "the range of a can't be run through",
        ),
        (
            replace(RERUN, plan=replace(PLAN, parameters=(Parameter("a", 1e99, 2e99, 1),))),
            "the range of a has 1e+15 values or more",
        ),
        (
            replace(RERUN, plan=replace(PLAN, parameters=(Parameter("a", 1, 1e9, 1), Parameter("b", 1, 1e9, 1)))),
            "its ranges make more than 1e+15 backtests",
        ),
    ],
)
def test_what_can_not_be_asked_for_is_not_sent(tmp_path: Path, aim: Target, why: str) -> None:
    async def main() -> None:
        async with Rig(tmp_path) as rig:
            await rig.act(aim)
            assert last(rig.record()) == (Rung.REJECTED, why)
            assert rig.api.calls == 0

    asyncio.run(main())


def test_a_later_start_verifies_by_the_journal_alone(tmp_path: Path) -> None:
    async def main() -> None:
        async with Rig(tmp_path) as rig:
            rig.api.fail["optimization"] = error(FailureKind.SERVER)
            await rig.act(RERUN)
            await rig.clock.advance(5)
        async with Rig(tmp_path) as later:
            later.api.optimizations["O-new"] = make_optimization("O-new")
            await later.clock.advance(10)
            assert last(later.record()) == (Rung.VERIFIED, "O-new is there")
            assert later.api.calls == 0

    asyncio.run(main())


def test_how_many_backtests_a_plan_runs() -> None:
    assert PLAN.backtests == 16
    assert Parameter("a", 0.1, 0.3, 0.1).values == 3
    assert Parameter("a", 5, 5, None).values == 1
    assert Parameter("a", 0, 10, 3).values == 4
    assert replace(PLAN, parameters=(Parameter("a", 0, 10, None),)).backtests is None


# What it needs before.


def prepared(*builds: Compile, fail: str = "") -> tuple[list[str], Preparation]:
    async def main() -> tuple[list[str], Preparation]:
        clock = FakeClock()
        api, said = FakeTriggers(clock), list[str]()
        api.compiles = iter(builds)
        if fail:
            api.fail[fail] = error(FailureKind.SERVER, "server error")
        made = asyncio.ensure_future(prepare(api, clock, PLAN, lambda each: said.append(each.words)))
        await clock.advance(BUILD_S + 10)
        return said, await made

    return asyncio.run(main())


QUEUED, BUILT = Compile("c1", "InQueue"), Compile("c1", "BuildSuccess")


def test_a_project_is_built_and_its_optimization_estimated() -> None:
    said, ready = prepared(QUEUED, QUEUED, BUILT)
    assert said == ["Compiling the project as it is now.", "Built. Asking what it will take.", "Built."]
    assert ready == Preparation("Built.", PLAN, "c1", Estimate(412.0, 250.0))


@in_rig
async def test_the_service_tells_how_far_it_is_until_it_is_not_wanted_any_more(rig: Rig) -> None:
    def told() -> Preparation | None:
        return rig.store.get(PREPARATION).value

    rig.api.compiles = iter([QUEUED, QUEUED, BUILT, QUEUED, BUILT])
    rig.service.prepare(PLAN)
    assert told() == Preparation("Compiling the project as it is now.", PLAN)
    await rig.clock.advance(10)
    assert told() == Preparation("Built.", PLAN, "c1", Estimate(412.0, 250.0))
    rig.service.prepare(replace(PLAN, name="Another"))
    await rig.clock.advance(1)
    rig.service.stop_preparing()
    await rig.clock.advance(60)
    assert told() == Preparation("Compiling the project as it is now.", replace(PLAN, name="Another"))
    assert rig.api.posts == []


def test_a_project_that_does_not_build_says_so_in_the_compilers_words() -> None:
    _, ready = prepared(QUEUED, Compile("c1", "BuildError", ("line 3", "invalid syntax")))
    assert ready == Preparation("The project does not build: invalid syntax", PLAN, failed=True)


def test_a_build_without_an_end_is_given_up() -> None:
    _, ready = prepared(*[QUEUED] * 200)
    assert ready == Preparation("The project was not built within 180 s: InQueue", PLAN, failed=True)


def test_what_can_not_be_read_is_said() -> None:
    assert prepared(BUILT, fail="compile")[1].words == "The project could not be compiled: server error"
    said, ready = prepared(QUEUED, BUILT, fail="compiled")
    assert said[1] == "Compiling the project as it is now; how far that is can't be read: server error"
    assert ready.failed
    _, ready = prepared(BUILT, fail="estimate")
    assert (ready.compile_id, ready.failed) == ("c1", False)
    assert ready.words == "Built. What it will take could not be had: server error"
