"""The time of a world: real, fast, or standing still."""

from __future__ import annotations

import time
from collections.abc import Callable

from qctui.simulator.market import DAY_S


class WorldClock:
    """The simulated time.

    Without a start it is the real time. With `speed` above 1 and no start it begins `lead_s` in the past, catches up
    at that speed and then keeps real time: what is served is never later than a client's own clock. With a start and
    no speed it stands still until `advance`; with both it runs from the start, as far as it gets.
    """

    def __init__(
        self,
        *,
        start_at: float | None = None,
        speed: float | None = None,
        lead_s: float = 7 * DAY_S,
        real: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.real_now = real
        """Gives the real time, Unix seconds."""
        self._monotonic = monotonic
        self._origin = monotonic()
        self._capped = start_at is None
        if start_at is None:
            self.speed = 1.0 if speed is None else speed
            """World seconds per real second; 0 when it stands still."""
            self._start = real() - (lead_s if self.speed > 1.0 else 0.0)
        else:
            self.speed = 0.0 if speed is None else speed
            self._start = start_at
        self._follows_real = start_at is None and self.speed == 1.0
        self._offset_s = 0.0

    def now(self) -> float:
        """Return the world's time, Unix seconds."""
        if self._follows_real:
            return self.real_now() + self._offset_s
        now = self._start + (self._monotonic() - self._origin) * self.speed
        return (min(now, self.real_now()) if self._capped else now) + self._offset_s

    def advance(self, seconds: float) -> None:
        """Move the world forward at once. Going back is refused: answers already given would become lies."""
        if seconds < 0:
            raise ValueError("the world's time only moves forward")
        self._offset_s += seconds
