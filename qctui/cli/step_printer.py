"""Prints how far an action got, a line a step, in words or as JSON.

Lines leave on a thread of their own: a reader that takes none holds no action up.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import logging
import os
import queue
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import TextIO

from qctui.actions.action_store import JournalContext
from qctui.actions.wording import format_step, format_step_json
from qctui.clock import Clock
from qctui.model.action import ACTIONS, ActionRecord, Rung, Step, Target
from qctui.model.keys import Key
from qctui.store import Store

_log = logging.getLogger(__name__)


class Printer:
    """Prints in order, whichever stream a line goes to.

    A terminal held with Ctrl+S, or a pipe that is full, blocks a write for as long as it likes. On the loop that would
    be the trigger and its answer waiting for a screen.
    """

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        # A daemon: a terminal that never takes its lines must not keep the process.
        threading.Thread(target=self._work, name="printer", daemon=True).start()

    @property
    def waiting(self) -> int:
        """How many lines have not been taken yet."""
        return self._jobs.qsize()

    def print(self, line: str) -> None:
        """To standard output."""
        self._jobs.put(partial(_write, line, sys.stdout))

    def note(self, line: str) -> None:
        """To standard error."""
        self._jobs.put(partial(_write, line, sys.stderr))

    async def printed(self) -> None:
        """Until everything handed over so far has been taken."""
        taken: concurrent.futures.Future[None] = concurrent.futures.Future()
        taken.set_running_or_notify_cancel()  # from here on it cannot be cancelled under the thread
        self._jobs.put(partial(taken.set_result, None))
        await asyncio.wrap_future(taken)

    def _work(self) -> None:
        while True:
            job = self._jobs.get()
            try:
                job()
            except Exception:  # a line that can't be printed must not hold up the ones behind it
                _log.exception("a line could not be printed")


def _write(line: str, stream: TextIO) -> None:
    """Write at once. A closed pipe or terminal has no reader, and is no reason to stop what was confirmed."""
    data = f"{line}\n".encode(stream.encoding or "utf-8", "backslashreplace")
    try:
        # Past the stream's buffer, whose lock would be waited for at the interpreter's end.
        while data:
            data = data[os.write(stream.fileno(), data) :]
    except (OSError, ValueError):
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


class StepPrinter:
    """Prints the steps of one action as the store shows them."""

    def __init__(self, store: Store, clock: Clock, context: JournalContext, printer: Printer, *, as_json: bool) -> None:
        self._store = store
        self._clock = clock
        self._context = context
        self._printer = printer
        self._as_json = as_json
        self._action_id = ""
        self._printed: list[Step] = []
        self._warned: set[str] = set()
        self._changed = asyncio.Event()

    @property
    def record(self) -> ActionRecord | None:
        """The action as the store has it; None before the service has taken it."""
        records = self._store.get(ACTIONS).value or ()
        return next((each for each in records if each.action_id == self._action_id), None)

    @contextlib.contextmanager
    def following(self, action_id: str) -> Iterator[None]:
        """Follow this action; prints what is left to print at the end."""
        self._action_id = action_id
        unsubscribe = self._store.subscribe(self._note)
        try:
            self.print_new()
            yield
        finally:
            unsubscribe()
            self.print_new()

    async def changed(self) -> None:
        """Until something about the actions changed since the last time."""
        await self._changed.wait()
        self._changed.clear()

    def print_new(self) -> None:
        """Print the steps and warnings that were not printed yet."""
        record = self.record
        if record is None:
            return
        for step in record.steps:
            if step not in self._printed:
                self._printed.append(step)
                self._print_step(record, step)
        for warning in record.warnings:
            if warning not in self._warned:
                self._warned.add(warning)
                self.note(warning)

    def print_not_sent(self, target: Target, reason: str) -> None:
        """Say that nothing was sent and why. It was not confirmed: the journal is for actions."""
        step = Step(Rung.NOT_SENT, self._clock.now(), self._clock.monotonic(), reason)
        self._print_step(ActionRecord("", "", target, "command", step.at, step.mono, steps=(step,)), step)

    def note(self, words: str) -> None:
        """A remark beside the ladder."""
        self._printer.note(f"qctui: {words}")

    def _print_step(self, record: ActionRecord, step: Step) -> None:
        line = format_step_json(record, step, self._context) if self._as_json else format_step(record, step)
        self._printer.print(line)

    def _note(self, key: Key[object]) -> None:
        if key == ACTIONS:
            self._changed.set()
