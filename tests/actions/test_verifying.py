from __future__ import annotations

from itertools import pairwise
from typing import TypeVar

from qctui.actions.liquidation_orders import liquidation_orders
from qctui.actions.observation import Observation, Observed
from qctui.actions.verify import STATUS_S
from qctui.model.action import Rung
from qctui.model.deployment import Deployment, DeploymentList, Environment
from qctui.model.order import Order
from qctui.model.portfolio import Holding, Portfolio
from qctui.model.resource import FailureKind
from qctui.value import replace
from tests.actions.fakes import EMPTY, FLAT, HELD, SPY, Rig, Try, error, in_rig, last, target
from tests.fakes import FakeClock, make_detail, make_optimization, make_order

T = TypeVar("T")

OTHER = "L-" + "9" * 32
SILENT = make_detail(1, deploy_id="", status="", launched_at=None)


@in_rig
async def test_cadence_of_the_reads(rig: Rig) -> None:
    rig.api.stop_after_s = 1e9
    await rig.act()
    await rig.clock.advance(60)
    gaps = {
        name: {round(b - a, 3) for a, b in pairwise([at for each, at in rig.api.reads if each == name])}
        for name in ("detail", "portfolio", "orders")
    }
    assert gaps == {"detail": {3.0}, "portfolio": {10.0}, "orders": {10.0}}


@in_rig
async def test_accepted_but_it_keeps_running_is_unverified_after_ten_minutes(rig: Rig) -> None:
    rig.api.stop_after_s = 1e9
    rig.api.flat_after_s = 1e9
    await rig.act()
    await rig.clock.advance(599)
    assert rig.record().rung is Rung.ACCEPTED
    await rig.clock.advance(2)
    rung, words = last(rig.record())
    assert rung is Rung.UNVERIFIED
    assert "still Running" in words
    assert "still open: SPY 100 (snapshot then " in words  # an age that counts from now would soon be wrong
    assert "check the brokerage" in words
    assert rig.events() == ["intent", "sending", "sent", "accepted", "unverified"]
    reads = len(rig.api.reads)
    await rig.clock.advance(100)
    assert len(rig.api.reads) == reads


@in_rig
async def test_stopped_but_never_flat_names_what_is_open_and_how_old_that_is(rig: Rig) -> None:
    rig.api.flat_after_s = 1e9
    odd = Holding("X", "ODD", 0.0, unreadable_quantity=True)
    rig.api.portfolios[1] = replace(HELD, holdings=(SPY, odd, replace(SPY, ticker="GONE", quantity=0.0)))
    await rig.act()
    await rig.clock.advance(601)
    rung, words = last(rig.record())
    assert rung is Rung.UNVERIFIED
    assert "stopped, not seen flat" in words
    assert "still open: SPY 100, ODD (could not be read)" in words
    assert [holding.ticker for holding in rig.record().holdings or ()] == ["SPY", "ODD"]
    assert rig.events()[-2:] == ["stopped", "unverified"]


@in_rig
async def test_a_portfolio_that_fails_throughout_is_never_flat(rig: Rig) -> None:
    rig.api.fail["portfolio"] = error(FailureKind.SERVER, "server error")
    await rig.act()
    await rig.clock.advance(60)
    assert rig.record().rung is Rung.STOPPED
    assert rig.record().holdings is None
    assert rig.record().warnings == ("the portfolio is unknown: server error",)
    await rig.clock.advance(600)
    rung, words = last(rig.record())
    assert rung is Rung.UNVERIFIED
    assert "the portfolio could not be re-read at all: server error" in words


@in_rig
async def test_an_empty_portfolio_is_unknown_not_flat(rig: Rig) -> None:
    rig.api.flat = EMPTY
    await rig.act()
    await rig.clock.advance(601)
    assert rig.record().rung is Rung.UNVERIFIED
    assert "FLAT" not in rig.rungs()
    assert "which may mean anything" in last(rig.record())[1]


@in_rig
async def test_a_flat_portfolio_before_the_stop_proves_nothing(rig: Rig) -> None:
    rig.api.flat_after_s = 0.0
    rig.api.stop_after_s = 30.0
    await rig.act()
    await rig.clock.advance(29)
    assert rig.rungs()[-1] == "ACCEPTED"
    await rig.clock.advance(2)
    assert rig.rungs()[-2:] == ["STOPPED", "FLAT"]
    await rig.clock.advance(3)
    assert rig.rungs()[-1] == "VERIFIED"


