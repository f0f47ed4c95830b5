from __future__ import annotations

import asyncio
from itertools import pairwise
from pathlib import Path

import pytest

from qctui.actions.send import ANSWER_S, SEND_S, ordinal
from qctui.model.action import ACTIONS, Rung
from qctui.model.deployment import Environment
from qctui.model.resource import FailureKind
from tests.actions.fakes import REFUSED_CONNECTION, Post, Rig, Try, error, in_rig, last, target
from tests.fakes import make_detail, make_optimization


@in_rig
async def test_one_confirmation_is_one_post_and_the_ladder_rises_with_the_world(rig: Rig) -> None:
    rig.api.tries = iter([Try(after_s=0.2)])
    await rig.act(target())
    assert rig.rungs() == ["SENDING", "SENT"]
    await rig.clock.advance(0.2)
    assert rig.rungs() == ["SENDING", "SENT", "ACCEPTED"]
    await rig.clock.advance(5)
    assert rig.rungs()[-1] == "ACCEPTED"
    await rig.clock.advance(2)
    assert rig.rungs()[-1] == "STOPPED"
    await rig.clock.advance(12)
    assert rig.rungs()[-1] == "STOPPED"
    await rig.clock.advance(12)
    assert rig.rungs() == ["SENDING", "SENT", "ACCEPTED", "STOPPED", "FLAT", "VERIFIED"]
    assert [post.action for post in rig.api.posts] == ["liquidate"]
    assert rig.events() == ["intent", "sending", "sent", "accepted", "stopped", "flat", "verified"]
    assert rig.record().done
    assert "check the brokerage" in last(rig.record())[1]


@in_rig
async def test_stop_is_verified_once_it_has_stopped_and_never_reads_the_portfolio(rig: Rig) -> None:
    await rig.act(target("stop"))
    await rig.clock.advance(10)
    assert rig.rungs() == ["SENDING", "SENT", "ACCEPTED", "STOPPED", "VERIFIED"]
    assert rig.events() == ["intent", "sending", "sent", "accepted", "stopped", "verified"]
    assert {name for name, _ in rig.api.reads} == {"detail"}
    assert rig.api.posts == [Post("stop", 1, rig.api.posts[0].mono)]


@in_rig
async def test_abort_is_verified_by_its_status(rig: Rig) -> None:
    await rig.act(target("abort"))
    await rig.clock.advance(10)
    assert rig.rungs() == ["SENDING", "SENT", "ACCEPTED", "VERIFIED"]
    assert rig.entries()[0].optimization_id == "O-1"
    assert rig.entries()[0].deploy_id == ""


@in_rig
async def test_an_optimization_that_completes_first_is_not_called_aborted(rig: Rig) -> None:
    rig.api.optimizations["O-1"] = make_optimization("O-1", status="completed")
    await rig.act(target("abort"))
    await rig.clock.advance(1)
    assert rig.record().rung is Rung.ACCEPTED
    await rig.clock.advance(3)
    assert last(rig.record()) == (Rung.REJECTED, "already finished: completed before the abort took effect")


@in_rig
async def test_a_rejection_is_reported_in_the_apis_words(rig: Rig) -> None:
    rig.api.tries = iter([Try(error(FailureKind.REJECTED, "no live control", answered=True), acts=False)])
    await rig.act()
    await rig.clock.advance(5)
    assert last(rig.record()) == (Rung.REJECTED, "no live control")
    assert rig.events() == ["intent", "sending", "sent", "rejected"]
    assert rig.api.calls == 1


@in_rig
async def test_a_rejection_of_what_had_already_stopped_says_that_instead(rig: Rig) -> None:
    rig.api.details[1] = make_detail(1, status="Stopped", stopped_at=rig.clock.now() - 60)
    rig.api.tries = iter([Try(error(FailureKind.REJECTED, "not live", answered=True), acts=False)])
    await rig.act()
    rung, words = last(rig.record())
    assert rung is Rung.REJECTED
    assert words.startswith("already stopped at ")
    assert words.endswith("the API said: not live")


@in_rig
async def test_an_abort_rejected_because_it_had_finished_says_so(rig: Rig) -> None:
    rig.api.optimizations["O-1"] = make_optimization("O-1", status="completed")
    rig.api.tries = iter([Try(error(FailureKind.REJECTED, "nope", answered=True), acts=False)])
    await rig.act(target("abort"))
    assert last(rig.record()) == (Rung.REJECTED, "already finished: completed; the API said: nope")


