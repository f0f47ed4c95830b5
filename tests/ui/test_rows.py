"""The rows of the panes without a screen: their order, what they say, and what a filter finds in them."""

from __future__ import annotations

from qctui.model.deployment import Deployment, Environment, is_recent, name_of
from qctui.model.optimization import Criterion
from qctui.ui.deployments.deployment_rows import DeploymentRow, deployment_order, deployment_text
from qctui.ui.insights.insights_pane import insight_text
from qctui.ui.kit.list_pane import narrowed, ordered
from qctui.ui.optimizations.optimizations_pane import OptimizationRow, optimization_text
from qctui.value import replace
from tests.ui.scene import NOW, insights, optimizations

BASE = Deployment(1, "L-1", "Running", NOW - 100, None, "InteractiveBrokers", Environment.LIVE, 1_000.0)


def row(deployment: Deployment, name: str = "n", first: float | None = None) -> DeploymentRow:
    return DeploymentRow(deployment, name, first, None, False)


def test_ended_deployments_stay_for_a_day() -> None:
    ended = replace(BASE, status="Stopped", stopped_at=NOW - 86_399)
    assert is_recent(BASE, NOW + 1e9)
    assert is_recent(ended, NOW)
    assert not is_recent(replace(ended, stopped_at=NOW - 86_401), NOW)
    assert is_recent(replace(ended, stopped_at=None, launched_at=None), NOW)
    assert not is_recent(replace(ended, stopped_at=None, launched_at=NOW - 90_000), NOW)


def test_a_status_nobody_listed_is_alive() -> None:
    assert is_recent(replace(BASE, status="Hibernating"), NOW + 1e9)


def test_the_order_is_live_then_paper_then_what_ended_last() -> None:
    paper = replace(BASE, project_id=2, environment=Environment.PAPER)
    ended = replace(BASE, project_id=3, status="Stopped", stopped_at=NOW - 50)
    just = replace(BASE, project_id=4, status="RuntimeError", stopped_at=NOW - 5)
    rows = [row(ended), row(just), row(paper, "a"), row(BASE, "b")]
    assert [each.project_id for each in sorted(rows, key=deployment_order)] == [1, 2, 4, 3]


def test_errors_are_told_from_other_ends() -> None:
    assert replace(BASE, status="RuntimeError").failed
    assert replace(BASE, status="DeployError").failed
    assert not replace(BASE, status="Stopped").failed
    assert not BASE.failed


def test_a_change_is_unknown_rather_than_wrong() -> None:
    assert row(BASE, first=800.0).change == 0.25
    assert row(BASE).change is None
    assert row(BASE, first=0.0).change is None
    assert row(replace(BASE, equity=None), first=800.0).change is None
    assert row(replace(BASE, status="Stopped"), first=800.0).change is None
    assert (row(BASE, first=800.0).gain, row(BASE, first=0.0).gain, row(BASE).gain) == (200.0, 1_000.0, None)


def test_a_project_without_a_name_shows_its_number() -> None:
    assert name_of(7, {}) == "project 7"
    assert name_of(7, {7: "Seven"}) == "Seven"


def test_every_word_of_a_filter_must_be_there() -> None:
    rows = ["Crypto BTC", "crypto eth", "pairs"]
    assert narrowed(rows, "CRYPTO b", str) == ["Crypto BTC"]
    assert narrowed(rows, "  ", str) is rows


def test_rows_without_a_value_come_last_in_either_direction() -> None:
    values = [3, None, 1]
    assert ordered(values, lambda each: each, descending=False) == [1, 3, None]
    assert ordered(values, lambda each: each, descending=True) == [3, 1, None]


def test_the_best_value_comes_from_the_runs_and_else_from_the_list() -> None:
    summary, detail = optimizations(1)[0]
    assert OptimizationRow(summary, detail, "").best == 1.842
    alone = replace(summary, sharpe_ratio=0.5, psr=61.0)
    assert OptimizationRow(alone, None, "").best == 0.5
    assert (
        OptimizationRow(replace(alone, criterion=Criterion("Probabilistic Sharpe Ratio", True)), None, "").best == 61.0
    )
    assert OptimizationRow(replace(alone, criterion=Criterion("Drawdown", False)), None, "").best is None


def test_an_optimization_is_finished_when_either_source_says_so() -> None:
    summary, detail = optimizations(1)[0]
    assert not OptimizationRow(summary, detail, "").finished
    assert OptimizationRow(replace(summary, status="aborted"), detail, "").finished


def test_a_filter_of_deployments_searches_what_the_row_shows() -> None:
    shown = deployment_text(row(replace(BASE, project_id=2345, account_environment="practice"), "Crypto/Sweep"))
    for text in ("crypto/sweep", "LIVE?", "running", "interactivebrokers"):
        assert narrowed([shown], text, str), text
    for hidden in ("L-1", "2345", "practice"):
        assert not narrowed([shown], hidden, str), hidden


def test_a_filter_of_optimizations_searches_what_the_row_shows() -> None:
    summary = replace(optimizations(1)[0][0], optimization_id="O-6c4002", name="Sweep 01")
    one = OptimizationRow(summary, None, "")
    assert not narrowed([optimization_text(one)], "Sweep 02", str)
    assert narrowed([optimization_text(one)], "sweep 01 max sharpe running", str)
    assert narrowed([optimization_text(replace(one, project="Momentum 02"))], "sweep 02", str)
    unnamed = replace(one, summary=replace(summary, name=""))
    assert narrowed([optimization_text(unnamed)], "6c4002", str)


def test_a_filter_of_insights_searches_what_the_row_shows() -> None:
    insight = replace(insights(1).insights[0], symbol="SPY R735QTJ8XC9X", ticker="SPY", kind="volatility")
    shown = insight_text(insight)
    assert narrowed([shown], "spy up rsi pullback", str)
    for hidden in ("R735", "volatility"):
        assert not narrowed([shown], hidden, str), hidden
    assert narrowed([insight_text(replace(insight, ticker=""))], "R735", str)
