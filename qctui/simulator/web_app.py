"""The simulation as an ASGI application: credentials, faults, the endpoints, and a record of every request."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import Receive, Scope, Send

from qctui.simulator.control import Control
from qctui.simulator.faults import Fault
from qctui.simulator.request import INVALID, TRIGGERS, Denial, Fields, answer_denial, check_credentials, read_form
from qctui.simulator.responder import CONNECTION, HTML, JSON, Connection, Responder
from qctui.simulator.shapes import Json, Recorded, encode, refusal
from qctui.simulator.simulation import RequestRecord, Simulation

READS_BY_GET = frozenset(("authenticate", "projects/read", "live/read", "compile/read"))
"""Endpoints that also answer GET with a query (REFERENCE.md 1.1)."""
LARGEST_REQUEST = 1 << 20
"""Bytes of a request's body beyond which it is refused with HTTP 413."""
_BAD_GATEWAY = (
    b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n"
    b"<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)
_WHOLE_ANSWERS: dict[str, tuple[int, list[tuple[bytes, bytes]], bytes]] = {
    "http-429": (429, [JSON], b'{"success":false}'),
    "http-500": (500, [], b""),
    "http-502": (502, [HTML], _BAD_GATEWAY),
    "html-200": (200, [HTML], _BAD_GATEWAY),
    "empty-200": (200, [JSON], b""),
    "json-string": (200, [JSON], b'"Service temporarily unavailable"'),
}
"""Faults that are one and the same answer every time: status, headers, body."""
_REFUSALS: dict[str, Json] = {
    "transient": {"success": False, "errors": ["Failed to process request data, please try again shortly."]},
    "slow-down": {"success": False, "errors": ["Too many backtest requests; please slow down."]},
    "bare-false": {"success": False},
}
_CUTS = {"reset": "reset", "close": "closed", "truncated": "truncated"}
"""Faults that end the connection, and what the record calls that."""
_LOOK_AGAIN_S = 0.05
"""After how long a held answer looks whether it may go."""
_PIECES_AT_ONCE_S = 0.003
"""How long a large body may hold the server up before other requests get their turn."""


def build_app(simulation: Simulation) -> Starlette:
    """Return the ASGI application of a simulation: the API, and the control surface beside it."""
    api = _Api(simulation)
    return Starlette(routes=[Mount("/_sim", app=Control(simulation)), Mount("/api/v2", app=api)])


class _Api:
    """The API of one simulation: everything below `/api/v2`."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._config = simulation.config
        self._world = simulation.world
        self._endpoints = simulation.endpoints

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        connection: Connection | None = scope.get("extensions", {}).get(CONNECTION)
        body = await _read_all(receive)
        if body is None:
            # The client left in the middle of its request: nothing was asked.
            return
        path: str = scope["path"]
        endpoint = "/".join(part for part in path[len(scope.get("root_path", "")) :].split("/") if part)
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        fields, decoded = _fields(scope, endpoint, headers, body)
        record = RequestRecord(
            method=scope["method"],
            path=endpoint,
            body=decoded,
            arrived_monotonic_s=connection.arrived_monotonic_s if connection else time.monotonic(),
            arrived_at=connection.arrived_at if connection else time.time(),
            world_at=self._world.clock.now(),
            connection=connection.number if connection else 0,
        )
        log = self._simulation.log
        log.begin(record)
        out = Responder(record, connection, receive, send, self._world.clock.real_now)
        try:
            await self._serve(out, endpoint, headers, fields, too_large=len(body) > LARGEST_REQUEST)
        finally:
            log.end(record)

    async def _serve(
        self, out: Responder, endpoint: str, headers: dict[str, str], fields: Fields | None, *, too_large: bool
    ) -> None:
        record = out.record
        # What was due may be a fault.
        self._world.now()
        if too_large:
            # REFERENCE.md 2.2; the largest request of the API has a hundred bytes.
            await out.send(413, [HTML], b"<html><body><h1>413 Request Entity Too Large</h1></body></html>")
            return
        body = fields.body if fields else {}
        project_id = self._endpoints.project_of(body)
        if self._config.latency_s > 0 and not await out.wait(self._config.latency_s):
            return
        fault = self._simulation.faults.take(endpoint, project_id) or self._behaviour_fault(endpoint, project_id)
        if fault is not None:
            record.fault = fault.kind
            if not fault.acts:
                await self._show(fault, out, b"")
                return
        denial = check_credentials(
            headers,
            user_id=self._config.user_id,
            token=self._config.token,
            now=self._world.clock.real_now() if self._config.auth_clock == "real" else self._world.clock.now(),
            window_s=self._config.auth_window_s,
        )
        if denial is not None:
            await self._deny(denial, out)
            return
        if endpoint not in self._endpoints.handlers:
            await out.send_json({"success": False, "errors": ["Endpoint not found"]}, status=404)
            return
        if record.method != "POST" and not (record.method == "GET" and endpoint in READS_BY_GET):
            await out.send_json({"success": False, "errors": ["Method not allowed"]}, status=405)
            return
        record.acted = True
        if fields is None:
            await out.send_json(refusal(self._endpoints.shapes.variant("error"), INVALID))
            return
        answer = self._endpoints.answer(endpoint, fields)
        if isinstance(answer, Recorded):
            await self._repeat(answer, fault, out)
            return
        record.success = bool(answer.get("success")) if isinstance(answer, dict) else True
        text = encode(answer) if isinstance(answer, dict) else await _joined(answer)
        if fault is not None:
            await self._show(fault, out, text)
        else:
            await out.send(200, [JSON], text)

    async def _repeat(self, answer: Recorded, fault: Fault | None, out: Responder) -> None:
        """Answer as it was answered; a request that got no answer gets none."""
        if fault is not None:
            await self._show(fault, out, answer.body)
        elif answer.status is None:
            await out.cut("closed")
        else:
            out.record.success = answer.success
            await out.send(answer.status, [JSON], answer.body)

    def _behaviour_fault(self, endpoint: str, project_id: object) -> Fault | None:
        if endpoint not in TRIGGERS or not isinstance(project_id, int):
            return None
        behaviour = self._world.behaviours.get(project_id, "")
        return Fault(behaviour) if behaviour.startswith(("hang-", "reset-")) else None

    async def _deny(self, denial: Denial, out: Responder) -> None:
        status, text = answer_denial(denial, self._config.auth_failure)
        if status == 200:
            # No variant without text here: that one is known by its text alone (REFERENCE.md 1.3).
            await out.send_json({"errors": [text], "success": False})
        elif status == 500:
            await out.send(500, [], b"")
        else:
            await out.send_unauthorized()

    async def _show(self, fault: Fault, out: Responder, text: bytes) -> None:
        kind = fault.kind.removesuffix("-before").removesuffix("-after")
        if kind in _WHOLE_ANSWERS:
            await out.send(*_WHOLE_ANSWERS[kind])
        elif kind in _REFUSALS:
            await out.send_json(_REFUSALS[kind])
        elif kind == "http-401":
            await out.send_unauthorized()
        elif kind == "http-429-retry":
            status, headers, body = _WHOLE_ANSWERS["http-429"]
            await out.send(status, [(b"retry-after", f"{fault.amount(2.0):g}".encode()), *headers], body)
        elif kind == "hang":
            await out.hang()
        elif kind in _CUTS:
            await out.cut(_CUTS[kind], text)
        elif kind == "truncated-json":
            await out.send(200, [JSON], text[: max(len(text) // 2, 1)])
        elif kind == "json-array":
            await out.send(200, [JSON], b"[" + text + b"]")
        elif kind == "slow":
            if await out.wait(fault.amount(5.0)):
                await out.send(200, [JSON], text)
        elif kind == "held":
            begun = self._simulation.faults.cleared
            while self._simulation.faults.cleared == begun:
                if not await out.wait(_LOOK_AGAIN_S):
                    return
            await out.send(200, [JSON], text)
        elif kind == "slow-body":
            await out.drip(text, fault.amount(5.0))
        else:
            await out.flood(int(fault.amount(256.0)))


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
        if endpoint == "live/read" and query.keys() - {"projectId", "deployId"}:
            # A GET with anything more is refused (REFERENCE.md 1.1).
            return None, query
        return Fields(query, textual=True), query
    if headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        form = read_form(body.decode("latin-1"))
        return (Fields(form, textual=True) if endpoint.startswith("optimizations/") else None), form
    if len(body) > LARGEST_REQUEST:
        return None, f"{len(body)} bytes and more"
    try:
        decoded = json.loads(body) if body.strip() else {}
    except (ValueError, RecursionError):
        return None, body.decode("utf-8", "replace")
    return (Fields(decoded, textual=False) if isinstance(decoded, dict) else None), decoded
