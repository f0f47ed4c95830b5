"""The time of a replay: stands still, or passes at a speed, and is set when somebody seeks."""

from __future__ import annotations

from qctui.clock import Clock


class TapeClock:
    """A `Clock` whose wall time is the tape's. Its monotonic time is the same: what was received at an instant is as
    old as the tape says. Read from any thread, set by one."""

    def __init__(self, real: Clock, at: float) -> None:
        """Begins at Unix time `at`, standing still."""
        self._real = real
        self._state = at, real.monotonic(), 0.0, float("inf")
        """One value, so that no reader sees half of a change: time, real monotonic time of it, speed, limit."""

    def now(self) -> float:
        """The time on the tape."""
        at, since, speed, limit = self._state
        return min(limit, at + (self._real.monotonic() - since) * speed) if speed else at

    def monotonic(self) -> float:
        """The same."""
        return self.now()

    @property
    def speed(self) -> float:
        """Seconds of the tape in one real second; 0 while it stands still."""
        return self._state[2]

    def real_s(self, seconds: float) -> float:
        """How long it really takes until so many seconds have passed; infinite while it stands still."""
        return seconds / self.speed if self.speed else float("inf")

    def set(self, at: float, speed: float, limit: float = float("inf")) -> None:
        """Go on from there at this speed, up to a limit."""
        self._state = at, self._real.monotonic(), speed, limit

    async def sleep(self, seconds: float) -> None:
        """Wait for real: what is done here is done for somebody who waits."""
        await self._real.sleep(seconds)
