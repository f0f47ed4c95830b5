"""Alerts: what a rule has found, and what became of it (DESIGN section 8)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum, IntEnum

from qctui.model.deployment import Environment
from qctui.model.keys import Key
from qctui.model.pulse import Pulse, PulseState
from qctui.value import Value, replace


class Severity(IntEnum):
    """How bad it is; the larger one is shown first. The name in lower case is the word of the configuration."""

    INFO = 0
    WARNING = 1
    CRITICAL = 2


class AlertState(Enum):
    """The life of an alert. The value is the word shown, printed and logged."""

    PENDING = "pending"
    """The condition holds, not yet for as long as the rule demands."""
    FIRING = "firing"
    ACKNOWLEDGED = "acknowledged"
    """Still there, and a person has said that it was seen."""
    SHELVED = "shelved"
    """Put away by a person for a time, whatever its condition does."""
    CLEARED = "cleared"
    """The condition has ended."""


class Subject(Value):
    """What an alert is about. All empty: the connection, or the program itself."""

    name: str = ""
    """The project's name or its number, or the optimization's name."""
    project_id: int = 0
    deploy_id: str = ""
    optimization_id: str = ""
    environment: Environment | None = None
    """None of what is no deployment."""

    @property
    def identity(self) -> str:
        """What tells it from every other subject."""
        return self.optimization_id or self.deploy_id or (f"project {self.project_id}" if self.project_id else "")

    @property
    def paper(self) -> bool:
        """No real money hangs on it: among equals it comes last."""
        return self.environment is Environment.PAPER


class Alert(Value):
    """One rule's finding about one subject, replaced whole at every step of its life."""

    rule: str
    """The rule's name, as in the configuration."""
    severity: Severity
    subject: Subject
    state: AlertState
    text: str
    """What is the matter, in words without an age: `equity 8.2% below its peak`."""
    value: str = ""
    """What was measured, formatted; empty where there is nothing to measure."""
    threshold: str = ""
    """What it was measured against, formatted."""
    began_at: float = 0.0
    """Since when the condition holds, Unix seconds."""
    fired_at: float | None = None
    """When it began to fire; None while pending."""
    changed_at: float = 0.0
    """When it came into its present state."""
    no_data_since: float | None = None
    """Since when what it rests on can't be read: it neither fires nor clears meanwhile. None while it can."""
    deliveries: int = 0
    """How often it was told: by the bell, the terminal or the command."""
    next_delivery_at: float | None = None
    """When it is told again; None if never. The distance doubles each time."""
    shelved_until: float | None = None
    held_back: bool = False
    """The API does not answer: that is the alert now, and this one is not told meanwhile."""
    when: str = ""
    """The rule's condition, as in the configuration: rules of any name may look for the same."""
    told_fall: float | None = None
    """By how much the equity had fallen when this was told last, percent; None of what is no fall, or was not told."""
    told_by: str = ""
    """The rule that has told of the same fall already: this one is not told meanwhile. Empty without one."""

    @property
    def alert_id(self) -> str:
        """The rule and the subject. One rule has at most one alert about one subject."""
        return f"{self.rule}@{self.subject.identity}" if self.subject.identity else self.rule

    @property
    def open(self) -> bool:
        """Its condition holds, acknowledged or not; neither pending, shelved nor over."""
        return self.state in (AlertState.FIRING, AlertState.ACKNOWLEDGED)


ALERTS: Key[tuple[Alert, ...]] = Key("alerts")
"""All that are not over, and those that were cleared within the last day: the worst first, what is open before the
rest."""

DELIVERED: Key[tuple[Alert, ...]] = Key("delivered_alerts")
"""The alerts told last, a new tuple each time: the interface rings and notifies for each of them once."""

ALERT_TROUBLE: Key[str] = Key("alert_trouble")
"""Why alerts can't be delivered or shared now (a command that fails, a file that can't be written), in words; empty
while they can."""

_PULSE_OF = {"quiet": PulseState.QUIET, "blind": PulseState.BLIND}
"""What an alert of this condition says of a pulse, the worse one last."""


def alerted_pulses(pulses: Mapping[str, Pulse], alerts: Iterable[Alert]) -> Mapping[str, Pulse]:
    """The pulses as this process judged them, by deploy id; where an open alert says worse, and is newer than the
    looks here, as that says: another process may have looked since."""
    worse = [each for each in alerts if each.open and each.when in _PULSE_OF]
    known = dict(pulses)
    for alert in sorted(worse, key=lambda each: [*_PULSE_OF].index(each.when)):
        deploy_id, state = alert.subject.deploy_id, _PULSE_OF[alert.when]
        pulse = known.get(deploy_id, Pulse(PulseState.UNKNOWN, alert.began_at))
        looked_at = pulse.oldest_look
        seen = looked_at is not None and alert.fired_at is not None and looked_at >= alert.fired_at
        knows = pulse.state is not PulseState.UNKNOWN or (state is PulseState.BLIND and pulse.refusals_known)
        if not (knows and (seen or pulse.state in (state, PulseState.BLIND))):
            known[deploy_id] = replace(
                pulse, state=state, since=alert.began_at, why="", refusals=0, last_refusal=None, by_alert=True
            )
    return known
