"""One thing in full: its header, and sections that stand beside each other where there is room."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.containers import Container
from textual.events import DescendantFocus, Resize

from qctui.engine.engine_port import Subscription, Visibility
from qctui.model.action import ACTIONS
from qctui.model.alert import ALERT_TROUBLE, ALERTS
from qctui.model.keys import JOURNAL, LINK, Key
from qctui.model.recording import TAPE
from qctui.model.resource import Resource
from qctui.ui.console_screen import PanesScreen
from qctui.ui.context import AppContext
from qctui.ui.keys.keymap import Scope, bindings
from qctui.ui.kit.bar import Bar
from qctui.ui.kit.lines import Lines, Paragraph
from qctui.ui.kit.pane import Pane
from qctui.ui.kit.render_context import RenderContext
from qctui.ui.kit.spans import Span, width_of
from qctui.ui.wording.load_state import LoadState

_GAPS = (3, 2, 1)
"""Cells between two tabs, as many as there is room for."""


class DetailScreen(PanesScreen):
    """Subclasses say what they read (`keys`) and draw it (`show_header`, `show_sections`). Where the sections do not
    fit beside each other, one is on screen at a time."""

    BINDINGS = bindings(Scope.PANES, Scope.DETAIL)
    DEFAULT_CSS = """
    DetailScreen > #detail-header { max-height: 9; padding: 0 1; }
    DetailScreen > #sections { height: 1fr; layout: grid; grid-size: 1 1; grid-gutter: 0 1; }
    DetailScreen > #detail-tabs { background: $panel; display: none; }
    """
    ROOMY: ClassVar[tuple[int, int] | None] = None
    """Columns and rows from which several sections are shown together; None for never."""

    def __init__(self, context: AppContext, sections: Sequence[Pane]) -> None:
        super().__init__(context, sections)
        self.chosen = self.panes[0]
        """The section with the keys; the only one on screen where there is no room for more."""
        self.header = Lines(self._glyphs, id="detail-header")
        self._tabs = Bar(self._glyphs, id="detail-tabs")
        self._frame = Container(*self.panes, id="sections")
        self._visibility = Visibility.OPENED

    @abstractmethod
    def keys(self) -> Iterable[Key[Any]]:
        """The resources this screen shows, to be kept current while it is open."""

    @abstractmethod
    def show_header(self, context: RenderContext) -> Iterable[Paragraph]:
        """What stands above the sections."""

    @abstractmethod
    def show_sections(self, context: RenderContext) -> None:
        """Hand each section what it shows."""

    def depends_on(self, key: Key[Any]) -> bool:
        """Whether a newer resource of `key` changes what is shown, beside those of `keys`."""
        return False

    def compose(self) -> ComposeResult:
        """Link bar, header, sections, action bar, alert line, keys."""
        above = (self.link_bar, self.header, self._tabs)
        return *above, self._frame, self.action_bar, self.alert_line, self.key_bar

    def on_mount(self) -> None:
        """Show what is known already, and ask for the rest."""
        self.show_all(self.ages.context())
        self.keep_current()
        self._arrange()
        self.chosen.focus_body()

    def on_resize(self, event: Resize) -> None:
        """One section, or all of them."""
        self._arrange()

    def on_screen_suspend(self) -> None:
        """Closed: nothing is read for it any more. Covered by another screen that is no dialog: it is read as what is
        off screen."""
        self._visibility = Visibility.OPENED if self.app.screen.is_modal else Visibility.HIDDEN
        self.keep_current()

    def on_screen_resume(self) -> None:
        """On screen again."""
        self._visibility = Visibility.OPENED
        self.keep_current()
        self.show_keys()

    def show_changes(self, keys: frozenset[Key[Any]]) -> None:
        """Draw what depends on these keys: they have newer resources."""
        if not self.is_mounted:
            return
        if not keys.isdisjoint(self.keys()) or any(self.depends_on(key) for key in keys):
            self.show_all(self.ages.context())
            self.keep_current()
        elif not keys.isdisjoint({ACTIONS, JOURNAL, LINK, TAPE, ALERTS, ALERT_TROUBLE}):
            super().show_all(self.ages.context())

    def show_all(self, context: RenderContext) -> None:
        """Draw header, sections and bars from what the store holds."""
        self._draw("The header", lambda: self.header.show(self.show_header(context)), self.header)
        self._draw("The sections", lambda: self.show_sections(context), *self.panes)
        super().show_all(context)
        self._show_tabs()

    def keep_current(self) -> None:
        """Have the engine keep what is shown now current."""
        self.subscribe(tuple(Subscription(key, self._visibility) for key in self.keys()))

    def resources(self) -> Iterable[Resource[Any]]:
        """What is shown."""
        return [self._engine.store.get(key) for key in self.keys()]

    @property
    def current_pane(self) -> Pane:
        """The chosen section, also while the keys are in the action bar."""
        return self.chosen

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """The section with the keys is the chosen one."""
        section = self.focused_pane
        if section is not None and section is not self.chosen:
            self.chosen = section
            self._show_tabs()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what this screen has can be asked for."""
        if action == "go_to_section":
            return len(self.panes) > 1 and isinstance(parameters[0], int) and parameters[0] <= len(self.panes)
        if action == "go_on":
            return len(self.panes) > 1 or not self.action_bar.empty
        return super().check_action(action, parameters)

    def action_go_to_section(self, number: int) -> None:
        """Give the keys to a section."""
        self.choose(self.panes[number - 1])

    def choose(self, pane: Pane) -> None:
        """Show a section and give it the keys."""
        self.chosen = pane
        self._arrange()
        super().choose(pane)

    @property
    def tabbed(self) -> bool:
        """One section is on screen at a time."""
        if len(self.panes) == 1 or self.ROOMY is None:
            return True
        return self.size.width < self.ROOMY[0] or self.size.height < self.ROOMY[1]

    @property
    def beside(self) -> Sequence[Pane]:
        """The sections that are shown together where there is room."""
        return self.panes

    @property
    def shown_sections(self) -> Sequence[Pane]:
        """The sections on screen."""
        return (self.chosen,) if self.tabbed else self.beside

    def _arrange(self) -> None:
        shown = self.shown_sections
        for section in self.panes:
            section.display = section in shown
        self._frame.set_class(not self.tabbed, "-roomy")
        self._tabs.display = len(shown) < len(self.panes)
        self._show_tabs()

    def _show_tabs(self) -> None:
        tabs: list[list[Span]] = []
        for number, section in enumerate(self.panes, 1):
            role = "focus bold" if section is self.chosen else "muted"
            tab = [(f"{number} ", "key"), (section.title_text, role)]
            role = {LoadState.FAILED: "danger bold", LoadState.STALE: "stale bold"}.get(section.load_state, "")
            tabs.append([*tab, (f" {self._glyphs.alert}", role)] if role else tab)
        room = self.size.width - 1 - sum(map(width_of, tabs))
        gap = next((gap for gap in _GAPS if gap * (len(tabs) - 1) <= room), _GAPS[-1])
        self._tabs.show_line([(" ", ""), *(span for tab in tabs for span in (*tab, (" " * gap, "")))][:-1])
