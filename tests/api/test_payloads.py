"""Every file of tests/payloads means what it says."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from qctui.api.client import Client
from qctui.api.errors import ApiError
from qctui.api.ports import Loading
from qctui.model.chart import Chart, SeriesType
from qctui.model.deployment import Environment
from qctui.model.insight import Direction
from qctui.model.optimization import Criterion, Parameter
from qctui.model.order import LIQUIDATED_TAG, OrderPage
from qctui.model.resource import FailureKind
from tests.api.support import PAYLOADS, ask, failure, payload

T = TypeVar("T")

DEPLOY_ID = "L-a1b2c3d4e5f60718293a4b5c6d7e8f90"
NOON = 1_795_185_000.0
"""2026-11-20 14:30:00 UTC, around which the samples are made."""

CALLS: dict[str, Callable[[Client], Awaitable[object]]] = {
    "authenticate": lambda c: c.reads.authenticate(),
    "rest_response": lambda c: c.reads.authenticate(),
    "error": lambda c: c.reads.authenticate(),
    "live_chart_read": lambda c: c.reads.fetch_chart(31000017, "Asked", NOON - 86_400, NOON, 600),
    "live_commands_create": lambda c: c.reads.authenticate(),
    "live_insights_read": lambda c: c.reads.fetch_insights(31000017, 0, 99, DEPLOY_ID),
    "live_list": lambda c: c.reads.fetch_deployments(),
    "live_logs_read": lambda c: c.reads.fetch_logs(31000017, DEPLOY_ID, 1840, 2040),
    "live_orders_read": lambda c: c.reads.fetch_orders(31000017, 0, 100),
    "live_portfolio_read": lambda c: c.reads.fetch_portfolio(31000017),
    "live_read": lambda c: c.reads.fetch_detail(31000017),
    "live_update_liquidate": lambda c: c.triggers.liquidate(31000017),
    "live_update_stop": lambda c: c.triggers.stop(31000017),
    "optimizations_abort": lambda c: c.triggers.abort("O-1"),
    "optimizations_create": lambda c: c.reads.fetch_optimizations(31000017),
    "optimizations_delete": lambda c: c.reads.authenticate(),
    "optimizations_estimate": lambda c: c.reads.authenticate(),
    "optimizations_list": lambda c: c.reads.fetch_optimizations(31000017),
    "optimizations_read": lambda c: c.reads.fetch_optimization("O-asked"),
    "optimizations_update": lambda c: c.reads.authenticate(),
    "projects_read": lambda c: c.reads.fetch_projects(),
}
"""What each kind of file is an answer to. Those this program never asks for are plain envelopes to it."""

REFUSED = {
    "error__bare_false": "the API refused without saying why",
    "error__capital_message_key": "Internal Error 21",
    "error__errors_empty_list": "the API refused without saying why",
    "error__hash_mismatch": "credentials not accepted (Hash doesn't match. UID: *** Hash: *** Timestamp: ***)",
    "error__invalid_argument": "Invalid argument",
    "error__messages_key": "Project not found; No permission",
    "error__slow_down": "Too many backtest requests; please slow down.",
    "error__transient_backend": "Failed to process request data, please try again shortly.",
    "error__userid_invalid": "credentials not accepted (UserID not valid)",
    "live_chart_read__error": "Chart not found",
    "live_commands_create__error": "No live deployment",
    "live_insights_read__error": "Invalid argument",
    "live_logs_read__error_window_too_big": "Invalid argument",
    "live_orders_read__error": "Invalid argument",
    "live_portfolio_read__error": "No live deployment",
    "live_read__error": "Project not found; No live deployment",
    "live_update_liquidate__error_not_live": "No live deployment",
    "live_update_stop__error_not_live": "No live deployment",
    "optimizations_abort__error_already_finished": "Optimization is not running",
    "optimizations_read__error_unknown_id": "Optimization not found",
    "projects_read__error_unknown_id": "Project not found",
}
PLAIN = {
    "authenticate__ok",
    "live_commands_create__ok",
    "live_update_liquidate__ok",
    "live_update_stop__ok",
    "optimizations_abort__ok",
    "optimizations_delete__ok",
    "optimizations_estimate__ok",
    "optimizations_update__ok",
    "rest_response__ok_no_errors_key",
}
NAMES = sorted(path.stem for path in PAYLOADS.glob("*.json"))


def answer(name: str) -> object:
    return ask(payload(name), CALLS[name.partition("__")[0]])


def chart(name: str) -> Chart:
    made = answer(f"live_chart_read__{name}")
    assert isinstance(made, Chart)
    return made


def test_every_file_is_accounted_for() -> None:
    told = {name.removeprefix("test_") for name in globals() if name.startswith("test_")}
    assert [name for name in NAMES if name not in told | PLAIN | REFUSED.keys()] == []
    assert [name for name in PLAIN | REFUSED.keys() if name not in NAMES] == []


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_refused(name: str) -> None:
    error: ApiError = failure(lambda: answer(name))
    assert error.message.partition(": ")[2] == REFUSED[name]
    assert error.answered
    assert error.kind in (FailureKind.REJECTED, FailureKind.AUTH, FailureKind.RATE_LIMITED, FailureKind.SERVER)


@pytest.mark.parametrize("name", sorted(PLAIN))
def test_plain(name: str) -> None:
    assert answer(name) is None


def test_projects_read__ok_mixed_shapes() -> None:
    first, second = ask(payload("projects_read__ok_mixed_shapes"), lambda c: c.reads.fetch_projects())
    assert (first.project_id, first.name, first.language) == (31000017, "Momentum/Crossover Live", "Py")
    assert (second.project_id, second.name, second.language) == (31000044, "Insight Alpha", "C#")
    assert first.modified_at == NOON - 86_400
    assert second.modified_at == NOON - 7_200
    assert first.live_control is True
    assert second.live_control is True


def test_live_list__ok() -> None:
    running, liquidated, failed = ask(payload("live_list__ok"), lambda c: c.reads.fetch_deployments())
    assert (running.project_id, running.deploy_id, running.status) == (31000017, DEPLOY_ID, "Running")
    assert running.alive
    assert running.environment is Environment.PAPER
    assert (running.equity, running.subscription) == (100250.75, "Strategy Equity")
    assert (running.launched_at, running.stopped_at) == (NOON - 72_000, None)
    assert not liquidated.alive
    assert liquidated.stopped_at == NOON - 5 * 86_400
    assert failed.environment is Environment.LIVE
    assert failed.brokerage == "InteractiveBrokersBrokerage"
    assert (failed.error, failed.subscription) == ("Runtime Error: Sequence contains no elements", "")
    assert failed.launched_at == NOON - 10 * 86_400 - 3_900


def test_live_list__empty() -> None:
    assert answer("live_list__empty") == ()


def test_live_read__running() -> None:
    detail = ask(payload("live_read__running"), lambda c: c.reads.fetch_detail(31000017))
    assert (detail.project_id, detail.deploy_id, detail.status, detail.alive) == (31000017, DEPLOY_ID, "Running", True)
    assert detail.project_name == "Momentum/Crossover Live"
    assert (detail.security_types, detail.datacenter) == ("Equity, Crypto", "NY7")
    assert list(detail.statistics.items())[-3:] == [
        ("Unrealized", "$-61.31"),
        ("Volume", "$182,004.90"),
        ("Regime", "risk-on"),
    ]
    assert detail.server_statistics["Used RAM (MB)"] == "412"
    assert detail.charts[:2] == ("Strategy Equity", "Drawdown")
    assert len(detail.charts) == 8


def test_live_read__running_deployment_details() -> None:
    detail = ask(payload("live_read__running_deployment_details"), lambda c: c.reads.fetch_detail(1))
    assert detail.environment is Environment.LIVE
    assert "U0000000" not in repr(detail)


def test_live_read__initializing_partial() -> None:
    detail = ask(payload("live_read__initializing_partial"), lambda c: c.reads.fetch_detail(1))
    assert (detail.status, detail.alive, detail.launched_at) == ("Initializing", True, NOON)
    assert (dict(detail.statistics), detail.charts, detail.datacenter) == ({}, (), "")


def test_live_read__liquidated() -> None:
    detail = ask(payload("live_read__liquidated"), lambda c: c.reads.fetch_detail(1))
    assert (detail.status, detail.alive, detail.stopped_at) == ("Liquidated", False, NOON + 185)
    assert detail.statistics["Holdings"] == "$0.00"
    assert dict(detail.server_statistics) == {}


def test_live_read__stopped_empty_maps_as_lists() -> None:
    detail = ask(payload("live_read__stopped_empty_maps_as_lists"), lambda c: c.reads.fetch_detail(1))
    assert (detail.status, detail.alive) == ("Stopped", False)
    assert (dict(detail.statistics), detail.charts) == ({}, ())


def test_live_read__runtime_error() -> None:
    detail = ask(payload("live_read__runtime_error"), lambda c: c.reads.fetch_detail(1))
    assert not detail.alive
    assert detail.message.splitlines() == [
        "Runtime Error: 'NoneType' object has no attribute 'price'",
        "  at OnData",
        "    in main.py: line 41",
    ]
    assert dict(detail.statistics) == {}


def test_live_read__unlisted_status() -> None:
    detail = ask(payload("live_read__unlisted_status"), lambda c: c.reads.fetch_detail(1))
    assert (detail.status, detail.alive, detail.datacenter) == ("Idle", True, "NY7")


def test_live_read__legacy_capitalised() -> None:
    detail = ask(payload("live_read__legacy_capitalised"), lambda c: c.reads.fetch_detail(1))
    assert detail.statistics["Equity"] == "$100,000.00"
    assert (detail.charts, detail.datacenter, detail.message) == (("Strategy Equity",), "NY7", "")


def test_live_chart_read__strategy_equity_candles() -> None:
    equity, returns = chart("strategy_equity_candles").series
    assert equity.candles
    assert (len(equity), list(equity.gaps)) == (11, [5])
    assert equity.opens is not None
    assert equity.highs is not None
    assert equity.lows is not None
    assert (equity.opens[0], equity.highs[0], equity.lows[0], equity.ys[0]) == (
        100000.0,
        100074.42,
        99971.75,
        100042.92,
    )
    # The one without a high.
    assert (equity.opens[5], equity.lows[5], equity.ys[5]) == (100220.55, 100192.3, 100242.37)
    assert math.isnan(equity.highs[5])
    assert (returns.series_type, returns.index, returns.unit) == (SeriesType.BAR, 1, "%")
    assert (list(returns.ys), list(returns.gaps)) == ([-0.12, 0.41], [2])


def test_live_chart_read__line_with_nulls() -> None:
    (line,) = chart("line_with_nulls").series
    assert list(line.ys) == [0.0, -0.05, -0.31, -0.27, -0.11]
    assert list(line.gaps) == [2, 3]
    assert not line.candles


def test_live_chart_read__multi_series_index() -> None:
    long, short = chart("multi_series_index").series
    assert (long.name, short.name, long.index, short.index) == ("Equity - Long Ratio", "Equity - Short Ratio", 0, 0)
    assert list(short.ys) == [0.0, 0.0, -0.02]


def test_live_chart_read__scatter_tooltip_objects() -> None:
    price, buy, sell = chart("scatter_tooltip_objects").series
    assert (price.color, price.z_index) == ("#1F77B4", 1)
    assert (buy.series_type, buy.marker, list(buy.ys), list(buy.gaps)) == (
        SeriesType.SCATTER,
        "triangle",
        [182.1, 181.9],
        [1],
    )
    assert buy.tooltips == {0: "order 7"}
    assert (len(sell), sell.marker, sell.index_name) == (0, "triangle-down", "Main")


def test_live_chart_read__legacy_xy_capitalised() -> None:
    (benchmark,) = chart("legacy_xy_capitalised").series
    assert (benchmark.name, benchmark.unit, benchmark.marker) == ("Benchmark", "$", "diamond")
    assert (list(benchmark.xs), list(benchmark.ys), list(benchmark.gaps)) == ([NOON - 1_200], [590.11], [1])


def test_live_chart_read__candles_legacy_two_values() -> None:
    (equity,) = chart("candles_legacy_two_values").series
    assert (equity.series_type, equity.candles) == (SeriesType.CANDLE, False)
    assert (list(equity.ys), list(equity.gaps)) == ([100010.0, 100032.5], [2])


def test_live_chart_read__single_point() -> None:
    made = chart("single_point")
    assert (made.sparse, made.points) == (True, 1)
    assert (made.name, made.start, made.end, made.count) == ("Asked", NOON - 86_400, NOON, 600)


def test_live_chart_read__empty_series_as_list() -> None:
    made = chart("empty_series_as_list")
    assert (made.series, made.sparse) == ((), False)


def test_live_chart_read__series_with_empty_values() -> None:
    made = chart("series_with_empty_values")
    assert (made.stacked, made.points, made.sparse) == (True, 0, False)
    assert made.series[0].unit == "%"


def test_live_chart_read__stacked_and_pie() -> None:
    made = chart("stacked_and_pie")
    assert made.stacked
    assert [series.series_type for series in made.series] == [
        SeriesType.STACKED_AREA,
        SeriesType.STACKED_AREA,
        SeriesType.PIE,
    ]
    assert [list(series.ys) for series in made.series] == [[40.0, 45.0], [60.0, 55.0], [100.0]]


def test_live_chart_read__treemap() -> None:
    made = chart("treemap")
    assert [(series.name, list(series.ys)) for series in made.series] == [("SPY", [58812.0]), ("AAPL", [27100.0])]
    assert not made.sparse


def test_live_chart_read__loading() -> None:
    assert answer("live_chart_read__loading") == Loading(0.0)


def test_live_chart_read__loading_fraction() -> None:
    assert answer("live_chart_read__loading_fraction") == Loading(0.25)


def test_live_insights_read__openapi_shape() -> None:
    page = ask(payload("live_insights_read__openapi_shape"), lambda c: c.reads.fetch_insights(1, 0, 99, DEPLOY_ID))
    bitcoin, spy = page.insights
    assert page.length == 2
    assert (bitcoin.ticker, bitcoin.direction, bitcoin.weight) == ("BTCUSD", Direction.UP, 0.25)
    assert (bitcoin.reference, bitcoin.reference_final, bitcoin.score_final) == (91234.5, 91300.25, False)
    assert (bitcoin.generated_at, bitcoin.close_at, bitcoin.created_at) == (NOON - 3_600, NOON + 82_800, None)
    assert bitcoin.active(NOON)
    assert (spy.kind, spy.direction, spy.magnitude, spy.score_final) == ("volatility", Direction.FLAT, None, True)


def test_live_insights_read__engine_shape_string_numbers() -> None:
    page = ask(
        payload("live_insights_read__engine_shape_string_numbers"), lambda c: c.reads.fetch_insights(1, 0, 99, "")
    )
    first, second = page.insights
    assert (first.magnitude, first.confidence, first.weight) == (-0.0125, 0.55, 0.1)
    assert (first.generated_at, first.created_at) == (NOON - 3_599.99945, NOON - 3_599.99945)
    assert (first.reference_final, first.score_final, first.score_magnitude) == (0.0, False, 0.0)
    assert (second.model, second.tag, second.period_s) == ("Manual", "rebalance, week 47", 34560600.5)


def test_live_insights_read__kebab_legacy() -> None:
    page = ask(payload("live_insights_read__kebab_legacy"), lambda c: c.reads.fetch_insights(1, 0, 99, ""))
    (insight,) = page.insights
    assert (insight.model, insight.generated_at, insight.close_at) == ("mySource", 1520711961.00055, 1520711961.00055)
    assert (insight.score_final, insight.estimated_value, insight.reference_final) == (False, 0.0, 0.0)


def test_live_insights_read__doc_shape_odd_types() -> None:
    page = ask(payload("live_insights_read__doc_shape_odd_types"), lambda c: c.reads.fetch_insights(1, 0, 99, ""))
    (insight,) = page.insights
    assert (insight.generated_at, insight.reference, insight.tag) == (NOON - 60, 1.0612, "3.5")
    assert (insight.direction, insight.score_final, insight.confidence) == (Direction.DOWN, None, 0.0)


def test_live_insights_read__empty() -> None:
    page = ask(payload("live_insights_read__empty"), lambda c: c.reads.fetch_insights(1, 0, 99, ""))
    assert (page.insights, page.length) == ((), 0)


def test_live_insights_read__page_beyond_end() -> None:
    page = ask(payload("live_insights_read__page_beyond_end"), lambda c: c.reads.fetch_insights(1, 198, 297, ""))
    assert (page.insights, page.length) == ((), 137)


def test_live_logs_read__ok() -> None:
    page = ask(payload("live_logs_read__ok"), lambda c: c.reads.fetch_logs(1, DEPLOY_ID, 1840, 2040))
    assert (page.start_line, page.length, page.deployment_offset) == (1840, 1848, 1840)
    assert len(page.lines) == 8
    assert page.lines[4].endswith("markup-like text [bold]not bold[/] [x=1] and unicode µ≤")
    assert page.lines[5].splitlines()[1] == "  second half after a newline    and a tab"


def test_live_logs_read__empty() -> None:
    page = ask(payload("live_logs_read__empty"), lambda c: c.reads.fetch_logs(1, DEPLOY_ID, 0, 1))
    assert (page.lines, page.length, page.deployment_offset) == ((), 0, 0)


def test_live_portfolio_read__short_keys() -> None:
    portfolio = ask(payload("live_portfolio_read__short_keys"), lambda c: c.reads.fetch_portfolio(1))
    spy, bitcoin, euro, apple, microsoft = portfolio.holdings
    assert portfolio.tells
    assert (spy.ticker, spy.quantity, spy.average_price, spy.market_value) == ("SPY", 100.0, 588.12, 59011.0)
    assert (bitcoin.quantity, bitcoin.unrealized, bitcoin.unrealized_percent) == (0.025, -219.14, -8.77)
    assert (euro.quantity, euro.currency_symbol, euro.conversion_rate) == (-1000.0, "€", 1.06)
    assert (apple.quantity, apple.open, apple.market_price) == (0.0, False, 271.0)
    assert not microsoft.open
    assert [holding.ticker for holding in portfolio.open_holdings] == ["SPY", "BTCUSD", "EURUSD"]
    assert [(cash.currency, cash.amount, cash.value) for cash in portfolio.cash] == [
        ("USD", 38950.12, 38950.12),
        ("BTC", 0.025, 2280.86),
    ]


def test_live_portfolio_read__flat_after_liquidation() -> None:
    portfolio = ask(payload("live_portfolio_read__flat_after_liquidation"), lambda c: c.triggers.fetch_portfolio(1))
    assert (portfolio.tells, portfolio.open_holdings, len(portfolio.holdings)) == (True, (), 1)


def is_one_hundred_spy(name: str) -> None:
    portfolio = ask(payload(name), lambda c: c.reads.fetch_portfolio(1))
    (spy,) = portfolio.holdings
    assert (spy.symbol, spy.ticker, spy.quantity) == ("SPY R735QTJ8XC9X", "SPY", 100.0)
    assert (spy.average_price, spy.market_price, spy.market_value) == (588.12, 590.11, 59011.0)
    assert (spy.unrealized, spy.unrealized_percent) == (199.0, 0.34)
    assert portfolio.cash[0].amount == 38950.12


def test_live_portfolio_read__long_keys() -> None:
    is_one_hundred_spy("live_portfolio_read__long_keys")


def test_live_portfolio_read__legacy_capitalised() -> None:
    is_one_hundred_spy("live_portfolio_read__legacy_capitalised")


def test_live_portfolio_read__empty_maps_as_lists() -> None:
    portfolio = ask(payload("live_portfolio_read__empty_maps_as_lists"), lambda c: c.reads.fetch_portfolio(1))
    assert (portfolio.holdings, portfolio.cash, portfolio.tells) == ((), (), False)


def test_live_orders_read__ok() -> None:
    page = ask(payload("live_orders_read__ok"), lambda c: c.reads.fetch_orders(1, 0, 100))
    assert isinstance(page, OrderPage)
    bought, limit, stop, sold, pending = page.orders
    assert page.length == 5
    assert {order.deploy_id for order in page.orders} == {DEPLOY_ID}
    assert (bought.order_type, bought.status, bought.filled_quantity) == ("market", "filled", 100.0)
    assert (bought.at, bought.last_fill_at) == (NOON - 899, NOON - 897)
    assert (limit.order_type, limit.status, limit.tag) == ("limit", "canceled", "take profit")
    assert limit.events[-1].message == "Canceled by liquidation"
    assert (stop.order_type, stop.status, stop.quantity) == ("stop market", "invalid", -100.0)
    assert (sold.tag, sold.filled_quantity) == (LIQUIDATED_TAG, -100.0)
    assert [event.status for event in sold.events] == ["submitted", "partiallyFilled", "filled"]
    assert sold.events[1].fill_price == 589.99
    assert (pending.order_type, pending.status, pending.filled_quantity) == ("market on open", "submitted", 0.0)
    assert pending.ticker == "SPY"


def test_live_orders_read__empty() -> None:
    assert answer("live_orders_read__empty") == OrderPage((), 0)


def test_live_orders_read__empty_first_window_nonzero_length() -> None:
    assert answer("live_orders_read__empty_first_window_nonzero_length") == OrderPage((), 312)


def test_live_orders_read__loading() -> None:
    assert answer("live_orders_read__loading") == Loading(0.25)


def test_optimizations_create__ok() -> None:
    (new,) = ask(payload("optimizations_create__ok"), lambda c: c.reads.fetch_optimizations(31000017))
    assert (new.status, new.finished, new.created_at) == ("new", False, NOON)


def test_optimizations_list__ok() -> None:
    running, completed, aborted = ask(
        payload("optimizations_list__ok"), lambda c: c.reads.fetch_optimizations(31000017)
    )
    assert (running.optimization_id, running.project_id) == ("O-1a2b3c4d5e6f708192a3b4c5d6e7f809", 31000017)
    assert (running.name, running.status, running.finished) == ("Determined Yellow Otter", "running", False)
    assert running.criterion == Criterion("Sharpe Ratio", maximize=True)
    assert (running.psr, running.sharpe_ratio, running.trades) == (None, None, None)
    assert running.parameters[0] == Parameter("ema_fast", 5.0, 20.0, 5.0)
    assert (completed.psr, completed.sharpe_ratio, completed.trades) == (0.6123, 1.42, 318)
    assert completed.parameters[1] == Parameter("universe", value="large")
    assert aborted.criterion == Criterion("Drawdown", maximize=False, target_value=0.2)
    assert aborted.finished


def test_optimizations_list__empty() -> None:
    assert answer("optimizations_list__empty") == ()


def test_optimizations_list__legacy_doc_shape() -> None:
    (old,) = ask(payload("optimizations_list__legacy_doc_shape"), lambda c: c.reads.fetch_optimizations(31000017))
    assert (old.project_id, old.status, old.finished) == (31000017, "New", False)
    assert old.criterion == Criterion("Sharpe Ratio", maximize=True)
    assert old.created_at == NOON - 5_000


def test_optimizations_read__new_empty_maps_as_lists() -> None:
    new = ask(payload("optimizations_read__new_empty_maps_as_lists"), lambda c: c.reads.fetch_optimization("O-asked"))
    assert (new.total, new.progress, new.runs, dict(new.runtime)) == (None, None, (), {})
    assert new.node_type == "O2-8"
    assert new.parallel_nodes == 4


def test_optimizations_read__running_partial() -> None:
    made = ask(payload("optimizations_read__running_partial"), lambda c: c.reads.fetch_optimization("O-asked"))
    assert (made.completed, made.failed, made.running, made.queued, made.total) == (2, 1, 4, 9, 16)
    assert made.progress == 3 / 16
    assert made.constraints == ("Drawdown Less 0.25",)
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
    assert made.criterion == Criterion("Sharpe Ratio", maximize=True)
