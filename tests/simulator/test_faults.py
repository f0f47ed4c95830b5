from __future__ import annotations

import asyncio

import httpx
import pytest

from qctui.simulator.faults import KINDS, Fault, FaultList, parse
from tests.simulator.support import KELLY, PAIRS, Json, Sim, headers_for, requests_to

TRIGGER = "live/update/liquidate"


def acted(sim: Sim, project_id: int = PAIRS) -> bool:
    sim.simulation.faults.active.clear()
    sim.clock.advance(30)
    return bool(sim.post("live/read", projectId=project_id)["stopped"])


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("http-500", Fault("http-500")),
        ("http-500:live/read", Fault("http-500", endpoint="live/read")),
        ("slow=2.5:live/read:3", Fault("slow", 2.5, "live/read", None, 3)),
        ("http-429-retry=7::1", Fault("http-429-retry", 7.0, None, None, 1)),
        ("truncated:2", Fault("truncated", times=2)),
    ],
)
def test_how_a_fault_is_written(text: str, fault: Fault) -> None:
    assert parse(text) == fault


@pytest.mark.parametrize("text", ["nonsense", "slow=x", "slow:a:b:1", ""])
def test_how_a_fault_is_not_written(text: str) -> None:
    with pytest.raises(ValueError, match="fault"):
        parse(text)


def test_the_first_that_fits_applies_as_often_as_it_was_told() -> None:
    book = FaultList(["http-500:live/read:2", "http-502"])
    assert [getattr(book.take("live/read", None), "kind", "") for _ in range(3)] == ["http-500", "http-500", "http-502"]
    book.active.clear()
    book.active.append(Fault("slow", project_id=KELLY))
    assert book.take("live/read", PAIRS) is None
    assert book.take("live/read", KELLY) is not None


@pytest.mark.parametrize(
    ("kind", "status", "body_start", "acts"),
    [
        ("http-401", 401, b"", False),
        ("http-429", 429, b"{", False),
        ("http-429-retry", 429, b"{", False),
        ("http-500", 500, b"", False),
        ("http-500-after", 500, b"", True),
        ("http-502", 502, b"<html>", False),
        ("http-502-after", 502, b"<html>", True),
        ("html-200", 200, b"<html>", False),
        ("empty-200", 200, b"", False),
        ("empty-200-after", 200, b"", True),
        ("truncated-json", 200, b'{"success":tr', True),
        ("json-array", 200, b"[{", True),
        ("json-string", 200, b'"', True),
        ("transient", 200, b'{"success":false,"errors":["Failed', False),
        ("slow-down", 200, b'{"success":false,"errors":["Too many', False),
        ("bare-false", 200, b'{"success":false}', False),
    ],
)
def test_answers_of_faults_and_whether_they_act(kind: str, status: int, body_start: bytes, acts: bool) -> None:
    sim = Sim(events=False, faults=[f"{kind}:{TRIGGER}:1"])
    reply = sim.ask(TRIGGER, {"projectId": PAIRS})
    assert reply.status == status
    assert reply.body.startswith(body_start)
    assert ("retry-after" in reply.headers) is (kind == "http-429-retry")
    assert ("www-authenticate" in reply.headers) is (kind == "http-401")
    assert acted(sim) is acts
    record = requests_to(sim.simulation, TRIGGER)[0]
    assert (record.status, record.acted, record.fault) == (status, acts, kind)


def test_an_oversize_answer_has_its_size() -> None:
    reply = Sim(faults=["oversize=3:live/list"]).ask("live/list")
    assert len(reply.body) == int(reply.headers["content-length"]) > 3 * 1024 * 1024


@pytest.mark.parametrize(("kind", "acts"), [("hang-before", False), ("hang-after", True)])
def test_hanging_ends_when_the_client_leaves(kind: str, acts: bool) -> None:
    sim = Sim(events=False, faults=[f"{kind}:{TRIGGER}"])
    assert sim.ask(TRIGGER, {"projectId": PAIRS}).status == 0
    assert requests_to(sim.simulation, TRIGGER)[0].outcome == "hung"
    assert acted(sim) is acts


