"""How long a panic takes to leave. Run by hand: python -m tests.bench.bench_panic [--sizes 12 40 100] [--stalled]

For each size: milliseconds from the confirming Enter on a pty to the first, median and last POST at the API, and how
many actions the journal called verified before the last POST had left. `--stalled` stops reading the terminal at Enter.
Prints a table; asserts nothing.
"""

from __future__ import annotations

import argparse
import re
import statistics
import tempfile
import time
from datetime import datetime
from pathlib import Path

from tests.bench.tap import Tap
from tests.e2e.api import simulator
from tests.e2e.console import Console
from tests.e2e.desk import journal

PATIENCE_S = 90.0


def panic(size: int, *, stalled: bool) -> tuple[list[float], int]:
    """Seconds from Enter to each POST, and how many were verified before the last of them."""
    with (
        tempfile.TemporaryDirectory() as home,
        simulator("--calm", "--deployments", str(size)) as api,
        Tap(api.port) as tap,
    ):
        url = f"http://127.0.0.1:{tap.port}/api/v2"
        with Console("--base-url", url, env=api.environment(Path(home))) as console:
            console.wait_for("API ok")
            console.wait_for(" running ")
            console.send("X")
            console.wait_for(" deployments, then Enter.")
            (asked,) = re.findall(r"Type (\d+) to liquidate", console.text)
            running = int(asked)
            console.draw_for(6.0)
            console.send(str(running))
            console.draw_for(0.5)
            began, wall = time.monotonic(), time.time()
            console.send("\r")
            if not stalled:
                console.draw_for(PATIENCE_S / 10)
            times = [tap.next_at() - began for _ in range(running)]
            if not stalled:
                console.draw_for(8.0)
        verified = _verified_before(Path(home), wall + max(times))
        return times, verified


def _verified_before(home: Path, wall: float) -> int:
    return sum(
        entry["event"] == "verified" and datetime.fromisoformat(entry["at"]).timestamp() < wall
        for entry in journal(home)
    )


def main() -> None:
    """Measure each size and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="*", default=[12, 24, 40, 60, 100], help="projects in the world")
    parser.add_argument("--stalled", action="store_true", help="stop reading the terminal at Enter")
    options = parser.parse_args()
    print(f"{'running':>8} {'first':>8} {'median':>8} {'last':>8}   ms from Enter; verified before the last left")
    for size in options.sizes:
        times, verified = panic(size, stalled=options.stalled)
        figures = (min(times), statistics.median(times), max(times))
        print(f"{len(times):>8} " + " ".join(f"{each * 1000:8.0f}" for each in figures) + f"   {verified}", flush=True)


if __name__ == "__main__":
    main()
