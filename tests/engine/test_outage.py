from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from qctui.api.ports import ApiError, Loading
from qctui.engine.poller import SOONEST_S, TICK_CAP_S
from qctui.engine.schedule import AUTH_CAP_S, BACKOFF_CAP_S, PROBE_CAP_S
from qctui.model.chart import ChartWindow
from qctui.model.keys import (
    DEPLOYMENTS,
    PROJECTS,
    Key,
    chart_key,
    detail_key,
    insights_key,
    optimizations_key,
    portfolio_key,
)
from qctui.model.link import LinkState
from qctui.model.resource import FailureKind
from tests.engine.rig import Rig, nothing_runs, on_rig
from tests.fakes import auth_error, connect_error, make_chart, make_deployment, make_detail, server_error

CHART = chart_key(1, "Strategy Equity", ChartWindow(), 200)
SCREEN: tuple[Key[Any], ...] = (detail_key(1), CHART, portfolio_key(1), insights_key(1, "L-1"), optimizations_key(1))


def test_when_the_api_is_down_one_probe_asks_and_everything_says_so() -> None:
    async def body(rig: Rig) -> None:
        rig.subscribe(*SCREEN)
        await rig.clock.advance(60)
        before = {key: rig.get(key) for key in SCREEN}
        rig.api.fail(connect_error())
        await rig.clock.advance(60)
        sent = rig.api.count()
        await rig.clock.advance(600)
        assert rig.api.count() - sent <= 600 / PROBE_CAP_S + 1
        assert rig.link.state is LinkState.DOWN
        for key in (*SCREEN, DEPLOYMENTS, PROJECTS):
            resource = rig.get(key)
            assert resource.value is not None
            assert resource.error is not None
            assert resource.error.kind is FailureKind.CONNECT
            assert resource.error.next_try_mono == rig.link.next_try_mono
            assert rig.clock.monotonic() <= (resource.error.next_try_mono or 0) <= rig.clock.monotonic() + 15
        for key in SCREEN:
            assert rig.get(key).value is before[key].value

    on_rig(body)


@pytest.mark.parametrize("error", [connect_error(), server_error(), ApiError(FailureKind.RESET, "It broke.")])
@pytest.mark.parametrize("outage_s", [3.0, 61.0, 7_200.0])
def test_everything_recovers_within_seconds_of_the_return(error: ApiError, outage_s: float) -> None:
    async def body(rig: Rig) -> None:
        rig.subscribe(*SCREEN)
        await rig.clock.advance(45)
        rig.api.fail(error)
        await rig.clock.advance(outage_s)
        rig.api.heal()
        back = rig.clock.monotonic()
        await rig.clock.advance(PROBE_CAP_S * 1.1 + 1.5)
        assert rig.link.state is LinkState.OK
        assert rig.link.failure is None
        assert rig.link.next_try_mono is None
        for key in (*SCREEN, DEPLOYMENTS):
            resource = rig.get(key)
            assert resource.error is None
            if outage_s > 60:
                assert (resource.fetched_mono or 0) >= back

    on_rig(body)


def test_refresh_probes_at_once_but_only_once() -> None:
    async def body(rig: Rig) -> None:
        rig.subscribe(*SCREEN)
        rig.api.fail(connect_error())
        await rig.clock.advance(303)
        sent = rig.api.count()
        rig.poller.refresh()
        await rig.clock.advance(0)
        assert rig.api.count() == sent + 1
        rig.api.heal()
        await rig.clock.advance(1)
        rig.poller.refresh()
        await rig.clock.advance(1)
        assert all(rig.get(key).error is None for key in SCREEN)

    on_rig(body)


def test_an_outage_from_the_start_is_no_empty_list() -> None:
    async def body(rig: Rig) -> None:
        await rig.clock.advance(100)
        assert rig.get(DEPLOYMENTS).value is None
        assert not rig.get(DEPLOYMENTS).loading
        rig.subscribe(*SCREEN)
        assert all(rig.error(key).kind is FailureKind.CONNECT for key in SCREEN)

    on_rig(body, before=lambda rig: rig.api.fail(connect_error()))


