from __future__ import annotations

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from qctui.model.optimization import Criterion, Optimization, Parameter, Run
from qctui.sweep.judging import Sweep
from qctui.sweep.ranking import rank_runs, value_key, varying_names
from qctui.sweep.words import done_text
from qctui.ui.optimizations.heat import (
    STEPS,
    cell_level,
    cell_text,
    heat_grid,
    legend,
    plan_cells,
    value_text,
)
from qctui.ui.theme.glyph_set import ASCII, UNICODE
from qctui.value import replace
from tests.sweep.grids import grid
from tests.ui.detail_scene import grid_optimization


def run(key: str, value: float | None = None, **changes: object) -> Run:
    made = Run(key, f"b{key}", f"run {key}", 1.0, 0, {}, {} if value is None else {"Sharpe Ratio": value})
    return replace(made, **changes)  # type: ignore[arg-type]  # names and types are the caller's to get right


def of(*runs: Run, maximize: bool | None = True, parameters: tuple[Parameter, ...] = ()) -> Optimization:
    criterion = Criterion("Sharpe Ratio", maximize)
    return Optimization(
        "O-1", 1, "x", "running", criterion, None, None, None, None, None, None, parameters=parameters, runs=runs
    )


def test_runs_are_ranked_by_the_target_equal_ones_share_a_rank() -> None:
    ranking = rank_runs(of(run("a", 1.0), run("b", 3.0), run("c", 3.0), run("d", 2.0)))
    assert [(each.key, each.rank) for each in ranking.runs] == [("b", 1), ("c", 1), ("d", 3), ("a", 4)]
    assert [each.key for each in rank_runs(of(run("a", 1.0), run("b", 3.0), maximize=False)).runs] == ["a", "b"]


def test_what_has_not_ended_has_no_rank_however_good() -> None:
    ranking = rank_runs(
        of(
            run("failed", 9.0, exit_code=1),
            run("half", 9.0, progress=0.5),
            run("further", 9.0, progress=0.9),
            run("untold"),
            run("nan", math.nan),
            run("done", 1.0),
        )
    )
    assert [each.key for each in ranking.runs] == ["done", "untold", "nan", "further", "half", "failed"]
    assert ranking.ranked == 1
    assert ranking.best is not None
    assert ranking.best.key == "done"
    assert rank_runs(of(run("half", 9.0, progress=0.5))).best is None


def test_without_an_extremum_nothing_is_ranked_and_the_values_are_in_order() -> None:
    ranking = rank_runs(of(run("half", 9.0, progress=0.5), run("a", 1.0), run("b", 3.0), maximize=None))
    assert [(each.key, each.rank) for each in ranking.runs] == [("b", None), ("a", None), ("half", None)]
    assert (ranking.ended, ranking.ranked, ranking.best) == (2, 0, None)


def test_a_map_without_an_extremum_goes_from_low_to_high_and_marks_none() -> None:
    optimization = grid_optimization(maximize=None)
    grid = heat_grid(Sweep(optimization))
    assert grid is not None
    assert grid.best is None
    assert (grid.goodness(grid.low), grid.goodness(grid.high)) == (0.0, 1.0)
    assert cell_level(grid.cells[(3, 2)], grid, UNICODE) == (UNICODE.spark[-1], f"heat{STEPS - 1}")
    assert "best" not in legend(grid, "Sharpe Ratio", plan_cells(grid, "Sharpe Ratio", 40, UNICODE), UNICODE)


def test_the_best_is_the_models_best() -> None:
    for maximize in (True, False):
        optimization = grid_optimization(maximize=maximize)
        best = rank_runs(optimization).best
        assert best is not None
        assert best.run == optimization.best


def test_repeated_keys_are_told_apart() -> None:
    assert len(rank_runs(of(run("a", 1.0), run("a", 2.0), run("a", 3.0))).by_key) == 3


def test_varying_parameters_are_those_with_a_range_or_those_the_runs_differ_in() -> None:
    ranged = (Parameter("a", 1, 9, 1), Parameter("b", 1, 1, 1), Parameter("c", value="5"))
    assert varying_names(of(parameters=ranged)) == ("a",)
    one = run("1", parameters={"a": "1", "b": "2.0"})
    other = run("2", parameters={"a": "2", "b": "2"})
    assert varying_names(of(one, other)) == ("a",)


@pytest.mark.parametrize(
    ("one", "other"), [("0.3", "0.30"), (0.1 + 0.2, "0.3"), ("5", 5.0), ("1e3", "1000"), ("x", "x")]
)
def test_values_that_are_the_same_have_the_same_key(one: str | float, other: str | float) -> None:
    assert value_key(one) == value_key(other)


def test_the_grid_has_every_value_of_the_ranges_and_the_one_with_more_is_across() -> None:
    optimization = grid_optimization(8, 6, done=20)
    grid = heat_grid(Sweep(optimization))
    assert grid is not None
    assert (grid.x.name, grid.y.name) == ("fast", "slow")
    assert grid.x.values == ("5", "10", "15", "20", "25", "30", "35", "40")
    assert grid.y.values == ("30", "40", "50", "60", "70", "80")
    assert len(grid.cells) == 20
    turned = grid_optimization(3, 6)
    grid = heat_grid(Sweep(turned))
    assert grid is not None
    assert grid.x.name == "slow"


def test_where_several_runs_share_a_cell_the_best_counts() -> None:
    optimization = grid_optimization()
    again = replace(optimization.runs[30], key="again", statistics={"Sharpe Ratio": 99.0})
    optimization = replace(optimization, runs=(*optimization.runs, again))
    grid = heat_grid(Sweep(optimization))
    assert grid is not None
    assert grid.best is not None
    assert grid.cells[grid.best].key == "again"


