"""The state of the connection as one resource, replaced only when a person would see a difference."""

from __future__ import annotations

from qctui.api.ports import RequestReport
from qctui.clock import Clock
from qctui.engine.circuit_breaker import CircuitBreaker
from qctui.model.keys import LINK
from qctui.model.link import Link, LinkState
from qctui.model.resource import Failure, FailureKind
from qctui.store import Store
from qctui.value import replace

LATENCY_WEIGHT = 0.2
"""Share of the newest exchange in the smoothed latency."""

LATENCY_STEP = 1.5
"""The smoothed latency is published again when it is this many times what was last published, or the inverse ..."""

LATENCY_FLOOR_S = 0.02
"""... and differs by at least this: milliseconds come and go with every read and are no news."""

SKEW_STEP_S = 2.0
"""The clock skew is published in steps: the Date header has whole seconds only, and the way back takes some."""

TIGHT = 0.75
"""Share of the budget from which on its use is news."""


class Health:
    """Gathers latency, clock skew and failures of the API and publishes them under `LINK`. One thread: the engine's."""

    def __init__(self, store: Store, clock: Clock, per_minute: int) -> None:
        self._store = store
        self._clock = clock
        self._latency_s: float | None = None
        self._skew_s: float | None = None
        self._link = Link(budget=per_minute)
        self.turned_mono = clock.monotonic()
        """When the polling last had a turn, or began. It has them whatever the API answers."""

    def open(self) -> None:
        """Publish the first state, so that the key always has a value."""
        self.turned_mono = self._clock.monotonic()
        self._put(self._link)

    def observe(self, exchange: RequestReport) -> None:
        """Take in one finished request. Cheap: called for each, triggers included."""
        if exchange.server_at is not None:
            # The header has the whole second: on average half a second has passed since.
            skew_s = exchange.server_at + 0.5 - exchange.at
            # A jump of either clock is believed at once, small differences are smoothed.
            if self._skew_s is None or abs(skew_s - self._skew_s) > SKEW_STEP_S:
                self._skew_s = skew_s
            else:
                self._skew_s += LATENCY_WEIGHT * (skew_s - self._skew_s)
        if exchange.failure is None:
            before = self._latency_s
            latency_s = exchange.latency_s
            self._latency_s = latency_s if before is None else before + LATENCY_WEIGHT * (latency_s - before)

    def publish(self, breaker: CircuitBreaker, failing: list[Failure], used: int, waiting: int, budget: int) -> None:
        """Publish the state of the connection, if it moved enough to be seen.

        `failing` are the newest failures of the reads that the API did not answer, `used` is how many reads of the
        `budget` of this process the last minute took, `waiting` how many wait for it.
        """
        self.turned_mono = self._clock.monotonic()
        failure, state = breaker.failure, LinkState.CONNECTING
        next_try_mono = None if failure is None else failure.next_try_mono
        if failure is not None:
            limited = failure.kind is FailureKind.RATE_LIMITED
            state = LinkState.DEGRADED if limited else LinkState.DOWN
            state = LinkState.AUTH if failure.kind.refuses_credentials else state
        elif failing:
            failure, state = max(failing, key=lambda each: each.mono), LinkState.DEGRADED
        elif breaker.proved:
            state = LinkState.OK
        old = self._link
        tight = used >= TIGHT * budget or waiting > 0
        was_tight = old.budget_used >= TIGHT * old.budget or old.waiting > 0
        new = replace(
            old,
            state=state,
            budget=budget,
            failure=failure,
            next_try_mono=next_try_mono,
            latency_s=self._shown_latency_s(),
            skew_s=self._shown_skew_s(),
        )
        if tight != was_tight or (tight and (abs(used - old.budget_used) >= 5 or waiting != old.waiting)):
            new = replace(new, budget_used=used, waiting=waiting)
        if new != old:
            self._put(new)

    def crashed(self, message: str, again_s: float | None) -> None:
        """Say that a defect of ours ended the reads, and in how many seconds they begin again, if they do."""
        now, mono = self._clock.now(), self._clock.monotonic()
        next_try_mono = None if again_s is None else mono + again_s
        failure = Failure(FailureKind.INTERNAL, message, now, mono, next_try_mono=next_try_mono)
        self._put(replace(self._link, state=LinkState.DOWN, failure=failure, next_try_mono=next_try_mono))

    def _put(self, link: Link) -> None:
        self._link = link
        self._store.put_value(LINK, link, at=self._clock.now(), mono=self._clock.monotonic())

    def _shown_latency_s(self) -> float | None:
        shown, real = self._link.latency_s, self._latency_s
        if shown is None or real is None:
            return real
        far = abs(real - shown) >= LATENCY_FLOOR_S and not shown / LATENCY_STEP <= real <= shown * LATENCY_STEP
        return real if far else shown

    def _shown_skew_s(self) -> float | None:
        shown, real = self._link.skew_s, self._skew_s
        if real is None:
            return shown
        if shown is not None and abs(real - shown) < SKEW_STEP_S:
            return shown
        # Below a step it can be the whole seconds and the way back alone: that is no skew.
        return 0.0 if abs(real) < SKEW_STEP_S else float(round(real))
