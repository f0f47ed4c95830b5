"""The one command that checks everything: which Python it takes, and that whatever fails fails it."""

from __future__ import annotations

import os
import shutil
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


TOOLS = ("pip", "python", "ruff", "mypy", "lint-imports")
MAKES_TOOLS = f"""#!/bin/sh
mkdir -p .venv/bin
for tool in {" ".join(TOOLS)}; do
    printf '#!/bin/sh\\necho "${{0##*/}} $*"\\ncase "${{0##*/}} $*" in "$FAILS"*) exit 1 ;; esac\\n' >.venv/bin/$tool
    chmod +x .venv/bin/$tool
done
"""


@pytest.mark.parametrize(
    ("fails", "told"),
    [
        ("nothing", ""),
        ("python -m pytest", "the tests"),
        ("ruff check", "ruff check ."),
        ("ruff format", "ruff format --check ."),
        ("mypy", "mypy"),
        ("lint-imports", "lint-imports --no-cache"),
        ("python .ci/footprint.py", "python .ci/footprint.py"),
    ],
)
def test_whatever_fails_fails_it_and_everything_else_is_run(tmp_path: Path, fails: str, told: str) -> None:
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", tmp_path / ".ci" / "run")
    shutil.copy(ROOT / "README.md", tmp_path / "README.md")
    (tmp_path / "bin").mkdir()
    python = tmp_path / "bin" / "python3"
    python.write_text(MAKES_TOOLS, encoding="utf-8")
    python.chmod(0o755)
    environment = {"PATH": f"{tmp_path / 'bin'}:{os.defpath}", "FAILS": fails}
    done = subprocess.run(
        ["/bin/bash", str(tmp_path / ".ci" / "run")], env=environment, capture_output=True, text=True, check=False
    )
    lines = done.stdout.splitlines()
    assert done.stderr == ""
    for printed in ("python -m pytest -n auto", "ruff check .", "ruff format --check .", "mypy "):
        assert lines.count(printed) == 1
    assert lines[-1] == (f"== failed: {told};" if told else "== everything holds")
    assert done.returncode == (1 if told else 0)
