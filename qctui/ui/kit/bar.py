"""Bars: one line of facts, left and right, and the footer with the main keys that work right now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from textual.events import Click

from qctui.ui.keys.keymap import Command, format_key, keys_of
from qctui.ui.kit.cell_diff import SpanLines
from qctui.ui.kit.spans import Span, Spans, cut, seven_bit, width_of
from qctui.ui.theme.glyph_set import Glyphs


class Bar(SpanLines):
    """A line. What doesn't fit is left out from the end of `left`; `right` stays whole as long as it fits at all."""

    DEFAULT_CSS = """
    Bar { height: 1; width: 1fr; }
    """
    can_focus = False

    def __init__(self, glyphs: Glyphs, *, fill: Span = (" ", ""), id: str | None = None) -> None:
        """`fill` is drawn between left and right."""
        super().__init__(glyphs, id=id)
        self._fill = fill
        self._left: Sequence[Span] = ()
        self._right: Sequence[Span] = ()
        self._optional: Sequence[Span] = ()
        self._defect = ""

    def show_line(
        self,
        left: Sequence[Span],
        right: Sequence[Span] = (),
        *,
        optional: Sequence[Span] = (),
        fill: Span | None = None,
    ) -> None:
        """Replace what is shown. Equal content costs nothing. `optional` follows `left` as far as it fits in whole
        spans."""
        self._left, self._right, self._optional = left, right, optional
        self._fill = fill or self._fill
        if self.size.width:
            self._draw()

    def show_defect(self, words: str) -> None:
        """Say this at the right end, where ages stand, until it is empty again."""
        if words != self._defect:
            self._defect = words
            self._draw()

    def on_resize(self) -> None:
        """Lay the line out for its new width."""
        self._draw()

    def _draw(self) -> None:
        self.draw([self._compose_line(self.size.width)])

    def _compose_line(self, width: int) -> Spans:
        left, right, optional = tuple(self._left), tuple(self._right), tuple(self._optional)
        if self._defect:
            right = ((f" {self._glyphs.alert} {self._defect} ", "danger bold"),)
        if self._glyphs.ascii:
            left, right, optional = seven_bit(left), seven_bit(right), seven_bit(optional)
        if width_of(right) > width:
            right = cut(right, width, self._glyphs)
        room = width - width_of(right)
        if width_of(left) > room:
            left = cut(left, room, self._glyphs)
        for span in optional:
            if width_of((*left, span)) > room:
                break
            left = (*left, span)
        gap = room - width_of(left)
        glyph, role = self._fill
        return (*left, (glyph * gap, role), *right)


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
