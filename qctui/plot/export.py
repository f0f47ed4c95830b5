"""Makes a file's text of a chart: the visible numbers as CSV, the cells as plain text or as an SVG picture."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable
from datetime import UTC
from html import escape

from qctui.plot.compose import Drawing
from qctui.plot.grid import CellGrid, Ink
from qctui.plot.marks import Kind
from qctui.plot.reading import candle_of
from qctui.plot.times import on_calendar

Color = Callable[[Ink], tuple[str, str]]
"""An ink's foreground and background as `#rrggbb`; an empty background is the picture's own."""
_CELL_WIDTH, _CELL_HEIGHT = 8.4, 17.0


def csv_text(drawing: Drawing) -> str:
    """The visible points of every series that is switched on, one a line, as the API gave them.

    Columns: `series`, `time` (ISO 8601, UTC), `unix`, `value`, `open`, `high`, `low`, `close`, `unit`. A null of the
    wire is an empty member. Rankings and tables have their own lines, without a time where they have none. Cells that a
    spreadsheet would run as a formula are prefixed with an apostrophe.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("series", "time", "unix", "value", "open", "high", "low", "close", "unit"))
    for mark in drawing.marks:
        series = mark.series
        if not mark.shown:
            continue
        name, unit = safe_cell(series.name), safe_cell(series.unit)
        for row in series.rows:
            writer.writerow((name, "", "", *map(safe_cell, row)))
        time = drawing.time if mark.kind not in (Kind.RANKED, Kind.TABLE) else None
        low, high = (-math.inf, math.inf) if time is None else (time.start, time.end)
        for place in range(*mark.prepared.slice(low, high)):
            candle = candle_of(series, place)
            members = tuple(map(number_cell, candle)) if candle is not None else ("", "", "", "")
            at = series.xs[place]
            writer.writerow((name, _iso(at), number_cell(at), number_cell(series.ys[place]), *members, unit))
    return out.getvalue()


def number_cell(value: float) -> str:
    """A number as a spreadsheet reads it; empty where it is none."""
    if not math.isfinite(value):
        return ""
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def _iso(at: float) -> str:
    parts = on_calendar(at, UTC)
    return "" if parts is None else parts.isoformat().replace("+00:00", "Z")


def safe_cell(text: str) -> str:
    """A text that no spreadsheet runs as a formula."""
    return "'" + text if text[:1] in ("=", "+", "-", "@") and not _is_number(text) else text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def svg_text(grid: CellGrid, color: Color, background: str, title: str) -> str:
    """The cells as an SVG picture. Equal cells give an equal picture."""
    width, height = grid.width * _CELL_WIDTH, grid.height * _CELL_HEIGHT
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
        f'width="{width:g}" height="{height:g}">',
        f"<title>{escape(title)}</title>",
        f'<rect width="100%" height="100%" fill="{background}"/>',
        '<g font-family="DejaVu Sans Mono,Menlo,Consolas,monospace" font-size="14" xml:space="preserve">',
    ]
    for y in range(grid.height):
        x = 0
        for text, ink, cells in grid.runs(y):
            fore, back = color(ink)
            left, top = x * _CELL_WIDTH, y * _CELL_HEIGHT
            if back:
                parts.append(
                    f'<rect x="{left:g}" y="{top:g}" width="{cells * _CELL_WIDTH:g}" height="{_CELL_HEIGHT:g}" '
                    f'fill="{back}"/>'
                )
            if text.strip():
                weight = ' font-weight="bold"' if ink.bold else ""
                parts.append(
                    f'<text x="{left:g}" y="{top + 13:g}" fill="{fore}"{weight} textLength="{cells * _CELL_WIDTH:g}" '
                    f'lengthAdjust="spacingAndGlyphs">{escape(text)}</text>'
                )
            x += cells
    parts.append("</g></svg>\n")
    return "\n".join(parts)
