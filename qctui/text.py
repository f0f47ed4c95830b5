"""The one gate for outside text: what passes here holds no control byte and has a bounded length."""

import re
from functools import lru_cache

MAX_LINE = 2_000
"""Characters kept of one outside string; far more than any pane shows."""

# C0, DEL, C1, line separators, lone surrogates, and the marks that reorder or hide what follows them on a terminal
# (bidi, zero width, tags). Joiners and variation selectors stay: real names use them.
_CONTROL = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\uffff\ud800-\udfff\U000e0000-\U000e007f]"
)
_ESCAPE = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[P^_X][^\x1b]*(?:\x1b\\)?|\x1b[ -/]*[0-~]"
)


def clean(value: object, limit: int = MAX_LINE) -> str:
    """One line of `value` that is safe to print: escape sequences removed, control characters turned into a space.

    Never raises. None becomes the empty string. Longer text is cut to `limit` characters and ends with an ellipsis.
    """
    return _cut(_CONTROL.sub(" ", _ESCAPE.sub("", _bounded(value, limit))).strip(), limit)


def clean_block(value: object, limit: int = 20_000) -> str:
    """Like `clean`, for text of several lines: newlines stay, tabs become four spaces."""
    text = _bounded(value, limit).replace("\r\n", "\n").replace("\t", "    ")
    lines = [_CONTROL.sub(" ", _ESCAPE.sub("", line)).rstrip() for line in text.split("\n")]
    return _cut("\n".join(lines).strip("\n"), limit)


@lru_cache(maxsize=4096)
def cell_width(character: str) -> int:
    """Cells one character takes in a terminal: 0, 1 or 2."""
    # The table of whoever draws in the end: by another one a chart's neighbour would be drawn over. Imported here, for
    # the commands that draw nothing.
    from rich.cells import get_character_cell_size

    return get_character_cell_size(character)


def _bounded(value: object, limit: int) -> str:
    """`value` as text, no longer than cleaning can possibly need: a megabyte of name must not cost a megabyte of
    regex."""
    if value is None:
        return ""
    try:
        text = value if isinstance(value, str) else str(value)
    except ValueError:  # an integer of thousands of digits, which Python declines to print
        return "?"
    return text[: limit * 4 + 64]


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
