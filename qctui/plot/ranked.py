"""Draws what has no time axis: pies and tree maps as ranked bars, heat maps and 3-D as a table."""

from __future__ import annotations

import math
import re

from qctui.model.chart import SeriesType
from qctui.plot import times
from qctui.plot.chart_glyphs import GlyphSet
from qctui.plot.grid import MUTED, TEXT, CellGrid, cut, width_of
from qctui.plot.marks import Mark, Panel, PlotView
from qctui.plot.values import readable, short, with_unit


def draw_ranked(grid: CellGrid, panel: Panel, glyphs: GlyphSet) -> None:
    """One bar a series, largest first, with its value and its share of the sum of what is above zero."""
    shown = [(mark.series.ys[-1], mark) for mark in panel.marks if mark.drawn]
    shown.sort(key=lambda each: (-each[0], each[1].series.name))
    # Divided first, so that the sum of huge values stays finite.
    many = 2.0 * max(1, len(shown))
    total = math.fsum(value / many for value, _ in shown if value > 0)
    room = panel.height
    if len(shown) > room > 0:
        rest = len(shown) - room + 1
        shown = shown[: room - 1]
        grid.put(0, panel.top + room - 1, f"{glyphs.ellipsis} and {rest} more", MUTED)
    if not shown:
        return
    values = [with_unit(readable(value, mark.series.unit), mark.series.unit) for value, mark in shown]
    if max(map(len, values)) > 14:
        values = [with_unit(short(value, 12), mark.series.unit) for value, mark in shown]
    shares = [f"{value / many / total:.1%}" if value > 0 and total > 0 else "-" for value, _ in shown]
    names = max(4, min(max(width_of(mark.series.name) for _, mark in shown), grid.width // 3))
    numbers, parts = max(map(len, values)), max(map(len, shares))
    bar = grid.width - names - numbers - parts - 4
    largest = max((value for value, _ in shown), default=0.0)
    for row, ((value, mark), number, share) in enumerate(zip(shown, values, shares, strict=True), panel.top):
        grid.put(0, row, cut(mark.series.name, names, glyphs.ellipsis), TEXT)
        x = names + 1
        if bar >= 3:
            if value > 0:
                _bar(grid, x, row, value / largest * bar, bar, mark, glyphs)
            x += bar + 1
        grid.put(x, row, number.rjust(numbers), TEXT)
        grid.put(x + numbers + 1, row, share.rjust(parts), MUTED)


def _bar(grid: CellGrid, x: int, y: int, length: float, most: int, mark: Mark, glyphs: GlyphSet) -> None:
    whole = min(most, math.floor(length))
    full = "#" if glyphs.ascii else "█"
    grid.put(x, y, full * whole, mark.ink)
    part = round((length - whole) * 8)
    if whole < most and (part or not whole):
        # Something that is more than nothing is never drawn as nothing.
        grid.put(x + whole, y, "." if glyphs.ascii else " ▏▎▍▌▋▊▉█"[max(1, part)], mark.ink)


def draw_table(grid: CellGrid, panel: Panel, view: PlotView) -> None:
    """The points as rows of text under a line that says why they are not drawn; the newest first where they have times.

    They flow down as many columns as there is room for.
    """
    y = panel.top
    end = panel.top + panel.height
    ellipsis = view.glyphs.ellipsis
    for mark in panel.marks:
        if y >= end or not mark.shown:
            continue
        grid.put(0, y, cut(f"{mark.series.name}: {_why(mark)}", grid.width, ellipsis), MUTED)
        y += 1
        rows = _dated(mark.series.rows, view)
        widths = [max(map(width_of, column)) for column in zip(*rows, strict=True)]
        wide = sum(widths) + _BETWEEN_CELLS * (len(widths) - 1)
        columns = max(1, (grid.width + _BETWEEN_ROWS) // (wide + _BETWEEN_ROWS))
        high = end - y if len(rows) <= (end - y) * columns else max(0, end - y - 1)
        high = min(high, -(-len(rows) // columns))
        for place, row in enumerate(rows[: high * columns]):
            x = place // high * (wide + _BETWEEN_ROWS)
            for cell, width in zip(row, widths, strict=True):
                grid.put(x, y + place % high, cut(cell, max(1, grid.width - x), ellipsis), TEXT)
                x += width + _BETWEEN_CELLS
        y += high
        left = len(rows) - high * columns
        if left > 0 and y < end:
            grid.put(0, y, f"{ellipsis} and {left} more", MUTED)
            y += 1


_BETWEEN_CELLS, _BETWEEN_ROWS = 2, 4
_TIME = re.compile(r"(?:[xX]=)?([0-9]{9,10}(?:\.[0-9]+)?)\Z")


def _dated(rows: tuple[tuple[str, ...], ...], view: PlotView) -> list[tuple[str, ...]]:
    """Rows of equal length. Where every first cell is an instant, as every point's is on this wire (REFERENCE.md 6.3),
    it is shown as a date."""
    most = max(map(len, rows), default=0)
    even = [row + ("",) * (most - len(row)) for row in rows]
    found = [_TIME.match(row[0]) if row else None for row in even]
    if not even or not all(found):
        return even
    instants = [float(each.group(1)) for each in found if each is not None]
    dated = [(times.date_text(at, view.zone), *row[1:]) for at, row in zip(instants, even, strict=True)]
    return dated[::-1] if instants == sorted(instants) else dated


def _why(mark: Mark) -> str:
    if mark.series.series_type is SeriesType.HEATMAP:
        what = "a heat map has no time axis"
    elif mark.series.series_type is SeriesType.SCATTER_3D:
        what = "three dimensions do not fit a terminal"
    else:
        what = "its points have no time"
    return f"{what}; its points as a table" if mark.series.rows else f"{what}, and it has no points"
