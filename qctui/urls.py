"""Which addresses an API may have: https anywhere, http on this machine only."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from qctui.text import clean


def check_base_url(url: str) -> str:
    """The base URL without a trailing slash.

    https to anywhere; http only to this machine, because every request carries a hash that signs for two hours
    (REFERENCE.md 1.2) and answers that move money.

    Raises:
        ValueError: it is not such a URL. The message does not repeat the URL's user part.
    """
    parts = urlsplit(check_url(url))
    if parts.query or parts.fragment:
        raise ValueError("must not contain ? or #")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def check_url(url: str) -> str:
    """The URL, if it can be asked for: https to anywhere, http only to this machine. It may hold a key.

    Raises:
        ValueError: it is not such a URL. The message does not repeat it.
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
    checked = parts.geturl()
    if parts.scheme == "http" and not is_loopback(checked):
        raise ValueError(f"http is allowed for this machine only (127.0.0.1, ::1, localhost), and {clean(host)} is not")
    return checked


def is_loopback(url: str) -> bool:
    """Whether a URL points at this machine: all of 127.0.0.0/8, ::1, or the name localhost."""
    host = urlsplit(url).hostname or ""  # in small letters
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:  # a name
        return host == "localhost"
