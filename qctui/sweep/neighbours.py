"""How the runs one step away from a run did: whether it stands on a plateau or is a spike."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Mapping, Sequence
from enum import Enum

from qctui.sweep.ranking import Column, RankedRun, Ranking
from qctui.sweep.summaries import deviation_of, mean_of
from qctui.value import Value

NEAR = 0.5
"""Standard deviations of all final values within which a run is level with its neighbours, and they with each other."""
FAR = 1.0
"""Standard deviations of all final values from which on a run stands apart from its neighbours."""

_NOWHERE = -(1 << 62)
"""Added to the number of a place: it leads to none."""


class Ground(Enum):
    """How a run lies among its neighbours. The value is the word for it."""

    PLATEAU = "plateau"
    """They are level with it: what is near it does as well."""
    SLOPE = "slope"
    """It is not level with them, and not far from their mean: also the best run can be."""
    SPIKE = "spike"
    """It is much better than they are: a small change of a parameter loses it."""
    DIP = "dip"
    """It is much worse than they are."""
    APART = "apart"
    """It is far from them, and it is not told which way is better."""
    UNKNOWN = "few"
    """Fewer than two of them have a value."""


class Neighbours(Value, gc=False):
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


class Neighbourhood:
    """Where each run stands among the others. A place on all axes is one number, so that a step on an axis leads to the
    number that is a stride of that axis away."""

    def __init__(
        self, ranking: Ranking, columns: Mapping[str, Column], deviation: float, maximize: bool | None
    ) -> None:
        """`deviation` is that of all final values."""
        self._deviation, self._maximize = deviation, maximize
        widths = (2 * len(column.values) + 2 for column in columns.values())
        self._strides = tuple(itertools.accumulate(widths, operator.mul, initial=1))[:-1]
        parts = [_parts(column, stride) for column, stride in zip(columns.values(), self._strides, strict=True)]
        placed = zip(ranking.runs, map(sum, zip(*parts, strict=True)), strict=True) if parts else ()
        self._places = {each.key: place for each, place in placed if place >= 0}
        self._values: dict[int, list[float | None]] = {}
        """The final values at each place, None of a run without one."""
        for each in ranking.runs:
            if (at := self._places.get(each.key)) is not None:
                self._values.setdefault(at, []).append(each.final)

    def of(self, run: RankedRun) -> Neighbours:
        """The neighbours of a run."""
        place, near = self._places.get(run.key), list[float | None]()
        if place is not None:
            there = self._values.get
            for stride in self._strides:
                near += there(place - stride, ())
                near += there(place + stride, ())
        values = [value for value in near if value is not None]
        mean, spread = mean_of(values), deviation_of(values)
        return Neighbours(mean, spread, len(values), len(near) - len(values), self._ground(run.final, mean, spread))

    def _ground(self, value: float | None, mean: float | None, spread: float | None) -> Ground:
        if value is None or mean is None or spread is None:
            return Ground.UNKNOWN
        ahead, one = value - mean, self._deviation
        if abs(ahead) <= NEAR * one and spread <= NEAR * one:
            return Ground.PLATEAU
        if abs(ahead) < FAR * one:
            return Ground.SLOPE
        if self._maximize is None:
            return Ground.APART
        return Ground.SPIKE if (ahead > 0) == self._maximize else Ground.DIP


def _parts(column: Column, stride: int) -> Sequence[int]:
    """What a parameter adds to the number of each run's place. Numbers are a step apart; texts have no order, so
    nothing is near them."""
    steps = range(len(column.values))
    # From 1 on: a step back from the first value leads to no other one.
    at = [(1 + (step if step < column.numbers else 2 * step)) * stride for step in steps]
    at.append(_NOWHERE)  # where the step of what is not told leads: -1 is the last one
    return [at[step] for step in column.steps]
