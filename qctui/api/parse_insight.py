"""Insights, from answers to models."""

from __future__ import annotations

from qctui.api.answer import Answer
from qctui.api.tolerant import flag, fold, integer, line, number, unix_time
from qctui.model.insight import Direction, Insight, InsightPage

_DIRECTIONS = {
    "up": Direction.UP,
    "1": Direction.UP,
    "flat": Direction.FLAT,
    "0": Direction.FLAT,
    "down": Direction.DOWN,
    "-1": Direction.DOWN,
}


async def insights(answer: Answer) -> InsightPage:
    """live/insights/read, whose elements have four spellings (REFERENCE.md 6.4)."""
    return InsightPage(await answer.each("insights", _insight), integer(answer.members.get("length")))


def _insight(item: object) -> Insight | None:
    if not isinstance(item, dict):
        return None
    raw = fold(item)
    generated_at, created_at = unix_time(raw.get("generatedtime")), unix_time(raw.get("createdtime"))
    symbol = line(raw.get("symbol"))
    reference_final, score_final = number(raw.get("referencefinal")), flag(raw.get("scorefinal"))
    return Insight(
        insight_id=line(raw.get("id")),
        # Either may be missing or 0 (REFERENCE.md 6.4); LEAN itself lets the one stand in for the other.
        generated_at=generated_at or created_at,
        close_at=unix_time(raw.get("closetime")),
        symbol=symbol,
        ticker=line(raw.get("ticker")) or symbol.partition(" ")[0],
        kind=line(raw.get("type")),
        direction=_direction(raw.get("direction")),
        period_s=number(raw.get("period")),
        magnitude=number(raw.get("magnitude")),
        confidence=number(raw.get("confidence")),
        weight=number(raw.get("weight")),
        reference=number(raw.get("reference")),
        reference_final=number(raw.get("referencevaluefinal")) if reference_final is None else reference_final,
        score_direction=number(raw.get("scoredirection")),
        score_magnitude=number(raw.get("scoremagnitude")),
        score_final=flag(raw.get("scoreisfinal")) if score_final is None else score_final,
        estimated_value=number(raw.get("estimatedvalue")),
        model=line(raw.get("sourcemodel")),
        group_id=line(raw.get("groupid")),
        tag=line(raw.get("tag")),
        created_at=created_at or generated_at,
    )


def _direction(value: object) -> Direction:
    known = integer(value)
    word = line(value).casefold() if known is None else str(known)
    return _DIRECTIONS.get(word, Direction.UNKNOWN)
