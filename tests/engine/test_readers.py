from __future__ import annotations

import asyncio
from array import array
from collections.abc import Coroutine
from typing import Any

import pytest

from qctui.api.ports import ApiError, Loading
from qctui.engine.rate_limiter import Priority
from qctui.engine.readers import (
    ALL_SPAN_S,
    Answer,
    ChartReader,
    LogReader,
    OrderReader,
    Reader,
    ReaderSet,
    keep,
)
from qctui.model.chart import Chart, ChartWindow, Series, SeriesType
from qctui.model.deployment import Deployment, LogPage
from qctui.model.keys import DEPLOYMENTS, LINK, chart_key, log_lines_key
from qctui.model.order import OrderPage
from qctui.model.resource import Resource
from qctui.store import Store
from qctui.value import replace
from tests.engine.rig import Rig, on_rig
from tests.fakes import FakeApi, FakeClock, make_deployment, make_order


def _run(work: Coroutine[Any, Any, Answer]) -> Answer:
    return asyncio.run(work)


def _turn(reader: Reader, limit: int = 20) -> Answer:
    async def turn() -> Answer:
        for _ in range(limit):
            answer = await reader.read()
            if answer.more is None:
                return answer
        raise AssertionError("never done")

    return asyncio.run(turn())


@pytest.fixture
def api() -> FakeApi:
    return FakeApi(FakeClock())


def _windows(api: FakeApi) -> list[tuple[int, int]]:
    return [call.args[-2:] for call in api.calls]


@pytest.mark.parametrize(("count", "requests"), [(0, 1), (1, 1), (100, 1), (101, 2), (1_234, 2)])
def test_the_newest_orders_are_at_the_end_of_the_list(api: FakeApi, count: int, requests: int) -> None:
    api.orders = [make_order(number) for number in range(count)]
    reader = OrderReader(api, 1)
    answer = _turn(reader)
    assert answer.value == tuple(api.orders[max(0, count - 90) if count > 100 else 0 :])
    assert api.count("orders") == requests
    assert all(end - start == 100 for start, end in _windows(api))
    _turn(reader)
    assert api.count("orders") == requests + 1


def test_orders_are_followed_when_they_grow_and_when_they_shrink(api: FakeApi) -> None:
    api.orders = [make_order(number) for number in range(95)]
    reader = OrderReader(api, 1)
    _turn(reader)
    api.orders += [make_order(number) for number in range(95, 130)]
    assert _turn(reader).value[-1] == make_order(129)
    api.orders = api.orders[:3]
    assert _turn(reader).value == tuple(api.orders)


def test_an_empty_window_that_should_hold_orders_is_still_loading(api: FakeApi) -> None:
    api.script["orders"] = lambda *_: OrderPage((), 40)
    reader = OrderReader(api, 1)
    answer = _run(reader.read())
    assert answer.loading == Loading(None)
    assert answer.value is None

    async def until_it_fails() -> None:
        for _ in range(20):
            await reader.read()

    with pytest.raises(ApiError, match="40 orders but sends none"):
        asyncio.run(until_it_fails())


def test_orders_pass_on_a_loading_answer(api: FakeApi) -> None:
    api.script["orders"] = lambda *_: Loading(0.5)
    assert _run(OrderReader(api, 1).read()).loading == Loading(0.5)


def test_orders_without_a_total_are_walked_to_the_end(api: FakeApi) -> None:
    orders = [make_order(number) for number in range(250)]
    api.script["orders"] = lambda project_id, start, end: OrderPage(tuple(orders[start:end]), None)
    assert _turn(OrderReader(api, 1)).value[-1] == make_order(249)


@pytest.mark.parametrize(("count", "offset"), [(0, 0), (5, 0), (200, 0), (201, 0), (5_000, 0), (300, 290), (300, 300)])
def test_the_log_shows_its_tail_and_nothing_of_earlier_deployments(api: FakeApi, count: int, offset: int) -> None:
    lines = [f"line {number}" for number in range(count)]

    def serve(project_id: int, deploy_id: str, start: int, end: int) -> LogPage:
        return LogPage(tuple(lines[start:end]), start, len(lines), offset)

    api.script["logs"] = serve
    reader = LogReader(api, 1, "L-1")
    page = _turn(reader).value
    assert page.lines == tuple(lines[max(offset, count - 190) :])
    assert all(end - start <= 200 for start, end in _windows(api))
    lines += [f"more {number}" for number in range(30)]
    assert _turn(reader).value.lines[-1] == "more 29"


def test_a_log_whose_length_is_not_reported_is_walked_to_the_end(api: FakeApi) -> None:
    lines = tuple(f"line {number}" for number in range(450))
    api.script["logs"] = lambda project_id, deploy_id, start, end: LogPage(lines[start:end], start, None, 0)
    assert _turn(LogReader(api, 1, "L-1")).value.lines[-1] == "line 449"


