"""An alert as a JSON object: on the standard input of a command, and what `qctui watch` and `qctui alerts` print."""

from __future__ import annotations

import json
from typing import Any

from qctui.actions.journal import journal_time
from qctui.model.alert import Alert


def alert_fields(alert: Alert, profile: str) -> dict[str, Any]:
    """The object. What is not known, or does not apply, is null; times are UTC.

    Fields:
        id: the rule and what it is about; the same from firing to clearing.
        rule, when, severity, state: in the words of the configuration and of the screen.
        text: what is the matter. value, threshold: what was measured and against what, formatted.
        began_at, fired_at: since when the condition holds, and when it began to fire.
        no_data_since: since when what it rests on can't be read. shelved_until: while it is shelved.
        delivery: how often it was told, this time included.
        profile, mode (`live` or `paper`), project_id, project, deploy_id, optimization_id: what it is about.
    """
    subject = alert.subject
    return {
        "id": alert.alert_id,
        "rule": alert.rule,
        "when": alert.when or None,
        "severity": alert.severity.name.lower(),
        "state": alert.state.value,
        "text": alert.text,
        "value": alert.value or None,
        "threshold": alert.threshold or None,
        "began_at": iso_time(alert.began_at),
        "fired_at": iso_time(alert.fired_at),
        "no_data_since": iso_time(alert.no_data_since),
        "shelved_until": iso_time(alert.shelved_until),
        "delivery": alert.deliveries,
        "profile": profile,
        "mode": subject.environment.value.lower() if subject.environment is not None else None,
        "project_id": subject.project_id or None,
        "project": subject.name or None,
        "deploy_id": subject.deploy_id or None,
        "optimization_id": subject.optimization_id or None,
    }


def alert_line(alert: Alert, profile: str) -> bytes:
    """The object as one line of UTF-8."""
    return json.dumps(alert_fields(alert, profile), ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"


def iso_time(at: float | None) -> str | None:
    """UTC in ISO 8601, to the millisecond; None for a time no calendar has."""
    try:
        return None if at is None else journal_time(at)
    except (ValueError, OverflowError, OSError):
        return None
