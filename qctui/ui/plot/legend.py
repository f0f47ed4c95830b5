"""A panel's legend: which letter and colour is which series, and its last value or the one under the crosshair."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass

from qctui.ui.plot.glyphs import GlyphSet
from qctui.ui.plot.grid import MUTED, TEXT, Grid, Ink, cut, width_of
from qctui.ui.plot.marks import Kind, Mark
from qctui.ui.plot.values import exact, with_unit


@dataclass(frozen=True, slots=True)
class Reading:
    """What a series is at an instant.

    Fields:
        at: Unix seconds of the point it was read from; None where there is none.
        value: the payload's own number; None in a gap, before the first point, or without points.
        candle: the payload's open, high, low and close (NaN where null), for candles.
        tooltip: what the API says of the point, for scatters.
    """

    at: float | None
    value: float | None
    candle: tuple[float, float, float, float] | None = None
    tooltip: str = ""


NOTHING = Reading(None, None)


def reading_at(mark: Mark, at: float, reach_s: float = 0.0) -> Reading:
    """The last point not after `at`, unless a null stands between it and the next and `at` is past it.

    A line or a candle holds until its next point; a marker is over when `reach_s` seconds have passed.
    """
    place = bisect_right(mark.prepared.xs, at) - 1
    if place < 0:
        return NOTHING
    time = mark.prepared.xs[place]
    if at > time and mark.prepared.broken(place, place + 1):
        return NOTHING
    if at - time > reach_s and mark.kind in (Kind.MARKERS, Kind.FLAGS):
        return NOTHING
    return _reading(mark, place)


def reading_last(mark: Mark) -> Reading:
    """The last point there is."""
    return _reading(mark, len(mark.prepared.xs) - 1) if len(mark.prepared.xs) else NOTHING


def _reading(mark: Mark, place: int) -> Reading:
    series = mark.series
    candle = None
    if series.opens is not None and series.highs is not None and series.lows is not None:
        candle = (series.opens[place], series.highs[place], series.lows[place], series.ys[place])
    return Reading(series.xs[place], series.ys[place], candle, series.tooltips.get(place, ""))


def value_text(reading: Reading, unit: str, *, members: bool = False) -> str:
    """The payload's number as text; with `members` a candle's four. A dash where there is nothing."""
    if reading.value is None:
        return "-"
    if members and reading.candle is not None:
        names = ("O", "H", "L", "C")
        return " ".join(
            f"{name} {exact(value) if math.isfinite(value) else '-'}"
            for name, value in zip(names, reading.candle, strict=True)
        )
    text = with_unit(exact(reading.value), unit)
    return f"{text} {unit}" if unit and unit not in text else text


def change_text(start: Reading, end: Reading, unit: str) -> str:
    """From one reading to another: `+268.3 (+0.27%)`; empty where either is missing. Percent units change in points."""
    if start.value is None or end.value is None:
        return ""
    change = end.value - start.value
    if not math.isfinite(change):
        return ""
    digits = max(_decimals(start.value), _decimals(end.value))
    text = f"{change:+,.{digits}f}" if digits <= 8 and abs(change) < 1e15 else f"{change:+.6g}"
    if unit == "%" or not start.value:
        return text
    percent = change / abs(start.value) * 100.0
    return f"{text} ({percent:+,.2f}%)" if abs(percent) < 1e9 else text


def _decimals(value: float) -> int:
    text = repr(value)
    if "e" in text:
        return 9
    return 0 if text.endswith(".0") else len(text) - text.index(".") - 1


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
        return glyphs.candles.cells[2][2]
    return "-" if glyphs.ascii else "━"


def put_legend(
    grid: Grid,
    row: int,
    marks: list[Mark],
    glyphs: GlyphSet,
    *,
    at: float | None = None,
    since: Callable[[Mark], Reading] | None = None,
    reach_s: float = 0.0,
    first: int = 0,
    idle: bool = False,
) -> None:
    """Write a panel's legend on `row`: last values, or with `at` the values there and the change since `since`.

    `first` names the series that comes first, for when they do not all fit. `idle`: none of it is in the window.
    """
    x = 0
    order = marks[first % len(marks) :] + marks[: first % len(marks)] if marks else []
    alone = len(order) == 1
    for number, mark in enumerate(order):
        reading = reading_last(mark) if at is None else reading_at(mark, at, reach_s)
        texts = _entry(mark, reading, glyphs, at=at, since=since, alone=alone)
        left = len(order) - number - 1
        reserve = len(f" +{left + 1}") if left else 0
        wanted = sum(width_of(text) for text, _ in texts)
        if number and x + wanted > grid.width - reserve:
            grid.put(x, row, f"+{left + 1}", MUTED)
            return
        for text, ink in texts:
            x = grid.put(x, row, cut(text, grid.width - x, glyphs.ellipsis), ink)
        x += 2
    if idle:
        grid.put(x, row, cut("no points in this window", grid.width - x, glyphs.ellipsis), MUTED)


def _entry(
    mark: Mark,
    reading: Reading,
    glyphs: GlyphSet,
    *,
    at: float | None,
    since: Callable[[Mark], Reading] | None,
    alone: bool,
) -> list[tuple[str, Ink]]:
    unit = mark.series.unit
    name = mark.series.name
    texts = [(f"{mark.letter}{sample(mark, glyphs)} ", mark.ink if mark.shown else MUTED), (f"{name} ", MUTED)]
    if not mark.shown:
        return [*texts, ("off", MUTED)]
    if not len(mark.series):
        return [*texts, ("no points", MUTED)]
    texts.append((value_text(reading, unit, members=at is not None and alone), TEXT))
    if mark.base is not None and reading.value is not None:
        texts.append((f" {mark.of(reading.value):+.2f}%", TEXT))
    elif at is not None and since is not None and mark.kind not in (Kind.MARKERS, Kind.FLAGS):
        change = change_text(since(mark), reading, unit)
        texts.append((f" {change}" if change else "", _direction(change)))
    if at is not None and reading.tooltip:
        texts.append((f" {reading.tooltip}", MUTED))
    return texts


def _direction(change: str) -> Ink:
    return Ink("down") if change.startswith("-") else Ink("up") if change.strip("+0.() %") else MUTED
