import math

import pytest

from qctui.model.deployment import Environment, claims_paper, environment_of, is_alive
from qctui.model.optimization import Criterion, Optimization, Parameter, Run
from qctui.model.order import Order, OrderEvent
from qctui.model.portfolio import Holding, Portfolio


@pytest.mark.parametrize(
    ("brokerage", "environment", "expected"),
    [
        ("PaperBrokerage", "live-paper", Environment.PAPER),
        ("PaperBrokerage", "", Environment.PAPER),
        ("", "live-paper", Environment.PAPER),
        ("InteractiveBrokersBrokerage", "live", Environment.LIVE),
        ("InteractiveBrokersBrokerage", "live-paper", Environment.LIVE),
        ("", "", Environment.LIVE),
    ],
)
def test_unknown_is_real_money(brokerage: str, environment: str, expected: Environment) -> None:
    assert environment_of(brokerage, environment) is expected


@pytest.mark.parametrize(
    ("told", "claims"),
    [
        ("paper", True), ("Practice", True), ("live-paper", True), ("Demo", True), ("sandbox", True), ("testnet", True),
        ("live", False), ("Trade", False), ("", False), ("newspeak", False),
    ],
)  # fmt: skip
def test_an_account_that_says_it_is_for_practice_is_still_acted_on_as_real_money(told: str, claims: bool) -> None:
    environment = environment_of("OandaBrokerage", told)
    assert environment is Environment.LIVE
    assert claims_paper(environment, told) is claims


def test_quantconnects_own_paper_is_beyond_doubt() -> None:
    assert not claims_paper(environment_of("PaperBrokerage", "live-paper"), "live-paper")


@pytest.mark.parametrize(
    ("status", "stopped_at", "alive"),
    [
        ("Running", None, True),
        ("History", None, True),
        ("SomethingNew", None, True),
        ("", None, True),
        ("Running", 5.0, False),
        ("RuntimeError", None, False),
        ("liquidated", None, False),
    ],
)
def test_a_stop_time_or_a_terminal_status_ends_a_deployment(status: str, stopped_at: float | None, alive: bool) -> None:
    assert is_alive(status, stopped_at) is alive


def optimization(**fields: object) -> Optimization:
    base: dict[str, object] = {
        "optimization_id": "O-1",
        "project_id": 1,
        "name": "n",
        "status": "running",
        "criterion": Criterion("Sharpe Ratio", maximize=True),
        "requested_at": None,
        "completed": None,
        "failed": None,
        "running": None,
        "queued": None,
        "total": None,
    }
    return Optimization(**{**base, **fields})  # type: ignore[arg-type]  # the fields of a test, by name


def test_progress_is_unknown_before_the_total_is() -> None:
    assert optimization(completed=3).progress is None
    assert optimization(completed=3, total=0).progress is None
    assert optimization(total=16).progress is None
    assert optimization(failed=4, total=16).progress == pytest.approx(0.25)
    assert optimization(completed=2, failed=1, total=16).progress == pytest.approx(3 / 16)


def test_the_best_run_is_a_finished_one_by_the_extremum() -> None:
    def run(key: str, value: float, progress: float = 1.0, exit_code: int = 0) -> Run:
        return Run(key, key, key, progress, exit_code, statistics={"Sharpe Ratio": value})

    runs = (run("a", 1.0), run("b", 2.0), run("c", 9.0, progress=0.5), run("d", 8.0, exit_code=1))
    assert optimization(runs=runs).best is runs[1]
    assert optimization(runs=runs, criterion=Criterion("Sharpe Ratio", maximize=False)).best is runs[0]
    assert optimization(runs=runs, criterion=Criterion("Alpha", maximize=True)).best is None
    assert optimization(runs=runs, criterion=Criterion("Sharpe Ratio", maximize=None)).best is None


@pytest.mark.parametrize("step", [1e-308, 1e-300, 1e-9])
def test_a_range_of_more_values_than_make_sense_is_no_count(step: float) -> None:
    odd = Parameter("fast", -1.7e308, 1.7e308, step)
    usual = Parameter("slow", 1.0, 30_000_000.0, 1.0)
    assert odd.values is None
    assert Parameter("fast", -math.inf, math.inf, math.inf).values is None
    assert optimization(parameters=(usual, usual)).plan.backtests == 9 * 10**14
    assert optimization(parameters=(usual, usual, usual)).plan.backtests is None
    assert (
        "fast"
        in optimization(parameters=(odd,), criterion=Criterion("Alpha", maximize=True, wire_target="a")).plan.problem
    )


def test_fills_beyond_every_number_are_not_known() -> None:
    fill = OrderEvent(None, "filled", 1.7e308, None, "L-1")
    assert Order(1, "L-1", "SPY", "market", "filled", 5.0, None, None, None, "", (fill, fill)).filled_quantity is None


def test_an_unreadable_quantity_is_never_flat() -> None:
    unreadable = Holding("SPY R735QTJ8XC9X", "SPY", 0.0, unreadable_quantity=True)
    flat = Holding("AAPL R735QTJ8XC9X", "AAPL", 0.0)
    assert Portfolio((unreadable, flat), (), is_known=True).open_holdings == (unreadable,)
