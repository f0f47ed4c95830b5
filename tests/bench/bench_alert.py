"""How soon a person is told. Run by hand: python -m tests.bench.bench_alert [--runs N] [--deployments N]

`qctui watch` against the simulator, in which one deployment after the other ends by itself: from the request whose
answer shows that, and from the alert's beginning to fire, to the first thing that its command does. Prints a
table; asserts nothing.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import time
from datetime import datetime
from pathlib import Path

from tests.bench.figures import print_figures
from tests.e2e.api import Api, simulator
from tests.e2e.console import QCTUI

PATIENCE_S = 60.0


def delivered(home: Path, api: Api, runs: int) -> tuple[list[float], list[float]]:
    """Seconds to the command's start: from the request whose answer shows the end, and from the firing."""
    folder, told = home / "config" / "qctui", home / "told"
    command = home / "command"
    command.write_text(f'#!/bin/sh\nat=$(date +%s.%N)\nread -r alert\necho "$at $alert" >> {told}\n')
    command.chmod(0o700)
    told.touch()
    environment = api.environment(home)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.toml").write_text(f'[delivery]\ncommand = ["{command}"]\n')
    since_answer, since_fired = list[float](), list[float]()
    running = [
        (project["projectId"], deployment["deployId"])
        for project in api.control("GET", "projects")["projects"]
        for deployment in project["deployments"]
        if deployment["status"] == "Running"
    ]
    watcher = [str(QCTUI), "watch", "--json", "--base-url", api.base_url]
    with subprocess.Popen(watcher, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        for project_id, deploy_id in running[:runs]:
            ended = time.time()
            api.control("POST", "end", projectId=project_id)
            began, alert = _told(told, deploy_id)
            asked = [each["arrived_at"] for each in api.requests("live/list") if ended <= each["arrived_at"] <= began]
            since_answer.append(began - asked[0])
            since_fired.append(began - datetime.fromisoformat(alert["fired_at"]).timestamp())
        process.terminate()
    return since_answer, since_fired


def _told(told: Path, deploy_id: str) -> tuple[float, dict[str, str]]:
    """When the command for this deployment began, and what it was given."""
    give_up = time.monotonic() + PATIENCE_S
    while time.monotonic() < give_up:
        for line in told.read_text().splitlines():
            at, _, given = line.partition(" ")
            if deploy_id in given:
                return float(at), json.loads(given)
        time.sleep(0.05)
    raise TimeoutError(f"nothing was told of {deploy_id}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=12)
    parser.add_argument("--deployments", type=int, default=40, help="projects in the world")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as home,
        simulator("--calm", "--deployments", str(options.deployments)) as api,
    ):
        answered, fired = delivered(Path(home), api, options.runs)
    print_figures("from the answer that shows it to the command's start", answered, 1_000)
    print_figures("from the alert's firing to the command's start", fired, 1_000)


if __name__ == "__main__":
    main()
