"""What the runs of an optimization say together: neighbours, slices, distribution, history, trade-offs, importance."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterator
from functools import cached_property

from qctui.model.optimization import HIGHER_IS_BETTER, Optimization
from qctui.sweep.neighbours import Neighbourhood, Neighbours
from qctui.sweep.ranking import UNTOLD, Column, RankedRun, Ranking, RunState, column_of, rank_runs
from qctui.sweep.summaries import Summary, average_ranks, correlation_of, deviation_of, summarize
from qctui.value import Value

STEP = 200
"""Runs that are judged in one go while other work waits."""
LEAST_RANKED = 3
"""Runs that a rank correlation needs at least: of two it is always 1."""


class Counts(Value):
    """Runs by what can be said of them. Each is in one of these."""

    final: int
    """Ended, with a value of the target."""
    failed: int
    running: int
    cut_off: int
    valueless: int
    """Ended, without a value of the target, or with one that is no finite number."""


class Slice(Value):
    """The runs of one value of a parameter."""

    value: str
    summary: Summary | None
    """Of the final values; None without any."""


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
        self._neighbours: dict[str, Neighbours] = {}

    @property
    def target(self) -> str:
        """The statistic that is searched for."""
        return self.optimization.criterion.target

    @property
    def over(self) -> bool:
        """Nothing goes on in it any more."""
        return self.optimization.finished

    @cached_property
    def ranking(self) -> Ranking:
        """The runs by their place."""
        return rank_runs(self.optimization)

    @cached_property
    def columns(self) -> dict[str, Column]:
        """Each varying parameter, by name."""
        return {name: column_of(name, self.optimization, self.ranking.runs) for name in self.ranking.varying}

    @cached_property
    def counts(self) -> Counts:
        """All runs."""
        states, final = Counter(each.state for each in self.ranking.runs), len(self.finals)
        done, failed, running, cut_off = (states[each] for each in RunState)
        return Counts(final, failed, running, cut_off, done - final)

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
    def _neighbourhood(self) -> Neighbourhood:
        return Neighbourhood(self.ranking, self.columns, self.deviation, self.optimization.criterion.maximize)

    def prepare(self) -> Iterator[None]:
        """Work out all of it, in small steps: on a thread, so that nothing of it is left to an interface."""
        _ = self.ranking
        yield
        _ = self._neighbourhood
        yield
        for number, key in enumerate(self.ranking.by_key):
            self.neighbours(key)
            if number % STEP == 0:
                yield
        _ = self.influences
        yield
        _ = self.objectives, self.counts, self.summary

    def neighbours(self, key: str) -> Neighbours:
        """The neighbours of a run."""
        found = self._neighbours.get(key)
        if found is None:
            found = self._neighbours[key] = self._neighbourhood.of(self.ranking.by_key[key])
        return found

    def slices(self, parameter: str) -> tuple[Slice, ...]:
        """The runs by the value of a parameter, in the order of its values."""
        column = self.columns.get(parameter)
        if column is None:
            return ()
        runs: list[list[RankedRun]] = [[] for _ in column.values]
        for each, step in zip(self.ranking.runs, column.steps, strict=True):
            if step != UNTOLD:
                runs[step].append(each)
        return tuple(
            Slice(value, summarize(sorted(run.final for run in of if run.final is not None)))
            for value, of in zip(column.values, runs, strict=True)
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
        column, ended = self.columns[name], self.ranking.ended
        # A step is the rank of a number among the values of its axis.
        pairs = [pair for pair in zip(column.steps[:ended], self._final_ranks, strict=True) if pair[0] != UNTOLD]
        steps = [step for step, _ in pairs]
        numbers = sum(step < column.numbers for step in steps)
        if numbers < len(steps):
            return Influence(name, None, numbers, "texts have no order")
        if numbers < LEAST_RANKED:
            return Influence(name, None, numbers, "too few runs")
        ranks = self._final_ranks if len(pairs) == ended else average_ranks([rank for _, rank in pairs])
        correlation = correlation_of(average_ranks(steps), ranks)
        why = "" if correlation is not None else "it or the target has one value"
        return Influence(name, correlation, numbers, why)

    @cached_property
    def objectives(self) -> tuple[Objective, ...]:
        """What a trade-off can be looked at between: the target first, then the statistics of the runs; one of which it
        is not known which way is better, in both ways."""
        criterion = self.optimization.criterion
        told = (each.run.statistics for each in self.ranking.runs if each.ended)
        there = dict.fromkeys(itertools.chain.from_iterable(told))
        names = [name for name in dict.fromkeys([criterion.target, *HIGHER_IS_BETTER, *there]) if name in there]
        found: list[Objective] = []
        for name in names:
            known = criterion.maximize if name == criterion.target else None
            known = HIGHER_IS_BETTER.get(name) if known is None else known
            found += [Objective(name, way) for way in ((True, False) if known is None else (known,))]
        return tuple(found)

    def front(self, one: Objective, other: Objective) -> tuple[tuple[RankedRun, float, float, bool], ...]:
        """The runs that ended with both statistics, each with whether no run is at least as good in both and better in
        one."""
        runs = [each for each in self.ranking.runs if each.ended]
        told = [each.run.statistics for each in runs]
        rows = zip(runs, *([each.get(way.name, math.nan) for each in told] for way in (one, other)), strict=True)
        found = [(each, x, y) for each, x, y in rows if math.isfinite(x) and math.isfinite(y)]
        # So that more is better; from the best of the first on, a run is on the front if it is the best yet of the
        # second.
        along, upwards = (1.0 if way.maximize else -1.0 for way in (one, other))
        places = [(x * along, y * upwards) for _, x, y in found]
        best, at = -math.inf, math.inf
        front: set[tuple[float, float]] = set()
        for first, second in sorted(set(places), reverse=True):
            if second > best:
                best, at = second, first
            if second == best and first == at:
                front.add((first, second))
        return tuple((*row, place in front) for row, place in zip(found, places, strict=True))
