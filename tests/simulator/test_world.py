from __future__ import annotations

import re
from itertools import pairwise

import pytest

from qctui.simulator.market import SYMBOLS, Market, is_open, new_york_offset_s, next_open_at, time_of, trading_time
from qctui.simulator.noise import Fractal
from qctui.simulator.world_clock import WorldClock
from tests.simulator.support import BASIS, MOMENTUM, NOW, PAIRS, Json, Sim

READS: list[tuple[str, Json]] = [
    ("projects/read", {}),
    ("live/list", {}),
    ("live/read", {"projectId": PAIRS}),
    ("live/portfolio/read", {"projectId": PAIRS}),
    ("live/insights/read", {"projectId": PAIRS, "start": 0, "end": 99}),
    ("live/orders/read", {"projectId": PAIRS, "start": 0, "end": 100}),
    (
        "live/chart/read",
        {"projectId": PAIRS, "name": "Strategy Equity", "count": 300, "start": int(NOW) - 86_400, "end": int(NOW)},
    ),
    ("optimizations/list", {"projectId": PAIRS}),
]


@pytest.mark.parametrize(("path", "body"), READS)
@pytest.mark.parametrize("shapes", ["modern", "ugly"])
def test_equal_seeds_equal_worlds(path: str, body: Json, shapes: str) -> None:
    one, other = Sim(shapes=shapes), Sim(shapes=shapes)
    assert one.post(path, **body) == other.post(path, **body)
    for sim in (one, other):
        sim.clock.advance(5000)
    assert one.post(path, **body) == other.post(path, **body)


def test_another_seed_another_world() -> None:
    assert Sim(seed=1).post("live/list") != Sim(seed=2).post("live/list")


def test_the_order_of_questions_does_not_matter() -> None:
    one, other = Sim(), Sim()
    for path, body in READS:
        one.post(path, **body)
    one.clock.advance(900)
    other.clock.advance(900)
    for path, body in reversed(READS):
        assert one.post(path, **body) == other.post(path, **body)


@pytest.mark.parametrize("later_h", [0, 5, 11, 24, 48, 60, 72, 24 * 200, 24 * 201 + 7])
def test_the_demo_has_something_to_show_at_any_hour(later_h: float) -> None:
    sim = Sim(start_at=NOW + later_h * 3600)
    sim.clock.advance(40)
    running = sim.post("live/list", status="Running")["live"]
    assert {"live", "live-paper"} <= {one["environment"] for one in running}
    assert len(running) >= 5
    held = 0
    for one in running:
        portfolio = sim.post("live/portfolio/read", projectId=one["projectId"])["portfolio"]
        held += any(holding.get("q") for holding in portfolio["holdings"].values()) or len(portfolio["cash"]) > 1
    assert held >= 4
    before = {one["deployId"]: one["equity"] for one in running}
    sim.clock.advance(120)
    after = {one["deployId"]: one["equity"] for one in sim.post("live/list", status="Running")["live"]}
    assert sum(after[key] != before[key] for key in before) >= 2
    insights = sim.post("live/insights/read", projectId=MOMENTUM, start=0, end=99)
    assert insights["length"] >= 240
    statuses = {one["status"] for one in sim.post("optimizations/list", projectId=MOMENTUM)["optimizations"]}
    assert "running" in statuses


def test_the_market_moves() -> None:
    sim = Sim()
    first = sim.post("live/list")["live"][0]["equity"]
    sim.clock.advance(60)
    assert sim.post("live/list")["live"][0]["equity"] != first


def test_deployments_are_redeployed_fail_and_start_by_themselves() -> None:
    sim = Sim()
    before = sim.post("live/list", projectId=PAIRS)["live"]
    sim.clock.advance(61 * 3600)
    after = sim.post("live/list", projectId=PAIRS)["live"]
    assert len(after) == len(before) + 1
    assert [one["status"] for one in after[:2]] == ["Running", "Stopped"]
    failed = sim.post("live/list", projectId=BASIS)["live"]
    assert [one["status"] for one in failed] == ["Running", "RuntimeError"]


def test_a_calm_world_keeps_its_deployments() -> None:
    sim = Sim(events=False)
    before = {one["deployId"] for one in sim.post("live/list")["live"]}
    sim.clock.advance(30 * 3600)
    assert {one["deployId"] for one in sim.post("live/list")["live"]} == before


def test_a_plan_does_not_bring_back_what_a_person_stopped() -> None:
    sim = Sim()
    sim.post("live/update/stop", projectId=PAIRS)
    sim.clock.advance(12 * 3600)
    assert sim.post("live/read", projectId=PAIRS)["status"] == "Stopped"


