"""Optimizations and their runs."""

from __future__ import annotations

import re
from types import MappingProxyType

from qctui.api.decode import Document
from qctui.api.endpoints import OPTIMIZATION_LIST, OPTIMIZATION_READ
from qctui.api.parse.common import MAX_NAMES, each, malformed, refuse_loading, texts
from qctui.api.schemas.optimization import (
    WireConstraint,
    WireCriterion,
    WireOptimization,
    WireParameter,
    WireRun,
    WireTally,
)
from qctui.api.tolerant import fold, integer, line, mapping, moment, number
from qctui.model.optimization import STATISTICS, Criterion, Optimization, OptimizationSummary, Parameter, Run

_BRACKETED = re.compile(r"\[\s*['\"]([^'\"]+)['\"]\s*\]")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_BY_LETTERS = {re.sub(r"[^a-z]", "", name.casefold()): name for name in STATISTICS}


async def summaries(document: Document, members: dict[str, object]) -> tuple[OptimizationSummary, ...]:
    """optimizations/list."""
    return await each(OPTIMIZATION_LIST, document, members, "optimizations", _summary)


def _summary(item: object) -> OptimizationSummary | None:
    wire = WireOptimization.read(item)
    if not wire.optimization_id:
        return None
    return OptimizationSummary(
        optimization_id=wire.optimization_id,
        project_id=wire.project_id or 0,
        name=wire.name,
        status=wire.status,
        criterion=_criterion(wire),
        created_at=wire.created or wire.requested,
        node_type=wire.node_type,
        psr=_percent_points(wire.psr),
        sharpe_ratio=wire.sharpe_ratio,
        trades=wire.trades,
        parameters=_parameters(wire.parameters),
    )


async def optimization(document: Document, members: dict[str, object], asked: str) -> Optimization:
    """optimizations/read; `asked` is the id that was asked for, should the answer not carry one."""
    if not isinstance(members.get("optimization"), dict):
        refuse_loading(OPTIMIZATION_READ, members)
        raise malformed(OPTIMIZATION_READ, "the answer has no optimization")
    wire = WireOptimization.read(members["optimization"])
    tally = WireTally.read(wire.runtime_statistics)
    return Optimization(
        optimization_id=wire.optimization_id or asked,
        project_id=wire.project_id,
        name=wire.name,
        status=wire.status,
        criterion=_criterion(wire),
        requested_at=wire.requested or wire.created,
        completed=_count(tally.completed),
        failed=_count(tally.failed),
        running=_count(tally.running),
        queued=_count(tally.in_queue),
        total=_count(tally.total) or None,  # before the start it may be 0, which is no total
        runtime=texts(wire.runtime_statistics),
        constraints=tuple(words for words in map(_constraint, wire.constraints) if words),
        parameters=_parameters(wire.parameters),
        runs=await _runs(document, wire.backtests),
        node_type=wire.node_type,
        parallel_nodes=wire.parallel_nodes,
    )


def _percent_points(psr: float | None) -> float | None:
    """The list's Probabilistic Sharpe Ratio as a run's statistic 13 has it: 61.23, where the list says 0.6123. It is a
    probability, so what is beyond 1 can only be percent points already."""
    return psr if psr is None or not 0 <= psr <= 1 else psr * 100


def _count(value: int | None) -> int | None:
    return value if value is not None and value >= 0 else None


def target_words(target: str) -> str:
    """A target's short name in words: `Sharpe Ratio` for `TotalPerformance.PortfolioStatistics.SharpeRatio` and for the
    bracketed form (REFERENCE.md 8.3). A name that is no statistic we know is split at its capitals."""
    bracketed = _BRACKETED.findall(target)
    last = bracketed[-1] if bracketed else target.rpartition(".")[2]
    known = _BY_LETTERS.get(re.sub(r"[^a-z]", "", last.casefold()))
    return known or " ".join(_CAMEL.split(last)).strip()


def _criterion(wire: WireOptimization) -> Criterion:
    """The criterion's own members first: newer answers repeat some at the top level, and may contradict
    (REFERENCE.md 9, row 18)."""
    criterion = WireCriterion.read(wire.criterion)
    extremum = (criterion.extremum or wire.extremum).casefold()
    value = criterion.target_value if criterion.target_value is not None else wire.target_value
    return Criterion(
        target=target_words(criterion.target or wire.optimization_target),
        maximize=True if extremum.startswith("max") else False if extremum.startswith("min") else None,
        target_value=value,
    )


def _parameters(items: list[object]) -> tuple[Parameter, ...]:
    wires = [WireParameter.read(item) for item in items[:MAX_NAMES]]
    return tuple(
        Parameter(
            name=wire.name or wire.key,
            minimum=wire.min,
            maximum=wire.max,
            step=wire.step,
            value=line(wire.value) if wire.value is not None and wire.min is None and wire.max is None else None,
        )
        for wire in wires
        if wire.name or wire.key
    )


def _constraint(item: object) -> str:
    wire = WireConstraint.read(item)
    value = "" if wire.target_value is None else f"{wire.target_value:g}"
    return " ".join(part for part in (target_words(wire.target), wire.operator, value) if part)


async def _runs(document: Document, value: object) -> tuple[Run, ...]:
    """The runs of a map by opaque key, or of a list."""
    entries = enumerate(value) if isinstance(value, list) else mapping(value).items()
    return tuple([await _run(document, line(key), item) for key, item in entries if isinstance(item, dict)])


async def _run(document: Document, key: str, item: object) -> Run:
    wire = WireRun.read(item)
    equity: list[tuple[float, float]] = []
    async for chunk in document.chunks(wire.equity):
        equity += [point for point in map(_equity_point, chunk) if point is not None]
    return Run(
        key=key,
        backtest_id=wire.id,
        name=wire.name,
        progress=min(1.0, max(0.0, wire.progress or 0.0)),
        exit_code=wire.exit_code,
        parameters=_parameter_set(wire.parameter_set),
        statistics=_statistics(wire.statistics),
        equity=tuple(equity),
    )


def _equity_point(point: object) -> tuple[float, float] | None:
    """(time, close) of `[t,o,h,l,c]` or of the older `[t,v]`; None for a null."""
    if not isinstance(point, list) or len(point) < 2:
        return None
    at, value = moment(point[0]), number(point[4] if len(point) >= 5 else point[1])
    return None if at is None or value is None else (at, value)


def _statistics(value: object) -> MappingProxyType[str, float]:
    """Statistics by name, from a map keyed by index and custom names, or from a list (REFERENCE.md 5.2)."""
    entries = enumerate(value) if isinstance(value, list) else mapping(value).items()
    found: dict[str, float] = {}
    for key, raw in list(entries)[:MAX_NAMES]:
        known, figure = integer(key), number(raw)
        if figure is not None:
            found[STATISTICS[known] if known is not None and 0 <= known < len(STATISTICS) else line(key)] = figure
    return MappingProxyType(found)


def _parameter_set(value: object) -> MappingProxyType[str, str]:
    """Parameter values as text, from a map (also one wrapped in itself) or from a list of name and value
    (REFERENCE.md 9, row 15)."""
    for _ in range(3):
        inner = fold(value).get("parameterset")
        if not isinstance(inner, (dict, list)):
            break
        value = inner
    if isinstance(value, list):
        wires = [WireParameter.read(item) for item in value[:MAX_NAMES]]
        return MappingProxyType({wire.name or wire.key: line(wire.value) for wire in wires if wire.name or wire.key})
    return texts(value)
