"""One line of facts, left and right, that sends only the cells that changed: titles, link bar, footer."""

from __future__ import annotations

from collections.abc import Sequence

from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from qctui.ui.app_base import palette_of
from qctui.ui.kit.spans import Span, Spans, changed_cells, cut, seven_bit, to_strip, width_of
from qctui.ui.theme.glyph_set import Glyphs


class Bar(Widget):
    """A line. What doesn't fit is left out from the end of `left`; `right` stays whole as long as it fits at all."""

    DEFAULT_CSS = """
    Bar { height: 1; width: 1fr; }
    """
    can_focus = False

    def __init__(self, glyphs: Glyphs, *, fill: Span = (" ", ""), id: str | None = None) -> None:
        """`fill` is drawn between left and right."""
        super().__init__(id=id)
        self._glyphs = glyphs
        self._fill = fill
        self._left: Sequence[Span] = ()
        self._right: Sequence[Span] = ()
        self._optional: Sequence[Span] = ()
        self._drawn: Spans = ()
        self._defect = ""

    def show_line(
        self,
        left: Sequence[Span],
        right: Sequence[Span] = (),
        *,
        optional: Sequence[Span] = (),
        fill: Span | None = None,
    ) -> None:
        """Replace what is shown. Equal content costs nothing. `optional` follows `left` as far as it fits in whole
        spans."""
        self._left, self._right, self._optional = left, right, optional
        self._fill = fill or self._fill
        if self.size.width:
            self._draw()

    def show_defect(self, words: str) -> None:
        """Say this at the right end, where ages stand, until it is empty again."""
        if words != self._defect:
            self._defect = words
            self._draw()

    @property
    def text(self) -> str:
        """What is shown, as plain text."""
        return "".join(text for text, _ in self._drawn)

    def on_resize(self) -> None:
        """Lay the line out for its new width."""
        self._draw()

    def render_line(self, y: int) -> Strip:
        """The line."""
        palette = palette_of(self)
        style = self.rich_style
        return to_strip(self._drawn, palette, style) if y == 0 else Strip.blank(self.size.width, style)

    def _draw(self) -> None:
        line = self._compose_line(self.size.width)
        changed = changed_cells(self._drawn, line)
        self._drawn = line
        if changed is not None:
            self.refresh(Region(changed[0], 0, changed[1] - changed[0], 1))

    def _compose_line(self, width: int) -> Spans:
        left, right, optional = tuple(self._left), tuple(self._right), tuple(self._optional)
        if self._defect:
            right = ((f" {self._glyphs.alert} {self._defect} ", "danger bold"),)
        if self._glyphs.ascii:
            left, right, optional = seven_bit(left), seven_bit(right), seven_bit(optional)
        if width_of(right) > width:
            right = cut(right, width, self._glyphs)
        room = width - width_of(right)
        if width_of(left) > room:
            left = cut(left, room, self._glyphs)
        for span in optional:
            if width_of((*left, span)) > room:
                break
            left = (*left, span)
        gap = room - width_of(left)
        glyph, role = self._fill
        return (*left, (glyph * gap, role), *right)
