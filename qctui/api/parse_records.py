"""Insights and orders, the records of what an algorithm did, from answers to models."""

from __future__ import annotations

from collections.abc import Mapping
from sys import intern

from qctui.api.answer import Answer
from qctui.api.decode import entries
from qctui.api.ports import Loading
from qctui.api.tolerant import flag, fold, integer, line, number, symbol, unix_time
from qctui.model.insight import Direction, Insight, InsightPage
from qctui.model.order import ORDER_STATUS, ORDER_TYPE, Order, OrderEvent, OrderPage

_NUMBERED = {"1": Direction.UP, "0": Direction.FLAT, "-1": Direction.DOWN}
_DIRECTIONS = _NUMBERED | {direction.value: direction for direction in Direction}


async def insights(answer: Answer) -> InsightPage:
    """live/insights/read, whose elements have four spellings (REFERENCE.md 6.4)."""
    return InsightPage(await answer.each("insights", _insight), integer(answer.members.get("length")))


def _insight(item: object) -> Insight | None:
    if not isinstance(item, dict):
        return None
    raw = fold(item)
    generated_at, created_at = unix_time(raw.get("generatedtime")), unix_time(raw.get("createdtime"))
    # A hundred thousand are kept, and these texts are the same in most of them.
    symbol_id = intern(line(raw.get("symbol")))
    reference_final, score_final = number(raw.get("referencefinal")), flag(raw.get("scorefinal"))
    return Insight(
        insight_id=line(raw.get("id")),
        # Either may be missing or 0 (REFERENCE.md 6.4); LEAN itself lets the one stand in for the other.
        generated_at=generated_at or created_at,
        close_at=unix_time(raw.get("closetime")),
        symbol=symbol_id,
        ticker=intern(line(raw.get("ticker")) or symbol_id.partition(" ")[0]),
        kind=intern(line(raw.get("type"))),
        direction=_direction(raw.get("direction")),
        period_s=number(raw.get("period")),
        magnitude=number(raw.get("magnitude")),
        confidence=number(raw.get("confidence")),
        weight=number(raw.get("weight")),
        reference=number(raw.get("reference")),
        reference_final=number(raw.get("referencevaluefinal")) if reference_final is None else reference_final,
        score_direction=number(raw.get("scoredirection")),
        score_magnitude=number(raw.get("scoremagnitude")),
        score_final=flag(raw.get("scoreisfinal")) if score_final is None else score_final,
        estimated_value=number(raw.get("estimatedvalue")),
        model=intern(line(raw.get("sourcemodel"))),
        group_id=line(raw.get("groupid")),
        tag=line(raw.get("tag")),
        created_at=created_at or generated_at,
    )


def _direction(value: object) -> Direction:
    known = integer(value)
    word = line(value).casefold() if known is None else str(known)
    return _DIRECTIONS.get(word, Direction.UNKNOWN)


async def orders(answer: Answer) -> OrderPage | Loading:
    """live/orders/read (REFERENCE.md 6.7)."""
    loading = answer.loading("orders")
    if loading is not None:
        return loading
    return OrderPage(await answer.each("orders", _order), integer(answer.members.get("length")))


def _order(item: object) -> Order | None:
    raw = fold(item)
    order_id = integer(raw.get("id"))
    if order_id is None:
        return None
    raw_events = [fold(event) for event in entries(raw.get("events")) if isinstance(event, dict)]
    events = tuple(map(_event, raw_events))
    names = [*symbol(raw.get("symbol")), *(line(event.get("symbolvalue")) for event in raw_events)]
    return Order(
        order_id=order_id,
        deploy_id=next((event.deploy_id for event in events if event.deploy_id), ""),
        ticker=next((name.partition(" ")[0] for name in names if name), ""),
        order_type=_word(raw.get("type"), ORDER_TYPE),
        status=_word(raw.get("status"), ORDER_STATUS),
        quantity=number(raw.get("quantity")),
        price=number(raw.get("price")),
        at=unix_time(raw.get("createdtime")) or unix_time(raw.get("time")),
        last_fill_at=unix_time(raw.get("lastfilltime")),
        tag=line(raw.get("tag")),
        events=events,
    )


def _event(raw: Mapping[str, object]) -> OrderEvent:
    return OrderEvent(
        at=unix_time(raw.get("time")),
        status=_word(raw.get("status"), ORDER_STATUS),
        fill_quantity=number(raw.get("fillquantity")) or 0.0,
        fill_price=number(raw.get("fillprice")),
        deploy_id=line(raw.get("algorithmid")),
        message=line(raw.get("message")),
    )


def _word(value: object, words: Mapping[int, str]) -> str:
    """The word for a number or for another spelling of the word; unlisted ones as they come (REFERENCE.md 8)."""
    known = integer(value)
    if known is not None:
        return words.get(known, str(known))
    text = line(value)
    plain = text.replace(" ", "").casefold()
    return next((word for word in words.values() if word.replace(" ", "").casefold() == plain), text)
