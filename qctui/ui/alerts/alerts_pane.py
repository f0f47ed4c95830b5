"""The table of all alerts, and one alert in full."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from qctui.model.alert import Alert, AlertState
from qctui.model.resource import Resource
from qctui.ui.actions.progress import format_badge
from qctui.ui.alerts.alert_line import SEVERITY_ROLES, severity_word
from qctui.ui.kit.facts_view import relative_words
from qctui.ui.kit.lines import Paragraph, Piece, labelled_lines, pieces
from qctui.ui.kit.list_pane import ListPane
from qctui.ui.kit.render_context import RenderContext
from qctui.ui.kit.spans import Spans
from qctui.ui.kit.table_columns import Column, text_column
from qctui.ui.selection_owner import Cursor
from qctui.ui.theme.glyph_set import Glyphs
from qctui.ui.wording.format import format_count, format_end, format_instant
from qctui.ui.wording.load_state import LoadState, LoadStateWords

_STATE_ROLES = {
    AlertState.FIRING: "danger bold",
    AlertState.ACKNOWLEDGED: "title",
    AlertState.PENDING: "stale",
    AlertState.SHELVED: "muted",
    AlertState.CLEARED: "muted",
}
_STATES = tuple(_STATE_ROLES)
"""In the order in which a sort shows them."""


def alert_text(alert: Alert) -> str:
    """What a filter searches: the words of the row."""
    subject = alert.subject
    environment = subject.environment.value if subject.environment is not None else ""
    words = (severity_word(alert.severity), state_word(alert), environment, subject.name, alert.text, alert.rule)
    return f"{' '.join(words)} {subject.deploy_id} {subject.optimization_id}"


def state_word(alert: Alert) -> str:
    """The state of its life, or why nothing comes of it now."""
    if alert.state in (AlertState.FIRING, AlertState.PENDING):
        if alert.no_data_since is not None:
            return "no data"
        if alert.held_back:
            return "held back"
    return alert.state.value


class AlertsPane(ListPane[Alert]):
    """All that the rules have found, the worst first."""

    def __init__(self, glyphs: Glyphs, cursor: Cursor) -> None:
        super().__init__(0, "Alerts", glyphs, _columns(), lambda alert: alert.alert_id, alert_text, cursor=cursor)
        self.table.marks = False

    def show(self, resource: Resource[tuple[Alert, ...]], trouble: str, context: RenderContext) -> None:
        """Show these alerts; `trouble` is why they can't be delivered or shared, empty while they can."""
        alerts = resource.value or ()
        note: Spans = ((f"{context.glyphs.alert} {trouble}", "stale bold"),) if trouble else ()
        if resource.value is None:
            state, body = LoadState.LOADING, "The rules have not been evaluated yet."
        else:
            state = LoadState.DATA if alerts else LoadState.EMPTY
            body = "" if alerts else "Nothing to report: no rule has found anything, nor in the last day."
        # No age: what is said here is true until the rules find otherwise, however long ago that was.
        words = LoadStateWords(state, (), note, body=body)
        self.show_rows(alerts, context, words, _counts(alerts, context))


def _counts(alerts: Sequence[Alert], context: RenderContext) -> Spans:
    counted = Counter(alert.state for alert in alerts)
    facts: list[tuple[str, str]] = []
    for state in _STATES:
        if counted[state]:
            dot = f"{context.glyphs.dot} " if facts else ""
            facts.append((f"{dot}{format_count(counted[state])} {state.value} ", _STATE_ROLES[state]))
    return tuple(facts)


def _columns() -> tuple[Column[Alert], ...]:
    return (
        Column("severity", "severity", 8, _severity, keep=10, sort_key=lambda alert: alert.severity, descending=True),
        Column("state", "state", 12, _state, keep=8, sort_key=lambda alert: _STATES.index(alert.state)),
        Column("badge", "", 5, _badge, keep=9),
        Column(
            "name",
            "about",
            12,
            _name,
            wanted=20,
            widest=32,
            cut_middle=True,
            keep=11,
            sort_key=lambda alert: alert.subject.name.casefold(),
        ),
        Column("text", "what", 20, _text, wanted=26, widest=80, keep=12, sort_key=lambda alert: alert.text.casefold()),
        Column("since", "since", 5, _since, right=True, keep=7, sort_key=lambda alert: -alert.began_at),
        Column("id", "id", 5, _id, keep=6),
        text_column("value", 8, lambda alert: alert.value, right=True, widest=12, keep=5, sort_key=None),
        text_column("allowed", 8, lambda alert: alert.threshold, right=True, widest=12, keep=4, sort_key=None),
        Column("again", "told again", 10, _again, right=True, keep=3, sort_key=lambda alert: alert.next_delivery_at),
    )


