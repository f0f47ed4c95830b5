"""What a thing in full and the charts have in common: action bar, footer, redrawing, and what they subscribe to."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar

from textual import on
from textual.screen import Screen

from qctui.engine.engine_port import Subscription
from qctui.model.action import ACTIONS
from qctui.ui.actions.action_bar import ActionBar
from qctui.ui.actions.controller import Pointed
from qctui.ui.context import AppContext
from qctui.ui.keys.keymap import COMMANDS, Command
from qctui.ui.kit.bar import KeyBar
from qctui.ui.kit.render_context import AgeTimer, RenderContext


class ConsoleScreen(Screen[None]):
    """A screen with an action bar and a footer. Subclasses compose it and draw what is between them."""

    AUTO_FOCUS = ""
    ACTS_ON: ClassVar[frozenset[str]] = frozenset()
    """What it shows that can be acted on: of `controller.DEPLOYMENT` and `controller.OPTIMIZATION`."""
    NAME: ClassVar[str] = "what is on screen"
    """What it shows, where it is said that something does not work here."""

    def __init__(self, app_context: AppContext) -> None:
        super().__init__()
        options, glyphs = app_context.options, app_context.glyphs
        self._app_context, self._engine, self._glyphs = app_context, app_context.engine, glyphs
        self._draw = app_context.guard
        self.action_bar = ActionBar(glyphs, options.keymap, read_only=options.read_only, id="actions")
        self.key_bar = KeyBar(glyphs, options.keymap)
        self.ages = AgeTimer(app_context.engine.clock, options.zone, glyphs, self._start_timer, self.show_all)
        """Draws everything again when the word of an age on screen changes."""
        self._subscribed: tuple[Subscription, ...] = ()

    def show_all(self, context: RenderContext) -> None:
        """Draw everything from what the store holds."""
        raise NotImplementedError

    def go_back(self) -> None:
        """Escape, while the keys are not in the action bar."""
        raise NotImplementedError

    def subscribe(self, subscriptions: tuple[Subscription, ...]) -> None:
        """Have the engine keep these current while this screen is open, instead of those before."""
        if subscriptions != self._subscribed:
            self._subscribed = subscriptions
            self._app_context.subscribe(self, subscriptions)

    @property
    def project_id(self) -> int:
        """The project of what is shown: the selected one."""
        return self._app_context.selected.now.project_id or 0

    def pointed(self) -> Pointed:
        """What an action asked for here aims at."""
        return Pointed(project_id=self.project_id)

    def footer_commands(self) -> Iterable[Command]:
        """The commands of the footer: those whose keys work now."""
        ids = {active.binding.id for active in self.active_bindings.values() if active.enabled}
        return (command for command in COMMANDS if command.id in ids)

    def show_keys(self) -> None:
        """Bring the footer up to date with the keys that work now."""
        self.key_bar.show(self.footer_commands())

    @on(ActionBar.Ticked)
    def show_elapsed(self) -> None:
        """The seconds beside an action under way."""
        self.show_actions(self.ages.context())

    def show_actions(self, context: RenderContext) -> None:
        """Draw the action bar."""
        records = self._engine.store.get(ACTIONS).value or ()
        self._draw("The actions", lambda: self.action_bar.show(records, context), self.action_bar)

    def action_back(self) -> None:
        """One step back: out of the action bar, else whatever this screen goes back to."""
        if not self.action_bar.give_back_keys():
            self.go_back()

    def _start_timer(self, seconds: float, callback: Callable[[], None]) -> Callable[[], None]:
        return self.set_timer(seconds, callback).stop
