from __future__ import annotations

import asyncio
import errno
import fcntl
import json
import os
import stat
import threading
from multiprocessing import get_context
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qctui.actions import journal
from qctui.actions.actions_port import JournalEntry
from qctui.actions.journal import (
    JournalTail,
    UnsyncedError,
    append_entries,
    decode_entry,
    encode_entry,
    journal_time,
    parse_journal_time,
    public_url,
)
from qctui.actions.journal_writer import DiskThread, JournalWriter
from qctui.text import clean
from qctui.value import replace
from tests.actions.fakes import InlineDisk, read_journal

ENTRY = JournalEntry(
    id="0123456789ab-1",
    at="2026-11-20T14:33:00.123Z",
    event="intent",
    action="liquidate",
    project_id=23456789,
    deploy_id="L-1",
    name="Über [bold]均值[/]",
    environment="LIVE",
    base_url="https://www.quantconnect.com/api/v2",
    profile="default",
    via="console",
    detail="",
)


def _entry(number: int) -> JournalEntry:
    return replace(ENTRY, id=f"0123456789ab-{number}")


def test_a_line_holds_exactly_the_designs_fields_in_order() -> None:
    raw = json.loads(encode_entry(ENTRY))
    fields = [
        "id",
        "at",
        "event",
        "action",
        "project_id",
        "deploy_id",
        "name",
        "environment",
        "base_url",
        "profile",
        "via",
        "detail",
    ]
    assert list(raw) == fields
    raw = json.loads(encode_entry(replace(ENTRY, deploy_id="", optimization_id="O-1", action="abort")))
    assert list(raw) == [field if field != "deploy_id" else "optimization_id" for field in fields]


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "state" / "journal.jsonl"
    append_entries(path, [ENTRY, _entry(2)])
    append_entries(path, [_entry(3)])
    assert read_journal(path) == (ENTRY, _entry(2), _entry(3))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_journal_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_bytes(b"")
    path.chmod(0o644)
    append_entries(path, [ENTRY])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_torn_tail_costs_its_own_line_only(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    append_entries(path, [ENTRY])
    with path.open("ab") as file:
        file.write(encode_entry(_entry(2))[:40])
    append_entries(path, [_entry(3)])
    assert read_journal(path) == (ENTRY, _entry(3))


def test_garbage_is_left_out_and_unknown_events_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    odd = replace(ENTRY, event="teleported")
    path.write_bytes(
        b'\n[]\n{}\n"x"\n\xff\xfe\n{"id": 3, "event": "sent"}\n{"id": "a"}\n'
        + b"[" * 100_000
        + b"\n"
        + encode_entry(odd)
    )
    assert read_journal(path) == (odd,)


def test_no_journal_is_an_empty_one(tmp_path: Path) -> None:
    assert read_journal(tmp_path / "journal.jsonl") == ()


@given(st.binary(max_size=300))
def test_any_bytes_are_an_entry_or_nothing(line: bytes) -> None:
    entry = decode_entry(line)
    assert entry is None or entry.id


@given(
    st.dictionaries(st.sampled_from(["id", "event", "name", "detail", "project_id", "at"]), st.text() | st.integers())
)
def test_any_fields_come_out_clean(fields: dict[str, object]) -> None:
    entry = decode_entry(json.dumps({"id": "x", "event": "y", **fields}).encode())
    if entry is not None:
        assert entry.name == clean(entry.name)
        assert isinstance(entry.project_id, int)


def test_a_short_write_is_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "journal.jsonl"
    append_entries(path, [ENTRY])
    real = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: real(fd, data[:-20]))
    with pytest.raises(OSError, match="only"):
        append_entries(path, [_entry(2), _entry(3)])
    monkeypatch.undo()
    assert path.read_bytes() == encode_entry(ENTRY)


def test_lines_the_disk_did_not_confirm_are_kept_apart_from_lines_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(fd: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)
    path = tmp_path / "journal.jsonl"
    with pytest.raises(UnsyncedError):
        append_entries(path, [ENTRY])
    assert read_journal(path) == (ENTRY,)


