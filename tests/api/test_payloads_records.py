from __future__ import annotations

from qctui.api.ports import Loading
from qctui.model.insight import Direction
from qctui.model.order import LIQUIDATED_TAG, OrderPage
from tests.api.samples import DEPLOY_ID, NOON, answer
from tests.api.support import ask, payload


def test_live_insights_read__openapi_shape() -> None:
    page = ask(payload("live_insights_read__openapi_shape"), lambda c: c.reads.fetch_insights(1, 0, 99, DEPLOY_ID))
    bitcoin, spy = page.insights
    assert page.length == 2
    assert (bitcoin.ticker, bitcoin.direction, bitcoin.weight) == ("BTCUSD", Direction.UP, 0.25)
    assert (bitcoin.reference, bitcoin.reference_final, bitcoin.score_final) == (91234.5, 91300.25, False)
    assert (bitcoin.generated_at, bitcoin.close_at, bitcoin.created_at) == (NOON - 3_600, NOON + 82_800, NOON - 3_600)
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
    assert portfolio.is_known
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
    assert (portfolio.is_known, portfolio.open_holdings, len(portfolio.holdings)) == (True, (), 1)


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
    assert (portfolio.holdings, portfolio.cash, portfolio.is_known) == ((), (), False)


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