@in_rig
async def test_where_the_api_knows_no_such_optimization_nothing_can_have_happened(rig: Rig) -> None:
    no = error(FailureKind.REJECTED, "abort: Optimization not found", answered=True)
    rig.api.fail["optimization"] = error(FailureKind.REJECTED, "optimization: Optimization not found", answered=True)
    rig.api.tries = iter([Try(no, acts=False), Try(no, acts=False)])
    await rig.act(target("abort", status=""), target("rename", 2, new_name="New"))
    said = "there is no such optimization; the API said: abort: Optimization not found"
    assert [last(record) for record in rig.records] == [(Rung.REJECTED, said)] * 2


@in_rig
async def test_a_look_that_fails_otherwise_does_not_say_that_there_is_no_optimization(rig: Rig) -> None:
    no = error(FailureKind.REJECTED, "no", answered=True)
    rig.api.tries = iter([Try(no, acts=False), Try(no, acts=False)])
    rig.api.fail["optimization"] = error(FailureKind.REJECTED, "something went wrong", answered=True)
    await rig.act(target("abort"))
    rig.api.fail["optimization"] = error(FailureKind.SERVER, "page not found")
    await rig.act(target("abort", 2))
    assert [last(record)[1] for record in rig.records] == [
        "no; could not be checked: something went wrong",
        "no; could not be checked: page not found",
    ]


@in_rig
async def test_a_second_look_that_hangs_or_fails_leaves_the_apis_words(rig: Rig) -> None:
    rig.api.hang.add("detail")
    no = error(FailureKind.REJECTED, "no", answered=True)
    rig.api.tries = iter([Try(no, acts=False), Try(no, acts=False)])
    await rig.act()
    assert rig.rungs()[-1] == "SENT"
    await rig.clock.advance(4)
    assert last(rig.record()) == (Rung.REJECTED, "no; could not be checked: no answer in time")
    rig.api.hang.clear()
    rig.api.fail["detail"] = error(FailureKind.SERVER)
    (second,) = await rig.act()
    assert rig.rungs(second)[-1] == "REJECTED"


@in_rig
async def test_rejected_credentials_are_a_rejection(rig: Rig) -> None:
    rig.api.tries = iter([Try(error(FailureKind.AUTH, "not accepted", status_code=401), acts=False)])
    await rig.act()
    await rig.clock.advance(4)
    assert last(rig.record()) == (Rung.REJECTED, "not accepted")


@in_rig
async def test_connection_refused_then_a_server_appears(rig: Rig) -> None:
    rig.api.tries = iter([Try(REFUSED_CONNECTION, leaves=False), Try(REFUSED_CONNECTION, leaves=False)])
    await rig.act()
    assert rig.rungs() == ["SENDING"]
    assert rig.record().tries == 2
    assert last(rig.record())[1] == "2nd try in 0.5s: connection refused"
    cancellable = [rig.record().cancellable]
    await rig.clock.advance(0.5)
    assert last(rig.record())[1] == "3rd try in 1s: connection refused"
    await rig.clock.advance(1)
    assert rig.rungs()[:3] == ["SENDING", "SENT", "ACCEPTED"]
    assert [*cancellable, rig.record().cancellable] == [True, False]
    assert len(rig.api.posts) == 1
    await rig.clock.advance(40)
    assert rig.record().rung is Rung.VERIFIED
    assert rig.events()[:6] == ["intent", "sending", "sending", "sending", "sent", "accepted"]


@in_rig
async def test_refused_until_the_deadline_is_not_sent(rig: Rig) -> None:
    rig.api.per_project[1] = Try(REFUSED_CONNECTION, leaves=False)
    await rig.act()
    await rig.clock.advance(SEND_S + 1)
    assert last(rig.record()) == (Rung.NOT_SENT, "connection refused")
    assert rig.api.posts == []
    assert rig.events()[-1] == "not_sent"
    calls = rig.api.calls
    rig.api.per_project.clear()
    await rig.clock.advance(600)
    assert rig.api.calls == calls
    assert rig.api.posts == []


@in_rig
async def test_a_connection_that_is_made_only_after_the_deadline_carries_nothing(rig: Rig) -> None:
    rig.api.tries = iter([Try(before_s=SEND_S + 5)])
    await rig.act()
    await rig.clock.advance(SEND_S + 60)
    assert rig.record().rung is Rung.NOT_SENT
    assert rig.api.posts == []


@in_rig
async def test_a_machine_that_slept_while_connecting_does_not_send_when_it_wakes(rig: Rig) -> None:
    rig.api.tries = iter([Try(before_s=10)])
    await rig.act()
    # The clock counts the sleep of the machine; the timer of the connection does not, and fires first.
    rig.clock._mono += 8 * 3_600
    await rig.clock.advance(0)
    assert rig.record().rung is Rung.NOT_SENT
    assert rig.api.posts == []


