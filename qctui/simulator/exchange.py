"""The answering side of one request: whole answers, and the ways of not giving one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from email.utils import formatdate

from starlette.types import Receive, Send

from qctui.simulator.requestlog import RequestRecord
from qctui.simulator.shapes import Json
from qctui.simulator.wire import Wire

JSON = (b"content-type", b"application/json")
HTML = (b"content-type", b"text/html; charset=UTF-8")
PART = 1 << 18
"""Bytes of a large body handed to the connection at a time, so that it drains and others get their turn."""


class Exchange:
    """Answers one request and keeps its record up to date."""

    def __init__(
        self, record: RequestRecord, wire: Wire | None, receive: Receive, send: Send, real_now: Callable[[], float]
    ) -> None:
        self.record = record
        """What the request log holds of it."""
        self._wire = wire
        self._receive = receive
        self._send = send
        self._real_now = real_now

    async def send(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        """Send a whole answer."""
        await self._start(status, headers, len(body))
        for start in range(0, len(body) - PART, PART):
            await self._send({"type": "http.response.body", "body": body[start : start + PART], "more_body": True})
            await asyncio.sleep(0)
        rest = (len(body) - 1) // PART * PART if body else 0
        await self._send({"type": "http.response.body", "body": body[rest:]})
        self._ended("answered", status)

    async def send_json(self, body: Json, status: int = 200) -> None:
        """Send a JSON object."""
        self.record.success = bool(body.get("success"))
        await self.send(status, [JSON], encode(body))

    async def send_unauthorized(self) -> None:
        """Send HTTP 401 with WWW-Authenticate."""
        await self.send(401, [(b"www-authenticate", b'Basic realm="QuantConnect"'), JSON], b"")

    async def _start(self, status: int, headers: list[tuple[bytes, bytes]], length: int) -> None:
        head = [(b"date", formatdate(self._real_now(), usegmt=True).encode()), (b"server", b"qctui-simulator")]
        head += [*headers, (b"content-length", str(length).encode())]
        await self._send({"type": "http.response.start", "status": status, "headers": head})

    def _ended(self, outcome: str, status: int = 0) -> None:
        self.record.outcome, self.record.status = outcome, status

    async def wait(self, seconds: float) -> bool:
        """Wait some real seconds; False when the client has gone by then."""
        try:
            await asyncio.wait_for(self._gone(), seconds)
        except TimeoutError:
            return True
        self._ended("gone")
        return False

    async def _gone(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def hang(self) -> None:
        """Never answer; it is over when the client leaves."""
        self._ended("hung")
        await self._gone()

    async def cut(self, outcome: str, text: bytes) -> None:
        """End the connection without a whole answer: reset, closed, or truncated in the middle of the body."""
        self._ended(outcome, 200 if outcome == "truncated" else 0)
        if self._wire is None:
            raise ConnectionResetError(f"simulated: {outcome}")
        if outcome == "truncated":
            head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(text)}\r\n\r\n"
            self._wire.write(head.encode() + text[: len(text) // 2])
        self._wire.end(reset=outcome == "reset")
        await self._gone()

    async def drip(self, text: bytes, seconds: float) -> None:
        """Send the body in twenty parts over some real seconds."""
        await self._start(200, [JSON], len(text))
        size = max(-(-len(text) // 20), 1)
        for start in range(0, len(text), size):
            if not await self.wait(seconds / 20):
                return
            await self._send({"type": "http.response.body", "body": text[start : start + size], "more_body": True})
        await self._send({"type": "http.response.body", "body": b""})
        self._ended("answered", 200)

    async def flood(self, megabytes: int) -> None:
        """Send an answer of many megabytes, valid JSON to its end."""
        block = b" " * (1 << 20)
        head, tail = b'{"success": true', b"}"
        await self._start(200, [JSON], megabytes * len(block) + len(head) + len(tail))
        await self._send({"type": "http.response.body", "body": head, "more_body": True})
        for _ in range(megabytes):
            await self._send({"type": "http.response.body", "body": block, "more_body": True})
            if self._wire is not None and self._wire.closing:
                self._ended("gone", 200)
                return
        await self._send({"type": "http.response.body", "body": tail})
        self._ended("answered", 200)


def encode(body: Json | list[Json]) -> bytes:
    """Return a body as JSON text, without a space too many."""
    text: str = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass")
