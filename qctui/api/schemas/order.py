"""live/orders/read (REFERENCE.md 6.7)."""

from __future__ import annotations

from pydantic import Field

from qctui.api.schemas.base import Anything, Integer, Items, Line, Number, RenderContext, Wire


class WireOrder(Wire):
    """An element of `orders`."""

    id: Integer = None
    type: Anything = None
    status: Anything = None
    symbol: Anything = None
    quantity: Number = None
    price: Number = None
    time: RenderContext = None
    created_time: RenderContext = None
    last_fill_time: RenderContext = None
    tag: Line = ""
    events: Items = Field(default_factory=list)


class WireOrderEvent(Wire):
    """An element of an order's `events`."""

    algorithm_id: Line = ""
    symbol_value: Line = ""
    time: RenderContext = None
    status: Anything = None
    fill_quantity: Number = None
    fill_price: Number = None
    message: Line = ""


class WireSymbol(Wire):
    """A symbol written as an object."""

    value: Line = ""
    id: Line = ""
