"""Keys act one after the other, each on what the one before it opened."""

from __future__ import annotations

from collections import deque
from typing import TypeVar

from textual import events
from textual.app import App
from textual.message import Message

R = TypeVar("R")

LONGEST_WAIT_S = 0.25
"""How long a key waits for the one before it: a widget that went away in between never tells that it is done."""


class KeyPassed(Message, bubble=True):
    """Follows a key through the widgets it bubbles through, and arrives when all of them are done with it."""


class KeysInOrder(App[R]):
    """An app in which a key is handed on only when the one before it has had its effect.

    Textual hands every key that is waiting to whatever has the focus at that instant, and runs their bindings later.
    Over a slow line `L430e` and Enter arrive in one piece: the code would go to the table below, where `4` opens the
    chart, and the dialog would stay empty.
    """

    _passing: KeyPassed | None = None
    _waiting: deque[events.Key]

    def __init__(self) -> None:
        super().__init__()
        self._waiting = deque()

    async def on_event(self, event: events.Event) -> None:
        """Keep a key back while an earlier one is on its way."""
        if not isinstance(event, events.Key) or event.is_forwarded:
            await super().on_event(event)
        elif self._passing is None:
            await self._hand_on(event)
        else:
            if not self._waiting:
                passing = self._passing
                self.set_timer(LONGEST_WAIT_S, lambda: self.post_message(passing))
            self._waiting.append(event)

    async def on_key_passed(self, event: KeyPassed) -> None:
        """The key had its effect: the next one may have its own."""
        if event is not self._passing:
            return
        self._passing = None
        while self._waiting and self._passing is None:
            await self._hand_on(self._waiting.popleft())

    async def _hand_on(self, key: events.Key) -> None:
        target = self.focused or self.screen
        await super().on_event(key)
        follower = KeyPassed()
        self._passing = follower
        if not target.post_message(follower):
            self._passing = None
