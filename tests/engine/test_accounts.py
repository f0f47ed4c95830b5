"""The accounts of what runs: the day's change from the equity chart, what is held, and at what cost in reads."""

from __future__ import annotations

from array import array
from collections import Counter
from itertools import pairwise

import pytest

from qctui.api.ports import ApiError
from qctui.engine.accounts import EVERY_S, currency_symbol
from qctui.engine.pulses import Part
from qctui.engine.schedule import PollSettings
from qctui.model.account import ACCOUNTS, DAY_S, EQUITY_HISTORY, Account, EquityTrail
from qctui.model.chart import EQUITY_CHART, Chart, Series, SeriesType
from qctui.model.deployment import Environment
from qctui.model.keys import detail_key, insights_key, optimization_key, optimizations_key, portfolio_key
from qctui.model.portfolio import Cash, Holding, Portfolio
from qctui.model.resource import FailureKind
from tests.engine.rig import Rig, nothing_runs, on_rig
from tests.fakes import connect_error, make_deployment, make_detail, make_insight, server_error

HELD = Portfolio(
    (
        Holding("SPY R735QTJ8XC9X", "SPY", 10.0, market_value=5_000.0),
        Holding("SAP X", "SAP", -4.0, market_value=-1_000.0, currency_symbol="€", conversion_rate=1.1),
        Holding("IBM R735QTJ8XC9X", "IBM", 0.0),
    ),
    (Cash("USD", 100.0, "$", 1.0),),
    is_known=True,
)


def equity(*points: tuple[float, float], unit: str = "$", sparse: bool = False) -> Chart:
    """The equity chart with these values at these times."""
    series = Series(
        "Equity", unit, 0, SeriesType.LINE, array("d", [at for at, _ in points]), array("d", [y for _, y in points])
    )
    return Chart(EQUITY_CHART, False, (series,), sparse=sparse)


def steps(rig: Rig, hours: float, first: float = 90_000.0, hourly: float = 100.0) -> list[tuple[float, float]]:
    """An equity that rose every hour for so long, up to now."""
    now = rig.clock.now()
    return [(now - 3_600.0 * (hours - hour), first + hourly * hour) for hour in range(int(hours) + 1)]


def charted(rig: Rig, chart: Chart) -> None:
    rig.api.script["chart"] = lambda *_: chart


def held(rig: Rig, portfolio: Portfolio) -> None:
    rig.api.script["portfolio"] = lambda *_: portfolio


def trail(rig: Rig, number: int = 1) -> EquityTrail:
    return rig.value(EQUITY_HISTORY)[make_deployment(number).deploy_id]


def base(rig: Rig, number: int = 1) -> float | None:
    deployment = next(each for each in rig.api.deployments if each.project_id == number)
    return trail(rig, number).base(deployment.launched_at, rig.clock.now())


def account(rig: Rig, number: int = 1) -> Account:
    return rig.value(ACCOUNTS)[make_deployment(number).deploy_id]


def test_a_change_is_measured_from_a_day_ago_by_the_equity_chart() -> None:
    async def body(rig: Rig) -> None:
        await rig.clock.advance(30)
        now = rig.clock.now()
        assert trail(rig).ats[0] < now - DAY_S
        assert base(rig) == pytest.approx(90_000.0 + 100.0 * 16)
        # What was listed since continues it; a day ago moves on with the time.
        await rig.clock.advance(4 * 3_600)
        assert trail(rig).values[-1] == rig.api.deployments[0].equity
        assert base(rig) == pytest.approx(90_000.0 + 100.0 * 20)

    on_rig(body, before=lambda rig: charted(rig, equity(*steps(rig, 40.0))))


def test_nothing_is_measured_from_when_the_program_started() -> None:
    async def body(rig: Rig) -> None:
        await rig.clock.advance(600)
        assert len(trail(rig).values) >= 1
        assert base(rig) is None

    on_rig(body)


