"""A world in memory, asked over its ASGI application: no socket, no thread, no time of its own."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Sequence
from typing import Any

from starlette.types import Message

from qctui.simulator.cast import ProjectPlan
from qctui.simulator.config import DEMO_TOKEN, DEMO_USER_ID, SimConfig
from qctui.simulator.request import sign
from qctui.simulator.simulation import RequestRecord, Simulation
from qctui.simulator.web_app import build_app
from qctui.simulator.world import World
from qctui.simulator.world_clock import WorldClock

Json = dict[str, Any]

# A Friday, an hour into New York's session.
NOW = 1795188600.0
MOMENTUM, CRYPTO, PAIRS, KELLY, WHEEL, INTRADAY, BASIS, CARRY, UNTESTED = (
    23456789,
    23456801,
    23456823,
    23456844,
    23456870,
    23456902,
    23456931,
    23456950,
    23456960,
)


def headers_for(at: float, *, user_id: int = DEMO_USER_ID, token: str = DEMO_TOKEN) -> dict[str, str]:
    timestamp = str(int(at))
    pair = f"{user_id}:{sign(token, timestamp)}".encode()
    return {"Authorization": "Basic " + base64.b64encode(pair).decode(), "Timestamp": timestamp}


def requests_to(simulation: Simulation, path: str) -> list[RequestRecord]:
    """The POSTs to one endpoint that the log remembers, oldest first."""
    return [record for record in simulation.log.records if record.path == path and record.method == "POST"]


class Reply:
    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = b""

    def json(self) -> Any:
        return json.loads(self.body)


class Sim:
    """One simulator whose world stands still until it is told to move."""

    def __init__(self, *, start_at: float = NOW, cast: Sequence[ProjectPlan] | None = None, **config: Any) -> None:
        self.config = SimConfig(start_at=start_at, **config)
        self.real_at = NOW + 5_000_000.0
        self.clock = WorldClock(start_at=start_at, real=lambda: self.real_at)
        self.world = World(self.config, self.clock, cast)
        self.simulation = Simulation(self.world)
        self.app = build_app(self.simulation)

    def ask(
        self,
        path: str,
        body: Json | bytes | None = None,
        *,
        method: str = "POST",
        headers: dict[str, str] | None = None,
        query: str = "",
        prefix: str = "/api/v2/",
    ) -> Reply:
        text = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
        given = {"Content-Type": "application/json", **(headers_for(self.real_at) if headers is None else headers)}
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": prefix + path,
            "raw_path": (prefix + path).encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(name.lower().encode(), value.encode()) for name, value in given.items()],
        }
        reply = Reply()
        sent = iter(({"type": "http.request", "body": text, "more_body": False}, {"type": "http.disconnect"}))

        async def receive() -> Message:
            return next(sent)

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                reply.status = message["status"]
                reply.headers = {name.decode(): value.decode() for name, value in message["headers"]}
            else:
                reply.body += message.get("body", b"")

        asyncio.run(self.app(scope, receive, send))
        return reply

    def post(self, path: str, **body: Any) -> Json:
        reply = self.ask(path, body)
        assert reply.status == 200, (path, reply.status, reply.body[:200])
        answer = reply.json()
        assert isinstance(answer, dict)
        return answer

    def refused(self, path: str, **body: Any) -> bool:
        return self.post(path, **body)["success"] is False

    def control(self, path: str, method: str = "POST", **body: Any) -> Json:
        reply = self.ask(path, body, method=method, headers={}, prefix="/_sim/")
        answer = reply.json()
        assert reply.status == 200, answer
        assert isinstance(answer, dict)
        return answer

    def chart(self, project_id: int, name: str, *, span_s: float = 86_400.0, count: int = 600) -> Json:
        end = int(self.clock.now())
        return self.post(
            "live/chart/read", projectId=project_id, name=name, count=count, start=end - int(span_s), end=end
        )
