"""The orders of a deployment, newest first, and the events of one order."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from qctui.model.order import LIQUIDATED_TAG, Order, OrderEvent
from qctui.model.resource import Resource
from qctui.ui.kit.list_pane import SectionPane
from qctui.ui.kit.render_context import RenderContext
from qctui.ui.kit.spans import Spans
from qctui.ui.kit.table_columns import Column, figure, text_column
from qctui.ui.selection_owner import LocalCursor
from qctui.ui.theme.glyph_set import Glyphs
from qctui.ui.wording.format import format_count, format_end, format_price, format_quantity
from qctui.ui.wording.load_state import LoadStateWords, describe
from qctui.value import Value

_WORDS = {"partiallyfilled": "partial", "cancelpending": "cancelling", "updatesubmitted": "updated"}
"""Statuses too long for their column."""

_TYPES = {
    "stop market": "stop",
    "stop limit": "stop lim",
    "market on open": "on open",
    "market on close": "on close",
    "option exercise": "exercise",
    "limit if touched": "touched",
    "combo market": "combo",
    "combo limit": "combo lim",
    "combo leg limit": "combo leg",
    "trailing stop": "trailing",
}
"""Types too long for their column; the order in full has them whole."""

_ROLES = {"filled": "ok", "partiallyfilled": "stale", "invalid": "danger bold", "canceled": "muted", "none": "muted"}


class OrderRow(Value):
    """An order, and what names it in a list over several deployments."""

    order: Order
    key: Hashable
    current: bool
    """It belongs to the deployment that is shown, or the service does not say to which."""

    @classmethod
    def of(cls, order: Order, key: Hashable, deploy_id: str) -> OrderRow:
        """The row of an order in the list of this deployment."""
        return cls(order, key, not order.deploy_id or not deploy_id or order.deploy_id == deploy_id)


def order_rows(orders: Sequence[Order], deploy_id: str) -> list[OrderRow]:
    """The orders newest first. Ids restart with each deployment, and one without events does not have its own: what
    would share a key is counted."""
    rows: list[OrderRow] = []
    seen: dict[tuple[str, int], int] = {}
    for order in orders:
        name = (order.deploy_id, order.order_id)
        seen[name] = seen.get(name, -1) + 1
        rows.append(OrderRow.of(order, (*name, seen[name]), deploy_id))
    rows.reverse()
    return rows


def is_liquidation(order: Order) -> bool:
    """The engine made it to liquidate."""
    return order.tag.strip().casefold() == LIQUIDATED_TAG.casefold()


def average_fill(order: Order) -> float | None:
    """The mean price of what was filled; None without a fill that has a price."""
    fills = [each for each in order.events if each.fill_quantity and each.fill_price is not None]
    quantity = sum(abs(each.fill_quantity) for each in fills)
    if not quantity:
        return None
    return sum(abs(each.fill_quantity) * (each.fill_price or 0.0) for each in fills) / quantity


class OrdersPane(SectionPane[OrderRow]):
    """The newest orders of the deployment; those of the project's earlier ones behind a key."""

    def __init__(self, number: int, glyphs: Glyphs, earlier_key: str) -> None:
        """`earlier_key` is the key in force for the earlier ones, as a person reads it."""
        self._place = LocalCursor()
        columns = _order_columns()
        super().__init__(
            number, "Orders", glyphs, columns, lambda row: row.key, _order_text, opens=True, cursor=self._place
        )
        self.table.stays_first = True
        self._earlier_key = earlier_key
        self.show_earlier = False
        """Whether orders of the project's earlier deployments are listed."""
        self._source: tuple[object, str] | None = None
        self._all: list[OrderRow] = []

    def show(
        self, resource: Resource[tuple[Order, ...]], deploy_id: str, context: RenderContext, *, older: bool = False
    ) -> None:
        """Show the newest orders of a project, of which those of `deploy_id` are meant; of an `older` deployment those
        alone."""
        if self._source is not None and self._source[1] != deploy_id:
            self._place.start_over()
        source = (resource.value, deploy_id)
        if self._source is None or source[0] is not self._source[0] or source[1] != self._source[1]:
            self._source = source
            self._all = order_rows(resource.value or (), deploy_id)
        rows = self._all if self.show_earlier and not older else [row for row in self._all if row.current]
        hidden = 0 if older else len(self._all) - len(rows)
        nothing = "No order of this deployment among the project's newest." if older else "No orders yet."
        if hidden:
            nothing = f"No order of this deployment among the project's newest; {self._earlier_key} shows earlier ones."
        words = describe(resource, context, what="orders", nothing=nothing, size=len(rows))
        self.show_rows(rows, context, words, self._title_facts(rows, hidden, context))

    def _title_facts(self, rows: Sequence[OrderRow], hidden: int, context: RenderContext) -> Spans:
        dot = context.glyphs.dot
        facts: list[tuple[str, str]] = [(f"newest {format_count(len(rows))} ", "")] if rows else []
        if liquidated := sum(is_liquidation(row.order) for row in rows if row.current):
            facts.append((f"{dot} {format_count(liquidated)} Liquidated ", "mark bold"))
        if hidden:
            facts.append((f"{dot} {format_count(hidden)} of earlier deployments ({self._earlier_key}) ", "muted"))
        elif earlier := sum(not row.current for row in rows):
            facts.append((f"{dot} with {format_count(earlier)} of earlier deployments ", "muted"))
        return tuple(facts)