def test_what_earlier_deployments_of_the_project_earned_is_not_this_ones() -> None:
    def stage(rig: Rig) -> None:
        rig.api.deployments = [make_deployment(1, launched_at=rig.clock.now() - 5.5 * 3_600)]
        charted(rig, equity(*steps(rig, 40.0)))

    async def body(rig: Rig) -> None:
        await rig.clock.advance(30)
        assert min(trail(rig).ats) >= (rig.api.deployments[0].launched_at or 0.0)
        assert base(rig) == pytest.approx(90_000.0 + 100.0 * 35)

    on_rig(body, before=stage)


def test_without_a_launch_the_chart_may_be_of_an_earlier_deployment() -> None:
    def stage(rig: Rig) -> None:
        rig.api.deployments = [make_deployment(1, launched_at=None)]
        charted(rig, equity(*steps(rig, 40.0)))

    async def body(rig: Rig) -> None:
        await rig.clock.advance(60)
        assert base(rig) is None

    on_rig(body, before=stage)


def test_a_misread_window_and_a_day_with_a_hole_are_no_beginning() -> None:
    async def body(rig: Rig) -> None:
        charted(rig, equity((rig.clock.now(), 5.0), sparse=True))
        await rig.clock.advance(60)
        assert base(rig) is None
        charted(rig, equity(*steps(rig, 6.0)))
        await rig.clock.advance(3_600)
        assert trail(rig).since < rig.clock.now() - DAY_S
        assert base(rig) is None

    on_rig(body)


def test_an_equity_that_stood_still_over_a_closed_market_is_what_it_was() -> None:
    async def body(rig: Rig) -> None:
        await rig.clock.advance(30)
        assert base(rig) == 5_000.0

    def stage(rig: Rig) -> None:
        now = rig.clock.now()
        charted(rig, equity((now - 40 * 3_600, 4_000.0), (now - 33 * 3_600, 5_000.0), (now - 3_600, 6_000.0)))

    on_rig(body, before=stage)


def test_a_launch_that_was_seen_is_measured_from_without_a_chart() -> None:
    async def body(rig: Rig) -> None:
        launched_at = rig.clock.now()
        rig.api.deployments = [make_deployment(2, launched_at=launched_at, equity=1_000.0)]
        await rig.clock.advance(30)
        rig.api.deployments = [make_deployment(2, launched_at=launched_at, equity=1_300.0)]
        await rig.clock.advance(30)
        assert base(rig, 2) == 1_000.0
        assert trail(rig, 2).values[-1] == 1_300.0

    on_rig(body)


@pytest.mark.parametrize("ago_s", [20, 120])
def test_a_launch_shortly_before_the_start_was_not_seen_and_only_the_chart_tells_of_it(ago_s: float) -> None:
    def stage(rig: Rig) -> None:
        rig.api.deployments = [make_deployment(1, launched_at=rig.clock.now() - ago_s, equity=900.0)]

    async def body(rig: Rig) -> None:
        await rig.clock.advance(30)
        assert (trail(rig).values[0], base(rig)) == (900.0, None)
        launched_at = rig.api.deployments[0].launched_at or 0.0
        charted(rig, equity((launched_at, 1_000.0)))
        await rig.clock.advance(1_800)
        assert base(rig) == 1_000.0

    on_rig(body, before=stage)


def test_points_seconds_apart_are_thinned() -> None:
    def stage(rig: Rig) -> None:
        now = rig.clock.now()
        charted(rig, equity(*((now - second, 1_000.0 - second) for second in range(100_000, 0, -10))))

    async def body(rig: Rig) -> None:
        await rig.clock.advance(30)
        assert 96 <= len(trail(rig).ats) <= 102
        assert base(rig) == pytest.approx(1_000.0 - 86_400.0, abs=901)

    on_rig(body, before=stage)


def test_what_is_held_is_counted_in_the_accounts_currency() -> None:
    async def body(rig: Rig) -> None:
        await rig.clock.advance(30)
        found = account(rig)
        assert found.exposure == pytest.approx(6_100.0)
        assert (found.positions, found.currency) == (2, "$")
        # The dialog of an action and the details begin with it.
        assert rig.value(portfolio_key(1)) is HELD

    def stage(rig: Rig) -> None:
        charted(rig, equity(*steps(rig, 40.0)))
        held(rig, HELD)

    on_rig(body, before=stage)


