from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from qctui.cli.console import _Console
from qctui.cli.console_app import Console
from qctui.cli.shutdown import last_words
from qctui.cli.terminal import Terminal
from qctui.model.action import ACTIONS, ActionRecord, Rung, Step, Target
from qctui.model.keys import JOURNAL
from qctui.model.resource import Resource
from qctui.settings import load_settings
from qctui.ui.context import UiOptions
from qctui.value import replace

OPEN = "qctui: 1 action is not verified yet; verification goes on at the next start (see: qctui journal)"


LOST = (
    "qctui: 1 action is not verified yet, and not in the journal: no start will verify what was sent; "
    "look at QuantConnect, and at the brokerage"
)


def record(rung: Rung, detail: str = "") -> ActionRecord:
    aim = Target("liquidate", "Momentum", 1, "L-430e")
    return ActionRecord("a1", "b1", aim, "console", 0.0, 0.0, steps=(Step(rung, 0.0, 0.0, detail),))


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        (Rung.SENDING, record(Rung.NOT_SENT, "no API"), ["qctui: NOT SENT: liquidate Momentum (L-430e): no API"]),
        (Rung.SENT, record(Rung.REJECTED, "no"), ["qctui: REJECTED: liquidate Momentum (L-430e): no"]),
        (None, record(Rung.UNKNOWN, "hm"), ["qctui: UNKNOWN: liquidate Momentum (L-430e): hm", OPEN]),
        (Rung.REJECTED, record(Rung.REJECTED, "no"), []),
        (Rung.SENT, record(Rung.ACCEPTED), [OPEN]),
        (Rung.SENT, replace(record(Rung.ACCEPTED), lost=True), [LOST]),
        (Rung.FLAT, record(Rung.VERIFIED), []),
        (Rung.FLAT, replace(record(Rung.VERIFIED), lost=True), []),
        (Rung.SENT, replace(record(Rung.REJECTED, "no"), foreign=True), []),
    ],
)
def test_what_is_said_at_the_end(before: Rung | None, after: ActionRecord, lines: list[str]) -> None:
    assert last_words({"a1": before}, [after]) == lines


def test_of_several_the_open_ones_are_counted() -> None:
    lines = last_words({}, [record(Rung.SENT), replace(record(Rung.ACCEPTED), action_id="a2")])
    assert lines == [OPEN.replace("1 action is", "2 actions are")]


@pytest.mark.parametrize(("journal", "words"), [("", "leave it to the next start"), ("No space left", "do not wait")])
def test_whoever_waits_is_promised_a_next_start_only_where_it_can_know(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, journal: str, words: str
) -> None:
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    said: list[str] = []
    monkeypatch.setattr(Terminal, "say", lambda terminal, line: said.append(line))
    console = _Console(Terminal.__new__(Terminal), load_settings(), None, None)
    console._host.store.put(JOURNAL, Resource[str](value=journal))
    console._say_waiting()
    assert said[0].endswith(f"(Ctrl+C: {words})")


def test_news_while_the_interface_ends_were_not_on_the_screen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    console = _Console(Terminal.__new__(Terminal), load_settings(), None, None)

    def now(rung: Rung) -> None:
        console._host.store.put(ACTIONS, Resource[Any](value=(record(rung, "no"),)))

    now(Rung.SENT)
    Console(console._host, UiOptions(), lambda: None, console.leave).exit()
    now(Rung.REJECTED)
    assert console._drain(0.0) == ["qctui: REJECTED: liquidate Momentum (L-430e): no"]
