"""The circuit breaker of the reads: while the API as a whole does not answer, one probe asks and all others wait."""

from __future__ import annotations

import random
from typing import Any

from qctui.engine.schedule import MIN_GAP_S, probe_s
from qctui.model.keys import Key
from qctui.model.resource import Failure, FailureKind
from qctui.value import replace

FAILURES_TO_TRIP = 3
"""Failures in a row, of at least two resources, before one that may be a single endpoint's is taken for all."""

AUTH_PROBE_GAP_S = 5.0
"""How often the refresh key may probe credentials that are not accepted."""

ANSWERED = frozenset({FailureKind.REJECTED, FailureKind.TOO_LARGE, FailureKind.REFUSED})
"""Failures that show the API is there."""


class CircuitBreaker:
    """Tripped by a failure that concerns every read alike:

    - no connection: twenty more requests would meet the same fate;
    - 429: the limit is the account's, not the endpoint's;
    - several time-outs, resets or 5xx in a row without a success in between;
    - credentials that are not accepted. One endpoint's word is not enough for that: it stays *suspected* until
      `authenticate` says the same (REFERENCE.md 1.3: confirm with `authenticate`).

    The first success of any read resets it. No I/O; one thread.
    """

    def __init__(self, jitter: random.Random) -> None:
        self._jitter = jitter
        self.proved = False
        """The API has answered at least once."""
        self.failure: Failure | None = None
        """Why it is tripped, with the attempts so far and the next try; None while it is not, or credentials are only
        suspected."""
        self.suspected = False
        """Credentials were refused to one endpoint: `authenticate` is to be asked now."""
        self._in_a_row = 0
        self._keys_in_a_row: set[Key[Any]] = set()
        self._probed_mono = float("-inf")

    @property
    def tripped(self) -> bool:
        """Nothing but the probe may be sent."""
        return self.failure is not None or self.suspected

    @property
    def needs_witness(self) -> bool:
        """One resource fails again and again, and nothing else has been asked meanwhile: it is not known whether only
        that one is broken."""
        return not self.tripped and self._in_a_row >= FAILURES_TO_TRIP and len(self._keys_in_a_row) == 1

    @property
    def asks_credentials(self) -> bool:
        """The probe is `authenticate`, not a read. So is it for server errors while nothing else has ever come back:
        some servers answer that to rejected credentials (REFERENCE.md 1.3)."""
        if self.failure is None:
            return self.suspected
        unproved = self.failure.kind is FailureKind.SERVER and not self.proved
        return unproved or self.failure.kind.refuses_credentials

    def probe_in_s(self, mono: float) -> float:
        """Seconds until the probe is due, zero for now. Only while tripped."""
        if self.suspected or self.failure is None:
            return max(0.0, self._probed_mono + MIN_GAP_S - mono)
        return max(0.0, (self.failure.next_try_mono or mono) - mono, self._probed_mono + MIN_GAP_S - mono)

    def note_probe(self, mono: float) -> None:
        """The probe is being sent."""
        self._probed_mono = mono

    def hasten(self, mono: float) -> None:
        """A person asks: probe now, unless that was done a moment ago."""
        if self.failure is not None:
            gap_s = AUTH_PROBE_GAP_S if self.asks_credentials else MIN_GAP_S
            soon = max(mono, self._probed_mono + gap_s)
            self.failure = replace(self.failure, next_try_mono=min(self.failure.next_try_mono or soon, soon))

    def succeeded(self) -> None:
        """A read was answered: reset."""
        self.proved = True
        self.failure, self.suspected, self._in_a_row = None, False, 0
        self._keys_in_a_row.clear()

    def failed(self, key: Key[Any] | None, failure: Failure, retry_after_s: float | None, probe: bool) -> bool:
        """A read of `key` (None: `authenticate`) failed. True if the reason or the next try of all reads changed."""
        kind = failure.kind
        if kind is FailureKind.INTERNAL and not probe:
            return False
        if self.tripped:
            return probe and self._probe_failed(failure, retry_after_s)
        if kind.refuses_credentials:
            self.suspected = True
            return False
        self._in_a_row += 1
        if key is not None:
            self._keys_in_a_row.add(key)
        of_all = kind in (FailureKind.CONNECT, FailureKind.RATE_LIMITED)
        if of_all or (self._in_a_row >= FAILURES_TO_TRIP and len(self._keys_in_a_row) > 1):
            self._trip(failure, 1, retry_after_s)
            return True
        return False

    def _probe_failed(self, failure: Failure, retry_after_s: float | None) -> bool:
        before = self.failure
        self.suspected = False
        # Another sort of failure begins another back-off: an hour of outage says nothing about the credentials.
        if before is None:
            self._trip(failure, 1, retry_after_s)
        elif failure.kind is FailureKind.INTERNAL:
            # Our own defect is no news of the API: the reason stays, and the next probe is another read.
            self._trip(replace(before, at=failure.at, mono=failure.mono), before.attempts + 1, None)
        else:
            same = before.kind.refuses_credentials is failure.kind.refuses_credentials
            self._trip(failure, before.attempts + 1 if same else 1, retry_after_s)
        return True

    def _trip(self, failure: Failure, attempts: int, retry_after_s: float | None) -> None:
        wait_s = probe_s(failure.kind, attempts, retry_after_s, self._jitter.random(), proved=self.proved)
        self.failure = replace(
            failure, message=_of_all(failure.message), attempts=attempts, next_try_mono=failure.mono + wait_s
        )


def _of_all(message: str) -> str:
    """The message without the name of the endpoint, which the client puts first: shown beside every other resource it
    would blame the wrong one."""
    name, colon, words = message.partition(": ")
    return words if colon and words and name.replace(" ", "").isalpha() and len(name) <= 30 else message
