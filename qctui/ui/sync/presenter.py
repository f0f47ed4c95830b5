"""From the store to the panes of the main screen, and from the selection to what the engine keeps current."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any

from textual.message import Message

from qctui.actions.capture import known_ended
from qctui.engine.engine_port import Subscription
from qctui.model.account import ACCOUNTS, EQUITY_HISTORY
from qctui.model.alert import ALERTS, alerted_pulses
from qctui.model.deployment import name_of
from qctui.model.keys import DEPLOYMENTS, PROJECTS, Key, optimization_key
from qctui.model.pulse import PULSES
from qctui.model.resource import FailureKind, Resource
from qctui.store import Store
from qctui.ui.alerts.alert_line import worst_by
from qctui.ui.charts.chart_pane import ChartPane
from qctui.ui.context import AppContext
from qctui.ui.deployments.deployments_pane import DeploymentsPane, KnownBeside
from qctui.ui.insights.insights_pane import InsightsPane
from qctui.ui.kit.render_context import AgeTimer, RenderContext
from qctui.ui.optimizations.optimizations_pane import OptimizationsPane
from qctui.ui.selection import Change, Chose, Covered, Pane, Picked, Selection
from qctui.ui.sync.selected_data import SelectedData, subscriptions_for


class Presenter:
    """Hands each pane the resource it shows, when that changes, when the selection changes, and when an age's word
    does."""

    def __init__(
        self,
        context: AppContext,
        deployments: DeploymentsPane,
        optimizations: OptimizationsPane,
        insights: InsightsPane,
        chart: ChartPane,
        *,
        show_link: Callable[[RenderContext], None],
        ages: AgeTimer,
        say: Callable[[str], None],
    ) -> None:
        """`show_link` draws the link bar, which names the oldest data on screen; `say` shows a message in passing."""
        self._engine, self._options, self._selected = context.engine, context.options, context.selected
        self._glyphs, self._draw = context.glyphs, context.draw
        self._deployments, self._optimizations = deployments, optimizations
        self._insights, self._chart = insights, chart
        self._show_link, self._ages, self._say = show_link, ages, say
        self.data = SelectedData(context.engine.store, context.selected, context.options.pinned)
        """What the panes show."""
        self.subscriptions: tuple[Subscription, ...] = ()
        """What the engine was asked to keep current."""
        self._covered = False
        self._opened: dict[object, tuple[Subscription, ...]] = {}
        self._lost = self._selected.lost_marks
        self._ended: frozenset[str] = frozenset()
        """What was known to have ended when Deployments was drawn last."""
        if context.options.project_id is not None:
            self._selected.change(Picked(context.options.project_id))
        self._selected.on_change = self._follow
        deployments.refiltered = self._name_the_filter

    def show_all(self, context: RenderContext) -> None:
        """Draw every pane: at start, and when the word of an age on screen changes."""
        self.data.read_names()
        self._draw("Deployments", lambda: self._show_deployments(context), self._deployments)
        self._show_selected(context)
        self.update_subscriptions()

    def show_changes(self, keys: frozenset[Key[Any]], context: RenderContext) -> None:
        """Hand the newer resources to the panes that show them."""
        if PROJECTS in keys:
            self.data.read_names()
        listed = not keys.isdisjoint({DEPLOYMENTS, PROJECTS, EQUITY_HISTORY, ACCOUNTS, PULSES, ALERTS})
        if listed or known_ended(self._engine.store) != self._ended:
            self._draw("Deployments", lambda: self._show_deployments(context), self._deployments)
        if any(key in (PROJECTS, ALERTS) or key.kind in {"optimizations", "optimization"} for key in keys):
            self._draw("Optimizations", lambda: self._show_optimizations(context), self._optimizations)
        if self.data.insights_key in keys:
            self._draw("Insights", lambda: self._show_insights(context), self._insights)
        if any(key.kind in {"chart", "detail"} and key.project_id == self._selected.now.project_id for key in keys):
            self._draw("The chart", lambda: self._show_chart(context), self._chart)
        self.update_subscriptions()

    def resources(self) -> list[Resource[Any]]:
        """What the panes show."""
        data = self.data
        return [data.deployments, data.optimizations, data.insights, data.chart(*self._chart.view.wanted)]

    def choose_chart(self, name: str) -> None:
        """Show this chart from now on, of every deployment that has it."""
        self.data.chart_chosen = name
        self.show_chart()

    def turn_chart(self, by: int) -> None:
        """Show the next or previous of the deployment's charts."""
        names = self.data.chart_names
        if names:
            at = names.index(self.data.chart_name) if self.data.chart_name in names else -by
            self.choose_chart(names[(at + by) % len(names)])

    def show_chart(self) -> None:
        """Show what the store has of another chart, or of another window of it, and ask for the rest."""
        self._draw("The chart", lambda: self._show_chart(self._ages.context()), self._chart)
        self.update_subscriptions()

    def pick(self, project_id: int) -> None:
        """Select a project, whether it is listed, ended long ago or was never deployed. It is selected where it can be
        seen: a filter that it does not pass is dropped."""
        self._selected.change(Picked(project_id))
        self._reveal()

    def hold(self, held: bool) -> None:
        """Something above the main screen shows what is selected, or no longer does."""
        if held is not self._selected.now.held:
            self._selected.change(Covered(held))
            if not held:
                self._reveal()

    def why_nothing(self) -> str:
        """Why there is no deployment to show, or to act on, in terms of what is on screen."""
        listed = self.data.deployments
        if listed.value is None and listed.error is not None:
            if listed.error.kind is FailureKind.REFUSED:  # a tape has none here: no read failed
                return listed.error.message
            return f"The deployments can't be read: {listed.error.message}"
        if listed.value is None:
            return f"Reading deployments{self._glyphs.ellipsis}"
        if self._selected.now.project_id is None:
            text = self._deployments.filter_text
            return f"No deployment matches /{text}." if text else "No deployment is selected."
        if listed.unreadable:
            return f"{self.data.name} is not among the deployments that can be read."
        if self._deployments.was_listed(self._selected.now.project_id):
            return f"{self.data.name} is no longer listed."
        return f"{self.data.name} was never deployed."

    def cover(self, covered: bool) -> None:
        """Another screen hides the panes, or no longer does."""
        self._covered = covered
        self.update_subscriptions()

    def subscribe(self, screen: object, opened: Iterable[Subscription]) -> None:
        """Another screen needs these resources, instead of those before; none once it closes."""
        self._opened[screen] = tuple(opened)
        if not self._opened[screen]:
            del self._opened[screen]
        self.update_subscriptions()

    def update_subscriptions(self) -> None:
        """Ask the engine to keep current what is looked at now. It waits by itself until a selection that moves comes
        to rest, so that holding a key down reads nothing."""
        subscriptions = subscriptions_for(
            self._selected.now,
            self._optimizations.table.visible_rows,
            pinned=self._options.pinned,
            chart=self._chart.subscriptions(self._selected.now.project_id or 0, self.data.chart_name),
            opened=[each for opened in self._opened.values() for each in opened],
            covered=self._covered,
        )
        if subscriptions != self.subscriptions:
            self.subscriptions = subscriptions
            self._engine.subscribe(subscriptions)

    def _show_deployments(self, context: RenderContext) -> None:
        store = self._engine.store
        self._ended = known_ended(store)
        alerts = store.get(ALERTS).value or ()
        known = KnownBeside(
            self.data.names,
            store.get(EQUITY_HISTORY).value or {},
            store.get(ACCOUNTS).value or {},
            alerted_pulses(store.get(PULSES).value or {}, alerts),
            worst_by(alerts, lambda each: 0 if each.optimization_id else each.project_id),
            self._ended,
        )
        self._deployments.show(self.data.deployments, known, context)
        if not self._selected.now.deployed:
            # Why there is nothing to show depends on how the list was read.
            self._show_selected(context)
        self._report_lost_marks()

    def _report_lost_marks(self) -> None:
        """A mark belongs to a deployment, not to what runs in the project later."""
        before, self._lost = self._lost, self._selected.lost_marks
        for mark in self._lost:
            if mark not in before:
                name = name_of(mark.project_id, self.data.names)
                self._say(f"{name} was deployed again: what runs there now is not marked")

    def _follow(self, before: Selection, now: Selection, change: Change) -> None:
        """The selection is another one: the other panes switch at once to what the store holds."""
        if isinstance(change, Chose) and change.pane is Pane.DEPLOYMENTS:
            row = self._deployments.table.cursor_row
            if row is not None:
                self._deployments.note_seen(row)
        left = before.project.chosen
        if now.marks != before.marks or (now.project.chosen != left and left in self._deployments.guests):
            # At once, and not at some later redraw: the next key must find the rows that a person sees.
            self._deployments.show_again()
        if (before.project_id, before.deploy_id, before.deployed) != (now.project_id, now.deploy_id, now.deployed):
            context = self._ages.context()
            self._show_selected(context)
            self._show_link(context)
        self.update_subscriptions()

    def _name_the_filter(self) -> None:
        """With no match, what is said for it names the filter."""
        if self._selected.now.project_id is None:
            self._show_selected(self._ages.context())

    def _reveal(self) -> None:
        pane, project_id = self._deployments, self._selected.now.project_id
        if project_id is not None and pane.filters_out(project_id):
            self._say(f"The filter /{pane.filter_text} is dropped: {self.data.name} does not match it")
            pane.drop_filter()
        pane.show_again()

    def _show_selected(self, context: RenderContext) -> None:
        self._draw("Optimizations", lambda: self._show_optimizations(context), self._optimizations)
        self._draw("Insights", lambda: self._show_insights(context), self._insights)
        self._draw("The chart", lambda: self._show_chart(context), self._chart)

    def _show_optimizations(self, context: RenderContext) -> None:
        store = self._engine.store
        resource = self.data.optimizations
        ids = [each.optimization_id for each in resource.value or ()]
        details = {each: store.get(optimization_key(each)).value for each in ids}
        alerts = worst_by(store.get(ALERTS).value or (), lambda each: each.optimization_id)
        pinned = self._options.pinned
        scope = f"of {len(pinned)} pinned projects" if pinned else self.data.name
        selected = bool(pinned) or self._selected.now.project_id is not None
        self._optimizations.show(resource, details, alerts, self.data.names, scope, context, selected=selected)

    def _show_insights(self, context: RenderContext) -> None:
        if self._selected.now.deploy_id:
            self._insights.show(self.data.insights, self.data.name, context)
        elif self._selected.now.deployed:
            self._insights.show_nothing("Unknown: the service tells no deploy id to ask them by.", context)
        else:
            self._insights.show_nothing(self.why_nothing(), context)

    def _show_chart(self, context: RenderContext) -> None:
        self._chart.show(
            self.data.chart(*self._chart.view.wanted),
            context,
            project_id=self._selected.now.project_id or 0,
            name=self.data.chart_name,
            names=self.data.chart_names,
            project=self.data.name,
            nothing=self.why_nothing(),
        )


