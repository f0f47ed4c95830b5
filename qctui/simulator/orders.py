"""Orders of a deployment, how live/orders/read writes them, and the deployment's log, which mentions each of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from qctui.simulator.deployments import DISCONNECTED, TAG_LIQUIDATED, Deployment
from qctui.simulator.ledger import Trade
from qctui.simulator.market import Symbol, is_open, new_york_offset_s
from qctui.simulator.noise import key_of, unit
from qctui.simulator.shapes import Json, capitalise, iso_date

NEW, SUBMITTED, PARTIALLY_FILLED, FILLED, CANCELED, INVALID = 0, 1, 2, 3, 5, 7
"""Order status, REFERENCE.md 8.9."""
EVENT_NAMES = {1: "submitted", 2: "partiallyFilled", 3: "filled", 5: "canceled", 7: "invalid"}
MARKET, LIMIT, STOP_MARKET, MARKET_ON_OPEN = 0, 1, 2, 4
"""Order type, REFERENCE.md 8.8."""

_FINAL_AFTER_S = 700.0
"""Age after which nothing happens to an order any more."""


@dataclass(frozen=True)
class OrderEvent:
    """One thing that happened to an order."""

    at: float
    status: int
    quantity: float = 0.0
    """Filled by this event."""
    price: float = 0.0
    fee: float = 0.0
    message: str = ""


@dataclass(frozen=True)
class Order:
    """One order as it is at a time."""

    number: int
    """Its id, counted from 1 in each deployment."""
    deploy_id: str
    type: int
    symbol: Symbol
    quantity: float
    placed_at: float
    tag: str
    events: tuple[OrderEvent, ...]
    limit: float | None = None
    stop: float | None = None

    @property
    def status(self) -> int:
        """The status after its last event."""
        return self.events[-1].status if self.events else NEW


class OrderHistory:
    """The orders of one deployment; those of its trading are kept, those of a liquidation are made anew."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._key = key_of("orders", deployment.deploy_id)
        self._known: list[Order] = []
        self._epochs_read = 0
        self._refused_until = 0.0

    def placed(self, at: float) -> list[Order]:
        """Return all orders placed by a time, oldest first. Do not change the list."""
        deployment = self._deployment
        until = deployment.trading_until(at)
        epochs = deployment.ledger.epochs(until)
        while self._epochs_read < len(epochs) and epochs[self._epochs_read].at <= until:
            self._refuse(epochs[self._epochs_read].at)
            for trade in epochs[self._epochs_read].trades:
                self._known.append(self._filled(trade))
                if unit(self._key, len(self._known)) < 0.18:
                    self._known.append(self._unfilled(trade))
            self._epochs_read += 1
        self._refuse(until)
        closing = self._closing(at)
        recent = len(self._known)
        while recent and self._known[recent - 1].placed_at > until - _FINAL_AFTER_S:
            recent -= 1
        if not closing and recent == len(self._known):
            return self._known
        return self._known[:recent] + [self._as_of(order, at) for order in self._known[recent:]] + closing

    def _refuse(self, until: float) -> None:
        """Add the orders that a brokerage which is gone has refused up to now."""
        deployment = self._deployment
        for at in deployment.refused(self._refused_until, until):
            trading = [symbol for symbol in deployment.ledger.symbols if is_open(symbol.hours, at)]
            symbol, number = trading[0], len(self._known) + 1
            event = OrderEvent(at, INVALID, message=DISCONNECTED)
            self._known.append(Order(number, deployment.deploy_id, MARKET, symbol, symbol.lot, at, "", (event,)))
        self._refused_until = max(self._refused_until, until)

    def _as_of(self, order: Order, at: float) -> Order:
        """Return an order with what had happened to it by a time, or by the end of its deployment."""
        liquidation, stopped = self._deployment.liquidation, self._deployment.stopped_at()
        swept_at = liquidation.orders_at if liquidation is not None else None
        if order.status == CANCELED and swept_at is not None and swept_at <= at and order.events[-1].at > swept_at:
            swept = OrderEvent(swept_at, CANCELED, message="Canceled by liquidation")
            return replace(order, events=(*order.events[:-1], swept))
        # After a stop the broker still has the order, but what becomes of it is not reported.
        until = at if stopped is None else min(at, stopped)
        return replace(order, events=tuple(event for event in order.events if event.at <= until))

    def _filled(self, trade: Trade) -> Order:
        number, quantity = len(self._known) + 1, trade.quantity
        first = OrderEvent(trade.at + 0.25, SUBMITTED)
        done = OrderEvent(trade.at + 1.5, FILLED, quantity, trade.price, trade.fee)
        return Order(number, self._deployment.deploy_id, MARKET, trade.symbol, quantity, trade.at, "", (first, done))

    def _unfilled(self, trade: Trade) -> Order:
        number, deploy_id, symbol = len(self._known) + 1, self._deployment.deploy_id, trade.symbol
        price, quantity, at = round(trade.price * 0.97, symbol.decimals), trade.quantity, trade.at + 2.0
        if unit(self._key, 10_000 + number) < 0.3:
            refused = OrderEvent(trade.at + 2.2, INVALID, message="Brokerage rejected the order")
            return Order(number, deploy_id, STOP_MARKET, symbol, -quantity, at, "stop", (refused,), stop=price)
        sent = OrderEvent(trade.at + 2.2, SUBMITTED)
        canceled = OrderEvent(trade.at + 600.0, CANCELED, message="Canceled by the algorithm")
        return Order(number, deploy_id, LIMIT, symbol, quantity, at, "take profit", (sent, canceled), limit=price)

    def _closing(self, at: float) -> list[Order]:
        deployment, liquidation = self._deployment, self._deployment.liquidation
        if liquidation is None or liquidation.orders_at is None or at < liquidation.orders_at:
            return []
        placed: list[Order] = []
        for position in deployment.epoch(at).positions:
            if deployment.is_cash(position.symbol):
                continue
            closes_at = deployment.flat_at(position)
            price = deployment.ledger.market.price(position.symbol, liquidation.orders_at)
            waits = liquidation.market_on_open
            events = [OrderEvent(liquidation.orders_at + 0.1, SUBMITTED)]
            if closes_at is not None:
                halfway_at, part = deployment.partial_fill(position) or (closes_at, 0.0)
                if part:
                    events.append(OrderEvent(halfway_at, PARTIALLY_FILLED, -part, price))
                events.append(OrderEvent(closes_at, FILLED, round(part - position.quantity, 8), price, 1.0))
            placed.append(
                Order(
                    number=len(self._known) + len(placed) + 1,
                    deploy_id=deployment.deploy_id,
                    type=MARKET_ON_OPEN if waits else MARKET,
                    symbol=position.symbol,
                    quantity=-position.quantity,
                    placed_at=liquidation.orders_at,
                    tag=TAG_LIQUIDATED,
                    events=tuple(event for event in events if event.at <= at),
                )
            )
        return placed