def test_lines_of_a_log_are_read_where_they_are_asked_for_and_searched_by_the_service() -> None:
    async def body(rig: Rig) -> None:
        rig.api.logs = [f"line {number} {'Filled' if number % 3 == 0 else 'held'}" for number in range(900)]
        older, found = log_lines_key(1, "L-1", 400), log_lines_key(1, "L-1", 0, "fILLED")
        rig.subscribe(older, found)
        await rig.clock.advance(1)
        assert rig.value(older).lines == tuple(rig.api.logs[400:600])
        page = rig.value(found)
        assert (page.length, len(page.lines), page.lines[1]) == (300, 200, "line 3 Filled")
        calls = {call.args for call in rig.api.calls if call.name == "logs"}
        assert calls == {(1, "L-1", 400, 600), (1, "L-1", 0, 200, "fILLED")}

    on_rig(body)


def _chart_call(api: FakeApi, window: ChartWindow, store: Store | None = None) -> tuple[float, float]:
    reader = ChartReader(api, chart_key(1, "Equity", window, 300), store or Store(), api.clock)
    _run(reader.read())
    _, name, start, end, count = api.calls[-1].args
    assert (name, count) == ("Equity", 300)
    return start, end


def test_a_following_chart_window_ends_now(api: FakeApi) -> None:
    now = api.clock.now()
    assert _chart_call(api, ChartWindow(span_s=3_600.0)) == (now - 3_600, now)


def test_a_fixed_chart_window_is_asked_for_as_it_is(api: FakeApi) -> None:
    assert _chart_call(api, ChartWindow(start=100.0, end=200.0)) == (100.0, 200.0)
    start, end = _chart_call(api, ChartWindow(start=100.0, end=100.0))
    assert end > start


def test_all_begins_with_the_first_deployment_of_the_project(api: FakeApi) -> None:
    now = api.clock.now()
    store = Store()
    everything = ChartWindow(span_s=None)
    assert _chart_call(api, everything, store) == (now - ALL_SPAN_S, now)
    rows = (
        make_deployment(1, launched_at=now - 86_400),
        make_deployment(1, launched_at=now - 5 * 86_400),
        make_deployment(1, launched_at=None),
        make_deployment(2, launched_at=now - 50 * 86_400),
    )
    store.put(DEPLOYMENTS, Resource[tuple[Deployment, ...]](value=rows))
    assert _chart_call(api, everything, store) == (now - 5 * 86_400, now)
    store.put(DEPLOYMENTS, Resource[tuple[Deployment, ...]](value=(make_deployment(1, launched_at=now + 5),)))
    start, end = _chart_call(api, everything, store)
    assert end - start >= 3_600


def _series(ys: list[float], **changes: Any) -> Series:
    base = Series("Equity", "$", 0, SeriesType.LINE, array("d", range(len(ys))), array("d", ys))
    return replace(base, **changes)


def _chart(*series: Series, end: float = 10.0) -> Chart:
    return Chart("Equity", stacked=False, series=series, start=0.0, end=end, count=300)


def test_a_charts_age_is_that_of_its_last_point() -> None:
    api = FakeApi(FakeClock(now=1_000.0))
    points = _series([1.0, 2.0], xs=array("d", [900.0, 960.0]))
    stray = _series([1.0], xs=array("d", [5.0]))
    api.script["chart"] = lambda project_id, name, start, end, count: replace(
        _chart(points, stray), start=start, end=end
    )
    reader = ChartReader(api, chart_key(1, "Equity", ChartWindow(span_s=300.0), 300), Store(), api.clock)
    assert _run(reader.read()).as_of == 960.0


def test_an_equal_chart_is_the_same_chart() -> None:
    nan = float("nan")
    candle = {"opens": array("d", [1.0, nan]), "highs": array("d", [2.0, 3.0]), "lows": array("d", [0.0, 1.0])}
    old = _chart(_series([1.0, 2.0], **candle))
    assert keep(old, _chart(_series([1.0, 2.0], **candle), end=99.0)) is old
    for other in (
        _chart(_series([1.0, 2.5], **candle)),
        _chart(_series([1.5, 2.0], **candle)),
        _chart(_series([1.0, 2.0])),
        _chart(_series([1.0, 2.0], **candle), _series([1.0])),
        _chart(_series([1.0, 2.0], **candle, color="#ff0000")),
        _chart(_series([1.0, 2.0], **candle, gaps=array("l", [1]))),
    ):
        assert keep(old, other) is other


def test_an_equal_value_is_the_same_value() -> None:
    old = (make_deployment(1), make_deployment(2))
    assert keep(old, (make_deployment(1), make_deployment(2))) is old
    new = (make_deployment(1), make_deployment(2, equity=5.0))
    assert keep(old, new) is new
    assert keep(None, new) is new


def test_there_is_no_reader_for_what_is_not_read(api: FakeApi) -> None:
    assert ReaderSet(api, Store(), api.clock).open(LINK) is None


def test_a_list_under_way_says_how_urgent_its_next_page_is(api: FakeApi) -> None:
    api.orders = [make_order(number) for number in range(300)]
    assert _run(OrderReader(api, 1).read()).more is Priority.FRESH
