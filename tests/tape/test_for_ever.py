"""A tape of every schema there was opens for ever. `python -m tests.tape.test_for_ever` writes the newest one's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from qctui.model.resource import FailureKind
from qctui.tape import tape_file
from qctui.tape.tape import Tape
from tests.api.support import PAYLOADS
from tests.tape.shelf import AT, LIST, event, good_of, noted, write

TAPES = sorted(PAYLOADS.glob("tape__schema_*.sqlite"))


STORY = [(step, f"{step:>3} " * 60) for step in range(40)]
"""The list on them, a minute apart; besides it a repetition, a failure, an event, and a clock that was set back."""


def write_tape(path: Path) -> None:
    batches = [[noted(AT + 60.0 * step, {"step": step, "text": text})] for step, text in STORY]
    batches.insert(20, [noted(AT + 60.0 * 19, {"step": 19, "text": STORY[19][1]})])
    batches.insert(30, [event(AT + 60.0 * 28, "action", '{"id": "a-1", "event": "sent"}')])
    batches.append([noted(AT + 2_400.0, b"", status=None, failure=FailureKind.TIMEOUT)])
    batches.append([noted(AT + 600.0, {"step": "set back"}, "live/read", projectId=7)])
    write(path, *batches)


@pytest.mark.parametrize("path", TAPES, ids=lambda path: path.stem)
def test_a_tape_of_every_schema_opens(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tape_file, "SCHEMA", tape_file.SCHEMA + 1)  # as after the next change of the tables
    tape = Tape(path)
    for step, text in STORY[:10]:
        recorded = good_of(tape.known(tape.seek(AT + 60.0 * step + 1))[LIST])
        assert json.loads(tape.body(recorded)) == {"step": step, "text": text}
    end = tape.known(tape.seek(AT + 1e6))
    assert json.loads(tape.body(good_of(end["live/read", '{"projectId":7}']))) == {"step": "set back"}
    assert json.loads(tape.body(good_of(end[LIST])))["step"] == 39
    changes = list(tape.changes(tape.seek(0), tape.seek(AT + 1e6)))
    assert [each.failure for each in changes if each.failure] == [FailureKind.TIMEOUT]
    assert [(each.kind, each.at, each.body["event"]) for each in tape.events()] == [("action", AT + 1_680.0, "sent")]
    assert tape.damaged(lambda: True) == 0
    tape.close()
    assert [each.name for each in PAYLOADS.glob(f"{path.name}?*")] == [], "reading it leaves no other file"


def test_the_newest_schema_has_its_tape() -> None:
    assert [path.stem for path in TAPES] == [f"tape__schema_{number + 1}" for number in range(tape_file.SCHEMA)]


if __name__ == "__main__":
    write_tape(PAYLOADS / f"tape__schema_{tape_file.SCHEMA}.sqlite")
