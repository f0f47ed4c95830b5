from __future__ import annotations

from qctui.model.optimization import Constraint, Criterion, Estimate, Parameter
from tests.api.samples import NOON, answer
from tests.api.support import ask, payload

PORTFOLIO = "TotalPerformance.PortfolioStatistics"


def test_optimizations_create__ok() -> None:
    (new,) = ask(payload("optimizations_create__ok"), lambda c: c.reads.fetch_optimizations(31000017))
    assert (new.status, new.finished, new.created_at) == ("new", False, NOON)


def test_optimizations_estimate__ok() -> None:
    assert answer("optimizations_estimate__ok") == Estimate(412.0, 250.0)


def test_what_is_run_again_is_the_same_whatever_the_answer_looked_like() -> None:
    assert answer("optimizations_create__ok") == "O-1a2b3c4d5e6f708192a3b4c5d6e7f809"
    made = ask(payload("optimizations_read__running_partial"), lambda c: c.reads.fetch_optimization("O-asked"))
    assert made.plan.problem == ""
    assert made.plan.constraints == (Constraint(f"{PORTFOLIO}.Drawdown", "Drawdown Less 0.25", "Less", 0.25),)


def test_optimizations_list__ok() -> None:
    running, completed, aborted = ask(
        payload("optimizations_list__ok"), lambda c: c.reads.fetch_optimizations(31000017)
    )
    assert (running.optimization_id, running.project_id) == ("O-1a2b3c4d5e6f708192a3b4c5d6e7f809", 31000017)
    assert (running.name, running.status, running.finished) == ("Determined Yellow Otter", "running", False)
    assert running.criterion == Criterion("Sharpe Ratio", True, wire_target=f"{PORTFOLIO}.SharpeRatio")
    assert (running.psr, running.sharpe_ratio, running.trades) == (None, None, None)
    assert running.parameters[0] == Parameter("ema_fast", 5.0, 20.0, 5.0)
    assert (completed.psr, completed.sharpe_ratio, completed.trades) == (61.23, 1.42, 318)
    assert completed.parameters[1] == Parameter("universe", value="large")
    assert aborted.criterion == Criterion("Drawdown", False, 0.2, f"{PORTFOLIO}.Drawdown")
    assert aborted.finished


def test_optimizations_list__empty() -> None:
    assert answer("optimizations_list__empty") == ()


def test_optimizations_list__legacy_doc_shape() -> None:
    (old,) = ask(payload("optimizations_list__legacy_doc_shape"), lambda c: c.reads.fetch_optimizations(31000017))
    assert (old.project_id, old.status, old.finished) == (31000017, "New", False)
    assert old.criterion == Criterion("Sharpe Ratio", True, wire_target=f"{PORTFOLIO}.SharpeRatio")
    assert old.created_at == NOON - 5_000


def test_optimizations_read__new_empty_maps_as_lists() -> None:
    new = ask(payload("optimizations_read__new_empty_maps_as_lists"), lambda c: c.reads.fetch_optimization("O-asked"))
    assert (new.total, new.progress, new.runs, dict(new.runtime)) == (None, None, (), {})
    assert new.node_type == "O2-8"
    assert new.parallel_nodes == 4


def test_a_total_of_nothing_is_no_total() -> None:
    body = {"success": True, "optimization": {"runtimeStatistics": {"Completed": "5", "Total": "0"}}}
    made = ask(body, lambda c: c.reads.fetch_optimization("O-asked"))
    assert (made.completed, made.total) == (5, None)


def test_optimizations_read__running_partial() -> None:
    made = ask(payload("optimizations_read__running_partial"), lambda c: c.reads.fetch_optimization("O-asked"))
    assert (made.completed, made.failed, made.running, made.queued, made.total) == (2, 1, 4, 9, 16)
    assert made.progress == 3 / 16
    assert [each.words for each in made.constraints] == ["Drawdown Less 0.25"]
    assert made.runtime["Average Length"] == "00:01:12"
    first, second, failed, going = made.runs
    assert (first.key, first.backtest_id, first.progress) == ("a1", "00000000000000000000000000000065", 1.0)
    assert dict(first.parameters) == {"ema_fast": "5", "ema_slow": "30"}
    assert (first.statistics["Sharpe Ratio"], first.statistics["Drawdown"]) == (1.348, 10.429)
    assert first.equity[0] == (1704067200.0, 100400.0)
    assert second.statistics["Custom Turnover"] == 0.37
    assert (failed.failed, failed.exit_code, failed.progress, dict(failed.statistics)) == (True, 1, 0.12, {})
    assert (going.failed, going.progress, going.equity) == (False, 0.41, ())
    assert made.best == first


def test_optimizations_read__completed() -> None:
    made = ask(payload("optimizations_read__completed"), lambda c: c.reads.fetch_optimization("O-asked"))
    assert (made.finished, made.progress, made.requested_at) == (True, 1.0, NOON - 4 * 86_400)
    assert made.best is not None
    assert made.best.key == "b3"
    assert made.best.statistics["Drawdown Recovery"] == 53.0


def test_optimizations_read__aborted_legacy_array_stats() -> None:
    made = ask(
        payload("optimizations_read__aborted_legacy_array_stats"), lambda c: c.reads.fetch_optimization("O-asked")
    )
    first, second, third = made.runs
    assert (first.statistics["Sharpe Ratio"], first.statistics["Win Rate"], len(first.statistics)) == (
        0.244,
        56.612,
        21,
    )
    assert first.equity == ((1704067200.0, 100000.0), (1719792000.0, 103400.5), (1735689600.0, 101020.25))
    assert (len(second.statistics), dict(second.parameters)) == (15, {"ema_fast": "10"})
    assert (dict(third.parameters), dict(third.statistics), third.equity) == ({}, {}, ())
    assert made.criterion == Criterion("Sharpe Ratio", True, wire_target=f"{PORTFOLIO}.SharpeRatio")
