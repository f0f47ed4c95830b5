from __future__ import annotations

import base64
import hashlib

import pytest

from qctui.api.auth import Credentials, signed_headers
from qctui.api.client import open_client
from qctui.clock import SystemClock
from qctui.secret import SecretStr
from tests.api.support import BASE_URL, CREDENTIALS, TOKEN, client_for, failure_of, reply, run
from tests.fakes import FakeClock


def test_vector_of_the_reference() -> None:
    assert signed_headers("42", "abc", 1_700_000_000) == {
        "Authorization": (
            "Basic NDI6YmQzYzY1ZTQwMzgyZjI2NTI2NGQ1NWYwOTRmZDkzYjRmYzE3MDkxZTA5NGRmNzU4YjhlYjkwOWJiMDEyN2IyNg=="
        ),
        "Timestamp": "1700000000",
    }


def test_every_request_is_signed_at_its_own_moment() -> None:
    clock = FakeClock(now=1_700_000_000.9)
    client, script = client_for(reply({"success": True}), clock=clock)

    async def go() -> None:
        await client.reads.authenticate()
        await clock.advance(7_300)
        await client.triggers.liquidate(1)

    run(go())
    for request, at in zip(script.requests, ("1700000000", "1700007300"), strict=True):
        digest = hashlib.sha256(f"{TOKEN}:{at}".encode()).hexdigest()
        assert request.headers["timestamp"] == at
        assert request.headers["authorization"] == "Basic " + base64.b64encode(f"123456:{digest}".encode()).decode()


def test_a_401_is_not_answered_with_another_request() -> None:
    client, script = client_for(reply({}, 401, headers={"WWW-Authenticate": "Basic"}))
    run(failure_of(client.reads.authenticate()))
    assert len(script.requests) == 1


def test_nothing_printed_holds_the_token() -> None:
    client, _ = client_for(reply({"success": True}))
    shown = [repr(CREDENTIALS), str(CREDENTIALS), repr(client), repr(client.reads), repr(vars(client.reads))]
    assert not any(TOKEN in text for text in shown)
    printed = repr(Credentials("7", SecretStr("secret-token")))
    assert printed == "Credentials(user_id='7', token=SecretStr('**********'), source='')"


@pytest.mark.parametrize(
    "url",
    [
        "http://www.quantconnect.com/api/v2",
        "http://127.0.0.1.example.org/",
        "http://localhost@example.org/",
        "ftp://127.0.0.1/",
        "www.quantconnect.com",
        "",
        "https://user:pass@www.quantconnect.com/api/v2",
        "https://www.quantconnect.com/api/v2?x=1",
        "http://[::1",
        "https://example.org:port/",
        "https://example.org:0/",
        "http://10.0.0.1:8080/api/v2",
        "http://localhost.example:8080/api/v2",
        "http://128.0.0.1:8080/api/v2",
        "http://[::2]:8080/api/v2",
        "http://0.0.0.0:8080/api/v2",
    ],
)
def test_addresses_that_would_give_the_signature_away_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"https|for this machine only|must not contain"):
        open_client(CREDENTIALS, url, read_only=False, clock=SystemClock())


@pytest.mark.parametrize(
    "url",
    [BASE_URL, BASE_URL + "/", "http://127.0.0.1:1/x", "http://127.9.8.7:1", "http://[::1]:1", "http://LOCALHOST"],
)
def test_https_and_this_machine_are_accepted(url: str) -> None:
    assert open_client(CREDENTIALS, url, read_only=False, clock=SystemClock())


def test_no_doubled_slash() -> None:
    client, script = client_for(reply({"success": True}))
    run(client.reads.authenticate())
    assert script.paths == ["/api/v2/authenticate"]
