"""Single answers are not believed: what is contradicted is withdrawn, in the ladder and in the journal."""

from __future__ import annotations

from qctui.actions.journal_watcher import record_of
from qctui.model.action import Rung
from qctui.model.deployment import Deployment, DeploymentDetail, DeploymentList, Environment
from qctui.model.portfolio import Portfolio
from qctui.model.resource import FailureKind
from qctui.value import replace
from tests.actions.fakes import FLAT, HELD, Rig, Try, error, in_rig, last, target
from tests.fakes import make_detail, make_optimization

RUNNING = make_detail(1)
STOPPED = replace(RUNNING, status="Stopped")


def statuses(rig: Rig, *answers: DeploymentDetail) -> None:
    """live/read answers these in turn, then the last one for ever."""
    rig.api.stop_after_s = 1e9
    waiting = list(answers)

    def turn(name: str) -> None:
        if name == "detail":
            rig.api.details[1] = waiting.pop(0) if len(waiting) > 1 else waiting[0]

    rig.api.on_read = turn


def portfolios(rig: Rig, *answers: Portfolio) -> None:
    """live/portfolio/read answers these in turn, then the last one for ever."""
    rig.api.flat_after_s = 1e9
    waiting = list(answers)
    before = rig.api.on_read

    def turn(name: str) -> None:
        before(name)
        if name == "portfolio":
            rig.api.portfolios[1] = waiting.pop(0) if len(waiting) > 1 else waiting[0]

    rig.api.on_read = turn


@in_rig
async def test_a_stop_seen_once_and_then_running_again_is_withdrawn(rig: Rig) -> None:
    statuses(rig, RUNNING, STOPPED, RUNNING)
    portfolios(rig, FLAT)
    await rig.act()
    await rig.clock.advance(500)
    assert rig.rungs() == ["SENDING", "SENT", "ACCEPTED", "STOPPED", "ACCEPTED"]
    assert last(rig.record()) == (Rung.ACCEPTED, "STOPPED withdrawn: live/read says Running again")
    assert rig.record().standing == (Rung.SENDING, Rung.SENT, Rung.ACCEPTED)
    assert rig.record().withdrawal == "STOPPED withdrawn: live/read says Running again"
    assert rig.events()[-1] == "accepted"
    await rig.clock.advance(200)
    assert rig.record().rung is Rung.UNVERIFIED
    assert "still Running" in last(rig.record())[1]


@in_rig
async def test_a_plain_stop_is_not_verified_by_one_answer(rig: Rig) -> None:
    statuses(rig, STOPPED, RUNNING, STOPPED, STOPPED, STOPPED)
    await rig.act(target("stop"))
    assert rig.rungs()[-1] == "STOPPED"
    await rig.clock.advance(3)
    assert rig.rungs()[-1] == "ACCEPTED"
    await rig.clock.advance(6)
    # After a contradiction three in a row are needed instead of two.
    assert rig.rungs()[-1] == "STOPPED"
    await rig.clock.advance(3)
    assert rig.rungs()[-1] == "VERIFIED"


@in_rig
async def test_flat_once_and_then_held_is_withdrawn(rig: Rig) -> None:
    statuses(rig, STOPPED)
    portfolios(rig, HELD, FLAT, HELD, FLAT)
    await rig.act()
    await rig.clock.advance(11)
    assert rig.rungs()[-1] == "FLAT"
    await rig.clock.advance(4)
    assert last(rig.record()) == (Rung.STOPPED, "FLAT withdrawn: a later portfolio shows SPY 100")
    assert Rung.FLAT not in rig.record().standing
    await rig.clock.advance(60)
    assert rig.record().rung is Rung.VERIFIED
    assert rig.events() == [
        *("intent", "sending", "sent", "accepted", "stopped", "flat", "stopped", "flat", "verified"),
    ]


@in_rig
async def test_the_journal_tells_a_withdrawal_to_other_consoles(rig: Rig) -> None:
    statuses(rig, RUNNING, STOPPED, RUNNING)
    await rig.act()
    await rig.clock.advance(30)
    record = record_of(rig.entries(), rig.clock)
    assert record is not None
    assert record.rung is Rung.ACCEPTED
    assert Rung.STOPPED not in record.standing


@in_rig
async def test_a_withdrawn_stop_of_an_unanswered_request_is_unknown_again(rig: Rig) -> None:
    statuses(rig, STOPPED, RUNNING)
    rig.api.tries = iter([Try(error(FailureKind.TIMEOUT, "no answer"))])
    await rig.act(target("stop"))
    await rig.clock.advance(4)
    assert rig.rungs() == ["SENDING", "SENT", "UNKNOWN", "STOPPED", "UNKNOWN"]


