"""Grid-search optimizations: children scheduled on nodes, so that every figure is a function of time."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from qctui.simulator.cast import Parameter, ProjectPlan
from qctui.simulator.noise import bits, hex_of, key_of, unit
from qctui.simulator.shapes import Json

QUEUE_S = 12.0
"""From the request to the first child's start: the optimization is `new`."""
TARGETS = (
    ("TotalPerformance.PortfolioStatistics.SharpeRatio", "max", 15),
    ("TotalPerformance.PortfolioStatistics.CompoundingAnnualReturn", "max", 6),
    ("TotalPerformance.PortfolioStatistics.Drawdown", "min", 7),
    ("TotalPerformance.PortfolioStatistics.ProbabilisticSharpeRatio", "max", 13),
)
"""Target, extremum, and the index of the statistic it is about (REFERENCE.md 5.2, 8.3)."""
NODES = (("O2-8", 4), ("O4-12", 6), ("O8-16", 12))
"""Node types, and how many of each run side by side at most."""
MEAN_S = 85.0
"""What a child takes, more or less."""
_DRAWDOWN: Json = {
    "target": "TotalPerformance.PortfolioStatistics.Drawdown",
    "operator": "Less",
    "targetValue": 0.25,
}
_TITLES = {"universe": "Large Caps", "lookback": "Lookback", "stop_loss": "EMA Stop"}
"""What a search is called by the parameter that sets it apart."""


def statistic_of(target: str) -> int | None:
    """Return the index of the statistic that a target is about; None for one that can't be taken. It may come back
    with brackets, and is taken so too (REFERENCE.md 8.3)."""
    plain = target.replace("['", "").replace("']", "")
    return next((index for name, _, index in TARGETS if name == plain), None)


@dataclass(frozen=True)
class Child:
    """One backtest of the grid."""

    number: int
    id: str
    values: tuple[str, ...]
    begins_at: float
    ends_at: float
    fails: bool

    def progress(self, at: float) -> float:
        """Return how far it is, 0 to 1; one that fails stays where it broke."""
        whole = max(min((at - self.begins_at) / max(self.ends_at - self.begins_at, 1.0), 1.0), 0.0)
        return round(whole * (0.12 + 0.5 * unit(int(self.id[:8], 16))), 2) if self.fails else round(whole, 2)


