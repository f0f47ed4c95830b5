"""Reads a request as strictly as REFERENCE.md has it: who signed it (1.2), and its fields."""

from __future__ import annotations

import base64
import hashlib
import hmac
import math
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import parse_qsl

from qctui.simulator.shapes import Json

AUTH_FAILURES = ("401", "hash", "userid", "500", "mixed")
"""How bad credentials can be answered. `mixed` lets the cause decide."""


TRIGGERS = frozenset(
    (
        *(f"live/{what}" for what in ("create", "commands/create", "update/liquidate", "update/stop")),
        *(f"optimizations/{what}" for what in ("abort", "create", "update", "delete")),
    )
)
"""Endpoints that change something. What a project's behaviour makes hang or break; a recorded world refuses them."""


class Cause(StrEnum):
    """What is wrong with the credentials of a request."""

    MISSING = "missing"
    USER = "user"
    HASH = "hash"
    TIME = "time"


@dataclass(frozen=True)
class Denial:
    """Credentials that were not accepted, with what the client sent."""

    cause: Cause
    user_id: str = ""
    digest: str = ""
    timestamp: str = ""


def sign(token: str, timestamp: str) -> str:
    """Return the hash a client has to send: lower-case hex SHA-256 of `token:timestamp`."""
    return hashlib.sha256(f"{token}:{timestamp}".encode()).hexdigest()


def check_credentials(
    headers: Mapping[str, str], *, user_id: int, token: str, now: float, window_s: float
) -> Denial | None:
    """Check the Authorization and Timestamp headers (lower-case names); None when they are good."""
    authorization, timestamp = headers.get("authorization", ""), headers.get("timestamp", "")
    scheme, _, encoded = authorization.partition(" ")
    user = colon = digest = ""
    with suppress(ValueError):  # no base64, or no text in it
        user, colon, digest = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    if scheme.lower() != "basic" or not colon or not timestamp.isascii() or not timestamp.isdigit():
        return Denial(Cause.MISSING, timestamp=timestamp)
    if user != str(user_id):
        return Denial(Cause.USER, user, digest, timestamp)
    if not hmac.compare_digest(digest.encode(), sign(token, timestamp).encode()):
        return Denial(Cause.HASH, user, digest, timestamp)
    if abs(now - int(timestamp)) > window_s:
        return Denial(Cause.TIME, user, digest, timestamp)
    return None


def answer_denial(denial: Denial, failure: str) -> tuple[int, str]:
    """Return the HTTP status and, for 200, the error text of a denial under one of `AUTH_FAILURES`."""
    if failure == "mixed":
        failure = {Cause.USER: "userid", Cause.HASH: "hash"}.get(denial.cause, "401")
    if failure == "hash":
        # The real service echoes what it was sent, secrets included; clients have to scrub it.
        return 200, (f"Hash doesn't match. UID: {denial.user_id} Hash: {denial.digest} Timestamp: '{denial.timestamp}'")
    if failure == "userid":
        return 200, "UserID not valid"
    return (500, "") if failure == "500" else (401, "")


# Placeholders all of them: the real texts are unknown, and clients must not match on them (REFERENCE.md 2.2).
NO_PROJECT = "Project not found"
NO_LIVE = "No live deployment"
NO_CHART = "Chart not found"
NO_OPTIMIZATION = "Optimization not found"
NOT_RUNNING = "Optimization is not running"
NO_COMPILE = "Compile not found"
NO_ORGANIZATION = "Organization not found"
NOT_FREE = "The project is live already"
INVALID = "Invalid argument"
NOT_RECORDED = "Not recorded"
UNCHANGEABLE = "This is a recorded world: nothing in it can be changed"


class Refused(Exception):
    """The request is answered success:false, with these texts."""

    def __init__(self, *texts: str, payload: Json | None = None) -> None:
        super().__init__(*texts)
        self.texts = texts
        self.payload = payload


@dataclass
class Fields:
    """The fields of a request, read strictly."""

    body: Json
    textual: bool
    """Numbers may be text, as in a query or a form."""

    def integer(self, name: str, default: int | None = None) -> int:
        """Return an integer; without a default it has to be there."""
        if name not in self.body and default is not None:
            return default
        value = self.body.get(name)
        if self.textual and isinstance(value, str) and value.lstrip("-").isdigit():
            return int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            # An explicit null is refused too: unset fields are to be left out (REFERENCE.md 1.1).
            raise Refused(INVALID)
        return value

    def number(self, name: str) -> float:
        """Return a finite number, which has to be there."""
        value = self.body.get(name)
        if self.textual and isinstance(value, str):
            with suppress(ValueError):  # refused as the text that it is
                value = float(value)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            raise Refused(INVALID)
        return value

    def text(self, name: str, *, required: bool = True) -> str | None:
        """Return a text; None when it is absent and may be."""
        if name not in self.body and not required:
            return None
        value = self.body.get(name)
        if not isinstance(value, str) or not value:
            raise Refused(INVALID)
        return value


def read_form(text: str) -> Json:
    """Return the fields of a form: `parameters[0][min]=5` stands for a list of objects (lean-cli's optimizations)."""
    fields: Json = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        if nested := _NESTED.fullmatch(name):
            kept = fields.setdefault(nested["list"], {})
            if isinstance(kept, dict):
                kept.setdefault(int(nested["place"]), {})[nested["member"]] = value
        else:
            fields[name] = value
    return {
        name: [value[place] for place in sorted(value)] if isinstance(value, dict) else value
        for name, value in fields.items()
    }


_NESTED = re.compile(r"(?P<list>\w+)\[(?P<place>\d{1,4})\]\[(?P<member>[\w-]+)\]", re.ASCII)
