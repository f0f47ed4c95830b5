"""The rules: what each condition measures, those that are on from the start, and what the configuration changes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import tzinfo
from types import MappingProxyType

from qctui.model.alert import Severity
from qctui.model.deployment import Environment
from qctui.value import Value, replace

MINUTE_S, HOUR_S, DAY_S = 60.0, 3_600.0, 86_400.0

REPEAT_S = 1_800.0
"""The first repeat of what is not acknowledged comes this much later; each following one after twice the time."""

REPEAT_CAP_S = DAY_S


DEFAULT_BLIND = (
    "Orders cannot be submitted when disconnected",
    "History requests cannot be submitted when disconnected",
)
"""Texts that mean that the brokerage refuses: parts of a log line, or of an invalid order's words (REFERENCE.md 6.9).
Capital and small letters are the same. `[pulse] blind` of the configuration replaces them."""


class Condition(Value):
    """What a rule looks for."""

    summary: str
    """What it fires for, in the words of the README's table."""
    required_keys: frozenset[str] = frozenset()
    """The keys of a rule that it can't do without. A rule may not give those that only other conditions require."""


CONDITIONS: Mapping[str, Condition] = MappingProxyType(
    {
        "ended": Condition("a deployment ended, and no action of ours asked for it"),
        "runtime-error": Condition("a deployment failed with a runtime error"),
        "redeployed": Condition("a project's deployment was replaced by another one"),
        "blind": Condition("a running deployment is refused by its brokerage"),
        "quiet": Condition("a running deployment shows no sign of life for longer than its own habit"),
        "equity-below-peak": Condition("equity below its highest since it is watched", frozenset({"percent"})),
        "equity-below-launch": Condition("equity below what it was at the launch", frozenset({"percent"})),
        "equity-below-open": Condition("equity below what it was at the day's open", frozenset({"percent"})),
        "equity-step": Condition("equity moved, up or down, within a time", frozenset({"percent", "within"})),
        "holdings-left": Condition("positions are open although a liquidation has stopped their deployment"),
        "data-old": Condition("what is known of a running deployment is older than this", frozenset({"after"})),
        "action-open": Condition("an action's outcome is UNKNOWN or UNVERIFIED"),
        "optimization-finished": Condition("an optimization is completed"),
        "optimization-failed": Condition("an optimization ended without being completed"),
        "optimization-stuck": Condition("no run of an optimization ended for this long", frozenset({"after"})),
        "log": Condition("a line of the log matches a pattern", frozenset({"pattern"})),
        "outage": Condition("the API does not answer; holds every other alert back"),
    }
)
"""By the word of the configuration's `when`."""


class Rule(Value):
    """One rule. Times are seconds, percentages of 100."""

    name: str
    when: str
    """A key of `CONDITIONS`."""
    severity: Severity = Severity.WARNING
    enabled: bool = True
    percent: float | None = None
    clear_percent: float | None = None
    """It clears only below this; None: below four fifths of `percent`."""
    after_s: float | None = None
    within_s: float | None = None
    pattern: re.Pattern[str] | None = None
    hold_s: float = 0.0
    """How long the condition must hold before it fires: `for` in the configuration."""
    repeat_s: float = REPEAT_S
    """0: it is told once."""
    projects: frozenset[int | str] = frozenset()
    """Ids or names it is limited to; empty: all."""
    environment: Environment | None = None
    """It is limited to LIVE or PAPER; None: both."""
    command: tuple[str, ...] = ()
    """Run for each delivery; empty: the one of `[delivery]`."""


DEFAULT_RULES: tuple[Rule, ...] = (
    Rule("runtime-error", "runtime-error", Severity.CRITICAL),
    Rule("ended", "ended", Severity.CRITICAL, environment=Environment.LIVE),
    Rule("ended-paper", "ended", Severity.INFO, environment=Environment.PAPER, repeat_s=0.0),
    Rule("redeployed", "redeployed", Severity.INFO, repeat_s=0.0),
    Rule("blind", "blind", Severity.CRITICAL),
    Rule("quiet", "quiet", Severity.WARNING),
    Rule("drawdown", "equity-below-peak", Severity.WARNING, percent=10.0, clear_percent=8.0, hold_s=2 * MINUTE_S),
    Rule("day-loss", "equity-below-open", Severity.WARNING, percent=5.0, clear_percent=4.0, hold_s=2 * MINUTE_S),
    Rule("step", "equity-step", Severity.WARNING, percent=5.0, clear_percent=2.0, within_s=15 * MINUTE_S),
    # A liquidation is over in seconds, and what shows it is minutes old.
    Rule("holdings-left", "holdings-left", Severity.CRITICAL, hold_s=5 * MINUTE_S),
    Rule("action-open", "action-open", Severity.CRITICAL),
    Rule("data-old", "data-old", Severity.WARNING, after_s=30 * MINUTE_S),
    Rule("optimization-failed", "optimization-failed", Severity.WARNING, repeat_s=0.0),
    Rule("optimization-finished", "optimization-finished", Severity.INFO, repeat_s=0.0),
    Rule("optimization-stuck", "optimization-stuck", Severity.WARNING, after_s=6 * HOUR_S),
    Rule("outage", "outage", Severity.CRITICAL, hold_s=5 * MINUTE_S),
)
"""What is on from the start. A rule of the configuration with the same name changes the keys it gives."""


class Delivery(Value):
    """How what fires is told: `[delivery]` in the configuration."""

    bell: bool = True
    notify: bool = True
    """Ask the terminal for a desktop notification where it is known to have them."""
    command: tuple[str, ...] = ()
    """Program and arguments, run without a shell; the alert as JSON on its standard input."""


class AlertSettings(Value):
    """What the configuration says of alerts and of the pulse."""

    rules: tuple[Rule, ...]
    delivery: Delivery
    profile: str = ""
    zone: tzinfo | None = None
    """Where a day begins; None: this machine's zone."""
    blind: tuple[str, ...] = DEFAULT_BLIND
    """Texts that mean BLIND, compared without regard to capital and small letters."""


def merged(changes: Iterable[Mapping[str, object]]) -> tuple[Rule, ...]:
    """The default rules with these changes: each names a rule and the fields of `Rule` it sets. A name that is not
    among the defaults, or comes with another `when`, is a new rule, which must say everything it needs."""
    rules = {rule.name: rule for rule in DEFAULT_RULES}
    for change in changes:
        name = str(change["name"])
        known = rules.get(name)
        same = known is not None and change.get("when", known.when) == known.when
        rules[name] = replace(known, **change) if known is not None and same else Rule(**change)  # type: ignore[arg-type]  # checked by the settings
    return tuple(rules.values())
