"""The API as an ASGI application: credentials, faults, the endpoints, and a record of every request."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import Receive, Scope, Send

from qctui.simulator import signature
from qctui.simulator.control import Control
from qctui.simulator.exchange import HTML, JSON, Exchange, encode
from qctui.simulator.faults import Fault, FaultBook
from qctui.simulator.fields import INVALID, Fields
from qctui.simulator.requestlog import RequestLog, RequestRecord
from qctui.simulator.routes import Endpoints
from qctui.simulator.shapes import refusal
from qctui.simulator.wire import EXTENSION, Wire
from qctui.simulator.world import World

READS_BY_GET = frozenset(("authenticate", "projects/read", "live/read"))
"""Endpoints that also answer GET with a query (REFERENCE.md 1.1)."""
LARGEST_REQUEST = 1 << 20
"""Bytes of a request's body beyond which it is refused with HTTP 413."""
TRIGGERS = frozenset(("live/update/liquidate", "live/update/stop", "optimizations/abort"))
_BAD_GATEWAY = (
    b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n"
    b"<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)
_PIECES_AT_ONCE_S = 0.003
"""How long a large body may hold the server up before other requests get their turn."""


class Simulator:
    """One simulated service: world, endpoints, faults and request log, behind one ASGI application."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.config = world.config
        self.endpoints = Endpoints(world)
        self.faults = FaultBook(world.config.faults)
        self.log = RequestLog(world.config.request_log)
        self.refuse: Callable[[float], None] | None = None
        """Stops accepting connections for some real seconds; the server sets it."""
        self.app = Starlette(routes=[Mount("/_sim", app=Control(self)), Mount("/api/v2", app=self._api)])

    async def _api(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        wire: Wire | None = scope.get("extensions", {}).get(EXTENSION)
        body = await _read_all(receive)
        if body is None:
            # The client left in the middle of its request: nothing was asked.
            return
        path: str = scope["path"]
        endpoint = "/".join(part for part in path[len(scope.get("root_path", "")) :].split("/") if part)
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        fields, decoded = _fields(scope, endpoint, headers, body)
        record = RequestRecord(
            number=self.log.next_number(),
            method=scope["method"],
            path=endpoint,
            body=decoded,
            arrived_monotonic_s=wire.arrived_monotonic_s if wire else time.monotonic(),
            arrived_at=wire.arrived_at if wire else time.time(),
            world_at=self.world.clock.now(),
            connection=wire.connection if wire else 0,
        )
        self.log.begin(record)
        exchange = Exchange(record, wire, receive, send, self.world.clock.real_now)
        try:
            await self._serve(exchange, endpoint, headers, fields, too_large=len(body) > LARGEST_REQUEST)
        finally:
            self.log.end(record)

    async def _serve(
        self, out: Exchange, endpoint: str, headers: dict[str, str], fields: Fields | None, *, too_large: bool
    ) -> None:
        record = out.record
        if too_large:
            # REFERENCE.md 2.2; the largest request of the API has a hundred bytes.
            await out.send(413, [HTML], b"<html><body><h1>413 Request Entity Too Large</h1></body></html>")
            return
        project_id = fields.body.get("projectId") if fields else None
        if self.config.latency_s > 0 and not await out.wait(self.config.latency_s):
            return
        fault = self.faults.take(endpoint, project_id) or self._behaviour_fault(endpoint, project_id)
        if fault is not None:
            record.fault = fault.kind
            if not fault.acts:
                await self._show(fault, out, b"")
                return
        denial = signature.check(
            headers,
            user_id=self.config.user_id,
            token=self.config.token,
            now=self.world.clock.real_now() if self.config.auth_clock == "real" else self.world.clock.now(),
            window_s=self.config.auth_window_s,
        )
        if denial is not None:
            await self._deny(denial, out)
            return
        if endpoint not in self.endpoints.handlers:
            await out.send_json({"success": False, "errors": ["Endpoint not found"]}, status=404)
            return
        if record.method != "POST" and not (record.method == "GET" and endpoint in READS_BY_GET):
            await out.send_json({"success": False, "errors": ["Method not allowed"]}, status=405)
            return
        record.acted = True
        if fields is None:
            await out.send_json(refusal(self.endpoints.shapes.variant("error"), INVALID))
            return
        answer = self.endpoints.answer(endpoint, fields)
        if isinstance(answer, dict):
            record.success = bool(answer.get("success"))
            text = encode(answer)
        else:
            text = await _joined(answer)
            record.success = True
        if fault is not None:
            await self._show(fault, out, text)
        else:
            await out.send(200, [JSON], text)

    def _behaviour_fault(self, endpoint: str, project_id: object) -> Fault | None:
        if endpoint not in TRIGGERS or not isinstance(project_id, int):
            return None
        behaviour = self.world.behaviours.get(project_id, "")
        return Fault(behaviour) if behaviour.startswith(("hang-", "reset-")) else None

    async def _deny(self, denial: signature.Denial, out: Exchange) -> None:
        status, text = signature.wording(denial, self.config.auth_failure)
        if status == 200:
            # No variant without text here: that one is told by its text alone (REFERENCE.md 1.3).
            await out.send_json({"errors": [text], "success": False})
        elif status == 500:
            await out.send(500, [], b"")
        else:
            await out.send_unauthorized()

    async def _show(self, fault: Fault, out: Exchange, text: bytes) -> None:
        kind = fault.answer
        if kind == "http-401":
            await out.send_unauthorized()
        elif kind in ("http-429", "http-429-retry"):
            retry = [(b"retry-after", f"{fault.seconds(2.0):g}".encode())] if kind.endswith("retry") else []
            await out.send(429, [*retry, JSON], b'{"success":false}')
        elif kind == "http-500":
            await out.send(500, [], b"")
        elif kind in ("http-502", "html-200"):
            await out.send(502 if kind == "http-502" else 200, [HTML], _BAD_GATEWAY)
        elif kind == "empty-200":
            await out.send(200, [JSON], b"")
        elif kind in ("hang-before", "hang-after"):
            await out.hang()
        elif kind in ("reset-before", "reset-after"):
            await out.cut("reset", b"")
        elif kind in ("close-before", "close-after"):
            await out.cut("closed", b"")
        elif kind == "truncated":
            await out.cut("truncated", text)
        elif kind == "truncated-json":
            await out.send(200, [JSON], text[: max(len(text) // 2, 1)])
        elif kind == "json-array":
            await out.send(200, [JSON], b"[" + text + b"]")
        elif kind == "json-string":
            await out.send(200, [JSON], b'"Service temporarily unavailable"')
        elif kind == "slow":
            if await out.wait(fault.seconds(5.0)):
                await out.send(200, [JSON], text)
        elif kind == "slow-body":
            await out.drip(text, fault.seconds(5.0))
        elif kind == "oversize":
            await out.flood(int(fault.seconds(256.0)))
        elif kind == "transient":
            texts = ["Failed to process request data, please try again shortly."]
            await out.send_json({"success": False, "errors": texts})
        elif kind == "slow-down":
            await out.send_json({"success": False, "errors": ["Too many backtest requests; please slow down."]})
        else:
            await out.send_json({"success": False})


async def _joined(pieces: Iterator[bytes]) -> bytes:
    """Join the pieces of a large body, letting other requests through in between."""
    made: list[bytes] = []
    since = time.perf_counter()
    for piece in pieces:
        made.append(piece)
        if time.perf_counter() - since > _PIECES_AT_ONCE_S:
            await asyncio.sleep(0)
            since = time.perf_counter()
    return b"".join(made)


async def _read_all(receive: Receive) -> bytes | None:
    """Return a request's body, cut at `LARGEST_REQUEST` and a little, or None when the client left before its end."""
    body = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        part: bytes = message.get("body", b"")
        body += part
        if not message.get("more_body", False) or len(body) > LARGEST_REQUEST:
            return body


def _fields(scope: Scope, endpoint: str, headers: dict[str, str], body: bytes) -> tuple[Fields | None, Any]:
    """Return the request's fields, None when it has no readable ones, and what to put into the record."""
    if scope["method"] == "GET":
        query = dict(parse_qsl(scope["query_string"].decode("latin-1")))
        allowed = {"projectId", "deployId"} if endpoint == "live/read" else None
        if allowed is not None and set(query) - allowed:
            # A GET with anything more is refused (REFERENCE.md 1.1).
            return None, query
        return Fields(query, textual=True), query
    if headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        form = dict(parse_qsl(body.decode("latin-1")))
        return (Fields(form, textual=True) if endpoint.startswith("optimizations/") else None), form
    if len(body) > LARGEST_REQUEST:
        return None, f"{len(body)} bytes and more"
    try:
        decoded = json.loads(body) if body.strip() else {}
    except (ValueError, RecursionError):
        return None, body.decode("utf-8", "replace")
    return (Fields(decoded, textual=False) if isinstance(decoded, dict) else None), decoded


def build_simulator(world: World) -> Simulator:
    """Return the service of a world, for tests that want its log and faults as objects."""
    return Simulator(world)


def build_app(world: World) -> Starlette:
    """Return the ASGI application of a world; its `Simulator` is `app.state.simulator`."""
    simulator = Simulator(world)
    simulator.app.state.simulator = simulator
    return simulator.app
