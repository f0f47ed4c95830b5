"""What the keys typed in a confirm dialog amount to. No screen, no clock: a question, characters, and what follows."""

from __future__ import annotations

from enum import Enum, auto
from string import ascii_letters, digits, hexdigits

from qctui.actions.spec import Ask, Question

MAX_TYPED = 12
"""Longer than any answer: what does not fit in the field must make it wrong, not be dropped from it."""


class Outcome(Enum):
    """What one key did."""

    NOTHING = auto()
    """The key is inert here."""
    CHANGED = auto()
    """The field, or what is said about it, is different now."""
    CANCELLED = auto()
    CONFIRMED = auto()
    """The question was answered as it asks to be."""


class Answer:
    """The field of one question.

    Only a key that could be part of an answer reaches the field, so a second `L`, a space or a slip onto another
    action's key changes nothing. Enter with nothing ever typed presses Cancel, which has the focus; once something was
    typed, Enter tests it and never cancels, so a nervous second Enter does not throw the dialog away.
    """

    def __init__(self, question: Question, notice: str = "") -> None:
        """Start empty. `notice` is said until the first key."""
        self.question = question
        self.typed = ""
        self.notice = notice
        """What to tell the person about the answer so far; empty if nothing."""
        self._touched = bool(notice)
        self._cancel_by_n = "n" not in question.expected.casefold()

    def press(self, key: str, character: str | None) -> Outcome:
        """Take one key, by Textual's name and the character it types, if any."""
        if key in ("escape", "ctrl+c") or (key == "n" and self._cancel_by_n):
            return Outcome.CANCELLED
        if self.question.ask is Ask.KEY:
            return self._press_key(key)
        if key == "enter":
            return self._test()
        if key in ("backspace", "ctrl+h"):
            return self._change(self.typed[:-1])
        if key in ("ctrl+u", "ctrl+w"):
            return self._change("")
        if character is None or character not in self._alphabet or len(self.typed) >= MAX_TYPED:
            return Outcome.NOTHING
        return self._change(self.typed + character)

    def _press_key(self, key: str) -> Outcome:
        if key == self.question.expected:
            return Outcome.CONFIRMED
        return Outcome.CANCELLED if key == "enter" else Outcome.NOTHING

    def _test(self) -> Outcome:
        if self.question.accepts(self.typed):
            return Outcome.CONFIRMED
        if not self.typed and not self._touched:
            return Outcome.CANCELLED
        told = f"{self.typed} does not match {self.question.expected}; type it again" if self.typed else "nothing typed"
        self.typed = ""
        return self._tell(told)

    def _change(self, typed: str) -> Outcome:
        self._touched = True
        if typed == self.typed and not self.notice:
            return Outcome.NOTHING
        self.typed = typed
        return self._tell("")

    def _tell(self, notice: str) -> Outcome:
        self.notice = notice
        return Outcome.CHANGED

    @property
    def _alphabet(self) -> str:
        return hexdigits if set(self.question.expected) <= set(hexdigits) else f"{ascii_letters}{digits}-_"
