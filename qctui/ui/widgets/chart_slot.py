"""Where the chart is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from textual.widget import Widget

from qctui.engine.view import Want
from qctui.model.resource import Resource
from qctui.store import Store
from qctui.ui.current import Current
from qctui.ui.faces import Face, FaceWords
from qctui.ui.glyphs import Glyphs
from qctui.ui.keymap import Scope, bindings
from qctui.ui.moment import Moment
from qctui.ui.widgets.pane import Pane


class _Blank(Widget, can_focus=True):
    BINDINGS = bindings(Scope.CHART)


class ChartSlot(Pane):
    """The pane of the chart."""

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__(4, "Chart", glyphs, id="chart")
        self.on_screen: Sequence[Resource[Any]] = ()

    def compose_body(self) -> Iterable[Widget]:
        """The chart."""
        yield _Blank()

    def wants(self, current: Current) -> Iterable[Want]:
        """What the chart asks the engine for."""
        return ()

    def show_store(self, store: Store, current: Current, moment: Moment) -> None:
        """Show the chart."""
        self.show_frame(((f"{current.name} ", "muted"),), FaceWords(Face.LOADING, ()))

    def turn(self, by: int) -> None:
        """Next chart."""
