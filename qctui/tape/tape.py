"""Reads a tape, also one that is being written: what was known at an instant, and what changed after it."""

from __future__ import annotations

import functools
import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from qctui.model.resource import FailureKind
from qctui.tape.difference import unpack
from qctui.tape.tape_file import (
    EMPTY,
    Position,
    TapeError,
    error_words,
    known_at,
    open_for_reading,
    position_at,
    repeats_of,
)
from qctui.value import Value, replace

_KINDS = {kind.value: kind for kind in FailureKind}

_SEARCHED = 20_000
"""Answers among which one is looked for, one by one."""

_AT_ONCE = 50
"""Rows that are looked for at once: what is damaged costs no more than these."""


class Recorded(Value):
    """One answer on the tape, without its body."""

    seq: int
    endpoint: str
    request: str
    """As `request_key` names it."""
    at: float
    """When it came, Unix seconds; in what was known at an instant, when it came last."""
    first_at: float
    """When it came first, if it came again and again."""
    status: int | None
    failure: FailureKind | None
    latency_s: float


class Answers(Value):
    """What was known of one request at an instant."""

    good: Recorded | None
    """The newest answer that could be used."""
    failure: Recorded | None
    """The failure after it, if the last try had failed."""


class TapeEvent(Value):
    """Something to seek for: a step of an action, of an alert, or the end of a deployment."""

    seq: int
    at: float
    kind: str
    body: Mapping[str, Any]


