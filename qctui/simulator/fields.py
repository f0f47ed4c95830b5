"""The fields of a request, read as strictly as REFERENCE.md tells them, and what is said of bad ones."""

from __future__ import annotations

from dataclasses import dataclass

from qctui.simulator.shapes import Json

# Placeholders all of them: the real texts are unknown, and clients must not match on them (REFERENCE.md 2.2).
NO_PROJECT = "Project not found"
NO_LIVE = "No live deployment"
NO_CHART = "Chart not found"
NO_OPTIMIZATION = "Optimization not found"
NOT_RUNNING = "Optimization is not running"
INVALID = "Invalid argument"


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

    def text(self, name: str, *, required: bool = True) -> str | None:
        """Return a text; None when it is absent and may be."""
        if name not in self.body and not required:
            return None
        value = self.body.get(name)
        if not isinstance(value, str) or not value:
            raise Refused(INVALID)
        return value
