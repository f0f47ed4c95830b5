"""The main screen: four panes, the action bar, the link bar, and the keys between them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Container
from textual.events import DescendantFocus
from textual.screen import Screen

from qctui.engine.facade import Engine
from qctui.model.keys import Key
from qctui.ui.acting import Selection
from qctui.ui.current import Current
from qctui.ui.feed import Feed, Panes
from qctui.ui.glyphs import Glyphs
from qctui.ui.guard import Guard
from qctui.ui.keymap import BY_ID, COMMANDS, Scope, bindings, format_key, keys_of
from qctui.ui.messages import DetailKind, OpenDetail
from qctui.ui.options import UiOptions
from qctui.ui.widgets.action_bar import HINTS, ActionBar
from qctui.ui.widgets.chart_pane import ChartPane
from qctui.ui.widgets.chart_view import ChartView
from qctui.ui.widgets.deployments import DeploymentsPane
from qctui.ui.widgets.footer import KeyBar
from qctui.ui.widgets.insights import InsightsPane
from qctui.ui.widgets.link_bar import LinkBar
from qctui.ui.widgets.listing import ListPane
from qctui.ui.widgets.optimizations import OptimizationsPane
from qctui.ui.widgets.pane import Pane
from qctui.ui.widgets.table import KeyedTable

PANES = ("deployments", "optimizations", "insights", "chart")
"""Ids of the panes in the order of their numbers."""


class MainScreen(Screen[None]):
    """What is seen most of the time."""

    AUTO_FOCUS = ""
    BINDINGS = bindings(Scope.MAIN, Scope.PANES)
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-medium"), (160, "-wide")]  # noqa: RUF012  # as its base declares it

    def __init__(self, engine: Engine, options: UiOptions, glyphs: Glyphs, guard: Guard) -> None:
        # The pane that begins with the keys: without its class the first layout would be thrown away at once.
        super().__init__(id="main", classes="-at-deployments")
        self._glyphs = glyphs
        keys = {each: format_key(keys_of(BY_ID[each], options.keymap)[0]) for each in HINTS}
        self.link_bar = LinkBar(options, glyphs)
        self.deployments = DeploymentsPane(glyphs)
        self.optimizations = OptimizationsPane(glyphs, several=bool(options.pinned))
        self.chart = ChartPane(glyphs)
        self.insights = InsightsPane(glyphs)
        self.action_bar = ActionBar(glyphs, keys, id="actions")
        self.key_bar = KeyBar(glyphs, options.keymap)
        panes = Panes(self.link_bar, self.deployments, self.optimizations, self.chart, self.insights, self.action_bar)
        self.feed = Feed(engine, options, glyphs, panes, guard, self._start_timer)

    def compose(self) -> ComposeResult:
        """Link bar, panes, action bar, keys."""
        yield self.link_bar
        with Container(id="panes"):
            yield self.deployments
            yield self.optimizations
            yield self.chart
            yield self.insights
        yield self.action_bar
        yield self.key_bar

    def on_mount(self) -> None:
        """Show what is known already."""
        self.feed.show_all()
        self.action_go_to("deployments")

    @property
    def current(self) -> Current:
        """The project and deployment the panes show."""
        return self.feed.current

    @property
    def acting_selection(self) -> Selection:
        """What an action asked for now aims at."""
        marked = self.deployments.marked
        row, optimization = self.deployments.current_row, self.optimizations.current_row
        projects = tuple(each.project_id for each in marked)
        # With another project picked the cursor's row is not what the panes show: nothing is aimed at then.
        if not projects and row is not None and row.project_id == self.current.project_id:
            projects = (row.project_id,)
        if optimization is None:
            return Selection(projects)
        return Selection(projects, optimization.summary.optimization_id, optimization.summary.project_id)

    def show_changes(self, keys: frozenset[Key[Any]]) -> None:
        """These keys have newer resources."""
        self.feed.show_changes(keys)

    @on(KeyedTable.CursorMoved, "#deployments KeyedTable")
    def follow_cursor(self, event: KeyedTable.CursorMoved) -> None:
        """The other panes show the deployment under the cursor."""
        row = self.deployments.current_row
        if event.by_person and row is not None:
            self.deployments.note_seen(row)
        self.feed.follow_cursor(by_person=event.by_person)

    @on(KeyedTable.Marked, "#deployments KeyedTable")
    def mark_deployment(self, event: KeyedTable.Marked) -> None:
        """Mark or unmark it."""
        if isinstance(event.key, int):
            self.deployments.toggle_mark(event.key)

    @on(KeyedTable.Scrolled)
    def want_what_is_visible(self) -> None:
        """Progress is read for the optimizations on screen."""
        self.feed.want()

    @on(KeyedTable.Opened, "#deployments KeyedTable")
    def open_deployment(self) -> None:
        """Ask for the deployment in full."""
        row = self.deployments.current_row
        if row is not None:
            self.deployments.note_seen(row)
            deploy_id = row.deployment.deploy_id
            self.post_message(
                OpenDetail(DetailKind.DEPLOYMENT, project_id=row.project_id, deploy_id=deploy_id, name=row.name)
            )

    @on(KeyedTable.Opened, "#optimizations KeyedTable")
    def open_optimization(self) -> None:
        """Ask for the optimization in full."""
        row = self.optimizations.current_row
        if row is not None:
            summary = row.summary
            self.post_message(
                OpenDetail(
                    DetailKind.OPTIMIZATION,
                    project_id=summary.project_id,
                    optimization_id=summary.optimization_id,
                    name=summary.name,
                )
            )

    @on(KeyedTable.Opened, "#insights KeyedTable")
    def open_insight(self) -> None:
        """Ask for the insight in full."""
        insight, current = self.insights.current_row, self.current
        if insight is not None and current.project_id is not None:
            self.post_message(
                OpenDetail(
                    DetailKind.INSIGHT,
                    project_id=current.project_id,
                    deploy_id=current.deploy_id,
                    insight=insight,
                    name=current.name,
                )
            )

    @on(ChartView.WindowChanged)
    def look_at_chart(self) -> None:
        """Show what the store has of the window, and ask for the rest."""
        self.feed.look_at_chart()

    @on(ChartView.OpenWanted)
    def open_chart(self, event: ChartView.OpenWanted) -> None:
        """Ask for the chart, or several, on the whole screen."""
        current = self.current
        if current.project_id is not None:
            self.post_message(
                OpenDetail(
                    event.kind,
                    project_id=current.project_id,
                    deploy_id=current.deploy_id,
                    name=current.name,
                    chart=self.feed.chart_name,
                    window=event.view.plot.window,
                )
            )

    @on(ActionBar.Ticked)
    def show_elapsed(self) -> None:
        """The seconds beside an action under way."""
        self.feed.show_actions()

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """The pane with the keys gets the room, and the footer shows its keys."""
        pane = self._focused_pane()
        for name in PANES:
            self.set_class(pane is not None and pane.id == name, f"-at-{name}")
        self.show_keys()

    def show_keys(self) -> None:
        """Bring the footer up to date with the keys that work now."""
        ids = {active.binding.id for active in self.active_bindings.values() if active.enabled}
        self.key_bar.show(command for command in COMMANDS if command.id in ids)

    def on_screen_suspend(self) -> None:
        """Something covers the panes: they are read at the pace of what is off screen, unless it is a dialog."""
        self.feed.cover(not self.app.screen.is_modal)

    def on_screen_resume(self) -> None:
        """The panes are on screen again."""
        self.feed.cover(False)

    def action_go_to(self, pane: str) -> None:
        """Give the keys to a pane."""
        self.query_one(f"#{pane}", Pane).focus_body()

    def action_go_on(self, by: int) -> None:
        """Give the keys to the next pane."""
        pane = self._focused_pane()
        at = PANES.index(pane.id) if pane is not None and pane.id in PANES else -by
        self.action_go_to(PANES[(at + by) % len(PANES)])

    async def action_filter(self) -> None:
        """Filter the pane with the keys."""
        pane = self._focused_pane()
        if isinstance(pane, ListPane):
            await pane.open_filter()

    def action_sort(self) -> None:
        """Sort the pane with the keys by its next column."""
        pane = self._focused_pane()
        if isinstance(pane, ListPane):
            pane.cycle_sort()

    def action_toggle_ended(self) -> None:
        """Show or hide deployments that ended long ago."""
        self.deployments.toggle_older()
        self.feed.follow_cursor(by_person=False)

    async def action_back(self) -> None:
        """One step back: the filter, then the marks. Never anything else."""
        pane = self._focused_pane()
        if pane is not None and await pane.drop_filter():
            pane.focus_body()
            return
        self.deployments.drop_marks()

    def action_pick_chart(self) -> None:
        """Choose one of the deployment's charts by name."""
        from qctui.ui.screens.chart_choose import Choose

        names = self.feed.chart_names
        if not names:
            self.app.notify("This deployment's charts are not known yet", severity="warning", markup=False)
            return

        def chosen(place: int | None) -> None:
            if place is not None:
                self.feed.choose_chart(names[place])

        current = names.index(self.feed.chart_name) if self.feed.chart_name in names else None
        self.app.push_screen(Choose("Chart", names, self._glyphs, current=current), chosen)

    def action_turn_chart(self, by: int) -> None:
        """The deployment's next or previous chart."""
        self.feed.turn_chart(by)

    def copy_text(self) -> str:
        """The selected row of the pane with the keys, columns separated by tabs."""
        pane = self._focused_pane()
        return pane.table.row_text() if isinstance(pane, ListPane) else ""

    def _focused_pane(self) -> Pane | None:
        node = self.focused
        if node is None:
            return None
        return next((each for each in node.ancestors_with_self if isinstance(each, Pane)), None)

    def _start_timer(self, seconds: float, callback: Callable[[], None]) -> Callable[[], None]:
        return self.set_timer(seconds, callback).stop
