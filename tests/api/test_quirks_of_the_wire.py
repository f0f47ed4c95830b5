"""The rows of REFERENCE.md 9, by number. Those about requests are in test_requests."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from qctui.api.client import Client
from qctui.api.library_patches import httpx
from qctui.api.ports import ApiError
from qctui.model.chart import Chart, SeriesType
from qctui.model.deployment import DeploymentDetail
from qctui.model.insight import Direction, Insight
from qctui.model.optimization import Criterion, Optimization, Run
from qctui.model.portfolio import Portfolio
from qctui.model.resource import FailureKind
from tests.api.support import ask, client_for, failure, failure_of, reply, run

T0 = 1_795_185_000


def chart(body: object) -> Chart:
    made = ask({"success": True, "chart": body}, lambda c: c.reads.fetch_chart(1, "C", 0, T0, 100))
    assert isinstance(made, Chart)
    return made


def insight(**members: object) -> Insight:
    page = ask({"success": True, "insights": [members]}, lambda c: c.reads.fetch_insights(1, 0, 99, ""))
    return page.insights[0]


def detail(**members: object) -> DeploymentDetail:
    return ask({"success": True, **members}, lambda c: c.reads.fetch_detail(1))


def optimization(**members: object) -> Optimization:
    return ask({"success": True, "optimization": members}, lambda c: c.reads.fetch_optimization("O-1"))


def a_run(**members: object) -> Run:
    return optimization(backtests={"k": members}).runs[0]


def portfolio(holding: object) -> Portfolio:
    body = {"success": True, "portfolio": {"holdings": {"SPY R735": holding}, "cash": {}}}
    return ask(body, lambda c: c.reads.fetch_portfolio(1))


def criterion(**members: object) -> Criterion:
    body = {"success": True, "optimizations": [{"optimizationId": "O-1", **members}]}
    return ask(body, lambda c: c.reads.fetch_optimizations(1))[0].criterion


@pytest.mark.parametrize(
    "series",
    [
        {"name": "A", "values": [[T0, 1]]},
        {"A": {"name": "A", "values": [[T0, 1]]}},
        [{"name": "A", "values": [[T0, 1]]}],
    ],
)
def test_1_series_is_one_object_a_map_or_a_list(series: object) -> None:
    (made,) = chart({"series": series}).series
    assert (made.name, list(made.ys)) == ("A", [1.0])


def test_1_no_series() -> None:
    assert chart({"series": []}).series == ()


@pytest.mark.parametrize("told", [2, "2", "Candle", "candle"])
def test_2_types_as_numbers_or_words(told: object) -> None:
    assert chart({"series": {"A": {"seriesType": told}}}).series[0].series_type is SeriesType.CANDLE
    assert chart({"chartType": "Stacked", "series": {}}).stacked


def test_3_points_of_every_shape_in_one_series() -> None:
    values = [[T0, 1], {"x": T0 + 1, "y": 2}, [T0 + 2, 3, 4, 2, 3]]
    assert list(chart({"series": {"A": {"values": values}}}).series[0].ys) == [1.0, 2.0, 3.0]


@pytest.mark.parametrize("first", [[], [[T0, 1, 9, 0, 3]]])
@pytest.mark.parametrize("told", [2, "Candle"])
def test_3_a_pair_in_a_candle_series_is_a_candle_of_one_value(first: list[object], told: object) -> None:
    values = [*first, [T0 + 1, 5], {"x": T0 + 2, "y": 6}, [T0 + 3, None]]
    (made,) = chart({"series": {"A": {"seriesType": told, "values": values}}}).series
    assert made.opens is not None
    assert made.highs is not None
    assert made.lows is not None
    members = list(zip(made.opens, made.highs, made.lows, made.ys, strict=True))
    assert members[len(first) :] == [(5.0, 5.0, 5.0, 5.0), (6.0, 6.0, 6.0, 6.0)]
    assert members[: len(first)] == [(1.0, 9.0, 0.0, 3.0)] * len(first)
    assert list(made.gaps) == [len(made.xs)]


def test_3_pairs_before_the_first_candle_are_candles_too_whatever_the_type() -> None:
    (made,) = chart({"series": {"A": {"values": [[T0, 5], [T0 + 1, 1, 9, 0, 3], [T0 + 2, 6]]}}}).series
    assert made.opens is not None
    assert list(made.opens) == [5.0, 1.0, 6.0]


def test_3_pairs_of_a_line_are_no_candles() -> None:
    (made,) = chart({"series": {"A": {"seriesType": 0, "values": [[T0, 5]]}}}).series
    assert not made.candles


def test_3_what_is_said_where_there_is_no_value_is_kept() -> None:
    values = [
        {"x": T0 + 2, "y": None, "tooltip": "order 8"},
        {"x": T0, "y": 1, "tooltip": "order 7"},
        {"x": T0 + 1, "tooltip": "order 9"},
        {"x": T0 + 3, "y": None, "tooltip": ""},
    ]
    (made,) = chart({"series": {"A": {"seriesType": 1, "values": values}}}).series
    assert (list(made.xs), made.tooltips) == ([float(T0)], {0: "order 7"})
    assert made.null_tooltips == ((T0 + 1, "order 9"), (T0 + 2, "order 8"))


def test_4_x_as_text() -> None:
    assert list(chart({"series": {"A": {"values": [{"x": str(T0), "y": 1}]}}}).series[0].xs) == [float(T0)]


def test_5_both_spellings_of_insights() -> None:
    old = insight(generatedTime="1795185000", reference="1.5", tag="3.5", referenceValueFinal="2", scoreIsFinal=True)
    new = insight(generatedTime=T0, reference=1.5, tag=3.5, referenceFinal=2, scoreFinal=True)
    assert old == new
    assert (new.generated_at, new.reference, new.reference_final, new.score_final) == (T0, 1.5, 2.0, True)


def test_5_the_first_spelling_with_a_value_wins() -> None:
    both = insight(referenceFinal=None, referenceValueFinal=7, scoreFinal=None, scoreIsFinal=False)
    assert (both.reference_final, both.score_final) == (7.0, False)


def test_5_one_time_stands_in_for_the_other() -> None:
    for told, generated, created in (
        ({"generated-time": T0, "created-time": T0 + 5}, T0, T0 + 5),
        ({"generated-time": T0}, T0, T0),
        ({"created-time": T0}, T0, T0),
        ({"createdTime": str(T0), "generatedTime": None}, T0, T0),
        ({"createdTime": 0, "generatedTime": T0}, T0, T0),
        ({}, None, None),
    ):
        made = insight(**told)
        assert (made.generated_at, made.created_at) == (generated, created), told


@pytest.mark.parametrize(
    ("told", "direction"),
    [
        ("up", Direction.UP),
        ("Down", Direction.DOWN),
        ("FLAT", Direction.FLAT),
        (1, Direction.UP),
        (0, Direction.FLAT),
        (-1, Direction.DOWN),
        ("-1", Direction.DOWN),
        (1.0, Direction.UP),
        ("sideways", Direction.UNKNOWN),
        (None, Direction.UNKNOWN),
        (True, Direction.UNKNOWN),
        (5, Direction.UNKNOWN),
    ],
)
def test_5_directions(told: object, direction: Direction) -> None:
    assert insight(direction=told).direction is direction


@pytest.mark.parametrize(
    "charts",
    [
        {"name": "Equity"},
        {"Equity": {"name": "Equity"}},
        [{"name": "Equity"}],
        [{"Name": "Equity"}, 5, None],
        ["Equity"],
        {"Equity": None},
    ],
)
def test_12_charts_of_a_deployment(charts: object) -> None:
    assert detail(charts=charts).charts == ("Equity",)
    assert detail(Charts=charts).charts == ("Equity",)


def test_12_a_chart_named_with_half_a_surrogate_pair_is_asked_for_by_that_name() -> None:
    detail = reply(raw=rb'{"success": true, "deployId": "L-1", "charts": {"\ud800a": {}}}')
    client, script = client_for(detail, reply({"success": True, "chart": {"series": {}}}))

    async def go() -> object:
        (name,) = (await client.reads.fetch_detail(7)).charts
        return await client.reads.fetch_chart(7, name, 0, 60, 10)

    assert isinstance(run(go()), Chart)
    assert script.bodies[1]["name"] == "\ud800a"


def test_13_datacenter() -> None:
    assert detail(datacenter="NY7").datacenter == detail(dataCenter="NY7").datacenter == "NY7"


def test_14_statistics_as_map_or_list() -> None:
    by_index = a_run(statistics={"15": 1.25, "Custom": "0.5", "x": None, "y": "?", "99": 3})
    assert dict(by_index.statistics) == {"Sharpe Ratio": 1.25, "Custom": 0.5, "99": 3.0}
    assert dict(a_run(statistics=[0.5, None, 2]).statistics) == {"Alpha": 0.5, "Annual Variance": 2.0}
    assert dict(a_run(statistics=None).statistics) == dict(a_run(statistics=[]).statistics) == {}


@pytest.mark.parametrize(
    ("told", "shown"), [(0.6123, 61.23), ("0.05", 5.0), (0, 0.0), (1, 100.0), (61.23, 61.23), (None, None), ("x", None)]
)
def test_14_the_probabilistic_sharpe_ratio_of_the_list_is_a_fraction_and_shown_in_percent_points(
    told: object, shown: float | None
) -> None:
    body = {"success": True, "optimizations": [{"optimizationId": "O-1", "psr": told}]}
    (made,) = ask(body, lambda c: c.reads.fetch_optimizations(1))
    assert made.psr == (None if shown is None else pytest.approx(shown))


def test_14_the_probabilistic_sharpe_ratio_of_a_run_is_in_percent_points() -> None:
    """However small: 0.5 is half a percent."""
    assert a_run(statistics={"13": 0.5}).statistics["Probabilistic Sharpe Ratio"] == 0.5


@pytest.mark.parametrize(
    "told",
    [
        {"fast": "5", "ratio": 0.5},
        {"parameterSet": {"fast": 5, "ratio": "0.5"}},
        [{"name": "fast", "value": 5}, {"key": "ratio", "value": 0.5}],
    ],
)
def test_15_parameter_sets(told: object) -> None:
    assert dict(a_run(parameterSet=told).parameters) == {"fast": "5", "ratio": "0.5"}


def test_15_no_parameters() -> None:
    odd: list[object] = [[], {}, None, "x", {"parameterSet": []}]
    for told in odd:
        assert dict(a_run(parameterSet=told).parameters) == {}


def test_16_target_value() -> None:
    assert criterion(criterion={"targetValue": 0.2}).target_value == 0.2
    assert criterion(criterion={"target-value": "0.2"}).target_value == 0.2
    assert criterion(criterion={"target-value": None}).target_value is None


@pytest.mark.parametrize(
    ("status", "finished"), [("Completed", True), ("ABORTED", True), ("running", False), ("active", False)]
)
def test_17_status_in_any_case(status: str, finished: bool) -> None:
    assert optimization(status=status).finished is finished


def test_18_the_extremum_of_the_criterion_wins() -> None:
    assert criterion(criterion={"extremum": "min"}, extremum="max").maximize is False
    assert criterion(criterion={}, extremum="min").maximize is False
    assert criterion(criterion=None, extremum="Min").maximize is False
    assert criterion(criterion={"extremum": "Maximum"}).maximize is True


@pytest.mark.parametrize("told", [{}, {"criterion": {"target": "x", "extremum": "?"}}, {"criterion": {"extremum": 1}}])
def test_an_extremum_that_is_not_reported_is_not_guessed(told: dict[str, object]) -> None:
    assert criterion(**told).maximize is None


@pytest.mark.parametrize(
    "body",
    [
        {"errors": ["Oh"]},
        {"messages": ["Oh"]},
        {"Message": "Oh"},
        {"message": "Oh"},
        {"error": "Oh"},
        {"Errors": ["Oh"]},
    ],
)
def test_19_where_errors_are(body: dict[str, object]) -> None:
    error = failure(lambda: ask({"success": False, **body}, lambda c: c.reads.authenticate()))
    assert error.message == "credential check: Oh"


def test_20_wrong_credentials_in_every_form() -> None:
    def told(answer: httpx.Response) -> ApiError:
        client, _ = client_for(answer)
        return run(failure_of(client.triggers.fetch_detail(1)))

    assert told(reply(status=401, raw=b"")).kind is FailureKind.AUTH
    assert told(reply({"success": False, "errors": ["Hash doesn't match. UID: 1"]})).kind is FailureKind.AUTH
    assert told(reply({"success": False, "errors": ["UserID not valid"]})).kind is FailureKind.AUTH
    assert told(reply({"success": False, "Message": "Hash doesn't match."}, 403)).kind is FailureKind.AUTH
    ambiguous = told(reply(status=500, raw=b""))
    assert (ambiguous.kind, "could also be rejected credentials" in ambiguous.message) == (FailureKind.SERVER, True)


@pytest.mark.parametrize(
    "holding",
    [
        {"a": 1, "q": 2, "p": 3, "v": 6, "u": 4, "up": 5, "c": "€", "r": 1.1},
        {"averagePrice": 1, "quantity": 2, "marketPrice": 3, "marketValue": 6, "unrealizedPnl": 4,
         "unrealizedPnLPercent": 5, "currencySymbol": "€", "conversionRate": 1.1},
        {"AveragePrice": 1, "Quantity": 2, "MarketPrice": 3, "MarketValue": 6, "UnrealizedPnL": 4,
         "UnrealizedPnlPercent": 5, "CurrencySymbol": "€", "ConversionRate": "1.1"},
    ],
)  # fmt: skip
def test_21_holdings_in_three_spellings(holding: object) -> None:
    (made,) = portfolio(holding).holdings
    assert (made.symbol, made.ticker, made.quantity, made.average_price, made.market_price) == (
        "SPY R735",
        "SPY",
        2,
        1,
        3,
    )
    assert (made.market_value, made.unrealized, made.unrealized_percent) == (6, 4, 5)
    assert (made.currency_symbol, made.conversion_rate) == ("€", 1.1)


def test_24_length_is_only_a_hint() -> None:
    for told, length in ((137, 137), ("137", 137), (None, None), ("many", None)):
        page = ask({"success": True, "insights": [], "length": told}, lambda c: c.reads.fetch_insights(1, 0, 99, ""))
        assert page.length == length


def test_names_of_targets() -> None:
    for target, words in {
        "TotalPerformance.PortfolioStatistics.ProbabilisticSharpeRatio": "Probabilistic Sharpe Ratio",
        "['TotalPerformance'].['PortfolioStatistics'].['CompoundingAnnualReturn']": "Compounding Annual Return",
        "ProfitLossRatio": "Profit-Loss Ratio",
        "My.CustomThing2": "Custom Thing2",
        "": "",
        "...": "",
    }.items():
        assert criterion(criterion={"target": target}).target == words


def test_deployment_without_status_or_with_text_ids() -> None:
    (row,) = ask(
        {"success": True, "live": [{"projectId": "12", "deployId": "L-1"}]}, lambda c: c.reads.fetch_deployments()
    ).deployments
    assert (row.project_id, row.deploy_id, row.status, row.alive, row.equity) == (12, "L-1", "", True, None)


def test_entries_of_the_live_list_that_name_no_project_are_counted() -> None:
    rows = [{"projectId": 12}, {"deployId": "L-lost", "status": "Running"}, None, "junk", {"projectId": "twelve"}]
    listed = ask({"success": True, "live": rows}, lambda c: c.reads.fetch_deployments())
    assert ([row.project_id for row in listed.deployments], listed.unreadable) == ([12], 4)


LISTS: dict[str, Callable[[Client], Awaitable[object]]] = {
    "live": lambda c: c.reads.fetch_deployments(),
    "projects": lambda c: c.reads.fetch_projects(),
    "optimizations": lambda c: c.reads.fetch_optimizations(1),
    "insights": lambda c: c.reads.fetch_insights(1, 0, 99, ""),
    "logs": lambda c: c.reads.fetch_logs(1, "L", 0, 1),
}


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("told", ["absent", None, "text", 5, [5], [None]])
def test_a_list_that_is_not_reported_is_not_an_empty_list(name: str, told: object) -> None:
    body = {"success": True} if told == "absent" else {"success": True, name: told}
    if name == "logs" and isinstance(told, list):
        assert ask(body, LISTS[name]) is not None  # a line of any type is a line
    else:
        assert failure(lambda: ask(body, LISTS[name])).kind is FailureKind.MALFORMED


SINGLE: dict[str, Callable[[Client], Awaitable[object]]] = {
    "live/read": lambda c: c.reads.fetch_detail(1),
    "live/read of a trigger": lambda c: c.triggers.fetch_detail(1),
    "live/portfolio/read": lambda c: c.reads.fetch_portfolio(1),
    "optimizations/read": lambda c: c.reads.fetch_optimization("O-1"),
}


@pytest.mark.parametrize("read", [*LISTS.values(), *SINGLE.values()], ids=[*LISTS, *SINGLE])
def test_loading_where_it_is_not_documented_is_said(read: Callable[[Client], Awaitable[object]]) -> None:
    body = {"success": True, "status": "loading", "progress": 0.5}
    error = failure(lambda: ask(body, read))
    assert error.kind is FailureKind.SERVER
    assert error.message.endswith(": the API is still preparing the answer")


def test_a_deployment_that_says_who_it_is_may_have_any_status() -> None:
    detail = ask({"success": True, "status": "loading", "deployId": "L-1"}, lambda c: c.reads.fetch_detail(1))
    assert (detail.status, detail.alive) == ("loading", True)


def test_orders_of_odd_types() -> None:
    events = [{"algorithmId": "L-1", "time": "x", "status": 3, "fillQuantity": "2.5", "symbolValue": "SPY"}, "junk"]
    order = {"id": "4", "type": "StopMarket", "status": "partially filled", "events": events, "quantity": "7"}
    other = {"Id": 5, "Type": 99, "Status": 4, "Symbol": "AAPL R735", "Tag": None}
    page = ask({"success": True, "orders": [order, other, {"id": None}]}, lambda c: c.reads.fetch_orders(1, 0, 100))
    first, second = page.orders  # type: ignore[union-attr]  # no loading answer
    assert (first.order_id, first.order_type, first.status, first.quantity) == (
        4,
        "stop market",
        "partiallyFilled",
        7.0,
    )
    assert (first.ticker, first.deploy_id, first.filled_quantity) == ("SPY", "L-1", 2.5)
    assert (first.events[0].at, first.events[0].status) == (None, "filled")
    assert (second.order_id, second.order_type, second.status, second.ticker) == (5, "99", "4", "AAPL")
    assert (second.deploy_id, second.tag) == ("", "")
