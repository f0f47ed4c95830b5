"""The recorder on its thread: nothing it is handed is waited for, and whatever its disk does becomes words."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from qctui.clock import SystemClock
from qctui.model.recording import Exchange, Recording, TapeState
from qctui.model.resource import FailureKind
from qctui.paths import hold_lock
from qctui.tape import recorder as recorder_module
from qctui.tape import tape_file
from qctui.tape.recorder import Recorder
from qctui.tape.tape import Tape
from tests.tape.kill import live_through_kills
from tests.tape.shelf import LIST, good_of

PATIENCE_S = 20.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "tape.sqlite"


def open_recorder(path: Path, **options: Any) -> Recorder:
    options = {"spare": 0, "gather_s": 0.02, "retry_s": 0.02, **options}
    return Recorder(path, SystemClock(), lambda body: body.replace(b"secret", b"***"), **options)


@contextlib.contextmanager
def recording(path: Path, **options: Any) -> Iterator[Recorder]:
    recorder = open_recorder(path, **options)
    recorder.start()
    try:
        yield recorder
    finally:
        assert recorder.close(PATIENCE_S)


def answer(value: object) -> Exchange:
    return Exchange("live/list", {}, 200, json.dumps(value).encode(), None, 0.1)


def until(recorder: Recorder, fits: Callable[[TapeState], bool]) -> TapeState:
    """Wait for a state, by looking: the thread is the recorder's own."""
    looking = threading.Event()
    for _ in range(int(PATIENCE_S / 0.01)):
        if fits(recorder.state):
            return recorder.state
        looking.wait(0.01)
    raise AssertionError(recorder.state)


def is_in(recording: Recording) -> Callable[[TapeState], bool]:
    return lambda state: state.recording is recording


def last_value(path: Path) -> object:
    tape = Tape(path)
    try:
        return json.loads(tape.body(good_of(tape.known(tape.seek(float("inf")))[LIST])))
    finally:
        tape.close()


def test_what_was_handed_over_is_on_the_tape_when_it_is_closed(path: Path) -> None:
    recorder = open_recorder(path, gather_s=60.0)
    recorder.note(answer("before the start"))
    recorder.start()
    for number in range(1_000):
        recorder.note(answer({"secret": number}))
    recorder.note(Exchange("live/read", {"projectId": 1}, None, b"", FailureKind.TIMEOUT, 30.0))
    recorder.note_event("action", {"id": "a"})
    assert recorder.close(PATIENCE_S)
    assert last_value(path) == {"***": 999}
    tape = Tape(path)
    (event,) = tape.events()
    assert (event.kind, event.body) == ("action", {"id": "a"})
    assert len(list(tape.changes(tape.seek(0), tape.seek(float("inf"))))) == 1_001
    tape.close()
    assert recorder.state.missed == 0
    assert recorder.state.since is not None


