from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qctui.api.ports import ApiError
from qctui.engine.insight_pager import InsightPager
from qctui.engine.paging import PAGE
from qctui.engine.readers import InsightReader
from qctui.model.insight import Insight, InsightPage
from qctui.model.keys import insights_key
from qctui.model.resource import FailureKind
from qctui.value import replace
from tests.engine.rig import Rig, on_rig
from tests.fakes import make_insight, server_error

KEY = insights_key(1, "L-1")


def _ids(insights: tuple[Insight, ...]) -> list[str]:
    return [insight.insight_id for insight in insights]


def _rows(count: int) -> list[Insight]:
    return [make_insight(number) for number in range(count)]


def _newest_first(rows: list[Insight]) -> list[str]:
    return [row.insight_id for row in sorted(rows, key=lambda row: -(row.generated_at or 0))]


Serve = Callable[[int, int], InsightPage]


def _turn(pager: InsightPager, serve: Serve, now: float = 2e9, limit: int = 10_000) -> int:
    """Ask until the pager has had enough; how often."""
    for asked in range(1, limit):
        window = pager.next_window(now)
        assert 0 <= window.start < window.end
        assert window.end - window.start <= PAGE
        if not pager.add(serve(window.start, window.end)):
            return asked
    raise AssertionError("the pager never has enough")


def _serve(rows: list[Insight], length: int | None = -1, cut: int = PAGE) -> Serve:
    def serve(start: int, end: int) -> InsightPage:
        told = len(rows) if length == -1 else length
        return InsightPage(tuple(rows[start : min(end, start + cut)]), told)

    return serve


def test_ten_thousand_are_read_once_within_the_budget_and_then_one_request_a_poll() -> None:
    async def body(rig: Rig) -> None:
        rig.subscribe(KEY)
        await rig.clock.advance(2)
        log = rig.value(KEY)
        assert not log.complete
        assert log.expected == 10_000
        assert log.insights[0].insight_id == make_insight(9_999).insight_id
        await rig.clock.advance(300)
        log = rig.value(KEY)
        assert log.complete
        assert log.expected is None
        assert len(log.insights) == 10_000
        assert log.insights[0].insight_id == make_insight(9_999).insight_id
        assert log.insights[-1].insight_id == make_insight(0).insight_id
        calls = [call for call in rig.api.calls if call.name == "insights"]
        filling = [call for call in calls if call.args[1] < 9_000]
        assert len(filling) <= 10_000 // PAGE + 1
        assert all(call.args[2] - call.args[1] <= 99 for call in calls)
        assert rig.puts.count(KEY) <= 20
        sent = rig.api.count("insights")
        await rig.clock.advance(600)
        assert rig.api.count("insights") == sent + 10
        assert rig.value(KEY) is log
        # Meanwhile nothing else waited.
        assert rig.api.count("deployments") == pytest.approx(902 / 15, abs=2)

    def before(rig: Rig) -> None:
        rig.api.insights = _rows(10_000)

    on_rig(body, before=before)


def test_new_ones_and_new_scores_come_with_one_request() -> None:
    async def body(rig: Rig) -> None:
        rig.api.insights = _rows(250)
        rig.subscribe(KEY)
        await rig.clock.advance(30)
        sent = rig.api.count("insights")
        rig.api.insights += [make_insight(number) for number in range(250, 255)]
        rig.api.insights[240] = replace(rig.api.insights[240], score_direction=0.25)
        await rig.clock.advance(60)
        assert rig.api.count("insights") == sent + 1
        log = rig.value(KEY)
        assert _ids(log.insights) == _newest_first(rig.api.insights)
        assert log.insights[254 - 240].score_direction == 0.25

    on_rig(body)


def test_a_break_in_the_middle_goes_on_where_it_was() -> None:
    async def body(rig: Rig) -> None:
        rig.api.insights = _rows(6_000)
        rig.subscribe(KEY)
        await rig.clock.advance(1)
        rig.api.fail(server_error(), "insights")
        await rig.clock.advance(30)
        error = rig.error(KEY)
        assert error.kind is FailureKind.SERVER
        shown = len(rig.value(KEY).insights)
        assert shown > 0
        rig.api.heal("insights")
        await rig.clock.advance(300)
        assert rig.value(KEY).complete
        starts = [call.args[1] for call in rig.api.calls if call.name == "insights"]
        assert len(starts) <= 6_000 // PAGE + 15
        assert rig.get(KEY).error is None

    on_rig(body)


