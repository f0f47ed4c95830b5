"""The Insights pane: what the current deployment's models predicted, newest first."""

from __future__ import annotations

from collections.abc import Hashable
from functools import partial

from qctui.model.insight import Direction, Insight, InsightLog
from qctui.model.resource import Resource
from qctui.ui.kit.list_pane import ListPane
from qctui.ui.kit.render_context import RenderContext
from qctui.ui.kit.spans import Spans
from qctui.ui.kit.table_columns import Column, figure, number_column, text_column
from qctui.ui.selection import Pane
from qctui.ui.selection_owner import SelectedCursor, SelectionOwner
from qctui.ui.theme.glyph_set import Glyphs
from qctui.ui.wording.format import format_count, format_duration, format_number, format_percent
from qctui.ui.wording.load_state import LoadState, LoadStateWords, describe
from qctui.value import replace

DIRECTION_ROLES = {Direction.UP: "pnl-up", Direction.DOWN: "pnl-down", Direction.FLAT: "", Direction.UNKNOWN: "muted"}


_in_points = partial(format_percent, digits=2)


def insight_text(insight: Insight) -> str:
    """What a filter searches: the words of the row, and nothing that it does not show."""
    return f"{insight.ticker or insight.symbol} {insight.direction.value} {insight.model} {insight.tag}"


def insight_key(insight: Insight) -> Hashable:
    """What names an insight; the wire may leave the id out."""
    return insight.insight_id or (insight.generated_at, insight.symbol, insight.model, insight.tag)


class InsightsPane(ListPane[Insight]):
    """All insights read so far."""

    def __init__(self, glyphs: Glyphs, selected: SelectionOwner) -> None:
        cursor = SelectedCursor(selected, Pane.INSIGHTS)
        super().__init__(3, "Insights", glyphs, _columns(), insight_key, insight_text, cursor=cursor)
        self.table.stays_first = True

    def show(self, resource: Resource[InsightLog], scope: str, context: RenderContext) -> None:
        """Show a deployment's insights. `scope` is its project's name."""
        log = resource.value
        rows = () if log is None else log.insights
        reading = log is not None and not log.complete
        none = "Reading insights" if reading else "No insights from this deployment."
        words = describe(resource, context, what="insights", nothing=none, size=len(rows))
        facts: list[tuple[str, str]] = [(f"{scope} ", "muted")] if scope else []
        dot = context.glyphs.dot
        if log is not None and not log.newest and words.state is LoadState.DATA:
            # However lately these were read: they are known not to be the newest.
            words = replace(words, age=(("reading newer", "stale bold"),))
        if log is not None and reading:
            about = "" if log.newest else "~"
            expected = f" of {about}{format_count(log.expected)}" if log.expected else " read so far"
            facts.append((f"{dot} {format_count(len(rows))}{expected} ", "stale"))
        elif rows:
            facts.append((f"{dot} {format_count(len(rows))} ", ""))
        self.show_rows(rows, context, words, tuple(facts))

    def show_nothing(self, why: str, context: RenderContext) -> None:
        """There is no deployment to show insights of."""
        self.show_rows((), context, LoadStateWords(LoadState.EMPTY, (), body=why), ())


def _columns() -> tuple[Column[Insight], ...]:
    return (
        Column("time", "time", 11, _time, keep=9, sort_key=lambda each: each.generated_at, descending=True),
        Column("ticker", "ticker", 7, _ticker, widest=14, keep=10, sort_key=lambda each: each.ticker.casefold()),
        Column("direction", "dir", 3, _direction, keep=8, sort_key=lambda each: each.direction.value),
        number_column("magnitude", "magnitude", 9, lambda each: each.magnitude, _in_points, keep=7),
        number_column("confidence", "conf", 5, lambda each: each.confidence, format_percent, keep=6),
        number_column("weight", "weight", 6, lambda each: each.weight, format_number, keep=3),
        Column("period", "period", 6, _period, right=True, keep=5, sort_key=lambda each: each.period_s),
        figure("score", "score", 9, _score, keep=4, sort_key=lambda each: each.score_direction),
        text_column("model", 9, lambda each: each.model, wanted=18, widest=26, keep=3),
        text_column("tag", 10, lambda each: each.tag, wanted=16, widest=32, keep=1),
    )


def _time(each: Insight, context: RenderContext) -> Spans:
    return ((context.time(each.generated_at), "" if each.active(context.now) else "muted"),)


def _ticker(each: Insight, context: RenderContext) -> Spans:
    return ((each.ticker or each.symbol, "title"),)


def direction_sign(direction: Direction, glyphs: Glyphs) -> str:
    """Where an insight sees the price going."""
    return {Direction.UP: glyphs.up, Direction.DOWN: glyphs.down, Direction.FLAT: glyphs.flat}.get(direction, "?")


def _direction(each: Insight, context: RenderContext) -> Spans:
    return ((f" {direction_sign(each.direction, context.glyphs)}", DIRECTION_ROLES[each.direction]),)


def _period(each: Insight, context: RenderContext) -> Spans:
    return ((format_duration(each.period_s, context.glyphs), "muted"),)


def _score(each: Insight, context: RenderContext) -> Spans:
    """Direction and magnitude score. One that is not final yet is only a first guess, and muted."""
    if each.score_direction is None and each.score_magnitude is None:
        return ((context.glyphs.none, "muted"),)
    direction = format_number(each.score_direction, context.glyphs)
    magnitude = format_number(each.score_magnitude, context.glyphs)
    return ((f"{direction}/{magnitude}", "" if each.score_final else "muted"),)
