"""An insight in full: every field with its unit, and what has become of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from qctui.model.insight import Direction, Insight, InsightLog
from qctui.model.keys import Key, insights_key
from qctui.model.resource import Resource
from qctui.ui.actions.controller import DEPLOYMENT
from qctui.ui.context import AppContext, Detail
from qctui.ui.detail_screen import DetailScreen
from qctui.ui.insights.insights_pane import DIRECTION_ROLES, direction_sign, insight_key
from qctui.ui.kit.facts_view import Fact, FactsPane, Group, fact, instant_words, relative_words
from qctui.ui.kit.lines import Paragraph, Piece, pieces
from qctui.ui.kit.render_context import RenderContext
from qctui.ui.wording.format import (
    format_duration,
    format_number,
    format_percent,
    format_price,
    format_signed,
    role_of_sign,
)
from qctui.ui.wording.load_state import describe


class InsightScreen(DetailScreen):
    """It follows the insight through newer readings: scores arrive after it closed."""

    ACTS_ON = frozenset({DEPLOYMENT})
    NAME = "an insight"

    def __init__(self, context: AppContext, detail: Detail) -> None:
        assert detail.insight is not None
        self._deploy_id, self._project = detail.deploy_id, detail.name
        self._insight: Insight = detail.insight
        self._source: InsightLog | None = None
        self.facts = FactsPane(1, "Insight", context.glyphs, id="facts")
        super().__init__(context, (self.facts,))

    def keys(self) -> Iterable[Key[Any]]:
        """The log it stands in."""
        return [insights_key(self.project_id, self._deploy_id)]

    def show_header(self, context: RenderContext) -> Iterable[Paragraph]:
        """What is predicted, by whom, and whether it still stands."""
        self._follow()
        insight, glyphs = self._insight, context.glyphs
        dot = glyphs.between
        ticker = insight.ticker or insight.symbol or "unknown symbol"
        title: list[Piece] = [(ticker, "title bold"), "  ", _direction(insight.direction, context)]
        if insight.period_s is not None:
            title += [(" over ", "muted"), format_duration(insight.period_s, glyphs)]
        title += [dot, _standing(insight, context)]
        whose: list[Piece] = [self._project, dot, self._deploy_id or "deploy id unknown"]
        return [Paragraph(pieces(*title), max_lines=2), Paragraph(pieces(*whose), max_lines=2)]

    def show_sections(self, context: RenderContext) -> None:
        """Every field."""
        resource: Resource[InsightLog] = self._engine.store.get(insights_key(self.project_id, self._deploy_id))
        words = describe(resource, context, what="insights", nothing="", size=1)
        self.facts.show_blocks(_blocks(self._insight, context), (), words)

    def _follow(self) -> None:
        log = self._engine.store.get(insights_key(self.project_id, self._deploy_id)).value
        if log is None or log is self._source:
            return
        self._source = log
        key = insight_key(self._insight)
        self._insight = next((each for each in log.insights if insight_key(each) == key), self._insight)


def _direction(direction: Direction, context: RenderContext) -> tuple[str, str]:
    if direction is Direction.UNKNOWN:
        return "? direction unknown", "stale"
    return f"{direction_sign(direction, context.glyphs)} {direction.value}", DIRECTION_ROLES[direction]


def _standing(insight: Insight, context: RenderContext) -> tuple[str, str]:
    """Active or closed, and since or until when. The wire has no flag for it (REFERENCE.md 6.4)."""
    if insight.close_at is None:
        return "close time unknown", "stale"
    when = relative_words(insight.close_at, context)
    return (f"active, closes {when}", "ok") if insight.active(context.now) else (f"closed {when}", "muted")


def _blocks(insight: Insight, context: RenderContext) -> list[Paragraph | Group]:
    glyphs = context.glyphs
    times = [
        Fact("Generated", instant_words(insight.generated_at, context)),
        Fact("Closes" if insight.active(context.now) else "Closed", instant_words(insight.close_at, context)),
    ]
    if insight.created_at is not None and insight.created_at != insight.generated_at:
        times.insert(1, Fact("Created", instant_words(insight.created_at, context)))
    period = format_duration(insight.period_s, glyphs)
    if insight.period_s is not None and insight.period_s >= 60:
        period += f"  ({insight.period_s:,.10g} s)"
    prediction = (
        fact("Direction", *_direction(insight.direction, context)),
        _known("Kind", insight.kind, context),
        _share("Magnitude", insight.magnitude, context, f"expected move of the {insight.kind or 'price'}", signed=True),
        _share("Confidence", insight.confidence, context, "that it will come so"),
        _share("Weight", insight.weight, context, "of the portfolio"),
        fact("Period", period, "" if insight.period_s is not None else "muted"),
    )
    final = "final" if insight.score_final else "not final yet" if insight.score_final is False else "not told if final"
    result = (
        _score("Direction score", insight.score_direction, final, context),
        _score("Magnitude score", insight.score_magnitude, final, context),
        _price("Reference price", insight.reference, context),
        _final_reference(insight, context),
        _number("Estimated value", insight.estimated_value, context),
    )
    origin = (
        _known("Model", insight.model, context),
        _known("Tag", insight.tag, context),
        _known("Symbol id", insight.symbol, context),
        _known("Group", insight.group_id, context),
        _known("Insight id", insight.insight_id, context),
    )
    return [
        Group("When", tuple(times), roomy=True),
        Group("What is predicted", prediction, roomy=True),
        Group("What has come of it", result, roomy=True),
        Group("From", origin, roomy=True),
    ]


def _known(name: str, text: str, context: RenderContext) -> Fact:
    return fact(name, text) if text else fact(name, context.glyphs.none, "muted")


def _number(name: str, value: float | None, context: RenderContext) -> Fact:
    digits = 2 if not value or abs(value) >= 10 else 6
    return fact(name, format_number(value, context.glyphs, digits), "" if value is not None else "muted")


def _price(name: str, value: float | None, context: RenderContext) -> Fact:
    return fact(name, format_price(value, context.glyphs), "" if value is not None else "muted")


def _share(name: str, value: float | None, context: RenderContext, of: str, *, signed: bool = False) -> Fact:
    if value is None:
        return fact(name, context.glyphs.none, "muted")
    text = format_percent(value, context.glyphs, 2)
    plus = "+" if signed and value > 0 else ""
    return Fact(name, ((f"{plus}{text}", ""), (f"  {of}", "muted")))


def _score(name: str, value: float | None, final: str, context: RenderContext) -> Fact:
    """A missing score is not a score of zero."""
    if value is None:
        return Fact(name, ((context.glyphs.none, "muted"), ("  no score yet", "muted")))
    return Fact(name, ((format_number(value, context.glyphs, 3), ""), (f"  0 to 1, {final}", "muted")))


def _final_reference(insight: Insight, context: RenderContext) -> Fact:
    """The price at its close, and what that is relative to the one it started from. The wire's 0 is no price: it stands
    there until there is one."""
    known = _price("Final reference", insight.reference_final or None, context)
    if insight.score_final is False or insight.active(context.now):
        return Fact(known.name, (*known.value, ("  not final yet", "muted")))
    if not insight.reference_final:
        return Fact(known.name, (*known.value, ("  not told", "muted")))
    if not insight.reference:
        return known
    change = (insight.reference_final / insight.reference - 1) * 100
    text = f"  {format_signed(change, context.glyphs)}%"
    return Fact(known.name, (*known.value, (text, role_of_sign(change)), (" since the reference", "muted")))
