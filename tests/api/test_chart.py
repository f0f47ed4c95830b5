from __future__ import annotations

import json
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qctui.api.ports import Loading
from qctui.api.tolerant import LAST_UNIX_TIME
from qctui.model.chart import Chart, Series, SeriesType
from qctui.model.resource import FailureKind
from tests.api.support import ask, failure

T0 = 1_795_185_000


def read(chart: object, *, start: float = T0 - 86_400, end: float = T0, count: int = 600) -> Chart:
    body = {"success": True, "chart": chart} if not isinstance(chart, bytes) else chart
    made = ask(body, lambda client: client.reads.fetch_chart(1, "C", start, end, count))
    assert isinstance(made, Chart)
    return made


def series(values: object, **members: object) -> Series:
    return read({"series": {"S": {"values": values, **members}}}).series[0]


def columns(made: Series) -> tuple[list[float], list[float], list[int]]:
    return list(made.xs), list(made.ys), list(made.gaps)


@pytest.mark.parametrize(
    ("values", "xs", "ys", "gaps"),
    [
        ([], [], [], []),
        (None, [], [], []),
        ("nothing", [], [], []),
        ([[T0, 1], [T0 + 1, 2.5]], [T0, T0 + 1], [1.0, 2.5], []),
        ([[T0, None], [T0 + 1, 2]], [T0 + 1], [2.0], [0]),
        ([[T0, 1], [T0 + 1, None], [T0 + 2, None], [T0 + 3, 4]], [T0, T0 + 3], [1.0, 4.0], [1]),
        ([[T0, None]], [], [], [0]),
        ([{"x": T0, "y": 5}, {"X": T0 + 1, "Y": 6}], [T0, T0 + 1], [5.0, 6.0], []),
        ([{"x": T0}, {"x": T0 + 1, "y": 0}], [T0 + 1], [0.0], [0]),
        ([[str(T0), "7.5"]], [T0], [7.5], []),
        ([[T0, True], [T0 + 1, "x"], [T0 + 2, 1]], [T0 + 2], [1.0], [0]),
        ([[T0, 10**400], [T0 + 1, 3]], [T0 + 1], [3.0], [0]),
        ([["soon", 1], [True, 2], [None, 3], [-5, 4], [LAST_UNIX_TIME * 2, 5], [T0, 6]], [T0], [6.0], []),
        ([[T0, 1], None, [T0 + 2, 3]], [T0, T0 + 2], [1.0, 3.0], [1]),
        ([[], 5, "x", [T0], {}, [T0 + 1, 9]], [T0 + 1], [9.0], [0]),
        ([[T0, 1], [T0, 2], [T0, 3]], [T0, T0, T0], [1.0, 2.0, 3.0], []),
        ([[T0, 1, 99]], [T0], [1.0], []),
        ({"0": [T0, 1], "1": [T0 + 1, 2]}, [T0, T0 + 1], [1.0, 2.0], []),
        ([[T0, 1e308], [T0 + 1, 1e308], [T0 + 2, 1e308]], [T0, T0 + 1, T0 + 2], [1e308] * 3, []),
    ],
)
def test_points(values: object, xs: list[float], ys: list[float], gaps: list[int]) -> None:
    assert columns(series(values)) == (xs, ys, gaps)


def test_unsorted_points_are_sorted_with_their_gaps_tooltips_and_candles() -> None:
    made = series([[T0 + 3, 4], {"x": T0 + 1, "y": 2, "tooltip": "two"}, [T0 + 2, None], [T0, 1], [T0 + 1, 22]])
    assert columns(made) == ([T0, T0 + 1, T0 + 1, T0 + 3], [1.0, 2.0, 22.0, 4.0], [3])
    assert made.tooltips == {1: "two"}
    candles = series([[T0 + 1, 5, 6, 7, 8], [T0, 1, 2, 3, 4]])
    assert (list(candles.opens or []), list(candles.highs or []), list(candles.lows or [])) == (
        [1.0, 5.0],
        [2.0, 6.0],
        [3.0, 7.0],
    )
    assert list(candles.ys) == [4.0, 8.0]


