"""The figures of a sweep beside those of an independent computation: slow, by definition, on the raw runs."""

from __future__ import annotations

import math
import statistics
from fractions import Fraction

import pytest

from qctui.model.optimization import Optimization, Parameter, Run
from qctui.sweep.judging import Objective, Sweep
from qctui.sweep.neighbours import Ground
from qctui.sweep.summaries import average_ranks, correlation_of, summarize
from qctui.sweep.words import near_words
from qctui.value import replace
from tests.sweep.grids import grid, of, run

SWEEPS = [grid(8, 6), grid(5, 4, 3, seed=2), grid(3, 3, 3, 2, 2, 2, seed=3), grid(9, seed=4, failing=0.4)]


def final(each: Run) -> float | None:
    """What counts of a run, said anew."""
    value = each.statistics.get("Sharpe Ratio")
    return value if each.progress == 1 and each.exit_code == 0 and value is not None and math.isfinite(value) else None


def one_step_apart(one: Run, other: Run, step: float = 5.0) -> bool:
    apart = [abs(float(one.parameters[name]) - float(other.parameters[name])) for name in one.parameters]
    return sorted(apart) == [0.0] * (len(apart) - 1) + [step]


@pytest.mark.parametrize("optimization", SWEEPS)
def test_neighbours_are_the_runs_one_step_away_in_one_parameter(optimization: Optimization) -> None:
    sweep = Sweep(optimization)
    for each in optimization.runs:
        near = [final(other) for other in optimization.runs if one_step_apart(each, other)]
        values = [value for value in near if value is not None]
        found = sweep.neighbours(each.key)
        assert (found.count, found.without) == (len(values), len(near) - len(values))
        assert found.mean == (pytest.approx(statistics.fmean(values)) if values else None)
        assert found.spread == (pytest.approx(statistics.pstdev(values)) if len(values) > 1 else None)


def test_a_plateau_a_spike_a_dip_and_a_slope() -> None:
    heights = (1.0, 1.1, 1.0, 1.05, 5.0, 1.0, 1.1, 1.0, -4.0, 1.0, 1.1, 2.5, 4.0, 5.5, 5.4, 5.5, 5.4)
    made = [run(str(at), value, p=str(at)) for at, value in enumerate(heights)]
    words = [Sweep(of(*made)).neighbours(str(at)).ground for at in range(len(heights))]
    assert words[2] is Ground.PLATEAU
    assert words[4] is Ground.SPIKE
    assert words[8] is Ground.DIP
    assert words[12] is Ground.SLOPE
    assert words[15] is Ground.PLATEAU
    assert words[0] is Ground.UNKNOWN  # one neighbour at the edge
    down = Sweep(of(*made, maximize=False))
    assert (down.neighbours("4").ground, down.neighbours("8").ground) == (Ground.DIP, Ground.SPIKE)
    assert Sweep(of(*made, maximize=None)).neighbours("4").ground is Ground.APART


def test_of_the_best_run_no_words_say_that_a_neighbour_is_better() -> None:
    made = [run(str(at), value, p=str(at)) for at, value in enumerate((0.0, 1.0, 1.6, 1.1, 0.0, 0.4))]
    sweep = Sweep(of(*made))
    assert sweep.ranking.best is sweep.ranking.by_key["2"]
    assert sweep.neighbours("2").ground is Ground.SLOPE
    assert "better" not in near_words(sweep, "2")


def test_failed_and_valueless_neighbours_are_counted_and_never_a_zero() -> None:
    sweep = Sweep(
        of(
            run("a", 1.0, p="1", q="1"),
            run("b", 9.0, p="2", q="1", exit_code=1),
            run("c", None, p="0", q="1"),
            run("d", math.nan, p="1", q="2"),
            run("e", 3.0, p="1", q="0"),
            run("f", 2.0, p="2", q="2"),
        )
    )
    found = sweep.neighbours("a")
    assert (found.mean, found.spread, found.count, found.without) == (3.0, None, 1, 3)
    assert (sweep.counts.final, sweep.counts.failed, sweep.counts.valueless, sweep.counts.running) == (3, 1, 2, 0)
    assert sweep.finals == [1.0, 2.0, 3.0]


def test_a_value_that_was_not_run_parts_those_beside_it() -> None:
    made = [run(value, 1.0, p=value) for value in ("5", "10", "20")]
    assert Sweep(of(*made)).neighbours("20").count == 1
    ranged = of(*made, parameters=(Parameter("p", 5, 20, 5),))
    assert Sweep(ranged).neighbours("20").count == 0
    assert Sweep(ranged).neighbours("10").count == 1


def test_texts_have_no_neighbours_and_numbers_do_beside_them() -> None:
    made = [run(f"{word}{at}", float(at), word=word, p=str(at)) for word in ("ema", "sma", "wma") for at in range(3)]
    sweep = Sweep(of(*made))
    assert [sweep.neighbours(f"sma{at}").count for at in range(3)] == [1, 2, 1]
    assert [each.why for each in sweep.influences] == ["", "texts have no order"]


def test_one_value_and_missing_parameters() -> None:
    sweep = Sweep(of(run("a", 1.0, p="1"), run("b", 2.0, p="1"), run("c", 3.0), run("d", 4.0, p="1")))
    assert sweep.ranking.varying == ()
    assert sweep.neighbours("a").ground is Ground.UNKNOWN
    assert sweep.influences == ()
    ranged = Sweep(
        of(*(run(str(at), float(at), p="1") for at in range(4)), run("x", 9.0), parameters=(Parameter("p", 1, 9, 1),))
    )
    (only,) = ranged.influences
    assert (only.correlation, only.runs, only.why) == (None, 4, "it or the target has one value")
    assert [each.value for each in ranged.slices("p")][:2] == ["1", "2"]
    assert ranged.slices("p")[1].summary is None


