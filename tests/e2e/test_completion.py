"""The completions in the shells themselves, on a terminal."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.e2e.console import QCTUI, Console, run_command

START = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], "source {script}"),
    "zsh": (["zsh", "-f", "-i"], "fpath=({folder} $fpath) && autoload -U compinit && compinit -u -D"),
    "fish": (["fish", "--no-config", "-i"], "source {script}"),
}


@pytest.mark.parametrize("shell", START)
def test_a_shell_completes_commands_options_and_files(shell: str, env: dict[str, str], home: Path) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    done = run_command("completion", shell, env=env)
    assert (done.returncode, done.stderr) == (0, "")
    script = home / "_qctui"  # the name that zsh looks for in its folders
    script.write_text(done.stdout)
    (home / "my-config.toml").touch()
    command, load = START[shell]
    env = env | {"PATH": f"{QCTUI.parent}:{env['PATH']}", "PS1": "$ "}
    with Console(command=command, env=env) as console:
        console.send(f"cd {home} && {load.format(script=script, folder=home)} && echo rea''dy\r")
        console.wait_for("ready")
        console.send("qctui liqui\t")
        console.wait_for("qctui liquidate")
        console.send("7 --dep\t")
        console.wait_for("qctui liquidate 7 --deploy-id")
        console.send("L-1 --no\t")
        console.wait_for("qctui liquidate 7 --deploy-id L-1 --no-wait")
        console.send("--config my-c\t")
        console.wait_for("--no-wait --config my-config.toml")


def test_a_shell_nobody_knows_is_one_line_and_exit_2(env: dict[str, str]) -> None:
    done = run_command("completion", "csh", env=env)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "bash" in done.stderr
