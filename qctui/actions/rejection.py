"""What the world says after the API said no: that nothing happened, that there was nothing to do, or that it acted."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

from qctui.actions.spec import ABORT
from qctui.actions.witness import Seen, look_at
from qctui.api.errors import ApiError
from qctui.api.ports import TriggerApi
from qctui.clock import Clock, first_of
from qctui.model.action import Target
from qctui.model.deployment import is_alive

LOOK_S = 3.0
"""How long one look may take before a rejection is told without it."""

AGAIN_S = 3.0
"""From a look that shows nothing to the one that must agree: what an answer denies may still be on its way."""

BEFORE_S = 5.0
"""A stop time this much before the request left is no effect of it, where it was known to run. Less may be a difference
of the clocks."""

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a rejection amounts to."""

    acted: bool
    """The world says that it acted all the same."""
    words: str = ""
    """How that is known, that the target had already ended, or why it could not be looked at; empty if it lives on."""
    unchecked: bool = False
    """It could not be looked at: the API's word stands alone."""


def _unchecked(why: str) -> Verdict:
    return Verdict(acted=False, words=f"could not be checked: {why}", unchecked=True)


async def judge_rejection(
    api: TriggerApi, clock: Clock, target: Target, sent_at: float, hurry: asyncio.Event
) -> Verdict:
    """Look at the target of a request that was refused, and again a moment later if nothing has happened to it.

    `sent_at` is when the request left, Unix seconds. Takes at most `2 * LOOK_S + AGAIN_S`, and stops at once when
    `hurry` is set (the program is ending): the API's own words must reach the journal in any case.
    """
    verdict = await _look(api, clock, target, sent_at, hurry)
    if verdict is not None:
        return verdict
    hurried = asyncio.ensure_future(hurry.wait())
    await first_of(clock, AGAIN_S, hurried)
    hurried.cancel()
    return await _look(api, clock, target, sent_at, hurry) or Verdict(acted=False)


async def _look(api: TriggerApi, clock: Clock, target: Target, sent_at: float, hurry: asyncio.Event) -> Verdict | None:
    """One look, bounded. None if the target lives on."""
    look = _look_at_optimization if target.action == ABORT.id else _look_at_deployment
    looking = asyncio.ensure_future(look(api, target, sent_at, clock))
    hurried = asyncio.ensure_future(hurry.wait())
    try:
        await first_of(clock, LOOK_S, looking, hurried)
        return looking.result() if looking.done() else _unchecked("no answer in time")
    except Exception as error:  # whatever goes wrong here, the rejection itself is told in the API's words
        _LOG.exception("the look after a rejection failed in an unforeseen way")
        return _unchecked(f"internal error ({type(error).__name__})")
    finally:
        looking.cancel()
        hurried.cancel()


async def _look_at_optimization(api: TriggerApi, target: Target, sent_at: float, clock: Clock) -> Verdict | None:
    try:
        optimization = await api.fetch_optimization(target.optimization_id)
    except ApiError as error:
        return _unchecked(error.message)
    if not optimization.finished:
        return None
    # No time is told. One that was running when it was confirmed and is aborted now was aborted since.
    if optimization.status.casefold() == "aborted" and target.status:
        return Verdict(acted=True, words="its status is aborted")
    return Verdict(acted=False, words=f"already finished: {optimization.status}")


async def _look_at_deployment(api: TriggerApi, target: Target, sent_at: float, clock: Clock) -> Verdict | None:
    look = await look_at(api, target.project_id, target.deploy_id)
    if look.seen is Seen.UNKNOWN:
        return _unchecked(look.note)
    if look.seen is Seen.REPLACED:
        return Verdict(acted=False, words=f"redeployed since: now {look.deploy_id}")
    if look.seen is Seen.ALIVE:
        return None
    known_alive = bool(target.status) and is_alive(target.status, None)
    began = sent_at - (BEFORE_S if known_alive else 0.0)
    ended_before = look.stopped_at < began if look.stopped_at is not None else not known_alive
    if ended_before:
        return Verdict(acted=False, words=look.already_ended_words(clock))
    return Verdict(acted=True, words=f"it has ended since: {look.ended_words(clock)}")
