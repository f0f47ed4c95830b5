"""How far an action got, a line a step, in words or as JSON. Output that nobody takes never holds an action up."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator

from qctui.actions.action_store import JournalContext
from qctui.actions.wording import format_step, format_step_json
from qctui.cli.printer import Printer
from qctui.clock import Clock
from qctui.model.action import ACTIONS, ActionRecord, Rung, Step, Target
from qctui.model.keys import Key
from qctui.store import Store


class Ladder:
    """Prints the steps of one action as the store shows them."""

    def __init__(self, store: Store, clock: Clock, context: JournalContext, printer: Printer, *, as_json: bool) -> None:
        self._store = store
        self._clock = clock
        self._context = context
        self._printer = printer
        self._as_json = as_json
        self._action_id = ""
        self._told: list[Step] = []
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
            self.tell()
            yield
        finally:
            unsubscribe()
            self.tell()

    async def changed(self) -> None:
        """Until something about the actions changed since the last time."""
        await self._changed.wait()
        self._changed.clear()

    def tell(self) -> None:
        """Print the steps and warnings that were not printed yet."""
        record = self.record
        if record is None:
            return
        for step in record.steps:
            if step not in self._told:
                self._told.append(step)
                self._print_step(record, step)
        for warning in record.warnings:
            if warning not in self._warned:
                self._warned.add(warning)
                self.note(warning)

    def tell_not_sent(self, target: Target, reason: str) -> None:
        """Say that nothing was sent and why. Nobody confirmed: the journal is for actions."""
        step = Step(Rung.NOT_SENT, self._clock.now(), self._clock.monotonic(), reason)
        self._print_step(ActionRecord("", "", target, "command", step.at, step.mono, steps=(step,)), step)

    def note(self, words: str) -> None:
        """A remark beside the ladder."""
        self._printer.note(f"qctui: {words}")

    def _print_step(self, record: ActionRecord, step: Step) -> None:
        line = format_step_json(record, step, self._context) if self._as_json else format_step(record, step)
        self._printer.tell(line)

    def _note(self, key: Key[object]) -> None:
        if key == ACTIONS:
            self._changed.set()
