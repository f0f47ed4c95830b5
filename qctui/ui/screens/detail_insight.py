"""An insight in full: every field with its unit, and what has become of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from qctui.model.insight import Direction, Insight, InsightLog
from qctui.model.keys import Key, insights_key
from qctui.model.resource import Resource
from qctui.ui.acting import DEPLOYMENT
from qctui.ui.faces import describe
from qctui.ui.facts import Fact, Group, fact, format_signed, instant_words, relative_words, role_of_sign
from qctui.ui.format import format_duration, format_number, format_percent, format_price
from qctui.ui.moment import Moment
from qctui.ui.opening import Detail
from qctui.ui.rows import insight_key
from qctui.ui.screens.detail_base import DetailScreen
from qctui.ui.screens.details import Surroundings
from qctui.ui.widgets.facts_view import FactsPane
from qctui.ui.widgets.insights import STALE_AFTER_S
from qctui.ui.widgets.lines import Paragraph, Piece, pieces


class InsightScreen(DetailScreen):
    """It follows the insight through newer readings: scores arrive after it closed."""

    ACTS_ON = frozenset({DEPLOYMENT})
    NAME = "an insight"

    def __init__(self, detail: Detail, around: Surroundings) -> None:
        assert detail.insight is not None
        self._deploy_id, self._project = detail.deploy_id, detail.name
        self._insight: Insight = detail.insight
        self._source: InsightLog | None = None
        self.facts = FactsPane(1, "Insight", around.glyphs, id="facts")
        super().__init__(around, (self.facts,))

    def keys(self) -> Iterable[Key[Any]]:
        """The log it stands in."""
        return [insights_key(self.project_id, self._deploy_id)]

    def show_header(self, moment: Moment) -> Iterable[Paragraph]:
        """What is predicted, by whom, and whether it still stands."""
        self._follow()
        insight, glyphs = self._insight, moment.glyphs
        dot = (f" {glyphs.dot} ", "rule")
        ticker = insight.ticker or insight.symbol or "unknown symbol"
        title: list[Piece] = [(ticker, "title bold"), "  ", _direction(insight.direction, moment)]
        if insight.period_s is not None:
            title += [(" over ", "muted"), format_duration(insight.period_s, glyphs)]
        title += [dot, _standing(insight, moment)]
        whose: list[Piece] = [self._project, dot, self._deploy_id or "deploy id unknown"]
        return [Paragraph(pieces(*title), max_lines=2), Paragraph(pieces(*whose), max_lines=2)]

    def show_sections(self, moment: Moment) -> None:
        """Every field."""
        resource: Resource[InsightLog] = self._engine.store.get(insights_key(self.project_id, self._deploy_id))
        words = describe(resource, moment, what="insights", nothing="", stale_after_s=STALE_AFTER_S, size=1)
        self.facts.show_blocks(_blocks(self._insight, moment), (), words)

    def _follow(self) -> None:
        log = self._engine.store.get(insights_key(self.project_id, self._deploy_id)).value
        if log is None or log is self._source:
            return
        self._source = log
        key = insight_key(self._insight)
        self._insight = next((each for each in log.insights if insight_key(each) == key), self._insight)


def _direction(direction: Direction, moment: Moment) -> tuple[str, str]:
    glyphs = moment.glyphs
    return {
        Direction.UP: (f"{glyphs.up} up", "pnl-up"),
        Direction.DOWN: (f"{glyphs.down} down", "pnl-down"),
        Direction.FLAT: (f"{glyphs.flat} flat", ""),
    }.get(direction, ("? direction unknown", "stale"))


def _standing(insight: Insight, moment: Moment) -> tuple[str, str]:
    """Active or closed, and since or until when. The wire has no flag for it (REFERENCE.md 6.4)."""
    if insight.close_at is None:
        return "close time unknown", "stale"
    when = relative_words(insight.close_at, moment)
    return (f"active, closes {when}", "ok") if insight.active(moment.now) else (f"closed {when}", "muted")


def _blocks(insight: Insight, moment: Moment) -> list[Paragraph | Group]:
    glyphs = moment.glyphs
    times = [
        Fact("Generated", instant_words(insight.generated_at, moment)),
        Fact("Closes" if insight.active(moment.now) else "Closed", instant_words(insight.close_at, moment)),
    ]
    if insight.created_at is not None and insight.created_at != insight.generated_at:
        times.insert(1, Fact("Created", instant_words(insight.created_at, moment)))
    period = format_duration(insight.period_s, glyphs)
    if insight.period_s is not None and insight.period_s >= 60:
        period += f"  ({insight.period_s:,.10g} s)"
    prediction = (
        fact("Direction", *_direction(insight.direction, moment)),
        _known("Kind", insight.kind, moment),
        _share("Magnitude", insight.magnitude, moment, f"expected move of the {insight.kind or 'price'}", signed=True),
        _share("Confidence", insight.confidence, moment, "that it will come so"),
        _share("Weight", insight.weight, moment, "of the portfolio"),
        fact("Period", period, "" if insight.period_s is not None else "muted"),
    )
    final = "final" if insight.score_final else "not final yet" if insight.score_final is False else "not told if final"
    result = (
        _score("Direction score", insight.score_direction, final, moment),
        _score("Magnitude score", insight.score_magnitude, final, moment),
        _price("Reference price", insight.reference, moment),
        _final_reference(insight, moment),
        _number("Estimated value", insight.estimated_value, moment),
    )
    origin = (
        _known("Model", insight.model, moment),
        _known("Tag", insight.tag, moment),
        _known("Symbol id", insight.symbol, moment),
        _known("Group", insight.group_id, moment),
        _known("Insight id", insight.insight_id, moment),
    )
    return [
        Group("When", tuple(times), roomy=True),
        Group("What is predicted", prediction, roomy=True),
        Group("What has come of it", result, roomy=True),
        Group("From", origin, roomy=True),
    ]


def _known(name: str, text: str, moment: Moment) -> Fact:
    return fact(name, text) if text else fact(name, moment.glyphs.none, "muted")


def _number(name: str, value: float | None, moment: Moment) -> Fact:
    digits = 2 if not value or abs(value) >= 10 else 6
    return fact(name, format_number(value, moment.glyphs, digits), "" if value is not None else "muted")


def _price(name: str, value: float | None, moment: Moment) -> Fact:
    return fact(name, format_price(value, moment.glyphs), "" if value is not None else "muted")


def _share(name: str, value: float | None, moment: Moment, of: str, *, signed: bool = False) -> Fact:
    if value is None:
        return fact(name, moment.glyphs.none, "muted")
    text = format_percent(value, moment.glyphs, 2)
    plus = "+" if signed and value > 0 else ""
    return Fact(name, ((f"{plus}{text}", ""), (f"  {of}", "muted")))


def _score(name: str, value: float | None, final: str, moment: Moment) -> Fact:
    """A missing score is not a score of zero."""
    if value is None:
        return Fact(name, ((moment.glyphs.none, "muted"), ("  no score yet", "muted")))
    return Fact(name, ((format_number(value, moment.glyphs, 3), ""), (f"  0 to 1, {final}", "muted")))


def _final_reference(insight: Insight, moment: Moment) -> Fact:
    """The price at its close, and what that is relative to the one it started from. The wire's 0 is no price: it stands
    there until there is one."""
    known = _price("Final reference", insight.reference_final or None, moment)
    if insight.score_final is False or insight.active(moment.now):
        return Fact(known.name, (*known.value, ("  not final yet", "muted")))
    if not insight.reference_final:
        return Fact(known.name, (*known.value, ("  not told", "muted")))
    if not insight.reference:
        return known
    change = (insight.reference_final / insight.reference - 1) * 100
    text = f"  {format_signed(change, moment.glyphs)}%"
    return Fact(known.name, (*known.value, (text, role_of_sign(change)), (" since the reference", "muted")))