def test_goodness_follows_the_extremum_and_does_not_divide_by_nothing() -> None:
    for maximize, of_low in ((True, 0.0), (False, 1.0)):
        optimization = grid_optimization(maximize=maximize)
        grid = heat_grid(Sweep(optimization))
        assert grid is not None
        assert grid.goodness(grid.low) == of_low
        assert grid.goodness(grid.high) == 1 - of_low
        assert replace(grid, low=1.0, high=1.0).goodness(1.0) == 1.0


def test_no_map_for_one_or_unknown_parameters() -> None:
    one = grid_optimization()
    changed = replace(one, parameters=one.parameters[:1])
    assert heat_grid(Sweep(changed)) is None
    nothing = replace(one, parameters=(), runs=())
    assert heat_grid(Sweep(nothing)) is None


def test_of_three_parameters_a_map_shows_the_best_of_each_place_or_one_value_of_the_third() -> None:
    three = grid(4, 3, 2, failing=0, valueless=0, under_way=0)
    whole = heat_grid(Sweep(three), ("p0", "p1"))
    assert whole is not None
    for (x, y), each in whole.cells.items():
        values = {"p0": f"{5 + 5 * x}", "p1": f"{5 + 5 * y}"}
        here = [run for run in three.runs if values.items() <= run.parameters.items()]
        assert each.run == max(here, key=lambda run: run.statistics["Sharpe Ratio"])
        assert whole.shared[x, y] == len(here) == 2
    cut = heat_grid(Sweep(three), ("p0", "p1"), ("p2", "10"))
    assert cut is not None
    assert {each.run.parameters["p2"] for each in cut.cells.values()} == {"10"}
    assert len(cut.cells) == 12


def test_cells_say_what_they_are_without_colour() -> None:
    optimization = grid_optimization()
    grid = heat_grid(Sweep(optimization))
    assert grid is not None
    texts = {place: cell_text(each, "Sharpe Ratio", UNICODE) for place, each in grid.cells.items()}
    assert texts[(7, 0)] == "fail"
    assert texts[(0, 0)] == "40%…"
    assert texts[(3, 2)] == "2.00"
    assert cell_text(None, "Sharpe Ratio", UNICODE) == "—"
    levels = {place: cell_level(each, grid, UNICODE)[0] for place, each in grid.cells.items()}
    assert (levels[(3, 2)], levels[(7, 0)], levels[(0, 0)], cell_level(None, grid, UNICODE)[0]) == ("█", "x", "…", "·")
    assert all(cell_level(each, grid, ASCII)[0].isascii() for each in grid.cells.values())
    assert cell_level(grid.cells[(3, 2)], grid, UNICODE)[1] == "heat7"
    assert {cell_level(each, grid, UNICODE)[1] for each in grid.cells.values()} > {"danger", "muted"}


def test_numbers_where_they_fit_levels_where_they_do_not() -> None:
    small, large = grid_optimization(8, 6), grid_optimization(30, 6)
    for optimization, numbers in ((small, True), (large, False)):
        grid = heat_grid(Sweep(optimization))
        assert grid is not None
        plan = plan_cells(grid, "Sharpe Ratio", 80, UNICODE)
        assert plan.numbers is numbers
        assert plan.label + 1 + plan.width * len(grid.x.values) <= 80


@pytest.mark.parametrize(("fraction", "text"), [(0.0, "0%"), (0.999, "99%"), (1.0, "100%"), (7.0, "100%")])
def test_nothing_is_said_to_be_done_before_it_is(fraction: float, text: str) -> None:
    assert done_text(fraction) == text


def test_percent_figures_keep_their_points() -> None:
    assert value_text(17.8, "Drawdown", UNICODE) == "17.8%"
    assert value_text(1.842, "Sharpe Ratio", UNICODE, 3) == "1.842"
    assert value_text(None, "Sharpe Ratio", UNICODE) == "—"


@given(
    st.lists(
        st.tuples(
            st.one_of(st.none(), st.floats(allow_nan=True)),
            st.floats(0, 1),
            st.sampled_from([None, 0, 1]),
            st.dictionaries(st.sampled_from(["a", "b", "[c]"]), st.text(max_size=5), max_size=3),
        ),
        max_size=30,
    ),
    st.booleans(),
    st.floats(allow_nan=False),
    st.floats(allow_nan=False),
    st.floats(allow_nan=False),
)
@example([], True, 0.0, float("inf"), float("inf"))
def test_whatever_the_runs_are_there_is_a_ranking_and_a_grid_or_none(
    cases: list[tuple[float | None, float, int | None, dict[str, str]]],
    ranged: bool,
    low: float,
    high: float,
    step: float,
) -> None:
    runs = [
        run(str(place % 7), value, progress=progress, exit_code=code, parameters=parameters)
        for place, (value, progress, code, parameters) in enumerate(cases)
    ]
    parameters = (Parameter("a", low, high, step), Parameter("b", 1, 2, 1)) if ranged else ()
    optimization = of(*runs, parameters=parameters)
    ranking = rank_runs(optimization)
    assert len(ranking.runs) == len(runs)
    assert len(ranking.by_key) == len(runs)
    grid = heat_grid(Sweep(optimization))
    if grid is not None:
        for each in grid.cells.values():
            assert all(cell_level(each, grid, UNICODE))
            assert cell_text(each, "Sharpe Ratio", UNICODE)
