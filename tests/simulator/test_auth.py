from __future__ import annotations

import base64

import pytest

from qctui.simulator.request import Cause, check_credentials, sign
from tests.simulator.support import NOW, Sim, headers_for


def test_the_hash_of_the_reference_vector() -> None:
    assert sign("abc", "1700000000") == "bd3c65e40382f265264d55f094fd93b4fc17091e094df758b8eb909bb0127b26"


def test_the_header_of_the_reference_vector_is_accepted() -> None:
    headers = {
        "authorization": "Basic NDI6YmQzYzY1ZTQwMzgyZjI2NTI2NGQ1NWYwOTRmZDkzYjRm"
        "YzE3MDkxZTA5NGRmNzU4YjhlYjkwOWJiMDEyN2IyNg==",
        "timestamp": "1700000000",
    }
    assert check_credentials(headers, user_id=42, token="abc", now=1_700_000_100.0, window_s=7200.0) is None
    assert check_credentials(headers, user_id=42, token="abd", now=1_700_000_100.0, window_s=7200.0) is not None


@pytest.mark.parametrize(("off_s", "accepted"), [(0, True), (7200, True), (-7200, True), (7201, False), (-7201, False)])
def test_the_time_window_is_two_hours_either_way(off_s: float, accepted: bool) -> None:
    sim = Sim()
    reply = sim.ask("authenticate", headers=headers_for(sim.real_at + off_s))
    assert (reply.status == 200) is accepted


def test_authentication_goes_by_the_real_clock_while_the_world_stands_still() -> None:
    sim = Sim()
    assert sim.ask("authenticate", headers=headers_for(NOW)).status == 401
    assert sim.ask("authenticate", headers=headers_for(sim.real_at)).json() == {"success": True}


def test_authentication_can_go_by_the_clock_of_the_world() -> None:
    sim = Sim(auth_clock="world")
    assert sim.ask("authenticate", headers=headers_for(NOW)).status == 200


@pytest.mark.parametrize(
    ("headers", "cause"),
    [
        ({}, Cause.MISSING),
        ({"authorization": "Basic Zm9v", "timestamp": "1700000000"}, Cause.MISSING),
        ({"authorization": "Basic !!", "timestamp": "1700000000"}, Cause.MISSING),
        ({"authorization": "Bearer abc", "timestamp": "1700000000"}, Cause.MISSING),
        ({"authorization": "Basic " + base64.b64encode(b"42:00").decode(), "timestamp": "soon"}, Cause.MISSING),
        ({"authorization": "Basic " + base64.b64encode(b"43:00").decode(), "timestamp": "1700000000"}, Cause.USER),
        ({"authorization": "Basic " + base64.b64encode(b"42:00").decode(), "timestamp": "1700000000"}, Cause.HASH),
    ],
)
def test_what_is_wrong_is_kept_apart(headers: dict[str, str], cause: Cause) -> None:
    denial = check_credentials(headers, user_id=42, token="abc", now=1_700_000_000.0, window_s=7200.0)
    assert denial is not None
    assert denial.cause is cause


def test_denial_as_http_401_names_the_scheme() -> None:
    reply = Sim().ask("live/list", headers={})
    assert reply.status == 401
    assert "www-authenticate" in reply.headers


def test_denial_as_success_false_echoes_what_was_sent() -> None:
    sim = Sim(auth_failure="hash")
    headers = headers_for(sim.real_at, token="wrong")
    digest = base64.b64decode(headers["Authorization"].removeprefix("Basic ")).decode().split(":")[1]
    reply = sim.ask("live/list", headers=headers)
    assert reply.status == 200
    answer = reply.json()
    assert answer["success"] is False
    assert answer["errors"][0].startswith("Hash doesn't match. UID: 424242")
    assert digest in answer["errors"][0]


def test_denial_as_invalid_user_and_as_empty_500() -> None:
    assert Sim(auth_failure="userid").ask("live/list", headers={}).json()["errors"] == ["UserID not valid"]
    reply = Sim(auth_failure="500").ask("live/list", headers={})
    assert (reply.status, reply.body) == (500, b"")


def test_mixed_denial_goes_by_the_cause() -> None:
    sim = Sim(auth_failure="mixed")
    assert "UserID" in sim.ask("live/list", headers=headers_for(sim.real_at, user_id=1)).json()["errors"][0]
    assert "Hash" in sim.ask("live/list", headers=headers_for(sim.real_at, token="x")).json()["errors"][0]
    assert sim.ask("live/list", headers=headers_for(sim.real_at - 9000)).status == 401


def test_a_token_that_stops_working_stops_working() -> None:
    sim = Sim()
    assert sim.ask("authenticate").status == 200
    sim.control("credentials", token="another")
    assert sim.ask("authenticate").status == 401


def test_a_denied_trigger_does_nothing() -> None:
    sim = Sim()
    sim.ask("live/update/stop", {"projectId": 23456789}, headers={})
    sim.clock.advance(60)
    assert sim.post("live/read", projectId=23456789)["status"] == "Running"
