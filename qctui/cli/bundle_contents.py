"""What goes into a bundle beside the tape: journal, log, configuration, versions, and a README that says what it is."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import re
import socket
import sqlite3
import sys
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from qctui import __version__
from qctui.actions.actions_port import JournalEntry
from qctui.actions.journal import encode_entry, parse_journal_time
from qctui.cli.credentials import known_credentials
from qctui.cli.log_file import log_path
from qctui.cli.redaction import Redactor, table
from qctui.paths import config_dir, home_dir, state_dir
from qctui.settings import DEFAULT_BASE_URL, Settings
from qctui.tape.bundle import TAPE
from qctui.urls import is_loopback

_LIBRARIES = (
    *("textual", "rich", "httpx", "httpcore", "h11", "msgspec", "platformdirs"),
    *("starlette", "uvicorn", "prometheus-client"),
)
_LOG_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z ")

README = """\
qctui {version} recorded this from {span} ({words}).
It holds what QuantConnect answered and what qctui did. Nothing in it signs a request.

  {tape:<18}  {answers} that were other than the ones before them, {events} to seek for;
                      it begins at {since} with whole answers for what was known by then
  journal.jsonl       {actions}, one JSON object a step
  qctui.log           {log_lines}
  configuration.json  the configuration
  versions.json       qctui, Python, platform, libraries
{damaged}
To look at it:

  qctui replay FILE           the console over it; nothing can be sent from there
  qctui simulate --tape FILE  an API on this machine that answers as recorded
  sqlite3 {tape}         the tables; bodies are compressed (qctui/tape/difference.py)

What was taken out. The same value has the same name in all of this: account-1 is one account everywhere.

{table}

Answers that are no JSON (pages of a proxy, answers that broke off) are left out whole; the tape says that they came.
How many different ones were found: {counted}.

What is still in it, so that it can be read: names and ids of projects, deploy ids, optimization ids, names of charts
and parameters, symbols, orders, prices, quantities, equity, log lines of the algorithms. What was written into those
by hand is not known to the program: read it before this goes to somebody else.
"""


_COUNTED = ("answers", "events", "actions", "log_lines")


class Contents:
    """What belongs to a time, as it is, and then redacted."""

    def __init__(self, settings: Settings, journal: Sequence[JournalEntry], since: float, until: float) -> None:
        self.journal = [encode_entry(each).rstrip() for each in journal]
        self.log = read_log(since, until)
        self.configuration: Any = {}
        try:
            if settings.config_exists:
                # By way of JSON, which has no dates.
                found = tomllib.loads(settings.config_path.read_text("utf-8"))
                self.configuration = json.loads(json.dumps(found, default=str))
        except (OSError, ValueError):  # it could be read a moment ago
            self.configuration = {"error": "the file can't be read any more"}

    def show(self, redactor: Redactor) -> None:
        """Let it be looked at."""
        for line in self.journal:
            redactor.learn(line)
        redactor.value(self.configuration)
        for text in self.log:
            redactor.line(text)

    def members(self, redactor: Redactor) -> dict[str, bytes]:
        """The files, redacted."""
        return {
            "journal.jsonl": b"".join(redactor.body(line) + b"\n" for line in self.journal),
            "qctui.log": "".join(f"{redactor.line(line)}\n" for line in self.log).encode(),
            "configuration.json": json.dumps(redactor.value(self.configuration), indent=2).encode(),
            "versions.json": json.dumps(_versions(), indent=2).encode(),
        }


def open_redactor(settings: Settings, tape: Path) -> Redactor:
    """What knows the secrets and places of this machine."""
    user_ids, tokens = known_credentials(settings)
    urls = [settings.base_url, *(each.base_url for each in settings.config.profiles.values() if each.base_url)]
    public = urlsplit(DEFAULT_BASE_URL).hostname
    hosts = {urlsplit(url).hostname or "" for url in urls if not is_loopback(url)} | {socket.gethostname()}
    folders = {
        "~": home_dir(),
        "(state)": state_dir(),
        "(configuration)": config_dir(),
        "(tapes)": tape.parent,
        "(python)": Path(sys.prefix),
    }
    return Redactor(tokens, user_ids, sorted(hosts - {public, "localhost", ""}), folders)


def read_log(since: float, until: float) -> list[str]:
    """The lines of the log of a time, the oldest first, with what belongs to each."""
    found: list[str] = []
    for suffix in (".3", ".2", ".1", ""):
        try:
            text = log_path().with_name(log_path().name + suffix).read_text("utf-8", "replace")
        except OSError:
            continue
        within = False
        for line in text.splitlines():
            if _LOG_TIME.match(line):
                within = since <= (parse_journal_time(line[:24]) or 0.0) <= until
            if within:
                found.append(line)
    return found


def _versions() -> dict[str, str]:
    found = {"qctui": __version__, "python": platform.python_version(), "platform": platform.platform()}
    found["sqlite"] = sqlite3.sqlite_version
    for name in _LIBRARIES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    for name in ("TERM", "COLORTERM", "LANG", "LC_ALL"):
        found[name] = os.environ.get(name, "")
    return found


def readme(told: Mapping[str, Any], span: str, words: str) -> bytes:
    """The README of a bundle of which this is to be told."""
    counted = ", ".join(f"{kind} {count}" for kind, count in told["redacted"].items()) or "none"
    lost = told["damaged"]
    damaged = f"\nLeft out because they are damaged on the tape: {counted_words(lost, 'answer')}.\n" if lost else ""
    named = {name: counted_words(told[name], name[:-1].replace("_", " ")) for name in _COUNTED}
    texts = {"version": __version__, "tape": TAPE, "table": table(), "counted": counted, "damaged": damaged}
    return README.format(span=span, words=words, since=told["since"], **named, **texts).encode()


def counted_words(count: int, noun: str) -> str:
    """`1 answer`, `2 answers`."""
    return f"{count} {noun}{'' if count == 1 else 's'}"
