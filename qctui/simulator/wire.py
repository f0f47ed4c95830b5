"""The connection below HTTP: when a request's first byte came, and ways to end it that no HTTP answer can show."""

from __future__ import annotations

import asyncio
import itertools
import socket
import struct
import time
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

EXTENSION = "qctui.wire"
"""The key of the `Wire` in an ASGI scope's extensions."""
_connections = itertools.count(1)


class Wire:
    """What the application may know of, and do to, the connection of one request."""

    def __init__(
        self, transport: asyncio.Transport, connection: int, arrived_monotonic_s: float, arrived_at: float
    ) -> None:
        self._transport = transport
        self.connection = connection
        """Number of the connection, counted from 1."""
        self.arrived_monotonic_s = arrived_monotonic_s
        """CLOCK_MONOTONIC when the request's first byte was read."""
        self.arrived_at = arrived_at
        """The real time of that, Unix seconds."""

    @property
    def closing(self) -> bool:
        """Whether the connection is ending or ended."""
        return self._transport.is_closing()

    def write(self, data: bytes) -> None:
        """Write bytes past the HTTP layer."""
        self._transport.write(data)

    def end(self, *, reset: bool) -> None:
        """End the connection: with a RST, or in order after what was written."""
        if not reset:
            self._transport.close()
            return
        raw = self._transport.get_extra_info("socket")
        if raw is not None:
            # Lingering for zero seconds turns the close into a reset.
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()


class RecordingProtocol(H11Protocol):
    """uvicorn's HTTP/1.1 protocol, noting arrivals and handing a `Wire` to the application."""

    _arrived: tuple[float, float] | None = None
    _number = 0

    def connection_made(self, transport: Any) -> None:
        """Number the connection."""
        self._number = next(_connections)
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """Note when a request begins, before anything else is done with it."""
        if self._arrived is None and self.conn.their_state is h11.IDLE:
            self._arrived = (time.monotonic(), time.time())
        super().data_received(data)

    def handle_events(self) -> None:
        """Give a request that has just been read its `Wire`; its task has not run yet."""
        super().handle_events()
        if self.scope is None or EXTENSION in self.scope.get("extensions", {}):
            return
        monotonic_s, at = self._arrived or (time.monotonic(), time.time())
        self._arrived = None
        self.scope["extensions"] = {EXTENSION: Wire(self.transport, self._number, monotonic_s, at)}  # type: ignore[dict-item]  # the type knows uvicorn's own extensions only
