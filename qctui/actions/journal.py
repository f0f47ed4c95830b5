"""The journal's file: one JSON object a line, append-only, mode 0600, shared by every console on the machine.

Everything here may block on the disk and is called on the journal's own thread only (`journal_writer.py`).
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from qctui.actions.actions_port import JournalEntry
from qctui.actions.locks import lock_within
from qctui.model.action import FINAL_RUNGS, Rung
from qctui.paths import open_private, private_dir
from qctui.text import clean
from qctui.value import fields_of

RUNG_OF_EVENT = {rung.event: rung for rung in Rung}
"""What a line's event says that the action has reached; an intent is none of these."""

FINAL_EVENTS = frozenset(rung.event for rung in FINAL_RUNGS)

TEXT_FIELDS = tuple(name for name in JournalEntry.__struct_fields__ if name != "project_id")
"""Every field of a line but its one number."""

LONGEST_LINE = 64 * 1024
"""Bytes of one line; a longer one is no line of ours and is skipped."""

READ_BYTES = 64 * 1024 * 1024
"""The most that is read at once, the newest: some 200,000 lines. A larger file costs no more memory than that."""

_PIECE_BYTES = 1024 * 1024

LOCK_WAIT_S = 0.3
"""How long an append waits for another console's lock before it goes ahead: a stopped process may hold it for ever, and
with O_APPEND the lock only guards the repair of a torn tail."""


_UNREADABLE = b"\0"
"""Stands for the beginning of a line that is not kept: whatever follows, it is no line of ours."""


class UnsyncedError(OSError):
    """The lines are in the file, but the disk did not confirm them. Writing them again would write them twice."""


def journal_time(at: float) -> str:
    """Unix seconds as the journal writes them: UTC, ISO 8601 with milliseconds and Z."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_journal_time(text: str) -> float | None:
    """The Unix seconds of a journal time; None if it is none."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()


def lines_by_action(entries: Iterable[JournalEntry]) -> dict[str, list[JournalEntry]]:
    """The lines of each action, in order: those of several actions may be mixed in the file."""
    by_id: dict[str, list[JournalEntry]] = {}
    for entry in entries:
        by_id.setdefault(entry.id, []).append(entry)
    return by_id


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
    record = fields_of(entry)
    del record["deploy_id" if entry.optimization_id else "optimization_id"]
    return json.dumps(record, ensure_ascii=False, separators=(", ", ": ")).encode("utf-8", "replace") + b"\n"


def decode_entry(line: bytes) -> JournalEntry | None:
    """The entry in `line`; None for anything that is not one (torn, foreign, garbage). Never raises.

    Texts are cleaned: what another program wrote there must be safe on a screen. An unlisted event is kept,
    though no state follows from it.
    """
    if not line.strip() or len(line) > LONGEST_LINE:
        return None
    try:
        raw = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(raw, dict):
        return None
    texts = {name: clean(value) if isinstance(value := raw.get(name), str) else "" for name in TEXT_FIELDS}
    project_id = raw.get("project_id")
    if not isinstance(project_id, int) or isinstance(project_id, bool):
        project_id = 0
    entry = JournalEntry(**texts, project_id=project_id)
    return entry if entry.id and entry.event else None


def append_entries(path: Path, entries: Sequence[JournalEntry]) -> None:
    """Append all of `entries` with one write and one fsync, or none of them.

    A tail torn by an earlier crash is closed with a newline first, so that it costs its own line and no other. When the
    disk takes only a part, that part is taken back.

    Raises:
        UnsyncedError: they are in the file, and may not survive a power cut.
        OSError: none of them is in the file, or what is there is no regular file.
    """
    private_dir(path.parent)
    existed = path.exists()
    fd = _open_regular(path, os.O_RDWR | os.O_APPEND | os.O_CREAT)
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


def try_journal(path: Path) -> None:
    """Find out whether lines could be appended now, without appending any: the file can be opened, and its disk takes
    and keeps a byte beside it.

    Raises:
        OSError: they could not.
    """
    import tempfile  # here: a command that acts has no use for it, and would wait for its import

    private_dir(path.parent)
    if path.exists():
        os.close(_open_regular(path, os.O_RDWR | os.O_APPEND))
    with tempfile.TemporaryFile(dir=path.parent) as probe:
        probe.write(b"\n")
        probe.flush()
        os.fsync(probe.fileno())


def _open_regular(path: Path, flags: int) -> int:
    """Open the journal, which is a regular file: a pipe would be waited for, a device never ends or takes lines for
    commands. Looked at before it is opened, because opening a device can already do something, and after, because it
    may have been another one by then.

    Raises:
        OSError: it can't be opened, or is no regular file.
    """
    with contextlib.suppress(FileNotFoundError):
        _check_regular(path.stat())
    fd = open_private(path, flags | os.O_NONBLOCK | os.O_NOCTTY)
    try:
        _check_regular(os.fstat(fd))
    except OSError:
        os.close(fd)
        raise
    return fd


def _check_regular(status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "not a regular file")


@contextlib.contextmanager
def _locked(fd: int) -> Iterator[bool]:
    """Hold the file's lock, if it can be had in time; yields whether it is held."""
    held = lock_within(fd, LOCK_WAIT_S)
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


class JournalTail:
    """Reads what was appended since the last time, by any process. What can't be read as an entry is left out."""

    def __init__(self, path: Path, first_bytes: int = READ_BYTES) -> None:
        """Begin at most `first_bytes` before the end: a journal of years must not delay a start."""
        self._path = path
        self._first_bytes = first_bytes
        self._inode: tuple[int, int] | None = None
        self._offset = 0
        self._rest = b""
        """The last line, while its newline is missing: it may be half of one being written."""
        self.skipped = 0
        """Bytes that were not read, because more was there than is read at once."""

    def read(self) -> tuple[JournalEntry, ...]:
        """Entries complete since the last call, oldest first. One stat, and nothing more, when nothing was appended.

        Raises:
            OSError: the journal is there and can't be read, or is no regular file.
        """
        try:
            status = self._path.stat()
            inode = (status.st_dev, status.st_ino)
            if inode == self._inode and status.st_size == self._offset:
                return ()
            fd = _open_regular(self._path, os.O_RDONLY)
        except FileNotFoundError:
            self._inode = None
            return ()
        try:
            return self._read_open(fd)
        finally:
            os.close(fd)

    def _read_open(self, fd: int) -> tuple[JournalEntry, ...]:
        """Up to the size the file has now: what is appended meanwhile comes with the next call."""
        status = os.fstat(fd)
        inode = (status.st_dev, status.st_ino)
        most = READ_BYTES
        if inode != self._inode or status.st_size < self._offset:
            self._inode, self._offset, self._rest, self.skipped = inode, 0, b"", 0
            most = self._first_bytes
        begin = max(self._offset, status.st_size - most)
        if begin > self._offset:
            self.skipped += begin - self._offset
            self._offset, self._rest = begin, _UNREADABLE
        entries: list[JournalEntry] = []
        while self._offset < status.st_size:
            data = os.pread(fd, min(_PIECE_BYTES, status.st_size - self._offset), self._offset)
            if not data:  # cut off meanwhile
                break
            self._offset += len(data)
            *lines, self._rest = (self._rest + data).split(b"\n")
            if len(self._rest) > LONGEST_LINE:
                self._rest = _UNREADABLE
            entries += [entry for entry in map(decode_entry, lines) if entry is not None]
        return tuple(entries)
