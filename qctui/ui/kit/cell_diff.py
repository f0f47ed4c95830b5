"""A widget that shows a grid of cells and sends only those that changed."""

from __future__ import annotations

from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from qctui.plot.grid import MUTED, Grid, changes, cut, width_of
from qctui.ui.theme.chart_inks import Inks


class Cells(Widget):
    """Give it a grid of its own size with `present`; equal cells cost nothing."""

    def __init__(self, *, ascii: bool = False, id: str | None = None) -> None:
        super().__init__(id=id)
        self._ascii = ascii
        self._shown = Grid(0, 0)
        self._strips: dict[int, Strip] = {}
        self._inks: Inks | None = None

    @property
    def text(self) -> str:
        """What is on screen, as plain text."""
        return self._shown.text()

    @property
    def shown(self) -> Grid:
        """The cells on screen."""
        return self._shown

    @property
    def inks(self) -> Inks:
        """The theme's styles for the roles of cells."""
        if self._inks is None:
            self._inks = Inks(self.app.theme_variables)
        return self._inks

    def present(self, grid: Grid) -> None:
        """Show these cells. With 7-bit glyphs asked for, outside text is reduced to 7 bits here."""
        if self._ascii:
            _seven_bit(grid)
        before, self._shown = self._shown, grid
        if (before.width, before.height) != (grid.width, grid.height):
            self._strips.clear()
            self.refresh()
            return
        spans = changes(before, grid)
        for span in spans:
            self._strips.pop(span.y, None)
        if spans:
            self.refresh(*(Region(span.start, span.y, span.end - span.start, 1) for span in spans))

    def present_words(self, words: str, ellipsis: str) -> None:
        """Show a few lines in the middle instead of cells."""
        grid = Grid(self.size.width, self.size.height)
        lines = words.split("\n")
        for y, line in enumerate(lines, max(0, (grid.height - len(lines)) // 2)):
            text = cut(line, grid.width, ellipsis)
            grid.put((grid.width - width_of(text)) // 2, y, text, MUTED)
        self.present(grid)

    def render_line(self, y: int) -> Strip:
        """One row of cells."""
        strip = self._strips.get(y)
        if strip is None:
            strip = self._strips[y] = self._strip(y)
        return strip

    def notify_style_update(self) -> None:
        """The theme, or the focus, gave other colours."""
        super().notify_style_update()
        self._inks = None
        self._strips.clear()

    def _strip(self, y: int) -> Strip:
        if y >= self._shown.height:
            return Strip.blank(self.size.width, self.rich_style)
        base, inks = self.rich_style, self.inks
        segments = [Segment(text, base + inks[ink]) for text, ink, _ in self._shown.runs(y)]
        return Strip(segments, self._shown.width).adjust_cell_length(self.size.width, base)


def _seven_bit(grid: Grid) -> None:
    """What 7 bits cannot say becomes a question mark for each cell it took."""
    for row in grid.chars:
        for x, char in enumerate(row):
            if not char.isascii() or char == "":
                row[x] = "?"
