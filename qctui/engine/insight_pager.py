"""Which page of a deployment's insights to read next: the newest first, then all of them once, then what is new.

The wire (REFERENCE.md 6.4): pages by index, fewer than 100 rows each; `length` is a hint that may be the total, the
number returned, or wrong; the order of the rows is not promised. Pages end at an empty or a short one.

Most services add new rows at the end, so the end is looked for first (`EndSearch`), and what lies between is read
backwards. While that lasts the newest page is read again from time to time: what is on top must not grow old.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from qctui.engine.known_insights import LIMIT, KnownInsights, identity
from qctui.engine.paging import PAGE, EndSearch, RowRanges, Window
from qctui.model.insight import Insight, InsightLog, InsightPage

OVERLAP = 49
"""Rows read again with each poll, so that scores that became final in them are seen; the rest of the page is room for
new ones."""

PUBLISH_EVERY = 10
"""Pages between two publications of a list that is still being read: each one costs the pane a redraw."""

RENEW_S = 60.0
"""How often the newest page is read again while older ones are still being read: as often as it is polled later."""

SHRINK_PATIENCE = 3
"""Empty answers in a row, where rows had been, before everything is read again."""


class Order(Enum):
    """Which end of the wire's list new insights are added to."""

    UNCERTAIN = "uncertain"
    """Too few rows to see it."""
    OLDEST_FIRST = "oldest_first"
    NEWEST_FIRST = "newest_first"


