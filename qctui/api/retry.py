"""When and how a read is tried again. Triggers have no part in this."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from qctui.api.errors import ApiError
from qctui.clock import Clock
from qctui.model.resource import FailureKind

T = TypeVar("T")

TRANSIENT = frozenset({FailureKind.CONNECT, FailureKind.RESET, FailureKind.TIMEOUT, FailureKind.SERVER})
"""Failures that may be gone a second later. A rejection, rejected credentials and a throttle are not: asking again at
once would only hammer."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how long."""

    retries: int = 2
    first_s: float = 0.5
    """The longest first pause; each further one may be twice as long."""
    longest_s: float = 4.0
    within_s: float = 10.0
    """No retry begins later than this after the first try: whoever asked has a next poll anyway."""

    def pause_s(self, failed: int, jitter: float) -> float:
        """The pause after the `failed`-th failure (from 1): full jitter, `jitter` being uniform in 0..1, so that the
        pollers of many consoles do not come back together."""
        return jitter * min(self.longest_s, self.first_s * 2.0 ** (failed - 1))


NO_RETRIES = RetryPolicy(retries=0)


async def with_retries(
    call: Callable[[], Awaitable[T]], policy: RetryPolicy, clock: Clock, jitter: Callable[[], float]
) -> T:
    """The result of `call`, tried again after transient failures. Raises the last ApiError."""
    began = clock.monotonic()
    failed = 0
    while True:
        try:
            return await call()
        except ApiError as error:
            failed += 1
            pause = max(policy.pause_s(failed, jitter()), error.retry_after_s or 0.0)
            late = clock.monotonic() + pause - began > policy.within_s
            if error.kind not in TRANSIENT or failed > policy.retries or late:
                raise
        await clock.sleep(pause)
