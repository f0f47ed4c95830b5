"""The journal's file: one JSON object a line, append-only, mode 0600, shared by every console on the machine.

Everything here may block on the disk and is called on the journal's own thread only (`scribe.py`).
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from qctui.actions.ports import JournalEntry
from qctui.paths import open_private, private_dir
from qctui.text import clean

LONGEST_LINE = 64 * 1024
"""Bytes of one line; a longer one is no line of ours and is skipped."""

LOCK_WAIT_S = 0.3
"""How long an append waits for another console's lock before it goes ahead: a stopped process may hold it for ever, and
with O_APPEND the lock only guards the repair of a torn tail."""


class UnsyncedError(OSError):
    """The lines are in the file, but the disk did not confirm them. Writing them again would tell the story twice."""


def journal_time(at: float) -> str:
    """Unix seconds as the journal writes them: UTC, ISO 8601 with milliseconds and Z."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_journal_time(text: str) -> float | None:
    """The Unix seconds of a journal time; None if it is none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def public_url(url: str) -> str:
    """`url` without user, password, query and fragment: nothing of it can be a secret."""
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
        return clean(urlunsplit((parts.scheme, host, parts.path.rstrip("/"), "", "")))
    except ValueError:
        return ""


def encode_entry(entry: JournalEntry) -> bytes:
    """One line, newline included. Its fields are those of DESIGN section 4, in that order."""
    identity = {"optimization_id": entry.optimization_id} if entry.optimization_id else {"deploy_id": entry.deploy_id}
    record = {
        "id": entry.id,
        "at": entry.at,
        "event": entry.event,
        "action": entry.action,
        "project_id": entry.project_id,
        **identity,
        "name": entry.name,
        "environment": entry.environment,
        "base_url": entry.base_url,
        "profile": entry.profile,
        "via": entry.via,
        "detail": entry.detail,
    }
    return json.dumps(record, ensure_ascii=False, separators=(", ", ": ")).encode("utf-8", "replace") + b"\n"


def decode_entry(line: bytes) -> JournalEntry | None:
    """The entry in `line`; None for anything that is not one (torn, foreign, garbage). Never raises.

    Texts are cleaned: what another program wrote there must be safe on a screen. An event nobody knows is kept: it is
    part of the story, though no state follows from it.
    """
    if not line.strip() or len(line) > LONGEST_LINE:
        return None
    try:
        raw = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(raw, dict):
        return None

    def text(name: str) -> str:
        value = raw.get(name)
        return clean(value) if isinstance(value, str) else ""

    project_id = raw.get("project_id")
    entry = JournalEntry(
        id=text("id"),
        at=text("at"),
        event=text("event"),
        action=text("action"),
        project_id=project_id if isinstance(project_id, int) and not isinstance(project_id, bool) else 0,
        deploy_id=text("deploy_id"),
        optimization_id=text("optimization_id"),
        name=text("name"),
        environment=text("environment"),
        base_url=text("base_url"),
        profile=text("profile"),
        via=text("via"),
        detail=text("detail"),
    )
    return entry if entry.id and entry.event else None


def append_entries(path: Path, entries: Sequence[JournalEntry]) -> None:
    """Append all of `entries` with one write and one fsync, or none of them.

    A tail torn by an earlier crash is closed with a newline first, so that it costs its own line and no other. When the
    disk takes only a part, that part is taken back.

    Raises:
        UnsyncedError: they are in the file, and may not survive a power cut.
        OSError: none of them is in the file.
    """
    private_dir(path.parent)
    existed = path.exists()
    fd = open_private(path, os.O_RDWR | os.O_APPEND | os.O_CREAT)
    try:
        if os.fstat(fd).st_mode & 0o077:
            os.fchmod(fd, 0o600)
        with _locked(fd) as locked:
            size = os.fstat(fd).st_size
            torn = size > 0 and os.pread(fd, 1, size - 1) != b"\n"
            data = b"".join([b"\n" if torn else b"", *(encode_entry(entry) for entry in entries)])
            written = os.write(fd, data)
            if written != len(data):
                if locked:
                    os.ftruncate(fd, size)
                raise OSError(f"only {written} of {len(data)} bytes of the journal could be written")
        try:
            os.fsync(fd)
            if not existed:
                _sync_directory(path.parent)
        except OSError as error:
            raise UnsyncedError(error.errno, error.strerror) from error
    finally:
        os.close(fd)


@contextlib.contextmanager
def _locked(fd: int) -> Iterator[bool]:
    """Hold the file's lock, if it can be had in time; tells whether it is held."""
    give_up = time.monotonic() + LOCK_WAIT_S
    held = False
    while not held:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            held = True
        except BlockingIOError:
            if time.monotonic() >= give_up:
                break
            time.sleep(0.005)  # the journal's own thread; bounded by LOCK_WAIT_S
        except OSError:  # a file system without locks: O_APPEND alone has to do
            break
    try:
        yield held
    finally:
        if held:
            fcntl.flock(fd, fcntl.LOCK_UN)


def _sync_directory(folder: Path) -> None:
    """Make a new file's name survive a power cut."""
    fd = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def read_journal(path: Path) -> tuple[JournalEntry, ...]:
    """The whole journal, oldest first; empty when there is none yet. What can't be read as an entry is left out.

    Raises:
        OSError: it is there and can't be read.
    """
    return JournalTail(path, None).read()


class JournalTail:
    """Reads what was appended since the last time, whoever wrote it."""

    def __init__(self, path: Path, first_bytes: int | None) -> None:
        """Begin at most `first_bytes` before the end: a journal of years must not delay a start. None: all of it."""
        self._path = path
        self._first_bytes = first_bytes
        self._inode: tuple[int, int] | None = None
        self._offset = 0
        self._rest = b""
        """The last line, while its newline is missing: it may be half of one being written."""

    def read(self) -> tuple[JournalEntry, ...]:
        """Entries complete since the last call, oldest first. One stat, and nothing more, when nothing was appended.

        Raises:
            OSError: the journal is there and can't be read.
        """
        try:
            status = self._path.stat()
        except FileNotFoundError:
            self._inode = None
            return ()
        inode = (status.st_dev, status.st_ino)
        if inode == self._inode and status.st_size == self._offset:
            return ()
        with self._path.open("rb") as file:
            status = os.fstat(file.fileno())
            inode = (status.st_dev, status.st_ino)
            skipping = False
            if inode != self._inode or status.st_size < self._offset:
                begin = 0 if self._first_bytes is None else max(0, status.st_size - self._first_bytes)
                self._inode, self._offset, self._rest = inode, begin, b""
                skipping = begin > 0
            file.seek(self._offset)
            data = file.read()
        self._offset += len(data)
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > LONGEST_LINE:
            self._rest = b"\0"  # no line of ours, whatever follows: keeps it unreadable without keeping it
        if skipping:
            lines = lines[1:]
        return tuple(entry for entry in map(decode_entry, lines) if entry is not None)
