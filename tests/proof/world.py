"""One seed, one world: what is confirmed in it, what goes wrong, and how it is run to its end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import random
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any
from unittest import mock

import httpcore._async.connection_pool as pools

from qctui.actions import action_runner, journal, journal_watcher, locks, verify
from qctui.api import decode
from qctui.api.ports import ApiError
from qctui.cli import trigger
from qctui.cli.credentials import Account
from qctui.cli.parser import Exit, Options, parse
from qctui.model.action import Target
from qctui.model.deployment import Environment
from qctui.model.keys import DEPLOYMENTS
from qctui.secret import SecretStr
from qctui.settings import Settings, load_settings
from tests.proof.judge import ALL_BUT_VERIFYING_S, Judge, Violation
from tests.proof.loop import PROCESS, LoopClock, SimulatedLoop
from tests.proof.machine import BASE_URL, Machine, NotingService, Process
from tests.proof.truth import BEGIN, KINDS, TOKEN, USER_ID, Truth, Weather

MEMORY = Path("/dev/shm")
"""Where there is one, worlds have their disk in memory: only simulated time counts."""

VERIFY_S = 45.0
"""How long a goal is looked for in most worlds, in place of ten minutes of the same reads again and again."""

TROUBLES = ("full", "partly", "unsynced", "slow", "hangs")


class Paper:
    """In place of the thread that prints: lines are kept."""

    def print(self, line: str) -> None:
        PROCESS.get().printed.append(line)

    note = print

    async def printed(self) -> None:
        """At once."""


class World:
    """Everything behind one seed."""

    def __init__(self, seed: int, folder: Path, only: str = "", *, keeps: bool = False) -> None:
        self.luck = luck = random.Random(seed)
        self.clock = LoopClock(now=BEGIN + 1_000.0, monotonic=1_000.0)
        self.loop = SimulatedLoop(self.clock)
        self.judge = Judge(self, only, keeps=keeps)
        self.machine = Machine(self.loop, folder, luck)
        self.truth = Truth(self.loop, luck, self.judge, projects=luck.choice([1, 1, 1, 2]))
        self.processes: list[Process] = []
        self.kills: dict[Process, int] = {}
        """The turn of the loop at which a process is killed."""
        self.names = iter(range(10_000))
        self.last_at = 0.0
        """When something was planned to happen last."""
        self.suspended_s = 0.0
        self.jumped = False
        """The wall clock was set forward by so much that what others began a moment ago looks long over: the journal
        has wall times only, and a process that has gone silent must not lock Stop for ever."""
        self.verify_s = verify.VERIFY_S if luck.random() < 0.01 else VERIFY_S
        self.loop.on_turn = self._turn

    # The plan.

    def _at(self, after_s: float, happen: Callable[[], object]) -> None:
        self.last_at = max(self.last_at, after_s)
        self.loop.call_later(after_s, happen)

    def _plan(self) -> None:
        luck = self.luck
        storm = luck.choice([0.0, 0.05, 0.2, 0.5])
        self.truth.weather = Weather(
            reads=storm, triggers=luck.choice([0.0, 0.3, 0.7]), lies=luck.choice([0.0, 0.0, 0.2]),
            lag_s=luck.choice([0.0, 0.0, 2.0, 15.0]), kinds=tuple(luck.sample(KINDS, luck.randint(3, len(KINDS)))),
        )  # fmt: skip
        consoles = luck.choice([0, 1, 1, 1, 2])
        for number in range(consoles):
            self._at(luck.uniform(0.0, 2.0), partial(self._open_console, self._acts(), luck.random() < 0.3))
            del number
        for _ in range(luck.choice([0, 0, 1]) if consoles else luck.choice([1, 2])):
            action, project = luck.choice(["liquidate", "liquidate", "stop"]), luck.randint(1, self.truth.projects)
            self._at(luck.uniform(0.0, 8.0), partial(self._open_command, action, project, luck.random() < 0.2))
        for _ in range(luck.choice([0, 0, 0, 1, 2])):
            self._at(luck.uniform(0.0, 12.0), partial(self._kill, luck.choice([0.5, 4.0, 20.0])))
        if luck.random() < 0.05:
            self._at(luck.uniform(1.0, 12.0), self._lose_power)
        if luck.random() < 0.15:
            self._at(luck.uniform(0.5, 12.0), partial(self._signal, luck.choice([1, 2, 15])))
        if luck.random() < 0.2:
            for project in range(1, self.truth.projects + 1):
                self._at(luck.uniform(0.0, 15.0), partial(self._redeploy, project))
        if luck.random() < 0.1:
            self._at(luck.uniform(0.0, 10.0), partial(self._end, 1))
        if luck.random() < 0.1:
            behaviour = luck.choice(["rejected", "never-stops", "never-flat", "redeploys", "runtime-error"])
            self.truth.world.behave(1, behaviour)
        for _ in range(luck.choice([0, 0, 0, 1, 2])):
            begin = luck.uniform(0.0, 10.0)
            self._at(begin, partial(self._trouble, luck.choice(TROUBLES)))
            self._at(begin + luck.choice([0.3, 1.5, 5.0]), partial(self._trouble, ""))
        for _ in range(luck.choice([0, 0, 0, 1])):
            jump = luck.choice([-90_000.0, -30.0, 2.0, 400.0, 4_000.0, 90_000.0])
            self._at(luck.uniform(0.0, 15.0), partial(self._jump, jump))
        if luck.random() < 0.05:
            self._at(luck.uniform(1.0, 15.0), partial(self._suspend, luck.choice([40.0, 700.0, 30_000.0])))
        self._at(luck.choice([6.0, 15.0, 15.0, 40.0]), self._calm)

    def _acts(self) -> list[tuple[float, str, list[int], float]]:
        """What a person confirms in a console: after how long, what, of which projects, and how long it is asked."""
        luck = self.luck
        return [
            (
                luck.uniform(0.1, 5.0),
                luck.choice(["liquidate", "liquidate", "stop"]),
                luck.choice([[luck.randint(1, self.truth.projects)], list(self.truth.world.projects)]),
                luck.choice([0.0, 0.3, 0.3, 2.5]),
            )
            for _ in range(luck.choice([1, 1, 2]))
        ]

    # What happens.

    def _calm(self) -> None:
        """The worst is over, in most worlds: what is left is to find out how things stand."""
        weather = self.truth.weather
        weather.triggers = 0.0
        weather.reads = min(weather.reads, 0.05)

    def _alive(self) -> list[Process]:
        return [each for each in self.processes if not each.dead]

    def _kill(self, back_after_s: float) -> None:
        """One of the processes is killed some turns of the loop later, at whatever it is by then."""
        alive = self._alive()
        if alive:
            self.kills[self.luck.choice(alive)] = self.loop.turns + self.luck.randrange(60)
        self._at_later(back_after_s, partial(self._open_console, [], False))

    def _at_later(self, after_s: float, happen: Callable[[], object]) -> None:
        self.last_at = max(self.last_at, self.loop.time() + after_s)
        self.loop.call_later(after_s, happen)

    def _lose_power(self) -> None:
        self.judge.note("power")
        for process in self._alive():
            process.kill()
        if self.judge.disk_now()[1]:
            for each in self.judge.confirmations:
                each.excused = each.excused or "the disk lost it"
        self.machine.lose_power()
        self._at_later(self.luck.choice([1.0, 20.0]), partial(self._open_console, [], False))

    def _signal(self, number: int) -> None:
        alive = self._alive()
        if alive:
            process = self.luck.choice(alive)
            self.judge.note("signal", number, process.name)
            process.signal(number)

    def _redeploy(self, project: int) -> None:
        self.judge.note("redeployed", project)
        self.truth.world.redeploy(project)

    def _end(self, project: int) -> None:
        self.judge.note("ended", project)
        self.truth.world.end(project)

    def _trouble(self, trouble: str) -> None:
        self.judge.note("disk", trouble)
        self.machine.note_trouble(trouble)
        for process in self._alive():
            process.disk.go_on()

    def _jump(self, seconds: float) -> None:
        self.judge.note("jump", seconds)
        self.jumped = self.jumped or seconds > self.verify_s
        self.clock.jump_wall(seconds)

    def _suspend(self, seconds: float) -> None:
        self.judge.note("suspend", seconds)
        self.suspended_s += seconds
        self.loop.suspend(seconds)

    def _turn(self) -> None:
        for process, turn in tuple(self.kills.items()):
            if self.loop.turns >= turn:
                del self.kills[process]
                if not process.dead:
                    self.judge.note("kill", process.name)
                    process.kill()
        self.judge.look()

    # Who acts.

    def _open_console(self, acts: list[tuple[float, str, list[int], float]], lists: bool) -> None:
        process = self._process("console")
        process.start(self._console(process, acts, lists=lists))

    def _process(self, kind: str) -> Process:
        process = Process(self, f"{kind} {next(self.names)}")
        self.processes.append(process)
        self.judge.note("begins", process.name)
        return process

    async def _console(self, process: Process, acts: list[Any], *, lists: bool) -> None:
        """The engine's side of a console, with a person's decisions."""
        client = process.open_client()
        service = process.open_service(client, resume=True)
        leaving = asyncio.Event()
        for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
            self.loop.add_signal_handler(number, leaving.set)
        await service.start()
        listing = asyncio.ensure_future(self._keep_listing(process, client)) if lists else None
        for after_s, action, projects, asks_s in acts:
            await self.clock.sleep(after_s)
            if leaving.is_set():
                break
            targets = [each for each in (self._capture(action, one) for one in projects) if each is not None]
            service.open_rechecks(targets)
            await self.clock.sleep(asks_s)
            if targets and all(service.refusal(each) is None for each in targets):
                service.confirm(targets, "console")
            else:
                service.close_rechecks()
        await leaving.wait()
        if listing is not None:
            listing.cancel()
        await service.drain(25.0)
        await service.aclose()
        await client.aclose()
        process.end()

    async def _keep_listing(self, process: Process, client: Any) -> None:
        """What polling brings beside the actions: lists that can contradict how one has ended."""
        while True:
            with contextlib.suppress(ApiError):
                listed = await client.reads.fetch_deployments()
                now, mono = self.clock.now(), self.clock.monotonic()
                process.store.put_value(DEPLOYMENTS, listed.deployments, at=now, mono=mono)
            await self.clock.sleep(15.0)

    def _capture(self, action: str, project: int) -> Target | None:
        """What is on screen: the deployment of a project as it is, or as it was a while ago."""
        deployments = self.truth.world.projects[project].deployments
        shown = deployments[-1] if self.luck.random() < 0.9 else deployments[0]
        others = tuple(each.deploy_id for each in deployments if each is not shown)
        return Target(
            action, f"Book {project}", project, shown.deploy_id, environment=Environment.LIVE, status="Running",
            others=others,
        )  # fmt: skip

    def _open_command(self, action: str, project: int, no_wait: bool) -> None:
        process = self._process("command")
        process.start(self._command(process, _options(action, project, no_wait)))

    async def _command(self, process: Process, options: Options) -> None:
        """`qctui liquidate --yes`, from its options to its exit code."""
        account = Account(BASE_URL, str(USER_ID), SecretStr(TOKEN), "the test")
        command = trigger.Trigger(options, _settings(), account)
        try:
            process.code = await command.run()
        except Exception:
            if not command.confirmed:
                raise
            process.code = Exit.UNCONFIRMED
        if not process.dead:
            self.judge.exited(process)
            process.end()

    # To the end.

    async def _live(self) -> None:
        self._plan()
        give_up = 0.0
        while True:
            if self.loop.time() < self.last_at:
                await asyncio.sleep(self.last_at - self.loop.time())
                continue
            alive = [each.name.partition(" ")[0] for each in self._alive()]
            if "console" not in alive:
                # Somebody starts the program again, and leaves it running.
                self._open_console([], False)
                give_up = 0.0
            give_up = give_up or self.loop.time() + ALL_BUT_VERIFYING_S + self.verify_s + self.suspended_s
            await asyncio.sleep(1.0)
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
        for process in self._alive():
            process.end()
        while left := asyncio.all_tasks(self.loop):
            for task in left:
                task.cancel()
            self.loop.stop()
            self.loop.run_forever()
        asyncio.set_event_loop(None)
        self.loop.close()


@cache
def _options(action: str, project: int, no_wait: bool) -> Options:
    return parse([action, str(project), "--yes", *(["--no-wait"] if no_wait else [])])


@cache
def _settings() -> Settings:
    return load_settings(config=os.devnull, base_url=BASE_URL, emergency=True)


@contextlib.contextmanager
def simulated(world: World) -> Iterator[None]:
    """Everything that would leave the world stays in it."""
    machine, luck = world.machine, world.luck

    def open_service(triggers: Any, store: Any, *rest: Any, **more: Any) -> NotingService:
        process = PROCESS.get()
        process.take(store)
        process.service = service = NotingService(triggers, store, *rest, disk=process.disk, **more)
        return service

    names: list[tuple[Any, str, Any]] = [
        (journal, "os", machine),
        (locks, "lock_within", machine.lock_within),
        (action_runner, "VERIFY_S", world.verify_s),
        (journal_watcher, "VERIFY_S", world.verify_s),
        (decode, "WORK_S", float("inf")),
        (pools, "AutoBackend", lambda: PROCESS.get().network),
        (trigger, "SystemClock", lambda: world.clock),
        (trigger, "Printer", Paper),
        (trigger, "state_dir", lambda: machine.folder),
        (trigger, "ActionService", open_service),
    ]
    with contextlib.ExitStack() as stack:
        for owner, name, value in names:
            stack.enter_context(mock.patch.object(owner, name, value))
        stack.enter_context(mock.patch("secrets.token_hex", lambda count: luck.randbytes(count).hex()))
        yield


def run_seed(seed: int, only: str = "", *, keeps: bool = False) -> World:
    """The world of a seed, run to its end. A `Violation` names the command that repeats it."""
    folder = Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else None))
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
