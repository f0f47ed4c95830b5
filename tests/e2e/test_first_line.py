"""Ctrl+C while the program is still being imported, at exact places: it ends without a word."""

from __future__ import annotations

import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from tests.e2e.console import DEADLINE_S, QCTUI

INTERRUPTING = """
import os, signal, sys

class Interrupt:
    def __set_name__(self, owner, name):
        os.kill(os.getpid(), signal.SIGINT)

    def find_spec(self, name, path=None, target=None):
        if name == os.environ.get("INTERRUPT_AT"):
            sys.meta_path.remove(self)
            type("Owner", (), {"name": self})

sys.meta_path.insert(0, Interrupt())
"""
"""A `sitecustomize.py`: the signal arrives when this module begins to be imported, within the making of a class: Python
up to 3.11 makes a RuntimeError of what comes there."""

PROGRAMS = pytest.mark.parametrize("program", [[str(QCTUI)], [sys.executable, "-m", "qctui"]], ids=["script", "module"])


def run_at(
    program: list[str], module: str, folder: Path, env: dict[str, str], inherited: signal.Handlers = signal.SIG_DFL
) -> subprocess.CompletedProcess[str]:
    """Run `qctui journal`, which needs nothing from outside, and interrupt it where `module` is imported first. It
    inherits `inherited` for Ctrl+C, whatever these tests were given themselves."""
    (folder / "sitecustomize.py").write_text(INTERRUPTING)
    return subprocess.run(
        [*program, "journal"],
        env=env | {"PYTHONPATH": str(folder), "INTERRUPT_AT": module},
        stdin=subprocess.DEVNULL,
        preexec_fn=partial(signal.signal, signal.SIGINT, inherited),
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )


@PROGRAMS
@pytest.mark.parametrize("module", ["qctui.cli", "resource", "qctui.cli.parser", "argparse"])
def test_in_its_first_imports_it_is_ended_without_a_word(
    program: list[str], module: str, tmp_path: Path, env: dict[str, str]
) -> None:
    done = run_at(program, module, tmp_path, env)
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", "")


@PROGRAMS
def test_from_the_command_line_on_it_says_that_it_was_interrupted(
    program: list[str], tmp_path: Path, env: dict[str, str]
) -> None:
    done = run_at(program, "qctui.cli.journal_command", tmp_path, env)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "qctui: interrupted\n")


@PROGRAMS
@pytest.mark.parametrize("module", ["qctui.cli", "qctui.cli.journal_command"])
def test_where_interrupts_are_ignored_they_stay_ignored(
    program: list[str], module: str, tmp_path: Path, env: dict[str, str]
) -> None:
    done = run_at(program, module, tmp_path, env, signal.SIG_IGN)
    assert (done.returncode, done.stderr) == (0, "")
