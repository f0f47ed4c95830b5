"""The alert line above the keys, and the marks on the rows that an alert is about."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from rich.cells import cell_len

from qctui.alerts.alert_wording import id_end
from qctui.model.alert import Alert, AlertState, Severity, Subject
from qctui.ui.keys.keymap import BY_ID, format_key, keys_of
from qctui.ui.kit.bar import Bar
from qctui.ui.kit.render_context import RenderContext
from qctui.ui.kit.spans import Span, Spans, cut_text, width_of
from qctui.ui.theme.glyph_set import Glyphs

K = TypeVar("K", int, str)

SEVERITY_ROLES: Mapping[Severity, str] = {
    Severity.CRITICAL: "danger",
    Severity.WARNING: "stale",
    Severity.INFO: "title",
}
"""How what an alert says is drawn."""

_LEAST_NAME = 10
"""Cells that a name is never cut below in the alert line."""

_WIDE = 100
"""From so many cells on, how many more alerts fire is said in words."""


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
        self._given: tuple[Sequence[Alert], str, RenderContext] | None = None

    def on_resize(self) -> None:
        """What gives way to what depends on the width."""
        if self._given is None or self._defect:
            super().on_resize()
        else:
            self.show(*self._given)

    def show(self, alerts: Sequence[Alert], trouble: str, context: RenderContext) -> None:
        """Show the worst of these; without one that fires, why alerts can't be delivered or shared."""
        firing = [alert for alert in alerts if alert.state is AlertState.FIRING]
        left: list[Span] = []
        right: list[Span] = []
        if firing:
            worst = max(firing, key=lambda alert: (not alert.held_back, _rank(alert)))
            role = SEVERITY_ROLES[worst.severity]
            width = self.app.size.width
            if age := context.ago(worst.began_at):
                right.append((f"  {age}", role))
            if len(firing) > 1:
                right.append((f"  +{len(firing) - 1}{' more' if width >= _WIDE else ''}", f"{role} bold"))
            right += [("  ", ""), (self._key, "key bold"), (" alerts ", "muted")]
            badge = f" {context.glyphs.alert} {severity_word(worst.severity)} "
            room = width - width_of(right) - len(badge) - 1
            left = [(badge, f"{role} badge"), (f" {_line_words(worst, room, context.glyphs)}", role)]
        elif trouble:
            left = [(f" {context.glyphs.alert} ALERTS: {trouble}", "stale bold")]
        self.set_class(bool(left), "-shown")
        self.show_line(left, right)
        self._given = alerts, trouble, context

    def show_defect(self, words: str) -> None:
        """Say so, also where there was nothing to say before."""
        if words:
            self.set_class(True, "-shown")
        super().show_defect(words)


def _line_words(alert: Alert, room: int, glyphs: Glyphs) -> str:
    """An alert in about `room` cells: who, what was measured and against what, then the rest. A name gives way to the
    numbers, and takes no more than a third from words without any."""
    subject = alert.subject
    end = id_end(subject)
    measured = f"{alert.value} (allowed {alert.threshold})" if alert.value and alert.threshold else ""
    unknown = "no data now" if alert.no_data_since is not None else ""
    what = ", ".join(each for each in (measured, unknown) if each)
    what = f"{what}{', ' if unknown else ' ' if what else ''}{alert.text}"
    environment = f"{subject.environment.value} " if subject.environment is not None else ""
    least = _LEAST_NAME if measured else max(_LEAST_NAME, room // 3)
    name = cut_text(subject.name, max(least, room - cell_len(f"{environment} {end}: {what}")), glyphs)
    who = f"{environment}{f'{name} {end}'.strip()}"
    return f"{who}: {what}" if who else what