def test_candles_by_shape_and_not_by_claim() -> None:
    claimed_line = series([[T0, 1, 3, 0, 2]], seriesType=0)
    assert (claimed_line.candles, claimed_line.series_type, list(claimed_line.ys)) == (True, SeriesType.LINE, [2.0])
    claimed_candle = series([[T0, 1]], seriesType=2)
    assert (claimed_candle.candles, list(claimed_candle.ys)) == (True, [1.0])
    assert not series([], seriesType=2).candles


def test_candles_with_parts_missing() -> None:
    made = series(
        [[T0, 1, 4, 0, None], [T0 + 1, None, 4, 0, None], [T0 + 2, None, None, None, None], [T0 + 3, 1, 2, 3, 4]]
    )
    assert columns(made) == ([T0, T0 + 1, T0 + 3], [1.0, 4.0, 4.0], [2])
    assert made.opens is not None
    assert math.isnan(made.opens[1])
    assert len(made.opens) == len(made.highs or []) == len(made.lows or []) == 3


@pytest.mark.parametrize("candle_first", [True, False])
def test_lines_and_candles_mixed(candle_first: bool) -> None:
    candle, line = [T0, 1, 4, 0, 2], [T0 + 1, 9]
    made = series([candle, line] if candle_first else [[T0 - 1, 9], candle])
    assert made.opens is not None
    assert list(made.opens) == ([1.0, 9.0] if candle_first else [9.0, 1.0])
    assert sorted(made.ys) == [2.0, 9.0]


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        (0, SeriesType.LINE),
        ("2", SeriesType.CANDLE),
        ("Candle", SeriesType.CANDLE),
        ("StackedArea", SeriesType.STACKED_AREA),
        ("stacked_area", SeriesType.STACKED_AREA),
        ("Scatter3d", SeriesType.SCATTER_3D),
        (19, SeriesType.HEATMAP),
        (8, SeriesType.UNKNOWN),
        (-1, SeriesType.UNKNOWN),
        (None, SeriesType.UNKNOWN),
        ([], SeriesType.UNKNOWN),
        ("Sparkles", SeriesType.UNKNOWN),
    ],
)
def test_series_types(told: object, kind: SeriesType) -> None:
    assert series([[T0, 1]], seriesType=told).series_type is kind


@pytest.mark.parametrize("kind", [9, 10])
def test_types_without_a_time_axis_become_rows(kind: int) -> None:
    made = series([[1, 2, 3.5], {"x": 1, "y": None, "z": "a\nb"}, None], seriesType=kind)
    assert made.rows == (("1", "2", "3.5"), ("x=1", "y=", "z=a b"), ("",))
    assert len(made) == 0


def test_rows_are_bounded() -> None:
    made = series([[i, i, i] for i in range(7_000)], seriesType=9)
    assert (len(made.rows), made.rows[-1]) == (5_000, ("4999", "4999", "4999"))


def test_what_a_series_tells_of_itself() -> None:
    made = series([], unit="€" * 40, index="3", color="red", scatterMarkerSymbol="Triangle-Down", zIndex=2)
    assert (made.name, len(made.unit), made.index, made.color, made.marker) == ("S", 16, 3, "", "triangle-down")
    assert made.z_index == 2
    odd = series([], index=None, color="#ABCDEF", scatterMarkerSymbol="star", name="\x1b[31mN")
    assert (odd.name, odd.index, odd.color, odd.marker) == ("N", 0, "#ABCDEF", "none")


@pytest.mark.parametrize(
    ("told", "names"),
    [
        ({"A": {"values": []}, "B": {"name": "Bee"}}, ["A", "Bee"]),
        ([{"name": "A"}, {"name": "B"}], ["A", "B"]),
        ({"name": "Alone", "values": [[T0, 1]]}, ["Alone"]),
        ({"name": {"values": []}, "values": {"values": []}}, ["name", "values"]),
        ({"A": None, "B": 5, "C": {}}, ["C"]),
        ([], []),
        (None, []),
        ("x", []),
    ],
)
def test_series_as_map_list_or_one(told: object, names: list[str]) -> None:
    assert [made.name for made in read({"series": told}).series] == names


@pytest.mark.parametrize(
    ("told", "stacked"), [(1, True), ("Stacked", True), ("1", True), (0, False), ("overlay", False), (None, False)]
)
def test_chart_type(told: object, stacked: bool) -> None:
    assert read({"chartType": told, "series": {}}).stacked is stacked


