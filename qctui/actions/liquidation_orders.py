"""What a liquidation has ordered, by the newest orders of its project (REFERENCE.md 6.7, 7.5)."""

from __future__ import annotations

from collections.abc import Sequence

from qctui.api.ports import Loading, TriggerApi
from qctui.model.order import LIQUIDATED_TAG, Order, OrderPage

ORDERS_WINDOW = 100
"""Orders asked for at once (REFERENCE.md 6.7)."""


class NewestOrders:
    """Reads the newest orders of a project: they are at the end of the list, whose length only an answer shows."""

    def __init__(self, api: TriggerApi, project_id: int) -> None:
        self._api = api
        self._project_id = project_id
        self._known = 0
        """How many orders there are, by the last answer that said so."""

    async def read(self) -> tuple[Order, ...]:
        """Read them, oldest first; none while the service prepares them. Raises `ApiError`."""
        page = await self._page()
        if page is not None and page.length is not None and page.length > self._known + ORDERS_WINDOW // 2:
            self._known = page.length
            page = await self._page()
        return page.orders if page is not None else ()

    async def _page(self) -> OrderPage | None:
        """The window that ends somewhat after what is known to exist; None while the service prepares it."""
        start = max(0, self._known - ORDERS_WINDOW // 2)
        page = await self._api.fetch_orders(self._project_id, start, start + ORDERS_WINDOW)
        return None if isinstance(page, Loading) else page


def liquidation_orders(orders: Sequence[Order], deploy_id: str) -> tuple[Order, ...]:
    """The orders of this deployment that a liquidation placed.

    The list concatenates deployments in launch order (REFERENCE.md 6.7). An order without events names none; it is
    this one's if no other deployment's order follows it.
    """
    last_other = max(
        (index for index, order in enumerate(orders) if deploy_id and order.deploy_id not in ("", deploy_id)),
        default=-1,
    )
    return tuple(
        order
        for index, order in enumerate(orders)
        if order.tag == LIQUIDATED_TAG
        and (not deploy_id or order.deploy_id == deploy_id or (not order.deploy_id and index > last_other))
    )
