from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from qctui.simulator.market import SYMBOLS
from tests.simulator.support import (
    BASIS,
    CARRY,
    CRYPTO,
    INTRADAY,
    KELLY,
    MOMENTUM,
    NOW,
    PAIRS,
    UNTESTED,
    WHEEL,
    Json,
    Sim,
)

DATE = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$|^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")


@pytest.fixture(scope="module")
def sim() -> Sim:
    return Sim()


def by_id(items: list[Json], project_id: int) -> list[Json]:
    return [item for item in items if item["projectId"] == project_id]


class TestProjects:
    def test_all_of_them(self, sim: Sim) -> None:
        answer = sim.post("projects/read")
        names = [project["name"] for project in answer["projects"]]
        assert len(names) == 10
        assert "Pairs/ETF Mean Reversion" in names
        assert any(name.startswith("Recycle Bin/") for name in names)
        assert answer["versions"]

    def test_one_of_them(self, sim: Sim) -> None:
        (project,) = sim.post("projects/read", projectId=MOMENTUM)["projects"]
        assert project["projectId"] == MOMENTUM
        assert project["codeRunning"] is True

    def test_a_window_of_them(self, sim: Sim) -> None:
        every = sim.post("projects/read")["projects"]
        assert sim.post("projects/read", start=2, end=5)["projects"] == every[2:5]

    def test_a_window_together_with_an_id_is_refused(self, sim: Sim) -> None:
        assert sim.refused("projects/read", projectId=MOMENTUM, start=0, end=5)

    def test_an_unknown_one_is_refused(self, sim: Sim) -> None:
        answer = sim.post("projects/read", projectId=1)
        assert (answer["success"], answer["projects"]) == (False, [])


class TestLiveList:
    def test_past_and_present_deployments_of_all_projects(self, sim: Sim) -> None:
        items = sim.post("live/list")["live"]
        assert [item["status"] for item in by_id(items, MOMENTUM)] == ["Running", "Liquidated", "Stopped"]
        assert {item["environment"] for item in items} == {"live", "live-paper"}
        assert all(re.fullmatch(r"L-[0-9a-f]{32}", item["deployId"]) for item in items)
        assert all(DATE.match(item["launched"]) for item in items)

    def test_a_runtime_error_lies_within_a_day_and_a_stop_days_back(self, sim: Sim) -> None:
        items = sim.post("live/list")["live"]
        (failed,), (stopped,) = by_id(items, WHEEL), by_id(items, INTRADAY)
        assert failed["status"] == "RuntimeError"
        assert failed["error"].startswith("Runtime Error")
        assert NOW - seconds(failed["stopped"]) < 86_400
        assert NOW - seconds(stopped["stopped"]) > 3 * 86_400

    def test_filters(self, sim: Sim) -> None:
        assert {item["projectId"] for item in sim.post("live/list", projectId=PAIRS)["live"]} == {PAIRS}
        running = sim.post("live/list", status="Running")["live"]
        assert {item["status"] for item in running} == {"Running"}
        assert sim.refused("live/list", status="Initializing")
        assert sim.refused("live/list", projectId=1)

    def test_no_deployment_is_an_empty_list(self, sim: Sim) -> None:
        assert sim.post("live/list", projectId=UNTESTED) == {"live": [], "success": True, "errors": []}


