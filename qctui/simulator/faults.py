"""Faults that can be switched on: everything of REFERENCE.md 11 that a JSON file cannot hold."""

from __future__ import annotations

from dataclasses import dataclass

KINDS = {
    "http-401": "HTTP 401 with WWW-Authenticate",
    "http-429": "HTTP 429 without Retry-After",
    "http-429-retry": "HTTP 429 with Retry-After (=SECONDS, 2)",
    "http-500": "HTTP 500 with an empty body",
    "http-502": "HTTP 502 with an HTML page",
    "html-200": "HTTP 200 with an HTML page",
    "empty-200": "HTTP 200 with an empty body",
    "hang-before": "no answer, and the request is not acted on",
    "hang-after": "the request is acted on, and no answer",
    "reset-before": "connection reset (RST), not acted on",
    "reset-after": "acted on, then connection reset (RST)",
    "close-before": "connection closed without an answer, not acted on",
    "close-after": "acted on, then connection closed without an answer",
    "truncated": "acted on; the connection closes in the middle of the body",
    "truncated-json": "acted on; a complete HTTP answer with half the JSON",
    "json-array": "acted on; a JSON array at top level",
    "json-string": "acted on; a JSON string at top level",
    "slow": "acted on at once, answered after =SECONDS (5)",
    "slow-body": "acted on; the body drips over =SECONDS (5)",
    "oversize": "acted on; an answer of =MEGABYTES (256)",
    "transient": "success:false with the real text of transient backend trouble",
    "slow-down": "success:false with the real text of throttling",
    "bare-false": "success:false and nothing else",
}
"""Kind of fault to what it does."""

NOT_ACTED = frozenset(
    (
        "http-401",
        "http-429",
        "http-429-retry",
        "http-500",
        "http-502",
        "html-200",
        "empty-200",
        "hang-before",
        "reset-before",
        "close-before",
        "transient",
        "slow-down",
        "bare-false",
    )
)
"""Kinds under which a request has no effect."""

ACTED_KINDS = {"http-500-after": "http-500", "http-502-after": "http-502", "empty-200-after": "empty-200"}
"""Variants that act on the request first, and the answer they then give."""
for _name, _base in ACTED_KINDS.items():
    KINDS[_name] = "acted on, then " + KINDS[_base]


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
        return self.kind not in NOT_ACTED

    @property
    def answer(self) -> str:
        """The kind of answer given, acting or not."""
        return ACTED_KINDS.get(self.kind, self.kind)

    def seconds(self, usual: float) -> float:
        """Return its value, or what is usual for the kind."""
        return usual if self.value is None else self.value


def parse(text: str) -> Fault:
    """Return the fault of `KIND[=VALUE][:ENDPOINT][:TIMES]`. Raises ValueError with what is wrong."""
    head, *rest = text.split(":")
    kind, _, value = head.partition("=")
    times: int | None = None
    if rest and rest[-1].isdigit():
        times = int(rest.pop())
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

    def add(self, fault: Fault) -> None:
        """Switch a fault on, after those already on."""
        self.active.append(fault)

    def clear(self) -> None:
        """Switch all faults off."""
        self.active.clear()

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