class EventsPane(SectionPane[tuple[int, OrderEvent]]):
    """What happened to one order, newest first."""

    def __init__(self, number: int, glyphs: Glyphs) -> None:
        super().__init__(number, "Events", glyphs, _event_columns(), lambda row: row[0], _event_text)

    def show(self, order: Order | None, words: LoadStateWords, context: RenderContext) -> None:
        """Show an order's events; `words` is the load state of the list it was read in."""
        events = () if order is None else order.events
        rows = list(enumerate(events))[::-1]
        facts: Spans = ((f"{format_count(len(rows))} ", ""),) if rows else ()
        self.show_rows(rows, context, words, facts)


def side_of(quantity: float | None) -> tuple[str, str]:
    """`buy` or `sell` with its colour; empty when unknown."""
    if not quantity:
        return "", ""
    return ("buy", "pnl-up") if quantity > 0 else ("sell", "pnl-down")


def status_span(status: str, *, short: bool = False) -> tuple[str, str]:
    """An order's status in its colour."""
    folded = status.casefold()
    return (_WORDS.get(folded, status) if short else status) or "unknown", _ROLES.get(folded, "")


def filled_span(order: Order, glyphs: Glyphs) -> tuple[str, str]:
    """How much of an order was filled, and its role: nothing, a part, or all of it."""
    filled = order.filled_quantity
    if filled is None:
        return glyphs.none, "muted"
    whole = order.quantity is not None and abs(filled) == abs(order.quantity)
    return format_quantity(abs(filled), glyphs), "" if whole else "stale" if filled else "muted"


def _order_text(row: OrderRow) -> str:
    """What a filter searches: the words of the row, the short ones and what they stand for."""
    order = row.order
    words = (order.ticker, order.order_type, _TYPES.get(order.order_type, ""), order.status)
    more = (status_span(order.status, short=True)[0], order.tag, side_of(order.quantity)[0], str(order.order_id))
    return " ".join((*words, *more, order.deploy_id[-4:]))


