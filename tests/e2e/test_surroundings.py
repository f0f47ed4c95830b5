"""Closed streams, few files, no home: every command ends, soon, and says what is true."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.e2e.api import Api
from tests.e2e.console import DEADLINE_S, QCTUI, Console
from tests.e2e.desk import LIQUIDATE, events

UNKNOWN_USER = """
import pwd, sys
def unknown(uid): raise KeyError(uid)
pwd.getpwuid = unknown
from qctui.cli import main
sys.exit(main())
"""
"""`qctui` on a system that has never heard of its user, as in a container."""

CLOSED = [">&-", "2>&-", "<&- >&- 2>&-"]


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


@pytest.mark.parametrize("streams", CLOSED)
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


def without_home(env: Mapping[str, str], **more: str) -> dict[str, str]:
    homes = ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME")
    return {name: value for name, value in env.items() if name not in homes} | more


def run_unknown_user(*arguments: str, env: Mapping[str, str], cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", UNKNOWN_USER, *arguments],
        env=dict(env),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )


@pytest.mark.parametrize("more", [{}, {"HOME": ""}, {"HOME": "a/b"}], ids=str)
def test_without_a_home_an_emergency_is_sent_and_the_missing_journal_is_said(
    api: Api, signed_in: dict[str, str], tmp_path: Path, more: dict[str, str]
) -> None:
    env = without_home(signed_in, **more)
    arguments = ("--base-url", api.base_url, "liquidate", str(api.running("live")[0]), "--yes")
    before = set(tmp_path.iterdir())
    done = run_unknown_user(*arguments, env=env, cwd=tmp_path)
    assert (done.returncode, "VERIFIED" in done.stdout) == (0, True)
    assert "no home directory: set HOME" in done.stderr
    assert "NO JOURNAL" in done.stderr
    assert "the journal could not be written: no home directory: set HOME" in done.stderr
    assert len(api.requests(LIQUIDATE)) == 1
    assert set(tmp_path.iterdir()) == before


def test_without_a_home_every_other_command_says_so_and_does_what_it_can(
    api: Api, signed_in: dict[str, str], tmp_path: Path
) -> None:
    env = without_home(signed_in)
    for command, code in (("status", 0), ("journal", 2), ("doctor", 2), ("--config ~/x.toml status", 2)):
        done = run_unknown_user("--base-url", api.base_url, *command.split(), env=env, cwd=tmp_path)
        assert (command, done.returncode) == (command, code)
        assert done.stderr.count("\n") == 1
        if "--config" not in command:
            assert "no home directory: set HOME" in done.stderr
    nobody = {name: value for name, value in env.items() if not name.startswith("QUANTCONNECT")}
    done = run_unknown_user("status", env=nobody, cwd=tmp_path)
    assert (done.returncode, "no credentials" in done.stderr, "Traceback" in done.stderr) == (2, True, False)


def test_without_a_home_the_console_opens(api: Api, signed_in: dict[str, str]) -> None:
    command = [sys.executable, "-c", UNKNOWN_USER]
    with Console("--base-url", api.base_url, env=without_home(signed_in), command=command) as console:
        console.wait_for(api.running("live")[1], "API ok")
        console.send("q")
        assert console.wait_exit() == 0


@pytest.mark.parametrize("home_of_nobody", ["/dev/null", "/proc/nowhere"])
def test_a_home_that_is_none_holds_up_no_emergency(api: Api, signed_in: dict[str, str], home_of_nobody: str) -> None:
    env = without_home(signed_in, HOME=home_of_nobody)
    project = str(api.running("live")[0])
    done = run_in_shell(["--base-url", api.base_url, "liquidate", project, "--yes", "--no-wait"], env)
    assert (done.returncode, "ACCEPTED" in done.stdout) == (4, True)
    assert "the journal could not be written" in done.stderr
    assert len(api.requests(LIQUIDATE)) == 1
    assert run_in_shell(["--base-url", api.base_url, "status"], env).returncode == 0
    for command, code in (("journal", {"/dev/null": 2, "/proc/nowhere": 0}[home_of_nobody]), ("doctor", 2)):
        done = run_in_shell(["--base-url", api.base_url, command], env)
        assert (command, done.returncode, "Traceback" in done.stderr) == (command, code, False)


def test_of_what_the_journal_has_not_got_no_later_start_is_promised(
    api: Api, signed_in: dict[str, str], home: Path
) -> None:
    (home / "state" / "qctui" / "journal.jsonl").mkdir(parents=True)
    project_id, _, _ = api.running("live")
    api.control("POST", "behaviours", projectId=project_id, behaviour="never-stops")
    with Console("--base-url", api.base_url, "liquidate", str(project_id), "--yes", env=signed_in) as command:
        command.wait_for("ACCEPTED", "the journal could not be written")
        command.send("\x03")
        assert command.wait_exit() == 130
        assert "the request stays sent and is not in the journal" in command.text
        assert "next start" not in command.text


def test_a_journal_that_can_not_be_written_is_said_as_long_as_that_lasts(
    api: Api, signed_in: dict[str, str], home: Path
) -> None:
    (home / "state" / "qctui" / "journal.jsonl").mkdir(parents=True)
    with Console("--base-url", api.base_url, env=signed_in, columns=80, rows=24) as console:
        console.wait_for("NO JOURNAL: not a regular file", "API ok")
        console.send("\r")  # the detail of what is selected says it too
        console.wait_for("launched", "NO JOURNAL: not a regular file")
        (home / "state" / "qctui" / "journal.jsonl").rmdir()
        console.wait_gone("NO JOURNAL")
        console.send("\x1b")
        console.wait_for("1 Deployments", "oldest data")
        console.wait_gone("NO JOURNAL")


def test_without_a_home_the_console_says_that_there_is_no_journal(api: Api, signed_in: dict[str, str]) -> None:
    command = [sys.executable, "-c", UNKNOWN_USER]
    with Console(
        "--base-url", api.base_url, env=without_home(signed_in), columns=80, rows=24, command=command
    ) as console:
        console.wait_for("NO JOURNAL: no home directory", "API ok")


def test_doctor_says_that_the_journal_can_not_be_written(api: Api, signed_in: dict[str, str], home: Path) -> None:
    (home / "state" / "qctui" / "journal.jsonl").mkdir(parents=True)
    done = run_in_shell(["--base-url", api.base_url, "doctor"], signed_in)
    assert done.returncode == 2
    assert "journal.jsonl can't be written (not a regular file)" in done.stdout


def test_a_log_that_is_a_pipe_is_not_waited_for(api: Api, signed_in: dict[str, str], home: Path) -> None:
    folder = home / "state" / "qctui"
    folder.mkdir(parents=True)
    os.mkfifo(folder / "qctui.log")
    arguments = ["--base-url", api.base_url, "liquidate", str(api.running("live")[0]), "--yes", "--no-wait"]
    done = run_in_shell(arguments, signed_in)
    assert (done.returncode, "ACCEPTED" in done.stdout) == (4, True)
    assert "no log is kept" in done.stderr
