"""The chart itself: cells that are sent only when they change, and the keys that explore them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Generator
from dataclasses import replace
from datetime import UTC, tzinfo

from textual import work
from textual.events import Key
from textual.message import Message

from qctui.model.chart import Chart, ChartWindow
from qctui.ui.keymap import Scope, bindings
from qctui.ui.messages import DetailKind
from qctui.ui.plot import crosshair, windows
from qctui.ui.plot.compose import Drawing, Source, steps
from qctui.ui.plot.glyphs import ASCII, BRAILLE, GLYPH_SETS, GlyphSet
from qctui.ui.plot.marks import PlotView
from qctui.ui.widgets.chart_cells import Cells

_log = logging.getLogger(__name__)

BUDGET = 100_000
"""Points read in one go: some six milliseconds. The rest of a larger chart is read between keys."""
SLICE = 32_768
"""Points read between two looks at the keys."""
SETTLE_S = 0.25
"""How long a window must stand before the API is asked for it: a held key must not ask thirty times a second."""


class ChartView(Cells, can_focus=True):
    """One chart. `show_chart` is the only way in for data; it never asks for any itself, it says what it would like."""

    DEFAULT_CSS = """
    ChartView { width: 1fr; height: 1fr; }
    """
    BINDINGS = bindings(Scope.CHART)

    class WindowChanged(Message):
        """Another part of time is shown, and finer or other data would serve it. What is there is drawn meanwhile."""

        def __init__(self, view: ChartView, window: ChartWindow, count: int) -> None:
            super().__init__()
            self.view = view
            self.window = window
            """What to ask the API for: for a fixed range more than is shown, so that a pan finds data."""
            self.count = count
            """Samples to ask for."""

        @property
        def control(self) -> ChartView:
            """The chart it happened on."""
            return self.view

    class Looked(Message):
        """The crosshair, the window or the way of drawing changed: the title's words do too."""

        def __init__(self, view: ChartView) -> None:
            super().__init__()
            self.view = view

    class SeriesWanted(Message):
        """Somebody wants to switch series on or off."""

        def __init__(self, view: ChartView) -> None:
            super().__init__()
            self.view = view

    class ExportWanted(Message):
        """Somebody wants the chart in a file."""

        def __init__(self, view: ChartView) -> None:
            super().__init__()
            self.view = view

    class OpenWanted(Message):
        """Somebody wants more room, or more charts."""

        def __init__(self, view: ChartView, kind: DetailKind) -> None:
            super().__init__()
            self.view = view
            self.kind = kind

    def __init__(self, *, ascii: bool = False, id: str | None = None) -> None:
        super().__init__(ascii=ascii, id=id)
        self.plot = PlotView(glyphs=ASCII if ascii else BRAILLE)
        """How it is drawn now."""
        self.cursor: float | None = None
        """The instant under the crosshair, Unix seconds; None without one."""
        self.drawing: Drawing | None = None
        self._glyph_sets = [ASCII] if ascii else list(GLYPH_SETS.values())
        self._source: Source | None = None
        self._words = ""
        self._first = 0
        self._local: tzinfo | None = None
        self._utc = False
        self._settling: Callable[[], None] | None = None
        self._asked: tuple[ChartWindow, int] | None = None
        self._round = 0

    # What is shown

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
        self.cursor = None
        self._first = 0
        self._source = None
        self.drawing = None

    @property
    def chart(self) -> Chart | None:
        """The chart it shows."""
        return self._source.chart if self._source is not None else None

    @property
    def wanted(self) -> tuple[ChartWindow, int]:
        """The window to ask the API for, and how many samples of it."""
        window = windows.asked(self.plot.window)
        count = windows.samples(max(self.size.width, 60))
        return window, count if window == self.plot.window else min(windows.MOST_SAMPLES, count * 2)

    def set_view(self, **changed: object) -> None:
        """Change how it is drawn: fields of `PlotView`."""
        self.plot = replace(self.plot, **changed)  # type: ignore[arg-type]  # checked by the dataclass's callers
        self.redraw()
        self.post_message(self.Looked(self))

    def redraw(self) -> None:
        """Draw what changed: at once what is quickly drawn, the rest in slices between keys."""
        self._round += 1
        if self.size.width and self.size.height:
            self._safely(self._redraw)

    def _safely(self, show: Callable[[], object]) -> None:
        try:
            show()
        except Exception:  # whatever it is, a chart must not end a program that somebody may need to liquidate with
            _log.exception("a chart could not be drawn")
            self.drawing = None
            self._round += 1
            self._say("This chart could not be drawn.\nThe log has the details.")

    def _redraw(self) -> None:
        if self._source is None:
            self.drawing = None
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
        self.drawing = drawing
        if not drawing.panels:
            self._say(self._words or "No points")
        else:
            self.present(crosshair.cross(drawing, self.plot, self.cursor, self._first))
        self.post_message(self.Looked(self))

    def _say(self, words: str) -> None:
        self.present_words(words, self.plot.glyphs.ellipsis)

    def on_resize(self) -> None:
        """Draw for the new size."""
        self.redraw()
        self._settle()

    # Keys: time

    def action_zoom(self, direction: int) -> None:
        """A shorter (1) or longer (-1) time."""
        if self.drawing is not None and self.drawing.time is not None:
            self._move(
                windows.zoomed(self.plot.window, self.drawing.time, self.plot.now, direction, self.visible_cursor)
            )

    def action_pan(self, direction: int) -> None:
        """Earlier (-1) or later (1)."""
        if self.drawing is not None and self.drawing.time is not None:
            self._move(windows.panned(self.plot.window, self.drawing.time, self.plot.now, direction))

    def action_fit(self) -> None:
        """Everything there is."""
        self._move(ChartWindow(None))

    def action_turn_window(self, direction: int) -> None:
        """The next longer or shorter named window."""
        self._move(windows.turned(self.plot.window, direction))

    def set_window(self, window: ChartWindow) -> None:
        """Show another part of time."""
        self._move(window)

    def _move(self, window: ChartWindow) -> None:
        if window == self.plot.window:
            return
        self.set_view(window=window)
        self._settle()

    @property
    def visible_cursor(self) -> float | None:
        """The crosshair's instant, if it is on screen."""
        time = self.drawing.time if self.drawing is not None else None
        inside = self.cursor is not None and time is not None and time.start <= self.cursor <= time.end
        return self.cursor if inside else None

    def _settle(self) -> None:
        if self._settling is not None:
            self._settling()
        self._settling = self.set_timer(SETTLE_S, self._ask).stop

    def _ask(self) -> None:
        self._settling = None
        if self.wanted != self._asked:
            self._asked = self.wanted
            self.post_message(self.WindowChanged(self, *self._asked))

    # Keys: crosshair

    def action_cursor(self, columns: int) -> None:
        """Move the crosshair by columns."""
        if self.drawing is not None:
            self._look(crosshair.step(self.drawing, self.visible_cursor, columns))

    def action_cursor_point(self, direction: int) -> None:
        """Move the crosshair to the very next point."""
        if self.drawing is not None:
            self._look(crosshair.step_point(self.drawing, self.visible_cursor, direction))

    def action_cursor_end(self, direction: int) -> None:
        """Move the crosshair to the first or last visible point."""
        if self.drawing is not None:
            self._look(crosshair.end(self.drawing, direction))

    def action_turn_legend(self, direction: int) -> None:
        """Put the next series first in the readout."""
        self._first = max(0, self._first + direction)
        self._look(self.cursor)

    def action_set_mark(self) -> None:
        """Count changes from here; a second time at the same place, no longer."""
        at = self.cursor if self.cursor is not None else self._last()
        self.set_view(mark=None if at == self.plot.mark else at)

    def _last(self) -> float | None:
        return crosshair.end(self.drawing, 1) if self.drawing is not None else None

    def _look(self, at: float | None) -> None:
        self.cursor = at
        if self.drawing is not None and self.drawing.panels:
            drawing = self.drawing
            self._safely(lambda: self.present(crosshair.cross(drawing, self.plot, at, self._first)))
        self.post_message(self.Looked(self))

    def on_key(self, event: Key) -> None:
        """Escape takes the crosshair away, then the mark. It is `back` everywhere else, so it is no binding here."""
        if event.key == "escape" and (self.cursor is not None or self.plot.mark is not None):
            event.stop()
            event.prevent_default()
            if self.cursor is not None:
                self._look(None)
            else:
                self.set_view(mark=None)

    # Keys: how it is drawn

    def action_toggle_log(self) -> None:
        """A logarithmic value axis, or a linear one again."""
        self.set_view(log=not self.plot.log)

    def action_toggle_percent(self) -> None:
        """Change from the left edge in percent, or values again."""
        self.set_view(percent=not self.plot.percent)

    def action_toggle_zone(self) -> None:
        """UTC, or the local zone again."""
        self._utc = not self._utc
        self.set_view(zone=UTC if self._utc else self._local)

    def action_turn_glyphs(self) -> None:
        """The next glyph set."""
        place = [each.name for each in self._glyph_sets].index(self.plot.glyphs.name)
        glyphs: GlyphSet = self._glyph_sets[(place + 1) % len(self._glyph_sets)]
        self.set_view(glyphs=glyphs)

    def toggle_series(self, name: str) -> None:
        """Switch a series off, or on again."""
        self.set_view(hidden=self.plot.hidden ^ {name})

    def action_pick_series(self) -> None:
        """Ask which series to switch."""
        self.post_message(self.SeriesWanted(self))

    def action_export(self) -> None:
        """Ask for a file."""
        self.post_message(self.ExportWanted(self))

    def action_open(self) -> None:
        """Ask for the whole screen."""
        self.post_message(self.OpenWanted(self, DetailKind.CHART))

    def action_open_grid(self) -> None:
        """Ask for all charts of the deployment."""
        self.post_message(self.OpenWanted(self, DetailKind.CHARTS))

    def action_open_equities(self) -> None:
        """Ask for the equity of all deployments."""
        self.post_message(self.OpenWanted(self, DetailKind.EQUITIES))

    def action_overlay(self) -> None:
        """Ask for another deployment's equity over this one's."""
        self.post_message(self.OpenWanted(self, DetailKind.OVERLAY))
