"""Where one thing is shown in full."""

from __future__ import annotations

from typing import Any

from textual.screen import Screen

from qctui.engine.facade import Engine
from qctui.ui.messages import OpenDetail
from qctui.ui.options import UiOptions


def make_detail(event: OpenDetail, engine: Engine, options: UiOptions) -> Screen[Any] | None:
    """The screen that shows what was asked for; None for what has nothing more to show."""
    return None
