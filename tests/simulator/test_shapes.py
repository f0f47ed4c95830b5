from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from qctui.simulator.shapes import LEGACY, VARIANTS, capitalise, kebab
from tests.simulator.support import BASIS, KELLY, MOMENTUM, NOW, PAIRS, UNTESTED, WHEEL, Json, Sim

PAYLOADS = Path(__file__).parent.parent / "payloads"


def payload(name: str) -> Json:
    found: Json = json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))
    return found


def fits(sample: Any, made: Any, where: str = "") -> list[str]:
    """Say what of the sample's structure is not in what was made: its keys, and the kinds of its values."""
    if isinstance(sample, dict) and isinstance(made, dict):
        missing = [f"{where}.{key} is missing" for key in sample if key not in made]
        return missing + [
            text for key in sample if key in made for text in fits(sample[key], made[key], f"{where}.{key}")
        ]
    if isinstance(sample, list) and isinstance(made, list):
        return fits(sample[0], made[0], f"{where}[]") if sample and made else []
    numbers = (int, float)
    if isinstance(sample, bool) or isinstance(made, bool):
        same = sample is None or made is None or isinstance(sample, bool) == isinstance(made, bool)
    elif isinstance(sample, numbers) and isinstance(made, numbers):
        same = True
    else:
        same = sample is None or made is None or type(sample) is type(made)
    return [] if same else [f"{where}: {type(sample).__name__} in the sample, {type(made).__name__} here"]


def without(sample: Json, *keys: str) -> Json:
    """Leave out maps whose keys are names of things, which differ from world to world."""
    found: Json = json.loads(json.dumps(sample))
    for path in keys:
        *heads, last = path.split(".")
        place = found
        for head in heads:
            place = place[head]
        place.pop(last, None)
    return found


def first(map_or_list: Any) -> Any:
    return next(iter(map_or_list.values() if isinstance(map_or_list, dict) else map_or_list))


def told(endpoint: str, variant: str, **config: Any) -> Sim:
    return Sim(shape_of={endpoint: variant}, **config)


def test_authenticate_and_triggers() -> None:
    assert Sim().post("authenticate") == payload("authenticate__ok")
    assert Sim().post("live/update/stop", projectId=PAIRS) == payload("live_update_stop__ok")
    assert Sim().post("live/update/liquidate", projectId=PAIRS) == payload("live_update_liquidate__ok")
    no_errors = told("live/update/liquidate", "no-errors").post("live/update/liquidate", projectId=PAIRS)
    assert no_errors == payload("rest_response__ok_no_errors_key")
    assert Sim().post("live/update/stop", projectId=UNTESTED) == payload("live_update_stop__error_not_live")


@pytest.mark.parametrize(
    ("variant", "sample"),
    [
        ("modern", "error__invalid_argument"),
        ("messages", "error__messages_key"),
        ("message", "error__capital_message_key"),
        ("bare", "error__bare_false"),
        ("empty", "error__errors_empty_list"),
    ],
)
def test_envelopes_of_refusals(variant: str, sample: str) -> None:
    made = told("error", variant).post("live/read", projectId="x")
    assert set(made) == set(payload(sample))
    assert fits(payload(sample), made) == []


def test_projects() -> None:
    sample = payload("projects_read__ok_mixed_shapes")
    modern = Sim().post("projects/read")["projects"]
    mixed = told("projects/read", "mixed").post("projects/read")["projects"]
    assert fits(sample["projects"][0], modern[0]) == []
    odd = next(one for one in mixed if isinstance(one["parameters"], dict))
    assert isinstance(odd["liveForm"]["autoRestart"], str)
    assert odd["collaborators"][0]["uid"] is None
    assert "T" in odd["created"]
    assert payload("projects_read__error_unknown_id") == Sim().post("projects/read", projectId=1)


def test_live_list() -> None:
    sample = payload("live_list__ok")["live"]
    assert fits(sample[0], Sim().post("live/list")["live"][0]) == []
    iso = told("live/list", "iso-dates").post("live/list")["live"]
    assert all(one["launched"].endswith("Z") for one in iso)
    sparse = told("live/list", "sparse").post("live/list")["live"]
    ended = next(one for one in sparse if one["stopped"])
    assert (ended["description"], ended["leagues"], ended["subscription"]) == (None, None, None)


@pytest.mark.parametrize(
    ("variant", "project_id", "sample"),
    [
        ("modern", MOMENTUM, "live_read__running"),
        ("details", MOMENTUM, "live_read__running_deployment_details"),
        ("modern", BASIS, "live_read__initializing_partial"),
        ("modern", WHEEL, "live_read__runtime_error"),
        ("capitalised", MOMENTUM, "live_read__legacy_capitalised"),
    ],
)
def test_live_read(variant: str, project_id: int, sample: str) -> None:
    made = told("live/read", variant).post("live/read", projectId=project_id)
    wanted = (
        without(payload(sample), "runtimeStatistics.Regime", "charts", "Charts", "runtimeStatistics.Regime")
        if ("runtimeStatistics" in payload(sample))
        else without(payload(sample), "charts", "Charts")
    )
    assert fits(wanted, made) == []