@in_rig
async def test_429_is_sent_again_after_the_time_it_asks_for(rig: Rig) -> None:
    busy = error(
        FailureKind.RATE_LIMITED, "too many requests", may_have_acted=False, retry_after_s=7.0, status_code=429
    )
    rig.api.tries = iter([Try(busy, acts=False)])
    await rig.act()
    assert last(rig.record()) == (Rung.SENDING, "2nd try in 7s: too many requests")
    await rig.clock.advance(6.9)
    assert len(rig.api.posts) == 1
    await rig.clock.advance(0.1)
    assert [round(post.mono - rig.api.posts[0].mono, 3) for post in rig.api.posts] == [0.0, 7.0]
    assert rig.rungs() == ["SENDING", "SENT", "SENDING", "SENT", "ACCEPTED"]


@in_rig
async def test_429_without_retry_after_backs_off_by_itself(rig: Rig) -> None:
    busy = error(FailureKind.RATE_LIMITED, "too many requests", may_have_acted=False, status_code=429)
    rig.api.tries = iter([Try(busy, acts=False)] * 6)
    await rig.act()
    await rig.clock.advance(20)
    gaps = [round(after.mono - before.mono, 3) for before, after in pairwise(rig.api.posts)]
    assert gaps == [0.5, 1.0, 2.0, 4.0, 5.0, 5.0]


@in_rig
async def test_429_that_asks_for_longer_than_the_deadline_is_not_sent(rig: Rig) -> None:
    busy = error(FailureKind.RATE_LIMITED, "too many requests", may_have_acted=False, retry_after_s=3_600.0)
    rig.api.tries = iter([Try(busy, acts=False)])
    await rig.act()
    assert rig.record().rung is Rung.NOT_SENT
    await rig.clock.advance(4_000)
    assert len(rig.api.posts) == 1


UNKNOWNS = [
    error(FailureKind.SERVER, "server error", status_code=500),
    error(FailureKind.SERVER, "HTTP 502", status_code=502),
    error(FailureKind.MALFORMED, "the answer is cut off"),
    error(FailureKind.RESET, "the connection broke"),
    error(FailureKind.TIMEOUT, "no answer in time"),
    error(FailureKind.REJECTED, "HTTP 403", status_code=403),
    RuntimeError("a defect of the client"),
]


@pytest.mark.parametrize("acts", [True, False], ids=["the server acted", "the server did not act"])
@pytest.mark.parametrize("failure", UNKNOWNS, ids=lambda failure: str(failure))
def test_after_the_first_byte_nothing_is_sent_again(failure: Exception, acts: bool, tmp_path: Path) -> None:
    async def main() -> None:
        async with Rig(tmp_path) as rig:
            rig.api.tries = iter([Try(failure, acts=acts)])
            await rig.act()
            assert rig.rungs() == ["SENDING", "SENT", "UNKNOWN"]
            await rig.clock.advance(700)
            assert rig.api.calls == 1
            if acts:
                assert rig.rungs()[3:] == ["STOPPED", "FLAT", "VERIFIED"]
            else:
                rung, words = last(rig.record())
                assert rung is Rung.UNVERIFIED
                assert "no answer to the request" in words
                assert "still Running" in words
            assert rig.events() == ["intent", *(rung.lower() for rung in rig.rungs())]

    asyncio.run(main())


@in_rig
async def test_an_answer_that_never_comes_becomes_unknown_and_is_looked_into(rig: Rig) -> None:
    rig.api.tries = iter([Try(hangs=True)])
    await rig.act()
    await rig.clock.advance(ANSWER_S - 1)
    assert rig.rungs() == ["SENDING", "SENT"]
    await rig.clock.advance(1)
    assert rig.rungs()[2] == "UNKNOWN"
    await rig.clock.advance(30)
    assert rig.record().rung is Rung.VERIFIED
    assert rig.api.calls == 1


@in_rig
async def test_cancel_while_nothing_is_out_is_not_sent(rig: Rig) -> None:
    rig.api.tries = iter([Try(before_s=10)])
    (action_id,) = await rig.act()
    await rig.clock.advance(1)
    assert rig.record().cancellable
    rig.service.cancel(action_id)
    await rig.clock.advance(60)
    assert last(rig.record()) == (Rung.NOT_SENT, "cancelled before it was sent")
    assert rig.api.posts == []
    assert rig.events() == ["intent", "sending", "not_sent"]


@in_rig
async def test_cancel_between_two_tries_is_not_sent(rig: Rig) -> None:
    rig.api.tries = iter([Try(REFUSED_CONNECTION, leaves=False)])
    (action_id,) = await rig.act()
    rig.service.cancel(action_id)
    await rig.clock.advance(60)
    assert rig.record().rung is Rung.NOT_SENT
    assert rig.api.posts == []


@in_rig
async def test_cancel_once_it_is_out_changes_nothing(rig: Rig) -> None:
    rig.api.tries = iter([Try(after_s=5)])
    (action_id,) = await rig.act()
    assert not rig.record().cancellable
    rig.service.cancel(action_id)
    await rig.clock.advance(60)
    assert rig.record().rung is Rung.VERIFIED