class TestLiveRead:
    def test_a_running_one_is_flat_and_without_project_id(self, sim: Sim) -> None:
        answer = sim.post("live/read", projectId=MOMENTUM)
        assert answer["status"] == "Running"
        assert answer["stopped"] is None
        assert "projectId" not in answer
        assert answer["files"][0]["name"] == "main.py"
        assert answer["charts"]["Strategy Equity"] == {"name": "Strategy Equity"}
        assert answer["serverStatistics"]["Up Time"].startswith("3")

    def test_money_is_written_as_the_engine_writes_it(self, sim: Sim) -> None:
        statistics = sim.post("live/read", projectId=CARRY)["runtimeStatistics"]
        assert re.fullmatch(r"\$[\d,]+\.\d\d", statistics["Equity"])
        assert re.fullmatch(r"-\$[\d,]+\.\d\d", statistics["Fees"])
        assert re.fullmatch(r"-?\d+\.\d\d %", statistics["Return"])
        every = [sim.post("live/read", projectId=one)["runtimeStatistics"] for one in (MOMENTUM, CRYPTO, PAIRS, KELLY)]
        assert any(one["Unrealized"].startswith("$-") for one in every) or any(
            one["Net Profit"].startswith("$-") for one in [*every, statistics]
        )

    def test_a_failed_one_has_its_message_and_no_statistics(self, sim: Sim) -> None:
        answer = sim.post("live/read", projectId=WHEEL)
        assert answer["status"] == "RuntimeError"
        assert "\n" in answer["message"]
        assert "runtimeStatistics" not in answer

    def test_by_deploy_id(self, sim: Sim) -> None:
        old = by_id(sim.post("live/list")["live"], MOMENTUM)[-1]
        assert sim.post("live/read", projectId=MOMENTUM, deployId=old["deployId"])["status"] == "Stopped"
        assert sim.refused("live/read", projectId=MOMENTUM, deployId="L-" + "0" * 32)

    def test_explicit_null_and_wrong_types_are_refused(self, sim: Sim) -> None:
        assert sim.refused("live/read", projectId=MOMENTUM, deployId=None)
        assert sim.refused("live/read", projectId=str(MOMENTUM))
        assert sim.refused("live/read", projectId=True)
        assert sim.refused("live/read")

    def test_starting_goes_through_its_states(self) -> None:
        fresh = Sim()
        assert fresh.post("live/read", projectId=BASIS)["status"] == "LoggingIn"
        assert "charts" not in fresh.post("live/read", projectId=BASIS)
        seen = []
        for _ in range(20):
            fresh.clock.advance(2)
            seen.append(fresh.post("live/read", projectId=BASIS)["status"])
        assert list(dict.fromkeys(seen)) == ["Initializing", "History", "Running"] or list(dict.fromkeys(seen)) == [
            "LoggingIn",
            "Initializing",
            "History",
            "Running",
        ]


class TestPortfolio:
    @pytest.mark.parametrize("project_id", [MOMENTUM, CRYPTO, PAIRS, KELLY, CARRY])
    def test_holdings_and_cash_make_up_the_equity(self, project_id: int) -> None:
        sim = Sim()
        sim.config.lags.snapshot_s = 0.0
        portfolio = sim.post("live/portfolio/read", projectId=project_id)["portfolio"]
        worth = sum(cash["valueInAccountCurrency"] for cash in portfolio["cash"].values())
        worth += sum(held.get("v", 0.0) * held.get("r", 1.0) for held in portfolio["holdings"].values())
        equity = by_id(sim.post("live/list")["live"], project_id)[0]["equity"]
        assert worth == pytest.approx(equity, abs=0.1)

    def test_members_at_their_default_are_left_out(self, sim: Sim) -> None:
        holdings = sim.post("live/portfolio/read", projectId=PAIRS)["portfolio"]["holdings"]
        assert all(0 not in held.values() for held in holdings.values())
        assert {"a", "q", "p", "v"} <= set(next(held for held in holdings.values() if "q" in held))

    def test_coins_are_cash_at_a_crypto_brokerage(self, sim: Sim) -> None:
        portfolio = sim.post("live/portfolio/read", projectId=CRYPTO)["portfolio"]
        assert not any(held.get("q") for held in portfolio["holdings"].values())
        assert set(portfolio["cash"]) & {"BTC", "ETH", "SOL"}

    def test_snapshots_lag_and_are_flushed_by_a_stop(self) -> None:
        sim = Sim()
        sim.config.lags.snapshot_s = 600.0
        first = sim.post("live/portfolio/read", projectId=CRYPTO)
        sim.clock.advance(500)
        assert sim.post("live/portfolio/read", projectId=CRYPTO) == first
        sim.clock.advance(200)
        assert sim.post("live/portfolio/read", projectId=CRYPTO) != first


def test_a_stop_flushes_what_was_snapshotted() -> None:
    sim = Sim(events=False)
    sim.config.lags.snapshot_s = 600.0
    sim.clock.advance(300)
    body = {"projectId": PAIRS, "start": 0, "end": 1}
    before = sim.post("live/insights/read", **body)["length"]
    sim.post("live/update/stop", projectId=PAIRS)
    sim.clock.advance(sim.config.lags.stop_s)
    stopped_at = NOW + 300 + sim.config.lags.stop_s
    assert sim.post("live/insights/read", **body)["length"] > before
    answer = sim.chart(PAIRS, "Drawdown", span_s=3600.0)
    assert answer["chart"]["series"]["Equity Drawdown"]["values"][-1][0] > stopped_at - 60


