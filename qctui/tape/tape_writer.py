"""Writes what was recorded to the tape's file, a batch at a time, and takes away what is too old or too much."""

from __future__ import annotations

import contextlib
import sqlite3
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from qctui.model.resource import FailureKind
from qctui.tape.difference import digest_of, pack, unpack
from qctui.tape.tape_file import (
    FOREVER,
    Known,
    Position,
    known_at,
    mark_before,
    open_for_writing,
    packed_repeat,
    packed_state,
    position_at,
)
from qctui.value import Value

MARK_EVERY_S = 1_800.0
MARK_EVERY = 4_000
"""A mark is made after so much time or so many answers: what is looked for is found within that much."""

SET_BACK_S = 2.0
"""A clock that goes back by more than this was set; by less, it was adjusted."""

KEPT_BYTES = 8_000_000
"""Answers that are kept in memory to be compared with; those beyond are read again from the tape."""

SLICE = 300
"""Rows that are deleted at once."""

FREED_PAGES = 250
"""Pages that are given back to the disk at once: a megabyte."""


class Noted(Value):
    """One answer or event to be written, as it was handed over."""

    at: float
    name: str
    """The endpoint's path, or the kind of the event."""
    text: str
    """The request's name, or the event's JSON."""
    status: int | None = None
    failure: FailureKind | None = None
    body: bytes | None = None
    """None: it is an event."""
    latency_s: float = 0.0


@dataclass(slots=True)
class _Whole:
    """The answer that those of one request are packed against."""

    seq: int
    body: bytes
    cost: int
    """Bytes it takes."""
    spent: int = 0
    """Bytes that the differences from it have taken."""


_Print = tuple[int | None, str | None, bytes]
"""By what an answer is known to be the same: status, failure, digest of the body."""


