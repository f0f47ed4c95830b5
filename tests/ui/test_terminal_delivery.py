"""Bell and desktop notifications: which terminal is sent what, and that nothing is told twice."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from qctui.alerts.rules import Delivery
from qctui.model.alert import DELIVERED, Alert
from qctui.ui.alerts.terminal_delivery import Notice, TerminalDelivery, notice_of, notification, terminal_variables
from qctui.ui.context import UiOptions
from qctui.value import replace
from tests.ui.alert_scene import blind_alert, quiet_alert, subject
from tests.ui.page import OPTIONS, console
from tests.ui.scene import StillClock

KITTY = {"TERM": "xterm-kitty", "KITTY_WINDOW_ID": "1"}
TMUX = {"TERM": "tmux-256color", "TERM_PROGRAM": "tmux", "TMUX": "/tmp/tmux-1000/default,1,0"}


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        (KITTY, Notice.OSC_99),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "iTerm.app"}, Notice.OSC_9),
        ({"TERM": "xterm-256color", "LC_TERMINAL": "iTerm2"}, Notice.OSC_9),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm"}, Notice.OSC_777),
        ({"TERM": "wezterm"}, Notice.OSC_777),
        ({"TERM": "xterm-ghostty"}, Notice.OSC_777),
        ({"TERM": "foot-extra"}, Notice.OSC_777),
        ({"TERM": "rxvt-unicode-256color"}, Notice.OSC_777),
        ({"TERM": "xterm-256color", "VTE_VERSION": "7600"}, Notice.OSC_777),
        ({"TERM": "xterm-256color", "WT_SESSION": "x"}, Notice.OSC_777),
        # In tmux what its server was started in is known by what was inherited.
        (TMUX | {"KITTY_WINDOW_ID": "1"}, Notice.OSC_99),
        (TMUX | {"TERM": "screen-256color", "LC_TERMINAL": "iTerm2"}, Notice.OSC_9),
        (TMUX | {"VTE_VERSION": "7600"}, Notice.OSC_777),
        # Never when unsure.
        ({}, None),
        ({"TERM": "dumb"}, None),
        ({"TERM": "linux"}, None),
        ({"TERM": "xterm-256color"}, None),
        ({"TERM": "alacritty", "VTE_VERSION": "7600"}, None),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "vscode", "VTE_VERSION": "7600"}, None),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "Apple_Terminal"}, None),
        ({"TERM": "xterm-256color", "KITTY_WINDOW_ID": "1", "VTE_VERSION": "7600"}, None),
        (TMUX, None),
        ({"TERM": "tmux-256color", "KITTY_WINDOW_ID": "1"}, None),
        ({"TERM": "screen.xterm-256color", "KITTY_WINDOW_ID": "1"}, None),
        ({"TERM": "screen", "VTE_VERSION": "7600"}, None),
        (KITTY | {"STY": "1.pts"}, None),
        (TMUX | {"STY": "1.pts", "KITTY_WINDOW_ID": "1"}, None),
    ],
)
def test_the_sequence_follows_from_the_environment(environment: dict[str, str], expected: Notice | None) -> None:
    assert notice_of(environment) is expected


def test_nothing_else_of_the_environment_is_kept() -> None:
    environment = KITTY | {"QUANTCONNECT_API_TOKEN": "secret", "HOME": "/home/x", "TMUX": ""}
    assert terminal_variables(environment) == KITTY


def test_the_three_sequences() -> None:
    def sent(notice: Notice, *, urgent: bool = False) -> str:
        return notification(notice, "qctui CRITICAL", "it is BLIND", number=7, in_tmux=False, urgent=urgent)

    assert sent(Notice.OSC_9) == "\x1b]9;qctui CRITICAL: it is BLIND\x1b\\"
    assert sent(Notice.OSC_777) == "\x1b]777;notify;qctui CRITICAL;it is BLIND\x1b\\"
    assert sent(Notice.OSC_99, urgent=True) == (
        "\x1b]99;i=qctui7:d=0:u=2;qctui CRITICAL\x1b\\\x1b]99;i=qctui7:p=body;it is BLIND\x1b\\"
    )


def test_tmux_is_asked_to_hand_it_on() -> None:
    sent = notification(Notice.OSC_777, "a", "b", number=1, in_tmux=True)
    assert sent == "\x1bPtmux;\x1b\x1b]777;notify;a;b\x1b\x1b\\\x1b\\"


@pytest.mark.parametrize("notice", Notice)
def test_what_is_said_cannot_end_the_sequence_or_begin_another(notice: Notice) -> None:
    text = "a;b\x1b]52;c;x\x07\x9c\x1b\\\n\x00\u202e" + "x" * 5_000
    sent = notification(notice, text, text, number=1, in_tmux=False)
    inner = sent.replace("\x1b]", "").replace("\x1b\\", "")
    assert "\x1b" not in inner
    assert not {"\a", "\n", "\x00", "\x9c", "\u202e"} & set(inner)
    assert len(sent) < 500
    assert sent.count(";") == {Notice.OSC_9: 1, Notice.OSC_99: 4, Notice.OSC_777: 3}[notice]


class Terminal:
    """What a delivery writes, on a clock that only a test moves."""

    def __init__(self, **options: object) -> None:
        self.clock = StillClock()
        self.written: list[str] = []
        self.delivery = TerminalDelivery(UiOptions(profile="main", **options), self.clock, self.written.append)  # type: ignore[arg-type]

    def tell(self, *alerts: Alert) -> Sequence[Alert]:
        self.delivery.tell(alerts)
        return alerts


def test_each_delivery_is_one_write_with_what_a_person_needs() -> None:
    terminal = Terminal(terminal=KITTY)
    terminal.tell(quiet_alert(), blind_alert())
    (written,) = terminal.written
    assert written.startswith("\a\x1b]99;i=qctui1:d=0:u=2;qctui CRITICAL and 1 more\x1b\\")
    assert written.endswith("p=body;main LIVE Pairs/KO-PEP mean reversion a136: refused by its brokerage, 1h\x1b\\")


def test_the_same_tuple_is_told_once() -> None:
    terminal = Terminal(terminal=KITTY)
    told = terminal.tell(blind_alert())
    terminal.clock.passed += 60
    terminal.delivery.tell(told)
    terminal.delivery.tell(())
    assert len(terminal.written) == 1
    terminal.tell(blind_alert())
    assert len(terminal.written) == 2


def test_the_bell_rings_once_a_second_at_most() -> None:
    terminal = Terminal()
    for _ in range(5):
        terminal.tell(blind_alert())
        terminal.clock.passed += 0.4
    assert terminal.written == ["\a", "\a"]


def test_either_can_be_switched_off() -> None:
    quiet = Terminal(terminal=KITTY, delivery=Delivery(bell=False, notify=False))
    quiet.tell(blind_alert())
    assert quiet.written == []
    notified = Terminal(terminal=KITTY, delivery=Delivery(bell=False))
    notified.tell(blind_alert())
    assert notified.written[0].startswith("\x1b]99;")
    rung = Terminal(terminal=KITTY, delivery=Delivery(notify=False))
    rung.tell(blind_alert())
    assert rung.written == ["\a"]


def test_seven_bits_where_that_is_asked_for() -> None:
    terminal = Terminal(terminal=KITTY, ascii=True)
    terminal.tell(replace(blind_alert(), subject=subject(1, "均值")))
    assert terminal.written[0].isascii()


@pytest.mark.anyio
async def test_the_console_tells_what_the_engine_delivers_once() -> None:
    async with console(options=replace(OPTIONS, terminal=KITTY)) as page:
        written: list[str] = []
        page.app.write_to_terminal = written.append  # type: ignore[method-assign,assignment]  # there is no terminal here
        page.engine.put(DELIVERED, (blind_alert(),))
        await page.settle()
        page.engine.put(DELIVERED, page.engine.store.get(DELIVERED).value)
        await page.settle()
        assert len(written) == 1
        await page.press("L")
        page.engine.still.passed += 5
        page.engine.put(DELIVERED, (quiet_alert(),))
        await page.settle()
        assert len(written) == 2
        assert "qctui WARNING" in written[1]
