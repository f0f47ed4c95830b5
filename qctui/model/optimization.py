"""Optimizations and their runs (REFERENCE.md section 5)."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

from qctui.model.deployment import EMPTY
from qctui.value import Value, field

FINISHED_STATUSES = frozenset({"completed", "aborted"})
"""Lower case (REFERENCE.md 8.2); `aborted` covers failed ones. Anything unlisted is taken as still running."""

STATISTICS = (
    "Alpha",
    "Annual Standard Deviation",
    "Annual Variance",
    "Average Loss",
    "Average Win",
    "Beta",
    "Compounding Annual Return",
    "Drawdown",
    "Estimated Strategy Capacity",
    "Expectancy",
    "Information Ratio",
    "Loss Rate",
    "Net Profit",
    "Probabilistic Sharpe Ratio",
    "Profit-Loss Ratio",
    "Sharpe Ratio",
    "Total Fees",
    "Total Orders",
    "Tracking Error",
    "Treynor Ratio",
    "Win Rate",
    "Sortino Ratio",
    "Start Equity",
    "End Equity",
    "Drawdown Recovery",
)
"""Names of a run's statistics by their index on the wire (REFERENCE.md 5.2)."""

PERCENT_STATISTICS = frozenset(
    {
        "Average Loss",
        "Average Win",
        "Compounding Annual Return",
        "Drawdown",
        "Loss Rate",
        "Net Profit",
        "Probabilistic Sharpe Ratio",
        "Win Rate",
    }
)
"""Statistics in percent points: 17.8 is 17.8 %."""


HIGHER_IS_BETTER: Mapping[str, bool] = {
    "Sharpe Ratio": True,
    "Drawdown": False,
    "Compounding Annual Return": True,
    "Net Profit": True,
    "Probabilistic Sharpe Ratio": True,
    "Sortino Ratio": True,
    "Alpha": True,
    "Annual Standard Deviation": False,
    "Annual Variance": False,
    "Average Loss": True,
    "Average Win": True,
    "Drawdown Recovery": False,
    "End Equity": True,
    "Estimated Strategy Capacity": True,
    "Expectancy": True,
    "Information Ratio": True,
    "Loss Rate": False,
    "Profit-Loss Ratio": True,
    "Total Fees": False,
    "Tracking Error": False,
    "Treynor Ratio": True,
    "Win Rate": True,
}
"""Which way is better, of the statistics of which everybody would say the same, those looked at most first. An average
loss is negative: the higher is the smaller one."""

GRID_SEARCH = "QuantConnect.Optimizer.Strategies.GridSearchOptimizationStrategy"
"""The search that the cloud offers."""


MOST_BACKTESTS = 10**15
"""A count beyond this comes from a range that makes no sense."""


class Criterion(Value):
    """What is optimized."""

    target: str
    """The statistic's short name in words, for example `Sharpe Ratio`."""
    maximize: bool | None
    """The extremum: highest wins; else lowest. None while it is not known: a guess would call the worst run the
    best."""
    target_value: float | None = None
    wire_target: str = ""
    """The statistic as the API spells it, with dots."""

    @property
    def extremum(self) -> str:
        """`max` or `min`; empty while it is not known."""
        return "" if self.maximize is None else "max" if self.maximize else "min"


class Parameter(Value):
    """A parameter's range, or its fixed value."""

    name: str
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    value: str | None = None
    """Set for a static parameter."""

    @property
    def values(self) -> int | None:
        """How many values it takes; None where its range does not say."""
        if self.value is not None:
            return 1
        if self.minimum is None or self.maximum is None or self.maximum < self.minimum:
            return None
        if self.maximum == self.minimum:
            return 1
        if not self.step or self.step < 0:
            return None
        # A range of 0.1 to 0.3 by 0.1 has three values, whatever their binary fractions add up to.
        return None if self.endless else int((self.maximum - self.minimum) / self.step + 1e-9) + 1

    @property
    def endless(self) -> bool:
        """All that is wrong about its range is that it has too many values."""
        if self.minimum is None or self.maximum is None or not self.step or self.step < 0:
            return False
        return not (self.maximum - self.minimum) / self.step < MOST_BACKTESTS  # nor is what is no number a count


class Constraint(Value):
    """A limit that the runs have to keep."""

    target: str
    """The statistic as the API spells it."""
    words: str
    """For example `Drawdown Less 0.25`."""
    operator: str = ""
    limit: float | None = None


