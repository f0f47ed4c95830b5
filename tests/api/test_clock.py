"""Credentials that are refused because this machine's clock is off: the words say that it is the clock."""

from __future__ import annotations

from email.utils import formatdate

import pytest

from qctui.api.client import Client
from qctui.model.resource import FailureKind
from tests.api.support import client_for, failure_of, payload, reply, run
from tests.fakes import FakeClock

NOW = 1_795_000_000.0
REASON = "and signatures are dated"
HASH = "Hash doesn't match. UID: *** Hash: *** Timestamp: ***"


def refused(body: bytes, status: int, skew_s: float | None) -> Client:
    """The API's clock is `skew_s` after ours."""
    headers = {} if skew_s is None else {"Date": formatdate(NOW + skew_s, usegmt=True)}
    client, _ = client_for(reply(raw=body, status=status, headers=headers), clock=FakeClock(NOW))
    return client


@pytest.mark.parametrize(
    ("skew_s", "words"),
    [
        (-18_000, "this machine's clock is 5 h ahead of the API's"),
        (7_200, "this machine's clock is 2 h behind the API's"),
        (-90_000, "this machine's clock is 25 h ahead of the API's"),
        (1_795_000_000 - 86_400 * 30, "this machine's clock is 20745 days behind the API's"),
    ],
)
def test_the_clock_is_named_with_how_far_it_is_off(skew_s: float, words: str) -> None:
    error = run(failure_of(refused(b"", 401, skew_s).triggers.stop(1)))
    assert error.message == f"stop: credentials not accepted: {words}, {REASON}"
    assert (error.kind, error.answered, error.may_have_acted, error.status_code) == (FailureKind.CLOCK, True, True, 401)


def test_what_the_api_said_stays_behind_it() -> None:
    said = f"stop: credentials not accepted: this machine's clock is 5 h ahead of the API's, {REASON}"
    error = run(failure_of(refused(payload("error__hash_mismatch"), 200, -18_000).triggers.stop(1)))
    assert (error.kind, error.message) == (FailureKind.CLOCK, f"{said} ({HASH})")
    error = run(failure_of(refused(payload("error__hash_mismatch"), 401, -18_000).triggers.stop(1)))
    assert (error.kind, error.message) == (FailureKind.CLOCK, f"{said}: {HASH}")


def test_a_server_error_that_may_mean_credentials_names_the_clock_too() -> None:
    error = run(failure_of(refused(b"", 500, -18_000).triggers.stop(1)))
    assert error.kind is FailureKind.SERVER
    assert "could also be rejected credentials): this machine's clock is 5 h ahead" in error.message


@pytest.mark.parametrize("skew_s", [None, 0, 6_900, -6_900])
def test_a_clock_that_is_near_enough_is_not_blamed(skew_s: float | None) -> None:
    error = run(failure_of(refused(b"", 401, skew_s).triggers.stop(1)))
    assert error.message == "stop: credentials not accepted"


def test_another_failure_is_not_the_clocks() -> None:
    error = run(failure_of(refused(b'{"success": false, "errors": ["no"]}', 200, -18_000).triggers.stop(1)))
    assert error.message == "stop: no"
