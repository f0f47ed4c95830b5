"""Boxes over what is on screen, and the lists in them: one of many is chosen, or some are switched on and off."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar, TypeVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from qctui.ui.kit.field import Field
from qctui.ui.kit.spans import seven_bit
from qctui.ui.theme.glyph_set import Glyphs

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

    def compose_box(self) -> Iterable[Widget]:
        """What is in the frame."""
        raise NotImplementedError

    def action_move(self, by: int) -> None:
        """Move by lines."""
        raise NotImplementedError


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