class InsightPager:
    """What has been read of one deployment's insights, and what to ask for next. No I/O.

    Ask for `next_window`, hand the answer to `add`; while `add` returns true there is more to ask for at once, after
    that the next window is the first of the next poll. A failed request is simply asked for again.

    An insight that was open when it was read is read once more when it has closed, however old it is by then: its final
    score would be missed otherwise. That costs one page, and at most one a poll.
    """

    def __init__(self, limit: int = LIMIT) -> None:
        """Keep at most `limit` insights."""
        self.pages = 0
        """Answers taken in so far."""
        self.published = False
        """The log holds the answer taken in last."""
        self._limit = limit
        self._known = KnownInsights(limit)
        self._pass_ids: set[str] = set()
        """Ids seen since filling began: a service that repeats itself brings no others."""
        self._last_ids: frozenset[str] = frozenset()
        self._same = 0
        """Pages in a row that were the same as the one before."""
        self._covered = RowRanges()
        self._end: int | None = None
        """How many rows there are; None until a page has shown it."""
        self._search = EndSearch()
        self._order = Order.UNCERTAIN
        self._renewed_at = 0.0
        """When the newest page was last read, or asked for again."""
        self._following = False
        """The page asked for is of a poll for what is new."""
        self._cursor: int | None = None
        """Start of the next page of a poll under way; None between polls."""
        self._followed = 0
        """Pages of the poll under way."""
        self._shrunk = 0
        self._asked = Window(0, PAGE)
        self._recheck: Window | None = None
        """Rows to read again at the end of this poll."""
        self._rechecking = False
        self._now = 0.0

    @property
    def log(self) -> InsightLog:
        """The newest-first value; it is the same object as before if nothing in it changed."""
        return self._known.log

    @property
    def filled(self) -> bool:
        """Everything up to the end has been read: from here on only what is new is asked for."""
        return self._end is not None and self._gap() is None

    @property
    def newest_known(self) -> bool:
        """The end where new insights are added has been read."""
        return self._end is not None or (self._order is Order.NEWEST_FIRST and self.pages > 0)

    @property
    def probing(self) -> bool:
        """The page asked for may lie beyond the end: that there is nothing in it is no failure."""
        return self._end is None and self._asked.start > self._covered.top

    def next_window(self, now: float) -> Window:
        """The page to ask for now, at Unix time `now`."""
        self._now = now
        # Taken, not looked at: should this page fail again and again, it must not stand before the new insights.
        recheck, self._recheck = self._recheck, None
        self._rechecking = recheck is not None
        self._following = self.filled or self._cursor is not None
        if not self._following and self.newest_known and not 0 <= now - self._renewed_at < RENEW_S:
            # Taken too: a page that can't be read again does not stand before the older ones either.
            self._following, self._renewed_at = True, now
        self._asked = recheck or (self._follow_window() if self._following else self._fill_window())
        return self._asked

    def add(self, page: InsightPage) -> bool:
        """Take in the answer to the last `next_window`. True if another page is to be asked for at once."""
        self.pages += 1
        ends_known = bool(page.insights) and page.insights[-1] in self._known
        fresh = self._known.learn(page.insights, self._now)
        if self._rechecking:
            self.published = True
            self._refresh_log()
            return False
        newest_known = self.newest_known
        if self._order is Order.UNCERTAIN:
            self._order = _order_of(page.insights)
        # A service that answers with more rows than asked for is believed in the rows, not in their indexes.
        rows = min(len(page.insights), self._asked.end - self._asked.start)
        polling = self.filled
        if polling:
            more = self._follow(rows, fresh, ends_known)
        else:
            if self._following:
                self._pass_ids |= {identity(insight) for insight in page.insights}
                self._follow(rows, fresh, ends_known)
            else:
                self._fill(rows, page)
            more = not self.filled
            if not more:
                self._known.drop_all_but(self._pass_ids)
                self._pass_ids = set()
        if self.newest_known and not newest_known:
            self._renewed_at = self._now
        # After the first page, when the newest are in it, then every few pages, and when it is complete.
        self.published = (
            self.filled
            or self.pages <= 1
            or self._following
            or self.newest_known is not self.log.newest
            or self.pages % PUBLISH_EVERY == 0
        )
        if self.published:
            self._refresh_log()
        if polling and not more:
            self._recheck = self._known.take_closed(self._now, oldest_first=self._appending)
            more = self._recheck is not None
        return more

    # Filling: everything is read once.

    def _fill_window(self) -> Window:
        newest_first = self._order is Order.NEWEST_FIRST
        if self._end is None:
            # A list that begins with the newest needs no search for its end, and read in order nothing is lost when
            # new rows push the others down meanwhile.
            top = self._covered.top
            return Window(top, top + PAGE) if newest_first else self._search.window(top)
        low, high = self._gap() or (self._end, self._end + PAGE)
        return Window(low, min(high, low + PAGE)) if newest_first else Window(max(low, high - PAGE), high)

    def _fill(self, rows: int, page: InsightPage) -> None:
        start, end = self._asked.start, self._asked.end
        ids = frozenset(identity(insight) for insight in page.insights)
        # Where new rows push the others down, a page of nothing new is no sign of a service that ignores the indexes;
        # the same page three times is.
        self._same = self._same + 1 if ids == self._last_ids else 0
        repeats = self._same > 1 if self._order is Order.NEWEST_FIRST else ids <= self._pass_ids
        self._last_ids = ids
        self._pass_ids |= ids
        if self._end is not None:
            # A gap. An empty answer closes it, or rows the service does not have would be asked for over and over.
            self._covered.add(start, start + rows if rows else end)
            if len(self._known) >= self._limit:
                self._covered.add(0, self._end)
            return
        self._end = self._search.learn(self._asked, rows, page.length, self._covered.top, repeats=repeats)
        self._covered.add(start, start + rows)
        if self._order is Order.NEWEST_FIRST and self._covered.top >= self._limit:
            self._end = self._covered.top

    # Following: only what is new.

    def _follow_window(self) -> Window:
        if self._cursor is not None:
            start = self._cursor
        else:
            start = max(0, (self._end or 0) - OVERLAP) if self._appending else 0
        return Window(start, start + PAGE)

    @property
    def _appending(self) -> bool:
        """New rows come after the others. Assumed of a long list whose order is uncertain."""
        if self._order is Order.UNCERTAIN:
            return (self._end or 0) > PAGE
        return self._order is Order.OLDEST_FIRST

    def _follow(self, rows: int, fresh: int, ends_known: bool) -> bool:
        start, known_end = self._asked.start, self._end or 0
        full = rows >= PAGE
        appending = self._appending
        self._cursor = None
        if rows == 0 and start < known_end:
            self._shrunk += 1
            if self._shrunk >= SHRINK_PATIENCE:
                # Rows went away: what is known stays on screen while the list is read anew.
                self._covered, self._end, self._search, self._shrunk = RowRanges(), None, EndSearch(), 0
                self._pass_ids = set()
            return False
        if not appending:
            self._shrunk = 0
            self._push_down(fresh)
            more = full and not ends_known
        elif start + rows < known_end:
            more = True  # the service cuts pages shorter than asked for
        else:
            self._shrunk = 0
            self._end = start + rows
            self._covered.add(start, self._end)
            # A full page of nothing new would never end: the service ignores the indexes.
            more = full and fresh > 0
        self._followed = self._followed + 1 if more else 0
        if self._followed > self._limit // PAGE:
            more, self._followed = False, 0  # it grows as fast as it is read: the next poll goes on
        if more:
            self._cursor = start + rows
        return more

    def _push_down(self, fresh: int) -> None:
        """New rows stand before the others."""
        if self.filled:
            self._end = (self._end or 0) + fresh
            self._covered.add(0, self._end)
        elif fresh and self._end is not None:
            # What was not read yet is elsewhere now: it is read in order from where the first rows end.
            first, _ = self._gap() or (0, 0)
            self._covered, self._end = RowRanges(), None
            self._covered.add(0, first)

    def _refresh_log(self) -> None:
        complete = self.filled
        expected = None if complete else (self._end or self._search.stated)
        self._known.refresh_log(complete=complete, expected=expected, newest=self.newest_known)

    def _gap(self) -> tuple[int, int] | None:
        """Rows below the end, or below the highest row read, that have not been read: those to fill first."""
        return self._covered.gap(self._end or 0, highest=self._order is not Order.NEWEST_FIRST)


def _order_of(insights: Sequence[Insight]) -> Order:
    dated = [insight.generated_at for insight in insights if insight.generated_at is not None]
    if len(dated) < 2 or dated[0] == dated[-1]:
        return Order.UNCERTAIN
    return Order.OLDEST_FIRST if dated[0] < dated[-1] else Order.NEWEST_FIRST