def rank_of(value: float, values: list[float]) -> Fraction:
    """By counting: below it, and half of its equals."""
    below, equal = sum(each < value for each in values), sum(each == value for each in values)
    return Fraction(2 * below + equal + 1, 2)


@pytest.mark.parametrize("optimization", SWEEPS)
def test_importance_is_the_rank_correlation_of_all_runs_with_a_value(optimization: Optimization) -> None:
    ended = [each for each in optimization.runs if final(each) is not None]
    values = [final(each) or 0.0 for each in ended]
    found = Sweep(optimization).influences
    assert {each.name for each in found} == {each.name for each in optimization.parameters}
    for each in found:
        places = [float(one.parameters[each.name]) for one in ended]
        ranks = [[float(rank_of(one, of)) for one in of] for of in (places, values)]
        assert each.correlation == pytest.approx(statistics.correlation(*ranks))
        assert each.runs == len(ended)
    strengths = [abs(each.correlation or 0.0) for each in found]
    assert strengths == sorted(strengths, reverse=True)


def spearman(xs: list[float], ys: list[float]) -> float | None:
    return correlation_of(average_ranks(xs), average_ranks(ys))


def test_spearman_of_known_cases() -> None:
    assert spearman([1, 2, 3, 4], [10, 20, 30, 40]) == 1.0
    assert spearman([1, 2, 3, 4], [1, 0.1, 0.01, 1e-9]) == -1.0
    assert spearman([1, 2, 3], [7, 7, 7]) is None
    assert spearman([1, 1, 2, 2], [1, 2, 1, 2]) == 0.0


@pytest.mark.parametrize("optimization", SWEEPS)
def test_slices_are_summaries_of_the_runs_of_each_value(optimization: Optimization) -> None:
    for parameter in optimization.parameters:
        for each in Sweep(optimization).slices(parameter.name):
            mine = [one for one in optimization.runs if float(one.parameters[parameter.name]) == float(each.value)]
            values = sorted(value for one in mine if (value := final(one)) is not None)
            assert (each.summary.count if each.summary is not None else 0) == len(values)
            if len(values) > 1:
                quarters = statistics.quantiles(values, n=4, method="inclusive")
                assert each.summary is not None
                found = (each.summary.quarter, each.summary.median, each.summary.three_quarters)
                assert found == pytest.approx(quarters)
                assert (each.summary.low, each.summary.high) == (values[0], values[-1])


def test_summaries_of_one_and_of_two() -> None:
    assert summarize([]) is None
    one, two = summarize([3.0]), summarize([1.0, 2.0])
    assert one is not None
    assert two is not None
    assert (one.low, one.median, one.high) == (3.0, 3.0, 3.0)
    assert (two.quarter, two.median, two.three_quarters) == (1.25, 1.5, 1.75)


@pytest.mark.parametrize("maximize", [True, False])
def test_the_best_so_far_never_gets_worse_and_ends_with_the_best(maximize: bool) -> None:
    optimization = SWEEPS[0]
    optimization = replace(optimization, criterion=replace(optimization.criterion, maximize=maximize))
    found = Sweep(optimization).history()
    ended = [each for each in optimization.runs if final(each) is not None]
    pick = max if maximize else min
    assert [each.run for each, _ in found] == ended
    assert [best for _, best in found] == [
        pick(final(one) or 0.0 for one in ended[: at + 1]) for at in range(len(ended))
    ]
    assert {best for _, best in Sweep(replace(optimization, criterion=of(maximize=None).criterion)).history()} == {None}


@pytest.mark.parametrize("optimization", SWEEPS)
@pytest.mark.parametrize("ways", [(True, False), (True, True), (False, False)])
def test_the_front_is_what_no_other_run_beats(optimization: Optimization, ways: tuple[bool, bool]) -> None:
    one, other = Objective("Sharpe Ratio", ways[0]), Objective("Total Orders", ways[1])
    ended = [each for each in optimization.runs if final(each) is not None]
    good = {
        each.key: tuple(each.statistics[it.name] * (1 if it.maximize else -1) for it in (one, other)) for each in ended
    }

    def beaten(key: str) -> bool:
        mine = good[key]
        return any(all(a >= b for a, b in zip(its, mine, strict=True)) and its != mine for its in good.values())

    found = Sweep(optimization).front(one, other)
    assert {run.key for run, *_ in found} == good.keys()
    assert {run.key for run, _, _, on in found if on} == {key for key in good if not beaten(key)}


def test_a_trade_off_is_offered_with_the_way_that_is_better() -> None:
    words = [each.words for each in Sweep(grid(3, 3)).objectives]
    assert words == ["max Sharpe Ratio", "min Drawdown", "max Net Profit", "max Total Orders", "min Total Orders"]
    untold = of(run("a", 1.0), maximize=None)
    assert [each.words for each in Sweep(untold).objectives] == ["max Sharpe Ratio"]


def test_what_is_not_finite_or_huge_breaks_no_figure() -> None:
    huge = [run(str(at), value, p=str(at)) for at, value in enumerate((1e308, -1e308, 1e308, math.inf, math.nan, 1.0))]
    sweep = Sweep(of(*huge))
    assert sweep.counts.valueless == 2
    assert sweep.neighbours("1").mean is None  # it would be 1e308, on the way to which lies infinity
    assert sweep.neighbours("0").ground is Ground.UNKNOWN
    assert all(each.correlation is None or -1 <= each.correlation <= 1 for each in sweep.influences)
