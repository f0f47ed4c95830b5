"""Optimizations that are asked for: their cost, the compile they run on, making, renaming and deleting them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from qctui.simulator import project_payloads
from qctui.simulator.noise import hex_of
from qctui.simulator.optimizations import MEAN_S, NODES, TARGETS, Parameter, optimization_of
from qctui.simulator.request import INVALID, NO_COMPILE, NO_OPTIMIZATION, NO_PROJECT, NOT_RUNNING, Fields, Refused
from qctui.simulator.shapes import Json, ShapeChooser, success
from qctui.simulator.world import Project, World

COMPILE_S = 3.0
"""From compile/create to the end of the build, in seconds of the world."""
MOST_PARAMETERS = 3
"""More are not taken. (The service's limit is not documented; its own page offers three.)"""
MOST_VALUES = 10_000
"""A parameter takes fewer."""
BALANCE = 250.0
"""QCC an organization has, of which nothing is ever taken."""
_OPERATORS = frozenset({"lessorequal", "less", "greaterorequal", "greater", "notequal", "equals"})


@dataclass(frozen=True)
class Compile:
    """One build of a project."""

    compile_id: str
    project_id: int
    asked_at: float

    def state(self, at: float, *, fails: bool) -> str:
        """Return InQueue, BuildSuccess or BuildError (REFERENCE.md 5.5)."""
        if at < self.asked_at + COMPILE_S:
            return "InQueue"
        return "BuildError" if fails else "BuildSuccess"


class Sweeps:
    """Answers `optimizations/` and `compile/` for one world."""

    def __init__(self, world: World, shapes: ShapeChooser) -> None:
        self._world = world
        self._shapes = shapes
        self._compiles: dict[str, Compile] = {}
        self._estimates = 0
        self.handlers: dict[str, Callable[[Fields], Json]] = {
            "optimizations/list": self._list,
            "optimizations/read": self._read,
            "optimizations/abort": self._abort,
            "optimizations/update": self._update,
            "optimizations/delete": self._delete,
            "optimizations/estimate": self._estimate,
            "optimizations/create": self._create,
            "compile/create": self._compile,
            "compile/read": self._compiled,
        }

    def project_of(self, optimization_id: object) -> int | None:
        """Return the project of an optimization."""
        found = self._world.optimizations.get(optimization_id) if isinstance(optimization_id, str) else None
        return found.project_id if found is not None else None

    def _project(self, fields: Fields) -> Project:
        project = self._world.projects.get(fields.integer("projectId"))
        if project is None:
            raise Refused(NO_PROJECT)
        return project

    def _id(self, fields: Fields) -> str:
        optimization_id = fields.text("optimizationId") or ""
        found = self._world.optimizations.get(optimization_id)
        if found is None or found.requested_at > self._world.now():
            raise Refused(NO_OPTIMIZATION)
        return optimization_id

    def _list(self, fields: Fields) -> Json:
        now, project = self._world.now(), self._project(fields)
        variant = self._shapes.variant("optimizations/list")
        listed = [
            project_payloads.summary(one, now, variant) for one in project.optimizations if one.requested_at <= now
        ]
        return success({"optimizations": listed}, "no-errors" if variant == "legacy" else "")

    def _read(self, fields: Fields) -> Json:
        found = self._world.optimizations[self._id(fields)]
        variant = self._shapes.variant("optimizations/read")
        body = project_payloads.optimization(found, self._world.now(), variant)
        return success({"optimization": body}, "no-errors" if variant == "legacy" else "")

    def _abort(self, fields: Fields) -> Json:
        if not self._world.abort(self._id(fields)):
            raise Refused(NOT_RUNNING)
        return success({}, self._shapes.variant("optimizations/abort"))

    def _update(self, fields: Fields) -> Json:
        name = fields.text("name") or ""
        self._world.optimizations[self._id(fields)].name = name
        return success({}, self._shapes.variant("optimizations/update"))

    def _delete(self, fields: Fields) -> Json:
        # One that was just created is accepted (REFERENCE.md 5.4); whether one that runs is, nobody says: so is it.
        self._world.forget(self._id(fields))
        return success({}, self._shapes.variant("optimizations/delete"))

    def _estimate(self, fields: Fields) -> Json:
        _, parameters, _ = self._asked(fields)
        backtests = math.prod(len(one.values()) for one in parameters)
        self._estimates += 1
        estimate = {
            "estimateId": hex_of(self._world.config.seed, "estimate", self._estimates),
            "time": round(backtests * MEAN_S),
            "balance": BALANCE,
        }
        return success({"estimate": estimate}, self._shapes.variant("optimizations/estimate"))

    def _create(self, fields: Fields) -> Json:
        project, parameters, index = self._asked(fields)
        now, behaviours = self._world.now(), self._world.behaviours
        compiled = self._compiles.get(fields.text("compileId") or "")
        node_type, nodes = fields.text("nodeType") or "", fields.integer("parallelNodes")
        cost = fields.body.get("estimatedCost")
        if compiled is None or compiled.project_id != project.plan.project_id:
            raise Refused(NO_COMPILE)
        if self._state(compiled)["state"] != "BuildSuccess":
            raise Refused(NO_COMPILE)
        if node_type not in dict(NODES) or not 1 <= nodes <= dict(NODES)[node_type] or not _number(cost):
            raise Refused(INVALID)
        if behaviours.get(project.plan.project_id) == "rejected":
            raise Refused(INVALID)
        made = optimization_of(
            self._world.config.seed,
            project.plan,
            2000 + sum(one.number >= 2000 for one in project.optimizations),
            now,
            name=fields.text("name") or "",
            parameters=parameters,
            target=fields.text("target") or "",
            extremum=fields.text("targetTo") or "",
            target_index=index,
            target_value=fields.body.get("targetValue"),
            constraints=tuple(fields.body.get("constraints") or ()),
            node_type=node_type,
            nodes=nodes,
        )
        self._world.add(project, made)
        # The same shape as the list; the new one is the first (REFERENCE.md 5.5).
        listed = [project_payloads.summary(made, now, "modern")]
        return success({"optimizations": listed}, self._shapes.variant("optimizations/create"))

    def _asked(self, fields: Fields) -> tuple[Project, tuple[Parameter, ...], int]:
        """Read what estimate and create both need, strictly."""
        project = self._project(fields)
        fields.text("name"), fields.text("strategy")
        # It may come back with brackets, and is taken so too (REFERENCE.md 8.3).
        target = (fields.text("target") or "").replace("['", "").replace("']", "")
        index = next((index for name, _, index in TARGETS if name == target), None)
        raw = fields.body.get("parameters")
        wanted = fields.body.get("targetValue", 0)
        if index is None or fields.text("targetTo") not in ("max", "min") or not _number(wanted):
            raise Refused(INVALID)
        if not isinstance(raw, list) or not raw:
            raise Refused(INVALID)
        parameters = tuple(map(_parameter, raw))
        if not 1 <= sum(one.fixed is None for one in parameters) <= MOST_PARAMETERS:
            raise Refused(INVALID)
        if len({one.name for one in parameters}) < len(parameters):
            raise Refused(INVALID)
        constraints = fields.body.get("constraints", [])
        if not isinstance(constraints, list) or not all(map(_is_constraint, constraints)):
            raise Refused(INVALID)
        return project, parameters, index

    def _compile(self, fields: Fields) -> Json:
        project, number = self._project(fields), len(self._compiles)
        compile_id = hex_of(self._world.config.seed, "compile", project.plan.project_id, number)
        made = Compile(compile_id, project.plan.project_id, self._world.now())
        self._compiles[compile_id] = made
        return self._state(made)

    def _compiled(self, fields: Fields) -> Json:
        project = self._project(fields)
        found = self._compiles.get(fields.text("compileId") or "")
        if found is None or found.project_id != project.plan.project_id:
            raise Refused(NO_COMPILE)
        return self._state(found)

    def _state(self, one: Compile) -> Json:
        fails = self._world.behaviours.get(one.project_id) == "build-fails"
        state = one.state(self._world.now(), fails=fails)
        logs = {
            "InQueue": [],
            "BuildSuccess": ["Build Request Successful for Project ID: " + str(one.project_id)],
            "BuildError": ["Build Error: File: main.py Line:12 Column:0 - invalid syntax"],
        }[state]
        body = {"compileId": one.compile_id, "state": state, "projectId": one.project_id, "logs": logs}
        return success(body, self._shapes.variant("compile"))


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _parameter(raw: Any) -> Parameter:
    if not isinstance(raw, dict) or not isinstance(raw.get("name"), str) or not raw["name"]:
        raise Refused(INVALID)
    if "value" in raw:
        return Parameter(raw["name"], 0.0, 0.0, 1.0, fixed=str(raw["value"]))
    low, high, step = (raw[each] if _number(raw.get(each)) else math.nan for each in ("min", "max", "step"))
    if not (low <= high and step > 0 and (high - low) / step <= MOST_VALUES):
        raise Refused(INVALID)
    return Parameter(raw["name"], low, high, step)


def _is_constraint(raw: Any) -> bool:
    return (
        isinstance(raw, dict)
        and isinstance(raw.get("target"), str)
        and str(raw.get("operator", "")).lower() in _OPERATORS
        and _number(raw.get("targetValue"))
    )
