"""Deployments that are asked for: the build they run on, the launch, and the commands they are sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from qctui.simulator import live_payloads
from qctui.simulator.noise import hex_of
from qctui.simulator.request import INVALID, NO_COMPILE, NO_LIVE, NO_PROJECT, NOT_FREE, Fields, Refused
from qctui.simulator.shapes import Json, ShapeChooser, encode, success
from qctui.simulator.world import Project, World

COMPILE_S = 3.0
"""From compile/create to the end of the build, in seconds of the world."""
_VERSION = 17501


@dataclass(frozen=True)
class Compile:
    """One build of a project."""

    compile_id: str
    project_id: int
    asked_at: float


class Launches:
    """Answers `compile/`, `live/create` and `live/commands/create` for one world."""

    def __init__(self, world: World, shapes: ShapeChooser) -> None:
        self._world = world
        self._shapes = shapes
        self._compiles: dict[str, Compile] = {}
        self.handlers: dict[str, Callable[[Fields], Json]] = {
            "compile/create": self._compile,
            "compile/read": self._compiled,
            "live/create": self._create,
            "live/commands/create": self._command,
        }

    def project(self, fields: Fields) -> Project:
        """Return the project that a request names."""
        project = self._world.projects.get(fields.integer("projectId"))
        if project is None:
            raise Refused(NO_PROJECT)
        return project

    def built(self, fields: Fields) -> Project:
        """Return the project of a request that runs on a build of it. One that failed or waits is refused."""
        project = self.project(fields)
        if self._state(self._found(project, fields))["state"] != "BuildSuccess":
            raise Refused(NO_COMPILE)
        return project

    def _found(self, project: Project, fields: Fields) -> Compile:
        found = self._compiles.get(fields.text("compileId") or "")
        if found is None or found.project_id != project.plan.project_id:
            raise Refused(NO_COMPILE)
        return found

    def _compile(self, fields: Fields) -> Json:
        project, number = self.project(fields), len(self._compiles)
        compile_id = hex_of(self._world.config.seed, "compile", project.plan.project_id, number)
        made = Compile(compile_id, project.plan.project_id, self._world.now())
        self._compiles[compile_id] = made
        return self._state(made)

    def _compiled(self, fields: Fields) -> Json:
        return self._state(self._found(self.project(fields), fields))

    def _state(self, one: Compile) -> Json:
        # REFERENCE.md 5.5 has the three states.
        ended = "BuildError" if self._world.behaviours.get(one.project_id) == "build-fails" else "BuildSuccess"
        state = ended if self._world.now() >= one.asked_at + COMPILE_S else "InQueue"
        logs = {
            "InQueue": [],
            "BuildSuccess": ["Build Request Successful for Project ID: " + str(one.project_id)],
            "BuildError": ["Build Error: File: main.py Line:12 Column:0 - invalid syntax"],
        }[state]
        body = {"compileId": one.compile_id, "state": state, "projectId": one.project_id, "logs": logs}
        return success(body, self._shapes.variant("compile"))

    def _create(self, fields: Fields) -> Json:
        now, brokerage = self._world.now(), fields.body.get("brokerage")
        project_id = fields.integer("projectId")
        # Text by the official model, a number by lean-cli.
        version = fields.body.get("versionId")
        fields.text("nodeId")
        if not isinstance(version, (str, int)) or not isinstance(brokerage, dict):
            raise Refused(INVALID)
        name = brokerage.get("id")
        if not isinstance(name, str) or not name or not isinstance(fields.body.get("dataProviders", {}), dict):
            raise Refused(INVALID)
        project = self.built(fields)
        if project.live(now) is not None or self._world.behaviours.get(project_id) == "rejected":
            raise Refused(NOT_FREE)
        # What is asked for under this name shows as the other (REFERENCE.md 6.2).
        project.plan = replace(project.plan, brokerage="PaperBrokerage" if name == "QuantConnectBrokerage" else name)
        made = self._world.launch(project, now, starting=True)
        body = {
            "responseCode": "Ok",
            "source": "api-v2",
            "deployId": made.deploy_id,
            "versionId": _VERSION,
            "projectId": project_id,
            "live": live_payloads.read(made, [], self._world.market, now, now, "modern"),
        }
        return success(body, self._shapes.variant("live/create"))

    def _command(self, fields: Fields) -> Json:
        now, live = self._world.now(), self.project(fields).live(self._world.now())
        command = fields.body.get("command")
        if not isinstance(command, dict):
            raise Refused(INVALID)
        if live is None or self._world.behaviours.get(live.plan.project_id) == "rejected":
            raise Refused(NO_LIVE)
        # One of a type that the algorithm does not know, or that comes before it runs, is lost although it is accepted
        # (REFERENCE.md 7.3).
        known = "$type" not in command or command["$type"] in live.plan.commands
        if known and live.status(now) == "Running" and live.acts_at(now):
            live.said.append((now, f"Command received: {encode(command).decode(errors='replace')}"))
        return success({}, self._shapes.variant("live/commands/create"))
