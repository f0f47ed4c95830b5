"""Writes a panel's legend: which letter and colour is which series, and its last visible or the crosshair's value."""

from __future__ import annotations

from bisect import bisect_right
from typing import NamedTuple

from qctui.plot.candles import candle_at
from qctui.plot.chart_glyphs import GlyphSet
from qctui.plot.grid import MUTED, TEXT, CellGrid, Ink, cut, width_of
from qctui.plot.marks import TAGGED, Kind, Mark, PlotView
from qctui.plot.reading import Reading, change_text, percent_text, reading_at, reading_last, start_of, value_text
from qctui.plot.times import TimeScale, length_text
from qctui.plot.values import readable, with_unit

Words = list[tuple[str, Ink]]


class _Detail(NamedTuple):
    """How much is said of each series."""

    name: int = 10_000
    """Cells for its name at most."""
    value: bool = True
    """Its value; without, only what no tag beside the plot says."""
    change: bool = False
    """How much it changed; under the crosshair in its unit and in percent, with `percent` in that alone."""
    percent: bool = False
    members: bool = False
    """Under the crosshair: all four members of a candle."""
    reach: bool = False
    """Without a crosshair: the lowest and the highest visible value."""


_ALONE = (
    _Detail(change=True, members=True, reach=True),
    _Detail(change=True, members=True),
    _Detail(change=True, percent=True, members=True),
    _Detail(members=True),
    _Detail(change=True),
    _Detail(change=True, percent=True),
    _Detail(),
)
_READ = (_Detail(change=True), _Detail(change=True, percent=True), _Detail(), _Detail(14), _Detail(10))
_NAMED = (_Detail(), _Detail(value=False), *(_Detail(name, value=False) for name in (20, 14, 10)))
_LEAST_ENTRY = 6
"""Cells of the shortest entry: a legend of more series than that allows is not even tried in full."""


