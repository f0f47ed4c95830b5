"""Every use of what httpx, httpcore, anyio and asyncio keep private, each with its reason.

Everything in `qctui.api` imports httpx from here. Where a newer version lacks what is used, less is known (a connection
is not taken for a warm one, a name is looked up as asyncio does it) and no request is stopped by that;
tests/api/test_library_patches.py fails then.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import importlib.util
import os
import socket
import ssl
import sys
import threading
from types import ModuleType
from typing import Any, TypeAlias, cast

Addresses: TypeAlias = list[tuple[Any, Any, int, str, Any]]
"""What `socket.getaddrinfo` gives."""

# httpx imports its command line, and with it click, rich and pygments, whenever those are installed: 35 ms of the
# 250 ms an emergency command may take to its first byte. A None in sys.modules makes that one import fail in the way
# httpx foresees, without looking at the disk.
if "httpx" not in sys.modules and "httpx._main" not in sys.modules:
    sys.modules["httpx._main"] = cast(ModuleType, None)
    import httpx

    del sys.modules["httpx._main"]
else:
    import httpx

# httpcore asks sniffio which event loop this is, several times a request, by importing it. Where it is not installed,
# and nothing here needs it, the search through the disk takes 0.15 ms each time: half of what a request costs.
if importlib.util.find_spec("sniffio") is None:
    sys.modules["sniffio"] = cast(ModuleType, None)

SENDING_BEGINS = "http11.send_request_headers.started"
"""The httpcore trace event right before a request's first byte is written: the connection stands, TLS is done.

What it proves (httpcore 1.0.9, `_async/connection_pool.py`, `_async/http11.py`): before it nothing of the request has
left. After it the request is never written again: the pool's loop tries another connection only on
`ConnectionNotAvailable`, which a connection raises before its first write, and the transport's own retries (off by
default) cover connecting only. A write that fails is not an error there: the answer is read all the same, so a reused
connection that the server has closed shows as a failed read, and the request may have acted.
"""

TCP_CONNECTED = ".connect_tcp.complete"
"""Ends the event's name; before it stands `connection`, or `socks` for a proxy of that kind."""

TLS_ESTABLISHED = "connection.start_tls.complete"
"""A request cancelled between these two events leaves a connection that httpcore does not close: we do."""

_AT_ONCE = 256 * 1024
"""Bytes of one look into a socket. That there are any is all that counts, except below TLS."""


def has_unread(client: httpx.AsyncClient, request: Any) -> bool:
    """Whether anything has come over the connection that `request` (of httpcore) is about to be written to.

    HTTP/1.1 has no numbers on its answers: the next one to be read counts as this request's. One that is there already
    answers something else, so the connection is not fit for use, nor is one whose other end has closed. To be asked
    right before the first byte is written (`SENDING_BEGINS`), and by nothing but that: what it finds it takes away.

    Looks at every place a byte can wait: h11's buffer, what TLS holds, asyncio's queue, the socket. Only the first and
    the last are public, and httpcore itself looks at the last alone.
    """
    try:
        connection = _connection_of(client, request)
        buffered, ended = connection._h11_state.trailing_data
        return bool(buffered) or ended or bool(_take(connection._network_stream._stream))
    except (EOFError, OSError):
        return True
    except (AttributeError, TypeError, ValueError):  # another version of the libraries: nothing is known
        return False


def has_idle(client: httpx.AsyncClient) -> bool:
    """Whether the next request finds a connection that stands, is still trusted and that nothing is using."""
    try:
        return any(
            each.is_available() and not each.has_expired() for pool in _pools(client) for each in pool.connections
        )
    except (AttributeError, TypeError):  # another version of the libraries: no connection is known to be free
        return False


def _pools(client: httpx.AsyncClient) -> list[Any]:
    """The pools under a client, one for each proxy and one without; none where a transport replaces the network."""
    transports = (getattr(client, "_transport", None), *getattr(client, "_mounts", {}).values())
    return [transport._pool for transport in transports if hasattr(transport, "_pool")]


def _connection_of(client: httpx.AsyncClient, request: Any) -> Any:
    """The HTTP/1.1 connection that was given to `request`, below whatever stands for a proxy."""
    for pool in _pools(client):
        for waiting in pool._requests:
            if waiting.request is request:
                connection = waiting.connection
                while not hasattr(connection, "_h11_state"):
                    connection = connection._connection
                return connection
    raise AttributeError("the request is in no pool")


def _take(stream: Any) -> bytes:
    """What can be read from anyio's stream without waiting. EOFError: the other end has closed, and nothing is left.

    A TLS connection may hold bytes that are no data (a session's ticket comes after the handshake), so they are
    deciphered to know.
    """
    if hasattr(stream, "_ssl_object"):
        with contextlib.suppress(EOFError):
            stream._read_bio.write(_take(stream.transport_stream))
        try:
            data: bytes = stream._ssl_object.read(_AT_ONCE)
        except ssl.SSLWantReadError:
            return b""
        if not data:
            raise EOFError
        return data
    protocol = stream._protocol
    taken = b"".join(protocol.read_queue)
    if taken:
        protocol.read_queue.clear()
        protocol.read_event.clear()
    # anyio lets asyncio read a socket only while its bytes are waited for: nothing else reads this one now.
    with contextlib.suppress(BlockingIOError):
        while piece := os.read(stream._raw_socket.fileno(), _AT_ONCE):
            taken += piece
        if not taken:
            raise EOFError
    return taken


def resolve_in_daemon_threads(loop: asyncio.AbstractEventLoop) -> None:
    """Make the loop look names up in threads that are not waited for at the end of the program.

    asyncio does it in its executor, whose threads are joined when the loop and the interpreter end: without a network a
    look-up lasts half a minute, and so would quitting. The wait for it is bounded by the connect timeout either way.
    """

    async def getaddrinfo(
        host: bytes | str | None,
        port: bytes | str | int | None,
        *,
        family: int = 0,
        type: int = 0,
        proto: int = 0,
        flags: int = 0,
    ) -> Addresses:
        found: concurrent.futures.Future[Addresses] = concurrent.futures.Future()
        found.set_running_or_notify_cancel()  # from here on it cannot be cancelled under the thread

        def look_up() -> None:
            try:
                found.set_result(socket.getaddrinfo(host, port, family, type, proto, flags))
            except OSError as error:
                found.set_exception(error)
            except UnicodeError:
                found.set_exception(socket.gaierror(socket.EAI_NONAME, "not a name"))

        threading.Thread(target=look_up, name="name look-up", daemon=True).start()
        return await asyncio.wrap_future(found, loop=loop)

    with contextlib.suppress(TypeError):  # a loop without attributes of its own looks names up as it does
        vars(loop)["getaddrinfo"] = getaddrinfo


__all__ = ["httpx"]  # what is defined elsewhere and still to be imported from here
