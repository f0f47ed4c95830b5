"""Boxes over what is on screen: one of many is chosen, some are switched on and off, a project is picked."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Sequence
from datetime import tzinfo
from typing import Any, ClassVar, TypeVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from qctui.engine.engine_port import Engine
from qctui.model.keys import DEPLOYMENTS, PROJECTS, Key
from qctui.ui.kit.list_pane import narrowed
from qctui.ui.kit.pane import Field
from qctui.ui.kit.render_context import RenderContext
from qctui.ui.kit.spans import seven_bit
from qctui.ui.kit.table import KeyedTable
from qctui.ui.kit.table_columns import Column, text_column
from qctui.ui.theme.glyph_set import Glyphs
from qctui.ui.wording.load_state import describe
from qctui.value import Value

R = TypeVar("R")


class BoxScreen(ModalScreen[R]):
    """A framed box. Its keys are the screen's: a list would report them in messages, which the next key overtakes."""

    BINDINGS = [  # noqa: RUF012  # as its base declares it
        Binding("escape", "dismiss(None)", "close", id="box_close", tooltip="Back to what there was"),
        Binding("j,down", "move(1)", "down", show=False, id="box_down", tooltip="Next line"),
        Binding("k,up", "move(-1)", "up", show=False, id="box_up", tooltip="Previous line"),
    ]
    DEFAULT_CSS = """
    BoxScreen { align: center middle; background: $background 60%; }
    BoxScreen:ansi { background: transparent; }
    BoxScreen > .box {
        max-width: 100%; height: auto; background: $panel; border: round $focus; padding: 0 1;
        border-title-color: $title; border-subtitle-color: $muted;
    }
    BoxScreen.-seven-bit > .box { border: ascii $focus; }
    """
    FRAME: ClassVar[type[Widget]] = Vertical
    TITLE: ClassVar[str] = ""
    KEYS: ClassVar[str] = ""
    """What the main keys do, in the frame."""

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__()
        self._glyphs = glyphs
        self.set_class(glyphs.ascii, "-seven-bit")

    def compose(self) -> ComposeResult:
        """The frame and what is in it."""
        with self.FRAME(classes="box") as box:
            box.border_title, box.border_subtitle = self.TITLE, self.KEYS
            yield from self.compose_box()

    @abstractmethod
    def compose_box(self) -> Iterable[Widget]:
        """What is in the frame."""

    @abstractmethod
    def action_move(self, by: int) -> None:
        """Move by lines."""


class ListBox(BoxScreen[R]):
    """A box with a list of names, which may be outside text."""

    DEFAULT_CSS = """
    ListBox > .box { width: 60; max-height: 90%; }
    ListBox Field, ListBox Field:focus { padding: 0; }
    ListBox OptionList, ListBox OptionList:focus {
        height: auto; max-height: 100%; border: none; padding: 0; background: $panel; scrollbar-size-vertical: 1;
    }
    ListBox.-seven-bit OptionList { scrollbar-size-vertical: 0; }
    """

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__(glyphs)
        self._list = OptionList(markup=False)
        self._list.can_focus = False

    def compose_box(self) -> Iterable[Widget]:
        """The list."""
        yield self._list

    def action_move(self, by: int) -> None:
        """Move in the list."""
        if by > 0:
            self._list.action_cursor_down()
        else:
            self._list.action_cursor_up()

    def prompt(self, text: str) -> Text:
        """Outside text: nothing in it is read as markup, and it is 7-bit where that is asked for."""
        shown = seven_bit(((text, ""),))[0][0] if self._glyphs.ascii else text
        return Text(shown, no_wrap=True, overflow="ellipsis", end="")


class Chooser(ListBox[int | None]):
    """Returns the place of the chosen label, or None. Typing narrows the list."""

    AUTO_FOCUS = "Field"
    KEYS = "Enter takes it, Esc cancels"

    def __init__(self, title: str, labels: Sequence[str], glyphs: Glyphs, *, current: int | None = None) -> None:
        """`title` is ours, never outside text. `current` is the place the cursor begins on."""
        super().__init__(glyphs)
        self.labels = tuple(labels)
        """What there is to choose from."""
        self._title = title
        self._current = current
        self._places: list[int] = []

    def compose_box(self) -> Iterable[Widget]:
        """What is typed, and what matches."""
        yield Field(placeholder="type a part of a name", typed=self._fill, entered=self._take)
        yield self._list

    def on_mount(self) -> None:
        """Show everything."""
        self.query_one(".box").border_title = self._title
        self._fill("")
        if self._current is not None and self._current in self._places:
            self._list.highlighted = self._places.index(self._current)

    def _take(self) -> None:
        """Enter: the one under the cursor."""
        place = self._list.highlighted
        if place is not None and place < len(self._places):
            self.dismiss(self._places[place])

    @on(OptionList.OptionSelected)
    def take_clicked(self, event: OptionList.OptionSelected) -> None:
        """A click: that one."""
        self.dismiss(self._places[event.option_index])

    def _fill(self, text: str) -> None:
        wanted = text.casefold()
        self._places = [place for place, label in enumerate(self.labels) if wanted in label.casefold()]
        self._list.clear_options()
        self._list.add_options([Option(self.prompt(self.labels[place])) for place in self._places])
        self._list.highlighted = 0 if self._places else None