async def _held(sim: Sim) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(sim.app), base_url="http://sim") as client:
        headers = headers_for(sim.real_at)
        asked = asyncio.create_task(client.post(f"/api/v2/{TRIGGER}", json={"projectId": PAIRS}, headers=headers))
        other = await client.post(f"/api/v2/{TRIGGER}", json={"projectId": KELLY}, headers=headers)
        assert other.json()["success"] is True
        while len(requests_to(sim.simulation, TRIGGER)) < 2:  # noqa: ASYNC110 - the simulator tells nobody
            await asyncio.sleep(0)
        assert not asked.done()
        assert [record.acted for record in requests_to(sim.simulation, TRIGGER)] == [True, True]
        await client.delete("/_sim/faults")
        assert (await asked).json()["success"] is True


def test_an_answer_is_held_until_all_faults_are_switched_off() -> None:
    sim = Sim(events=False)
    sim.control("faults", kind="held", endpoint=TRIGGER, projectId=PAIRS)
    asyncio.run(_held(sim))


@pytest.mark.parametrize("name", ["hang-before", "hang-after"])
def test_a_project_can_be_told_to_hang_while_others_answer(name: str) -> None:
    sim = Sim(events=False, behaviours={PAIRS: name})
    assert sim.ask(TRIGGER, {"projectId": PAIRS}).status == 0
    assert sim.post(TRIGGER, projectId=KELLY)["success"] is True
    assert acted(sim) is (name == "hang-after")


def test_resets_in_memory_are_raised() -> None:
    with pytest.raises(ConnectionResetError):
        Sim(faults=["reset-before"]).ask("live/list")


def test_faults_at_run_time() -> None:
    sim = Sim()
    sim.control("faults", kind="http-500", endpoint="live/list", times=1)
    assert sim.control("faults", method="GET")["active"][0]["kind"] == "http-500"
    assert sim.ask("live/list").status == 500
    assert sim.ask("live/list").status == 200
    sim.control("faults", kind="http-502")
    assert sim.ask("live/list").status == 502
    sim.control("faults", method="DELETE")
    assert sim.ask("live/list").status == 200
    assert sim.ask("faults", {"kind": "nonsense"}, prefix="/_sim/").status == 400
    assert set(sim.control("faults", method="GET")["kinds"]) == set(KINDS)


def test_the_control_surface_meets_no_faults_and_needs_no_credentials() -> None:
    sim = Sim(faults=["http-500"])
    assert sim.control("clock", method="GET")["speed"] == 0.0
    assert sim.simulation.log.total == 0
    assert "GET /_sim/requests" in sim.control("", method="GET")["routes"]
    assert sim.ask("nothing", prefix="/_sim/").status == 404


def test_requests_are_recorded() -> None:
    sim = Sim()
    sim.ask("live/read", {"projectId": PAIRS})
    sim.ask(TRIGGER, {"projectId": 1})
    sim.ask("live/list", headers={})
    recorded = sim.control("requests", method="GET")
    assert recorded["total"] == 3
    reads, trigger, denied = recorded["requests"]
    assert (reads["path"], reads["body"], reads["outcome"], reads["success"]) == (
        "live/read",
        {"projectId": PAIRS},
        "answered",
        True,
    )
    assert (trigger["acted"], trigger["success"], trigger["status"]) == (True, False, 200)
    assert (denied["acted"], denied["status"]) == (False, 401)
    assert reads["arrived_monotonic_s"] <= trigger["arrived_monotonic_s"] <= denied["arrived_monotonic_s"]
    sim.control("requests", method="DELETE")
    assert sim.control("requests", method="GET")["requests"] == []


def test_the_control_surface_moves_the_world() -> None:
    sim = Sim()
    before = sim.control("clock", method="GET")["now"]
    assert sim.control("clock", advance=90)["now"] == before + 90
    later: Json = {"projectId": PAIRS, "in": 30}
    sim.control("redeploy", **later)
    first = sim.post("live/read", projectId=PAIRS)["deployId"]
    sim.clock.advance(31)
    assert sim.post("live/read", projectId=PAIRS)["deployId"] != first
    sim.control("end", projectId=KELLY, status="RuntimeError", message="Runtime Error: gone")
    assert sim.post("live/read", projectId=KELLY)["message"] == "Runtime Error: gone"
    listed = sim.control("projects", method="GET")["projects"]
    kelly = next(one for one in listed if one["projectId"] == KELLY)
    assert kelly["deployments"][-1]["status"] == "RuntimeError"
