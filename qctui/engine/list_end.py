"""Where a list ends that is read in pages and whose length nobody tells for certain."""

from __future__ import annotations

from dataclasses import dataclass

SEARCH_LIMIT = 10_000_000
"""Rows beyond which a list is taken for one that never ends."""


@dataclass(frozen=True, slots=True)
class Window:
    """Rows to ask for: `start` inclusive, `end` exclusive."""

    start: int
    end: int


class EndSearch:
    """Which page to ask for next to find the end: where the told length says, else in strides that double until a page
    is empty, then by halving. No I/O. `top` is one more than the highest row read so far."""

    def __init__(self, page: int) -> None:
        self._page = page
        self.told: int | None = None
        """The length that an answer told, as long as nothing contradicts it."""
        self._stride = 1
        self._empty: int | None = None
        """The lowest row known to be beyond the end."""

    def window(self, top: int) -> Window:
        """The page to ask for."""
        if self.told is not None:
            if self.told > top + self._page:
                # One row fewer than a page, so that a right length is confirmed by a short answer.
                return Window(self.told - self._page + 1, self.told + 1)
            return Window(top, top + self._page)
        skipped = self._stride - 1
        if self._empty is not None:
            skipped = min(skipped, (self._empty - top) // (2 * self._page))
        # Whole pages are skipped: what lies between is filled without a row being asked for twice.
        start = top + skipped * self._page
        return Window(start, start + self._page)

    def learn(self, asked: Window, rows: int, length: int | None, top: int, *, repeats: bool) -> int | None:
        """Take in an answer of `rows` rows; the end, if that shows it.

        `length` is what the answer told, `top` is as it was when the page was asked for. `repeats` says that the rows
        are those of an earlier page.
        """
        if asked.start == 0 and length is not None and length > rows:
            self.told = length
        if rows == 0:
            if asked.start <= top:
                return top
            # The length, if one was told, pointed past the end.
            self.told, self._empty = None, asked.start
            return None
        after = max(top, asked.start + rows)
        full = rows >= asked.end - asked.start
        if full and repeats and asked.start > 0:
            return after  # the service ignores the indexes and would answer so for ever
        if self.told is None:
            if not full:
                return after
            self._stride *= 2
        elif after >= self.told:
            if not full:
                return after
            self.told = None  # it was too small
        # else the service cuts pages shorter than asked for, and there are more rows by its own word
        beyond = self._empty is not None and after >= self._empty
        return after if beyond or after >= SEARCH_LIMIT else None
