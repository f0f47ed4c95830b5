"""Actions in words: the steps of the ladder, what verification has not seen, and times, quantities and holdings."""

from __future__ import annotations

import time
from collections.abc import Sequence

from qctui.actions.action_store import JournalContext, entry_of
from qctui.actions.journal import encode_entry
from qctui.actions.spec import LIQUIDATE
from qctui.model.action import ActionRecord, Rung, Step
from qctui.model.order import Order
from qctui.model.portfolio import Holding

WORDS = {
    Rung.SENDING: "trying to reach the API",
    Rung.SENT: "the request is out, no answer yet",
    Rung.ACCEPTED: "the API answered success; nothing has been seen to happen yet",
    Rung.STOPPED: "it has stopped",
    Rung.FLAT: "no holding with a quantity",
    Rung.VERIFIED: "everything it is meant to do has been seen",
    Rung.REJECTED: "the API said no",
    Rung.NOT_SENT: "the API could not be reached",
    Rung.UNKNOWN: "sent, and no answer can be trusted; looking",
    Rung.UNVERIFIED: "accepted, and the goal was not seen",
}
"""What each rung means, where a step has no words of its own."""

NAMED_HOLDINGS = 5
"""Positions named in one line; the rest is counted."""

ENDED_BEFORE_TAKEN = "the program ended before the API took it"
ENDED_BEFORE_ANSWER = "the program ended before the answer"

CHECK_BROKERAGE = "check the brokerage"

UNFILLED = frozenset({"new", "submitted", "partiallyFilled", "cancelPending", "updateSubmitted", "invalid", "none"})
"""Words of an order that has not been filled to its end (REFERENCE.md 8.9)."""


def describe_step(step: Step) -> str:
    """What a step says beside its rung. UNKNOWN always says that it is being looked into."""
    if not step.detail:
        return WORDS[step.rung]
    return f"{step.detail}; looking" if step.rung is Rung.UNKNOWN else step.detail


def format_step(record: ActionRecord, step: Step) -> str:
    """One line of the ladder, as in `+0.3s ACCEPTED the API answered success`; times count from confirming."""
    return f"+{format_span(step.mono - record.confirmed_mono)} {step.rung.value} {describe_step(step)}"


def format_step_json(record: ActionRecord, step: Step, context: JournalContext) -> str:
    """The same step as one line of JSON with the journal's fields: a program that reads the journal can read this."""
    return encode_entry(entry_of(record, step.rung.event, step.at, step.detail, context)).decode().rstrip("\n")


def unfilled_words(orders: Sequence[Order]) -> str:
    """That liquidation orders are not filled to their end; empty if all are, or none is known."""
    unfilled = sum(order.status in UNFILLED or order.status == "canceled" for order in orders)
    return f"{unfilled} of {len(orders)} liquidation orders not filled" if unfilled else ""


def shortfall(
    record: ActionRecord, *, status: str, stopped: bool, status_failure: str, portfolio_failure: str, mono: float
) -> str:
    """Why a deployment's goal counts as not seen, in one line: loud, with quantities and their age.

    The failures say that a kind of read fails, and since when; empty where it does not.
    """
    said: list[str] = []
    if not any(step.rung is Rung.ACCEPTED for step in record.steps):
        said.append("no answer to the request")
    if not stopped:
        still = f"still {status}" if status else "not seen to stop: the API tells no status"
        said.append(status_failure or still)
    if record.target.action == LIQUIDATE.id:
        if stopped:
            said.append("stopped, not seen flat")
        if record.holdings and record.holdings_mono is not None:
            age = format_span(mono - record.holdings_mono)
            said.append(f"still open: {format_holdings(record.holdings)} (snapshot then {age} old)")
        if portfolio_failure:
            said.append(portfolio_failure)
        said.append(CHECK_BROKERAGE)
    return "; ".join(said)


def format_clock_time(at: float, now: float) -> str:
    """The local time of day with its zone, as in `14:33 UTC`; with the date when that is another day than `now`'s."""
    then, today = time.localtime(at), time.localtime(now)
    same_day = then[:3] == today[:3]
    return time.strftime("%H:%M %Z" if same_day else "%Y-%m-%d %H:%M %Z", then).strip()


def format_span(seconds: float) -> str:
    """A duration in one or two units: `0.3s`, `42s`, `2m05s`, `3h04m`, `2d03h`."""
    seconds = max(0.0, seconds)
    if seconds < 10:
        return f"{seconds:.1f}s"
    whole = int(seconds)
    return _up_to_hours(whole) if whole < 86_400 else f"{whole // 86_400}d{whole % 86_400 // 3_600:02d}h"


def format_fine_span(seconds: float) -> str:
    """A duration, finer the shorter it is and in hours at most: `0.01s`, `0.2s`, `6s`, `3m05s`, `2h10m`."""
    seconds = max(0.0, seconds)
    if 0.005 <= seconds < 0.095:
        return f"{seconds:.2f}s"
    if seconds < 9.95:
        return f"{seconds:.1f}".removesuffix(".0") + "s"
    return _up_to_hours(round(seconds))


def format_rough_span(seconds: float) -> str:
    """A duration in its largest unit alone: `40s`, `12m`, `5h`, `3d`."""
    for unit, length in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds >= length:
            return f"{int(seconds // length)}{unit}"
    return f"{max(0, int(seconds))}s"


def _up_to_hours(whole: int) -> str:
    if whole < 60:
        return f"{whole}s"
    if whole < 3_600:
        return f"{whole // 60}m{whole % 60:02d}s"
    return f"{whole // 3_600}h{whole % 3_600 // 60:02d}m"


def format_holding(holding: Holding) -> str:
    """Ticker and signed quantity, or that there may be one and that it could not be read."""
    name = holding.ticker or holding.symbol or "a holding without a name"
    return f"{name} (could not be read)" if holding.unreadable_quantity else f"{name} {holding.quantity:,.10g}"


def format_unreadable(entries: int) -> str:
    """That the list of deployments has a hole; empty if it has none."""
    if not entries:
        return ""
    counted = "1 entry" if entries == 1 else f"{entries:,} entries"
    return f"{counted} of the list of deployments can't be read: one that runs may be missing here"


def format_holdings(holdings: Sequence[Holding]) -> str:
    """Open positions in one line, as in `SPY 100, AAPL -5 and 3 more`."""
    named = ", ".join(format_holding(holding) for holding in holdings[:NAMED_HOLDINGS])
    rest = len(holdings) - NAMED_HOLDINGS
    return f"{named} and {rest} more" if rest > 0 else named
