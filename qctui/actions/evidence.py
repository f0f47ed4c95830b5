"""What the reads after a trigger have shown so far, and what follows from it. No network, no waiting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qctui.actions.facts import format_clock_time, format_holdings, format_span
from qctui.clock import Clock
from qctui.model.action import ActionRecord, Rung
from qctui.model.order import LIQUIDATED_TAG, Order

CHECK_BROKERAGE = "check the brokerage"

UNFILLED = frozenset({"new", "submitted", "partiallyFilled", "cancelPending", "updateSubmitted", "invalid", "none"})
"""Words of an order that has not been filled to its end (REFERENCE.md 8.9)."""


@dataclass(slots=True)
class ReadState:
    """How one kind of read has gone."""

    good_at: float | None = None
    """Unix seconds of the last one that told something."""
    failure: str = ""
    """Why the last one told nothing; empty if it did."""

    def went_well(self, clock: Clock) -> None:
        """It told something."""
        self.good_at = clock.now()
        self.failure = ""

    def words(self, what: str, clock: Clock) -> str:
        """That it could not be read again, since when and why."""
        since = f"since {format_clock_time(self.good_at, clock.now())}" if self.good_at is not None else "at all"
        return f"{what} could not be re-read {since}: {self.failure}"


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


def unfilled_words(orders: Sequence[Order]) -> str:
    """That liquidation orders are not filled to their end; empty if all are, or none is known."""
    unfilled = sum(order.status in UNFILLED or order.status == "canceled" for order in orders)
    return f"{unfilled} of {len(orders)} liquidation orders not filled" if unfilled else ""


def shortfall(
    record: ActionRecord,
    *,
    status: str,
    stopped: bool,
    status_reads: ReadState,
    portfolio_reads: ReadState,
    clock: Clock,
) -> str:
    """Why a deployment's goal counts as not seen, in one line: loud, with quantities and their age."""
    said: list[str] = []
    if not any(step.rung is Rung.ACCEPTED for step in record.steps):
        said.append("no answer to the request")
    if not stopped:
        if status_reads.failure:
            said.append(status_reads.words("the deployment", clock))
        else:
            said.append(f"still {status}" if status else "not seen to stop: the API tells no status")
    if record.target.action == "liquidate":
        if stopped:
            said.append("stopped, not seen flat")
        if record.holdings and record.holdings_mono is not None:
            age = format_span(clock.monotonic() - record.holdings_mono)
            said.append(f"still open: {format_holdings(record.holdings)} (snapshot received {age} ago)")
        if portfolio_reads.failure:
            said.append(portfolio_reads.words("the portfolio", clock))
        said.append(CHECK_BROKERAGE)
    return "; ".join(said)
