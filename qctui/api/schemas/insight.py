"""live/insights/read (REFERENCE.md 6.4)."""

from __future__ import annotations

from qctui.api.schemas.base import Anything, Flag, Line, Number, RenderContext, Wire


class WireInsight(Wire):
    """An element of `insights`, in any of its four spellings."""

    id: Line = ""
    group_id: Line = ""
    source_model: Line = ""
    generated_time: RenderContext = None
    created_time: RenderContext = None
    close_time: RenderContext = None
    symbol: Line = ""
    ticker: Line = ""
    type: Line = ""
    reference: Number = None
    reference_final: Number = None
    reference_value_final: Number = None
    direction: Anything = None
    period: Number = None
    magnitude: Number = None
    confidence: Number = None
    weight: Number = None
    score_final: Flag = None
    score_is_final: Flag = None
    score_direction: Number = None
    score_magnitude: Number = None
    estimated_value: Number = None
    tag: Line = ""
