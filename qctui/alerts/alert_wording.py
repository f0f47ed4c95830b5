"""Pulse and alerts in words: the same on screen, in a dialog, on the command line and in a command's JSON."""

from __future__ import annotations

from qctui.actions.wording import format_rough_span
from qctui.model.alert import Alert
from qctui.model.pulse import Pulse, PulseState, Sign


def pulse_sentence(pulse: Pulse, now: float) -> str:
    """What a person who is about to act must know of a deployment's pulse at Unix time `now`; empty if it is well."""
    if pulse.state is PulseState.BLIND:
        refused = "1 order" if pulse.refusals == 1 else f"{pulse.refusals} orders"
        last = f", last {_ago(pulse.last_refusal, now)}" if pulse.last_refusal is not None else ""
        return f"BLIND: {refused} refused as disconnected{last}: this may be refused too. Go to the broker."
    if pulse.state is PulseState.QUIET:
        last = f" since {pulse.last_sign.kind} {_ago(pulse.last_sign, now)}" if pulse.last_sign is not None else ""
        return f"QUIET: no sign of life{last}, longer than its own habit. It may not be trading."
    return ""


def pulse_evidence(pulse: Pulse, now: float) -> list[tuple[str, str]]:
    """What the pulse rests on, as labels and words, at Unix time `now`."""
    said = [("Pulse", f"{pulse.state.value}{f': {pulse.why}' if pulse.why else ''}")]
    if pulse.last_refusal is not None:
        count = f"{pulse.refusals} since the last order that went well, last "
        said.append(("Refused", f"{count}{_ago(pulse.last_refusal, now)}: {pulse.last_refusal.text}"))
    if pulse.last_sign is not None:
        said.append(("Last sign", f"{pulse.last_sign.kind} {_ago(pulse.last_sign, now)}"))
    if pulse.habit_s is not None:
        quiet = f"{format_rough_span(pulse.silence_s)} of open market without a sign"
        said.append(("Habit", f"{quiet}; {format_rough_span(pulse.habit_s)} has been usual"))
    if pulse.looked_at:
        looks = sorted(pulse.looked_at.items(), key=lambda look: look[1], reverse=True)
        said.append(
            ("Looked at", ", ".join(f"{what} {format_rough_span(max(0.0, now - at))} ago" for what, at in looks))
        )
    return said


def alert_words(alert: Alert, now: float, profile: str = "") -> str:
    """One alert in one line, as DESIGN 8 asks: profile, LIVE or PAPER, project, deploy id's end, what, since when."""
    subject = alert.subject
    who = [
        profile,
        subject.environment.value if subject.environment is not None else "",
        subject.name,
        subject.deploy_id[-4:] or subject.optimization_id[-4:],
    ]
    since = format_rough_span(max(0.0, now - alert.began_at))
    measured = f" ({alert.value}, allowed {alert.threshold})" if alert.value and alert.threshold else ""
    unknown = ", no data now" if alert.no_data_since is not None else ""
    return f"{' '.join(word for word in who if word)}{': ' if any(who) else ''}{alert.text}{measured}, {since}{unknown}"


def _ago(sign: Sign | None, now: float) -> str:
    return f"{format_rough_span(max(0.0, now - sign.at))} ago" if sign is not None else ""