class SeriesSwitches(ListBox[None]):
    """Switches the series of a chart on and off; the chart behind it changes at once."""

    TITLE = "Series"
    KEYS = "Space switches, a all, Esc closes"
    BINDINGS = [  # noqa: RUF012  # as its base declares it
        Binding("t", "dismiss(None)", "close", id="switches_close", tooltip="Back to the chart"),
        Binding("space,enter", "switch", "switch", id="switches_space", tooltip="On or off"),
        Binding("a", "all", "all", id="switches_all", tooltip="All on, or all off"),
    ]

    def __init__(
        self, names: Sequence[str], hidden: Callable[[], frozenset[str]], switch: Callable[[str], None], glyphs: Glyphs
    ) -> None:
        super().__init__(glyphs)
        self._names, self._hidden, self._switch = tuple(names), hidden, switch

    def on_mount(self) -> None:
        """Begin with the first."""
        self._list.add_options([Option(each) for each in self._prompts()])
        self._list.highlighted = 0

    @on(OptionList.OptionSelected)
    def switch_one(self, event: OptionList.OptionSelected) -> None:
        """A click."""
        self._switch_at(event.option_index)

    def action_switch(self) -> None:
        """The one under the cursor."""
        if self._list.highlighted is not None:
            self._switch_at(self._list.highlighted)

    def action_all(self) -> None:
        """All on; if they are, all off."""
        hidden = self._hidden()
        for name in self._names:
            if not hidden or name in hidden:
                self._switch(name)
        self._refill()

    def _switch_at(self, place: int) -> None:
        self._switch(self._names[place])
        self._refill()

    def _refill(self) -> None:
        for place, prompt in enumerate(self._prompts()):
            self._list.replace_option_prompt_at_index(place, prompt)

    def _prompts(self) -> list[Text]:
        hidden = self._hidden()
        return [self.prompt(f"[{' ' if name in hidden else 'x'}] {name}") for name in self._names]


class _Choice(Value):
    project_id: int
    name: str
    alive: bool


class ProjectPicker(BoxScreen[int | None]):
    """All projects, those that run first. Returns the id of the one picked, or None."""

    AUTO_FOCUS = "Field"
    TITLE = "Pick a project"
    KEYS = "Enter picks, Esc cancels"
    BINDINGS = [  # noqa: RUF012  # as its base declares it
        Binding("pagedown", "page(1)", "page down", show=False, id="picker_page_down", tooltip="A page down"),
        Binding("pageup", "page(-1)", "page up", show=False, id="picker_page_up", tooltip="A page up"),
        Binding("ctrl+c", "app.quit", "quit", show=False, id="picker_quit", tooltip="Leave the program"),
    ]
    DEFAULT_CSS = """
    ProjectPicker { align: center top; }
    ProjectPicker > .box { width: 72; height: 80%; max-height: 30; margin-top: 1; padding: 0; }
    ProjectPicker Field, ProjectPicker Field:focus { background: $boost; }
    """

    def __init__(self, engine: Engine, zone: tzinfo | None, glyphs: Glyphs) -> None:
        super().__init__(glyphs)
        self._clock, self._store = engine.clock, engine.store
        self._zone = zone
        self._table: KeyedTable[_Choice] = KeyedTable(_columns(), lambda each: each.project_id, glyphs)
        # The keys stay with the text field; the table only shows.
        self._table.can_focus = False
        self._table.opened = lambda row: self.dismiss(row.project_id)
        self._field = Field(placeholder="part of a name, or an id", typed=self._narrow, entered=self._pick)

    def compose_box(self) -> Iterable[Widget]:
        """A field and what matches."""
        yield self._field
        yield self._table

    def on_mount(self) -> None:
        """Show everything."""
        self.show_choices()

    def _narrow(self, text: str) -> None:
        """Narrow while typing; the first match is the one Enter picks."""
        self.show_choices()
        self._table.action_first()

    def _pick(self) -> None:
        """Enter: this one."""
        row = self._table.cursor_row
        if row is not None:
            self.dismiss(row.project_id)

    def action_move(self, by: int) -> None:
        """Move among what matches."""
        self._table.action_move(by)

    def action_page(self, by: int) -> None:
        """Move by pages among what matches."""
        self._table.action_page(by)

    def show_changes(self, keys: frozenset[Key[Any]]) -> None:
        """More projects, or other ones run."""
        if not keys.isdisjoint({PROJECTS, DEPLOYMENTS}):
            self.show_choices()

    def show_choices(self) -> None:
        """Show what matches now."""
        context = RenderContext(self._clock.monotonic(), self._clock.now(), self._zone, self._glyphs)
        text = self._field.value
        choices = self._choices()
        rows = narrowed(choices, text, lambda each: f"{each.name} {each.project_id}")
        words = f"No project contains '{text}'." if choices else self._nothing(context)
        self._table.show(rows, context, words=words)

    def _choices(self) -> Sequence[_Choice]:
        alive = {each.project_id for each in self._store.get(DEPLOYMENTS).value or () if each.alive}
        projects = [each for each in self._store.get(PROJECTS).value or () if not each.deleted]
        projects.sort(key=lambda each: (each.project_id not in alive, each.name.casefold(), each.project_id))
        return [_Choice(each.project_id, each.name, each.project_id in alive) for each in projects]

    def _nothing(self, context: RenderContext) -> str:
        resource = self._store.get(PROJECTS)
        words = describe(resource, context, what="projects", nothing="No projects.", stale_after_s=float("inf"))
        return words.body or (resource.error.message if resource.error is not None else "")


def _columns() -> tuple[Column[_Choice], ...]:
    return (
        Column("name", "project", 20, lambda each, _context: ((each.name, "title"),), widest=48, keep=3),
        Column("alive", "", 7, lambda each, _context: (("running", "ok"),) if each.alive else (), keep=2),
        text_column("id", 10, lambda each: str(each.project_id), right=True, keep=1),
    )
