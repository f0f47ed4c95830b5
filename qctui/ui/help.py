"""The help screen and the command palette: the keys that work right now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from textwrap import wrap

from rich.text import Text
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from qctui.ui.app_base import palette_of
from qctui.ui.keys.keymap import Command, Scope, format_key, keys_of
from qctui.ui.kit.chooser import BoxScreen, Chooser
from qctui.ui.kit.spans import cut_text
from qctui.ui.theme.glyph_set import Glyphs

_WIDTH = 78
_FRAME = 5
"""Cells of border, padding and scroll bar."""
_KEYS = 14
"""Cells of a line before what its keys do."""

_AGES = (
    ("now", "Read just now. An age moves in coarse steps: now, 1m, 2m, 5m ..."),
    ("now, of 2m ago", "Read just now; QuantConnect took the snapshot in it 2 minutes ago (up to 10 are normal)"),
    ("reading newer", "What is shown is known not to be the newest yet"),
    ("198 of 2,000", "The newest 198 insights were read; older ones follow within the read budget"),
    ("stale 2m", "Nothing failed, and yet nothing newer came for 2 minutes"),
    ("oldest data 2m", "The pane on screen that was read longest ago, 2 minutes ago"),
    (
        "24h, 24h %",
        "Change of the equity since 24 hours ago, or since the launch if that is later; a dash: not known",
    ),
    ("exposure", "Worth of all open positions together, long or short; with its age once it is over 15 minutes old"),
    ("51.8k+", "There is cash in other currencies or coins besides, which is not in it"),
    ("pos", "Open positions"),
    ("Total ~ 5 of 6", "What has a ~ is the sum of those that are known in the total's currency: at least 5 of 6"),
    ("Running ok", "It lives: newer orders, insights, log lines or chart samples than its own habit demands"),
    ("QUIET", "No sign of life for longer than its own habit knows while its market was open"),
    ("BLIND", "Refused by its brokerage, after the last order that went well"),
    ("?", "Whether it lives is not known: the reads fail, or there is too little history"),
    ("! before a name", "An alert is open about it; muted once acknowledged"),
    ("up/ended", "How long a deployment has been up, or how long ago it ended"),
)
"""What the screen says of how new things are, and what it means."""


class HelpScreen(BoxScreen[None]):
    """A list of keys by where they work; what it explains is still there when it closes."""

    TITLE = "Keys that work right now"
    KEYS = "Esc closes"
    FRAME = VerticalScroll
    BINDINGS = [  # noqa: RUF012  # as its base declares it
        Binding("question_mark,q,enter", "dismiss(None)", "close", id="help_close", tooltip="Close the help"),
        Binding("ctrl+c", "app.quit", "quit", show=False, id="help_quit", tooltip="Leave the program"),
    ]
    DEFAULT_CSS = """
    HelpScreen > .box { width: 78; max-height: 100%; scrollbar-size-vertical: 1; }
    """

    def __init__(
        self, commands: Iterable[Command], keymap: Mapping[str, str], glyphs: Glyphs, instead: Mapping[str, str]
    ) -> None:
        """`instead`: what is said of the words of an age, in place of the usual or beside it; empty: nothing."""
        super().__init__(glyphs)
        self._commands = tuple(commands)
        self._keymap = keymap
        self._ages = [(words, meaning) for words, meaning in {**dict(_AGES), **instead}.items() if meaning]

    def compose_box(self) -> Iterable[Widget]:
        """One text, which scrolls."""
        yield Static(self._text(), id="help-text", markup=False)

    def action_move(self, by: int) -> None:
        """Scroll by lines."""
        self.query_one(VerticalScroll).scroll_relative(y=by, animate=False)

    def _text(self) -> Text:
        palette = palette_of(self)
        width = min(_WIDTH, self.app.size.width) - _FRAME - _KEYS
        text = Text()
        for scope in Scope:
            commands = [command for command in self._commands if command.scope is scope]
            if not commands:
                continue
            text.append(f"\n{scope.value}\n" if text else f"{scope.value}\n", palette["title bold"])
            for command in commands:
                keys = " ".join(format_key(key) for key in keys_of(command, self._keymap))
                text.append(f"  {keys:<11} ", palette["danger bold" if command.acts else "key bold"])
                hanging = "\n" + " " * _KEYS
                text.append(hanging.join(wrap(command.tooltip, width)) + "\n")
        text.append("\nWhat the ages and figures say\n", palette["title bold"])
        indent = 2 + max(len(words) for words, _ in self._ages) + 2
        for words, meaning in self._ages:
            text.append(f"  {words}".ljust(indent), palette["key bold"])
            lines = wrap(meaning, width + _KEYS - indent)
            text.append(("\n" + " " * indent).join(lines) + "\n")
        text.rstrip()
        return text


PALETTE_WIDTH = 110
PALETTE_FRAME = 7
"""Cells of border, padding and scroll bar."""


class CommandPalette(Chooser):
    """Everything that works right now, by name, key and what it does. In read-only mode what acts is not among it."""

    DEFAULT_CSS = """
    CommandPalette > .box { width: 110; }
    """

    def __init__(self, commands: Iterable[Command], keymap: Mapping[str, str], glyphs: Glyphs, width: int) -> None:
        """`width` is the screen's: what a command does is cut to one line."""
        self.commands = tuple(command for command in commands if command.palette)
        """In the order of the list: its answer is the place of one of them."""
        titles = [f"{each.label.capitalize()} ({_keys(each, keymap)})" for each in self.commands]
        indent = max((len(title) for title in titles), default=0)
        room = min(PALETTE_WIDTH, width) - PALETTE_FRAME
        labels = [
            cut_text(f"{title:<{indent}}  {each.tooltip}", room, glyphs)
            for title, each in zip(titles, self.commands, strict=True)
        ]
        super().__init__("Commands", labels, glyphs)


def _keys(command: Command, keymap: Mapping[str, str]) -> str:
    return ", ".join(format_key(key) for key in keys_of(command, keymap))
