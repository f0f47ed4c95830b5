"""The client, answered with anything. By hand: `python -m tests.fuzz --bodies 1000000 [--first K]`.

Prints what did not hold, each with the command that repeats it, and ends with 1 then. One body needs about a
millisecond.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import sys
import time
import tracemalloc
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field

from qctui.api import response
from qctui.api.client import Client, open_client
from qctui.api.reader import RetryPolicy
from qctui.model.deployment import DeploymentDetail
from qctui.model.optimization import Optimization
from qctui.model.recording import Exchange
from tests.api.samples import NOON
from tests.api.support import CREDENTIALS
from tests.fakes import FakeClock
from tests.fuzz.cases import QUESTIONS, Answers, Case, case_of
from tests.fuzz.mutations import SEEDS
from tests.fuzz.verdict import judge_error, judge_outcome, judge_value

BASE_URL = "http://127.0.0.1/api/v2"
LONGEST_S = 1.0
"""Seconds of a core for an answer of up to a megabyte, and for each further one. The clock on the wall would judge what
else the machine does."""
SAMPLE = 500
"""How many bodies there are to one whose memory is traced, the large ones among them."""
MOST_BYTES = 4 * response.MAX_BYTES
"""What reading one answer may take at most: its bytes, once more while they are joined, and what is made of them."""

CHART = Case("live_chart_read", 200, pieces=[SEEDS["live_chart_read"][-1]])
CREATED = Case("optimizations_create", 200, pieces=SEEDS["optimizations_create"])


@dataclass
class Fuzz:
    """A client, and the tally of what was tried."""

    timer: Callable[[], float] = time.thread_time
    sample: int = SAMPLE
    outcomes: Counter[str] = field(default_factory=Counter)
    slowest: tuple[float, str] = (0.0, "")
    """Seconds for a megabyte or less, and of which case."""
    longest: tuple[float, str] = (0.0, "")
    """Seconds in which nothing else on the loop had its turn, and of which case."""
    largest: tuple[int, str] = (0, "")
    """Bytes, and of which case."""

    def __post_init__(self) -> None:
        self._answers = Answers()
        self._exchanges: list[Exchange] = []
        self._client: Client = open_client(
            CREDENTIALS,
            BASE_URL,
            read_only=False,
            clock=FakeClock(now=NOON),
            transport=self._answers,
            record=self._exchanges.append,
            policy=RetryPolicy(retries=0),
        )

    async def problems(self, number: int) -> list[str]:
        """What did not hold for the case of this number."""
        case = case_of(number)
        found = await self.judge(case, f"number {number}", traced=number % self.sample == self.sample - 1)
        return [f"{problem}\n    {case}" for problem in found]

    async def judge(self, case: Case, name: str, *, traced: bool) -> list[str]:
        """What did not hold for a case; with `traced` its memory is looked at too."""
        found, taken, held = await self._try(case)
        megabytes = max(1.0, sum(len(each.body) for each in self._exchanges) / 2**20)
        if taken > LONGEST_S * megabytes or held > LONGEST_S:
            # What else the machine does slows a core down too. A body that is slow is slow each time.
            _, *again = await self._try(case)
            taken, held = min(taken, again[0]), min(held, again[1])
        self.slowest = max(self.slowest, (taken / megabytes, name))
        self.longest = max(self.longest, (held, name))
        if taken > LONGEST_S * megabytes:
            found.append(f"took {taken:.1f} s of a core for {megabytes:.1f} MiB")
        if held > LONGEST_S:
            found.append(f"held the loop for {held:.1f} s of a core")
        if traced:
            tracemalloc.start()
            await self._try(case)
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            self.largest = max(self.largest, (peak, name))
            if peak > MOST_BYTES:
                found.append(f"took {peak / 2**20:.1f} MiB")
        return found

    async def _try(self, case: Case) -> tuple[list[str], float, float]:
        """What did not hold, the seconds of a core that the client needed, and the longest of them at a stretch."""
        question = QUESTIONS[case.question](self._client)
        method = question.__name__
        outcome, taken, held = await self._ask(question, case)
        exchange = self._exchanges[0] if self._exchanges else None
        found = list(judge_outcome(method, outcome, exchange, self._answers.requests))
        if isinstance(outcome, BaseException):
            self.outcomes[str(getattr(outcome, "kind", type(outcome)))] += 1
            return [*found, *judge_error(outcome)], taken, held
        self.outcomes[type(outcome).__name__] += 1
        found += judge_value(method, outcome)
        # What was read is asked for next.
        if isinstance(outcome, DeploymentDetail) and outcome.charts:
            name = outcome.charts[-1]
            again = self._client.reads.fetch_chart(outcome.project_id, name, NOON - 86_400, NOON, 600)
            found += await self._must_succeed(again, CHART, f"the chart {name!r}")
        if isinstance(outcome, Optimization):
            more = self._client.triggers.create(outcome.plan, "c1")
            found += await self._must_succeed(more, CREATED, "the same once more")
        return found, taken, held

    async def _ask(self, question: Awaitable[object], case: Case) -> tuple[object, float, float]:
        self._answers.case, self._answers.requests = case, 0
        self._exchanges.clear()
        began = last = self.timer()
        asked = asyncio.ensure_future(question)
        held = 0.0
        # As any other task of the loop would, it waits for its turn.
        while not asked.done():
            await asyncio.sleep(0)
            now = self.timer()
            held, last = max(held, now - last), now
        try:
            outcome: object = asked.result()
        except BaseException as error:
            outcome = error
        return outcome, last - began, held

    async def _must_succeed(self, question: Awaitable[object], case: Case, what: str) -> list[str]:
        outcome, *_ = await self._ask(question, case)
        return [f"{what} can't be asked for: {outcome}"] if isinstance(outcome, BaseException) else []


async def run(numbers: Iterable[int], fuzz: Fuzz) -> int:
    """Try these and print what did not hold. Returns how many failed."""
    failed = 0
    begun = time.monotonic()
    for count, number in enumerate(numbers, 1):
        problems = await fuzz.problems(number)
        failed += bool(problems)
        for problem in problems:
            print(f"{problem}\n    python -m tests.fuzz --first {number} --bodies 1\n", flush=True)
        if count % 50_000 == 0:
            print(f"{count} bodies, {failed} failed, {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)
    return failed


def main() -> int:
    """Returns 1 if anything did not hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--bodies", type=int, default=10_000, help="how many to try")
    parser.add_argument("--first", type=int, default=0, metavar="K", help="the number of the first")
    options = parser.parse_args()
    fuzz = Fuzz()
    begun, spent = time.monotonic(), time.process_time()
    failed = asyncio.run(run(range(options.first, options.first + options.bodies), fuzz))
    print(", ".join(f"{kind} {count}" for kind, count in fuzz.outcomes.most_common()))
    print(
        f"slowest {fuzz.slowest[0]:.2f} s ({fuzz.slowest[1]}), longest at a stretch"
        f" {fuzz.longest[0]:.2f} s ({fuzz.longest[1]}), most memory for one of those traced"
        f" {fuzz.largest[0] / 2**20:.0f} MiB ({fuzz.largest[1]}), the whole process at most"
        f" {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB"
    )
    print(
        f"{options.bodies} bodies, {failed} failed, {time.monotonic() - begun:.0f} s,"
        f" {time.process_time() - spent:.0f} s of a core"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