def test_lines_the_disk_did_not_confirm_are_not_written_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(fd: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    async def main() -> None:
        writer = JournalWriter(tmp_path / "journal.jsonl", InlineDisk(), 1_000_000)
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", fail)
            assert await writer.write([ENTRY]) == "Input/output error"
        assert not writer.missing
        assert await writer.write([_entry(2)]) == ""

    asyncio.run(main())
    assert read_journal(tmp_path / "journal.jsonl") == (ENTRY, _entry(2))


def test_the_name_of_a_new_journal_survives_a_power_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders: list[int] = []

    def note(fd: int) -> None:
        status = os.fstat(fd)
        if stat.S_ISDIR(status.st_mode):
            folders.append(status.st_ino)

    monkeypatch.setattr(os, "fsync", note)
    append_entries(tmp_path / "journal.jsonl", [ENTRY])
    assert folders == [tmp_path.stat().st_ino]


def test_a_lock_that_is_never_let_go_does_not_silence_the_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "journal.jsonl"
    append_entries(path, [ENTRY])
    monkeypatch.setattr(journal, "LOCK_WAIT_S", 0.0)
    with path.open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        append_entries(path, [_entry(2)])
    assert read_journal(path) == (ENTRY, _entry(2))


def _write_many(path: Path, first: int) -> None:
    for number in range(first, first + 40):
        append_entries(path, [_entry(number), replace(_entry(number), event="sending")])


def test_several_processes_append_at_once_and_no_line_is_lost_or_mixed(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    workers = [get_context("spawn").Process(target=_write_many, args=(path, 1_000 * n)) for n in range(1, 4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
        assert worker.exitcode == 0
    entries = read_journal(path)
    assert len(entries) == len(path.read_bytes().splitlines()) == 3 * 80
    for first, second in zip(entries[::2], entries[1::2], strict=True):
        assert (first.id, first.event, second.event) == (second.id, "intent", "sending")


def test_the_tail_sees_what_others_append_and_a_replaced_file(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    tail = JournalTail(path)
    assert tail.read() == ()
    append_entries(path, [ENTRY])
    assert tail.read() == (ENTRY,)
    assert tail.read() == ()
    half = encode_entry(_entry(2))
    with path.open("ab") as file:
        file.write(half[:30])
        file.flush()
        assert tail.read() == ()
        file.write(half[30:])
    assert tail.read() == (_entry(2),)
    path.rename(tmp_path / "journal.old")
    assert tail.read() == ()
    append_entries(path, [_entry(3)])
    assert tail.read() == (_entry(3),)


def test_a_long_journal_is_read_from_its_end_only(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    append_entries(path, [_entry(number) for number in range(2_000)])
    size = len(encode_entry(_entry(1_999)))
    read = JournalTail(path, 10 * size + size // 2).read()
    assert read == tuple(_entry(number) for number in range(1_990, 2_000))


def test_times_are_utc_with_milliseconds() -> None:
    assert journal_time(1_700_000_000.1234) == "2023-11-14T22:13:20.123Z"
    assert parse_journal_time("2023-11-14T22:13:20.123Z") == pytest.approx(1_700_000_000.123)
    assert parse_journal_time("2023-11-14T22:13:20") == 1_700_000_000.0
    assert parse_journal_time("yesterday") is None


def test_a_base_url_keeps_no_secret() -> None:
    assert public_url("https://user:pass@host:8/api/v2/?token=x#y") == "https://host:8/api/v2"
    assert public_url("http://[::1") == ""


def test_lines_that_could_not_be_written_go_first_in_the_next_turn(tmp_path: Path) -> None:
    async def main() -> None:
        blocked = tmp_path / "state"
        blocked.write_text("a file where the folder should be")
        writer = JournalWriter(blocked / "journal.jsonl", InlineDisk(), 1_000_000)
        assert await writer.write([ENTRY]) == "File exists"
        assert (writer.failure, writer.busy) == ("File exists", True)
        blocked.rename(tmp_path / "away")
        assert await writer.write([_entry(2)]) == ""
        assert writer.entries == (ENTRY, _entry(2))
        assert not writer.busy

    asyncio.run(main())


def test_the_journals_thread_writes_in_order_and_leaves_the_loop_free(tmp_path: Path) -> None:
    async def main() -> None:
        disk = DiskThread()
        writer = JournalWriter(tmp_path / "journal.jsonl", disk, 1_000_000)
        gate = threading.Event()
        held = disk.run(gate.wait)
        written = [writer.write([_entry(number)]) for number in range(50)]
        await asyncio.sleep(0)
        assert not any(each.done() for each in written)
        gate.set()
        assert await held
        assert set(await asyncio.gather(*written)) == {""}
        assert writer.entries == tuple(_entry(number) for number in range(50))
        with pytest.raises(ZeroDivisionError):
            await disk.run(lambda: 1 // 0)
        disk.close()

    asyncio.run(main())
    assert read_journal(tmp_path / "journal.jsonl") == tuple(_entry(number) for number in range(50))
