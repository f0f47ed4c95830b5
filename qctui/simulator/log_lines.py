"""The log of a deployment, line by line, in New York time as algorithms write them (REFERENCE.md 6.5)."""

from __future__ import annotations

from datetime import UTC, datetime

from qctui.simulator.deployments import Deployment
from qctui.simulator.market import new_york_offset_s
from qctui.simulator.noise import key_of, unit
from qctui.simulator.orders import EVENT_NAMES, OrderHistory

_ODD_LINES = (
    "markup-like text [bold]not bold[/] [x=1] and unicode µ≤",
    "first half of a message\n  second half after a newline\tand a tab",
    "spread z-score 2.31, threshold 2.00",
    "emitted 2 insights",
    "[/x] unbalanced [ brackets ] in a line",
)
_HOSTILE_LINE = "\x1b[31mred\x1b[0m \x1b]0;title\x07 [@click=app.quit]click[/] \x00\x9b2J"


def local_text(at: float) -> str:
    """Return a time as a log line starts with it."""
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

    def lines(self, at: float) -> list[str]:
        """Return all lines written by a time, oldest first. Do not change the list."""
        deployment = self._deployment
        if not self._lines:
            launched = deployment.launched_at
            self._lines += [
                f"Algorithm Initialization: Launching analysis for {deployment.deploy_id} with LEAN Engine v2.5.0.0",
                f"{local_text(launched + 20)} The starting capital is: ${deployment.ledger.capital:,.2f}",
                "a line without any timestamp prefix",
            ]
        until = deployment.trading_until(at)
        epochs = deployment.ledger.epochs(until)
        placed = [order for order in self._orders.placed(at) if order.tag != "Liquidated"]
        while self._epochs_read < len(epochs) and epochs[self._epochs_read].at <= until:
            epoch = epochs[self._epochs_read]
            self._epochs_read += 1
            self._lines.append(f"{local_text(epoch.at)} rebalance: equity {epoch.equity:,.2f}")
            while self._orders_read < len(placed) and placed[self._orders_read].placed_at <= epoch.at + 5.0:
                order = placed[self._orders_read]
                self._orders_read += 1
                for number, event in enumerate(order.events, start=1):
                    name = EVENT_NAMES[event.status]
                    self._lines.append(
                        f"{local_text(event.at)} New Order Event: OrderID: {order.number} EventID: {number} "
                        f"Symbol: {order.symbol.ticker} Status: {name[0].upper()}{name[1:]} "
                        f"Quantity: {order.quantity:g}"
                    )
            if unit(self._key, self._epochs_read) < 0.3:
                odd = _HOSTILE_LINE if self._hostile else _ODD_LINES[self._epochs_read % len(_ODD_LINES)]
                self._lines.append(f"{local_text(epoch.at + 3)} {odd}")
        return self._lines + self._end(at)

    def _end(self, at: float) -> list[str]:
        deployment, liquidation = self._deployment, self._deployment.liquidation
        lines: list[str] = []
        if liquidation is not None and liquidation.orders_at is not None and liquidation.orders_at <= at:
            lines.append(f"{local_text(liquidation.orders_at)} Algorithm Liquidated")
        stopped = deployment.stopped_at()
        if stopped is not None and stopped <= at:
            if message := deployment.message_at(at):
                lines.append(f"{local_text(stopped)} {message}")
            lines.append(f"{local_text(stopped)} Algorithm Id:({deployment.deploy_id}) completed")
        return lines
