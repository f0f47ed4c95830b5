"""The answer typed into a confirm dialog, and the wait until the requests that it confirmed are sent."""

from __future__ import annotations

import threading
from collections.abc import Callable
from enum import Enum, auto
from string import ascii_letters, digits, hexdigits
from typing import Any

from qctui.actions.spec import MAX_NAME, Ask, Question
from qctui.model.action import ACTIONS, Rung
from qctui.model.keys import Key
from qctui.store import Store
from qctui.text import clean

MAX_TYPED = 12
"""Longer than any answer: what does not fit in the field must make it wrong, not be dropped from it."""

LONGEST_S = 0.03
"""For one request: shorter than a person can see, and several times what it needs to get out."""

EACH_S = 0.005
"""For each request of a batch: a hundred leave within half a second, or the screen no longer waits for them."""


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
    action's key changes nothing; a name takes whatever can be printed, and begins with the one it is to replace. Enter
    with nothing ever typed presses Cancel, which has the focus; once something was typed, Enter tests it and never
    cancels, so a second Enter in a hurry does not throw the dialog away.
    """

    def __init__(self, question: Question, notice: str = "") -> None:
        """`notice` is said until the first key."""
        self.question = question
        self.typed = question.expected if question.ask is Ask.NAME else ""
        self.notice = notice
        """What is said about the answer so far; empty if nothing."""
        self._touched = bool(notice)
        self.cancels_by_n = question.ask is not Ask.NAME and "n" not in question.expected.casefold()
        """Whether `n` can't be part of the answer, and so cancels."""

    def press(self, key: str, character: str | None) -> Outcome:
        """Take one key, by Textual's name and the character it types, if any."""
        if key in ("escape", "ctrl+c") or (key == "n" and self.cancels_by_n):
            return Outcome.CANCELLED
        if self.question.ask is Ask.KEY:
            if key == self.question.expected:
                return Outcome.CONFIRMED
            return Outcome.CANCELLED if key == "enter" else Outcome.NOTHING
        if key == "enter":
            return self._test()
        if key in ("backspace", "ctrl+h"):
            return self._change(self.typed[:-1])
        if key in ("ctrl+u", "ctrl+w"):
            return self._change("")
        if character is None or not self._takes(character):
            return Outcome.NOTHING
        return self._change(self.typed + character)

    def paste(self, text: str) -> Outcome:
        """Take what was pasted into the field of a name. No other question is answered by it: what lies in a clipboard
        was not read off the dialog."""
        if self.question.ask is not Ask.NAME:
            return self._say("what is pasted answers nothing: type it")
        return self._change((self.typed + clean(text))[:MAX_NAME])

    def ignore(self, notice: str) -> None:
        """A key answered nothing because it came too early: the Enter that belongs to it does not press Cancel."""
        self._touched = True
        self.notice = notice

    def _test(self) -> Outcome:
        if self.question.accepts(self.typed):
            return Outcome.CONFIRMED
        if not self._touched:
            return Outcome.CANCELLED
        if self.question.ask is Ask.NAME:
            return self._say("that is its name already" if self.typed.strip() else "a name is expected")
        notice = (
            f"{self.typed} does not match {self.question.expected}; type it again" if self.typed else "nothing typed"
        )
        self.typed = ""
        return self._say(notice)

    def _change(self, typed: str) -> Outcome:
        self._touched = True
        if typed == self.typed and not self.notice:
            return Outcome.NOTHING
        self.typed = typed
        return self._say("")

    def _say(self, notice: str) -> Outcome:
        self.notice = notice
        return Outcome.CHANGED

    def _takes(self, character: str) -> bool:
        if self.question.ask is Ask.NAME:
            return character.isprintable() and len(self.typed) < MAX_NAME
        hexadecimal = set(self.question.expected) <= set(hexdigits)
        return character in (hexdigits if hexadecimal else f"{ascii_letters}{digits}-_") and len(self.typed) < MAX_TYPED


def wait_until_sent(
    store: Store, confirm: Callable[[], tuple[str, ...]], longest_s: float = LONGEST_S
) -> tuple[str, ...]:
    """Call `confirm`, then wait until all of its actions are on their way, at most `longest_s` and `EACH_S` for each.
    Returns its answer.

    Both threads share one interpreter. Closing the dialog and drawing what was under it holds it for tens of
    milliseconds, exactly while the engine and its journal need it a dozen times in a row for an instant each.
    """
    left = threading.Event()
    action_ids: frozenset[str] = frozenset()

    def look(key: Key[Any]) -> None:
        if key == ACTIONS:
            records = store.get(ACTIONS).value or ()
            gone = {record.action_id for record in records if record.rung not in (None, Rung.SENDING)}
            if action_ids and action_ids <= gone:
                left.set()

    unsubscribe = store.subscribe(look)
    try:
        confirmed = confirm()
        action_ids = frozenset(confirmed)
        look(ACTIONS)
        if action_ids:
            left.wait(longest_s + EACH_S * len(action_ids))
    finally:
        unsubscribe()
    return confirmed
