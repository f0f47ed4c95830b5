"""The shapes in which one and the same answer has been seen (REFERENCE.md 9), and which one is served when."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from qctui.simulator.noise import bits, key_of

Json = dict[str, Any]

_WITH_ERRORS_OR_NOT = ("modern", "no-errors")
VARIANTS: Mapping[str, tuple[str, ...]] = {
    "projects/read": ("modern", "mixed", "no-success"),
    "live/list": ("modern", "iso-dates", "sparse", "no-errors"),
    "live/read": ("modern", "capitalised", "data-center", "map-lists", "details", "no-errors"),
    "live/chart/read": (
        "modern",
        "capitalised",
        "two-values",
        "holes",
        "series-list",
        "type-names",
        "no-map",
        "one-series",
        "errors",
    ),
    "live/insights/read": ("modern", "engine", "kebab", "doc", "counted"),
    "live/portfolio/read": ("modern", "long", "capitalised", "map-lists", "flat-stays"),
    "live/orders/read": ("modern", "capitalised", "errors"),
    "live/logs/read": ("modern", "no-errors", "no-success"),
    "optimizations/list": ("modern", "legacy", "extremum-differs"),
    "optimizations/read": ("modern", "lean", "legacy", "extremum-differs"),
    **dict.fromkeys(("live/update/liquidate", "live/update/stop"), _WITH_ERRORS_OR_NOT),
    **dict.fromkeys(("optimizations/abort", "optimizations/update"), _WITH_ERRORS_OR_NOT),
    "optimizations/delete": ("no-errors", "modern"),
    **dict.fromkeys(("optimizations/estimate", "optimizations/create", "compile"), _WITH_ERRORS_OR_NOT),
    **dict.fromkeys(("live/create", "live/commands/create", "organizations"), _WITH_ERRORS_OR_NOT),
    "account/read": ("modern", "no-success"),
    "authenticate": ("modern",),
    "error": ("modern", "messages", "message", "error", "bare", "empty"),
}
"""Variants each endpoint knows; the first is today's. `error` is the envelope of a refusal, on any endpoint."""

LEGACY: Mapping[str, str] = {
    "projects/read": "mixed",
    "live/list": "sparse",
    "live/read": "capitalised",
    "live/chart/read": "capitalised",
    "live/insights/read": "kebab",
    "live/portfolio/read": "capitalised",
    "live/orders/read": "capitalised",
    "live/logs/read": "no-errors",
    "optimizations/list": "legacy",
    "optimizations/read": "legacy",
    "live/update/liquidate": "no-errors",
    "live/update/stop": "no-errors",
    "optimizations/abort": "no-errors",
    "error": "message",
}
"""What `--shapes legacy` serves."""

STYLES = ("modern", "legacy", "ugly")


@dataclass(frozen=True)
class Recorded:
    """What a request of a recorded world is answered with: its body as it was, with its status."""

    status: int | None
    """None: no answer came."""
    body: bytes
    success: bool = True


class ShapeChooser:
    """Chooses the variant of each answer: fixed for modern and legacy, each in its seeded turn for ugly."""

    def __init__(self, seed: int, style: str, fixed: Mapping[str, str]) -> None:
        self._seed = seed
        self.style = style
        """One of `STYLES`; may be changed at any time."""
        self.fixed = dict(fixed)
        """Endpoint to a variant that is always served there; may be changed at any time."""
        self._turns: dict[str, int] = {}

    def variant(self, endpoint: str) -> str:
        """Return the variant of the next answer of an endpoint (or of `error`)."""
        if endpoint in self.fixed:
            return self.fixed[endpoint]
        known = VARIANTS.get(endpoint, ("modern",))
        if self.style == "legacy":
            return LEGACY.get(endpoint, known[0])
        if self.style != "ugly":
            return known[0]
        turn = self._turns[endpoint] = self._turns.get(endpoint, -1) + 1
        return known[(turn + bits(key_of(self._seed, endpoint), turn // len(known))) % len(known)]


def space_date(at: float | None) -> str | None:
    """Return a time as `2026-11-19 18:30:00`, UTC without saying so."""
    return None if at is None else datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")


def iso_date(at: float | None) -> str | None:
    """Return a time as `2026-11-19T18:30:00Z`."""
    return None if at is None else datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def success(payload: Json, variant: str = "modern") -> Json:
    """Return a payload in the envelope of a success; some endpoints leave `errors` out, a few `success` too."""
    if variant == "no-success":
        return payload
    return {**payload, "success": True} if variant == "no-errors" else {**payload, "success": True, "errors": []}


def refusal(variant: str, *texts: str, payload: Json | None = None) -> Json:
    """Return the envelope of a refusal, HTTP 200 all the same (REFERENCE.md 2.2)."""
    said: dict[str, Json] = {
        "messages": {"messages": list(texts)},
        "message": {"Message": texts[0]},
        "error": {"error": texts[0]},
        "empty": {"errors": []},
        "bare": {},
    }
    return {**(payload or {}), "success": False, **said.get(variant, {"errors": list(texts)})}


def capitalise(value: Any, *, deep: bool = True) -> Any:
    """Return the value with the first letter of every key in capitals, as old stored data have it."""
    if isinstance(value, dict):
        return {key[:1].upper() + key[1:]: capitalise(one) if deep else one for key, one in value.items()}
    if isinstance(value, list):
        return [capitalise(one) for one in value] if deep else value
    return value


def kebab(name: str) -> str:
    """Return a camel-case key with hyphens."""
    return "".join("-" + letter.lower() if letter.isupper() else letter for letter in name)


def encode(body: Json | list[Json]) -> bytes:
    """Return a body as JSON text, without a space too many."""
    text: str = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass")