@in_rig
async def test_a_portfolio_read_that_began_before_the_stop_does_not_count(rig: Rig) -> None:
    rig.api.hang.add("portfolio")
    rig.api.flat_after_s = 0.0
    await rig.act()
    await rig.clock.advance(4)
    rig.api.hang.clear()
    began = sum(name == "portfolio" for name, _ in rig.api.reads)
    await rig.clock.advance(3)
    # The hanging one was given up and another begun the moment the stop was seen.
    assert sum(name == "portfolio" for name, _ in rig.api.reads) == began + 1
    assert rig.record().rung is Rung.FLAT


async def show_a_dialog(rig: Rig, answers: dict[int, T], truth: T) -> None:
    """A dialog is open for a second: it is answered with the truth, the looks before and after it as they were."""
    told, answers[1] = answers[1], truth
    rig.service.open_rechecks([target("liquidate")])
    await rig.clock.advance(1)
    rig.service.close_rechecks()
    answers[1] = told


@in_rig
async def test_what_a_dialog_has_seen_alive_between_two_looks_is_not_verified_by_them(rig: Rig) -> None:
    rig.api.stop_after_s = 1e9
    await rig.act(target("stop"))
    # A lie, told to each look of the action and to nobody else.
    rig.api.details[1] = make_detail(1, status="Stopped", stopped_at=1.0)
    await rig.clock.advance(3)
    assert rig.record().rung is Rung.STOPPED
    await rig.clock.advance(1)
    await show_a_dialog(rig, rig.api.details, make_detail(1))
    await rig.clock.advance(1)
    assert rig.record().rung is Rung.STOPPED
    await rig.clock.advance(3)
    assert rig.record().rung is Rung.VERIFIED


@in_rig
async def test_what_is_seen_alive_while_the_first_look_is_not_answered_yet_speaks_against_it(rig: Rig) -> None:
    rig.api.stop_after_s = 1e9
    await rig.act(target("stop"))
    rig.api.read_s["detail"] = 2.0
    await rig.clock.advance(3.5)
    rig.api.read_s.clear()
    rig.api.details[1] = make_detail(1, status="Stopped", stopped_at=1.0)
    await show_a_dialog(rig, rig.api.details, make_detail(1))
    await rig.clock.advance(1)
    assert rig.record().rung is Rung.STOPPED
    await rig.clock.advance(3)
    assert rig.record().rung is Rung.STOPPED
    await rig.clock.advance(3)
    assert rig.record().rung is Rung.VERIFIED


@in_rig
async def test_holdings_that_a_dialog_has_seen_between_two_flat_reads_are_not_verified_away(rig: Rig) -> None:
    rig.api.stop_after_s, rig.api.flat_after_s = 1.0, 1e9
    rig.api.portfolios[1] = FLAT
    await rig.act()
    await rig.clock.advance(3)
    assert rig.record().rung is Rung.FLAT
    await rig.clock.advance(1)
    await show_a_dialog(rig, rig.api.portfolios, HELD)
    await rig.clock.advance(2)
    assert rig.record().rung is Rung.FLAT
    await rig.clock.advance(3)
    assert rig.record().rung is Rung.VERIFIED


@in_rig
async def test_what_contradicted_one_action_makes_all_on_that_deployment_look_once_more(rig: Rig) -> None:
    rig.api.stop_after_s = 1e9
    stopped = make_detail(1, status="Stopped", stopped_at=1.0)
    await rig.act(target("stop"))
    rig.api.details[1] = stopped
    await rig.clock.advance(3)
    rig.api.details[1] = make_detail(1)
    await rig.clock.advance(3)
    assert "STOPPED withdrawn" in last(rig.record())[1]
    (second,) = await rig.act(target("stop"))
    rig.api.details[1] = stopped
    await rig.clock.advance(2 * STATUS_S + 1)
    assert rig.rungs(second)[-1] == "STOPPED"
    await rig.clock.advance(STATUS_S)
    assert rig.rungs(second)[-1] == "VERIFIED"


@in_rig
async def test_redeployed_during_verification_is_said_and_never_flat(rig: Rig) -> None:
    rig.api.flat_after_s = 0.0
    await rig.act()
    await rig.clock.advance(1)
    rig.api.details[1] = make_detail(1, deploy_id=OTHER)
    rig.api.acted.clear()
    rig.api.portfolios[1] = FLAT
    await rig.clock.advance(2)
    assert rig.record().rung is Rung.ACCEPTED
    assert rig.record().warnings == (f"redeployed meanwhile: now {OTHER} (Running)",)
    await rig.clock.advance(3)
    assert rig.rungs()[3:] == ["STOPPED", "UNVERIFIED"]
    assert OTHER in last(rig.record())[1]
    assert "check the brokerage" in last(rig.record())[1]
    assert rig.record().holdings is None


