"""The runs of a sweep for other programs: as CSV and as JSON."""

from __future__ import annotations

import csv
import io
import json
import math
from typing import Any

from qctui.plot.export import number_cell, safe_cell
from qctui.sweep.judging import Sweep
from qctui.sweep.neighbours import Ground
from qctui.sweep.ranking import RankedRun, statistics_told

FACTS = (
    "rank", "run", "backtest_id", "state", "exit_code", "progress", "value", "neighbours", "neighbours_without",
    "neighbours_mean", "neighbours_spread", "lies_on",
)  # fmt: skip
"""The first columns, and the members of a run beside its parameters and statistics."""


def csv_text(sweep: Sweep) -> str:
    """One run a line, the best first: `FACTS`, then `parameter.NAME` and `statistic.NAME`. What is not known is an
    empty cell. Cells that a spreadsheet would run as a formula are prefixed with an apostrophe."""
    runs = sweep.ranking.runs
    parameters = list(dict.fromkeys(name for each in runs for name in each.run.parameters))
    statistics = statistics_told(runs)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(
        [*FACTS, *(f"parameter.{each}" for each in parameters), *(f"statistic.{each}" for each in statistics)]
    )
    for each in runs:
        values = [each.run.parameters.get(name) for name in parameters]
        figures = [each.run.statistics.get(name) for name in statistics]
        writer.writerow([_cell(value) for value in (*facts(sweep, each).values(), *values, *figures)])
    return out.getvalue()


def _cell(value: object) -> str:
    if value is None:
        return ""
    return number_cell(float(value)) if isinstance(value, int | float) else safe_cell(str(value))


def facts(sweep: Sweep, each: RankedRun) -> dict[str, Any]:
    """What is known of a run beside its parameters and statistics; None for what is not."""
    near, run = sweep.neighbours(each.key), each.run
    ground = None if each.final is None or near.ground is Ground.UNKNOWN else near.ground.value
    values = (
        each.rank, run.name, run.backtest_id, each.state.value, run.exit_code, run.progress, each.final, near.count,
        near.without, near.mean, near.spread, ground,
    )  # fmt: skip
    return dict(zip(FACTS, values, strict=True))


def json_text(sweep: Sweep) -> str:
    """The optimization and its runs as one JSON object. What is not known, or no finite number, is null."""
    optimization, counts = sweep.optimization, sweep.counts
    found = {
        "optimization_id": optimization.optimization_id,
        "project_id": optimization.project_id,
        "name": optimization.name,
        "status": optimization.status,
        "target": sweep.target,
        "extremum": optimization.criterion.extremum or None,
        "total": optimization.total,
        "with_value": counts.final,
        "failed": counts.failed,
        "running": counts.running,
        "cut_off": counts.cut_off,
        "without_value": counts.valueless,
        "runs": [
            {
                **facts(sweep, each),
                "parameters": dict(each.run.parameters),
                "statistics": {name: _finite(value) for name, value in each.run.statistics.items()},
            }
            for each in sweep.ranking.runs
        ],
    }
    return json.dumps(found, ensure_ascii=False, allow_nan=False)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
