"""Insights: what the alpha models predicted (REFERENCE.md 6.4)."""

from enum import Enum

from qctui.value import Value


class Direction(Enum):
    """Where the model sees the price going."""

    UP = "up"
    FLAT = "flat"
    DOWN = "down"
    UNKNOWN = "unknown"


class Insight(Value):
    """One prediction. Numbers are None where the service has none; a missing score is not a score of zero."""

    insight_id: str
    generated_at: float | None
    """It and `created_at` stand in for each other where the API has only one."""
    close_at: float | None
    symbol: str
    ticker: str
    kind: str
    """`price` or `volatility`, as the wire says."""
    direction: Direction
    period_s: float | None
    magnitude: float | None
    confidence: float | None
    weight: float | None
    reference: float | None
    reference_final: float | None
    score_direction: float | None
    score_magnitude: float | None
    score_final: bool | None
    estimated_value: float | None
    model: str
    group_id: str
    tag: str
    created_at: float | None = None

    def active(self, now: float) -> bool:
        """It has not closed yet at Unix time `now`. The wire has no flag for it (REFERENCE.md 6.4)."""
        return self.close_at is not None and now < self.close_at


class InsightPage(Value):
    """One window of indexes."""

    insights: tuple[Insight, ...]
    length: int | None
    """A hint only: sources disagree whether it is the total or the number returned."""


class InsightLog(Value):
    """All insights of one deployment read so far, newest first."""

    insights: tuple[Insight, ...]
    complete: bool
    """Whether every window up to the end has been read."""
    expected: int | None = None
    """How many there may be in all, while reading; a hint as long as the newest are not known."""
    newest: bool = True
    """Whether the newest are among them, as of the reading: the end where new ones are added has been read."""