@in_rig
async def test_redeployed_between_the_flat_snapshot_and_its_confirmation_is_not_flat(rig: Rig) -> None:
    rig.api.flat_after_s = 5.0

    def redeploy(name: str) -> None:
        if name == "portfolio" and rig.rungs()[-1] == "STOPPED":
            rig.api.details[1] = make_detail(1, deploy_id=OTHER)
            rig.api.acted.clear()
            rig.api.portfolios[1] = FLAT

    rig.api.on_read = redeploy
    await rig.act()
    await rig.clock.advance(60)
    assert "FLAT" not in rig.rungs()
    assert rig.record().rung is Rung.UNVERIFIED


@in_rig
async def test_one_lagging_answer_about_another_deployment_concludes_nothing(rig: Rig) -> None:
    rig.api.details[1] = make_detail(1, deploy_id=OTHER)
    await rig.act()
    assert rig.record().warnings
    del rig.api.details[1]
    await rig.clock.advance(4)
    assert rig.record().warnings == ()
    await rig.clock.advance(60)
    assert rig.record().rung is Rung.VERIFIED


@in_rig
async def test_what_was_launched_before_ours_can_not_have_replaced_it(rig: Rig) -> None:
    await rig.act(target("stop"))
    launched_at = make_detail(1).launched_at or 0.0
    rig.api.details[1] = make_detail(1, deploy_id=OTHER, status="Stopped", launched_at=launched_at - 86_400.0)
    await rig.clock.advance(60)
    assert rig.record().rung is Rung.ACCEPTED
    assert rig.record().warnings == (f"live/read tells of {OTHER} (Stopped), not of ours",)
    # Live/list knows what became of ours: what live/read tells of then is no replica that lags.
    ours = Deployment(1, target().deploy_id, "Stopped", launched_at, None, "IB", Environment.LIVE, None)
    rig.api.lists[1] = DeploymentList((ours,))
    await rig.clock.advance(6)
    assert last(rig.record()) == (Rung.VERIFIED, f"replaced by {OTHER} (Stopped), which has ended too")


@in_rig
async def test_another_in_its_place_counts_no_more_once_a_dialog_has_seen_ours_alive(rig: Rig) -> None:
    await rig.act(target("stop"))
    rig.api.stop_after_s = 1e9
    rig.api.details[1] = make_detail(1, deploy_id=OTHER, status="Stopped", launched_at=None)
    await rig.clock.advance(4)
    assert rig.record().rung is Rung.ACCEPTED
    await show_a_dialog(rig, rig.api.details, make_detail(1))
    await rig.clock.advance(1)
    assert rig.record().rung is Rung.ACCEPTED
    await rig.clock.advance(3)
    assert rig.record().rung is Rung.VERIFIED


@in_rig
async def test_one_answer_about_a_newer_deployment_leaves_nobody_sure_of_the_portfolio(rig: Rig) -> None:
    """The portfolio is that of the most recent one, and a replica that lags shows none that is not there yet."""
    rig.api.details[1] = make_detail(1, deploy_id=OTHER, launched_at=rig.clock.now() + 1.0)
    await rig.act()
    del rig.api.details[1]
    rig.api.portfolios[1] = FLAT
    await rig.clock.advance(700)
    assert "FLAT" not in rig.rungs()
    rung, words = last(rig.record())
    assert rung is Rung.UNVERIFIED
    assert f"stopped, not seen flat; the portfolio may be that of {OTHER} (Running)" in words


@in_rig
async def test_a_stop_whose_deployment_was_replaced_by_one_that_trades_is_loud(rig: Rig) -> None:
    rig.api.details[1] = make_detail(1, deploy_id=OTHER)
    rig.api.stop_after_s = 1e9
    await rig.act(target("stop"))
    await rig.clock.advance(4)
    assert rig.rungs()[3:] == ["STOPPED", "UNVERIFIED"]
    assert "trades in its place" in last(rig.record())[1]


@in_rig
async def test_the_token_stops_working_in_between(rig: Rig) -> None:
    await rig.act()
    await rig.clock.advance(6.5)
    assert rig.record().rung is Rung.STOPPED
    for name in ("detail", "portfolio", "orders"):
        rig.api.fail[name] = error(FailureKind.AUTH, "credentials not accepted", answered=True)
    await rig.clock.advance(100)
    assert rig.record().rung is Rung.STOPPED
    assert "live/read fails: credentials not accepted; run: qctui doctor" in rig.record().warnings
    await rig.clock.advance(500)
    rung, words = last(rig.record())
    assert rung is Rung.UNVERIFIED
    assert "the portfolio could not be re-read since" in words
    assert "credentials not accepted" in words


