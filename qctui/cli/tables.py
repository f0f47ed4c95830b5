"""Plain tables for stdout: aligned by what a terminal really shows."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

GAP = "  "


def width(text: str) -> int:
    """Columns `text` takes on a terminal: two for wide characters, none for combining ones."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
    )


def align(rows: Sequence[Sequence[str]], right: frozenset[int] = frozenset()) -> list[str]:
    """One line a row, columns as wide as their widest cell; those in `right` end at their right edge."""
    widths = [max(width(row[column]) for row in rows) for column in range(len(rows[0]))] if rows else []
    lines: list[str] = []
    for row in rows:
        pads = [" " * (most - width(cell)) for most, cell in zip(widths, row, strict=True)]
        cells = [pads[at] + cell if at in right else cell + pads[at] for at, cell in enumerate(row)]
        lines.append(GAP.join(cells).rstrip())
    return lines
