"""The tape's file: its tables, how it is opened for writing and for reading, and what can be wrong with it.

Everything recorded has a sequence number, one after the other over all tables; the wall clock only dates it. Nothing is
ever changed after it was written: an answer that came again is a line in `repeats`. A mark, every half hour, says which
answer of every request was the newest: whatever is looked for is found from the mark before it.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from qctui.paths import open_private, private_dir
from qctui.value import Value

SCHEMA = 1
"""Raised when the tables change. Older ones stay readable for ever."""

SUFFIXES = ("", "-wal", "-shm")
"""A tape that is written to is these files."""

FOREVER = 1 << 62
"""Behind every sequence number."""

EMPTY = "nothing is recorded on it yet"

_APPLICATION = 0x71637470
"""What the file says it belongs to: `qctp`."""

_TABLES = """
CREATE TABLE stretches(seq INTEGER PRIMARY KEY, at REAL NOT NULL);
CREATE TABLE requests(id INTEGER PRIMARY KEY, endpoint TEXT NOT NULL, request TEXT NOT NULL, UNIQUE(endpoint, request));
CREATE TABLE answers(seq INTEGER PRIMARY KEY, request INTEGER NOT NULL, at REAL NOT NULL, latency REAL NOT NULL,
    status INTEGER, failure TEXT, base INTEGER, size INTEGER NOT NULL, digest BLOB NOT NULL, body BLOB NOT NULL);
CREATE TABLE repeats(seq INTEGER PRIMARY KEY, at REAL NOT NULL, entries BLOB NOT NULL);
CREATE TABLE events(seq INTEGER PRIMARY KEY, at REAL NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL);
CREATE TABLE marks(seq INTEGER PRIMARY KEY, at REAL NOT NULL, state BLOB NOT NULL);
"""
# stretches: begun at each start of recording, and when the clock was set back: within one, time only grows.
# answers: one that differs from the one before. `base` is the answer it was packed against, which is packed whole.
# repeats: `_REPEAT` for every answer that came again, for those of some seconds together.
# marks: `_KNOWN` for every request, compressed.

_REPEAT = struct.Struct("<QIH")
"""Sequence number of the answer, milliseconds after the row's time, milliseconds of latency."""

_KNOWN = struct.Struct("<QQdQd")
"""Request, its newest good answer and when it came last, and the same of its newest failure."""

_DAMAGE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_WORDS = {
    sqlite3.SQLITE_FULL: "its disk is full",
    sqlite3.SQLITE_READONLY: "its disk is read-only",
    sqlite3.SQLITE_CANTOPEN: "its file can't be opened",
    sqlite3.SQLITE_IOERR: "its disk reports errors",
    sqlite3.SQLITE_BUSY: "another program holds it",
}


class TapeError(Exception):
    """The tape can't be used. The text says why, fit for a screen."""


class OldTapeError(TapeError):
    """It was written by an earlier version: it can be read, and is not written to."""


@dataclass(slots=True)
class Known:
    """What is newest of one request. Sequence numbers, 0 for none, and when each came last, Unix seconds."""

    good: int = 0
    good_at: float = 0.0
    bad: int = 0
    bad_at: float = 0.0

    @property
    def at(self) -> float:
        """When the request was answered last, or failed."""
        return max(self.good_at, self.bad_at)

    @property
    def fails(self) -> bool:
        """The failure is newer than the good answer."""
        return (self.bad_at, self.bad) > (self.good_at, self.good)

    def note(self, seq: int, at: float, *, good: bool) -> None:
        """The newest answer is this one."""
        if good:
            self.good, self.good_at = seq, at
        else:
            self.bad, self.bad_at = seq, at


class Position(Value):
    """A place on the tape."""

    at: float
    """The time there, Unix seconds."""
    seq: int
    """The last answer or mark that was there by then."""
    end: int
    """Where its stretch ends."""


def is_damage(error: Exception) -> bool:
    """Whether the file's content is at fault, and not its disk."""
    return isinstance(error, sqlite3.Error) and _code(error) in _DAMAGE


def error_words(error: Exception) -> str:
    """Why the tape can't be used now."""
    if isinstance(error, sqlite3.Error):
        return "its file is damaged" if is_damage(error) else _WORDS.get(_code(error), "its file can't be used")
    if isinstance(error, OSError):
        return f"its file can't be used ({error.strerror or type(error).__name__})"
    return str(error)