@in_rig
async def test_reads_that_recover_in_time_verify_and_take_their_warnings_back(rig: Rig) -> None:
    for name in ("detail", "portfolio", "orders"):
        rig.api.fail[name] = error(FailureKind.CONNECT, "no network")
    await rig.act()
    await rig.clock.advance(300)
    assert len(rig.record().warnings) == 3
    assert rig.record().rung is Rung.ACCEPTED
    rig.api.fail.clear()
    await rig.clock.advance(20)
    assert rig.record().rung is Rung.VERIFIED
    assert rig.record().warnings == ()


@in_rig
async def test_nothing_could_be_read_at_all(rig: Rig) -> None:
    rig.api.fail["detail"] = error(FailureKind.CONNECT, "no network")
    await rig.act(target("stop"))
    await rig.clock.advance(601)
    assert last(rig.record()) == (
        Rung.UNVERIFIED,
        "the deployment could not be re-read at all: live/read fails: no network",
    )


@in_rig
async def test_reads_that_hang_for_ever_do_not_hold_back_the_end(rig: Rig) -> None:
    rig.api.hang |= {"detail", "portfolio", "orders"}
    await rig.act()
    await rig.clock.advance(601)
    assert rig.record().rung is Rung.UNVERIFIED


@in_rig
async def test_time_the_machine_slept_is_no_time_spent_looking(rig: Rig) -> None:
    await rig.act()
    rig.clock._mono += 8 * 3_600
    await rig.clock.advance(60)
    assert rig.record().rung is Rung.VERIFIED


@in_rig
async def test_an_answer_without_a_deploy_id_is_taken_for_ours(rig: Rig) -> None:
    rig.api.details[1] = make_detail(1, deploy_id="", status="Liquidated", stopped_at=rig.clock.now())
    rig.api.flat_after_s = 0.0
    await rig.act()
    await rig.clock.advance(1)
    assert rig.record().rung is Rung.FLAT
    assert rig.record().warnings == ("live/read tells no deploy id",)
    # Looks that leave a doubt count half.
    await rig.clock.advance(6)
    assert rig.record().rung is Rung.FLAT
    await rig.clock.advance(3)
    assert rig.record().rung is Rung.VERIFIED


@in_rig
async def test_a_runtime_error_is_a_stop_and_its_positions_stay_in_view(rig: Rig) -> None:
    rig.api.details[1] = make_detail(1, status="RuntimeError")
    rig.api.flat_after_s = 1e9
    await rig.act()
    await rig.clock.advance(1)
    assert last(rig.record()) == (Rung.STOPPED, "RuntimeError")
    await rig.clock.advance(600)
    assert "still open: SPY 100" in last(rig.record())[1]


@in_rig
async def test_an_unlisted_status_has_not_stopped(rig: Rig) -> None:
    rig.api.details[1] = make_detail(1, status="Winding down")
    rig.api.stop_after_s = 1e9
    await rig.act(target("stop"))
    await rig.clock.advance(601)
    assert last(rig.record()) == (Rung.UNVERIFIED, "still Winding down")


@in_rig
async def test_the_orders_of_the_liquidation_and_their_fills_are_followed(rig: Rig) -> None:
    mine = target().deploy_id
    old = [make_order(number, deploy_id=mine) for number in range(250)]
    rig.api.orders = [*old, make_order(250, deploy_id=mine, tag="Liquidated", status="submitted", quantity=-100.0)]
    await rig.act()
    assert [order.order_id for order in rig.record().orders] == [250]
    await rig.clock.advance(60)
    assert rig.record().rung is Rung.VERIFIED
    assert "1 of 1 liquidation orders not filled" in last(rig.record())[1]


@in_rig
async def test_of_one_whose_status_is_never_reported_nothing_is_claimed(rig: Rig) -> None:
    rig.api.details[1] = replace(make_detail(1), status="")
    rig.api.stop_after_s = 1e9
    await rig.act()
    await rig.clock.advance(601)
    rung, words = last(rig.record())
    assert rung is Rung.UNVERIFIED
    assert "not seen to stop: the API tells no status" in words
    assert "running" not in words.casefold()


@in_rig
async def test_an_abort_that_is_never_seen_is_unverified(rig: Rig) -> None:
    rig.api.stop_after_s = 1e9
    await rig.act(target("abort"))
    await rig.clock.advance(601)
    assert last(rig.record()) == (Rung.UNVERIFIED, "still running")


