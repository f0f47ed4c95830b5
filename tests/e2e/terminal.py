"""A terminal for tests: lays out what a program draws, follows the modes it sets, and answers what it asks."""

from __future__ import annotations

import re

import pyte

_CSI = re.compile(rb"\x1b\[([<-?]*)([0-9;:]*)([ -/]*)([@-~])")
_OTHER = re.compile(rb"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[P^_X][^\x1b]*\x1b\\|\x1b[()][A-Z0-9]|\x1b[ -OQ-WYZ\\`-~]")
_COLOR_QUERY = re.compile(rb"\x1b\](1[01]);\?(?:\x07|\x1b\\)")

FRESH = {"7": True, "25": True}
"""Modes that are on in a terminal nobody has touched: line wrap and the cursor."""


class Terminal:
    """Feed it bytes; read the screen and the modes."""

    def __init__(self, columns: int, rows: int, *, answers: bool = True) -> None:
        self.screen = pyte.Screen(columns, rows)
        self.modes: dict[str, bool] = {}
        self.kitty = 0
        self._stream = pyte.ByteStream(self.screen)
        self._answers = answers
        self._rest = b""
        self._lines = [""] * rows

    def feed(self, data: bytes) -> bytes:
        """Draw `data`; returns what the terminal answers."""
        data, self._rest = self._rest + data, b""
        begin = data.rfind(b"\x1b")
        if begin >= 0 and not (_CSI.match(data, begin) or _OTHER.match(data, begin)):
            data, self._rest = data[:begin], data[begin:]
        replies = b"".join(self._follow(match) for match in _CSI.finditer(data))
        for match in _COLOR_QUERY.finditer(data):
            replies += b"\x1b]" + match[1] + b";rgb:0000/0000/0000\x1b\\"
        self._stream.feed(_CSI.sub(_known_to_pyte, data))
        return replies if self._answers else b""

    def resize(self, columns: int, rows: int) -> None:
        self.screen.resize(rows, columns)
        self._lines = [""] * rows
        self.screen.dirty = set(range(rows))

    @property
    def text(self) -> str:
        screen = self.screen
        for row in screen.dirty:  # only they: `screen.display` measures every cell of all rows
            line = screen.buffer[row]
            self._lines[row] = "".join(line[column].data for column in range(screen.columns)).rstrip()
        screen.dirty.clear()
        return "\n".join(self._lines)

    @property
    def left_behind(self) -> list[str]:
        """Modes that are not as in a fresh terminal: empty is right."""
        changed = [mode for mode, on in self.modes.items() if on != FRESH.get(mode, False)]
        return sorted(changed + (["kitty keyboard"] if self.kitty > 0 else []))

    def _follow(self, match: re.Match[bytes]) -> bytes:
        prefix, number, middle, final = match.groups()
        if prefix == b"?" and final in b"hl" and not middle:
            self.modes |= {mode.decode(): final == b"h" for mode in number.split(b";")}
        elif prefix == b"?" and middle == b"$" and final == b"p":
            return b"\x1b[?" + number + b";2$y"
        elif final == b"c" and not prefix:
            return b"\x1b[?62;22c"
        elif final == b"n" and number == b"6":
            return b"\x1b[1;1R"
        elif final == b"u" and prefix == b"?":
            return b"\x1b[?0u"
        elif final == b"u" and prefix in (b">", b"<"):
            self.kitty += 1 if prefix == b">" else -1
        return b""


def _known_to_pyte(match: re.Match[bytes]) -> bytes:
    """What pyte understands; a real terminal ignores the rest. pyte takes `CSI < u` and `CSI ? $ p` for text, and
    raises on the wrong number of parameters: the halves of two sequences, where output between them was dropped."""
    prefix, numbers, middle, final = match.groups()
    allowed = {b"m": 99, b"h": 99, b"l": 99, b"H": 2, b"f": 2, b"r": 2}.get(final, 1)
    known = prefix == b"" or (prefix == b"?" and final in b"hl")
    if not known or middle or final == b"u" or numbers.count(b";") >= allowed:
        return b""
    return match[0]