@pytest.mark.parametrize(
    ("portfolio", "positions", "exposure"),
    [
        (Portfolio((), (), is_known=False), None, None),
        (Portfolio((), (Cash("USD", 1.0),), is_known=True), 0, 0.0),
        (Portfolio((Holding("A", "A", 0.0, unreadable_quantity=True),), (), is_known=True), None, None),
        (Portfolio((Holding("A", "A", 1.0), Holding("B", "B", 1.0, market_value=9.0)), (), is_known=True), 2, None),
        (Portfolio((Holding("A", "A", 1.0, market_value=9.0, conversion_rate=0.0),), (), is_known=True), 1, None),
        (Portfolio((Holding("A", "A", -1.0, market_value=-9.0),), (), is_known=True), 1, 9.0),
    ],
)
def test_what_is_not_understood_is_not_nothing(
    portfolio: Portfolio, positions: int | None, exposure: float | None
) -> None:
    assert (portfolio.positions, portfolio.exposure) == (positions, exposure)


def test_balances_in_coins_are_reported_and_not_counted() -> None:
    assert Portfolio((), (Cash("USD", 1.0, "$", 1.0), Cash("BTC", 0.5, "", 60_000.0)), is_known=True).other_cash
    assert not Portfolio((), (Cash("USD", 1.0, "$", 1.0), Cash("BTC", 0.0, "", 60_000.0)), is_known=True).other_cash


def test_of_two_that_run_in_one_project_nothing_is_reported() -> None:
    def stage(rig: Rig) -> None:
        rig.api.deployments = [make_deployment(1), make_deployment(1, deploy_id="L-other")]

    async def body(rig: Rig) -> None:
        await rig.clock.advance(600)
        assert rig.get(ACCOUNTS).value in (None, {})
        assert rig.api.count("portfolio") == rig.api.count("chart") == 0

    on_rig(body, before=stage)


def test_what_one_deployment_held_is_not_shown_of_the_next() -> None:
    async def body(rig: Rig) -> None:
        await rig.clock.advance(30)
        assert rig.value(portfolio_key(1)) is HELD
        rig.api.fail(ApiError(FailureKind.REJECTED, "No.", answered=True), "portfolio")
        rig.api.deployments = [make_deployment(1, deploy_id="L-next")]
        await rig.clock.advance(30)
        assert rig.value(ACCOUNTS)["L-next"].positions is None
        assert rig.get(portfolio_key(1)).value is None

    on_rig(body, before=lambda rig: held(rig, HELD))


def test_nor_where_its_own_read_tells_of_the_next_before_the_list_does() -> None:
    none_held = Portfolio((), (Cash("USD", 100.0, "$", 1.0),), is_known=True)

    async def body(rig: Rig) -> None:
        rig.subscribe(detail_key(1), portfolio_key(1))
        await rig.clock.advance(5)
        rig.api.script["detail"] = lambda *_: make_detail(1, deploy_id="")
        await rig.clock.advance(10)
        assert rig.value(portfolio_key(1)) is HELD, "an answer without an id is no evidence"
        rig.api.script["detail"] = lambda *_: make_detail(1)
        await rig.clock.advance(10)
        rig.api.script["detail"] = lambda *_: make_detail(1, deploy_id="L-next")
        held(rig, none_held)
        rig.api.hold("portfolio")
        await rig.clock.advance(10)
        assert rig.get(portfolio_key(1)).value is None
        rig.api.unhold("portfolio")
        await rig.clock.advance(1)
        assert rig.value(portfolio_key(1)) is none_held, "it is read again at once"
        reads = rig.api.count("portfolio")
        await rig.clock.advance(30)
        assert rig.api.count("portfolio") == reads, "and not at every look"

    on_rig(body, before=lambda rig: held(rig, HELD))


