"""A recorded world: what was answered is answered again, at the time that it belongs to, and nothing can be changed."""

from __future__ import annotations

import argparse
import json
import time
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from qctui.model.resource import FailureKind
from qctui.simulator.command_line import add_arguments, run
from qctui.simulator.config import SimConfig
from qctui.simulator.recorded_tape import SCHEMAS, RecordedTape
from qctui.simulator.simulation import open_simulation
from qctui.simulator.web_app import build_app
from qctui.tape import tape_file
from qctui.tape.request_key import request_key
from qctui.tape.tape import Tape
from qctui.tape.tape_writer import Noted
from tests.api.support import PAYLOADS
from tests.simulator.support import MOMENTUM, PAIRS, Json, Sim
from tests.tape.shelf import AT, LIST, good_of, noted, write

MINUTES = 12
EQUITY = "Strategy Equity"


class RecordedSim(Sim):
    """A simulator of a tape. Its clock begins with the tape, or so much later, and stands still."""

    def __init__(self, tape: Path, later_s: float = 0.0) -> None:
        self.config = SimConfig(tape=str(tape), start_at=AT + later_s)
        self.simulation = open_simulation(self.config)
        self.world, self.app = self.simulation.world, build_app(self.simulation)
        self.clock, self.real_at = self.world.clock, time.time()


def read_of(sim: Sim, path: str, fields: Json, at: float) -> Noted:
    return Noted(at, path, request_key(fields, at), 200, None, sim.ask(path, fields).body, 0.1)


def asked_of(sim: Sim, path: str, **fields: Any) -> Callable[[float], Noted]:
    """Something that is read each minute."""
    return lambda at: read_of(sim, path, fields, at)


def chart_of(sim: Sim, count: int, span_s: int) -> Callable[[float], Noted]:
    def read(at: float) -> Noted:
        fields = {"projectId": MOMENTUM, "name": EQUITY, "count": count, "start": int(at) - span_s, "end": int(at)}
        return read_of(sim, "live/chart/read", fields, at)

    return read


