"""What this version of httpx needs of us, in one place. Everything in `qctui.api` imports httpx from here."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import cast

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

__all__ = ["SENDING_BEGINS", "httpx"]
