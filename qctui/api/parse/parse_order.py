"""Orders and their events."""

from __future__ import annotations

from collections.abc import Mapping

from qctui.api.decode import Document
from qctui.api.endpoints import ORDERS
from qctui.api.parse.common import each
from qctui.api.schemas.order import WireOrder, WireOrderEvent, WireSymbol
from qctui.api.tolerant import integer, line
from qctui.model.order import ORDER_STATUS, ORDER_TYPE, Order, OrderEvent, OrderPage


async def orders(document: Document, members: dict[str, object]) -> OrderPage:
    """live/orders/read, once it is no loading answer."""
    found = await each(ORDERS, document, members, "orders", _order)
    return OrderPage(found, integer(members.get("length")))


def _order(item: object) -> Order | None:
    wire = WireOrder.read(item)
    if wire.id is None:
        return None
    wire_events = [WireOrderEvent.read(event) for event in wire.events if isinstance(event, dict)]
    named = WireSymbol.read(wire.symbol) if isinstance(wire.symbol, dict) else WireSymbol(value=line(wire.symbol))
    told = [named.value, named.id, *(event.symbol_value for event in wire_events)]
    return Order(
        order_id=wire.id,
        deploy_id=next((event.algorithm_id for event in wire_events if event.algorithm_id), ""),
        ticker=next((text.partition(" ")[0] for text in told if text), ""),
        order_type=_word(wire.type, ORDER_TYPE),
        status=_word(wire.status, ORDER_STATUS),
        quantity=wire.quantity,
        price=wire.price,
        at=wire.created_time or wire.time,
        last_fill_at=wire.last_fill_time,
        tag=wire.tag,
        events=tuple(
            OrderEvent(
                at=event.time,
                status=_word(event.status, ORDER_STATUS),
                fill_quantity=event.fill_quantity or 0.0,
                fill_price=event.fill_price,
                deploy_id=event.algorithm_id,
                message=event.message,
            )
            for event in wire_events
        ),
    )


def _word(value: object, words: Mapping[int, str]) -> str:
    """The word for a number or for another spelling of the word; unlisted ones as they come (REFERENCE.md 8)."""
    known = integer(value)
    if known is not None:
        return words.get(known, str(known))
    text = line(value)
    plain = text.replace(" ", "").casefold()
    return next((word for word in words.values() if word.replace(" ", "").casefold() == plain), text)
