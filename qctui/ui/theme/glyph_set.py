"""The glyphs of the screen in two sets. Every sign that carries meaning has a name here: `--ascii` misses none."""

from __future__ import annotations

from qctui.value import Value


class Glyphs(Value):
    """One set; by default the one of Unicode. Every glyph is one cell wide."""

    ascii: bool = False
    cursor: str = "▸"
    """In front of the current row."""
    mark: str = "●"
    """In front of a marked row."""
    up: str = "▲"
    down: str = "▼"
    flat: str = "→"
    """Where an insight sees the price going."""
    ascending: str = "▴"
    descending: str = "▾"
    """The sort's direction, beside the column's header."""
    spark: str = "▁▂▃▄▅▆▇█"
    """Levels of a sparkline, lowest first."""
    bar_full: str = "━"
    bar_half: str = "╸"
    bar_rest: str = "─"
    """A progress bar's done, last half and open cells."""
    none: str = "—"
    """There is no value."""
    alert: str = "!"
    """In front of what needs a look."""
    rule: str = "─"
    """A horizontal line."""
    rule_current: str = "━"
    """The same where the keys are."""
    dot: str = "·"
    """Between two facts of one line."""
    ellipsis: str = "…"
    """Text was cut here."""
    then: str = "→"
    """From one step to the next."""
    thumb: str = "┃"
    track: str = "│"
    """The scroll position at a table's right edge."""

    @property
    def between(self) -> tuple[str, str]:
        """The dot as a span, with the room that it takes between two facts."""
        return f" {self.dot} ", "rule"


UNICODE = Glyphs()

ASCII = Glyphs(
    ascii=True,
    cursor=">",
    mark="*",
    up="^",
    down="v",
    flat="=",
    ascending="^",
    descending="v",
    spark="_.-=+*#",
    bar_full="#",
    bar_half="=",
    bar_rest="-",
    none="-",
    rule="-",
    rule_current="=",
    dot="|",
    ellipsis="~",
    then=">",
    thumb="#",
    track="|",
)


def glyphs(ascii_only: bool) -> Glyphs:
    """The set for a terminal: 7-bit if `ascii_only`."""
    return ASCII if ascii_only else UNICODE
