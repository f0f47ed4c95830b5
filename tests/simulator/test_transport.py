from __future__ import annotations

import asyncio
from email.utils import parsedate_to_datetime

import pytest
from starlette.types import Message

from tests.simulator.support import MOMENTUM, Sim, headers_for


@pytest.fixture(scope="module")
def sim() -> Sim:
    return Sim()


def test_get_works_where_the_clients_use_it(sim: Sim) -> None:
    assert sim.ask("authenticate", method="GET").json() == {"success": True}
    read = sim.ask("live/read", method="GET", query=f"projectId={MOMENTUM}").json()
    assert read["status"] == "Running"
    odd = sim.ask("live/read", method="GET", query=f"projectId={MOMENTUM}&foo=1").json()
    assert odd["success"] is False
    assert sim.ask("live/list", method="GET").status == 405


def test_a_get_cannot_pull_a_trigger() -> None:
    sim = Sim()
    assert sim.ask("live/update/stop", method="GET", query=f"projectId={MOMENTUM}").status == 405
    sim.clock.advance(60)
    assert sim.post("live/read", projectId=MOMENTUM)["stopped"] is None


def test_bodies_that_are_no_object_are_refused(sim: Sim) -> None:
    for body in (b"[]", b"nonsense", b'"x"', b"\xff\xfe"):
        assert sim.ask("live/read", body).json()["success"] is False
    assert sim.ask("live/list", b"").json()["success"] is True


def test_a_request_that_is_too_large_is_refused(sim: Sim) -> None:
    assert sim.ask("live/list", b" " * (1 << 20)).status == 200
    assert sim.ask("live/list", b" " * ((1 << 20) + 1)).status == 413


def test_doubled_slashes_and_unknown_endpoints(sim: Sim) -> None:
    assert sim.ask("/live/list").json()["success"] is True
    assert sim.ask("live/unknown").status == 404


def test_optimizations_take_form_data(sim: Sim) -> None:
    headers = {**headers_for(sim.real_at), "Content-Type": "application/x-www-form-urlencoded"}
    answer = sim.ask("optimizations/list", f"projectId={MOMENTUM}".encode(), headers=headers).json()
    assert answer["success"] is True
    refused = sim.ask("live/update/stop", f"projectId={MOMENTUM}".encode(), headers=headers).json()
    assert refused["success"] is False


def test_the_date_header_is_the_real_time(sim: Sim) -> None:
    date = sim.ask("authenticate").headers["date"]
    assert parsedate_to_datetime(date).timestamp() == int(sim.real_at)


@pytest.mark.parametrize("path", ["/_sim/latency", "/api/v2/live/list"])
def test_a_client_that_leaves_in_the_middle_of_its_request_has_asked_nothing(sim: Sim, path: str) -> None:
    answered: list[Message] = []

    async def leave() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        answered.append(message)

    scope = {"type": "http", "method": "POST", "path": path, "root_path": "", "headers": [], "query_string": b""}
    asyncio.run(sim.app(scope, leave, send))
    assert answered == []