@pytest.mark.parametrize("error", [connect_error(), auth_error(), server_error()])
def test_the_polling_has_its_turns_whatever_the_api_answers(error: ApiError) -> None:
    async def body(rig: Rig) -> None:
        rig.api.fail(error)
        for _ in range(100):
            await rig.clock.advance(60)
            assert rig.clock.monotonic() - rig.health.turned_mono <= TICK_CAP_S

    on_rig(body)


def test_answers_that_never_come_do_not_stop_its_turns() -> None:
    async def body(rig: Rig) -> None:
        rig.api.hold("deployments")
        await rig.clock.advance(600)
        assert rig.clock.monotonic() - rig.health.turned_mono <= TICK_CAP_S

    on_rig(body)


def test_a_broken_list_does_not_hide_that_the_rest_is_back() -> None:
    async def body(rig: Rig) -> None:
        rig.subscribe(*SCREEN)
        await rig.clock.advance(60)
        rig.api.fail(server_error())
        await rig.clock.advance(300)
        rig.api.fail(server_error(), "deployments")
        rig.api.heal()
        await rig.clock.advance(60)
        assert rig.link.state is LinkState.DEGRADED
        assert all(rig.get(key).error is None for key in SCREEN)

    on_rig(body)


def test_one_failing_resource_backs_off_to_the_cap_and_leaves_the_others_alone() -> None:
    async def body(rig: Rig) -> None:
        rig.subscribe(*SCREEN)
        await rig.clock.advance(60)
        value = rig.get(CHART).value
        rig.api.fail(server_error(), "chart")
        await rig.clock.advance(3_600)
        gaps = [after - before for before, after in pairwise(rig.api.times("chart")[2:])]
        assert all(after >= 0.9 * before for before, after in pairwise(gaps))
        assert 5.0 <= gaps[0] < 6.0
        assert all(gap <= BACKOFF_CAP_S * 1.1 for gap in gaps)
        assert gaps[-1] >= BACKOFF_CAP_S
        assert rig.get(CHART).value is value
        error = rig.error(CHART)
        assert error.attempts == len(gaps) + 1
        assert rig.link.state is LinkState.DEGRADED
        assert rig.get(detail_key(1)).error is None
        calls = rig.api.count("chart")
        await rig.clock.advance((error.next_try_mono or 0) - rig.clock.monotonic())
        assert rig.api.count("chart") == calls + 1

    on_rig(body, before=nothing_runs)


def test_an_outage_is_noticed_where_hardly_anything_but_the_list_is_read() -> None:
    async def body(rig: Rig) -> None:
        await rig.clock.advance(60)
        rig.api.fail(server_error())
        await rig.clock.advance(90)
        assert rig.link.state is LinkState.DOWN

    on_rig(body, before=nothing_runs)


def test_the_list_alone_that_fails_is_no_outage_and_others_bear_witness() -> None:
    async def body(rig: Rig) -> None:
        await rig.clock.advance(60)
        rig.api.fail(server_error(), "deployments")
        seen = set()
        for _ in range(600):
            await rig.clock.advance(1)
            seen.add(rig.link.state)
        assert LinkState.DOWN not in seen
        assert rig.get(DEPLOYMENTS).error is not None
        assert rig.api.count("projects") >= 2

    on_rig(body, before=nothing_runs)


def test_a_rejected_read_is_no_trouble_of_the_link() -> None:
    async def body(rig: Rig) -> None:
        rig.subscribe(*SCREEN)
        rig.api.fail(ApiError(FailureKind.REJECTED, "Unknown chart.", answered=True), "chart")
        await rig.clock.advance(600)
        assert rig.link.state is LinkState.OK
        error = rig.error(CHART)
        assert error.message == "Unknown chart."
        assert rig.api.count("chart") <= 11

    on_rig(body)


