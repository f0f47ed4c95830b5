"""Alerts through the terminal: the bell, and a desktop notification where the terminal is known to have them.

There are three sequences for the latter, and no way to ask for them that every terminal answers: which one is sent
follows from the environment. Where that leaves a doubt none is sent, and the bell has to do.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from enum import Enum

from qctui.alerts.alert_wording import alert_words
from qctui.clock import Clock
from qctui.model.alert import Alert, Severity
from qctui.text import clean
from qctui.ui.context import UiOptions

BELL_EVERY_S = 1.0
"""More bells than this are noise, and some terminals queue them."""

MOST_CHARACTERS = 200
"""Of a notification: what the smallest desktops show of one."""

_TERM = re.compile(r"xterm-kitty|xterm-ghostty|ghostty|wezterm|foot|rxvt-unicode")
_UNSURE = re.compile(r"xterm(-256color|-direct)?$")
"""What many terminals call themselves: another variable has to say which one it is."""
_MULTIPLEXED = re.compile(r"(tmux|screen)([-.]|$)")


class Notice(Enum):
    """A sequence that shows a desktop notification."""

    OSC_9 = "9"
    """iTerm2's. Elsewhere the same number means other things (ConEmu's progress and more)."""
    OSC_99 = "99"
    """kitty's."""
    OSC_777 = "777"
    """urxvt's; also of foot, ghostty, WezTerm, Windows Terminal since 2026, and VTE, which swallows it where a desktop
    has not patched it in."""


_BY_NAME = {
    "xterm-kitty": Notice.OSC_99, "xterm-ghostty": Notice.OSC_777, "ghostty": Notice.OSC_777,
    "wezterm": Notice.OSC_777, "foot": Notice.OSC_777, "rxvt-unicode": Notice.OSC_777,
    "iTerm.app": Notice.OSC_9, "WezTerm": Notice.OSC_777,
}  # fmt: skip
"""By the beginning of TERM, or by TERM_PROGRAM."""

_BY_VARIABLE = {
    "KITTY_WINDOW_ID": Notice.OSC_99, "GHOSTTY_RESOURCES_DIR": Notice.OSC_777, "WEZTERM_PANE": Notice.OSC_777,
    "ITERM_SESSION_ID": Notice.OSC_9, "WT_SESSION": Notice.OSC_777, "VTE_VERSION": Notice.OSC_777,
}  # fmt: skip
"""By a variable that the terminal sets for what runs in it."""

TERMINAL_VARIABLES = frozenset({"TERM", "TERM_PROGRAM", "LC_TERMINAL", "TMUX", "STY", *_BY_VARIABLE})
"""All of the environment that is looked at."""


def terminal_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """The part of the environment that says which terminal this is. The rest may hold secrets."""
    return {name: environment[name] for name in TERMINAL_VARIABLES if environment.get(name)}


def notice_of(environment: Mapping[str, str]) -> Notice | None:
    """The sequence that this terminal shows; None where it has none, or where that is not sure."""
    term, in_tmux = environment.get("TERM", ""), bool(environment.get("TMUX"))
    if environment.get("STY") or (_MULTIPLEXED.match(term) and not in_tmux):
        return None  # GNU screen shows the text itself, or lets a part of it through
    if named := _TERM.match(term):
        return _BY_NAME[named.group()]
    if not in_tmux and not _UNSURE.match(term):
        return None
    program = environment.get("TERM_PROGRAM", "")
    if program and not (in_tmux and program == "tmux"):
        return _BY_NAME.get(program)
    if environment.get("LC_TERMINAL") == "iTerm2":  # the one that ssh hands on
        return Notice.OSC_9
    # Two of them: one terminal was started in the other, and either may be the one that is looked at.
    told = {notice for name, notice in _BY_VARIABLE.items() if environment.get(name)}
    return told.pop() if len(told) == 1 else None


def notification(notice: Notice, title: str, text: str, *, number: int, in_tmux: bool, urgent: bool = False) -> str:
    """The bytes that show a notification, harmless where they are not understood. `number` tells it from the others."""
    title, text = _plain(title), _plain(text)
    if notice is Notice.OSC_9:
        # It begins with a letter of ours: a digit would be one of ConEmu's commands.
        sequence = _osc(f"9;{title}: {text}")
    elif notice is Notice.OSC_99:
        name = f"i=qctui{number}"
        sequence = _osc(f"99;{name}:d=0{':u=2' if urgent else ''};{title}") + _osc(f"99;{name}:p=body;{text}")
    else:
        sequence = _osc(f"777;notify;{title};{text}")
    # tmux hands on what stands in this, if its allow-passthrough is on; else it drops it.
    return "\x1bPtmux;" + sequence.replace("\x1b", "\x1b\x1b") + "\x1b\\" if in_tmux else sequence


def _osc(text: str) -> str:
    return f"\x1b]{text}\x1b\\"


def _plain(text: str) -> str:
    """A part of a sequence: a semicolon would end it."""
    return clean(text, MOST_CHARACTERS).replace(";", ",")


class TerminalDelivery:
    """Rings and notifies once for each new tuple under `DELIVERED`.

    A terminal that stops reading stops this too. What was delivered meanwhile stands in the alert line; the command of
    `[delivery]` does not need a terminal.
    """

    def __init__(self, options: UiOptions, clock: Clock, write: Callable[[str], None]) -> None:
        """`write` sends a sequence to the terminal, between two frames."""
        self._options, self._clock, self._write = options, clock, write
        self._notice = notice_of(options.terminal) if options.delivery.notify else None
        self._told: Sequence[Alert] | None = None
        self._rung_mono = -math.inf
        self._count = 0

    def tell(self, alerts: Sequence[Alert]) -> None:
        """Ring and notify for these, unless they are the same tuple as before."""
        if alerts is self._told or not alerts:
            return
        self._told = alerts
        sequence = ""
        mono = self._clock.monotonic()
        if self._options.delivery.bell and mono - self._rung_mono >= BELL_EVERY_S:
            self._rung_mono = mono
            sequence = "\a"
        if self._notice is not None:
            sequence += self._notification(self._notice, alerts)
        if sequence:
            self._write(sequence)

    def _notification(self, notice: Notice, alerts: Sequence[Alert]) -> str:
        worst = max(alerts, key=lambda alert: alert.severity)
        more = f" and {len(alerts) - 1} more" if len(alerts) > 1 else ""
        title = f"qctui {worst.severity.name}{more}"
        text = alert_words(worst, self._clock.now(), self._options.profile)
        if self._options.ascii:
            text = text.encode("ascii", "replace").decode("ascii")
        self._count += 1
        urgent = worst.severity is Severity.CRITICAL
        in_tmux = bool(self._options.terminal.get("TMUX"))
        return notification(notice, title, text, number=self._count, in_tmux=in_tmux, urgent=urgent)
