"""An app that opens the chart screen over a store filled by hand."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC

from qctui.engine.engine_port import Subscription
from qctui.model.chart import Chart, ChartWindow
from qctui.model.deployment import Deployment, DeploymentDetail, Environment, Project
from qctui.model.keys import DEPLOYMENTS, PROJECTS, chart_key, detail_key
from qctui.model.resource import Resource
from qctui.ui import textual_patches
from qctui.ui.app_base import AppBase
from qctui.ui.charts.chart_screen import ChartScreen
from qctui.ui.context import AppContext, Detail, DetailKind, SafeDraw, UiOptions
from qctui.ui.selection import Picked
from qctui.ui.selection_owner import SelectionOwner
from qctui.ui.theme.glyph_set import glyphs
from qctui.ui.theme.themes import read_theme, shipped_folder
from tests.plot.bare import NOW
from tests.ui.scene import MONO, StillEngine


class FullApp(AppBase[None]):
    """The chart screen of project 1, which has some charts, among some deployments."""

    ENABLE_COMMAND_PALETTE = False

    def __init__(self, *, names: tuple[str, ...], projects: int = 3, kind: DetailKind = DetailKind.CHART) -> None:
        super().__init__()
        textual_patches.install()
        self.engine = StillEngine()
        self.engine.still.now = lambda: NOW  # type: ignore[method-assign]  # the samples have their own time
        self.glyphs = glyphs(False)
        self.kind = kind
        self.selected = SelectionOwner()
        self.kept: tuple[Subscription, ...] = ()
        self.screen_shown: ChartScreen | None = None
        self.register_theme(read_theme(shipped_folder() / "qctui-dark.toml"))
        self.theme = "qctui-dark"
        store = self.engine.store
        self.put(detail_key(1), _detail(names))
        self.put(DEPLOYMENTS, tuple(_deployment(number) for number in range(1, projects + 1)))
        self.put(PROJECTS, tuple(_project(number) for number in range(1, projects + 1)))
        assert store.get(DEPLOYMENTS).value

    def put(self, key: object, value: object) -> None:
        """Store a value as if it had just been read."""
        self.engine.store.put(key, Resource(value=value, fetched_at=NOW, fetched_mono=MONO))  # type: ignore[arg-type]

    def on_mount(self) -> None:
        draw = SafeDraw(self.engine.clock, UTC, self.glyphs, self.notify)
        self.selected.change(Picked(1))
        context = AppContext(
            self.engine, UiOptions(zone=UTC), self.glyphs, draw, self.selected, subscribe=self.keep, open=_nothing_opens
        )
        shown = Detail(self.kind, 1, name="Trend", chart="Strategy Equity", window=ChartWindow(None))
        self.screen_shown = ChartScreen(context, shown)
        self.push_screen(self.screen_shown)

    def keep(self, owner: object, wants: Iterable[Subscription]) -> None:
        """What the screen wants."""
        self.kept = tuple(wants)

    def answer(self, charts: dict[tuple[int, str], Chart]) -> None:
        """Read what is wanted."""
        for want in self.kept:
            chart = charts.get((want.key.project_id, want.key.name))
            if want.key.kind == "chart" and chart is not None and want.key.window is not None:
                self.put(chart_key(want.key.project_id, want.key.name, want.key.window, want.key.count), chart)
        assert self.screen_shown is not None
        self.screen_shown.show_changes(frozenset(want.key for want in self.kept))


def _nothing_opens(detail: Detail) -> None:
    raise AssertionError(f"a chart opened {detail}")


def _detail(names: tuple[str, ...]) -> DeploymentDetail:
    return DeploymentDetail(
        1, "L-1", "Running", NOW - 9e5, None, "PaperBrokerage", Environment.PAPER, "Trend", charts=names
    )


def _deployment(number: int) -> Deployment:
    return Deployment(
        number, f"L-{number}", "Running", NOW - 9e5, None, "PaperBrokerage", Environment.PAPER, 100_000.0 + number
    )


def _project(number: int) -> Project:
    return Project(number, "Trend" if number == 1 else f"Project [b]{number}[/b] 均值")
