from __future__ import annotations

from qctui.actions.capture import capture_deployment
from qctui.actions.recheck import AT_ONCE, MOST_CONNECTIONS, OF_ANOTHER
from qctui.model.action import Recheck, Rung, Target, recheck_key
from qctui.model.keys import portfolio_key
from qctui.model.portfolio import Portfolio
from qctui.model.resource import FailureKind, Resource
from qctui.value import replace
from tests.actions.fakes import FLAT, HELD, Rig, Try, error, in_rig, last, target
from tests.fakes import make_detail, make_optimization

OTHER = "L-" + "9" * 32


def _shown(rig: Rig, at: Target) -> Resource[Recheck]:
    return rig.store.get(recheck_key(at))


@in_rig
async def test_the_target_is_read_at_once_and_every_2_s_on_warm_connections(rig: Rig) -> None:
    rig.service.open_rechecks([target()])
    await rig.clock.settle()
    recheck = _shown(rig, target()).value
    assert recheck is not None
    assert recheck.detail == make_detail(1)
    assert (recheck.portfolio, recheck.portfolio_mono, recheck.portfolio_failure) == (HELD, rig.clock.monotonic(), "")
    assert recheck.disarmed == ""
    assert rig.api.warmed == [2]
    await rig.clock.advance(6)
    assert rig.api.warmed == [2, 2, 2]
    assert [at - 1_000 for name, at in rig.api.reads if name == "detail"] == [0, 2, 4, 6]
    rig.service.close_rechecks()
    await rig.clock.advance(60)
    assert len([name for name, _ in rig.api.reads if name == "detail"]) == 4
    assert len(rig.api.warmed) == 3


@in_rig
async def test_a_changed_deploy_id_disarms_and_is_refused_by_the_service_too(rig: Rig) -> None:
    captured = target()
    rig.service.open_rechecks([captured])
    await rig.clock.settle()
    rig.api.details[1] = make_detail(1, deploy_id=OTHER)
    await rig.clock.advance(2)
    recheck = _shown(rig, captured).value
    assert recheck is not None
    assert recheck.disarmed == f"redeployed since: now {OTHER}"
    rig.service.close_rechecks()
    # The lists may stay unread for long: what the dialog has found is what the next key aims at.
    assert capture_deployment("liquidate", rig.store, 1).deploy_id == OTHER
    await rig.act(captured)
    assert last(rig.record()) == (Rung.REJECTED, f"redeployed since: now {OTHER}")
    assert rig.api.calls == 0


@in_rig
async def test_captured_anew_it_is_judged_anew(rig: Rig) -> None:
    captured = target()
    rig.api.details[1] = make_detail(1, deploy_id=OTHER)
    rig.service.open_rechecks([captured])
    await rig.clock.settle()
    rig.service.close_rechecks()
    await rig.clock.settle()
    assert rig.service.refusal(captured) == f"redeployed since: now {OTHER}"
    del rig.api.details[1]  # the answer was that of a replica that lagged behind
    again = target()
    assert rig.service.refusal(again) is None
    await rig.act(again)
    assert rig.record().rung is Rung.ACCEPTED


@in_rig
async def test_a_deployment_that_ended_disarms(rig: Rig) -> None:
    rig.api.details[1] = make_detail(1, status="Stopped", stopped_at=rig.clock.now())
    captured = target()
    rig.service.open_rechecks([captured])
    await rig.clock.settle()
    assert rig.service.refusal(captured) == "no longer running: Stopped"


@in_rig
async def test_a_finished_optimization_disarms(rig: Rig) -> None:
    captured = target("abort")
    rig.service.open_rechecks([captured])
    await rig.clock.settle()
    assert rig.service.refusal(captured) is None
    rig.api.optimizations["O-1"] = make_optimization("O-1", status="completed")
    await rig.clock.advance(2)
    recheck = _shown(rig, target("abort")).value
    assert recheck is not None
    assert recheck.disarmed == "already finished: completed"


@in_rig
async def test_failing_rereads_are_said_and_do_not_block_an_emergency(rig: Rig) -> None:
    captured = target()
    rig.service.open_rechecks([captured])
    await rig.clock.settle()
    rig.api.fail["detail"] = error(FailureKind.CONNECT, "no network")
    await rig.clock.advance(4)
    shown = _shown(rig, target())
    assert shown.value is not None
    assert shown.value.detail is not None
    assert shown.age_s(rig.clock.monotonic()) == 4
    assert shown.error is not None
    assert (shown.error.message, shown.error.attempts) == ("no network", 2)
    assert rig.service.refusal(captured) is None
    await rig.act()
    assert len(rig.api.posts) == 1


