"""Waits for the terminal's keys in place of Textual's own thread; `textual_patches` puts it there."""

from __future__ import annotations

import os
import selectors
import threading
import time
from typing import ClassVar

KEYS_REST_S = 1.0
"""After this long without a key none is half read."""
KEYS_WAIT_S = 10.0
"""It looks up as rarely as this while it rests."""
IN_BACKGROUND_S = 0.5
"""How often it is asked whether a shell has given the terminal back."""


def in_background(terminal: int) -> bool:
    """Whether a shell has the terminal: to read from it, or to change its modes, would stop the whole program.

    Not where the terminal is none, or does not control this process.
    """
    try:
        return os.tcgetpgrp(terminal) != os.getpgrp()
    except OSError:
        return False


class KeyWaiter(selectors.SelectSelector):
    """Waits for the terminal, and looks up ten times a second only while keys come.

    Textual's own looks up as often for days, to see whether it is to end and whether Escape stands alone: a quarter of
    the work of an idle program. Here the end is told (`wake`).
    """

    _open: ClassVar[set[KeyWaiter]] = set()
    _lock: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self) -> None:
        super().__init__()
        self._woken, self._waker = os.pipe()
        self.register(self._woken, selectors.EVENT_READ)
        self._ends, self._heard_mono = False, time.monotonic()
        self._open.add(self)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """What is ready within `timeout` seconds, or later while no keys come. To be woken is nothing that is ready."""
        rests = not self._ends and time.monotonic() - self._heard_mono > KEYS_REST_S
        found = super().select(KEYS_WAIT_S if rests else timeout)
        heard = [each for each in found if each[0].fd != self._woken]
        if heard:
            self._heard_mono = time.monotonic()
        if len(heard) < len(found):
            self._ends = True
            self.unregister(self._woken)
        if heard and in_background(heard[0][0].fd):  # typed to the shell
            time.sleep(IN_BACKGROUND_S)
            return []
        return heard

    def close(self) -> None:
        """Nothing is waited for any more."""
        with self._lock:
            self._open.discard(self)
        super().close()
        os.close(self._woken)
        os.close(self._waker)

    @classmethod
    def wake(cls) -> None:
        """Each that waits looks up, and as often as it is asked to from now on."""
        with cls._lock:
            for waiter in cls._open:
                os.write(waiter._waker, b"!")
