"""The command palette: the same registry as the keys, found by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from qctui.ui.glyphs import Glyphs
from qctui.ui.keymap import Command, format_key, keys_of
from qctui.ui.screens.chart_choose import Choose


class CommandPalette(Choose):
    """Everything that works right now, by name, key and what it does. In read-only mode what acts is not among it."""

    DEFAULT_CSS = """
    CommandPalette > Vertical { width: 100; }
    """

    def __init__(self, commands: Iterable[Command], keymap: Mapping[str, str], glyphs: Glyphs) -> None:
        self.commands = tuple(command for command in commands if command.palette)
        """In the order of the list: its answer is the place of one of them."""
        titles = [f"{each.label.capitalize()} ({_keys(each, keymap)})" for each in self.commands]
        width = max((len(title) for title in titles), default=0)
        labels = [f"{title:<{width}}  {each.tooltip}" for title, each in zip(titles, self.commands, strict=True)]
        super().__init__("Commands", labels, glyphs)


def _keys(command: Command, keymap: Mapping[str, str]) -> str:
    return ", ".join(format_key(key) for key in keys_of(command, keymap))
