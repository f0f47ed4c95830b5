"""`qctui alerts`: what is firing, acknowledged or shelved, as a console or a watcher of this machine last wrote it."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from qctui.actions.wording import format_clock_time, format_rough_span
from qctui.alerts.alert_json import alert_fields
from qctui.alerts.alert_wording import id_end, measured_words
from qctui.alerts.shared_alerts import HUNG_S, Shared, is_led, read_shared, shared_path
from qctui.cli.credentials import find_user_id
from qctui.cli.parser import Exit, Options
from qctui.cli.tables import align
from qctui.cli.wiring import read_settings
from qctui.model.alert import Alert, AlertState
from qctui.paths import describe_path
from qctui.usage import UsageError

SHOWN = (AlertState.FIRING, AlertState.ACKNOWLEDGED, AlertState.SHELVED)
"""States that are printed, in this order."""


def run_alerts(options: Options) -> int:
    """Print the alerts.

    Raises:
        UsageError: the configuration can't be used, or names no user.
    """
    settings = read_settings(options)
    user_id = find_user_id(settings)
    if user_id is None:
        raise UsageError("whose alerts? no user id is in the environment, the profile or ~/.lean/credentials")
    path, now = shared_path(settings.base_url, user_id), time.time()
    shared = read_shared(path)
    unwatched = _unwatched(path, shared, now)
    trouble = unwatched or (shared.trouble and f"{shared.trouble} ({shared.who})" if shared is not None else "")
    if trouble:
        print(f"qctui: alerts: {trouble}", file=sys.stderr)
    alerts = shown(shared.alerts if shared is not None else ())
    if options.json:
        for alert in alerts:
            print(json.dumps(alert_fields(alert, settings.profile_name), ensure_ascii=False))
    elif alerts or not unwatched:  # that nothing fires is known to somebody who watches, and to nobody else
        print(format_alerts(alerts, now))
    return Exit.UNCONFIRMED if unwatched else Exit.DONE


def _unwatched(path: Path, shared: Shared | None, now: float) -> str:
    """Why what stands in the file at `path` is not how things are now; empty while a process keeps it so."""
    since = ""
    if shared is not None:
        since = f"; last written {format_rough_span(now - shared.written_at)} ago by {shared.who}"
    try:
        if not is_led(path):
            return f"no console or `qctui watch` writes to {describe_path(path)}{since}"
    except OSError as error:
        return f"{describe_path(path)} can't be read ({error.strerror}){since}"
    if shared is None:
        return f"the process that watches has written nothing to {describe_path(path)} yet"
    if now - shared.written_at > HUNG_S:
        return f"the process that watches has not written for long{since}"
    return ""


def shown(alerts: Iterable[Alert]) -> list[Alert]:
    """Those a person has to know of: firing first, the worst first, paper last among equals, the newest first."""

    def order(alert: Alert) -> tuple[float, ...]:
        return SHOWN.index(alert.state), -alert.severity, alert.subject.paper, -(alert.fired_at or alert.began_at)

    return sorted((alert for alert in alerts if alert.state in SHOWN), key=order)


def format_alerts(alerts: Sequence[Alert], now: float) -> str:
    """A table with a row an alert."""
    if not alerts:
        return "no alert is firing, acknowledged or shelved"
    rows: list[tuple[str, ...]] = [("STATE", "SEVERITY", "SINCE", "RULE", "", "NAME", "ID", "WHAT")]
    return "\n".join(align(rows + [_row(alert, now) for alert in alerts], right=frozenset({2})))


def _row(alert: Alert, now: float) -> tuple[str, ...]:
    subject, state = alert.subject, alert.state.value
    if alert.state is AlertState.SHELVED and alert.shelved_until is not None:
        state += f" until {format_clock_time(alert.shelved_until, now)}"
    elif alert.no_data_since is not None:
        state += ", no data"
    elif alert.told_by:
        state += f", told by {alert.told_by}"
    elif alert.held_back:
        state += ", held back"
    return (
        state,
        alert.severity.name.lower(),
        format_rough_span(now - alert.began_at),
        alert.rule,
        subject.environment.value if subject.environment is not None else "",
        subject.name,
        id_end(subject),
        measured_words(alert),
    )