class OptimizationPlan(Value):
    """What an optimization is asked for (REFERENCE.md 5.5)."""

    project_id: int
    name: str
    criterion: Criterion
    strategy: str
    parameters: tuple[Parameter, ...]
    constraints: tuple[Constraint, ...]
    node_type: str
    parallel_nodes: int

    @property
    def backtests(self) -> int | None:
        """How many it runs: every combination of the parameters' values. None where that can't be told."""
        counts = [parameter.values for parameter in self.parameters]
        total = prod(count for count in counts if count is not None)
        return None if None in counts or total > MOST_BACKTESTS else total

    @property
    def problem(self) -> str:
        """Why it can't be asked for; empty if it can."""
        if self.project_id <= 0:
            return "its project is not known"
        if not self.name.strip():
            return "it has no name"
        if not self.criterion.wire_target or self.criterion.maximize is None:
            return "its target is not known"
        if not any(each.value is None for each in self.parameters):
            return "it has no parameter with a range"
        for each in self.parameters:
            if each.values is None:
                why = f"has {MOST_BACKTESTS:g} values or more" if each.endless else "can't be run through"
                return f"the range of {each.name} {why}"
        if self.backtests is None:
            return f"its ranges make more than {MOST_BACKTESTS:g} backtests"
        if any(not each.target or not each.operator or each.limit is None for each in self.constraints):
            return "a constraint of it can't be read"
        if not self.node_type or self.parallel_nodes < 1:
            return "its node is not known"
        return ""


class Estimate(Value):
    """What the service thinks that an optimization takes (REFERENCE.md 5.5)."""

    seconds: float | None
    balance: float | None
    """QCC that the organization has left."""


class Compile(Value):
    """One build of a project (REFERENCE.md 5.5)."""

    compile_id: str
    state: str
    """`InQueue`, `BuildSuccess` or `BuildError`, as it came."""
    log: tuple[str, ...] = ()

    @property
    def built(self) -> bool:
        """It can be run."""
        return self.state.casefold() == "buildsuccess"

    @property
    def failed(self) -> bool:
        """It never will be."""
        return self.state.casefold() == "builderror"


class OptimizationSummary(Value):
    """One row of optimizations/list: it has no progress (REFERENCE.md 5.1)."""

    optimization_id: str
    project_id: int
    name: str
    status: str
    criterion: Criterion
    created_at: float | None
    node_type: str = ""
    psr: float | None = None
    """Probabilistic Sharpe Ratio in percent points, as a run's statistic of that name."""
    sharpe_ratio: float | None = None
    trades: int | None = None
    parameters: tuple[Parameter, ...] = ()

    @property
    def finished(self) -> bool:
        """Completed, aborted or failed: it can't be aborted any more."""
        return self.status.casefold() in FINISHED_STATUSES


class Run(Value, gc=False):
    """One backtest of an optimization. There are thousands, and a frozen value is part of no cycle: a search for those
    need not look at each of them."""

    key: str
    backtest_id: str
    name: str
    progress: float
    """0..1."""
    exit_code: int | None
    parameters: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    statistics: Mapping[str, float] = field(default_factory=dict)
    """By name of `STATISTICS`, plus custom names."""
    equity: tuple[tuple[float, float], ...] = ()
    """(Unix seconds, closing equity)."""

    @property
    def failed(self) -> bool:
        """It ended with an error."""
        return self.exit_code not in (None, 0)


class Optimization(Value):
    """optimizations/read (REFERENCE.md 5.2)."""

    optimization_id: str
    project_id: int | None
    name: str
    status: str
    criterion: Criterion
    requested_at: float | None
    completed: int | None
    failed: int | None
    running: int | None
    queued: int | None
    total: int | None
    """None before the start: the total is not known then."""
    runtime: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    """All runtimeStatistics, as they came."""
    constraints: tuple[Constraint, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    runs: tuple[Run, ...] = ()
    node_type: str = ""
    parallel_nodes: int | None = None
    strategy: str = ""
    """The search, as the API spells it."""

    @property
    def plan(self) -> OptimizationPlan:
        """What asks for the same once more."""
        return OptimizationPlan(
            self.project_id or 0,
            self.name,
            self.criterion,
            self.strategy or GRID_SEARCH,
            self.parameters,
            self.constraints,
            self.node_type,
            self.parallel_nodes or 1,
        )

    @property
    def finished(self) -> bool:
        """Completed, aborted or failed."""
        return self.status.casefold() in FINISHED_STATUSES

    @property
    def progress(self) -> float | None:
        """(Completed + Failed) / Total, 0..1; None while the total or both counts are unknown (REFERENCE.md 5.2)."""
        if not self.total or self.total < 0 or (self.completed is None and self.failed is None):
            return None
        return min(1.0, max(0.0, ((self.completed or 0) + (self.failed or 0)) / self.total))

    @property
    def best(self) -> Run | None:
        """The finished run with the best value of the criterion's target; None when no run has it, or it is not known
        what is best."""
        scored = [
            run for run in self.runs if self.criterion.target in run.statistics and not run.failed and run.progress >= 1
        ]
        if not scored or self.criterion.maximize is None:
            return None
        pick = max if self.criterion.maximize else min
        return pick(scored, key=lambda run: run.statistics[self.criterion.target])
