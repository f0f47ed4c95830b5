"""The application: it wires the engine, the screens and the keys together, and does nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, ClassVar
from weakref import WeakKeyDictionary

from textual import on
from textual.notifications import Notification
from textual.screen import Screen

from qctui.actions.spec import READ_ONLY
from qctui.engine.engine_port import Engine
from qctui.model.action import ACTIONS
from qctui.model.alert import DELIVERED
from qctui.model.keys import LINK, Key
from qctui.model.link import Link
from qctui.ui import textual_patches
from qctui.ui.actions.controller import ActionController, Pointed, acts_on
from qctui.ui.alerts.terminal_delivery import TerminalDelivery
from qctui.ui.app_base import AppBase
from qctui.ui.console_screen import AlertedScreen, ConsoleScreen
from qctui.ui.context import AppContext, Detail, DetailKind, SafeDraw, UiOptions
from qctui.ui.keys.keymap import COMMANDS, Command, Scope, bindings, commands_now, format_key, keys_of
from qctui.ui.kit.bar import refresh_words
from qctui.ui.kit.not_available import NotAvailable
from qctui.ui.main_screen import MainScreen
from qctui.ui.selection_owner import SelectionOwner
from qctui.ui.sync.presenter import Bridge, StoreChanged
from qctui.ui.theme.glyph_set import glyphs
from qctui.ui.theme.themes import ThemeFiles
from qctui.value import replace

THEME_CHECK_S = 5.0
"""How soon a saved theme file is shown."""

GARBAGE_CHECK_S = 5.0


class QctuiApp(AppBase[int], inherit_bindings=False):
    """One run of the console. `run()` returns 0, or None after a crash (`return_code` is its code then).

    Textual's own bindings are not inherited: its Ctrl+Q acts through dialogs.
    """

    TITLE = "qctui"
    CSS_PATH = str(Path(__file__).with_name("styles") / "app.tcss")  # a subclass would look for it in its own folder
    BINDINGS = bindings(Scope.APP)
    # Textual's own searches in the background: Enter behind what is typed would find nothing yet.
    ENABLE_COMMAND_PALETTE = False
    WHY_READ_ONLY = READ_ONLY
    """Why nothing can be sent where nothing can be."""
    TOOLTIPS: ClassVar[Mapping[str, str]] = {}
    """What is said of a command, by its id, in place of its tooltip. Empty: it is not listed."""
    AGE_WORDS: ClassVar[Mapping[str, str]] = {}
    """The same of the words of an age in the help; beside those that stand there anyway."""

    def __init__(self, engine: Engine, options: UiOptions) -> None:
        """Nothing is shown or subscribed before `run`. Environment variables that Textual reads when it is imported are
        the caller's (TEXTUAL_FPS, TEXTUAL_ANIMATIONS)."""
        textual_patches.install()
        super().__init__()
        self.animation_level = "none"
        self.set_class(options.ascii, "-ascii")
        self.set_class(options.replay, "-replay")
        self.engine = engine
        self.options = options
        self.glyphs = glyphs(options.ascii)
        self._themes = ThemeFiles(self, options.themes_dir)
        self._problems = self._themes.load(options.theme)
        self._bridge = Bridge(engine.store, lambda: self.post_message(StoreChanged()))
        self._unseen: WeakKeyDictionary[Screen[Any], frozenset[Key[Any]]] = WeakKeyDictionary()
        """What changed while a screen was covered whole."""
        self.draw = SafeDraw(engine.clock, options.zone, self.glyphs, self.say)
        """Calls what draws."""
        self.selected = SelectionOwner(pinned=bool(options.pinned))
        """The one selection."""
        self._app_context = AppContext(
            engine,
            options,
            self.glyphs,
            self.draw,
            self.selected,
            subscribe=lambda screen, subscriptions: self.main_screen.presenter.subscribe(screen, subscriptions),
            real_s=self.real_s,
            open=self.open_detail,
        )
        self.main_screen = MainScreen(self._app_context)
        self._held_back: ExitStack | None = ExitStack()
        """What keeps it from drawing until there is something to see: two blank screens, 15 kB of a thin line, came
        first. None from then on."""
        self._delivery = TerminalDelivery(options, engine.clock, lambda sequence: self.write_to_terminal(sequence))
        self.controller = ActionController(self, self._app_context, self._pointed)
        self.set_keymap(options.keymap)

    def real_s(self, seconds: float) -> float:
        """How long it really takes until so many seconds of the engine's clock have passed."""
        return seconds

    def get_default_screen(self) -> Screen[Any]:
        """The main screen is the only one at the bottom."""
        if self._held_back is not None:
            self._held_back.enter_context(self.batch_update())
        return self.main_screen

    @property
    def draws(self) -> bool:
        """There is something to see, and it is drawn."""
        return self._held_back is None

    def on_ready(self) -> None:
        """The panes exist: begin to listen to the store, and to the theme files."""
        self.call_after_refresh(self._begin_to_draw)
        self._bridge.open()
        self.theme_changed_signal.subscribe(self, lambda _theme: self._repaint())
        self.screen_change_signal.subscribe(self, lambda _screen: self.show_changes())
        self.set_interval(THEME_CHECK_S, lambda: self.draw("A theme", self.reload_themes))
        self.set_interval(GARBAGE_CHECK_S, self.collect_garbage)
        for problem in self._problems:
            self.say(problem)

    def _begin_to_draw(self) -> None:
        if self._held_back is not None:
            self._held_back.close()
            self._held_back = None
            textual_patches.draw(self.main_screen)

    def on_unmount(self) -> None:
        """Stop listening to the store."""
        self._bridge.close()

    @on(StoreChanged)
    def show_changes(self) -> None:
        """Have every open screen draw what is newer.

        One that is covered whole draws when it is seen again: drawing its panes must not keep a key of the dialog above
        it waiting. Actions are drawn everywhere at once.
        """
        if not self.screen_stack:
            return  # it ends
        keys = self._bridge.take()
        if DELIVERED in keys:
            self.draw("A notification", self._tell)
        seen = [self.screen, *textual_patches.visible_background(self)]
        for screen in self.screen_stack:
            show = getattr(screen, "show_changes", None)
            if show is not None:
                newer = keys | self._unseen.pop(screen, frozenset())
                shown = newer if screen in seen else newer & {ACTIONS}
                if unseen := newer - shown:
                    self._unseen[screen] = unseen
                if shown:
                    self.draw(type(screen).__name__, partial(show, shown))
            if screen in seen and isinstance(screen, AlertedScreen):
                self.draw(type(screen).__name__, screen.show_again)

    def _tell(self) -> None:
        self._delivery.tell(self.engine.store.get(DELIVERED).value or ())

    def open_detail(self, detail: Detail) -> None:
        """Open one thing in full. It is on top when this returns."""
        self.draw("What was opened", lambda: self.push_screen(screen_of(detail, self._app_context)))

    def screens_changed(self) -> None:
        """What is shown in full stays selected until the main screen is seen again."""
        above = self.screen_stack[1:]
        self.main_screen.presenter.hold(any(not screen.is_modal for screen in above))

    def say(self, message: str) -> None:
        """Show a message in passing. What must not be missed belongs elsewhere: this vanishes. What still stands is not
        said twice."""
        if all(each.message != message for each in self.messages):
            self.notify(message, severity="warning", markup=False)

    def messages_to_show(self, known: Sequence[Notification]) -> Sequence[Notification]:
        """What was said last, beside the last refusal or failure."""
        failed = [each for each in known if each.severity == "error"]
        return (*failed[-1:], *known[-1:])

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """In read-only mode what acts is not there: no key, no footer, no help. Nor is it where nothing is shown that
        it could act on."""
        if self.engine.actions.read_only and action in {"request_action", "cancel_sending"}:
            return False
        if action == "request_action":
            needed = acts_on(str(parameters[0]))
            return not needed or needed in getattr(self.screen, "ACTS_ON", ())
        return True

    def key_unused(self, key: str) -> None:
        """A key that is not available here does nothing and says so."""
        commands = [command for command in COMMANDS if key in keys_of(command, self.options.keymap)]
        if not commands or self.screen.is_modal:
            return
        command, where = commands[0], getattr(self.screen, "NAME", "what is on screen")
        if command.action == "filter":
            # What has the keys, by its title.
            pane = self.screen.focused_pane if isinstance(self.screen, ConsoleScreen) else None
            shown = pane.title_text if pane is not None else where
            self.push_screen(NotAvailable(f"Nothing to search in {shown}", self.glyphs, takes=None))
        elif command.acts:
            shown = f"{where} is on screen, no {acts_on(command.id)}"
            why = self.WHY_READ_ONLY if self.engine.actions.read_only else shown
            self.controller.refuse(command.id, f"Can't {command.label}: {why}")
        else:
            self.say(f"{format_key(key)} ({command.label}) does nothing here")

    def action_command_palette(self) -> None:
        """Find a command by name."""
        from qctui.ui.help import CommandPalette

        palette = CommandPalette(self._offered(), self.options.keymap, self.glyphs, self.size.width)

        async def chosen(place: int | None) -> None:
            if place is not None:
                await self.run_command(palette.commands[place].id)

        self.push_screen(palette, chosen)

    def _offered(self) -> list[Command]:
        """The commands that do something right now."""
        own = {"acknowledge"} if hasattr(self.screen, "acknowledge") else set()
        commands = commands_now(self.screen)
        offered = [each for each in commands if each.id in own or self.controller.finds_something(each.id)]
        words = [self.TOOLTIPS.get(each.id, each.tooltip) for each in offered]
        return [replace(each, tooltip=said) for each, said in zip(offered, words, strict=True) if said]

    def action_request_action(self, request_id: str) -> None:
        """Ask for an action; nothing is sent before its dialog has been answered."""
        self.draw("The action", lambda: self.controller.request(request_id))

    def action_acknowledge(self) -> None:
        """What the screen lets a person acknowledge has been seen; else the outcomes in the action bar."""
        acknowledge = getattr(self.screen, "acknowledge", None)
        if acknowledge is None or not acknowledge():
            self.controller.acknowledge()

    def action_cancel_sending(self) -> None:
        """Give up what has not been sent."""
        self.controller.cancel_sending()

    def action_show_action_details(self) -> None:
        """Every fact of each target in the action bar."""
        self.controller.toggle_details()

    def action_open_journal(self) -> None:
        """The actions taken from this machine."""
        from qctui.ui.journal_screen import JournalScreen

        self.push_screen(JournalScreen(self._app_context))

    def action_open_alerts(self) -> None:
        """All alerts, or back from them."""
        from qctui.ui.alerts_screen import AlertsScreen

        if isinstance(self.screen, AlertsScreen):
            self.screen.dismiss()
            return
        below = next((each for each in self.screen_stack if isinstance(each, AlertsScreen)), None)
        if below is None:
            self.push_screen(AlertsScreen(self._app_context))
        while below is not None and self.screen_stack[-1] is not below:
            self.pop_screen()

    def action_open_help(self) -> None:
        """The keys that work right now."""
        from qctui.ui.help import HelpScreen

        self.push_screen(HelpScreen(self._offered(), self.options.keymap, self.glyphs, self.AGE_WORDS))

    def action_pick_project(self) -> None:
        """Pick a project by name."""
        from qctui.ui.kit.chooser import ProjectPicker

        picker = ProjectPicker(self.engine, self.options.zone, self.glyphs)
        self.push_screen(picker, self._picked)

    def action_refresh_now(self) -> None:
        """Read everything on screen again, ahead of its time."""
        self.engine.refresh()
        self.notify(refresh_words(self.engine.store.get(LINK).value or Link()), timeout=2, markup=False)

    def action_copy_row(self) -> None:
        """Copy what is selected through the terminal (OSC 52)."""
        copies = getattr(self.screen, "copy_text", None)
        text = copies() if copies is not None else ""
        if not text:
            self.say("Nothing is selected to copy")
            return
        self.copy_to_clipboard(text)
        self.notify("Copied the selected row", timeout=2, markup=False)

    async def action_quit(self) -> None:
        """Leave. Confirmed actions belong to the engine, which outlives this."""
        self.exit(0)

    async def run_command(self, command_id: str) -> None:
        """Do what a command's key does, from the palette."""
        for active in self.screen.active_bindings.values():
            if active.binding.id == command_id and active.enabled:
                await self.run_action(active.binding.action, active.node)
                return

    def _pointed(self) -> Pointed:
        """What the topmost screen shows of what is selected."""
        for screen in reversed(self.screen_stack):
            pointed = getattr(screen, "pointed", None)
            if pointed is not None:
                found: Pointed = pointed()
                return found
        return Pointed()

    def _picked(self, project_id: int | None) -> None:
        """Go to a project: on the main screen, whatever was open above it."""
        if project_id is None:
            return
        for _ in self.screen_stack[1:]:
            self.pop_screen()
        self.main_screen.presenter.pick(project_id)

    def reload_themes(self) -> None:
        """Show theme files that were saved since the last look."""
        for problem in self._themes.reload():
            self.say(problem)

    def _repaint(self) -> None:
        for screen in self.screen_stack:
            screen.refresh()
            for widget in screen.query("*"):
                widget.refresh()


def screen_of(detail: Detail, context: AppContext) -> Screen[Any]:
    """The screen that shows this. Each is imported when it is first needed: a start must not wait for what most glances
    never open."""
    match detail.kind:
        case DetailKind.DEPLOYMENT:
            from qctui.ui.deployments.deployment_screen import DeploymentScreen

            return DeploymentScreen(context, detail)
        case DetailKind.ORDER:
            from qctui.ui.deployments.order_screen import OrderScreen

            return OrderScreen(context, detail)
        case DetailKind.OPTIMIZATION:
            from qctui.ui.optimizations.optimization_screen import OptimizationScreen

            return OptimizationScreen(context, detail)
        case DetailKind.RUN:
            from qctui.ui.optimizations.run_screen import RunScreen

            return RunScreen(context, detail)
        case DetailKind.COMPARE:
            from qctui.ui.optimizations.run_screen import CompareScreen

            return CompareScreen(context, detail)
        case DetailKind.INSIGHT:
            from qctui.ui.insights.insight_screen import InsightScreen

            return InsightScreen(context, detail)
        case _:
            from qctui.ui.charts.chart_screen import ChartScreen

            return ChartScreen(context, detail)
