"""How long until the trigger's first byte is at the API. Run by hand: python -m tests.bench.bench_trigger [--runs N]

Prints a table; asserts nothing. Both ends read CLOCK_MONOTONIC on this machine.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import time
from contextlib import AbstractContextManager
from pathlib import Path

from tests.bench.figures import print_figures
from tests.bench.tap import Tap
from tests.e2e.api import Api, simulator
from tests.e2e.console import QCTUI, Console

AGAIN = "type it again"


def command_times(runs: int) -> list[float]:
    """Seconds from starting `qctui liquidate ID --yes --no-wait` to the first byte of its POST."""
    times = []
    with tempfile.TemporaryDirectory() as home, world() as api, Tap(api.port) as tap:
        project_id, _, _ = api.running("live")
        for _ in range(runs):
            began = time.monotonic()
            subprocess.run(
                [QCTUI, "--base-url", tapped(tap), "liquidate", str(project_id), "--yes", "--no-wait"],
                env=api.environment(Path(home)),
                capture_output=True,
                check=False,
            )
            times.append(tap.next_at() - began)
    return times


def console_times(runs: int) -> list[float]:
    """Seconds from the confirming Enter on a pty to the first byte of the POST, while polling runs and a chart of
    100,000 points is refreshed."""
    times = []
    with tempfile.TemporaryDirectory() as home, world("--points", "100000") as api, Tap(api.port) as tap:
        project_id, name, deploy_id = api.running("live")
        code = deploy_id[-4:]
        arguments = ("--base-url", tapped(tap), "--project", str(project_id))
        with Console(*arguments, env=api.environment(Path(home))) as console:
            console.wait_for(name)
            for _ in range(runs):
                console.send("r")  # the chart and everything else on screen is read again now
                times.append(confirm(console, code, tap))
    return times


def confirm(console: Console, code: str, tap: Tap) -> float:
    """Liquidate what is selected. Returns the seconds from the confirming Enter to the first byte of the POST."""
    console.send("L")
    console.wait_for(f"Type {code} ", "Checked again")
    _type(console, code)
    began = time.monotonic()
    console.send("\r")
    console.wait_gone(f"Type {code} ")
    return tap.next_at() - began


def _type(console: Console, code: str) -> None:
    shown = console.text.count(code)
    console.send(code)
    console.wait_until(lambda: console.text.count(code) > shown or AGAIN in console.text, "the code being typed")
    if AGAIN in console.text:
        # No person types within the instant in which the question is painted.
        console.send(code)
        console.wait_until(lambda: console.text.count(code) > shown, "the code being typed again")


def world(*arguments: str) -> AbstractContextManager[Api]:
    """Triggers are answered with `success: false`, so that the target stays alive for the next one."""
    return simulator("--calm", "--fault", "bare-false:live/update/liquidate", *arguments)


def tapped(tap: Tap) -> str:
    """The API's address through the tap."""
    return f"http://127.0.0.1:{tap.port}/api/v2"


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
