"""What changed in the store, as events: what `qctui watch` prints."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from qctui.actions.wording import format_clock_time, format_rough_span
from qctui.alerts.alert_json import alert_fields, iso_time
from qctui.alerts.alert_wording import alert_words, id_end, pulse_sentence
from qctui.clock import Clock
from qctui.model.alert import ALERT_TROUBLE, ALERTS, Alert, AlertState, Severity
from qctui.model.deployment import Deployment, name_of, names_of
from qctui.model.keys import DEPLOYMENTS, LINK, PROJECTS, Key
from qctui.model.link import Link, LinkState
from qctui.model.pulse import PULSES, Pulse, PulseState
from qctui.model.resource import Resource
from qctui.store import Store
from qctui.value import Value, field, replace

WATCHED: frozenset[Key[Any]] = frozenset({DEPLOYMENTS, PROJECTS, LINK, PULSES, ALERTS, ALERT_TROUBLE})
"""Keys whose changes are told."""

NO_DATA_S = 120.0
"""How long an alert has to be without data before that is told, and how long after an outage: what is read in turn
takes its time, and an outage is known a little after its first failures."""

_LOST = frozenset({LinkState.DOWN, LinkState.AUTH})

_PULSE_SEVERITY = {PulseState.BLIND: Severity.CRITICAL, PulseState.QUIET: Severity.WARNING}

_PULSE_WORDS = {state: "not known" if state is PulseState.UNKNOWN else state.value for state in PulseState}

_UNITS = {"s": "second", "m": "minute", "h": "hour", "d": "day"}

_BECAME = {
    AlertState.FIRING: ("alert_fired", "fired", "fired"),
    AlertState.ACKNOWLEDGED: ("alert_acknowledged", "acknowledged", "was acknowledged"),
    AlertState.SHELVED: ("alert_shelved", "shelved", "was shelved"),
    AlertState.CLEARED: ("alert_cleared", "cleared", "has cleared"),
}
"""By the state an alert came into: the word of `--json`, of a line, and of a sentence."""


class Event(Value):
    """Something that is worth a line."""

    kind: str
    """The word of `--json`."""
    words: str
    """For people."""
    sentence: str
    """The same for a screen reader, whole."""
    severity: Severity = Severity.INFO
    good: bool = False
    """Something is over that was bad."""
    fields: Mapping[str, Any] = field(default_factory=dict)
    """What `--json` says beside the word."""


class Changes:
    """Compares each new resource with what was there before. One thread."""

    def __init__(self, store: Store, clock: Clock, profile: str) -> None:
        self._store, self._clock, self._profile = store, clock, profile
        self._alive: dict[tuple[int, str], Deployment] | None = None
        """Deployments that may trade, by project and deploy id; None before the first list."""
        self._said: dict[str, PulseState] = {}
        """By deploy id: the state that was last told, or needed no telling."""
        self._unknown: dict[str, Pulse] = {}
        """By deploy id: pulses that are not known, and of which that is not told yet."""
        self._alerts: dict[str, Alert] = {}
        self._began_at = clock.now()
        self._lost_mono: float | None = None
        self._back_at = self._began_at
        """When the last outage ended, or this began, Unix seconds."""
        self._unread: dict[str, Alert] = {}
        """Alerts of which it was told that they have no data, by id."""
        self._trouble = ""

    def take(self, key: Key[Any], resource: Resource[Any]) -> Iterable[Event]:
        """What is new in this resource."""
        if key == PROJECTS and self._alive is None:
            key, resource = DEPLOYMENTS, self._store.get(DEPLOYMENTS)
        return (*self._take(key, resource), *self._pulse(self._unknown), *self._without_data())

    def _take(self, key: Key[Any], resource: Resource[Any]) -> Iterable[Event]:
        if resource.value is None:
            return ()
        if key == DEPLOYMENTS:
            # The first list waits for the names, if they can be had.
            unnamed = self._alive is None and self._store.get(PROJECTS).loading
            return () if unnamed else self._deployments(resource)
        if key == LINK:
            return self._link(resource.value)
        if key == PULSES:
            self._said = {deploy_id: state for deploy_id, state in self._said.items() if deploy_id in resource.value}
            self._unknown = {}
            return self._pulse(resource.value)
        if key == ALERTS:
            return self._alert(resource.value)
        return self._delivering(resource.value) if key == ALERT_TROUBLE else ()

    def _deployments(self, resource: Resource[tuple[Deployment, ...]]) -> Iterator[Event]:
        listed = {(each.project_id, each.deploy_id): each for each in resource.value or ()}
        before, alive = self._alive, {key: each for key, each in listed.items() if each.alive}
        if before is None:
            self._alive = alive
            live = sum(each.environment.value == "LIVE" for each in alive.values())
            run = f"{len(alive)} deployment{' runs' if len(alive) == 1 else 's run'}"
            words = f"{run}, {live} of them LIVE"
            yield Event(
                "watching",
                f"watching: {words}",
                f"Watching. {words}.",
                fields={"deployments": [self._deployment_fields(each) for each in alive.values()]},
            )
            return
        for key, each in before.items():
            # One that left the list may be among the entries that can't be read.
            if key not in listed and resource.unreadable:
                alive[key] = each
        self._alive = alive
        for key, each in alive.items():
            if key not in before:
                yield self._deployment_event("deployment_started", each, "started", "has started", Severity.INFO)
        for key, each in before.items():
            if key not in alive:
                ended = listed.get(key)
                how = "is listed no more" if ended is None else f"{ended.status or 'no status'}: {ended.error}"
                how = how.removesuffix(": ")
                bad = Severity.WARNING if ended is None or not ended.failed else Severity.CRITICAL
                yield self._deployment_event(
                    "deployment_ended", ended or each, f"ended: {how}", f"has ended ({how})", bad
                )

    def _deployment_event(self, kind: str, each: Deployment, word: str, said: str, severity: Severity) -> Event:
        name = self._name(each.project_id)
        return Event(
            kind,
            f"{_short(each, name)} {word}",
            f"The deployment {_long(each, name)} {said}.",
            severity,
            fields=self._deployment_fields(each),
        )

    def _name(self, project_id: int) -> str:
        return name_of(project_id, names_of(self._store.get(PROJECTS).value or ()))

    def _deployment_fields(self, each: Deployment) -> dict[str, Any]:
        return {
            "profile": self._profile,
            "mode": each.environment.value.lower(),
            "project_id": each.project_id,
            "project": names_of(self._store.get(PROJECTS).value or ()).get(each.project_id),
            "deploy_id": each.deploy_id,
            "status": each.status,
            "error": each.error,
        }

    def _link(self, link: Link) -> Iterator[Event]:
        mono, running = self._clock.monotonic(), None if self._alive is None else len(self._alive)
        watched = f"{running} deployment{'' if running == 1 else 's'}"
        if link.state in _LOST and self._lost_mono is None:
            self._lost_mono = mono
            why = link.failure.message if link.failure is not None else "no answer"
            unwatched = "the deployments are not known" if running is None else f"{watched} can't be watched"
            yield Event(
                "api_lost",
                f"API lost: {why}; {unwatched}",
                f"The API does not answer any more: {why.rstrip('.')}; {unwatched}.",
                Severity.WARNING,
                fields={"reason": why, "running": running},
            )
        elif link.state is LinkState.OK and self._lost_mono is not None:
            away_s, self._lost_mono = mono - self._lost_mono, None
            self._back_at = self._clock.now()
            hours, minutes = divmod(int(away_s // 60), 60)
            span = f"{hours}h {minutes}m" if hours else format_rough_span(away_s)
            again = f"{watched} {'is' if running == 1 else 'are'} watched again"
            again = "the deployments are not known yet" if running is None else again
            yield Event(
                "api_back",
                f"API back after {span}; {again}",
                f"The API answers again, after {_spoken(span)}; {again}.",
                good=True,
                fields={"away_s": round(away_s, 1), "running": running},
            )

    def _pulse(self, pulses: Mapping[str, Pulse]) -> Iterator[Event]:
        now = self._clock.now()
        deployments = {each.deploy_id: each for each in (self._alive or {}).values()}
        for deploy_id, pulse in tuple(pulses.items()):
            before, state = self._said.get(deploy_id, PulseState.OK), pulse.state
            # What can't be known is told by what it comes from: the API that is lost, or too little history.
            if state is PulseState.UNKNOWN and (before is PulseState.OK or self._lost_mono is not None):
                continue
            # Nor is it told what is read in a moment: a machine that was suspended knows nothing when it wakes up.
            if state is PulseState.UNKNOWN and now - max(pulse.since, self._back_at) < NO_DATA_S:
                self._unknown[deploy_id] = pulse
                continue
            self._unknown.pop(deploy_id, None)
            each = deployments.get(deploy_id)
            if each is None:
                continue
            self._said[deploy_id] = state
            if state is before:
                continue
            name = self._name(each.project_id)
            why = pulse_sentence(pulse, now) or f"pulse {state.value}{f': {pulse.why}' if pulse.why else ''}"
            because = _spoken(pulse_sentence(pulse, now).removeprefix(f"{state.value}: ") or pulse.why).rstrip(".")
            yield Event(
                "pulse",
                f"{_short(each, name)} {why}",
                f"The pulse of the deployment {_long(each, name)}, was {_PULSE_WORDS[before]} and is "
                f"{_PULSE_WORDS[state]}{f': {because}' if because else ''}.",
                _PULSE_SEVERITY.get(state, Severity.INFO),
                good=state is PulseState.OK,
                fields={
                    **self._deployment_fields(each),
                    "pulse": state.value,
                    "before": before.value,
                    "since": iso_time(pulse.since),
                    "refusals": pulse.refusals,
                    "last_refusal": pulse.last_refusal.text if pulse.last_refusal is not None else None,
                },
            )

    def _alert(self, alerts: tuple[Alert, ...]) -> Iterator[Event]:
        before, self._alerts = self._alerts, {each.alert_id: _as_told(each) for each in alerts}
        for alert_id, old in before.items():
            if alert_id not in self._alerts and (old.open or old.state is AlertState.SHELVED):
                gone = replace(old, state=AlertState.CLEARED)
                yield self._alert_event("alert_cleared", gone, "no longer looked for", "is no longer looked for")
        for alert_id, new in self._alerts.items():
            yield from self._one_alert(before.get(alert_id), new)

    def _one_alert(self, old: Alert | None, new: Alert) -> Iterator[Event]:
        came = _BECAME.get(new.state)
        again = old is not None and new.fired_at != old.fired_at
        if came is not None and (old is None or new.state is not old.state or again):
            kind, word, said = came
            if old is None and new.fired_at is not None and new.fired_at < self._began_at:
                # From before this start, and told then.
                kind, word, said = "alert_standing", f"still {new.state.value}", f"is still {new.state.value}"
            told = old is not None and old.state in (*_BECAME,) and old.state is not AlertState.CLEARED
            # A clearing is news only of what was told, and what was cleared before this start was told before it.
            if new.state is not AlertState.CLEARED or told:
                if new.state is AlertState.SHELVED and new.shelved_until is not None:
                    until = format_clock_time(new.shelved_until, self._clock.now())
                    word, said = f"{word} until {until}", f"{said} until {until}"
                yield self._alert_event(kind, new, word, said)
        elif old is not None and new.open and new.deliveries > old.deliveries >= 1:
            times = f"told {new.deliveries} times"
            yield self._alert_event("alert_repeated", new, f"again, {times}", f"was repeated, {times}")

    def _without_data(self) -> Iterator[Event]:
        """Alerts that have had no data for some time, together; and once all of these have it again, that. What an
        outage explains is told by the outage."""
        if self._lost_mono is not None:
            return
        now, known = self._clock.now(), self._alerts
        lack = {
            alert_id: alert
            for alert_id, alert in known.items()
            if alert.open
            and alert.no_data_since is not None
            and (alert_id in self._unread or now - max(alert.no_data_since, self._back_at) >= NO_DATA_S)
        }
        if new := [alert for alert_id, alert in lack.items() if alert_id not in self._unread]:
            yield self._data_event("alert_no_data", new, "no data", "no data now")
        elif self._unread and not lack:
            back = [known[alert_id] for alert_id in self._unread if alert_id in known and known[alert_id].open]
            if back:
                yield self._data_event("alert_data", back, "data again", "data again")
            self._unread = {}
        self._unread |= lack

    def _data_event(self, kind: str, alerts: list[Alert], word: str, of_many: str) -> Event:
        ids = [alert.alert_id for alert in alerts]
        if len(alerts) == 1:
            return replace(self._alert_event(kind, alerts[0], word, f"has {of_many}"), fields={"ids": ids})
        about = len({alert.subject.identity for alert in alerts})
        words = f"{of_many} for {len(alerts)} alerts about {about} deployment{'' if about == 1 else 's'}"
        return Event(kind, words, f"There is {words}.", good=kind == "alert_data", fields={"ids": ids})

    def _alert_event(self, kind: str, alert: Alert, word: str, said: str) -> Event:
        now, severity = self._clock.now(), alert.severity.name.lower()
        subject, cleared = alert.subject, alert.state is AlertState.CLEARED
        end = id_end(subject)
        about = [subject.name, subject.environment.value if subject.environment is not None else ""]
        about += [f"whose id ends in {end}"] if end else []
        whose = f" for {', '.join(filter(None, about))}" if subject.name else ""
        measured = f", {alert.value} where {alert.threshold} is allowed" if alert.value and alert.threshold else ""
        measured = _spoken(measured)
        began = f"it began {_spoken(format_rough_span(max(0.0, now - alert.began_at)))} ago"
        return Event(
            kind,
            f"{severity} {word}: {alert_words(alert, now, self._profile)}",
            f"The {severity} alert {alert.rule} {said}{whose}: {alert.text.rstrip('.')}{measured}; {began}.",
            alert.severity if alert.state is AlertState.FIRING else Severity.INFO,
            good=cleared,
            fields=alert_fields(alert, self._profile),
        )

    def _delivering(self, trouble: str) -> Iterator[Event]:
        before, self._trouble = self._trouble, trouble
        if trouble and trouble != before:
            yield Event(
                "trouble",
                f"alerts: {trouble}",
                f"There is trouble with the alerts: {trouble.rstrip('.')}.",
                Severity.WARNING,
                fields={"reason": trouble},
            )
        elif before and not trouble:
            yield Event("trouble_over", "alerts: trouble over", "The trouble with the alerts is over.", good=True)


def _as_told(alert: Alert) -> Alert:
    """What another alert has told of already is no news until it is told itself."""
    silent = alert.state is AlertState.FIRING and alert.told_by and not alert.deliveries
    return replace(alert, state=AlertState.PENDING) if silent else alert


def _spoken(words: str) -> str:
    """`words` with its spans as they are said: `3m` is 3 minutes."""
    return re.sub(
        r"\b(\d+)([smhd])\b", lambda span: f"{span[1]} {_UNITS[span[2]]}{'' if span[1] == '1' else 's'}", words
    )


def _short(each: Deployment, name: str) -> str:
    return f"{each.environment.value} {name} {each.deploy_id[-4:]}".rstrip()


def _long(each: Deployment, name: str) -> str:
    end = f", whose id ends in {each.deploy_id[-4:]}" if each.deploy_id else ""
    return f"of {name}, {each.environment.value}{end}"
