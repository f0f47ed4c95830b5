"""What the tests of the tape hold in their hands: a tape in a folder, written in the test's own time."""

from __future__ import annotations

import json
from pathlib import Path

from qctui.model.resource import FailureKind
from qctui.tape.recorder import KEEP_S, LIMIT
from qctui.tape.request_key import request_key
from qctui.tape.tape import Answers, Recorded, Tape
from qctui.tape.tape_writer import Noted, TapeWriter

AT = 1_795_188_600.0
"""When the tests' tapes begin."""

LIST = ("live/list", "{}")


def noted(
    at: float,
    body: object,
    endpoint: str = "live/list",
    *,
    status: int | None = 200,
    failure: FailureKind | None = None,
    **request: object,
) -> Noted:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Noted(at, endpoint, request_key(request, at), status, failure, raw, 0.25)


def event(at: float, kind: str, text: str = "{}") -> Noted:
    return Noted(at, kind, text)


def open_writer(path: Path, keep_s: float = KEEP_S, limit: int = LIMIT) -> TapeWriter:
    return TapeWriter(path, lambda body: body, keep_s, limit)


def write(path: Path, *batches: list[Noted]) -> None:
    writer = open_writer(path)
    for batch in batches:
        writer.write(batch)
    writer.close()


def answers(path: Path, at: float, key: tuple[str, str] = LIST) -> Answers:
    tape = Tape(path)
    try:
        return tape.known(tape.seek(at))[key]
    finally:
        tape.close()


def body_at(path: Path, at: float, key: tuple[str, str] = LIST) -> bytes:
    """The body of the good answer that was newest at that time."""
    tape = Tape(path)
    try:
        return tape.body(good_of(tape.known(tape.seek(at))[key]))
    finally:
        tape.close()


def good_of(found: Answers) -> Recorded:
    assert found.good is not None
    return found.good
