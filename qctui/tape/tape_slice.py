"""A part of a tape as a tape of its own: what was known at its start, whole, and everything up to its end."""

from __future__ import annotations

import contextlib
import functools
import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from qctui.model.action import FINAL_RUNGS
from qctui.tape.difference import digest_of, pack
from qctui.tape.tape import Tape, TapeEvent, reading
from qctui.tape.tape_file import (
    EMPTY,
    Position,
    TapeError,
    known_at,
    open_for_writing,
    packed_state,
    position_at,
)

Redact = Callable[[bytes], bytes]
"""Takes out of a body, a request or an event what is not to be in the part. Always the same for the same."""

_FINAL_EVENTS = frozenset(rung.event for rung in FINAL_RUNGS)
_ANSWERS = "SELECT seq, base, request FROM answers WHERE"


class TapeSlice(Tape):
    """The part of a tape between two instants. It may be recorded on meanwhile: the part stays what it was."""

    def __init__(self, path: Path, since: float, until: float) -> None:
        """Open the tape and find the part.

        Raises:
            TapeError: there is no tape, it can't be read, or nothing was recorded in between.
        """
        super().__init__(path)
        try:
            with reading():
                self._file.execute("BEGIN")
                self._find(since, until)
        except TapeError:
            self.close()
            raise

    def _find(self, since: float, until: float) -> None:
        start, end = position_at(self._file, since), position_at(self._file, until)
        if start is None or end is None:
            raise TapeError(EMPTY)
        self.start: Position = start
        """Where the part begins: not before the tape does."""
        self.end: Position = end
        found = self._file.execute(f"{_ANSWERS} seq > ? AND seq <= ?", (start.seq, end.seq)).fetchall()
        self.answers = len(found)
        """How many answers in it were other than the ones before them."""
        self._known = known_at(self._file, start)
        for seq in {each for known in self._known.values() for each in (known.good, known.bad)}:
            found += self._file.execute(f"{_ANSWERS} seq = ?", (seq,)).fetchall()
        # Also those that others are packed against.
        self._seqs = sorted({seq for *both, _ in found for seq in both if seq is not None})
        used = {request for *_, request in found}
        self._requests: list[tuple[int, str, str]] = [
            row for row in self._file.execute("SELECT id, endpoint, request FROM requests") if row[0] in used
        ]
        self._find_events(since, until)
        query = "SELECT seq, at, entries FROM repeats WHERE seq > ? AND seq < ? AND at <= ?"
        self._repeats = self._file.execute(query, (start.seq, end.end, end.at)).fetchall()
        if not (found and (self.answers or self.noted or any(at >= since for _, at, _ in self._repeats))):
            raise TapeError("nothing was recorded in that time")

    def _find_events(self, since: float, until: float) -> None:
        events = [each for each in self.events() if each.at <= until]
        within = {each.seq for each in events if each.at >= since}
        self.noted = len(within)
        """How many events are in it."""
        told = {_id(each) for each in events if each.seq in within} - {""}
        newest = {_id(each): each for each in events if each.at < since and each.kind != "acknowledged"}
        within |= {each.seq for number, each in newest.items() if number and _stands(each.body)}
        # An action is in it with its earlier steps, and what stood at its start with the last of them.
        self._events = [each for each in events if each.seq in within or (each.kind == "action" and _id(each) in told)]

    @property
    def held(self) -> int:
        """How many answers it takes to hold it, those known at its start included."""
        return len(self._seqs)

    def texts(self, done: Callable[[], object]) -> Iterator[bytes]:
        """Everything in it that holds words: bodies, requests, events. `done` is called after each body."""
        yield from (request.encode() for _, _, request in self._requests)
        yield from (json.dumps(each.body).encode() for each in self._events)
        for seq in self._seqs:
            # One that is damaged will not be in it.
            with contextlib.suppress(TapeError):
                yield self.body_of(seq)
            done()

    def write(self, path: Path, redact: Redact, done: Callable[[], object]) -> int:
        """Write it to a new file, redacted. `done` is called after each body. Returns how many answers are left out
        because they are damaged.

        Raises:
            TapeError, sqlite3.Error, OSError: the tape can't be read, or the file not be written.
        """
        with closing(open_for_writing(path)) as file, _at_once(file):
            query = "SELECT seq, at FROM stretches WHERE seq > ? AND seq <= ?"
            query += " OR seq = (SELECT max(seq) FROM stretches WHERE seq <= ?)"
            bounds = (self.start.seq, self.end.seq)
            file.executemany(
                "INSERT INTO stretches VALUES (?, ?)", self._file.execute(query, (*bounds, self.start.seq)).fetchall()
            )
            file.execute(
                "INSERT INTO marks VALUES (?, ?, ?)", (self.start.seq, self.start.at, packed_state(self._known))
            )
            query = "SELECT seq, at, state FROM marks WHERE seq > ? AND seq <= ?"
            file.executemany("INSERT INTO marks VALUES (?, ?, ?)", self._file.execute(query, bounds).fetchall())
            for number, endpoint, request in self._requests:
                file.execute(
                    # Two that are the same once they are redacted are one: the first.
                    "INSERT OR IGNORE INTO requests VALUES (?, ?, ?)",
                    (number, endpoint, redact(request.encode()).decode()),
                )
            file.executemany("INSERT INTO repeats VALUES (?, ?, ?)", self._repeats)
            events = [
                (each.seq, each.at, each.kind, redact(json.dumps(each.body).encode()).decode()) for each in self._events
            ]
            file.executemany("INSERT INTO events VALUES (?, ?, ?, ?)", events)
            return self._write_answers(file, redact, done)

    def _write_answers(self, file: sqlite3.Connection, redact: Redact, done: Callable[[], object]) -> int:
        redacted = functools.lru_cache(maxsize=16)(lambda seq: redact(self.body_of(seq)))
        left_out = 0
        query = "SELECT request, at, latency, status, failure, base FROM answers WHERE seq = ?"
        for seq in self._seqs:
            *row, base = self._file.execute(query, (seq,)).fetchone()
            try:
                body = redacted(seq) if base is None else redact(self.body_of(seq))
                data = pack(body, None if base is None else redacted(base))
            except TapeError:
                left_out += 1
            else:
                values = (seq, *row, base, len(body), digest_of(body), data)
                file.execute(f"INSERT INTO answers VALUES (?{', ?' * (len(values) - 1)})", values)
            done()
        return left_out


def _id(event: TapeEvent) -> str:
    return str(event.body.get("id") or "")


def _stands(body: Mapping[str, Any]) -> bool:
    """Whether an alert is not over with this step, nor an action."""
    return body.get("state", "cleared") != "cleared" or body.get("event", "verified") not in _FINAL_EVENTS


@contextlib.contextmanager
def _at_once(file: sqlite3.Connection) -> Iterator[None]:
    """Everything in one go, into one file and no other beside it."""
    file.execute("PRAGMA journal_mode = MEMORY")
    file.execute("PRAGMA synchronous = OFF")
    file.execute("BEGIN")
    yield
    file.execute("COMMIT")
