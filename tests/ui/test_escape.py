"""Keys from the terminal: Escape is one of its own, and a burst came at one time."""

from __future__ import annotations

import pytest
from textual import events
from textual._xterm_parser import XTermParser
from textual.message import Message

from qctui.ui import textual_patches


def keys(*pieces: str) -> list[str]:
    """What a terminal that sends these pieces has typed."""
    textual_patches.install()
    parser = XTermParser()
    return [each.key for piece in pieces for each in parser.feed(piece) if isinstance(each, events.Key)]


@pytest.mark.parametrize(
    ("sent", "typed"),
    [
        (("\x1bL430e",), ["escape", "L", "4", "3", "0", "e"]),
        (("\x1b/zz\r",), ["escape", "slash", "z", "z", "enter"]),
        (("\r\x1b1L",), ["enter", "escape", "1", "L"]),
        (("\x1b\x1bL",), ["escape", "escape", "L"]),
        (("\x1b\x1b\x1br",), ["escape", "escape", "escape", "r"]),
        (("\x1b", "L"), ["escape", "L"]),
        (("\x1b", "\x1b", "L"), ["escape", "escape", "L"]),
        (("\x1b\r",), ["escape", "enter"]),
        (("\x1b[A\x1b[H\x1bOB",), ["up", "home", "down"]),
        (("\x1b", "[A"), ["up"]),
        (("\x1b[27u",), ["escape"]),
        (("\x1bO",), ["escape", "O"]),
        (("\x1bOL",), ["escape", "O", "L"]),
        (("\x1bO\r",), ["escape", "O", "enter"]),
        (("E\x1bO", "L"), ["E", "escape", "O", "L"]),
        (("\x1b", "O"), ["escape", "O"]),
        (("\x1b", "OB"), ["down"]),
        (("\x1bOP\x1bOS",), ["f1", "f4"]),
    ],
)
def test_what_is_typed(sent: tuple[str, ...], typed: list[str]) -> None:
    assert keys(*sent) == typed


def test_a_paste_is_left_alone() -> None:
    textual_patches.install()
    pasted = [each for each in XTermParser().feed("\x1b[200~L430e\x1b[201~") if isinstance(each, events.Paste)]
    assert [each.text for each in pasted] == ["L430e"]


def test_what_came_in_one_piece_came_when_it_was_read_however_late_it_is_looked_at() -> None:
    textual_patches.install()
    parser = XTermParser()
    messages = iter(parser.feed("L430e\r"))
    read_at = Message().time
    assert all(each.time <= read_at for each in messages)