@in_rig
async def test_errors_beside_a_full_answer_do_not_stand_in_the_way(rig: Rig) -> None:
    statuses(rig, replace(STOPPED, errors="backend busy"))
    rig.api.flat_after_s = 0.0
    await rig.act()
    assert rig.record().warnings == ("live/read carries errors: backend busy",)
    # Looks that leave a doubt count half.
    await rig.clock.advance(5)
    assert rig.record().rung is Rung.FLAT
    await rig.clock.advance(5)
    assert rig.record().rung is Rung.VERIFIED


@in_rig
async def test_an_abort_seen_once_and_then_running_is_not_verified(rig: Rig) -> None:
    answers = ["aborted", "running", "running"]

    def turn(name: str) -> None:
        rig.api.optimizations["O-1"] = make_optimization(
            "O-1", status=answers.pop(0) if len(answers) > 1 else "running"
        )

    rig.api.stop_after_s = 1e9
    rig.api.on_read = turn
    await rig.act(target("abort"))
    await rig.clock.advance(601)
    assert last(rig.record()) == (Rung.UNVERIFIED, "still running")


@in_rig
async def test_beside_a_newer_deployment_that_had_ended_before_nothing_was_redeployed(rig: Rig) -> None:
    newer, ours = "L-" + "9" * 32, target().deploy_id
    rig.api.details[1] = make_detail(1, deploy_id=newer, status="Stopped")

    def put_row(status: str) -> None:
        row = Deployment(1, ours, status, 1.0, None, "IB", Environment.LIVE, None)
        rig.api.lists[1] = DeploymentList((row,))

    put_row("Running")
    await rig.act(replace(target(), others=(newer,)))
    await rig.clock.advance(10)
    assert rig.record().rung is Rung.ACCEPTED
    put_row("Stopped")
    await rig.clock.advance(10)
    assert last(rig.record()) == (Rung.UNVERIFIED, f"the portfolio is that of {newer} (Stopped); check the brokerage")


NO = error(FailureKind.REJECTED, "the API says no", answered=True)


@in_rig
async def test_a_refusal_of_what_acted_all_the_same_is_no_rejection(rig: Rig) -> None:
    rig.api.stop_after_s, rig.api.flat_after_s = 2.0, 3.0
    rig.api.tries = iter([Try(NO, acts=True)])
    await rig.act()
    assert rig.record().warnings == ("the API said: the API says no; looking whether nothing happened",)
    await rig.clock.advance(3.5)
    rung, words = rig.record().rung, [step.detail for step in rig.record().steps if step.rung is Rung.UNKNOWN]
    assert rung is not Rung.REJECTED
    assert words[0].startswith("the API said: the API says no; but it has ended since: Liquidated at ")
    await rig.clock.advance(60)
    assert rig.record().rung is Rung.VERIFIED
    assert len(rig.api.posts) == 1
    assert "rejected" not in rig.events()


@in_rig
async def test_a_refused_abort_that_took_effect_is_verified(rig: Rig) -> None:
    rig.api.stop_after_s = 2.0
    rig.api.tries = iter([Try(NO, acts=True)])
    await rig.act(target("abort"))
    await rig.clock.advance(60)
    assert rig.rungs() == ["SENDING", "SENT", "UNKNOWN", "VERIFIED"]


@in_rig
async def test_a_refusal_is_reported_after_two_looks_that_agree(rig: Rig) -> None:
    rig.api.tries = iter([Try(NO, acts=False)])
    await rig.act()
    await rig.clock.advance(2.9)
    assert rig.record().rung is Rung.SENT
    await rig.clock.advance(0.2)
    assert last(rig.record()) == (Rung.REJECTED, "the API says no")
    assert rig.record().warnings == ()
    assert [name for name, _ in rig.api.reads] == ["detail", "detail"]


@in_rig
async def test_a_flat_portfolio_that_was_asked_for_before_it_was_seen_running_again_does_not_count(rig: Rig) -> None:
    statuses(rig, STOPPED, RUNNING, STOPPED)
    portfolios(rig, FLAT)
    right, asked = rig.api.fetch_portfolio, 0

    async def slow(project_id: int) -> Portfolio:
        nonlocal asked
        asked += 1
        if asked == 2:  # the one that begins with the first look: it comes after the second
            await rig.clock.sleep(4.0)
        return await right(project_id)

    rig.api.fetch_portfolio = slow  # type: ignore[method-assign]  # one slow read of the fake
    await rig.act()
    await rig.clock.advance(4.1)
    assert asked == 2
    assert rig.rungs()[3:] == ["STOPPED", "ACCEPTED", "STOPPED"]
