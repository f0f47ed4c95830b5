"""Prints events: as lines for people, as sentences, or as JSON, to a reader that may be slow, or gone."""

from __future__ import annotations

import json
import os
import stat
import time
from collections.abc import Mapping
from enum import Enum
from typing import TextIO

from qctui.alerts.alert_json import iso_time
from qctui.cli.step_printer import Printer
from qctui.cli.watch_changes import Event
from qctui.model.alert import Severity
from qctui.text import clean

MOST_WAITING = 1_000
"""Lines kept for a reader that takes none. Those after them are counted and dropped."""

_COLOURS = {Severity.CRITICAL: "1;31", Severity.WARNING: "33"}
_GOOD = "32"

_LEVELS = {Severity.CRITICAL: 2, Severity.WARNING: 4, Severity.INFO: 6}
"""As syslog counts them."""


class Style(Enum):
    """How an event is printed."""

    PEOPLE = "people"
    PLAIN = "plain"
    """Whole sentences, for a screen reader."""
    JSON = "json"


class WatchOutput:
    """Standard output of `qctui watch`. Never waits for its reader."""

    def __init__(self, printer: Printer, style: Style, environment: Mapping[str, str], stream: TextIO) -> None:
        """`stream` is where the printer's lines go: a terminal gets colours, the journal of systemd levels in place of
        times, which it has itself."""
        self._printer, self._style = printer, style
        people = style is Style.PEOPLE
        shows_colour = environment.get("TERM", "") not in ("", "dumb") and not environment.get("NO_COLOR")
        self._colour = people and stream.isatty() and shows_colour
        self._journal = style is not Style.JSON and _is_journal(environment.get("JOURNAL_STREAM", ""), stream)
        self._dropped = 0

    def tell(self, event: Event, at: float) -> None:
        """Print what came at Unix time `at`."""
        if self._printer.waiting >= MOST_WAITING:
            self._dropped += 1
            return
        if self._dropped:
            count, self._dropped = self._dropped, 0
            words = f"{count} lines are missing here: nobody took them"
            self._print(Event("dropped", words, f"{words}.", Severity.WARNING, fields={"count": count}), at)
        self._print(event, at)

    def _print(self, event: Event, at: float) -> None:
        self._printer.print(self._format(event, at))

    def _format(self, event: Event, at: float) -> str:
        if self._style is Style.JSON:
            fields = {"at": iso_time(at), "event": event.kind, **event.fields}
            return json.dumps(fields, ensure_ascii=False)
        words = clean(event.sentence if self._style is Style.PLAIN else event.words)  # an event is one line
        if self._journal:
            return f"<{_LEVELS[event.severity]}>{words}"
        if self._style is Style.PLAIN:
            return f"{time.strftime('%H:%M:%S', time.localtime(at))}: {words}"
        colour = _GOOD if event.good else _COLOURS.get(event.severity, "") if self._colour else ""
        words = f"\x1b[{colour}m{words}\x1b[0m" if colour and self._colour else words
        return f"{time.strftime('%Y-%m-%d %H:%M:%S %Z', time.localtime(at)).strip()}  {words}"


def _is_journal(named: str, stream: TextIO) -> bool:
    """Whether `stream` is the one that systemd says goes to its journal, by device and inode."""
    try:
        found = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return stat.S_ISSOCK(found.st_mode) and named == f"{found.st_dev}:{found.st_ino}"