class TapeWriter:
    """An open tape, used by one thread. After an exception of `write` or `trim` it must be closed."""

    def __init__(self, path: Path, scrub: Callable[[bytes], bytes], keep_s: float, limit: int) -> None:
        """Open the tape at `path`. `scrub` takes secrets out of a body. What is older than `keep_s` seconds, or beyond
        `limit` bytes, may be trimmed.

        Raises:
            TapeError, sqlite3.Error, OSError: it can't be used.
        """
        self._scrub, self._keep_s, self._limit = scrub, keep_s, limit
        self._file = open_for_writing(path)
        try:
            self._take_up()
        except BaseException:
            self._file.close()
            raise

    def _take_up(self) -> None:
        run = self._file.execute
        tables = ("stretches", "answers", "repeats", "events", "marks")
        self._seq: int = max(run(f"SELECT max(seq) FROM {each}").fetchone()[0] or 0 for each in tables)
        self._ids: dict[tuple[str, str], int] = {
            (endpoint, request): number for number, endpoint, request in run("SELECT * FROM requests")
        }
        self._known = known_at(self._file, Position(float("inf"), FOREVER, FOREVER))
        self._prints: dict[int, _Print] = {}
        self._wholes: OrderedDict[int, _Whole] = OrderedDict()
        self._kept_bytes = 0
        self._at = float("-inf")
        """The newest time of this stretch."""
        self._marked_at, self._since_mark = float("-inf"), 0
        self._cut: tuple[int, frozenset[int]] | None = None
        row = run("SELECT min(at) FROM (SELECT at FROM marks ORDER BY seq LIMIT 1)").fetchone()
        self.since: float | None = row[0]
        """The first instant on the tape; None while it is empty."""

    def close(self) -> None:
        """Close the file, and leave it whole: a copy of it needs no other file, and reading it makes none."""
        with contextlib.suppress(sqlite3.Error):  # while another one reads it, it stays as it is
            self._file.execute("PRAGMA busy_timeout = 0")
            self._file.execute("PRAGMA journal_mode = DELETE")
        self._file.close()

    # Writing.

    def write(self, batch: Sequence[Noted]) -> None:
        """Write all of them, or none if it raises."""
        repeats: list[tuple[int, float, float]] = []
        self._file.execute("BEGIN IMMEDIATE")
        try:
            for each in batch:
                self._date(each.at)
                if each.body is None:
                    self._insert("events", self._at, each.name, each.text)
                else:
                    again = self._add(each, self._scrub(each.body))
                    repeats += [(again, self._at, each.latency_s)] if again else []
            if repeats:
                first_at = repeats[0][1]
                entries = b"".join(packed_repeat(seq, at - first_at, latency) for seq, at, latency in repeats)
                self._insert("repeats", first_at, entries)
            self._since_mark += len(batch)
            if self._since_mark >= MARK_EVERY or self._at - self._marked_at >= MARK_EVERY_S:
                self._mark()
            self._file.execute("COMMIT")
        except BaseException:
            if self._file.in_transaction:
                self._file.execute("ROLLBACK")
            raise

    def _insert(self, table: str, *values: object) -> int:
        self._seq += 1
        self._file.execute(f"INSERT INTO {table} VALUES (?{', ?' * len(values)})", (self._seq, *values))
        return self._seq

    def _date(self, at: float) -> None:
        """Go on to this time; within a stretch it never goes back."""
        if at >= self._at - SET_BACK_S and self._at > float("-inf"):
            self._at = max(self._at, at)
            return
        self._at = at
        self._insert("stretches", at)
        for known in self._known.values():
            # What came before can't be later than this, whatever the clock said then.
            known.good_at, known.bad_at = min(known.good_at, at), min(known.bad_at, at)
        self._mark()

    def _mark(self) -> None:
        # A cut is made at a mark: what is needed there may be older than what is kept by as much.
        oldest = self._at - self._keep_s - 2 * MARK_EVERY_S
        self._known = {request: known for request, known in self._known.items() if known.at >= oldest}
        newest = {seq for known in self._known.values() for seq in (known.good, known.bad)}
        self._prints = {seq: found for seq, found in self._prints.items() if seq in newest}
        self._insert("marks", self._at, packed_state(self._known))
        self._marked_at, self._since_mark = self._at, 0
        if self.since is None:
            self.since = self._at

    def _add(self, noted: Noted, body: bytes) -> int:
        """Write the answer if it is another than the one before; else return that one's number."""
        request = self._request(noted.name, self._scrub(noted.text.encode()).decode())
        known = self._known.setdefault(request, Known())
        good = noted.failure is None
        newest = known.good if good else known.bad
        found: _Print = (noted.status, noted.failure.value if noted.failure else None, digest_of(body))
        if newest and self._print(newest) == found:
            known.note(newest, self._at, good=good)
            return newest
        base, data = self._packed(request, body) if good else (None, pack(body))
        row = (request, self._at, noted.latency_s, *found[:2], base, len(body), found[2], data)
        seq = self._insert("answers", *row)
        if good and base is None:
            self._keep(request, _Whole(seq, body, len(data)))
        self._prints.pop(newest, None)
        self._prints[seq] = found
        known.note(seq, self._at, good=good)
        return 0

    def _request(self, endpoint: str, request: str) -> int:
        number = self._ids.get((endpoint, request))
        if number is None:
            added = self._file.execute("INSERT INTO requests(endpoint, request) VALUES (?, ?)", (endpoint, request))
            number = self._ids[endpoint, request] = int(added.lastrowid or 0)
        return number

    def _print(self, seq: int) -> _Print | None:
        if seq not in self._prints:
            row = self._file.execute("SELECT status, failure, digest FROM answers WHERE seq = ?", (seq,)).fetchone()
            if row is None:
                return None
            self._prints[seq] = row
        return self._prints[seq]

    def _packed(self, request: int, body: bytes) -> tuple[int | None, bytes]:
        """The answer by what differs from the last whole one; None and whole, if enough was spent on differences."""
        whole = self._whole(request)
        if whole is not None and whole.spent < whole.cost:
            data = pack(body, whole.body)
            if len(data) < whole.cost // 2:
                whole.spent += len(data)
                return whole.seq, data
        return None, pack(body)

    def _whole(self, request: int) -> _Whole | None:
        if request in self._wholes:
            self._wholes.move_to_end(request)
            return self._wholes[request]
        query = "SELECT coalesce(base, seq) FROM answers WHERE seq = ?"
        found = self._file.execute(query, (self._known[request].good,)).fetchone()
        query = "SELECT seq, size, digest, body FROM answers WHERE seq = ? AND base IS NULL"
        found = found and self._file.execute(query, found).fetchone()
        if found is None:
            return None
        try:
            whole = _Whole(found[0], unpack(found[3], found[1], found[2]), len(found[3]))
        except ValueError:
            return None
        return self._keep(request, whole)

    def _keep(self, request: int, whole: _Whole) -> _Whole:
        self._forget(request)
        self._wholes[request] = whole
        self._kept_bytes += len(whole.body)
        while self._kept_bytes > KEPT_BYTES and len(self._wholes) > 1:
            self._forget(next(iter(self._wholes)))
        return whole

    def _forget(self, request: int) -> None:
        gone = self._wholes.pop(request, None)
        self._kept_bytes -= len(gone.body) if gone is not None else 0

    # Taking away.

    def trim(self, now: float) -> bool:
        """Take away a slice of what is too old or too much, and give its place back to the disk. Returns whether there
        is more to do."""
        if self._cut is None:
            seq = self._cut_at(now)
            if seq is not None:
                self._cut = self._begin_cut(seq)
        if self._cut is not None:
            seq, needed = self._cut
            if not self._delete_slice(seq, needed):
                self._cut = None
            return True
        if self._file.execute("PRAGMA freelist_count").fetchone()[0]:
            self._file.execute(f"PRAGMA incremental_vacuum({FREED_PAGES})").fetchall()
            return bool(self._file.execute("PRAGMA freelist_count").fetchone()[0])
        return False

    def _cut_at(self, now: float) -> int | None:
        """The mark before which everything goes; None if nothing has to."""
        run = self._file.execute
        marks = run("SELECT seq FROM marks ORDER BY seq LIMIT 2").fetchall()
        if len(marks) < 2:
            return None
        names = ("page_count", "freelist_count", "page_size")
        pages, free, size = (run(f"PRAGMA {each}").fetchone()[0] for each in names)
        if (pages - free) * size > self._limit:
            return int(marks[1][0])
        place = position_at(self._file, now - self._keep_s)
        mark = mark_before(self._file, 0, place.seq + 1, float("inf")) if place is not None else None
        return mark[0] if mark is not None and mark[0] > marks[0][0] else None

    def _begin_cut(self, seq: int) -> tuple[int, frozenset[int]]:
        """Begin to take away what is before a mark. What the mark names is still needed."""
        run = self._file.execute
        at = run("SELECT at FROM marks WHERE seq = ?", (seq,)).fetchone()[0]
        known = known_at(self._file, Position(at, seq, seq + 1))
        needed = {each for found in known.values() for each in (found.good, found.bad)}
        query = "SELECT base FROM answers WHERE seq = ? AND base IS NOT NULL"
        needed |= {row[0] for each in tuple(needed) for row in run(query, (each,))}
        gone = [(number,) for number in self._ids.values() if number not in known and number not in self._known]
        run("BEGIN IMMEDIATE")
        run("DELETE FROM marks WHERE seq < ?", (seq,))
        run("DELETE FROM stretches WHERE seq < (SELECT max(seq) FROM stretches WHERE seq <= ?)", (seq,))
        self._file.executemany("DELETE FROM requests WHERE id = ?", gone)
        run("COMMIT")
        dropped = {number for (number,) in gone}
        self._ids = {name: number for name, number in self._ids.items() if number not in dropped}
        for request, whole in tuple(self._wholes.items()):
            if whole.seq < seq and whole.seq not in needed:
                self._forget(request)
        self.since = at
        return seq, frozenset(needed)

    def _delete_slice(self, before: int, needed: frozenset[int]) -> bool:
        """Delete some rows that are before it and not needed. False if there are none left."""
        query = "SELECT seq FROM answers WHERE seq < ? ORDER BY seq"
        rows = list(islice((row for row in self._file.execute(query, (before,)) if row[0] not in needed), SLICE))
        self._file.execute("BEGIN IMMEDIATE")
        self._file.executemany("DELETE FROM answers WHERE seq = ?", rows)
        more = len(rows)
        for table in ("repeats", "events"):
            query = (
                f"DELETE FROM {table} WHERE seq IN (SELECT seq FROM {table} WHERE seq < ? ORDER BY seq LIMIT {SLICE})"
            )
            more += self._file.execute(query, (before,)).rowcount
        self._file.execute("COMMIT")
        return more > 0
