"""What the runs of an optimization say together: neighbours, slices, distribution, history, trade-offs, importance."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from enum import Enum
from functools import cached_property

from qctui.model.optimization import HIGHER_IS_BETTER, Optimization
from qctui.sweep.ranking import RankedRun, axis_of, number_of, rank_runs, statistic_of, value_key
from qctui.value import Value

NEAR = 0.5
"""Standard deviations of all final values within which a run is level with its neighbours, and they with each other."""
FAR = 1.0
"""Standard deviations of all final values from which on a run stands apart from its neighbours."""
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


class Summary(Value):
    """How values are spread. The quartiles lie between values where they must, as is usual."""

    low: float
    quarter: float
    median: float
    three_quarters: float
    high: float
    count: int


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
    def _places(self) -> dict[str, tuple[int, ...]]:
        """Where on the axes each run stands. Numbers are a step apart; texts have no order, so nothing is near them."""
        steps: list[tuple[str, dict[str, int]]] = []
        for name, values in self.axes:
            numbers = sum(number_of(value) is not None for value in values)
            at = {value: place if place < numbers else 2 * place + 1 for place, value in enumerate(values)}
            steps.append((name, at))
        places: dict[str, tuple[int, ...]] = {}
        for key, each in self.ranking.by_key.items():
            parameters = each.run.parameters
            place = [at.get(value_key(parameters[name])) if name in parameters else None for name, at in steps]
            if place and None not in place:
                places[key] = tuple(step for step in place if step is not None)
        return places

    @cached_property
    def _runs_at(self) -> dict[tuple[int, ...], list[RankedRun]]:
        found: dict[tuple[int, ...], list[RankedRun]] = {}
        for key, place in self._places.items():
            found.setdefault(place, []).append(self.ranking.by_key[key])
        return found

    def neighbours(self, key: str) -> Neighbours:
        """The neighbours of a run."""
        found = self._neighbours.get(key)
        if found is None:
            found = self._neighbours[key] = self._judge(self.ranking.by_key[key], self._near(key))
        return found

    def _near(self, key: str) -> list[RankedRun]:
        place = self._places.get(key, ())
        near: list[RankedRun] = []
        for axis, step in enumerate(place):
            for beside in (step - 1, step + 1):
                near += self._runs_at.get((*place[:axis], beside, *place[axis + 1 :]), ())
        return near

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
            if (value := each.run.parameters.get(parameter)) is not None and (at := value_key(value)) in runs:
                runs[at].append(each)
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

    def importance(self) -> tuple[Influence, ...]:
        """Every varying parameter, the strongest influence first, those without a figure last."""
        found = [self._influence(name) for name in self.ranking.varying]
        return tuple(sorted(found, key=lambda each: -1.0 if each.correlation is None else -abs(each.correlation) - 2.0))

    def _influence(self, name: str) -> Influence:
        told = [(each.run.parameters.get(name), each.final) for each in self.ranking.runs[: self.ranking.ended]]
        pairs = [(number_of(text), final) for text, final in told if text is not None and final is not None]
        numbers = [(number, final) for number, final in pairs if number is not None]
        if len(numbers) < len(pairs):
            return Influence(name, None, len(numbers), "texts have no order")
        if len(numbers) < LEAST_RANKED:
            return Influence(name, None, len(numbers), "too few runs")
        correlation = spearman([number for number, _ in numbers], [final for _, final in numbers])
        why = "" if correlation is not None else "it or the target has one value"
        return Influence(name, correlation, len(numbers), why)

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


def mean_of(values: Sequence[float]) -> float | None:
    """The mean; None of no values, and of values too large for one."""
    mean = math.fsum(value / len(values) for value in values) if values else math.nan
    return mean if math.isfinite(mean) else None


def deviation_of(values: Sequence[float]) -> float | None:
    """The standard deviation of all of these values; None of fewer than two, and of values too large for one."""
    mean = mean_of(values)
    if mean is None or len(values) < 2:
        return None
    deviation = math.hypot(*(value - mean for value in values)) / math.sqrt(len(values))
    return deviation if math.isfinite(deviation) else None


def summarize(ascending: Sequence[float]) -> Summary | None:
    """The summary of ascending values."""
    if not ascending:
        return None

    def at(share: float) -> float:
        place = share * (len(ascending) - 1)
        low, part = ascending[math.floor(place)], place % 1
        return low * (1 - part) + ascending[math.ceil(place)] * part

    return Summary(ascending[0], at(0.25), at(0.5), at(0.75), ascending[-1], len(ascending))


def spearman(xs: Sequence[float], ys: Sequence[float]) -> float | None:
    """Spearman's rank correlation, with average ranks for ties; None where one of the two has a single value."""
    ranks = average_ranks(xs), average_ranks(ys)
    mean = (len(xs) + 1) / 2
    one, other = ([rank - mean for rank in each] for each in ranks)
    scale = math.sqrt(math.fsum(each * each for each in one) * math.fsum(each * each for each in other))
    if not scale:
        return None
    return max(-1.0, min(1.0, math.fsum(a * b for a, b in zip(one, other, strict=True)) / scale))


def average_ranks(values: Sequence[float]) -> list[float]:
    """The rank of each value from 1; equal ones share the mean of theirs."""
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks = [0.0] * len(values)
    before = 0
    for _, group in itertools.groupby(order, key=values.__getitem__):
        tied = list(group)
        for place in tied:
            ranks[place] = before + (len(tied) + 1) / 2
        before += len(tied)
    return ranks
