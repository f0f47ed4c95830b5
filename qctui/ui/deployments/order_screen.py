"""One order in full: what was asked, and what happened to it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from qctui.model.keys import Key, orders_key
from qctui.model.order import Order
from qctui.model.resource import Resource
from qctui.ui.actions.controller import DEPLOYMENT, Pointed
from qctui.ui.context import AppContext, Detail
from qctui.ui.deployments.orders_pane import (
    EventsPane,
    OrderRow,
    average_fill,
    filled_span,
    is_liquidation,
    order_rows,
    side_of,
    status_span,
)
from qctui.ui.detail_screen import DetailScreen
from qctui.ui.kit.facts_view import instant_words
from qctui.ui.kit.lines import Paragraph, Piece, labelled_lines, pieces
from qctui.ui.kit.render_context import RenderContext
from qctui.ui.wording.format import format_price, format_quantity
from qctui.ui.wording.load_state import describe


class OrderScreen(DetailScreen):
    """It follows the order through newer readings of the list; one that has left the list stays as it was."""

    ACTS_ON = frozenset({DEPLOYMENT})
    NAME = "the order"

    def __init__(self, context: AppContext, detail: Detail) -> None:
        """The detail's deployment is the one the list was shown for."""
        assert detail.order is not None
        self._project, self._deploy_id = detail.name, detail.deploy_id
        self._row = OrderRow.of(detail.order, detail.order_key, detail.deploy_id)
        self._left = False
        self.events = EventsPane(1, context.glyphs)
        super().__init__(context, (self.events,))

    def keys(self) -> Iterable[Key[Any]]:
        """The list it stands in."""
        return [orders_key(self.project_id)]

    def pointed(self) -> Pointed:
        """The deployment whose order it is."""
        if self._row.current:
            return super().pointed()
        return Pointed(why_not="the order on screen is of an earlier deployment")

    def show_header(self, context: RenderContext) -> Iterable[Paragraph]:
        """The order in a few lines."""
        self._follow()
        order, glyphs = self._row.order, context.glyphs
        dot = glyphs.between
        quantity = format_quantity(None if order.quantity is None else abs(order.quantity), glyphs)
        title: list[Piece] = [(f"Order {order.order_id}", "title bold"), "  ", side_of(order.quantity), f" {quantity} "]
        title += [(order.ticker, "title bold"), f" {order.order_type}", dot, status_span(order.status)]
        whose: list[Piece] = [order.deploy_id or "deployment unknown"]
        if order.deploy_id and not self._row.current:
            whose.append((" an earlier deployment", "stale"))
        whose += [dot, self._project]
        facts: list[tuple[str, Sequence[Piece]]] = [
            ("Of", whose),
            ("Placed", instant_words(order.at, context)),
            ("Last fill", () if order.last_fill_at is None else instant_words(order.last_fill_at, context)),
            ("Filled", _filled(order, context)),
            ("Tag", [(order.tag, "mark bold" if is_liquidation(order) else "")] if order.tag else ()),
        ]
        lines = [Paragraph(pieces(*title), max_lines=2), *labelled_lines(facts, indent=10)]
        if self._left:
            gone = "No longer among the project's newest orders: this is what was last read of it"
            lines.append(Paragraph(pieces((f"{glyphs.alert} {gone}", "stale bold"))))
        return lines

    def show_sections(self, context: RenderContext) -> None:
        """Its events."""
        resource: Resource[tuple[Order, ...]] = self._engine.store.get(orders_key(self.project_id))
        order = self._row.order
        none, size = "The service tells of no events of this order.", len(order.events)
        words = describe(resource, context, what="events", nothing=none, size=size)
        self.events.show(order, words, context)

    def _follow(self) -> None:
        orders = self._engine.store.get(orders_key(self.project_id)).value
        if orders is None:
            return
        known = next((row for row in order_rows(orders, self._deploy_id) if row.key == self._row.key), None)
        self._left = known is None
        self._row = known or self._row


def _filled(order: Order, context: RenderContext) -> list[Piece]:
    glyphs = context.glyphs
    known = order.filled_quantity is not None
    parts: list[Piece] = [filled_span(order, glyphs) if known else ("not told", "muted")]
    filled = average_fill(order)
    if filled is not None:
        parts += [(" at ", "muted"), format_price(filled, glyphs), (" on average", "muted")]
    if order.price:
        parts += [(f"  {glyphs.dot} price ", "muted"), format_price(order.price, glyphs)]
    return parts
