"""From the store to the panes of the main screen, and from the selection to what the engine reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from qctui.engine.engine_port import Engine, Subscription
from qctui.model.account import ACCOUNTS, EQUITY_HISTORY
from qctui.model.action import ACTIONS
from qctui.model.keys import (
    DEPLOYMENTS,
    JOURNAL,
    LINK,
    PROJECTS,
    Key,
    optimization_key,
)
from qctui.model.link import Link
from qctui.model.optimization import Optimization
from qctui.model.resource import Resource
from qctui.ui.actions.action_bar import ActionBar
from qctui.ui.charts.chart_pane import ChartPane
from qctui.ui.deployments.deployments_pane import DeploymentsPane
from qctui.ui.insights.insights_pane import InsightsPane
from qctui.ui.kit.link_bar import LinkBar
from qctui.ui.kit.render_context import AgeTimer, RenderContext
from qctui.ui.kit.safe_draw import Guard
from qctui.ui.optimizations.optimizations_pane import OptimizationsPane
from qctui.ui.options import UiOptions
from qctui.ui.rows import name_of
from qctui.ui.selection import Change, Chose, Covered, Pane, Picked, Selection
from qctui.ui.selection_owner import SelectionOwner
from qctui.ui.sync.selected_data import SelectedData
from qctui.ui.sync.subscriptions import wants
from qctui.ui.sync.throttle import StartTimer, Throttle
from qctui.ui.theme.glyph_set import Glyphs

SETTLE_S = 0.15
"""Cursor moves that follow each other faster than this ask the engine for the last one's data only."""


@dataclass(frozen=True, slots=True)
class Panes:
    """The widgets that are fed."""

    link: LinkBar
    deployments: DeploymentsPane
    optimizations: OptimizationsPane
    chart: ChartPane
    insights: InsightsPane
    actions: ActionBar


