from __future__ import annotations

from collections.abc import Callable
from datetime import UTC

from qctui.ui.kit.render_context import AgeTimer, RenderContext
from qctui.ui.theme.glyph_set import UNICODE
from tests.ui.scene import MONO, StillClock


class Timers:
    """One-shot timers that fire when told."""

    def __init__(self) -> None:
        self.started: list[tuple[float, Callable[[], None]]] = []
        self.stopped = 0

    def start(self, seconds: float, callback: Callable[[], None]) -> Callable[[], None]:
        self.started.append((seconds, callback))

        def stop() -> None:
            self.stopped += 1

        return stop


def make() -> tuple[StillClock, Timers, AgeTimer, list[RenderContext]]:
    clock, timers, drawn = StillClock(), Timers(), list[RenderContext]()
    return clock, timers, AgeTimer(clock, UTC, UNICODE, timers.start, drawn.append), drawn


def test_without_an_age_on_screen_no_timer_runs() -> None:
    _, timers, ages, _ = make()
    ages.context()
    assert timers.started == []


def test_the_timer_waits_for_the_first_word_that_changes() -> None:
    _, timers, ages, _ = make()
    context = ages.context()
    assert context.age(MONO - 10) == "now"
    assert context.age(MONO - 70) == "now"
    assert context.age(MONO - 200) == "2m"
    seconds, _ = timers.started[-1]
    assert seconds == 5.0 + AgeTimer.SLACK_S
    assert timers.stopped == 1


def test_a_later_change_does_not_start_another_timer() -> None:
    _, timers, ages, _ = make()
    context = ages.context()
    context.age(MONO - 70)
    context.age(MONO - 10)
    assert len(timers.started) == 1


def test_when_it_fires_everything_is_drawn_for_the_new_moment() -> None:
    clock, timers, ages, drawn = make()
    ages.context().age(MONO - 70)
    clock.passed = 6.0
    timers.started[-1][1]()
    assert [context.mono for context in drawn] == [MONO + 6.0]
    assert drawn[0].age(MONO - 70) == "1m"
    assert len(timers.started) == 2


def test_words_due_together_are_changed_together() -> None:
    _, timers, ages, _ = make()
    ages.context().age(MONO - 74.9)
    assert timers.started[-1][0] == AgeTimer.SOONEST_S


def test_what_lies_ahead_has_no_age_but_for_a_little_skew() -> None:
    clock, timers, ages, _ = make()
    now = clock.now()
    context = ages.context()
    assert context.ago(now + 59) == "now"
    assert context.ago(now + 3_600) == ""
    # It has an age once it is past: the pane is drawn again then.
    assert ages.due_mono <= clock.monotonic() + 3_600
    assert timers.started
