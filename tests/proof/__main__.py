"""Worlds in which everything goes wrong: `python -m tests.proof --seeds 100000`.

Each seed is one world. One that breaks a promise is printed with the command that repeats it; with `--tell` everything
that happens in it is printed too. Ctrl+C ends it with what there is by then.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import logging
import multiprocessing
import os
import signal
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from functools import partial

from tests.proof.judge import CHECKS, Violation
from tests.proof.world import run_seed

AT_ONCE = 25
"""Worlds of one piece of work."""


@dataclass
class Found:
    """What came of some worlds."""

    seeds: int = 0
    cpu_s: float = 0.0
    violations: list[str] = field(default_factory=list)
    words: Counter[str] = field(default_factory=Counter)
    """How often a confirmation ended in each."""


def run_some(first: int, *, seeds: int, check: str = "", tell: bool = False) -> Found:
    """The worlds of seeds in a row."""
    found, began_s = Found(), time.process_time()
    for seed in range(first, first + seeds):
        found.seeds += 1
        try:
            world = run_seed(seed, check, keeps=tell)
        except Violation as violation:
            found.violations.append("\n".join((str(violation), *getattr(violation, "__notes__", []))))
            continue
        if tell:
            print(*world.judge.told, f"trace {world.judge.trace}", sep="\n", flush=True)
        found.words.update(
            (world.judge.events(each.action_id) or ["never begun"])[-1] for each in world.judge.confirmations
        )
    found.cpu_s = time.process_time() - began_s
    return found


def _begin() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.getLogger("qctui").addHandler(logging.NullHandler())
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def main() -> int:
    """Run them, and print how many there were, how they ended and how fast."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=1_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--check", choices=CHECKS, default="", help="look at this one only")
    parser.add_argument("--tell", action="store_true", help="print what happens")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes at once")
    options = parser.parse_args()
    firsts = range(options.first, options.first + options.seeds, AT_ONCE)
    work = partial(run_some, seeds=min(AT_ONCE, options.seeds), check=options.check, tell=options.tell)
    total, began_s = Found(), time.monotonic()
    with multiprocessing.Pool(min(options.jobs, len(firsts)), _begin) as pool, contextlib.suppress(KeyboardInterrupt):
        for found in pool.imap(work, firsts):
            total.seeds += found.seeds
            total.cpu_s += found.cpu_s
            total.violations += found.violations
            total.words += found.words
            for violation in found.violations:
                print(violation, flush=True)
    words = ", ".join(f"{word} {number}" for word, number in total.words.most_common())
    print(f"{total.seeds} worlds, {len(total.violations)} violations; confirmations: {words}")
    print(
        f"{time.monotonic() - began_s:.0f} s, {total.cpu_s:.0f} s of processor time: "
        f"{total.seeds / total.cpu_s:.0f} worlds a second of it"
    )
    return 1 if total.violations else 0


if __name__ == "__main__":
    sys.exit(main())
