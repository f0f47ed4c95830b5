"""Insights."""

from __future__ import annotations

from qctui.api.decode import Document
from qctui.api.endpoints import INSIGHTS
from qctui.api.parse.common import each
from qctui.api.schemas.insight import WireInsight
from qctui.api.tolerant import integer, line
from qctui.model.insight import Direction, Insight, InsightPage

_DIRECTIONS = {
    "up": Direction.UP,
    "1": Direction.UP,
    "flat": Direction.FLAT,
    "0": Direction.FLAT,
    "down": Direction.DOWN,
    "-1": Direction.DOWN,
}


async def insights(document: Document, members: dict[str, object]) -> InsightPage:
    """live/insights/read."""
    found = await each(INSIGHTS, document, members, "insights", _insight)
    return InsightPage(found, integer(members.get("length")))


def _insight(item: object) -> Insight | None:
    if not isinstance(item, dict):
        return None
    wire = WireInsight.read(item)
    return Insight(
        insight_id=wire.id,
        # Either may be missing or 0 (REFERENCE.md 6.4); LEAN itself lets the one stand in for the other.
        generated_at=wire.generated_time or wire.created_time,
        close_at=wire.close_time,
        symbol=wire.symbol,
        ticker=wire.ticker or wire.symbol.partition(" ")[0],
        kind=wire.type,
        direction=_direction(wire.direction),
        period_s=wire.period,
        magnitude=wire.magnitude,
        confidence=wire.confidence,
        weight=wire.weight,
        reference=wire.reference,
        reference_final=wire.reference_value_final if wire.reference_final is None else wire.reference_final,
        score_direction=wire.score_direction,
        score_magnitude=wire.score_magnitude,
        score_final=wire.score_is_final if wire.score_final is None else wire.score_final,
        estimated_value=wire.estimated_value,
        model=wire.source_model,
        group_id=wire.group_id,
        tag=wire.tag,
        created_at=wire.created_time or wire.generated_time,
    )


def _direction(value: object) -> Direction:
    known = integer(value)
    word = line(value).casefold() if known is None else str(known)
    return _DIRECTIONS.get(word, Direction.UNKNOWN)
