"""Closed streams, few files, no home: every command ends, soon, and says what is true."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.e2e.api import Api
from tests.e2e.console import DEADLINE_S, QCTUI, Console
from tests.e2e.desk import LIQUIDATE, events

CLOSED = [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"]


def run_in_shell(
    arguments: list[str], env: Mapping[str, str], *, before: str = ":", streams: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run `qctui` from a shell, which closes streams or sets limits first."""
    return subprocess.run(
        ["bash", "-c", f"{before}; exec {shlex.join([str(QCTUI), *arguments])} {streams}"],
        env=dict(env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )


@pytest.mark.parametrize("streams", CLOSED)
def test_a_trigger_whose_streams_are_closed_ends_when_it_is_verified(
    api: Api, signed_in: dict[str, str], home: Path, streams: str
) -> None:
    project_id, _, _ = api.running("live")
    arguments = ["--base-url", api.base_url, "liquidate", str(project_id), "--yes"]
    done = run_in_shell(arguments, signed_in, streams=streams)
    assert done.returncode == 0
    assert "Traceback" not in done.stderr
    assert events(home) == ["intent", "sending", "sent", "accepted", "stopped", "flat", "verified"]
    assert len(api.requests(LIQUIDATE)) == 1


@pytest.mark.parametrize("streams", [*CLOSED, "<&-"])
def test_every_other_command_whose_streams_are_closed_ends_as_it_would_with_them(
    api: Api, signed_in: dict[str, str], streams: str
) -> None:
    expected = {"status": 0, "doctor": 0, "journal": 0, "journal --json": 0, "--version": 0, "status --nonsense": 2}
    for command, code in expected.items():
        done = run_in_shell(["--base-url", api.base_url, *command.split()], signed_in, streams=streams)
        assert (command, done.returncode) == (command, code)
        assert "Traceback" not in done.stderr


def test_without_streams_the_console_is_refused(env: dict[str, str]) -> None:
    done = run_in_shell(["--demo"], env, streams="<&- >&-")
    assert (done.returncode, done.stdout) == (2, "")
    assert "the console needs a terminal" in done.stderr


@pytest.mark.parametrize("files", [5, 6, 8])
def test_where_too_few_files_may_be_open_nothing_is_sent_and_that_is_said(
    api: Api, signed_in: dict[str, str], files: int
) -> None:
    for command, code, said in (
        (["liquidate", str(api.running("live")[0]), "--yes"], 3, "nothing was sent: too few files"),
        (["status"], 2, "too few files may be open"),
        (["doctor"], 2, "too few files may be open"),
    ):
        done = run_in_shell(["--base-url", api.base_url, *command], signed_in, before=f"ulimit -n {files}")
        assert (done.returncode, done.stdout) == (code, "")
        assert said in done.stderr
        assert done.stderr.count("\n") == 1
    assert api.requests(LIQUIDATE) == []


def test_with_just_enough_files_a_trigger_is_sent(api: Api, signed_in: dict[str, str]) -> None:
    arguments = ["--base-url", api.base_url, "liquidate", str(api.running("live")[0]), "--yes", "--no-wait"]
    done = run_in_shell(arguments, signed_in, before="ulimit -n 12")
    assert (done.returncode, "ACCEPTED" in done.stdout) == (4, True)
    assert len(api.requests(LIQUIDATE)) == 1


def test_a_low_limit_that_may_be_raised_is_raised(api: Api, signed_in: dict[str, str]) -> None:
    done = run_in_shell(["--base-url", api.base_url, "status"], signed_in, before="ulimit -Sn 6")
    assert (done.returncode, done.stderr) == (0, "")


def test_where_too_few_files_may_be_open_the_console_does_not_touch_the_terminal(env: dict[str, str]) -> None:
    with Console("-c", f"ulimit -n 12; exec {QCTUI} --demo", env=env, command=["bash"]) as console:
        assert console.wait_exit() == 2
        assert "too few files may be open" in console.text
        assert b"\x1b[" not in console.raw
