"""Figures of a list of numbers: mean, deviation, quartiles, rank correlation. What overflows has no figure."""

from __future__ import annotations

import math
import operator
from collections import Counter
from collections.abc import Sequence

from qctui.value import Value


class Summary(Value):
    """How values are spread. The quartiles lie between values where they must, as is usual."""

    low: float
    quarter: float
    median: float
    three_quarters: float
    high: float
    count: int


def mean_of(values: Sequence[float]) -> float | None:
    """The mean; None of no values, and of values too large for one."""
    mean = sum(values) / len(values) if values else math.nan
    return mean if math.isfinite(mean) else None


def deviation_of(values: Sequence[float]) -> float | None:
    """The standard deviation of all of these values; None of fewer than two, and of values too large for one."""
    mean = mean_of(values)
    if mean is None or len(values) < 2:
        return None
    deviation = math.sqrt(sum([(value - mean) * (value - mean) for value in values]) / len(values))
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


def correlation_of(one: Sequence[float], other: Sequence[float]) -> float | None:
    """The correlation of two rows of ranks; None where one of the two has a single value."""
    mean = (len(one) + 1) / 2
    xs, ys = [rank - mean for rank in one], [rank - mean for rank in other]
    scale = math.sqrt(sum([x * x for x in xs]) * sum([y * y for y in ys]))
    return max(-1.0, min(1.0, sum(map(operator.mul, xs, ys)) / scale)) if scale else None


def average_ranks(values: Sequence[float]) -> list[float]:
    """The rank of each value from 1; equal ones share the mean of theirs."""
    counts = Counter(values)
    ranks: dict[float, float] = {}
    before = 0
    for value in sorted(counts):
        ranks[value] = before + (counts[value] + 1) / 2
        before += counts[value]
    return [ranks[value] for value in values]
