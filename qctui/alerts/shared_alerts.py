"""One set of alerts for all consoles and watchers of an account on this machine: a file, and who may write it.

One process leads: it evaluates, delivers, runs the commands and writes. The others show what it wrote, and leave what
a person asks of them in a second file that the leader reads. A lock that dies with its process decides who leads; a
leader that hangs is one that has not written for a while. More locks of that sort say who has commands to run: one that
has fewer neither goes on leading nor tries to.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import uuid
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import msgspec

from qctui.alerts.commands import Coverage
from qctui.alerts.conditions import Memory
from qctui.model.alert import Alert, Severity
from qctui.paths import hold_lock, is_locked, open_private, private_dir, state_dir
from qctui.text import clean
from qctui.value import Value, fields_of

HUNG_S = 90.0
"""A leader that has not written for so long does its work no more."""

LARGEST = 4_000_000
"""Bytes of a file that is read at all."""

MAX_WORDS = 300
"""Characters of what another process says of itself."""


class Request(Value):
    """What a person asked of a console that does not lead."""

    alert_ids: tuple[str, ...]
    shelved_until: float | None = None
    """None: acknowledged."""


class Kept(Value):
    """What the leader has to write, beside its memory."""

    alerts: tuple[Alert, ...] = ()
    owed: tuple[Alert, ...] = ()
    """What the command is still to be run for."""
    trouble: str = ""
    """Why its alerts can't be found or delivered, in words; empty while they can."""
    programs: tuple[str, ...] = ()
    """What it runs for alerts."""


class Shared(Kept, kw_only=True):
    """What the leader wrote last."""

    memory: Memory
    written_at: float
    writer: str
    who: str
    """The leader, as the others name it."""


def account_name(base_url: str, user_id: str) -> str:
    """What an account's files are named by: its API and user, of which it gives nothing away."""
    return hashlib.sha256(f"{base_url}\n{user_id}".encode()).hexdigest()[:12]


def shared_path(base_url: str, user_id: str) -> Path:
    """Where the alerts of an account are kept."""
    return state_dir() / f"alerts-{account_name(base_url, user_id)}.json"


def read_shared(path: Path) -> Shared | None:
    """What was written last; None where there is nothing that can be read. What is unreadable in it is left out."""
    try:
        if path.stat().st_size > LARGEST:
            return None
        found = json.loads(path.read_bytes())
        alerts, owed = (
            tuple(alert for each in found.get(name, ()) if (alert := _alert(each)) is not None)
            for name in ("alerts", "owed")
        )
        who, trouble = (clean(str(found.get(name, "")), MAX_WORDS) for name in ("who", "trouble"))
        at, writer = float(found["written_at"]), str(found["writer"])
        programs = tuple(clean(each, MAX_WORDS) for each in found.get("programs", ()))
        memory = msgspec.convert(found["memory"], Memory)
        return Shared(alerts, owed, trouble, programs, memory=memory, written_at=at, writer=writer, who=who)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, msgspec.ValidationError):
        return None


def read_leader(path: Path) -> Shared | None:
    """What the process that leads now wrote last; None while none does.

    Raises:
        OSError: that can't be found out.
    """
    return read_shared(path) if is_led(path) else None


def is_led(path: Path) -> bool:
    """Whether a process evaluates the alerts at `path` now.

    Raises:
        OSError: that can't be found out.
    """
    return is_locked(_lock_path(path))


def _lock_path(path: Path) -> Path:
    return path.with_suffix(".lock")


class SharedAlerts:
    """The two files of one account, used by one thread. Raises `OSError` where the disk declines."""

    def __init__(self, path: Path, who: str = "") -> None:
        """`who` is what the others call this process by."""
        self.path = path
        self._who = who
        self._requests = path.with_suffix(".requests")
        self._lock_fd: int | None = None
        self._offers: dict[Coverage, int] = {}
        """The locks that say what this process has commands for."""
        self._seen: tuple[int, int] = (0, 0)
        self._writer = uuid.uuid4().hex

    def lead(self) -> bool:
        """Whether this process leads; tries to, if it does not yet."""
        if self._lock_fd is None:
            private_dir(self.path.parent)
            self._lock_fd = hold_lock(_lock_path(self.path))
        return self._lock_fd is not None

    @property
    def locked(self) -> bool:
        """This process holds the lock of the one that leads."""
        return self._lock_fd is not None

    def give_way(self) -> None:
        """Let another process lead."""
        if self._lock_fd is not None:
            os.close(self._lock_fd)
            self._lock_fd = None

    def offer(self, coverage: Coverage) -> None:
        """Let the others know how much this process has commands for. Of several with as much one holds the lock."""
        for each in (Coverage.SOME, Coverage.ALL):
            if each > coverage and each in self._offers:
                os.close(self._offers.pop(each))
            elif each <= coverage and each not in self._offers:
                private_dir(self.path.parent)
                if (fd := hold_lock(self._offer_path(each))) is not None:
                    self._offers[each] = fd

    def outranked(self, coverage: Coverage) -> bool:
        """Another process has commands for more than `coverage`."""
        return coverage < Coverage.ALL and is_locked(self._offer_path(Coverage(coverage + 1)))

    def _offer_path(self, coverage: Coverage) -> Path:
        return self.path.with_suffix(f".commands-{coverage.name.lower()}")

    def read_newer(self) -> Shared | None:
        """What another process has written since the last call; None if none has."""
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return None
        if self._seen == (found.st_mtime_ns, found.st_ino):
            return None
        self._seen = (found.st_mtime_ns, found.st_ino)
        newer = read_shared(self.path)
        return None if newer is not None and newer.writer == self._writer else newer

    def write(self, kept: Kept, memory: Memory, now: float) -> None:
        """Replace what is written, whole."""
        body = {
            "written_at": now,
            "writer": self._writer,
            "who": self._who,
            "trouble": kept.trouble,
            "programs": kept.programs,
            "memory": asdict(memory),
            "alerts": [_fields(alert) for alert in kept.alerts],
            "owed": [_fields(alert) for alert in kept.owed],
        }
        private_dir(self.path.parent)
        beside = self.path.with_suffix(f".{self._writer}")
        fd = open_private(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        with os.fdopen(fd, "w", encoding="utf-8") as file:
            json.dump(body, file, ensure_ascii=False)
        beside.replace(self.path)

    def ask(self, requests: Iterable[Request]) -> None:
        """Leave requests for the leader."""
        lines = "".join(f"{json.dumps(fields_of(request))}\n" for request in requests)
        if not lines:
            return
        private_dir(self.path.parent)
        fd = open_private(self._requests, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            os.write(fd, lines.encode())
        finally:
            os.close(fd)

    def take_requests(self) -> list[Request]:
        """What was asked since the last call, oldest first. The leader's alone."""
        try:
            fd = open_private(self._requests, os.O_RDWR)
        except FileNotFoundError:
            return []
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            text = os.read(fd, LARGEST)
            if text:
                os.ftruncate(fd, 0)
        finally:
            os.close(fd)
        found: list[Request] = []
        for line in text.splitlines():
            with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
                found.append(msgspec.json.decode(line, type=Request))
        return found

    def close(self) -> None:
        """Let another process lead, and run commands."""
        self.give_way()
        while self._offers:
            os.close(self._offers.popitem()[1])


def _fields(alert: Alert) -> dict[str, Any]:
    return {**msgspec.to_builtins(alert), "severity": alert.severity.name}


def _alert(body: Any) -> Alert | None:
    try:
        return msgspec.convert({**body, "severity": Severity[body["severity"]].value}, Alert)
    except (TypeError, KeyError, msgspec.ValidationError):
        return None
