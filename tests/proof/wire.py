"""The network below httpx, in memory and byte by byte: connections that are refused, hang, drip, break and babble."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import httpcore

RESET = None
"""In place of bytes: the connection is reset."""

EOF = b""
"""In place of bytes: the other end has closed."""


@dataclass
class Connecting:
    """What becomes of one attempt to connect."""

    after_s: float = 0.0
    refused: bool = False


@dataclass
class Reply:
    """What becomes of one request that was written to a connection."""

    pieces: list[tuple[float, bytes | None]] = field(default_factory=list)
    """What comes back, each so many seconds after the one before: bytes, `EOF` or `RESET`."""


class Server:
    """The other end, as the network needs it."""

    def connecting(self, process: Any) -> Connecting:
        """Somebody connects."""
        raise NotImplementedError

    def first_byte(self, stream: Stream, head: bytes) -> int | None:
        """A request begins to be written. After how many of its bytes the connection breaks; None: it does not."""
        raise NotImplementedError

    def request(self, stream: Stream, head: bytes, body: bytes) -> Reply:
        """A whole request has arrived."""
        raise NotImplementedError


class Network(httpcore.AsyncNetworkBackend):
    """What one process sees of the network."""

    def __init__(self, process: Any, server: Server) -> None:
        self.process = process
        self.server = server
        self.streams: list[Stream] = []

    async def connect_tcp(self, host: str, port: int, timeout: float | None = None, *rest: Any, **more: Any) -> Stream:
        plan = self.server.connecting(self.process)
        try:
            async with asyncio.timeout(timeout):
                await asyncio.sleep(plan.after_s)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout from error
        if plan.refused or self.process.dead:
            raise httpcore.ConnectError("refused") from ConnectionRefusedError(111, "Connection refused")
        stream = Stream(self.process, self.server)
        self.streams.append(stream)
        return stream

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def drop(self) -> None:
        """The process is gone: what it had written by now arrives, and nothing more."""
        for stream in self.streams:
            stream.end()


class Stream(httpcore.AsyncNetworkStream):
    """One connection. What the client looks at below httpcore for bytes that nobody asked for is here too."""

    def __init__(self, process: Any, server: Server) -> None:
        self.process = process
        self.server = server
        self._stream = self._protocol = self._raw_socket = self
        self.read_queue: deque[bytes] = deque()
        self.read_event = asyncio.Event()
        self._failed = self._ended = self._closed = False
        self._request = b""
        self._breaks_after: int | None = None
        self._last_due = 0.0
        self.memory: dict[str, Any] = {}
        """What the server remembers of this connection."""

    def fileno(self) -> int:
        """Asked for by who looks for unread bytes beside the queue: there is no socket, and nothing in it."""
        if self._ended or self._failed or self._closed:
            raise EOFError
        raise BlockingIOError

    def get_extra_info(self, info: str) -> Any:
        return bool(self.read_queue or self._ended or self._failed or self._closed) if info == "is_readable" else None

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        try:
            async with asyncio.timeout(timeout):
                while not self.read_queue:
                    if self._failed or self._closed:
                        raise httpcore.ReadError("reset")
                    if self._ended:
                        return b""
                    self.read_event.clear()
                    await self.read_event.wait()
        except TimeoutError as error:
            raise httpcore.ReadTimeout from error
        data = self.read_queue.popleft()
        if len(data) > max_bytes:
            self.read_queue.appendleft(data[max_bytes:])
        return data[:max_bytes]

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if not buffer:
            return
        if self.process.dead or self._closed or self._failed:
            raise httpcore.WriteError("broken pipe")
        try:
            self._take(buffer)
        except httpcore.WriteError:
            raise
        except Exception as error:  # a mistake in the simulation, which the client would take for a network's
            loop: Any = asyncio.get_running_loop()
            loop.mistake = error
        await asyncio.sleep(0)

    def _take(self, buffer: bytes) -> None:
        if not self._request:
            self._breaks_after = self.server.first_byte(self, buffer)
        self._request += buffer
        if self._breaks_after is not None and len(self._request) >= self._breaks_after:
            self._failed = True
            self.read_event.set()
            raise httpcore.WriteError("reset")
        head, complete, rest = self._request.partition(b"\r\n\r\n")
        if complete and len(rest) >= _length(head):
            self._request = b""
            self.deliver(self.server.request(self, head, rest).pieces)

    def deliver(self, pieces: Iterable[tuple[float, bytes | None]]) -> None:
        """Let these arrive, behind what is on its way."""
        loop = asyncio.get_running_loop()
        due = max(self._last_due, loop.time())
        for pause_s, data in pieces:
            due += pause_s + 1e-6  # what is due at one instant comes in any order
            loop.call_at(due, self._arrive, data)
        self._last_due = due

    def _arrive(self, data: bytes | None) -> None:
        if self._failed or self._ended or self._closed:
            return
        if data is RESET:
            self._failed = True
        elif data == EOF:
            self._ended = True
        else:
            self.read_queue.append(data)
        self.read_event.set()

    def end(self) -> None:
        """Nothing goes either way any more."""
        self._closed = True
        self.read_event.set()

    async def aclose(self) -> None:
        self.end()


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line[15:])
    return 0


def headers_of(head: bytes) -> tuple[str, dict[str, str]]:
    """The path of a request and its headers, with lower-case names."""
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in lines)
    return first.split(" ")[1], {name.lower(): value.strip() for name, _, value in pairs}


def answer(status: int, body: bytes, *headers: str, at: str = "") -> bytes:
    """A whole HTTP answer."""
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", *([f"Date: {at}"] if at else []), *headers]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body
