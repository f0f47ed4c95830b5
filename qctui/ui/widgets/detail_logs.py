"""The log of a deployment: its tail, followed until somebody scrolls back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from qctui.model.logs import LogPage
from qctui.model.resource import Resource
from qctui.ui.faces import FaceWords, describe
from qctui.ui.format import format_count
from qctui.ui.glyphs import Glyphs
from qctui.ui.keymap import Scope, bindings
from qctui.ui.log_book import LogBook, times_of, wrap_line
from qctui.ui.moment import Moment
from qctui.ui.theme import Palette
from qctui.ui.widgets.cells import Spans, changed_cells, seven_bit, to_strip
from qctui.ui.widgets.pane import Pane

STALE_AFTER_S = 240.0
"""Logs are read every 60 s, at a third of that pace while they are covered."""

_STAMP = 19
"""Characters of `2024-03-25 14:32:05`."""


class LogView(Widget, can_focus=True):
    """Lines that wrap. At the end it follows what is added; scrolled back it stays on its lines."""

    DEFAULT_CSS = """
    LogView { height: 1fr; width: 1fr; }
    """
    BINDINGS = bindings(Scope.TABLE)

    class Scrolled(Message):
        """Other lines are on screen, or it follows the end again."""

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__()
        self._glyphs = glyphs
        self._lines: Sequence[str] = ()
        self._first_line = 0
        self._rows: list[tuple[int, str, bool]] = []
        """Number of the line, the row's text, whether it begins the line."""
        self._wrapped: dict[int, tuple[str, list[str]]] = {}
        self._width = 0
        self._top = 0
        self.following = True
        """The newest line is kept in sight."""
        self._words = ""
        self._drawn: list[Spans] = []

    def show(self, lines: Sequence[str], first_line: int, words: str) -> None:
        """Show these lines, the first of which has this number; `words` stand in their place while there are none.
        Only what is new is wrapped, only cells that differ are sent."""
        anchor = self._kept_line()
        self._lines, self._first_line, self._words = tuple(lines), first_line, words
        self._wrap()
        self._hold(anchor)
        self._draw()

    @property
    def text(self) -> str:
        """What is on screen, as plain text."""
        return "\n".join("".join(text for text, _ in row).rstrip() for row in self._drawn)

    @property
    def below(self) -> int:
        """Lines below the last one on screen."""
        last = self._top + self.size.height
        return self._rows[-1][0] - self._rows[last - 1][0] if 0 < last < len(self._rows) else 0

    def action_move(self, by: int) -> None:
        """Scroll by rows."""
        self._turn_to(self._top + by)

    def action_page(self, by: int) -> None:
        """Scroll by what fits."""
        self._turn_to(self._top + by * max(1, self.size.height - 1))

    def action_first(self) -> None:
        """Scroll to the oldest line that was read."""
        self._turn_to(0)

    def action_last(self) -> None:
        """Follow the end again."""
        self._turn_to(len(self._rows))

    def on_mouse_scroll_down(self) -> None:
        """The wheel scrolls."""
        self.action_move(3)

    def on_mouse_scroll_up(self) -> None:
        """The wheel scrolls."""
        self.action_move(-3)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There are no rows here to open or mark."""
        return action not in {"mark", "open"}

    def on_resize(self) -> None:
        """Wrap for the new width, and stay on the same lines."""
        anchor = self._kept_line()
        self._wrap()
        self._hold(anchor)
        self._drawn = []
        self._draw()

    def render_line(self, y: int) -> Strip:
        """One row."""
        palette: Palette = self.app.palette  # type: ignore[attr-defined]  # every app these logs live in has one
        spans = self._drawn[y] if y < len(self._drawn) else ()
        return to_strip(spans, palette, self.rich_style).adjust_cell_length(self.size.width, self.rich_style)

    def _kept_line(self) -> tuple[int, int] | None:
        """The line at the top and which of its rows; None while following."""
        if self.following or self._top >= len(self._rows):
            return None
        number = self._rows[self._top][0]
        begin = self._top
        while begin > 0 and self._rows[begin - 1][0] == number:
            begin -= 1
        return number, self._top - begin

    def _hold(self, anchor: tuple[int, int] | None) -> None:
        if anchor is None:
            self._top = self._furthest
            return
        number, part = anchor
        at = next((row for row, each in enumerate(self._rows) if each[0] >= number), len(self._rows))
        while part and at + 1 < len(self._rows) and self._rows[at + 1][0] == number:
            at, part = at + 1, part - 1
        self._top = min(at, self._furthest)

    @property
    def _furthest(self) -> int:
        return max(0, len(self._rows) - self.size.height)

    def _turn_to(self, top: int) -> None:
        top = max(0, min(top, self._furthest))
        following = top >= self._furthest
        if top != self._top or following != self.following:
            self._top, self.following = top, following
            self._draw()
            self.post_message(self.Scrolled())

    def _wrap(self) -> None:
        width = self.size.width - 3
        if width <= 0:
            return
        if width != self._width:
            self._width, self._wrapped = width, {}
        known, self._wrapped, self._rows = self._wrapped, {}, []
        for number, line in enumerate(self._lines, self._first_line):
            cached = known.get(number)
            if cached is None or cached[0] != line:
                cached = (line, wrap_line(line, width))
            self._wrapped[number] = cached
            self._rows += [(number, row, part == 0) for part, row in enumerate(cached[1])]

    def _draw(self) -> None:
        height = self.size.height
        if not self.size.width or not height:
            return
        before, self._drawn = self._drawn, [self._row(y) for y in range(height)]
        if len(before) != height:
            self.refresh()
            return
        for y, (old, new) in enumerate(zip(before, self._drawn, strict=True)):
            if (span := changed_cells(old, new)) is not None:
                self.refresh(Region(span[0], y, span[1] - span[0], 1))

    def _row(self, y: int) -> Spans:
        at = self._top + y
        if at >= len(self._rows):
            if self._rows or y >= 1:
                return ()
            words: Spans = (("  ", ""), (self._words, "muted"))
            return seven_bit(words) if self._glyphs.ascii else words
        _, text, begins = self._rows[at]
        stamp = _STAMP if begins and times_of((text,)) else 0
        spans: Spans = ((" ", ""), (text[:stamp], "muted"), (text[stamp:].ljust(self._width - stamp), ""))
        return (*(seven_bit(spans) if self._glyphs.ascii else spans), *self._position(y))

    def _position(self, y: int) -> Spans:
        """The right edge: where the visible rows are among all of them."""
        height, count = self.size.height, len(self._rows)
        if count <= height:
            return ()
        size = max(1, height * height // count)
        start = round(self._top * (height - size) / (count - height))
        inside = start <= y < start + size
        return ((" ", ""), (self._glyphs.thumb, "muted") if inside else (self._glyphs.track, "rule"))


class LogsPane(Pane):
    """The log with its face. Times in it are the algorithm's own."""

    def __init__(self, number: int, glyphs: Glyphs) -> None:
        super().__init__(number, "Logs", glyphs, id="logs")
        self.view = LogView(glyphs)
        """The lines."""
        self._book = LogBook()
        self._source: tuple[str, LogPage | None] = ("", None)
        self._face: FaceWords | None = None

    def compose_body(self) -> Iterable[Widget]:
        """The lines."""
        yield self.view

    def show(self, resource: Resource[LogPage], deploy_id: str, moment: Moment) -> None:
        """Show the log of `deploy_id`. Windows read one after the other are joined as long as the pane lives."""
        if deploy_id != self._source[0]:
            self._book = LogBook()
            self.view.following = True
        if resource.value is not None and (deploy_id, resource.value) != self._source:
            self._book.add(resource.value)
        self._source = (deploy_id, resource.value)
        self._face = describe(
            resource,
            moment,
            what="log",
            nothing=f"No rows in this window, though the log has {format_count(self._book.expected)}."
            if self._book.hollow
            else "The log is empty.",
            stale_after_s=STALE_AFTER_S,
            size=len(self._book.lines),
        )
        self.view.show(self._book.lines, self._book.first_line, self._face.body)
        self.tell()

    def on_log_view_scrolled(self) -> None:
        """Whether it follows is in the title."""
        self.tell()

    def tell(self) -> None:
        """Bring the title up to date."""
        if self._face is None:
            return
        book, dot = self._book, self._glyphs.dot
        facts: list[tuple[str, str]] = []
        if book.lines:
            if self.view.following:
                facts.append(("following ", ""))
            else:
                facts.append((f"{format_count(self.view.below)} below, End follows ", "mark bold"))
            if book.hollow:
                facts.append((f"{dot} the newest answer has no rows ", "stale"))
            if times_of(book.lines):
                facts.append((f"{dot} times in the algorithm's own zone ", "muted"))
            if book.earlier:
                facts.append((f"{dot} {format_count(book.earlier)} earlier lines not read ", "muted"))
        self.show_frame(tuple(facts), self._face)