class Presenter:
    """Hands each pane the resource it shows, when that changes, when the selection changes, and when an age's word
    does."""

    def __init__(
        self,
        engine: Engine,
        options: UiOptions,
        glyphs: Glyphs,
        panes: Panes,
        selected: SelectionOwner,
        guard: Guard,
        say: Callable[[str], None],
        start_timer: StartTimer,
    ) -> None:
        """`say` tells the person something in passing."""
        self._engine = engine
        self._options = options
        self._panes = panes
        self._selected = selected
        self._guard, self._say = guard, say
        self.ages = AgeTimer(engine.clock, options.zone, glyphs, start_timer, self.show_all)
        self.data = SelectedData(engine.store, selected, options.pinned)
        """What the panes show."""
        self._views: Throttle[tuple[Subscription, ...]] = Throttle((), engine.subscribe, start_timer, SETTLE_S)
        self._covered = False
        self._opened: dict[object, tuple[Subscription, ...]] = {}
        self._lost = selected.lost_marks
        if options.project_id is not None:
            selected.change(Picked(options.project_id))
        selected.told = self._follow
        panes.deployments.refiltered = self._name_the_filter

    def show_all(self, context: RenderContext | None = None) -> None:
        """Show everything: at start, and when the word of an age on screen changes."""
        context = context or self.ages.context()
        self.data.read_names()
        self._guard("Deployments", lambda: self._show_deployments(context), self._panes.deployments)
        self._show_selected(context)
        self._guard("The actions", lambda: self._show_actions(context), self._panes.actions)
        self._guard("The link bar", lambda: self._show_link(context), self._panes.link)
        self.want()

    def show_changes(self, keys: frozenset[Key[Any]]) -> None:
        """Hand the newer resources to the panes that show them."""
        context = self.ages.context()
        if PROJECTS in keys:
            self.data.read_names()
        if not keys.isdisjoint({DEPLOYMENTS, PROJECTS, EQUITY_HISTORY, ACCOUNTS}):
            self._guard("Deployments", lambda: self._show_deployments(context), self._panes.deployments)
        if PROJECTS in keys or any(key.kind in {"optimizations", "optimization"} for key in keys):
            self._guard("Optimizations", lambda: self._show_optimizations(context), self._panes.optimizations)
        if self.data.insights_key in keys:
            self._guard("Insights", lambda: self._show_insights(context), self._panes.insights)
        if any(key.kind in {"chart", "detail"} and key.project_id == self._selection.project_id for key in keys):
            self._guard("The chart", lambda: self._show_chart(context), self._panes.chart)
        if ACTIONS in keys:
            self._guard("The actions", lambda: self._show_actions(context), self._panes.actions)
        self._guard("The link bar", lambda: self._show_link(context), self._panes.link)
        self.want()

    def choose_chart(self, name: str) -> None:
        """Show this chart from now on, of every deployment that has it."""
        self.data.chart_chosen = name
        self.look_at_chart()

    def turn_chart(self, by: int) -> None:
        """Show the next or previous of the deployment's charts."""
        names = self.data.chart_names
        if names:
            at = names.index(self.data.chart_name) if self.data.chart_name in names else -by
            self.choose_chart(names[(at + by) % len(names)])

    def look_at_chart(self) -> None:
        """Another chart, or another window of it, is looked at: show what the store has, ask for the rest."""
        self._guard("The chart", lambda: self._show_chart(self.ages.context()), self._panes.chart)
        self.want()

    def show_actions(self) -> None:
        """Show the action bar for the present: a second has passed."""
        self._guard("The actions", lambda: self._show_actions(self.ages.context()), self._panes.actions)

    def pick(self, project_id: int) -> None:
        """Select a project, whether it is listed, ended long ago or was never deployed. It is selected where it can be
        seen: a filter that it does not pass is dropped."""
        self._selected.change(Picked(project_id))
        self._reveal()

    def hold(self, held: bool) -> None:
        """Something above the main screen shows what is selected, or no longer does."""
        if held is not self._selection.held:
            self._selected.change(Covered(held))
            if not held:
                self._reveal()

    def why_nothing(self) -> str:
        """Why there is no deployment to show, or to act on, in terms of what is on screen."""
        listed = self.data.deployments
        if listed.value is None and listed.error is not None:
            return f"The deployments can't be read: {listed.error.message}"
        if listed.value is None:
            return f"Reading deployments{self.ages.context().glyphs.ellipsis}"
        if self._selection.project_id is None:
            text = self._panes.deployments.filter_text
            return f"No deployment matches /{text}." if text else "No deployment is selected."
        if listed.unreadable:
            return f"{self.data.name} is not among the deployments that can be read."
        if self._panes.deployments.was_listed(self._selection.project_id):
            return f"{self.data.name} is no longer listed."
        return f"{self.data.name} was never deployed."

    def cover(self, covered: bool) -> None:
        """Another screen hides the panes, or no longer does."""
        self._covered = covered
        self.want()

    def subscribe(self, owner: object, opened: Iterable[Subscription]) -> None:
        """Another screen asks for these resources itself, instead of what it asked for before; for none once it
        closes."""
        self._opened[owner] = tuple(opened)
        if not self._opened[owner]:
            del self._opened[owner]
        self.want()

    def want(self) -> None:
        """Tell the engine what to keep current; at most one view in `SETTLE_S`, the last one always."""
        pinned = self._options.pinned
        self._views.offer(
            wants(
                self._selection,
                self._panes.optimizations.visible_rows,
                pinned=pinned,
                chart=self._panes.chart.subscriptions(self._selection.project_id or 0, self.data.chart_name),
                opened=[want for opened in self._opened.values() for want in opened],
                covered=self._covered,
            )
        )

    @property
    def view(self) -> tuple[Subscription, ...]:
        """What the engine is told to keep current."""
        return self._views.newest

    def _show_deployments(self, context: RenderContext) -> None:
        store = self._engine.store
        trails, accounts = store.get(EQUITY_HISTORY).value or {}, store.get(ACCOUNTS).value or {}
        pane = self._panes.deployments
        pane.show(self.data.deployments, self.data.names, trails, accounts, context)
        if not self._selection.deployed:
            # Why there is nothing to show depends on how the list was read.
            self._show_selected(context)
        self._tell_lost_marks()

    def _tell_lost_marks(self) -> None:
        """A mark belongs to a deployment, not to what runs in the project later."""
        lost, told = self._selected.lost_marks, self._lost
        self._lost = lost
        for mark in lost:
            if mark not in told:
                name = name_of(mark.project_id, self.data.names)
                self._say(f"{name} was deployed again: what runs there now is not marked")

    def _follow(self, before: Selection, now: Selection, change: Change) -> None:
        """The selection is another one: the other panes switch at once to what the store holds."""
        if isinstance(change, Chose) and change.pane is Pane.DEPLOYMENTS:
            self._note_seen()
        if now.marks != before.marks:
            self._panes.deployments.show_again()
        if _subject(before) != _subject(now):
            context = self.ages.context()
            self._show_selected(context)
            self._guard("The link bar", lambda: self._show_link(context), self._panes.link)
        self.want()

    def _name_the_filter(self) -> None:
        """With no match, what is said for it names the filter."""
        if self._selection.project_id is None:
            self._show_selected(self.ages.context())

    def _note_seen(self) -> None:
        row = self._panes.deployments.current_row
        if row is not None:
            self._panes.deployments.note_seen(row)

    def _reveal(self) -> None:
        pane, project_id = self._panes.deployments, self._selection.project_id
        if project_id is not None and pane.filters_out(project_id):
            self._say(f"The filter /{pane.filter_text} is dropped: {self.data.name} does not match it")
            pane.drop_filter()
        pane.show_again()

    def _show_selected(self, context: RenderContext) -> None:
        self._guard("Optimizations", lambda: self._show_optimizations(context), self._panes.optimizations)
        self._guard("Insights", lambda: self._show_insights(context), self._panes.insights)
        self._guard("The chart", lambda: self._show_chart(context), self._panes.chart)

    def _show_optimizations(self, context: RenderContext) -> None:
        store = self._engine.store
        resource = self.data.optimizations
        details: dict[str, Optimization] = {}
        for each in resource.value or ():
            detail = store.get(optimization_key(each.optimization_id)).value
            if detail is not None:
                details[each.optimization_id] = detail
        scope = f"of {len(self._options.pinned)} pinned projects" if self._options.pinned else self.data.name
        nowhere = not self._options.pinned and self._selection.project_id is None
        self._panes.optimizations.show(resource, details, self.data.names, scope, context, selected=not nowhere)

    def _show_insights(self, context: RenderContext) -> None:
        if self._selection.deploy_id:
            self._panes.insights.show(self.data.insights, self.data.name, context)
        elif self._selection.deployed:
            self._panes.insights.show_nothing("Unknown: the service tells no deploy id to ask them by.", context)
        else:
            self._panes.insights.show_nothing(self.why_nothing(), context)

    def _show_chart(self, context: RenderContext) -> None:
        project_id = self._selection.project_id or 0
        name = self.data.chart_name
        nothing = self.why_nothing()
        self._panes.chart.show(
            self.data.chart(*self._panes.chart.wanted),
            context,
            project_id=project_id,
            name=name,
            names=self.data.chart_names,
            project=self.data.name,
            nothing=nothing,
        )

    def _show_actions(self, context: RenderContext) -> None:
        self._panes.actions.show(self._engine.store.get(ACTIONS).value or (), context)

    def _show_link(self, context: RenderContext) -> None:
        on_screen: list[Resource[Any]] = [
            self.data.deployments,
            self.data.optimizations,
            self.data.insights,
            self.data.chart(*self._panes.chart.wanted),
        ]
        store = self._engine.store
        journal = store.get(JOURNAL).value or ""
        self._panes.link.show(store.get(LINK).value or Link(), on_screen, context, journal)

    @property
    def _selection(self) -> Selection:
        return self._selected.now


def _subject(selection: Selection) -> tuple[int | None, str, bool]:
    return selection.project_id, selection.deploy_id, selection.deployed
