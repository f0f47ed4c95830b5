"""The state of the connection to the API."""

from __future__ import annotations

from enum import Enum

from qctui.model.resource import Failure
from qctui.value import Value

SKEW_LIMIT_S = 7_000.0
"""A request signed with a time this far from the API's is refused (REFERENCE.md 1.2: 7,200 s)."""


class LinkState(Enum):
    """What is known of the API as a whole."""

    CONNECTING = "connecting"
    """No answer yet, no failure yet."""
    OK = "ok"
    """The last exchange succeeded."""
    DEGRADED = "degraded"
    """Some reads fail, others succeed."""
    DOWN = "down"
    """Every recent read failed."""
    AUTH = "auth"
    """The credentials are not accepted."""


class Link(Value):
    """What the link bar shows. Replaced only when something in it changed enough to be worth a redraw."""

    state: LinkState = LinkState.CONNECTING
    latency_s: float | None = None
    """Smoothed; rounded where it is shown."""
    skew_s: float | None = None
    """The API's clock minus ours, from its Date header; None while unknown. Authentication fails if it is large
    (REFERENCE.md 1.2)."""
    failure: Failure | None = None
    """The newest failure, while not OK."""
    next_try_mono: float | None = None
    """When the next read will be tried, while DOWN or AUTH."""
    budget_used: int = 0
    """Reads in the last minute."""
    budget: int = 60
    waiting: int = 0
    """Reads that are due and wait for the budget."""
