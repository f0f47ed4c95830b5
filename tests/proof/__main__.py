"""Worlds in which everything goes wrong: `python -m tests.proof --seeds 100000`.

Each seed is one world. One that breaks a promise is printed with the command that repeats it; with `--tell` everything
that happens in it is printed too.
"""

from __future__ import annotations

import argparse
import logging
import sys
import time

from tests.proof.judge import CHECKS, Violation
from tests.proof.world import run_seed


def main() -> int:
    """Run them, and print how many there were and how fast."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=1_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--check", choices=CHECKS, default="", help="look at this one only")
    parser.add_argument("--tell", action="store_true", help="print what happens")
    options = parser.parse_args()
    logging.getLogger().addHandler(logging.NullHandler())
    began_s, failed = time.process_time(), 0
    for seed in range(options.first, options.first + options.seeds):
        try:
            world = run_seed(seed, options.check, keeps=options.tell)
        except Violation as violation:
            failed += 1
            print(violation, *getattr(violation, "__notes__", []), sep="\n", flush=True)
            continue
        if options.tell:
            print(*world.judge.told, f"trace {world.judge.trace}", sep="\n", flush=True)
    took_s = time.process_time() - began_s
    print(f"{options.seeds} worlds, {failed} violations, {options.seeds / took_s:.0f} worlds a second of processor time")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