def test_a_week_in_one_step_and_in_many() -> None:
    one, other = Sim(), Sim()
    one.clock.advance(7 * 86_400)
    for _ in range(168):
        other.clock.advance(3600)
        other.post("live/list")
    assert one.post("live/list") == other.post("live/list")
    assert one.post("optimizations/list", projectId=PAIRS) == other.post("optimizations/list", projectId=PAIRS)


def test_optimizations_go_from_new_over_running_to_completed_and_new_ones_begin() -> None:
    sim = Sim()
    seen: dict[str, list[str]] = {}
    progress: list[float] = []
    watched = ""
    for _ in range(140):
        sim.clock.advance(60)
        for one in sim.post("optimizations/list", projectId=MOMENTUM)["optimizations"]:
            seen.setdefault(one["optimizationId"], []).append(one["status"])
            if not watched and one["status"] == "running":
                watched = one["optimizationId"]
        counts = sim.post("optimizations/read", optimizationId=watched)["optimization"]["runtimeStatistics"]
        progress.append((int(counts["Completed"]) + int(counts["Failed"])) / int(counts["Total"]))
        assert sum(int(counts[name]) for name in ("Completed", "Failed", "Running", "In Queue")) == int(counts["Total"])
    assert progress == sorted(progress)
    assert len(set(progress)) > 5
    assert progress[-1] == 1.0
    assert any(list(dict.fromkeys(one)) == ["running", "completed"] for one in seen.values())
    assert any(one[0] in ("new", "running") and len(one) < 140 for one in seen.values())


def test_an_optimization_starts_new_and_with_nothing_in_its_maps() -> None:
    sim = Sim()
    known = {one["optimizationId"] for one in sim.post("optimizations/list", projectId=PAIRS)["optimizations"]}
    for _ in range(2000):
        sim.clock.advance(5)
        listed = sim.post("optimizations/list", projectId=PAIRS)["optimizations"]
        if listed[0]["optimizationId"] not in known:
            break
    assert listed[0]["status"] == "new"
    read = sim.post("optimizations/read", optimizationId=listed[0]["optimizationId"])["optimization"]
    assert (read["backtests"], read["runtimeStatistics"]) == ({}, {})


def test_a_completed_grid_is_whole_and_its_best_is_in_the_list() -> None:
    sim = Sim()
    sim.clock.advance(4 * 3600)
    listed = sim.post("optimizations/list", projectId=MOMENTUM)["optimizations"]
    one = next(
        one for one in listed if one["status"] == "completed" and one["criterion"]["target"].endswith("SharpeRatio")
    )
    read = sim.post("optimizations/read", optimizationId=one["optimizationId"])["optimization"]
    children = list(read["backtests"].values())
    assert re.fullmatch(r"O-[0-9a-f]{32}", one["optimizationId"])
    done = [child for child in children if child["exitCode"] == 0]
    assert {len(child["statistics"]) for child in done} == {25}
    assert max(child["statistics"][15] for child in done) == one["sharpeRatio"]
    assert any(child["exitCode"] == 1 and child["progress"] < 1 for child in children)
    axes = {name for child in children for name in child["parameterSet"]}
    assert {parameter["name"] for parameter in one["parameters"]} == axes
    assert float(read["runtimeStatistics"]["Consumed"]) > 0


def test_every_optimization_status_is_on_show() -> None:
    sim = Sim()
    statuses = set()
    for project in sim.post("projects/read")["projects"]:
        listed = sim.post("optimizations/list", projectId=project["projectId"])["optimizations"]
        statuses |= {one["status"] for one in listed}
    assert {"running", "completed", "aborted"} <= statuses


def test_hostile_text_is_everywhere() -> None:
    sim = Sim(hostile_text=True)
    assert any("\x1b[31m" in one["name"] for one in sim.post("projects/read")["projects"])
    tags = {one["tag"] for one in sim.post("live/insights/read", projectId=PAIRS, start=0, end=9)["insights"]}
    assert any(tag and "\x1b" in tag for tag in tags)


class TestScale:
    def test_a_thousand_deployments_and_two_hundred_optimizations(self) -> None:
        sim = Sim(deployments=1000, optimizations=200, insights=10_000)
        items = sim.post("live/list")["live"]
        assert len({item["projectId"] for item in items}) == 1000
        assert {"Running", "RuntimeError", "Liquidated"} <= {item["status"] for item in items}
        assert len(sim.post("optimizations/list", projectId=MOMENTUM)["optimizations"]) == 200

    def test_insights_of_any_number_by_window(self) -> None:
        sim = Sim(insights=1_000_000)
        answer = sim.post("live/insights/read", projectId=MOMENTUM, start=999_950, end=1_000_040)
        assert answer["length"] == 1_000_000
        assert len(answer["insights"]) == 50
        times = [one["generatedTime"] for one in answer["insights"]]
        assert times == sorted(times)

    def test_fewer_deployments_than_the_cast(self) -> None:
        sim = Sim(deployments=3)
        assert len(sim.post("projects/read")["projects"]) == 3


