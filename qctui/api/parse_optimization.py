"""Optimizations and their runs, from answers to models."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import count
from types import MappingProxyType

from qctui.api.answer import Answer
from qctui.api.decode import Document, TimeSlice, entries
from qctui.api.tolerant import MAX_NAMES, fold, integer, line, listing, mapping, number, texts, unix_time
from qctui.model.optimization import (
    STATISTICS,
    Compile,
    Constraint,
    Criterion,
    Estimate,
    Optimization,
    OptimizationSummary,
    Parameter,
    Run,
)

_BRACKETED = re.compile(r"\[\s*['\"]([^'\"]+)['\"]\s*\]")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_BY_LETTERS = {re.sub(r"[^a-z]", "", name.casefold()): name for name in STATISTICS}


async def summaries(answer: Answer) -> tuple[OptimizationSummary, ...]:
    """optimizations/list (REFERENCE.md 5.1)."""
    return await answer.each("optimizations", _summary)


def _summary(item: object) -> OptimizationSummary | None:
    raw = fold(item)
    optimization_id = line(raw.get("optimizationid"))
    if not optimization_id:
        return None
    return OptimizationSummary(
        optimization_id=optimization_id,
        project_id=integer(raw.get("projectid")) or 0,
        name=line(raw.get("name")),
        status=line(raw.get("status")),
        criterion=_criterion(raw),
        created_at=unix_time(raw.get("created")) or unix_time(raw.get("requested")),
        node_type=line(raw.get("nodetype")),
        psr=_percent_points(number(raw.get("psr"))),
        sharpe_ratio=number(raw.get("sharperatio")),
        trades=integer(raw.get("trades")),
        parameters=_parameters(raw.get("parameters")),
    )


async def optimization(answer: Answer, asked: str) -> Optimization:
    """optimizations/read (REFERENCE.md 5.2); `asked` is the id that was asked for, should the answer not carry one."""
    body = answer.members.get("optimization")
    if not isinstance(body, dict):
        answer.refuse_loading()
        raise answer.malformed("the answer has no optimization")
    raw = fold(body)
    counts = fold(raw.get("runtimestatistics"))
    return Optimization(
        optimization_id=line(raw.get("optimizationid")) or asked,
        project_id=integer(raw.get("projectid")),
        name=line(raw.get("name")),
        status=line(raw.get("status")),
        criterion=_criterion(raw),
        requested_at=unix_time(raw.get("requested")) or unix_time(raw.get("created")),
        completed=_count(counts.get("completed")),
        failed=_count(counts.get("failed")),
        running=_count(counts.get("running")),
        queued=_count(counts.get("inqueue")),
        total=_count(counts.get("total")) or None,  # before the start it may be 0, which is no total
        runtime=texts(raw.get("runtimestatistics")),
        constraints=tuple(each for each in map(_constraint, entries(raw.get("constraints"))) if each.words),
        parameters=_parameters(raw.get("parameters")),
        runs=await _runs(answer.document, raw.get("backtests")),
        node_type=line(raw.get("nodetype")),
        parallel_nodes=integer(raw.get("parallelnodes")),
        strategy=line(raw.get("strategy")),
    )


def _percent_points(psr: float | None) -> float | None:
    """The list's Probabilistic Sharpe Ratio as a run's statistic 13 has it: 61.23, where the list says 0.6123. It is a
    probability, so what is beyond 1 can only be percent points already."""
    return psr if psr is None or not 0 <= psr <= 1 else psr * 100


def _count(value: object) -> int | None:
    """A count, which the API writes as text."""
    count = integer(value)
    return count if count is not None and count >= 0 else None


def target_words(target: str) -> str:
    """A target's short name in words: `Sharpe Ratio` for `TotalPerformance.PortfolioStatistics.SharpeRatio` and for the
    bracketed form (REFERENCE.md 8.3). A name that is no statistic we know is split at its capitals."""
    bracketed = _BRACKETED.findall(target)
    last = bracketed[-1] if bracketed else target.rpartition(".")[2]
    known = _BY_LETTERS.get(re.sub(r"[^a-z]", "", last.casefold()))
    return known or " ".join(_CAMEL.split(last)).strip()


def _criterion(raw: dict[str, object]) -> Criterion:
    """What is optimized. The criterion's own members come first: newer answers repeat some at the top level, and may
    contradict (REFERENCE.md 9, row 18)."""
    own = fold(raw.get("criterion"))
    extremum = (line(own.get("extremum")) or line(raw.get("extremum"))).casefold()
    value = number(own.get("targetvalue"))
    target = line(own.get("target")) or line(raw.get("optimizationtarget"))
    return Criterion(
        target=target_words(target),
        wire_target=".".join(_BRACKETED.findall(target)) or target,
        maximize=True if extremum.startswith("max") else False if extremum.startswith("min") else None,
        target_value=number(raw.get("targetvalue")) if value is None else value,
    )


def _parameters(value: object) -> tuple[Parameter, ...]:
    return tuple(_parameter(name, raw) for name, raw in _named(value))


def _named(value: object) -> Iterator[tuple[str, dict[str, object]]]:
    """The parameters of a list, each with its name; those without one are left out."""
    for item in listing(value)[:MAX_NAMES]:
        raw = fold(item)
        name = line(raw.get("name")) or line(raw.get("key"))
        if name:
            yield name, raw


def _parameter(name: str, raw: dict[str, object]) -> Parameter:
    """A parameter's range or its one value."""
    minimum, maximum, value = number(raw.get("min")), number(raw.get("max")), raw.get("value")
    single = value is not None and minimum is None and maximum is None
    return Parameter(name, minimum, maximum, step=number(raw.get("step")), value=line(value) if single else None)