class StoreChanged(Message, bubble=False):
    """Something in the store changed: the bridge holds which keys. At most one is under way at a time."""


class Bridge:
    """Collects the keys that change in the store and wakes the interface once for all of them.

    While the interface does not answer (a terminal that stopped reading freezes its loop), the set of keys is all that
    grows, and it is bounded by the store.
    """

    def __init__(self, store: Store, wake: Callable[[], bool]) -> None:
        """`wake` is called on the engine's thread; it returns whether the interface will call `take`."""
        self._store = store
        self._wake = wake
        self._lock = threading.Lock()
        self._dirty: set[Key[Any]] = set()
        self._awaited = False
        self._unsubscribe: Callable[[], None] | None = None

    def open(self) -> None:
        """Begin to listen. What is in the store already counts as changed."""
        if self._unsubscribe is None:
            self._unsubscribe = self._store.subscribe(self._collect)
            for key in self._store.keys():  # noqa: SIM118  # a store is no mapping
                self._collect(key)

    def close(self) -> None:
        """Listen no longer. Safe to call twice; a change under way on another thread is then dropped."""
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None

    def take(self) -> frozenset[Key[Any]]:
        """The keys changed since the last call. The next change wakes the interface again."""
        with self._lock:
            keys = frozenset(self._dirty)
            self._dirty.clear()
            self._awaited = False
        return keys

    def _collect(self, key: Key[Any]) -> None:
        with self._lock:
            self._dirty.add(key)
            if self._awaited:
                return
            self._awaited = True
        try:
            delivered = self._wake()
        except RuntimeError:  # the interface's event loop is closed: it has ended before us
            delivered = False
        if not delivered:
            with self._lock:
                self._awaited = False