@in_rig
async def test_a_portfolio_that_fails_keeps_the_last_one_with_its_age(rig: Rig) -> None:
    rig.service.open_rechecks([target()])
    await rig.clock.settle()
    rig.api.fail["portfolio"] = error(FailureKind.SERVER, "server error")
    await rig.clock.advance(2)
    shown = _shown(rig, target())
    assert shown.value is not None
    assert shown.error is None
    assert (shown.value.portfolio, shown.value.portfolio_failure) == (HELD, "server error")
    assert shown.value.portfolio_mono == rig.clock.monotonic() - 2


def _of_ours(rig: Rig, at: Target) -> tuple[str, Portfolio | None, float | None, float | None]:
    """What is known of the target itself: deploy id of the look, portfolio, and seconds since either."""
    shown = _shown(rig, at)
    assert shown.value is not None
    named = shown.value.detail.deploy_id if shown.value.detail is not None else ""
    held_mono = shown.value.portfolio_mono
    held_s = None if held_mono is None else rig.clock.monotonic() - held_mono
    return named, shown.value.portfolio, held_s, shown.age_s(rig.clock.monotonic())


@in_rig
async def test_redeployed_with_the_portfolio_telling_first(rig: Rig) -> None:
    captured = target()
    rig.service.open_rechecks([captured])
    await rig.clock.settle()
    rig.api.portfolios[1] = FLAT  # that of the new deployment: the look of the same instant was asked before
    await rig.clock.advance(2)
    rig.api.details[1] = make_detail(1, deploy_id=OTHER)
    await rig.clock.advance(2)
    assert _of_ours(rig, captured) == (captured.deploy_id, HELD, 4, 2)
    await rig.clock.advance(20)
    assert _of_ours(rig, captured) == (captured.deploy_id, HELD, 24, 22)
    assert _shown(rig, captured).value == replace(
        Recheck(), detail=make_detail(1), portfolio=HELD, portfolio_mono=1_000, portfolio_failure=OF_ANOTHER,
        another=True, disarmed=f"redeployed since: now {OTHER}",
    )  # fmt: skip


@in_rig
async def test_redeployed_with_the_look_telling_first(rig: Rig) -> None:
    captured = target()
    rig.service.open_rechecks([captured])
    await rig.clock.settle()
    rig.api.read_s["portfolio"] = 1.0
    rig.api.portfolios[1] = FLAT
    rig.api.details[1] = make_detail(1, deploy_id=OTHER)
    await rig.clock.advance(2)
    rig.api.portfolios[1] = FLAT
    await rig.clock.advance(20)
    # Of the first look nothing later shows that its portfolio was not the other's by then.
    assert _of_ours(rig, captured) == (captured.deploy_id, None, None, 22)


@in_rig
async def test_the_next_dialog_does_not_begin_with_what_the_old_one_held(rig: Rig) -> None:
    rig.store.put_value(portfolio_key(1), HELD, at=1.0, mono=990.0)
    rig.api.hang.add("portfolio")
    rig.api.details[1] = make_detail(1, deploy_id=OTHER)
    rig.service.open_rechecks([capture_deployment("liquidate", rig.store, 1)])
    await rig.clock.settle()
    # Without a known deploy id, whatever is live in the project is the target.
    assert capture_deployment("liquidate", rig.store, 1).portfolio.value is HELD
    rig.service.open_rechecks([target()])
    await rig.clock.settle()
    again = capture_deployment("liquidate", rig.store, 1)
    assert (again.deploy_id, again.portfolio.value) == (OTHER, None)


@in_rig
async def test_redeployed_before_the_first_look_nothing_read_is_the_targets(rig: Rig) -> None:
    held = Resource(value=HELD, fetched_mono=990.0)
    rig.api.portfolios[1] = FLAT
    rig.api.details[1] = make_detail(1, deploy_id=OTHER)
    # The one has a list that was received after its portfolio and still had it; the other one has not.
    for listed_mono, kept in ((995.0, HELD), (985.0, None), (None, None)):
        captured = target(portfolio=held, equity_mono=listed_mono)
        rig.service.open_rechecks([captured])
        await rig.clock.advance(4)
        assert _of_ours(rig, captured)[:2] == ("", kept), listed_mono


