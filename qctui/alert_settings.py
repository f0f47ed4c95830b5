"""`[[alerts]]`, `[delivery]` and `[pulse]` of config.toml."""

from __future__ import annotations

import re
from typing import Any

from qctui.alerts.rules import CONDITIONS, DAY_S, DEFAULT_BLIND, DEFAULT_RULES, AlertSettings, Delivery, merged
from qctui.config_section import REQUIRED, Key, Section, bounded, command, exact, list_of, one_of, should
from qctui.model.alert import Severity
from qctui.model.deployment import Environment
from qctui.text import clean

LONGEST_S = 30 * DAY_S
"""The longest duration of a rule: what is known does not go back further."""

MAX_PATTERN = 300
MAX_NAME = 40

_UNITS = {"s": 1.0, "m": 60.0, "h": 3_600.0, "d": DAY_S}
_BY_NAME = {rule.name: rule for rule in DEFAULT_RULES}
_CONDITION_KEYS = frozenset().union(*(each.required_keys for each in CONDITIONS.values()))
"""The keys that only some conditions use."""


def _name(value: Any) -> str:
    name = exact(str, value)
    if not re.fullmatch(r"\w[\w .-]*", name) or len(name) > MAX_NAME:
        raise ValueError(f"a name of letters, digits, dots, dashes and spaces is expected, {MAX_NAME} at most")
    return name


def _condition(value: Any) -> str:
    when = exact(str, value)
    if when not in CONDITIONS:
        raise ValueError(f"there is no such condition; allowed: {', '.join(CONDITIONS)}")
    return when


def seconds_of(value: Any) -> float:
    """Seconds of a duration as it is written in the file; ValueError if it is none."""
    amount, unit = value, "s"
    if isinstance(value, str) and (found := re.fullmatch(r"(\d{1,9}(?:\.\d{1,3})?)([smhd])", value.strip())):
        amount, unit = float(found[1]), found[2]
    if isinstance(amount, bool) or not isinstance(amount, int | float):
        raise ValueError('a duration is expected: "90s", "10m", "2h", "1d", or a number of seconds')
    if not 0 <= amount <= LONGEST_S / _UNITS[unit]:
        raise ValueError(f"a duration from 0 to {LONGEST_S / DAY_S:.0f} days is expected")
    return float(amount * _UNITS[unit])


def span_of(value: Any) -> float:
    """As `seconds_of`, of a duration that can't be 0."""
    seconds = seconds_of(value)
    if not seconds:
        raise ValueError("a duration longer than 0 is expected")
    return seconds


def _percent(value: Any) -> float:
    if exact(float, value) <= 0:
        raise should("be greater than 0")
    return _from_zero(value)


def _from_zero(value: Any) -> float:
    return bounded(exact(float, value), 0, 1_000)


def _pattern(value: Any) -> re.Pattern[str]:
    pattern = exact(str, value)
    if not pattern or len(pattern) > MAX_PATTERN:
        raise ValueError(f"a regular expression of 1 to {MAX_PATTERN} characters is expected")
    try:
        return re.compile(pattern, re.IGNORECASE)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"a regular expression is expected ({clean(str(error), 80)})") from error


def _projects(value: Any) -> frozenset[int | str]:
    fit = isinstance(value, list) and all(
        (isinstance(each, str) and each.strip()) or (type(each) is int and each > 0) for each in value
    )
    if not fit:
        raise ValueError('a list of project ids and names is expected, for example [23456789, "Momentum/Live"]')
    return frozenset(value)


def _blind(value: Any) -> tuple[str, ...]:
    texts = list_of(_text)(value)
    if not texts:
        raise ValueError(
            "at least one text is expected: without any nothing would be BLIND. "
            "To hear nothing of it, give the rule `blind` of [[alerts]] `enabled = false`"
        )
    return texts


def _text(value: Any) -> str:
    if not exact(str, value).strip():
        raise ValueError("a text is expected, and not an empty one: it would match every line")
    return str(value)