def test_live_read_after_the_end() -> None:
    sim = told("live/read", "map-lists")
    sim.post("live/update/stop", projectId=PAIRS)
    sim.clock.advance(60)
    made = sim.post("live/read", projectId=PAIRS)
    assert (made["runtimeStatistics"], made["charts"]) == ([], [])
    sim.simulation.endpoints.shapes.fixed["live/read"] = "modern"
    liquidated = sim.post("live/read", projectId=PAIRS)
    assert "serverStatistics" not in liquidated
    assert fits(without(payload("live_read__liquidated"), "charts"), liquidated) == []


def test_live_read_of_an_unlisted_status() -> None:
    made = Sim(shapes="ugly", shape_of={"live/read": "data-center"}).post("live/read", projectId=KELLY)
    assert made["status"] == "Idle"
    assert "datacenter" not in made
    wanted = without(payload("live_read__unlisted_status"), "charts", "runtimeStatistics.Regime")
    assert fits(wanted, made) == []


@pytest.mark.parametrize(
    ("variant", "sample"),
    [
        ("modern", "live_insights_read__openapi_shape"),
        ("engine", "live_insights_read__engine_shape_string_numbers"),
        ("kebab", "live_insights_read__kebab_legacy"),
        ("doc", "live_insights_read__doc_shape_odd_types"),
    ],
)
def test_insights(variant: str, sample: str) -> None:
    found = told("live/insights/read", variant).post("live/insights/read", projectId=PAIRS, start=0, end=99)["insights"]
    wanted = payload(sample)["insights"]
    for one in found:
        assert set(one) == set(wanted[0])
        assert fits(wanted[0], one) == []


def test_the_length_of_insights_may_be_how_many_are_returned() -> None:
    for end in (5, 99):
        answer = told("live/insights/read", "counted").post("live/insights/read", projectId=PAIRS, start=0, end=end)
        assert answer["length"] == len(answer["insights"]) == end


@pytest.mark.parametrize(
    ("variant", "sample"),
    [
        ("modern", "live_portfolio_read__short_keys"),
        ("long", "live_portfolio_read__long_keys"),
        ("capitalised", "live_portfolio_read__legacy_capitalised"),
    ],
)
def test_portfolio(variant: str, sample: str) -> None:
    sim = told("live/portfolio/read", variant)
    made = sim.post("live/portfolio/read", projectId=MOMENTUM)["portfolio"]
    wanted = payload(sample)["portfolio"]
    held = next(one for one in made["holdings"].values() if one)
    assert fits(first(wanted["holdings"]), held) == []
    assert fits(wanted["cash"]["USD"], made["cash"]["USD"]) == []


def test_portfolio_of_a_foreign_currency() -> None:
    sim = Sim()
    for _ in range(200):
        holdings = sim.post("live/portfolio/read", projectId=23456950)["portfolio"]["holdings"]
        if "SAP 2T" in holdings and holdings["SAP 2T"].get("q"):
            break
        sim.clock.advance(3 * 3600)
    assert (holdings["SAP 2T"]["c"], holdings["SAP 2T"]["r"]) == ("€", 1.06)


def test_portfolio_with_lists_for_maps() -> None:
    sim = told("live/portfolio/read", "map-lists")
    sim.post("live/update/liquidate", projectId=PAIRS)
    sim.clock.advance(60)
    assert sim.post("live/portfolio/read", projectId=PAIRS)["portfolio"]["holdings"] == []


def test_orders() -> None:
    orders = Sim().post("live/orders/read", projectId=23456950, start=0, end=100)["orders"]
    samples = {one["status"]: one for one in payload("live_orders_read__ok")["orders"]}
    for status in (3, 5, 7):
        made = next(one for one in orders if one["status"] == status)
        assert fits(samples[status], made) == []
    capital = told("live/orders/read", "capitalised").post("live/orders/read", projectId=PAIRS, start=0, end=1)[
        "orders"
    ]
    assert {"Type", "Id", "Events", "Symbol"} <= set(capital[0])


def test_logs_and_empty_answers() -> None:
    sim = Sim()
    deploy_id = sim.post("live/read", projectId=PAIRS)["deployId"]
    made = sim.post("live/logs/read", projectId=PAIRS, algorithmId=deploy_id, startLine=0, endLine=5)
    assert fits(payload("live_logs_read__ok"), made) == []
    assert sim.post("live/list", projectId=UNTESTED) == payload("live_list__empty")
    assert sim.post("optimizations/list", projectId=WHEEL) == payload("optimizations_list__empty")


