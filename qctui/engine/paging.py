"""Reading insights in pages when their number is not certain: which rows have been read, and where the list ends."""

from __future__ import annotations

from itertools import pairwise

from qctui.value import Value

PAGE = 99
"""Insights asked for at once: the documented limit is end - start < 100 (REFERENCE.md 6.4)."""

SEARCH_LIMIT = 10_000_000
"""Rows beyond which a list is taken for one that never ends."""


class Window(Value):
    """Rows to ask for: `start` inclusive, `end` exclusive."""

    start: int
    end: int


class RowRanges:
    """Which rows have been read: ascending, disjoint ranges of row indexes, the end exclusive."""

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


class EndSearch:
    """Which page to ask for next to find the end: where the stated length says, else in strides that double until a
    page is empty, then by halving. No I/O. `top` is one more than the highest row read so far."""

    def __init__(self) -> None:
        self.stated: int | None = None
        """The length that an answer stated, as long as nothing contradicts it."""
        self._stride = 1
        self._empty: int | None = None
        """The lowest row known to be beyond the end."""

    def window(self, top: int) -> Window:
        """The page to ask for."""
        if self.stated is not None:
            if self.stated > top + PAGE:
                # One row fewer than a page, so that a right length is confirmed by a short answer.
                return Window(self.stated - PAGE + 1, self.stated + 1)
            return Window(top, top + PAGE)
        skipped = self._stride - 1
        if self._empty is not None:
            skipped = min(skipped, (self._empty - top) // (2 * PAGE))
        # Whole pages are skipped: what lies between is filled without a row being asked for twice.
        start = top + skipped * PAGE
        return Window(start, start + PAGE)

    def learn(self, asked: Window, rows: int, length: int | None, top: int, *, repeats: bool) -> int | None:
        """Take in an answer of `rows` rows; the end, if that shows it.

        `length` is what the answer stated, `top` is as it was when the page was asked for. `repeats` says that the rows
        are those of an earlier page.
        """
        if asked.start == 0 and length is not None and length > rows:
            self.stated = length
        if rows == 0:
            if asked.start <= top:
                return top
            # The length, if one was stated, pointed past the end.
            self.stated, self._empty = None, asked.start
            return None
        after = max(top, asked.start + rows)
        full = rows >= asked.end - asked.start
        if full and repeats and asked.start > 0:
            return after  # the service ignores the indexes and would answer so for ever
        if self.stated is None:
            if not full:
                return after
            self._stride *= 2
        elif after >= self.stated:
            if not full:
                return after
            self.stated = None  # it was too small
        # else the service cuts pages shorter than asked for, and there are more rows by its own length
        beyond = self._empty is not None and after >= self._empty
        return after if beyond or after >= SEARCH_LIMIT else None
