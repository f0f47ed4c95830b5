"""An event loop on which no real time passes: whatever sleeps or times out, in ours or in a library, wakes in order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from contextvars import ContextVar
from typing import Any

from tests.fakes import FakeClock

PROCESS: ContextVar[Any] = ContextVar("process")
"""The simulated process that the running code belongs to; inherited by the tasks that it starts."""


class StuckError(AssertionError):
    """Nothing is ready and nothing waits for a time: what is awaited never comes."""


class LoopClock(FakeClock):
    """The fake clock, moved by its loop: sleeping on it is sleeping on the loop."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds))

    def pass_time(self, seconds: float) -> None:
        """Only the loop calls this."""
        self._mono += seconds


class SimulatedLoop(asyncio.BaseEventLoop):
    """Runs what is ready, turn by turn; when nothing is, the time jumps to what is due next.

    `on_turn` is called between two turns of the loop: a place where a process can be killed and where everything that
    must always hold is looked at.
    """

    def __init__(self, clock: LoopClock) -> None:
        super().__init__()
        self.clock = clock
        self.turns = 0
        self.on_turn: Callable[[], None] = lambda: None
        self.mistake: Exception | None = None
        """What went wrong in the simulation itself, where the program could swallow it."""
        self._loop_s = 0.0
        self._selector = self  # what BaseEventLoop asks for files that are ready: there are none here
        self._ready: Any
        self.set_task_factory(_of_process)

    def time(self) -> float:
        return self._loop_s

    def select(self, timeout: float | None) -> list[Any]:
        """In place of a selector: between two turns."""
        self.turns += 1
        if self.mistake is not None:
            raise self.mistake
        self.on_turn()
        if self._ready or timeout == 0:
            return []
        if timeout is None:
            raise StuckError("nothing is ready, and nothing waits for a time")
        self._loop_s += timeout
        self.clock.pass_time(timeout)
        return []

    def suspend(self, seconds: float) -> None:
        """The machine sleeps: the clocks go on, what the loop waits for does not."""
        self.clock.pass_time(seconds)

    def _process_events(self, event_list: list[Any]) -> None:
        """No file is ever ready."""

    def _write_to_self(self) -> None:
        """Everything runs on this thread: the loop is never asleep."""

    # Signals go to the simulated process that asked for them.

    def add_signal_handler(self, sig: int, callback: Callable[..., Any], *args: Any) -> None:  # type: ignore[override]
        PROCESS.get().handlers[sig] = (callback, args)

    def remove_signal_handler(self, sig: int) -> bool:
        return PROCESS.get().handlers.pop(sig, None) is not None


def _of_process(
    loop: asyncio.AbstractEventLoop, work: Generator[Any, None, Any] | Any, **options: Any
) -> asyncio.Task[Any]:
    """A task that its process knows, so that it can be killed."""
    task: asyncio.Task[Any] = asyncio.Task(work, loop=loop, **options)
    process = PROCESS.get(None)
    if process is not None:
        process.tasks[task] = None
        task.add_done_callback(process.forget)
    return task
