"""How long, how many and how much: what bounds every exchange with the API."""

from __future__ import annotations

from dataclasses import dataclass

from qctui.api.library_patches import httpx

MAX_BYTES = 64 * 1024 * 1024
"""Largest answer, decoded. A chart of 100,000 candles is about 10 MB."""

MAX_ERROR_BYTES = 64 * 1024
"""What is read of an answer outside 2xx: enough for an envelope; an HTML page is of no interest."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds. Every wait has an end."""

    connect_s: float = 5.0
    """Name, TCP; then TLS again."""
    read_s: float = 30.0
    """Between two pieces of the answer."""
    total_s: float = 60.0
    """The whole exchange: a server that drips must not hold a reader for ever."""

    def as_httpx(self) -> httpx.Timeout:
        """As httpx takes them. A full pool is waited for as long as an answer is."""
        return httpx.Timeout(self.read_s, connect=self.connect_s)


@dataclass(frozen=True, slots=True)
class Pool:
    """How many connections, and how long an idle one is trusted."""

    connections: int
    idle_s: float
