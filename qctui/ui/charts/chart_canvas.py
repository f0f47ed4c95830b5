"""The widget that draws a chart: at once where that is quick, else in slices between keys."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Generator
from datetime import UTC, tzinfo
from textwrap import wrap
from typing import Any

from textual import work

from qctui.model.chart import Chart
from qctui.plot import crosshair
from qctui.plot.chart_glyphs import ASCII, BRAILLE
from qctui.plot.compose import Drawing, Source, steps
from qctui.plot.grid import MUTED, CellGrid, cut, width_of
from qctui.plot.marks import PlotView
from qctui.ui.kit.ink_lines import InkLines
from qctui.ui.kit.render_context import nothing
from qctui.value import replace

_log = logging.getLogger(__name__)

BUDGET = 100_000
"""Points read in one go: some six milliseconds. The rest of a larger chart is read between keys."""
SLICE = 32_768
"""Points read between two looks at the keys."""


class ChartCanvas(InkLines):
    """One chart, one view of it, one crosshair. `show_chart` is the only way in for data."""

    def __init__(self, *, ascii: bool = False) -> None:
        super().__init__()
        self._ascii = ascii
        self.plot = PlotView(glyphs=ASCII if ascii else BRAILLE)
        """How it is drawn now."""
        self.crosshair_at: float | None = None
        """The instant under the crosshair, Unix seconds; None without one."""
        self.drawing: Drawing | None = None
        """What is on screen; None while there is no chart."""
        self.defect = ""
        """The kind of defect that keeps the chart from being drawn; empty while there is none."""
        self._source: Source | None = None
        self._words = ""
        self._first = 0
        self._local: tzinfo | None = None
        self._utc = False
        self._round = 0
        self.looked: Callable[[], object] = nothing
        """Called when the crosshair, the window or the way of drawing changed: the title's words do too."""

    def show_chart(self, chart: Chart | None, *, now: float, zone: tzinfo | None = UTC, words: str = "") -> None:
        """Show a chart as of wall time `now`; `words` stand in its place while there is none.

        The same chart at the same size and view sends nothing. Series switched off, crosshair and window stay.
        """
        self._words = words
        self._local = zone
        self.plot = replace(self.plot, now=now, zone=UTC if self._utc else zone)
        if chart is None:
            self._source = None
        elif self._source is None or self._source.chart is not chart:
            self._source = Source(chart)
        self.redraw()

    def forget(self) -> None:
        """Another chart comes: its series, mark and crosshair have nothing to do with this one's."""
        self.plot = replace(self.plot, hidden=frozenset(), mark=None)
        self.crosshair_at = None
        self._first = 0
        self._source = None
        self.drawing = None

    @property
    def chart(self) -> Chart | None:
        """The chart it shows."""
        return self._source.chart if self._source is not None else None

    @property
    def visible_crosshair(self) -> float | None:
        """The crosshair's instant, if it is on screen."""
        time = self.drawing.time if self.drawing is not None else None
        inside = self.crosshair_at is not None and time is not None and time.start <= self.crosshair_at <= time.end
        return self.crosshair_at if inside else None

    def set_view(self, **changed: Any) -> None:
        """Change how it is drawn: fields of `PlotView`."""
        self.plot = replace(self.plot, **changed)
        self.redraw()
        self.looked()

    def redraw(self) -> None:
        """Draw what changed: at once what is quickly drawn, the rest in slices between keys."""
        self._round += 1
        if self.size.width and self.size.height:
            self._safely(self._redraw)

    def _safely(self, show: Callable[[], object]) -> None:
        try:
            show()
        except Exception as error:  # a chart must not end a program that may be needed for an emergency stop
            _log.exception("a chart could not be drawn")
            self.defect = type(error).__name__
            self.drawing = None
            self._round += 1
            self._say("This chart could not be drawn.\nThe log has the details.")
            self.looked()

    def _redraw(self) -> None:
        if self._source is None:
            self.drawing, self.defect = None, ""
            self._say(self._words)
            return
        drawing = steps(self._source, self.size.width, self.size.height, self.plot, self._lender())
        if self._advance(drawing, BUDGET):
            return
        if self.drawing is None:
            self._say(self._words)
        self._finish(drawing, self._round)

    def _lender(self) -> Drawing | None:
        """The drawing whose value axes are kept where they still fit: the last one, while only data were added."""
        last = self.drawing
        if last is None or last.view.window != self.plot.window or last.view.hidden != self.plot.hidden:
            return None
        return last

    def _advance(self, drawing: Generator[int, None, Drawing], points: int) -> bool:
        """Draw on, for about `points` points. True when it is finished and shown."""
        while points > 0:
            try:
                points -= next(drawing)
            except StopIteration as done:
                self._finished(done.value)
                return True
        return False

    @work(group="draw", exclusive=True, exit_on_error=False)
    async def _finish(self, drawing: Generator[int, None, Drawing], turn: int) -> None:
        while turn == self._round:
            # A real pause, not a mere yield: keys waiting in other queues go first.
            await asyncio.sleep(0.001)
            if turn == self._round:
                self._safely(lambda: self._advance(drawing, SLICE))

    def _finished(self, drawing: Drawing) -> None:
        self._round += 1
        self.drawing, self.defect = drawing, ""
        if not drawing.panels:
            self._say(self._words or "No points")
        else:
            self._present(crosshair.cross(drawing, self.plot, self.crosshair_at, self._first))
        self.looked()

    def _say(self, words: str) -> None:
        """Show a few lines in the middle instead of the chart."""
        grid = CellGrid(self.size.width, self.size.height)
        lines = [row for line in words.split("\n") for row in wrap(line, max(1, grid.width)) or [""]]
        for y, line in enumerate(lines, max(0, (grid.height - len(lines)) // 2)):
            text = cut(line, grid.width, self.plot.glyphs.ellipsis)
            grid.put((grid.width - width_of(text)) // 2, y, text, MUTED)
        self._present(grid)

    def _present(self, grid: CellGrid) -> None:
        if self._ascii:
            grid.to_ascii()
        self.show_grid(grid)

    def look_at(self, at: float | None) -> None:
        """Put the crosshair on an instant; None takes it away."""
        self.crosshair_at = at
        if self.drawing is not None and self.drawing.panels:
            drawing = self.drawing
            self._safely(lambda: self._present(crosshair.cross(drawing, self.plot, at, self._first)))
        self.looked()