def chart(variant: str, name: str, project_id: int = PAIRS, **config: Any) -> Json:
    return told("live/chart/read", variant, **config).chart(project_id, name, span_s=2 * 86_400.0)


def test_charts_of_every_shape() -> None:
    candles = payload("live_chart_read__strategy_equity_candles")["chart"]["series"]
    made = chart("modern", "Strategy Equity")["chart"]["series"]
    assert set(made["Equity"]) == set(candles["Equity"])
    assert set(made["Return"]) == set(candles["Return"])
    assert len(made["Equity"]["values"][0]) == 5

    holes = chart("holes", "Strategy Equity")["chart"]["series"]["Equity"]["values"]
    assert any(point[1:] == [None] * 4 for point in holes)
    assert any(point.count(None) == 1 for point in holes)
    assert any(point[1] is None for point in chart("holes", "Drawdown")["chart"]["series"]["Equity Drawdown"]["values"])

    two = chart("two-values", "Strategy Equity")["chart"]["series"]["Equity"]["values"]
    assert {len(point) for point in two} == {2}

    capital = chart("capitalised", "Spread")
    wanted = payload("live_chart_read__legacy_xy_capitalised")
    assert set(capital) == set(wanted)
    assert set(capital["chart"]) == set(wanted["chart"])
    points = capital["chart"]["Series"]["Spread"]["Values"]
    assert {tuple(point) for point in points} == {("x",), ("x", "y")}

    names = chart("type-names", "Strategy Equity")["chart"]
    assert names["chartType"] == "Overlay"
    assert names["series"]["Equity"]["seriesType"] == "Candle"
    names = chart("type-names", "Portfolio Margin")["chart"]
    assert (names["chartType"], first(names["series"])["seriesType"]) == ("Stacked", "StackedArea")

    one = chart("one-series", "Drawdown")["chart"]["series"]
    assert (one["name"], type(one["values"])) == ("Equity Drawdown", list)
    assert "errors" not in chart("modern", "Drawdown")
    assert chart("errors", "Drawdown")["errors"] == []

    scatter = payload("live_chart_read__scatter_tooltip_objects")["chart"]["series"]
    signals = chart("modern", "Signals")["chart"]["series"]
    for name in ("Price", "Buy", "Sell"):
        assert set(signals[name]) == set(scatter[name])


def test_series_without_a_map() -> None:
    series = chart("no-map", "Signals")["chart"]["series"]
    assert [one["name"] for one in series] == ["Price", "Buy", "Sell"]
    assert len(series[0]["values"]) > 100


def test_envelopes_without_success() -> None:
    assert set(told("projects/read", "no-success").post("projects/read")) == {"projects", "versions"}


def test_an_empty_map_of_series_as_a_list() -> None:
    sim = told("live/chart/read", "series-list")
    end = int(NOW) - 5000 * 86_400
    body = {"projectId": PAIRS, "name": "Portfolio Turnover", "count": 10, "start": end - 60, "end": end}
    assert sim.post("live/chart/read", **body) == payload("live_chart_read__empty_series_as_list")


def test_loading() -> None:
    assert Sim(loading=1).chart(PAIRS, "Drawdown") == payload("live_chart_read__loading")
    sim = Sim(loading=4)
    sim.chart(PAIRS, "Drawdown")
    assert sim.chart(PAIRS, "Drawdown") == payload("live_chart_read__loading_fraction")
    body = {"projectId": PAIRS, "start": 0, "end": 100}
    assert set(sim.post("live/orders/read", **body)) == set(
        payload("live_orders_read__empty_first_window_nonzero_length")
    )
    assert sim.post("live/orders/read", **body) == payload("live_orders_read__loading")


def test_optimization_lists() -> None:
    listed = Sim().post("optimizations/list", projectId=MOMENTUM)["optimizations"]
    assert fits(payload("optimizations_list__ok")["optimizations"][0], listed[0]) == []
    legacy = told("optimizations/list", "legacy").post("optimizations/list", projectId=MOMENTUM)["optimizations"]
    wanted = payload("optimizations_list__legacy_doc_shape")["optimizations"][0]
    assert fits(wanted, legacy[0]) == []
    assert set(legacy[0]["criterion"]) == {"target", "extremum", "target-value"}
    assert legacy[0]["criterion"]["target"] == wanted["criterion"]["target"]


def test_an_extremum_at_odds_with_its_criterion() -> None:
    listed = told("optimizations/list", "extremum-differs").post("optimizations/list", projectId=MOMENTUM)
    for one in listed["optimizations"]:
        assert {one["extremum"], one["criterion"]["extremum"]} == {"min", "max"}


