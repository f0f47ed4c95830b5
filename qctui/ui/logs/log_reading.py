"""The lines of a log that have been read, and which window of it, or of a search in it, is read next. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len

from qctui.model.deployment import LOG_WINDOW, TAIL_SLACK, LogPage
from qctui.ui.kit.spans import fitting

MOST_LINES = 20_000
"""Kept of one deployment while its log is open; the oldest go first, and no older ones are read beyond it."""

HANG = 2
"""By so many cells what follows a break of a line is moved in."""


class JoinedLog:
    """The lines of one deployment, without gaps. Line numbers count over all deployments of the project."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        """Oldest first."""
        self.first_line = 0
        """The number of the first of them."""
        self.length: int | None = None
        """How many lines there are in all, where the service says so."""
        self.offset = 0
        """How many belong to earlier deployments."""
        self.empty_window = False
        """The newest window came without rows, although the service counts some."""

    @property
    def end_line(self) -> int:
        """One past the number of the last line."""
        return self.first_line + len(self.lines)

    @property
    def earlier(self) -> int:
        """Lines of this deployment before the first one here."""
        return max(0, self.first_line - self.offset)

    @property
    def expected(self) -> int:
        """Lines this deployment has in all, where the service says so; else 0."""
        return max(0, (self.length or 0) - self.offset)

    @property
    def full(self) -> bool:
        """No further line is kept without another one going."""
        return len(self.lines) >= MOST_LINES

    def put_before(self, lines: Sequence[str], first_line: int) -> bool:
        """Join lines that lie before those here. False if they do not reach up to them."""
        if not first_line <= self.first_line <= first_line + len(lines):
            return False
        self.lines = [*lines[: self.first_line - first_line], *self.lines]
        self.first_line = first_line
        self._cut()
        return True

    def add(self, page: LogPage) -> None:
        """Join a window to what is here. One that leaves a gap, or lies before it all, replaces it; an empty one
        says nothing about the lines and takes none away."""
        self.length, self.offset = page.length, page.deployment_offset
        self.empty_window = not page.lines and self.expected > 0
        if self.empty_window:
            return
        start, end = page.start_line, page.start_line + len(page.lines)
        if self.first_line <= start <= self.end_line <= end:
            self.lines[start - self.first_line :] = page.lines
        else:
            # Where there are fewer lines than there were, the log was cut, or it is another one.
            self.lines, self.first_line = list(page.lines), start
        self._cut()

    def _cut(self) -> None:
        if (excess := len(self.lines) - MOST_LINES) > 0:
            del self.lines[:excess]
            self.first_line += excess


def wrap_line(text: str, width: int) -> list[str]:
    """A line of a log in rows of at most `width` cells, broken at spaces where there are some; what follows a break is
    moved in by `HANG`. Its own line breaks and indents stay."""
    rows: list[str] = []
    for part in text.split("\n"):
        rows += _wrap_part(part, max(1, width), HANG if width > HANG + 8 else 0)
    return rows


def _wrap_part(part: str, width: int, hang: int) -> list[str]:
    rows: list[str] = []
    room, lead = width, ""
    while len(part) > room or (not part.isascii() and cell_len(part) > room):
        cut = _cut_at(part, room)
        rows.append(lead + part[:cut].rstrip())
        part = part[cut:].lstrip()
        room, lead = width - hang, " " * hang
    if part or not rows:
        rows.append(lead + part)
    return rows


def _cut_at(part: str, room: int) -> int:
    """Where to break: after the last space that fits, unless that would leave most of the row empty."""
    # Characters may take more cells together than one by one: the last one goes to the next row then.
    fits = room if part.isascii() else max(1, min(fitting(part, room), len(part) - 1))
    space = part.rfind(" ", 0, fits + 1)
    return space if space > fits // 2 else fits


def times_of(lines: Sequence[str]) -> bool:
    """Whether these lines carry times at all: some logs have none (REFERENCE.md 6.5)."""
    return any(len(line) > 18 and line[:4].isdigit() and line[4] == "-" and line[13] == ":" for line in lines)


class LogReading:
    """The lines of one deployment's log that have been read, and the windows that are missing.

    The end is always there: it is polled. Scrolling up reads older lines, window by window, before it. Going
    to the beginning reads a second piece, from the first line on, until it meets the first piece.

    In a search the lines are those that contain `query`, counted by themselves.
    """

    def __init__(self, query: str = "") -> None:
        self.query = query
        self.end = JoinedLog()
        """The piece that reaches to the newest line."""
        self.beginning: JoinedLog | None = None
        """The piece that begins with the first line, as long as it is apart from the other; that is what is shown."""
        self.spans_deployments = False
        """The matches may be of earlier deployments of the project too."""
        self._asked_for_beginning = False
        self._end_start = 0
        """Where the window of a search's newest lines begins."""
        self._part: tuple[int, list[str]] | None = None
        """Older lines that came without reaching up to those that are there: number of the first, and the lines."""
        self._hole = -1
        """Lines before this one the service did not give."""

    @property
    def log(self) -> JoinedLog:
        """The piece that is shown."""
        return self.end if self.beginning is None or not self.beginning.lines else self.beginning

    @property
    def at_beginning(self) -> bool:
        """What is shown begins with the first line and does not reach to the newest one."""
        return self.log is not self.end

    @property
    def stuck(self) -> str:
        """Why no more lines are read although there are some; empty if they are."""
        log = self.log
        edge = log.end_line if self.at_beginning else log.first_line
        if not self.at_beginning and not log.earlier:
            return ""
        if log.full:
            return f"no more than {len(log.lines):,} lines are kept"
        return "the API gives no more of them" if self._hole == edge else ""

    def go_to_beginning(self) -> bool:
        """Show the log from its first line on. False if that line is in what is shown already."""
        if not self.log.earlier:
            return False
        self._asked_for_beginning = True
        return True

    def go_to_end(self) -> None:
        """Show the newest lines again."""
        self.beginning, self._asked_for_beginning = None, False

    @property
    def polled(self) -> int | None:
        """Where the window begins that is polled for a search's newest lines; None for a log itself, whose end has a
        reader of its own."""
        return self._end_start if self.query else None

    def wanted(self, *, near_first: bool, near_last: bool) -> int | None:
        """Where the window begins that is to be read now; None if nothing is missing. `near_first` and `near_last` say
        that the first or the last line shown is in sight, or nearly."""
        if self._asked_for_beginning:
            return self.end.offset
        if self.stuck:
            return None
        if self.at_beginning:
            left = self.end.length is None or self.log.end_line < self.end.length
            return self.log.end_line if near_last and left else None
        if not near_first or not self.end.lines or not self.end.earlier:
            return None
        if self._part is not None:
            return self._part[0] + len(self._part[1])
        return max(self.end.offset, self.end.first_line - LOG_WINDOW)

    def add_end(self, page: LogPage) -> None:
        """Take in the newest lines."""
        if self.query:
            self.spans_deployments = page.deployment_offset > 0
            page = LogPage(page.lines, page.start_line, page.length, 0)
            if page.length is not None and page.length > page.start_line + LOG_WINDOW:
                self._end_start = max(0, page.length - LOG_WINDOW + TAIL_SLACK)
                if not self.end.lines:
                    self.end.length = page.length
                    return  # the oldest matches: the newest come next
        self.end.add(page)
        self._meet()

    def add(self, start: int, page: LogPage) -> bool:
        """Take in the window that was wanted. Returns whether it is the beginning, which a person waits for: it may
        have met the other lines at once."""
        if begins := self._asked_for_beginning:
            self._asked_for_beginning = False
            self.beginning = JoinedLog()
            self.beginning.offset, self.beginning.first_line = start, start
            self._append(self.beginning, page)
        elif self.beginning is not None:
            self._append(self.beginning, page)
        else:
            self._put_before(start, page)
        self._meet()
        return begins

    def _append(self, log: JoinedLog, page: LogPage) -> None:
        if not page.lines:
            self._hole = log.end_line
        log.lines += page.lines

    def _put_before(self, start: int, page: LogPage) -> None:
        first, lines = self._part or (start, [])
        lines = [*lines, *page.lines]
        self._part = None
        if not page.lines:
            self._hole = self.end.first_line
        elif not self.end.put_before(lines, first):
            self._part = (first, lines)

    def _meet(self) -> None:
        """Join the two pieces once they touch, if there is room for both."""
        beginning = self.beginning
        if beginning is None or self.end.first_line + len(self.end.lines) - beginning.first_line > MOST_LINES:
            return
        if not beginning.lines or self.end.put_before(beginning.lines, beginning.first_line):
            self.beginning = None
