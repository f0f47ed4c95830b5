"""What `/_sim` makes go wrong on purpose: a brokerage that is gone, silence, losses, log lines, optimizations."""

from __future__ import annotations

from datetime import datetime

import pytest

from qctui.simulator.cast import ProjectPlan, Run
from qctui.simulator.deployments import DISCONNECTED
from qctui.simulator.market import is_open
from tests.simulator.support import CARRY, INTRADAY, MOMENTUM, NOW, PAIRS, Json, Sim

DAY_S = 86_400.0
SHARES = 9
"""A project that trades nothing but shares."""


def orders_of(sim: Sim, project_id: int = PAIRS) -> list[Json]:
    """Every order of a project, oldest first."""
    found: list[Json] = []
    while page := sim.post("live/orders/read", projectId=project_id, start=len(found), end=len(found) + 100)["orders"]:
        found += page
    return found


def insights_of(sim: Sim, project_id: int = PAIRS) -> list[float]:
    """When every insight of its deployment was generated."""
    found: list[float] = []
    while page := sim.post("live/insights/read", projectId=project_id, start=len(found), end=len(found) + 99)[
        "insights"
    ]:
        found += [float(each["generatedTime"]) for each in page]
    return found


def lines_of(sim: Sim, project_id: int = PAIRS, query: str = "") -> list[str]:
    """The log of its deployment; with a query the lines that have it."""
    deploy_id = sim.post("live/read", projectId=project_id)["deployId"]
    asked = {"projectId": project_id, "algorithmId": deploy_id, "format": "json", **({"query": query} if query else {})}
    first = sim.post("live/logs/read", **asked, startLine=0, endLine=1)
    found: list[str] = []
    while len(found) < first["length"]:
        found += sim.post("live/logs/read", **asked, startLine=len(found), endLine=len(found) + 200)["logs"]
    return found[0 if query else first["deploymentOffset"] :]


def samples_of(sim: Sim, project_id: int = PAIRS, span_s: float = DAY_S) -> dict[float, float]:
    """The samples of its equity chart: when, and at which equity they closed."""
    chart = sim.chart(project_id, "Strategy Equity", span_s=span_s, count=int(span_s / 300))
    return {at: closed for at, *_, closed in chart["chart"]["series"]["Equity"]["values"]}


def equity_of(sim: Sim, project_id: int = PAIRS) -> float:
    rows = sim.post("live/list", projectId=project_id, status="Running")["live"]
    return float(rows[0]["equity"])


def test_a_brokerage_that_is_gone_refuses_every_order_and_the_deployment_says_running() -> None:
    sim = Sim(events=False)
    before = len(orders_of(sim))
    sim.control("brokerage", projectId=PAIRS, gone=True)
    sim.clock.advance(3 * 3_600)
    assert sim.post("live/read", projectId=PAIRS)["status"] == "Running"
    refused = orders_of(sim)[before:]
    assert len(refused) in (11, 12)
    assert {(each["status"], each["events"][-1]["message"]) for each in refused} == {(7, DISCONNECTED)}
    assert len(lines_of(sim, query="when disconnected")) in (11, 12)
    sim.control("brokerage", projectId=PAIRS, gone=False)
    sim.clock.advance(24 * 3_600)
    later = orders_of(sim)[before + len(refused) :]
    assert [each for each in later if each["status"] == 3]
    assert not [each for each in later[1:] if each["events"][-1].get("message") == DISCONNECTED]


def test_a_login_that_waits_shows_nothing_and_goes_on_afterwards() -> None:
    sim = Sim(events=False)
    before = len(orders_of(sim)), len(lines_of(sim)), insights_of(sim), equity_of(sim)
    sim.control("quiet", projectId=PAIRS, quiet=True)
    since = sim.clock.now()
    sim.clock.advance(6 * 3_600)
    assert sim.post("live/read", projectId=PAIRS)["status"] == "Running"
    assert (len(orders_of(sim)), len(lines_of(sim)), insights_of(sim), equity_of(sim)) == before
    assert max(samples_of(sim)) <= since
    again = sim.clock.now()
    sim.control("quiet", projectId=PAIRS, quiet=False)
    sim.clock.advance(6 * 3_600)
    assert len(orders_of(sim)) > before[0]
    assert len(lines_of(sim)) > before[1]
    insights = insights_of(sim)
    assert insights[: len(before[2])] == before[2]
    assert len(insights) > len(before[2]) + 400
    for at in (*insights, *samples_of(sim)):
        assert not since < at < again


