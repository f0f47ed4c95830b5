"""The question of the confirm dialog, on a terminal without the console. Asked on standard error; standard output is
for the steps."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import termios
from collections.abc import Sequence

from qctui.actions.actions_port import ActionsPort
from qctui.actions.spec import ACTION_SPECS, MAX_NAME, OF_OPTIMIZATIONS, Ask, cautions, question_for
from qctui.actions.wording import NAMED_HOLDINGS, format_holdings
from qctui.api.ports import ApiError, TriggerApi
from qctui.cli.shutdown import Interrupts
from qctui.cli.step_printer import Printer
from qctui.model.action import Target, recheck_key
from qctui.model.keys import Key, detail_key
from qctui.model.portfolio import Cash
from qctui.store import Store
from qctui.text import clean
from qctui.value import replace

EXPOSURE_S = 2.0
"""How long the question waits for the holdings. They are worth two seconds, not an emergency."""


def can_ask() -> bool:
    """Whether there is a terminal to show the question on and to read the answer from."""
    return sys.stdin.isatty() and sys.stderr.isatty()


async def ask(
    actions: ActionsPort, api: TriggerApi, store: Store, target: Target, interrupts: Interrupts, printer: Printer
) -> Target | str:
    """Ask whether to act on `target`. The target as it was confirmed if the answer is right (with its new name, if it
    was asked for), else why nothing is sent.

    While it is asked the target is read again, and the connection the trigger will use is kept warm; a redeployment or
    an end closes the question.
    """
    spec, question = ACTION_SPECS[target.action], question_for([target])
    actions.open_rechecks([target])
    try:
        told = [*_describe(target), *await _exposure(api, store, target), spec.consequence, spec.leftovers]
        told += [f"Note: {caution}." for caution in cautions(target)]
        for line in _wrapped(told):
            printer.note(line)
        printer.note("")
        await interrupts.or_wait(printer.printed())
        _forget_typed()
        printer.note(question.sentence if question.ask is not Ask.KEY else f"{question.sentence} Then Enter.")
        answering = asyncio.create_task(_read_line())
        disarmed = asyncio.create_task(_disarmed(store, target))
        await interrupts.or_wait(asyncio.wait({answering, disarmed}, return_when=asyncio.FIRST_COMPLETED))
        outcome: Target | str = "cancelled"
        if disarmed.done():
            outcome = disarmed.result()
        elif answering.done() and question.accepts(typed := clean(answering.result())):
            outcome = replace(target, new_name=typed.strip()[:MAX_NAME]) if question.ask is Ask.NAME else target
        for task in (answering, disarmed):
            task.cancel()
        await asyncio.gather(answering, disarmed, return_exceptions=True)
        return outcome
    finally:
        actions.close_rechecks()


def _describe(target: Target) -> list[str]:
    if target.action in OF_OPTIMIZATIONS:
        about = f"{target.name}  ({target.optimization_id}, project {target.project_id}, {target.status or 'unknown'})"
        return [about, f"New name: {target.new_name}"] if target.new_name else [about]
    return [
        f"{target.environment.value}  {target.name}  (project {target.project_id})",
        f"{target.deploy_id or 'deploy id unknown'}  {target.brokerage or 'brokerage unknown'}  "
        f"{target.status or 'status unknown'}",
    ]


def _wrapped(lines: list[str]) -> list[str]:
    """The lines, broken between words where the terminal is narrower. An id is never broken: it is compared."""
    from textwrap import wrap

    try:
        width = os.get_terminal_size(sys.stderr.fileno()).columns or 80
    except OSError:
        width = 80
    return [part for line in lines for part in wrap(line, width, break_long_words=False, break_on_hyphens=False)]


async def _exposure(api: TriggerApi, store: Store, target: Target) -> list[str]:
    """What is at risk, as the console's dialog has it: a brokerage may keep coins as cash, and none as holdings."""
    if target.action in OF_OPTIMIZATIONS:
        return []
    equity = f"Equity: {_equity(store, target)}"
    try:
        async with asyncio.timeout(EXPOSURE_S):
            portfolio = await api.fetch_portfolio(target.project_id)
    except (ApiError, TimeoutError):
        return [equity, "Holdings and cash: could not be read"]
    # Neither holdings nor cash reported: that is unknown, and must not read as flat (REFERENCE.md 7.5).
    held = (format_holdings(portfolio.open_holdings) or "none") if portfolio.is_known else "unknown"
    cash = (_balances(portfolio.cash) or "none told") if portfolio.is_known else "unknown"
    return [equity, f"Holdings (a snapshot, up to 10 minutes old): {held}", f"Cash (the same snapshot): {cash}"]


def _equity(store: Store, target: Target) -> str:
    """As live/read tells it, if that was of this deployment, or else the list."""
    detail = store.get(detail_key(target.project_id)).value
    told = detail.statistics.get("Equity") if detail and detail.deploy_id in ("", target.deploy_id) else None
    return told or ("unknown" if target.equity is None else f"{target.equity:,.2f}")


def _balances(cash: Sequence[Cash]) -> str:
    """Each currency with as many digits as its amount has: a coin has eight. Those that are not 0 come first."""
    ordered = sorted(cash, key=lambda each: each.amount == 0.0)
    named = ", ".join(
        f"{each.currency} {'unknown' if each.amount is None else f'{each.amount:,.10g}'}"
        for each in ordered[:NAMED_HOLDINGS]
    )
    rest = len(ordered) - NAMED_HOLDINGS
    return f"{named} and {rest} more" if rest > 0 else named


async def _disarmed(store: Store, target: Target) -> str:
    """Wait until the target is no longer what it was; returns the reason."""
    changed = asyncio.Event()
    key = recheck_key(target)

    def note(which: Key[object]) -> None:
        if which == key:
            changed.set()

    unsubscribe = store.subscribe(note)
    try:
        while True:
            recheck = store.get(key).value
            if recheck is not None and recheck.disarmed:
                return recheck.disarmed
            await changed.wait()
            changed.clear()
    finally:
        unsubscribe()


def _forget_typed() -> None:
    """What was typed before the question was shown does not answer it."""
    with contextlib.suppress(termios.error):
        termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)


async def _read_line() -> str:
    """One line from the terminal."""
    loop, fd = asyncio.get_running_loop(), sys.stdin.fileno()
    typed: asyncio.Future[str] = loop.create_future()

    def take() -> None:
        try:
            data = os.read(fd, 1024)
        except OSError:
            data = b""
        if not typed.done():
            typed.set_result(data.decode("utf-8", "replace"))

    # Not input() on a thread: a read without an answer could not be taken back, and the process could not end.
    loop.add_reader(fd, take)
    try:
        return await typed
    finally:
        loop.remove_reader(fd)
