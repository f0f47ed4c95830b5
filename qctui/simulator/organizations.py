"""Whose projects they are: `projects/read`, the organizations a user is a member of, and the account behind one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

from qctui.simulator import project_payloads
from qctui.simulator.cast import organization_id
from qctui.simulator.request import INVALID, NO_ORGANIZATION, NO_PROJECT, Fields, Refused
from qctui.simulator.shapes import Json, ShapeChooser, encode, success
from qctui.simulator.world import World

BALANCE = 250.0
"""QCC an organization has, of which nothing is ever taken."""
_OWNER, _OTHER = "owner", "somebody else"


class Organizations:
    """Answers `projects/read`, `organizations/` and `account/read` for one world."""

    def __init__(self, world: World, shapes: ShapeChooser, taken_at: Callable[[float], float]) -> None:
        """`taken_at` gives the time of the snapshot that is served at a time."""
        self._world = world
        self._shapes = shapes
        self._taken_at = taken_at
        self.handlers: dict[str, Callable[[Fields], Json | Iterator[bytes]]] = {
            "projects/read": self._projects,
            "organizations/list": self._list,
            "organizations/read": self._read,
            "account/read": self._account,
        }

    def _names(self) -> list[str]:
        """The organizations of the world by name, the preferred one first: an empty one is the user's own."""
        return list(dict.fromkeys(["", *(one.plan.organization for one in self._world.projects.values())]))

    def _asked(self, fields: Fields) -> str | None:
        """Return the name of the organization that a request is about, None when it says none."""
        asked = fields.text("organizationId", required=False)
        if asked is None:
            return None
        found = next((name for name in self._names() if organization_id(name) == asked), None)
        if found is None:
            raise Refused(NO_ORGANIZATION)
        return found

    def _projects(self, fields: Fields) -> Iterator[bytes]:
        now, variant = self._world.now(), self._shapes.variant("projects/read")
        organization = self._asked(fields)
        known = list(self._world.projects.values())
        if organization is not None:
            known = [one for one in known if one.plan.organization == organization]
        if "projectId" in fields.body:
            # The official model always sends a start.
            if fields.integer("start", 0) != 0 or "end" in fields.body:
                raise Refused(INVALID)
            project_id = fields.integer("projectId")
            known = [one for one in known if one.plan.project_id == project_id]
            if not known:
                raise Refused(NO_PROJECT, payload={"projects": [], "versions": []})
        elif "start" in fields.body or "end" in fields.body:
            start, end = fields.integer("start", 0), fields.integer("end", len(known))
            if not 0 <= start < end:
                raise Refused(INVALID)
            known = known[start:end]
        owner = self._world.config.user_id
        priced_at = self._taken_at(now)
        listed = (project_payloads.project(one, owner, priced_at, variant) for one in known)
        return in_slices("projects", listed, success({"versions": project_payloads.versions(now)}, variant))

    def _list(self, fields: Fields) -> Json:
        listed = [
            {
                "id": organization_id(name),
                "name": name or "Own",
                "type": "trader",
                "ownerName": _OTHER if name else "You",
                "members": 1,
                "preferred": not name,
            }
            for name in self._names()
        ]
        return success({"organizations": listed}, self._shapes.variant("organizations"))

    def _read(self, fields: Fields) -> Json:
        name = self._asked(fields) or ""
        nodes = {"productId": 61, "name": "Live Trading Node", "quantity": 2, "unitPrice": 20.0, "total": 40.0}
        body = {
            "id": organization_id(name),
            "name": name or "Own",
            "seats": 1,
            "type": "trader",
            "credit": {"movements": [], "balance": BALANCE},
            "products": [{"name": "Compute", "items": [nodes]}, {"name": "Data", "items": []}],
            "data": {"signedTime": None, "current": False},
            "members": [{"id": self._world.config.user_id, "name": _OWNER, "isAdmin": True, "email": ""}],
        }
        return success({"organization": body}, self._shapes.variant("organizations"))

    def _account(self, fields: Fields) -> Json:
        name = self._asked(fields) or ""
        body = {"organizationId": organization_id(name), "creditBalance": BALANCE, "card": None}
        return success(body, self._shapes.variant("account/read"))


_SLICE = 50
"""Items of a long list written at a time."""


def in_slices(name: str, items: Iterator[Json], rest: Json) -> Iterator[bytes]:
    """Yield the body of a list that may be long: its items a few at a time, then the rest of the envelope."""
    yield f'{{"{name}":['.encode()
    separator = b""
    while kept := list(islice(items, _SLICE)):
        yield separator + encode(kept)[1:-1]
        separator = b","
    yield b"]," + encode(rest)[1:]
