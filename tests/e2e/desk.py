"""What the end-to-end tests of the emergency path share: the journal, and a console ready to act."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from tests.e2e.api import Api
from tests.e2e.console import Console

LIQUIDATE = "live/update/liquidate"


def journal(home: Path) -> list[dict[str, Any]]:
    """What the journal has by now, without a line that is still being written: a read may see half of one."""
    path = home / "state" / "qctui" / "journal.jsonl"
    if not path.exists():
        return []
    whole, _, _ = path.read_bytes().rpartition(b"\n")
    return [json.loads(line) for line in whole.splitlines()]


def events(home: Path) -> list[str]:
    return [entry["event"] for entry in journal(home)]


def await_event(api: Api, home: Path, last: str) -> None:
    """Until this is the journal's last event. The screen tells a step the moment it is taken, the disk a little later:
    a test that kills the console in between would look for a line that nobody promised."""
    api.until(lambda: events(home)[-1:] == [last], f"{last} being the journal's last word")


def of_project(home: Path, project_id: int) -> set[str]:
    return {entry["event"] for entry in journal(home) if entry["project_id"] == project_id}


def open_on(api: Api, env: dict[str, str], *arguments: str, environment: str = "live") -> tuple[Console, int, str]:
    """A console on a running deployment, ready to act."""
    project_id, name, deploy_id = api.running(environment)
    console = Console("--base-url", api.base_url, "--project", str(project_id), *arguments, env=env)
    console.wait_for(name, "API ok")
    console.wait_until(lambda: f"2 Optimizations {name[:12]}" in console.text, f"{name} being selected")
    return console, project_id, deploy_id


def ask_to_liquidate(console: Console, deploy_id: str) -> None:
    console.send("L")
    console.wait_for(f"Type {deploy_id[-4:]} to liquidate, then Enter.", "Checked again")


def tries_again(console: Console) -> bool:
    """It says that it is not the first try; the second may be over before it was drawn."""
    return re.search(r"\d(nd|rd|th) try", console.text) is not None


def await_tries(console: Console) -> None:
    console.wait_until(lambda: tries_again(console), "another try")


def confirm(console: Console, deploy_id: str) -> None:
    console.send(deploy_id[-4:] + "\r")
