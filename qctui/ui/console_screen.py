"""What the main screen, a thing in full and the charts have in common: action bar, alert line, footer, and panes."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar

from textual import on
from textual.events import DescendantFocus
from textual.screen import Screen
from textual.widget import Widget

from qctui.actions.capture import capture_deployment, running_beside
from qctui.engine.engine_port import Subscription
from qctui.model.action import ACTIONS, Rung, Target
from qctui.model.alert import ALERT_TROUBLE, ALERTS
from qctui.model.keys import DEPLOYMENTS, JOURNAL, LINK, Key
from qctui.model.link import Link
from qctui.model.portfolio import Portfolio
from qctui.model.recording import TAPE
from qctui.model.resource import Resource
from qctui.ui import textual_patches
from qctui.ui.actions.action_bar import ActionBar
from qctui.ui.actions.controller import Pointed
from qctui.ui.alerts.alert_line import AlertLine
from qctui.ui.context import AppContext
from qctui.ui.keys.keymap import Command, commands_now
from qctui.ui.kit.bar import KeyBar, LinkBar
from qctui.ui.kit.facts_view import FactsView
from qctui.ui.kit.list_pane import ListPane
from qctui.ui.kit.not_available import NotAvailable
from qctui.ui.kit.pane import Pane
from qctui.ui.kit.render_context import AgeTimer, RenderContext
from qctui.ui.theme.glyph_set import Glyphs


class AlertedScreen(Screen[None]):
    """A screen with the alert line, which is drawn again as ages change their words. Subclasses compose it."""

    ACTS_ON: ClassVar[frozenset[str]] = frozenset()
    """What it shows that can be acted on: of `controller.DEPLOYMENT` and `controller.OPTIMIZATION`."""
    NAME: ClassVar[str] = "what is on screen"
    """What it shows, where it is said that something does not work here."""

    def __init__(self, context: AppContext) -> None:
        super().__init__()
        options, glyphs, clock = context.options, context.glyphs, context.engine.clock
        self._app_context, self._engine, self._glyphs, self._draw = context, context.engine, glyphs, context.draw
        self.alert_line = AlertLine(glyphs, options.keymap)
        self.ages = AgeTimer(
            clock,
            options.zone,
            glyphs,
            lambda after_s, call: self.set_timer(context.real_s(after_s), call).stop,
            self._show_ages,
            replay=options.replay,
        )
        """Draws everything again when the word of an age on screen changes."""
        self._ages_due = False

    def show_all(self, context: RenderContext) -> None:
        """Draw everything from what the store holds."""
        self.show_alerts(context)

    def _show_ages(self, context: RenderContext) -> None:
        """What is covered whole waits for `show_again`: no drawing in the background, and no list in it that is of
        another moment than the keys which covered it."""
        self._ages_due = self is not self.app.screen and self not in textual_patches.visible_background(self.app)
        if not self._ages_due:
            self.show_all(context)

    def show_again(self) -> None:
        """It is seen again: draw it if an age changed its word meanwhile."""
        if self._ages_due:
            self._show_ages(self.ages.context())

    def show_changes(self, keys: frozenset[Key[Any]]) -> None:
        """Draw what depends on these keys: they have newer resources."""
        if not keys.isdisjoint({ALERTS, ALERT_TROUBLE}):
            self.show_alerts(self.ages.context())

    def show_alerts(self, context: RenderContext) -> None:
        """Draw the alert line."""
        store = self._engine.store
        alerts, trouble = store.get(ALERTS).value or (), store.get(ALERT_TROUBLE).value or ""
        self._draw("The alerts", lambda: self.alert_line.show(alerts, trouble, context), self.alert_line)


class ConsoleScreen(AlertedScreen):
    """A screen with an action bar and a footer. Subclasses compose it and draw what is between them."""

    AUTO_FOCUS = ""

    def __init__(self, context: AppContext) -> None:
        super().__init__(context)
        options, glyphs = context.options, context.glyphs
        self.action_bar = ActionBar(
            glyphs,
            self._portfolio_of,
            self._beside_of,
            options.keymap,
            read_only=options.read_only,
        )
        self.key_bar = KeyBar(glyphs, options.keymap)
        self._subscribed: tuple[Subscription, ...] = ()

    def show_all(self, context: RenderContext) -> None:
        """As in `AlertedScreen`."""
        self.show_actions(context)
        super().show_all(context)

    def show_changes(self, keys: frozenset[Key[Any]]) -> None:
        """As in `AlertedScreen`."""
        beside = not self.action_bar.empty and any(
            key == DEPLOYMENTS or key.kind in {"portfolio", "detail"} for key in keys
        )
        if beside or ACTIONS in keys:
            self.show_elapsed()
        super().show_changes(keys)

    def go_back(self) -> None:
        """Escape, while the keys are not in the action bar: to where this was opened."""
        self.dismiss()

    @property
    def project_id(self) -> int:
        """The selected project."""
        return self._app_context.selected.now.project_id or 0

    def pointed(self) -> Pointed:
        """What an action asked for here aims at."""
        return Pointed(project_id=self.project_id)

    def copy_text(self) -> str:
        """What is copied as the selected row; empty without one."""
        return ""

    def footer_commands(self) -> Iterable[Command]:
        """The commands of the footer: those whose keys work now."""
        return commands_now(self)

    def show_keys(self) -> None:
        """Bring the footer up to date with the keys that work now."""
        self.key_bar.show(self.footer_commands())

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """Other keys work now. Textual calls this behind the handlers of subclasses."""
        self.show_keys()

    @property
    @abstractmethod
    def panes(self) -> Sequence[Pane]:
        """What the keys go through, in this order."""

    @property
    def focused_pane(self) -> Pane | None:
        """The pane that the focused widget stands in."""
        # Asked of the screen: when the message about a focus arrives, the focus may be somewhere else already.
        nodes = self.focused.ancestors_with_self if self.focused is not None else ()
        return next((each for each in nodes if isinstance(each, Pane)), None)

    @property
    def current_pane(self) -> Pane | None:
        """The pane that filter, sort and copy are about."""
        return self.focused_pane

    def choose(self, pane: Pane) -> None:
        """Give a pane the keys."""
        pane.focus_body()

    def action_go_on(self, by: int) -> None:
        """Give the keys to the next pane; behind the last one to the action bar, while there is one."""
        stops: list[Pane | ActionBar | None] = [*self.panes]
        if not self.action_bar.empty:
            stops.append(self.action_bar)
        if not stops:
            return
        here = self.action_bar if self.focused is self.action_bar else self.current_pane
        at = stops.index(here) if here in stops else -by
        there = stops[(at + by) % len(stops)]
        if isinstance(there, Pane):
            self.choose(there)
        else:
            self.action_bar.take_keys()

    def show_actions(self, context: RenderContext) -> None:
        """Draw the action bar."""
        records = self._engine.store.get(ACTIONS).value or ()
        self._draw("The actions", lambda: self.action_bar.show(records, context), self.action_bar)

    def _portfolio_of(self, target: Target) -> Resource[Portfolio]:
        """What was read last of a deployment that was acted on: of its project as long as nothing else runs there, else
        what was known when it was asked for."""
        now = capture_deployment(target.action, self._engine.store, target.project_id)
        ours = now.deploy_id == target.deploy_id and now.portfolio.value is not None
        return now.portfolio if ours else target.portfolio

    def _beside_of(self, batch_id: str) -> Sequence[Target]:
        """What runs beside a panic, and is not what one of its lines is about until that is verified."""
        batch = [each for each in self._engine.store.get(ACTIONS).value or () if each.batch_id == batch_id]
        targets = [each.target for each in batch if each.target.panic]
        pending = {each.target.project_id for each in batch if each.rung is not Rung.VERIFIED}
        return running_beside(self._engine.store, targets, pending) if targets else ()

    @on(ActionBar.Ticked)
    def show_elapsed(self) -> None:
        """Draw the seconds beside an action under way."""
        self.show_actions(self.ages.context())

    @property
    def is_open(self) -> bool:
        """Whether it can be seen, now or once what covers it closes. What has closed neither draws nor reads."""
        return self in self.app.screen_stack

    def subscribe(self, subscriptions: tuple[Subscription, ...]) -> None:
        """Have the engine keep these current while this screen is open, instead of those before."""
        if not self.is_open:
            subscriptions = ()
        if subscriptions != self._subscribed:
            self._subscribed = subscriptions
            self._app_context.subscribe(self, subscriptions)

    def say(self, message: str) -> None:
        """Show a message in passing."""
        self.app.notify(message, severity="warning", markup=False)

    def not_available(self, words: str) -> None:
        """Say why there is nothing to choose from by its name, and take the name that is typed all the same."""
        self.app.push_screen(NotAvailable(words.rstrip("."), self._glyphs, takes=None))

    def choose_chart(self, names: Sequence[str], current: str, chosen: Callable[[str], Any]) -> None:
        """Choose one of a deployment's charts by name."""
        if not names:
            self.not_available("This deployment's charts are not known yet")
            return
        at = names.index(current) if current in names else None
        choose_one(self, "Chart", names, self._glyphs, lambda place: chosen(names[place]), at)

    def action_back(self) -> None:
        """One step back: out of the action bar, else whatever this screen goes back to."""
        if not self.action_bar.give_back_keys():
            self.go_back()


