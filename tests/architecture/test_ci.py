"""The one command that checks everything, before it begins: which Python it takes."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.architecture.readme import ROOT

OLD, NEW = "exit 1", 'case "$1" in -c) exit 0 ;; *) echo "$0 $*" >&2; exit 3 ;; esac'


def run(folder: Path, **pythons: str) -> subprocess.CompletedProcess[str]:
    """Run `.ci/run` where these are the only Pythons; those that are new enough end with 3 once they are used."""
    for name, does in pythons.items():
        path = folder / name.replace("_", ".")
        path.write_text(f"#!/bin/sh\n{does}\n", encoding="utf-8")
        path.chmod(0o755)
    for tool in ("bash", "sh", "dirname", "sed"):
        (folder / tool).symlink_to(f"/usr/bin/{tool}")
    return subprocess.run(
        ["/bin/bash", str(ROOT / ".ci" / "run")], env={"PATH": str(folder)}, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("pythons", [{}, {"python3": OLD}, {"python3": OLD, "python3_11": OLD}])
def test_without_a_python_that_is_new_enough_it_says_so_in_one_line(tmp_path: Path, pythons: dict[str, str]) -> None:
    done = run(tmp_path, **pythons)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Python 3.11 or newer is needed")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("pythons", "used"),
    [
        ({"python3": NEW}, "python3"),
        ({"python3": NEW, "python3_11": NEW}, "python3"),
        ({"python3": OLD, "python3_13": NEW}, "python3.13"),
        ({"python3_12": NEW}, "python3.12"),
    ],
)
def test_it_takes_the_usual_python_or_a_newer_one(tmp_path: Path, pythons: dict[str, str], used: str) -> None:
    done = run(tmp_path, **pythons)
    assert done.returncode == 3
    assert done.stderr == f"{tmp_path / used} -m venv .venv\n"
