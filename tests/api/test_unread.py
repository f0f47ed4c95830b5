"""An answer that arrived before the request was written is never its own, and the triggers' connections carry nothing
but a trigger after one good credential check."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from qctui.api import transport
from qctui.api.client import Client
from qctui.api.lanes import TRIGGER_POOL
from qctui.api.library_patches import SENDING_BEGINS
from qctui.api.ports import ApiError
from qctui.model.resource import FailureKind
from tests.api.support import (
    PAYLOADS,
    client_for,
    failure_of,
    gate_that,
    http,
    loopback_client,
    payload,
    raw_server,
    reply,
    run,
)
from tests.api.support import Requests as Received

OK = http(b'{"success": true}')
NO = http(b'{"success": false, "errors": ["No"]}')
RUNNING = http(b'{"success": true, "status": "Running", "deployId": "L-1"}')
STOPPED = http(b'{"success": true, "status": "Stopped", "deployId": "L-9", "stopped": "2026-11-20 10:00:00"}')
BIG = http(b'{"success": true}'.ljust(65_536 - len(http(b"", "200 OK")) - 4))
"""As long as one read of the transport: what follows it in the same read stays below HTTP."""
CONNECTIONS = 25
CERTIFICATE = PAYLOADS / "loopback.pem"
"""Self-signed, for 127.0.0.1, made for these tests."""


class Babbler:
    """The first connection answers its first request with some pieces, each in a segment of its own; everything else is
    answered with `then`."""

    def __init__(self, *pieces: bytes, then: bytes = OK) -> None:
        self.pieces = pieces
        self.then = then
        self.said = asyncio.Event()
        """All of the first answer's pieces are out."""

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, received: Received) -> None:
        pieces = self.pieces if received.connections == 1 else (self.then,)
        while await received.read(reader):
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
            self.said.set()
            pieces = (self.then,)


@pytest.fixture(params=["plain", "tls"])
def certificate(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Path | None:
    """None for plain connections; for TLS the server's certificate, which the client trusts."""
    if request.param == "plain":
        return None
    trusted = ssl.create_default_context(cafile=CERTIFICATE)
    monkeypatch.setattr(transport, "tls_context", lambda: trusted)
    return CERTIFICATE


@pytest.mark.parametrize("stale", [NO, OK, RUNNING, NO[:20], b"\r\n", b"\0"])
@pytest.mark.parametrize("before", [OK, BIG])
@pytest.mark.parametrize("together", [True, False])
def test_what_arrived_before_the_request_is_not_its_answer(
    stale: bytes, before: bytes, together: bool, certificate: Path | None
) -> None:
    async def go() -> None:
        babbler = Babbler(before + stale) if together else Babbler(before, stale)
        async with raw_server(babbler, certificate=certificate) as (url, received):
            client = loopback_client(url)
            left: list[int] = []
            await client.triggers.warm()
            await babbler.said.wait()
            await client.triggers.liquidate(7, gate_that(lambda: left.append(received.posts)))
            await client.aclose()
            assert left == [1]
            assert received.bodies == [b"{}", b'{"projectId":7}']
            assert received.connections == 2

    run(go())


def test_extra_bytes_after_a_triggers_answer_are_not_the_next_ones(certificate: Path | None) -> None:
    async def go() -> None:
        async with raw_server(Babbler(OK + NO), certificate=certificate) as (url, received):
            client = loopback_client(url)
            await client.triggers.liquidate(7)
            await client.triggers.liquidate(8)
            await client.aclose()
            assert received.bodies == [b'{"projectId":7}', b'{"projectId":8}']
            assert received.connections == 2

    run(go())


TOO_MANY = http(b'{"success": false}', "429 Too Many Requests", "Retry-After: 2")


def test_a_clean_connection_carries_a_check_and_a_trigger(certificate: Path | None) -> None:
    async def go() -> None:
        async with raw_server(Babbler(OK), certificate=certificate) as (url, received):
            client = loopback_client(url)
            for _ in range(3):
                await client.triggers.warm()
                await client.triggers.liquidate(7)
            await client.aclose()
            assert (received.connections, received.posts) == (3, 6)

    run(go())


def test_a_late_copy_of_an_answer_gives_no_trigger_the_refusal_of_a_check() -> None:
    """On each connection the first answer comes again with the second request, and from then on all are one late."""

    async def shifted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, received: Received) -> None:
        late = OK
        while await received.read(reader):
            writer.write(late)
            late = TOO_MANY if b"authenticate" in received.heads[-1] and len(received.heads) > 1 else OK
            await writer.drain()

    async def go() -> None:
        async with raw_server(shifted) as (url, received):
            client = loopback_client(url)
            await client.triggers.warm()
            await client.triggers.warm()
            await client.triggers.liquidate(7)
            await client.aclose()
            assert received.bodies == [b"{}", b"{}", b'{"projectId":7}']

    run(go())


