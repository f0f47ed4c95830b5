from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from qctui.simulator.chart_answers import ChartAnswers, ChartRequest
from qctui.simulator.config import SimConfig
from qctui.simulator.world import World
from qctui.simulator.world_clock import WorldClock
from tests.simulator.support import CARRY, MOMENTUM, NOW, PAIRS, UNTESTED, Json, Sim

DAY = 86_400


@pytest.fixture(scope="module")
def sim() -> Sim:
    return Sim()


def series_of(answer: Json) -> dict[str, Json]:
    assert answer["success"] is True, answer
    found: dict[str, Json] = answer["chart"]["series"]
    return found


def values(answer: Json, name: str) -> list[Any]:
    found: list[Any] = series_of(answer)[name]["values"]
    return found


def test_every_chart_reported_can_be_read_under_its_name(sim: Sim) -> None:
    for project_id in (MOMENTUM, PAIRS, CARRY):
        for name in sim.post("live/read", projectId=project_id)["charts"]:
            answer = sim.chart(project_id, name)
            assert answer["chart"]["name"] == name
            assert list(series_of(answer)) == [one["name"] for one in series_of(answer).values()]


def test_times_are_whole_seconds(sim: Sim) -> None:
    sim.config.lags.snapshot_s = 0.0
    sim.clock.advance(12.345)
    for name in sim.post("live/read", projectId=PAIRS)["charts"]:
        body = {"projectId": PAIRS, "name": name, "count": 300, "start": int(NOW) - DAY, "end": int(NOW) + 60}
        for series in series_of(sim.post("live/chart/read", **body)).values():
            times = [point[0] if isinstance(point, list) else point["x"] for point in series["values"]]
            assert all(isinstance(at, int) for at in times), (name, series["name"])


def test_every_series_type_chart_type_and_marker_occurs(sim: Sim) -> None:
    names = sim.post("live/read", projectId=PAIRS)["charts"]
    charts = [sim.chart(PAIRS, name, span_s=2 * DAY)["chart"] for name in names]
    every = [one for chart in charts for one in chart["series"].values()]
    assert {one["seriesType"] for one in every} == {0, 1, 2, 3, 4, 5, 6, 7, 9, 10}
    assert {chart["chartType"] for chart in charts} == {0, 1}
    markers = {one.get("scatterMarkerSymbol") for one in every if one["seriesType"] == 1}
    assert {"none", "circle", "square", "diamond", "triangle", "triangle-down"} <= markers
    assert {one["index"] for one in every} == {0, 1}
    assert any(value == [] for value in (one["values"] for one in every))


def test_default_charts_have_their_series(sim: Sim) -> None:
    equity = series_of(sim.chart(PAIRS, "Strategy Equity"))
    assert set(equity) == {"Equity", "Return"}
    assert "color" not in equity["Equity"]
    assert "scatterMarkerSymbol" not in equity["Equity"]
    assert equity["Return"]["unit"] == "%"
    assert set(series_of(sim.chart(PAIRS, "Exposure"))) == {
        "Equity - Long Ratio",
        "Equity - Short Ratio",
        "Crypto - Long Ratio",
        "Crypto - Short Ratio",
    }
    sales = series_of(sim.chart(PAIRS, "Assets Sales Volume"))
    assert all(len(one["values"]) == 1 for one in sales.values())
    assert all(value[1] <= 0 for value in values(sim.chart(PAIRS, "Drawdown"), "Equity Drawdown"))


def test_candles_hold_together_and_follow_each_other(sim: Sim) -> None:
    candles = values(sim.chart(PAIRS, "Strategy Equity"), "Equity")
    assert len(candles) > 500
    for _, opened, high, low, closed in candles:
        assert low <= min(opened, closed) <= max(opened, closed) <= high
    step = candles[1][0] - candles[0][0]
    # Between two deployments of the project nothing ran, and nothing is drawn.
    neighbours = [(before, after) for before, after in pairwise(candles) if after[0] - before[0] == step]
    assert len(neighbours) == len(candles) - 2
    assert all(before[4] == pytest.approx(after[1], abs=0.011) for before, after in neighbours)


def test_the_last_candle_closes_at_the_equity_of_the_list() -> None:
    sim = Sim()
    sim.config.lags.snapshot_s = 0.0
    listed = sim.post("live/list", projectId=PAIRS)["live"][0]["equity"]
    assert values(sim.chart(PAIRS, "Strategy Equity"), "Equity")[-1][4] == pytest.approx(listed, abs=0.01)


@pytest.mark.parametrize("count", [10, 100, 600, 1440])
def test_count_is_a_resolution(sim: Sim, count: int) -> None:
    points = values(sim.chart(PAIRS, "Drawdown", count=count), "Equity Drawdown")
    assert 0.75 * min(count, 1440) <= len(points) <= min(count, 1440) + 1
    times = [point[0] for point in points]
    assert times == sorted(times)
    assert len(set(times)) == len(times)


def test_windows_agree_where_they_overlap(sim: Sim) -> None:
    end = int(NOW)
    body = {"projectId": MOMENTUM, "name": "Benchmark", "count": 60}
    one = values(sim.post("live/chart/read", **body, start=end - 7200, end=end - 3600), "Benchmark")
    other = values(sim.post("live/chart/read", **body, start=end - 5400, end=end - 1800), "Benchmark")
    shared = {point[0]: point[1] for point in one}
    overlap = [point for point in other if point[0] in shared]
    assert len(overlap) > 20
    assert all(shared[at] == value for at, value in overlap)