class Tape:
    """An open tape, used by one thread at a time. Every method raises `TapeError` for what can't be read."""

    def __init__(self, path: Path) -> None:
        """Open it.

        Raises:
            TapeError: there is none, or it can't be read.
        """
        self.path = path
        self._file = open_for_reading(path)
        self._body = functools.lru_cache(maxsize=16)(self._read_whole)
        self._row = functools.lru_cache(maxsize=4_096)(self._read_row)

    def close(self) -> None:
        """Close it."""
        self._file.close()

    @property
    def first_at(self) -> float | None:
        """The first instant on it, Unix seconds; None of an empty one."""
        return self._edge("SELECT at FROM marks ORDER BY seq LIMIT 1")

    @property
    def last_at(self) -> float | None:
        """The last instant on it."""
        ends = [
            self._edge(f"SELECT max(at) FROM (SELECT at FROM {each} ORDER BY seq DESC LIMIT 1)")
            for each in ("answers", "repeats", "events", "marks")
        ]
        return max((end for end in ends if end is not None), default=None)

    def _edge(self, query: str, values: tuple[object, ...] = ()) -> float | None:
        with reading():
            row = self._file.execute(query, values).fetchone()
        return None if row is None else row[0]

    def seek(self, at: float) -> Position:
        """The place at an instant; the nearest for one that is not on it."""
        with reading():
            place = position_at(self._file, at)
        if place is None:
            raise TapeError(EMPTY)
        return place

    def began_at(self, place: Position) -> float:
        """When the recording began that goes on at a place."""
        return self._edge("SELECT at FROM stretches WHERE seq <= ? ORDER BY seq DESC LIMIT 1", (place.seq,)) or 0.0

    def known(self, place: Position) -> dict[tuple[str, str], Answers]:
        """By endpoint and request: what was known there."""
        answers: dict[tuple[str, str], Answers] = {}
        with reading():
            # One look at the file: it may be trimmed meanwhile.
            self._file.execute("BEGIN")
            try:
                for known in known_at(self._file, place).values():
                    good = self._recorded(known.good, known.good_at)
                    failure = self._recorded(known.bad, known.bad_at) if known.fails else None
                    if (either := good or failure) is not None:
                        answers[either.endpoint, either.request] = Answers(good, failure)
            finally:
                self._file.execute("ROLLBACK")
        return answers

    def body(self, recorded: Recorded) -> bytes:
        """The body of an answer, as it came."""
        return self.body_of(recorded.seq)

    def body_of(self, seq: int) -> bytes:
        """The body of the answer of this number."""
        with reading():
            row = self._file.execute("SELECT base, size, digest, body FROM answers WHERE seq = ?", (seq,)).fetchone()
            if row is None:
                raise TapeError("the answer is no longer on it")
            return unpack(row[3], row[1], row[2], None if row[0] is None else self._body(row[0]))

    def _read_whole(self, seq: int) -> bytes:
        row = self._file.execute("SELECT size, digest, body FROM answers WHERE seq = ?", (seq,)).fetchone()
        if row is None:
            raise TapeError("what the answer was packed against is no longer on it")
        return unpack(row[2], row[0], row[1])

    def _recorded(self, seq: int, at: float) -> Recorded | None:
        found = self._row(seq) if seq else None
        return found and replace(found, at=at)

    def _read_row(self, seq: int) -> Recorded | None:
        try:
            return next(self._select("WHERE answers.seq = ?", (seq,)), None)
        except TapeError:  # this one is damaged
            return None

    def earlier(self, recorded: Recorded) -> Iterator[Recorded]:
        """The good answers to the same request before this one, the newest first, as far back as a search may go."""
        where = (
            "WHERE answers.request = (SELECT request FROM answers WHERE seq = ?) AND answers.seq < ?"
            " AND answers.seq > ? AND failure IS NULL ORDER BY answers.seq DESC"
        )
        return self._select(where, (recorded.seq, recorded.seq, recorded.seq - _SEARCHED))

    def arrivals(self, after: Position, until: Position) -> list[Recorded]:
        """Every answer that came between two places, those that came again too, in the order of time."""
        found = list(self._select("WHERE answers.seq > ? AND answers.seq <= ?", (after.seq, until.seq)))
        with reading():
            rows = self._file.execute(
                "SELECT at, entries FROM repeats WHERE seq > ? AND seq < ? AND at <= ?",
                (after.seq, until.end, until.at),
            ).fetchall()
        for row_at, entries in rows:
            for seq, at in repeats_of(row_at, entries):
                if after.at < at <= until.at and (again := self._recorded(seq, at)) is not None:
                    found.append(again)
        return sorted(found, key=lambda each: each.at)

    def next_arrival(self, place: Position) -> float | None:
        """When something came after a place; None if nothing did."""
        query = "SELECT at FROM answers WHERE seq > ? AND at > ? ORDER BY seq LIMIT 1"
        times = [self._edge(query, (place.seq, place.at))]
        with reading():
            rows = self._file.execute(
                "SELECT at, entries FROM repeats WHERE seq > ? ORDER BY seq LIMIT 20", (place.seq,)
            ).fetchall()
        times += [at for row_at, entries in rows for _, at in repeats_of(row_at, entries) if at > place.at]
        return min((at for at in times if at is not None), default=None)

    def change_beside(self, place: Position, wanted: Callable[[Recorded], bool], *, forward: bool) -> Recorded | None:
        """The nearest answer on one side of a place that was another than the one before it, and is `wanted`; None if
        there is none as far as a search may go."""
        beyond, order = ("answers.seq > ? AND at > ?", "") if forward else ("answers.seq <= ? AND at < ?", " DESC")
        edge = place.seq
        for _ in range(0, _SEARCHED, _AT_ONCE):
            where = f"WHERE {beyond} ORDER BY answers.seq{order} LIMIT {_AT_ONCE}"
            found = list(self._select(where, (edge, place.at)))
            for each in found:
                if wanted(each):
                    return each
            if len(found) < _AT_ONCE:
                break
            edge = found[-1].seq - (0 if forward else 1)
        return None

    def changes(self, after: Position, until: Position) -> Iterator[Recorded]:
        """The answers that were other than the ones before them, in the order of recording. What is damaged is left
        out."""
        first = after.seq
        while first < until.seq:
            last = min(until.seq, first + _AT_ONCE)
            try:
                found = list(
                    self._select("WHERE answers.seq > ? AND answers.seq <= ? ORDER BY answers.seq", (first, last))
                )
            except TapeError:
                found = []
            yield from found
            first = last

    def events(self, kinds: frozenset[str] | None = None) -> list[TapeEvent]:
        """Everything to seek for, in the order of recording; of these kinds only, if any are given."""
        with reading():
            rows = self._file.execute("SELECT seq, at, kind, body FROM events ORDER BY seq").fetchall()
        return [TapeEvent(seq, at, kind, _fields(body)) for seq, at, kind, body in rows if not kinds or kind in kinds]

    def damaged(self, goes_on: Callable[[], bool]) -> int:
        """How many answers can't be read, among those that were looked at, newest first, while `goes_on` said yes."""
        count = 0
        with reading():
            last = self._file.execute("SELECT max(seq) FROM answers").fetchone()[0] or 0
        for first in range(last, 0, -_AT_ONCE):
            try:
                found = list(self._select("WHERE answers.seq > ? AND answers.seq <= ?", (first - _AT_ONCE, first)))
            except TapeError:
                count += 1
                continue
            for each in found:
                if not goes_on():
                    return count
                try:
                    self.body(each)
                except TapeError:
                    count += 1
        return count

    def _select(self, where: str, values: tuple[object, ...]) -> Iterator[Recorded]:
        query = (
            "SELECT answers.seq, endpoint, requests.request, at, status, failure, latency"
            f" FROM answers JOIN requests ON requests.id = answers.request {where}"
        )
        with reading():
            for seq, endpoint, request, at, status, failure, latency in self._file.execute(query, values):
                kind = _KINDS.get(failure, FailureKind.INTERNAL) if failure else None
                yield Recorded(seq, endpoint, request, at, at, status, kind, latency)


@contextmanager
def reading() -> Iterator[None]:
    """What can't be read of a tape is a `TapeError`."""
    try:
        yield
    except (sqlite3.Error, ValueError) as error:
        raise TapeError(f"the tape can't be read: {error_words(error)}") from error


def _fields(body: str) -> Mapping[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
