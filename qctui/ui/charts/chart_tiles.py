"""The charts of a chart screen: as many side by side as fit, page by page, sharing one window of time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

from textual.containers import Container
from textual.geometry import Size

from qctui.model.chart import ChartWindow
from qctui.ui.charts.chart_arrangement import Subject
from qctui.ui.charts.chart_pane import ChartPane
from qctui.ui.charts.chart_view import ChartView
from qctui.ui.context import DetailKind
from qctui.ui.keys.commands import NUMBERED_TILES
from qctui.ui.theme.glyph_set import Glyphs

TILE = (38, 9)
"""Columns and rows a small chart needs."""
MOST_TILES = 12
"""Small charts at once: each costs a read a minute."""


class Tiles(Container):
    """One chart that fills it, or small ones in a grid. `lay_out` says which."""

    DEFAULT_CSS = """
    Tiles { height: 1fr; layout: grid; grid-size: 1 1; grid-gutter: 0 1; }
    """

    def __init__(self, glyphs: Glyphs, window: ChartWindow | None, opens: Callable[[DetailKind], object]) -> None:
        """`window` is the part of time to begin with; `opens` gives one of the charts more room."""
        super().__init__(id="charts")
        self._glyphs, self._opens = glyphs, opens
        self._laying_out = asyncio.Lock()
        self._panes: list[ChartPane] = []
        self._small = False
        self._of: tuple[int, int] = (0, 0)
        self.subjects: list[Subject] = []
        """What there is to show, on this page or another."""
        self.shown: list[tuple[Subject, ChartPane]] = []
        """What is on screen, in order."""
        self.window = window
        """The part of time all of them show; None until a person chose one."""
        self.laid_out: tuple[int, int] | None = None
        """Columns and rows there was room for; None before the first time."""
        self.changed: Callable[[], object] = _nothing
        """Called when the charts need other data."""

    @staticmethod
    def room(size: Size) -> tuple[int, int]:
        """Columns and rows of small charts that fit a screen of this size."""
        columns = max(1, min(4, size.width // TILE[0]))
        return columns, max(1, min(MOST_TILES // columns, (size.height - 2) // TILE[1]))

    @property
    def page(self) -> tuple[int, int]:
        """Which page of how many, from 1."""
        return self._of

    @property
    def most(self) -> int:
        """Charts that a page holds."""
        return len(self._panes)

    async def lay_out(self, subjects: Sequence[Subject], at: int, room: tuple[int, int], *, small: bool) -> None:
        """Show the page of these on which number `at` is, and give that one the keys."""
        # Keys and resizes arrive on different queues; two of these at once would mount everything twice.
        async with self._laying_out:
            if room != self.laid_out or small is not self._small or not self._panes:
                self.laid_out, self._small = room, small
                self.shown = []
                await self.remove_children()
                self._panes = [self._pane(number) for number in range(1, room[0] * room[1] + 1)]
                await self.mount_all(self._panes)
            self.show_page(subjects, at)

    def show_page(self, subjects: Sequence[Subject], at: int, *, focus: bool = True) -> None:
        """Show the page of these on which number `at` is, in the charts there are, and give that one the keys."""
        if self.laid_out is None or not self._panes:
            return
        count, columns = len(self._panes), self.laid_out[0]
        self.subjects = list(subjects)
        page = at // count
        self._of = page + 1, max(1, -(-len(subjects) // count))
        shown = subjects[page * count : (page + 1) * count]
        self.styles.grid_size_columns = columns
        self.styles.grid_size_rows = max(1, -(-len(shown) // columns))
        self.shown = list(zip(shown, self._panes, strict=False))
        for number, pane in enumerate(self._panes):
            pane.display = number < len(shown)
            if pane.display and self._small:
                pane.rename(shown[number].label)
        if self.shown and focus:
            self.shown[at - page * count][1].focus_body()

    def _pane(self, number: int) -> ChartPane:
        small = self._small
        key = number if number <= NUMBERED_TILES else 0
        pane = ChartPane(self._glyphs, number=key, title="Chart", id=f"tile-{number}", named=not small)
        view = pane.view
        view.enlarges = small
        view.opens = self._opens
        view.window_changed = lambda: self.changed()
        view.moved = lambda: self._follow(view)
        if self.window is not None:
            view.plot = replace(view.plot, window=self.window)
        return pane

    def take(self, subject: Subject) -> None:
        """The first pane shows another subject from now on."""
        self.subjects = [subject]
        self.shown = [(subject, pane) for _, pane in self.shown[:1]]

    def focused(self) -> Subject | None:
        """The one that has the keys."""
        at = self.screen.focused
        return next((subject for subject, pane in self.shown if pane.view is at), None)

    def _follow(self, view: ChartView) -> None:
        """All charts show the part of time that this one shows."""
        self.window = view.plot.window
        for _, pane in self.shown:
            if pane.view is not view:
                pane.view.set_window(self.window)
        self.changed()


def _nothing() -> None:
    """These charts need no other data."""