def _constraint(item: object) -> Constraint:
    """A limit on another statistic."""
    raw = fold(item)
    target, operator, limit = line(raw.get("target")), line(raw.get("operator")), number(raw.get("targetvalue"))
    words = (target_words(target), operator, "" if limit is None else f"{limit:g}")
    return Constraint(target, line(" ".join(part for part in words if part)), operator, limit)


async def estimate(answer: Answer) -> Estimate:
    """optimizations/estimate (REFERENCE.md 5.5)."""
    raw = fold(answer.members.get("estimate"))
    return Estimate(number(raw.get("time")), number(raw.get("balance")))


async def compiled(answer: Answer) -> Compile:
    """compile/create and compile/read (REFERENCE.md 5.5)."""
    compile_id = line(answer.members.get("compileid"))
    if not compile_id:
        raise answer.malformed("the answer has no compile id")
    log = tuple(line(each) for each in listing(answer.members.get("logs"))[:MAX_NAMES])
    return Compile(compile_id, line(answer.members.get("state")), log)


async def _runs(document: Document, value: object) -> tuple[Run, ...]:
    """The runs of a map by opaque key, or of a list."""
    time_slice = TimeSlice()
    found: list[Run] = []
    for key, item in zip(value if isinstance(value, dict) else count(), entries(value), strict=False):
        if isinstance(item, dict):
            found.append(await _run(document, line(key), item))
            await time_slice.pause_if_over()
    return tuple(found)


async def _run(document: Document, key: str, item: object) -> Run:
    raw = fold(item)
    equity: list[tuple[float, float]] = []
    async for chunk in document.chunks(raw.get("equity")):
        equity += [point for point in map(_equity_point, chunk) if point is not None]
    return Run(
        key=key,
        backtest_id=line(raw.get("id")),
        name=line(raw.get("name")),
        progress=min(1.0, max(0.0, number(raw.get("progress")) or 0.0)),
        exit_code=integer(raw.get("exitcode")),
        parameters=_parameter_set(raw.get("parameterset")),
        statistics=_statistics(raw.get("statistics")),
        equity=tuple(equity),
    )


def _equity_point(point: object) -> tuple[float, float] | None:
    """(time, close) of `[t,o,h,l,c]` or of the older `[t,v]`; None for a null."""
    if not isinstance(point, list) or len(point) < 2:
        return None
    at, value = unix_time(point[0]), number(point[4] if len(point) >= 5 else point[1])
    return None if at is None or value is None else (at, value)


def _statistics(value: object) -> MappingProxyType[str, float]:
    """Statistics by name, from a map keyed by index and custom names, or from a list (REFERENCE.md 5.2)."""
    figures = enumerate(value) if isinstance(value, list) else mapping(value).items()
    found: dict[str, float] = {}
    for key, raw in list(figures)[:MAX_NAMES]:
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
        return MappingProxyType({name: line(raw.get("value")) for name, raw in _named(value)})
    return texts(value)
