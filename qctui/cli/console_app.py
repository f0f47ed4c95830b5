"""The interface as the program runs it: when it fails, it says so in a line and keeps the values to itself."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from rich.console import RenderableType

from qctui.engine.engine_port import Engine
from qctui.ui.app import QctuiApp
from qctui.ui.context import UiOptions

_log = logging.getLogger(__name__)


class Console(QctuiApp):
    """`QctuiApp` without Textual's crash report, which prints local variables: the log gets the traceback instead."""

    CRASH_REPORT = False
    crash: str | None = None
    """What ended it, by name; None if it ended as asked."""

    def __init__(
        self, engine: Engine, options: UiOptions, shown: Callable[[], object], left: Callable[[], object] = lambda: None
    ) -> None:
        """`shown` is called once the first frame is out, `left` when no more will follow."""
        super().__init__(engine, options)
        self._shown, self._left = shown, left
        self._is_shown = False

    def post_display_hook(self) -> None:
        """Something was drawn, or would have been if drawing had begun."""
        if self.draws and not self._is_shown:
            self._is_shown = True
            self._shown()

    def exit(self, *more: Any, **named: Any) -> None:
        """As in Textual."""
        self._left()
        super().exit(*more, **named)

    def crashed(self, error: Exception) -> None:
        """The log gets what a person has no use for."""
        _log.error("the interface ended by an error", exc_info=error)
        self.crash = self.crash or type(error).__name__

    def panic(self, *renderables: RenderableType) -> None:
        """End at once. What Textual would print is for its developers."""
        _log.error("the interface gave up: %s", "; ".join(type(each).__name__ for each in renderables))
        self.crash = self.crash or "the terminal could not be read"
        self.end_at_once()
