"""Reads a tape of qctui, or the one in a bundle: what was answered to which request, and when.

The file is read by its tables alone (qctui/tape/tape_file.py has them), with code of its own: the simulator shares none
with the client.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import struct
import tempfile
import zipfile
import zlib
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any

SCHEMAS = (1,)
"""Versions of the tables that are read."""

_APPLICATION = 0x71637470
_REPEAT = struct.Struct("<QIH")
_PIECE, _BEYOND = 16 * 1024, 7 * 1024
"""How a body is cut that was packed by what differs from another one, and how much of that one lies around a piece."""

_LARGEST = 2_000_000_000
"""Bytes of a tape that is taken out of a bundle."""

AHEAD_S = 60.0
"""How much before its time an answer is given where there is none before it: a run begins with one request after the
other."""


class UnreadableTapeError(ValueError):
    """The tape can't be used. The text says why."""


@dataclass(frozen=True)
class RecordedAnswer:
    """One answer as it came, or a request that got none."""

    seq: int
    """By which its body is found. Grows with the time of recording."""
    at: float
    """When it came first, or again."""
    good: bool
    status: int | None
    """HTTP status; None where no answer came."""


@dataclass
class RecordedRequest:
    """One request and all that was answered to it."""

    endpoint: str
    fields: dict[str, Any]
    answers: list[RecordedAnswer] = field(default_factory=list)
    """Ordered by time; one that came again right after itself is there once."""

    def at(self, at: float) -> RecordedAnswer | None:
        """The newest answer of a time."""
        place = bisect_right(self.answers, at, key=lambda each: each.at)
        if place:
            return self.answers[place - 1]
        return self.answers[0] if self.answers and self.answers[0].at <= at + AHEAD_S else None


class RecordedTape:
    """An open tape."""

    def __init__(self, path: Path) -> None:
        """Read what there is on it; bodies are read when they are asked for.

        Raises:
            UnreadableTapeError: it can't be.
        """
        try:
            self._file = _open(path)
            schema = self._file.execute("PRAGMA user_version").fetchone()[0]
            if self._file.execute("PRAGMA application_id").fetchone()[0] != _APPLICATION:
                raise UnreadableTapeError(f"{path}: this is no tape")
            if schema not in SCHEMAS:
                raise UnreadableTapeError(f"{path}: another version wrote it (schema {schema})")
            self.requests = self._read()
        except (sqlite3.Error, OSError, struct.error, zipfile.BadZipFile, zlib.error, RuntimeError) as error:
            raise UnreadableTapeError(f"{path}: it can't be read ({error})") from error
        times = [answer.at for request in self.requests for answer in request.answers]
        if not times:
            raise UnreadableTapeError(f"{path}: nothing is recorded on it")
        mark = self._file.execute("SELECT at FROM marks ORDER BY seq LIMIT 1").fetchone()
        self.first_at: float = mark[0] if mark is not None else min(times)
        """Where it begins. What was known by then is older."""
        self.last_at = max(*times, self._last_repeat, self.first_at)
        """Where it ends."""

    def _read(self) -> list[RecordedRequest]:
        run = self._file.execute
        requests: dict[int, RecordedRequest] = {}
        for number, endpoint, text in run("SELECT id, endpoint, request FROM requests"):
            try:
                fields = json.loads(text)
            except ValueError:
                continue
            if isinstance(fields, dict):
                requests[number] = RecordedRequest(endpoint, fields)
        ceilings = _ceilings(run("SELECT seq, at FROM stretches ORDER BY seq DESC").fetchall())
        found: list[tuple[float, int, RecordedRequest, RecordedAnswer]] = []
        holders: dict[int, tuple[RecordedRequest, RecordedAnswer]] = {}
        query = "SELECT seq, request, at, status, failure FROM answers ORDER BY seq"
        for seq, number, at, status, failure in run(query):
            if number in requests:
                holders[seq] = requests[number], RecordedAnswer(seq, at, failure is None, status)
                found.append((_at_most(ceilings, seq, at), seq, *holders[seq]))
        self._last_repeat = float("-inf")
        for row, at, entries in run("SELECT seq, at, entries FROM repeats ORDER BY seq"):
            for seq, after_ms, _ in _REPEAT.iter_unpack(entries):
                self._last_repeat = max(self._last_repeat, at)
                if seq in holders:
                    found.append((_at_most(ceilings, row, at + after_ms / 1000.0), row, *holders[seq]))
        for at, _, request, answer in sorted(found, key=lambda each: each[:2]):
            if not request.answers or request.answers[-1].seq != answer.seq:
                request.answers.append(replace(answer, at=at))
        return list(requests.values())

    def body(self, seq: int) -> bytes:
        """The body of an answer; empty if it is damaged."""
        try:
            row = self._file.execute("SELECT base, size, digest, body FROM answers WHERE seq = ?", (seq,)).fetchone()
            if row is None:
                return b""
            base, size, digest, data = row
            body = b"".join(_pieces(data, size, None if base is None else self.body(base)))
        except (sqlite3.Error, zlib.error):
            return b""
        return body if blake2b(body, digest_size=8).digest() == digest else b""


def _open(path: Path) -> sqlite3.Connection:
    with path.open("rb") as file:
        packed = file.read(4) == b"PK\x03\x04"
    if not packed:
        return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    with tempfile.TemporaryDirectory(prefix="qctui-") as folder, zipfile.ZipFile(path) as bundle:
        if "tape.sqlite" not in bundle.namelist():
            raise UnreadableTapeError(f"{path}: there is no tape in it")
        if bundle.getinfo("tape.sqlite").file_size > _LARGEST:
            raise UnreadableTapeError(f"{path}: its tape is too large")
        tape = Path(folder) / "tape.sqlite"
        with bundle.open("tape.sqlite") as source, tape.open("wb") as target:
            shutil.copyfileobj(source, target)
        opened = sqlite3.connect(f"{tape.as_uri()}?mode=ro&immutable=1", uri=True)
        opened.execute("PRAGMA user_version")  # it is open from here on, and can be taken away
        return opened


def _ceilings(stretches: list[tuple[int, float]]) -> list[tuple[int, float]]:
    """For what was recorded before each of these rows, how late it can have been: the clock may have been set back."""
    found, lowest = [], float("inf")
    for seq, at in stretches:
        lowest = min(lowest, at)
        found.append((seq, lowest))
    return found[::-1]


def _at_most(ceilings: list[tuple[int, float]], row: int, at: float) -> float:
    place = bisect_right(ceilings, row, key=lambda each: each[0])
    return min(at, ceilings[place][1]) if place < len(ceilings) else at


def _pieces(data: bytes, size: int, base: bytes | None) -> Iterator[bytes]:
    if base is None:
        yield zlib.decompressobj().decompress(data, size + 1)
        return
    for start in range(0, max(1, size), _PIECE):
        first = max(0, min(start - _BEYOND, len(base) - _PIECE - 2 * _BEYOND))
        piece = zlib.decompressobj(-15, zdict=base[first : start + _PIECE + _BEYOND])
        yield piece.decompress(data, _PIECE) + piece.flush()
        data = piece.unused_data
