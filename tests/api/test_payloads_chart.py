from __future__ import annotations

import math

from qctui.api.ports import Loading
from qctui.model.chart import SeriesType
from tests.api.samples import NOON, answer, chart


def test_live_chart_read__strategy_equity_candles() -> None:
    equity, returns = chart("strategy_equity_candles").series
    assert equity.candles
    assert (len(equity), list(equity.gaps)) == (11, [5])
    assert equity.opens is not None
    assert equity.highs is not None
    assert equity.lows is not None
    assert (equity.opens[0], equity.highs[0], equity.lows[0], equity.ys[0]) == (
        100000.0,
        100074.42,
        99971.75,
        100042.92,
    )
    # The one without a high.
    assert (equity.opens[5], equity.lows[5], equity.ys[5]) == (100220.55, 100192.3, 100242.37)
    assert math.isnan(equity.highs[5])
    assert (returns.series_type, returns.index, returns.unit) == (SeriesType.BAR, 1, "%")
    assert (list(returns.ys), list(returns.gaps)) == ([-0.12, 0.41], [2])


def test_live_chart_read__line_with_nulls() -> None:
    (line,) = chart("line_with_nulls").series
    assert list(line.ys) == [0.0, -0.05, -0.31, -0.27, -0.11]
    assert list(line.gaps) == [2, 3]
    assert not line.candles


def test_live_chart_read__multi_series_index() -> None:
    long, short = chart("multi_series_index").series
    assert (long.name, short.name, long.index, short.index) == ("Equity - Long Ratio", "Equity - Short Ratio", 0, 0)
    assert list(short.ys) == [0.0, 0.0, -0.02]


def test_live_chart_read__scatter_tooltip_objects() -> None:
    price, buy, sell = chart("scatter_tooltip_objects").series
    assert (price.color, price.z_index) == ("#1F77B4", 1)
    assert (buy.series_type, buy.marker, list(buy.ys), list(buy.gaps)) == (
        SeriesType.SCATTER,
        "triangle",
        [182.1, 181.9],
        [1],
    )
    assert buy.tooltips == {0: "order 7"}
    assert (len(sell), sell.marker) == (0, "triangle-down")


def test_live_chart_read__legacy_xy_capitalised() -> None:
    (benchmark,) = chart("legacy_xy_capitalised").series
    assert (benchmark.name, benchmark.unit, benchmark.marker) == ("Benchmark", "$", "diamond")
    assert (list(benchmark.xs), list(benchmark.ys), list(benchmark.gaps)) == ([NOON - 1_200], [590.11], [1])


def test_live_chart_read__candles_legacy_two_values() -> None:
    (equity,) = chart("candles_legacy_two_values").series
    assert (equity.series_type, equity.candles) == (SeriesType.CANDLE, True)
    assert (list(equity.ys), list(equity.gaps)) == ([100010.0, 100032.5], [2])
    assert equity.opens == equity.highs == equity.lows == equity.ys


def test_live_chart_read__single_point() -> None:
    made = chart("single_point")
    assert (made.sparse, made.points) == (True, 1)
    assert (made.name, made.start, made.end, made.count) == ("Asked", NOON - 86_400, NOON, 600)


def test_live_chart_read__empty_series_as_list() -> None:
    made = chart("empty_series_as_list")
    assert (made.series, made.sparse) == ((), False)


def test_live_chart_read__series_with_empty_values() -> None:
    made = chart("series_with_empty_values")
    assert (made.stacked, made.points, made.sparse) == (True, 0, False)
    assert made.series[0].unit == "%"


def test_live_chart_read__stacked_and_pie() -> None:
    made = chart("stacked_and_pie")
    assert made.stacked
    assert [series.series_type for series in made.series] == [
        SeriesType.STACKED_AREA,
        SeriesType.STACKED_AREA,
        SeriesType.PIE,
    ]
    assert [list(series.ys) for series in made.series] == [[40.0, 45.0], [60.0, 55.0], [100.0]]


def test_live_chart_read__treemap() -> None:
    made = chart("treemap")
    assert [(series.name, list(series.ys)) for series in made.series] == [("SPY", [58812.0]), ("AAPL", [27100.0])]
    assert not made.sparse


def test_live_chart_read__loading() -> None:
    assert answer("live_chart_read__loading") == Loading(0.0)


def test_live_chart_read__loading_fraction() -> None:
    assert answer("live_chart_read__loading_fraction") == Loading(0.25)