def _code(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def open_for_writing(path: Path) -> sqlite3.Connection:
    """The tape at `path`, made if it is not there: mode 0600, in a folder of the user's own.

    Raises:
        TapeError: it is another version's, or another program's.
        sqlite3.Error, OSError: it is damaged, or its disk declines.
    """
    private_dir(path.parent)
    # Before SQLite has it: closing a file lets go of every lock that this process has on it.
    fd = open_private(path, os.O_RDWR | os.O_CREAT)
    os.fchmod(fd, 0o600)
    os.close(fd)
    connection = sqlite3.connect(path, timeout=5.0, isolation_level=None)
    try:
        empty = not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if empty:
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        elif _schema(connection) < SCHEMA:
            raise OldTapeError("an earlier version wrote it")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA wal_autocheckpoint = 250")
        connection.execute("PRAGMA journal_size_limit = 1000000")
        if empty:
            stamps = f"PRAGMA application_id = {_APPLICATION}; PRAGMA user_version = {SCHEMA};"
            connection.executescript(f"BEGIN IMMEDIATE; {_TABLES} {stamps} COMMIT;")
    except BaseException:
        connection.close()
        raise
    return connection


def open_for_reading(path: Path) -> sqlite3.Connection:
    """The tape at `path`, which may be written to meanwhile. Nothing of it is changed.

    Raises:
        TapeError: it is not there, or can't be read.
    """
    if not path.is_file():
        raise TapeError(f"there is no tape at {path}")
    uri = path.absolute().as_uri()
    error: Exception | None = None
    # On a medium that can't be written to, no reader can announce itself: what is there is all there is.
    for way in ("?mode=ro", "?mode=ro&immutable=1"):
        connection = sqlite3.connect(
            f"{uri}{way}", uri=True, timeout=5.0, isolation_level=None, check_same_thread=False
        )
        try:
            _schema(connection)
        except sqlite3.Error as refused:
            connection.close()
            error = refused
        except TapeError:
            connection.close()
            raise
        else:
            return connection
    assert error is not None
    raise TapeError(f"{path}: {error_words(error)}") from error


def _schema(connection: sqlite3.Connection) -> int:
    if connection.execute("PRAGMA application_id").fetchone()[0] != _APPLICATION:
        tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        raise TapeError("another program's file" if tables else EMPTY)
    schema = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if schema > SCHEMA:
        raise TapeError("a later version wrote it")
    return schema


def set_aside(path: Path, why: str) -> Path:
    """Rename the tape, so that another one can be begun. An earlier one of that name gives way. Returns where it is."""
    beside = path.with_name(f"{path.name}.{why}")
    for suffix in SUFFIXES:
        Path(f"{beside}{suffix}").unlink(missing_ok=True)
        with contextlib.suppress(FileNotFoundError):
            Path(f"{path}{suffix}").rename(f"{beside}{suffix}")
    return beside


def size_of(path: Path) -> int:
    """Bytes on the disk."""
    size = 0
    for suffix in SUFFIXES[:2]:
        with contextlib.suppress(OSError):
            size += Path(f"{path}{suffix}").stat().st_size
    return size


# What is where.


def position_at(connection: sqlite3.Connection, at: float) -> Position | None:
    """Where the tape is at an instant; the beginning for an earlier one, None on an empty tape.

    An hour that there were two of, because the clock was set back, is that of the clock as it was set.
    """
    first = connection.execute("SELECT seq, at FROM marks ORDER BY seq LIMIT 1").fetchone()
    if first is None:
        return None
    row = connection.execute("SELECT max(seq) FROM stretches WHERE at <= ?", (at,)).fetchone()
    start = max(row[0] or 0, first[0])
    if not row[0]:
        at = max(at, first[1])
    row = connection.execute("SELECT min(seq) FROM stretches WHERE seq > ?", (start,)).fetchone()
    end = row[0] or FOREVER
    mark = mark_before(connection, start, end, at) or first
    later = "SELECT max(seq) FROM answers WHERE seq > ? AND seq < ? AND at <= ?"
    row = connection.execute(later, (mark[0], end, at)).fetchone()
    return Position(max(at, first[1]) if start == first[0] else at, max(mark[0], row[0] or 0), end)


def mark_before(connection: sqlite3.Connection, start: int, end: int, at: float) -> tuple[int, float] | None:
    """The last mark of a stretch that was made by then, if there is one."""
    query = "SELECT seq, at FROM marks WHERE seq >= ? AND seq < ? AND at <= ? ORDER BY seq DESC LIMIT 1"
    row = connection.execute(query, (start, end, at)).fetchone()
    return row if row is None else (int(row[0]), float(row[1]))


def known_at(connection: sqlite3.Connection, place: Position) -> dict[int, Known]:
    """By request: what was newest there. Costs what was recorded since the last mark."""
    mark = connection.execute(
        "SELECT seq, state FROM marks WHERE seq <= ? ORDER BY seq DESC LIMIT 1", (place.seq,)
    ).fetchone()
    seq, known = (0, {}) if mark is None else (mark[0], _unpacked_state(mark[1]))
    query = "SELECT seq, request, at, failure IS NULL FROM answers WHERE seq > ? AND seq <= ? ORDER BY seq"
    for answer, request, at, good in connection.execute(query, (seq, place.seq)):
        known.setdefault(request, Known()).note(answer, at, good=bool(good))
    holders = {each: known for known in known.values() for each in (known.good, known.bad) if each}
    query = "SELECT at, entries FROM repeats WHERE seq > ? AND seq < ? AND at <= ?"
    for at, entries in connection.execute(query, (seq, place.end, place.at)):
        for answer, again_at in repeats_of(at, entries):
            holder = holders.get(answer)
            if holder is not None and again_at <= place.at:
                holder.note(answer, again_at, good=answer == holder.good)
    return known


def repeats_of(at: float, entries: bytes) -> Iterator[tuple[int, float]]:
    """The answers that came again, and when."""
    for answer, after_ms, _ in _REPEAT.iter_unpack(entries):
        yield answer, at + after_ms / 1000.0


def packed_repeat(answer: int, after_s: float, latency_s: float) -> bytes:
    """One entry of `repeats`."""
    return _REPEAT.pack(answer, int(after_s * 1000), min(0xFFFF, int(latency_s * 1000)))


def packed_state(known: dict[int, Known]) -> bytes:
    """The state of a mark."""
    return zlib.compress(
        b"".join(_KNOWN.pack(each, found.good, found.good_at, found.bad, found.bad_at) for each, found in known.items())
    )


def _unpacked_state(state: bytes) -> dict[int, Known]:
    try:
        return {request: Known(*rest) for request, *rest in _KNOWN.iter_unpack(zlib.decompress(state))}
    except (zlib.error, struct.error) as error:
        raise TapeError("a mark of it is damaged") from error
