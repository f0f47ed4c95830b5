"""Charts as the API could give them, and worse."""

from __future__ import annotations

import math
from array import array

from hypothesis import strategies as st

from qctui.model.chart import Chart, ChartWindow, Series, SeriesType
from qctui.plot.chart_glyphs import GLYPH_SETS
from qctui.plot.marks import PlotView

TIMES = st.one_of(
    st.floats(1.7e9, 1.8e9),
    st.integers(1_700_000_000, 1_700_000_600).map(float),
    st.floats(-1e13, 1e13, allow_nan=False),
)
VALUES = st.one_of(
    st.floats(-1e3, 1e3),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([0.0, -0.0, 1.0, 1e300, -1e300, 1.7e308, -1.7e308, 5e-324, 1e-300]),
)
MEMBERS = st.one_of(VALUES, st.just(math.nan))
NAMES = st.one_of(
    st.sampled_from(["Equity", "[bold red]x[/]", "均值", "é́́", "", "[@click=app.quit]y[/]", "a" * 100]),
    st.text(max_size=20),
)


@st.composite
def serieses(draw: st.DrawFn, most: int = 24) -> Series:
    """Any series the model allows, and some that break its promises."""
    xs = draw(st.lists(TIMES, max_size=most))
    if draw(st.booleans()):
        xs.sort()
    size = len(xs)
    column = st.lists(VALUES, min_size=size, max_size=size)
    ys = draw(st.one_of(column, VALUES.map(lambda value: [value] * size)))
    gaps = sorted(draw(st.sets(st.integers(0, size), max_size=5)))
    opens = highs = lows = None
    if draw(st.booleans()):
        members = st.lists(MEMBERS, min_size=size, max_size=size)
        opens, highs, lows = (array("d", draw(members)) for _ in range(3))
    return Series(
        name=draw(NAMES),
        unit=draw(st.sampled_from(["$", "%", "", "€", "USDT", "均"])),
        index=draw(st.integers(0, 4)),
        series_type=draw(st.sampled_from(list(SeriesType))),
        xs=array("d", xs),
        ys=array("d", ys),
        gaps=array("l", gaps),
        opens=opens,
        highs=highs,
        lows=lows,
        color=draw(st.sampled_from(["", "#FF0000", "#ffffff", "#000000", "red", "#12"])),
        marker=draw(st.sampled_from(["none", "circle", "triangle-down", "unheard of"])),
        rows=draw(st.sampled_from([(), (("a", "b"), ("c",)), (("[x]", "均值", "é"),) * 9])),
        z_index=draw(st.integers(-1, 2)),
    )


@st.composite
def charts(draw: st.DrawFn, most_series: int = 4) -> Chart:
    """Any chart."""
    many = draw(st.lists(serieses(), max_size=most_series))
    return Chart(draw(NAMES), draw(st.booleans()), tuple(many))


@st.composite
def views(draw: st.DrawFn) -> PlotView:
    """Any way to look."""
    start, end = draw(TIMES), draw(TIMES)
    window = draw(
        st.sampled_from(
            [ChartWindow(None), ChartWindow(), ChartWindow(60.0), ChartWindow(None, start, end), ChartWindow(3e9)]
        )
    )
    return PlotView(
        window,
        now=draw(TIMES),
        glyphs=draw(st.sampled_from(list(GLYPH_SETS.values()))),
        hidden=frozenset(draw(st.sets(NAMES, max_size=2))),
        log=draw(st.booleans()),
        percent=draw(st.booleans()),
        mark=draw(st.none() | TIMES),
    )
