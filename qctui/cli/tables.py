"""Plain tables for stdout: aligned by what a terminal really shows."""

from __future__ import annotations

from collections.abc import Sequence

from qctui.text import cell_width

GAP = "  "


def align(rows: Sequence[Sequence[str]], right: frozenset[int] = frozenset()) -> list[str]:
    """One line a row, columns as wide as their widest cell; those in `right` end at their right edge."""
    widths = [max(_cells(row[column]) for row in rows) for column in range(len(rows[0]))] if rows else []
    lines: list[str] = []
    for row in rows:
        pads = [" " * (most - _cells(cell)) for most, cell in zip(widths, row, strict=True)]
        cells = [pads[at] + cell if at in right else cell + pads[at] for at, cell in enumerate(row)]
        lines.append(GAP.join(cells).rstrip())
    return lines


def _cells(text: str) -> int:
    return len(text) if text.isascii() else sum(map(cell_width, text))