def test_refused_credentials_are_said_and_not_hammered() -> None:
    async def body(rig: Rig) -> None:
        rig.subscribe(*SCREEN)
        await rig.clock.advance(10)
        assert rig.link.state is LinkState.AUTH
        assert rig.api.count() <= 3
        for key in (*SCREEN, DEPLOYMENTS):
            error = rig.error(key)
            assert error.kind is FailureKind.AUTH
        sent = rig.api.count()
        await rig.clock.advance(3_600)
        assert rig.api.count() - sent <= 3_600 / AUTH_CAP_S + 3
        for _ in range(50):
            rig.poller.refresh()
            await rig.clock.advance(0.1)
        assert rig.api.count() - sent <= 3_600 / AUTH_CAP_S + 5

    on_rig(body, before=lambda rig: rig.api.fail(auth_error()))


def test_credentials_that_become_good_again_are_noticed() -> None:
    async def body(rig: Rig) -> None:
        rig.subscribe(*SCREEN)
        await rig.clock.advance(60)
        rig.api.fail(auth_error())
        await rig.clock.advance(1_000)
        rig.api.heal()
        await rig.clock.advance(AUTH_CAP_S * 1.1 + 2)
        assert rig.link.state is LinkState.OK
        assert all(rig.get(key).error is None for key in (*SCREEN, DEPLOYMENTS))

    on_rig(body)


def test_one_endpoint_that_refuses_good_credentials_stops_nothing_else() -> None:
    async def body(rig: Rig) -> None:
        rig.subscribe(*SCREEN)
        rig.api.fail(auth_error(), "portfolio")
        await rig.clock.advance(600)
        assert rig.link.state is not LinkState.AUTH
        assert rig.api.count("detail") >= 59
        assert rig.api.count("portfolio") <= 6
        assert rig.api.count("authenticate") <= 6

    on_rig(body, before=nothing_runs)


def test_too_many_requests_pause_everything_for_as_long_as_the_api_asks() -> None:
    async def body(rig: Rig) -> None:
        rig.subscribe(*SCREEN)
        await rig.clock.advance(30)
        rig.api.fail(ApiError(FailureKind.RATE_LIMITED, "Slow down.", retry_after_s=45.0))
        await rig.clock.advance(10)
        rig.api.heal()
        sent = rig.api.count()
        await rig.clock.advance(34)
        assert rig.api.count() == sent
        assert [rig.link.state] == [LinkState.DEGRADED]
        await rig.clock.advance(12)
        assert rig.link.state is LinkState.OK

    on_rig(body)


def test_a_defect_in_a_reader_is_a_failure_beside_the_value_and_polling_goes_on() -> None:
    async def body(rig: Rig) -> None:
        rig.subscribe(*SCREEN)
        await rig.clock.advance(5)
        value = rig.get(detail_key(1)).value

        def broken(project_id: int) -> None:
            raise KeyError("defect")

        rig.api.script["detail"] = broken
        await rig.clock.advance(60)
        resource = rig.get(detail_key(1))
        assert resource.value is value
        assert resource.error is not None
        assert resource.error.kind is FailureKind.INTERNAL
        assert "KeyError" in resource.error.message
        assert "defect" not in resource.error.message
        assert rig.api.count("deployments") == 5
        rig.api.script["detail"] = make_detail
        await rig.clock.advance(125)
        assert rig.get(detail_key(1)).error is None

    on_rig(body)


def test_a_loading_answer_is_a_state_and_asked_again_after_5_s() -> None:
    async def body(rig: Rig) -> None:
        rig.subscribe(CHART)
        rig.api.script["chart"] = lambda *_: Loading(0.25)
        await rig.clock.advance(12)
        resource = rig.get(CHART)
        assert resource.progress is not None
        assert resource.progress.fraction == 0.25
        assert resource.error is None
        gaps = [after - before for before, after in pairwise(rig.api.times("chart"))]
        assert gaps == [5.0, 5.0]
        await rig.clock.advance(600)
        assert rig.api.count("chart") < 60
        rig.api.script["chart"] = make_chart
        await rig.clock.advance(15)
        assert rig.get(CHART).progress is None
        assert rig.get(CHART).value is not None

    on_rig(body, before=nothing_runs)


def test_a_read_that_never_ends_is_given_up() -> None:
    async def body(rig: Rig) -> None:
        rig.subscribe(CHART)
        await rig.clock.advance(1)
        rig.api.hold("chart")
        await rig.clock.advance(220)
        error = rig.error(CHART)
        assert error.kind is FailureKind.TIMEOUT
        rig.api.unhold("chart")
        await rig.clock.advance(130)
        assert rig.get(CHART).error is None

    on_rig(body)


