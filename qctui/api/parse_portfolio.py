"""Holdings and cash, from answers to models. Whether a project is flat rests on them, so what cannot be read is never
taken for nothing (REFERENCE.md 6.6, 7.5)."""

from __future__ import annotations

from collections.abc import Callable
from itertools import repeat
from typing import TypeVar

from qctui.api.answer import Answer
from qctui.api.decode import TimeSlice, entries
from qctui.api.tolerant import fold, line, number, overfull, spelled, symbol
from qctui.model.portfolio import Cash, Holding, Portfolio

T = TypeVar("T")

_WORDS = frozenset({"symbol", "type", "c", "currencysymbol"})
"""Folded names of a holding's members that say what it is, and not how much."""
_QUANTITY = frozenset({"q", "quantity"})
_WORTH = frozenset({"v", "marketvalue", "u", "unrealizedpnl", "up", "unrealizedpnlpercent"})
"""Figures that are zero without a quantity."""
_PRICES = frozenset({"a", "averageprice", "p", "marketprice", "r", "conversionrate"})
_PAID = frozenset({"a", "averageprice"})
"""A price that was paid for something; the service omits it of a flat holding (REFERENCE.md 6.6)."""
_KNOWN = _WORDS | _QUANTITY | _WORTH | _PRICES


async def portfolio(answer: Answer) -> Portfolio:
    """live/portfolio/read, whole as it came: what is there twice under different spellings counts twice.

    Its positions are known only if `holdings` is there as a map (or as the list that stands for an empty one) and there
    is a holding or a balance with an amount. Holdings that are null or absent say nothing of positions, however much
    cash there is.
    """
    bodies = [body for body in spelled(answer.document.tree, {"portfolio"}) if body is not None]
    if not bodies:
        answer.refuse_loading()
    if any(overfull(body) or not isinstance(body, (dict, list)) for body in bodies):
        raise answer.malformed("the answer has no portfolio")
    found = [each for body in bodies for each in spelled(body, {"holdings"}) if each is not None]
    holdings = await _each(found, _holding)
    balances = [each for body in bodies for each in spelled(body, {"cash"})]
    cash = await _each(balances, _cash)
    filled = bool(holdings) or any(balance.amount is not None for balance in cash)
    readable = bool(found) and all(isinstance(each, (dict, list)) for each in found)
    return Portfolio(holdings, cash, is_known=filled and readable)


async def _each(containers: list[object], read: Callable[[str, object], T]) -> tuple[T, ...]:
    """Every entry of these maps and lists."""
    time_slice = TimeSlice()
    made: list[T] = []
    for container in containers:
        values = entries(container)
        keys = container if isinstance(container, dict) else repeat("", len(values))
        for key, value in zip(keys, values, strict=True):
            made.append(read(key, value))
            await time_slice.pause_if_over()
    return tuple(made)


def _holding(key: str, value: object) -> Holding:
    """A holding under short or long keys (REFERENCE.md 6.6)."""
    raw = fold(value)
    name, unique_id = symbol(raw.get("symbol"))
    identity = line(key) or unique_id or name
    quantity, unreadable = _quantity(value)
    rate = _first(raw, "r", "conversionrate")
    return Holding(
        symbol=identity,
        ticker=name.partition(" ")[0] or identity.partition(" ")[0],
        quantity=quantity,
        average_price=_first(raw, "a", "averageprice"),
        market_price=_first(raw, "p", "marketprice"),
        market_value=_first(raw, "v", "marketvalue"),
        unrealized=_first(raw, "u", "unrealizedpnl"),
        unrealized_percent=_first(raw, "up", "unrealizedpnlpercent"),
        currency_symbol=line(raw.get("c")) or line(raw.get("currencysymbol")) or "$",
        conversion_rate=1.0 if rate is None else rate,
        unreadable_quantity=unreadable,
    )


def _first(raw: dict[str, object], *names: str) -> float | None:
    """The first of these members that is a number."""
    return next((figure for figure in (number(raw.get(name)) for name in names) if figure is not None), None)


def _quantity(value: object) -> tuple[float, bool]:
    """The quantity, and whether there may be one that could not be read.

    Zero only for a number that is zero, or for an absent one where nothing contradicts it: the service omits default
    members, so a value, a profit or a paid price without a quantity is a quantity we failed to see. So may be a figure
    that can't be read, or one by a name we do not know.
    """
    if not isinstance(value, dict) or overfull(value):
        return 0.0, value != []  # an empty map may come as a list
    # Every spelling, nulls kept: if two disagree, the larger one is believed.
    given = spelled(value, _QUANTITY)
    known = [figure for figure in map(number, given) if figure is not None]
    quantity = max(known, key=abs, default=0.0)
    if len(known) < len(given):
        return quantity, True
    if quantity:
        return quantity, False
    contradicted = any(_not_zero(raw) for raw in spelled(value, _WORTH))
    if given:
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
    raw = fold(value)
    return Cash(
        currency=line(key) or line(raw.get("symbol")),
        amount=number(raw.get("amount")),
        currency_symbol=line(raw.get("currencysymbol")),
        conversion_rate=number(raw.get("conversionrate")),
        value=number(raw.get("valueinaccountcurrency")),
    )
