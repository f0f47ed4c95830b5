"""The alert line above the keys, and the marks on the rows that an alert is about."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from qctui.alerts.alert_wording import alert_words
from qctui.model.alert import Alert, AlertState, Severity, Subject
from qctui.ui.keys.keymap import BY_ID, format_key, keys_of
from qctui.ui.kit.bar import Bar
from qctui.ui.kit.render_context import RenderContext
from qctui.ui.kit.spans import Span, Spans, cut_text
from qctui.ui.theme.glyph_set import Glyphs

K = TypeVar("K", int, str)

SEVERITY_ROLES: Mapping[Severity, str] = {
    Severity.CRITICAL: "danger",
    Severity.WARNING: "stale",
    Severity.INFO: "title",
}
"""How what an alert says is drawn."""

_LEAST_NAME = 12
"""Cells that a name is never cut below in the alert line."""


def severity_word(severity: Severity) -> str:
    """The word shown; the worst one stands out without colour too."""
    return severity.name if severity is Severity.CRITICAL else severity.name.lower()


def alert_mark(alert: Alert | None, glyphs: Glyphs) -> Spans:
    """What stands before the name of what an open alert is about; nothing without one. An acknowledged one is muted."""
    if alert is None:
        return ()
    role = "muted" if alert.state is AlertState.ACKNOWLEDGED else f"{SEVERITY_ROLES[alert.severity]} bold"
    return ((f"{glyphs.alert} ", role),)


def worst_by(alerts: Iterable[Alert], key_of: Callable[[Subject], K]) -> Mapping[K, Alert]:
    """The worst open alert for each key; those without a key are left out."""
    worst: dict[K, Alert] = {}
    for alert in alerts:
        if alert.open and (key := key_of(alert.subject)) and _rank(alert) > _rank(worst.get(key)):
            worst[key] = alert
    return worst


def _rank(alert: Alert | None) -> tuple[int, bool, bool]:
    if alert is None:
        return -1, False, False
    # What is held back by an outage is not what is the matter now.
    return alert.severity, alert.state is AlertState.FIRING, not alert.held_back


class AlertLine(Bar):
    """The worst alert that fires, and how many more there are, until a person acknowledges them. Hidden while there is
    nothing to say: it takes no row then."""

    DEFAULT_CSS = """
    AlertLine { display: none; background: $panel; }
    AlertLine.-shown { display: block; }
    """

    def __init__(self, glyphs: Glyphs, keymap: Mapping[str, str]) -> None:
        """`keymap` are the user's own keys."""
        super().__init__(glyphs, id="alert")
        self._key = format_key(keys_of(BY_ID["alerts"], keymap)[0])

    def show(self, alerts: Sequence[Alert], trouble: str, context: RenderContext) -> None:
        """Show the worst of these; without one that fires, why alerts can't be delivered or shared."""
        firing = [alert for alert in alerts if alert.state is AlertState.FIRING]
        left: list[Span] = []
        right: list[Span] = []
        if firing:
            worst = max(firing, key=lambda alert: (not alert.held_back, _rank(alert)))
            role = SEVERITY_ROLES[worst.severity]
            # On a narrow screen a long name must leave room for what is the matter.
            name = cut_text(worst.subject.name, max(_LEAST_NAME, self.app.size.width // 4), context.glyphs)
            shown = replace(worst, subject=replace(worst.subject, name=name))
            words = alert_words(shown, context.now, age=context.ago(worst.began_at))
            left = [(f" {context.glyphs.alert} {severity_word(worst.severity)} ", f"{role} badge"), (f" {words}", role)]
            if len(firing) > 1:
                right.append((f" +{len(firing) - 1} more", f"{role} bold"))
            right += [("  ", ""), (self._key, "key bold"), (" alerts ", "muted")]
        elif trouble:
            left = [(f" {context.glyphs.alert} ALERTS: {trouble}", "stale bold")]
        self.set_class(bool(left), "-shown")
        self.show_line(left, right)

    def show_defect(self, words: str) -> None:
        """Say so, also where there was nothing to say before."""
        if words:
            self.set_class(True, "-shown")
        super().show_defect(words)
