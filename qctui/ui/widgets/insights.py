"""The Insights pane: what the current deployment's models predicted, newest first."""

from __future__ import annotations

from dataclasses import replace

from qctui.model.insight import Direction, Insight, InsightLog
from qctui.model.resource import Resource
from qctui.ui.faces import Face, describe
from qctui.ui.format import format_count, format_duration, format_number, format_percent
from qctui.ui.glyphs import Glyphs
from qctui.ui.moment import Moment
from qctui.ui.rows import insight_key, insight_text
from qctui.ui.selected import Selected, SelectedCursor
from qctui.ui.selection import Pane
from qctui.ui.widgets.cells import Spans
from qctui.ui.widgets.columns import Column
from qctui.ui.widgets.listing import ListPane

STALE_AFTER_S = 240.0
"""Insights are read every 60 s, at a third of that pace while they are covered."""

_ROLES = {Direction.UP: "pnl-up", Direction.DOWN: "pnl-down", Direction.FLAT: "", Direction.UNKNOWN: "muted"}


class InsightsPane(ListPane[Insight]):
    """All insights read so far."""

    def __init__(self, glyphs: Glyphs, selected: Selected) -> None:
        super().__init__(
            3,
            "Insights",
            glyphs,
            _columns(),
            insight_key,
            insight_text,
            id="insights",
            cursor=SelectedCursor(selected, Pane.INSIGHTS),
        )
        self.table.stays_first = True

    def show(self, resource: Resource[InsightLog], scope: str, moment: Moment) -> None:
        """Show a deployment's insights. `scope` is its project's name."""
        log = resource.value
        rows = () if log is None else log.insights
        reading = log is not None and not log.complete
        words = describe(
            resource,
            moment,
            what="insights",
            nothing="Reading insights" if reading else "No insights from this deployment.",
            stale_after_s=STALE_AFTER_S,
            size=len(rows),
        )
        facts: list[tuple[str, str]] = [(f"{scope} ", "muted")] if scope else []
        dot = moment.glyphs.dot
        if log is not None and not log.newest and words.face is Face.DATA:
            # However lately these were read: they are known not to be the newest.
            words = replace(words, age=(("reading newer", "stale bold"),))
        if log is not None and reading:
            about = "" if log.newest else "~"
            expected = f" of {about}{format_count(log.expected)}" if log.expected else " read so far"
            facts.append((f"{dot} {format_count(len(rows))}{expected} ", "stale"))
        elif rows:
            facts.append((f"{dot} {format_count(len(rows))} ", ""))
        self.show_rows(rows, moment, words, tuple(facts))

    def show_nothing(self, why: str, moment: Moment) -> None:
        """There is no deployment to show insights of."""
        words = replace(
            describe(Resource(value=()), moment, what="insights", nothing=why, stale_after_s=STALE_AFTER_S), age=()
        )
        self.show_rows((), moment, words, ())

    @property
    def current_row(self) -> Insight | None:
        """The insight under the cursor."""
        return self.table.cursor_row


def _columns() -> tuple[Column[Insight], ...]:
    return (
        Column("time", "time", 11, _time, keep=9, sort_key=lambda each: each.generated_at, descending=True),
        Column("ticker", "ticker", 7, _ticker, most=14, keep=10, sort_key=lambda each: each.ticker.casefold()),
        Column("direction", "dir", 3, _direction, keep=8, sort_key=lambda each: each.direction.value),
        Column(
            "magnitude",
            "magnitude",
            9,
            _magnitude,
            right=True,
            keep=7,
            sort_key=lambda each: each.magnitude,
            descending=True,
        ),
        Column(
            "confidence",
            "conf",
            5,
            _confidence,
            right=True,
            keep=6,
            sort_key=lambda each: each.confidence,
            descending=True,
        ),
        Column("weight", "weight", 6, _weight, right=True, keep=3, sort_key=lambda each: each.weight, descending=True),
        Column("period", "period", 6, _period, right=True, keep=5, sort_key=lambda each: each.period_s),
        Column(
            "score", "score", 9, _score, right=True, keep=4, sort_key=lambda each: each.score_direction, descending=True
        ),
        Column("model", "model", 9, _model, good=18, most=26, keep=3, sort_key=lambda each: each.model.casefold()),
        Column("tag", "tag", 10, _tag, good=16, most=32, keep=1, sort_key=lambda each: each.tag.casefold()),
    )


def _time(each: Insight, moment: Moment) -> Spans:
    return ((moment.time(each.generated_at), "" if each.active(moment.now) else "muted"),)


def _ticker(each: Insight, moment: Moment) -> Spans:
    return ((each.ticker or each.symbol, "title"),)


def _direction(each: Insight, moment: Moment) -> Spans:
    glyphs = moment.glyphs
    signs = {Direction.UP: glyphs.up, Direction.DOWN: glyphs.down, Direction.FLAT: glyphs.flat}
    return ((f" {signs.get(each.direction, '?')}", _ROLES[each.direction]),)


def _magnitude(each: Insight, moment: Moment) -> Spans:
    return ((format_percent(each.magnitude, moment.glyphs, 2), "" if each.magnitude is not None else "muted"),)


def _confidence(each: Insight, moment: Moment) -> Spans:
    return ((format_percent(each.confidence, moment.glyphs), "" if each.confidence is not None else "muted"),)


def _weight(each: Insight, moment: Moment) -> Spans:
    return ((format_number(each.weight, moment.glyphs), "" if each.weight is not None else "muted"),)


def _period(each: Insight, moment: Moment) -> Spans:
    return ((format_duration(each.period_s, moment.glyphs), "muted"),)


def _score(each: Insight, moment: Moment) -> Spans:
    """Direction and magnitude score. One that is not final yet is only a first guess, and muted."""
    if each.score_direction is None and each.score_magnitude is None:
        return ((moment.glyphs.none, "muted"),)
    direction = format_number(each.score_direction, moment.glyphs)
    magnitude = format_number(each.score_magnitude, moment.glyphs)
    return ((f"{direction}/{magnitude}", "" if each.score_final else "muted"),)


def _model(each: Insight, moment: Moment) -> Spans:
    return ((each.model or moment.glyphs.none, "muted"),)


def _tag(each: Insight, moment: Moment) -> Spans:
    return ((each.tag or moment.glyphs.none, "muted"),)
