"""What the client's tests share: a client over a scripted transport, and raw servers on loopback."""

from __future__ import annotations

import asyncio
import atexit
import json
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from qctui.api.auth import Credentials
from qctui.api.client import Client, open_client
from qctui.api.library_patches import httpx
from qctui.api.ports import ApiError, Gate, RequestReport
from qctui.api.transport import Timeouts
from qctui.clock import Clock, SystemClock
from qctui.secret import SecretStr

T = TypeVar("T")

PAYLOADS = Path(__file__).parent.parent / "payloads"
TOKEN = "0a1b2c3d" * 8
CREDENTIALS = Credentials("123456", SecretStr(TOKEN))
BASE_URL = "https://api.invalid/api/v2"
QUICK = Timeouts(connect_s=2.0, read_s=2.0, total_s=4.0)


def payload(name: str) -> bytes:
    return (PAYLOADS / f"{name}.json").read_bytes()


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(coroutine)


@dataclass
class Script:
    """Answers every request with the next reply (the last one again and again) and keeps the requests."""

    replies: list[httpx.Response | Exception]
    requests: list[httpx.Request] = field(default_factory=list)

    async def answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        if isinstance(reply, Exception):
            raise reply
        # A response can be read once.
        return httpx.Response(reply.status_code, headers=reply.headers, content=reply.content)

    @property
    def paths(self) -> list[str]:
        return [request.url.path for request in self.requests]

    @property
    def bodies(self) -> list[Any]:
        return [json.loads(request.content) for request in self.requests]


def reply(
    body: object = None, status: int = 200, *, raw: bytes | None = None, headers: dict[str, str] | None = None
) -> httpx.Response:
    content = raw if raw is not None else json.dumps(body).encode()
    return httpx.Response(status, headers=headers, content=content)


def client_for(
    *replies: httpx.Response | Exception,
    clock: Clock | None = None,
    read_only: bool = False,
    exchanges: list[RequestReport] | None = None,
) -> tuple[Client, Script]:
    script = Script(list(replies))
    client = open_client(
        CREDENTIALS,
        BASE_URL,
        read_only=read_only,
        clock=clock or SystemClock(),
        observer=None if exchanges is None else exchanges.append,
        transport=httpx.MockTransport(script.answer),
        jitter=lambda: 0.0,
    )
    return client, script


_loop = asyncio.new_event_loop()
atexit.register(_loop.close)


def ask(body: object, call: Callable[[Client], Awaitable[T]]) -> T:
    """What `call` makes of an answer; bytes are sent as they are. On one loop: making one costs more than asking."""
    client, _ = client_for(reply(raw=body) if isinstance(body, bytes) else reply(body))

    async def go() -> T:
        try:
            return await call(client)
        finally:
            await client.aclose()

    return _loop.run_until_complete(go())


def failure(call: Callable[[], T]) -> ApiError:
    """The ApiError that `call` ends with."""
    try:
        call()
    except ApiError as error:
        return error
    raise AssertionError("it succeeded")


async def failure_of(call: Awaitable[T]) -> ApiError:
    try:
        await call
    except ApiError as error:
        return error
    raise AssertionError("it succeeded")


class Requests:
    """What a raw server received: the heads of requests, in order, and how many connections were made."""

    def __init__(self) -> None:
        self.heads: list[bytes] = []
        self.bodies: list[bytes] = []
        self.connections = 0
        self._came = asyncio.Condition()

    async def came(self, posts: int) -> None:
        """Wait for so many POSTs."""
        async with self._came:
            await self._came.wait_for(lambda: self.posts >= posts)

    @property
    def posts(self) -> int:
        return sum(head.startswith(b"POST ") for head in self.heads)

    async def read(self, reader: asyncio.StreamReader) -> bool:
        """Read one request; False at the end of the connection."""
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return False
        self.heads.append(head)
        length = next(
            (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
        )
        self.bodies.append(await reader.readexactly(length))
        async with self._came:
            self._came.notify_all()
        return True


def http(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter, Requests], Awaitable[None]]


@asynccontextmanager
async def raw_server(handler: Handler, *, certificate: Path | None = None) -> AsyncIterator[tuple[str, Requests]]:
    """A server on loopback that speaks only through `handler`, over TLS if it has a certificate; yields its base URL
    and what it received."""
    context = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
    requests = Requests()
    tasks: set[asyncio.Task[Any]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.connections += 1
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await handler(reader, writer, requests)
        except (ConnectionError, asyncio.CancelledError):
            pass  # the client left, or the test is over
        finally:
            tasks.discard(task)
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"{'https' if context else 'http'}://127.0.0.1:{port}/api/v2", requests
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def abort(writer: asyncio.StreamWriter) -> None:
    """End the connection with a reset."""
    connection: socket.socket = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def loopback_client(
    url: str,
    *,
    timeouts: Timeouts = QUICK,
    exchanges: list[RequestReport] | None = None,
    read_only: bool = False,
) -> Client:
    return open_client(
        CREDENTIALS,
        url,
        read_only=read_only,
        clock=SystemClock(),
        observer=None if exchanges is None else exchanges.append,
        read_timeouts=timeouts,
        trigger_timeouts=timeouts,
        check_timeouts=timeouts,
        jitter=lambda: 0.0,
    )


def gate_that(notes: Callable[[], object]) -> Gate:
    """A gate that lets everything pass after `notes`."""

    async def gate() -> None:
        notes()

    return gate
