from __future__ import annotations

import asyncio
import time
from types import SimpleNamespace

import pytest
from httpcore._async import http11

from qctui.api import client as client_module
from qctui.api.library_patches import httpx
from qctui.api.ports import REWARM_S, ApiError, RequestReport
from qctui.model.resource import FailureKind
from tests.api.support import Requests as Received
from tests.api.support import abort, client_for, failure_of, gate_that, http, loopback_client, raw_server, reply, run

OK = http(b'{"success": true}')


@pytest.mark.parametrize(
    ("name", "argument", "path", "body"),
    [
        ("liquidate", 31000017, "/api/v2/live/update/liquidate", {"projectId": 31000017}),
        ("stop", 31000017, "/api/v2/live/update/stop", {"projectId": 31000017}),
        ("abort", "O-1", "/api/v2/optimizations/abort", {"optimizationId": "O-1"}),
    ],
)
def test_what_is_sent(name: str, argument: object, path: str, body: object) -> None:
    client, script = client_for(reply({"success": True, "errors": []}))
    run(getattr(client.triggers, name)(argument))
    assert (script.paths, script.bodies) == ([path], [body])
    assert script.requests[0].method == "POST"
    assert script.requests[0].headers["content-type"] == "application/json"


@pytest.mark.parametrize("name", ["liquidate", "stop", "abort"])
def test_read_only_refuses_before_anything_is_built(name: str) -> None:
    client, script = client_for(reply({"success": True}), read_only=True)
    called: list[bool] = []
    error = run(failure_of(getattr(client.triggers, name)(1, lambda: called.append(True))))
    assert (error.kind, error.may_have_acted, error.answered) == (FailureKind.REFUSED, False, False)
    assert error.message == f"{name}: not sent, read-only"
    assert script.requests == []
    assert called == []


def test_read_only_still_reads() -> None:
    client, _ = client_for(reply({"success": True}), read_only=True)
    run(client.triggers.fetch_detail(1))


async def answer_ok(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, received: Received) -> None:
    while await received.read(reader):
        writer.write(OK)
        await writer.drain()


def test_the_gate_is_asked_once_and_before_the_first_byte() -> None:
    async def go() -> None:
        async with raw_server(answer_ok) as (url, received):
            client = loopback_client(url)
            seen: list[tuple[int, int]] = []

            async def gate() -> None:
                seen.append((received.connections, received.posts))

            await client.triggers.liquidate(1, gate)
            await client.triggers.liquidate(1, gate)
            await client.aclose()
            assert [posts for _, posts in seen] == [0, 1]
            assert (received.posts, received.connections) == (2, 2)

    run(go())


def test_an_error_of_the_gate_keeps_everything_from_being_written() -> None:
    cancelled = ApiError(FailureKind.REFUSED, "cancelled", may_have_acted=False)

    async def gate() -> None:
        raise cancelled

    async def go() -> None:
        async with raw_server(answer_ok) as (url, received):
            exchanges: list[RequestReport] = []
            client = loopback_client(url, exchanges=exchanges)
            error = await failure_of(client.triggers.liquidate(1, gate))
            assert error is cancelled
            assert exchanges == []
            await client.triggers.stop(2)
            await client.aclose()
            assert received.bodies == [b'{"projectId":2}']

    run(go())


def test_the_gate_closes_a_transport_in_memory_too() -> None:
    client, script = client_for(reply({"success": True}))

    async def gate() -> None:
        raise ApiError(FailureKind.REFUSED, "cancelled", may_have_acted=False)

    assert run(failure_of(client.triggers.stop(1, gate))).message == "cancelled"
    assert script.requests == []


def test_the_gate_is_not_asked_when_there_is_no_connection() -> None:
    called: list[bool] = []

    async def go() -> ApiError:
        server = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        server.close()
        await server.wait_closed()
        client = loopback_client(f"http://127.0.0.1:{port}")
        return await failure_of(client.triggers.liquidate(1, gate_that(lambda: called.append(True))))

    error = run(go())
    assert (error.kind, error.may_have_acted) == (FailureKind.CONNECT, False)
    assert error.message == "liquidate: connection refused: nothing answers at the API's address"
    assert called == []


def test_reset_after_the_request_was_read_sends_it_once() -> None:
    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, received: Received) -> None:
        await received.read(reader)
        abort(writer)

    async def go() -> None:
        async with raw_server(reset) as (url, received):
            client = loopback_client(url)
            error = await failure_of(client.triggers.liquidate(1))
            assert (error.kind, error.may_have_acted, error.answered) == (FailureKind.RESET, True, False)
            assert received.posts == received.connections == 1

    run(go())


@pytest.mark.parametrize("polite", [True, False])
def test_a_reused_connection_that_breaks_sends_once_and_is_unknown(polite: bool) -> None:
    async def second_breaks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, received: Received) -> None:
        await received.read(reader)
        writer.write(OK)
        await writer.drain()
        await received.read(reader)
        if not polite:
            abort(writer)

    async def go() -> None:
        async with raw_server(second_breaks) as (url, received):
            client = loopback_client(url)
            await client.triggers.warm()
            error = await failure_of(client.triggers.liquidate(1))
            assert (error.kind, error.may_have_acted, error.answered) == (FailureKind.RESET, True, False)
            assert received.connections == 1
            assert received.posts == 2
            assert received.bodies[1:] == [b'{"projectId":1}']

    run(go())


