"""The charts of a chart screen: as many side by side as fit, page by page, sharing one window of time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from textual.containers import Container
from textual.geometry import Size

from qctui.model.chart import ChartWindow
from qctui.ui.glyphs import Glyphs
from qctui.ui.screens.chart_subjects import Subject
from qctui.ui.widgets.chart_pane import ChartPane
from qctui.ui.widgets.chart_view import ChartView

TILE = (38, 9)
"""Columns and rows a small chart needs."""
MOST_TILES = 12
"""Small charts at once: each costs a read a minute."""


class Tiles(Container):
    """One chart that fills it, or small ones in a grid. `lay_out` says which."""

    DEFAULT_CSS = """
    Tiles { height: 1fr; layout: grid; grid-size: 1 1; grid-gutter: 0 1; }
    """

    def __init__(self, glyphs: Glyphs, window: ChartWindow | None) -> None:
        """`window` is the part of time to begin with."""
        super().__init__(id="charts")
        self._glyphs = glyphs
        self._laying_out = asyncio.Lock()
        self.shown: list[tuple[Subject, ChartPane]] = []
        """What is on screen, in order."""
        self.window = window
        """The part of time all of them show; None until somebody chose one."""
        self.page = 0
        """Which of the pages of small charts."""
        self.laid_out: tuple[int, int] | None = None
        """Columns and rows there was room for; None before the first time."""

    @property
    def subjects(self) -> list[Subject]:
        """What is on screen."""
        return [subject for subject, _ in self.shown]

    @staticmethod
    def room(size: Size) -> tuple[int, int]:
        """Columns and rows of small charts that fit a screen of this size."""
        columns = max(1, min(4, size.width // TILE[0]))
        return columns, max(1, min(MOST_TILES // columns, (size.height - 2) // TILE[1]))

    async def lay_out(self, subjects: Sequence[Subject], room: tuple[int, int], *, small: bool) -> None:
        """Show one page of these. The first gets the keys."""
        # Keys and resizes arrive on different queues; two of these at once would mount everything twice.
        async with self._laying_out:
            columns, rows = self.laid_out = room
            pages = max(1, -(-len(subjects) // (columns * rows)))
            self.page %= pages
            shown = subjects[self.page * columns * rows : (self.page + 1) * columns * rows]
            await self.remove_children()
            self.styles.grid_size_columns = columns
            self.styles.grid_size_rows = max(1, -(-len(shown) // columns))
            self.shown = [
                (subject, self._pane(number, subject, small=small)) for number, subject in enumerate(shown, 1)
            ]
            await self.mount_all([pane for _, pane in self.shown])
            if self.shown:
                self.shown[0][1].focus_body()

    def _pane(self, number: int, subject: Subject, *, small: bool) -> ChartPane:
        pane = ChartPane(
            self._glyphs,
            number=number,
            title=subject.label if small else "Chart",
            id=f"tile-{number}",
            named=not small,
        )
        pane.view.enlarges = small
        if self.window is not None:
            pane.view.plot = replace(pane.view.plot, window=self.window)
        return pane

    def take(self, subject: Subject) -> None:
        """The first pane shows another subject from now on."""
        self.shown = [(subject, pane) for _, pane in self.shown[:1]]

    def follow(self, view: ChartView) -> None:
        """All charts show the part of time that this one shows."""
        self.window = view.plot.window
        for _, pane in self.shown:
            if pane.view is not view:
                pane.view.set_window(self.window)

    def focused(self) -> tuple[Subject, ChartPane] | None:
        """The one that has the keys."""
        at = self.screen.focused
        return next((tile for tile in self.shown if tile[1].view is at), None)
