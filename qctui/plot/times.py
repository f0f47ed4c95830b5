"""The time axis: which column an instant is in, and labels that suit the span."""

from __future__ import annotations

import math
import time
from bisect import bisect_left
from collections.abc import Iterator
from datetime import UTC, date, datetime, tzinfo

from qctui.value import Value

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MINUTE, _DAY = 60.0, 86_400.0
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 14_400, 21_600, 43_200)
"""Steps within a day, in seconds; longer ones follow the calendar."""
_DAYS = (1, 2, 7, 14)
_MONTHS = (1, 2, 3, 6, 12, 24, 60, 120, 240)
_EARLIEST, _LATEST = -62_135_596_800.0, 253_402_300_799.0
"""Years 1 to 9999: what a calendar can say."""
RESERVE = 16
"""When following, one column in this many at the right is kept for what comes next: most points move nothing."""


class TimeScale(Value):
    """`columns` columns of equal duration from `start` to `end`, Unix seconds."""

    start: float
    end: float
    columns: int

    @property
    def step_s(self) -> float:
        """Seconds a column lasts."""
        return (self.end - self.start) / max(1, self.columns)

    def column(self, at: float) -> int:
        """The column of `at`; below zero or past the last when it is not on screen."""
        return math.floor(min(1e9, max(-1e9, (at - self.start) / (self.end - self.start) * self.columns)))

    def at(self, column: float) -> float:
        """The instant at a column's left edge."""
        return self.start + (self.end - self.start) * column / max(1, self.columns)

    def edges(self, parts: int) -> list[float]:
        """The instants between columns (each cut into `parts`), both ends included."""
        count = max(1, self.columns * parts)
        span = self.end - self.start
        return [self.start + span * index / count for index in range(count + 1)]