@in_rig
async def test_the_same_captured_target_confirmed_twice_is_one_request(rig: Rig) -> None:
    once = target()
    first = rig.service.confirm([once], "console")
    second = rig.service.confirm([once], "console")
    await rig.clock.settle()
    third = rig.service.confirm([once], "console")
    await rig.clock.advance(60)
    assert first == second == third
    assert len(rig.api.posts) == 1
    assert len(rig.records) == 1


@in_rig
async def test_a_target_named_twice_in_one_batch_gets_one_request(rig: Rig) -> None:
    ids = await rig.act(target(), target(), target(number=2))
    assert ids[0] == ids[1] != ids[2]
    assert sorted(str(post.id) for post in rig.api.posts) == ["1", "2"]


@in_rig
async def test_a_person_may_liquidate_again(rig: Rig) -> None:
    rig.api.tries = iter([Try(error(FailureKind.TIMEOUT), acts=False)])
    await rig.act()
    assert rig.record().rung is Rung.UNKNOWN
    assert rig.service.refusal(target()) is None
    await rig.act(target())
    assert len(rig.api.posts) == 2


@in_rig
async def test_twelve_leave_at_once_and_do_not_disturb_each_other(rig: Rig) -> None:
    rig.api.per_project[3] = Try(error(FailureKind.REJECTED, "no", answered=True), acts=False)
    rig.api.per_project[7] = Try(hangs=True)
    rig.api.per_project[8] = Try(RuntimeError("defect"), acts=False)
    writes = rig.disk.jobs
    ids = await rig.act(*(target(number=number) for number in range(1, 13)))
    assert len(ids) == len(set(ids)) == 12
    assert sorted(int(post.id) for post in rig.api.posts) == list(range(1, 13))
    assert {post.mono for post in rig.api.posts} == {rig.clock.monotonic()}
    assert [entry.event for entry in rig.entries()][:24] == ["intent"] * 12 + ["sending"] * 12
    assert rig.disk.jobs > writes
    await rig.clock.advance(60)
    by_number = {record.target.project_id: record.rung for record in rig.records}
    assert by_number.pop(3) is Rung.REJECTED
    # Nothing was told by the request itself; what was seen afterwards verified it.
    assert by_number.pop(7) is Rung.VERIFIED
    assert by_number.pop(8) is Rung.UNKNOWN
    assert set(by_number.values()) == {Rung.VERIFIED}
    assert len({record.batch_id for record in rig.records}) == 1


@in_rig
async def test_the_journals_fields_are_those_of_the_design(rig: Rig) -> None:
    await rig.act(target(name="a\nb\x1b[31m", environment=Environment.PAPER))
    entry = rig.entries()[0]
    assert entry.at == "2023-11-14T22:13:20.000Z"
    assert (entry.event, entry.action, entry.project_id) == ("intent", "liquidate", 1)
    assert entry.name == "a b"
    assert (entry.environment, entry.profile, entry.via) == ("PAPER", "default", "console")
    assert entry.base_url == "https://www.quantconnect.com/api/v2"


def test_a_watcher_that_fails_stops_no_trigger(tmp_path: Path) -> None:
    def fail(key: object) -> None:
        if key == ACTIONS:
            raise RuntimeError("the screen is gone")

    async def main() -> None:
        rig = Rig(tmp_path)
        rig.store.subscribe(fail)
        async with rig:
            await rig.act()
            await rig.clock.advance(60)
            assert len(rig.api.posts) == 1
            assert rig.events()[-1] == "verified"

    asyncio.run(main())


def test_wall_clock_jumps_change_nothing_but_the_dates(tmp_path: Path) -> None:
    async def main() -> None:
        async with Rig(tmp_path) as rig:
            rig.api.tries = iter([Try(REFUSED_CONNECTION, leaves=False)])
            await rig.act()
            rig.clock.jump_wall(-86_400)
            await rig.clock.advance(1)
            rig.clock.jump_wall(2 * 86_400)
            await rig.clock.advance(60)
            assert rig.record().rung is Rung.VERIFIED
            assert len(rig.api.posts) == 1

    asyncio.run(main())


@in_rig
async def test_the_log_of_records_is_published_whole(rig: Rig) -> None:
    assert rig.store.get(ACTIONS).value == ()
    await rig.act()
    (record,) = rig.records
    assert record.via == "console"
    assert record.goal_by_mono == rig.clock.monotonic() + 600


def test_ordinals() -> None:
    assert [ordinal(number) for number in (1, 2, 3, 4, 11, 12, 13, 21, 102, 112)] == [
        "1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "102nd", "112th",
    ]  # fmt: skip
