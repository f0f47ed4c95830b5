"""The life of every alert: pending, firing, acknowledged, cleared, shelved. Knows no clock, no disk and no screen."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Sequence

from qctui.alerts.alert_wording import alert_words
from qctui.alerts.conditions import Finding
from qctui.alerts.rules import DAY_S, REPEAT_CAP_S, Rule
from qctui.model.alert import Alert, AlertState, Subject
from qctui.value import replace

NEVER_HELD = frozenset({"outage", "action-open", "holdings-left"})
"""Conditions that rest on our own actions, or are the outage itself."""

SAME_FALL_S = 900.0
"""Alerts about one deployment's equity that began within this time of each other are about the same fall."""

_log = logging.getLogger(__name__)


class Lives:
    """All alerts there are, one for each rule and subject."""

    def __init__(self, alerts: Iterable[Alert] = ()) -> None:
        self._alerts = {alert.alert_id: alert for alert in alerts}
        self._holds: dict[str, bool | None] = {}
        """What was found last of those that are shelved."""
        self._falls: dict[str, float | None] = {}
        """By how much the equity has fallen, of those that are about it."""

    @property
    def alerts(self) -> tuple[Alert, ...]:
        """The worst first, what is open before the rest, paper last among equals, the newest first. To acknowledge one
        moves none: the keys of a person who goes down the list would meet another one."""

        def order(alert: Alert) -> tuple[object, ...]:
            at = alert.fired_at if alert.open and alert.fired_at is not None else alert.changed_at
            state = "" if alert.open else alert.state.value
            return not alert.open, -alert.severity, state, alert.subject.paper, -at, alert.alert_id

        return tuple(sorted(self._alerts.values(), key=order))

    def fires(self, rule: Rule, subject: Subject) -> bool:
        """Whether a rule fires about a subject, acknowledged or not: its lower threshold counts then."""
        known = self._alerts.get(_id(rule, subject))
        return known is not None and (known.open or known.state is AlertState.SHELVED)

    def step(
        self,
        rule: Rule,
        found: Iterable[Finding],
        now: float,
        *,
        outage: bool,
        proves: Callable[[Subject], bool] = lambda subject: True,
    ) -> list[Alert]:
        """Take in what a rule finds at Unix time `now`. Returns what is to be delivered. During an `outage` what rests
        on the API is not known, whatever it finds. What is known of a subject has to be new enough that it `proves`
        that the condition has ended, or that it holds again."""
        held = outage and rule.when not in NEVER_HELD
        by_id = {
            _id(rule, each.subject): replace(each, holds=None)
            if each.holds is False and not proves(each.subject)
            else each
            for each in found
        }
        deliver: list[Alert] = []
        for alert_id, each in by_id.items():
            alert = self._alerts.get(alert_id)
            if alert is None or alert.state is AlertState.CLEARED:
                # What was read before it was found to be over, by another process, is no news.
                if each.holds and not held and (alert is None or proves(each.subject)):
                    began = each.since if each.since is not None else now
                    alert = Alert(
                        rule.name, rule.severity, each.subject, AlertState.PENDING, each.text,
                        began_at=min(began, now), changed_at=now, when=rule.when,
                    )  # fmt: skip
                    deliver += self._found(alert, rule, each, now, held)
            else:
                deliver += self._found(alert, rule, each, now, held)
        for alert in [each for each in self._alerts.values() if each.rule == rule.name]:
            if alert.alert_id not in by_id and alert.state is not AlertState.CLEARED:
                holds = None if held or not proves(alert.subject) else False
                deliver += self._found(alert, rule, Finding(alert.subject, holds), now, held)
        return deliver

    def forget(self, rules: Collection[str], now: float) -> None:
        """Drop what was cleared more than a day ago, and what belongs to none of these rules."""
        self._alerts = {
            alert_id: alert
            for alert_id, alert in self._alerts.items()
            if alert.rule in rules and not (alert.state is AlertState.CLEARED and now - alert.changed_at > DAY_S)
        }

    def acknowledge(self, alert_ids: Collection[str], now: float) -> None:
        """These have been seen."""
        for alert in self._those(alert_ids):
            if alert.state is AlertState.FIRING:
                self._change(replace(alert, next_delivery_at=None), AlertState.ACKNOWLEDGED, now)

    def shelve(self, alert_ids: Collection[str], until: float, now: float) -> None:
        """Put these away until then; a time that has passed takes them back."""
        for alert in self._those(alert_ids):
            if until > now and alert.state is not AlertState.CLEARED:
                self._holds[alert.alert_id] = True if alert.state is not AlertState.PENDING else None
                self._change(replace(alert, shelved_until=until, next_delivery_at=None), AlertState.SHELVED, now)
            elif until <= now and alert.state is AlertState.SHELVED:
                self._alerts[alert.alert_id] = replace(alert, shelved_until=now)

    def _those(self, alert_ids: Collection[str]) -> Sequence[Alert]:
        return [self._alerts[each] for each in alert_ids if each in self._alerts]

    def _found(self, alert: Alert, rule: Rule, found: Finding, now: float, held: bool) -> list[Alert]:
        holds = None if held else found.holds
        if holds:
            alert = replace(
                alert, text=found.text, value=found.value, threshold=found.threshold, severity=rule.severity,
                subject=found.subject, when=rule.when,
            )  # fmt: skip
            self._falls[alert.alert_id] = found.fall
        no_data_since = alert.no_data_since if alert.no_data_since is not None else now
        alert = replace(alert, held_back=held, no_data_since=no_data_since if holds is None else None)
        match alert.state:
            case AlertState.SHELVED:
                return self._while_shelved(alert, rule, holds, now)
            case AlertState.PENDING if holds is False:
                del self._alerts[alert.alert_id]
                return []
            case AlertState.PENDING if holds and now - alert.began_at >= rule.hold_s:
                return self._fire(alert, rule, now)
            case AlertState.FIRING | AlertState.ACKNOWLEDGED if holds is False:
                return self._clear(alert, now)
            case AlertState.FIRING if _is_due(alert, now) and not held:
                return self._tell(alert, rule, now)
        self._alerts[alert.alert_id] = alert
        return []

    def _while_shelved(self, alert: Alert, rule: Rule, holds: bool | None, now: float) -> list[Alert]:
        if holds is not None:
            self._holds[alert.alert_id] = holds
        if alert.shelved_until is not None and now < alert.shelved_until:
            self._alerts[alert.alert_id] = alert
            return []
        back = replace(alert, shelved_until=None)
        if self._holds.pop(alert.alert_id, None):
            return self._fire(back, rule, now)
        self._change(replace(back, next_delivery_at=None), AlertState.CLEARED, now)
        return []

    def _fire(self, alert: Alert, rule: Rule, now: float) -> list[Alert]:
        again = replace(alert, fired_at=now, next_delivery_at=now, deliveries=0, told_fall=None, told_by="")
        return self._tell(self._change(again, AlertState.FIRING, now), rule, now)

    def _tell(self, alert: Alert, rule: Rule, now: float) -> list[Alert]:
        told_by = self._told_by(alert, rule)
        if told_by:
            self._alerts[alert.alert_id] = replace(alert, told_by=told_by)
            return []
        if alert.deliveries:
            _log.info("alert repeated: %s", alert_words(alert, now))
        distance = min(REPEAT_CAP_S, rule.repeat_s * 2.0 ** min(alert.deliveries, 30))
        alert = replace(
            alert, deliveries=alert.deliveries + 1, next_delivery_at=now + distance if rule.repeat_s else None,
            told_fall=self._falls.get(alert.alert_id), told_by="",
        )  # fmt: skip
        self._alerts[alert.alert_id] = alert
        return [alert]

    def _told_by(self, alert: Alert, rule: Rule) -> str:
        """The rule that has told of the same fall of the equity, as grave and at least as deep as `rule` looks for;
        empty without one. What goes deeper than what was told is news; that nothing is known of it is none."""
        if alert.no_data_since is not None and not alert.deliveries:
            return alert.told_by
        if self._falls.get(alert.alert_id) is None or rule.percent is None:
            return ""
        for other in self._alerts.values():
            if (
                other.open
                and other.alert_id != alert.alert_id
                and other.subject.identity == alert.subject.identity
                and other.told_fall is not None
                and other.told_fall >= rule.percent
                and abs(other.began_at - alert.began_at) <= SAME_FALL_S
                and _rank(other) > _rank(alert)
            ):
                return other.rule
        return ""

    def _clear(self, alert: Alert, now: float) -> list[Alert]:
        told = alert.deliveries > 0
        alert = self._change(replace(alert, next_delivery_at=None), AlertState.CLEARED, now)
        return [alert] if told else []

    def _change(self, alert: Alert, state: AlertState, now: float) -> Alert:
        alert = replace(alert, state=state, changed_at=now)
        self._alerts[alert.alert_id] = alert
        _log.info("alert %s: %s", state.value, alert_words(alert, now))
        return alert


def _rank(alert: Alert) -> tuple[object, ...]:
    """The grave before the rest, and among equals what was told: one of two always tells."""
    return alert.severity, alert.told_fall is not None, alert.told_fall or 0.0, alert.rule


def _is_due(alert: Alert, now: float) -> bool:
    return alert.next_delivery_at is not None and now >= alert.next_delivery_at


def _id(rule: Rule, subject: Subject) -> str:
    return f"{rule.name}@{subject.identity}" if subject.identity else rule.name
