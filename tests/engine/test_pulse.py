"""The pulse: what is learnt of a deployment's habit, when it is QUIET or BLIND, and what it costs in reads."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qctui.alerts.rules import DEFAULT_BLIND
from qctui.api.ports import ApiError
from qctui.engine.habit import HOUR_S, Habit
from qctui.engine.pulse_judge import HOLD_S, LOG_REFUSAL_S, STALE_CHART_S, STALE_LOOK_S, PulseJudge
from qctui.engine.schedule import PollSettings
from qctui.model.deployment import LogPage
from qctui.model.keys import detail_key, logs_key, optimization_key, orders_key, portfolio_key
from qctui.model.order import Order, OrderEvent
from qctui.model.pulse import NEW_LINES, PULSES, Pulse, PulseState
from qctui.model.resource import FailureKind
from qctui.value import replace
from tests.engine.rhythms import BEGIN, day, month, stamp
from tests.engine.rig import Rig, on_rig
from tests.engine.test_accounts import charted, crowd, equity, steps
from tests.fakes import connect_error, make_deployment, make_insight, server_error

GONE = f"{DEFAULT_BLIND[0]}."
NOW = BEGIN + 2 * 86_400 + 15 * HOUR_S
"""A Wednesday, 11:00 in New York."""


def order(number: int, at: float, status: str = "filled", said: str = "", deploy_id: str = "L-1") -> Order:
    event = OrderEvent(at, status, 0.0, None, deploy_id, said)
    return Order(number, deploy_id, "SPY", "market", status, 1.0, None, at, None, "", (event,))


def judge(
    *orders: Order,
    lines: tuple[str, ...] = (),
    insights: Sequence[float] = (),
    now: float = NOW,
    launched_at: float = 0.0,
) -> PulseJudge:
    found = PulseJudge(launched_at, DEFAULT_BLIND)
    found.take_orders(orders, "L-1", now)
    found.take_log(LogPage(lines, 0, len(lines), 0), now)
    found.take_insights(insights, now)
    return found


def every(minutes: float, hours: float, until: float = NOW) -> list[float]:
    """Signs at equal distances."""
    count = int(hours * 60 / minutes)
    return [until - 60.0 * minutes * number for number in range(count, -1, -1)]


def test_a_month_of_a_desk_is_told_of_what_happened_and_of_nothing_else() -> None:
    told = [(name, state, at) for name, state, at in month() if state in (PulseState.QUIET, PulseState.BLIND)]
    assert [(name, state) for name, state, _ in told] == [
        ("us-loses", PulseState.BLIND),
        ("us-waits", PulseState.QUIET),
    ]
    # Both happened on a Sunday: the first refused order comes on Monday, and silence counts from the opening on.
    assert day(14.55) < told[0][2] < day(14.75)
    assert day(21.55) < told[1][2] < day(21.8)


def test_a_brokerage_is_gone_until_an_order_goes_well() -> None:
    refused = [order(2, NOW - 3_000, "invalid", GONE), order(3, NOW - 600, "invalid", GONE.upper())]
    seen = judge(order(1, NOW - 9_000), *refused)
    pulse = seen.judge([seen.habit], NOW)
    assert (pulse.state, pulse.refusals, pulse.since) == (PulseState.BLIND, 2, NOW - 3_000)
    assert pulse.last_refusal is not None
    assert pulse.last_refusal.text == GONE.upper()
    three_days = NOW + 3 * 86_400
    seen.take_orders(refused, "L-1", three_days)
    assert seen.judge([seen.habit], three_days).state is PulseState.BLIND
    seen.take_orders([*refused, order(4, three_days - 60, "submitted")], "L-1", three_days)
    assert seen.judge([seen.habit], three_days).state is not PulseState.BLIND


@pytest.mark.parametrize(
    "other",
    [
        order(2, NOW - 60, "invalid", "Insufficient buying power to complete order"),
        order(2, NOW - 60, "canceled", GONE),
        order(2, NOW - 60, "invalid", GONE, deploy_id="L-2"),
        order(2, NOW - 90_000, "invalid", GONE),
    ],
    ids=["no money", "canceled", "of another deployment", "before the launch"],
)
def test_other_trouble_is_no_blindness(other: Order) -> None:
    seen = judge(other, launched_at=NOW - 80_000)
    assert seen.judge([seen.habit], NOW).state is not PulseState.BLIND


def test_a_line_that_says_disconnected_counts_for_a_while() -> None:
    line = f"2026-10-07 10:59:00 Error: {DEFAULT_BLIND[1]}"
    seen = judge(lines=("2026-10-07 10:00:00 working", line))
    pulse = seen.judge([seen.habit], NOW)
    assert (pulse.state, pulse.refusals) == (PulseState.BLIND, 1)
    assert pulse.last_refusal is not None
    assert pulse.last_refusal.at == NOW - 60
    assert seen.judge([seen.habit], NOW + LOG_REFUSAL_S).state is not PulseState.BLIND


def test_a_line_without_a_time_is_as_old_as_the_one_before_it() -> None:
    old = ("launching", "2026-10-06 10:00:00 working", "no time", f"Error: {DEFAULT_BLIND[0]}")
    seen = judge(lines=old, launched_at=NOW - 2 * 86_400)
    pulse = seen.judge([seen.habit], NOW)
    assert pulse.last_sign is not None
    assert pulse.last_sign.at == NOW - 25 * HOUR_S
    assert pulse.refusals == 0
    seen.take_log(LogPage((*old, "no time either"), 0, 5, 0), NOW + 300)
    pulse = seen.judge([seen.habit], NOW + 300)
    assert pulse.last_sign is not None
    assert pulse.last_sign.at == NOW + 300


def test_nights_and_weekends_are_no_silence() -> None:
    habit = Habit()
    for week_day in range(5):
        opening = BEGIN + week_day * 86_400 + 13.5 * HOUR_S
        habit.add(opening + 300.0 * number for number in range(78))
    friday_close = BEGIN + 4 * 86_400 + 20 * HOUR_S
    assert habit.open_s(friday_close, friday_close + 2.5 * 86_400) == 0.0
    monday_noon = BEGIN + 7 * 86_400 + 16 * HOUR_S
    assert habit.open_s(friday_close, monday_noon) == pytest.approx(3 * HOUR_S)


def test_a_dense_stream_has_a_habit_too() -> None:
    habit = Habit()
    for at in every(0.5, 12):
        habit.add([at])
    assert habit.usual_s is not None
    assert habit.usual_s <= 600.0
    assert habit.last_at == NOW


@given(st.lists(st.integers(0, 6 * 3_600), min_size=12, max_size=60), st.randoms(use_true_random=False))
def test_a_habit_is_the_same_in_whatever_order_and_how_often_the_signs_are_read(ats: list[int], luck: Random) -> None:
    """As they come, all at once with the newest first, or again from a tape: what is told of it must be the same."""
    as_they_came, at_once, mixed = Habit(), Habit(), Habit()
    for at in sorted(ats):
        as_they_came.add([NOW + at])
    at_once.add(NOW + at for at in sorted(ats, reverse=True))
    mixed.add(NOW + at for at in luck.sample(ats * 2, 2 * len(ats)))
    told = {(each.signs, each.count, each.usual_s, each.tolerated_s) for each in (as_they_came, at_once, mixed)}
    assert len(told) == 1


def test_what_is_dense_and_read_for_an_hour_only_is_judged_by_its_older_orders() -> None:
    seen = judge(*(order(number, at) for number, at in enumerate(every(120, 60))), insights=every(0.75, 1.2))
    pulse = seen.judge([seen.habit], NOW)
    assert pulse.state is PulseState.OK
    assert pulse.habit_s == pytest.approx(3_600, rel=0.01)
    assert (pulse.allowed_s or 0.0) >= 2 * 3_590
    # Four hours later all of them are known, and what is usual is a matter of minutes.
    later = NOW + 4 * HOUR_S
    seen.take_insights(every(0.75, 4, later), later)
    assert (seen.judge([seen.habit], later).habit_s or 0.0) <= 600.0


def test_nothing_is_ok_before_orders_and_log_were_read() -> None:
    seen = PulseJudge(0.0, DEFAULT_BLIND)
    seen.take_samples(every(15, 24), NOW)
    seen.take_log(LogPage((), 0, 0, 0), NOW)
    pulse = seen.judge([seen.habit], NOW)
    assert (pulse.state, pulse.why) == (PulseState.UNKNOWN, "not looked at yet")
    seen.take_orders([], "L-1", NOW)
    assert seen.judge([seen.habit], NOW).state is PulseState.OK


def test_a_chart_that_is_read_every_half_hour_is_no_read_that_fails() -> None:
    seen = judge()
    seen.take_samples(every(15, 24), NOW)
    assert seen.judge([seen.habit], NOW + STALE_LOOK_S + 60).state is PulseState.OK
    assert seen.judge([seen.habit], NOW + STALE_CHART_S + 60).state is PulseState.UNKNOWN


def test_insights_that_are_read_rarely_are_no_reads_that_fail() -> None:
    seen = judge(*(order(number, at) for number, at in enumerate(every(10, 12))))
    seen.take_insights([], NOW)
    later = NOW + 2 * HOUR_S
    seen.take_orders([order(900 + number, at) for number, at in enumerate(every(10, 2, later))], "L-1", later)
    seen.take_log(LogPage((), 0, 0, 0), later)
    pulse = seen.judge([seen.habit], later)
    assert pulse.state is PulseState.OK
    assert pulse.oldest_look == later


def test_that_a_brokerage_takes_orders_is_known_before_there_is_a_habit() -> None:
    refused = order(1, NOW - 600, "invalid", GONE)
    seen = judge(refused)
    assert seen.judge([seen.habit], NOW).state is PulseState.BLIND
    seen.take_orders([refused, order(2, NOW + 60)], "L-1", NOW + 120)
    pulse = seen.judge([seen.habit], NOW + 120)
    assert (pulse.state, pulse.why, pulse.refusals_known) == (PulseState.UNKNOWN, "too little history to judge", True)
    assert not seen.judge([seen.habit], NOW + 120 + STALE_LOOK_S).refusals_known
    unread = PulseJudge(0.0, DEFAULT_BLIND)
    unread.take_orders([order(2, NOW)], "L-1", NOW)
    assert not unread.judge([unread.habit], NOW).refusals_known


def test_lines_that_came_between_the_start_and_the_first_look_are_new() -> None:
    lines = (f"{stamp(NOW - 60)} before", f"{stamp(NOW + 60)} margin call", "of 100")
    watched = PulseJudge(0.0, DEFAULT_BLIND, watched_since=NOW)
    watched.take_log(LogPage(lines, 0, 3, 0), NOW + 300)
    assert [sign.text for sign in watched.lines] == ["margin call", "of 100"]
    watched.take_log(LogPage((*lines, f"{stamp(NOW + 360)} later"), 0, 4, 0), NOW + 600)
    assert [sign.text for sign in watched.lines] == ["margin call", "of 100", "later"]


def test_with_little_history_nothing_is_claimed() -> None:
    seen = judge(*(order(number, at) for number, at in enumerate(every(10, 1.5))))
    pulse = seen.judge([seen.habit], NOW)
    assert (pulse.state, pulse.why) == (PulseState.UNKNOWN, "too little history to judge")


def test_what_can_not_be_read_is_not_known() -> None:
    seen = judge(*(order(number, at) for number, at in enumerate(every(10, 12))))
    assert seen.judge([seen.habit], NOW).state is PulseState.OK
    later = seen.judge([seen.habit], NOW + STALE_LOOK_S + 1)
    assert (later.state, later.why) == (PulseState.UNKNOWN, "the reads fail")


def test_silence_that_all_share_is_a_closed_market() -> None:
    alone, other = (judge(*(order(n, at) for n, at in enumerate(every(10, 48)))) for _ in range(2))
    later = NOW + 6 * HOUR_S
    for each in (alone, other):
        each.take_orders([order(1_000, NOW)], "L-1", later)
        each.take_log(LogPage((), 0, 0, 0), later)
        each.take_insights([], later)
    assert alone.judge([alone.habit], later).state is PulseState.QUIET
    assert alone.judge([alone.habit, other.habit], later).state is PulseState.OK
    other.take_orders([order(2_000 + n, at) for n, at in enumerate(every(10, 6, later))], "L-1", later)
    assert alone.judge([alone.habit, other.habit], later).state is PulseState.QUIET


def test_silence_is_quiet_only_once_no_part_may_hold_a_newer_sign() -> None:
    seen = judge(*(order(n, at) for n, at in enumerate(every(10, 48))))
    later = NOW + 3 * HOUR_S
    seen.take_orders([], "L-1", later)
    seen.take_log(LogPage((), 0, 0, 0), later)
    assert (seen.judge([seen.habit], later).state, seen.awaits) == (PulseState.OK, frozenset({"insights"}))
    # It can't be read, and holds it back no longer.
    assert seen.judge([seen.habit], later + HOLD_S).state is PulseState.OK
    unread = seen.judge([seen.habit], later + HOLD_S + 1)
    assert unread.state is PulseState.UNKNOWN  # orders and log are too old by now
    seen.take_orders([], "L-1", later + HOLD_S + 1)
    seen.take_log(LogPage((), 0, 0, 0), later + HOLD_S + 1)
    # While nothing could be read it did not wait.
    assert seen.judge([seen.habit], later + HOLD_S + 1).state is PulseState.OK
    for minutes in range(5, 35, 5):
        now = later + HOLD_S + 60 * minutes
        seen.take_orders([], "L-1", now)
        seen.take_log(LogPage((), 0, 0, 0), now)
        assert seen.judge([seen.habit], now).state is PulseState.OK
    end = later + 2 * HOLD_S + 60
    assert (seen.judge([seen.habit], end).state, seen.awaits) == (PulseState.QUIET, frozenset())
    seen.take_insights([end - 700], end)
    assert seen.judge([seen.habit], end).state is PulseState.OK


def remembered(rig: Rig, silent_h: float, deploy_id: str = make_deployment(1).deploy_id) -> None:
    """An earlier run has learnt a dense habit of this deployment, which ended so long ago."""
    habits = judge(
        *(order(n, at, deploy_id="") for n, at in enumerate(every(10, 48, rig.clock.now() - silent_h * HOUR_S)))
    )
    rig.poller.pulses.restore(deploy_id, habits)


async def pulses_of_the_next(rig: Rig, minutes: int) -> list[tuple[PulseState, str]]:
    """What was said of deployment 1, each change once, looked at every second."""
    said: list[tuple[PulseState, str]] = []
    for _ in range(60 * minutes):
        await rig.clock.advance(1)
        pulse = (rig.get(PULSES).value or {}).get(make_deployment(1).deploy_id)
        if pulse is not None and (pulse.state, pulse.why) not in said[-1:]:
            said.append((pulse.state, pulse.why))
    return said


def test_after_a_start_nothing_is_quiet_before_every_part_was_read() -> None:
    async def body(rig: Rig) -> None:
        rig.api.insights = [make_insight(n, generated_at=at) for n, at in enumerate(every(10, 6, rig.clock.now() - 60))]
        rig.api.latency_s = 2.0
        assert await pulses_of_the_next(rig, 20) == [
            (PulseState.UNKNOWN, "not looked at yet"),
            (PulseState.UNKNOWN, "insights not looked at yet"),
            (PulseState.OK, ""),
        ]
        # What it waits for is read at once, before what else is due.
        first = {name: rig.api.times(name)[0] for name in ("orders", "logs", "insights")}
        assert first["insights"] == max(first.values()) <= max(rig.api.times("logs")[1], first["orders"]) + 4

    on_rig(body, before=lambda rig: remembered(rig, 6))


def test_what_may_be_quiet_is_looked_at_before_the_others_after_a_start_and_after_an_outage() -> None:
    late = make_deployment(33).deploy_id

    async def body(rig: Rig) -> None:
        # In turn it takes a quarter of an hour, and an alert that was told has no data for as long.
        await rig.clock.advance(240)
        assert rig.value(PULSES)[late].state is PulseState.QUIET
        rig.api.fail(connect_error())
        await rig.clock.advance(3 * HOUR_S)
        assert rig.value(PULSES)[late].state is PulseState.UNKNOWN
        rig.api.heal()
        await rig.clock.advance(60)
        assert rig.value(PULSES)[late].state is PulseState.QUIET
        assert sum(each.state is PulseState.QUIET for each in rig.value(PULSES).values()) == 1

    def before(rig: Rig) -> None:
        crowd(rig)
        remembered(rig, 6, late)

    on_rig(body, before=before)


@pytest.mark.parametrize("error", [server_error(), ApiError(FailureKind.REJECTED, "No.", answered=True)])
def test_a_part_that_can_not_be_read_does_not_hold_quiet_back_for_ever(error: ApiError) -> None:
    async def body(rig: Rig) -> None:
        rig.api.fail(error, "insights")
        said = await pulses_of_the_next(rig, 45)
        assert said[-2:] == [(PulseState.UNKNOWN, "insights not looked at yet"), (PulseState.QUIET, "")]
        assert rig.api.count("insights") <= 5

    on_rig(body, before=lambda rig: remembered(rig, 6))


def test_orders_log_and_insights_of_what_runs_are_read_in_turn() -> None:
    async def body(rig: Rig) -> None:
        await rig.clock.advance(3_600)
        pulse = pulse_of(rig)
        assert set(pulse.looked_at) == {"orders", "log", "insights", "chart"}
        assert pulse.oldest_look is not None
        assert rig.clock.now() - pulse.oldest_look <= 1_800
        assert rig.api.count("orders") == pytest.approx(12, abs=2)
        assert rig.api.count("logs") == pytest.approx(12, abs=3)

    on_rig(body, before=lambda rig: charted(rig, equity(*steps(rig, 40.0))))


def test_forty_are_looked_at_within_ten_minutes_at_the_default_budget() -> None:
    async def body(rig: Rig) -> None:
        rig.subscribe(detail_key(7), portfolio_key(7))
        await rig.clock.advance(1_800)
        for _ in range(20):
            await rig.clock.advance(60)
            looks = [rig.clock.now() - pulse.looked_at[part] for pulse in rig.value(PULSES).values() for part in PARTS]
            assert len(looks) == 80
            assert max(looks) <= 600

    on_rig(body, before=crowd)


def test_a_screen_that_asks_for_more_than_the_budget_does_not_hide_the_pulse() -> None:
    async def body(rig: Rig) -> None:
        rig.subscribe(detail_key(1), *(optimization_key(f"O-{number}") for number in range(30)))
        await rig.clock.advance(1_500)
        for _ in range(10):
            await rig.clock.advance(60)
            pulses = rig.value(PULSES)
            looks = [rig.clock.now() - pulse.looked_at.get(part, 0.0) for pulse in pulses.values() for part in PARTS]
            assert len(looks) == 12
            # Soon enough for a pulse to rest on it.
            assert max(looks) <= 1_500 < STALE_LOOK_S
        assert rig.api.count("optimization") > 150

    def before(rig: Rig) -> None:
        rig.api.deployments = [make_deployment(number) for number in range(1, 7)]

    on_rig(body, PollSettings(reads_per_minute=30), before)


PARTS = ("orders", "log")


def test_what_is_on_screen_is_not_read_twice() -> None:
    async def body(rig: Rig) -> None:
        deployment = rig.api.deployments[0]
        rig.subscribe(orders_key(1), logs_key(1, deployment.deploy_id))
        await rig.clock.advance(600)
        assert rig.api.overlaps == 0
        assert rig.api.count("orders") == 11
        assert rig.clock.now() - pulse_of(rig).looked_at["orders"] <= 60

    on_rig(body)


def test_new_lines_are_handed_on_and_old_ones_are_not() -> None:
    async def body(rig: Rig) -> None:
        await rig.clock.advance(60)
        assert rig.value(NEW_LINES) == {make_deployment(1).deploy_id: ()}
        rig.api.logs.append("margin call")
        await rig.clock.advance(400)
        assert [sign.text for sign in rig.value(NEW_LINES)[make_deployment(1).deploy_id]] == ["margin call"]

    def before(rig: Rig) -> None:
        rig.api.logs = ["was there before"]

    on_rig(body, before=before)


def test_a_page_of_insights_after_which_others_came_is_no_silence() -> None:
    seen = judge()
    seen.take_insights(every(1, 40), NOW)
    assert seen.judge([seen.habit], NOW).state is PulseState.OK
    later = NOW + 3 * HOUR_S
    seen.take_orders([], "L-1", later)
    seen.take_log(LogPage((), 0, 0, 0), later)
    seen.take_insights(every(1, 0.5, NOW + HOUR_S), later, newest=False)
    assert seen.judge([seen.habit], later).state is PulseState.OK
    seen.take_insights(every(1, 2, NOW + HOUR_S), later)
    assert seen.judge([seen.habit], later).state is PulseState.QUIET


@pytest.mark.parametrize("error", [connect_error()], ids=["down"])
def test_an_outage_makes_the_pulse_unknown_and_its_end_known_again(error: ApiError) -> None:
    async def body(rig: Rig) -> None:
        rig.api.orders = [order(n, at, deploy_id="") for n, at in enumerate(every(10, 40, rig.clock.now()))]
        await rig.clock.advance(600)
        assert pulse_of(rig).state is PulseState.OK
        rig.api.fail(error)
        await rig.clock.advance(STALE_LOOK_S + 600)
        assert (pulse_of(rig).state, pulse_of(rig).why) == (PulseState.UNKNOWN, "the reads fail")
        rig.api.heal()
        rig.api.orders = [replace(each, order_id=each.order_id + 900) for each in rig.api.orders]
        await rig.clock.advance(900)
        assert pulse_of(rig).state is not PulseState.UNKNOWN

    on_rig(body)


def pulse_of(rig: Rig) -> Pulse:
    return rig.value(PULSES)[make_deployment(1).deploy_id]
