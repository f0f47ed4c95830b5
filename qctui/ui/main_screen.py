"""The main screen: four panes, the action bar, the link bar, and the keys between them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Container
from textual.events import DescendantFocus
from textual.screen import Screen

from qctui.engine.engine_port import Engine
from qctui.model.keys import Key
from qctui.ui.actions.action_bar import ActionBar
from qctui.ui.actions.controller import DEPLOYMENT, OPTIMIZATION, Pointed
from qctui.ui.charts.chart_pane import ChartPane
from qctui.ui.deployments.deployments_pane import DeploymentsPane
from qctui.ui.insights.insights_pane import InsightsPane
from qctui.ui.keys.keymap import COMMANDS, Scope, bindings
from qctui.ui.kit.bar import KeyBar
from qctui.ui.kit.link_bar import LinkBar
from qctui.ui.kit.list_pane import ListPane
from qctui.ui.kit.pane import Pane
from qctui.ui.kit.safe_draw import Guard
from qctui.ui.openable import Detail, DetailKind, Opens
from qctui.ui.optimizations.optimizations_pane import OptimizationsPane
from qctui.ui.options import UiOptions
from qctui.ui.selection import Mark, Marked, Selection, Unmarked
from qctui.ui.selection_owner import SelectionOwner
from qctui.ui.sync.presenter import Panes, Presenter
from qctui.ui.theme.glyph_set import Glyphs

PANES = ("deployments", "optimizations", "insights", "chart")
"""Ids of the panes in the order of their numbers."""

ACTIONS_STOP = "actions"
"""Id of the action bar."""


class MainScreen(Screen[None]):
    """What is seen most of the time."""

    AUTO_FOCUS = ""
    BINDINGS = bindings(Scope.MAIN, Scope.PANES)
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-medium"), (160, "-wide")]  # noqa: RUF012  # as its base declares it

    ACTS_ON = frozenset({DEPLOYMENT, OPTIMIZATION})
    NAME = "the main screen"

    def __init__(self, engine: Engine, options: UiOptions, glyphs: Glyphs, guard: Guard, opens: Opens) -> None:
        """`opens` shows one thing in full."""
        # The pane that begins with the keys: without its class the first layout would be thrown away at once.
        super().__init__(id="main", classes="-at-deployments")
        self._glyphs = glyphs
        self._opens = opens
        self.selected = SelectionOwner(pinned=bool(options.pinned))
        """The one selection."""
        self.link_bar = LinkBar(options, glyphs)
        self.deployments = DeploymentsPane(glyphs, self.selected)
        self.optimizations = OptimizationsPane(glyphs, self.selected, several=bool(options.pinned))
        self.chart = ChartPane(glyphs)
        self.insights = InsightsPane(glyphs, self.selected)
        self.action_bar = ActionBar(glyphs, options.keymap, read_only=options.read_only, id=ACTIONS_STOP)
        self.key_bar = KeyBar(glyphs, options.keymap)
        panes = Panes(self.link_bar, self.deployments, self.optimizations, self.chart, self.insights, self.action_bar)
        self.presenter = Presenter(engine, options, glyphs, panes, self.selected, guard, self._say, self._start_timer)
        self.deployments.table.opened = self._open_deployment
        self.deployments.table.marked = self._mark_deployment
        self.optimizations.table.opened = self._open_optimization
        self.optimizations.table.scrolled = self.presenter.want
        self.insights.table.opened = self._open_insight
        self.chart.view.window_changed = self.presenter.look_at_chart
        self.chart.view.opens = self._open_chart

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
        self.presenter.show_all()
        self.action_go_to("deployments")

    @property
    def selection(self) -> Selection:
        """What is selected now."""
        return self.selected.now

    def pointed(self) -> Pointed:
        """What an action asked for now aims at."""
        now, optimization = self.selection, self.optimizations.current_row
        why_not = "" if now.deployed else self.presenter.why_nothing().rstrip(".")
        return Pointed(
            now.marks,
            now.project_id if now.deployed else None,
            optimization.summary.optimization_id if optimization is not None else "",
            optimization.summary.project_id if optimization is not None else 0,
            why_not[:1].lower() + why_not[1:] if why_not.startswith("No ") else why_not,
        )

    def show_changes(self, keys: frozenset[Key[Any]]) -> None:
        """These keys have newer resources."""
        self.presenter.show_changes(keys)

    def _mark_deployment(self) -> None:
        row = self.deployments.current_row
        if row is not None:
            self.selected.change(Marked(Mark(row.project_id, row.deployment.deploy_id)))

    def _open_deployment(self) -> None:
        row = self.deployments.current_row
        if row is not None:
            self.deployments.note_seen(row)
            self._opens(Detail(DetailKind.DEPLOYMENT, row.project_id, row.deployment.deploy_id, name=row.name))

    def _open_optimization(self) -> None:
        row = self.optimizations.current_row
        if row is not None:
            summary = row.summary
            self._opens(
                Detail(
                    DetailKind.OPTIMIZATION,
                    summary.project_id,
                    optimization_id=summary.optimization_id,
                    name=summary.name,
                )
            )

    def _open_insight(self) -> None:
        insight, now = self.insights.current_row, self.selection
        if insight is not None and now.project_id is not None:
            self._opens(
                Detail(
                    DetailKind.INSIGHT, now.project_id, now.deploy_id, insight=insight, name=self.presenter.data.name
                )
            )

    def _open_chart(self, kind: DetailKind) -> None:
        now = self.selection
        if now.project_id is not None:
            self._opens(
                Detail(
                    kind,
                    now.project_id,
                    now.deploy_id,
                    name=self.presenter.data.name,
                    chart=self.presenter.data.chart_name,
                    window=self.chart.view.plot.window,
                )
            )

    @on(ActionBar.Ticked)
    def show_elapsed(self) -> None:
        """The seconds beside an action under way."""
        self.presenter.show_actions()

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """The pane with the keys gets the room, and the footer shows its keys."""
        self._give_room()
        self.show_keys()

    def _give_room(self) -> None:
        pane = self._focused_pane()
        for name in PANES:
            self.set_class(pane is not None and pane.id == name, f"-at-{name}")

    def show_keys(self) -> None:
        """Bring the footer up to date with the keys that work now."""
        ids = {active.binding.id for active in self.active_bindings.values() if active.enabled}
        self.key_bar.show(command for command in COMMANDS if command.id in ids)

    def on_screen_suspend(self) -> None:
        """Something covers the panes: they are read at the pace of what is off screen, unless it is a dialog."""
        self.presenter.cover(not self.app.screen.is_modal)

    def on_screen_resume(self) -> None:
        """The panes are on screen again."""
        self.presenter.cover(False)

    def action_go_to(self, pane: str) -> None:
        """Give the keys to a pane."""
        self.query_one(f"#{pane}", Pane).focus_body()
        self._give_room()

    def action_go_on(self, by: int) -> None:
        """Give the keys to the next pane; behind the last one to the action bar, while there is one."""
        stops = PANES if self.action_bar.empty else (*PANES, ACTIONS_STOP)
        pane = self._focused_pane()
        here = ACTIONS_STOP if self.focused is self.action_bar else pane.id if pane is not None else None
        at = stops.index(here) if here in stops else -by
        there = stops[(at + by) % len(stops)]
        if there == ACTIONS_STOP:
            self.action_bar.take_keys()
        else:
            self.action_go_to(there)

    async def action_filter(self) -> None:
        """Filter the pane with the keys."""
        pane = self._focused_pane()
        if pane is not None:
            await pane.open_filter()

    def action_sort(self) -> None:
        """Sort the pane with the keys by its next column."""
        pane = self._focused_pane()
        if isinstance(pane, ListPane):
            pane.cycle_sort()

    def action_toggle_ended(self) -> None:
        """Show or hide deployments that ended long ago."""
        self.deployments.toggle_older()

    def action_back(self) -> None:
        """One step back: out of the action bar, else the filter, then the marks. Never anything else."""
        if self.action_bar.give_back_keys():
            return
        pane = self._focused_pane()
        if pane is not None and pane.drop_filter():
            pane.focus_body()
            return
        self.selected.change(Unmarked())

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only rows can be filtered and sorted."""
        pane = self._focused_pane()
        if action == "filter":
            return pane is not None and pane.searchable
        return action != "sort" or isinstance(pane, ListPane)

    def action_pick_chart(self) -> None:
        """Choose one of the deployment's charts by name."""
        from qctui.ui.kit.chooser import Chooser

        names = self.presenter.data.chart_names
        if not names:
            self.app.notify("This deployment's charts are not known yet", severity="warning", markup=False)
            return

        def chosen(place: int | None) -> None:
            if place is not None:
                self.presenter.choose_chart(names[place])

        current = names.index(self.presenter.data.chart_name) if self.presenter.data.chart_name in names else None
        self.app.push_screen(Chooser("Chart", names, self._glyphs, current=current), chosen)

    def action_open_chart(self, kind: str) -> None:
        """Show charts of the deployment, or of all, on the whole screen."""
        if self.selection.project_id is None:
            self._say(f"Can't show charts: {self.presenter.why_nothing()}")
        else:
            self._open_chart(DetailKind(kind))

    def action_turn_chart(self, by: int) -> None:
        """The deployment's next or previous chart."""
        self.presenter.turn_chart(by)

    def copy_text(self) -> str:
        """The selected row of the pane with the keys, columns separated by tabs."""
        pane = self._focused_pane()
        return pane.table.row_text() if isinstance(pane, ListPane) else ""

    def _focused_pane(self) -> Pane | None:
        node = self.focused
        if node is None:
            return None
        return next((each for each in node.ancestors_with_self if isinstance(each, Pane)), None)

    def _say(self, message: str) -> None:
        self.app.notify(message, severity="warning", markup=False)

    def _start_timer(self, seconds: float, callback: Callable[[], None]) -> Callable[[], None]:
        return self.set_timer(seconds, callback).stop
