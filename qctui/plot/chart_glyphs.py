"""The characters a chart is made of, in three sets: braille, blocks and 7-bit ASCII."""

from __future__ import annotations

from qctui.value import Value, replace


class CandleGlyphs(Value):
    """The pieces of a candle one column wide. Each half of a cell, upper and lower, holds body, wick or nothing."""

    cells: tuple[tuple[str, str, str], ...]
    """`cells[upper][lower]`, with 0 nothing, 1 wick, 2 body, of a rising candle."""
    falling: tuple[tuple[str, str, str], ...]
    """The same for a falling one. Its whole cells are filled and a rising one's are not, so that the two differ without
    colour; there is no such pair of half cells."""
    flat: str
    """Open equals close and nothing else: a dash."""
    cross: str
    """Open equals close on a wick."""
    sign: str
    """What stands for candles in a legend."""


class GlyphSet(Value):
    """One way to draw.

    Fields:
        sub_x, sub_y: how many dots a cell is wide and high.
        cells: the character for each mask of dots; dot (column c, row r from the top) is bit `r * sub_x + c`.
        levels: a column filled from below, from empty to full.
        fills: fills of stacked areas, which differ without colour too.
        markers: a character for each scatter marker's name; `none` is the plain dot.
    """

    name: str
    ascii: bool
    sub_x: int
    sub_y: int
    cells: tuple[str, ...]
    levels: str
    fills: str
    markers: dict[str, str]
    candles: CandleGlyphs
    flag: str
    grid: str
    mark: str
    now: str
    ellipsis: str


# Unicode numbers the dots down the left column, down the right one, then the bottom row.
_DOTS = (0x01, 0x08, 0x02, 0x10, 0x04, 0x20, 0x40, 0x80)
_LINES = CandleGlyphs(
    cells=((" ", "╷", "▄"), ("╵", "│", "╽"), ("▀", "╿", "▓")),
    falling=((" ", "╷", "▄"), ("╵", "│", "╽"), ("▀", "╿", "█")),
    flat="─",
    cross="┼",
    sign="┿",
)
_MARKERS = {"none": "•", "circle": "●", "square": "■", "diamond": "◆", "triangle": "▲", "triangle-down": "▼"}

BRAILLE = GlyphSet(
    name="braille",
    ascii=False,
    sub_x=2,
    sub_y=4,
    cells=(" ", *(chr(0x2800 + sum(d for bit, d in enumerate(_DOTS) if mask >> bit & 1)) for mask in range(1, 256))),
    levels=" ▁▂▃▄▅▆▇█",
    fills="█▓▒░",
    markers=_MARKERS,
    candles=_LINES,
    flag="⚑",
    grid="·",
    mark="◆",
    now="▸",
    ellipsis="…",
)

BLOCKS = replace(BRAILLE, name="blocks", sub_x=2, sub_y=2, cells=tuple(" ▘▝▀▖▌▞▛▗▚▐▜▄▙▟█"))

ASCII = GlyphSet(
    name="ascii",
    ascii=True,
    sub_x=1,
    sub_y=3,
    cells=(" ", "'", "-", "|", ".", "|", "|", "|"),
    levels=" ...:::##",
    fills="#=+:",
    markers={"none": "*", "circle": "o", "square": "#", "diamond": "+", "triangle": "^", "triangle-down": "v"},
    candles=CandleGlyphs(
        cells=((" ", "|", "O"), ("|", "|", "O"), ("O", "O", "O")),
        falling=((" ", "|", "#"), ("|", "|", "#"), ("#", "#", "#")),
        flat="-",
        cross="+",
        sign="O",
    ),
    flag="F",
    grid=".",
    mark="+",
    now=">",
    ellipsis="~",
)

GLYPH_SETS = {each.name: each for each in (BRAILLE, BLOCKS, ASCII)}
"""By name, finest first."""
