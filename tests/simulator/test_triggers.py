from __future__ import annotations

import pytest

from tests.simulator.support import CARRY, CRYPTO, KELLY, MOMENTUM, PAIRS, UNTESTED, WHEEL, Json, Sim

ORDER_S, STOP_S, FLAT_S = 1.5, 4.0, 6.0


@pytest.fixture
def sim() -> Sim:
    return Sim(events=False)


def read(sim: Sim, project_id: int = PAIRS) -> Json:
    return sim.post("live/read", projectId=project_id)


def held(sim: Sim, project_id: int = PAIRS) -> dict[str, float]:
    portfolio = sim.post("live/portfolio/read", projectId=project_id)["portfolio"]
    return {key: one["q"] for key, one in portfolio["holdings"].items() if one.get("q")}


def liquidation_orders(sim: Sim, project_id: int = PAIRS) -> list[Json]:
    length = sim.post("live/orders/read", projectId=project_id, start=0, end=0)["length"]
    tail = sim.post("live/orders/read", projectId=project_id, start=max(length - 20, 0), end=length)["orders"]
    current = read(sim, project_id)["deployId"]
    return [
        order
        for order in tail
        if order["tag"] == "Liquidated" and order["events"] and order["events"][0]["algorithmId"] == current
    ]


def test_liquidate_is_accepted_then_stopped_then_flat(sim: Sim) -> None:
    before = held(sim)
    assert before
    assert sim.post("live/update/liquidate", projectId=PAIRS) == {"success": True, "errors": []}
    assert read(sim)["status"] == "Running"
    assert read(sim)["stopped"] is None
    sim.clock.advance(STOP_S - 0.1)
    assert read(sim)["stopped"] is None
    sim.clock.advance(0.2)
    assert read(sim)["status"] == "Liquidated"
    assert read(sim)["stopped"] is not None
    assert held(sim)
    sim.clock.advance(FLAT_S)
    assert held(sim) == {}
    assert sim.post("live/portfolio/read", projectId=PAIRS)["portfolio"]["holdings"] == {}
    sim.control("shapes", endpoint="live/portfolio/read", variant="flat-stays")
    portfolio = sim.post("live/portfolio/read", projectId=PAIRS)["portfolio"]
    assert {} in portfolio["holdings"].values()
    assert set(portfolio["holdings"]) >= set(before)


def test_what_was_accepted_is_known_to_the_control_surface_before_it_happens(sim: Sim) -> None:
    def ends(project_id: int) -> tuple[float | None, float | None]:
        projects = sim.control("projects", method="GET")["projects"]
        current = next(each for each in projects if each["projectId"] == project_id)["deployments"][-1]
        return current["stoppedAt"], current["flatAt"]

    now = sim.clock.now()
    assert ends(PAIRS) == (None, None)
    sim.post("live/update/liquidate", projectId=PAIRS)
    assert ends(PAIRS) == (now + STOP_S, now + STOP_S + FLAT_S)
    sim.post("live/update/stop", projectId=MOMENTUM)
    assert ends(MOMENTUM) == (now + STOP_S, None)


def test_its_orders_are_submitted_then_partly_then_wholly_filled(sim: Sim) -> None:
    sim.config.lags.snapshot_s = 0.0
    before = held(sim)
    sim.post("live/update/liquidate", projectId=PAIRS)
    sim.clock.advance(ORDER_S - 0.1)
    assert liquidation_orders(sim) == []
    seen: list[set[int]] = []
    for _ in range(12):
        sim.clock.advance(1.0)
        seen.append({order["status"] for order in liquidation_orders(sim)})
    assert seen[0] == {1}
    assert any(2 in statuses for statuses in seen)
    assert seen[-1] == {3}
    orders = liquidation_orders(sim)
    assert {order["symbol"]["id"]: -order["quantity"] for order in orders} == before
    for order in orders:
        assert sum(event["fillQuantity"] for event in order["events"]) == pytest.approx(order["quantity"])


def test_what_is_left_shrinks_while_orders_fill(sim: Sim) -> None:
    sim.config.lags.snapshot_s = 0.0
    before = held(sim)
    sim.post("live/update/liquidate", projectId=PAIRS)
    sim.clock.advance(STOP_S + FLAT_S - 0.5)
    during = held(sim)
    assert set(during) == set(before)
    assert all(0 < abs(during[one]) < abs(before[one]) for one in before)


def test_log_and_list_tell_of_the_liquidation(sim: Sim) -> None:
    sim.post("live/update/liquidate", projectId=PAIRS)
    sim.clock.advance(60)
    deploy_id = read(sim)["deployId"]
    head = sim.post("live/logs/read", projectId=PAIRS, algorithmId=deploy_id, startLine=0, endLine=0)
    tail = sim.post(
        "live/logs/read", projectId=PAIRS, algorithmId=deploy_id, startLine=head["length"] - 5, endLine=head["length"]
    )
    assert any("Algorithm Liquidated" in line for line in tail["logs"])
    listed = sim.post("live/list", projectId=PAIRS)["live"][0]
    assert (listed["deployId"], listed["status"]) == (deploy_id, "Liquidated")


