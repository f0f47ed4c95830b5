"""The pulse: whether a deployment that QuantConnect calls Running shows signs of life (DESIGN section 8)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType

from qctui.model.keys import Key
from qctui.value import Value, field


class PulseState(Enum):
    """The value is the word shown, printed and exported."""

    OK = "ok"
    """Newer signs of life than its own habit demands."""
    QUIET = "QUIET"
    """No sign of life for longer than its own habit knows while its market was open. Not an accusation."""
    BLIND = "BLIND"
    """Its brokerage refuses it, after the last order that went well."""
    UNKNOWN = "?"
    """The reads fail, or there is too little history to judge."""


class Sign(Value):
    """Something that a deployment did, or that was done to it."""

    kind: str
    """`order`, `insight`, `log line` or `chart sample`."""
    at: float
    """Unix seconds."""
    text: str = ""
    """The brokerage's words or the log line, where they matter."""


class Pulse(Value):
    """What the last looks at one running deployment show."""

    state: PulseState
    since: float
    """Since when the state is this one, Unix seconds: of BLIND the first refusal, of QUIET the last sign of life."""
    why: str = ""
    """Why it is not known, in words; empty in every other state."""
    last_sign: Sign | None = None
    """The newest sign of life; None while none is known."""
    refusals: int = 0
    """Refused orders and log lines that say disconnected, since the last order that went well."""
    last_refusal: Sign | None = None
    silence_s: float = 0.0
    """How long its market has been open since the last sign of life."""
    habit_s: float | None = None
    """The longest such silence in its own history; None while there is too little of it."""
    allowed_s: float | None = None
    """The silence beyond which it is QUIET; None while there is no habit."""
    looked_at: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    """When it was last looked at, Unix seconds, by what was read: `orders`, `log`, `insights`, `chart`."""
    refusals_known: bool = False
    """Its orders and its log were read lately: whether its brokerage refuses it is known, whatever its habit is."""
    by_alert: bool = False
    """An alert says so, which is newer than these looks: another process found it."""

    @property
    def oldest_look(self) -> float | None:
        """When its orders and its log had both been read last; None before the first look. The rest is read less often,
        and with many deployments hours apart."""
        looks = [at for part, at in self.looked_at.items() if part in ("orders", "log")]
        return min(looks or self.looked_at.values(), default=None)


NOT_LOOKED_AT = Pulse(PulseState.UNKNOWN, 0.0, "not looked at")
"""Of a running deployment before the first look, and where two run in one project: nothing is read of these."""

PULSES: Key[Mapping[str, Pulse]] = Key("pulses")
"""By deploy id, of every running deployment that was looked at."""

NEW_LINES: Key[Mapping[str, tuple[Sign, ...]]] = Key("new_lines")
"""By deploy id, the newest log lines that came while the deployment was watched, oldest first: what a rule that looks
for a pattern looks at."""