def test_what_does_not_fit_is_counted_and_said_and_not_waited_for(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk hangs: in the middle of a write, as long as the test wants."""
    monkeypatch.setattr(recorder_module, "WAITING", 50)
    monkeypatch.setattr(recorder_module, "HANGS_S", 0.0)
    writing, goes_on = threading.Event(), threading.Event()

    def hang(body: bytes) -> bytes:
        writing.set()
        assert goes_on.wait(PATIENCE_S)
        return body

    recorder = Recorder(path, SystemClock(), hang, spare=0, gather_s=0.0)
    said: list[TapeState] = []
    recorder.changed = lambda: said.append(recorder.told)
    recorder.start()
    recorder.note(answer(-1))
    assert writing.wait(PATIENCE_S)
    for number in range(60):
        recorder.note(answer(number))
    hanging = until(recorder, is_in(Recording.STOPPED))
    assert (hanging.reason, hanging.missed) == ("its disk does not answer", 10)
    assert said[-1] == hanging, "it is said although its thread can't say anything"
    goes_on.set()
    assert until(recorder, is_in(Recording.ON)).missed == 10
    recorder.note(answer("after"))
    assert recorder.close(PATIENCE_S)
    assert [each.recording for each in (said[0], said[-1])] == [Recording.ON, Recording.ON]
    assert last_value(path) == "after"
    tape = Tape(path)
    assert [(each.kind, each.body) for each in tape.events()] == [("missed", {"answers": 10})]
    tape.close()


def test_one_records_and_the_next_takes_over_and_a_console_goes_before_a_watcher(path: Path) -> None:
    with recording(path, gives_way=True) as watcher:
        until(watcher, is_in(Recording.ON))
        with recording(path) as console:
            until(console, is_in(Recording.ON))
            until(watcher, is_in(Recording.STANDBY))
            watcher.note(answer("not heard"))
            with recording(path) as another:
                until(another, is_in(Recording.STANDBY))
                console.note(answer("console"))
                assert console.close(PATIENCE_S)
                until(another, is_in(Recording.ON))
            assert last_value(path) == "console"
        until(watcher, is_in(Recording.ON))
        watcher.note(answer("watcher"))
    assert last_value(path) == "watcher"
    assert watcher.state.missed == 0, "what another one recorded is not missed"


def test_a_damaged_file_is_set_aside_and_another_one_begun(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"SQLite format 3\x00" + bytes(range(256)) * 40)
    with recording(path) as recorder:
        state = until(recorder, is_in(Recording.ON))
        recorder.note(answer("new"))
    assert state.reason == "its file is damaged: it is now tape.sqlite.damaged, and another one was begun"
    assert path.with_name("tape.sqlite.damaged").stat().st_size == 16 + 256 * 40
    assert last_value(path) == "new"


def test_damage_that_is_met_while_recording_is_set_aside_too(path: Path) -> None:
    with recording(path) as recorder:
        for number in range(300):
            recorder.note(answer([number] * 2_000))
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(path.stat().st_size - 4096))
    with recording(path) as recorder:
        until(recorder, is_in(Recording.ON))
        recorder.note(answer("new"))
        assert "damaged" in until(recorder, lambda state: bool(state.reason)).reason
        recorder.note(answer("newer"))
    assert last_value(path) == "newer"


def test_a_later_versions_tape_is_left_alone_and_an_earlier_ones_kept(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with recording(path) as recorder:
        recorder.note(answer("mine"))
    with sqlite3.connect(path) as file:
        file.execute("PRAGMA user_version = 99")
    file.close()
    before = path.read_bytes()
    with recording(path) as recorder:
        state = until(recorder, is_in(Recording.STOPPED))
        assert state.reason == "a later version wrote it"
    assert path.read_bytes() == before
    with sqlite3.connect(path) as file:
        file.execute(f"PRAGMA user_version = {tape_file.SCHEMA}")
    file.close()
    monkeypatch.setattr(tape_file, "SCHEMA", tape_file.SCHEMA + 1)
    with recording(path) as recorder:
        assert "earlier version" in until(recorder, is_in(Recording.ON)).reason
        recorder.note(answer("new"))
    assert last_value(path) == "new"
    assert last_value(path.with_name("tape.sqlite.old")) == "mine"


def test_a_place_without_room_or_rights_is_said_and_tried_again(path: Path) -> None:
    path.parent.write_text("a file where the folder should be")
    with recording(path) as recorder:
        state = until(recorder, is_in(Recording.STOPPED))
        assert state.reason == "its file can't be used (File exists)"
        recorder.note(answer("lost"))
        path.parent.unlink()
        until(recorder, is_in(Recording.ON))
        recorder.note(answer("kept"))
        with sqlite3.connect(path) as file:
            file.execute("DROP TABLE events")  # whatever it is: it closes the file and opens it again
        file.close()
        recorder.note_event("action", {})
        until(recorder, is_in(Recording.STOPPED))
        with sqlite3.connect(path) as file:
            file.execute("CREATE TABLE events(seq INTEGER PRIMARY KEY, at REAL, kind TEXT, body TEXT)")
        file.close()
        until(recorder, is_in(Recording.ON))
        recorder.note(answer("again"))
    assert last_value(path) == "again"
    assert recorder.state.missed == 1
    tape = Tape(path)
    assert [each.body for each in tape.events(frozenset({"missed"}))] == [], "it was said before, and is said once"
    tape.close()
    with recording(path, spare=1 << 60) as recorder:
        assert "nearly full" in until(recorder, is_in(Recording.STOPPED)).reason


@contextlib.contextmanager
def small_disk(folder: Path, kilobytes: int) -> Iterator[None]:
    """A disk of its own; skipped where this user may not mount one."""
    folder.mkdir()
    libc = ctypes.CDLL(None, use_errno=True)
    options = f"size={kilobytes}k".encode()
    if libc.mount(b"tmpfs", str(folder).encode(), b"tmpfs", 0, options) != 0:
        pytest.skip("no disk can be mounted here")
    try:
        yield
    finally:
        assert libc.umount2(str(folder).encode(), 0) == 0


def test_a_full_disk_stops_the_recording_and_room_resumes_it(path: Path) -> None:
    with small_disk(path.parent, 1_000):
        ballast = path.with_name("ballast")
        with recording(path) as recorder:
            recorder.note(answer("first"))
            until(recorder, lambda state: state.since is not None)
            with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
                while file.write(bytes(4_096)):
                    pass
            recorder.note(answer(os.urandom(50_000).hex()))
            state = until(recorder, is_in(Recording.STOPPED))
            assert state.reason in ("its disk is full", "its disk reports errors")
            ballast.unlink()
            until(recorder, is_in(Recording.ON))
            recorder.note(answer("last"))
        assert last_value(path) == "last"


def test_a_file_that_may_not_grow_stops_the_recording(path: Path) -> None:
    """As on a full disk, for those who may not mount one."""
    with recording(path) as recorder:
        recorder.note(answer("first"))
        until(recorder, lambda state: state.since is not None)
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, before[1]))
        try:
            recorder.note(answer(os.urandom(90_000).hex()))
            state = until(recorder, is_in(Recording.STOPPED))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        assert state.reason in ("its disk is full", "its disk reports errors")
        until(recorder, is_in(Recording.ON))
        recorder.note(answer("last"))
    assert last_value(path) == "last"


def test_a_read_only_disk_is_said(path: Path) -> None:
    with small_disk(path.parent, 1_000):
        libc = ctypes.CDLL(None, use_errno=True)
        remount_read_only = 32 | 1
        assert libc.mount(b"none", str(path.parent).encode(), b"tmpfs", remount_read_only, b"") == 0
        with recording(path) as recorder:
            state = until(recorder, is_in(Recording.STOPPED))
            assert state.reason == "its file can't be used (Read-only file system)"


def test_a_killed_process_loses_its_last_seconds_and_nothing_else(tmp_path: Path) -> None:
    live_through_kills(tmp_path, 12, seed=11)


def test_locks_die_with_their_descriptor(tmp_path: Path) -> None:
    held = hold_lock(tmp_path / "lock")
    assert held is not None
    assert hold_lock(tmp_path / "lock") is None
    os.close(held)
    again = hold_lock(tmp_path / "lock")
    assert again is not None
    os.close(again)
