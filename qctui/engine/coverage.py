"""Which rows of a list read in pages have been read."""

from __future__ import annotations

from itertools import pairwise


class Coverage:
    """Ascending, disjoint ranges of row indexes, the end exclusive."""

    def __init__(self) -> None:
        self._ranges: list[tuple[int, int]] = []

    @property
    def top(self) -> int:
        """One more than the highest row read; zero while nothing is."""
        return self._ranges[-1][1] if self._ranges else 0

    def add(self, start: int, end: int) -> None:
        """These rows have been read. An empty range adds nothing."""
        if end <= start:
            return
        merged: list[tuple[int, int]] = []
        for low, high in sorted([*self._ranges, (start, end)]):
            if merged and low <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(merged[-1][1], high))
            else:
                merged.append((low, high))
        self._ranges = merged

    def gap(self, end: int, *, highest: bool) -> tuple[int, int] | None:
        """Rows not read below `end` and below the highest row read: the lowest such range, or the highest."""
        edges = [(0, 0), *self._ranges]
        if end > self.top:
            edges.append((end, end))
        gaps = [(low[1], high[0]) for low, high in pairwise(edges) if low[1] < high[0]]
        if not gaps:
            return None
        return gaps[-1] if highest else gaps[0]
