"""Drawing that cannot end the program: a failure is logged, said once, and shown by the widget that it is about."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import tzinfo
from typing import Protocol
from weakref import WeakKeyDictionary

from qctui.clock import Clock
from qctui.ui.theme.glyph_set import Glyphs
from qctui.ui.wording.format import format_time

_log = logging.getLogger(__name__)


class Drawn(Protocol):
    """A widget that can say that it could not be drawn. What it shows is then older than it looks."""

    def show_defect(self, words: str) -> None:
        """Say so in these words, over what is there, until they are empty again."""
        ...


class Guard:
    """Does the work of drawing. A defect in it must not end a program that may be needed for an emergency stop."""

    def __init__(self, clock: Clock, zone: tzinfo | None, glyphs: Glyphs, say: Callable[[str], None]) -> None:
        """`say` shows a message in passing."""
        self._clock, self._zone, self._glyphs = clock, zone, glyphs
        self._say = say
        self._said: set[str] = set()
        self._drawn_at: WeakKeyDictionary[Drawn, float] = WeakKeyDictionary()
        """Unix seconds at which a widget was last drawn whole."""
        self._defects: WeakKeyDictionary[Drawn, dict[str, str]] = WeakKeyDictionary()
        """What of a widget cannot be drawn, in words."""

    def __call__(self, what: str, work: Callable[[], None], *drawn: Drawn) -> None:
        """Do `work`, which draws these widgets. They show its failure until the same work succeeds."""
        try:
            work()
        except Exception as error:  # whatever it is, the other panes and the emergency keys must live on
            _log.exception("%s could not be shown", what)
            name = type(error).__name__
            for each in drawn:
                self._fail(each, what, name)
            if (defect := f"{what}: {name}") not in self._said:
                self._said.add(defect)
                self._say(f"{what} could not be shown ({name}). The log has the details.")
        else:
            for each in drawn:
                self._succeed(each, what)

    def _fail(self, drawn: Drawn, what: str, name: str) -> None:
        at = self._drawn_at.get(drawn)
        since = "" if at is None else f" since {format_time(at, self._clock.now(), self._zone, self._glyphs)}"
        words = f"not drawn{since} ({name})"
        self._defects.setdefault(drawn, {})[what] = words
        self._show_defect(drawn, words)

    def _succeed(self, drawn: Drawn, what: str) -> None:
        defects = self._defects.get(drawn)
        if defects and defects.pop(what, None) is not None:
            self._show_defect(drawn, next(iter(defects.values()), ""))
        if not defects:
            self._drawn_at[drawn] = self._clock.now()

    def _show_defect(self, drawn: Drawn, words: str) -> None:
        try:
            drawn.show_defect(words)
        except Exception:  # it cannot even say so: the message in passing and the log have to do
            _log.exception("a failure to draw could not be shown")
