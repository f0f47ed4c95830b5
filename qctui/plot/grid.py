"""A grid of styled cells: what every part of a chart draws into."""

from __future__ import annotations

from typing import NamedTuple

from qctui.text import cell_width


class Ink(NamedTuple):
    """How a cell is coloured: by role, never by a theme's value.

    `color` and `back` are a role (`foreground`, `muted`, `chart-axis`, `chart-1` ...: the theme's names), or `#rrggbb`
    as the API gave it. An empty `back` is the pane's own background.
    """

    color: str = "foreground"
    back: str = ""
    bold: bool = False


TEXT = Ink("foreground")
MUTED = Ink("muted")
AXIS = Ink("chart-axis")
GRID = Ink("chart-grid")


class CellGrid:
    """`height` rows of `width` cells. A cell holds a character (and combining marks) or, right of a wide one, ""."""

    __slots__ = ("chars", "height", "inks", "width")

    def __init__(self, width: int, height: int) -> None:
        """An empty grid; sizes below zero count as zero."""
        self.width = max(0, width)
        self.height = max(0, height)
        self.chars: list[list[str]] = [[" "] * self.width for _ in range(self.height)]
        self.inks: list[list[Ink]] = [[TEXT] * self.width for _ in range(self.height)]

    def copy(self) -> CellGrid:
        """The same cells, to be drawn over."""
        other = CellGrid.__new__(CellGrid)
        other.width, other.height = self.width, self.height
        other.chars = [row[:] for row in self.chars]
        other.inks = [row[:] for row in self.inks]
        return other

    def put(self, x: int, y: int, text: str, ink: Ink = TEXT, limit: int | None = None) -> int:
        """Write `text` from column `x` of row `y`, at most `limit` cells, never outside the grid.

        Returns the column after what was written. A wide character that would be halved at either end becomes a blank.
        """
        if not 0 <= y < self.height:
            return x
        end = self.width if limit is None else min(self.width, x + limit)
        row, inks = self.chars[y], self.inks[y]
        for char in text:
            size = cell_width(char)
            if size == 0:
                if 0 < x <= end and row[x - 1] not in ("", " ") and len(row[x - 1]) < 4:
                    row[x - 1] += char
                continue
            if x + size > end:
                break
            if x >= 0:
                self._set(row, x, char, size)
                inks[x : x + size] = [ink] * size
            x += size
        return x

    def _set(self, row: list[str], x: int, char: str, size: int) -> None:
        if row[x] == "" and x:
            row[x - 1] = " "
        after = x + size
        if after < self.width and row[after] == "":
            row[after] = " "
        row[x] = char
        if size == 2:
            row[x + 1] = ""

    def cell(self, x: int, y: int, char: str, ink: Ink) -> None:
        """Write one narrow character if the place is inside the grid."""
        if 0 <= y < self.height and 0 <= x < self.width:
            row = self.chars[y]
            if row[x] == "" or (x + 1 < self.width and row[x + 1] == ""):
                self._set(row, x, char, 1)
            else:
                row[x] = char
            self.inks[y][x] = ink

    def to_ascii(self) -> None:
        """Put a question mark for each cell of what 7 bits can't hold: there are names in outside text."""
        self.chars = [[char if char.isascii() and char else "?" for char in row] for row in self.chars]

    def char(self, x: int, y: int) -> str:
        """The character of a cell; a blank outside the grid."""
        return self.chars[y][x] if 0 <= y < self.height and 0 <= x < self.width else " "

    def text(self) -> str:
        """The characters alone, a line a row, without trailing blanks."""
        return "\n".join("".join(row).rstrip() for row in self.chars)

    def runs(self, y: int) -> list[tuple[str, Ink, int]]:
        """Row `y` as runs of one ink: text, ink and width in cells."""
        runs: list[tuple[str, Ink, int]] = []
        chars, inks = self.chars[y], self.inks[y]
        start = 0
        for x in range(1, self.width + 1):
            if x == self.width or inks[x] != inks[start]:
                runs.append(("".join(chars[start:x]), inks[start], x - start))
                start = x
        return runs


def cut(text: str, width: int, ellipsis: str = "…") -> str:
    """`text` in at most `width` cells; what is cut ends in the ellipsis."""
    total = 0
    fits = 0
    for index, char in enumerate(text):
        total += cell_width(char)
        if total <= width - 1:
            fits = index + 1
        if total > width:
            return text[:fits] + ellipsis[: max(0, width)]
    return text


def width_of(text: str) -> int:
    """Cells `text` takes on a terminal."""
    return sum(cell_width(char) for char in text)