@dataclass
class Optimization:
    """One optimization. What it is at a time follows from its schedule and from an abort."""

    number: int
    """Its place in its project's row; those the world started by itself count from 1000, those asked for from 2000."""
    optimization_id: str
    project_id: int
    name: str
    key: int
    requested_at: float
    node_type: str
    nodes: int
    target: str
    extremum: str
    parameters: tuple[Parameter, ...]
    children: list[Child]
    constraints: tuple[Json, ...] = ()
    """As they were asked for."""
    target_value: float | None = None
    out_of_sample_days: int = 0
    aborted_at: float | None = None
    """When it is or becomes `aborted`."""
    stalled_at: float | None = None
    """Since when none of its children moves, although it says running."""
    _figures: dict[int, list[float]] = field(default_factory=dict, repr=False)

    def ends_at(self) -> float:
        """Return when the last child ends unless it is aborted."""
        return max(child.ends_at for child in self.children)

    def frozen_at(self, at: float) -> float:
        """Return the time after which nothing in it moves any more, or now."""
        return min([at, *(each for each in (self.aborted_at, self.stalled_at) if each is not None)])

    def status(self, at: float) -> str:
        """Return new, running, completed or aborted (REFERENCE.md 8.2)."""
        if self.aborted_at is not None and at >= self.aborted_at:
            return "aborted"
        if at < self.requested_at + QUEUE_S:
            return "new"
        return "completed" if self.frozen_at(at) >= self.ends_at() else "running"

    def abort(self, at: float, lag_s: float) -> bool:
        """Accept an abort. False when it is finished already; a second one while it is under way is accepted."""
        if self.status(at) in ("completed", "aborted"):
            return False
        if self.aborted_at is None:
            self.aborted_at = at + lag_s
        return True

    def finish(self, at: float) -> None:
        """Let all that is left of it be done now."""
        self._shift(lambda moment: min(moment, at))
        self.requested_at = min(self.requested_at, at - QUEUE_S)

    def stall(self, at: float, *, stalled: bool) -> None:
        """Let nothing in it move from now on, or let it go on where it stopped."""
        if stalled:
            self.stalled_at = at if self.stalled_at is None else self.stalled_at
        elif self.stalled_at is not None:
            since, self.stalled_at = self.stalled_at, None
            self._shift(lambda moment: moment + at - since if moment > since else moment)

    def _shift(self, moved: Callable[[float], float]) -> None:
        self.children = [
            replace(child, begins_at=moved(child.begins_at), ends_at=moved(child.ends_at)) for child in self.children
        ]

    def counts(self, at: float) -> tuple[int, int, int, int]:
        """Return how many children are completed, failed, running and queued."""
        until = self.frozen_at(at)
        ended = sum(child.ends_at <= until for child in self.children)
        failed = sum(child.ends_at <= until and child.fails for child in self.children)
        if self.status(at) == "aborted":
            return ended - failed, failed, 0, 0
        begun = sum(child.begins_at <= until for child in self.children)
        return ended - failed, failed, begun - ended, len(self.children) - begun

    def figures(self, child: Child) -> list[float]:
        """Return the 25 statistics of a finished child, in the order of REFERENCE.md 5.2."""
        found = self._figures.get(child.number)
        if found is None:
            found = self._figures[child.number] = _figures(self, child)
        return found

    def best(self, at: float) -> Child | None:
        """Return the finished child that is best by the target."""
        until = self.frozen_at(at)
        done = [child for child in self.children if child.ends_at <= until and not child.fails]
        index = statistic_of(self.target)
        if not done or index is None:
            return None
        pick = max if self.extremum == "max" else min
        return pick(done, key=lambda child: self.figures(child)[index])


def optimization(seed: int, plan: ProjectPlan, number: int, requested_at: float) -> Optimization:
    """Return the `number`-th optimization of a project."""
    key = key_of(_id_of(seed, plan, number))
    node_type, nodes = NODES[0 if number < 2 else bits(key, 3) % len(NODES)]
    target, extremum, _ = TARGETS[0 if number < 2 else bits(key, 4) % len(TARGETS)]
    parameters = _parameters(key, number)
    title = next((_TITLES[one.name] for one in parameters if one.name in _TITLES), "EMA Cross")
    name = f"{title} Sweep {number % 1000 + 1:02d}"
    made = optimization_of(
        seed,
        plan,
        number,
        requested_at,
        name=name,
        parameters=parameters,
        nodes=nodes,
        node_type=node_type,
        target=target,
        extremum=extremum,
        constraints=(_DRAWDOWN,) if number % 2 == 0 else (),
        out_of_sample_days=30 if bits(key, 5) % 3 == 0 else 0,
    )
    # Every fifth of the finished ones was stopped by hand half-way.
    if number % 5 == 2 and number < 1000:
        made.aborted_at = requested_at + QUEUE_S + 0.45 * (made.ends_at() - requested_at)
    return made


def optimization_of(
    seed: int,
    plan: ProjectPlan,
    number: int,
    requested_at: float,
    *,
    name: str,
    parameters: tuple[Parameter, ...],
    nodes: int,
    **asked: Any,
) -> Optimization:
    """Return the optimization that somebody asked for; `asked` are fields of it as they are."""
    optimization_id = _id_of(seed, plan, number)
    key = key_of(optimization_id)
    return Optimization(
        number=number,
        optimization_id=optimization_id,
        project_id=plan.project_id,
        name=name,
        key=key,
        requested_at=requested_at,
        nodes=nodes,
        parameters=parameters,
        children=_children(key, name, parameters, nodes, requested_at + QUEUE_S),
        **asked,
    )


