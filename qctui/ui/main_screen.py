"""The main screen: four panes, the action bar, the link bar, and the keys between them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from textual.app import ComposeResult
from textual.containers import Container
from textual.events import DescendantFocus

from qctui.model.insight import Insight
from qctui.model.keys import Key
from qctui.model.resource import Resource
from qctui.ui.actions.controller import DEPLOYMENT, OPTIMIZATION, Pointed
from qctui.ui.charts.chart_pane import ChartPane
from qctui.ui.console_screen import PanesScreen
from qctui.ui.context import AppContext, Detail, DetailKind
from qctui.ui.deployments.deployment_rows import DeploymentRow
from qctui.ui.deployments.deployments_pane import DeploymentsPane
from qctui.ui.insights.insights_pane import InsightsPane
from qctui.ui.keys.keymap import Scope, bindings
from qctui.ui.kit.pane import Pane
from qctui.ui.kit.render_context import RenderContext
from qctui.ui.optimizations.optimizations_pane import OptimizationRow, OptimizationsPane
from qctui.ui.selection import Mark, Marked, Unmarked
from qctui.ui.sync.presenter import Presenter


class MainScreen(PanesScreen):
    """What is seen most of the time."""

    BINDINGS = bindings(Scope.MAIN, Scope.PANES)
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-medium"), (160, "-wide")]  # noqa: RUF012  # as its base declares it

    ACTS_ON = frozenset({DEPLOYMENT, OPTIMIZATION})
    NAME = "the main screen"

    def __init__(self, context: AppContext) -> None:
        glyphs, self.selected = context.glyphs, context.selected
        self.deployments = DeploymentsPane(glyphs, self.selected)
        self.optimizations = OptimizationsPane(glyphs, self.selected, several=bool(context.options.pinned))
        self.insights = InsightsPane(glyphs, self.selected)
        self.chart = ChartPane(glyphs)
        panes = (self.deployments, self.optimizations, self.insights, self.chart)
        super().__init__(context, panes)
        self.id = "main"
        # The pane that begins with the keys: without its class the first layout would be thrown away at once.
        self.add_class("-at-deployments", update=False)
        self.presenter = Presenter(context, *panes, show_link=self.show_link, ages=self.ages, say=self.say)
        self.deployments.table.opened = self._open_deployment
        self.deployments.table.marked = self._mark_deployment
        self.optimizations.table.opened = self._open_optimization
        self.optimizations.table.scrolled = self.presenter.update_subscriptions
        self.insights.table.opened = self._open_insight
        self.chart.view.window_changed = self.presenter.show_chart
        self.chart.view.opens = self._open_chart

    def compose(self) -> ComposeResult:
        """Link bar, panes, action bar, alert line, keys, laid out for the width there is: Textual's own would style and
        draw everything for none before it looks."""
        width = self.app.size.width
        self.add_class(*[name for least, name in self.HORIZONTAL_BREAKPOINTS if width >= least][-1:], update=False)
        panes = Container(self.deployments, self.optimizations, self.chart, self.insights, id="panes")
        return self.link_bar, panes, self.action_bar, self.alert_line, self.key_bar

    def on_mount(self) -> None:
        """Show what is known already."""
        self.show_all(self.ages.context())
        self.choose(self.deployments)

    def show_all(self, context: RenderContext) -> None:
        """Draw panes and bars from what the store holds."""
        self.presenter.show_all(context)
        super().show_all(context)

    def show_changes(self, keys: frozenset[Key[Any]]) -> None:
        """Draw what depends on these keys: they have newer resources."""
        context = self.ages.context()
        self.presenter.show_changes(keys, context)
        super().show_changes(keys)
        self.show_link(context)

    def resources(self) -> Iterable[Resource[Any]]:
        """What the panes show."""
        return self.presenter.resources()

    def pointed(self) -> Pointed:
        """What an action asked for now aims at."""
        now, optimization = self.selected.now, self.optimizations.table.cursor_row
        why_not = "" if now.deployed else self.presenter.why_nothing().rstrip(".")
        return Pointed(
            now.marks,
            now.project_id if now.deployed else None,
            optimization.summary.optimization_id if optimization is not None else "",
            optimization.summary.project_id if optimization is not None else 0,
            why_not[:1].lower() + why_not[1:] if why_not.startswith("No ") else why_not,
        )

    def _mark_deployment(self, row: DeploymentRow) -> None:
        self.selected.change(Marked(Mark(row.project_id, row.deployment.deploy_id)))

    def _open_deployment(self, row: DeploymentRow) -> None:
        self.deployments.note_seen(row)
        self._open(DetailKind.DEPLOYMENT, row.project_id, deploy_id=row.deployment.deploy_id, name=row.name)

    def _open_optimization(self, row: OptimizationRow) -> None:
        each = row.summary
        self._open(DetailKind.OPTIMIZATION, each.project_id, optimization_id=each.optimization_id, name=each.name)

    def _open_insight(self, insight: Insight) -> None:
        now = self.selected.now
        if now.project_id is not None:
            name = self.presenter.data.name
            self._open(DetailKind.INSIGHT, now.project_id, deploy_id=now.deploy_id, insight=insight, name=name)

    def _open_chart(self, kind: DetailKind) -> None:
        now, data = self.selected.now, self.presenter.data
        if now.project_id is not None:
            window = self.chart.view.plot.window
            self._open(
                kind, now.project_id, deploy_id=now.deploy_id, name=data.name, chart=data.chart_name, window=window
            )

    def _open(self, kind: DetailKind, project_id: int, **more: Any) -> None:
        self._app_context.open(Detail(kind, project_id, **more))

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """The pane with the keys gets the room."""
        self._give_room()

    def _give_room(self) -> None:
        for pane in self.panes:
            self.set_class(pane is self.focused_pane, f"-at-{pane.id}")

    def on_screen_suspend(self) -> None:
        """Something covers the panes: they are read at the pace of what is off screen, unless it is a dialog."""
        self.presenter.cover(not self.app.screen.is_modal)

    def on_screen_resume(self) -> None:
        """The panes are on screen again."""
        self.presenter.cover(False)

    def choose(self, pane: Pane) -> None:
        """Give a pane the keys, and the room."""
        super().choose(pane)
        self._give_room()

    def go_back(self) -> None:
        """Drop the filter of the pane with the keys, else the marks. Escape never does anything else."""
        if not self.drop_filter():
            self.selected.change(Unmarked())

    def action_go_to(self, pane: str) -> None:
        """Give the keys to a pane."""
        self.choose(self.query_one(f"#{pane}", Pane))

    def action_toggle_ended(self) -> None:
        """Show or hide deployments that ended long ago."""
        self.deployments.toggle_older()

    def action_pick_chart(self) -> None:
        """Choose one of the deployment's charts by name."""
        data = self.presenter.data
        if self.selected.now.project_id is None:
            self.not_available(f"Can't show charts: {self.presenter.why_nothing()}")
            return
        self.choose_chart(data.chart_names, data.chart_name, self.presenter.choose_chart)

    def action_open_chart(self, kind: str) -> None:
        """Show charts of the deployment, or of all, on the whole screen."""
        if self.selected.now.project_id is None:
            self.say(f"Can't show charts: {self.presenter.why_nothing()}")
        else:
            self._open_chart(DetailKind(kind))

    def action_turn_chart(self, by: int) -> None:
        """The deployment's next or previous chart."""
        self.presenter.turn_chart(by)
