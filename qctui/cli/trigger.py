"""`qctui liquidate|stop|abort|rename|delete|rerun`: what a console does for each, without the console."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import sys
from collections.abc import Iterator
from typing import TypeVar

from qctui.actions.action_store import JournalContext
from qctui.actions.capture import rerun_of, target_of_deployment, target_of_optimization
from qctui.actions.earlier_actions import earlier_action
from qctui.actions.observation import find_current
from qctui.actions.preparation import prepare
from qctui.actions.service import ActionService
from qctui.actions.spec import OF_OPTIMIZATIONS, READ_ONLY, RENAME, RERUN, cautions
from qctui.actions.wording import describe_step, format_clock_time
from qctui.api.ports import ApiError, ReadApi, TriggerApi
from qctui.cli.ask import ask, can_ask
from qctui.cli.by_name import LookupFailedError, find_project
from qctui.cli.credentials import Account
from qctui.cli.parser import Exit, Options
from qctui.cli.shutdown import DRAIN_S, LOST, Interrupts
from qctui.cli.step_printer import Printer, StepPrinter
from qctui.cli.wiring import account_of, actions_of, open_client_of, read_settings
from qctui.clock import Clock, SystemClock
from qctui.model.action import ACTIONS, Rung, Target
from qctui.model.keys import Key, detail_key, optimization_key
from qctui.model.optimization import Optimization
from qctui.settings import Settings
from qctui.store import Store
from qctui.usage import UsageError
from qctui.value import replace

_ANSWERED = frozenset({Rung.ACCEPTED, Rung.STOPPED, Rung.FLAT, Rung.UNKNOWN})
"""Where `--no-wait` ends; the final rungs end it anyway."""

SILENCE_S = 1.0
"""How long reading the target, or finding the project of a name, may go on without a word. The first ends by itself
after 10 s at the latest."""

PRINTING_S = 0.5
"""How long the last lines are given to be taken after a signal."""

T = TypeVar("T")

_log = logging.getLogger(__name__)


def run_trigger(options: Options) -> int:
    """Ask, send once, and print how far it gets.

    Raises:
        UsageError: read-only, no terminal to ask on, the configuration can't be used, or the name is not that of
            exactly one project that runs. Nothing was sent.
    """
    settings = read_settings(options)
    if settings.read_only:
        raise UsageError(READ_ONLY)
    if not options.yes and not can_ask():
        raise UsageError(f"{options.command}: without a terminal to ask on, --yes is needed")
    if options.command == RENAME.id and options.yes and not options.name:
        raise UsageError("rename: with --yes the new name is needed")
    with account_of(settings) as account:
        trigger = Trigger(options, settings, account)
        try:
            return asyncio.run(trigger.run())
        except Exception:  # once it may be out, only 4 is true, whatever else went wrong here
            if not trigger.confirmed:
                raise
            _log.exception("the command failed after confirming")
            print("qctui: unexpected error after confirming; see: qctui journal", file=sys.stderr)
            return Exit.UNCONFIRMED


class Trigger:
    """One command, from reading its target to its exit code."""

    def __init__(self, options: Options, settings: Settings, account: Account) -> None:
        self._options = options
        self._settings = settings
        self._account = account
        self._clock: Clock = SystemClock()
        self._store = Store()
        self._context = JournalContext(account.base_url, settings.profile_name)
        self._printer = Printer()
        self.confirmed = False
        """From here on the request may be out."""

    async def run(self) -> int:
        """Carry it out, on a loop of its own."""
        client = open_client_of(self._account, self._settings, self._clock)
        service = actions_of(self._account, self._settings, client.triggers, self._store, self._clock, resume=False)
        # The connection for the trigger is made while the target is read over another.
        warming = asyncio.ensure_future(client.triggers.warm())
        with Interrupts() as interrupts:
            try:
                given = self._options.target
                if self._options.command not in OF_OPTIMIZATIONS and isinstance(given, str):
                    finding = asyncio.ensure_future(self._find(client.reads, given))
                    await interrupts.or_wait(finding)
                    if interrupts.number is not None:
                        return self._interrupted_early(interrupts)
                    given = finding.result()
                # One round trip, while the journal is read.
                capturing = asyncio.gather(self._capture(client.triggers, given), service.start())
                await interrupts.or_wait(capturing)
                if interrupts.number is not None:
                    return self._interrupted_early(interrupts)
                return await self._act(service, client.triggers, capturing.result()[0], interrupts)
            except LookupFailedError as error:
                self._step_printer().print_not_sent(self._target_unread(self._options.target), str(error))
                return Exit.NOT_SENT
            finally:
                await service.drain(0.0)
                await service.aclose()
                warming.cancel()
                await asyncio.wait({warming})
                await client.aclose()
                await self._printed(interrupts)

    def _interrupted_early(self, interrupts: Interrupts) -> int:
        self._printer.note("qctui: interrupted before anything was sent")
        return interrupts.exit_code

    def _step_printer(self) -> StepPrinter:
        return StepPrinter(self._store, self._clock, self._context, self._printer, as_json=bool(self._options.json))

    async def _printed(self, interrupts: Interrupts) -> None:
        """Until the last line has been taken: a terminal that is held shows nothing. A signal ends the waiting."""
        printing = asyncio.ensure_future(self._printer.printed())
        await asyncio.wait({printing}, timeout=PRINTING_S)
        await interrupts.or_wait(printing)

    async def _find(self, api: ReadApi, name: str) -> int:
        """The id of the project with this name. What it is taken for is said: the name may have been typed."""
        with self._said_after_a_while("looking for the project of that name"):
            project_id = await find_project(api, name)
        self._printer.note(f"qctui: {name!r} is project {project_id}")
        return project_id

    @contextlib.contextmanager
    def _said_after_a_while(self, doing: str) -> Iterator[None]:
        """Say what is being waited for once it lasts longer than `SILENCE_S`."""
        words = f"qctui: still {doing}; nothing has been sent yet"
        silence = asyncio.get_running_loop().call_later(SILENCE_S, self._printer.note, words)
        try:
            yield
        finally:
            silence.cancel()

    async def _capture(self, api: TriggerApi, given: int | str) -> Target:
        """What is aimed at, as the API has it now. A failing read is said and does not block an emergency."""
        action = str(self._options.command)
        with self._said_after_a_while("reading the target"):
            if action not in OF_OPTIMIZATIONS:
                return await self._capture_deployment(api, action, int(given))
            try:
                optimization = await api.fetch_optimization(str(given))
            except ApiError as error:
                if action == RERUN.id:
                    raise LookupFailedError(f"what it was asked for could not be read: {error.advised}") from error
                self._warn_unread(error.advised)
                return self._target_unread(given)
            self._put(optimization_key(str(given)), optimization)
            target = target_of_optimization(action, optimization, self._new_name)
        return target if action != RERUN.id else await self._prepared(api, target, optimization)

    async def _prepared(self, api: TriggerApi, old: Target, optimization: Optimization) -> Target:
        """What is asked for, with its project compiled."""
        plan = optimization.plan
        plan = replace(plan, name=self._new_name or plan.name)
        if plan.problem:
            raise LookupFailedError(plan.problem)
        ready = await prepare(api, self._clock, plan, lambda each: self._printer.note(f"qctui: {each.words}"))
        if ready.failed:
            raise LookupFailedError(ready.words)
        try:
            known = [each.optimization_id for each in await api.fetch_optimizations(plan.project_id)]
        except ApiError:
            known = []  # what is new is told by its time, then
        return rerun_of(old, plan, ready, known)

    async def _capture_deployment(self, api: TriggerApi, action: str, project_id: int) -> Target:
        found = await find_current(api, self._clock, project_id)
        if found.known is None:
            self._warn_unread("; ".join(found.notes))
            return self._target_unread(project_id)
        for note in found.notes:
            self._printer.note(f"qctui: warning: {note}")
        if found.detail is not None:
            self._put(detail_key(project_id), found.detail)
        name = found.detail.project_name if found.detail is not None else ""
        return target_of_deployment(action, found.known, name)

    def _warn_unread(self, why: str) -> None:
        self._printer.note(f"qctui: warning: the target could not be read first: {why}")

    def _target_unread(self, given: int | str) -> Target:
        """What is aimed at, of which nothing but the words of the command line is known."""
        action = str(self._options.command)
        if action in OF_OPTIMIZATIONS:
            identity = str(given)
            return Target(action, identity, project_id=0, optimization_id=identity, new_name=self._new_name)
        if isinstance(given, str):
            return Target(action=action, name=given, project_id=0)
        return Target(action=action, name=f"project {given}", project_id=given)

    @property
    def _new_name(self) -> str:
        return (self._options.name or "") if self._options.command in (RENAME.id, RERUN.id) else ""

    def _put(self, key: Key[T], value: T) -> None:
        self._store.put_value(key, value, at=self._clock.now(), mono=self._clock.monotonic())

    async def _act(self, service: ActionService, api: TriggerApi, target: Target, interrupts: Interrupts) -> int:
        steps = self._step_printer()
        reason = self._other_deployment(target)
        possible = reason is None and service.refusal(target) is None
        if possible:
            self._tell_earlier(steps, target)
        # What can't be done is not asked about: the service says why.
        if possible and not self._options.yes:
            answer = await ask(service, api, self._store, target, interrupts, self._printer)
            if isinstance(answer, Target):
                target = answer
            else:
                reason = answer
            if interrupts.number is not None:
                steps.print_not_sent(target, "interrupted before confirming")
                return interrupts.exit_code
        if reason is not None:
            steps.print_not_sent(target, reason)
            return Exit.NOT_SENT
        if self._options.yes and service.refusal(target) is None:
            # No question, but what a dialog would point out is still said.
            for caution in cautions(target):
                steps.note(f"warning: {caution}")
        self.confirmed = True
        (action_id,) = service.confirm([target], via="command")
        if not gc.isenabled():
            # What was imported stays: the request need not wait until all of it has been looked at.
            gc.freeze()
            gc.enable()
        with steps.following(action_id):
            await self._follow(service, steps, interrupts, action_id)
            code = exit_of_rung(steps.record.rung if steps.record is not None else None)
        return interrupts.exit_code if interrupts.number is not None else code

    def _tell_earlier(self, steps: StepPrinter, target: Target) -> None:
        """How far the same action on the same target is, by the journal: acting again is a person's right, with that in
        view."""
        record = earlier_action(self._store.get(ACTIONS).value or (), target)
        if record is not None and record.steps:
            when = format_clock_time(record.confirmed_at, self._clock.now())
            step = record.steps[-1]
            steps.note(f"earlier {target.action}, confirmed at {when}: {step.rung.value} ({describe_step(step)})")

    def _other_deployment(self, target: Target) -> str | None:
        """Why `--deploy-id` forbids this; None if it does not. What can't be compared is another one."""
        wanted = self._options.deploy_id if target.action not in OF_OPTIMIZATIONS else None
        if wanted is None or target.deploy_id == wanted:
            return None
        found = target.deploy_id or "a deployment whose id is not known"
        return f"not {wanted}: {found} is in project {target.project_id}"

    async def _follow(self, service: ActionService, steps: StepPrinter, interrupts: Interrupts, action_id: str) -> None:
        """Until it is over, or answered with `--no-wait`, or interrupted."""
        while not self._enough(steps):
            await interrupts.or_wait(steps.changed())
            steps.print_new()
            if interrupts.number is not None and not self._enough(steps):
                await self._interrupted(service, steps, interrupts, action_id)
                return

    def _enough(self, steps: StepPrinter) -> bool:
        record = steps.record
        if record is None:
            return False
        return record.done or (bool(self._options.no_wait) and record.rung in _ANSWERED)

    async def _interrupted(
        self, service: ActionService, steps: StepPrinter, interrupts: Interrupts, action_id: str
    ) -> None:
        """Ctrl+C takes back what has not left. A closed terminal or SIGTERM does not: it was confirmed."""
        if interrupts.by_person:
            service.cancel(action_id)
        if steps.record is not None and steps.record.rung is Rung.SENT:
            steps.note("interrupted: the request stays sent; waiting for its answer (Ctrl+C again: without it)")
        with interrupts.leaving_at_the_next():
            await service.drain(DRAIN_S)
        steps.print_new()
        if steps.record is None or not steps.record.done:
            lost = steps.record is not None and steps.record.lost
            after = f" and is {LOST}" if lost else "; the console verifies it at its next start"
            steps.note(f"interrupted: the request stays sent{after}")


def exit_of_rung(rung: Rung | None) -> Exit:
    """How the command ends. 4 for whatever was or may have been sent and is not verified: `--no-wait` ends there after
    ACCEPTED, because 0 promises a goal that was seen."""
    ends = {Rung.VERIFIED: Exit.DONE, Rung.REJECTED: Exit.REJECTED, Rung.NOT_SENT: Exit.NOT_SENT}
    return Exit.UNCONFIRMED if rung is None else ends.get(rung, Exit.UNCONFIRMED)
