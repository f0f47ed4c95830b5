"""A line to type into that tells its owner at once."""

from __future__ import annotations

from collections.abc import Callable

from textual.events import Key
from textual.widgets import Input


class Field(Input):
    """Textual's own says what was typed in a message, which the next key overtakes."""

    DEFAULT_CSS = """
    Field, Field:focus { height: 1; border: none; padding: 0 1; background: $panel; }
    """

    def __init__(
        self,
        value: str = "",
        *,
        placeholder: str,
        typed: Callable[[str], None],
        entered: Callable[[], object],
        left: Callable[[], object] | None = None,
    ) -> None:
        """`typed` is told the text whenever it changes, `entered` is called on Enter, `left` on Escape: without it
        Escape is the screen's."""
        # First: a field that begins with a text is told so while it is made.
        self._typed, self._entered, self._left = typed, entered, left
        super().__init__(value, placeholder=placeholder, select_on_focus=False)

    def on_mount(self) -> None:
        """A blinking cursor would send bytes all day."""
        self.cursor_blink = False

    def watch_value(self, value: str) -> None:
        """Another text."""
        self._typed(value)

    async def action_submit(self) -> None:
        """Enter."""
        self._entered()

    def on_key(self, event: Key) -> None:
        """Escape leaves."""
        if event.key == "escape" and self._left is not None:
            event.stop()
            event.prevent_default()
            self._left()
