"""The base of the app: what every widget may ask of its app, and keys that act one after the other."""

from __future__ import annotations

import gc
import logging
import time
from typing import Any, TypeVar

from textual import events
from textual.await_complete import AwaitComplete
from textual.message_pump import MessagePump
from textual.screen import Screen

from qctui.ui import textual_patches
from qctui.ui.theme.themes import Palette, role_defaults

R = TypeVar("R")

_log = logging.getLogger(__name__)

COLLECTS_AFTER = 100
"""After so many smaller searches for garbage, ten times as many as usual, Python looks at everything there is by
itself: for up to a tenth of a second in which no key is heard and nothing leaves."""

COLLECTS_EARLIER_AT, PAUSE_S = 10, 2.0
"""In a pause of so many seconds that comes when it usually would."""


class AppBase(textual_patches.PatchedApp[R]):
    """An app with a palette, in which a key has had its whole effect before the next one is looked at.

    Textual hands every key that is waiting to whatever has the focus at that instant, and each widget deals with it in
    a message of its own. Over a slow line `L430e` and Enter arrive in one piece: the code would go to the table below,
    where `4` opens the chart, and the dialog would stay empty.

    Here a key goes through the widgets, and through what it is bound to, while the app handles it; what it opens is
    mounted before that ends. So the app's own queue is the queue of keys: nothing is kept beside it, nothing waits for
    a clock, and no widget that goes away can take a key with it. What a key does must be done by then too: an effect
    that travels in a message of its own would come after the next key.
    """

    _palette = Palette({})
    _pressed_mono = 0.0
    """When the last key came."""

    def collect_garbage(self) -> None:
        """Search memory for garbage if that is due, and nobody types."""
        if gc.get_count()[2] >= COLLECTS_EARLIER_AT and time.monotonic() - self._pressed_mono >= PAUSE_S:
            gc.collect()

    @property
    def palette(self) -> Palette:
        """The theme's roles as styles."""
        if self._palette.variables is not self.theme_variables:
            self._palette = Palette(self.theme_variables)
        return self._palette

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """The roles a theme does not set."""
        return role_defaults(self.current_theme)

    async def on_event(self, event: events.Event) -> None:
        """Deal with a key, or with what was pasted, to its end."""
        key = isinstance(event, events.Key | events.Paste) and not event.is_forwarded
        if key and textual_patches.keys_in_order(self, event):
            await self._press(event)
        else:
            await super().on_event(event)

    def push_screen(self, screen: Screen[Any] | str, *more: Any, **named: Any) -> Any:
        """As in Textual. The answer of a screen is handled by the app, whoever opened it: before the next key. Nothing
        comes above a screen that `stays_on_top`."""
        if any(getattr(each, "stays_on_top", False) for each in self.screen_stack):
            return AwaitComplete()
        with textual_patches.as_sender(self):
            opened = super().push_screen(screen, *more, **named)
        self.screens_changed()
        return opened

    def pop_screen(self) -> AwaitComplete:
        """As in Textual."""
        popped = super().pop_screen()
        self.screens_changed()
        return popped

    def screens_changed(self) -> None:
        """Another screen is on top."""

    def key_unused(self, key: str) -> None:
        """No widget on screen takes this key, and it is bound to nothing here."""

    async def _press(self, event: events.Event) -> None:
        self._pressed_mono = time.monotonic()
        # What a click or a timer opened is finished first.
        await textual_patches.finish_screens(self)
        self.app_focus = True
        key = event.key if isinstance(event, events.Key) else ""
        give_way = getattr(self.screen, "give_way", None)
        if give_way is not None and give_way(event):
            await textual_patches.finish_screens(self)
        try:
            if not await textual_patches.press(self, event, key):
                self.key_unused(key)
        except Exception as error:  # a defect behind one key must not take the others away, the emergency stop least
            _log.exception("what the key %r does failed", key)
            words = f"What this key does failed ({type(error).__name__}). The log has the details."
            self.notify(words, severity="error", markup=False)
        await textual_patches.finish_screens(self)


def palette_of(node: MessagePump) -> Palette:
    """The palette of the app that a widget or screen lives in."""
    app = node.app
    assert isinstance(app, AppBase)
    return app.palette
