"""Facts put into words: times, durations, holdings. Shared by verification, command line and interface."""

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