@pytest.mark.parametrize(
    ("values", "kind", "count", "span_s", "sparse"),
    [
        ([[T0, 1]], 0, 600, 86_400, True),
        ([[T0, 1]], 2, 2, 60, True),
        ([[T0, 1]], 0, 1, 86_400, False),
        ([[T0, 1], [T0 + 1, 2]], 0, 600, 86_400, True),
        ([[T0, 1], [T0 + 1, 2]], 0, 600, 600, False),
        ([[T0, 1], [T0 + 1, 2]], 0, 50, 86_400, False),
        ([[T0 + i, None] for i in range(5)], 0, 600, 86_400, False),
        ([], 0, 600, 86_400, False),
        ([[T0, 1]], 6, 600, 86_400, False),
        ([[T0, 1]], 7, 600, 86_400, False),
        ([[T0, 1]], 1, 600, 86_400, False),
        ([[T0, 1]], 4, 600, 86_400, False),
        ([[T0, 1, 2]], 9, 600, 86_400, False),
    ],
)
def test_implausibly_few_points(values: object, kind: int, count: int, span_s: float, sparse: bool) -> None:
    chart = {"series": {"S": {"values": values, "seriesType": kind}}}
    assert read(chart, start=T0 - span_s, end=T0, count=count).sparse is sparse


def test_one_full_series_makes_a_chart_plausible() -> None:
    chart = {"series": {"A": {"values": [[T0, 1]]}, "B": {"values": [[T0 + i, i] for i in range(50)]}}}
    assert not read(chart).sparse


@pytest.mark.parametrize(
    ("body", "loading"),
    [
        ({"success": True, "status": "loading", "progress": 0}, Loading(0.0)),
        ({"success": True, "status": "Loading", "progress": "40"}, Loading(0.4)),
        ({"success": True, "progress": 1}, Loading(1.0)),
        ({"success": True}, Loading(None)),
        ({"success": True, "chart": None}, Loading(None)),
        ({"success": True, "status": "loading", "progress": -1}, Loading(None)),
        ({"success": True, "status": "loading", "progress": 5000}, Loading(None)),
        ({"success": True, "status": "loading", "progress": "soon"}, Loading(None)),
        ({"success": True, "status": "loading", "chart": []}, Loading(None)),
    ],
)
def test_loading(body: object, loading: Loading) -> None:
    assert ask(body, lambda client: client.reads.fetch_chart(1, "C", 0, 1, 1)) == loading


@pytest.mark.parametrize("chart", ["x", 5, True, [1], [{}, {}], [{"series": []}, None]])
def test_no_chart(chart: object) -> None:
    assert failure(lambda: read(chart)).message == "chart: the answer has no chart"


def test_a_chart_alone_in_a_list() -> None:
    assert [made.name for made in read([{"series": {"A": {"values": [[T0, 1]]}}}]).series] == ["A"]


@pytest.mark.parametrize("told", [[None, 5], {"A": None, "B": "x"}])
def test_series_of_which_none_can_be_read_are_not_no_series(told: object) -> None:
    assert failure(lambda: read({"series": told})).message == "chart: no series of the answer can be read"


@pytest.mark.parametrize("values", [[["2026-11-20T00:00:00Z", 1]], [5, "x"], [[T0 * 1000, 1]], [{"time": T0, "y": 1}]])
def test_points_of_which_none_can_be_read_are_not_no_points(values: object) -> None:
    error = failure(lambda: read({"series": {"A": {"values": values}, "B": {"values": []}}}))
    assert error.message == "chart: no point of the answer can be read"


def test_one_series_that_can_be_read_is_shown_beside_one_that_can_not() -> None:
    made = read({"series": {"A": {"values": [5]}, "B": {"values": [[T0, 2]]}}})
    assert [(len(one), one.name) for one in made.series] == [(0, "A"), (1, "B")]


def large(values: str) -> bytes:
    return (
        '{"chart": {"name": "C", "note": "\\"values\\": [", "series": {"A": {"values": ' + values + ', "unit": "$"}, '
        '"B": {"Values" : [[1795185000, 5]], "name": "Bee"}}}, "success": true}'
    ).encode()


