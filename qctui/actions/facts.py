"""Facts put into words: times, quantities, what was seen. Shared by verification, ladder and command line."""

from __future__ import annotations

import time
from collections.abc import Sequence

from qctui.model.portfolio import Holding

NAMED_HOLDINGS = 5
"""Positions named in one line; the rest is counted."""


def format_clock_time(at: float, now: float) -> str:
    """The local time of day with its zone, as in `14:33 UTC`; with the date when that is another day than `now`'s."""
    moment, today = time.localtime(at), time.localtime(now)
    same_day = moment[:3] == today[:3]
    return time.strftime("%H:%M %Z" if same_day else "%Y-%m-%d %H:%M %Z", moment).strip()


def format_span(seconds: float) -> str:
    """A duration in one or two units: `0.3s`, `42s`, `2m05s`, `3h04m`, `2d03h`."""
    seconds = max(0.0, seconds)
    if seconds < 10:
        return f"{seconds:.1f}s"
    whole = int(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3_600:
        return f"{whole // 60}m{whole % 60:02d}s"
    if whole < 86_400:
        return f"{whole // 3_600}h{whole % 3_600 // 60:02d}m"
    return f"{whole // 86_400}d{whole % 86_400 // 3_600:02d}h"


def format_quantity(holding: Holding) -> str:
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
    named = ", ".join(format_quantity(holding) for holding in holdings[:NAMED_HOLDINGS])
    rest = len(holdings) - NAMED_HOLDINGS
    return f"{named} and {rest} more" if rest > 0 else named