@pytest.fixture(scope="module")
def tape(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some minutes of an invented world: a liquidation in the fifth, an outage in the eighth."""
    sim = Sim(start_at=AT)
    live = sim.world.projects[MOMENTUM].live(sim.world.now())
    assert live is not None
    reads = [
        asked_of(sim, "live/list"),
        asked_of(sim, "projects/read"),
        asked_of(sim, "live/read", projectId=MOMENTUM),
        asked_of(sim, "live/read", projectId=PAIRS, deployId=sim.world.projects[PAIRS].deployments[0].deploy_id),
        asked_of(sim, "live/portfolio/read", projectId=MOMENTUM),
        asked_of(sim, "optimizations/list", projectId=MOMENTUM),
        asked_of(sim, "live/orders/read", projectId=PAIRS, start=0, end=100),
        asked_of(sim, "live/insights/read", projectId=PAIRS, start=0, end=60),
        asked_of(sim, "live/insights/read", projectId=PAIRS, start=60, end=99),
        asked_of(sim, "live/logs/read", projectId=MOMENTUM, algorithmId=live.deploy_id, startLine=0, endLine=50),
        chart_of(sim, 192, 172_800),
        chart_of(sim, 600, 3_600),
    ]
    batches: list[list[Noted]] = []
    for minute in range(MINUTES):
        at = AT + 60.0 * minute
        if minute == 5:
            sim.post("live/update/liquidate", projectId=MOMENTUM)
        if minute == 8:
            batches.append([noted(at, b"", "live/list", status=500, failure=FailureKind.SERVER)])
            batches.append([noted(at, b"", "live/read", status=None, failure=FailureKind.TIMEOUT, projectId=MOMENTUM)])
        else:
            batches.append([read(at) for read in reads])
        sim.clock.advance(60.0)
    path = tmp_path_factory.mktemp("recorded") / "tape.sqlite"
    write(path, *batches)
    return path


def bodies_at(path: Path, at: float) -> dict[tuple[str, str], Any]:
    with closing(Tape(path)) as tape:
        known = tape.known(tape.seek(at))
        return {key: json.loads(tape.body(found.good)) for key, found in known.items() if found.good is not None}


def test_each_minute_is_answered_as_it_was(tape: Path) -> None:
    sim = RecordedSim(tape)
    statuses = []
    for minute in range(MINUTES + 3):
        expected = bodies_at(tape, AT + 60.0 * minute)
        if minute == 8:
            assert sim.ask("live/list", {}).status == 500
            with pytest.raises(ConnectionResetError):
                sim.ask("live/read", {"projectId": MOMENTUM})
        else:
            for (path, request), body in expected.items():
                fields = json.loads(request)
                if "count" not in fields:
                    assert sim.post(path, **fields) == body, (minute, path)
            statuses.append(sim.post("live/read", projectId=MOMENTUM)["status"])
        sim.clock.advance(60.0)
    assert statuses[4] == "Running"
    assert set(statuses[6:]) == {"Liquidated"}, "past its end the last answers stay"


def test_its_times_are_those_of_the_present(tape: Path) -> None:
    plain, moved = RecordedSim(tape), RecordedSim(tape, 86_400.0 * 3)

    def newest(sim: Sim) -> list[Any]:
        listed = sim.post("live/list")["live"][0]["launched"]
        (order,) = sim.post("live/orders/read", projectId=PAIRS, start=0, end=1)["orders"]
        insight = sim.post("live/insights/read", projectId=PAIRS, start=0, end=1)["insights"][0]["generatedTime"]
        points = chart(sim)
        return [listed[:10], order["time"][:10], insight, points[0][0], points[-1][0]]

    before, after = newest(plain), newest(moved)
    assert [each[:8] for each in (before[0], after[0])] == ["2026-10-", "2026-10-"]
    assert int(after[0][8:]) - int(before[0][8:]) == 3
    assert int(after[1][8:]) - int(before[1][8:]) == 3
    assert [late - early for late, early in zip(after[2:], before[2:], strict=True)] == [86_400 * 3] * 3
    assert moved.control("clock", "GET")["recorded"] == AT


def chart(sim: Sim, span_s: int = 86_400, count: int = 300, ago_s: int = 0) -> list[Any]:
    end = int(sim.clock.now()) - ago_s
    fields = {"projectId": MOMENTUM, "name": EQUITY, "count": count, "start": end - span_s, "end": end}
    found: Json = sim.post("live/chart/read", **fields)
    values: list[Any] = found["chart"]["series"]["Equity"]["values"]
    return values


def test_a_chart_of_another_width_is_the_nearest_one_in_its_window(tape: Path) -> None:
    sim = RecordedSim(tape)
    sim.clock.advance(120.0)
    now = int(sim.clock.now())
    day, hour = chart(sim), chart(sim, 3_000, 80)
    assert now - 86_400 <= day[0][0] < now - 80_000, "of the one over two days, what is asked for"
    assert now - 3_000 <= hour[0][0]
    step = hour[1][0] - hour[0][0]
    assert step < day[1][0] - day[0][0], "of the one over an hour, which is finer"
    assert chart(sim, 3_600, 600, ago_s=86_400 * 400) == []


def test_a_failure_is_that_of_the_nearest_request_and_of_no_other(tmp_path: Path) -> None:
    path, now, bad = tmp_path / "tape.sqlite", int(AT), FailureKind.SERVER
    whole: Json = {"projectId": 1, "name": EQUITY, "start": now - 86_400, "end": now}
    logs: Json = {"projectId": 1, "algorithmId": "L-1", "format": "json"}
    lines: Json = {"logs": [f"line {number}" for number in range(10)], "length": 30, "success": True}
    write(
        path,
        [noted(AT, {"chart": {"series": {}}, "success": True}, "live/chart/read", count=200, **whole)],
        [noted(AT, lines, "live/logs/read", startLine=0, endLine=10, **logs)],
        [
            noted(AT + 5, b"", "live/chart/read", status=500, failure=bad, count=900, **whole),
            noted(AT + 5, b"", "live/logs/read", status=502, failure=bad, startLine=10, endLine=20, **logs),
        ],
    )
    sim = RecordedSim(path, 10.0)
    sim.clock.advance(10.0)
    window = {"projectId": 1, "name": EQUITY, "start": now - 86_390, "end": now + 10}
    assert [sim.ask("live/chart/read", {**window, "count": count}).status for count in (190, 210, 800)] == [
        200,
        200,
        500,
    ]
    asked = [{**logs, "startLine": first, "endLine": first + 8} for first in (0, 4, 13)]
    assert [sim.ask("live/logs/read", each).status for each in asked] == [200, 200, 502]
    assert sim.post("live/logs/read", **asked[1])["logs"] == lines["logs"][4:]


def test_parts_of_a_list_are_put_together(tape: Path) -> None:
    sim = RecordedSim(tape)
    low = sim.post("live/insights/read", projectId=PAIRS, start=0, end=60)["insights"]
    high = sim.post("live/insights/read", projectId=PAIRS, start=60, end=99)["insights"]
    assert (len(low), len(high)) == (60, 39)
    over = sim.post("live/insights/read", projectId=PAIRS, start=40, end=80)
    assert over["insights"] == low[40:] + high[:20]
    assert sim.post("live/insights/read", projectId=PAIRS, start=90, end=150)["insights"] == high[30:]
    assert over["length"] > 99


def test_what_was_asked_for_otherwise_is_found_in_what_was_recorded(tape: Path) -> None:
    sim = RecordedSim(tape)
    listed = sim.post("live/list")["live"]
    assert sim.post("live/list", status="Running")["live"] == [each for each in listed if each["status"] == "Running"]
    (project,) = sim.post("projects/read", projectId=PAIRS)["projects"]
    assert project["projectId"] == PAIRS
    (deploy_id,) = {
        each["deployId"] for each in listed if each["projectId"] == MOMENTUM and each["status"] == "Running"
    }
    asked = {"projectId": MOMENTUM, "deployId": deploy_id}
    assert sim.post("live/read", **asked) == sim.post("live/read", projectId=MOMENTUM)
    older = next(each["deployId"] for each in reversed(listed) if each["projectId"] == PAIRS)
    assert sim.post("live/read", projectId=PAIRS, deployId=older)["deployId"] == older
    for path, fields in (
        # What was recorded of an older deployment is nothing about the newest.
        ("live/read", {"projectId": PAIRS}),
        ("live/portfolio/read", {"projectId": PAIRS}),
        ("live/portfolio/read", {}),
        ("live/chart/read", {"projectId": MOMENTUM, "name": "Another", "count": 9, "start": 0, "end": int(AT)}),
        ("optimizations/read", {"optimizationId": "O-1"}),
    ):
        assert sim.post(path, **fields) == {"success": False, "errors": ["Not recorded"]}


def test_nothing_can_be_changed_and_credentials_count(tape: Path) -> None:
    sim = RecordedSim(tape)
    words = "This is a recorded world: nothing in it can be changed"
    for path, fields in (
        ("live/update/liquidate", {"projectId": MOMENTUM}),
        ("live/update/stop", {"projectId": MOMENTUM}),
        ("optimizations/abort", {"optimizationId": "O-1"}),
    ):
        assert sim.post(path, **fields) == {"success": False, "errors": [words]}
        assert sim.ask(path, fields, headers={}).status == 401
    assert sim.post("authenticate") == {"success": True}
    for path in ("brokerage", "redeploy", "equity"):
        reply = sim.ask(path, {"projectId": MOMENTUM}, headers={}, prefix="/_sim/")
        assert (reply.status, reply.json()) == (400, {"error": words})
    sim.control("faults", kind="http-502", endpoint="live/list", times=1)
    assert [sim.ask("live/list", {}).status for _ in range(2)] == [502, 200]


def test_every_schema_that_the_tape_has_is_read() -> None:
    assert tuple(range(1, tape_file.SCHEMA + 1)) == SCHEMAS
    for schema in SCHEMAS:
        path = PAYLOADS / f"tape__schema_{schema}.sqlite"
        recorded = RecordedTape(path)
        (listing,) = [each for each in recorded.requests if each.endpoint == "live/list"]
        with closing(Tape(path)) as tape:
            assert recorded.first_at == tape.first_at
            for minute in range(42):
                at = AT + 60.0 * minute + 1.0
                known, newest = tape.known(tape.seek(at))[LIST], listing.at(at)
                assert newest is not None
                assert newest.seq == (known.failure or good_of(known)).seq
                assert recorded.body(newest.seq) == tape.body(known.failure or good_of(known))


def test_a_bundle_is_opened_and_what_is_no_tape_is_one_line(
    tape: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = tmp_path / "bundle.zip"
    with zipfile.ZipFile(bundle, "w", zipfile.ZIP_DEFLATED) as file:
        file.write(tape, "tape.sqlite")
    assert RecordedSim(bundle).post("live/list") == RecordedSim(tape).post("live/list")
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    (tmp_path / "text").write_text("no tape " * 100)
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as file:
        file.writestr("README.txt", "")
    (tmp_path / "torn.zip").write_bytes(bundle.read_bytes()[:3_000])
    for name in ("text", "other.zip", "torn.zip", "missing"):
        assert run(parser.parse_args(["--tape", str(tmp_path / name)])) == 2
        assert capsys.readouterr().err.startswith(f"simulator: {tmp_path / name}: ")
