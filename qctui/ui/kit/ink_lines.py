"""A widget of cells that are coloured by ink: charts and plots."""

from __future__ import annotations

from itertools import groupby

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from qctui.plot.grid import CellGrid, Ink
from qctui.ui.kit.cell_diff import CellDiff, Cells
from qctui.ui.theme.chart_inks import Inks

CellLine = tuple[list[str], list[Ink]]
"""What the cells of a line hold, and their inks."""


class InkLines(CellDiff[CellLine]):
    """Shows a grid of cells."""

    def __init__(self) -> None:
        super().__init__()
        self._inks: Inks | None = None
        self.shown = CellGrid(0, 0)
        """The cells on screen."""

    def show_grid(self, grid: CellGrid) -> None:
        """Show these cells instead."""
        self.shown = grid
        self.draw(list(zip(grid.chars, grid.inks, strict=True)))

    @property
    def inks(self) -> Inks:
        """The theme's styles for the inks of cells."""
        if self._inks is None:
            self._inks = Inks(self.app.theme_variables)
        return self._inks

    def notify_style_update(self) -> None:
        """The theme, or the focus, gave other colours."""
        super().notify_style_update()
        self._inks = None

    def cells_of(self, line: CellLine) -> Cells:
        """The line cell by cell."""
        return line

    def strip_of(self, line: CellLine, under: Style) -> Strip:
        """The line as Textual draws it."""
        chars, inks = line
        styles = self.inks
        segments: list[Segment] = []
        for ink, places in groupby(range(len(inks)), inks.__getitem__):
            run = list(places)
            segments.append(Segment("".join(chars[run[0] : run[-1] + 1]), under + styles[ink]))
        return Strip(segments, len(chars))