def put_legend(
    grid: CellGrid,
    row: int,
    marks: list[Mark],
    view: PlotView,
    time: TimeScale | None,
    *,
    at: float | None = None,
    first: int = 0,
    idle: bool = False,
) -> None:
    """Write a panel's legend on `row`: last values, or with `at` the values there and the change since the window's
    beginning.

    It says as much as fits: a number is shown whole or not at all. Where not even the names fit, `first` names the
    series that comes first. `idle`: none of it is in the window.
    """
    order = marks[first % len(marks) :] + marks[: first % len(marks)] if marks else []
    note = "no points in this window" if idle else ""
    room = grid.width - (width_of(note) + 2 if note else 0)
    if len(order) * _LEAST_ENTRY <= room:
        details = _ALONE if len(order) == 1 else _NAMED if at is None else _READ
        for detail in details:
            if not _distinct(order, detail.name):
                continue
            entries = [_entry(mark, view, time, at, detail) for mark in order]
            if sum(width_of(text) for words in entries for text, _ in words) + 2 * len(entries) - 2 <= room:
                break
        else:
            entries = [_fitting(mark, view, time, at, room, more=len(order) > 1) for mark in order]
    else:
        entries = [_fitting(mark, view, time, at, room, more=True) for mark in order[: grid.width // _LEAST_ENTRY + 1]]
    x = _put_entries(grid, row, entries, len(order), view.glyphs)
    if note:
        grid.put(x, row, cut(note, grid.width - x, view.glyphs.ellipsis), MUTED)


def _distinct(marks: list[Mark], name: int) -> bool:
    """Names cut to so many cells are as different as they were."""
    names = {mark.series.name for mark in marks}
    return len({cut(each, name, "") for each in names}) == len(names)


def _fitting(mark: Mark, view: PlotView, time: TimeScale | None, at: float | None, room: int, *, more: bool) -> Words:
    """One series as it fits beside the count of the others: its name gives way to its value."""
    words: Words = []
    for detail in (_Detail(), _Detail(14), _Detail(8), _Detail(4), _Detail(0)):
        words = _entry(mark, view, time, at, detail)
        if sum(width_of(text) for text, _ in words) <= room - (5 if more else 0):
            break
    return words


def _put_entries(grid: CellGrid, row: int, entries: list[Words], total: int, glyphs: GlyphSet) -> int:
    x = 0
    for number, words in enumerate(entries):
        left = total - number - 1
        reserve = len(f" +{left + 1}") if left else 0
        if number and x + sum(width_of(text) for text, _ in words) > grid.width - reserve:
            return grid.put(x, row, f"+{left + 1}", MUTED) + 2
        for text, ink in words:
            x = grid.put(x, row, cut(text, grid.width - x, glyphs.ellipsis), ink)
        x += 2
    return x


def _entry(mark: Mark, view: PlotView, time: TimeScale | None, at: float | None, detail: _Detail) -> Words:
    glyphs, unit = view.glyphs, mark.series.unit
    reading = reading_last(mark, time) if at is None else reading_at(mark, at, time.step_s if time is not None else 0.0)
    name = cut(mark.series.name, detail.name, glyphs.ellipsis)
    words: Words = [(f"{mark.letter}{sample(mark, glyphs)} ", mark.ink if mark.shown else MUTED), (name, MUTED)]
    if not mark.shown:
        return [*words, (" off", MUTED)]
    if not len(mark.series):
        return [*words, (" no points", MUTED)]
    if not detail.value and mark.kind in TAGGED:
        return words
    members = _members(mark, time, reading, unit) if detail.members and at is not None else ""
    words.append((f" {members or value_text(reading, unit)}", TEXT))
    if mark.base is not None:
        if reading.value is not None:
            words.append((f" {mark.of(reading.value):+.2f}%", TEXT))
    elif detail.change and mark.kind not in (Kind.MARKERS, Kind.FLAGS):
        start = start_of(mark, time, view)
        in_percent = at is None or detail.percent
        change = percent_text(start, reading, mark) if in_percent else change_text(start, reading, unit)
        words.append((f" {change}" if change else "", _direction(change)))
    if detail.reach and at is None:
        words += _reach(mark, time)
    if at is not None and reading.tooltip:
        words.append((f" {reading.tooltip}", MUTED))
    return words


def _members(mark: Mark, time: TimeScale | None, reading: Reading, unit: str) -> str:
    """The four members of a candle: of the drawn one at its last point, else of the payload's own."""
    if reading.candle is None or reading.at is None:
        return ""
    place = bisect_right(mark.prepared.xs, reading.at) - 1
    if mark.bucket_s and time is not None and time.start <= reading.at <= time.end:
        drawn = candle_at(mark.prepared, time, mark.bucket_s, place)
        if drawn.end == place + 1:
            four = Reading(reading.at, reading.value, (drawn.open, drawn.high, drawn.low, drawn.close))
            return f"{length_text(mark.bucket_s)} {value_text(four, unit, members=True)}"
    return value_text(reading, unit, members=True)


def _reach(mark: Mark, time: TimeScale | None) -> Words:
    """The lowest and the highest value on screen."""
    if time is None or mark.base is not None or mark.kind not in (Kind.LINE, Kind.CANDLES):
        return []
    start, stop = mark.prepared.slice(time.start, time.end)
    if stop - start < 2:
        return []
    unit, words = mark.series.unit, Words()
    for name, value in zip(("low", "high"), mark.extremes(start, stop), strict=True):
        words += [(f"  {name} ", MUTED), (with_unit(readable(value, unit), unit), TEXT)]
    return words


def sample(mark: Mark, glyphs: GlyphSet) -> str:
    """The character that stands for how a series is drawn."""
    if mark.kind is Kind.AREA:
        return mark.fill
    if mark.kind is Kind.MARKERS:
        return glyphs.markers.get(mark.series.marker, glyphs.markers["none"])
    if mark.kind is Kind.FLAGS:
        return glyphs.flag
    if mark.kind is Kind.BARS:
        return "#" if glyphs.ascii else "▆"
    if mark.kind is Kind.CANDLES:
        return glyphs.candles.sign
    return "-" if glyphs.ascii else "━"


def _direction(change: str) -> Ink:
    return Ink("chart-down") if change.startswith("-") else Ink("chart-up") if change.strip("+0.() %") else MUTED
