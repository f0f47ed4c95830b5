"""What is written to a tape is found again: at every instant, by every request, after everything that can happen."""

from __future__ import annotations

import json
import random
import sqlite3
import stat
from pathlib import Path

import pytest

from qctui.model.resource import FailureKind
from qctui.tape import tape_file
from qctui.tape.difference import digest_of, pack, unpack
from qctui.tape.request_key import request_key
from qctui.tape.tape import Tape
from qctui.tape.tape_file import SUFFIXES, OldTapeError, TapeError, position_at, size_of
from tests.tape.shelf import AT, LIST, answers, body_at, event, good_of, noted, open_writer, write


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "tape.sqlite"


def chart(points: int, first: int = 0) -> bytes:
    luck = random.Random(3)
    values = [[int(AT) + 60 * each, round(1e5 + luck.gauss(0, 300), 2)] for each in range(points + first)]
    return json.dumps({"series": {"Equity": {"values": values[first:]}}, "success": True}).encode()


@pytest.mark.parametrize("size", [0, 1, 16_383, 16_384, 16_385, 100_000])
def test_a_difference_gives_back_what_it_was_made_of(size: int) -> None:
    luck = random.Random(size)
    before, after = luck.randbytes(size), luck.randbytes(size // 2) + luck.randbytes(size // 3)
    for base in (None, b"", before, before[:7] + before):
        for body in (before, after):
            assert unpack(pack(body, base), len(body), digest_of(body), base) == body
    with pytest.raises(ValueError, match="damaged"):
        unpack(pack(after, before), len(after), digest_of(b"another"), before)


def test_a_large_answer_that_moved_on_costs_a_fraction_of_it() -> None:
    before, after = chart(4_200), chart(4_200, first=1)
    assert len(before) > 100_000
    assert len(pack(after, before)) < len(pack(after)) / 15


def test_every_instant_shows_what_was_known_then(path: Path) -> None:
    """Six hours in which answers change, come again, fail and come back; each instant is looked at afterwards."""
    luck = random.Random(7)
    seen: list[tuple[float, dict[int, tuple[int, float]], dict[int, float]]] = []
    values, good, bad = dict.fromkeys(range(5), 0), dict[int, tuple[int, float]](), dict[int, float]()
    writer = open_writer(path)
    for step in range(2_000):
        at = AT + step * 10.8
        batch = []
        for project in luck.sample(range(5), 2):
            if luck.random() < 0.1:
                bad[project] = at
                batch.append(noted(at, b"", "live/read", status=None, failure=FailureKind.TIMEOUT, projectId=project))
                continue
            values[project] += luck.random() < 0.5
            good[project] = (values[project], at)
            bad.pop(project, None)
            batch.append(noted(at, {"value": values[project], "pad": "x" * 500}, "live/read", projectId=project))
        writer.write(batch)
        seen.append((at, dict(good), dict(bad)))
        if step == 900:  # a restart in the middle
            writer.close()
            writer = open_writer(path)
    tape = Tape(path)  # while it is still being written
    for at, then, failing in luck.sample(seen, 200):
        known = tape.known(tape.seek(at + 5.0))
        assert len(known) == len(then.keys() | failing.keys())
        for project, (value, came_at) in then.items():
            found = known["live/read", json.dumps({"projectId": project}, separators=(",", ":"))]
            recorded = good_of(found)
            assert json.loads(tape.body(recorded))["value"] == value
            assert recorded.at == pytest.approx(came_at, abs=0.002)
            assert (found.failure.at if found.failure else None) == pytest.approx(failing.get(project), abs=0.002)
            if found.failure is not None:
                assert found.failure.failure is FailureKind.TIMEOUT
    tape.close()
    writer.close()


def test_an_unchanged_answer_costs_a_time_stamp_and_a_restart_none(path: Path) -> None:
    body = chart(4_000)
    write(path, [noted(AT, body)])
    first = path.stat().st_size
    for run in range(10):
        begun = AT + 3_600.0 * run
        write(path, *([noted(begun + 10.0 * step, body)] for step in range(1, 100)))
    assert good_of(answers(path, AT + 1e6)).at == AT + 9 * 3_600.0 + 990.0
    assert path.stat().st_size - first < 100_000
    with sqlite3.connect(path) as file:
        assert file.execute("SELECT count(*) FROM answers").fetchone() == (1,)
    file.close()


def test_the_answer_of_a_proxy_is_kept_as_the_failure_it_was(path: Path) -> None:
    page = b"<html>502 Bad Gateway</html>"
    write(path, [noted(AT, {"a": 1})], [noted(AT + 10, page, status=502, failure=FailureKind.SERVER)])
    found = answers(path, AT + 20)
    tape = Tape(path)
    assert found.failure is not None
    assert (found.failure.status, tape.body(found.failure)) == (502, page)
    assert json.loads(tape.body(good_of(found))) == {"a": 1}
    tape.close()
    assert answers(path, AT + 5).failure is None


def test_changes_and_events_are_found_in_order(path: Path) -> None:
    write(
        path,
        [noted(AT, {"a": 1}), event(AT + 1, "action", '{"id": "x"}')],
        [noted(AT + 10, {"a": 1}), noted(AT + 20, {"a": 2})],
        [event(AT + 25, "alert"), noted(AT + 30, {"a": 3})],
    )
    tape = Tape(path)
    assert [each.at for each in tape.changes(tape.seek(AT), tape.seek(AT + 40))] == [AT + 20, AT + 30]
    assert [each.at for each in tape.changes(tape.seek(AT + 20), tape.seek(AT + 29))] == []
    assert [(each.kind, each.at) for each in tape.events()] == [("action", AT + 1), ("alert", AT + 25)]
    (action,) = tape.events(frozenset({"action"}))
    assert action.body == {"id": "x"}
    assert (tape.first_at, tape.last_at) == (AT, AT + 30)
    change = next(tape.changes(tape.seek(AT), tape.seek(AT + 40)))
    assert json.loads(tape.body(good_of(tape.known(tape.seek(change.at))[LIST]))) == {"a": 2}
    tape.close()


def test_a_clock_set_back_keeps_the_order_and_every_hour_is_found(path: Path) -> None:
    """An hour is written twice; what was written with the clock as it was set counts."""
    ahead = [[noted(AT + minute * 60, {"first": minute})] for minute in range(120)]
    right = [[noted(AT + minute * 60, {"second": minute})] for minute in range(60, 180)]
    write(path, *ahead, *right)
    assert json.loads(body_at(path, AT + 30 * 60 + 1)) == {"first": 30}
    assert json.loads(body_at(path, AT + 90 * 60 + 1)) == {"second": 90}
    assert json.loads(body_at(path, AT + 150 * 60 + 1)) == {"second": 150}
    tape = Tape(path)
    told = [json.loads(tape.body(each)) for each in tape.changes(tape.seek(AT - 5), tape.seek(AT + 1e6))]
    tape.close()
    assert told[-121:-118] == [{"first": 119}, {"second": 60}, {"second": 61}]


def test_windows_that_follow_the_time_have_one_name() -> None:
    def name(at: float, length: float) -> str:
        window = {"projectId": 7, "name": "Equity", "count": 100, "start": int(at - length), "end": int(at)}
        return request_key(window, at)

    assert name(AT, 86_400) == name(AT + 61.7, 86_400)
    assert name(AT, 86_400) != name(AT, 172_800)
    fixed = {"projectId": 7, "name": "Equity", "count": 100, "start": int(AT) - 9_000, "end": int(AT) - 4_000}
    assert request_key(fixed, AT) == request_key(fixed, AT + 60) == json.dumps(fixed, sort_keys=True).replace(" ", "")


def test_what_is_too_old_goes_and_what_still_counts_stays(path: Path) -> None:
    """Five days of which one is kept: the file stops growing, and an answer that never changed again is there."""
    writer = open_writer(path, keep_s=86_400.0)
    writer.write([noted(AT, {"for": "ever"}, "projects/read"), noted(AT, chart(500), "live/read", projectId=1)])
    luck, sizes = random.Random(1), []
    for hour in range(5 * 24):
        at = AT + hour * 3_600.0
        writer.write([noted(at + step, {"hour": hour, "noise": luck.randbytes(2_000).hex()}) for step in range(10)])
        writer.write([noted(at + 60, {"for": "ever"}, "projects/read")])
        slices = 0
        while writer.trim(at + 60):
            slices += 1
        assert slices < 50
        sizes.append(size_of(path))
    writer.close()
    assert max(sizes[40:]) < 1.4 * sizes[30]
    assert json.loads(body_at(path, AT + 5 * 86_400.0, ("projects/read", "{}"))) == {"for": "ever"}
    tape = Tape(path)
    assert tape.first_at is not None
    assert 3.9 < (tape.first_at - AT) / 86_400.0 < 4.1
    known = tape.known(tape.seek(AT + 4.5 * 86_400.0))
    assert json.loads(tape.body(good_of(known[LIST])))["hour"] == 4.5 * 24
    assert set(known) == {LIST, ("projects/read", "{}")}, "what was not asked for since is gone"
    assert tape.damaged(lambda: True) == 0
    tape.close()


def test_a_tape_beyond_its_limit_loses_its_oldest_and_shrinks(path: Path) -> None:
    luck = random.Random(2)
    batches = [[noted(AT + 1_800.0 * step, luck.randbytes(50_000))] for step in range(200)]
    write(path, *batches)
    grown = path.stat().st_size
    writer = open_writer(path, limit=2_000_000)
    while writer.trim(AT + 200 * 1_800.0):
        pass
    since = writer.since
    writer.close()
    assert path.stat().st_size < 2_300_000 < grown
    assert since is not None
    assert since > AT + 150 * 1_800.0
    assert body_at(path, AT + 1e7) == batches[-1][0].body


def test_the_file_is_the_users_own(path: Path) -> None:
    writer = open_writer(path)
    writer.write([noted(AT, {})])
    for suffix in SUFFIXES:
        assert stat.S_IMODE(Path(f"{path}{suffix}").stat().st_mode) == 0o600
    writer.close()
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_later_version_is_refused_and_an_earlier_one_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(path, [noted(AT, {"a": 1})])
    monkeypatch.setattr(tape_file, "SCHEMA", tape_file.SCHEMA + 1)
    assert json.loads(body_at(path, AT)) == {"a": 1}
    with pytest.raises(OldTapeError, match="earlier version"):
        open_writer(path)
    monkeypatch.undo()
    with sqlite3.connect(path) as file:
        file.execute("PRAGMA user_version = 99")
    file.close()
    before = path.read_bytes()
    for refused in (open_writer, Tape):
        with pytest.raises(TapeError, match="later version"):
            refused(path)
    assert path.read_bytes() == before


def test_another_programs_file_is_left_alone(path: Path) -> None:
    path.parent.mkdir()
    with sqlite3.connect(path) as file:
        file.execute("CREATE TABLE theirs(a)")
    file.close()
    with pytest.raises(TapeError, match="another program"):
        open_writer(path)
    with pytest.raises(TapeError, match="no tape"):
        Tape(path.with_name("none"))
    path.with_name("text").write_text("no tape at all, but long enough to be looked at" * 90)
    with pytest.raises(TapeError, match="damaged"):
        Tape(path.with_name("text"))


def test_damage_in_the_middle_costs_what_is_there_and_no_more(path: Path) -> None:
    luck = random.Random(4)
    for hour in range(24):
        write(path, *([noted(AT + hour * 3_600 + 60 * each, luck.randbytes(3_000))] for each in range(30)))
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(size // 2)
        file.write(luck.randbytes(60_000))
    found = []
    for hour in range(24):
        try:
            found.append(len(body_at(path, AT + hour * 3_600 + 29 * 60)))
        except (TapeError, KeyError, AssertionError):
            found.append(0)
    assert found.count(3_000) >= 20
    assert found[0] == found[-1] == 3_000
    tape = Tape(path)
    assert tape.damaged(lambda: True) > 0
    assert tape.damaged(lambda: False) == 0
    assert 600 < len(list(tape.changes(tape.seek(AT), tape.seek(AT + 1e6)))) < 24 * 30
    tape.close()


def test_a_tape_is_read_where_nothing_can_be_written(path: Path) -> None:
    """A copy of the file alone, in a folder that takes no other file."""
    write(path, [noted(AT, {"a": 1})])
    path.chmod(0o400)
    path.parent.chmod(0o500)
    try:
        assert json.loads(body_at(path, AT)) == {"a": 1}
    finally:
        path.parent.chmod(0o700)


def test_the_beginning_is_the_place_before_it(path: Path) -> None:
    writer = open_writer(path)
    assert position_at(writer._file, AT) is None
    with pytest.raises(TapeError, match="nothing is recorded"):
        Tape(path).seek(AT)
    writer.write([noted(AT, {"a": 1})])
    writer.close()
    assert json.loads(body_at(path, AT - 1e6)) == {"a": 1}


def test_what_came_between_two_places_and_the_change_beside_one(path: Path) -> None:
    write(
        path,
        [noted(AT, {"n": 1}), noted(AT + 1, {"p": 1}, "live/read", projectId=7)],
        [noted(AT + 15, {"n": 1}), noted(AT + 16, b"", failure=FailureKind.TIMEOUT, status=None)],
        [noted(AT + 30, {"n": 2}), noted(AT + 31, {"p": 1}, "live/read", projectId=7)],
        [noted(AT + 45, {"n": 1})],
        [noted(AT + 900, {"n": 1})],
    )
    tape = Tape(path)
    came = tape.arrivals(tape.seek(AT + 2), tape.seek(AT + 31.5))
    assert [round(each.at - AT) for each in came] == [15, 16, 30, 31]
    assert [each.failure for each in came] == [None, FailureKind.TIMEOUT, None, None]
    assert [round(each.first_at - AT) for each in came] == [0, 16, 30, 1], (
        "an answer that came again is as old as it is"
    )
    assert tape.arrivals(tape.seek(AT + 50), tape.seek(AT + 899)) == []

    def beside(at: float, *, forward: bool, endpoint: str = "live/list") -> float | None:
        found = tape.change_beside(tape.seek(at), lambda each: each.endpoint == endpoint, forward=forward)
        return None if found is None else round(found.at - AT)

    assert [beside(AT + 2, forward=True), beside(AT + 16, forward=True), beside(AT + 30, forward=True)] == [16, 30, 45]
    assert [beside(AT + 45, forward=False), beside(AT + 44, forward=False)] == [30, 30]
    assert beside(AT + 45, forward=True) is None
    assert beside(AT + 44, forward=False, endpoint="live/read") == 1
    assert [tape.next_arrival(tape.seek(AT + each)) for each in (44, 45, 899, 900)] == [
        AT + 45,
        AT + 900,
        AT + 900,
        None,
    ]
    newest = good_of(tape.known(tape.seek(AT + 100))[LIST])
    assert [tape.body(each) for each in tape.earlier(newest)] == [b'{"n": 2}', b'{"n": 1}']
    tape.close()


def test_when_the_recording_began_that_goes_on_at_a_place(path: Path) -> None:
    write(path, [noted(AT, {"n": 1})])
    write(path, [noted(AT + 100, {"n": 2})])
    tape = Tape(path)
    assert [tape.began_at(tape.seek(AT + each)) for each in (50, 150)] == [AT, AT + 100]
    tape.close()
