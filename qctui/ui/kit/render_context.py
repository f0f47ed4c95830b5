"""The time at which panes are drawn, and the one timer that draws them again when the word of an age changes."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import tzinfo
from functools import partial

from qctui.clock import AHEAD_S, Clock
from qctui.ui.theme.glyph_set import Glyphs
from qctui.ui.wording.format import format_age, format_late, format_time, format_wait
from qctui.value import Value


def nothing(*_: object) -> None:
    """Stands where a callback is not set."""


class RenderContext(Value, eq=False):
    """What a widget may know of time: handed to `show(...)`, so that widgets never read a clock. Compared by identity.

    Each age that it puts into words also schedules the redraw for when that word changes.
    """

    mono: float
    now: float
    """Unix seconds."""
    zone: tzinfo | None
    """What times are shown in; None is the machine's zone."""
    glyphs: Glyphs
    note: Callable[[float], None] = nothing
    """Schedules a redraw: called with the monotonic time at which a word given out stops being true."""
    replay: bool = False
    """The time is a tape's: what is old there was not read again, and nothing will come."""

    def age(self, since_mono: float | None) -> str:
        """How long ago monotonic `since_mono` was; empty for None."""
        return "" if since_mono is None else self._word(format_age(self.mono - since_mono))

    def late(self, since_mono: float | None) -> str:
        """As `age`, in the finer steps of something overdue."""
        return "" if since_mono is None else self._word(format_late(self.mono - since_mono))

    def ago(self, at: float | None) -> str:
        """How long ago Unix time `at` was; empty for None, and for what lies ahead by more than two clocks differ."""
        if at is None:
            return ""
        ahead_s = at - self.now
        if ahead_s > AHEAD_S:
            self.note(self.mono + ahead_s - AHEAD_S)
            return ""
        return self._word(format_age(-ahead_s))

    def wait(self, due_mono: float | None) -> str:
        """How long until monotonic `due_mono`; empty for None."""
        return "" if due_mono is None else self._word(format_wait(due_mono - self.mono))

    def time(self, at: float | None) -> str:
        """Unix time `at` as a short local time."""
        return format_time(at, self.now, self.zone, self.glyphs)

    def _word(self, worded: tuple[str, float]) -> str:
        word, until = worded
        if math.isfinite(until):
            self.note(self.mono + until)
        return word


class AgeTimer:
    """Draws again when the next age on screen changes its word. There is no ticking clock.

    `set_timer(seconds, callback)` starts a one-shot timer and returns the function that stops it.
    """

    SLACK_S = 0.05
    """Fired a little late rather than early: a word asked for 1 ms too soon is still the old one."""
    SOONEST_S = 1.0
    """Words due closer together are changed together."""

    def __init__(
        self,
        clock: Clock,
        zone: tzinfo | None,
        glyphs: Glyphs,
        set_timer: Callable[[float, Callable[[], None]], Callable[[], None]],
        redraw: Callable[[RenderContext], None],
        *,
        replay: bool = False,
    ) -> None:
        self._clock = clock
        self._context_of = partial(RenderContext, zone=zone, glyphs=glyphs, note=self._note, replay=replay)
        self._set_timer = set_timer
        self._redraw = redraw
        self.due_mono = math.inf
        """Monotonic time of the next redraw; infinite while no word on screen can change."""
        self._stop: Callable[[], None] | None = None

    def context(self) -> RenderContext:
        """The present, for one round of `show(...)`."""
        return self._context_of(self._clock.monotonic(), self._clock.now())

    def restart(self) -> None:
        """Time has done something else than pass: draw now, and wait anew."""
        if self._stop is not None:
            self._stop()
        self._fire()

    def _note(self, due_mono: float) -> None:
        if due_mono >= self.due_mono:
            return
        self.due_mono = due_mono
        if self._stop is not None:
            self._stop()
        wait_s = max(self.SOONEST_S, due_mono - self._clock.monotonic() + self.SLACK_S)
        self._stop = self._set_timer(wait_s, self._fire)

    def _fire(self) -> None:
        self._stop = None
        self.due_mono = math.inf
        self._redraw(self.context())
