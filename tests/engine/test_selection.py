from __future__ import annotations

from itertools import pairwise
from typing import Any

from qctui.engine.engine_port import Visibility
from qctui.engine.polls import LIST_GAP_S
from qctui.engine.rate_limiter import WINDOW_S
from qctui.engine.schedule import PollSettings
from qctui.model.chart import ChartWindow
from qctui.model.keys import (
    DEPLOYMENTS,
    LINK,
    Key,
    chart_key,
    detail_key,
    insights_key,
    optimization_key,
    portfolio_key,
)
from qctui.model.link import LinkState
from tests.engine.rig import Rig, nothing_runs, on_rig
from tests.fakes import connect_error, make_insight


def _selection(project_id: int) -> tuple[Key[Any], ...]:
    return (
        detail_key(project_id),
        chart_key(project_id, "Strategy Equity", ChartWindow(), 200),
        portfolio_key(project_id),
        insights_key(project_id, f"L-{project_id}"),
    )


def _project_calls(rig: Rig) -> list[int]:
    return [call.args[0] for call in rig.api.calls if call.name in ("detail", "chart", "portfolio", "insights")]


def test_the_first_selection_is_read_without_waiting() -> None:
    async def body(rig: Rig) -> None:
        rig.subscribe(*_selection(1))
        await rig.clock.advance(0)
        assert all(rig.get(key).value is not None for key in _selection(1))

    on_rig(body)


def test_moving_shows_everything_within_a_second_even_from_a_slow_service() -> None:
    async def body(rig: Rig) -> None:
        rig.subscribe(*_selection(1))
        await rig.clock.advance(90)
        rig.api.latency_s = 0.4
        rig.subscribe(*_selection(2))
        await rig.clock.advance(0.6)
        assert all(rig.get(key).value is not None for key in _selection(2))

    on_rig(body)


def test_twenty_quick_moves_read_exactly_the_last_one() -> None:
    async def body(rig: Rig) -> None:
        rig.subscribe(*_selection(100))
        await rig.clock.advance(30)
        before = len(_project_calls(rig))
        for project_id in range(1, 21):
            rig.subscribe(*_selection(project_id))
            await rig.clock.advance(0.05)
        await rig.clock.advance(1)
        assert set(_project_calls(rig)[before:]) == {20}
        assert all(rig.get(key).value is not None for key in _selection(20))
        assert rig.get(detail_key(7)).value is None

    on_rig(body)


def test_leafing_three_times_a_second_piles_up_nothing() -> None:
    async def body(rig: Rig) -> None:
        rig.api.latency_s = 0.3
        rig.subscribe(*_selection(100))
        await rig.clock.advance(30)
        before = len(_project_calls(rig))
        for project_id in range(1, 21):
            rig.subscribe(*_selection(project_id))
            await rig.clock.advance(0.28)
        await rig.clock.advance(1)
        read = _project_calls(rig)[before:]
        assert len(read) <= 2 * len(_selection(1))
        assert rig.api.running == 0
        assert all(rig.get(key).value is not None for key in _selection(20))

    on_rig(body)


def test_late_answers_of_what_was_left_are_cancelled_and_dropped() -> None:
    async def body(rig: Rig) -> None:
        await rig.clock.advance(5)
        hold = rig.api.hold("detail")
        rig.subscribe(detail_key(1))
        await rig.clock.advance(1)
        assert rig.api.running == 1
        rig.subscribe(detail_key(2))
        await rig.clock.advance(0)
        assert (rig.api.running, rig.api.cancelled) == (0, 1)
        hold.release()
        await rig.clock.advance(2)
        assert rig.get(detail_key(1)).value is None
        assert rig.get(detail_key(2)).value is not None

    on_rig(body)


def test_coming_back_shows_what_was_known_and_reads_it_when_its_time_has_come() -> None:
    async def body(rig: Rig) -> None:
        rig.subscribe(portfolio_key(1))
        await rig.clock.advance(20)
        known = rig.get(portfolio_key(1)).value
        rig.subscribe(portfolio_key(2))
        await rig.clock.advance(20)
        rig.subscribe(portfolio_key(1))
        assert rig.get(portfolio_key(1)).value is known
        calls = [call.args for call in rig.api.calls if call.name == "portfolio"]
        await rig.clock.advance(19)
        assert [call.args for call in rig.api.calls if call.name == "portfolio"] == calls
        await rig.clock.advance(2)
        assert [call.args for call in rig.api.calls if call.name == "portfolio"] == [*calls, (1,)]

    on_rig(body)


def test_going_to_and_fro_never_reads_the_same_twice_in_a_second() -> None:
    async def body(rig: Rig) -> None:
        rig.api.fail(connect_error(), "portfolio")
        await rig.clock.advance(5)
        for _ in range(40):
            rig.subscribe(detail_key(1))
            await rig.clock.advance(0.35)
            rig.subscribe(detail_key(2))
            await rig.clock.advance(0.35)
        times = [call.mono for call in rig.api.calls if call.name == "detail" and call.args == (1,)]
        assert all(after - before >= 1.0 for before, after in pairwise(times))

    on_rig(body)