class TestInsights:
    def test_windows_tile_the_feed_oldest_first(self, sim: Sim) -> None:
        first = sim.post("live/insights/read", projectId=PAIRS, start=0, end=99)
        second = sim.post("live/insights/read", projectId=PAIRS, start=99, end=198)
        both = first["insights"] + second["insights"]
        times = [insight["generatedTime"] for insight in both]
        assert len(first["insights"]) == 99
        assert times == sorted(times)
        assert len({insight["id"] for insight in both}) == len(both)
        assert sim.post("live/insights/read", projectId=PAIRS, start=50, end=60)["insights"] == both[50:60]

    @pytest.mark.parametrize(
        "body", [{"start": 0, "end": 101}, {"start": 5, "end": 4}, {"start": -1, "end": 5}, {"start": 0}]
    )
    def test_windows_that_are_refused(self, sim: Sim, body: Json) -> None:
        assert sim.refused("live/insights/read", projectId=PAIRS, **body)

    @pytest.mark.parametrize("body", [{"start": 0, "end": 100}, {"end": 1000}])
    def test_the_windows_of_the_official_clients(self, sim: Sim, body: Json) -> None:
        assert len(sim.post("live/insights/read", projectId=PAIRS, **body)["insights"]) == 100

    def test_beyond_the_end_is_empty_with_the_length(self, sim: Sim) -> None:
        answer = sim.post("live/insights/read", projectId=PAIRS, start=100_000, end=100_050)
        assert answer["insights"] == []
        assert answer["length"] > 0

    def test_they_arrive_and_never_change_their_place(self) -> None:
        sim = Sim(events=False)
        before = sim.post("live/insights/read", projectId=PAIRS, start=0, end=1)["length"]
        first = sim.post("live/insights/read", projectId=PAIRS, start=0, end=50)["insights"]
        sim.clock.advance(3600)
        after = sim.post("live/insights/read", projectId=PAIRS, start=0, end=50)
        assert 60 <= after["length"] - before <= 100
        assert [one["id"] for one in after["insights"]] == [one["id"] for one in first]

    def test_none_is_later_than_the_snapshot(self, sim: Sim) -> None:
        length = sim.post("live/insights/read", projectId=PAIRS, start=0, end=1)["length"]
        last = sim.post("live/insights/read", projectId=PAIRS, start=length - 1, end=length)["insights"][0]
        assert NOW - 300 < last["generatedTime"] <= NOW

    def test_they_vary(self, sim: Sim) -> None:
        found = sim.post("live/insights/read", projectId=PAIRS, start=0, end=99)["insights"]
        assert {one["direction"] for one in found} == {"up", "flat", "down"}
        assert {one["type"] for one in found} == {"price", "volatility"}
        assert len({one["sourceModel"] for one in found}) == 2
        assert len({one["ticker"] for one in found}) >= 3
        assert any(one["magnitude"] is None for one in found)
        assert {one["scoreFinal"] for one in found} == {True, False}

    def test_an_old_deployment_by_its_id(self, sim: Sim) -> None:
        old = by_id(sim.post("live/list")["live"], MOMENTUM)[1]["deployId"]
        answer = sim.post("live/insights/read", projectId=MOMENTUM, start=0, end=5, algorithmId=old)
        assert len(answer["insights"]) == 5
        assert sim.refused("live/insights/read", projectId=MOMENTUM, start=0, end=5, algorithmId="L-none")


class TestOrders:
    def test_all_deployments_in_launch_order_oldest_first(self, sim: Sim) -> None:
        orders = every_order(sim, PAIRS)
        deploy_ids = list(dict.fromkeys(order["events"][0]["algorithmId"] for order in orders))
        listed = [item["deployId"] for item in by_id(sim.post("live/list")["live"], PAIRS)]
        assert deploy_ids == list(reversed(listed))
        # Ids begin anew with each deployment.
        assert sum(order["id"] == 1 for order in orders) == len(listed)

    def test_windows_up_to_a_thousand_answer_a_hundred(self, sim: Sim) -> None:
        every = every_order(sim, CARRY)
        assert len(every) > 100
        assert sim.post("live/orders/read", projectId=CARRY, start=5, end=9)["orders"] == every[5:9]
        assert sim.post("live/orders/read", projectId=CARRY, start=0, end=1000)["orders"] == every[:100]
        assert sim.refused("live/orders/read", projectId=CARRY, start=0, end=1001)
        assert sim.refused("live/orders/read", projectId=CARRY, start=0)
        assert sim.post("live/orders/read", projectId=CARRY, start=9000, end=9100)["orders"] == []

    def test_statuses_and_types_vary(self, sim: Sim) -> None:
        orders = every_order(sim, CARRY) + every_order(sim, CRYPTO)
        assert {3, 5, 7} <= {order["status"] for order in orders}
        assert {0, 1, 2} <= {order["type"] for order in orders}
        assert all(order["quantity"] < 0 for order in orders if order["direction"] == 1)

    def test_filled_orders_add_up_to_the_holdings(self) -> None:
        sim = Sim()
        sim.config.lags.snapshot_s = 0.0
        current = by_id(sim.post("live/list")["live"], KELLY)[0]["deployId"]
        held: dict[str, float] = {}
        for order in every_order(sim, KELLY):
            for event in order["events"]:
                if event["algorithmId"] == current and event["status"] in ("filled", "partiallyFilled"):
                    held[event["symbol"]] = held.get(event["symbol"], 0.0) + event["fillQuantity"]
        holdings = sim.post("live/portfolio/read", projectId=KELLY)["portfolio"]["holdings"]
        for symbol, quantity in held.items():
            assert holdings.get(symbol, {}).get("q", 0.0) == pytest.approx(quantity)