@in_rig
async def test_an_abort_without_an_answer_that_took_effect_is_verified(rig: Rig) -> None:
    rig.api.tries = iter([Try(error(FailureKind.TIMEOUT))])
    rig.api.optimizations["O-1"] = make_optimization("O-1", status="RUNNING")
    await rig.act(target("abort"))
    await rig.clock.advance(30)
    assert rig.rungs() == ["SENDING", "SENT", "UNKNOWN", "VERIFIED"]


@in_rig
async def test_an_abort_that_cannot_be_looked_into_says_why(rig: Rig) -> None:
    rig.api.fail["optimization"] = error(FailureKind.SERVER, "server error")
    await rig.act(target("abort"))
    await rig.clock.advance(1)
    assert rig.record().warnings == ("the optimization can't be read: server error",)
    await rig.clock.advance(601)
    assert last(rig.record()) == (Rung.UNVERIFIED, "could not be re-read: server error")


@in_rig
async def test_a_live_read_that_says_nothing_is_said_at_once_and_until_it_says_something(rig: Rig) -> None:
    rig.api.stop_after_s = 1e9
    rig.api.details[1] = SILENT
    await rig.act()
    await rig.clock.advance(1)
    assert rig.record().warnings == ("live/read tells no status",)
    rig.api.details[1] = make_detail(1)
    await rig.clock.advance(4)
    assert rig.record().warnings == ()
    rig.api.details[1] = make_detail(1, status="")
    await rig.clock.advance(600)
    assert "not seen to stop: the API tells no status" in last(rig.record())[1]


@in_rig
async def test_a_live_read_that_says_nothing_confirms_no_flat_portfolio(rig: Rig) -> None:
    rig.api.stop_after_s, rig.api.flat_after_s = 1e9, 10.0
    rig.api.details[1] = make_detail(1, status="Liquidated")
    rig.api.on_read = lambda name: rig.api.details.update({1: SILENT}) if name == "portfolio" else None
    await rig.act()
    await rig.clock.advance(60)
    assert rig.rungs()[-1] == "STOPPED"
    rig.api.on_read = lambda name: None
    rig.api.details[1] = make_detail(1, status="Liquidated")
    await rig.clock.advance(14)
    assert rig.rungs()[-2:] == ["FLAT", "VERIFIED"]


@in_rig
async def test_a_stop_time_without_a_status_is_reported_enough(rig: Rig) -> None:
    rig.api.details[1] = make_detail(1, status="", stopped_at=rig.clock.now())
    await rig.act()
    await rig.clock.advance(1)
    assert rig.record().warnings == ()
    assert "STOPPED" in rig.rungs()


@in_rig
async def test_a_defect_in_one_read_ends_no_verification(rig: Rig) -> None:
    failures = iter([True, True])

    def break_once(name: str) -> None:
        if name == "detail" and next(failures, False):
            raise ZeroDivisionError

    rig.api.on_read = break_once
    await rig.act()
    await rig.clock.advance(60)
    assert rig.record().rung is Rung.VERIFIED


@in_rig
async def test_holdings_are_unknown_until_a_portfolio_shows_them(rig: Rig) -> None:
    rig.api.portfolios[1] = Portfolio((), (), is_known=False)
    rig.api.stop_after_s = 1e9
    await rig.act()
    assert rig.record().holdings is None
    rig.api.portfolios[1] = HELD
    await rig.clock.advance(11)
    assert rig.record().holdings == (SPY,)
    assert rig.record().holdings_mono == rig.clock.monotonic() - 1


def _order(number: int, deploy_id: str, tag: str = "Liquidated") -> Order:
    return make_order(number, deploy_id=deploy_id, tag=tag)


def test_only_orders_a_liquidation_of_this_deployment_placed_count() -> None:
    orders = [
        _order(1, OTHER),
        _order(2, ""),
        _order(3, "L-1", "mine"),
        _order(4, OTHER),
        _order(5, "L-1"),
        _order(6, ""),
    ]
    assert [order.order_id for order in liquidation_orders(orders, "L-1")] == [5, 6]
    assert [order.order_id for order in liquidation_orders(orders, "")] == [1, 2, 4, 5, 6]


def test_words_for_what_had_already_ended() -> None:
    clock = FakeClock()
    at = clock.now() - 60

    def words(status: str, stopped_at: float | None = None) -> str:
        return Observation(Observed.ENDED, status=status, stopped_at=stopped_at).already_ended_words(clock)

    assert words("Stopped", at).startswith("already stopped at ")
    assert words("Liquidated") == "already liquidated"
    assert words("RuntimeError") == "already stopped (RuntimeError)"
    assert "-" in words("Stopped", at - 3 * 86_400)
