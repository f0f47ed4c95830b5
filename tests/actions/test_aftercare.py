"""An end that the polled lists contradict is withdrawn: in the bar, in the journal, and it is verified again."""

from __future__ import annotations

from qctui.model.action import Rung
from qctui.model.deployment import Deployment, Environment
from qctui.model.keys import DEPLOYMENTS
from qctui.model.resource import FailureKind
from tests.actions.fakes import Rig, Try, error, in_rig, last, target

OURS = target().deploy_id


def put_list(rig: Rig, status: str, stopped_at: float | None = None) -> None:
    """The polling brings a list."""
    row = Deployment(1, OURS, status, 1_600_000_000.0, stopped_at, "IB", Environment.LIVE, None)
    known = rig.store.get(DEPLOYMENTS)
    rig.store.put(DEPLOYMENTS, known.with_value((row,), at=rig.clock.now(), mono=rig.clock.monotonic()))


async def verify(rig: Rig) -> None:
    rig.api.stop_after_s = rig.api.flat_after_s = 1.0
    (action_id,) = await rig.act()
    await rig.clock.advance(30)
    assert rig.record().rung is Rung.VERIFIED
    rig.service.acknowledge(action_id)
    await rig.clock.advance(10)


@in_rig
async def test_a_verified_action_whose_deployment_still_runs_is_reopened_and_verified_again(rig: Rig) -> None:
    await verify(rig)
    put_list(rig, "Running")
    await rig.clock.advance(15)
    assert rig.record().rung is Rung.VERIFIED
    put_list(rig, "Running")
    await rig.clock.advance(5)
    unknown = [step for step in rig.record().steps if step.rung is Rung.UNKNOWN]
    assert [step.detail for step in unknown] == ["VERIFIED withdrawn: live/list says Running"]
    assert not rig.record().acknowledged
    await rig.clock.advance(30)
    assert rig.rungs()[-4:] == ["UNKNOWN", "STOPPED", "FLAT", "VERIFIED"]
    assert rig.events()[-5:] == ["verified", "unknown", "stopped", "flat", "verified"]
    # Once: a list that stays wrong does not turn in a circle.
    for _ in range(3):
        put_list(rig, "Running")
        await rig.clock.advance(15)
    assert rig.record().rung is Rung.VERIFIED
    assert len(rig.api.posts) == 1


@in_rig
async def test_one_list_that_lags_reopens_nothing(rig: Rig) -> None:
    await verify(rig)
    for status in ("Running", "Stopped", "Running", "Stopped"):
        put_list(rig, status, rig.clock.now() if status == "Stopped" else None)
        await rig.clock.advance(15)
    assert rig.rungs().count("UNKNOWN") == 0


@in_rig
async def test_a_rejected_action_whose_deployment_ended_after_it_is_reopened(rig: Rig) -> None:
    rig.api.stop_after_s = rig.api.flat_after_s = 20.0
    rig.api.tries = iter([Try(error(FailureKind.REJECTED, "no", answered=True), acts=True)])
    await rig.act()
    sent_at = rig.clock.now()
    await rig.clock.advance(30)
    assert last(rig.record()) == (Rung.REJECTED, "no")
    for _ in range(2):
        put_list(rig, "Liquidated", sent_at + 20)
        await rig.clock.advance(6)
    words = [step.detail for step in rig.record().steps if step.rung is Rung.UNKNOWN]
    assert words[0].startswith("REJECTED withdrawn: by live/list it ended at ")
    await rig.clock.advance(30)
    assert rig.record().rung is Rung.VERIFIED
    assert len(rig.api.posts) == 1


@in_rig
async def test_a_rejected_action_whose_deployment_had_ended_before_stays_rejected(rig: Rig) -> None:
    rig.api.tries = iter([Try(error(FailureKind.REJECTED, "no", answered=True), acts=False)])
    await rig.act()
    await rig.clock.advance(30)
    for _ in range(3):
        put_list(rig, "Stopped", rig.clock.now() - 3_600)
        await rig.clock.advance(15)
    assert rig.record().rung is Rung.REJECTED


@in_rig
async def test_a_withdrawn_end_is_open_again_for_the_next_start(rig: Rig) -> None:
    await verify(rig)
    rig.api.stop_after_s = rig.api.flat_after_s = 1e9
    for _ in range(2):
        put_list(rig, "Running")
        await rig.clock.advance(6)
    assert rig.record().rung is not Rung.VERIFIED
    await rig.service.aclose()
    async with Rig(rig.journal.parent, rig.clock, rig.api) as again:
        assert again.record().resumed
        assert not again.record().done
