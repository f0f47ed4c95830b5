"""Answers one HTTP request: with a whole answer, or in one of the ways of not giving one."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formatdate

from starlette.types import Receive, Send

from qctui.simulator.shapes import Json, encode
from qctui.simulator.simulation import RequestRecord

JSON = (b"content-type", b"application/json")
HTML = (b"content-type", b"text/html; charset=UTF-8")
PART = 1 << 18
"""Bytes of a large body handed to the connection at a time, so that it drains and others get their turn."""
CONNECTION = "qctui.connection"
"""The key of a request's `Connection` in its ASGI scope's extensions."""


@dataclass(eq=False)
class Connection:
    """What the application may know of, and do to, the connection below a request: end it as no HTTP answer can."""

    transport: asyncio.Transport
    number: int
    """Counted from 1."""
    arrived_monotonic_s: float
    """CLOCK_MONOTONIC when the request's first byte was read."""
    arrived_at: float
    """The real time of that, Unix seconds."""


@dataclass(eq=False)
class Responder:
    """Answers one request and keeps its record up to date."""

    record: RequestRecord
    """What the request log holds of it."""
    connection: Connection | None
    asgi_receive: Receive
    asgi_send: Send
    real_now: Callable[[], float]

    async def send(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        """Send a whole answer."""
        await self._start(status, headers, len(body))
        for start in range(0, len(body) - PART, PART):
            await self._send_part(body[start : start + PART])
            await asyncio.sleep(0)
        rest = (len(body) - 1) // PART * PART if body else 0
        await self._send_last(body[rest:], status)

    async def send_json(self, body: Json, status: int = 200) -> None:
        """Send a JSON object."""
        self.record.success = bool(body.get("success"))
        await self.send(status, [JSON], encode(body))

    async def send_unauthorized(self) -> None:
        """Send HTTP 401 with WWW-Authenticate."""
        await self.send(401, [(b"www-authenticate", b'Basic realm="QuantConnect"'), JSON], b"")

    async def wait(self, seconds: float) -> bool:
        """Wait some real seconds; False when the client has gone by then."""
        try:
            await asyncio.wait_for(self._gone(), seconds)
        except TimeoutError:
            return True
        self._ended("gone")
        return False

    async def hang(self) -> None:
        """Never answer; it is over when the client leaves."""
        self._ended("hung")
        await self._gone()

    async def cut(self, outcome: str, text: bytes = b"") -> None:
        """End the connection without a whole answer: reset, closed, or truncated in the middle of the body."""
        self._ended(outcome, 200 if outcome == "truncated" else 0)
        if self.connection is None:
            raise ConnectionResetError(f"simulated: {outcome}")
        transport = self.connection.transport
        if outcome == "truncated":
            head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(text)}\r\n\r\n"
            transport.write(head.encode() + text[: len(text) // 2])
        if outcome == "reset":
            # Lingering for zero seconds turns the close into a reset.
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            transport.abort()
        else:
            transport.close()
        await self._gone()

    async def drip(self, text: bytes, seconds: float) -> None:
        """Send the body in twenty parts over some real seconds."""
        await self._start(200, [JSON], len(text))
        size = max(-(-len(text) // 20), 1)
        for start in range(0, len(text), size):
            if not await self.wait(seconds / 20):
                return
            await self._send_part(text[start : start + size])
        await self._send_last(b"")

    async def flood(self, megabytes: int) -> None:
        """Send an answer of many megabytes, valid JSON to its end."""
        block = b" " * (1 << 20)
        head, tail = b'{"success": true', b"}"
        await self._start(200, [JSON], megabytes * len(block) + len(head) + len(tail))
        await self._send_part(head)
        for _ in range(megabytes):
            await self._send_part(block)
            if self.connection is not None and self.connection.transport.is_closing():
                self._ended("gone", 200)
                return
        await self._send_last(tail)

    async def _start(self, status: int, headers: list[tuple[bytes, bytes]], length: int) -> None:
        head = [(b"date", formatdate(self.real_now(), usegmt=True).encode()), (b"server", b"qctui-simulator")]
        head += [*headers, (b"content-length", str(length).encode())]
        await self.asgi_send({"type": "http.response.start", "status": status, "headers": head})

    async def _send_part(self, body: bytes) -> None:
        await self.asgi_send({"type": "http.response.body", "body": body, "more_body": True})

    async def _send_last(self, body: bytes, status: int = 200) -> None:
        await self.asgi_send({"type": "http.response.body", "body": body})
        self._ended("answered", status)

    def _ended(self, outcome: str, status: int = 0) -> None:
        self.record.outcome, self.record.status = outcome, status

    async def _gone(self) -> None:
        while (await self.asgi_receive())["type"] != "http.disconnect":
            pass