def test_stop_keeps_the_positions(sim: Sim) -> None:
    before = held(sim)
    sim.post("live/update/stop", projectId=PAIRS)
    sim.clock.advance(3600)
    assert read(sim)["status"] == "Stopped"
    assert held(sim) == before


def test_a_stop_before_the_orders_are_placed_cancels_the_liquidation(sim: Sim) -> None:
    before = held(sim)
    sim.post("live/update/liquidate", projectId=PAIRS)
    sim.clock.advance(ORDER_S - 0.2)
    assert sim.post("live/update/stop", projectId=PAIRS)["success"] is True
    sim.clock.advance(3600)
    assert read(sim)["status"] == "Stopped"
    assert held(sim) == before
    assert liquidation_orders(sim) == []


def test_a_stop_after_the_orders_are_placed_changes_nothing(sim: Sim) -> None:
    sim.post("live/update/liquidate", projectId=PAIRS)
    sim.clock.advance(ORDER_S + 0.2)
    assert sim.post("live/update/stop", projectId=PAIRS)["success"] is True
    sim.clock.advance(60)
    assert read(sim)["status"] == "Liquidated"
    assert held(sim) == {}


def test_a_liquidation_replaces_a_stop_that_was_not_acted_on_yet(sim: Sim) -> None:
    sim.post("live/update/stop", projectId=PAIRS)
    sim.clock.advance(ORDER_S - 0.2)
    sim.post("live/update/liquidate", projectId=PAIRS)
    sim.clock.advance(60)
    assert read(sim)["status"] == "Liquidated"
    assert held(sim) == {}


def test_stop_then_liquidate_is_no_way_out(sim: Sim) -> None:
    sim.post("live/update/stop", projectId=PAIRS)
    sim.clock.advance(STOP_S + 1)
    assert sim.refused("live/update/liquidate", projectId=PAIRS)
    assert held(sim)


def test_a_second_liquidation_does_not_delay_the_first(sim: Sim) -> None:
    sim.post("live/update/liquidate", projectId=PAIRS)
    sim.clock.advance(2)
    assert sim.post("live/update/liquidate", projectId=PAIRS)["success"] is True
    sim.clock.advance(STOP_S - 1.9)
    assert read(sim)["stopped"] is not None


@pytest.mark.parametrize("trigger", ["liquidate", "stop"])
def test_nothing_live_is_refused(sim: Sim, trigger: str) -> None:
    for project_id in (WHEEL, UNTESTED, 1):
        assert sim.refused(f"live/update/{trigger}", projectId=project_id)
    assert sim.refused(f"live/update/{trigger}")
    assert sim.refused(f"live/update/{trigger}", projectId=str(PAIRS))


def test_it_hits_whatever_is_live_now(sim: Sim) -> None:
    old = read(sim)["deployId"]
    sim.control("redeploy", projectId=PAIRS)
    new = read(sim)["deployId"]
    assert new != old
    sim.post("live/update/liquidate", projectId=PAIRS, deployId=old)
    sim.clock.advance(60)
    assert read(sim)["deployId"] == new
    assert read(sim)["status"] == "Liquidated"
    assert sim.post("live/read", projectId=PAIRS, deployId=old)["status"] == "Stopped"


def test_only_its_own_project_is_hit(sim: Sim) -> None:
    sim.post("live/update/liquidate", projectId=PAIRS)
    sim.clock.advance(60)
    for project_id in (MOMENTUM, CRYPTO, KELLY, CARRY):
        assert read(sim, project_id)["status"] == "Running"
        assert read(sim, project_id)["stopped"] is None


def test_coins_stay_in_the_cash_of_a_crypto_brokerage(sim: Sim) -> None:
    before = sim.post("live/portfolio/read", projectId=CRYPTO)["portfolio"]["cash"]
    sim.post("live/update/liquidate", projectId=CRYPTO)
    sim.clock.advance(600)
    after = sim.post("live/portfolio/read", projectId=CRYPTO)["portfolio"]["cash"]
    coins = set(before) - {"USD"}
    assert coins
    assert all(after[coin]["amount"] == before[coin]["amount"] for coin in coins)


def test_equity_stands_still_after_the_end(sim: Sim) -> None:
    sim.post("live/update/liquidate", projectId=CRYPTO)
    sim.clock.advance(60)
    first = sim.post("live/list", projectId=CRYPTO)["live"][0]["equity"]
    sim.clock.advance(6000)
    assert sim.post("live/list", projectId=CRYPTO)["live"][0]["equity"] == first


def test_stop_while_starting_is_accepted(sim: Sim) -> None:
    from tests.simulator.support import BASIS

    assert sim.post("live/update/stop", projectId=BASIS)["success"] is True
    sim.clock.advance(STOP_S + 0.1)
    assert read(sim, BASIS)["status"] == "Stopped"


