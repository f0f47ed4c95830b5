"""The form of an optimization that is to be run again, without a screen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qctui.model.optimization import (
    GRID_SEARCH,
    Constraint,
    Criterion,
    OptimizationPlan,
    Parameter,
)
from qctui.ui.actions.plan_form import PlanForm
from qctui.value import replace

SHARPE = "TotalPerformance.PortfolioStatistics.SharpeRatio"
DRAWDOWN = "TotalPerformance.PortfolioStatistics.Drawdown"
PLAN = OptimizationPlan(
    7, "Grid", Criterion("Sharpe Ratio", True, 2.5, SHARPE), GRID_SEARCH,
    (Parameter("fast", 5, 20, 5), Parameter("mode", value="long")),
    (Constraint(DRAWDOWN, "Drawdown Less 0.25", "Less", 0.25),),
    "O2-8", 2,
)  # fmt: skip
NUMBERS = "numbers as in 5 to 20 by 0.5 are expected, exponents of two digits at most"
NAME, TARGET, EXTREMUM, FAST, MODE, LIMIT, MORE, NODE, NODES = range(9)


def filled(at: int, text: str, form: PlanForm | None = None) -> PlanForm:
    """The form with another text in one field."""
    form = form or PlanForm(PLAN)
    form.at = at
    form.press("ctrl+u", None)
    for each in text:
        form.press("space" if each == " " else each, each)
    return form


def test_it_is_filled_from_the_old_one_and_amounts_to_the_same() -> None:
    form = PlanForm(PLAN)
    assert [row.text for row in form.rows] == [
        "Grid", "Sharpe Ratio", "max", "5 to 20 by 5", "long", "Drawdown < 0.25", "", "O2-8", "2",
    ]  # fmt: skip
    assert form.plan == PLAN
    assert form.problem == ""


def test_choices_turn_with_the_arrows_and_take_no_letters() -> None:
    form = PlanForm(PLAN)
    form.at = TARGET
    assert form.press("left", None)
    assert not form.press("x", "x")
    form.at = EXTREMUM
    form.press("right", None)
    plan = form.plan
    assert plan is not None
    assert plan.criterion == Criterion("Drawdown", False, None, DRAWDOWN)


def test_the_keys_go_round_the_fields() -> None:
    form = PlanForm(PLAN)
    form.press("up", None)
    assert form.at == NODES
    form.press("tab", None)
    assert form.at == NAME


@pytest.mark.parametrize(
    ("text", "parameter"),
    [
        ("5 to 20 by 2.5", Parameter("fast", 5, 20, 2.5)),
        (" -1 to 1 by .5 ", Parameter("fast", -1, 1, 0.5)),
        ("7", Parameter("fast", value="7")),
        ("a value", Parameter("fast", value="a value")),
    ],
)
def test_a_range_or_a_value(text: str, parameter: Parameter) -> None:
    plan = filled(FAST, text).plan
    assert plan is not None
    assert plan.parameters[0] == parameter


@pytest.mark.parametrize(
    ("at", "text", "problem"),
    [
        (NAME, "  ", "Name: a name is expected"),
        (FAST, "", "fast: a range or a value is expected"),
        (FAST, "5 to 20", "fast: a range from low to high by steps above 0 is expected"),
        (FAST, "20 to 5 by 1", "fast: a range from low to high by steps above 0 is expected"),
        (FAST, "5 to 20 by 0", "fast: a range from low to high by steps above 0 is expected"),
        (FAST, "5 to 20 by -1", "fast: a range from low to high by steps above 0 is expected"),
        (FAST, "1e99 to 2e99 by 1", "fast: it has 1e+15 values or more: larger steps are expected"),
        (FAST, "0 to 1 by 1e-99", "fast: it has 1e+15 values or more: larger steps are expected"),
        (FAST, "1,5 to 3,5 by 0,5", f"fast: {NUMBERS}"),
        (FAST, "1,5 to", "fast: a range from low to high by steps above 0 is expected"),
        (FAST, "nan to 5 by 1", f"fast: {NUMBERS}"),
        (FAST, "1e-320 to 1e-310 by 1e-320", f"fast: {NUMBERS}"),
        (FAST, "1 to 1e100 by 1", f"fast: {NUMBERS}"),
        (FAST, "2e99 to 1e99 by 1", "fast: a range from low to high by steps above 0 is expected"),
        (NODES, "0", "Nodes: a number from 1 to 24 is expected"),
        (NODES, "25", "Nodes: a number from 1 to 24 is expected"),
        (NODES, "9" * 50, "Nodes: a number from 1 to 24 is expected"),
        (NODES, "٣", "Nodes: a number from 1 to 24 is expected"),
        (FAST, "8", "it has no parameter with a range"),
    ],
)
def test_what_can_not_be_asked_for_says_why(at: int, text: str, problem: str) -> None:
    assert filled(at, text).problem == problem


def test_ranges_that_only_together_are_too_many_are_no_0_backtests() -> None:
    form = filled(FAST, "0 to 1e9 by 1", filled(MODE, "1 to 1e9 by 1"))
    assert form.plan is not None
    assert form.problem == "its ranges make more than 1e+15 backtests"


@pytest.mark.parametrize("text", ["Drawdown", "Drawdown < many", "Luck > 1", "< 1"])
def test_a_constraint_that_is_none(text: str) -> None:
    form = filled(MORE, text)
    assert form.problem.startswith("Constraint: one of Sharpe Ratio, ")
    assert form.plan is None


def test_constraints_are_added_changed_and_dropped() -> None:
    form = filled(MORE, "sharpe ratio>=1")
    plan = form.plan
    assert plan is not None
    assert plan.constraints[1] == Constraint(SHARPE, "sharpe ratio>=1", "GreaterOrEqual", 1.0)
    plan = filled(LIMIT, "", form).plan
    assert plan is not None
    assert [each.target for each in plan.constraints] == [SHARPE]


def test_a_statistic_that_only_the_old_one_names_can_be_kept() -> None:
    odd = Constraint("TotalPerformance.TradeStatistics.Luck", "Luck Greater 1", "Greater", 1.0)
    form = PlanForm(replace(PLAN, constraints=(odd,), criterion=Criterion("Luck", True, None, odd.target)))
    plan = form.plan
    assert plan is not None
    assert (plan.constraints, plan.criterion.wire_target) == ((odd,), odd.target)
    plan = filled(LIMIT, "Luck > 2", form).plan
    assert plan is not None
    assert (plan.constraints[0].target, plan.constraints[0].limit) == (odd.target, 2.0)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["tab", "up", "left", "right", "space", "backspace", "ctrl+u", "x", "5"]),
            st.sampled_from([None, " ", "5", "to", "\x1b", "é"]),
        ),
        max_size=40,
    )
)
def test_whatever_is_typed_it_either_says_why_or_amounts_to_a_plan(keys: list[tuple[str, str | None]]) -> None:
    form = PlanForm(PLAN)
    for key, character in keys:
        form.press(key, character)
    plan = form.plan
    if not form.problem:
        assert plan is not None
        assert plan.problem == ""
        assert (plan.backtests or 0) > 0
