"""The runs of an optimization ranked by its target, and the values of its parameters in their order."""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache

from qctui.model.optimization import PERCENT_STATISTICS, STATISTICS, Optimization, Parameter, Run
from qctui.value import Value, field

MOST_STEPS = 400
"""Values of one axis that are taken from a parameter's range; of a finer one only those that were run."""

UNRANKED = "max or min is not told: no rank"
"""Said of runs whose target has no extremum."""


class RunState(StrEnum):
    """How far a run is. The value is the word for it, on screen and in files."""

    DONE = "done"
    FAILED = "failed"
    RUNNING = "running"
    CUT_OFF = "cut off"
    """It has not ended, and nothing goes on in its optimization any more."""


class RankedRun(Value, gc=False):
    """A run and its place among those with a value of the target."""

    run: Run
    state: RunState
    key: str
    """Names it in a list."""
    rank: int | None
    """1 is the best; None while the run has no final value, and where it is unknown what is best."""
    value: float | None
    """Of the target, also of a run that has not ended."""

    final: float | None
    """The value of a run that ended; never one of a failed or unfinished run, and always finite."""

    @property
    def ended(self) -> bool:
        """It ran to its end."""
        return self.state is RunState.DONE

    @property
    def unended(self) -> bool:
        """It runs, or was cut off."""
        return self.state in (RunState.RUNNING, RunState.CUT_OFF)

    @property
    def name(self) -> str:
        """What a person calls it."""
        return self.run.name or self.run.backtest_id or self.key


class Ranking(Value):
    """Every run, the best first (where it is unknown what is best, the highest); then those that have not
    ended by their progress, then those that failed."""

    runs: tuple[RankedRun, ...] = ()
    ended: int = 0
    """How many have a final value of the target. They come first."""
    ranked: int = 0
    """How many have a rank: all that ended, or none."""
    varying: tuple[str, ...] = ()
    """Names of the parameters the search varies, in its order."""
    by_key: dict[str, RankedRun] = field(default_factory=dict)
    """In the order of the answer."""

    @property
    def best(self) -> RankedRun | None:
        """The one with rank 1."""
        return self.runs[0] if self.ranked else None


def rank_runs(optimization: Optimization) -> Ranking:
    """Rank the runs by the criterion's target. Equal values share a rank."""
    target, maximize = optimization.criterion.target, optimization.criterion.maximize
    sign = 1.0 if maximize is False else -1.0
    counted: dict[str, int] = {}
    scored: list[tuple[float, str, Run, float]] = []
    rest: list[RankedRun] = []
    unended = RunState.CUT_OFF if optimization.finished else RunState.RUNNING
    keys: list[str] = []
    for run in optimization.runs:
        count = counted[run.key] = counted.get(run.key, 0) + 1
        key = run.key if count == 1 else f"{run.key} {count}"
        keys.append(key)
        value = statistic_of(run, target)
        state = RunState.FAILED if run.failed else RunState.DONE if run.progress >= 1 else unended
        if value is not None and state is RunState.DONE:
            scored.append((value * sign, key, run, value))
        else:
            rest.append(RankedRun(run, state, key, None, value, None))
    scored.sort(key=lambda each: each[0])
    rows: list[RankedRun] = []
    for place, (_, key, run, value) in enumerate(scored, 1):
        shared = rows[-1].rank if rows and rows[-1].value == value else place
        rows.append(RankedRun(run, RunState.DONE, key, None if maximize is None else shared, value, value))
    rest.sort(key=lambda each: (each.run.failed, -each.run.progress))
    everything = (*rows, *rest)
    found = {each.key: each for each in everything}
    ranked = 0 if maximize is None else len(rows)
    by_key = {key: found[key] for key in keys}
    return Ranking(everything, len(rows), ranked, varying_names(optimization), by_key)


def statistics_told(runs: Sequence[RankedRun]) -> list[str]:
    """The names of all statistics of these runs: the service's own in its order, then those that algorithms made."""
    there = {name for each in runs for name in each.run.statistics}
    return [*(name for name in STATISTICS if name in there), *sorted(there - set(STATISTICS))]


def statistic_of(run: Run, name: str) -> float | None:
    """A statistic of a run; None where it is missing or is no finite number."""
    value = run.statistics.get(name)
    return value if value is not None and math.isfinite(value) else None


def statistic_text(value: float, statistic: str, digits: int = 3) -> str:
    """A statistic's value with its unit, in a few characters. Percent figures come in percent points (REFERENCE.md
    5.2)."""
    percent = statistic in PERCENT_STATISTICS
    digits = max(1, digits - 1) if percent else digits
    plain = value == 0 or 1e-4 <= abs(value) < 1e9
    return (f"{value:,.{digits}f}" if plain else f"{value:.{digits}e}") + ("%" if percent else "")


def varying_names(optimization: Optimization) -> tuple[str, ...]:
    """The parameters with a range, in the search's order; where no ranges are given, those the runs differ in."""
    ranged = [each for each in optimization.parameters if each.value is None and each.minimum != each.maximum]
    if ranged:
        return tuple(dict.fromkeys(each.name for each in ranged))
    seen: dict[str, set[str]] = {}
    for run in optimization.runs:
        for name, value in run.parameters.items():
            seen.setdefault(name, set()).add(value_key(value))
    return tuple(name for name, values in seen.items() if len(values) > 1)


@lru_cache(maxsize=4_096)
def value_key(value: str | float) -> str:
    """A parameter's value so that 0.3, 0.30 and 0.1+0.2 are the same."""
    number = number_of(value)
    return str(value) if number is None else f"{number:.10g}"


def number_of(value: str | float) -> float | None:
    """A parameter's value as a number; None where it is a text, or no finite number."""
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def value_order(value: str) -> tuple[bool, float, str]:
    """What values of a parameter are sorted by: numbers first, in their order."""
    number = number_of(value)
    return (True, 0.0, value) if number is None else (False, number, value)


UNTOLD = -1
"""The step of a run of which no value of the parameter is told."""


class Column(Value, eq=False):
    """One parameter of all runs."""

    name: str
    values: tuple[str, ...]
    """Ascending, numbers before texts: those of its range and those that were run."""
    steps: Sequence[int]
    """The place of each run's value among them, or `UNTOLD`; in the order of the ranking."""
    numbers: int
    """How many of the values are numbers."""


def column_of(name: str, optimization: Optimization, runs: Sequence[RankedRun]) -> Column:
    """A parameter of ranked runs."""
    told = [each.run.parameters.get(name) for each in runs]
    keys = {text: value_key(text) for text in set(told) if text is not None}
    ranges = [each for each in optimization.parameters if each.name == name]
    values = sorted({*(_steps(ranges[0]) if ranges else ()), *keys.values()}, key=value_order)
    at: dict[str | None, int] = {None: UNTOLD}
    places = {value: place for place, value in enumerate(values)}
    at.update((text, places[key]) for text, key in keys.items())
    numbers = sum(number_of(value) is not None for value in values)
    return Column(name, tuple(values), [at[text] for text in told], numbers)


def _steps(parameter: Parameter) -> Sequence[str]:
    low, high, step = parameter.minimum, parameter.maximum, parameter.step
    if low is None or high is None or not step or step <= 0 or high < low or not (high - low) / step <= MOST_STEPS:
        return ()  # what is endless has no number of steps either
    return [value_key(low + step * count) for count in range(int((high - low) / step + 1e-9) + 1)]
