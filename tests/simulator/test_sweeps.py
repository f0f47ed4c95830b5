"""Optimizations that are asked for, over the wire: estimate, compile, create, update, delete."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest

from tests.simulator.support import CARRY, MOMENTUM, PAIRS, Json, Sim, headers_for
from tests.simulator.test_shapes import fits, payload

SHARPE = "TotalPerformance.PortfolioStatistics.SharpeRatio"
GRID: list[Json] = [
    {"name": "fast", "min": 5, "max": 20, "step": 5},
    {"name": "slow", "min": 30, "max": 60, "step": 10},
    {"name": "universe", "value": "large"},
]


def asked(**more: Any) -> Json:
    return {
        "projectId": PAIRS,
        "name": "Again",
        "target": SHARPE,
        "targetTo": "max",
        "strategy": "QuantConnect.Optimizer.Strategies.GridSearchOptimizationStrategy",
        "parameters": GRID,
        **more,
    }


def built(sim: Sim, project_id: int = PAIRS) -> str:
    compile_id = str(sim.post("compile/create", projectId=project_id)["compileId"])
    sim.clock.advance(5)
    return compile_id


def created(sim: Sim, **more: Any) -> Json:
    body = {"compileId": built(sim), "estimatedCost": 2.5, "nodeType": "O2-8", "parallelNodes": 2} | more
    answer = sim.post("optimizations/create", **asked(**body))
    one: Json = answer["optimizations"][0]
    return one


def ids(sim: Sim) -> list[str]:
    return [one["optimizationId"] for one in sim.post("optimizations/list", projectId=PAIRS)["optimizations"]]


def test_an_estimate_starts_nothing() -> None:
    sim = Sim()
    before = ids(sim)
    answer = sim.post("optimizations/estimate", **asked())
    assert fits(payload("optimizations_estimate__ok"), answer) == []
    assert answer["estimate"]["time"] == 16 * 85
    assert ids(sim) == before


def test_a_compile_waits_then_is_built_or_not() -> None:
    sim = Sim()
    one = sim.post("compile/create", projectId=PAIRS)
    assert (one["state"], one["logs"]) == ("InQueue", [])
    sim.clock.advance(3)
    assert sim.post("compile/read", projectId=PAIRS, compileId=one["compileId"])["state"] == "BuildSuccess"
    sim.control("behaviours", projectId=PAIRS, behaviour="build-fails")
    failed = sim.post("compile/read", projectId=PAIRS, compileId=one["compileId"])
    assert failed["state"] == "BuildError"
    assert "invalid syntax" in failed["logs"][0]
    assert sim.refused("compile/read", projectId=CARRY, compileId=one["compileId"])
    assert sim.refused("compile/read", projectId=PAIRS, compileId="none")


def test_a_created_one_runs_to_its_end_with_what_was_asked_for() -> None:
    sim = Sim()
    before = ids(sim)
    limit = {"target": SHARPE, "operator": "GreaterOrEqual", "targetValue": 0.5}
    one = created(sim, constraints=[limit], targetValue=2.0)
    assert fits(payload("optimizations_create__ok")["optimizations"][0], one) == []
    assert (one["status"], one["name"], one["criterion"]["targetValue"]) == ("new", "Again", 2.0)
    assert ids(sim) == [one["optimizationId"], *before]
    sim.clock.advance(24 * 3600)
    read = sim.post("optimizations/read", optimizationId=one["optimizationId"])["optimization"]
    assert (read["status"], read["nodeType"], read["parallelNodes"]) == ("completed", "O2-8", 2)
    assert (read["constraints"], read["targetValue"], len(read["backtests"])) == ([limit], 2.0, 16)
    assert {child["parameterSet"]["universe"] for child in read["backtests"].values()} == {"large"}
    assert read["parameters"] == GRID


@pytest.mark.parametrize(
    "more",
    [
        {"compileId": "none"},
        {"nodeType": "O1-1"},
        {"parallelNodes": 0},
        {"parallelNodes": 99},
        {"estimatedCost": "2.5"},
        {"name": ""},
        {"target": "TotalPerformance.PortfolioStatistics.Luck"},
        {"targetTo": "most"},
        {"targetValue": None},
        {"parameters": []},
        {"parameters": [{"name": "universe", "value": "large"}]},
        {"parameters": [{"name": "fast", "min": 5, "max": 1, "step": 1}]},
        {"parameters": [{"name": "fast", "min": 5, "max": 9, "step": 0}]},
        {"parameters": [{"name": "fast", "min": 5, "max": 9, "step": True}]},
        {"parameters": [{"name": "fast", "min": 0, "max": 1, "step": 1e-9}]},
        {"parameters": [GRID[0], GRID[0]]},
        {"constraints": [{"target": SHARPE, "operator": "Near", "targetValue": 1}]},
    ],
)
def test_what_is_refused_starts_nothing(more: Json) -> None:
    sim = Sim()
    before = ids(sim)
    body = {"compileId": built(sim), "estimatedCost": 2.5, "nodeType": "O2-8", "parallelNodes": 2} | more
    assert sim.refused("optimizations/create", **asked(**body))
    assert ids(sim) == before


def test_a_build_that_waits_or_is_another_projects_is_refused() -> None:
    sim = Sim()
    fresh = sim.post("compile/create", projectId=PAIRS)["compileId"]
    more = {"estimatedCost": 1, "nodeType": "O2-8", "parallelNodes": 1}
    assert sim.refused("optimizations/create", **asked(compileId=fresh, **more))
    assert sim.refused("optimizations/create", **asked(compileId=built(sim, MOMENTUM), **more))
    sim.control("behaviours", projectId=PAIRS, behaviour="build-fails")
    assert sim.refused("optimizations/create", **asked(compileId=built(sim), **more))


def test_update_and_delete() -> None:
    sim = Sim()
    one = created(sim)["optimizationId"]
    assert sim.post("optimizations/update", optimizationId=one, name="Other") == payload("optimizations_update__ok")
    assert sim.post("optimizations/read", optimizationId=one)["optimization"]["name"] == "Other"
    assert sim.refused("optimizations/update", optimizationId=one)
    assert sim.post("optimizations/delete", optimizationId=one) == payload("optimizations_delete__ok")
    assert one not in ids(sim)
    for endpoint in ("read", "abort", "delete"):
        assert sim.refused(f"optimizations/{endpoint}", optimizationId=one)
    assert sim.refused("optimizations/update", optimizationId=one, name="Again")


def test_a_project_that_rejects_and_one_whose_answers_break() -> None:
    sim = Sim()
    sim.control("behaviours", projectId=PAIRS, behaviour="rejected")
    body = {"compileId": built(sim), "estimatedCost": 2.5, "nodeType": "O2-8", "parallelNodes": 2}
    assert sim.refused("optimizations/create", **asked(**body))
    one = ids(sim)[0]
    sim.control("behaviours", projectId=PAIRS, behaviour="reset-after")
    with pytest.raises(ConnectionResetError):
        sim.ask("optimizations/delete", {"optimizationId": one})
    assert one not in ids(sim)


def test_a_form_says_the_same_as_json() -> None:
    """lean-cli sends optimizations as forms, its parameters under `key`, numbers as text, an empty target value."""
    sim = Sim()
    axis = {"key": "fast", "min": 5, "max": 20.0, "step": 5}
    form = {
        **asked(compileId=built(sim), estimatedCost="0.01", nodeType="O2-8", parallelNodes=2, targetValue=""),
        **{f"parameters[0][{name}]": value for name, value in axis.items()},
        "constraints[0][target]": SHARPE,
        "constraints[0][operator]": "GreaterOrEqual",
        "constraints[0][target-value]": "0.5",
    }
    del form["parameters"]

    def send(endpoint: str, **more: Any) -> Json:
        head = {**headers_for(sim.real_at), "Content-Type": "application/x-www-form-urlencoded"}
        answer: Json = sim.ask(endpoint, urlencode({**form, **more}).encode(), headers=head).json()
        return answer

    assert send("optimizations/estimate")["estimate"]["time"] == 4 * 85
    made = send("optimizations/create")["optimizations"][0]
    read = sim.post("optimizations/read", optimizationId=made["optimizationId"])["optimization"]
    assert read["parameters"] == [GRID[0]]
    assert read["constraints"] == [{"target": SHARPE, "operator": "GreaterOrEqual", "targetValue": 0.5}]
    assert read["targetValue"] is None
    for wrong in ({"estimatedCost": ""}, {"parameters[0][max]": "many"}, {"parameters": "fast"}, {"targetValue": "x"}):
        assert send("optimizations/create", **wrong)["success"] is False
