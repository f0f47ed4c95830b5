"""`qctui optimizations`: what is read, what is missing from it, and the tables."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from qctui.api.ports import ApiError, ReadApi
from qctui.cli.optimizations_command import MOST_RUNS, format_optimization, format_optimizations, listed
from qctui.model.deployment import Project
from qctui.model.optimization import Criterion, OptimizationSummary
from qctui.model.resource import FailureKind
from qctui.usage import UsageError
from tests.sweep.grids import grid, of, run

NOW = 1_700_000_000.0


def summary(number: int, project_id: int, status: str = "completed") -> OptimizationSummary:
    criterion = Criterion("Sharpe Ratio", maximize=True)
    return OptimizationSummary(f"O-{number}", project_id, f"sweep {number}", status, criterion, NOW - 3_600 * number)


class Lists:
    """Two projects with optimizations, and one whose list fails."""

    def __init__(self, failing: frozenset[int] = frozenset({3})) -> None:
        self.failing = failing
        self.asked: list[int] = []

    async def fetch_projects(self) -> tuple[Project, ...]:
        return tuple(Project(number, f"project {number}") for number in (1, 2, 3))

    async def fetch_optimizations(self, project_id: int) -> tuple[OptimizationSummary, ...]:
        self.asked.append(project_id)
        if project_id in self.failing:
            raise ApiError(FailureKind.SERVER, "HTTP 500: server error")
        return summary(project_id, project_id), summary(project_id + 10, project_id, "running")


def read(
    lists: Lists, project_id: int | None = None, pinned: tuple[int, ...] = (), most: int = 60
) -> tuple[list[str], tuple[str, ...]]:
    rows, names, warnings = asyncio.run(listed(cast(ReadApi, lists), project_id, pinned, most))
    assert names == {number: f"project {number}" for number in (1, 2, 3)}
    return [row.optimization_id for row in rows], warnings


def test_what_runs_comes_first_then_the_newest_and_a_list_that_fails_is_said() -> None:
    rows, warnings = read(Lists())
    assert rows == ["O-11", "O-12", "O-1", "O-2"]
    assert warnings == ("no optimizations of project 3: HTTP 500: server error",)


def test_only_what_is_asked_for_is_read() -> None:
    for arguments, asked in (((2, (1, 3)), [2]), ((None, (1, 2)), [1, 2])):
        lists = Lists()
        read(lists, *arguments)
        assert lists.asked == asked


def test_too_many_projects_are_not_read_and_nothing_readable_is_a_failure() -> None:
    with pytest.raises(UsageError, match="3 projects: name one with --project ID"):
        read(Lists(), most=2)
    with pytest.raises(ApiError):
        read(Lists(frozenset({1, 2, 3})))


def test_the_tables() -> None:
    assert format_optimizations((), {}, NOW) == "no optimization"
    (head, row) = format_optimizations([summary(2, 9)], {}, NOW).split("\n")
    assert head.split() == ["STATUS", "CREATED", "TARGET", "SHARPE", "NAME", "PROJECT", "ID"]
    assert " ".join(row.split()) == "completed 2h ago max Sharpe Ratio sweep 2 project 9 O-2"
    sweep = grid(8, 7)
    failed, going = sum(each.exit_code == 1 for each in sweep.runs), sum(each.progress < 1 for each in sweep.runs)
    empty = sum(not each.statistics for each in sweep.runs) - failed - going
    lines = list(format_optimization(sweep))
    missing = f"{failed} failed, {going} running, {empty} without a Sharpe Ratio"
    assert lines[1] == f"{56 - going} of 56 runs ended. Not in it: {missing}."
    assert lines[2].startswith("the best: ")
    assert lines[3].split() == ["#", "p0", "p1", "SHARPE", "RATIO", "NEIGHBOURS", "LIES", "ON", "STATE", "RUN"]
    assert len(lines) == 4 + MOST_RUNS + 1
    assert lines[-1] == "16 more: --csv or --json has all"
    assert [*format_optimization(of())][1:] == ["0 of 0 runs ended."]
    assert "max or min is not told: no rank" in [*format_optimization(of(run("a", 1.0, p="1"), maximize=None))]