def test_leaving_and_coming_back_does_not_begin_again() -> None:
    async def body(rig: Rig) -> None:
        rig.api.insights = _rows(6_000)
        rig.subscribe(KEY)
        await rig.clock.advance(20)
        rig.subscribe(insights_key(2, "L-2"))
        await rig.clock.advance(400)
        starts = [call.args[1] for call in rig.api.calls if call.name == "insights" and call.args[0] == 1]
        rig.subscribe(KEY)
        await rig.clock.advance(300)
        again = [call.args[1] for call in rig.api.calls if call.name == "insights" and call.args[0] == 1]
        assert rig.value(KEY).complete
        assert 0 not in again[len(starts) :]

    on_rig(body)


@pytest.mark.parametrize("count", [0, 1, 2, 48, 49, 50, 98, 99, 100, 198, 199, 500, 1_000])
@pytest.mark.parametrize("length", [-1, None, 0, 1, 99, 150, 5_000, 10**15])
@pytest.mark.parametrize("reverse", [False, True])
def test_whatever_the_length_claims_everything_is_read_and_then_followed(
    count: int, length: int | None, reverse: bool
) -> None:
    rows = _rows(count)
    if reverse:
        rows.reverse()
    pager = InsightPager()
    requests = _turn(pager, _serve(rows, length))
    assert pager.log.complete
    assert _ids(pager.log.insights) == _newest_first(rows)
    assert requests <= count // PAGE + 4 + 2 * (count // PAGE).bit_length()
    for number in range(count, count + 60):
        rows.insert(0 if reverse else len(rows), make_insight(number))
        if number % 7 == 0:
            assert _turn(pager, _serve(rows, length)) <= 2
    _turn(pager, _serve(rows, length))
    assert _ids(pager.log.insights) == _newest_first(rows)


