from __future__ import annotations

import pytest

from qctui.simulator.insight_feed import InsightFeed
from qctui.simulator.ledger import Ledger
from tests.simulator.support import CARRY, CRYPTO, KELLY, MOMENTUM, NOW, PAIRS, Sim


def ledger_of(sim: Sim, project_id: int) -> Ledger:
    deployment = sim.world.deployment(project_id)
    assert deployment is not None
    return deployment.ledger


@pytest.mark.parametrize("project_id", [MOMENTUM, CRYPTO, PAIRS, KELLY, CARRY])
def test_equity_is_capital_plus_gains_less_fees(project_id: int) -> None:
    sim = Sim()
    ledger = ledger_of(sim, project_id)
    gains = 0.0
    for trade in ledger.trades(NOW):
        move = sim.world.market.price(trade.symbol, NOW) - trade.price
        gains += trade.quantity * move * trade.symbol.conversion - trade.fee
    assert ledger.trades(NOW)
    assert ledger.epoch_at(NOW).fees > 0
    assert ledger.equity(NOW) == pytest.approx(ledger.capital + gains, abs=0.01)


def test_equities_of_many_times_are_those_of_each() -> None:
    ledger = ledger_of(Sim(), PAIRS)
    times = [ledger.launched_at + 311.0 * step for step in range(230)]
    assert ledger.equities(times) == pytest.approx([ledger.equity(at) for at in times], abs=1e-6)


def test_nothing_trades_while_its_market_is_closed() -> None:
    from qctui.simulator.market import is_open

    sim = Sim()
    for project_id in (MOMENTUM, KELLY, CARRY):
        for trade in ledger_of(sim, project_id).trades(NOW):
            assert is_open(trade.symbol.hours, trade.at)


@pytest.mark.parametrize("total", [None, 0, 1, 5000])
def test_insights_are_counted_exactly(total: int | None) -> None:
    sim = Sim(insights=total, events=False)
    deployment = sim.world.deployment(PAIRS)
    assert deployment is not None
    feed = InsightFeed(sim.world.market, deployment, NOW, hostile=False)
    every = [one["generatedTime"] for one in feed.window(0, 10**6, NOW + 7200)]
    assert every == sorted(every)
    for at in (NOW - 30_000.0, NOW - 3_333.0, NOW, NOW + 0.001, NOW + 61.0, NOW + 7200.0, *every[:3], *every[-3:]):
        assert feed.count(at) == sum(one <= at for one in every)


def test_an_insight_is_scored_when_it_has_closed() -> None:
    sim = Sim()
    found = sim.post("live/insights/read", projectId=PAIRS, start=0, end=99)["insights"]
    for one in found:
        assert one["scoreFinal"] is (one["closeTime"] <= NOW)
        assert one["closeTime"] - one["generatedTime"] == pytest.approx(one["period"], abs=1)
        if one["type"] == "price":
            assert (one["referenceFinal"] == 0) is not one["scoreFinal"]
