"""What every screen above the main one has: data of the store, kept current while it is open, actions, and keys."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar

from textual import on
from textual.screen import Screen

from qctui.engine.subscription import Subscription
from qctui.model.action import ACTIONS
from qctui.ui.actions.action_bar import ActionBar
from qctui.ui.actions.controller import Pointed
from qctui.ui.context import AppContext
from qctui.ui.keys.keymap import COMMANDS, Command
from qctui.ui.kit.bar import KeyBar
from qctui.ui.kit.render_context import AgeTimer, RenderContext


class StoreScreen(Screen[None]):
    """Subclasses say what they read (`subscriptions`) and show it (`_show`)."""

    AUTO_FOCUS = ""
    ACTS_ON: ClassVar[frozenset[str]] = frozenset()
    """What it shows that can be acted on: of `controller.DEPLOYMENT` and `controller.OPTIMIZATION`."""
    NAME: ClassVar[str] = "what is on screen"
    """What it shows, where it is said that something does not work here."""

    def __init__(self, app_context: AppContext) -> None:
        super().__init__()
        options, glyphs = app_context.options, app_context.glyphs
        self._app_context, self._engine, self._glyphs = app_context, app_context.engine, glyphs
        self._guard = app_context.guard
        self.action_bar = ActionBar(glyphs, options.keymap, read_only=options.read_only, id="actions")
        self._key_bar = KeyBar(glyphs, options.keymap)
        self._ages = AgeTimer(app_context.engine.clock, options.zone, glyphs, self._start_timer, self._show)
        self._subscribed: Sequence[Subscription] = ()

    def subscriptions(self) -> Sequence[Subscription]:
        """What the engine should keep current for this screen now."""
        raise NotImplementedError

    def _show(self, context: RenderContext) -> None:
        """Show what the store has."""
        raise NotImplementedError

    def _subscribe(self) -> None:
        """Ask for what the screen needs now, if that is something else than before."""
        wanted = self.subscriptions()
        if wanted != self._subscribed:
            self._subscribed = wanted
            self._app_context.subscribe(self, wanted)

    @property
    def project_id(self) -> int:
        """The project of what is shown: the selected one."""
        return self._app_context.selected.now.project_id or 0

    def pointed(self) -> Pointed:
        """What an action asked for here aims at."""
        return Pointed(project_id=self.project_id)

    def commands(self, working: Iterable[str | None]) -> Iterable[Command]:
        """The commands with these ids, each with its place in the footer of this screen."""
        ids = set(working)
        return (command for command in COMMANDS if command.id in ids)

    def show_keys(self) -> None:
        """Bring the footer up to date with the keys that work now."""
        self._key_bar.show(self.commands(each.binding.id for each in self.active_bindings.values() if each.enabled))

    @on(ActionBar.Ticked)
    def show_elapsed(self) -> None:
        """The seconds beside an action under way."""
        self._show_actions(self._ages.context())

    def _show_actions(self, context: RenderContext) -> None:
        records = self._engine.store.get(ACTIONS).value or ()
        self._guard("The actions", lambda: self.action_bar.show(records, context), self.action_bar)

    def _start_timer(self, seconds: float, callback: Callable[[], None]) -> Callable[[], None]:
        return self.set_timer(seconds, callback).stop
