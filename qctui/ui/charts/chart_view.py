"""The chart with the keys that explore it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC

from textual.events import Key

from qctui.model.chart import ChartWindow
from qctui.plot import crosshair, windows
from qctui.plot.chart_glyphs import ASCII, GLYPH_SETS
from qctui.ui.charts.chart_canvas import ChartCanvas
from qctui.ui.context import DetailKind
from qctui.ui.keys.keymap import Scope, bindings
from qctui.ui.kit.render_context import nothing

ASK_AFTER_S = 0.25
"""How long a window must stand before the API is asked for it: a held key must not ask thirty times a second."""


class ChartView(ChartCanvas, can_focus=True):
    """One chart. `show_chart` is the only way in for data; `wanted` is what it would like to show."""

    DEFAULT_CSS = """
    ChartView { width: 1fr; height: 1fr; }
    """
    BINDINGS = bindings(Scope.CHART)

    def __init__(self, *, ascii: bool = False) -> None:
        super().__init__(ascii=ascii)
        self.enlarges = True
        """Enter has a larger screen to open."""
        self.window_changed: Callable[[], object] = nothing
        """Called when finer or other data than those asked for would serve what is shown: see `wanted`."""
        self.moved: Callable[[], object] = nothing
        """Called when a person went to another part of time."""
        self.picks_series: Callable[[], object] = nothing
        """Opens the switches of the series."""
        self.exports: Callable[[], object] = nothing
        """Opens the choice of a file to write the chart to."""
        self.opens: Callable[[DetailKind], object] = nothing
        """Gives more room, or shows more charts."""
        self._glyph_sets = [ASCII] if ascii else list(GLYPH_SETS.values())
        self._pause: Callable[[], None] | None = None
        self._asked: tuple[ChartWindow, int] | None = None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What has no effect here is neither in the footer nor in the help."""
        return self.enlarges or action != "open"

    @property
    def wanted(self) -> tuple[ChartWindow, int]:
        """The window to ask the API for, and how many samples of it."""
        window = windows.asked(self.plot.window)
        count = windows.samples(max(self.size.width, 60))
        return window, count if window == self.plot.window else min(windows.MOST_SAMPLES, count * 2)

    def on_resize(self) -> None:
        """Draw for the new size."""
        self.redraw()
        self._ask_later()

    # Keys: time

    def action_zoom(self, direction: int) -> None:
        """A shorter (1) or longer (-1) time."""
        if self.drawing is not None and self.drawing.time is not None:
            self._go_to(
                windows.zoomed(self.plot.window, self.drawing.time, self.plot.now, direction, self.visible_crosshair)
            )

    def action_pan(self, direction: int) -> None:
        """Earlier (-1) or later (1)."""
        if self.drawing is not None and self.drawing.time is not None:
            self._go_to(windows.panned(self.plot.window, self.drawing.time, self.plot.now, direction))

    def action_fit(self) -> None:
        """Everything there is."""
        self._go_to(ChartWindow(None))

    def action_turn_window(self, direction: int) -> None:
        """The next longer or shorter named window."""
        self._go_to(windows.turned(self.plot.window, direction))

    def set_window(self, window: ChartWindow) -> None:
        """Show another part of time."""
        if window != self.plot.window:
            self.set_view(window=window)
            self._ask_later()

    def _go_to(self, window: ChartWindow) -> None:
        if window != self.plot.window:
            self.set_window(window)
            self.moved()

    def _ask_later(self) -> None:
        if self._pause is not None:
            self._pause()
        self._pause = self.set_timer(ASK_AFTER_S, self._ask).stop

    def _ask(self) -> None:
        self._pause = None
        if self.wanted != self._asked:
            self._asked = self.wanted
            self.window_changed()

    # Keys: crosshair

    def action_crosshair(self, columns: int) -> None:
        """Move the crosshair by columns."""
        if self.drawing is not None:
            self.look_at(crosshair.step(self.drawing, self.visible_crosshair, columns))

    def action_crosshair_point(self, direction: int) -> None:
        """Move the crosshair to the very next point."""
        if self.drawing is not None:
            self.look_at(crosshair.step_point(self.drawing, self.visible_crosshair, direction))

    def action_crosshair_end(self, direction: int) -> None:
        """Move the crosshair to the first or last visible point."""
        if self.drawing is not None:
            self.look_at(crosshair.end(self.drawing, direction))

    def action_turn_legend(self, direction: int) -> None:
        """Put the next series first in the readout."""
        self._first = max(0, self._first + direction)
        self.look_at(self.crosshair_at)

    def action_set_mark(self) -> None:
        """Count changes from here; a second time at the same place, no longer."""
        at = self.crosshair_at if self.crosshair_at is not None else self._last()
        self.set_view(mark=None if at == self.plot.mark else at)

    def _last(self) -> float | None:
        return crosshair.end(self.drawing, 1) if self.drawing is not None else None

    def on_key(self, event: Key) -> None:
        """Escape takes the crosshair away, then the mark. It is `back` everywhere else, so it is no binding here."""
        if event.key == "escape" and (self.crosshair_at is not None or self.plot.mark is not None):
            event.stop()
            event.prevent_default()
            if self.crosshair_at is not None:
                self.look_at(None)
            else:
                self.set_view(mark=None)

    # Keys: how it is drawn

    def action_toggle_log(self) -> None:
        """A logarithmic value axis, or a linear one again."""
        self.set_view(log=not self.plot.log)

    def action_toggle_percent(self) -> None:
        """Change since the window's beginning in percent, or values again."""
        self.set_view(percent=not self.plot.percent)

    def action_toggle_zone(self) -> None:
        """UTC, or the local zone again."""
        self._utc = not self._utc
        self.set_view(zone=UTC if self._utc else self._local)

    def action_turn_glyphs(self) -> None:
        """The next glyph set."""
        place = self._glyph_sets.index(self.plot.glyphs)
        self.set_view(glyphs=self._glyph_sets[(place + 1) % len(self._glyph_sets)])

    def toggle_series(self, name: str) -> None:
        """Switch a series off, or on again."""
        self.set_view(hidden=self.plot.hidden ^ {name})

    def action_pick_series(self) -> None:
        """Ask which series to switch."""
        self.picks_series()

    def action_export(self) -> None:
        """Ask for a file."""
        self.exports()

    def action_open(self) -> None:
        """Ask for the whole screen."""
        self.opens(DetailKind.CHART)
