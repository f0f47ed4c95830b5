from __future__ import annotations

import asyncio
from collections.abc import Awaitable

import pytest

from qctui.api.client import open_client
from qctui.api.library_patches import httpx
from qctui.api.ports import ApiError, RequestReport
from qctui.api.reader import RetryPolicy
from qctui.model.resource import FailureKind
from tests.api.support import BASE_URL, CREDENTIALS, Script, failure_of, payload, reply
from tests.fakes import FakeClock

GOOD = reply({"success": True})
TRANSIENT: list[httpx.Response | Exception] = [
    reply(status=500, raw=b""),
    reply(status=502, raw=b"<html>"),
    reply(raw=payload("error__transient_backend")),
    httpx.ConnectError("refused"),
    httpx.ReadError("reset"),
    httpx.ReadTimeout("slow"),
]
FINAL: list[httpx.Response | Exception] = [
    reply(status=401, raw=b""),
    reply(status=429, raw=b"", headers={"Retry-After": "1"}),
    reply(raw=payload("error__hash_mismatch")),
    reply(raw=payload("error__slow_down")),
    reply(raw=payload("error__invalid_argument")),
    reply(raw=b"{"),
]


class Tries:
    """One read on a fake clock: when its requests left, and how it ended."""

    def __init__(self, *replies: httpx.Response | Exception, jitter: float = 1.0, each_takes_s: float = 0.0) -> None:
        self.clock = FakeClock()
        self.at: list[float] = []
        self.exchanges: list[RequestReport] = []
        self._script = Script(list(replies))
        self._each_takes_s = each_takes_s
        self._jitter = jitter

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        self.at.append(self.clock.monotonic() - 1_000.0)
        await self.clock.sleep(self._each_takes_s)
        return await self._script.answer(request)

    def run(self) -> ApiError | None:
        async def go() -> ApiError | None:
            client = open_client(
                CREDENTIALS,
                BASE_URL,
                read_only=False,
                clock=self.clock,
                observer=self.exchanges.append,
                transport=httpx.MockTransport(self._answer),
                jitter=lambda: self._jitter,
            )
            task = asyncio.ensure_future(self._end(client.reads.authenticate()))
            await self.clock.advance(600)
            assert task.done()
            return await task

        return asyncio.run(go())

    async def _end(self, call: Awaitable[None]) -> ApiError | None:
        try:
            await call
        except ApiError as error:
            return error
        return None


@pytest.mark.parametrize("bad", TRANSIENT)
def test_transient_failures_are_tried_again_twice_with_growing_pauses(bad: httpx.Response | Exception) -> None:
    tries = Tries(bad)
    error = tries.run()
    assert error is not None
    assert tries.at == [0.0, 0.5, 1.5]
    assert [exchange.failure for exchange in tries.exchanges] == [error.kind] * 3


@pytest.mark.parametrize("bad", TRANSIENT)
def test_the_first_good_answer_ends_it(bad: httpx.Response | Exception) -> None:
    tries = Tries(bad, GOOD)
    assert tries.run() is None
    assert tries.at == [0.0, 0.5]
    assert tries.exchanges[-1].failure is None


@pytest.mark.parametrize("bad", FINAL)
def test_what_will_not_go_away_is_asked_once(bad: httpx.Response | Exception) -> None:
    tries = Tries(bad, GOOD)
    assert tries.run() is not None
    assert tries.at == [0.0]


def test_full_jitter() -> None:
    tries = Tries(TRANSIENT[0], jitter=0.1)
    tries.run()
    assert tries.at == pytest.approx([0.0, 0.05, 0.15])


def test_no_retry_begins_after_ten_seconds() -> None:
    tries = Tries(TRANSIENT[0], each_takes_s=6.0)
    tries.run()
    assert tries.at == [0.0, 6.5]


@pytest.mark.parametrize(("told", "at"), [("3", [0.0, 3.0, 6.0]), ("60", [0.0])])
def test_a_server_that_says_when_to_come_back_is_not_asked_before(told: str, at: list[float]) -> None:
    tries = Tries(reply(status=503, raw=b"", headers={"Retry-After": told}))
    error = tries.run()
    assert error is not None
    assert (tries.at, error.retry_after_s) == (at, float(told))


def test_pauses_have_a_ceiling() -> None:
    assert RetryPolicy().pause_s(50, 1.0) == 4.0
    assert RetryPolicy().pause_s(1, 0.0) == 0.0


def test_triggers_and_their_checks_are_never_repeated() -> None:
    for bad in TRANSIENT + FINAL:
        for name in ("liquidate", "stop", "fetch_detail", "fetch_portfolio"):
            script = Script([bad])
            client = open_client(
                CREDENTIALS, BASE_URL, read_only=False, clock=FakeClock(), transport=httpx.MockTransport(script.answer)
            )
            asyncio.run(failure_of(getattr(client.triggers, name)(1)))
            assert len(script.requests) == 1


def test_observer_hears_latency_and_server_time() -> None:
    tries = Tries(reply({"success": True}, headers={"Date": "Fri, 20 Nov 2026 14:30:00 GMT"}), each_takes_s=0.25)
    tries.run()
    assert tries.exchanges == [RequestReport("authenticate", 0.25, 1_795_185_000.0, None, 1_700_000_000.25)]


def test_observer_hears_what_a_failure_was() -> None:
    tries = Tries(FINAL[0])
    tries.run()
    assert [exchange.failure for exchange in tries.exchanges] == [FailureKind.AUTH]
