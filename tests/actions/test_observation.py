"""What one look shows, by live/read and live/list together: a table of cases."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest

from qctui.actions.observation import CurrentDeployment, Observation, Observed, find_current, observe
from qctui.model.deployment import Deployment, DeploymentDetail, DeploymentList, Environment
from qctui.model.resource import FailureKind
from qctui.value import replace
from tests.actions.fakes import FakeTriggers, error
from tests.fakes import FakeClock, make_detail

OURS, OTHER = "L-" + "1" * 32, "L-" + "9" * 32
RUNNING = make_detail(1, deploy_id=OURS, status="Running")
STOPPED = make_detail(1, deploy_id=OURS, status="Stopped", stopped_at=1_699_999_000.0)
WITH_ERRORS = "the backend is busy"


LAUNCHED_AT = 1_600_000_000.0


def row(
    deploy_id: str = OURS, status: str = "Running", stopped_at: float | None = None, launched_at: float = LAUNCHED_AT
) -> Deployment:
    return Deployment(1, deploy_id, status, launched_at, stopped_at, "IB", Environment.LIVE, None)


@dataclass
class World:
    """What both witnesses answer; None fails."""

    detail: DeploymentDetail | None
    rows: tuple[Deployment, ...] | None = None
    hangs: bool = False

    def api(self, clock: FakeClock) -> FakeTriggers:
        api = FakeTriggers(clock)
        if self.detail is None:
            api.fail["detail"] = error(FailureKind.SERVER, "no")
        else:
            api.details[1] = self.detail
        if self.rows is None:
            api.fail["deployments"] = error(FailureKind.SERVER, "no list")
        else:
            api.lists[1] = DeploymentList(self.rows)
        if self.hangs:
            api.hang.add("detail")
        return api


def look(world: World, deploy_id: str = OURS) -> Observation:
    return asyncio.run(observe(world.api(FakeClock()), 1, deploy_id))


def test_a_clear_answer_asks_no_second_witness() -> None:
    clock = FakeClock()
    api = World(RUNNING).api(clock)
    assert asyncio.run(observe(api, 1, OURS)).state is Observed.ALIVE
    assert [name for name, _ in api.reads] == ["detail"]


@pytest.mark.parametrize(
    ("world", "seen", "source", "note"),
    [
        (World(RUNNING), Observed.ALIVE, "live/read", ""),
        (World(STOPPED), Observed.ENDED, "live/read", ""),
        (World(None, (row(),)), Observed.ALIVE, "live/list", "live/read fails: no"),
        (World(None, (row(status="Stopped"),)), Observed.ENDED, "live/list", "live/read fails: no"),
        (World(None, ()), Observed.UNKNOWN, "live/read", "live/read fails: no"),
        (World(None, None), Observed.UNKNOWN, "live/read", "live/read fails: no; live/list fails: no list"),
        (
            World(replace(STOPPED, errors=WITH_ERRORS), (row(status="Stopped"),)),
            Observed.ENDED,
            "live/read",
            f"live/read carries errors: {WITH_ERRORS}",
        ),
        (
            World(replace(STOPPED, errors=WITH_ERRORS), (row(),)),
            Observed.UNKNOWN,
            "live/read",
            f"live/read says Stopped, live/list Running; live/read carries errors: {WITH_ERRORS}",
        ),
        (
            World(replace(STOPPED, errors=WITH_ERRORS), None),
            Observed.ENDED,
            "live/read",
            f"live/read carries errors: {WITH_ERRORS}; live/list fails: no list",
        ),
        (World(replace(RUNNING, status=""), ()), Observed.UNKNOWN, "live/read", "live/read tells no status"),
        (World(replace(RUNNING, status=""), (row(),)), Observed.ALIVE, "live/list", "live/read tells no status"),
        (World(replace(STOPPED, deploy_id=""), ()), Observed.ENDED, "live/read", "live/read tells no deploy id"),
        (
            World(replace(STOPPED, deploy_id=""), (row(),)),
            Observed.UNKNOWN,
            "live/read",
            "live/read says Stopped, live/list Running; live/read tells no deploy id",
        ),
        (
            World(replace(RUNNING, deploy_id=OTHER), None),
            Observed.REPLACED,
            "live/read",
            "live/list fails: no list",
        ),
        (World(replace(RUNNING, deploy_id=OTHER), (row(OTHER),)), Observed.REPLACED, "live/read", ""),
        (
            World(replace(RUNNING, deploy_id=OTHER), (row(status="Stopped"), row(OTHER))),
            Observed.REPLACED,
            "live/read",
            "",
        ),
        (
            World(replace(RUNNING, deploy_id=OTHER), (row(), row(OTHER))),
            Observed.UNKNOWN,
            "live/read",
            f"live/read shows {OTHER}, live/list that {OURS} is Running",
        ),
        # Ours has ended, and what the portfolio will show is the other one's.
        (World(None, (row(status="Stopped"), row(OTHER))), Observed.REPLACED, "live/list", "live/read fails: no"),
        # So it is once the other one has ended too, as long as that is the newer one.
        (
            World(None, (row(status="Stopped"), row(OTHER, "Liquidated", launched_at=LAUNCHED_AT + 1))),
            Observed.REPLACED,
            "live/list",
            "live/read fails: no",
        ),
        (
            World(None, (row(status="Stopped"), row(OTHER, "Liquidated", launched_at=LAUNCHED_AT - 1))),
            Observed.ENDED,
            "live/list",
            "live/read fails: no",
        ),
    ],
)
def test_what_both_witnesses_show(world: World, seen: Observed, source: str, note: str) -> None:
    found = look(world)
    assert (found.state, found.note) == (seen, note)
    if seen is not Observed.UNKNOWN:
        assert found.source == source


def find(world: World) -> tuple[CurrentDeployment, list[str]]:
    async def go() -> tuple[CurrentDeployment, list[str]]:
        clock = FakeClock()
        api = world.api(clock)
        finding = asyncio.ensure_future(find_current(api, clock, 1))
        await clock.advance(5)
        return await finding, [name for name, _ in api.reads]

    return asyncio.run(go())


def test_an_id_lists_nothing_while_live_read_is_clear() -> None:
    found, reads = find(World(RUNNING))
    assert (found.known, found.notes, reads) == (RUNNING, (), ["detail"])


@pytest.mark.parametrize(
    ("world", "deploy_id", "status"),
    [
        (World(replace(RUNNING, errors=WITH_ERRORS), (row(),)), OURS, "Running"),
        (World(replace(RUNNING, errors=WITH_ERRORS), None), OURS, "Running"),
        (World(None, (row(),)), OURS, "Running"),
        (World(None, (row(status="Stopped"),)), OURS, "Stopped"),
        # The newest has ended, and another one of the project still trades: that is what would be hit.
        (World(replace(STOPPED, deploy_id=OTHER), (row(OTHER, "Stopped"), row())), OURS, "Running"),
        (World(STOPPED, (row(status="Stopped"),)), OURS, "Stopped"),
        (World(RUNNING, (row(),), hangs=True), OURS, "Running"),
    ],
)
def test_the_deployment_an_action_would_hit(world: World, deploy_id: str, status: str) -> None:
    found, _ = find(world)
    assert found.known is not None
    assert (found.known.deploy_id, found.known.status) == (deploy_id, status)


def test_nothing_that_can_be_read_is_nothing_found() -> None:
    found, _ = find(World(None, None))
    assert (found.known, found.notes) == (None, ("live/read fails: no", "live/list fails: no list"))
