"""`qctui optimizations` and `qctui optimization ID`: what the API says of sweeps, read once, and how the runs did."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Iterable, Sequence
from typing import Any

from qctui.actions.wording import format_rough_span
from qctui.api.ports import ApiError, ReadApi
from qctui.cli.parser import Exit, Options
from qctui.cli.status import iso_second
from qctui.cli.tables import align
from qctui.cli.wiring import read_once, read_settings
from qctui.model.deployment import name_of, names_of
from qctui.model.optimization import Optimization, OptimizationSummary
from qctui.usage import UsageError

MOST_AT_ONCE = 4
"""Lists that are read side by side."""

MOST_RUNS = 40
"""Runs of the table; `--csv` and `--json` have all of them."""


def run_optimizations(options: Options) -> int:
    """Print the optimizations of `--project`, of the pinned projects, or of all.

    Raises:
        UsageError: the configuration or the credentials can't be used, or there are too many projects to read them all.
    """
    settings = read_settings(options)
    found = read_once(
        settings, lambda api, _: listed(api, settings.project_id, settings.pinned, settings.config.polling.budget)
    )
    if not isinstance(found, tuple):
        return found
    rows, names, warnings = found
    for warning in warnings:
        print(f"qctui: warning: {warning}", file=sys.stderr)
    if options.json:
        for row in rows:
            print(json.dumps(summary_fields(row, names), ensure_ascii=False))
    else:
        print(format_optimizations(rows, names, time.time()))
    # A list with a hole must not look whole to a script.
    return Exit.UNCONFIRMED if warnings else Exit.DONE


def run_optimization(options: Options) -> int:
    """Print one optimization with its runs, the best first.

    Raises:
        UsageError: the configuration or the credentials can't be used.
    """
    settings = read_settings(options)
    optimization_id = str(options.target)
    found = read_once(settings, lambda api, _: api.fetch_optimization(optimization_id))
    if isinstance(found, int):
        return found
    from qctui.sweep.judging import Sweep

    sweep = Sweep(found)
    if options.csv:
        from qctui.sweep.run_export import csv_text

        print(csv_text(sweep), end="")
    elif options.json:
        from qctui.sweep.run_export import json_text

        print(json_text(sweep))
    else:
        print("\n".join(format_optimization(found)))
    return Exit.DONE


async def listed(
    api: ReadApi, project_id: int | None, pinned: Sequence[int], most: int
) -> tuple[tuple[OptimizationSummary, ...], dict[int, str], tuple[str, ...]]:
    """The optimizations of a project, else of the `pinned`, else of all projects if they are not more than `most`,
    those that run first; the projects' names; and what could not be read.

    Raises:
        ApiError: the projects are needed and can't be read, or no list at all can.
        UsageError: all projects are more.
    """
    warnings: list[str] = []
    wanted = pinned if project_id is None else [project_id]
    names: dict[int, str] = {}
    try:
        names = names_of(await api.fetch_projects())
    except ApiError as error:
        if not wanted:
            raise
        warnings.append(f"no project names: {error.message}")
    if not wanted and len(names) > most:
        raise UsageError(f"there are {len(names)} projects: name one with --project ID, or pin some in config.toml")
    gate, failures, rows = asyncio.Semaphore(MOST_AT_ONCE), list[ApiError](), list[OptimizationSummary]()

    async def read(project_id: int) -> None:
        async with gate:
            try:
                rows.extend(await api.fetch_optimizations(project_id))
            except ApiError as error:
                failures.append(error)
                warnings.append(f"no optimizations of project {project_id}: {error.message}")

    projects = list(wanted or names)
    await asyncio.gather(*(read(each) for each in projects))
    if projects and len(failures) == len(projects):
        raise failures[0]
    rows.sort(key=lambda row: (row.finished, -(row.created_at or 0.0)))
    return tuple(rows), names, tuple(warnings)


def format_optimizations(rows: Sequence[OptimizationSummary], names: dict[int, str], now: float) -> str:
    """A table with a row an optimization, those that run first."""
    if not rows:
        return "no optimization"
    table: list[tuple[str, ...]] = [("STATUS", "CREATED", "TARGET", "SHARPE", "NAME", "PROJECT", "ID")]
    for row in rows:
        created = f"{format_rough_span(now - row.created_at)} ago" if row.created_at is not None else "unknown"
        sharpe = "" if row.sharpe_ratio is None else f"{row.sharpe_ratio:.3f}"
        target = f"{row.criterion.extremum} {row.criterion.target}".strip()
        project = name_of(row.project_id, names)
        table.append((row.status or "unknown", created, target, sharpe, row.name, project, row.optimization_id))
    return "\n".join(align(table, right=frozenset({1, 3})))


def summary_fields(row: OptimizationSummary, names: dict[int, str]) -> dict[str, Any]:
    """What `--json` prints of one optimization of a list (README)."""
    return {
        "optimization_id": row.optimization_id,
        "project_id": row.project_id,
        "project": names.get(row.project_id),
        "name": row.name,
        "status": row.status,
        "target": row.criterion.target,
        "extremum": row.criterion.extremum or None,
        "created_at": iso_second(row.created_at),
        "node_type": row.node_type,
        "sharpe_ratio": row.sharpe_ratio,
        "psr": row.psr,
        "trades": row.trades,
    }


def format_optimization(optimization: Optimization) -> Iterable[str]:
    """What it searched, how far it is, what can be read from its runs, and the best of them as a table."""
    from qctui.sweep.judging import Sweep
    from qctui.sweep.neighbours import Ground
    from qctui.sweep.ranking import UNRANKED, statistic_text
    from qctui.sweep.words import counts_words, near_words, progress_words

    sweep, target = Sweep(optimization), optimization.criterion.target
    ranking, counts = sweep.ranking, sweep.counts
    status = optimization.status or "unknown"
    yield f"{optimization.name}  {status}  {optimization.criterion.extremum} {target}".rstrip()
    total = "an unknown number of" if optimization.total is None else f"{optimization.total:,}"
    yield f"{counts.final + counts.failed + counts.valueless:,} of {total} runs ended.{counts_words(sweep)}"
    if ranking.best is not None:
        yield f"the best: {near_words(sweep, ranking.best.key)}"
    elif ranking.ended:
        yield UNRANKED
    if not ranking.runs:
        return
    rows: list[tuple[str, ...]] = [("#", *ranking.varying, target.upper(), "NEIGHBOURS", "", "LIES ON", "STATE", "RUN")]
    for each in ranking.runs[:MOST_RUNS]:
        near, run = sweep.neighbours(each.key), each.run
        state = progress_words(each) if each.unended else each.state.value
        state = f"{state} {run.exit_code}" if run.failed else state
        values = [run.parameters.get(name, "") for name in ranking.varying]
        figures = ["" if value is None else statistic_text(value, target) for value in (each.final, near.mean)]
        spread = "" if near.spread is None else f"+-{statistic_text(near.spread, target, 2)}"
        ground = "" if each.final is None or near.ground is Ground.UNKNOWN else near.ground.value
        rank = "" if each.rank is None else str(each.rank)
        rows.append((rank, *values, *figures, spread, ground, state, each.name))
    count = len(ranking.varying)
    yield from align(rows, right=frozenset({0, *range(1, count + 3)}))
    if len(ranking.runs) > MOST_RUNS:
        yield f"{len(ranking.runs) - MOST_RUNS:,} more: --csv or --json has all"
