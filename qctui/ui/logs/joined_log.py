"""The lines of a log without gaps: the windows that the engine reads, joined. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len

from qctui.model.deployment import LogPage

MOST_LINES = 20_000
"""Kept of one deployment while its log is open; the oldest go first, and no older ones are read beyond it."""


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
        if not self.lines or start > self.end_line or end < self.first_line or end < self.end_line:
            # Fewer lines than there were: the log was cut, or it is another one.
            self.lines, self.first_line = list(page.lines), start
        elif start < self.first_line:
            self.lines, self.first_line = list(page.lines), start
        else:
            self.lines[start - self.first_line :] = page.lines
        self._cut()

    def _cut(self) -> None:
        if (excess := len(self.lines) - MOST_LINES) > 0:
            del self.lines[:excess]
            self.first_line += excess


def wrap_line(text: str, width: int, hang: int = 2) -> list[str]:
    """A line of a log in rows of at most `width` cells, broken at spaces where there are some; what follows a break is
    moved in by `hang`. Its own line breaks and indents stay."""
    rows: list[str] = []
    for part in text.split("\n"):
        rows += _wrap_part(part, max(1, width), hang if width > hang + 8 else 0)
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
    if part.isascii():
        fits = room
    else:
        used = fits = 0
        for fits, character in enumerate(part):  # noqa: B007  # where it stopped is the result
            used += cell_len(character)
            if used > room:
                break
        fits = max(1, fits)
    space = part.rfind(" ", 0, fits + 1)
    return space if space > fits // 2 else fits


def times_of(lines: Sequence[str]) -> bool:
    """Whether these lines carry times at all: some logs have none (REFERENCE.md 6.5)."""
    return any(len(line) > 18 and line[:4].isdigit() and line[4] == "-" and line[13] == ":" for line in lines)