def test_an_optimization_with_nothing_done_yet() -> None:
    """The official models refuse a list for a map that is empty, lean-cli expects one: each in its style."""
    for variant, empty in (("modern", {}), ("lean", []), ("legacy", [])):
        sim = told("optimizations/read", variant)
        listed = sim.post("optimizations/list", projectId=MOMENTUM)["optimizations"]
        sim.world.optimizations[listed[0]["optimizationId"]].requested_at = sim.world.now()
        sim.world.optimizations[listed[0]["optimizationId"]].stall(sim.world.now() - 3600, stalled=True)
        found = sim.post("optimizations/read", optimizationId=listed[0]["optimizationId"])["optimization"]
        assert (found["backtests"], found["runtimeStatistics"]) == (empty, empty)
    assert payload("optimizations_read__new_empty_maps_as_lists")["optimization"]["backtests"] == []


def test_optimization_reads_as_the_python_clients_have_them() -> None:
    sim = Sim()
    listed = sim.post("optimizations/list", projectId=MOMENTUM)["optimizations"]
    completed = next(one["optimizationId"] for one in listed if one["status"] == "aborted")
    children = list(sim.post("optimizations/read", optimizationId=completed)["optimization"]["backtests"].values())
    done = [child for child in children if child.get("statistics")]
    assert {len(child["statistics"]) for child in done} == {25}
    assert all(isinstance(value, (int, float)) for child in done for value in child["statistics"])
    assert all(isinstance(value, str) for child in done for value in child["parameterSet"].values())


def test_optimization_reads_as_lean_writes_them() -> None:
    sim = told("optimizations/read", "lean")
    listed = sim.post("optimizations/list", projectId=MOMENTUM)["optimizations"]
    of = {one["status"]: one["optimizationId"] for one in listed}
    running = sim.post("optimizations/read", optimizationId=of["running"])
    assert fits(without(payload("optimizations_read__running_partial"), "optimization.backtests"), running) == []
    children = list(running["optimization"]["backtests"].values())
    wanted = payload("optimizations_read__running_partial")["optimization"]["backtests"]
    done = next(child for child in children if child["progress"] == 1)
    assert fits(without(wanted["a1"], "parameterSet"), done) == []
    assert any(child.get("statistics") == [] for child in children)
    assert any("Custom Turnover" in child.get("statistics", {}) for child in children)
    sim.clock.advance(3 * 3600)
    completed = sim.post("optimizations/read", optimizationId=of["running"])
    assert fits(without(payload("optimizations_read__completed"), "optimization.backtests"), completed) == []
    assert completed["optimization"]["extremum"] == "max"


def test_optimization_reads_of_old() -> None:
    sim = told("optimizations/read", "legacy")
    listed = sim.post("optimizations/list", projectId=MOMENTUM)["optimizations"]
    aborted = next(one["optimizationId"] for one in listed if one["status"] == "aborted")
    children = list(sim.post("optimizations/read", optimizationId=aborted)["optimization"]["backtests"].values())
    lengths = {len(child["statistics"]) for child in children if child.get("statistics")}
    assert lengths == {21, 15}
    assert any("parameterSet" in child["parameterSet"] for child in children)
    assert any(child["parameterSet"] == [] for child in children)
    assert {len(point) for child in children for point in child.get("equity", [])} == {2}


def test_legacy_and_ugly_serve_other_shapes_than_today() -> None:
    legacy = Sim(shapes="legacy")
    assert "Charts" in legacy.post("live/read", projectId=MOMENTUM)
    assert legacy.post("live/read", projectId=1)["Message"]
    ugly = Sim(shapes="ugly")
    seen = {json.dumps(sorted(ugly.post("live/read", projectId=MOMENTUM))) for _ in range(24)}
    assert len(seen) >= 4
    errors = {json.dumps(sorted(ugly.post("live/read", projectId=1))) for _ in range(24)}
    assert len(errors) >= 4


def test_every_variant_of_every_endpoint_can_be_chosen_at_run_time() -> None:
    sim = Sim()
    for endpoint, variants in VARIANTS.items():
        for variant in variants:
            assert sim.control("shapes", endpoint=endpoint, variant=variant)["fixed"][endpoint] == variant
    assert set(LEGACY.items()) <= {(endpoint, one) for endpoint, variants in VARIANTS.items() for one in variants}
    assert sim.ask("shapes", {"endpoint": "live/read", "variant": "no"}, prefix="/_sim/").status == 400
    assert sim.control("shapes", style="modern")["fixed"] == {}


def test_key_styles() -> None:
    assert kebab("referenceValueFinal") == "reference-value-final"
    assert capitalise({"aB": [{"c": 1}]}) == {"AB": [{"C": 1}]}
