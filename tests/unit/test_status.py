from __future__ import annotations

import asyncio

import pytest

from qctui.actions.wording import format_rough_span
from qctui.api.ports import ApiError
from qctui.cli.status import Status, as_json, chosen, format_status, look
from qctui.model.deployment import Deployment, Environment, Project
from qctui.model.resource import FailureKind
from qctui.settings import load_settings
from qctui.usage import UsageError
from qctui.value import replace
from tests.fakes import FakeApi, FakeClock

NOW = 1_700_000_000.0

RUNNING = Deployment(
    project_id=1,
    deploy_id="L-1",
    status="Running",
    launched_at=NOW - 7200,
    stopped_at=None,
    brokerage="X",
    environment=Environment.LIVE,
    equity=1234.5,
)
PAPER = replace(RUNNING, project_id=2, deploy_id="L-2", environment=Environment.PAPER, equity=None, launched_at=None)
ENDED = replace(RUNNING, project_id=3, deploy_id="L-3", status="RuntimeError", stopped_at=NOW - 60, error="boom")
OLDER = replace(ENDED, deploy_id="L-0", launched_at=NOW - 99_999)


def test_only_what_may_still_trade_is_listed_live_first() -> None:
    assert chosen([ENDED, PAPER, RUNNING], None) == (RUNNING, PAPER)


def test_of_one_project_the_newest_is_shown_even_when_it_has_ended() -> None:
    assert chosen([OLDER, ENDED, RUNNING], 3) == (ENDED,)
    assert chosen([OLDER, ENDED, RUNNING], 1) == (RUNNING,)
    assert chosen([RUNNING], 9) == ()


def test_what_is_not_known_is_not_a_zero() -> None:
    text = format_status(Status(NOW, (RUNNING, PAPER), {1: "Alpha"}, (), ()), "https://x", load_settings())
    alpha, paper = text.splitlines()[2:]
    assert alpha.split() == ["LIVE", "Alpha", "Running", "1,234.50", "2h", "ago", "1", "L-1"]
    assert paper.split() == ["PAPER", "project", "2", "Running", "unknown", "unknown", "2", "L-2"]


def test_a_launch_in_the_future_is_not_now() -> None:
    def launched(ahead_s: float) -> str:
        status = Status(NOW, (replace(RUNNING, launched_at=NOW + ahead_s),), {1: "A"}, (), ())
        return format_status(status, "https://x", load_settings()).splitlines()[-1]

    assert "  in the future  " in launched(3_600)
    assert "  0s ago  " in launched(30)


def test_an_error_is_reported_below_its_deployment() -> None:
    text = format_status(Status(NOW, (ENDED,), {}, (), ()), "https://x", load_settings())
    assert text.splitlines()[-1].strip() == "boom"


def test_nothing_running_is_said() -> None:
    assert "nothing is running" in format_status(Status(NOW, (), {}, (), ()), "https://x", load_settings())


def test_json_has_null_for_what_is_not_known() -> None:
    (told,) = as_json(Status(NOW, (PAPER,), {}, (), ()), "https://x", "main")["deployments"]
    assert (told["name"], told["equity"], told["launched_at"]) == (None, None, None)
    (told,) = as_json(Status(NOW, (replace(RUNNING, launched_at=1e300),), {}, (), ()), "https://x", "m")["deployments"]
    assert told["launched_at"] is None


@pytest.mark.parametrize(("seconds", "text"), [(-5, "0s"), (59.9, "59s"), (60, "1m"), (7200, "2h"), (200_000, "2d")])
def test_spans(seconds: float, text: str) -> None:
    assert format_rough_span(seconds) == text


def test_names_that_can_not_be_read_cost_a_warning_and_not_the_answer() -> None:
    api = FakeApi(FakeClock())
    api.deployments = [RUNNING]
    api.fail(ApiError(FailureKind.SERVER, "projects: server error"), "projects")
    status = asyncio.run(look(api, api.clock, None, ()))
    assert status.deployments == (RUNNING,)
    assert status.warnings == ("no project names: projects: server error",)


def test_optimizations_that_can_not_be_read_are_not_none_running() -> None:
    api = FakeApi(FakeClock())
    api.deployments = [RUNNING]
    api.fail(ApiError(FailureKind.SERVER, "optimizations: server error"), "optimizations")
    status = asyncio.run(look(api, api.clock, 1, ()))
    told = as_json(status, "https://x", "m")
    assert told["optimizations"] is None
    assert told["warnings"] == ["no optimizations of project 1: optimizations: server error"]


def test_a_project_that_is_not_listed_is_unknown_if_the_projects_were_read() -> None:
    api = FakeApi(FakeClock())
    api.deployments, api.projects = [RUNNING, ENDED], [Project(1, "Alpha"), Project(2, "Beta")]
    with pytest.raises(UsageError, match="--project: there is no project 999 in this account, unless in the recycle"):
        asyncio.run(look(api, api.clock, 999, ()))
    settings = replace(load_settings(), project_id=2)
    status = asyncio.run(look(api, api.clock, 2, ()))
    assert format_status(status, "https://x", settings).splitlines()[-1] == "no deployment of project 2 is known"
    assert asyncio.run(look(api, api.clock, 3, ())).deployments == (ENDED,)  # whatever the list of projects leaves out
    api.fail(ApiError(FailureKind.SERVER, "projects: server error"), "projects")
    unlisted = asyncio.run(look(api, api.clock, 999, ()))
    settings = replace(settings, project_id=999)
    assert format_status(unlisted, "https://x", settings).splitlines()[-1] == "no deployment of project 999 is known"
    assert "no project names: projects: server error" in unlisted.warnings


@pytest.mark.parametrize("project_id", [None, 1])
def test_entries_that_can_not_be_read_are_reported_beside_those_that_can(project_id: int | None) -> None:
    api = FakeApi(FakeClock())
    api.deployments, api.unreadable = [ENDED], 2
    status = asyncio.run(look(api, api.clock, project_id, ()))
    words = "2 entries of the list of deployments can't be read: one that runs may be missing here"
    assert as_json(status, "https://x", "m")["warnings"] == [words]
    told = format_status(status, "https://x", replace(load_settings(), project_id=project_id))
    assert "that can be read" in told.splitlines()[-1]


def test_without_the_list_there_is_no_answer() -> None:
    api = FakeApi(FakeClock())
    api.fail(ApiError(FailureKind.CONNECT, "nothing answers"), "deployments")
    with pytest.raises(ApiError, match="nothing answers"):
        asyncio.run(look(api, api.clock, 1, ()))


def test_what_is_still_read_ends_before_an_interrupted_look_does() -> None:
    """The client is closed next: a read that then connects again would be torn down half made, with a warning."""

    async def interrupt() -> set[asyncio.Task[object]]:
        api = FakeApi(FakeClock())
        for each in ("deployments", "projects", "optimizations"):
            api.hold(each)
        looking = asyncio.ensure_future(look(api, api.clock, 1, ()))
        await api.clock.settle()
        looking.cancel()
        await asyncio.wait({looking})
        return asyncio.all_tasks() - {asyncio.current_task()}

    assert asyncio.run(interrupt()) == set()
