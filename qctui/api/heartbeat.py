"""A sign of life to a service elsewhere, which tells a person when the signs stop coming."""

from __future__ import annotations

import asyncio

from qctui.api.library_patches import httpx, resolve_in_daemon_threads
from qctui.api.transport import USER_AGENT, tls_context
from qctui.urls import is_loopback

TIMEOUT_S = 10.0
"""For the whole exchange."""


async def send_heartbeat(url: str) -> str:
    """Fetch `url` once, following nothing. Why that failed, in words; empty if it did not. Never the URL, which is as
    good as a password: whoever has it can keep the service quiet."""
    local = is_loopback(url)
    resolve_in_daemon_threads(asyncio.get_running_loop())
    try:
        async with asyncio.timeout(TIMEOUT_S):
            client = httpx.AsyncClient(
                headers={"User-Agent": USER_AGENT},
                verify=tls_context() if url.startswith("https:") else False,
                trust_env=not local,
                timeout=TIMEOUT_S,
                follow_redirects=False,
            )
            # What it answers is of no interest: the head is all that is read.
            async with client, client.stream("GET", url) as answer:
                return "" if answer.is_success else f"HTTP {answer.status_code}"
    except (TimeoutError, httpx.TimeoutException):
        return f"no answer within {TIMEOUT_S:.0f} s"
    except httpx.ConnectError:
        return "no connection"
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, ImportError, OSError) as error:
        return type(error).__name__