@pytest.mark.parametrize("refusal", [TOO_MANY, NO, http(b"", "500 Server Error")])
def test_after_a_check_that_was_refused_a_trigger_has_a_connection_of_its_own(
    refusal: bytes, certificate: Path | None
) -> None:
    async def go() -> None:
        async with raw_server(Babbler(refusal, then=OK), certificate=certificate) as (url, received):
            client = loopback_client(url)
            await client.triggers.warm()
            await client.triggers.liquidate(7)
            await client.aclose()
            assert received.bodies == [b"{}", b'{"projectId":7}']
            assert received.connections == 2

    run(go())


def test_where_nothing_tells_which_connections_are_new_warming_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "TCP_CONNECTED", "another name")

    async def go() -> None:
        async with raw_server(Babbler(OK)) as (url, received):
            client = loopback_client(url)
            await client.triggers.warm()
            await client.triggers.liquidate(7)
            await client.aclose()
            assert received.bodies == [b'{"projectId":7}']
            assert received.connections <= TRIGGER_POOL.connections + transport.MOST_UNUSABLE + 1

    run(go())


def test_warming_again_leaves_what_is_warm_to_the_triggers() -> None:
    both = asyncio.Event()

    async def second_waits(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, received: Received) -> None:
        mine = received.connections
        while await received.read(reader):
            if mine > CONNECTIONS and b"authenticate" in received.heads[-1]:
                await both.wait()
            writer.write(OK)
            await writer.drain()

    async def go() -> None:
        async with raw_server(second_waits) as (url, received):
            client = loopback_client(url)
            await client.triggers.warm(CONNECTIONS)
            again = asyncio.ensure_future(client.triggers.warm(CONNECTIONS))
            await received.came(2 * CONNECTIONS)
            await asyncio.gather(*(client.triggers.liquidate(project) for project in range(CONNECTIONS)))
            assert received.connections == 2 * CONNECTIONS
            both.set()
            await again
            await client.aclose()

    run(go())


def test_a_read_takes_no_answer_that_arrived_before_it(certificate: Path | None) -> None:
    async def go() -> None:
        async with raw_server(Babbler(RUNNING + STOPPED, then=RUNNING), certificate=certificate) as (url, received):
            client = loopback_client(url)
            await client.triggers.fetch_detail(1)
            assert (await client.triggers.fetch_detail(2)).status == "Running"
            await client.aclose()
            assert received.connections == 2

    run(go())


def test_a_server_that_answers_before_it_is_asked_is_sent_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[bool] = []
    said = asyncio.Queue[None]()
    trace = transport._Call._trace

    async def talks_first(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, received: Received) -> None:
        writer.write(NO)
        await writer.drain()
        said.put_nowait(None)
        await received.read(reader)

    async def late(call: transport._Call, event: str, info: dict[str, Any]) -> None:
        if event == SENDING_BEGINS:
            await said.get()
        await trace(call, event, info)

    monkeypatch.setattr(transport._Call, "_trace", late)

    async def go() -> tuple[ApiError, Received]:
        async with raw_server(talks_first) as (url, received):
            client = loopback_client(url)
            error = await failure_of(client.triggers.liquidate(1, gate_that(lambda: called.append(True))))
            await client.aclose()
            return error, received

    error, received = run(go())
    assert (error.kind, error.may_have_acted, error.answered) == (FailureKind.CONNECT, False, False)
    assert error.message == "liquidate: the API's side answers before it is asked"
    assert (called, received.posts, received.connections) == ([], 0, transport.MOST_UNUSABLE)