def _severity(alert: Alert, context: RenderContext) -> Spans:
    quiet = alert.state in (AlertState.SHELVED, AlertState.CLEARED)
    return ((severity_word(alert.severity), "muted" if quiet else f"{SEVERITY_ROLES[alert.severity]} bold"),)


def _state(alert: Alert, context: RenderContext) -> Spans:
    return ((state_word(alert), _STATE_ROLES[alert.state]),)


def _badge(alert: Alert, context: RenderContext) -> Spans:
    environment = alert.subject.environment
    return ((environment.value, environment.value.lower()),) if environment is not None else ()


def _name(alert: Alert, context: RenderContext) -> Spans:
    return ((alert.subject.name or context.glyphs.none, "title"),)


def _text(alert: Alert, context: RenderContext) -> Spans:
    return ((alert.text, ""),)


def _since(alert: Alert, context: RenderContext) -> Spans:
    return ((context.ago(alert.began_at) or context.glyphs.none, "muted"),)


def _id(alert: Alert, context: RenderContext) -> Spans:
    return ((format_end(alert.subject.deploy_id or alert.subject.optimization_id, context.glyphs), "muted"),)


def _again(alert: Alert, context: RenderContext) -> Spans:
    at, words = alert.next_delivery_at, context.glyphs.none
    if at is not None:
        words = f"by {alert.told_by}" if alert.told_by else relative_words(at, context)
    return ((words, "muted"),)


def alert_paragraphs(alert: Alert, context: RenderContext) -> list[Paragraph]:
    """One alert in full: what, about what, and what becomes of it."""
    subject, glyphs = alert.subject, context.glyphs
    dot = glyphs.between
    title: list[Piece] = [(severity_word(alert.severity), f"{SEVERITY_ROLES[alert.severity]} bold"), "  "]
    if subject.environment is not None:
        title += [format_badge(subject.environment), " "]
    title += [(subject.name or "no deployment", "title bold")]
    if identity := subject.deploy_id or subject.optimization_id:
        title += [dot, (identity, "muted")]
    what: list[Piece] = [alert.text]
    if alert.value:
        what += [dot, ("value ", "muted"), alert.value]
    if alert.threshold:
        what += [dot, ("allowed ", "muted"), alert.threshold]
    facts: list[tuple[str, Sequence[Piece]]] = [
        ("What", what),
        ("State", _life(alert, context)),
        ("Since", [format_instant(alert.began_at, context.zone, glyphs), dot, relative_words(alert.began_at, context)]),
        ("Told", _told(alert, context)),
        ("Rule", [alert.rule]),
    ]
    return [Paragraph(pieces(*title), max_lines=2), *labelled_lines(facts, indent=8)]


def _life(alert: Alert, context: RenderContext) -> list[Piece]:
    said: list[Piece] = [(alert.state.value, _STATE_ROLES[alert.state])]
    if alert.state is AlertState.SHELVED and alert.shelved_until is not None:
        said.append(f", back {relative_words(alert.shelved_until, context)}")
    elif alert.state is not AlertState.PENDING:
        said.append(f" {relative_words(alert.changed_at, context)}")
    if alert.no_data_since is not None:
        span = context.ago(alert.no_data_since)
        span = "less than a minute" if span == "now" else span
        said.append((f"; no data{f' for {span}' if span else ''}, so it neither fires nor clears", "stale"))
    if alert.held_back:
        said.append(("; held back: the API does not answer, and that is the alert now", "stale"))
    return said


def _told(alert: Alert, context: RenderContext) -> list[Piece]:
    times = "once" if alert.deliveries == 1 else f"{format_count(alert.deliveries)} times"
    said = times if alert.deliveries else "not yet"
    if alert.next_delivery_at is None:
        return [said]
    if alert.told_by:
        return [f"{said}: {alert.told_by} has told of the same fall, and it goes no deeper than that"]
    return [f"{said}, {'again' if alert.deliveries else 'first'} {relative_words(alert.next_delivery_at, context)}"]
