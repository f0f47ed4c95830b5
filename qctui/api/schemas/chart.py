"""live/chart/read, its points apart (REFERENCE.md 6.3)."""

from __future__ import annotations

from qctui.api.schemas.base import Anything, Integer, Line, Wire


class WireChart(Wire):
    """The `chart` of an answer."""

    name: Line = ""
    chart_type: Anything = None
    series: Anything = None


class WireSeries(Wire):
    """One series."""

    name: Line = ""
    unit: Line = ""
    index: Integer = None
    index_name: Line = ""
    z_index: Integer = None
    series_type: Anything = None
    color: Line = ""
    scatter_marker_symbol: Line = ""
    values: Anything = None
