"""What the end-to-end tests read beside a program that writes."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.desk import journal


def test_a_line_of_the_journal_that_is_being_written_is_left_to_the_next_look(tmp_path: Path) -> None:
    path = tmp_path / "state" / "qctui" / "journal.jsonl"
    assert journal(tmp_path) == []
    path.parent.mkdir(parents=True)
    path.write_bytes(b'{"event": "intent"}\n{"event": "accep')
    assert journal(tmp_path) == [{"event": "intent"}]