class TestBehaviours:
    def told(self, name: str) -> Sim:
        return Sim(events=False, behaviours={PAIRS: name})

    def test_rejected(self) -> None:
        sim = self.told("rejected")
        assert sim.refused("live/update/liquidate", projectId=PAIRS)
        sim.clock.advance(600)
        assert read(sim)["status"] == "Running"
        assert sim.post("live/update/stop", projectId=KELLY)["success"] is True

    def test_never_stops(self) -> None:
        sim = self.told("never-stops")
        assert sim.post("live/update/liquidate", projectId=PAIRS)["success"] is True
        assert sim.post("live/update/stop", projectId=PAIRS)["success"] is True
        sim.clock.advance(3600)
        assert read(sim)["status"] == "Running"
        assert held(sim)

    def test_never_flat(self) -> None:
        sim = self.told("never-flat")
        before = held(sim)
        sim.post("live/update/liquidate", projectId=PAIRS)
        sim.clock.advance(3600)
        assert read(sim)["status"] == "Liquidated"
        assert held(sim) == before

    def test_portfolio_fails(self) -> None:
        sim = self.told("portfolio-fails")
        assert sim.refused("live/portfolio/read", projectId=PAIRS)
        assert not sim.refused("live/portfolio/read", projectId=KELLY)

    def test_market_closed(self) -> None:
        sim = self.told("market-closed")
        before = held(sim)
        sim.post("live/update/liquidate", projectId=PAIRS)
        sim.clock.advance(3600)
        assert read(sim)["status"] == "Liquidated"
        assert held(sim) == before
        orders = liquidation_orders(sim)
        assert {(order["type"], order["status"]) for order in orders} == {(4, 1)}

    def test_market_hours_wait_for_the_opening(self) -> None:
        sim = Sim(events=False, market_hours=True)
        sim.clock.advance(10 * 3600)
        before = held(sim, MOMENTUM)
        sim.post("live/update/liquidate", projectId=MOMENTUM)
        sim.clock.advance(3600)
        assert held(sim, MOMENTUM) == before
        sim.clock.advance(4 * 86_400)
        assert not any("R735" in symbol for symbol in held(sim, MOMENTUM))

    def test_redeploys(self) -> None:
        sim = self.told("redeploys")
        first = read(sim)["deployId"]
        sim.post("live/update/liquidate", projectId=PAIRS)
        sim.clock.advance(STOP_S + 1)
        assert read(sim)["status"] == "Liquidated"
        sim.clock.advance(5)
        assert read(sim)["deployId"] != first
        assert read(sim)["status"] == "Running"

    def test_runtime_error(self) -> None:
        sim = self.told("runtime-error")
        before = held(sim)
        sim.post("live/update/liquidate", projectId=PAIRS)
        sim.clock.advance(600)
        assert read(sim)["status"] == "RuntimeError"
        assert held(sim) == before

    def test_at_run_time_and_back(self) -> None:
        sim = Sim(events=False)
        sim.control("behaviours", projectId=PAIRS, behaviour="rejected")
        assert sim.refused("live/update/stop", projectId=PAIRS)
        sim.control("behaviours", projectId=PAIRS, behaviour="")
        assert not sim.refused("live/update/stop", projectId=PAIRS)
        assert sim.ask("behaviours", {"projectId": PAIRS, "behaviour": "nonsense"}, prefix="/_sim/").status == 400


class TestAbort:
    def running(self, sim: Sim) -> str:
        listed = sim.post("optimizations/list", projectId=PAIRS)["optimizations"]
        return str(next(one["optimizationId"] for one in listed if one["status"] == "running"))

    def test_is_not_instantaneous(self, sim: Sim) -> None:
        one = self.running(sim)
        assert sim.post("optimizations/abort", optimizationId=one) == {"success": True, "errors": []}
        assert sim.post("optimizations/read", optimizationId=one)["optimization"]["status"] == "running"
        sim.clock.advance(7.9)
        assert sim.post("optimizations/read", optimizationId=one)["optimization"]["status"] == "running"
        sim.clock.advance(0.2)
        assert sim.post("optimizations/read", optimizationId=one)["optimization"]["status"] == "aborted"

    def test_finished_children_stay_and_nothing_moves_any_more(self, sim: Sim) -> None:
        sim.clock.advance(120)
        one = self.running(sim)
        sim.post("optimizations/abort", optimizationId=one)
        sim.clock.advance(10)
        first = sim.post("optimizations/read", optimizationId=one)
        assert any(child.get("progress") == 1 for child in first["optimization"]["backtests"].values())
        sim.clock.advance(7200)
        assert sim.post("optimizations/read", optimizationId=one) == first

    def test_of_a_finished_one_is_refused(self, sim: Sim) -> None:
        one = self.running(sim)
        sim.clock.advance(6 * 3600)
        assert sim.post("optimizations/read", optimizationId=one)["optimization"]["status"] == "completed"
        assert sim.refused("optimizations/abort", optimizationId=one)

    def test_a_second_one_and_unknown_ids(self, sim: Sim) -> None:
        one = self.running(sim)
        sim.post("optimizations/abort", optimizationId=one)
        assert not sim.refused("optimizations/abort", optimizationId=one)
        sim.clock.advance(10)
        assert sim.refused("optimizations/abort", optimizationId=one)
        assert sim.refused("optimizations/abort", optimizationId="O-" + "0" * 32)
        assert sim.refused("optimizations/abort")