def order_payload(one: Order, variant: str) -> Json:
    """Return one order of live/orders/read (REFERENCE.md 6.7)."""
    symbol = one.symbol
    ticks = {"value": symbol.ticker, "id": symbol.id, "permtick": symbol.ticker}
    fills = [event for event in one.events if event.status in (FILLED, PARTIALLY_FILLED)]
    price = fills[-1].price if fills else 0
    status = one.status
    body: Json = {
        "type": one.type,
        "id": one.number,
        "contingentId": 0,
        "brokerId": [] if status == INVALID else [str(one.number)],
        "symbol": ticks,
        "price": price,
        "priceCurrency": symbol.currency,
        "time": iso_date(one.placed_at),
        "createdTime": iso_date(one.placed_at),
        "quantity": one.quantity,
        "status": status,
        "tag": one.tag,
        "properties": {"timeInForce": {}},
        "securityType": symbol.security_type,
        "direction": 0 if one.quantity > 0 else 1,
        "value": round(one.quantity * price, 2) if fills else 0,
        "orderSubmissionData": _submission(one, price),
        "isMarketable": one.type == MARKET,
        "priceAdjustmentMode": 0,
        "events": [_order_event(one, number) for number in range(len(one.events))],
    }
    if fills:
        body["lastFillTime"] = iso_date(fills[-1].at)
    if status == CANCELED:
        body["canceledTime"] = iso_date(one.events[-1].at)
    body |= _trigger_prices(one)
    return capitalise(body) if variant == "capitalised" else body


def _trigger_prices(one: Order) -> Json:
    prices = {"limitPrice": one.limit, "stopPrice": one.stop}
    return {key: price for key, price in prices.items() if price is not None}


def _submission(one: Order, price: float) -> Json:
    last = price or one.limit or one.stop or one.symbol.price
    tick = 10.0**-one.symbol.decimals
    digits = one.symbol.decimals
    return {"bidPrice": round(last - tick, digits), "askPrice": round(last + tick, digits), "lastPrice": last}


