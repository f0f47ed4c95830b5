"""What the client sends and what the simulator answers, against the official models of both."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import Any

import httpx

from qctui.api.auth import Credentials
from qctui.api.client import open_client
from qctui.secret import SecretStr
from qctui.simulator.config import DEMO_TOKEN, DEMO_USER_ID
from tests.fakes import FakeClock
from tests.simulator.official import ANSWERS, MODELS, REQUESTS, refused, unknown
from tests.simulator.support import BASIS, MOMENTUM, PAIRS, UNTESTED, Json, Sim
from tests.simulator.test_launches import asked as launch
from tests.simulator.test_sweeps import SHARPE, asked, built

_TEXTS = "the service has answered with booleans since 2026-02 (mcp-server issue 52, Lean issue 9290)"
_STATIC = "LEAN has parameters of one value (Tests/Api/OptimizationTests.cs); the model has ranges alone"
DIFFERENT: dict[tuple[str, str], str] = {
    **{
        ("projects/read", f"projects[].liveForm.{name} wants Flag"): _TEXTS
        for name in ("notifyInsights", "notifyOrderEvents", "autoRestart")
    },
    **{
        (endpoint, f"{where}.parameters[].{name} wants float"): _STATIC
        for endpoint, where in (
            ("optimizations/list", "optimizations[]"),
            ("optimizations/create", "optimizations[]"),
            ("optimizations/read", "optimization"),
        )
        for name in ("min", "max", "step")
    },
    (
        "live/chart/read",
        "chart.series{}.seriesType wants SeriesType",
    ): "LEAN has 10 (3D) and no 19: a slip of the model",
}
"""Endpoint and what of its answers the models refuse, with the reason why it stays so."""
SENT_BEYOND = {
    ("live/insights/read", "algorithmId"): "newer documentation: which deployment; ignored where it is not known",
    ("live/logs/read", "query"): "newer documentation: a filter",
    ("live/read", "deployId"): "LEAN's own client sends it (Api/Api.cs): an older deployment",
}
"""Endpoint and field that the client sends beyond the models, with the reason."""


def answers(sim: Sim) -> dict[str, list[Json]]:
    """Answers of every endpoint, of every project, when nothing has happened to it and when something has."""
    found: dict[str, list[Json]] = defaultdict(list)

    def ask(endpoint: str, **body: Any) -> Json:
        answer = sim.post(endpoint, **body)
        assert answer["success"] is True, (endpoint, body, answer)
        found[endpoint].append(answer)
        return answer

    for endpoint in ("authenticate", "account/read", "organizations/list", "organizations/read"):
        ask(endpoint)
    for project in ask("projects/read")["projects"]:
        _read(sim, ask, project["projectId"])
    one = ask("compile/create", projectId=UNTESTED)
    sim.clock.advance(10)
    ask("compile/read", projectId=UNTESTED, compileId=one["compileId"])
    ask("live/create", **launch(sim))
    _read(sim, ask, UNTESTED)
    sim.clock.advance(60)
    ask("live/commands/create", projectId=UNTESTED, command={"text": "hello"})
    ask("optimizations/estimate", **asked())
    ready = {"compileId": built(sim), "estimatedCost": 2.5, "nodeType": "O2-8", "parallelNodes": 2}
    limit = {"target": SHARPE, "operator": "GreaterOrEqual", "targetValue": 0.5}
    made = ask("optimizations/create", **asked(**ready, constraints=[limit]))["optimizations"][0]["optimizationId"]
    ask("optimizations/update", optimizationId=made, name="Renamed")
    ask("optimizations/read", optimizationId=made)
    ask("optimizations/abort", optimizationId=made)
    ask("optimizations/delete", optimizationId=made)
    ask("live/update/liquidate", projectId=MOMENTUM)
    ask("live/update/stop", projectId=PAIRS)
    sim.clock.advance(2 * 3600)
    for project_id in (MOMENTUM, PAIRS, BASIS, UNTESTED):
        _read(sim, ask, project_id)
    return found


def _read(sim: Sim, ask: Any, project_id: int) -> None:
    now = int(sim.clock.now())
    for one in ask("optimizations/list", projectId=project_id)["optimizations"]:
        ask("optimizations/read", optimizationId=one["optimizationId"])
    listed = ask("live/list", projectId=project_id)["live"]
    if not listed:
        return
    charts = ask("live/read", projectId=project_id).get("charts", {})
    for one in listed:
        ask("live/read", projectId=project_id, deployId=one["deployId"])
    window = {"projectId": project_id, "count": 20, "start": now - 86_400, "end": now}
    for name in charts:
        ask("live/chart/read", name=name, **window)
    ask("live/portfolio/read", projectId=project_id)
    ask("live/orders/read", projectId=project_id, start=0, end=1000)
    ask("live/insights/read", projectId=project_id, end=1000)
    log = {"projectId": project_id, "startLine": 0, "endLine": 200, "format": "json"}
    ask("live/logs/read", algorithmId=listed[0]["deployId"], **log)


def test_every_answer_is_what_the_official_models_take_or_is_listed_with_the_reason() -> None:
    found = answers(Sim(events=False))
    assert found.keys() == ANSWERS.keys()
    refusals = {
        (endpoint, text) for endpoint, each in found.items() for one in each for text in refused(ANSWERS[endpoint], one)
    }
    assert refusals == DIFFERENT.keys()
    loading = Sim(loading=1).chart(MOMENTUM, "Benchmark")
    assert refused(MODELS["Loading"], loading) == []


def test_every_request_of_the_client_is_what_the_official_models_take_or_is_listed_with_the_reason() -> None:
    sim = Sim(events=False)
    asyncio.run(_everything_the_client_asks(sim))
    assert {each.path for each in sim.simulation.log.records} == REQUESTS.keys() | {"authenticate"}
    assert all(each.success for each in sim.simulation.log.records), sim.simulation.log.records
    sent = [(each.path, each.body) for each in sim.simulation.log.records if each.path in REQUESTS]
    assert [(path, text) for path, body in sent for text in refused(REQUESTS[path], body)] == []
    beyond = {(path, name) for path, body in sent for name in unknown(REQUESTS[path], body)}
    assert beyond == SENT_BEYOND.keys()


async def _everything_the_client_asks(sim: Sim) -> None:
    client = open_client(
        Credentials(str(DEMO_USER_ID), SecretStr(DEMO_TOKEN)),
        "http://127.0.0.1/api/v2",
        read_only=False,
        clock=FakeClock(now=sim.real_at),
        transport=httpx.ASGITransport(app=sim.app),
    )
    reads, triggers, now = client.reads, client.triggers, sim.clock.now()
    await reads.authenticate()
    await reads.fetch_projects()
    await reads.fetch_deployments()
    deploy_id = (await triggers.fetch_deployments(MOMENTUM)).deployments[0].deploy_id
    await reads.fetch_detail(MOMENTUM)
    await reads.fetch_detail(MOMENTUM, deploy_id)
    await reads.fetch_portfolio(MOMENTUM)
    await reads.fetch_orders(MOMENTUM, 0, 100)
    await reads.fetch_chart(MOMENTUM, "Benchmark", now - 3600, now, 100)
    await reads.fetch_insights(MOMENTUM, 0, 99, deploy_id)
    await reads.fetch_logs(MOMENTUM, deploy_id, 0, 200, "rebalance")
    (running, *_) = await reads.fetch_optimizations(PAIRS)
    await reads.fetch_optimization(running.optimization_id)
    await triggers.abort(running.optimization_id)
    await triggers.liquidate(MOMENTUM)
    await triggers.stop(PAIRS)
    await client.aclose()


def test_the_models_are_looked_into() -> None:
    model = MODELS["Project"]
    good = Sim().post("projects/read")["projects"][0] | {"liveForm": None}
    assert refused(model, good) == []
    for name, value in (
        *(("projectId", "1"), ("projectId", 1.5), ("projectId", None), ("name", 3), ("modified", "soon")),
        *(("language", "Java"), ("collaborators", {}), ("collaborators", [{"permission": "all"}]), ("grid", [])),
        *(("paperEquity", "1"), ("encrypted", "no")),
    ):
        assert len(refused(model, good | {name: value})) == 1, (name, value)
    assert refused(MODELS["Chart"], {"series": {"a": {"values": [[1, 2], {"x": 1}]}}}) != []
    assert unknown(REQUESTS["live/read"], {"projectId": 1, "more": 2}) == ["more"]