def test_shares_do_nothing_at_night_and_on_weekends() -> None:
    plan = ProjectPlan(SHARES, "Shares", ("SPY", "SAP"), rebalance_s=3_600.0, runs=(Run(20 * DAY_S),))
    sim = Sim(events=False, cast=(plan,))
    sim.control("brokerage", projectId=SHARES, gone=True)
    sim.clock.advance(7 * DAY_S)
    refused = [each for each in orders_of(sim, SHARES) if each["status"] == 7]
    assert len(refused) > 100
    at_of = [datetime.fromisoformat(each["time"]).timestamp() for each in orders_of(sim, SHARES)]
    for at in at_of + insights_of(sim, SHARES):
        assert is_open("us", at)
    stamps = [line[:19] for line in lines_of(sim, SHARES) if line[:2] == "20"]
    # In New York's time; the line of the launch is the only one that may be at another hour.
    assert all("09:30" <= stamp[11:16] <= "16:00" for stamp in stamps[1:])
    assert len(stamps) > 150
    assert len(samples_of(sim, SHARES)) >= 280


@pytest.mark.parametrize("percent", [-12.0, 6.0])
def test_equity_moves_at_once_and_the_books_still_balance(percent: float) -> None:
    sim = Sim(events=False)
    before = equity_of(sim, CARRY)
    sim.control("equity", projectId=CARRY, percent=percent)
    sim.clock.advance(60)
    assert equity_of(sim, CARRY) / before == pytest.approx(1 + percent / 100, abs=0.002)
    sim.clock.advance(DAY_S)
    samples = samples_of(sim, CARRY, 2 * DAY_S)
    earlier = [samples[at] for at in samples if at < NOW - 300]
    later = [samples[at] for at in samples if at > NOW + 300]
    moved = later[0] - earlier[-1]
    assert moved == pytest.approx(before * percent / 100, rel=0.05)
    portfolio = sim.post("live/portfolio/read", projectId=CARRY)["portfolio"]
    held = sum(each.get("v", 0.0) * each.get("r", 1.0) for each in portfolio["holdings"].values())
    assert held + portfolio["cash"]["USD"]["amount"] == pytest.approx(equity_of(sim, CARRY), abs=0.05)


def test_a_line_that_was_asked_for_stands_in_the_log_once() -> None:
    sim = Sim(events=False)
    sim.control("log", projectId=PAIRS, text="Error: margin call")
    sim.clock.advance(3 * 3_600)
    assert [line[20:] for line in lines_of(sim, query="margin call")] == ["Error: margin call"]


def test_an_optimization_stalls_goes_on_and_ends_as_it_is_told() -> None:
    sim = Sim(events=False)
    listed = sim.post("optimizations/list", projectId=MOMENTUM)["optimizations"]
    number, other = (each["optimizationId"] for each in listed if each["status"] == "running")

    def read() -> tuple[str, str]:
        found = sim.post("optimizations/read", optimizationId=number)["optimization"]
        return found["status"], found["runtimeStatistics"]["Completed"]

    before = read()
    sim.control("optimization", optimizationId=number, becomes="stalled")
    sim.clock.advance(DAY_S)
    assert read() == before
    sim.control("optimization", optimizationId=number, becomes="running")
    assert read() == before
    sim.clock.advance(200)
    assert read()[0] == "running"
    assert int(read()[1]) > int(before[1])
    sim.control("optimization", optimizationId=number, becomes="completed")
    assert read()[0] == "completed"
    sim = Sim(events=False)
    sim.control("optimization", optimizationId=other, becomes="aborted")
    assert sim.post("optimizations/read", optimizationId=other)["optimization"]["status"] == "aborted"


def test_nothing_goes_wrong_where_nothing_is_live() -> None:
    sim = Sim()
    reply = sim.ask("quiet", {"projectId": INTRADAY, "quiet": True}, headers={}, prefix="/_sim/")
    assert (reply.status, reply.json()["error"]) == (400, f"ValueError: nothing is live in project {INTRADAY}")
