"""Colours of the API on a background nobody there knew of: as they are where they can be seen, else brought nearer."""

from __future__ import annotations

import re
from functools import lru_cache

LEAST = 3.0
"""Contrast of lines and markers against their background (WCAG 2.2, non-text contrast)."""
_HEX = re.compile(r"#[0-9a-fA-F]{6}\Z")


@lru_cache(maxsize=1_024)
def visible(color: str, background: str) -> str:
    """`color` if it stands out from `background`, else the nearest mix with white or black that does.

    Both are `#rrggbb`; anything else is returned as it came.
    """
    if not (_HEX.match(color) and _HEX.match(background)):
        return color
    if contrast(color, background) >= LEAST:
        return color.lower()
    toward = "#ffffff" if _luminance(background) < 0.18 else "#000000"
    for part in range(1, 21):
        mixed = _mix(color, toward, part / 20)
        if contrast(mixed, background) >= LEAST:
            return mixed
    return toward


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, 1 to 21."""
    bright, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def _parts(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def _luminance(color: str) -> float:
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (value / 255 for value in _parts(color))
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _mix(color: str, toward: str, part: float) -> str:
    mixed = (round(a + (b - a) * part) for a, b in zip(_parts(color), _parts(toward), strict=True))
    return "#" + "".join(f"{value:02x}" for value in mixed)
