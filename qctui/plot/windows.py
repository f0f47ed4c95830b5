"""Moves a chart through time: zoom, pan and the named windows, each a function from one window to another."""

from __future__ import annotations

from qctui.model.chart import WINDOWS, ChartWindow
from qctui.plot.times import TimeScale, length_text
from qctui.value import replace

SHORTEST_S = 60.0
LONGEST_S = 20 * 31_536_000.0
ZOOM = 2.0
PAN = 0.25
"""Part of the window a pan moves by."""
MOST_SAMPLES = 4_096
LEAST_SAMPLES = 512


def samples(columns: int) -> int:
    """How many samples to ask for: at least four a column, in powers of two, so that a resize rarely asks anew."""
    count = LEAST_SAMPLES
    while count < min(columns * 4, MOST_SAMPLES):
        count *= 2
    return count


def named(window: ChartWindow) -> str:
    """`1d`, `all`, or the length of a window without a name: `2h`, `45m`, `10d`."""
    span = _length(window)
    if span is None:
        return "all"
    for name, length in WINDOWS.items():
        if length is not None and abs(length - span) < 1.0:
            return name
    return length_text(span)


def _length(window: ChartWindow) -> float | None:
    """Seconds; None for everything there is."""
    return window.span_s if window.start is None or window.end is None else window.end - window.start


def turned(window: ChartWindow, direction: int) -> ChartWindow:
    """The next longer (1) or shorter (-1) named window, following; past the last comes the first."""
    lengths = list(WINDOWS.values())
    span = _length(window)
    if span is None:
        place = len(lengths) - 1
    elif direction > 0:
        place = max((i for i, length in enumerate(lengths) if length is not None and length <= span + 1.0), default=-1)
    else:
        place = min(
            (i for i, length in enumerate(lengths) if length is None or length >= span - 1.0), default=len(lengths)
        )
    return ChartWindow(lengths[(place + direction) % len(lengths)])


def zoomed(window: ChartWindow, scale: TimeScale, now: float, direction: int, at: float | None) -> ChartWindow:
    """Half (1) or twice (-1) the length: around the crosshair `at`, else up to the right edge."""
    span = window.span_s if window.following and window.span_s is not None else scale.end - scale.start
    length = min(LONGEST_S, max(SHORTEST_S, span / ZOOM if direction > 0 else span * ZOOM))
    if window.following and (at is None or direction < 0):
        return ChartWindow(length)
    around = at if at is not None else scale.end - length / 2 if direction > 0 else (scale.start + scale.end) / 2
    part = min(1.0, max(0.0, (around - scale.start) / (scale.end - scale.start)))
    start = around - length * part
    return snapped(start, start + length, now)


def panned(window: ChartWindow, scale: TimeScale, now: float, direction: int) -> ChartWindow:
    """A quarter of the window earlier (-1) or later (1); arriving at now, it follows again."""
    span = window.span_s if window.following and window.span_s is not None else scale.end - scale.start
    if window.following and direction > 0:
        return window
    end = now if window.following else scale.end
    end += direction * span * PAN
    return snapped(end - span, end, now)


def snapped(start: float, end: float, now: float) -> ChartWindow:
    """A fixed range on a coarse grid of its own length (so that the same place is the same question), or following when
    it reaches now."""
    span = end - start
    if end >= now:
        return ChartWindow(span)
    grid = span / 32
    start = round(start / grid) * grid
    return ChartWindow(None, start, start + span)


def asked(window: ChartWindow) -> ChartWindow:
    """The window to ask the API for: a fixed one with half a window more on both sides, so that a pan finds data."""
    if window.start is None or window.end is None:
        return window
    span = window.end - window.start
    return replace(window, start=window.start - span / 2, end=window.end + span / 2)
