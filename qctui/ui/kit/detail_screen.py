"""A screen that shows one thing in full: link bar, header, sections, action bar, keys."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.containers import Container
from textual.events import DescendantFocus, Resize

from qctui.engine.engine_port import Subscription, Visibility
from qctui.model.action import ACTIONS
from qctui.model.keys import JOURNAL, LINK, Key
from qctui.model.link import Link
from qctui.ui.console_screen import ConsoleScreen
from qctui.ui.context import AppContext
from qctui.ui.keys.keymap import Scope, bindings
from qctui.ui.kit.bar import Bar
from qctui.ui.kit.facts_view import FactsView
from qctui.ui.kit.lines import Lines, Paragraph
from qctui.ui.kit.link_bar import LinkBar
from qctui.ui.kit.list_pane import ListPane
from qctui.ui.kit.pane import Pane
from qctui.ui.kit.render_context import RenderContext
from qctui.ui.kit.spans import Span
from qctui.ui.wording.load_state import LoadState


class DetailScreen(ConsoleScreen):
    """Subclasses say what they read (`keys`) and show it (`show_header`, `show_sections`). Where the sections do not
    fit beside each other, one is on screen at a time."""

    BINDINGS = bindings(Scope.PANES, Scope.DETAIL)
    DEFAULT_CSS = """
    DetailScreen > #detail-header { max-height: 9; padding: 0 1; }
    DetailScreen > #sections { height: 1fr; layout: grid; grid-size: 1 1; grid-gutter: 0 1; }
    DetailScreen > #detail-tabs { background: $panel; display: none; }
    """
    ROOMY: ClassVar[tuple[int, int] | None] = None
    """Columns and rows from which all sections are shown together; None for never."""

    def __init__(self, app_context: AppContext, sections: Sequence[Pane]) -> None:
        super().__init__(app_context)
        options, glyphs = app_context.options, app_context.glyphs
        self.sections = tuple(sections)
        """In the order of their numbers."""
        self.chosen = self.sections[0]
        """The section with the keys; the only one on screen where there is no room for more."""
        self.link_bar = LinkBar(options, glyphs)
        self.header = Lines(glyphs, id="detail-header")
        self._tabs = Bar(glyphs, id="detail-tabs")
        self._frame = Container(*self.sections, id="sections")
        self._visibility = Visibility.OPENED

    def keys(self) -> Iterable[Key[Any]]:
        """The resources this screen shows, to be kept current while it is open."""
        raise NotImplementedError

    def show_header(self, context: RenderContext) -> Iterable[Paragraph]:
        """What stands above the sections."""
        raise NotImplementedError

    def show_sections(self, context: RenderContext) -> None:
        """Hand each section what it shows."""
        raise NotImplementedError

    def is_subscribed(self, key: Key[Any]) -> bool:
        """Whether a newer resource of `key` changes what is shown, beside those of `keys`."""
        return False

    def compose(self) -> ComposeResult:
        """Link bar, header, sections, action bar, keys."""
        yield self.link_bar
        yield self.header
        yield self._tabs
        yield self._frame
        yield self.action_bar
        yield self.key_bar

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
        """Closed: nothing is read for it any more. Covered by another screen that is no dialog: the same is read at the
        pace of what is off screen."""
        if self not in self.app.screen_stack:
            self._app_context.subscribe(self, ())
            return
        self._visibility = Visibility.OPENED if self.app.screen.is_modal else Visibility.HIDDEN
        self.keep_current()

    def on_screen_resume(self) -> None:
        """On screen again."""
        self._visibility = Visibility.OPENED
        self.keep_current()
        self.show_keys()

    def show_changes(self, keys: frozenset[Key[Any]]) -> None:
        """These keys have newer resources."""
        if not self.is_mounted:
            return
        if not keys.isdisjoint(self.keys()) or any(self.is_subscribed(key) for key in keys):
            self.show_all(self.ages.context())
            self.keep_current()
        elif not keys.isdisjoint({ACTIONS, JOURNAL, LINK}):
            context = self.ages.context()
            self.show_actions(context)
            self._show_link(context)

    def copy_text(self) -> str:
        """The selected row of the section with the keys, or all its facts."""
        node = self.focused
        if isinstance(node, FactsView):
            return node.text
        return self.chosen.table.row_text() if isinstance(self.chosen, ListPane) else ""

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """The section with the keys is the chosen one."""
        # Asked of the screen: when this arrives the keys may be somewhere else already.
        node = self.focused
        section = next((each for each in node.ancestors if isinstance(each, Pane)), None) if node is not None else None
        if section is not None and section is not self.chosen:
            self.chosen = section
            self._show_tabs()
        self.show_keys()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what this screen has can be asked for."""
        if action == "go_to_section":
            return len(self.sections) > 1 and isinstance(parameters[0], int) and parameters[0] <= len(self.sections)
        if action == "go_on":
            return len(self.sections) > 1 or not self.action_bar.empty
        if action == "filter":
            return self.chosen.searchable
        if action == "sort":
            return isinstance(self.chosen, ListPane)
        return action not in {"toggle_map", "toggle_earlier"}

    def action_go_to_section(self, number: int) -> None:
        """Give the keys to a section."""
        self.choose(self.sections[number - 1])

    def action_go_on(self, by: int) -> None:
        """Give the keys to the next section; behind the last one to the action bar, while there is one."""
        stops = len(self.sections) + (not self.action_bar.empty)
        here = len(self.sections) if self.focused is self.action_bar else self.sections.index(self.chosen)
        there = (here + by) % stops
        if there == len(self.sections):
            self.action_bar.take_keys()
        else:
            self.choose(self.sections[there])

    async def action_filter(self) -> None:
        """Filter the section with the keys."""
        await self.chosen.open_filter()

    def action_sort(self) -> None:
        """Sort the section with the keys by its next column."""
        if isinstance(self.chosen, ListPane):
            self.chosen.cycle_sort()

    def go_back(self) -> None:
        """One step back: the filter is dropped, else to where this was opened."""
        if self.chosen.drop_filter():
            self.chosen.focus_body()
            return
        self.dismiss()

    def choose(self, section: Pane) -> None:
        """Show a section and give it the keys."""
        self.chosen = section
        self._arrange()
        section.focus_body()

    @property
    def tabbed(self) -> bool:
        """One section is on screen at a time."""
        if len(self.sections) == 1 or self.ROOMY is None:
            return True
        return self.size.width < self.ROOMY[0] or self.size.height < self.ROOMY[1]

    def _arrange(self) -> None:
        tabbed = self.tabbed
        for section in self.sections:
            section.display = section is self.chosen or not tabbed
        self._frame.set_class(not tabbed, "-roomy")
        self._tabs.display = tabbed and len(self.sections) > 1
        self._show_tabs()

    def keep_current(self) -> None:
        """Have the engine keep current what is shown now."""
        self.subscribe(tuple(Subscription(key, self._visibility) for key in self.keys()))

    def show_all(self, context: RenderContext) -> None:
        """Draw everything from what the store holds."""
        self._draw("The header", lambda: self.header.show(self.show_header(context)), self.header)
        self._draw("The sections", lambda: self.show_sections(context), *self.sections)
        self.show_actions(context)
        self._show_link(context)
        self._show_tabs()

    def _show_link(self, context: RenderContext) -> None:
        store = self._engine.store
        link = store.get(LINK).value or Link()
        journal = store.get(JOURNAL).value or ""

        def show() -> None:
            self.link_bar.show(link, [store.get(key) for key in self.keys()], context, journal)

        self._draw("The link bar", show, self.link_bar)

    def _show_tabs(self) -> None:
        line: list[Span] = [(" ", "")]
        for number, section in enumerate(self.sections, 1):
            chosen = section is self.chosen
            line += [(f"{number} ", "key"), (section.title_text, "focus bold" if chosen else "muted")]
            if section.load_state in {LoadState.FAILED, LoadState.STALE}:
                role = "danger bold" if section.load_state is LoadState.FAILED else "stale bold"
                line.append((f" {self._glyphs.alert}", role))
            line.append(("   ", ""))
        self._tabs.show_line(line)
