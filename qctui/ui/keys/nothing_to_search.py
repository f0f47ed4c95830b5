"""Where there is nothing to search, what is typed behind `/` goes nowhere."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from qctui.ui.kit.field import Field


class NothingToSearch(ModalScreen[None]):
    """A line that says so, and that keeps a text typed for a search from being taken for commands."""

    AUTO_FOCUS = "Field"
    BINDINGS = [  # noqa: RUF012  # as its base declares it
        Binding("ctrl+c", "app.quit", "quit", show=False, id="no_search_quit", tooltip="Leave the program"),
    ]
    DEFAULT_CSS = """
    NothingToSearch { align: center bottom; background: transparent; }
    NothingToSearch > Vertical { width: 100%; height: 2; background: $panel; }
    NothingToSearch Static { padding: 0 1; color: $stale; text-style: bold; }
    NothingToSearch Field, NothingToSearch Field:focus { color: $muted; }
    """

    def __init__(self, where: str) -> None:
        """`where` is what is on screen, in our words."""
        super().__init__()
        self._where = where

    def compose(self) -> ComposeResult:
        """Why, and the line."""
        with Vertical():
            yield Static(f"Nothing to search in {self._where}: Enter or Esc goes back", markup=False)
            yield Field(placeholder="", typed=self._ignore, entered=self._close, left=self._close)

    def _close(self) -> None:
        if self.is_current:
            self.dismiss(None)

    def _ignore(self, text: str) -> None:
        """It was meant for a search."""