@in_rig
async def test_what_the_last_look_at_it_confirmed_is_kept_however_slow_the_reads_are(rig: Rig) -> None:
    rig.api.read_s = {"detail": 5.0, "portfolio": 0.5}
    captured = target()
    rig.service.open_rechecks([captured])
    await rig.clock.advance(30)
    rig.api.portfolios[1] = FLAT
    rig.api.details[1] = make_detail(1, deploy_id=OTHER)
    await rig.clock.advance(14)
    named, held, held_s, look_s = _of_ours(rig, captured)
    assert (named, held) == (captured.deploy_id, HELD)
    assert held_s is not None
    assert look_s is not None
    assert held_s > look_s


@in_rig
async def test_another_that_has_ended_lends_it_nothing_and_leaves_it_armed(rig: Rig) -> None:
    captured = target(others=(OTHER,))
    rig.api.portfolios[1] = FLAT
    rig.api.details[1] = make_detail(1, deploy_id=OTHER, status="Stopped", stopped_at=1.0)
    rig.api.fail["detail"] = error(FailureKind.SERVER, "server error")
    rig.service.open_rechecks([captured])
    await rig.clock.settle()
    del rig.api.fail["detail"]
    await rig.clock.advance(4)
    assert _of_ours(rig, captured)[:2] == ("", None)
    assert _shown(rig, captured).error is None
    assert rig.service.refusal(captured) is None
    rig.api.portfolios[1] = HELD
    del rig.api.details[1]  # it was a replica that lagged behind
    await rig.clock.advance(4)
    assert _of_ours(rig, captured) == (captured.deploy_id, HELD, 0, 0)


@in_rig
async def test_a_portfolio_that_hangs_does_not_hold_back_a_redeploy(rig: Rig) -> None:
    rig.api.hang.add("portfolio")
    captured = target()
    rig.service.open_rechecks([captured])
    await rig.clock.settle()
    rig.api.details[1] = make_detail(1, deploy_id=OTHER)
    await rig.clock.advance(2)
    assert rig.service.refusal(captured) is not None


@in_rig
async def test_a_good_portfolio_takes_no_failure_of_the_target_back(rig: Rig) -> None:
    rig.api.fail["detail"] = error(FailureKind.SERVER, "server error")
    rig.service.open_rechecks([target()])
    await rig.clock.advance(4)
    shown = _shown(rig, target())
    assert shown.error is not None
    assert shown.value is not None
    assert (shown.value.detail, shown.value.portfolio) == (None, HELD)
    assert shown.fetched_mono is None


@in_rig
async def test_a_late_answer_of_a_closed_dialog_changes_nothing(rig: Rig) -> None:
    rig.service.open_rechecks([target()])
    await rig.clock.settle()
    rig.service.open_rechecks([target(number=2)])
    await rig.clock.settle()
    before = _shown(rig, target())
    rig.api.portfolios[1] = FLAT
    await rig.clock.advance(10)
    assert _shown(rig, target()) is before
    assert _shown(rig, target(number=2)).value is not None


@in_rig
async def test_many_targets_are_read_a_few_at_a_time(rig: Rig) -> None:
    targets = [target(number=number) for number in range(1, 41)]
    rig.api.hang |= {"detail", "portfolio"}
    rig.service.open_rechecks(targets)
    await rig.clock.settle()
    assert len(rig.api.reads) == 2 * AT_ONCE
    assert rig.api.warmed == [MOST_CONNECTIONS]
    await rig.act(*targets)
    assert len(rig.api.posts) == 40


@in_rig
async def test_a_defect_in_a_reread_is_shown_as_a_failure(rig: Rig) -> None:
    def break_detail(name: str) -> None:
        if name == "detail":
            raise ZeroDivisionError

    rig.api.on_read = break_detail
    rig.service.open_rechecks([target()])
    await rig.clock.settle()
    shown = _shown(rig, target())
    assert shown.error is not None
    assert shown.error.kind is FailureKind.INTERNAL


@in_rig
async def test_confirming_cancels_no_reread_under_way(rig: Rig) -> None:
    rig.api.hang.add("detail")
    rig.api.tries = iter([Try(after_s=1)])
    rig.service.open_rechecks([target()])
    await rig.clock.settle()
    rig.service.close_rechecks()
    await rig.act()
    assert len(rig.api.posts) == 1
