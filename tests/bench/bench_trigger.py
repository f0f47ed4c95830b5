"""How long until the trigger's first byte is at the API. Run by hand: python -m tests.bench.bench_trigger [--runs N]

Prints a table; asserts nothing. Both ends read CLOCK_MONOTONIC on this machine.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import time
from pathlib import Path

from tests.bench.figures import print_figures
from tests.e2e.api import Api, simulator
from tests.e2e.console import QCTUI, Console


def command_times(runs: int) -> list[float]:
    """Seconds from starting `qctui liquidate ID --yes --no-wait` to the first byte of its POST, a fresh world each."""
    times = []
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as home, simulator("--calm") as api:
            project_id, _, _ = api.running("live")
            environment = api.environment(Path(home))
            began = time.monotonic()
            subprocess.run(
                [QCTUI, "--base-url", api.base_url, "liquidate", str(project_id), "--yes", "--no-wait"],
                env=environment,
                capture_output=True,
                check=False,
            )
            (request,) = api.requests("live/update/liquidate")
            times.append(request["arrived_monotonic_s"] - began)
    return times


def console_times(runs: int) -> list[float]:
    """Seconds from the confirming Enter on a pty to the first byte of the POST, while polling runs and a chart of
    100,000 points is refreshed. The trigger is answered with `success: false`, so that the target stays alive."""
    arguments = ("--calm", "--points", "100000", "--fault", "bare-false:live/update/liquidate")
    with tempfile.TemporaryDirectory() as home, simulator(*arguments) as api:
        project_id, name, deploy_id = api.running("live")
        environment = api.environment(Path(home))
        times = []
        with Console("--base-url", api.base_url, "--project", str(project_id), env=environment) as console:
            console.wait_for(name)
            for number in range(runs):
                console.send("r")  # the chart and everything else on screen is read again now
                console.send("L")
                console.wait_for("Type ")
                console.send(deploy_id[-4:])
                console.wait_for(deploy_id[-4:] + " ")
                began = time.monotonic()
                console.send("\r")
                request = _nth_request(api, console, number)
                times.append(request["arrived_monotonic_s"] - began)
                console.wait_gone("Type ")
        return times


def _nth_request(api: Api, console: Console, number: int) -> dict[str, float]:
    while True:
        found = api.requests("live/update/liquidate")
        if len(found) > number:
            return found[number]
        console.draw_for(0.02)


def main() -> None:
    """Measure both ways and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=200, help="confirmations on the pty")
    parser.add_argument("--starts", type=int, default=30, help="starts of the command")
    options = parser.parse_args()
    if options.starts:
        print_figures("qctui liquidate --yes --no-wait, start to first byte", command_times(options.starts), 250)
    if options.runs:
        print_figures("confirming Enter on a pty to first byte", console_times(options.runs), 5, 30)


if __name__ == "__main__":
    main()
