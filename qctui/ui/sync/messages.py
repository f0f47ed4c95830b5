"""What happened, in the past tense: the messages of the interface. Nobody edits one after it was posted."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

from textual.message import Message

from qctui.model.keys import Key


class StoreChanged(Message, bubble=False):
    """Something in the store changed: the bridge holds which keys. At most one is under way at a time."""


@runtime_checkable
class ShowsStore(Protocol):
    """A screen that shows resources. One that is covered whole is told when it is seen again, except of actions."""

    def show_changes(self, keys: frozenset[Key[Any]]) -> None:
        """These keys have newer resources. An exception becomes a message on screen, not the end of the program."""
        ...
