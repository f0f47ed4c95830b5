"""The control surface under `/_sim`: no part of the API, for tests and for people who try their client out.

It needs no credentials, meets no faults and is not in the request log. Bodies and answers are JSON objects.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from functools import partial

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from qctui.simulator.config import BEHAVIOURS
from qctui.simulator.faults import KINDS as FAULTS
from qctui.simulator.incidents import KINDS
from qctui.simulator.request import UNCHANGEABLE
from qctui.simulator.shapes import STYLES, VARIANTS, Json
from qctui.simulator.simulation import Simulation

BECOMES = ("completed", "aborted", "stalled", "running")
"""What can be made of an optimization that is under way; one that stalls says running and gets nowhere."""

_INVENTED = frozenset(
    ("behaviours", "redeploy", "end", "brokerage", "quiet", "equity", "log", "optimization", "shapes", "projects")
)
"""What there is of an invented world alone."""


class Control:
    """Answers requests under `/_sim` for one simulation."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._routes: dict[tuple[str, str], tuple[Callable[[Json], Json], str]] = {
            ("GET", ""): (self._help, "this list"),
            ("GET", "requests"): (self._requests, "the requests to the API, oldest first"),
            ("DELETE", "requests"): (self._forget, "forget the requests"),
            ("GET", "faults"): (self._faults, "the faults switched on, and the kinds there are"),
            ("DELETE", "faults"): (self._clear_faults, "switch all faults off"),
            ("POST", "refuse"): (self._refuse, "{seconds}: drop all connections and refuse new ones, real seconds"),
            ("GET", "behaviours"): (self._behaviours, "project id to behaviour, and the behaviours there are"),
            ("GET", "clock"): (
                self._clock,
                "the world's time, the real time, the speed; of a tape its own time",
            ),
            ("POST", "clock"): (self._advance, "{advance}: move the world forward by seconds"),
            ("POST", "redeploy"): (self._redeploy, "{projectId, in?}: end what is live and launch anew, now or later"),
            ("POST", "optimization"): (self._optimization, "{optimizationId, becomes}: " + ", ".join(BECOMES)),
            ("POST", "shapes"): (self._shapes, "{style?, endpoint?, variant?}: change the shapes served"),
            ("POST", "credentials"): (self._credentials, "{token?, failure?}: change the token or how denial looks"),
            ("GET", "projects"): (self._projects, "the world's projects and deployments as they really are"),
        }
        for name, kind in KINDS.items():
            takes = ", ".join((*kind.needs, *(f"{each}?" for each in kind.may)))
            self._routes.setdefault(("POST", name), (partial(self._happen, name), f"{{{takes}}}: {kind.does}"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        path = scope["path"][len(scope.get("root_path", "")) :].strip("/")
        try:
            body = await Request(scope, receive).body()
        except ClientDisconnect:
            # It left in the middle of its request: nothing was asked.
            return
        status, answer = self._answer(scope["method"], path, body)
        text = json.dumps(answer, ensure_ascii=False).encode("utf-8", "surrogatepass")
        await Response(text, status, media_type="application/json")(scope, receive, send)

    def _answer(self, method: str, path: str, body: bytes) -> tuple[int, Json]:
        route = self._routes.get((method, path))
        if route is None:
            return 404, {"error": f"no {method} /_sim/{path}", **self._help({})}
        if self._simulation.recorded is not None and path in _INVENTED:
            return 400, {"error": UNCHANGEABLE}
        try:
            fields = json.loads(body) if body.strip() else {}
            if not isinstance(fields, dict):
                raise ValueError("the body has to be a JSON object")
            return 200, route[0](fields)
        except (ValueError, TypeError, KeyError) as error:
            return 400, {"error": f"{type(error).__name__}: {error}"}

    def _help(self, fields: Json) -> Json:
        return {"routes": {f"{method} /_sim/{path}": route[1] for (method, path), route in self._routes.items()}}

    def _requests(self, fields: Json) -> Json:
        log = self._simulation.log
        return {"total": log.total, "requests": [asdict(record) for record in log.records]}

    def _forget(self, fields: Json) -> Json:
        self._simulation.log.records.clear()
        return {}

    def _faults(self, fields: Json) -> Json:
        return {"active": [asdict(fault) for fault in self._simulation.faults.active], "kinds": FAULTS}

    def _happen(self, name: str, fields: Json) -> Json:
        self._simulation.happen(name, fields)
        read = self._routes.get(("GET", name))
        return read[0]({}) if read is not None else {}

    def _clear_faults(self, fields: Json) -> Json:
        self._simulation.faults.clear()
        return {}

    def _refuse(self, fields: Json) -> Json:
        if self._simulation.refuse is None:
            raise ValueError("there is no socket to refuse connections on")
        self._simulation.refuse(float(fields["seconds"]))
        return {}

    def _behaviours(self, fields: Json) -> Json:
        return {"active": self._simulation.world.behaviours, "kinds": BEHAVIOURS}

    def _optimization(self, fields: Json) -> Json:
        world, becomes = self._simulation.world, str(fields["becomes"])
        found, now = world.optimizations[str(fields["optimizationId"])], world.now()
        if becomes not in BECOMES:
            raise ValueError(f"unknown {becomes!r}; known: {', '.join(BECOMES)}")
        if becomes == "completed":
            found.finish(now)
        elif becomes == "aborted":
            found.abort(now, 0.0)
        else:
            found.stall(now, stalled=becomes == "stalled")
        return {"status": found.status(now)}

    def _clock(self, fields: Json) -> Json:
        clock, recorded = self._simulation.world.clock, self._simulation.recorded
        told = {"now": clock.now(), "real": clock.real_now(), "speed": clock.speed}
        return told if recorded is None else {**told, "recorded": recorded.recorded_at}

    def _advance(self, fields: Json) -> Json:
        self._simulation.world.clock.advance(float(fields["advance"]))
        return self._clock({})

    def _redeploy(self, fields: Json) -> Json:
        world = self._simulation.world
        project_id, delay_s = int(fields["projectId"]), fields.get("in")
        if delay_s is None:
            return {"deployId": world.redeploy(project_id).deploy_id}
        world.at(world.now() + float(delay_s), lambda due_at: world.redeploy(project_id, due_at))
        return {}

    def _shapes(self, fields: Json) -> Json:
        shapes = self._simulation.endpoints.shapes
        if "style" in fields:
            if fields["style"] not in STYLES:
                raise ValueError(f"unknown style; known: {', '.join(STYLES)}")
            shapes.style = fields["style"]
            shapes.fixed.clear()
        if "endpoint" in fields:
            endpoint, variant = fields["endpoint"], fields["variant"]
            if variant not in VARIANTS.get(endpoint, ()):
                raise ValueError(f"unknown variant; known for {endpoint}: {', '.join(VARIANTS.get(endpoint, ()))}")
            shapes.fixed[endpoint] = variant
        return {"style": shapes.style, "fixed": shapes.fixed, "variants": VARIANTS}

    def _credentials(self, fields: Json) -> Json:
        config = self._simulation.config
        config.token = str(fields.get("token", config.token))
        config.auth_failure = str(fields.get("failure", config.auth_failure))
        return {"userId": config.user_id, "token": config.token, "failure": config.auth_failure}

    def _projects(self, fields: Json) -> Json:
        world = self._simulation.world
        now = world.now()
        return {
            "projects": [
                {
                    "projectId": project.plan.project_id,
                    "name": project.plan.name,
                    "deployments": [
                        {
                            "deployId": deployment.deploy_id,
                            "status": deployment.status(now),
                            "alive": deployment.alive(now),
                            "stoppedAt": deployment.stopped_at(),
                            "flatAt": deployment.all_flat_at(),
                            "environment": deployment.plan.environment,
                            "open": {one.symbol.ticker: one.quantity for one in deployment.open_positions(now)},
                        }
                        for deployment in project.deployments
                    ],
                    "optimizations": {one.optimization_id: one.status(now) for one in project.optimizations},
                }
                for project in world.projects.values()
            ]
        }
