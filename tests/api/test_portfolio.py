"""On this rests the word FLAT: whatever is not plainly zero must not read as zero."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qctui.api.tolerant import MAX_MEMBERS
from qctui.model.portfolio import Cash, Portfolio
from qctui.model.resource import FailureKind
from tests.api.support import ask, failure

CASH = {"USD": {"amount": 1.0, "symbol": "USD"}}


def read(portfolio: object) -> Portfolio:
    return ask({"success": True, "portfolio": portfolio}, lambda client: client.triggers.fetch_portfolio(1))


def read_one(holding: object) -> Portfolio:
    return read({"holdings": {"SPY R735QTJ8XC9X": holding}, "cash": CASH})


def flat(portfolio: Portfolio) -> bool:
    return portfolio.is_known and not portfolio.open_holdings


@pytest.mark.parametrize(
    "holding",
    [
        {},
        [],
        {"p": 590.0},
        {"q": 0},
        {"q": 0.0, "p": 1},
        {"quantity": "0"},
        {"v": 0},
        {"q": 0, "lotSize": 1},
        {"q": 0, "a": 588.1, "p": 590.0},
        {"p": 590.0, "u": 0, "v": "0.00"},
        {"MarketPrice": 590.0},
        {"p": 590.0, "exchange": "NYSE", "lastTrade": None, "halted": False},
    ],
)
def test_plainly_zero(holding: object) -> None:
    assert flat(read_one(holding))


@pytest.mark.parametrize(
    "holding",
    [
        {"q": 1e-9},
        {"q": -3},
        {"q": "0.025"},
        {"Quantity": 5},
        {"quantity": 0, "q": 7},
        {"q": None},
        {"q": ""},
        {"q": "many"},
        {"q": True},
        {"q": []},
        {"q": {}},
        {"q": "NaN"},
        {"quantity": 0, "Quantity": None},
        {"v": 59011},
        {"p": 455.1, "v": "$54,612.00"},
        {"a": 412.5, "p": 455.1, "u": 5112.0},
        {"a": 588.1, "p": 590.0, "u": 199},
        {"a": 412.5, "p": 455.1},
        {"a": "412,50", "p": 455.1},
        {"amount": 120, "p": 455.1},
        {"amount": "120", "p": 455.1},
        {"position": {"q": 120}, "p": 455.1},
        {"invested": True, "p": 455.1},
        {"p": "$455.10"},
        {"q": 0, "v": 54_612.0},
        {"q": 0, "u": "5,112.00"},
        {"v": 0, "V": 54_612.0},
        {"up": 12.4},
        {"marketValue": -2},
        {"qty": 100},
        {"size": 3, "symbol": {"value": "SPY"}},
        {"holding": {"q": 100}},
        None,
        7,
        "100 shares",
        {**dict.fromkeys(map(str, range(MAX_MEMBERS)), 0), "quantity": 100},
        [1],
        True,
    ],
)
def test_not_plainly_zero(holding: object) -> None:
    assert not flat(read_one(holding))


def test_an_unreadable_quantity_is_marked() -> None:
    (holding,) = read_one({"q": "many", "p": 2.0}).holdings
    assert (holding.unreadable_quantity, holding.open, holding.market_price) == (True, True, 2.0)


@pytest.mark.parametrize(
    ("portfolio", "tells"),
    [
        ({"holdings": {}, "cash": CASH}, True),
        ({"holdings": [], "cash": CASH}, True),
        ({"holdings": {"SPY": {}}, "cash": []}, True),
        ({"holdings": {"SPY": {}}}, True),
        ({"Holdings": {"SPY": {}}, "Cash": {}}, True),
        ({"holdings": {}, "cash": {}}, False),
        ({"holdings": [], "cash": []}, False),
        ({"holdings": {}, "cash": {"USD": None}}, False),
        ({"holdings": {}, "cash": {"USD": {"amount": "?"}, "EUR": {}}}, False),
        ({"holdings": [], "cash": ["USD"]}, False),
        ({"cash": CASH}, False),
        ({"holdings": None, "cash": CASH}, False),
        ({"holdings": "none", "cash": CASH}, False),
        ({"holdings": 0, "cash": CASH}, False),
        ({}, False),
        ([], False),
        (None, False),
    ],
)
def test_whether_an_answer_tells(portfolio: object, tells: bool) -> None:
    assert read(portfolio).is_known is tells


@pytest.mark.parametrize(
    "portfolio",
    [
        {"holdings": {}, "Holdings": {"SPY": {"q": 120}}, "cash": CASH},
        {"Holdings": {"SPY": {"q": 120}}, "holdings": {}, "cash": CASH},
        {"holdings": [], "HOLDINGS": [{"symbol": "SPY", "q": 120}], "cash": CASH},
        {"holdings": {"TLT": {}}, "Holdings": {"SPY": {"q": 120}}, "cash": CASH},
    ],
)
def test_holdings_reported_twice_are_all_counted(portfolio: object) -> None:
    assert [holding.quantity for holding in read(portfolio).open_holdings] == [120.0]


def test_portfolios_reported_twice_are_all_counted() -> None:
    body = {"success": True, "portfolio": {"holdings": {}, "cash": CASH}, "Portfolio": {"holdings": {"SPY": {"q": 2}}}}
    assert [each.quantity for each in ask(body, lambda client: client.triggers.fetch_portfolio(1)).open_holdings] == [2]


def test_holdings_reported_twice_and_once_unreadable_say_nothing() -> None:
    assert not read({"holdings": {"SPY": {}}, "Holdings": "see the brokerage", "cash": CASH}).is_known


def test_no_portfolio_at_all_says_nothing() -> None:
    portfolio = ask({"success": True}, lambda client: client.reads.fetch_portfolio(1))
    assert (portfolio.is_known, portfolio.holdings, portfolio.cash) == (False, (), ())


@pytest.mark.parametrize("portfolio", ["", "none", 0, True, dict.fromkeys(map(str, range(MAX_MEMBERS + 1)))])
def test_something_else_is_malformed(portfolio: object) -> None:
    assert failure(lambda: read(portfolio)).kind is FailureKind.MALFORMED


def test_holdings_as_a_list() -> None:
    portfolio = read({"holdings": [{"symbol": {"value": "SPY", "id": "SPY R735"}, "quantity": 2}, 5], "cash": []})
    assert [(holding.symbol, holding.quantity, holding.open) for holding in portfolio.holdings] == [
        ("SPY R735", 2.0, True),
        ("", 0.0, True),
    ]


def test_cash_shapes() -> None:
    portfolio = read({"holdings": {}, "cash": {"USD": 12.5, "EUR": {"amount": "x"}, "BTC": None}})
    assert portfolio.cash == (Cash("USD", 12.5), Cash("EUR", None), Cash("BTC", None))
    assert read({"holdings": {}, "cash": [{"symbol": "USD", "amount": 1}]}).cash == (Cash("USD", 1.0),)


def test_a_flat_holding_does_not_hide_an_open_one() -> None:
    portfolio = read({"holdings": {"A": {}, "B": {"q": 1, "v": 5}, "C": {"q": -1, "v": -50}}, "cash": {}})
    assert [holding.symbol for holding in portfolio.open_holdings] == ["C", "B"]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(json_values)
def test_nothing_but_zero_or_nothing_reads_as_no_quantity(quantity: object) -> None:
    portfolio = read_one({"q": quantity})
    zero = not isinstance(quantity, bool) and isinstance(quantity, (int, float, str)) and is_zero(quantity)
    assert flat(portfolio) == zero


def is_zero(quantity: int | float | str) -> bool:
    try:
        return "_" not in str(quantity) and len(str(quantity)) <= 64 and float(quantity) == 0.0
    except (ValueError, OverflowError):
        return False
