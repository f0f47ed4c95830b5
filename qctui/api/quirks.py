"""What httpx and asyncio need of us, in one place. Everything in `qctui.api` imports httpx from here."""

from __future__ import annotations

import asyncio
import contextlib
import socket
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

SENDING_BEGINS = "http11.send_request_headers.started"
"""The httpcore trace event right before a request's first byte is written: the connection stands, TLS is done.

What it proves (httpcore 1.0.9, `_async/connection_pool.py`, `_async/http11.py`): before it nothing of the request has
left. After it the request is never written again: the pool's loop tries another connection only on
`ConnectionNotAvailable`, which a connection raises before its first write, and the transport's own retries (off by
default) cover connecting only. A write that fails is not an error there: the answer is read all the same, so a reused
connection that the server has closed shows as a failed read, and the request may have acted.
"""

TCP_STANDS = "connection.connect_tcp.complete"
TLS_STANDS = "connection.start_tls.complete"
"""Between these two events a connection belongs to nobody who closes it, should the request be cancelled."""


def resolve_in_daemon_threads(loop: asyncio.AbstractEventLoop) -> None:
    """Make the loop look names up in threads that nobody waits for.

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
        answer: asyncio.Future[Addresses] = loop.create_future()

        def look_up() -> None:
            found: Addresses = []
            failure: OSError | None = None
            try:
                found = socket.getaddrinfo(host, port, family, type, proto, flags)
            except OSError as error:
                failure = error
            except UnicodeError:
                failure = socket.gaierror(socket.EAI_NONAME, "not a name")
            with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(settle, found, failure)

        def settle(found: Addresses, failure: OSError | None) -> None:
            if answer.done():
                return
            if failure is None:
                answer.set_result(found)
            else:
                answer.set_exception(failure)

        threading.Thread(target=look_up, name="name look-up", daemon=True).start()
        return await answer

    vars(loop)["getaddrinfo"] = getaddrinfo


__all__ = ["SENDING_BEGINS", "TCP_STANDS", "TLS_STANDS", "httpx", "resolve_in_daemon_threads"]
