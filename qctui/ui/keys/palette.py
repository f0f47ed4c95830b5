"""The command palette: the same registry as the keys, found by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from qctui.ui.keys.keymap import Command, format_key, keys_of
from qctui.ui.kit.chooser import Chooser
from qctui.ui.theme.glyph_set import Glyphs

_WIDTH = 110
_FRAME = 7
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
        room = min(_WIDTH, width) - _FRAME
        labels = [
            shorten(f"{title:<{indent}}  {each.tooltip}", room, glyphs.ellipsis)
            for title, each in zip(titles, self.commands, strict=True)
        ]
        super().__init__("Commands", labels, glyphs)


def shorten(text: str, room: int, ellipsis: str) -> str:
    """The text in so many cells. Commands are in plain letters."""
    return text if len(text) <= room else text[: room - len(ellipsis)].rstrip() + ellipsis


def _keys(command: Command, keymap: Mapping[str, str]) -> str:
    return ", ".join(format_key(key) for key in keys_of(command, keymap))
