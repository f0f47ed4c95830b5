"""A line to type into: what is typed takes effect before the next key."""

from __future__ import annotations

from collections.abc import Callable

from textual.events import Key
from textual.widgets import Input


class Field(Input):
    """Calls functions instead of posting messages, as Textual's own does: the next key would overtake those."""

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
        """`typed` is called with the text whenever it changes, `entered` on Enter, `left` on Escape: without it Escape
        is the screen's."""
        # First: a field that begins with a text calls `typed` while it is made.
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
