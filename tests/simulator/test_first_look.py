"""What a visitor of the demo sees at once: names a desk would have, one equity everywhere, and something happening."""

from __future__ import annotations

import pytest

from qctui.simulator.cast import plans
from qctui.simulator.world_file import read_demo
from tests.simulator.support import BASIS, CARRY, CRYPTO, KELLY, MOMENTUM, NOW, PAIRS, Json, Sim


def listed(sim: Sim, project_id: int) -> Json:
    found: Json = sim.post("live/list", projectId=project_id)["live"][0]
    return found


@pytest.mark.parametrize("project_id", [MOMENTUM, CRYPTO, PAIRS, KELLY, CARRY])
@pytest.mark.parametrize("later_s", [0.0, 1.0, 17.0, 59.5, 61.0, 500.0, 7_000.0])
def test_the_equity_is_one_number_whoever_tells_it(project_id: int, later_s: float) -> None:
    sim = Sim(events=False)
    sim.clock.advance(later_s)
    equity = listed(sim, project_id)["equity"]
    assert sim.post("live/read", projectId=project_id)["runtimeStatistics"]["Equity"] == f"${equity:,.2f}"
    for count in (60, 288, 1440):
        series = sim.chart(project_id, "Strategy Equity", count=count)["chart"]["series"]["Equity"]["values"]
        assert series[-1][4] == equity


def test_it_stays_one_number_for_a_console_that_reads_the_chart_once_a_minute() -> None:
    sim = Sim(events=False)
    sim.clock.advance(1.3)
    for minute in range(3):
        drawn = sim.chart(CRYPTO, "Strategy Equity")["chart"]["series"]["Equity"]["values"][-1][4]
        for _ in range(4):
            assert listed(sim, CRYPTO)["equity"] == drawn, minute
            sim.clock.advance(15.0)


@pytest.mark.parametrize("later_h", [0, 11, 60])
def test_something_happens_within_the_first_minute(later_h: float) -> None:
    sim = Sim(start_at=NOW + later_h * 3600)
    window = {"start": 0, "end": 1}

    def status() -> str:
        return str(next(iter(sim.post("optimizations/list", projectId=CRYPTO)["optimizations"]))["status"])

    def insights() -> int:
        return int(sim.post("live/insights/read", projectId=CRYPTO, **window)["length"])

    assert status() == "running"
    before = insights()
    assert listed(sim, BASIS)["status"] != "Running"
    assert sim.post("live/orders/read", projectId=BASIS, **window)["length"] == 0
    sim.clock.advance(60.0)
    assert status() == "completed"
    assert insights() > before
    assert listed(sim, BASIS)["status"] == "Running"
    assert sim.post("live/orders/read", projectId=BASIS, **window)["orders"][0]["status"] == 3


def test_names_are_those_of_a_trader_unless_hostile_ones_are_asked_for() -> None:
    shown = [plan.name for plan in plans(read_demo().projects, 60, seed=7, hostile=False)]
    assert all(name.isascii() and not set(name) & set("[]\x1b") for name in shown)
    names = [one["name"] for one in Sim().post("optimizations/list", projectId=MOMENTUM)["optimizations"]]
    assert len(set(names)) == len(names)
    hostile = [plan.name for plan in plans(read_demo().projects, None, seed=7, hostile=True)]
    assert any("[bold red]" in name and "均值" in name and "\x1b" in name for name in hostile)
