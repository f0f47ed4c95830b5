"""The layers, proved twice: on the static graph, and by what really is imported when a part is used."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

INTERFACE = {"textual", "rich", "plotext"}
NETWORK = {"httpx", "httpcore"}
SERVER = {"starlette", "uvicorn"}


def imported_by(code: str) -> set[str]:
    """Top-level modules in a fresh interpreter after running `code`."""
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print(*sorted({{name.split('.')[0] for name in sys.modules}}))"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


def modules_of(package: str) -> list[str]:
    folder = ROOT.joinpath(*package.split("."))
    return [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in sorted(folder.glob("[a-z]*.py"))]


def test_the_contracts_of_pyproject_hold() -> None:
    done = subprocess.run(
        # Without its cache, which another run in the same folder may be writing.
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("code", "never"),
    [
        ("import qctui.cli", INTERFACE | NETWORK | SERVER | {"asyncio", "logging", "shtab"}),
        ("from qctui.cli.parser import parse; parse(['stop', '1'])", INTERFACE | NETWORK | SERVER | {"shtab"}),
        ("import qctui.cli.trigger, qctui.cli.wiring", INTERFACE | SERVER | {"pygments", "click"}),
        ("import qctui.cli.status, qctui.cli.journal_command", INTERFACE | SERVER),
        ("import qctui.cli.optimizations_command", INTERFACE | SERVER),
        ("import " + ", ".join(modules_of("qctui.sweep")), INTERFACE | NETWORK | SERVER),
        ("import qctui.cli.journal_command", {"asyncio", *NETWORK, *INTERFACE, *SERVER}),
        ("import " + ", ".join(modules_of("qctui.engine")), INTERFACE | NETWORK | SERVER),
        ("import " + ", ".join(modules_of("qctui.actions")), INTERFACE | NETWORK | SERVER),
        ("import " + ", ".join(modules_of("qctui.model")), INTERFACE | NETWORK | SERVER),
        ("import qctui.simulator.server", INTERFACE | {"httpx", "httpcore", "msgspec", "platformdirs"}),
    ],
)
def test_what_a_part_does_not_need_is_not_loaded(code: str, never: set[str]) -> None:
    assert not imported_by(code) & never


def test_the_console_begins_without_anything_of_a_replay() -> None:
    code = "import qctui.cli.console, qctui.cli.console_app, qctui.api.client, qctui.actions.service"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print(*sorted(sys.modules))"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    of_replay = ("replay", "player", "recorded_", "tape_events", "playback", "instants", "api.recorded")
    found = [
        name for name in done.stdout.split() if name.startswith("qctui.") and any(each in name for each in of_replay)
    ]
    assert found == []
