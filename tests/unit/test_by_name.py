from __future__ import annotations

import asyncio

import pytest

from qctui.cli import by_name
from qctui.cli.by_name import MOST_CANDIDATES, LookupFailedError, choose_project, find_project
from qctui.model.deployment import Deployment, DeploymentList, Project
from qctui.usage import UsageError
from tests.fakes import FakeApi, FakeClock, connect_error, make_deployment

PROJECTS = (Project(1, "Momentum/Crossover"), Project(2, "Pairs"), Project(3, "Pairs"), Project(4, "Old"))
RUNNING = (make_deployment(1), make_deployment(2))


def choose(name: str, *deployments: Deployment, unreadable: int = 0) -> int:
    return choose_project(DeploymentList(deployments or RUNNING, unreadable), PROJECTS, name)


def test_the_one_that_runs_under_this_name() -> None:
    assert choose("Momentum/Crossover") == 1
    assert choose("Pairs", make_deployment(1), make_deployment(2), make_deployment(3, status="Stopped")) == 2


def test_two_deployments_alive_in_one_project_are_one_project() -> None:
    assert choose("Pairs", make_deployment(2), make_deployment(2, deploy_id="L-other")) == 2


@pytest.mark.parametrize("name", ["momentum/crossover", "Crossover", "Momentum/Crossover ", "Momentum", ""])
def test_a_name_is_exact(name: str) -> None:
    with pytest.raises(UsageError, match="no project that runs is named"):
        choose(name)


def test_several_of_one_name_are_listed_and_none_is_chosen() -> None:
    with pytest.raises(UsageError) as caught:
        choose("Pairs", make_deployment(2), make_deployment(3))
    first, *rows = str(caught.value).split("\n")
    assert first == "'Pairs' is the name of 2 projects in which something runs; give the project's id"
    assert [row.split()[:3] for row in rows] == [["PAPER", "Pairs", "2"], ["PAPER", "Pairs", "3"]]


def test_none_lists_what_is_similar_or_else_what_runs() -> None:
    with pytest.raises(UsageError) as caught:
        choose("crossover")
    assert [row.split()[1] for row in str(caught.value).split("\n")[1:]] == ["Momentum/Crossover"]
    with pytest.raises(UsageError) as caught:
        choose("Carry")
    assert [row.split()[1] for row in str(caught.value).split("\n")[1:]] == ["Momentum/Crossover", "Pairs"]


def test_a_project_that_does_not_run_is_said_to_exist() -> None:
    with pytest.raises(UsageError, match="nothing runs in 'Old'; what runs:"):
        choose("Old", *RUNNING, make_deployment(4, stopped_at=1.7e9))


def test_nothing_runs_at_all() -> None:
    with pytest.raises(UsageError, match=r"nothing runs in this account$"):
        choose("Pairs", make_deployment(2, status="Stopped"))


def test_many_candidates_are_cut_and_counted() -> None:
    projects = [Project(number, f"Project {number:03}") for number in range(1, 41)]
    listed = DeploymentList(tuple(make_deployment(number) for number in range(1, 41)))
    with pytest.raises(UsageError) as caught:
        choose_project(listed, projects, "x")
    lines = str(caught.value).split("\n")
    assert len(lines) == MOST_CANDIDATES + 2
    assert lines[-1] == f"  and {40 - MOST_CANDIDATES} more: qctui status"


def test_a_list_with_a_hole_makes_no_name_unique() -> None:
    with pytest.raises(LookupFailedError, match="1 entry of the list of deployments can't be read"):
        choose("Momentum/Crossover", unreadable=1)


def test_a_running_project_without_a_name_makes_no_name_unique() -> None:
    with pytest.raises(LookupFailedError, match="the name of project 9, where something runs, is not known"):
        choose("Momentum/Crossover", *RUNNING, make_deployment(9))
    assert choose("Momentum/Crossover", *RUNNING, make_deployment(9, status="Stopped")) == 1


def test_lists_that_fail_or_hang_choose_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    api = FakeApi(FakeClock())
    api.fail(connect_error(), "projects")
    with pytest.raises(LookupFailedError, match="could not be listed: The API cannot be reached"):
        asyncio.run(find_project(api, "Pairs"))
    api.heal("projects")
    monkeypatch.setattr(by_name, "LOOKUP_S", 0.0)

    async def hanging() -> None:
        api.hold("deployments")
        await find_project(api, "Pairs")

    with pytest.raises(LookupFailedError, match="could not be listed within 0 s"):
        asyncio.run(hanging())
