"""Faults that can be switched on: everything of REFERENCE.md 11 that a JSON file cannot hold."""

from __future__ import annotations

from dataclasses import dataclass

_ACTS = {
    "http-401": (False, "HTTP 401 with WWW-Authenticate"),
    "http-429": (False, "HTTP 429 without Retry-After"),
    "http-429-retry": (False, "HTTP 429 with Retry-After (=SECONDS, 2)"),
    "http-500": (False, "HTTP 500 with an empty body"),
    "http-502": (False, "HTTP 502 with an HTML page"),
    "html-200": (False, "HTTP 200 with an HTML page"),
    "empty-200": (False, "HTTP 200 with an empty body"),
    "hang-before": (False, "no answer, and the request is not acted on"),
    "hang-after": (True, "the request is acted on, and no answer"),
    "reset-before": (False, "connection reset (RST), not acted on"),
    "reset-after": (True, "acted on, then connection reset (RST)"),
    "close-before": (False, "connection closed without an answer, not acted on"),
    "close-after": (True, "acted on, then connection closed without an answer"),
    "truncated": (True, "acted on; the connection closes in the middle of the body"),
    "truncated-json": (True, "acted on; a complete HTTP answer with half the JSON"),
    "json-array": (True, "acted on; a JSON array at top level"),
    "json-string": (True, "acted on; a JSON string at top level"),
    "slow": (True, "acted on at once, answered after =SECONDS (5)"),
    "held": (True, "acted on at once, answered when all faults are switched off"),
    "slow-body": (True, "acted on; the body drips over =SECONDS (5)"),
    "oversize": (True, "acted on; an answer of =MEGABYTES (256)"),
    "transient": (False, "success:false with the real text of transient backend trouble"),
    "slow-down": (False, "success:false with the real text of throttling"),
    "bare-false": (False, "success:false and nothing else"),
    "http-500-after": (True, "acted on, then HTTP 500 with an empty body"),
    "http-502-after": (True, "acted on, then HTTP 502 with an HTML page"),
    "empty-200-after": (True, "acted on, then HTTP 200 with an empty body"),
}
"""Kind of fault to whether the request takes effect before it shows, and what it does."""
KINDS = {kind: does for kind, (_, does) in _ACTS.items()}


@dataclass
class Fault:
    """One fault, where it applies and how often."""

    kind: str
    value: float | None = None
    """Seconds or megabytes, by kind."""
    endpoint: str | None = None
    """Only this endpoint (`live/read`); None is every one."""
    project_id: int | None = None
    """Only requests for this project; None is every one."""
    times: int | None = None
    """How often it still applies; None is without end."""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"unknown fault {self.kind!r}; known: {', '.join(KINDS)}")

    @property
    def acts(self) -> bool:
        """Whether the request takes effect before the fault shows."""
        return _ACTS[self.kind][0]

    def amount(self, usual: float) -> float:
        """Return its value, or what is usual for the kind."""
        return usual if self.value is None else self.value


def parse(text: str) -> Fault:
    """Return the fault of `KIND[=VALUE][:ENDPOINT][:TIMES]`. Raises ValueError with what is wrong."""
    head, *rest = text.split(":")
    kind, _, value = head.partition("=")
    times = int(rest.pop()) if rest and rest[-1].isdigit() else None
    if len(rest) > 1:
        raise ValueError(f"fault {text!r} is not KIND[=VALUE][:ENDPOINT][:TIMES]")
    try:
        number = float(value) if value else None
    except ValueError:
        raise ValueError(f"{value!r} in fault {text!r} is not a number") from None
    return Fault(kind, number, rest[0] if rest and rest[0] else None, None, times)


class FaultList:
    """The faults switched on; the first one that fits a request applies."""

    def __init__(self, specs: list[str]) -> None:
        self.active: list[Fault] = [parse(spec) for spec in specs]
        """In the order in which they were switched on."""
        self.cleared = 0
        """How often all were switched off."""

    def clear(self) -> None:
        """Switch all off, and let go the answers that are held."""
        self.active.clear()
        self.cleared += 1

    def take(self, endpoint: str, project_id: object) -> Fault | None:
        """Return the fault that applies to a request, counting it."""
        for fault in self.active:
            if fault.endpoint not in (None, endpoint) or fault.project_id not in (None, project_id):
                continue
            if fault.times is not None:
                fault.times -= 1
                if fault.times <= 0:
                    self.active.remove(fault)
            return fault
        return None
