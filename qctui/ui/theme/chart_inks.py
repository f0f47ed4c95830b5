"""Inks of a chart as styles of the theme in force; the API's own colours are brought nearer where they hardly show."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from rich.style import Style
from textual.color import Color, ColorParseError

from qctui.plot.grid import Ink
from qctui.plot.marks import PALETTE
from qctui.ui.theme.themes import color_of

LEAST = 3.0
"""Contrast of lines and markers against their background (WCAG 2.2, non-text contrast)."""

_HEX = re.compile(r"#[0-9a-fA-F]{6}\Z")


class Inks(dict[Ink, Style]):
    """The style of each ink. Made anew when the theme changes."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        """`variables` are the theme's, by name."""
        super().__init__()
        self._variables = variables
        background = color_of(self._variables, "background") or Color.parse("#000000")
        self._background = "" if background.ansi is not None else background.hex6.lower()

    def __missing__(self, ink: Ink) -> Style:
        """The ink as a style. An unknown role is plain text: a missing colour must not take the value with it."""
        # A tag is its colour reversed: legible on sixteen colours, and without any.
        color = self._resolve(ink.back or ink.color)
        style = self[ink] = Style(
            color=None if color is None else color.rich_color,
            bold=True if ink.bold else None,
            reverse=True if ink.back else None,
        )
        return style

    def hexes(self, ink: Ink) -> tuple[str, str]:
        """Foreground and background as `#rrggbb` for a picture; an empty background is the picture's own."""
        if ink.back:
            return self.background, self._hex(ink.back)
        return self._hex(ink.color), ""

    @property
    def background(self) -> str:
        """The theme's background as `#rrggbb`."""
        return self._background or "#000000"

    def _hex(self, role: str) -> str:
        color = self._resolve(role)
        return "#d0d0d0" if color is None or color.ansi is not None else color.hex6.lower()

    def _resolve(self, role: str) -> Color | None:
        if role.startswith("#"):
            if not self._background and re.fullmatch("#[0-9a-f]{6}", role):
                # The terminal's own background is unknown: only the terminal's own colours are sure to show on it.
                return color_of(self._variables, f"chart-{int(role[1:], 16) % PALETTE + 1}")
            try:
                return Color.parse(visible(role, self._background))
            except ColorParseError:
                return None
        return color_of(self._variables, role)


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