class TestClock:
    def test_it_follows_the_real_time_by_default(self) -> None:
        real = [1000.0]
        clock = WorldClock(real=lambda: real[0], monotonic=lambda: 0.0)
        assert clock.now() == 1000.0
        real[0] = 1010.5
        assert clock.now() == 1010.5

    def test_a_fast_world_catches_up_and_never_overtakes(self) -> None:
        real, ticks = [1_000_000.0], [0.0]
        clock = WorldClock(speed=100.0, real=lambda: real[0], monotonic=lambda: ticks[0])
        assert clock.now() == 1_000_000.0 - 7 * 86_400
        real[0] += 60
        ticks[0] += 60
        assert clock.now() == 1_000_000.0 - 7 * 86_400 + 6000
        real[0] += 86_400
        ticks[0] += 86_400
        assert clock.now() == real[0]

    def test_a_start_stands_still_and_moves_forward_only(self) -> None:
        clock = WorldClock(start_at=5.0)
        assert clock.now() == 5.0
        clock.advance(10)
        assert clock.now() == 15.0
        with pytest.raises(ValueError, match="forward"):
            clock.advance(-1)

    def test_a_start_with_a_speed_runs(self) -> None:
        ticks = [0.0]
        clock = WorldClock(start_at=5.0, speed=60.0, monotonic=lambda: ticks[0])
        ticks[0] = 2.0
        assert clock.now() == 125.0


class TestMarket:
    def test_prices_do_not_depend_on_how_they_are_asked_for(self) -> None:
        market, other = Market(7), Market(7)
        symbol = SYMBOLS["SPY"]
        times = [NOW - 86_400 * 30 + 613.0 * step for step in range(4000)]
        assert market.prices(symbol, times) == [other.price(symbol, at) for at in times]

    def test_worlds_of_a_seed_share_their_prices_and_are_as_if_alone(self, monkeypatch: pytest.MonkeyPatch) -> None:
        Sim().post("live/list")
        shared = Sim().post("live/list")
        assert Sim().world.market is Sim().world.market is not Sim(seed=8).world.market
        monkeypatch.setattr("qctui.simulator.world.market_of", Market)
        assert Sim().post("live/list") == shared

    def test_prices_move_about_as_much_as_their_volatility(self) -> None:
        market = Market(7)
        for ticker in ("SPY", "BTCUSD"):
            symbol = SYMBOLS[ticker]
            days = [market.price(symbol, NOW - 86_400.0 * back) for back in range(700)]
            moves = [abs(after / before - 1) for before, after in pairwise(days)]
            assert 0.2 < sum(moves) / len(moves) / (symbol.volatility / 19) < 2.0

    def test_sessions(self) -> None:
        # NOW is a Friday in winter, 15:30 UTC; New York opens at 14:30.
        friday = NOW - NOW % 86_400
        assert is_open("us", NOW)
        assert not is_open("us", friday + 14.4 * 3600)
        assert not is_open("us", friday + 21.1 * 3600)
        assert not is_open("us", NOW + 86_400)
        assert next_open_at("us", NOW + 86_400) == friday + 3 * 86_400 + 14.5 * 3600
        assert is_open("always", NOW + 86_400)
        assert is_open("fx", friday + 21.9 * 3600)
        assert not is_open("fx", friday + 22.1 * 3600)
        assert is_open("fx", friday + 2 * 86_400 + 22.1 * 3600)
        assert new_york_offset_s(NOW) == -5 * 3600
        assert new_york_offset_s(1_752_000_000.0) == -4 * 3600

    def test_trading_time_never_runs_back(self) -> None:
        for hours in ("us", "fx", "always"):
            times = [trading_time(hours, NOW + 997.0 * step) for step in range(3000)]
            assert times == sorted(times)
            for at in times:
                opens_again = time_of(hours, at)
                assert is_open(hours, opens_again)
                assert trading_time(hours, opens_again) == pytest.approx(at, abs=1e-3)

    def test_the_noise_of_a_time_is_the_same_in_every_run(self) -> None:
        curve = Fractal(99, year_s=86_400.0 * 365)
        times = [1e9 + 37.7 * step for step in range(2000)]
        assert curve.along(times) == pytest.approx([curve.along((time,))[0] for time in times], abs=1e-9)
        assert [curve.at(time) for time in times] == [curve.along((time,))[0] for time in times]