def _order_columns() -> tuple[Column[OrderRow], ...]:
    return (
        Column("time", "time", 11, _time, keep=10, sort_key=lambda row: row.order.at, descending=True),
        Column("ticker", "ticker", 7, _ticker, wanted=10, widest=24, keep=12, sort_key=_ticker_key),
        text_column("type", 8, _type, wanted=9, keep=4, sort_key=lambda row: row.order.order_type),
        Column("side", "side", 4, _side, keep=9, sort_key=lambda row: side_of(row.order.quantity)[0]),
        figure("filled", "filled/qty", 11, _filled, wanted=14, widest=20, keep=8, sort_key=_quantity_key),
        Column("price", "price", 10, _price, right=True, widest=14, keep=6),
        Column("status", "status", 9, _status, wanted=15, keep=11, sort_key=lambda row: row.order.status.casefold()),
        Column("tag", "tag", 10, _tag, widest=40, keep=7, sort_key=lambda row: row.order.tag.casefold()),
        text_column("id", 5, _id, right=True, keep=3, sort_key=lambda row: row.order.order_id),
        Column("deploy_id", "of", 6, _of, keep=1),
    )


def _quantity_key(row: OrderRow) -> float | None:
    return None if row.order.quantity is None else abs(row.order.quantity)


def _ticker_key(row: OrderRow) -> str:
    return row.order.ticker.casefold()


def _time(row: OrderRow, context: RenderContext) -> Spans:
    return ((context.time(row.order.at), "muted"),)


def _ticker(row: OrderRow, context: RenderContext) -> Spans:
    return ((row.order.ticker or context.glyphs.none, "title" if row.current else "muted"),)


def _type(row: OrderRow) -> str:
    return _TYPES.get(row.order.order_type, row.order.order_type)


def _id(row: OrderRow) -> str:
    return str(row.order.order_id)


def _side(row: OrderRow, context: RenderContext) -> Spans:
    return (side_of(row.order.quantity),)


def _filled(row: OrderRow, context: RenderContext) -> Spans:
    order, glyphs = row.order, context.glyphs
    quantity = format_quantity(None if order.quantity is None else abs(order.quantity), glyphs)
    return (filled_span(order, glyphs), (f"/{quantity}", "muted"))


def _price(row: OrderRow, context: RenderContext) -> Spans:
    """What it was filled at, on average; before a fill, what the order asks."""
    filled = average_fill(row.order)
    if filled is not None:
        return ((format_price(filled, context.glyphs), ""),)
    asked = row.order.price or None  # the wire sends 0 where an order has no price
    return ((format_price(asked, context.glyphs), "muted"),)


def _status(row: OrderRow, context: RenderContext) -> Spans:
    return (status_span(row.order.status, short=True),)


def _tag(row: OrderRow, context: RenderContext) -> Spans:
    if is_liquidation(row.order):
        return ((row.order.tag, "mark bold"),)
    return ((row.order.tag or context.glyphs.none, "muted"),)


def _of(row: OrderRow, context: RenderContext) -> Spans:
    return ((format_end(row.order.deploy_id, context.glyphs), "muted"),)


def _event_text(row: tuple[int, OrderEvent]) -> str:
    return f"{row[1].status} {row[1].message}"


def _event_columns() -> tuple[Column[tuple[int, OrderEvent]], ...]:
    return (
        Column("time", "time", 11, lambda row, context: ((context.time(row[1].at), "muted"),), keep=9),
        Column("status", "status", 15, lambda row, context: (status_span(row[1].status),), keep=10),
        Column("quantity", "filled", 12, _event_quantity, right=True, keep=8),
        Column("price", "at price", 12, _event_price, right=True, keep=7),
        Column(
            "message", "message", 20, lambda row, _: ((row[1].message.replace("\n", " "), "muted"),), widest=80, keep=5
        ),
    )


def _event_quantity(row: tuple[int, OrderEvent], context: RenderContext) -> Spans:
    quantity = row[1].fill_quantity
    text = format_quantity(quantity, context.glyphs) if quantity else context.glyphs.none
    return ((f"+{text}" if quantity > 0 else text, "" if quantity else "muted"),)


def _event_price(row: tuple[int, OrderEvent], context: RenderContext) -> Spans:
    price = row[1].fill_price if row[1].fill_quantity else None
    return ((format_price(price, context.glyphs), "" if price is not None else "muted"),)
