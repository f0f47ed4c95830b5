"""What may stand where the journal belongs, and how much of it is read."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from qctui.actions.journal import READ_BYTES, JournalTail, append_entries, encode_entry, try_journal
from qctui.value import replace
from tests.actions.fakes import read_journal
from tests.actions.test_journal import ENTRY


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.jsonl"


@pytest.fixture
def terminal() -> Iterator[tuple[int, Path]]:
    """A device that takes what is written to it, and that nobody else has: its other end, and its name."""
    other, device = os.openpty()
    os.set_blocking(other, False)
    yield other, Path(os.ttyname(device))
    os.close(device)
    os.close(other)


def refused(path: Path) -> None:
    for use in (lambda: append_entries(path, [ENTRY]), lambda: read_journal(path), lambda: try_journal(path)):
        with pytest.raises(OSError, match="not a regular file"):
            use()


def test_a_device_is_not_read_and_never_written_or_changed(path: Path, terminal: tuple[int, Path]) -> None:
    other, device = terminal
    path.symlink_to(device)
    mode = stat.S_IMODE(device.stat().st_mode)
    refused(path)
    with pytest.raises(BlockingIOError):  # nothing has arrived
        os.read(other, 1)
    assert stat.S_IMODE(device.stat().st_mode) == mode


def test_a_device_without_an_end_is_not_read(path: Path) -> None:
    path.symlink_to("/dev/zero")
    with pytest.raises(OSError, match="not a regular file"):
        read_journal(path)


def test_a_pipe_that_nobody_writes_or_reads_is_not_waited_for(path: Path) -> None:
    os.mkfifo(path)
    refused(path)


def test_a_folder_is_no_journal(path: Path) -> None:
    path.mkdir()
    refused(path)


def test_a_long_journal_is_read_whole(path: Path) -> None:
    lines = 20_000
    line = encode_entry(replace(ENTRY, detail="x" * 200))
    path.write_bytes(line * lines)
    tail = JournalTail(path)
    assert len(tail.read()) == lines
    assert tail.skipped == 0


def test_of_a_journal_that_is_too_long_the_newest_part_is_read(path: Path) -> None:
    line = encode_entry(ENTRY)
    with path.open("wb") as file:
        file.truncate(READ_BYTES + 5)  # takes no room on the disk
        file.seek(0, os.SEEK_END)
        file.write(b"\n" + line * 3)
    tail = JournalTail(path)
    assert tail.read() == (ENTRY,) * 3
    assert tail.skipped == 6 + 3 * len(line)


def test_what_grows_by_too_much_at_once_is_read_from_its_newest_part(path: Path) -> None:
    line = encode_entry(ENTRY)
    path.write_bytes(line)
    tail = JournalTail(path, 1000)
    assert tail.read() == (ENTRY,)
    with path.open("r+b") as file:
        file.truncate(READ_BYTES + 100_000)
        file.seek(0, os.SEEK_END)
        file.write(b"\n" + line)
    assert tail.read() == (ENTRY,)
    append_entries(path, [ENTRY])
    assert tail.read() == (ENTRY,)


def test_a_line_longer_than_a_piece_costs_itself_and_no_other(path: Path) -> None:
    line = encode_entry(ENTRY)
    path.write_bytes(line + b'{"id": "' + b"x" * 3_000_000 + b'"}\n' + line)
    assert read_journal(path) == (ENTRY, ENTRY)


def test_trying_leaves_nothing_behind(path: Path) -> None:
    try_journal(path)
    assert list(path.parent.iterdir()) == []
    append_entries(path, [ENTRY])
    before = path.read_bytes()
    try_journal(path)
    assert path.read_bytes() == before
