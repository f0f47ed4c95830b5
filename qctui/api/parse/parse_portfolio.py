"""Holdings and cash, on which "flat" rests: what cannot be read is never taken for nothing (REFERENCE.md 6.6, 7.5)."""

from __future__ import annotations

from collections.abc import Iterator

from qctui.api.endpoints import PORTFOLIO
from qctui.api.parse.common import malformed, refuse_loading
from qctui.api.schemas.live import WireCash, WireHolding
from qctui.api.schemas.order import WireSymbol
from qctui.api.tolerant import fold, line, number, spelled
from qctui.model.portfolio import Cash, Holding, Portfolio

_WORDS = frozenset({"symbol", "type", "c", "currencysymbol"})
"""Folded names of a holding's members that say what it is, and not how much."""
_QUANTITY = frozenset({"q", "quantity"})
_WORTH = frozenset({"v", "marketvalue", "u", "unrealizedpnl", "up", "unrealizedpnlpercent"})
"""Figures that are zero without a quantity."""
_PRICES = frozenset({"a", "averageprice", "p", "marketprice", "r", "conversionrate"})
_PAID = frozenset({"a", "averageprice"})
"""A price that was paid for something; the service omits it of a flat holding (REFERENCE.md 6.6)."""
_KNOWN = _WORDS | _QUANTITY | _WORTH | _PRICES


def portfolio(tree: object) -> Portfolio:
    """live/portfolio/read, whole as it came: what is told twice under different spellings counts twice.

    It tells something only if `holdings` is there as a map (or as the list that stands for an empty one) and there is
    a holding or a balance with an amount. Holdings that are null or absent say nothing of positions, however much cash
    there is.
    """
    bodies = [body for body in spelled(tree, {"portfolio"}) if body is not None]
    if not bodies:
        refuse_loading(PORTFOLIO, fold(tree))
    if not all(isinstance(body, (dict, list)) for body in bodies):
        raise malformed(PORTFOLIO, "the answer has no portfolio")
    told = [holdings for body in bodies for holdings in spelled(body, {"holdings"}) if holdings is not None]
    holdings = tuple(_holding(key, value) for each in told for key, value in _entries(each))
    balances = [cash for body in bodies for cash in spelled(body, {"cash"})]
    cash = tuple(_cash(key, value) for each in balances for key, value in _entries(each))
    said = bool(holdings) or any(balance.amount is not None for balance in cash)
    readable = bool(told) and all(isinstance(each, (dict, list)) for each in told)
    return Portfolio(holdings, cash, is_known=said and readable)


def _entries(value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, list):
        yield from (("", item) for item in value)


def _holding(key: str, value: object) -> Holding:
    wire = WireHolding.read(value)
    named = WireSymbol.read(wire.symbol) if isinstance(wire.symbol, dict) else WireSymbol(value=line(wire.symbol))
    symbol = line(key) or named.id or named.value
    market_value = _first(wire.v, wire.market_value)
    quantity, unreadable = _quantity(value)
    rate = _first(wire.r, wire.conversion_rate)
    return Holding(
        symbol=symbol,
        ticker=named.value.partition(" ")[0] or symbol.partition(" ")[0],
        quantity=quantity,
        average_price=_first(wire.a, wire.average_price),
        market_price=_first(wire.p, wire.market_price),
        market_value=market_value,
        unrealized=_first(wire.u, wire.unrealized_pnl),
        unrealized_percent=_first(wire.up, wire.unrealized_pnl_percent),
        currency_symbol=wire.c or wire.currency_symbol or "$",
        conversion_rate=1.0 if rate is None else rate,
        unreadable_quantity=unreadable,
    )


def _quantity(value: object) -> tuple[float, bool]:
    """The quantity, and whether there may be one that could not be read.

    Zero only for a number that is zero, or for an absent one where nothing contradicts it: the service omits default
    members, so a value, a profit or a paid price without a quantity is a quantity we failed to see. So may be a figure
    that can't be read, or one by a name we do not know.
    """
    if not isinstance(value, dict):
        return 0.0, value != []  # an empty map may come as a list
    # Every spelling, nulls kept: if two disagree, the larger one is believed.
    told = spelled(value, _QUANTITY)
    known = [figure for figure in map(number, told) if figure is not None]
    quantity = max(known, key=abs, default=0.0)
    if len(known) < len(told):
        return quantity, True
    if quantity:
        return quantity, False
    contradicted = any(_not_zero(raw) for raw in spelled(value, _WORTH))
    if told:
        return 0.0, contradicted
    unreadable = any(raw is not None and number(raw) is None for raw in spelled(value, _PRICES))
    paid = any(_not_zero(raw) for raw in spelled(value, _PAID))
    return 0.0, contradicted or unreadable or paid or _holds_unknown(value)


def _not_zero(raw: object) -> bool:
    return raw is not None and number(raw) != 0.0


def _holds_unknown(value: dict[str, object]) -> bool:
    """Whether a figure may be hidden under a name we do not know."""
    names = fold(value).keys()
    foreign = spelled(value, names - _KNOWN)
    if foreign and names.isdisjoint(_WORTH | _PRICES):
        return True
    return any(raw is True or number(raw) or (isinstance(raw, (dict, list)) and raw) for raw in foreign)


def _cash(key: str, value: object) -> Cash:
    if not isinstance(value, dict):
        return Cash(line(key), number(value))
    wire = WireCash.read(value)
    return Cash(
        currency=line(key) or wire.symbol,
        amount=wire.amount,
        currency_symbol=wire.currency_symbol,
        conversion_rate=wire.conversion_rate,
        value=wire.value_in_account_currency,
    )


def _first(*values: float | None) -> float | None:
    return next((value for value in values if value is not None), None)