@pytest.mark.parametrize("count", [150, 199, 250, 1_000, 2_000, 10_000])
@pytest.mark.parametrize("length", [-1, None, "returned", 10, 150, 50_000])
@pytest.mark.parametrize("reverse", [False, True])
def test_the_newest_are_there_before_the_rest_whatever_the_length_claims(
    count: int, length: int | str | None, reverse: bool
) -> None:
    rows = _rows(count)
    if reverse:
        rows.reverse()

    def serve(start: int, end: int) -> InsightPage:
        page = tuple(rows[start:end])
        told = count if length == -1 else len(page) if isinstance(length, str) else length
        return InsightPage(page, told)

    pager = InsightPager()
    newest = make_insight(count - 1)
    asked, more = 0, True
    while more and not pager.log.newest:
        asked += 1
        window = pager.next_window(2e9)
        more = pager.add(serve(window.start, window.end))
        # What is not known to be the newest is never passed off as such, and what is known is shown at once.
        assert pager.log.newest is (newest in pager.log.insights)
    assert pager.log.newest
    assert asked <= 2 + 2 * (count // PAGE).bit_length()
    if length == -1:
        assert asked <= 2
    assert pager.log.insights[0] == newest


def test_a_service_that_refuses_what_lies_beyond_the_end_is_read_like_any_other() -> None:
    def serve(project_id: int, start: int, end: int, deploy_id: str) -> InsightPage:
        if start > 640:
            raise ApiError(FailureKind.REJECTED, "insights: no such rows", answered=True)
        return InsightPage(tuple(_rows(640)[start:end]), None)

    async def body(rig: Rig) -> None:
        rig.subscribe(KEY)
        await rig.clock.advance(30)
        assert _ids(rig.value(KEY).insights) == _newest_first(_rows(640))
        assert rig.get(KEY).error is None

    def before(rig: Rig) -> None:
        rig.api.script["insights"] = serve

    on_rig(body, before=before)


def test_the_top_stays_new_while_thousands_are_read() -> None:
    async def body(rig: Rig) -> None:
        rig.subscribe(KEY)
        for number in range(13_000, 13_002):
            rig.api.insights.append(make_insight(number))
            await rig.clock.advance(65)
            log = rig.value(KEY)
            assert not log.complete
            assert log.newest
            assert log.insights[0].insight_id == make_insight(number).insight_id
            assert log.expected == number + 1
        await rig.clock.advance(200)
        assert rig.value(KEY).complete
        assert len(rig.value(KEY).insights) == 13_002
        assert rig.api.count("insights") <= 13_000 // PAGE + 15

    def before(rig: Rig) -> None:
        rig.api.insights = _rows(13_000)

    on_rig(body, before=before)


@given(
    count=st.integers(0, 1_500),
    length=st.one_of(st.just(-1), st.none(), st.integers(-5, 4_000)),
    reverse=st.booleans(),
    bursts=st.lists(st.sampled_from([0, 0, 0, 0, 0, 1, 7, 60]), max_size=40),
    large=st.integers(0, 40),
)
def test_nothing_is_lost_of_what_comes_while_they_are_read(
    count: int, length: int | None, reverse: bool, bursts: list[int], large: int
) -> None:
    rows = _rows(count)
    if reverse:
        rows.reverse()
    pager, now, made = InsightPager(), 1.8e9, count
    # Hundreds of rows that push the others down while two pages are read are more than a list without a mark can tell.
    for burst in (*bursts[:large], 90 if reverse else 320, *bursts[large:], *[0] * 200):
        now += 25.0
        window = pager.next_window(now)
        assert 0 <= window.start < window.end <= window.start + PAGE
        pager.add(_serve(rows, length)(window.start, window.end))
        for _ in range(burst):
            rows.insert(0 if reverse else len(rows), make_insight(made))
            made += 1
    assert pager.log.complete
    assert _ids(pager.log.insights) == _newest_first(rows)


@pytest.mark.parametrize("burst", [50, 51, 99, 100, 350])
@pytest.mark.parametrize("reverse", [False, True])
def test_many_new_ones_at_once_are_all_read(burst: int, reverse: bool) -> None:
    rows = _rows(300)
    if reverse:
        rows.reverse()
    pager = InsightPager()
    _turn(pager, _serve(rows))
    for number in range(300, 300 + burst):
        rows.insert(0 if reverse else len(rows), make_insight(number))
    assert _turn(pager, _serve(rows)) <= burst // PAGE + 2
    assert _ids(pager.log.insights) == _newest_first(rows)


@given(count=st.integers(0, 700), length=st.one_of(st.none(), st.integers(-5, 2_000)), cut=st.integers(1, PAGE))
def test_pages_cut_short_lose_nothing_where_the_length_is_right(count: int, length: int | None, cut: int) -> None:
    rows = _rows(count)
    pager = InsightPager()
    _turn(pager, _serve(rows, -1, cut))
    assert _ids(pager.log.insights) == _newest_first(rows)
    other = InsightPager()
    _turn(other, _serve(rows, length, cut))
    assert set(_ids(other.log.insights)) <= set(_ids(tuple(rows)))


def test_a_service_that_ignores_the_indexes_does_not_go_on_for_ever() -> None:
    rows = tuple(_rows(PAGE))
    pager = InsightPager()
    for _ in range(10):
        assert _turn(pager, lambda start, end: InsightPage(rows, None)) <= 3
    assert len(pager.log.insights) == PAGE


def test_a_service_that_never_ends_fills_no_memory() -> None:
    pager = InsightPager(limit=1_000)

    def serve(start: int, end: int) -> InsightPage:
        return InsightPage(tuple(make_insight(number) for number in range(start, end)), 10**12)

    for _ in range(5):
        _turn(pager, serve)
    assert len(pager._known) <= 1_000
    assert len(pager.log.insights) <= 1_000


def test_undated_and_repeated_rows_are_kept_once_and_last() -> None:
    rows = [replace(make_insight(number), generated_at=None) for number in range(3)]
    pager = InsightPager()
    _turn(pager, _serve([*rows, make_insight(9), *rows]))
    assert _ids(pager.log.insights) == _ids((make_insight(9), *rows))


@pytest.mark.parametrize("count", [1, 250])
def test_rows_without_an_id_are_not_one_and_the_same(count: int) -> None:
    rows = [replace(row, insight_id="") for row in _rows(count)]
    pager = InsightPager()
    _turn(pager, _serve(rows))
    assert len(pager.log.insights) == count
    before = pager.log
    _turn(pager, _serve(rows))
    assert pager.log is before
    final = [*rows[:-1], replace(rows[-1], score_direction=0.5)]
    _turn(pager, _serve(final))
    assert len(pager.log.insights) == count
    assert pager.log.insights[0].score_direction == 0.5


def test_rows_that_vanish_stay_on_screen_until_that_is_certain() -> None:
    rows = _rows(300)
    pager = InsightPager()
    _turn(pager, _serve(rows))
    log = pager.log
    gone = _serve([], 0)
    for _ in range(2):
        assert _turn(pager, gone) == 1
        assert pager.log is log
    _turn(pager, _serve(rows))
    assert pager.log is log
    for _ in range(3):
        _turn(pager, gone)
    assert _ids(pager.log.insights) == _ids(log.insights)
    _turn(pager, _serve(rows[:120]))
    assert pager.log.complete
    assert _ids(pager.log.insights) == _newest_first(rows[:120])


def test_nothing_new_keeps_the_same_object() -> None:
    rows = _rows(150)
    pager = InsightPager()
    _turn(pager, _serve(rows))
    log = pager.log
    _turn(pager, _serve(rows))
    assert pager.log is log


@pytest.mark.parametrize("reverse", [False, True])
def test_an_old_insight_that_closes_is_read_again_for_its_score(reverse: bool) -> None:
    now = 1_700_000_000.0
    rows = _rows(1_000)
    for place in (100, 103, 700):
        rows[place] = replace(rows[place], score_final=False, close_at=now + 600)
    if reverse:
        rows.reverse()
    pager = InsightPager()
    _turn(pager, _serve(rows), now)
    for row, insight in enumerate(rows):
        rows[row] = replace(insight, score_final=True, score_direction=0.75)
    log = pager.log
    assert _turn(pager, _serve(rows), now + 900) == 1
    assert {insight.score_direction for insight in log.insights} == {1.0}
    assert _turn(pager, _serve(rows), now + 1_300) == 2
    assert _turn(pager, _serve(rows), now + 1_400) == 2
    final = {insight.insight_id for insight in pager.log.insights if insight.score_direction == 0.75}
    assert {make_insight(place).insight_id for place in (100, 103, 700)} <= final
    assert _turn(pager, _serve(rows), now + 10_000) == 1


def test_a_page_that_cannot_be_read_again_does_not_stand_before_the_new_ones() -> None:
    now = 1_700_000_000.0
    rows = _rows(400)
    rows[10] = replace(rows[10], score_final=None, close_at=now)
    pager = InsightPager()
    _turn(pager, _serve(rows), now)
    window = pager.next_window(now + 1_000)
    assert pager.add(_serve(rows)(window.start, window.end))
    assert pager.next_window(now + 1_000).start == 0
    rows.append(make_insight(400))
    _turn(pager, _serve(rows), now + 1_060)
    assert pager.log.insights[0] == make_insight(400)


def _windows(pager: InsightPager, serve: Serve, now: float = 2e9) -> list[tuple[int, int]]:
    """The windows of one turn, as they went out."""
    asked: list[tuple[int, int]] = []

    def noted(start: int, end: int) -> InsightPage:
        asked.append((start, end))
        return serve(start, end)

    _turn(pager, noted, now)
    return asked


def test_the_windows_of_a_list_that_begins_with_the_oldest() -> None:
    """Each row in one window, none in two but those read again for their scores: 49 at the end, and room for 50."""
    rows = _rows(250)
    pager = InsightPager()
    assert _windows(pager, _serve(rows)) == [(0, 99), (152, 251), (99, 152)]
    assert _windows(pager, _serve(rows)) == [(201, 300)]
    rows += [make_insight(number) for number in range(250, 299)]
    # 98 rows are a short page: there is nothing after them.
    assert _windows(pager, _serve(rows)) == [(201, 300)]
    rows.append(make_insight(299))
    assert _windows(pager, _serve(rows)) == [(250, 349)]
    rows += [make_insight(number) for number in range(300, 350)]
    # 99 rows are a full one.
    assert _windows(pager, _serve(rows)) == [(251, 350), (350, 449)]


def test_the_windows_of_a_list_that_begins_with_the_newest() -> None:
    rows = _rows(400)[::-1]
    pager = InsightPager()
    assert _windows(pager, _serve(rows)) == [(0, 99), (99, 198), (198, 297), (297, 396), (396, 495)]
    assert _windows(pager, _serve(rows)) == [(0, 99)]


def test_the_windows_of_a_list_whose_order_shows_late() -> None:
    """Its first page tells no order, so the tail is read second; then the middle, from its newer end."""
    rows = [replace(row, generated_at=None) for row in _rows(99)] + _rows(400)[:98:-1]
    pager = InsightPager()
    assert _windows(pager, _serve(rows)) == [(0, 99), (302, 401), (99, 198), (198, 297), (297, 302)]


@pytest.mark.parametrize(("reverse", "window"), [(False, (151, 250)), (True, (750, 849))])
def test_the_window_of_an_insight_that_has_closed_stands_around_it(reverse: bool, window: tuple[int, int]) -> None:
    now = 1_700_000_000.0
    rows = _rows(1_000)
    rows[200] = replace(rows[200], score_final=False, close_at=now)
    if reverse:
        rows.reverse()
    pager = InsightPager()
    _turn(pager, _serve(rows), now)
    assert _windows(pager, _serve(rows), now + 1_000)[1:] == [window]


def test_the_newest_page_is_handed_on_with_its_own_answer() -> None:
    """The pages behind it wait for the read budget: what is on top must not wait with them."""
    rows = _rows(2_000)

    async def body(rig: Rig) -> None:
        rig.api.insights = rows
        reader = InsightReader(rig.api, KEY, InsightPager(), rig.clock)
        first, second = (await reader.read()).value, (await reader.read()).value
        assert not first.newest
        assert second.newest
        assert second.insights[0].insight_id == rows[-1].insight_id

    on_rig(body)
