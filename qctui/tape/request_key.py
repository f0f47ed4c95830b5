"""The name of a request on the tape: the same for what a person would call the same question."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from qctui.text import clean

FOLLOWS_S = 120.0
"""A chart's window that ends this close to the present follows the time."""

LONGEST = 4_000
"""Characters of a request; none of ours is longer."""


def request_key(request: Mapping[str, Any], now: float) -> str:
    """The request made at `now` as one text.

    A chart's window that follows the time is named by its length, in two digits: its start and end are others in every
    request, and the length of one that begins with the launch grows slowly.
    """
    named = dict(request)
    start, end = named.get("start"), named.get("end")
    if "count" in named and isinstance(start, int) and isinstance(end, int) and abs(end - now) < FOLLOWS_S:
        named.update(start=f"{start - end:.1e}", end="now")
    return clean(json.dumps(named, sort_keys=True, separators=(",", ":"), default=str), LONGEST)