def test_nothing_is_asked_for_while_nothing_runs() -> None:
    async def body(rig: Rig) -> None:
        await rig.clock.advance(600)
        assert rig.api.count("portfolio") == rig.api.count("chart") == 0
        rig.api.deployments = [make_deployment(2)]
        await rig.clock.advance(20)
        assert (rig.api.count("portfolio"), rig.api.count("chart")) == (1, 1)
        nothing_runs(rig)
        await rig.clock.advance(3_600)
        assert (rig.api.count("portfolio"), rig.api.count("chart")) == (1, 1)
        assert rig.value(ACCOUNTS) == {}

    on_rig(body, before=nothing_runs)


def test_holdings_are_read_again_after_minutes_and_the_equity_after_half_an_hour() -> None:
    async def body(rig: Rig) -> None:
        await rig.clock.advance(2 * 3_600)
        for name, every_s in (("chart", EVERY_S[Part.EQUITY]), ("portfolio", EVERY_S[Part.HOLDINGS])):
            times = rig.api.times(name)
            assert all(after - before >= every_s for before, after in pairwise(times))
            assert len(times) >= 2 * 3_600 / every_s - 1

    def stage(rig: Rig) -> None:
        rig.api.script["chart"] = lambda *_: equity(*steps(rig, 40.0))
        held(rig, HELD)

    on_rig(body, before=stage)


def test_holdings_on_screen_are_not_read_twice() -> None:
    async def body(rig: Rig) -> None:
        rig.subscribe(portfolio_key(1))
        await rig.clock.advance(1_800)
        assert rig.api.overlaps == 0
        assert {round(after - before) for before, after in pairwise(rig.api.times("portfolio"))} == {60}
        assert account(rig).positions == 2

    on_rig(body, before=lambda rig: held(rig, HELD))