def test_going_back_to_what_failed_tells_when_it_is_tried_next() -> None:
    async def body(rig: Rig) -> None:
        await rig.clock.advance(5)
        rig.api.fail(ZeroDivisionError(), "portfolio")
        rig.subscribe(portfolio_key(1))
        await rig.clock.advance(60)
        rig.subscribe()
        await rig.clock.advance(600)
        rig.subscribe(portfolio_key(1))
        error = rig.get(portfolio_key(1)).error
        assert error is not None
        assert error.next_try_mono is not None
        calls = rig.api.count("portfolio")
        await rig.clock.advance(error.next_try_mono - rig.clock.monotonic())
        assert rig.api.count("portfolio") == calls + 1

    on_rig(body)


def _busiest_minute(rig: Rig) -> int:
    times = [call.mono for call in rig.api.calls]
    return max(sum(start <= time < start + 60 for time in times) for start in times)


def test_the_polling_never_exceeds_the_budget_in_any_minute() -> None:
    async def body(rig: Rig) -> None:
        await rig.clock.advance(100)
        rig.api.calls.clear()
        rig.subscribe(*_selection(1), *((optimization_key(f"O-{n}"), Visibility.VISIBLE) for n in range(80)))
        await rig.clock.advance(900)
        assert 50 <= _busiest_minute(rig) <= 60
        assert rig.link.waiting > 0

    def before(rig: Rig) -> None:
        rig.api.insights = [make_insight(number) for number in range(5_000)]

    on_rig(body, before=before)


def test_a_person_who_never_rests_is_bounded_too() -> None:
    async def body(rig: Rig) -> None:
        for project_id in range(1, 400):
            rig.subscribe(*_selection(project_id))
            rig.poller.refresh()
            await rig.clock.advance(1.5)
        assert _busiest_minute(rig) <= 90 + WINDOW_S / LIST_GAP_S

    on_rig(body)


def test_moving_about_while_ten_thousand_insights_are_read_still_shows_everything_within_a_second() -> None:
    async def body(rig: Rig) -> None:
        rig.api.latency_s = 0.1
        rig.subscribe(*_selection(1))
        await rig.clock.advance(20)
        for project_id in range(2, 6):
            rig.subscribe(*_selection(project_id))
            await rig.clock.advance(1)
            assert all(rig.get(key).value is not None for key in _selection(project_id)), project_id
            await rig.clock.advance(4)

    def before(rig: Rig) -> None:
        rig.api.insights = [make_insight(number) for number in range(10_000)]

    on_rig(body, before=before)


def test_the_live_list_keeps_its_pace_when_the_budget_is_short() -> None:
    async def body(rig: Rig) -> None:
        rig.subscribe(*((optimization_key(f"O-{number}"), Visibility.VISIBLE) for number in range(200)))
        await rig.clock.advance(1_200)
        times = rig.api.times("deployments")
        assert max(after - before for before, after in pairwise(times)) <= 21

    on_rig(body)


def test_the_visible_go_first_and_the_hidden_are_not_starved() -> None:
    async def body(rig: Rig) -> None:
        hidden = portfolio_key(9)
        rig.subscribe(
            (hidden, Visibility.HIDDEN),
            *((optimization_key(f"O-{number}"), Visibility.VISIBLE) for number in range(100)),
        )
        await rig.clock.advance(1_800)
        assert 3 <= rig.api.count("portfolio") <= 11
        assert rig.api.count("optimization") > 1_000

    on_rig(body, PollSettings(reads_per_minute=60), before=nothing_runs)


def test_a_newly_selected_deployment_is_read_at_once_while_the_budget_is_short() -> None:
    async def body(rig: Rig) -> None:
        crowd = [(optimization_key(f"O-{number}"), Visibility.HIDDEN) for number in range(300)]
        rig.subscribe(*crowd)
        await rig.clock.advance(600)
        assert rig.link.waiting > 0
        rig.subscribe(*crowd, detail_key(1), portfolio_key(1))
        await rig.clock.advance(4)
        assert rig.get(detail_key(1)).value is not None
        assert rig.get(portfolio_key(1)).value is not None

    on_rig(body)


def test_an_equal_answer_keeps_the_same_value_with_a_new_age() -> None:
    async def body(rig: Rig) -> None:
        rig.subscribe(detail_key(1))
        await rig.clock.advance(1)
        one = rig.get(detail_key(1))
        listed = rig.get(DEPLOYMENTS).value
        await rig.clock.advance(20)
        other = rig.get(detail_key(1))
        assert other.value is one.value
        assert other.fetched_mono is not None
        assert one.fetched_mono is not None
        assert other.fetched_mono == one.fetched_mono + 20
        assert other.version > one.version
        assert rig.get(DEPLOYMENTS).value is listed

    on_rig(body)


def test_the_link_is_quiet_while_nothing_changes() -> None:
    async def body(rig: Rig) -> None:
        rig.subscribe(*_selection(1))
        await rig.clock.advance(120)
        rig.puts.clear()
        await rig.clock.advance(3_600)
        assert rig.link.state is LinkState.OK
        assert rig.puts.count(LINK) == 0

    on_rig(body)


def test_keys_that_are_not_read_from_the_api_are_no_trouble() -> None:
    async def body(rig: Rig) -> None:
        rig.subscribe(LINK, Key("recheck", 1, "L-1"), detail_key(1))
        await rig.clock.advance(1)
        assert rig.get(detail_key(1)).value is not None

    on_rig(body)
