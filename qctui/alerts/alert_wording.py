"""Pulse and alerts in words: the same on screen, in a dialog, on the command line and in a command's JSON."""

from __future__ import annotations

from collections.abc import Callable

from qctui.actions.wording import format_rough_span
from qctui.model.alert import Alert, Subject
from qctui.model.pulse import Pulse, PulseState

Ago = Callable[[float], str]
"""How long ago a Unix time was, in words: `12m ago`. The screen's own, where ages move in coarse steps and are drawn
again when they do."""


def pulse_sentence(pulse: Pulse, now: float, *, sells: bool = True, ago: Ago | None = None) -> str:
    """What a person who is about to act must know of a deployment's pulse at Unix time `now`; empty if it is well.

    `sells`: the action sends orders, which a brokerage that refuses may refuse too.
    """
    ago = ago or _rough_ago(now)
    if pulse.by_alert:
        means = blind_means(sells) if pulse.state is PulseState.BLIND else "it may not be trading."
        return f"{pulse.state.value}, says an alert of {ago(pulse.since)}: {means}"
    if pulse.state is PulseState.BLIND:
        last = f", last {ago(pulse.last_refusal.at)}" if pulse.last_refusal is not None else ""
        return f"BLIND: {refused_words(pulse)}{last}: {blind_means(sells)}"
    if pulse.state is PulseState.QUIET:
        sign = pulse.last_sign
        last = f" since {sign.kind} {ago(sign.at)}" if sign is not None else ""
        return f"QUIET: no sign of life{last}, longer than its own habit. It may not be trading."
    return ""


def blind_means(sells: bool) -> str:
    """What a refusing brokerage means for an action that `sells`, or for one that does not."""
    return (
        "this may be refused too. Go to the broker." if sells else "what it holds may have to be closed at the broker."
    )


def refused_words(pulse: Pulse) -> str:
    """What BLIND rests on: refused orders, or the log alone, where no order is known to have been refused."""
    count = pulse.refusals
    if _is_logged(pulse):
        return "1 log line says disconnected" if count == 1 else f"{count} log lines say disconnected"
    return f"{count} order{'' if count == 1 else 's'} refused as disconnected"


def _is_logged(pulse: Pulse) -> bool:
    return pulse.last_refusal is not None and pulse.last_refusal.kind == "log line"


def pulse_evidence(pulse: Pulse, now: float, *, ago: Ago | None = None) -> list[tuple[str, str]]:
    """What the pulse rests on, as labels and words, at Unix time `now`."""
    ago = ago or _rough_ago(now)
    first = "first said" if _is_logged(pulse) else "first refused"
    why = f"{first} {ago(pulse.since)}" if pulse.state is PulseState.BLIND else pulse.why
    if pulse.by_alert:
        why = f"an alert of {ago(pulse.since)} says so"
    said = [("Pulse", f"{pulse.state.value}{f': {why}' if why else ''}")]
    if pulse.last_refusal is not None:
        what = refused_words(pulse) if _is_logged(pulse) else f"{pulse.refusals} since the last order that went well"
        text = f": {pulse.last_refusal.text}" if pulse.last_refusal.text else ""
        label = "Log" if _is_logged(pulse) else "Refused"
        said.append((label, f"{what}, last {ago(pulse.last_refusal.at)}{text}"))
    if pulse.last_sign is not None:
        said.append(("Last sign", f"{pulse.last_sign.kind} {ago(pulse.last_sign.at)}"))
    if pulse.habit_s is not None:
        quiet = f"{format_rough_span(pulse.silence_s)} of open market without a sign"
        said.append(("Habit", f"{quiet}; {format_rough_span(pulse.habit_s)} has been usual"))
    if pulse.looked_at:
        looks = sorted(pulse.looked_at.items(), key=lambda look: look[1], reverse=True)
        said.append(("Looked at", ", ".join(f"{what} {ago(at)}" for what, at in looks)))
    return said


def alert_words(alert: Alert, now: float, profile: str = "") -> str:
    """One alert in one line, as DESIGN 8 asks: profile, LIVE or PAPER, project, deploy id's end, what, since when."""
    subject = alert.subject
    who = [
        profile,
        subject.environment.value if subject.environment is not None else "",
        subject.name,
        id_end(subject),
    ]
    since = format_rough_span(max(0.0, now - alert.began_at))
    unknown = ", no data now" if alert.no_data_since is not None else ""
    named = " ".join(word for word in who if word)
    return f"{named}{': ' if named else ''}{measured_words(alert)}, {since}{unknown}"


def measured_words(alert: Alert) -> str:
    """What is the matter, and what was measured against what."""
    measured = f" ({alert.value}, allowed {alert.threshold})" if alert.value and alert.threshold else ""
    return f"{alert.text}{measured}"


def id_end(subject: Subject) -> str:
    """The end of the id of what an alert is about, by which it is told from others of its name; empty without one."""
    return subject.deploy_id[-4:] or subject.optimization_id[-4:]


def _rough_ago(now: float) -> Ago:
    return lambda at: f"{format_rough_span(max(0.0, now - at))} ago"
