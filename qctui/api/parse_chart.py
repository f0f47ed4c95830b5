"""Charts, from answers to models; their points are read in `chart_points`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from qctui.api.answer import Answer
from qctui.api.chart_points import Columns, read_columns
from qctui.api.decode import Document
from qctui.api.ports import Loading
from qctui.api.tolerant import MAX_NAMES, fold, integer, line
from qctui.model.chart import Chart, Series, SeriesType
from qctui.text import clean

_TYPES = {
    **{kind.name.replace("_", "").casefold(): kind for kind in SeriesType},
    **{str(kind.value): kind for kind in SeriesType},
    "19": SeriesType.HEATMAP,  # in one revision of the specification
}
"""By number and by name, as `_word` spells them."""

_MARKERS = frozenset({"none", "circle", "square", "diamond", "triangle", "triangle-down"})
_COLOR = re.compile(r"#[0-9A-Fa-f]{6}")
_TABLES = frozenset({SeriesType.HEATMAP, SeriesType.SCATTER_3D})
_SAMPLED = frozenset({SeriesType.LINE, SeriesType.CANDLE, SeriesType.BAR, SeriesType.STACKED_AREA, SeriesType.UNKNOWN})
"""Types that hold a value at every sample. Markers are as rare as what they mark, a pie is one point."""

MAX_ROWS = 5_000
"""Rows kept of a series that becomes a table."""
_MAX_CELLS = 20
_LONG_WINDOW_S = 3_600.0


async def chart(answer: Answer, name: str, start: float, end: float, count: int) -> Chart | Loading:
    """live/chart/read (REFERENCE.md 6.3). The name is the one that was asked for.

    Raises ApiError if there is no chart in the answer or its points are broken JSON.
    """
    loading = answer.loading("chart")
    if loading is not None:
        return loading
    document = answer.document
    body = answer.members["chart"]
    if isinstance(body, list) and len(body) == 1:
        body = body[0]
    # An empty map may come as a list (REFERENCE.md 2.4); a list of anything is none.
    if not isinstance(body, dict) and body != []:
        raise answer.malformed("the answer has no chart")
    raw = fold(body)
    listed = raw.get("series")
    found: list[Series] = []
    most = unread = 0
    for key, item in islice(_entries(listed, document), MAX_NAMES):
        series, entries = await _series(document, key, fold(item))
        found.append(series)
        if series.series_type in _SAMPLED:
            most = max(most, entries)
        if not len(series) and not series.rows and not len(series.gaps):
            unread += entries
    # Nothing readable where something was sent is not an empty chart.
    if not found and listed and isinstance(listed, (dict, list)):
        raise answer.malformed("no series of the answer can be read")
    if unread and not any(len(series) or series.rows for series in found):
        raise answer.malformed("no point of the answer can be read")
    return Chart(
        name=name or line(raw.get("name")),
        stacked=_word(raw.get("charttype")) in ("1", "stacked"),
        series=tuple(found),
        start=start,
        end=end,
        count=count,
        sparse=_sparse(most, end - start, count),
    )


def _sparse(most: int, span_s: float, count: int) -> bool:
    """Whether the fullest series has implausibly few samples: the API answers a window it misread with one point
    (REFERENCE.md 6.3). None at all is an empty chart, which shows by itself."""
    return (most == 1 and count > 1) or (most == 2 and count >= 100 and span_s >= _LONG_WINDOW_S)


def _entries(value: object, document: Document) -> Iterator[tuple[str, object]]:
    """The series with their keys, from a map, a list, or a single series (REFERENCE.md 9, row 1)."""
    if isinstance(value, dict):
        members = fold(value)
        if isinstance(members.get("name"), str) and document.holds_array(members.get("values")):
            yield "", value
        else:
            yield from ((key, item) for key, item in value.items() if isinstance(item, dict))
    elif isinstance(value, list):
        yield from (("", item) for item in value if isinstance(item, dict))


async def _series(document: Document, key: str, raw: dict[str, object]) -> tuple[Series, int]:
    """A series, and how many elements its `values` had."""
    kind = _TYPES.get(_word(raw.get("seriestype")), SeriesType.UNKNOWN)
    rows: tuple[tuple[str, ...], ...] = ()
    if kind in _TABLES:
        columns, rows = Columns(), await _rows(document, raw.get("values"))
    else:
        columns = await read_columns(document.chunks(raw.get("values")), candles=kind is SeriesType.CANDLE)
    color, marker = line(raw.get("color")), line(raw.get("scattermarkersymbol")).casefold()
    opens, highs, lows = columns.candles or (None, None, None)
    series = Series(
        name=line(raw.get("name")) or line(key),
        unit=clean(line(raw.get("unit")), 16),
        index=integer(raw.get("index")) or 0,
        series_type=kind,
        xs=columns.xs,
        ys=columns.ys,
        gaps=columns.gaps,
        opens=opens,
        highs=highs,
        lows=lows,
        color=color if _COLOR.fullmatch(color) else "",
        marker=marker if marker in _MARKERS else "none",
        tooltips=columns.tooltips,
        null_tooltips=tuple(columns.null_tooltips),
        rows=rows,
        z_index=integer(raw.get("zindex")) or 0,
    )
    return series, columns.entries


async def _rows(document: Document, values: object) -> tuple[tuple[str, ...], ...]:
    """The points of a series without a time axis, as text."""
    rows: list[tuple[str, ...]] = []
    async for chunk in document.chunks(values):
        rows += [_row(point) for point in chunk[: MAX_ROWS - len(rows)]]
        if len(rows) >= MAX_ROWS:
            break
    return tuple(rows)


def _row(point: object) -> tuple[str, ...]:
    if isinstance(point, dict):
        return tuple(f"{line(name)}={line(value)}" for name, value in list(point.items())[:_MAX_CELLS])
    cells = point if isinstance(point, list) else [point]
    return tuple(line(cell) for cell in cells[:_MAX_CELLS])


def _word(value: object) -> str:
    """A number or a name of an enumeration, in one spelling."""
    known = integer(value)
    return str(known) if known is not None else line(value).replace(" ", "").replace("_", "").casefold()
