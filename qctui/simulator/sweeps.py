"""Optimizations that are asked for: their cost, making, renaming and deleting them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from qctui.simulator import project_payloads
from qctui.simulator.cast import Parameter
from qctui.simulator.launches import Launches
from qctui.simulator.noise import hex_of
from qctui.simulator.optimizations import MEAN_S, NODES, Optimization, optimization_of, statistic_of
from qctui.simulator.organizations import BALANCE
from qctui.simulator.request import INVALID, NO_OPTIMIZATION, NOT_RUNNING, Fields, Refused
from qctui.simulator.shapes import Json, ShapeChooser, success
from qctui.simulator.world import World

MOST_PARAMETERS = 3
"""More are not taken. (The service's limit is not documented; its own page offers three.)"""
MOST_VALUES = 10_000
"""A parameter takes fewer."""
_OPERATORS = frozenset({"lessorequal", "less", "greaterorequal", "greater", "notequal", "equals"})


class Sweeps:
    """Answers `optimizations/` for one world."""

    def __init__(self, world: World, shapes: ShapeChooser, launches: Launches) -> None:
        """`launches` knows the builds they run on."""
        self._world = world
        self._shapes = shapes
        self._launches = launches
        self._estimates = 0
        self.handlers: dict[str, Callable[[Fields], Json]] = {
            "optimizations/list": self._list,
            "optimizations/read": self._read,
            "optimizations/abort": self._abort,
            "optimizations/update": self._update,
            "optimizations/delete": self._delete,
            "optimizations/estimate": self._estimate,
            "optimizations/create": self._create,
        }

    def project_of(self, optimization_id: object) -> int | None:
        """Return the project of an optimization."""
        found = self._world.optimizations.get(optimization_id) if isinstance(optimization_id, str) else None
        return found.project_id if found is not None else None

    def _found(self, fields: Fields) -> Optimization:
        found = self._world.optimizations.get(fields.text("optimizationId") or "")
        if found is None or found.requested_at > self._world.now():
            raise Refused(NO_OPTIMIZATION)
        return found

    def _list(self, fields: Fields) -> Json:
        now, project = self._world.now(), self._launches.project(fields)
        variant = self._shapes.variant("optimizations/list")
        listed = [
            project_payloads.summary(one, now, variant) for one in project.optimizations if one.requested_at <= now
        ]
        return success({"optimizations": listed}, "no-errors" if variant == "legacy" else "")

    def _read(self, fields: Fields) -> Json:
        found = self._found(fields)
        variant = self._shapes.variant("optimizations/read")
        body = project_payloads.optimization(found, self._world.now(), variant)
        return success({"optimization": body}, "no-errors" if variant == "legacy" else "")

    def _abort(self, fields: Fields) -> Json:
        # One that is finished can't be aborted any more (REFERENCE.md 5.3).
        if not self._found(fields).abort(self._world.now(), self._world.config.lags.abort_s):
            raise Refused(NOT_RUNNING)
        return success({}, self._shapes.variant("optimizations/abort"))

    def _update(self, fields: Fields) -> Json:
        name = fields.text("name") or ""
        self._found(fields).name = name
        return success({}, self._shapes.variant("optimizations/update"))

    def _delete(self, fields: Fields) -> Json:
        # One that was just created is accepted (REFERENCE.md 5.4); whether one that runs is, nobody says: so is it.
        self._world.forget(self._found(fields))
        return success({}, self._shapes.variant("optimizations/delete"))

    def _estimate(self, fields: Fields) -> Json:
        backtests = math.prod(len(one.values()) for one in self._asked(fields)["parameters"])
        self._estimates += 1
        estimate = {
            "estimateId": hex_of(self._world.config.seed, "estimate", self._estimates),
            "time": round(backtests * MEAN_S),
            "balance": BALANCE,
        }
        return success({"estimate": estimate}, self._shapes.variant("optimizations/estimate"))

    def _create(self, fields: Fields) -> Json:
        asked = self._asked(fields)
        project, now = self._launches.project(fields), self._world.now()
        self._launches.built(fields)
        node_type, nodes = fields.text("nodeType") or "", fields.integer("parallelNodes")
        fields.number("estimatedCost")
        if node_type not in dict(NODES) or not 1 <= nodes <= dict(NODES)[node_type]:
            raise Refused(INVALID)
        if self._world.behaviours.get(project.plan.project_id) == "rejected":
            raise Refused(INVALID)
        made = optimization_of(
            self._world.config.seed,
            project.plan,
            2000 + sum(one.number >= 2000 for one in project.optimizations),
            now,
            name=fields.text("name") or "",
            node_type=node_type,
            nodes=nodes,
            **asked,
        )
        self._world.add(project, made)
        # The same shape as the list; the new one is the first (REFERENCE.md 5.5).
        listed = [project_payloads.summary(made, now, "modern")]
        return success({"optimizations": listed}, self._shapes.variant("optimizations/create"))

    def _asked(self, fields: Fields) -> dict[str, Any]:
        """Read what estimate and create both need, strictly: fields of an `Optimization`."""
        self._launches.project(fields)
        fields.text("name"), fields.text("strategy")
        target, extremum = fields.text("target") or "", fields.text("targetTo")
        if statistic_of(target) is None or extremum not in ("max", "min"):
            raise Refused(INVALID)
        wanted = None
        if "targetValue" in fields.body and not (fields.textual and not fields.body["targetValue"]):
            wanted = fields.number("targetValue")
        parameters = tuple(map(_parameter, _objects(fields, "parameters")))
        if not 1 <= sum(one.fixed is None for one in parameters) <= MOST_PARAMETERS:
            raise Refused(INVALID)
        if len({one.name for one in parameters}) < len(parameters):
            raise Refused(INVALID)
        constraints = tuple(map(_constraint, _objects(fields, "constraints")))
        return {
            "parameters": parameters,
            "target": target,
            "extremum": extremum,
            "target_value": wanted,
            "constraints": constraints,
        }


def _objects(fields: Fields, name: str) -> list[Fields]:
    listed = fields.body.get(name, [])
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise Refused(INVALID)
    return [Fields(each, fields.textual) for each in listed]


def _parameter(fields: Fields) -> Parameter:
    # lean-cli's form calls it `key`.
    name = fields.text("key" if fields.textual and "key" in fields.body else "name") or ""
    if "value" in fields.body:
        return Parameter(name, 0.0, 0.0, 1.0, fixed=str(fields.body["value"]))
    low, high, step = (fields.number(each) for each in ("min", "max", "step"))
    if not (low <= high and step > 0 and (high - low) / step <= MOST_VALUES):
        raise Refused(INVALID)
    return Parameter(name, low, high, step)


def _constraint(fields: Fields) -> Json:
    target, operator = fields.text("target"), fields.text("operator") or ""
    if operator.lower() not in _OPERATORS:
        raise Refused(INVALID)
    wanted = fields.number("target-value" if fields.textual and "target-value" in fields.body else "targetValue")
    return {"target": target, "operator": operator, "targetValue": wanted}
