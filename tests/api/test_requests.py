"""What is asked of each endpoint."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from qctui.api.client import Client
from tests.actions.fakes import PLAN
from tests.api.support import client_for, failure_of, reply, run

SWEEP: dict[str, object] = {
    "projectId": 1,
    "compileId": "c1",
    "name": "Grid 2",
    "target": "TotalPerformance.PortfolioStatistics.SharpeRatio",
    "targetTo": "max",
    "strategy": "QuantConnect.Optimizer.Strategies.GridSearchOptimizationStrategy",
    "parameters": [
        {"name": "fast", "min": 5, "max": 20, "step": 5},
        {"name": "slow", "min": 30, "max": 60, "step": 10},
        {"name": "mode", "value": "x"},
    ],
    "constraints": [
        {"target": "TotalPerformance.PortfolioStatistics.Drawdown", "operator": "Less", "targetValue": 0.25}
    ],
}
"""What estimate and create both send (REFERENCE.md 5.5)."""


@pytest.mark.parametrize(
    ("call", "path", "body"),
    [
        (lambda c: c.reads.authenticate(), "authenticate", {}),
        (lambda c: c.reads.fetch_projects(), "projects/read", {}),
        (lambda c: c.reads.fetch_deployments(), "live/list", {}),
        (lambda c: c.reads.fetch_detail(7), "live/read", {"projectId": 7}),
        (lambda c: c.reads.fetch_detail(7, "L-1"), "live/read", {"projectId": 7, "deployId": "L-1"}),
        (
            lambda c: c.reads.fetch_chart(7, "Strategy Equity", 1_795_098_600.9, 1_795_185_000.2, 600),
            "live/chart/read",
            {"projectId": 7, "name": "Strategy Equity", "count": 600, "start": 1_795_098_600, "end": 1_795_185_000},
        ),
        (
            lambda c: c.reads.fetch_insights(7, 99, 198, "L-1"),
            "live/insights/read",
            {"projectId": 7, "start": 99, "end": 198, "algorithmId": "L-1"},
        ),
        (
            lambda c: c.reads.fetch_insights(7, 0, 99, ""),
            "live/insights/read",
            {"projectId": 7, "start": 0, "end": 99},
        ),
        (lambda c: c.reads.fetch_portfolio(7), "live/portfolio/read", {"projectId": 7}),
        (lambda c: c.reads.fetch_orders(7, 0, 100), "live/orders/read", {"projectId": 7, "start": 0, "end": 100}),
        (
            lambda c: c.reads.fetch_logs(7, "L-1", 10, 210),
            "live/logs/read",
            {"projectId": 7, "algorithmId": "L-1", "startLine": 10, "endLine": 210, "format": "json"},
        ),
        (
            lambda c: c.reads.fetch_logs(7, "L-1", 0, 200, "Order [x]"),
            "live/logs/read",
            {
                "projectId": 7,
                "algorithmId": "L-1",
                "startLine": 0,
                "endLine": 200,
                "format": "json",
                "query": "Order [x]",
            },
        ),
        (lambda c: c.reads.fetch_optimizations(7), "optimizations/list", {"projectId": 7}),
        (lambda c: c.reads.fetch_optimization("O-1"), "optimizations/read", {"optimizationId": "O-1"}),
        (lambda c: c.triggers.compile(7), "compile/create", {"projectId": 7}),
        (lambda c: c.triggers.fetch_compile(7, "c1"), "compile/read", {"projectId": 7, "compileId": "c1"}),
        (lambda c: c.triggers.estimate(PLAN, "c1"), "optimizations/estimate", SWEEP),
        (
            lambda c: c.triggers.create(PLAN, "c1"),
            "optimizations/create",
            SWEEP | {"estimatedCost": 0.01, "nodeType": "O2-8", "parallelNodes": 2},
        ),
    ],
)
def test_request(call: Callable[[Client], Awaitable[object]], path: str, body: object) -> None:
    client, script = client_for(reply({"success": False}))
    run(failure_of(call(client)))
    assert (script.paths, script.bodies) == ([f"/api/v2/{path}"], [body])


@pytest.mark.parametrize("raw", ["Odd\x1b[31m name ", "  My Chart", "tab\tbed", "均值"])
def test_a_chart_is_asked_for_by_the_name_the_api_gave_it(raw: str) -> None:
    client, script = client_for(
        reply({"success": True, "charts": {raw: {"name": raw}, "Plain": {"name": "Plain"}}}),
        reply({"success": True, "chart": {"series": {}}}),
    )

    async def go() -> tuple[str, ...]:
        detail = await client.triggers.fetch_detail(7)
        for name in detail.charts:
            await client.reads.fetch_chart(7, name, 0, 1, 1)
        await client.reads.fetch_chart(8, detail.charts[0], 0, 1, 1)
        return detail.charts

    shown = run(go())
    assert not any(ord(letter) < 32 for name in shown for letter in name)
    assert [body["name"] for body in script.bodies[1:]] == [raw, "Plain", shown[0]]


def test_two_charts_that_look_the_same_are_shown_once_and_the_plain_one_wins() -> None:
    charts: dict[str, object] = {"Equity ": {}, "Equity": {}, "\x00": {}, "": {}}
    client, script = client_for(
        reply({"success": True, "charts": charts}), reply({"success": True, "chart": {"series": {}}})
    )

    async def go() -> tuple[str, ...]:
        detail = await client.reads.fetch_detail(7)
        await client.reads.fetch_chart(7, "Equity", 0, 1, 1)
        return detail.charts

    assert run(go()) == ("Equity",)
    assert script.bodies[1]["name"] == "Equity"