def test_a_connection_the_server_has_closed_is_replaced_before_anything_is_written() -> None:
    closed = asyncio.Event()

    async def one_each(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, received: Received) -> None:
        await received.read(reader)
        writer.write(OK)
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        closed.set()

    async def go() -> None:
        async with raw_server(one_each) as (url, received):
            client = loopback_client(url)
            await client.triggers.warm()
            await closed.wait()
            await client.triggers.liquidate(1)
            await client.aclose()
            assert received.connections == 2
            assert received.bodies[1:] == [b'{"projectId":1}']

    run(go())


def test_polling_that_hangs_does_not_hold_a_trigger_up() -> None:
    async def hang_reads(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, received: Received) -> None:
        while await received.read(reader):
            if b"update" not in received.heads[-1]:
                await asyncio.Event().wait()
            writer.write(OK)
            await writer.drain()

    async def go() -> None:
        async with raw_server(hang_reads) as (url, received):
            client = loopback_client(url)
            polls = [asyncio.ensure_future(failure_of(client.reads.fetch_deployments())) for _ in range(40)]
            await received.came(20)  # as many as the pool of the reads has
            await asyncio.gather(*(client.triggers.liquidate(project) for project in range(12)))
            assert sum(b"liquidate" in head for head in received.heads) == 12
            for poll in polls:
                poll.cancel()
            await asyncio.gather(*polls, return_exceptions=True)
            await client.aclose()

    run(go())


def test_one_that_is_rejected_and_one_that_hangs_do_not_disturb_the_others() -> None:
    hanging = asyncio.Event()

    async def mixed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, received: Received) -> None:
        while await received.read(reader):
            if received.bodies[-1] == b'{"projectId":3}':
                hanging.set()
                await asyncio.Event().wait()
            refused = received.bodies[-1] == b'{"projectId":5}'
            writer.write(http(b'{"success": false, "errors": ["No"]}') if refused else OK)
            await writer.drain()

    async def go() -> None:
        async with raw_server(mixed) as (url, _):
            client = loopback_client(url)
            calls = {n: asyncio.ensure_future(client.triggers.liquidate(n)) for n in range(12)}
            results = await asyncio.gather(*(calls[n] for n in calls if n != 3), return_exceptions=True)
            assert [str(result) for result in results if result] == ["liquidate: No"]
            await hanging.wait()
            assert not calls[3].done()
            calls[3].cancel()
            await asyncio.gather(calls[3], return_exceptions=True)
            await client.aclose()

    run(go())


def test_warming_opens_the_connections_that_triggers_then_use() -> None:
    together = asyncio.Event()

    async def all_at_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, received: Received) -> None:
        while await received.read(reader):
            if received.posts == 4:
                together.set()
            await together.wait()  # answers only when all four are there, so that none can share
            writer.write(OK)
            await writer.drain()

    async def go() -> None:
        async with raw_server(all_at_once) as (url, received):
            client = loopback_client(url)
            await client.triggers.warm(4)
            assert received.connections == 4
            await asyncio.gather(*(client.triggers.liquidate(project) for project in range(4)))
            await client.aclose()
            assert received.connections == 4

    run(go())


def test_warming_raises_for_no_failure() -> None:
    client, script = client_for(httpx.ConnectError("no"))
    run(client.triggers.warm(3))
    run(client.triggers.warm(0))
    assert len(script.requests) == 3


class Slow:
    """Answers everything, a credential check only when it may."""

    def __init__(self) -> None:
        self.may_answer = asyncio.Event()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, received: Received) -> None:
        while await received.read(reader):
            if b"authenticate" in received.heads[-1]:
                await self.may_answer.wait()
            writer.write(OK)
            await writer.drain()


def test_a_trigger_takes_the_connection_that_is_just_being_warmed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "WAIT_FOR_WARM_S", 60.0)

    async def go() -> None:
        server = Slow()
        async with raw_server(server) as (url, received):
            client = loopback_client(url)
            warming = asyncio.ensure_future(client.triggers.warm(2))
            await received.came(2)
            # Two have one to wait for; the third makes its own.
            triggers = [asyncio.ensure_future(client.triggers.liquidate(number)) for number in (1, 2, 3)]
            await received.came(3)
            assert received.bodies == [b"{}", b"{}", b'{"projectId":3}']
            server.may_answer.set()
            await asyncio.gather(warming, *triggers)
            await client.aclose()
            assert (received.connections, received.posts) == (3, 5)

    run(go())


def test_a_credential_check_that_hangs_holds_no_trigger_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "WAIT_FOR_WARM_S", 0.0)

    async def go() -> None:
        async with raw_server(Slow()) as (url, received):
            client = loopback_client(url)
            warming = [asyncio.ensure_future(client.triggers.warm(2)) for _ in range(3)]
            await received.came(2)
            await client.triggers.liquidate(1)
            # However often it is called, no more are under way than were asked for.
            assert received.bodies == [b"{}", b"{}", b'{"projectId":1}']
            for task in warming:
                task.cancel()
            await asyncio.gather(*warming, return_exceptions=True)
            await client.aclose()

    run(go())


@pytest.mark.parametrize(("idle_s", "connections"), [(REWARM_S, 1), (3.9, 1), (4.1, 2), (5.0, 2)])
def test_an_idle_connection_is_trusted_with_a_trigger_for_four_seconds(
    idle_s: float, connections: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Common servers close one after five: a trigger written to it at that moment has an unknown outcome."""
    ahead_s = 0.0
    clock = SimpleNamespace(monotonic=lambda: time.monotonic() + ahead_s)
    monkeypatch.setattr(http11, "time", clock)

    async def go() -> None:
        nonlocal ahead_s
        async with raw_server(answer_ok) as (url, received):
            client = loopback_client(url)
            await client.triggers.warm()
            ahead_s = idle_s
            await client.triggers.liquidate(1)
            await client.aclose()
            assert received.connections == connections

    run(go())
