"""Where requests may go: the base URL's rules, and the endpoints by path and in words."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from qctui.text import clean


def check_base_url(url: str) -> str:
    """The base URL without a slash at its end.

    https to anywhere; http only to this machine, because every request carries a hash that signs for two hours
    (REFERENCE.md 1.2) and answers that move money.

    Raises:
        ValueError: it is not such a URL. The message does not repeat the URL's user part.
    """
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname, parts.port
    except ValueError as error:  # brackets of an IPv6 address, a port that is no number
        raise ValueError("not a URL; https://HOST/PATH is expected") from error
    if parts.scheme not in ("http", "https") or not host or port == 0:
        raise ValueError("not a URL this program can use; https://HOST/PATH is expected")
    if parts.username is not None or parts.password is not None:
        raise ValueError("must not contain a user name or password")
    if parts.query or parts.fragment:
        raise ValueError("must not contain ? or #")
    if parts.scheme == "http" and not _is_this_machine(host):
        raise ValueError(f"http is allowed for this machine only (127.0.0.1, ::1, localhost), and {clean(host)} is not")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def is_loopback(base_url: str) -> bool:
    """Whether a checked base URL points at this machine."""
    return _is_this_machine(urlsplit(base_url).hostname or "")


def _is_this_machine(host: str) -> bool:
    """All of 127.0.0.0/8, ::1, or the name localhost."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:  # a name
        return host.casefold() == "localhost"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address of the API."""

    path: str
    """Below the base URL, no slash at either end."""
    words: str
    """What a message calls it."""
    plain: bool = False
    """Answers with nothing but whether it succeeded and what went wrong (REFERENCE.md 7: RestResponse)."""


AUTHENTICATE = Endpoint("authenticate", "credential check")
PROJECTS = Endpoint("projects/read", "project list")
LIVE_LIST = Endpoint("live/list", "deployment list")
LIVE_READ = Endpoint("live/read", "deployment")
CHART = Endpoint("live/chart/read", "chart")
INSIGHTS = Endpoint("live/insights/read", "insights")
PORTFOLIO = Endpoint("live/portfolio/read", "portfolio")
ORDERS = Endpoint("live/orders/read", "orders")
LOGS = Endpoint("live/logs/read", "logs")
OPTIMIZATION_LIST = Endpoint("optimizations/list", "optimization list")
OPTIMIZATION_READ = Endpoint("optimizations/read", "optimization")
LIQUIDATE = Endpoint("live/update/liquidate", "liquidate", plain=True)
STOP = Endpoint("live/update/stop", "stop", plain=True)
ABORT = Endpoint("optimizations/abort", "abort", plain=True)

DATA_MEMBERS = frozenset(
    (
        *("projects", "live", "deployid", "status", "progress", "launched", "stopped", "brokerage"),
        *("runtimestatistics", "chart", "charts", "series", "insights", "portfolio", "holdings", "cash"),
        *("orders", "logs", "length", "optimization", "optimizations", "backtests"),
    )
)
"""Members, under folded names, by which an answer shows that it belongs to an endpoint that is not plain. Members that
are not known anywhere say nothing: the API may add one to its plain answers any day."""
