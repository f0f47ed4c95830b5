"""The insights of one deployment that have been read so far: newest first, bounded, and which to read once more."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence, Set
from heapq import heappop, heappush

from qctui.engine.paging import PAGE, Window
from qctui.model.insight import Insight, InsightLog

LIMIT = 100_000
"""Insights kept of one deployment, the newest: neither a service that never ends nor a year of trading may fill the
memory."""

FINAL_SCORE_S = 660.0
"""How long after its close an insight is read again for its final score: the service's snapshot is up to ten minutes
old (REFERENCE.md 3)."""


class KnownInsights:
    """Rows by identity, and the log made of them. No I/O."""

    def __init__(self, limit: int) -> None:
        """Keep at most `limit`."""
        self.log = InsightLog((), complete=False, newest=False)
        """The newest-first value; the same object as before if nothing in it changed."""
        self._limit = limit
        self._by_id: dict[str, Insight] = {}
        self._touched: dict[str, Insight] = {}
        """New or changed since the log was made."""
        self._open: list[tuple[float, str]] = []
        """A heap of (close, id) of the insights that were not final when they were first read."""

    def __len__(self) -> int:
        return len(self._by_id)

    def __contains__(self, insight: Insight) -> bool:
        return identity(insight) in self._by_id

    def learn(self, insights: Sequence[Insight], now: float) -> int:
        """Take in rows at Unix time `now`; how many of them were not known."""
        fresh = 0
        for insight in insights:
            insight_id = identity(insight)
            known = self._by_id.get(insight_id)
            if known is None:
                fresh += 1
                if not insight.score_final and insight.close_at is not None and insight.close_at + FINAL_SCORE_S > now:
                    heappush(self._open, (insight.close_at, insight_id))
            elif known == insight:
                continue
            self._by_id[insight_id] = self._touched[insight_id] = insight
        return fresh

    def drop_all_but(self, ids: Set[str]) -> None:
        """Everything has been read: what was not among it is gone."""
        for gone in self._by_id.keys() - ids:
            del self._by_id[gone]
            self._touched.pop(gone, None)

    def refresh_log(self, *, complete: bool, expected: int | None, newest: bool) -> None:
        """Make the log of what is known now."""
        facts = complete, expected, newest
        touched = self._touched
        dropped = complete and len(self._by_id) < len(self.log.insights)
        if not touched and not dropped:
            if facts != (self.log.complete, self.log.expected, self.log.newest):
                self.log = InsightLog(self.log.insights, *facts)
            return
        insights = list(self.log.insights)
        if len(touched) * 8 < len(insights):
            for insight in touched.values():
                _put(insights, insight)
        else:
            insights = [each for each in insights if identity(each) not in touched]
            insights.extend(touched.values())
            insights.sort(key=_newest_first)
        if len(insights) > len(self._by_id):  # some are gone, or stand where they stood before their time changed
            insights = [each for each in insights if self._by_id.get(identity(each)) is each]
        for gone in insights[self._limit :]:
            del self._by_id[identity(gone)]
        del insights[self._limit :]
        self._touched = {}
        self.log = InsightLog(tuple(insights), *facts)

    def take_closed(self, now: float, *, oldest_first: bool) -> Window | None:
        """The page of the wire's list around the first insight that has closed since it was read, with those that
        closed near it; they are asked for once. None if none has closed."""
        window: Window | None = None
        elsewhere: list[tuple[float, str]] = []
        while self._open and self._open[0][0] + FINAL_SCORE_S <= now:
            close_at, insight_id = heappop(self._open)
            insight = self._by_id.get(insight_id)
            if insight is None or insight.score_final:
                continue
            place = bisect_left(self.log.insights, _newest_first(insight), key=_newest_first)
            if oldest_first:
                place = len(self.log.insights) - 1 - place
            if window is None:
                start = max(0, place - PAGE // 2)
                window = Window(start, start + PAGE)
            elif not window.start <= place < window.end:
                elsewhere.append((close_at, insight_id))
        for each in elsewhere:
            heappush(self._open, each)
        return window


def identity(insight: Insight) -> str:
    """What makes it the same insight when it is read again: its id, or, where it carries none, what never changes in
    it. Without that all of those would be one."""
    return insight.insight_id or f"|{insight.generated_at}|{insight.symbol}|{insight.model}|{insight.tag}"


def _put(insights: list[Insight], insight: Insight) -> None:
    """Put one in its place, or in the place of what it was before. None of the many others is looked at."""
    place = bisect_left(insights, _newest_first(insight), key=_newest_first)
    if place < len(insights) and identity(insights[place]) == identity(insight):
        insights[place] = insight
    else:
        insights.insert(place, insight)


def _newest_first(insight: Insight) -> tuple[float, str]:
    # The id decides between equal times, so that the order does not depend on which page came first. Undated ones last.
    return (float("inf") if insight.generated_at is None else -insight.generated_at, insight.insight_id)
