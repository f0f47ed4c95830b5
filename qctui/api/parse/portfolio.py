"""Holdings and cash, on which "flat" rests: what cannot be read is never taken for nothing (REFERENCE.md 6.6, 7.5)."""

from __future__ import annotations

from collections.abc import Iterator

from qctui.api.endpoints import PORTFOLIO
from qctui.api.parse.common import malformed, refuse_loading
from qctui.api.schemas.live import WireCash, WireHolding
from qctui.api.schemas.order import WireSymbol
from qctui.api.tolerant import fold, line, number
from qctui.model.portfolio import Cash, Holding, Portfolio

_WORDS = frozenset({"symbol", "type", "c", "currencysymbol"})
"""Folded names of a holding's members that say what it is, and not how much."""
_FIGURES = frozenset(
    {"a", "averageprice", "p", "marketprice", "v", "marketvalue", "u", "unrealizedpnl", "up", "unrealizedpnlpercent"}
    | {"r", "conversionrate"}
)
"""Folded names of its figures, short and long, without the quantity."""


def portfolio(members: dict[str, object]) -> Portfolio:
    """live/portfolio/read.

    It tells something only if `holdings` is there as a map (or as the list that stands for an empty one) and there is
    a holding or a balance with an amount. Holdings that are null or absent say nothing of positions, however much cash
    there is.
    """
    body = members.get("portfolio")
    if body is None:
        refuse_loading(PORTFOLIO, members)
    if body is not None and not isinstance(body, (dict, list)):
        raise malformed(PORTFOLIO, "the answer has no portfolio")
    inner = fold(body)
    told = inner.get("holdings")
    holdings = tuple(_holding(key, value) for key, value in _entries(told))
    cash = tuple(_cash(key, value) for key, value in _entries(inner.get("cash")))
    said = bool(holdings) or any(balance.amount is not None for balance in cash)
    return Portfolio(holdings, cash, tells=said and isinstance(told, (dict, list)))


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
    quantity, unreadable = _quantity(value, market_value)
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


def _quantity(value: object, market_value: float | None) -> tuple[float, bool]:
    """The quantity, and whether there may be one that could not be read.

    Zero only for a number that is zero, or for an absent one where nothing contradicts it: the service omits default
    members, so a value without a quantity is a quantity we failed to see. So may be a holding whose every figure goes
    by a name we do not know.
    """
    if not isinstance(value, dict):
        return 0.0, value != []  # an empty map may come as a list
    # Both spellings, nulls kept: if two disagree, the larger one is believed.
    told = [raw for key, raw in value.items() if key.casefold() in ("q", "quantity")]
    numbers = [number(raw) for raw in told]
    known = [n for n in numbers if n is not None]
    quantity = max(known, key=abs, default=0.0)
    if len(known) < len(told):
        return quantity, True
    names = fold(value).keys()
    foreign = bool(names - _WORDS) and names.isdisjoint(_FIGURES)
    return quantity, not told and (bool(market_value) or foreign)


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