def _id_of(seed: int, plan: ProjectPlan, number: int) -> str:
    return "O-" + hex_of(seed, "optimization", plan.project_id, number)


def _parameters(key: int, number: int) -> tuple[Parameter, ...]:
    fast = Parameter("ema_fast", 5, 5 + 5 * (3 + bits(key, 6) % 5), 5)
    slow = Parameter("ema_slow", 30, 30 + 10 * (3 + bits(key, 7) % 5), 10)
    if number == 0:
        return (Parameter("ema_fast", 5, 40, 5), Parameter("ema_slow", 30, 100, 10))
    kind = bits(key, 8) % 4
    if kind == 0:
        return (fast, slow, Parameter("universe", 0, 0, 1, fixed="large"))
    if kind == 1:
        return (Parameter("lookback", 5, 5 + 5 * (6 + bits(key, 9) % 9), 5),)
    if kind == 2:
        return (fast, slow, Parameter("stop_loss", 0.01, 0.03, 0.01))
    return (fast, slow)


def _children(key: int, name: str, parameters: tuple[Parameter, ...], nodes: int, at: float) -> list[Child]:
    grid: list[tuple[str, ...]] = [()]
    for parameter in parameters:
        grid = [(*before, value) for before in grid for value in parameter.values()]
    free = [at] * nodes
    children: list[Child] = []
    for number, values in enumerate(grid):
        begins_at = heapq.heappop(free)
        fails = bits(key, 5000 + number) % 17 == 3
        length_s = (45.0 + 90.0 * unit(key, 100 + number)) * (0.3 if fails else 1.0)
        heapq.heappush(free, begins_at + length_s)
        children.append(Child(number + 1, hex_of(key, name, number), values, begins_at, begins_at + length_s, fails))
    return children


def _figures(owner: Optimization, child: Child) -> list[float]:
    key = key_of(owner.key, child.number)
    # A smooth hill over the grid with a little roughness: a heat map of it has a shape, as real ones do.
    height = 0.0
    for axis, parameter in enumerate(owner.parameters):
        values = parameter.values()
        if len(values) > 1:
            place = values.index(child.values[axis]) / (len(values) - 1)
            peak = 0.2 + 0.6 * unit(owner.key, 200 + axis)
            height += math.exp(-(((place - peak) / 0.45) ** 2))
    height = height / max(sum(1 for one in owner.parameters if one.fixed is None), 1)
    sharpe = round(-0.6 + 2.4 * height + 0.35 * (unit(key) - 0.5), 3)
    annual = round(-6.0 + 30.0 * height + 5.0 * (unit(key, 1) - 0.5), 3)
    drawdown = round(max(34.0 - 22.0 * height + 6.0 * (unit(key, 2) - 0.5), 1.0), 3)
    net = round(((1 + annual / 100) ** 2 - 1) * 100, 3)
    win = round(42.0 + 22.0 * height + 4.0 * unit(key, 3), 3)
    deviation = round(0.08 + 0.15 * unit(key, 4), 3)
    orders = float(40 + bits(key, 5) % 600)

    def draw(index: int, low: float, high: float) -> float:
        return round(low + (high - low) * unit(key, index), 3)

    return [
        draw(10, -0.2, 0.4),
        deviation,
        round(deviation**2, 3),
        draw(11, -3.8, -0.6),
        draw(12, 0.9, 3.4),
        draw(13, -0.6, 1.2),
        annual,
        drawdown,
        draw(14, 2e5, 7e6),
        draw(15, 0.0, 0.6),
        draw(16, -0.8, 0.8),
        round(100.0 - win, 3),
        net,
        round(min(max(50 + 25 * sharpe, 0.5), 99.5), 3),
        draw(17, 0.6, 2.2),
        sharpe,
        round(orders * 1.9, 3),
        orders,
        draw(18, 0.05, 0.3),
        draw(19, -0.6, 0.7),
        win,
        round(sharpe * 1.4, 3),
        100_000.0,
        round(100_000 * (1 + net / 100), 3),
        float(20 + bits(key, 6) % 320),
    ]
