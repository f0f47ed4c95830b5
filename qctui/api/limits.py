"""How long, how many and how much: what bounds every exchange with the API, and where it may go."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

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


def is_loopback(base_url: str) -> bool:
    """Whether a URL points at this machine: all of 127.0.0.0/8, ::1, or the name localhost."""
    host = urlsplit(base_url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:  # a name
        return host == "localhost"


def check_base_url(base_url: str) -> str:
    """The URL without a slash at its end.

    Raises ValueError, one line, unless it is https, or http to this machine: the signature of a request is as good as a
    password for two hours (REFERENCE.md 1.2).
    """
    try:
        parts = urlsplit(base_url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets of an IPv6 address, a port that is no number
        usable = False
    if not usable:
        raise ValueError("the API's address must begin with https:// (or http:// for this machine)")
    if parts.scheme == "http" and not is_loopback(base_url):
        raise ValueError("http is for this machine only; the API's address must begin with https://")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("the API's address must be without user, password, query or fragment")
    return base_url.rstrip("/")
