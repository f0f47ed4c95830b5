"""Answers a trigger of the command line may get, beyond yes and no: requests, words, exit code, journal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from qctui.text import clean
from tests.e2e.api import Api, simulator
from tests.e2e.console import Console, run_command
from tests.e2e.desk import LIQUIDATE, await_event, events, journal
from tests.e2e.test_surroundings import run_in_shell


def test_429_is_sent_again_after_the_time_it_asks_for(api: Api, signed_in: dict[str, str], home: Path) -> None:
    project_id, _, _ = api.running("live")
    api.fault("http-429-retry", LIQUIDATE, value=1, times=1)
    done = run_command("--base-url", api.base_url, "liquidate", str(project_id), "--yes", env=signed_in)
    assert done.returncode == 0
    assert "SENDING 2nd try in 1s: liquidate: too many requests; it asks to wait 1 s" in done.stdout
    first, second = api.requests(LIQUIDATE)
    assert second["arrived_monotonic_s"] - first["arrived_monotonic_s"] >= 1.0
    assert events(home)[:6] == ["intent", "sending", "sent", "sending", "sent", "accepted"]
    assert events(home)[-1] == "verified"


def test_a_rejection_of_what_had_already_stopped_says_that(api: Api, signed_in: dict[str, str], home: Path) -> None:
    project_id, _, _ = api.running("live")
    api.control("POST", "end", projectId=project_id)
    for witness in ("live/read", "live/list"):
        api.fault("http-500", witness, times=1)  # so that nothing is known of it before it is sent
    done = run_command("--base-url", api.base_url, "liquidate", str(project_id), "--yes", env=signed_in)
    assert done.returncode == 1
    assert "REJECTED already stopped at" in done.stdout
    assert "the API said:" in done.stdout
    assert events(home) == ["intent", "sending", "sent", "rejected"]
    assert len(api.requests(LIQUIDATE)) == 1


@pytest.mark.parametrize("fault", ["html-200", "json-array", "close-after"])
def test_an_answer_that_can_not_be_trusted_is_unknown_after_one_request(
    api: Api, signed_in: dict[str, str], home: Path, fault: str
) -> None:
    project_id, _, _ = api.running("live")
    api.fault(fault, LIQUIDATE)
    arguments = ("--base-url", api.base_url, "liquidate", str(project_id), "--yes", "--no-wait")
    done = run_command(*arguments, env=signed_in)
    assert (done.returncode, len(api.requests(LIQUIDATE))) == (4, 1)
    assert "UNKNOWN" in done.stdout.splitlines()[-1]
    assert events(home) == ["intent", "sending", "sent", "unknown"]


def test_an_answer_that_never_comes_is_left_to_the_journal_by_a_second_ctrl_c(
    api: Api, signed_in: dict[str, str], home: Path
) -> None:
    project_id, _, _ = api.running("live")
    api.fault("hang-after", LIQUIDATE)
    with Console("--base-url", api.base_url, "liquidate", str(project_id), "--yes", env=signed_in) as command:
        command.wait_for("SENT")
        command.send("\x03")
        command.wait_for("the request stays sent; waiting for its answer")
        command.send("\x03")
        assert command.wait_exit() == 130
    assert [entry["event"] for entry in journal(home)] == ["intent", "sending", "sent"]
    assert len(api.requests(LIQUIDATE)) == 1
    api.no_faults()
    with Console("--base-url", api.base_url, env=signed_in) as console:
        console.wait_for("by a command", "UNKNOWN")
        console.wait_for("VERIFIED")
        await_event(api, home, "verified")
    assert events(home) == ["intent", "sending", "sent", "unknown", "stopped", "flat", "verified"]
    assert len(api.requests(LIQUIDATE)) == 1


def test_a_stream_that_can_not_take_a_name_takes_the_ladder_all_the_same(signed_in: dict[str, str]) -> None:
    with simulator("--calm", "--hostile-text", "--stop-lag", "0.4") as api:
        projects = api.control("GET", "projects")["projects"]
        project = next(each for each in projects if not each["name"].isascii())
        arguments = ["--base-url", api.base_url, "stop", str(project["projectId"]), "--yes", "--json"]
        done = run_in_shell(arguments, signed_in | {"PYTHONIOENCODING": "ascii"})
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert (done.returncode, [line["event"] for line in lines][-1]) == (0, "verified")
    assert {line["name"] for line in lines} == {clean(project["name"])}
