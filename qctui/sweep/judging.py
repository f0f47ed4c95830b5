"""What the runs of an optimization say together: neighbours, slices, distribution, history, trade-offs, importance."""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from functools import cached_property

from qctui.model.optimization import HIGHER_IS_BETTER, Optimization
from qctui.sweep.ranking import RankedRun, axis_of, number_of, rank_runs, statistic_of, value_key
from qctui.sweep.summaries import Summary, average_ranks, correlation_of, deviation_of, mean_of, summarize
from qctui.value import Value

NEAR = 0.5
"""Standard deviations of all final values within which a run is level with its neighbours, and they with each other."""
FAR = 1.0
"""Standard deviations of all final values from which on a run stands apart from its neighbours."""
STEP = 200
"""Runs that are judged in one go while other work waits."""
LEAST_RANKED = 3
"""Runs that a rank correlation needs at least: of two it is always 1."""


class Ground(Enum):
    """How a run lies among its neighbours. The value is the word for it."""

    PLATEAU = "plateau"
    """They are level with it: what is near it does as well."""
    SLOPE = "slope"
    """Some are better and some worse."""
    SPIKE = "spike"
    """It is much better than they are: a small change of a parameter loses it."""
    DIP = "dip"
    """It is much worse than they are."""
    APART = "apart"
    """It is far from them, and it is not told which way is better."""
    UNKNOWN = "few"
    """Fewer than two of them have a value."""


class Neighbours(Value):
    """The runs one step away from a run in exactly one parameter."""

    mean: float | None
    """Of their final values; None without any."""
    spread: float | None
    """Their standard deviation; None of fewer than two."""
    count: int
    """How many have a final value."""
    without: int
    """How many failed, are under way or have no value of the target. They are in neither mean nor spread."""
    ground: Ground


class Counts(Value):
    """Runs by what can be said of them. Each is in one of these."""

    final: int
    """Ended, with a value of the target."""
    failed: int
    under_way: int
    valueless: int
    """Ended, without a value of the target, or with one that is no finite number."""


class Slice(Value):
    """The runs of one value of a parameter."""

    value: str
    summary: Summary | None
    """Of the final values; None without any."""
    counts: Counts


class Influence(Value):
    """How strongly a parameter and the target go together: Spearman's rank correlation."""

    name: str
    correlation: float | None
    """-1..1; None where there is none: of texts, of one value, of too few runs."""
    runs: int
    """How many it rests on."""
    why: str = ""
    """Why there is none."""


class Objective(Value):
    """A statistic, and which way is better."""

    name: str
    maximize: bool

    @property
    def words(self) -> str:
        """As it is written: `max Sharpe Ratio`."""
        return f"{'max' if self.maximize else 'min'} {self.name}"