READS: dict[str, Callable[[Client], Awaitable[object]]] = {
    "detail": lambda client: client.triggers.fetch_detail(1),
    "portfolio": lambda client: client.triggers.fetch_portfolio(1),
    "orders": lambda client: client.triggers.fetch_orders(1, 0, 100),
    "optimization": lambda client: client.triggers.fetch_optimization("O-1"),
}


@pytest.mark.parametrize("name", READS)
def test_reads_leave_the_triggers_connections_alone(name: str) -> None:
    seen: dict[asyncio.StreamWriter, list[bytes]] = {}

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, received: Received) -> None:
        while await received.read(reader):
            seen.setdefault(writer, []).append(received.heads[-1].split(b" ")[1].removeprefix(b"/api/v2/"))
            writer.write(RUNNING if b"read" in seen[writer][-1] else OK)
            await writer.drain()

    async def go() -> None:
        async with raw_server(handler) as (url, _):
            client = loopback_client(url)
            await client.triggers.warm()
            for _ in range(2):
                await asyncio.gather(READS[name](client), return_exceptions=True)
            await client.triggers.liquidate(1)
            await asyncio.gather(READS[name](client), return_exceptions=True)
            await client.aclose()

    run(go())
    for_triggers, for_reads = seen.values()
    assert for_triggers == [b"authenticate", b"live/update/liquidate"]
    assert len(for_reads) == 3


FOREIGN = [
    "live_portfolio_read__flat_after_liquidation",
    "live_portfolio_read__legacy_capitalised",
    "live_read__running",
    "live_read__legacy_capitalised",
    "live_list__empty",
    "live_chart_read__loading",
    "live_chart_read__single_point",
    "live_insights_read__empty",
    "live_logs_read__empty",
    "live_orders_read__empty",
    "optimizations_list__empty",
    "optimizations_read__running_partial",
    "projects_read__ok_mixed_shapes",
]


@pytest.mark.parametrize("success", [True, False])
@pytest.mark.parametrize("name", FOREIGN)
@pytest.mark.parametrize("action", ["liquidate", "stop", "abort"])
def test_another_endpoints_answer_is_neither_yes_nor_no(success: bool, name: str, action: str) -> None:
    body = payload(name).replace(b'"success": true', b'"success": false' if not success else b'"success": true')
    client, script = client_for(reply(raw=body))
    error = run(failure_of(getattr(client.triggers, action)("1")))
    assert (error.kind, error.answered, error.may_have_acted) == (FailureKind.MALFORMED, False, True)
    assert error.message == f"{action}: the answer belongs to another request"
    assert len(script.requests) == 1


def test_swapped_answers_are_unknown() -> None:
    """Two requests at once, and something in between gives each the other's answer."""
    both = asyncio.Event()
    waiting: list[tuple[bytes, asyncio.StreamWriter]] = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, received: Received) -> None:
        await received.read(reader)
        refused = http(b'{"success": false, "errors": ["No"], "live": []}')
        waiting.append((OK if b"liquidate" in received.heads[-1] else refused, writer))
        if len(waiting) == 2:
            (first, _), (second, _) = waiting
            waiting[0][1].write(second)
            waiting[1][1].write(first)
            both.set()
        await both.wait()
        await writer.drain()

    async def go() -> None:
        async with raw_server(handler) as (url, received):
            client = loopback_client(url)
            error, _ = await asyncio.gather(
                failure_of(client.triggers.liquidate(1)), failure_of(client.reads.fetch_deployments())
            )
            await client.aclose()
            assert (error.kind, error.answered, error.may_have_acted) == (FailureKind.MALFORMED, False, True)
            assert received.posts == 2

    run(go())
