"""Renaming and deleting an optimization: one POST, a ladder that says what is true, and a journal that keeps it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from qctui.actions.send import ANSWER_S
from qctui.model.action import Rung, Target
from qctui.model.keys import optimization_key
from qctui.model.optimization import Criterion, Optimization, OptimizationSummary
from qctui.model.resource import FailureKind, Resource
from tests.actions.fakes import REFUSED_CONNECTION, Rig, Try, error, in_rig, last, target
from tests.fakes import make_optimization

RENAME = target("rename", new_name="Grid of periods")
DELETE = target("delete", status="completed")
BOTH = pytest.mark.parametrize("aim", [RENAME, DELETE], ids=["rename", "delete"])
NO = error(FailureKind.REJECTED, "the API says no", answered=True)
LISTED = OptimizationSummary("O-1", 1, "Optimization 1", "completed", Criterion("Sharpe Ratio", maximize=True), None)


async def seen(folder: Path, aim: Target, *tries: Try, until_s: float = 60.0, stop_after_s: float = 5.0) -> Rig:
    """What becomes of one confirmation whose requests meet these fates."""
    async with Rig(folder) as rig:
        if aim.action == "delete":
            rig.api.optimizations["O-1"] = make_optimization("O-1", status="completed")
        rig.api.stop_after_s = stop_after_s
        rig.api.tries = iter(tries)
        await rig.act(aim)
        await rig.clock.advance(until_s)
        return rig


def after(folder: Path, aim: Target, *tries: Try, until_s: float = 60.0, stop_after_s: float = 5.0) -> Rig:
    return asyncio.run(seen(folder, aim, *tries, until_s=until_s, stop_after_s=stop_after_s))


@BOTH
def test_it_is_sent_once_and_verified_by_two_looks_that_agree(tmp_path: Path, aim: Target) -> None:
    rig = after(tmp_path, aim)
    assert rig.rungs() == ["SENDING", "SENT", "ACCEPTED", "VERIFIED"]
    assert rig.events() == ["intent", "sending", "sent", "accepted", "verified"]
    assert [(post.action, post.id) for post in rig.api.posts] == [(aim.action, "O-1")]
    goals = {"rename": "its name is Grid of periods", "delete": "its project does not list it any more"}
    assert last(rig.record()) == (Rung.VERIFIED, goals[aim.action])
    looks = [mono for name, mono in rig.api.reads if name == "optimization" and mono >= 1_005]
    assert len(looks) == 2


@BOTH
def test_a_request_that_never_left_is_sent_again_and_one_that_may_have_is_not(tmp_path: Path, aim: Target) -> None:
    (tmp_path / "a").mkdir()
    again = after(tmp_path / "a", aim, Try(REFUSED_CONNECTION, leaves=False, acts=False))
    assert (again.api.calls, len(again.api.posts), again.record().rung) == (2, 1, Rung.VERIFIED)
    for number, lost in enumerate(
        (
            Try(error(FailureKind.TIMEOUT)),
            Try(error(FailureKind.RESET)),
            Try(error(FailureKind.SERVER, status_code=502)),
            Try(error(FailureKind.MALFORMED)),
        )
    ):
        (tmp_path / f"{number}").mkdir()
        rig = after(tmp_path / f"{number}", aim, lost)
        assert rig.rungs() == ["SENDING", "SENT", "UNKNOWN", "VERIFIED"]
        assert len(rig.api.posts) == 1


@BOTH
def test_no_answer_and_no_effect_is_unverified_in_words(tmp_path: Path, aim: Target) -> None:
    rig = after(tmp_path, aim, Try(hangs=True, acts=False), until_s=700 + ANSWER_S)
    instead = {"rename": "its name is Optimization O-1, not Grid of periods", "delete": "still there: completed"}
    assert last(rig.record()) == (Rung.UNVERIFIED, f"no answer to the request; {instead[aim.action]}")
    assert len(rig.api.posts) == 1


@BOTH
def test_a_refusal_is_one_once_the_world_agrees(tmp_path: Path, aim: Target) -> None:
    (tmp_path / "no").mkdir()
    assert last(after(tmp_path / "no", aim, Try(NO, acts=False)).record()) == (Rung.REJECTED, "the API says no")
    (tmp_path / "yes").mkdir()
    rig = after(tmp_path / "yes", aim, Try(NO), stop_after_s=0.0)
    assert rig.rungs() == ["SENDING", "SENT", "UNKNOWN", "VERIFIED"]
    assert "but it" in rig.record().steps[2].detail


@in_rig
async def test_what_is_listed_is_not_deleted_whatever_its_read_says(rig: Rig) -> None:
    rig.api.fail["optimization"] = error(FailureKind.REJECTED, "something went wrong", answered=True)
    rig.api.listed[1] = (LISTED,)
    await rig.act(DELETE)
    await rig.clock.advance(60)
    assert rig.record().rung is Rung.ACCEPTED
    rig.api.listed.clear()
    await rig.clock.advance(20)
    assert rig.record().rung is Rung.VERIFIED


@in_rig
async def test_a_list_that_fails_verifies_nothing(rig: Rig) -> None:
    rig.api.fail["optimization"] = error(FailureKind.REJECTED, "not found", answered=True)
    rig.api.fail["optimizations"] = error(FailureKind.SERVER, "server error")
    await rig.act(DELETE)
    await rig.clock.advance(60)
    assert rig.record().rung is Rung.ACCEPTED
    assert rig.record().warnings == ("the optimization can't be read: server error",)


@in_rig
async def test_what_runs_is_not_deleted(rig: Rig) -> None:
    running = target("delete")
    assert rig.service.refusal(running) == "not finished: running; abort it first"
    await rig.act(running)
    assert last(rig.record()) == (Rung.REJECTED, "not finished: running; abort it first")
    assert rig.api.calls == 0


@in_rig
async def test_what_was_read_before_stops_no_rename_and_no_deletion(rig: Rig) -> None:
    rig.store.put(optimization_key("O-1"), Resource[Optimization](value=make_optimization(status="running")))
    assert rig.service.refusal(RENAME) is None
    assert rig.service.refusal(DELETE) is None


def test_the_journal_keeps_both_names_and_a_later_start_verifies_by_them(tmp_path: Path) -> None:
    async def main() -> None:
        async with Rig(tmp_path) as rig:
            rig.api.stop_after_s = 1e9
            await rig.act(RENAME)
            await rig.clock.advance(10)
            first = rig.entries()[0]
            assert (first.event, first.name, first.detail) == ("intent", "Optimization 1", "Grid of periods")
        async with Rig(tmp_path) as later:
            later.api.optimizations["O-1"] = make_optimization("O-1", name="Grid of periods")
            await later.clock.advance(10)
            assert last(later.record()) == (Rung.VERIFIED, "its name is Grid of periods")
            assert later.api.calls == 0

    asyncio.run(main())
