"""An app that has nothing but one chart pane."""

from __future__ import annotations

from datetime import UTC, tzinfo

from textual.app import ComposeResult

from qctui.model.chart import Chart, ChartWindow
from qctui.model.resource import Resource
from qctui.ui import textual_patches
from qctui.ui.app_base import AppBase
from qctui.ui.charts.chart_pane import ChartPane
from qctui.ui.kit.render_context import RenderContext
from qctui.ui.theme.glyph_set import ASCII, UNICODE
from qctui.ui.theme.themes import read_theme, shipped_folder

NOW = 1_795_188_600.0
"""When the samples of tests/payloads were taken."""


class ChartApp(AppBase[None]):
    """One pane, and what it asked for."""

    ENABLE_COMMAND_PALETTE = False

    def __init__(self, *, ascii_only: bool = False, zone: tzinfo | None = UTC) -> None:
        super().__init__()
        textual_patches.install()
        self.glyphs = ASCII if ascii_only else UNICODE
        self.zone = zone
        self.now = NOW
        self._shown = Resource[Chart]()
        self.pane = ChartPane(self.glyphs)
        self.asked: list[tuple[ChartWindow, int]] = []
        self.pane.view.window_changed = lambda: self.asked.append(self.pane.view.wanted)
        self.register_theme(read_theme(shipped_folder() / "qctui-dark.toml"))
        self.theme = "qctui-dark"

    def compose(self) -> ComposeResult:
        yield self.pane

    def on_mount(self) -> None:
        self.pane.view.focus()

    def moment(self) -> RenderContext:
        return RenderContext(1_000.0, self.now, self.zone, self.glyphs)

    def show(self, chart: Chart | None, **changed: object) -> None:
        """Show a chart as if it had just been read."""
        resource = Resource[Chart]()
        if chart is not None:
            # A version on, as the store has it.
            resource = self._shown.with_value(chart, at=self.now, mono=1_000.0)
        self._shown = resource
        self.show_resource(resource, chart.name if chart is not None else "Strategy Equity")

    def show_resource(self, resource: Resource[Chart], name: str) -> None:
        """Show any resource."""
        self.pane.show(
            resource, self.moment(), project_id=1, name=name, names=(name, "Drawdown"), project="Momentum [b]"
        )