class TestLogs:
    def test_numbering_runs_over_all_deployments(self, sim: Sim) -> None:
        current = by_id(sim.post("live/list")["live"], PAIRS)[0]["deployId"]
        head = sim.post("live/logs/read", projectId=PAIRS, algorithmId=current, startLine=0, endLine=1, format="json")
        offset, length = head["deploymentOffset"], head["length"]
        assert 0 < offset < length
        own = sim.post("live/logs/read", projectId=PAIRS, algorithmId=current, startLine=offset, endLine=offset + 2)
        assert current in own["logs"][0]
        assert own["logs"][0].startswith("Algorithm Initialization:")

    def test_windows_up_to_two_hundred_and_fifty(self, sim: Sim) -> None:
        current = by_id(sim.post("live/list")["live"], PAIRS)[0]["deployId"]
        body = {"projectId": PAIRS, "algorithmId": current, "startLine": 0}
        assert sim.post("live/logs/read", **body, endLine=250)["success"] is True
        assert sim.refused("live/logs/read", **body, endLine=251)
        assert sim.refused("live/logs/read", projectId=PAIRS, startLine=0, endLine=10)
        assert sim.refused("live/logs/read", projectId=PAIRS, algorithmId="L-none", startLine=0, endLine=10)

    def test_lines_are_in_new_york_time_and_some_are_odd(self, sim: Sim) -> None:
        lines = every_line(sim, PAIRS)
        assert any("[bold]" in line for line in lines)
        assert any("\n" in line and "\t" in line for line in lines)
        assert any(not line[:1].isdigit() for line in lines)
        launched = datetime.fromtimestamp(NOW - 20 * 3600 - 5 * 3600 + 20, UTC).strftime("%Y-%m-%d %H:%M")
        assert any(line.startswith(launched) for line in lines)

    def test_query_filters_and_counts(self, sim: Sim) -> None:
        current = by_id(sim.post("live/list")["live"], PAIRS)[0]["deployId"]
        answer = sim.post(
            "live/logs/read", projectId=PAIRS, algorithmId=current, startLine=0, endLine=200, query="new ORDER event"
        )
        assert answer["logs"]
        assert all("New Order Event" in line for line in answer["logs"])
        assert answer["length"] < len(every_line(sim, PAIRS))


def seconds(text: str) -> float:
    return datetime.fromisoformat(text.replace("Z", "").replace(" ", "T")).replace(tzinfo=UTC).timestamp()


def every_order(sim: Sim, project_id: int) -> list[Json]:
    orders: list[Json] = []
    while True:
        answer = sim.post("live/orders/read", projectId=project_id, start=len(orders), end=len(orders) + 100)
        if not answer["orders"]:
            assert answer["length"] == len(orders)
            return orders
        orders += answer["orders"]


def every_line(sim: Sim, project_id: int) -> list[str]:
    current: Any = by_id(sim.post("live/list")["live"], project_id)[0]["deployId"]
    lines: list[str] = []
    while True:
        answer = sim.post(
            "live/logs/read",
            projectId=project_id,
            algorithmId=current,
            startLine=len(lines),
            endLine=len(lines) + 250,
        )
        if not answer["logs"]:
            return lines
        lines += answer["logs"]


def test_every_symbol_has_an_id_of_its_own() -> None:
    assert len({symbol.id for symbol in SYMBOLS.values()}) == len(SYMBOLS)
