"""The widget with the lines of a log: they wrap, scroll, and show what is searched for."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from qctui.ui.keys.keymap import Scope, bindings
from qctui.ui.kit.cell_diff import SpanLines, scroll_thumb
from qctui.ui.kit.render_context import nothing
from qctui.ui.kit.spans import Span, Spans
from qctui.ui.logs.log_reading import times_of, wrap_line
from qctui.ui.theme.glyph_set import Glyphs

_STAMP = 19
"""Characters of `2024-03-25 14:32:05`."""

Place = tuple[int, int]
"""The number of the line at the top, and which of its rows."""

FOLLOWING: Place = (-1, 0)
"""The place at the end, where added lines are followed."""


class LogView(SpanLines, can_focus=True):
    """Lines that wrap. At the end it follows what is added; scrolled back it stays on its lines."""

    DEFAULT_CSS = """
    LogView { height: 1fr; width: 1fr; }
    """
    BINDINGS = bindings(Scope.TABLE)

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__(glyphs)
        self.scrolled: Callable[[], object] = nothing
        """Called when other lines are on screen, or it follows the end again."""
        self.turned: Callable[[bool], object] = nothing
        """Called when a person asks for the beginning of the log, or (true) for its end."""
        self._lines: Sequence[str] = ()
        self._first_line = 0
        self._rows: list[tuple[int, str, bool]] = []
        """Number of the line, the row's text, whether it begins the line."""
        self._wrapped: dict[int, tuple[str, list[str]]] = {}
        self._width = 0
        self._top = 0
        self.following = True
        """The newest line is kept in sight."""
        self._open_end = True
        self._words = ""
        self._sought = ""

    def show(
        self, lines: Sequence[str], first_line: int, words: str, *, open_end: bool = True, place: Place | None = None
    ) -> None:
        """Show these lines, the first of which has this number; `words` stand in their place while there are none.
        Only what is new is wrapped, only cells that differ are sent.

        `open_end` says that the last one is the newest there is, which can be followed. It stays on its lines, unless a
        `place` is given: other lines have other numbers.
        """
        if place is None and (tuple(lines), first_line, words) == (self._lines, self._first_line, self._words):
            return
        anchor = self.place if place is None else place
        self._open_end, self.following = open_end, anchor is FOLLOWING
        self._lines, self._first_line, self._words = tuple(lines), first_line, words
        self._wrap()
        self._hold(anchor)
        self._draw()

    def highlight(self, sought: str) -> None:
        """Make this text stand out wherever it is on screen, in upper or lower case; nothing if it is empty."""
        if sought.casefold() != self._sought:
            self._sought = sought.casefold()
            self._draw()

    @property
    def near_first(self) -> bool:
        """The first line is in sight, or would be after a page."""
        height = self.size.height
        return 0 < height >= self._top and bool(self._rows) and (not self.following or not self._furthest)

    @property
    def near_last(self) -> bool:
        """The last line is in sight, or would be after a page."""
        return self.size.height > 0 and self._top >= self._furthest - self.size.height

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
        """Go to the first line there is."""
        self._turn_to(0)
        self.turned(False)

    def action_last(self) -> None:
        """Go to the last line, and follow what is added."""
        self._turn_to(len(self._rows))
        self.turned(True)

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
        anchor = self.place
        self._wrap()
        self._hold(anchor)
        self._draw()
        self.scrolled()

    @property
    def place(self) -> Place:
        """Where it is."""
        if self.following or self._top >= len(self._rows):
            return FOLLOWING
        number = self._rows[self._top][0]
        begin = self._top
        while begin > 0 and self._rows[begin - 1][0] == number:
            begin -= 1
        return number, self._top - begin

    def _hold(self, anchor: Place) -> None:
        if anchor is FOLLOWING:
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
        following = self._open_end and top >= self._furthest
        if top != self._top or following != self.following:
            self._top, self.following = top, following
            self._draw()
            self.scrolled()

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
        if self.size.width:
            self.draw([self._row(y) for y in range(self.size.height)])

    def _row(self, y: int) -> Spans:
        at = self._top + y
        if at >= len(self._rows):
            if self._rows or y >= 1:
                return ()
            return ("  ", ""), (self._words, "muted")
        _, text, begins = self._rows[at]
        stamp = _STAMP if begins and times_of((text,)) else 0
        thumb = scroll_thumb(y, self._top, self.size.height, len(self._rows), self._glyphs)
        return (
            (" ", ""),
            (text[:stamp], "muted"),
            *self._marked(text[stamp:].ljust(self._width - stamp)),
            (" ", ""),
            thumb,
        )

    def _marked(self, text: str) -> Spans:
        """The text with what is sought standing out. Where folding changes its length, places would not be the same."""
        folded, sought = text.casefold(), self._sought
        if not sought or sought not in folded or len(folded) != len(text):
            return ((text, ""),)
        spans: list[Span] = []
        at = 0
        while (found := folded.find(sought, at)) >= 0:
            spans += [(text[at:found], ""), (text[found : found + len(sought)], "mark badge")]
            at = found + len(sought)
        return (*spans, (text[at:], ""))
