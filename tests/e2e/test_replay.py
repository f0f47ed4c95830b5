"""The replay in the installed program: over the account's own tape, without an account, and nothing is asked of it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from tests.e2e.api import Api
from tests.e2e.console import Console, clean_environment
from tests.e2e.test_surroundings import run_in_shell
from tests.e2e.test_tape import NAME, holds, money_of, tape_of


def files_of(folder: Path) -> dict[str, bytes]:
    """What stands in the files, but for the log."""
    return {each.name: each.read_bytes() for each in folder.rglob("*") if each.is_file() and each.name != "qctui.log"}


def test_a_run_is_seen_again_and_nothing_is_asked_of_the_api(api: Api, signed_in: dict[str, str], home: Path) -> None:
    project_id, _, _ = api.running("live")
    at = ("--base-url", api.base_url, "--project", str(project_id))  # what is opened is read before the others
    with Console(*at, env=signed_in, columns=80, rows=24) as console:
        console.wait_for(NAME, "API ok")
        console.wait_until(lambda: bool(money_of(console)), "its last 24 hours")
        console.wait_until(lambda: holds(home, "live/portfolio/read"), "the tape to hold it")
        console.send("q")
        console.wait_exit()
    asked, folder = api.control("GET", "requests")["total"], tape_of(home).parent
    before = files_of(folder)
    # The account's own tape by default; and the only one there is where nobody is signed in.
    for env in (signed_in, clean_environment(home)):
        with Console("--base-url", api.base_url, "replay", "--at", "end", env=env, columns=80, rows=24) as console:
            console.wait_for(" REPLAY ", "paused", NAME, "100%")
            assert "API ok" not in console.text
            console.wait_until(lambda console=console: bool(money_of(console)), "its last 24 hours")  # type: ignore[misc]
            console.send("L")
            console.wait_for("Can't liquidate: this is a replay of a tape: nothing can be sent from here")
            console.send("Tstart\r.\r")
            console.wait_for("1 Statistics", " REPLAY ", "not read then")
            console.send("\x1b")
            console.wait_for("Deployments")
            console.send("P")
            console.wait_for("playing x1")
            console.send("q")
            assert console.wait_exit() == 0
    assert api.control("GET", "requests")["total"] == asked
    assert files_of(folder) == before


def test_whose_tape_it_is_needs_no_token(home: Path, env: dict[str, str]) -> None:
    folder, asked = home / "config" / "qctui", home / "asked"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text(
        f'[profiles.main]\nuser-id = "424242"\ntoken-command = ["touch", "{asked}"]\n', encoding="utf-8"
    )
    done = run_in_shell(["replay", "--profile", "main"], env)
    assert done.returncode == 2
    assert "no tape: nothing of this account is recorded in" in done.stderr
    assert not asked.exists()


def test_what_can_not_be_replayed_is_one_line_and_exit_2(home: Path, env: dict[str, str]) -> None:
    (home / "none.sqlite").touch()
    (home / "other.sqlite").write_bytes(b"no tape at all " * 1_000)
    with sqlite3.connect(home / "later.sqlite") as file:
        file.executescript(f"PRAGMA application_id = {0x71637470}; PRAGMA user_version = 99; CREATE TABLE t(a);")
    file.close()
    for arguments, words in (
        (["missing.sqlite"], "there is no tape at"),
        (["none.sqlite"], "nothing is recorded on it yet"),
        (["other.sqlite"], "its file is damaged"),
        (["later.sqlite"], "a later version wrote it"),
        ([], "no tape: nothing is recorded in"),
        (["--speed", "0"], "argument --speed: '0' is no speed: a number from 0.1 to 3600 is expected"),
    ):
        given = [str(home / each) if each.endswith("sqlite") else each for each in arguments]
        done = run_in_shell(["replay", *given], env)
        assert done.returncode == 2, done
        assert done.stdout == ""
        assert words in done.stderr
        assert done.stderr.count("\n") == 1, done.stderr
