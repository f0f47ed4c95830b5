"""The tape in the installed program: silent while it records, whole after a kill, and said when it can't."""

from __future__ import annotations

import re
import signal
import sqlite3
from pathlib import Path

from qctui.tape.tape import Tape
from qctui.tape.tape_file import TapeError
from tests.e2e.api import Api, simulator
from tests.e2e.console import Console
from tests.e2e.test_surroundings import run_in_shell

NAME = "Momentum"


def tape_of(home: Path) -> Path:
    (path,) = (home / "state" / "qctui").glob("tape-*.sqlite")
    return path


def holds(home: Path, endpoint: str, asked: str = "") -> bool:
    """Whether an answer of this endpoint is on the tape, to a request that says `asked`."""
    try:
        tape = Tape(tape_of(home))
    except (TapeError, ValueError):
        return False
    try:
        found = tape.known(tape.seek(float("inf")))
        return any(
            name == endpoint and asked in request and each.good is not None for (name, request), each in found.items()
        )
    except TapeError:
        return False
    finally:
        tape.close()


def money_of(console: Console) -> str:
    """The 24 hours of one deployment, as its row shows them."""
    row = next((line for line in console.text.splitlines() if NAME in line), "")
    found = re.search(r"([+-][\d,.]+) +([+-][\d.]+%)", row)
    return found[0] if found else ""


def test_the_last_day_is_whole_in_the_first_list_after_a_kill(api: Api, signed_in: dict[str, str], home: Path) -> None:
    project_id, _, _ = api.running("live")
    of_project = f'"projectId":{project_id}'
    # What is opened is read before the others.
    with Console("--base-url", api.base_url, "--project", str(project_id), env=signed_in) as console:
        console.wait_for(NAME, "API ok")
        console.wait_until(lambda: bool(money_of(console)), "its last 24 hours")
        console.wait_until(
            lambda: holds(home, "live/chart/read", of_project) and holds(home, "live/portfolio/read", of_project),
            "the tape to hold it",
        )
        assert "NO TAPE" not in console.text
        console.signal(signal.SIGKILL)
        console.wait_exit()
    # From now on no chart is answered: what is known of the day can only be remembered.
    api.fault("http-502", "live/chart/read")
    with Console("--base-url", api.base_url, env=signed_in, columns=120, rows=40) as console:
        console.wait_for(NAME)
        console.wait_until(lambda: bool(money_of(console)), "its last 24 hours, from the tape")
    done = run_in_shell(["--base-url", api.base_url, "doctor"], signed_in)
    assert re.search(r"ok +tape +\S+/tape-[0-9a-f]{12}\.sqlite, 0\.\d MB, since 20", done.stdout), done.stdout


def test_a_tape_that_does_not_record_is_said_and_holds_up_nothing(
    api: Api, signed_in: dict[str, str], home: Path
) -> None:
    with Console("--base-url", api.base_url, env=signed_in, columns=80, rows=24) as console:
        console.wait_for(NAME)
        console.wait_until(lambda: holds(home, "live/list"), "the tape to be begun")
    with sqlite3.connect(tape_of(home)) as file:
        file.execute("PRAGMA user_version = 99")
    file.close()
    with Console("--base-url", api.base_url, env=signed_in, columns=80, rows=24) as console:
        console.wait_for("NO TAPE: a later version wrote it", "API ok", NAME)
        console.send("\r")
        console.wait_for("launched", "NO TAPE: a later version wrote it")
        with sqlite3.connect(tape_of(home)) as file:
            file.execute("PRAGMA user_version = 1")
        file.close()
        console.wait_gone("NO TAPE")


def test_a_bundle_of_a_console_that_records_is_a_world_that_can_be_looked_at_and_not_changed(
    api: Api, signed_in: dict[str, str], home: Path, tmp_path: Path
) -> None:
    target, text = tmp_path / "bundle.zip", tmp_path / "mine.txt"
    project_id, name, deploy_id = api.running("live")
    at = ("--project", str(project_id), "--base-url")
    with Console(*at, api.base_url, env=signed_in, columns=120, rows=40) as console:
        console.wait_for(NAME, "API ok")
        console.wait_until(
            lambda: holds(home, "live/read", str(project_id)) and holds(home, "live/portfolio/read", str(project_id)),
            "the tape to hold it",
        )
        done = run_in_shell(["--base-url", api.base_url, "bundle", str(target)], signed_in)
        assert re.search(rf"{target}: \d\.\d MB, .+ UTC: \d+ answers, \d+ events?, 0 actions\n", done.stdout), done
        assert "API ok" in console.text
    text.write_text("mine")
    again = run_in_shell(["--base-url", api.base_url, "bundle", str(text)], signed_in)
    assert (again.returncode, text.read_text()) == (2, "mine")
    assert again.stderr == f"qctui: {text} is there already: name another file\n"
    packed = target.read_bytes()
    assert api.token.encode() not in packed
    with simulator("--tape", str(target)) as recorded:
        elsewhere = recorded.environment(tmp_path / "elsewhere")
        with Console(*at, recorded.base_url, env=elsewhere, columns=120, rows=40) as console:
            console.wait_for(name[:14], "API ok")
            console.send("L")
            console.wait_for(f"Type {deploy_id[-4:]} ", "Checked again: still running")
            console.send("\x1b")
            console.wait_gone("Checked again")
        done = run_in_shell(["--base-url", recorded.base_url, "liquidate", str(project_id), "--yes"], elsewhere)
        assert done.returncode == 1, done
        assert "This is a recorded world: nothing in it can be changed" in done.stdout + done.stderr
        assert [each["success"] for each in recorded.requests("live/update/liquidate")] == [False]
