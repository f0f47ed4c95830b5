from __future__ import annotations

from itertools import pairwise

import pytest

from qctui.engine.engine_port import Visibility
from qctui.model.chart import ChartWindow
from qctui.model.deployment import Project
from qctui.model.keys import (
    DEPLOYMENTS,
    PROJECTS,
    Key,
    chart_key,
    detail_key,
    insights_key,
    logs_key,
    optimization_key,
    optimizations_key,
    orders_key,
    portfolio_key,
)
from tests.engine.rig import Rig, nothing_runs, on_rig
from tests.fakes import make_deployment, make_optimization, server_error

CHART = chart_key(1, "Strategy Equity", ChartWindow(), 200)


def _gaps(times: list[float]) -> set[float]:
    return {round(after - before, 6) for before, after in pairwise(times)}


def test_the_live_list_is_read_at_once_and_every_15_s() -> None:
    async def body(rig: Rig) -> None:
        began = rig.clock.monotonic()
        await rig.clock.advance(60)
        assert rig.api.times("deployments")[0] == began
        assert _gaps(rig.api.times("deployments")) == {15.0}
        assert rig.get(DEPLOYMENTS).value == (make_deployment(1),)

    on_rig(body)


def test_what_could_not_be_read_of_the_live_list_is_reported_with_it() -> None:
    async def body(rig: Rig) -> None:
        rig.api.unreadable = 2
        await rig.clock.advance(20)
        assert (rig.get(DEPLOYMENTS).value, rig.get(DEPLOYMENTS).unreadable) == ((make_deployment(1),), 2)
        rig.api.fail(server_error(), "deployments")
        await rig.clock.advance(20)
        assert rig.get(DEPLOYMENTS).unreadable == 2
        rig.api.heal("deployments")
        rig.api.unreadable = 0
        await rig.clock.advance(120)
        assert rig.get(DEPLOYMENTS).unreadable == 0

    on_rig(body)


@pytest.mark.parametrize(
    ("key", "pace", "gap_s"),
    [
        (detail_key(1), Visibility.OPENED, 10.0),
        (detail_key(1), Visibility.VISIBLE, 10.0),
        (detail_key(1), Visibility.HIDDEN, 30.0),
        (CHART, Visibility.VISIBLE, 60.0),
        (CHART, Visibility.HIDDEN, 180.0),
        (portfolio_key(1), Visibility.VISIBLE, 60.0),
        (insights_key(1, "L-1"), Visibility.VISIBLE, 60.0),
        (insights_key(1, "L-1"), Visibility.HIDDEN, 180.0),
        (orders_key(1), Visibility.VISIBLE, 60.0),
        (optimizations_key(1), Visibility.VISIBLE, 30.0),
        (optimization_key("O-1"), Visibility.OPENED, 10.0),
        (optimization_key("O-1"), Visibility.VISIBLE, 30.0),
        (optimization_key("O-1"), Visibility.HIDDEN, 90.0),
    ],
)
def test_each_kind_has_its_cadence(key: Key[object], pace: Visibility, gap_s: float) -> None:
    async def body(rig: Rig) -> None:
        rig.subscribe((key, pace))
        await rig.clock.advance(600)
        assert _gaps(rig.api.times(key.kind)) == {gap_s}
        assert rig.get(key).value is not None

    on_rig(body, before=nothing_runs)


def test_logs_learn_the_length_with_one_line_and_then_read_every_60_s() -> None:
    async def body(rig: Rig) -> None:
        rig.api.logs = [f"line {number}" for number in range(500)]
        key = logs_key(1, "L-1")
        rig.subscribe(key)
        await rig.clock.advance(200)
        calls = [call.args[2:] for call in rig.api.calls if call.name == "logs"]
        assert calls[:2] == [(0, 1), (310, 510)]
        assert _gaps(rig.api.times("logs")[1:]) == {60.0}
        assert rig.value(key).lines[-1] == "line 499"

    on_rig(body)


def test_a_finished_optimization_is_practically_read_once() -> None:
    async def body(rig: Rig) -> None:
        rig.api.script["optimization"] = lambda name: make_optimization(name, status="completed")
        rig.subscribe((optimization_key("O-1"), Visibility.OPENED))
        await rig.clock.advance(599)
        assert rig.api.count("optimization") == 1
        await rig.clock.advance(2)
        assert rig.api.count("optimization") == 2

    on_rig(body)


def test_becoming_visible_is_noticed_before_the_hidden_time_is_over() -> None:
    async def body(rig: Rig) -> None:
        rig.subscribe((detail_key(1), Visibility.HIDDEN))
        await rig.clock.advance(12)
        assert rig.api.count("detail") == 1
        rig.subscribe((detail_key(1), Visibility.VISIBLE))
        await rig.clock.advance(0)
        assert rig.api.count("detail") == 2

    on_rig(body)


def test_the_projects_are_read_at_once_for_an_unknown_project_and_only_once_for_it() -> None:
    async def body(rig: Rig) -> None:
        await rig.clock.advance(20)
        assert rig.api.count("projects") == 1
        rig.api.deployments.append(make_deployment(2))
        await rig.clock.advance(15)
        assert rig.api.count("projects") == 2
        await rig.clock.advance(60)
        assert rig.api.count("projects") == 2
        assert rig.get(PROJECTS).value == (Project(1, "One"),)

    on_rig(body)


def test_a_slow_service_is_not_asked_twice_for_the_same() -> None:
    async def body(rig: Rig) -> None:
        rig.api.latency_s = 25.0
        rig.subscribe(detail_key(1), CHART, portfolio_key(1))
        await rig.clock.advance(600)
        assert rig.api.overlaps == 0
        assert rig.api.most_running <= 6
        assert rig.api.count("detail") > 15

    on_rig(body)


def test_nothing_is_read_faster_than_once_a_second_however_often_refresh_is_asked_for() -> None:
    async def body(rig: Rig) -> None:
        rig.subscribe(detail_key(1))
        await rig.clock.advance(5)
        for _ in range(100):
            rig.poller.refresh()
            await rig.clock.advance(0.03)
        assert min(_gaps(rig.api.times("detail"))) >= 1.0
        assert min(_gaps(rig.api.times("deployments"))) >= 1.0

    on_rig(body)


def test_refresh_reads_now_and_only_what_was_asked_for() -> None:
    async def body(rig: Rig) -> None:
        rig.subscribe(detail_key(1), CHART)
        await rig.clock.advance(5)
        rig.poller.refresh([CHART])
        await rig.clock.advance(0)
        assert (rig.api.count("chart"), rig.api.count("detail")) == (2, 1)

    on_rig(body, before=nothing_runs)
