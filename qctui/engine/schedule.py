"""When a resource is read again: by its kind, its visibility and its failures (DESIGN section 5). And how much is read.

Pure functions, and what a user may tune.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from qctui.alerts.rules import DEFAULT_BLIND
from qctui.engine.engine_port import Visibility
from qctui.model.insight import InsightLog
from qctui.model.keys import Key
from qctui.model.optimization import Optimization
from qctui.model.resource import FailureKind
from qctui.value import Value

HIDDEN_FACTOR = 3.0
"""What is off screen is read at a third of the rate."""

CADENCE_S = MappingProxyType(
    {
        "deployments": 15.0,
        "detail": 10.0,
        "older": 600.0,
        "chart": 60.0,
        "insights": 60.0,
        "portfolio": 60.0,
        "orders": 60.0,
        "logs": 60.0,
        "log_lines": 60.0,
        "optimizations": 30.0,
        "optimization": 30.0,
        "projects": 300.0,
        "accounts": 0.0,
    }
)
"""Seconds between reads of a visible resource, by kind. The service's own snapshots are minutes old (REFERENCE.md 3):
faster would buy nothing. The reader of the accounts says itself when there is more to read."""

OPENED_OPTIMIZATION_S = 10.0
"""An opened optimization, while it runs."""

FINISHED_OPTIMIZATION_S = 600.0
"""A finished one does not change any more, short of being deleted."""

MIN_GAP_S = 1.0
"""Never read the same thing faster than this, even when a person asks (REFERENCE.md 3)."""

LOADING_S = 5.0
"""When to ask again while the service prepares an answer (REFERENCE.md 2.3: official code asks every 5 s)."""

LOADING_PATIENCE = 12
"""Loading answers in a row before asking less often: official code gives up after the minute they take."""

SLOW_LOADING_S = 15.0
"""When to ask again after that. Giving up would leave the pane loading for ever."""

BACKOFF_FIRST_S = 5.0
BACKOFF_CAP_S = 120.0
"""Back-off of one resource that fails while others succeed: doubling from the first to the cap."""

PROBE_FIRST_S = 2.0
PROBE_CAP_S = 8.0
"""Back-off of the single probe while the API as a whole does not answer. The cap is how long after its return the
screen may take to notice."""

UNPROVED_CAP_S = 30.0
"""The same while nothing but server errors has ever come back: that may be how rejected credentials look
(REFERENCE.md 1.3)."""

AUTH_FIRST_S = 60.0
AUTH_CAP_S = 300.0
"""Back-off while the credentials are not accepted: they will not become right by asking."""

JITTER = 0.1
"""Back-offs are this much longer at most, so that consoles that lost the API together do not return together."""

CONCURRENCY = 6
"""Reads under way at once."""


class PollSettings(Value):
    """What a user may tune."""

    reads_per_minute: int = 60
    """The read budget, shared by everything but the triggers and their verification."""
    blind_patterns: tuple[str, ...] = DEFAULT_BLIND
    """Texts that mean that a brokerage is disconnected."""


def interval_s(key: Key[Any], visibility: Visibility, value: object = None) -> float:
    """Seconds from the beginning of one good read of `key` to the next. `value` is what is known of it, None if
    nothing is."""
    base = CADENCE_S[key.kind]
    if isinstance(value, InsightLog) and not value.complete:
        return 0.0  # reading them was broken off: it goes on
    if key.kind == "optimization" and isinstance(value, Optimization) and value.finished:
        return FINISHED_OPTIMIZATION_S
    if key.kind == "optimization" and visibility is Visibility.OPENED:
        base = OPENED_OPTIMIZATION_S
    return base * HIDDEN_FACTOR if visibility is Visibility.HIDDEN else base


def loading_s(loadings: int) -> float:
    """Seconds until asking again after `loadings` loading answers in a row."""
    return LOADING_S if loadings <= LOADING_PATIENCE else SLOW_LOADING_S


def backoff_s(kind: FailureKind, attempts: int, interval: float, retry_after_s: float | None, jitter: float) -> float:
    """Seconds until one failing resource is tried again, after `attempts` failures in a row.

    `jitter` is a random number in 0..1. An answer the API gave on purpose (`success: false`) is not asked for faster
    than a good one would be. A `Retry-After` is honoured up to ten minutes, so that a nonsense one cannot end the
    polling.
    """
    first, cap = (AUTH_FIRST_S, AUTH_CAP_S) if kind.refuses_credentials else (BACKOFF_FIRST_S, BACKOFF_CAP_S)
    wait = _doubling(first, cap, attempts, jitter)
    if kind in (FailureKind.REJECTED, FailureKind.TOO_LARGE):
        wait = max(wait, interval)
    return max(wait, min(retry_after_s or 0.0, 600.0))


def probe_s(
    kind: FailureKind, attempts: int, retry_after_s: float | None, jitter: float, *, proved: bool = True
) -> float:
    """Seconds until the API as a whole is probed again, after `attempts` failed probes in a row (the first failure
    included). `proved` says that it has answered before."""
    if kind is FailureKind.RATE_LIMITED:
        return backoff_s(kind, attempts, 0.0, retry_after_s, jitter)
    first, cap = (AUTH_FIRST_S, AUTH_CAP_S) if kind.refuses_credentials else (PROBE_FIRST_S, PROBE_CAP_S)
    if kind is FailureKind.SERVER and not proved:
        cap = UNPROVED_CAP_S
    return max(_doubling(first, cap, attempts, jitter), min(retry_after_s or 0.0, 600.0))


def _doubling(first: float, cap: float, attempts: int, jitter: float) -> float:
    # The exponent is bounded because a week of failures must not overflow a float.
    return float(min(cap, first * 2.0 ** min(attempts - 1, 30)) * (1.0 + JITTER * jitter))