class Sweep:
    """One reading of an optimization. What needs all runs is worked out when it is first asked for, and kept."""

    def __init__(self, optimization: Optimization) -> None:
        self.optimization = optimization
        self.ranking = rank_runs(optimization)
        self._neighbours: dict[str, Neighbours] = {}

    @property
    def target(self) -> str:
        """The statistic that is searched for."""
        return self.optimization.criterion.target

    @cached_property
    def axes(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Each varying parameter with its values, ascending."""
        found = [axis_of(name, self.optimization) for name in self.ranking.varying]
        return tuple((axis.name, axis.values) for axis in found)

    @cached_property
    def counts(self) -> Counts:
        """All runs."""
        return counted(self.ranking.runs)

    @cached_property
    def finals(self) -> list[float]:
        """The final values, ascending."""
        return sorted(each.final for each in self.ranking.runs if each.final is not None)

    @cached_property
    def summary(self) -> Summary | None:
        """How the final values are spread; None without any."""
        return summarize(self.finals)

    @cached_property
    def deviation(self) -> float:
        """The standard deviation of the final values."""
        return deviation_of(self.finals) or 0.0

    @cached_property
    def _strides(self) -> tuple[int, ...]:
        """What a step on each axis adds to the number of a place."""
        return tuple(itertools.accumulate((2 * len(values) + 2 for _, values in self.axes), operator.mul, initial=1))[
            :-1
        ]

    @cached_property
    def _places(self) -> dict[str, int]:
        """The number of the place on the axes where each run stands. Numbers are a step apart; texts have no order, so
        nothing is near them."""
        runs = self.ranking.by_key.values()
        names = self.ranking.varying
        steps: list[dict[str, int]] = []
        for (name, values), stride in zip(self.axes, self._strides, strict=True):
            numbers = sum(number_of(value) is not None for value in values)
            # From 1 on: a step back from the first value leads to no other one.
            at = {value: 1 + (step if step < numbers else 2 * step) for step, value in enumerate(values)}
            texts = {each.run.parameters[name] for each in runs if name in each.run.parameters}
            steps.append({text: at[value_key(text)] * stride for text in texts})
        told = [each.run.parameters for each in runs]
        columns = [[at.get(each.get(name, "")) for each in told] for name, at in zip(names, steps, strict=True)]
        numbered = zip(self.ranking.by_key, zip(*columns, strict=True), strict=True) if columns else ()
        # Without a place: a run of which a value is not told.
        return {key: sum(place) for key, place in numbered if None not in place}

    @cached_property
    def _runs_at(self) -> dict[int, list[RankedRun]]:
        found: dict[int, list[RankedRun]] = {}
        for key, place in self._places.items():
            found.setdefault(place, []).append(self.ranking.by_key[key])
        return found

    def prepare(self) -> Iterator[None]:
        """Work out, in small steps, what is needed when a table is sorted by neighbours or a view is opened."""
        for number, key in enumerate(self.ranking.by_key):
            self.neighbours(key)
            if number % STEP == 0:
                yield
        _ = self.influences
        yield
        _ = self.objectives

    def neighbours(self, key: str) -> Neighbours:
        """The neighbours of a run."""
        found = self._neighbours.get(key)
        if found is None:
            place, near = self._places.get(key), list[RankedRun]()
            for stride in self._strides if place is not None else ():
                for beside in (-stride, stride):
                    near += self._runs_at.get((place or 0) + beside, ())
            found = self._neighbours[key] = self._judge(self.ranking.by_key[key], near)
        return found

    def _judge(self, run: RankedRun, near: Sequence[RankedRun]) -> Neighbours:
        values = [each.final for each in near if each.final is not None]
        mean, spread = mean_of(values), deviation_of(values)
        ground = Ground.UNKNOWN
        if mean is not None and spread is not None and run.final is not None:
            ahead, one = run.final - mean, self.deviation
            if abs(ahead) <= NEAR * one and spread <= NEAR * one:
                ground = Ground.PLATEAU
            elif abs(ahead) < FAR * one:
                ground = Ground.SLOPE
            elif self.optimization.criterion.maximize is None:
                ground = Ground.APART
            else:
                ground = Ground.SPIKE if (ahead > 0) == self.optimization.criterion.maximize else Ground.DIP
        return Neighbours(mean, spread, len(values), len(near) - len(values), ground)

    def slices(self, parameter: str) -> tuple[Slice, ...]:
        """The runs by the value of a parameter, in the order of its values."""
        runs: dict[str, list[RankedRun]] = {value: [] for value in dict(self.axes).get(parameter, ())}
        for each in self.ranking.runs:
            if (value := each.run.parameters.get(parameter)) is not None:
                runs[value_key(value)].append(each)
        return tuple(
            Slice(value, summarize(sorted(run.final for run in of if run.final is not None)), counted(of))
            for value, of in runs.items()
        )

    def history(self) -> tuple[tuple[RankedRun, float | None], ...]:
        """The runs with a final value in the order of the answer, each with the best value up to it: None where it is
        not told what is best."""
        maximize = self.optimization.criterion.maximize
        best: float | None = None
        found: list[tuple[RankedRun, float | None]] = []
        for each in self.ranking.by_key.values():
            if each.final is None:
                continue
            if maximize is not None:
                best = each.final if best is None else (max if maximize else min)(best, each.final)
            found.append((each, best))
        return tuple(found)

    @cached_property
    def influences(self) -> tuple[Influence, ...]:
        """Every varying parameter, the strongest influence first, those without a figure last."""
        found = [self._influence(name) for name in self.ranking.varying]
        return tuple(sorted(found, key=lambda each: -1.0 if each.correlation is None else -abs(each.correlation) - 2.0))

    @cached_property
    def _final_ranks(self) -> list[float]:
        return average_ranks([each.final for each in self.ranking.runs[: self.ranking.ended] if each.final is not None])

    def _influence(self, name: str) -> Influence:
        ended = self.ranking.runs[: self.ranking.ended]
        pairs = [(text, each.final) for each in ended if (text := each.run.parameters.get(name)) is not None]
        numbers = {text: number_of(text) for text in {text for text, _ in pairs}}
        xs = [number for text, _ in pairs if (number := numbers[text]) is not None]
        if len(xs) < len(pairs):
            return Influence(name, None, len(xs), "texts have no order")
        if len(xs) < LEAST_RANKED:
            return Influence(name, None, len(xs), "too few runs")
        finals = [final for _, final in pairs if final is not None]
        ranks = self._final_ranks if len(finals) == len(ended) else average_ranks(finals)
        correlation = correlation_of(average_ranks(xs), ranks)
        why = "" if correlation is not None else "it or the target has one value"
        return Influence(name, correlation, len(xs), why)

    @cached_property
    def objectives(self) -> tuple[Objective, ...]:
        """What a trade-off can be looked at between: the target first, then the statistics of the runs; one of which it
        is not known which way is better, in both ways."""
        criterion = self.optimization.criterion
        names = dict.fromkeys([criterion.target, *HIGHER_IS_BETTER])
        for each in self.ranking.runs:
            names.update(dict.fromkeys(each.run.statistics))
        there = {name for each in self.ranking.runs if each.ended for name in each.run.statistics}
        found: list[Objective] = []
        for name in names:
            known = criterion.maximize if name == criterion.target else None
            known = HIGHER_IS_BETTER.get(name) if known is None else known
            if name in there:
                found += [Objective(name, way) for way in ((True, False) if known is None else (known,))]
        return tuple(found)

    def front(self, one: Objective, other: Objective) -> tuple[tuple[RankedRun, float, float, bool], ...]:
        """The runs that ended with both statistics, each with whether no run is at least as good in both and better in
        one."""
        found: list[tuple[RankedRun, float, float]] = []
        for each in self.ranking.runs:
            x, y = statistic_of(each.run, one.name), statistic_of(each.run, other.name)
            if each.ended and x is not None and y is not None:
                found.append((each, x, y))
        # From the best of the first on, a run is on the front if it is the best yet of the second.
        order = sorted(found, key=lambda each: (signed(each[1], one), signed(each[2], other)), reverse=True)
        best, at = -math.inf, math.inf
        front: set[str] = set()
        for run, x, y in order:
            first, second = signed(x, one), signed(y, other)
            if second > best:
                best, at = second, first
            if second == best and first == at:
                front.add(run.key)
        return tuple((run, x, y, run.key in front) for run, x, y in found)


def signed(value: float, objective: Objective) -> float:
    """A value so that more is better."""
    return value if objective.maximize else -value


def counted(runs: Iterable[RankedRun]) -> Counts:
    """How many there are of each kind."""
    final = failed = under_way = valueless = 0
    for each in runs:
        if each.run.failed:
            failed += 1
        elif each.run.progress < 1:
            under_way += 1
        elif each.final is None:
            valueless += 1
        else:
            final += 1
    return Counts(final, failed, under_way, valueless)
