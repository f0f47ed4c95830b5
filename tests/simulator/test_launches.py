"""Deployments that are asked for, commands that they are sent, and whose all of it is."""

from __future__ import annotations

from typing import Any

import pytest

from qctui.simulator.cast import ProjectPlan, Run, organization_id
from tests.simulator.support import MOMENTUM, PAIRS, UNTESTED, Json, Sim
from tests.simulator.test_shapes import payload
from tests.simulator.test_sweeps import built

PAPER = {"id": "QuantConnectBrokerage"}


def asked(sim: Sim, **more: Any) -> Json:
    body = {"projectId": UNTESTED, "nodeId": "LN-1", "versionId": "-1", "brokerage": PAPER}
    return {**body, "compileId": built(sim, UNTESTED), **more}


def logs(sim: Sim, deploy_id: str) -> list[str]:
    window = {"startLine": 0, "endLine": 200, "format": "json"}
    found: list[str] = sim.post("live/logs/read", projectId=UNTESTED, algorithmId=deploy_id, **window)["logs"]
    return found


def test_a_project_that_was_never_deployed_is_deployed_runs_and_is_stopped() -> None:
    sim = Sim(events=False)
    project = sim.post("projects/read", projectId=UNTESTED)["projects"][0]
    assert (project["lastLiveDeployment"], project["codeRunning"]) == (None, False)
    assert sim.post("live/list", projectId=UNTESTED) == {"live": [], "success": True, "errors": []}
    for endpoint in ("live/read", "live/portfolio/read", "live/update/stop", "live/update/liquidate"):
        assert sim.refused(endpoint, projectId=UNTESTED)

    made = sim.post("live/create", **asked(sim))
    deploy_id = made["deployId"]
    assert (made["projectId"], made["live"]["deployId"], made["live"]["status"]) == (UNTESTED, deploy_id, "InQueue")
    sim.clock.advance(60)
    live = sim.post("live/read", projectId=UNTESTED)
    assert (live["deployId"], live["status"], live["brokerage"]) == (deploy_id, "Running", "PaperBrokerage")
    assert sim.post("live/list", projectId=UNTESTED)["live"][0]["environment"] == "live-paper"
    # There is one at a time.
    assert sim.refused("live/create", **asked(sim))
    assert sim.post("live/update/stop", projectId=UNTESTED)["success"]
    sim.clock.advance(60)
    # A number for a version is lean-cli's.
    real = sim.post("live/create", **asked(sim, brokerage={"id": "TradierBrokerage"}, versionId=-1))
    assert real["deployId"] != deploy_id
    listed = sim.post("live/list", projectId=UNTESTED)["live"]
    assert [(one["environment"], one["stopped"] is None) for one in listed] == [("live", True), ("live-paper", False)]


@pytest.mark.parametrize(
    "more",
    [
        {"compileId": "none"},
        {"nodeId": ""},
        {"nodeId": None},
        {"versionId": None},
        {"brokerage": "QuantConnectBrokerage"},
        {"brokerage": {}},
        {"dataProviders": []},
    ],
)
def test_a_launch_that_is_refused_starts_nothing(more: Json) -> None:
    sim = Sim(events=False)
    assert sim.refused("live/create", **asked(sim, **more))
    sim.control("behaviours", projectId=UNTESTED, behaviour="rejected")
    assert sim.refused("live/create", **asked(sim))
    assert sim.post("live/list", projectId=UNTESTED)["live"] == []


def test_a_command_arrives_where_it_is_known_and_nowhere_else() -> None:
    plan = ProjectPlan(UNTESTED, "Untested", ("BTCUSD",), commands=("Known",))
    sim = Sim(cast=[plan])
    nothing_live = sim.post("live/commands/create", projectId=UNTESTED, command={"text": "nobody"})
    assert set(nothing_live) == set(payload("live_commands_create__error"))
    assert not nothing_live["success"]
    deploy_id = sim.post("live/create", **asked(sim))["deployId"]

    def send(**command: Any) -> Json:
        return sim.post("live/commands/create", projectId=UNTESTED, command=command)

    assert send(text="too early") == payload("live_commands_create__ok")
    sim.clock.advance(60)
    assert send(text="any") == payload("live_commands_create__ok")
    assert send(**{"$type": "Known", "text": "typed"}) == payload("live_commands_create__ok")
    assert send(**{"$type": "Unknown", "text": "dropped"}) == payload("live_commands_create__ok")
    assert sim.refused("live/commands/create", projectId=UNTESTED, command="text")
    sim.clock.advance(60)
    said = [line for line in logs(sim, deploy_id) if "Command received" in line]
    assert [line.partition("Command received: ")[2] for line in said] == [
        '{"text":"any"}',
        '{"$type":"Known","text":"typed"}',
    ]


def test_an_organization_is_honoured() -> None:
    desk = organization_id("Desk")
    sim = Sim(
        cast=[
            ProjectPlan(1, "Own", ("SPY",), runs=(Run(3600),)),
            ProjectPlan(2, "Other's", ("SPY",), organization="Desk"),
        ]
    )
    listed = sim.post("organizations/list")["organizations"]
    # lean-cli knows one's own by this owner.
    expected = [(organization_id(""), "You", True), (desk, "somebody else", False)]
    assert [(one["id"], one["ownerName"], one["preferred"]) for one in listed] == expected
    for one in listed:
        (mine,) = sim.post("projects/read", organizationId=one["id"])["projects"]
        assert mine["organizationId"] == one["id"]
        read = sim.post("organizations/read", organizationId=one["id"])["organization"]
        assert (read["id"], read["name"]) == (one["id"], one["name"])
        assert sim.post("account/read", organizationId=one["id"])["organizationId"] == one["id"]
    # Without one it is all of the projects, and the organization that is preferred.
    assert len(sim.post("projects/read")["projects"]) == 2
    assert sim.post("organizations/read")["organization"]["id"] == organization_id("")
    assert sim.post("account/read")["organizationId"] == organization_id("")
    assert sim.refused("projects/read", projectId=1, organizationId=desk)
    for endpoint in ("projects/read", "organizations/read", "account/read"):
        assert sim.refused(endpoint, organizationId="0" * 32)
    assert "success" not in Sim(shape_of={"account/read": "no-success"}).post("account/read")


def test_what_changes_something_meets_the_behaviour_of_its_project() -> None:
    sim = Sim(events=False)
    body = asked(sim)
    sim.control("behaviours", projectId=UNTESTED, behaviour="reset-after")
    with pytest.raises(ConnectionResetError):
        sim.ask("live/create", body)
    assert len(sim.post("live/list", projectId=UNTESTED)["live"]) == 1


def test_a_build_is_read_by_get_too() -> None:
    sim = Sim(events=False)
    compile_id = built(sim, MOMENTUM)
    query = f"projectId={MOMENTUM}&compileId={compile_id}"
    assert sim.ask("compile/read", method="GET", query=query).json()["state"] == "BuildSuccess"
    assert sim.ask("compile/create", method="GET", query=f"projectId={PAIRS}").status == 405
