"""Sweeps for tests and benchmarks: grids of runs with a hill, noise, and everything that can be missing."""

from __future__ import annotations

import itertools
import math
from random import Random

from qctui.model.optimization import Criterion, Optimization, Parameter, Run
from tests.ui.scene import NOW


def run(
    key: str, value: float | None = None, *, progress: float = 1.0, exit_code: int | None = 0, **values: str
) -> Run:
    """A run with a Sharpe ratio, and its parameters."""
    statistics = {} if value is None else {"Sharpe Ratio": value}
    return Run(key, f"b{key}", f"run {key}", progress, exit_code, values, statistics)


def of(
    *runs: Run, maximize: bool | None = True, parameters: tuple[Parameter, ...] = (), status: str = "running"
) -> Optimization:
    """An optimization of these runs."""
    return Optimization(
        "O-1", 1, "x", status, Criterion("Sharpe Ratio", maximize), None, None, None, None, None, len(runs),
        parameters=parameters, runs=runs,
    )  # fmt: skip


def grid(
    *sizes: int, seed: int = 1, failing: float = 0.05, valueless: float = 0.03, under_way: int = 3, equity: int = 0
) -> Optimization:
    """A sweep over `len(sizes)` parameters: a hill, noise, some that fail, have no value, or are under way."""
    random = Random(seed)
    names = [f"p{number}" for number in range(len(sizes))]
    places = list(itertools.product(*(range(size) for size in sizes)))
    random.shuffle(places)
    runs: list[Run] = []
    for number, place in enumerate(places):
        away = sum((at / max(1, size - 1) - 0.6) ** 2 for at, size in zip(place, sizes, strict=True))
        value = round(2.0 - 2.5 * away + random.gauss(0, 0.15), 3)
        chance, going = random.random(), number >= len(places) - under_way
        failed, empty = chance < failing and not going, failing <= chance < failing + valueless
        statistics = {} if failed or going or empty else {
            "Sharpe Ratio": value, "Drawdown": round(30 - 8 * value + random.random(), 3),
            "Net Profit": round(20 * value, 2), "Total Orders": float(100 + number % 60),
        }  # fmt: skip
        runs.append(
            Run(
                f"{number}", f"{number:032x}", f"run {number}", 0.3 if going else 1.0, 1 if failed else 0,
                {name: f"{5 + 5 * at}" for name, at in zip(names, place, strict=True)}, statistics,
                tuple((NOW - 3_600.0 * (equity - hour), 1e5 * math.exp(value * hour / 9e3)) for hour in range(equity)),
            )
        )  # fmt: skip
    return of(
        *runs,
        parameters=tuple(Parameter(name, 5, 5 * size, 5) for name, size in zip(names, sizes, strict=True)),
    )