def choose_one(
    node: Widget, title: str, labels: Sequence[str], glyphs: Glyphs, chosen: Callable[[int], Any], at: int | None = None
) -> None:
    """Have one of these chosen by its label, beginning with the one `at` this place; `chosen` is called with the place
    of it, and not at all if none is."""
    from qctui.ui.kit.chooser import Chooser

    chooser = Chooser(title, labels, glyphs, current=at)
    node.app.push_screen(chooser, lambda place: None if place is None else chosen(place))


class PanesScreen(ConsoleScreen):
    """Numbered panes between the link bar and the action bar; one of them has the keys."""

    def __init__(self, context: AppContext, panes: Sequence[Pane]) -> None:
        super().__init__(context)
        self._panes = tuple(panes)
        self.link_bar = LinkBar(context.options, self._glyphs)

    @property
    def panes(self) -> Sequence[Pane]:
        """In the order of their numbers."""
        return self._panes

    @abstractmethod
    def resources(self) -> Iterable[Resource[Any]]:
        """The resources on screen, for the age of the oldest."""

    def show_all(self, context: RenderContext) -> None:
        """As in `ConsoleScreen`."""
        super().show_all(context)
        self.show_link(context)

    def show_link(self, context: RenderContext) -> None:
        """Draw the link bar."""
        store = self._engine.store

        def show() -> None:
            link, journal = store.get(LINK).value or Link(), store.get(JOURNAL).value or ""
            self.link_bar.show(link, self.resources(), context, journal, store.get(TAPE).value)

        self._draw("The link bar", show, self.link_bar)

    def copy_text(self) -> str:
        """The selected row of the pane with the keys, columns separated by tabs; all of what is no table."""
        if isinstance(self.focused, FactsView):
            return self.focused.text
        return self.current_pane.table.row_text() if isinstance(self.current_pane, ListPane) else ""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether the pane with the keys can be filtered and sorted."""
        pane = self.current_pane
        if action == "filter":
            return pane is not None and pane.searchable
        return action != "sort" or isinstance(pane, ListPane)

    async def action_filter(self) -> None:
        """Filter the pane with the keys."""
        if self.current_pane is not None:
            await self.current_pane.open_filter()

    def action_sort(self) -> None:
        """Sort the pane with the keys by its next column."""
        if isinstance(self.current_pane, ListPane):
            self.current_pane.cycle_sort()

    def drop_filter(self) -> bool:
        """Drop the filter of the pane with the keys. Returns whether there was one."""
        pane = self.current_pane
        if pane is None or not pane.drop_filter():
            return False
        pane.focus_body()
        return True

    def go_back(self) -> None:
        """Drop the filter of the pane with the keys, else to where this was opened."""
        if not self.drop_filter():
            super().go_back()
