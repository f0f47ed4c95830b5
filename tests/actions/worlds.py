"""Randomised worlds for the action service, on the fake clock: one seed, one world.

`python -m tests.actions.worlds --seeds 10000` runs them by hand, `--first 4711 --seeds 1` repeats one; the tests run
some hundreds of each. What goes wrong in a world:

- replicas: each answer to a read comes from one of two, of which one may lag;
- liars: now and then an answer tells another state altogether, never two of the last three of its endpoint;
- answers with errors beside a full body, without a status, without a deploy id; reads that fail or hang;
- triggers that connect late, are refused, answer late, never, or no although they acted;
- holdings that can't be read, and a portfolio that says nothing;
- of optimizations: reads that say `success: false` of what is there, and lists that are a replica's too.

What must hold in all of them is in `check_verdicts` and `check_overtaking`.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import random
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from qctui.api.ports import Loading
from qctui.model.action import FINAL_RUNGS, ActionRecord, Rung, Target
from qctui.model.deployment import Deployment, DeploymentDetail, DeploymentList, Environment
from qctui.model.optimization import Criterion, Optimization, OptimizationSummary
from qctui.model.order import OrderPage
from qctui.model.portfolio import Holding, Portfolio
from qctui.model.resource import FailureKind
from qctui.value import replace
from tests.actions.fakes import EMPTY, FLAT, HELD, PLAN, SPY, FakeTriggers, InlineDisk, Rig, Try, error, target
from tests.fakes import IN_MEMORY, FakeClock, make_detail, make_optimization

T = TypeVar("T")

UNREADABLE = replace(HELD, holdings=(replace(SPY, quantity=0.0, unreadable_quantity=True),))
LONG_S = 700.0
"""Longer than any action goes on."""


class World(FakeTriggers):
    """The truth about one deployment, and what the API makes of it."""

    def __init__(self, clock: FakeClock, luck: random.Random) -> None:
        super().__init__(clock)
        self.luck = luck
        self.stop_after_s = luck.choice([0.5, 4.0, 15.0, 60.0, 1e9])
        self.flat_after_s = self.stop_after_s + luck.choice([0.5, 6.0, 40.0, 1e9])
        self.lag_s = luck.choice([0.0, 2.0, 20.0])
        self.lies = luck.choice([0.0, 0.0, 0.05, 0.15])
        self.faults = luck.choice([0.0, 0.1, 0.4])
        self._since_lie: dict[str, int] = {}

    def ended(self, at_mono: float) -> bool:
        """The truth at one instant."""
        return at_mono >= self.acted.get(1, float("inf")) + self.stop_after_s

    def flat_at(self, at_mono: float) -> bool:
        """The truth at one instant."""
        return at_mono >= self.acted.get(1, float("inf")) + self.flat_after_s

    def _seen_at(self) -> float:
        return self.clock.monotonic() - (self.lag_s if self.luck.random() < 0.5 else 0.0)

    def _lies_now(self, endpoint: str) -> bool:
        """Never again within the next three answers of the same endpoint."""
        quiet = self._since_lie.get(endpoint, 9)
        lying = quiet >= 3 and self.luck.random() < self.lies
        self._since_lie[endpoint] = 0 if lying else quiet + 1
        return lying

    async def _fault(self, endpoint: str) -> None:
        await self._read(endpoint)
        if self.luck.random() < self.faults:
            if self.luck.random() < 0.1:
                await self.clock.sleep(10.0)
            raise error(self.luck.choice([FailureKind.SERVER, FailureKind.TIMEOUT, FailureKind.MALFORMED]), endpoint)

    def _detail(self, endpoint: str) -> DeploymentDetail:
        ended = self.ended(self._seen_at()) is not self._lies_now(endpoint)
        base = make_detail(1, deploy_id=target().deploy_id, status="Running")
        if not ended:
            return base
        stopped_at = self.clock.now() - 1 if self.luck.random() < 0.7 else None
        return replace(base, status=self.luck.choice(["Stopped", "Liquidated", "Completed"]), stopped_at=stopped_at)

    async def fetch_detail(self, project_id: int) -> DeploymentDetail:
        await self._fault("detail")
        detail = self._detail("detail")
        match self.luck.randrange(12):
            case 0:
                return replace(detail, errors="the backend is busy")
            case 1:
                return replace(detail, status="", stopped_at=None)
            case 2:
                return replace(detail, deploy_id="")
            case _:
                return detail

    async def fetch_deployments(self, project_id: int) -> DeploymentList:
        await self._fault("deployments")
        if self.luck.random() < 0.1:
            return DeploymentList(())
        seen = self._detail("deployments")
        row = Deployment(1, seen.deploy_id, seen.status, 1_600_000_000.0, seen.stopped_at, "IB", Environment.LIVE, None)
        return DeploymentList((row,))

    async def fetch_portfolio(self, project_id: int) -> Portfolio:
        await self._fault("portfolio")
        flat = self.flat_at(self._seen_at()) is not self._lies_now("portfolio")
        match self.luck.randrange(10):
            case 0:
                return EMPTY
            case 1 if not flat:
                return UNREADABLE
            case _:
                return FLAT if flat else replace(HELD, holdings=(Holding("SPY", "SPY", 7.0),))

    async def fetch_orders(self, project_id: int, start: int, end: int) -> OrderPage | Loading:
        await self._fault("orders")
        return OrderPage((), 0)


class SweepWorld(World):
    """The truth about one optimization that is to be renamed, deleted or run again, and what the API makes of it."""

    def __init__(self, clock: FakeClock, luck: random.Random, aim: Target) -> None:
        super().__init__(clock, luck)
        self.aim = aim
        self.slow_list_s = luck.choice([0.0, 0.0, 8.0])
        """The list is this much later than the reads."""

    def ended(self, at_mono: float) -> bool:
        """Whether it has its new name, is gone, or is there."""
        what = self.aim.new_name if self.aim.action == "rerun" else self.aim.optimization_id
        return at_mono >= self.acted.get(what, float("inf")) + self.stop_after_s

    async def fetch_optimization(self, optimization_id: str) -> Optimization:
        await self._fault("optimization")
        ended, action = self.ended(self._seen_at()) is not self._lies_now("optimization"), self.aim.action
        there = ended is (action != "delete") or action == "rename"
        if not there or (action == "delete" and self.luck.random() < 0.05):
            raise error(FailureKind.REJECTED, "not found", answered=True)
        name = self.aim.new_name if action == "rename" and ended else f"Optimization {optimization_id}"
        return make_optimization(optimization_id, name=name, status="completed")

    async def fetch_optimizations(self, project_id: int) -> tuple[OptimizationSummary, ...]:
        await self._fault("optimizations")
        ended = self.ended(self._seen_at() - self.slow_list_s) is not self._lies_now("optimizations")
        named = {"O-1": "Optimization O-1", "O-old": self.aim.new_name}
        if self.aim.action == "delete" and ended:
            del named["O-1"]
        if self.aim.action == "rerun" and ended:
            named[self.made] = self.aim.new_name
        goal = Criterion("Sharpe Ratio", maximize=True)
        return tuple(OptimizationSummary(each, 1, name, "completed", goal, None) for each, name in named.items())


def _trigger(luck: random.Random) -> Try:
    """What becomes of one request."""
    no = error(FailureKind.REJECTED, "the API says no", answered=True)
    refused = error(FailureKind.CONNECT, "refused", may_have_acted=False)
    busy = error(FailureKind.RATE_LIMITED, "busy", may_have_acted=False, retry_after_s=1.0)
    return luck.choice(
        [
            Try(),
            Try(after_s=2.0),
            Try(before_s=2.0),
            Try(refused, leaves=False),
            Try(busy, acts=False),
            Try(no, acts=False),
            Try(no, acts=True),
            Try(error(FailureKind.TIMEOUT, "no answer"), acts=luck.random() < 0.5),
            Try(error(FailureKind.RESET, "reset"), acts=luck.random() < 0.5),
            Try(error(FailureKind.SERVER, "HTTP 502"), acts=luck.random() < 0.5),
            Try(hangs=True, acts=luck.random() < 0.5),
            Try(ZeroDivisionError(), acts=luck.random() < 0.5),
        ]
    )


async def check_verdicts(seed: int, folder: Path) -> None:
    """One action in a world that lags, lies, fails and is half readable: its words never say more than the world."""
    luck = random.Random(seed)
    clock = FakeClock()
    world = World(clock, luck)
    plans = [_trigger(luck) for _ in range(3)]
    await _see_out(folder, world, plans, target(luck.choice(["liquidate", "liquidate", "stop"])))


async def check_optimizations(seed: int, folder: Path) -> None:
    """The same of renaming, deleting and running again: what is run again must never be sent twice, it would cost
    twice."""
    luck = random.Random(seed)
    aim = luck.choice([
        target("rename", new_name="Grid 2"),
        target("delete", status="completed"),
        target("rerun", status="completed", new_name="Grid 2", plan=PLAN, compile_id="c1", others=("O-1", "O-old")),
    ])  # fmt: skip
    world = SweepWorld(FakeClock(), luck, aim)
    plans = [_trigger(luck) for _ in range(3)]
    await _see_out(folder, world, plans, aim)


async def _see_out(folder: Path, world: World, plans: list[Try], aim: Target) -> None:
    world.tries = iter(plans)
    async with Rig(folder, world.clock, world, disk=InlineDisk(world.luck.choice([0, 1, 3]))) as rig:
        rig.service.confirm([aim], "console")
        for _ in range(int(LONG_S)):
            await world.clock.advance(1.0)
            if rig.record().done:
                break
        record = rig.record()
        assert record.done, f"without a last word: {record.rung}"
        _check_words(world, record, aim)
        # The request may have done something at most once: a second one only after those before provably did nothing.
        effective = [each for each, plan in zip(world.posts, _made(plans, world.calls), strict=False) if _counts(plan)]
        assert len(effective) <= 1, f"{len(effective)} requests that may have acted"
        events = rig.events()
        assert events[:2] == ["intent", "sending"], events
        assert events[-1] == (record.rung.event if record.rung else ""), events


def _check_words(world: World, record: ActionRecord, aim: Target) -> None:
    final = record.steps[-1]
    if record.rung is Rung.VERIFIED:
        assert world.ended(final.mono), "VERIFIED, and nothing has happened"
        if aim.action == "liquidate":
            assert world.flat_at(final.mono), "VERIFIED, and it holds something"
    # One portfolio that lies is believed for FLAT, and no longer: it takes more for VERIFIED.
    if Rung.FLAT in record.standing and not world.lies:
        assert world.flat_at(final.mono), "FLAT stands at the end, and it holds something"
    if record.rung is Rung.REJECTED:
        # Two looks, three seconds apart: what shows later than that is beyond what a rejection can promise.
        soon = min(world.acted.values(), default=float("inf")) + world.stop_after_s + world.lag_s <= final.mono - 3.0
        said = "could not be checked" in final.detail or "already" in final.detail
        assert not soon or said, f"REJECTED, and it acted: {final.detail}"
    if record.rung is Rung.NOT_SENT:
        assert not world.acted, "NOT SENT, and it acted"
    assert record.rung in FINAL_RUNGS


def _made(plans: list[Try], calls: int) -> list[Try]:
    """What became of the requests that left."""
    return [plan for plan in [*plans, *[Try()] * calls][:calls] if plan.leaves]


def _counts(plan: Try) -> bool:
    failure = plan.error
    return not (failure is not None and getattr(failure, "may_have_acted", True) is False)


async def check_overtaking(seed: int, folder: Path) -> None:
    """Two or three processes, one liquidation and some stops of the same deployment, each with its own delays: no stop
    leaves after the liquidation was accepted and before it is verified."""
    luck = random.Random(seed)
    clock = FakeClock()
    api = FakeTriggers(clock)
    api.stop_after_s, api.flat_after_s = luck.choice([1.0, 4.0, 20.0]), luck.choice([2.0, 8.0, 30.0])
    rigs = [
        Rig(folder, clock, api, disk=InlineDisk(luck.choice([0, 0, 1, 3])), resume=luck.random() < 0.5)
        for _ in range(luck.choice([2, 3]))
    ]
    for rig in rigs:
        await rig.service.start()
    plans = sorted((luck.uniform(0.0, 6.0), action) for action in ("liquidate", *["stop"] * luck.choice([1, 2, 3])))
    for number, (at, action) in enumerate(plans):
        await clock.advance(max(0.0, 1000.0 + at - clock.monotonic()))
        api.per_project[1] = Try(before_s=luck.choice([0.0, 0.0, 0.3, 2.5]), after_s=luck.choice([0.0, 0.01, 1.0]))
        rigs[number % len(rigs)].service.confirm([target(action)], "console")
        for _ in range(luck.randrange(12)):
            await asyncio.sleep(0)
    accepted, verified = [float("inf")], [float("inf")]
    await clock.advance(90.0)
    own = [record for rig in rigs for record in rig.records if not record.foreign]
    for record in own:
        if record.target.action == "liquidate":
            accepted += [step.mono for step in record.steps if step.rung is Rung.ACCEPTED]
            verified += [step.mono for step in record.steps if step.rung is Rung.VERIFIED]
    late = [post.mono for post in api.posts if post.action == "stop" and min(accepted) < post.mono < min(verified)]
    assert late == [], f"liquidation accepted at {min(accepted)}, stop left at {late}"
    assert all(record.done for record in own), "without a last word"
    for rig in rigs:
        await rig.service.aclose()


CHECKS: dict[str, Callable[[int, Path], Awaitable[None]]] = {
    "verdicts": check_verdicts,
    "optimizations": check_optimizations,
    "overtaking": check_overtaking,
}


def run_seed(check: str, seed: int) -> None:
    """One world. AssertionError names the seed and the command that repeats it."""
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder:

        async def go() -> None:
            await CHECKS[check](seed, Path(folder))

        try:
            asyncio.run(go())
        except Exception as failure:
            command = f"python -m tests.actions.worlds {check} --first {seed} --seeds 1"
            raise AssertionError(f"seed {seed}: {failure}\nrepeat: {command}") from failure


def main() -> int:
    """Run many worlds by hand; prints each that fails and how many there were."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checks", nargs="*", choices=[[], *CHECKS], help="which; all by default")
    parser.add_argument("--seeds", type=int, default=1_000)
    parser.add_argument("--first", type=int, default=0)
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)  # defects of the client are part of these worlds
    failed = 0
    for check in options.checks or CHECKS:
        for seed in range(options.first, options.first + options.seeds):
            try:
                run_seed(check, seed)
            except AssertionError as failure:
                failed += 1
                print(failure, flush=True)
        print(f"{check}: {options.seeds} worlds, {failed} failures so far", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