def _order_event(one: Order, number: int) -> Json:
    event, symbol = one.events[number], one.symbol
    body: Json = {
        "id": f"{one.deploy_id}-{one.number}-{number + 1}",
        "algorithmId": one.deploy_id,
        "orderId": one.number,
        "orderEventId": number + 1,
        "symbol": symbol.id,
        "symbolValue": symbol.ticker,
        "symbolPermtick": symbol.ticker,
        "time": round(event.at, 3),
        "status": EVENT_NAMES[event.status],
        "fillPrice": event.price,
        "fillPriceCurrency": symbol.currency,
        "fillQuantity": event.quantity,
        "direction": "buy" if one.quantity > 0 else "sell",
        "isAssignment": False,
        "quantity": one.quantity,
    }
    if event.status == FILLED:
        body |= {"orderFeeAmount": event.fee, "orderFeeCurrency": "USD"}
    body |= _trigger_prices(one)
    if event.message:
        body["message"] = event.message
    return body


_ODD_LINES = (
    "markup-like text [bold]not bold[/] [x=1] and unicode µ≤",
    "first half of a message\n  second half after a newline\tand a tab",
    "spread z-score 2.31, threshold 2.00",
    "emitted 2 insights",
    "[/x] unbalanced [ brackets ] in a line",
)
_HOSTILE_LINE = "\x1b[31mred\x1b[0m \x1b]0;title\x07 [@click=app.quit]click[/] \x00\x9b2J"


def _local_text(at: float) -> str:
    # In New York, as algorithms write them (REFERENCE.md 6.5).
    return datetime.fromtimestamp(at + new_york_offset_s(at), UTC).strftime("%Y-%m-%d %H:%M:%S")


class AlgorithmLog:
    """The lines of one deployment, extended as its orders come."""

    def __init__(self, deployment: Deployment, orders: OrderHistory, *, hostile: bool) -> None:
        self._deployment = deployment
        self._orders = orders
        self._hostile = hostile
        self._key = key_of("logs", deployment.deploy_id)
        self._lines: list[str] = []
        self._epochs_read = 0
        self._orders_read = 0
        self._read_until = 0.0

    def lines(self, at: float) -> list[str]:
        """Return all lines written by a time, oldest first. Do not change the list."""
        deployment = self._deployment
        if not self._lines:
            launched = deployment.launched_at
            self._lines += [
                f"Algorithm Initialization: Launching analysis for {deployment.deploy_id} with LEAN Engine v2.5.0.0",
                f"{_local_text(launched + 20)} The starting capital is: ${deployment.ledger.capital:,.2f}",
                "a line without any timestamp prefix",
            ]
        until = deployment.trading_until(at)
        epochs = deployment.ledger.epochs(until)
        placed = [order for order in self._orders.placed(at) if order.tag != TAG_LIQUIDATED]
        while self._epochs_read < len(epochs) and epochs[self._epochs_read].at <= until:
            epoch = epochs[self._epochs_read]
            self._epochs_read += 1
            acts = deployment.acts_at(epoch.at)
            if acts:
                self._lines.append(f"{_local_text(epoch.at)} rebalance: equity {epoch.equity:,.2f}")
            while self._orders_read < len(placed) and placed[self._orders_read].placed_at <= epoch.at + 5.0:
                order = placed[self._orders_read]
                self._orders_read += 1
                for number, event in enumerate(order.events, start=1):
                    name = EVENT_NAMES[event.status]
                    self._lines.append(
                        f"{_local_text(event.at)} New Order Event: OrderID: {order.number} EventID: {number} "
                        f"Symbol: {order.symbol.ticker} Status: {name[0].upper()}{name[1:]} "
                        f"Quantity: {order.quantity:g}"
                    )
            if acts and unit(self._key, self._epochs_read) < 0.3:
                odd = _HOSTILE_LINE if self._hostile else _ODD_LINES[self._epochs_read % len(_ODD_LINES)]
                self._lines.append(f"{_local_text(epoch.at + 3)} {odd}")
        said = [(refused_at, f"Error: {DISCONNECTED}") for refused_at in deployment.refused(self._read_until, until)]
        said += [(said_at, text) for said_at, text in deployment.said if self._read_until < said_at <= until]
        self._lines += [f"{_local_text(said_at)} {text}" for said_at, text in sorted(said, key=lambda each: each[0])]
        self._read_until = max(self._read_until, until)
        return self._lines + self._end(at)

    def _end(self, at: float) -> list[str]:
        deployment, liquidation = self._deployment, self._deployment.liquidation
        lines: list[str] = []
        if liquidation is not None and liquidation.orders_at is not None and liquidation.orders_at <= at:
            lines.append(f"{_local_text(liquidation.orders_at)} Algorithm Liquidated")
        stopped = deployment.ended_at(at)
        if stopped is not None:
            if message := deployment.message_at(at):
                lines.append(f"{_local_text(stopped)} {message}")
            lines.append(f"{_local_text(stopped)} Algorithm Id:({deployment.deploy_id}) completed")
        return lines
