"""The footer: the main keys that work right now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from textual.events import Click

from qctui.ui.keys.keymap import Command, format_key, keys_of
from qctui.ui.kit.bar import Bar
from qctui.ui.kit.spans import Span, width_of
from qctui.ui.theme.glyph_set import Glyphs


class KeyBar(Bar):
    """The screen's last line. Keys that do not fit are left out whole, the least important first."""

    def __init__(self, glyphs: Glyphs, keymap: Mapping[str, str]) -> None:
        super().__init__(glyphs, id="keys")
        self._keymap = keymap
        self._commands: tuple[Command, ...] = ()
        self._spots: list[tuple[int, int, Command]] = []

    def show(self, commands: Iterable[Command]) -> None:
        """Show these commands' keys."""
        self._commands = tuple(command for command in commands if command.footer is not None)
        self._lay_out()

    def on_resize(self) -> None:
        """Choose again what fits."""
        self._lay_out()

    def on_click(self, event: Click) -> None:
        """A key's word can be clicked: it is the key that is pressed then."""
        for start, end, command in self._spots:
            if start <= event.x < end:
                self.app.simulate_key(keys_of(command, self._keymap)[0])

    def _lay_out(self) -> None:
        if not self.size.width:
            return
        room = self.size.width - 1
        fitting: list[Command] = []
        for command in sorted(self._commands, key=lambda each: each.footer or 0):
            room -= width_of(self._spans(command))
            if room < 0:
                break
            fitting.append(command)
        line: list[Span] = [(" ", "")]
        self._spots = []
        for command in self._commands:
            if command in fitting:
                spans = self._spans(command)
                start = width_of(line)
                self._spots.append((start, start + width_of(spans), command))
                line += spans
        self.show_line(line)

    def _spans(self, command: Command) -> list[Span]:
        key = format_key(keys_of(command, self._keymap)[0])
        danger = command.acts
        return [(key, "danger bold" if danger else "key bold"), (f" {command.label}  ", "muted")]
