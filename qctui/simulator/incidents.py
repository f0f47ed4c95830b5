"""What can be made to happen in a world: at once by `/_sim`, or at its time by a world file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Incident:
    """One thing that happens at a time of the world."""

    after_s: float
    """Seconds after the world's start."""
    kind: str
    """One of `KINDS`."""
    fields: Mapping[str, Any]


@dataclass(frozen=True)
class Kind:
    """A kind of thing that can happen, and the fields it takes."""

    does: str
    needs: Mapping[str, type]
    may: Mapping[str, type] = field(default_factory=dict)
    """Fields that can be left out."""


_WHOSE = {"projectId": int}

KINDS: Mapping[str, Kind] = {
    "brokerage": Kind("its orders are refused from now on, or not", {**_WHOSE, "gone": bool}),
    "quiet": Kind("nothing comes from it from now on, or again", {**_WHOSE, "quiet": bool}),
    "equity": Kind("its equity moves by so much at once", {**_WHOSE, "percent": float}),
    "log": Kind("it writes a line into its log", {**_WHOSE, "text": str}),
    "end": Kind("what is live ends by itself", _WHOSE, {"status": str, "message": str}),
    "redeploy": Kind("what is live ends, and it is launched anew", _WHOSE),
    "behaviours": Kind("how its triggers end from now on; empty text is back to normal", {**_WHOSE, "behaviour": str}),
    "faults": Kind(
        "switch a fault on", {"kind": str}, {"value": float, "endpoint": str, "projectId": int, "times": int}
    ),
    "latency": Kind("hold every answer back", {"seconds": float}),
}
"""By the name that `/_sim` and a world file have for it."""