def test_the_wall_clock_may_jump() -> None:
    async def body(rig: Rig) -> None:
        rig.subscribe(*SCREEN)
        await rig.clock.advance(60)
        rig.clock.jump_wall(-86_400)
        calls = rig.api.count("deployments")
        await rig.clock.advance(60)
        rig.clock.jump_wall(10 * 86_400)
        await rig.clock.advance(60)
        assert rig.api.count("deployments") == calls + 8
        assert rig.get(DEPLOYMENTS).age_s(rig.clock.monotonic()) == 0.0

    on_rig(body)


def test_a_deployment_that_vanishes_from_the_list_is_gone_not_failed() -> None:
    async def body(rig: Rig) -> None:
        rig.api.deployments.append(make_deployment(2))
        await rig.clock.advance(15)
        rig.api.deployments.pop()
        await rig.clock.advance(15)
        assert rig.get(DEPLOYMENTS).value == (make_deployment(1),)

    on_rig(body)


def test_server_errors_from_the_start_may_be_the_credentials_and_are_not_hammered() -> None:
    async def body(rig: Rig) -> None:
        rig.subscribe(*SCREEN)
        await rig.clock.advance(600)
        assert [rig.link.state] == [LinkState.DOWN]
        assert rig.api.count() <= 30
        assert rig.api.count("authenticate") >= 15
        rig.api.heal()
        await rig.clock.advance(35)
        assert rig.link.state is LinkState.OK
        assert all(rig.get(key).value is not None for key in SCREEN)

    on_rig(body, before=lambda rig: rig.api.fail(server_error()))


@pytest.mark.parametrize("from_the_start", [True, False])
def test_the_list_that_another_process_has_read_is_read_soon(from_the_start: bool) -> None:
    # Of one that knows nothing yet everything fails, of the other one the list alone.
    name = "" if from_the_start else "deployments"

    async def body(rig: Rig) -> None:
        await rig.clock.advance(45)
        rig.api.fail(server_error(), name)
        await rig.clock.advance(600)
        sent = rig.api.count()
        began = rig.clock.monotonic()
        for _ in range(50):
            # It goes on failing here: others read it all the time, and here it is tried every few seconds.
            rig.poller.note_listed_elsewhere(rig.clock.monotonic())
            await rig.clock.advance(2)
        if from_the_start:
            assert rig.api.count() - sent <= 100 / SOONEST_S + 1
        else:
            tried = [at for at in rig.api.times("deployments") if at >= began]
            assert 100 / SOONEST_S / 2 <= len(tried) <= 100 / SOONEST_S + 1
        await rig.clock.advance(SOONEST_S + 1)
        rig.api.heal(name)
        healed, sent = rig.clock.monotonic(), rig.api.count("deployments")
        rig.poller.note_listed_elsewhere(began)  # older than the last failure here
        await rig.clock.advance(0.5)
        assert rig.api.count("deployments") == sent
        rig.poller.note_listed_elsewhere(healed)
        await rig.clock.advance(1.5)
        assert (rig.get(DEPLOYMENTS).fetched_mono or 0.0) >= healed

    on_rig(body, before=(lambda rig: rig.api.fail(server_error())) if from_the_start else None)


@pytest.mark.parametrize("error", [auth_error(), ApiError(FailureKind.RATE_LIMITED, "Slow down.", retry_after_s=600.0)])
def test_what_concerns_this_process_or_asks_to_wait_is_not_hurried(error: ApiError) -> None:
    async def body(rig: Rig) -> None:
        rig.subscribe(*SCREEN)
        await rig.clock.advance(45)
        rig.api.fail(error)
        await rig.clock.advance(600)
        sent = rig.api.count()
        next_try = rig.link.next_try_mono
        rig.poller.note_listed_elsewhere(rig.clock.monotonic())
        await rig.clock.advance(0.1)
        assert (rig.link.next_try_mono, rig.api.count()) == (next_try, sent)

    on_rig(body)