def follow(span_s: float, now: float, columns: int) -> TimeScale:
    """The last `span_s` seconds up to `now`, on a grid of columns that stands still in time.

    The right edge is the next multiple of a few columns after `now`: a chart that slid with every second would send
    every cell again. What is kept free there is taken from the left: that much of the span is not drawn.
    """
    columns = max(1, columns)
    step = max(span_s, 1e-3) / columns
    stride = step * max(1, columns // RESERVE)
    end = math.floor(now / stride + 1.0) * stride
    return TimeScale(end - step * columns, end, columns)


def everything(first: float, last: float, columns: int) -> TimeScale:
    """From `first` to `last`, its length rounded up so that growing data move the scale seldom."""
    span = max(last - first, 60.0)
    unit = 2.0 ** (math.floor(math.log2(span)) - 4)
    return TimeScale(first, first + math.ceil(span / unit) * unit, max(1, columns))


def fixed(start: float, end: float, columns: int) -> TimeScale:
    """A range a person chose."""
    if not (math.isfinite(start) and math.isfinite(end)) or end - start < 1e-3:
        start, end = start, start + 1.0
    return TimeScale(start, end, max(1, columns))


def broken(at: float, zone: tzinfo | None) -> datetime | None:
    """As `on_calendar`, within what an axis can show: not the very first and last second that a calendar has."""
    return on_calendar(at, zone) if _EARLIEST < at < _LATEST else None


def on_calendar(at: float, zone: tzinfo | None) -> datetime | None:
    """`at` on the calendar of `zone` (None: the machine's); None where no calendar reaches."""
    try:
        return datetime.fromtimestamp(at, UTC).astimezone(zone)
    except (OverflowError, OSError, ValueError):
        return None


def date_text(at: float, zone: tzinfo | None) -> str:
    """Date and time as exactly as the payload has it: `2026-11-20 14:30:00`."""
    parts = broken(at, zone)
    if parts is None:
        return f"{at:.0f} s"
    text = parts.strftime("%Y-%m-%d %H:%M:%S")
    return text + f"{parts.microsecond / 1e6:.3f}".lstrip("0") if parts.microsecond >= 500 else text


def zone_name(at: float, zone: tzinfo | None) -> str:
    """`UTC`, or the zone's name at that instant."""
    parts = broken(at, zone)
    return (parts.tzname() if parts is not None else None) or "UTC"


def length_text(span_s: float) -> str:
    """A length of time in its largest unit: `45m`, `1.5h`, `10d`."""
    for unit, letter in ((31_536_000.0, "y"), (86_400.0, "d"), (3_600.0, "h"), (60.0, "m")):
        if span_s >= unit:
            return f"{span_s / unit:.3g}{letter}"
    return f"{span_s:.3g}s"


class TimeTick(Value):
    """A labelled instant. `major` begins a new day, month or year: it is kept when labels are thinned."""

    at: float
    label: str
    major: bool


def ticks(scale: TimeScale, room: int, zone: tzinfo | None) -> list[TimeTick]:
    """Labelled instants for an axis with room for about `room` labels, ascending."""
    if room <= 0:
        return []
    rough = (scale.end - scale.start) / room
    if rough <= _STEPS[-1]:
        return list(_clock_ticks(scale, float(_STEPS[bisect_left(_STEPS, rough)]), zone))
    for days in _DAYS:
        if rough <= days * _DAY:
            return list(_day_ticks(scale, days, zone))
    for months in _MONTHS:
        if rough <= months * 30.4 * _DAY:
            return list(_month_ticks(scale, months, zone))
    return []


def _clock_ticks(scale: TimeScale, step: float, zone: tzinfo | None) -> Iterator[TimeTick]:
    at = math.floor((scale.start + _offset(scale.start, zone)) / step) * step - _offset(scale.start, zone)
    for _ in range(1_000):
        at += step
        if at > scale.end:
            return
        parts = broken(at, zone)
        if parts is None:
            return
        midnight = parts.hour == parts.minute == parts.second == 0
        clock = f"{parts:%H:%M:%S}" if step < _MINUTE else f"{parts:%H:%M}"
        yield TimeTick(at, f"{parts.day} {MONTHS[parts.month - 1]}" if midnight else clock, major=midnight)


def _day_ticks(scale: TimeScale, days: int, zone: tzinfo | None) -> Iterator[TimeTick]:
    parts = broken(scale.start, zone)
    if parts is None:
        return
    # Day 1 is a Monday, so that weekly ticks stand on Mondays.
    first = (parts.toordinal() - 1) // days * days + 1
    for ordinal in range(first + days, date.max.toordinal() + 1, days):
        day = date.fromordinal(ordinal)
        at = _midnight(day.year, day.month, day.day, zone)
        if at is None or at > scale.end:
            return
        if at >= scale.start:
            yield TimeTick(at, f"{day.day} {MONTHS[day.month - 1]}", major=day.day <= days)


def _month_ticks(scale: TimeScale, months: int, zone: tzinfo | None) -> Iterator[TimeTick]:
    parts = broken(scale.start, zone)
    if parts is None:
        return
    index = (parts.year * 12 + parts.month - 1) // months * months
    for _ in range(1_000):
        at = _midnight(index // 12, index % 12 + 1, 1, zone)
        if at is None or at > scale.end:
            return
        if at >= scale.start:
            january = index % 12 == 0
            yield TimeTick(at, str(index // 12) if january else MONTHS[index % 12], major=january)
        index += months


def _midnight(year: int, month: int, day: int, zone: tzinfo | None) -> float | None:
    if not 1 <= year <= 9_999:
        return None
    try:
        if zone is None:
            return time.mktime((year, month, day, 0, 0, 0, 0, 0, -1))
        return datetime(year, month, day, tzinfo=zone).timestamp()
    except (OverflowError, OSError, ValueError):
        return None


def _offset(at: float, zone: tzinfo | None) -> float:
    parts = broken(at, zone)
    offset = parts.utcoffset() if parts is not None else None
    return offset.total_seconds() if offset is not None else 0.0
