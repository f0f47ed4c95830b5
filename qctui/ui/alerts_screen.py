"""The screen of all alerts: what fires, what was acknowledged or put away, and what has cleared within the last day."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from textual.app import ComposeResult

from qctui.model.alert import ALERT_TROUBLE, ALERTS, Alert, AlertState
from qctui.model.keys import JOURNAL, LINK, Key
from qctui.model.recording import TAPE
from qctui.model.resource import Resource
from qctui.ui.actions.controller import Pointed
from qctui.ui.alerts.alerts_pane import AlertsPane, alert_paragraphs
from qctui.ui.console_screen import PanesScreen, choose_one
from qctui.ui.context import AppContext, Detail, DetailKind
from qctui.ui.keys.keymap import Command, Scope, bindings
from qctui.ui.kit.lines import Lines
from qctui.ui.kit.render_context import RenderContext
from qctui.ui.selection import Picked
from qctui.ui.selection_owner import LocalCursor
from qctui.value import replace

SHELVE = (("1 hour", 3_600.0), ("4 hours", 14_400.0), ("1 day", 86_400.0), ("1 week", 604_800.0))
"""For how long an alert can be put away."""

TAKE_BACK = ("take it back now", 0.0)


class AlertsScreen(PanesScreen):
    """The table above, the alert under the cursor in full below. What is highlighted is an alert: it can be
    acknowledged, shelved and opened; to act on its deployment a person opens that."""

    BINDINGS = bindings(Scope.PANES, Scope.ALERTS)
    NAME = "the list of alerts"
    DEFAULT_CSS = """
    AlertsScreen > #alert-facts { height: auto; max-height: 45%; border-top: solid $rule; padding: 0 1; }
    AlertsScreen.-ascii > #alert-facts { border-top: ascii $rule; }
    """

    def __init__(self, context: AppContext) -> None:
        self.alerts = AlertsPane(context.glyphs, LocalCursor(moved=self._show_selected))
        super().__init__(context, [self.alerts])
        self._full = Lines(context.glyphs, id="alert-facts")
        self.set_class(context.glyphs.ascii, "-ascii")
        self.alerts.table.opened = self._open
        self.action_bar.shares_acknowledge = True

    def compose(self) -> ComposeResult:
        """Link bar, table, the alert in full, action bar, keys. What the alert line would say stands here already."""
        return self.link_bar, self.alerts, self._full, self.action_bar, self.key_bar

    def on_mount(self) -> None:
        """Show what is known already."""
        self.show_all(self.ages.context())
        self.choose(self.alerts)

    def show_alerts(self, context: RenderContext) -> None:
        """Draw the table, and what is selected in it."""
        store = self._engine.store
        alerts, trouble = store.get(ALERTS), store.get(ALERT_TROUBLE).value or ""
        self._draw("The list of alerts", lambda: self.alerts.show(alerts, trouble, context), self.alerts)
        self._show_selected(context)

    def show_changes(self, keys: frozenset[Key[Any]]) -> None:
        """Draw what depends on these keys: they have newer resources."""
        if self.is_mounted:
            super().show_changes(keys)
            if not keys.isdisjoint({LINK, JOURNAL, TAPE}):
                self.show_link(self.ages.context())

    def resources(self) -> Iterable[Resource[Any]]:
        """Nothing that is read of the API: the rules look at all of it, and say themselves when something is old."""
        return ()

    def pointed(self) -> Pointed:
        """Nothing: an alert says what was found, and its deployment may be another one by now."""
        return Pointed(why_not="the list of alerts is on screen; Enter opens what the selected one is about")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is one pane: the keys go on only while there are actions to go to."""
        return not self.action_bar.empty if action == "go_on" else super().check_action(action, parameters)

    def footer_commands(self) -> Iterable[Command]:
        """Here acknowledging is what one comes for."""
        return [replace(each, footer=2) if each.id == "acknowledge" else each for each in super().footer_commands()]

    def acknowledge(self) -> bool:
        """The alert under the cursor has been seen. False while the action bar has the keys: it is meant then."""
        if self.focused is self.action_bar:
            return False
        alert = self.alerts.table.cursor_row
        if alert is None:
            self.say("No alert is selected")
        elif alert.state is not AlertState.FIRING:
            self.say(f"Can't acknowledge what is {alert.state.value}: only what fires")
        else:
            self._say_reply(self._engine.alerts.acknowledge((alert.alert_id,)))
        return True

    def action_acknowledge_all(self) -> None:
        """All that fire have been seen, those that a filter hides too."""
        alerts = self._engine.store.get(ALERTS).value or ()
        firing = tuple(alert.alert_id for alert in alerts if alert.state is AlertState.FIRING)
        if firing:
            self._say_reply(self._engine.alerts.acknowledge(firing))
        else:
            self.say("No alert fires")

    def action_shelve(self) -> None:
        """Put the alert under the cursor away for a time that is chosen, or take it back."""
        alert = self.alerts.table.cursor_row
        if alert is None:
            self.say("No alert is selected")
            return
        times = (TAKE_BACK, *SHELVE) if alert.state is AlertState.SHELVED else SHELVE
        alert_id, labels = alert.alert_id, [words for words, _ in times]

        def chosen(place: int) -> None:
            self._say_reply(self._engine.alerts.shelve((alert_id,), times[place][1]))

        choose_one(self, "Shelve the alert for", labels, self._glyphs, chosen)

    def _say_reply(self, words: str) -> None:
        if words:
            self.say(words)

    def _show_selected(self, context: RenderContext | None = None) -> None:
        """The alert under the cursor in full."""
        alert, now = self.alerts.table.cursor_row, context or self.ages.context()
        self._draw("The alert", lambda: self._full.show(alert_paragraphs(alert, now) if alert else ()), self._full)
        self._full.display = alert is not None

    def _open(self, alert: Alert) -> None:
        """What the alert is about, in full."""
        subject = alert.subject
        if not subject.project_id:
            self.say("This alert is about no deployment: there is nothing to open")
            return
        if len(self.app.screen_stack) > 2:
            # What is open below shows what was selected until now, and its keys act on what is selected.
            for _ in self.app.screen_stack[1:]:
                self.app.pop_screen()
        self._app_context.selected.change(Picked(subject.project_id))
        kind = DetailKind.OPTIMIZATION if subject.optimization_id else DetailKind.DEPLOYMENT
        self._app_context.open(
            Detail(kind, subject.project_id, subject.deploy_id, subject.optimization_id, name=subject.name)
        )
