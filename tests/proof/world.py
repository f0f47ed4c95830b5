"""One seed, one world: what there is in it, and how it is run to its end."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import random
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import httpcore._async.connection_pool as pools

from qctui.actions import action_runner, journal, journal_watcher, locks, service, verify
from qctui.api import decode
from qctui.cli import trigger, wiring
from tests.fakes import IN_MEMORY
from tests.proof.judge import ALL_BUT_VERIFYING_S, Judge, Violation
from tests.proof.loop import PROCESS, LoopClock, SimulatedLoop
from tests.proof.machine import Machine, NotingService, Process
from tests.proof.plan import Plan
from tests.proof.truth import BEGIN, Truth

VERIFY_S = 45.0
"""How long a goal is looked for in most worlds, in place of ten minutes of the same reads again and again."""

LONG_ONES = 0.01
"""The share of worlds in which it is looked for as long as in the program."""


class World:
    """Everything behind one seed."""

    def __init__(self, seed: int, folder: Path, only: str = "", *, keeps: bool = False) -> None:
        """`only` one of the judge's `CHECKS` is looked at, all if it is empty. What happens is kept if it `keeps`."""
        self.luck = luck = random.Random(seed)
        self.clock = LoopClock(now=BEGIN + 1_000.0, monotonic=1_000.0)
        self.loop = SimulatedLoop(self.clock)
        self.loop.on_turn = self._turn
        self.judge = Judge(self, only, keeps=keeps)
        self.machine = Machine(self.loop, folder, luck)
        self.truth = Truth(self.loop, luck, self.judge, projects=luck.choice([1, 1, 1, 2]))
        self.verify_s = verify.VERIFY_S if luck.random() < LONG_ONES else VERIFY_S
        self.plan = Plan(self)
        self.processes: list[Process] = []
        self._numbers = itertools.count()

    @property
    def alive(self) -> list[Process]:
        """The processes that run."""
        return [each for each in self.processes if not each.dead]

    @property
    def keeps_time(self) -> bool:
        """The machine's wall clock tells about the API's time."""
        return abs(self.clock.now() - self.clock.monotonic() - BEGIN) < 1.0

    def begin(self, kind: str) -> Process:
        """A new process."""
        process = Process(self, f"{kind} {next(self._numbers)}")
        self.processes.append(process)
        self.judge.note("begins", process.name)
        return process

    def _turn(self) -> None:
        self.plan.kill_whose_turn_it_is()
        self.judge.look()

    async def _live(self) -> None:
        self.plan.draw()
        give_up = 0.0
        while True:
            await asyncio.sleep(max(1.0, self.plan.last_at - self.loop.time()))
            alive = [each.name.partition(" ")[0] for each in self.alive]
            if self.loop.time() >= self.plan.last_at and "console" not in alive:
                # Somebody starts the program again, and leaves it running.
                self.plan.open_console([])
                give_up = 0.0
            give_up = give_up or self.loop.time() + ALL_BUT_VERIFYING_S + self.verify_s + self.plan.suspended_s
            if self.loop.time() > give_up or ("command" not in alive and not self.judge.open_confirmations()):
                break
        self.judge.over()

    def run(self) -> None:
        """Run it to its end. Raises `Violation`."""
        logger = logging.getLogger("qctui")
        logger.addHandler(self.judge)
        asyncio.set_event_loop(self.loop)
        try:
            with simulated(self):
                self.loop.run_until_complete(self._live())
        finally:
            logger.removeHandler(self.judge)
            self._bury()

    def _bury(self) -> None:
        """End what still runs."""
        self.loop.on_turn = lambda: None
        self.loop.mistake = None
        for process in self.alive:
            process.end()
        while left := asyncio.all_tasks(self.loop):
            for task in left:
                task.cancel()
            self.loop.stop()
            self.loop.run_forever()
        asyncio.set_event_loop(None)
        self.loop.close()


class Paper:
    """In place of the thread that prints: lines are kept."""

    def print(self, line: str) -> None:
        PROCESS.get().printed.append(line)

    note = print

    async def printed(self) -> None:
        """At once."""


@contextlib.contextmanager
def simulated(world: World) -> Iterator[None]:
    """Everything that would leave the world stays in it."""
    machine, luck = world.machine, world.luck

    def open_service(triggers: Any, store: Any, *rest: Any, **more: Any) -> NotingService:
        process = PROCESS.get()
        process.take(store)
        process.service = made = NotingService(triggers, store, *rest, disk=process.disk, **more)
        return made

    replaced: list[tuple[Any, str, Any]] = [
        (journal, "os", machine),
        (locks, "lock_within", machine.lock_within),
        (action_runner, "VERIFY_S", world.verify_s),
        (journal_watcher, "VERIFY_S", world.verify_s),
        (decode, "WORK_S", float("inf")),
        (pools, "AutoBackend", lambda: PROCESS.get().network),
        (trigger, "SystemClock", lambda: world.clock),
        (trigger, "Printer", Paper),
        (wiring, "journal_path", lambda: machine.folder / "journal.jsonl"),
        (service, "ActionService", open_service),
    ]
    with contextlib.ExitStack() as stack:
        for owner, name, value in replaced:
            stack.enter_context(mock.patch.object(owner, name, value))
        stack.enter_context(mock.patch("secrets.token_hex", lambda count: luck.randbytes(count).hex()))
        yield


def run_seed(seed: int, only: str = "", *, keeps: bool = False) -> World:
    """The world of a seed, run to its end. A `Violation` names the command that repeats it."""
    folder = Path(tempfile.mkdtemp(dir=IN_MEMORY))
    world = World(seed, folder, only, keeps=keeps)
    try:
        world.run()
    except Violation as violation:
        violation.seed = seed
        check = f" --check {only}" if only else ""
        violation.args = (f"seed {seed}: {violation}\nrepeat: python -m tests.proof --seeds 1 --first {seed}{check}",)
        if keeps:
            violation.add_note("\n".join(world.judge.told))
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return world
