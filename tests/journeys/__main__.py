"""By hand: `python -m tests.journeys --sequences 20000`. Prints what differed and the command that repeats it."""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import sys
import tempfile
import time

BURSTS = 25
"""Sequences typed into one pair of consoles."""


def main() -> int:
    """Returns 1 if anything differed."""
    os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")
    from tests.journeys.compare import compare

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sequences", type=int, default=1_000, help="bursts of keys to try, all together")
    parser.add_argument("--bursts", type=int, default=BURSTS, help="of which so many go into one pair of consoles")
    parser.add_argument("--seed", type=int, help="one pair of consoles only: repeat this one")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    options = parser.parse_args()
    seeds = range(options.first, options.first + -(-options.sequences // options.bursts))
    if options.seed is not None:
        seeds = range(options.seed, options.seed + 1)
    begun = time.monotonic()
    failed = 0
    folder = tempfile.mkdtemp(prefix="journeys-")
    os.chdir(folder)  # random keys write charts to files
    for seed in seeds:
        size = (80, 24) if seed % 3 else (120, 40)
        difference = asyncio.run(compare(seed, options.bursts, size))
        if difference is not None:
            failed += 1
            print(f"{difference}\npython -m tests.journeys --seed {seed} --bursts {options.bursts}\n", flush=True)
        if (seed + 1) % 20 == 0:
            print(f"up to seed {seed}, {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)
    shutil.rmtree(folder)
    print(f"{len(seeds) * options.bursts} sequences, {failed} sessions differ, {time.monotonic() - begun:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
