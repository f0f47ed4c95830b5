"""Random sequences of keys that a person might type."""

from __future__ import annotations

from random import Random

from qctui.ui.keys.keymap import COMMANDS, Scope

ANSWER = "ANSWER"
"""Stands for what the dialog on top asks to be typed, key by key."""

_MOVES = ("j", "k", "j", "down", "up", "pagedown", "pageup", "home", "end")

PAGES = frozenset({"pagedown", "pageup"})
"""How far these go depends on what fits."""

_PANES = ("1", "2", "3", "4", "tab", "shift+tab", "5")
_OPENS = ("enter", "enter", "J", "?", "c", "p", "ctrl+p", "/")
_BY_SCOPE = {
    scope: [key for each in COMMANDS if each.scope is scope for key in each.keys.split(",")] for scope in Scope
}
_CHARTS = (*_BY_SCOPE[Scope.CHART], *_BY_SCOPE[Scope.MAIN][4:], "a", "E", "O")
_ENDS = ("q", "ctrl+c")
_OTHERS = (
    "space",
    "space",
    "s",
    "o",
    "backspace",
    *(key for keys in _BY_SCOPE.values() for key in keys if key not in _ENDS),
)
_TEXTS = ("vol", "mom", "Re", "zzz", "crypto", "never", "golden", "Sy", "1", "L", "live", "fresh")

CROSSHAIR = frozenset(_BY_SCOPE[Scope.CHART])
"""What these do in a chart depends on what is drawn of it."""

NEWS = ("ended", "redeployed", "reordered", "vanished", "new", "nothing")
"""What may happen in the world between two bursts."""


def phrase(random: Random) -> list[str]:
    """A few keys that belong together."""
    kind = random.randrange(17)
    if kind < 3:
        return [random.choice(_MOVES) for _ in range(random.randint(1, 4))]
    if kind < 5:
        return [random.choice(_PANES)]
    if kind < 7:
        return ["/", *random.choice(_TEXTS), random.choice(("enter", "enter", "escape", "down"))]
    if kind == 7:
        return ["p", *random.choice(_TEXTS), random.choice(("enter", "enter", "escape"))]
    if kind == 8:
        return [random.choice(_OPENS)]
    if kind == 9:
        return [random.choice(_CHARTS)]
    if kind == 10:
        return ["4", random.choice(("enter", "a", "E", "O"))]
    if kind == 11:
        return ["escape"] * random.randint(1, 4)
    if kind == 12:
        return [random.choice("LLSAX")]
    if kind == 13:
        return ["L", ANSWER, "enter", *["enter"] * random.choice((0, 0, 1, 3))]
    if kind == 14:
        return [random.choice("SXA"), ANSWER, random.choice(("enter", "escape", "y"))]
    if kind == 15:
        moves = [random.choice("jjk") for _ in range(random.randint(0, 4))]
        return ["N", *moves, *random.choice((("enter",), ("d",), ("D",), ("z", "enter"), ("escape",), ("N",), ("L",)))]
    return [random.choice(_OTHERS)]


def burst(random: Random) -> list[str]:
    """What is typed in one go."""
    keys: list[str] = []
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        keys += phrase(random)
    return keys
