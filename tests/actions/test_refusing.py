from __future__ import annotations

import asyncio
from pathlib import Path

from qctui.actions.spec import READ_ONLY
from qctui.model.action import Rung
from qctui.model.deployment import Deployment
from qctui.model.keys import DEPLOYMENTS, optimization_key
from qctui.model.optimization import Optimization
from qctui.model.resource import FailureKind, Resource
from qctui.value import replace
from tests.actions.fakes import Rig, Try, error, in_rig, last, target
from tests.fakes import make_deployment, make_optimization


def test_read_only_refuses_and_sends_nothing(tmp_path: Path) -> None:
    async def main() -> None:
        async with Rig(tmp_path, read_only=True) as rig:
            assert rig.service.refusal(target()) == READ_ONLY
            await rig.act()
            assert last(rig.record()) == (Rung.REJECTED, READ_ONLY)
            assert rig.api.calls == 0

    asyncio.run(main())


@in_rig
async def test_a_client_that_refuses_is_a_rejection_and_not_tried_again(rig: Rig) -> None:
    rig.api.tries = iter([Try(error(FailureKind.REFUSED, "read-only", may_have_acted=False), leaves=False)])
    await rig.act()
    await rig.clock.advance(60)
    assert last(rig.record()) == (Rung.REJECTED, "read-only")
    assert rig.api.calls == 1


@in_rig
async def test_a_refused_target_becomes_a_rejected_record(rig: Rig) -> None:
    await rig.act(target(status="Stopped"))
    assert last(rig.record()) == (Rung.REJECTED, "no longer running: Stopped")
    assert rig.events() == ["rejected"]
    assert rig.api.calls == 0


@in_rig
async def test_what_the_store_knows_to_have_ended_is_refused(rig: Rig) -> None:
    rows = (make_deployment(1, status="RuntimeError"), make_deployment(2))
    rig.store.put(DEPLOYMENTS, Resource[tuple[Deployment, ...]](value=rows))
    aborted = make_optimization("O-1", status="aborted")
    rig.store.put(optimization_key("O-1"), Resource[Optimization](value=aborted))
    assert rig.service.refusal(target()) == "no longer running: RuntimeError"
    assert rig.service.refusal(target(number=2)) is None
    assert rig.service.refusal(target("abort")) == "already finished: aborted"


@in_rig
async def test_what_runs_is_not_refused_because_an_older_one_of_its_project_has_ended(rig: Rig) -> None:
    older = make_deployment(1, deploy_id="L-" + "9" * 32, status="RuntimeError")
    rig.store.put(DEPLOYMENTS, Resource[tuple[Deployment, ...]](value=(older,)))
    assert rig.service.refusal(target()) is None


@in_rig
async def test_stop_is_refused_while_a_liquidation_of_that_deployment_is_not_verified(rig: Rig) -> None:
    liquidated = target()
    await rig.act(liquidated)
    stop = target("stop")
    reason = rig.service.refusal(stop)
    assert reason is not None
    assert "a liquidation of this deployment is not verified (ACCEPTED)" in reason
    assert rig.service.refusal(target("stop", number=2)) is None
    # The request names the project alone: one that was captured before a redeploy would hit the newer deployment.
    older = rig.service.refusal(replace(stop, deploy_id="L-" + "f" * 32))
    assert older is not None
    assert "a liquidation of this project's other deployment is not verified (ACCEPTED)" in older
    await rig.act(stop)
    assert [post.action for post in rig.api.posts] == ["liquidate"]
    await rig.clock.advance(60)
    assert rig.records[0].rung is Rung.VERIFIED
    assert rig.service.refusal(target("stop")) is None


@in_rig
async def test_stop_confirmed_right_after_a_liquidation_never_overtakes_it(rig: Rig) -> None:
    rig.service.confirm([target()], "console")
    rig.service.confirm([target("stop")], "console")
    await rig.clock.advance(1)
    assert [post.action for post in rig.api.posts] == ["liquidate"]


@in_rig
async def test_a_liquidation_that_did_nothing_locks_no_stop(rig: Rig) -> None:
    rig.api.tries = iter([Try(error(FailureKind.REJECTED, "no", answered=True), acts=False)])
    await rig.act()
    # Not before a second look agrees that it did nothing.
    assert "(SENT)" in (rig.service.refusal(target("stop")) or "")
    await rig.clock.advance(4)
    assert rig.service.refusal(target("stop")) is None


@in_rig
async def test_an_unverified_liquidation_locks_stop_until_it_is_acknowledged(rig: Rig) -> None:
    rig.api.stop_after_s = 1e9
    (action_id,) = await rig.act()
    await rig.clock.advance(700)
    assert rig.record().rung is Rung.UNVERIFIED
    reason = rig.service.refusal(target("stop"))
    assert reason is not None
    assert "acknowledge it" in reason
    rig.service.acknowledge(action_id)
    await rig.clock.settle()
    assert rig.record().acknowledged
    assert rig.service.refusal(target("stop")) is None
