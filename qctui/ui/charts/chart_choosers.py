"""Lists to choose from: a chart, what to compare with, which file, which series."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from qctui.ui.kit.field import Field
from qctui.ui.kit.spans import seven_bit
from qctui.ui.theme.glyph_set import Glyphs

_CSS = """
{name} {{ align: center middle; background: $background 60%; }}
{name}:ansi {{ background: transparent; }}
{name} > Vertical {{
    width: 60; max-width: 100%; height: auto; max-height: 90%;
    background: $panel; border: round $focus; padding: 0 1;
    border-title-color: $title; border-subtitle-color: $muted;
}}
{name} Field, {name} Field:focus {{ padding: 0; }}
{name} OptionList, {name} OptionList:focus {{
    height: auto; max-height: 100%; border: none; padding: 0; background: $panel; scrollbar-size-vertical: 1;
}}
"""


class Choose(ModalScreen[int | None]):
    """Returns the place of the chosen label, or None. Typing narrows the list."""

    DEFAULT_CSS = _CSS.format(name="Choose")
    AUTO_FOCUS = "Field"
    BINDINGS = [  # noqa: RUF012  # as its base declares it
        Binding("escape", "dismiss(None)", "cancel", id="choose_cancel", tooltip="Keep what there is"),
        Binding("down", "move(1)", "down", show=False, id="choose_down", tooltip="Next"),
        Binding("up", "move(-1)", "up", show=False, id="choose_up", tooltip="Previous"),
    ]

    def __init__(self, title: str, labels: Sequence[str], glyphs: Glyphs, *, current: int | None = None) -> None:
        """`title` is ours, never outside text. `current` is the place the cursor begins on."""
        super().__init__()
        self._title = title
        self.labels = tuple(labels)
        """What there is to choose from."""
        self._glyphs = glyphs
        self._current = current
        self._places: list[int] = []

    def compose(self) -> ComposeResult:
        """What is typed, and what matches."""
        with Vertical() as box:
            box.border_title = self._title
            box.border_subtitle = "Enter takes it, Esc cancels"
            yield Field(placeholder="type a part of a name", typed=self._fill, entered=self._take)
            options = OptionList(markup=False)
            options.can_focus = False
            yield options

    def on_mount(self) -> None:
        """Show everything."""
        _seven_bit(self, self._glyphs)
        self._fill("")
        if self._current is not None and self._current in self._places:
            self.query_one(OptionList).highlighted = self._places.index(self._current)

    def _take(self) -> None:
        """Enter: the one under the cursor."""
        place = self.query_one(OptionList).highlighted
        if place is not None and place < len(self._places):
            self.dismiss(self._places[place])

    @on(OptionList.OptionSelected)
    def take_clicked(self, event: OptionList.OptionSelected) -> None:
        """A click: that one."""
        self.dismiss(self._places[event.option_index])

    def action_move(self, by: int) -> None:
        """Move among what matches."""
        options = self.query_one(OptionList)
        if by > 0:
            options.action_cursor_down()
        else:
            options.action_cursor_up()

    def _fill(self, text: str) -> None:
        wanted = text.casefold()
        self._places = [place for place, label in enumerate(self.labels) if wanted in label.casefold()]
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options([Option(literal(self.labels[place], self._glyphs)) for place in self._places])
        options.highlighted = 0 if self._places else None


class SeriesSwitches(ModalScreen[None]):
    """Switches series on and off; what is behind it changes at once."""

    DEFAULT_CSS = _CSS.format(name="SeriesSwitches")
    BINDINGS = [  # noqa: RUF012  # as its base declares it
        Binding("escape,t", "dismiss(None)", "close", id="switches_close", tooltip="Back to the chart"),
        Binding("j,down", "move(1)", "down", show=False, id="switches_down", tooltip="Next"),
        Binding("k,up", "move(-1)", "up", show=False, id="switches_up", tooltip="Previous"),
        Binding("space,enter", "switch", "switch", id="switches_space", tooltip="On or off"),
        Binding("a", "all", "all", id="switches_all", tooltip="All on, or all off"),
    ]

    def __init__(
        self, names: Sequence[str], hidden: Callable[[], frozenset[str]], switch: Callable[[str], None], glyphs: Glyphs
    ) -> None:
        super().__init__()
        self._names = tuple(names)
        self._hidden = hidden
        self._switch = switch
        self._glyphs = glyphs

    def compose(self) -> ComposeResult:
        """One line a series."""
        with Vertical() as box:
            box.border_title = "Series"
            box.border_subtitle = "Space switches, a all, Esc closes"
            options = OptionList(*self._options(), markup=False)
            # The keys are the screen's: the list would tell of them in messages, which the next key overtakes.
            options.can_focus = False
            yield options

    def on_mount(self) -> None:
        """Begin with the first."""
        _seven_bit(self, self._glyphs)
        self.query_one(OptionList).highlighted = 0

    @on(OptionList.OptionSelected)
    def switch_one(self, event: OptionList.OptionSelected) -> None:
        """Enter or a click."""
        self._switch_at(event.option_index)

    def action_switch(self) -> None:
        """The one under the cursor."""
        place = self.query_one(OptionList).highlighted
        if place is not None:
            self._switch_at(place)

    def action_all(self) -> None:
        """All on; if they are, all off."""
        hidden = self._hidden()
        for name in self._names:
            if not hidden or name in hidden:
                self._switch(name)
        self._refill()

    def action_move(self, by: int) -> None:
        """Move among the series."""
        options = self.query_one(OptionList)
        if by > 0:
            options.action_cursor_down()
        else:
            options.action_cursor_up()

    def _switch_at(self, place: int) -> None:
        self._switch(self._names[place])
        self._refill()

    def _refill(self) -> None:
        options = self.query_one(OptionList)
        for place, option in enumerate(self._options()):
            options.replace_option_prompt_at_index(place, option.prompt)

    def _options(self) -> list[Option]:
        hidden = self._hidden()
        return [Option(literal(f"[{' ' if name in hidden else 'x'}] {name}", self._glyphs)) for name in self._names]


def _seven_bit(screen: ModalScreen[Any], glyphs: Glyphs) -> None:
    """Frames and scroll bars are drawn with box characters; where 7 bits are asked for, with none."""
    if glyphs.ascii:
        box = screen.query_one(Vertical)
        box.styles.border = ("ascii", box.styles.border.top[1])
        screen.query_one(OptionList).styles.scrollbar_size_vertical = 0


def literal(text: str, glyphs: Glyphs) -> Text:
    """Outside text as a prompt: nothing in it is read as markup, and it is 7-bit where that is asked for."""
    shown = seven_bit(((text, ""),))[0][0] if glyphs.ascii else text
    return Text(shown, no_wrap=True, overflow="ellipsis", end="")
