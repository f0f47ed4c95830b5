"""Orders and their fills (REFERENCE.md 6.7)."""

from math import isfinite

from qctui.value import Value

ORDER_STATUS = {
    0: "new",
    1: "submitted",
    2: "partiallyFilled",
    3: "filled",
    5: "canceled",
    6: "none",
    7: "invalid",
    8: "cancelPending",
    9: "updateSubmitted",
}
"""Order status numbers in the words the events use (REFERENCE.md 8.9; there is no 4)."""

ORDER_TYPE = {
    0: "market",
    1: "limit",
    2: "stop market",
    3: "stop limit",
    4: "market on open",
    5: "market on close",
    6: "option exercise",
    7: "limit if touched",
    8: "combo market",
    9: "combo limit",
    10: "combo leg limit",
    11: "trailing stop",
}
"""Order types in words (REFERENCE.md 8.8)."""

LIQUIDATED_TAG = "Liquidated"
"""What the engine tags the orders of a liquidation with (REFERENCE.md 6.7)."""


class OrderEvent(Value):
    """One step in an order's life."""

    at: float | None
    status: str
    fill_quantity: float
    fill_price: float | None
    deploy_id: str
    """The deployment it belongs to: orders of all deployments of a project come in one list."""
    message: str = ""


class Order(Value):
    """An order. Its id is unique within one deployment only."""

    order_id: int
    deploy_id: str
    """From its events; empty when it has none."""
    ticker: str
    order_type: str
    status: str
    """A word of `ORDER_STATUS`, or the number as text when unlisted."""
    quantity: float | None
    """Negative sells."""
    price: float | None
    at: float | None
    last_fill_at: float | None
    tag: str
    events: tuple[OrderEvent, ...] = ()

    @property
    def filled_quantity(self) -> float | None:
        """What has been filled so far, signed; None where that is not known. Events may leave quantities out: then
        there is only the status."""
        filled = sum(event.fill_quantity for event in self.events)
        if not isfinite(filled):
            return None
        if not filled and self.status == "filled":
            return self.quantity
        return filled if filled or (self.events and self.status != "partiallyFilled") else None


class OrderPage(Value):
    """A window of the list: oldest first, over all deployments of the project."""

    orders: tuple[Order, ...]
    length: int | None
    """Total number of orders, where the service says so. More than zero with no orders: the cache is still loading."""
