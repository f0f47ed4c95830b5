"""Where one thing is shown in full."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from textual.screen import Screen

from qctui.engine.facade import Engine
from qctui.engine.view import Want
from qctui.ui.feed import Guard
from qctui.ui.glyphs import Glyphs
from qctui.ui.messages import OpenDetail
from qctui.ui.options import UiOptions


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a screen above the main one needs of the program."""

    engine: Engine
    options: UiOptions
    glyphs: Glyphs
    guard: Guard
    """Does a work of showing, and turns an exception into a message."""
    keep_open: Callable[[object, Iterable[Want]], None]
    """`keep_open(owner, wants)`: what the engine should keep current for this owner from now on; nothing once it
    closes."""


def make_detail(event: OpenDetail, around: Surroundings) -> Screen[Any] | None:
    """The screen that shows what was asked for; None for what has nothing more to show."""
    return None
