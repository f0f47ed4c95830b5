"""The client over recorded answers: the same requests, parsers and failures, and no network."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from qctui.api.auth import Credentials
from qctui.api.client import open_client
from qctui.api.library_patches import httpx
from qctui.api.ports import ReadApi
from qctui.api.reader import RetryPolicy
from qctui.clock import Clock
from qctui.secret import SecretStr

_BASE_URL = "http://127.0.0.1/recorded"

Find = Callable[[str, Mapping[str, Any]], Awaitable[tuple[int, bytes] | None]]
"""Gives status and body of what was answered to a request of this endpoint; None if nothing was. An `ApiError` that it
raises is the failure of the request."""


def open_recorded(find: Find, clock: Clock) -> ReadApi:
    """Reads that are answered by `find`. What was not recorded is a failure to connect."""
    return open_client(
        Credentials("0", SecretStr("none")),
        _BASE_URL,
        read_only=True,
        clock=clock,
        transport=_Recorded(find),
        policy=RetryPolicy(retries=0),
    ).reads


class _Recorded(httpx.AsyncBaseTransport):
    def __init__(self, find: Find) -> None:
        self._find = find

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        endpoint = request.url.path.removeprefix(f"{httpx.URL(_BASE_URL).path}/")
        found = await self._find(endpoint, json.loads(request.content))
        if found is None:
            raise httpx.ConnectError("not recorded")
        return httpx.Response(found[0], content=found[1])
