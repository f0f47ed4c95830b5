"""optimizations/list and optimizations/read (REFERENCE.md 5.1, 5.2)."""

from __future__ import annotations

from pydantic import Field

from qctui.api.schemas.base import Anything, Integer, Items, Line, Members, Number, RenderContext, Wire


class WireCriterion(Wire):
    """What is optimized. `targetValue` and `target-value` fold to one."""

    target: Line = ""
    extremum: Line = ""
    target_value: Number = None


class WireParameter(Wire):
    """A parameter's range or value."""

    name: Line = ""
    key: Line = ""
    min: Number = None
    max: Number = None
    step: Number = None
    value: Anything = None


class WireConstraint(Wire):
    """A limit on another statistic."""

    target: Line = ""
    operator: Line = ""
    target_value: Number = None


class WireOptimization(Wire):
    """An element of `optimizations`, or the `optimization` of optimizations/read."""

    optimization_id: Line = ""
    project_id: Integer = None
    name: Line = ""
    status: Line = ""
    node_type: Line = ""
    parallel_nodes: Integer = None
    criterion: Anything = None
    optimization_target: Line = ""
    extremum: Line = ""
    target_value: Number = None
    created: RenderContext = None
    requested: RenderContext = None
    psr: Number = None
    sharpe_ratio: Number = None
    trades: Integer = None
    parameters: Items = Field(default_factory=list)
    constraints: Items = Field(default_factory=list)
    runtime_statistics: Members = Field(default_factory=dict)
    backtests: Anything = None


class WireRun(Wire):
    """One member of `backtests`."""

    name: Line = ""
    id: Line = ""
    progress: Number = None
    exit_code: Integer = None
    statistics: Anything = None
    parameter_set: Anything = None
    equity: Anything = None


class WireTally(Wire):
    """The counts in `runtimeStatistics`, which are text."""

    completed: Integer = None
    failed: Integer = None
    running: Integer = None
    in_queue: Integer = None
    total: Integer = None
