"""One machine: its disk, which fills up, hangs and loses power, and its processes, which can be killed anywhere."""

from __future__ import annotations

import asyncio
import errno
import os
import random
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from contextvars import copy_context
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from qctui.actions import locks
from qctui.actions.action_store import JournalContext
from qctui.actions.service import ActionService
from qctui.api.auth import Credentials
from qctui.api.client import Client, open_client
from qctui.model.action import ACTIONS, ActionRecord, Target
from qctui.secret import SecretStr
from qctui.store import Store
from tests.proof.loop import PROCESS, SimulatedLoop
from tests.proof.truth import TOKEN, USER_ID
from tests.proof.wire import Network

T = TypeVar("T")

BASE_URL = "http://127.0.0.1:1/api/v2"
"""Loopback: no TLS. Nothing is connected, the network is in memory."""

CONTEXT = JournalContext(BASE_URL, "default")

LOCK_LOOK_S = 0.005
"""Between looks at a lock that another process holds."""


class LostError(Exception):
    """The process that asked for it is gone."""


class StillLockedError(Exception):
    """Another process of the machine holds the lock, and the time to wait for it is not over."""


class Machine:
    """What the processes share: the folder of the journal and the disk that it is on.

    It stands in place of `os` in the module that writes the journal, so that each write and each fsync can fail.
    """

    def __init__(self, loop: SimulatedLoop, folder: Path, luck: random.Random) -> None:
        self.loop = loop
        self.folder = folder
        self.luck = luck
        self.journal = folder / "journal.jsonl"
        self.usual_s = luck.choice([0.0, 0.0, 0.001, 0.02])
        """How long a job takes the disk."""
        self.heard_s = luck.choice([0.0, 0.0, 0.03])
        """How long after a job is done its process hears of it: what others write meanwhile it has not read."""
        self.trouble = ""
        """`full`, `partly` (a write takes a part), `unsynced`, `slow`, `hangs`; empty if all is well."""
        self.troubled_at = -1e9
        """When there was trouble last."""
        self.synced = 0
        """Bytes of the journal that a loss of power leaves."""
        self.tearing = False
        """A write now is the last thing its process does: it gets no further than a part."""
        self.waited_s = 0.0
        """How long the job at the disk has waited for a lock."""
        self.changes = 0
        """How often the journal was written to, or cut."""

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    def write(self, fd: int, data: bytes) -> int:
        self.changes += 1
        if self.tearing:
            os.write(fd, data[: self.luck.randrange(len(data))])
            raise LostError
        if self.trouble == "full":
            raise OSError(errno.ENOSPC, "No space left on device")
        return os.write(fd, data[: len(data) // 2] if self.trouble == "partly" else data)

    def fsync(self, fd: int) -> None:
        if self.trouble == "unsynced":
            raise OSError(errno.EIO, "Input/output error")
        try:
            self.synced = self.journal.stat().st_size
        except FileNotFoundError:
            return

    def lock_within(self, fd: int, wait_s: float) -> bool:
        """In place of the function of that name: the time that it waits is simulated."""
        if _lock_within(fd, 0.0):
            return True
        if self.waited_s < wait_s:
            os.close(fd)
            raise StillLockedError
        return False

    def lose_power(self) -> None:
        """What was not safely on the disk is lost from any byte on."""
        self.changes += 1
        if self.journal.exists():
            size = self.journal.stat().st_size
            os.truncate(self.journal, self.luck.randint(min(self.synced, size), size))

    def note_trouble(self, trouble: str) -> None:
        """The disk is like this from now on."""
        if self.trouble or trouble:
            self.troubled_at = self.loop.clock.monotonic()
        self.trouble = trouble


_lock_within = locks.lock_within


class SimulatedDisk:
    """A `Disk`: one job after the other, each after as long as the machine's disk takes."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._jobs: deque[tuple[Callable[[], Any], asyncio.Future[Any]]] = deque()
        self._busy = False
        self._heard_at = 0.0
        """When the result of the latest job is heard of, by the loop's time."""
        self.dead = False

    def run(self, job: Callable[[], T]) -> asyncio.Future[T]:
        future: asyncio.Future[T] = self._machine.loop.create_future()
        self._jobs.append((job, future))
        self.go_on()
        return future

    def close(self) -> None:
        """Nothing comes after it."""

    def die(self) -> None:
        """Its process is gone; what is at the disk may be half done, or done."""
        machine = self._machine
        if self._jobs and not self.dead and machine.luck.random() < 0.5:
            machine.tearing = True
            try:
                self._jobs[0][0]()
            except (LostError, StillLockedError, OSError):
                pass
            finally:
                machine.tearing = False
        self.dead = True

    def go_on(self) -> None:
        """Take the next job, if the machine's disk does."""
        machine = self._machine
        if self._busy or self.dead or not self._jobs or machine.trouble == "hangs":
            return
        self._busy = True
        delay_s = machine.luck.choice([0.05, 0.4, 1.5]) if machine.trouble == "slow" else machine.usual_s
        machine.loop.call_later(delay_s, self._do, 0.0)

    def _do(self, waited_s: float) -> None:
        machine = self._machine
        if self.dead:
            return
        if machine.trouble == "hangs":
            self._busy = False
            return
        job, future = self._jobs[0]
        machine.waited_s = waited_s
        result, failure = None, None
        try:
            result = job()
        except StillLockedError:
            machine.loop.call_later(LOCK_LOOK_S, self._do, waited_s + LOCK_LOOK_S)
            return
        except Exception as error:
            failure = error
        self._jobs.popleft()
        self._busy = False
        if machine.heard_s:
            # In the order in which they were done: what is due at one instant comes in any.
            self._heard_at = max(self._heard_at, machine.loop.time() + machine.heard_s) + 1e-6
            machine.loop.call_at(self._heard_at, self._tell, future, result, failure)
        else:
            self._tell(future, result, failure)
        self.go_on()

    def _tell(self, future: asyncio.Future[Any], result: Any, failure: Exception | None) -> None:
        if self.dead or future.done():
            return
        if failure is not None:
            future.set_exception(failure)
        else:
            future.set_result(result)


class NotingService(ActionService):
    """The service, which lets the world know what was confirmed."""

    def confirm(self, targets: Sequence[Target], via: str) -> tuple[str, ...]:
        ids = super().confirm(targets, via)
        PROCESS.get().confirmed(ids, targets)
        return ids


class Process:
    """One process of the program: a console without its screen, or a command."""

    def __init__(self, world: Any, name: str) -> None:
        self.world = world
        self.name = name
        self.machine: Machine = world.machine
        self.dead = False
        self.tasks: dict[asyncio.Task[Any], None] = {}
        self.handlers: dict[int, tuple[Callable[..., object], tuple[Any, ...]]] = {}
        self.disk = SimulatedDisk(self.machine)
        self.network = Network(self, world.truth)
        self.take(Store())
        self.service: ActionService | None = None
        self.context = copy_context()
        self.context.run(PROCESS.set, self)
        self.printed: list[str] = []
        self.code: int | None = None

    def take(self, store: Store) -> None:
        """This is its store from now on."""
        self.store = store
        store.subscribe(lambda key: self.world.judge.stirred.setdefault(self) if key == ACTIONS else None)

    def forget(self, task: asyncio.Task[Any]) -> None:
        self.tasks.pop(task, None)

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Run it in this process."""
        self.context.run(self.machine.loop.create_task, self._main(work))

    async def _main(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception as error:  # the program never ends by one
            if not self.dead:
                self.machine.loop.mistake = error

    def confirmed(self, ids: Sequence[str], targets: Sequence[Target]) -> None:
        self.world.judge.confirmed(self, ids, targets)

    @property
    def records(self) -> tuple[ActionRecord, ...]:
        return self.store.get(ACTIONS).value or ()

    def open_client(self) -> Client:
        return open_client(
            Credentials(str(USER_ID), SecretStr(TOKEN)), BASE_URL, read_only=False, clock=self.machine.loop.clock,
            jitter=lambda: 0.5,
        )  # fmt: skip

    def open_service(self, client: Client) -> ActionService:
        """That of a console."""
        clock, journal = self.machine.loop.clock, self.machine.journal
        self.service = NotingService(client.triggers, self.store, clock, journal, CONTEXT, disk=self.disk)
        return self.service

    def signal(self, number: int) -> None:
        """Deliver a signal to who handles it."""
        if number in self.handlers and not self.dead:
            callback, args = self.handlers[number]
            self.context.run(partial(self.machine.loop.call_soon, callback, *args))

    def kill(self) -> None:
        """Nothing it does from now on reaches anything: neither the network, nor the disk, nor a screen."""
        if self.dead:
            return
        self.disk.die()
        self.end()

    def end(self) -> None:
        """The process is over."""
        self.dead = self.disk.dead = True
        self.network.drop()
        service = self.service
        if service is not None:
            # The kernel closes its files: what it had locked is free.
            service._writer._lock.release()
            for fd in service._watcher._owner_lock._held.values():
                os.close(fd)
            service._watcher._owner_lock._held.clear()
        for task in tuple(self.tasks):
            task.cancel()
