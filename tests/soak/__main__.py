"""Console and watcher of one account for hours, with two answers of a hundred going wrong. Run by hand:
python -m tests.soak [--hours H] [--percent P] [--every MINUTES]
python -m tests.soak --days D [--percent P]

Prints what both use, a line for every ten minutes, and what grew from the first quarter to the last; asserts nothing.
Every few minutes a person walks through the screens of the console, resizes it and liquidates what is selected; what
was liquidated is deployed again. The last word of each action stands in the table at the end.

With `--days` the console runs fast-forwarded in this process, on a fake clock, with its tape, journal and alerts, a
person who looks and liquidates twice a day, and a line for every day. The machine sleeps for most of each hour.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
from pathlib import Path

from tests.soak.processes import Look, growth, line, soak


def main() -> None:
    """Run, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=2.0)
    parser.add_argument("--percent", type=float, default=2.0, help="of the requests that go wrong")
    parser.add_argument("--days", type=int, help="fast-forward so many instead")
    parser.add_argument("--every", type=float, default=5.0, metavar="MINUTES", help="between two walks")
    options = parser.parse_args()
    looks: list[Look] = []
    if options.days:
        os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")
        from tests.soak.fast_forward import fast_forward

        with tempfile.TemporaryDirectory() as folder:
            asyncio.run(fast_forward(Path(folder), options.days, options.percent))
        return
    with tempfile.TemporaryDirectory() as home:
        for each in soak(Path(home), options.hours, options.percent, options.every * 60.0):
            if isinstance(each, Look):
                looks.append(each)
                print(*map(line, looks[-2:-1], looks[-1:]), sep="\n", flush=True)
            else:
                print(each, flush=True)
    print(*growth(looks), sep="\n")


if __name__ == "__main__":
    main()