def crowd(rig: Rig, count: int = 40) -> None:
    rig.api.deployments = [
        make_deployment(number, environment=Environment.LIVE if number > count // 2 else Environment.PAPER)
        for number in range(1, count + 1)
    ]
    charted(rig, equity(*steps(rig, 40.0)))
    held(rig, HELD)
    rig.api.latency_s = 0.2


def test_forty_deployments_are_covered_within_the_budget_and_the_selected_one_first() -> None:
    async def body(rig: Rig) -> None:
        rig.subscribe(detail_key(7))
        await rig.clock.advance(5)
        read = [call.args[0] for call in rig.api.calls if call.name in {"chart", "portfolio"}]
        assert Counter(read[:3])[7] == 2
        assert all(project_id > 20 for project_id in read[3:8])
        await rig.clock.advance(9 * 60)
        assert all(each.positions == 2 for each in rig.value(ACCOUNTS).values())
        assert len(rig.value(ACCOUNTS)) == 40
        assert all(base(rig, number) is not None for number in range(1, 41))
        assert rig.link.waiting == 0
        times = sorted(call.mono for call in rig.api.calls)
        assert max(sum(at <= other < at + 60 for other in times) for at in times) <= 60
        # What is on screen keeps its pace beside them.
        assert rig.api.count("detail") >= 24

    on_rig(body, PollSettings(reads_per_minute=60), before=crowd)


def test_a_dozen_are_complete_within_minutes_beside_a_full_screen_and_slow_nothing_on_it() -> None:
    async def body(rig: Rig) -> None:
        rig.subscribe(detail_key(1), optimizations_key(1), *(optimization_key(f"O-{number}") for number in range(8)))
        await rig.clock.advance(300)
        assert [each.positions for each in rig.value(ACCOUNTS).values()] == [2] * 12
        assert all(base(rig, number) is not None for number in range(1, 13))
        assert {round(after - before) for before, after in pairwise(rig.api.times("detail"))} == {10}
        assert rig.link.waiting == 0

    on_rig(body, PollSettings(reads_per_minute=60), before=lambda rig: crowd(rig, 12))


def test_the_pages_of_a_list_that_is_opened_meanwhile_come_without_waiting() -> None:
    async def body(rig: Rig) -> None:
        rig.api.insights = [make_insight(number) for number in range(300)]
        rig.subscribe(detail_key(7))
        for moved in range(3):
            await rig.clock.advance(40)
            key = insights_key(7 + moved, f"L-{7 + moved:032x}")
            rig.subscribe(detail_key(7 + moved), key)
            await rig.clock.advance(20)
            assert len(rig.value(key).insights) == 300

    on_rig(body, PollSettings(reads_per_minute=60), before=crowd)


def test_one_that_cannot_be_read_stands_in_nobodys_way() -> None:
    def stage(rig: Rig) -> None:
        crowd(rig, 6)

        def refuse(project_id: int) -> Portfolio:
            if project_id == 6:
                raise ApiError(FailureKind.SERVER, "The API failed (HTTP 500).", status_code=500)
            if project_id == 5:
                raise ApiError(FailureKind.REJECTED, "No.", answered=True)
            return HELD

        rig.api.script["portfolio"] = refuse

    async def body(rig: Rig) -> None:
        await rig.clock.advance(1_200)
        found = rig.value(ACCOUNTS)
        known = {number for number in range(1, 7) if found[make_deployment(number).deploy_id].positions == 2}
        assert known == {1, 2, 3, 4}
        asked = Counter(call.args[0] for call in rig.api.calls if call.name == "portfolio")
        assert asked[1] >= 4
        assert 2 <= asked[5] <= 4
        assert 2 <= asked[6] <= 4

    on_rig(body, before=stage)


def test_an_outage_leaves_what_was_known_with_its_age_and_is_not_taken_for_an_answer() -> None:
    async def body(rig: Rig) -> None:
        await rig.clock.advance(30)
        known = account(rig)
        rig.api.fail(connect_error())
        await rig.clock.advance(3_600)
        assert account(rig) == known
        assert rig.link.failure is not None
        rig.api.heal()
        await rig.clock.advance(60)
        assert (account(rig).read_mono or 0.0) > (known.read_mono or 0.0) + 3_600

    def stage(rig: Rig) -> None:
        charted(rig, equity(*steps(rig, 40.0)))
        held(rig, HELD)

    on_rig(body, before=stage)


def test_the_statistics_tell_another_currency() -> None:
    async def body(rig: Rig) -> None:
        rig.subscribe(detail_key(1))
        rig.api.script["detail"] = lambda number: make_detail(number, statistics={"Equity": "€1,204.50"})
        await rig.clock.advance(30)
        assert account(rig).currency == "€"

    on_rig(body)


@pytest.mark.parametrize(
    ("text", "symbol"), [("$1,204.50", "$"), ("€-61.31", "€"), ("-£12", "£"), ("1204", ""), ("", ""), ("CHF 5", "CHF")]
)
def test_a_currency_is_what_stands_before_an_amount(text: str, symbol: str) -> None:
    assert currency_symbol(text) == symbol


def test_a_day_is_sampled_in_equal_parts_that_move_rarely() -> None:
    now = 1_700_000_000.0
    ats = array("d", [now - 20 * 3_600, now - 10 * 3_600, now - 60])
    kept = EquityTrail(ats, array("d", [1.0, 2.0, 3.0]), now - DAY_S)
    assert kept.sampled(now, 12) == [1.0] * 5 + [2.0] * 5 + [3.0]
    assert kept.sampled(now, 12) == kept.sampled(now + 60, 12)


@pytest.mark.parametrize("error", [server_error(), connect_error()])
def test_after_an_outage_all_of_it_is_read_at_once(error: ApiError) -> None:
    async def body(rig: Rig) -> None:
        await rig.clock.advance(600)
        rig.api.fail(error)
        await rig.clock.advance(5 * 3_600)
        rig.api.heal()
        rig.api.calls.clear()
        await rig.clock.advance(240)
        asked = Counter(call.name for call in rig.api.calls)
        for name in ("chart", "portfolio", "orders", "logs", "insights"):
            assert asked[name] >= 4, name

    on_rig(body, before=lambda rig: setattr(rig.api, "deployments", [make_deployment(n) for n in range(1, 5)]))