class AlertRule(Section):
    """One rule, or what it changes in the one of that name that is on from the start: `[[alerts]]`."""

    name: Key[str] = Key(_name, REQUIRED)
    """Shown and logged. One of the default rules, or a new one."""
    when = Key(_condition, None)
    """What it looks for. A new rule must say it; another one than the default's makes the rule a new one."""
    severity = Key(one_of({each.name.lower(): each for each in Severity}), None)
    enabled = Key(bool, None)
    percent = Key(_percent, None)
    """How much counts, in percent."""
    clear_percent = Key(_from_zero, None)
    """It clears only below this; four fifths of `percent` where it is not given."""
    after_s = Key(span_of, None, "after")
    """How long counts."""
    within_s = Key(span_of, None, "within")
    """The time over which a step is measured."""
    pattern = Key(_pattern, None)
    """A regular expression for lines of the log; capital and small letters are the same."""
    hold_s = Key(seconds_of, None, "for")
    """How long it must be so before it fires."""
    repeat_s = Key(seconds_of, None, "repeat")
    """When it is told again first; the distance doubles. 0: it is told once."""
    projects = Key(_projects, None)
    """Ids or names it is limited to."""
    environment = Key(one_of({"live": Environment.LIVE, "paper": Environment.PAPER}), None, "mode")
    """It is limited to real money, or to paper."""
    command = Key(command, None)
    """Run for each delivery in place of the one of `[delivery]`."""

    def check_whole(self) -> None:
        """The condition has what it needs, and nothing that it does not use."""
        base = _BY_NAME.get(self.name)
        if base is not None and self.when not in (None, base.when):
            base = None  # it changes no default rule
        when = self.when or (base.when if base is not None else None)
        if when is None:
            raise ValueError(
                f"`when` is missing, and no rule has this name from the start (those are {', '.join(_BY_NAME)})"
            )
        condition = CONDITIONS[when]
        given = {key for key in _CONDITION_KEYS if self.values[key] is not None}
        if missing := sorted(condition.required_keys - given) if base is None else []:
            raise ValueError(f"{_listed(missing)} missing: `{when}` needs {'it' if len(missing) == 1 else 'them'}")
        used = given | ({"percent"} if self.clear_percent is not None else set())
        if unused := sorted(used - condition.required_keys):
            keys = ["clear-percent" if each == "percent" and self.percent is None else each for each in unused]
            takes = ", ".join(f"`{each}`" for each in sorted(condition.required_keys)) or "none of these"
            raise ValueError(f"{_listed(keys)} not used by `{when}`, which takes {takes}")
        percent = self.percent or (base.percent if base is not None else None)
        if self.clear_percent is not None and percent is not None and self.clear_percent >= percent:
            raise ValueError(f"`clear-percent` has to be below `percent`, which is {percent:g}")

    def changes(self) -> dict[str, object]:
        """The fields of `Rule` that it sets. They have the names of its attributes."""
        by_field = {key.attribute: self.values[name] for name, key in self.keys_by_name.items()}
        changed = {field: value for field, value in by_field.items() if value is not None}
        if self.percent is not None:
            changed["clear_percent"] = self.clear_percent  # the default's belongs to the default's percentage
        return changed


class DeliverySection(Section):
    """How what fires is told: `[delivery]`."""

    bell = Key(bool, True)
    """Ring the terminal's bell."""
    notify = Key(bool, True)
    """Ask the terminal for a desktop notification where it is known to have them."""
    command = Key(command, None)
    """Program and arguments, run without a shell for each delivery; the alert as JSON on its standard input."""


class PulseSection(Section):
    """What the pulse goes by: `[pulse]`."""

    blind: Key[tuple[str, ...]] = Key(_blind, DEFAULT_BLIND)
    """Texts in log lines and in a broker's words that mean that it refuses. Capital and small letters are the same."""


def _rules(value: Any) -> tuple[AlertRule, ...]:
    if isinstance(value, dict):
        raise ValueError("each rule begins with a line [[alerts]], in double brackets")
    if isinstance(value, list):
        names = [each["name"] for each in value if isinstance(each, dict) and isinstance(each.get("name"), str)]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise ValueError(f"there are two rules with the name {clean(twice, MAX_NAME)}")
    return list_of(AlertRule)(value)


class AlertTables(Section):
    """The tables together."""

    alerts: Key[tuple[AlertRule, ...]] = Key(_rules, ())
    delivery = Key(DeliverySection, DeliverySection())
    pulse = Key(PulseSection, PulseSection())

    @property
    def alerting(self) -> AlertSettings:
        """The same in the words of the engine."""
        told = Delivery(self.delivery.bell, self.delivery.notify, self.delivery.command or ())
        return AlertSettings(merged(each.changes() for each in self.alerts), told, blind=self.pulse.blind)


def _listed(keys: list[str]) -> str:
    return f"{' and '.join(f'`{each}`' for each in keys)} {'is' if len(keys) == 1 else 'are'}"
