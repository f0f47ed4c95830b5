"""By hand: `python -m tests.campaign --confirmations 2000`. The installed program against a simulated service, while
everything goes wrong that can; prints what was violated and the command that repeats it, and a table at the end."""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from itertools import count

from tests.campaign.session import Report, run_session

LAST_S = 240.0
"""A session that has begun is given so long beyond the time at most."""


def repeat(report: Report) -> str:
    """The command that does the same again."""
    return f"python -m tests.campaign --seed {report.seed} --sessions 1"


def campaign(options: argparse.Namespace) -> Iterator[Report]:
    """The reports of all sessions, as they come."""
    until_mono = time.monotonic() + options.minutes * 60
    seeds = count(options.seed)
    left = options.sessions or sys.maxsize
    confirmed = 0
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(options.processes, context, max_tasks_per_child=1) as pool:
        begun: set[Future[Report]] = set()
        while True:
            while len(begun) < options.processes and left and confirmed < options.confirmations:
                if time.monotonic() > until_mono:
                    break
                left -= 1
                begun.add(pool.submit(run_session, next(seeds), options.confirmations - confirmed, until_mono))
            if not begun:
                return
            done, begun = wait(begun, LAST_S + max(0.0, until_mono - time.monotonic()), FIRST_COMPLETED)
            if not done:
                for process in multiprocessing.active_children():
                    process.terminate()
                raise TimeoutError(f"{len(begun)} sessions did not end within {LAST_S:.0f} s after their time")
            for each in done:
                confirmed += each.result().confirmations
                yield each.result()


def table(words: Counter[tuple[str, str, str]]) -> Iterator[str]:
    """By way and what went wrong: how often which last word was reached."""
    totals = Counter[str]()
    for (_, _, word), number in words.items():
        totals[word] += number
    columns = [word for word, _ in totals.most_common()]
    rows = sorted({(way, trouble) for way, trouble, _ in words})
    yield " ".join((f"{'way':14}{'what went wrong':18}", *(f"{each:>11}" for each in columns)))
    for way, trouble in rows:
        figures = (f"{words[way, trouble, word] or '':>11}" for word in columns)
        yield " ".join((f"{way:14}{trouble:18}", *figures))
    yield " ".join((f"{'all':32}", *(f"{totals[word]:>11}" for word in columns)))


def main() -> int:
    """Returns 1 if anything was violated."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaign", description=__doc__)
    parser.add_argument("--confirmations", type=int, default=2_000, help="to make, all together (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the first session (%(default)s)")
    parser.add_argument("--sessions", type=int, default=0, help="at most so many; 0 is as many as it takes")
    parser.add_argument("--minutes", type=float, default=60.0, help="begin nothing after that (%(default)g)")
    parser.add_argument("--processes", type=int, default=2, help="sessions side by side (%(default)s)")
    options = parser.parse_args()
    begun = time.monotonic()
    words, confirmations, targets, sessions, violated = Counter[tuple[str, str, str]](), 0, 0, 0, 0
    for report in campaign(options):
        sessions += 1
        confirmations += report.confirmations
        targets += report.targets
        violated += len(report.violations)
        words += report.words
        for each in report.violations:
            print(f"VIOLATED: {each}", flush=True)
        if report.violations:
            print(f"{repeat(report)}\n", flush=True)
        spent = f"{time.monotonic() - begun:.0f} s"
        print(f"seed {report.seed}: {confirmations} confirmations so far, {violated} violations, {spent}", flush=True)
    print(*table(words), sep="\n")
    spent = f"{(time.monotonic() - begun) / 60:.1f} minutes"
    print(f"{confirmations} confirmations of {targets} targets in {sessions} sessions, {violated} violations, {spent}")
    return 1 if violated else 0


if __name__ == "__main__":
    sys.exit(main())