@pytest.mark.parametrize("indent", [None, 0, 1])
@pytest.mark.parametrize("width", [2, 5])
def test_a_large_answer_in_slices_is_the_same_as_whole(indent: int | None, width: int) -> None:
    values = [[T0 + i, *(i + part / 8 for part in range(1, width))] for i in range(20_000)]
    first, second = read(large(json.dumps(values, indent=indent))).series
    assert list(first.xs) == [float(point[0]) for point in values]
    assert list(first.ys) == [float(point[-1]) for point in values]
    assert first.candles is (width == 5)
    assert first.unit == "$"
    assert (second.name, list(second.ys)) == ("Bee", [5.0])


def test_a_large_answer_of_mixed_points() -> None:
    values: list[object] = []
    expected: dict[int, str] = {}
    points = 0
    for i in range(12_000):
        match i % 4:
            case 0:
                values.append({"x": T0 + i, "y": i, "tooltip": f'a ]}} "quoted" [{{ {i}\\'})
                expected[points] = f'a ]}} "quoted" [{{ {i}\\'
                points += 1
            case 1:
                values.append([T0 + i, None])
            case 2:
                values.append(None)
            case _:
                values.append([T0 + i, i])
                points += 1
    made = read(large(json.dumps(values))).series[0]
    assert len(made) == points
    assert made.tooltips == expected
    assert list(made.gaps) == list(range(1, points, 2))


def test_a_large_answer_of_unsorted_points() -> None:
    values = [[T0 + i, i] for i in range(20_000)]
    shuffled = values.copy()
    random.Random(5).shuffle(shuffled)
    made = read(large(json.dumps(shuffled))).series[0]
    assert list(made.ys) == [float(i) for i in range(20_000)]


def test_large_arrays_of_another_shape_fall_back_to_the_whole() -> None:
    deep: object = [1]
    for _ in range(10):
        deep = [deep]
    made = read(large(json.dumps([[T0 + i, deep] for i in range(5_000)]))).series[0]
    assert columns(made) == ([], [], [0])


@pytest.mark.parametrize("cut", [1, 100, 50_000, 200_000])
def test_a_large_truncated_answer(cut: int) -> None:
    body = large(json.dumps([[T0 + i, i] for i in range(20_000)]))
    error = failure(lambda: read(body[:-cut]))
    assert error.kind is FailureKind.MALFORMED
    assert "truncated" in error.message


@pytest.mark.parametrize("bad", ["[1,2][3,4]", "[1,,2]", "[1,2}", "[1 2]", "{1:2}", "[1,2],,[3,4]", "[nope]"])
def test_a_large_answer_with_one_broken_point(bad: str) -> None:
    good = ",".join(f"[{T0 + i},{i}]" for i in range(8_000))
    error = failure(lambda: read(large(f"[{good},{bad},{good}]")))
    assert error.kind is FailureKind.MALFORMED


def test_a_large_answer_with_not_a_number() -> None:
    good = ",".join(f"[{T0 + i},{i}]" for i in range(8_000))
    made = read(large(f"[{good},[{T0 + 8_000},NaN],[{T0 + 8_001},-Infinity],[{T0 + 8_002},1e999]]")).series[0]
    assert len(made) == 8_000
    assert list(made.gaps) == [8_000]


times = st.one_of(st.integers(0, 50), st.floats(0, 50), st.sampled_from([None, "7", "x", True, -1, 1e300]))
values = st.one_of(st.none(), st.floats(), st.integers(), st.booleans(), st.text(max_size=3))
points = st.one_of(
    st.none(),
    st.tuples(times, values).map(list),
    st.tuples(times, values, values, values, values).map(list),
    st.fixed_dictionaries({"x": times}, optional={"y": values, "tooltip": values}),
    st.lists(values, max_size=6),
)


@given(st.lists(points, max_size=40), st.integers(0, 10))
def test_columns_keep_their_promises(wire: list[object], kind: int) -> None:
    odd = {"values": json.loads(json.dumps(wire)), "seriesType": kind}
    made = read({"series": {"S": odd, "T": {"values": [[T0, 1]]}}}).series[0]
    count = len(made.xs)
    assert len(made.ys) == count
    assert list(made.xs) == sorted(made.xs)
    assert all(math.isfinite(value) for value in made.ys)
    assert list(made.gaps) == sorted(set(made.gaps))
    assert all(0 <= gap <= count for gap in made.gaps)
    assert all(0 <= position < count for position in made.tooltips)
    for column in (made.opens, made.highs, made.lows):
        assert column is None or len(column) == count
    assert (made.opens is None) == (made.highs is None) == (made.lows is None)
