"""A line that says why a key does nothing here, and keeps what is typed after it from being taken for commands."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from string import ascii_lowercase, digits

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.events import Event, Key
from textual.screen import ModalScreen

from qctui.ui.kit.lines import Lines, Paragraph, pieces
from qctui.ui.kit.pane import Field
from qctui.ui.kit.render_context import nothing
from qctui.ui.theme.glyph_set import Glyphs

ANSWERS = frozenset(ascii_lowercase + digits + "-_") - {"j", "k"}
"""What the questions before an action are answered with: the end of an id, a number, a letter; and what is typed there
by mistake. The keys of the actions themselves are capitals, and j and k go to the row that was meant."""

_EDITS = frozenset({"backspace", "ctrl+h", "ctrl+u", "ctrl+w", "enter", "escape"})


class NotAvailable(ModalScreen[bool]):
    """Takes what belongs to the key that did nothing, until Enter or Escape. Another key closes it and acts at once:
    the next emergency key is not held up by it. Answers whether it may not have been read: what came in one burst has
    closed it before it was drawn."""

    AUTO_FOCUS = "Field"
    BINDINGS = [  # noqa: RUF012  # as its base declares it
        Binding("ctrl+c", "app.quit", "quit", show=False, id="not_available_quit", tooltip="Leave the program"),
    ]
    DEFAULT_CSS = """
    NotAvailable { align: center top; }
    NotAvailable > Vertical { width: 100%; height: auto; max-height: 50%; padding: 0 1; background: $panel; }
    NotAvailable Field, NotAvailable Field:focus { color: $muted; padding: 0; }
    """

    def __init__(self, words: str, glyphs: Glyphs, takes: Iterable[str] | None = ANSWERS) -> None:
        """`words` say why. `takes` are the characters that belong to the key; None: all that can be printed."""
        super().__init__()
        self.words = words
        self._glyphs = glyphs
        self._takes = None if takes is None else frozenset(takes)

    def compose(self) -> ComposeResult:
        """Why, and what is typed."""
        lines = Lines(self._glyphs)
        lines.show([Paragraph(pieces((f"{self.words}. Enter or Esc goes back", "stale bold")))])
        with Vertical():
            yield lines
            yield Field(
                placeholder="",
                typed=nothing,
                entered=partial(self._close, unread=True),
                left=partial(self._close, unread=False),
            )

    def give_way(self, event: Event) -> bool:
        """Close if this is a key for what is below. Returns whether it is."""
        if not isinstance(event, Key) or event.key in _EDITS:
            return False
        belongs = event.is_printable if self._takes is None else event.character in self._takes
        if not belongs:
            self._close(unread=True)
        return not belongs

    def _close(self, *, unread: bool) -> None:
        if self.is_current:
            self.dismiss(unread)
