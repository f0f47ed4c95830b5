"""An optimization that is over: what is said of runs that never ended, for programs and in words."""

from __future__ import annotations

import csv
import json

import pytest

from qctui.cli.optimizations_command import format_optimization
from qctui.model.optimization import Optimization
from qctui.sweep import views
from qctui.sweep.judging import Objective, Sweep
from qctui.sweep.run_export import csv_text, json_text
from qctui.sweep.words import run_reading
from tests.sweep.grids import of, run

STATES = [("running", "running"), ("aborted", "cut off"), ("Completed", "cut off"), ("new", "running")]
"""The status of an optimization, and what is true of a run of it that has not ended."""

YET = [("running", True), ("aborted", False), ("completed", False)]
"""The status of an optimization, and whether anything may still come."""


def sweep_of(status: str) -> Optimization:
    return of(
        run("done", 1.0, p="1"),
        run("failed", None, exit_code=1, p="2"),
        run("empty", None, p="3"),
        run("open", 0.5, progress=0.43, p="4"),
        status=status,
    )


@pytest.mark.parametrize(("status", "word"), STATES)
def test_files_say_of_each_run_how_far_it_is_and_count_it_once(status: str, word: str) -> None:
    sweep = Sweep(sweep_of(status))
    rows = {row["run"].removeprefix("run "): row for row in csv.DictReader(csv_text(sweep).splitlines())}
    states = {"done": "done", "failed": "failed", "empty": "done", "open": word}
    assert {name: row["state"] for name, row in rows.items()} == states
    assert rows["open"]["progress"] == "0.43"
    made = json.loads(json_text(sweep))
    assert {each["run"].removeprefix("run "): each["state"] for each in made["runs"]} == states
    over = word == "cut off"
    assert (made["running"], made["cut_off"]) == ((0, 1) if over else (1, 0))
    assert (made["with_value"], made["failed"], made["without_value"]) == (1, 1, 1)


@pytest.mark.parametrize(("status", "word"), STATES)
def test_the_table_of_the_command_line_says_the_same(status: str, word: str) -> None:
    lines = list(format_optimization(sweep_of(status)))
    (row,) = [line for line in lines if line.endswith("run open")]
    assert (" cut off at 43% " if word == "cut off" else " 43% done ") in row
    assert f"Not in it: 1 failed, 1 {word}, 1 without a Sharpe Ratio." in lines[1]


@pytest.mark.parametrize(("status", "comes"), YET)
def test_nothing_is_awaited_of_an_optimization_that_is_over(status: str, comes: bool) -> None:
    bare = Sweep(of(run("a", None, progress=0.5, p="1"), run("b", None, progress=0.2, p="3"), status=status))
    said = [
        views.slices(bare, "p", 80, "*").reading,
        views.distribution(bare, 80).reading,
        views.history(bare, "*").reading,
        views.pareto(bare, Objective("Sharpe Ratio", True), Objective("Drawdown", False), "*").reading,
    ]
    lone = Sweep(of(run("a", 1.0, p="1"), run("b", 2.0, p="1", q="5"), run("c", 2.0, p="9", q="7"), status=status))
    said.append(run_reading(lone, lone.ranking.by_key["c"]) + ".")
    assert all(each.startswith("No run") for each in said[:-1]), said
    assert [each.endswith(" yet.") for each in said] == [comes] * len(said), said