def test_two_years_of_equity_one_point_a_day_beyond_two_days(sim: Sim) -> None:
    points = values(sim.chart(MOMENTUM, "Strategy Equity", span_s=730 * DAY, count=2000), "Equity")
    assert 600 < len(points) < 800
    steps = [after[0] - before[0] for before, after in pairwise(points)]
    assert steps[100] == DAY
    # It spans the deployments of the project, with a hole where none ran.
    assert max(steps) > DAY


def test_other_series_go_back_two_days_only(sim: Sim) -> None:
    points = values(sim.chart(MOMENTUM, "Exposure", span_s=365 * DAY, count=2000), "Equity - Long Ratio")
    assert points[0][0] >= NOW - 3 * DAY - 60
    finer = values(sim.chart(MOMENTUM, "Benchmark", span_s=365 * DAY, count=2000), "Benchmark")
    assert finer[0][0] < NOW - 300 * DAY


def test_equity_of_stocks_is_flat_over_night(sim: Sim) -> None:
    night = int(NOW) - int(NOW) % DAY + 2 * 3600
    answer = sim.post(
        "live/chart/read", projectId=MOMENTUM, name="Benchmark", count=60, start=night, end=night + 4 * 3600
    )
    assert len({point[1] for point in values(answer, "Benchmark")}) == 1


def test_start_and_end_of_zero_give_a_single_point(sim: Sim) -> None:
    answer = sim.post("live/chart/read", projectId=MOMENTUM, name="Strategy Equity", count=600, start=0, end=0)
    assert answer["success"] is True
    assert len(values(answer, "Equity")) <= 1


def test_what_is_refused(sim: Sim) -> None:
    end = int(NOW)
    good: Json = {"projectId": MOMENTUM, "name": "Benchmark", "count": 60, "start": end - 3600, "end": end}
    assert not sim.refused("live/chart/read", **good)
    for name in good:
        assert sim.refused("live/chart/read", **{key: value for key, value in good.items() if key != name})
    assert sim.refused("live/chart/read", **{**good, "name": "benchmark"})
    assert sim.refused("live/chart/read", **{**good, "end": good["start"] - 1})
    assert sim.refused("live/chart/read", **{**good, "projectId": 1})
    assert sim.refused("live/chart/read", **{**good, "projectId": UNTESTED})
    assert sim.refused("live/chart/read", **{**good, "count": "60"})


def test_nulls_tooltips_and_sparse_series(sim: Sim) -> None:
    spread = values(sim.chart(PAIRS, "Spread"), "Spread")
    assert any(point[1] is None for point in spread)
    assert any(point[1] is not None for point in spread)
    signals = series_of(sim.chart(PAIRS, "Signals", span_s=2 * DAY))
    assert signals["Buy"]["tooltip"] == "{SERIES_NAME}: {VALUE}"
    bought = [point for one in ("Buy", "Sell") for point in signals[one]["values"]]
    assert bought
    assert all(set(point) <= {"x", "y", "tooltip"} for point in bought)
    idle = series_of(sim.chart(PAIRS, "Idle"))
    assert idle["Never Plotted"]["values"] == []
    assert 1 <= len(idle["Rare"]["values"]) <= 5


def test_charts_are_snapshots() -> None:
    sim = Sim()
    sim.config.lags.snapshot_s = 300.0
    end = int(NOW) + 600
    body = {"projectId": PAIRS, "name": "Drawdown", "count": 60, "start": end - 3600, "end": end}
    first = sim.post("live/chart/read", **body)
    assert values(first, "Equity Drawdown")[-1][0] <= NOW
    sim.clock.advance(100)
    assert sim.post("live/chart/read", **body) == first
    sim.clock.advance(250)
    assert values(sim.post("live/chart/read", **body), "Equity Drawdown")[-1][0] > NOW


def test_loading_answers_come_first_and_show_progress() -> None:
    sim = Sim(loading=3)
    answers = [sim.chart(PAIRS, "Drawdown") for _ in range(4)]
    assert [answer.get("status") for answer in answers] == ["loading", "loading", "loading", None]
    assert [answer["progress"] for answer in answers[:3]] == [0.0, 0.33, 0.67]
    assert all("chart" not in answer and answer["success"] is True for answer in answers[:3])
    orders = [sim.post("live/orders/read", projectId=PAIRS, start=0, end=100) for _ in range(4)]
    assert orders[0]["orders"] == []
    assert orders[0]["length"] > 0
    assert orders[1]["status"] == "loading"
    assert orders[3]["orders"]


@pytest.mark.parametrize("points", [1000, 20_000])
def test_points_sets_how_many_there_are_whatever_count_says(points: int) -> None:
    config = SimConfig(start_at=NOW, points=points)
    world = World(config, WorldClock(start_at=NOW))
    charts, project = ChartAnswers(world), world.projects[MOMENTUM]
    plan = charts.plan(project, "Benchmark", NOW)
    assert plan is not None
    pieces = charts.pieces(project, plan, ChartRequest(10, NOW - 20 * DAY, NOW, NOW, "modern"))
    assert b"".join(pieces).count(b"],[") == pytest.approx(points, rel=0.02)


def test_kept_text_equals_fresh_text() -> None:
    sim = Sim()
    sim.chart(PAIRS, "Strategy Equity", span_s=2 * DAY, count=2880)
    sim.clock.advance(600)
    again = sim.chart(PAIRS, "Strategy Equity", span_s=2 * DAY, count=2880)
    fresh = Sim()
    fresh.clock.advance(600)
    assert fresh.chart(PAIRS, "Strategy Equity", span_s=2 * DAY, count=2880) == again
