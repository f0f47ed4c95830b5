"""What contradicts the end of an action: a refused request that acted after all, a later list that denies the outcome.

`judge_rejection` looks before REJECTED is shown; `Aftercare` compares the polled lists with VERIFIED and REJECTED.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from qctui.actions.action_store import ActionStore
from qctui.actions.observation import Observed, observe
from qctui.actions.spec import ABORT, DELETE, OF_OPTIMIZATIONS, RENAME, RERUN
from qctui.actions.verify_optimization import is_gone, new_ones
from qctui.actions.wording import format_clock_time
from qctui.api.ports import ApiError, TriggerApi
from qctui.clock import Clock, first_of
from qctui.model.action import ActionRecord, Rung, Target
from qctui.model.deployment import Deployment, is_alive
from qctui.model.keys import DEPLOYMENTS
from qctui.model.resource import Resource
from qctui.store import Store
from qctui.value import Value

LOOK_S = 3.0
"""How long one look may take before a rejection is shown without it."""

SECOND_LOOK_S = 3.0
"""From a look that shows nothing to the one that must agree: what an answer denies may still be on its way."""

BEFORE_S = 5.0
"""A stop time this much before the request left is no effect of it, where it was known to run. Less may be a difference
of the clocks."""

LISTS_S = 5.0
"""Between looks at the lists that the polling has brought. They cost no read."""

LISTS_AGREEING = 2
"""Lists in a row that must contradict: one may be a lagging replica's."""

LIST_MAY_PRECEDE_S = 5.0
"""A list that was received this soon after the action ended may have been made before."""

WATCHED_S = 900.0
"""How long after its end an action can still be contradicted; by then every snapshot has been renewed."""

NOT_FOUND = "optimization not found"
"""The API's words for an id that it does not know, in small letters. Its other refusals of a read say nothing of the
optimization."""

_LOG = logging.getLogger(__name__)


class Verdict(Value):
    """What a rejection amounts to."""

    acted: bool
    """The world says that it acted all the same."""
    words: str = ""
    """How that is known, that the target had already ended or does not exist, or why it could not be looked at; empty
    if it lives on."""
    unchecked: bool = False
    """It could not be looked at: the API's word stands alone."""


def _unchecked(why: str) -> Verdict:
    return Verdict(acted=False, words=f"could not be checked: {why}", unchecked=True)


async def judge_rejection(
    api: TriggerApi, clock: Clock, target: Target, sent_at: float, ending: asyncio.Event
) -> Verdict:
    """Look at the target of a request that was refused, and again a moment later if nothing has happened to it.

    `sent_at` is when the request left, Unix seconds. Takes at most `2 * LOOK_S + SECOND_LOOK_S`, and stops at once when
    `ending` is set (the program ends): the API's own words must reach the journal in any case.
    """
    verdict = await _look(api, clock, target, sent_at, ending)
    if verdict is not None:
        return verdict
    ended = asyncio.ensure_future(ending.wait())
    await first_of(clock, SECOND_LOOK_S, ended)
    ended.cancel()
    return await _look(api, clock, target, sent_at, ending) or Verdict(acted=False)


async def _look(api: TriggerApi, clock: Clock, target: Target, sent_at: float, ending: asyncio.Event) -> Verdict | None:
    """One look, bounded. None if the target lives on."""
    look = _look_at_optimization if target.action in OF_OPTIMIZATIONS else _look_at_deployment
    looking = asyncio.ensure_future(look(api, target, sent_at, clock))
    ended = asyncio.ensure_future(ending.wait())
    try:
        await first_of(clock, LOOK_S, looking, ended)
        return looking.result() if looking.done() else _unchecked("no answer in time")
    except Exception as error:  # whatever goes wrong here, the rejection itself is shown in the API's words
        _LOG.exception("the look after a rejection failed in an unforeseen way")
        return _unchecked(f"internal error ({type(error).__name__})")
    finally:
        looking.cancel()
        ended.cancel()


async def _look_at_optimization(api: TriggerApi, target: Target, sent_at: float, clock: Clock) -> Verdict | None:
    try:
        if target.action == RERUN.id:
            made = new_ones(await api.fetch_optimizations(target.project_id), target, sent_at)
            return Verdict(acted=True, words=f"{made[0]} is there") if made else None
        optimization = await api.fetch_optimization(target.optimization_id)
    except ApiError as error:
        if target.action == DELETE.id and is_gone(error):
            return Verdict(acted=True, words=f"it can't be read any more ({error.message})")
        if is_gone(error) and NOT_FOUND in error.message.casefold():
            return Verdict(acted=False, words="there is no such optimization")
        return _unchecked(error.message)
    if target.action == RENAME.id and optimization.name == target.new_name:
        return Verdict(acted=True, words=f"its name is {optimization.name}")
    if target.action != ABORT.id or not optimization.finished:
        return None
    # The answer has no time. One that was running when it was confirmed and is aborted now was aborted since.
    if optimization.status.casefold() == "aborted" and target.status:
        return Verdict(acted=True, words="its status is aborted")
    return Verdict(acted=False, words=f"already finished: {optimization.status}")


async def _look_at_deployment(api: TriggerApi, target: Target, sent_at: float, clock: Clock) -> Verdict | None:
    look = await observe(api, target.project_id, target.deploy_id)
    if look.state is Observed.UNKNOWN:
        return _unchecked(look.note)
    if look.state is Observed.REPLACED:
        return Verdict(acted=False, words=f"redeployed since: now {look.deploy_id}")
    if look.state is Observed.ALIVE:
        return None
    known_alive = bool(target.status) and is_alive(target.status, None)
    began = sent_at - (BEFORE_S if known_alive else 0.0)
    ended_before = look.stopped_at < began if look.stopped_at is not None else not known_alive
    if ended_before:
        return Verdict(acted=False, words=look.already_ended_words(clock))
    return Verdict(acted=True, words=f"it has ended since: {look.ended_words(clock)}")


class Aftercare:
    """Compares the polled lists with how actions of this process ended: a VERIFIED or a REJECTED that they contradict
    is withdrawn. Each action is reopened once at most."""

    def __init__(
        self, store: Store, clock: Clock, action_store: ActionStore, verify: Callable[[ActionRecord], None]
    ) -> None:
        """`verify` looks after an action that was reopened."""
        self._store = store
        self._clock = clock
        self._action_store = action_store
        self._verify = verify
        self._version = 0
        self._doubts: dict[str, int] = {}
        self._reopened: set[str] = set()

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            await self._clock.sleep(LISTS_S)
            listed = self._store.get(DEPLOYMENTS)
            if listed.version != self._version and listed.value is not None:
                self._version = listed.version
                self._look(listed)

    def _look(self, listed: Resource[tuple[Deployment, ...]]) -> None:
        rows = {row.deploy_id: row for row in listed.value or () if row.deploy_id}
        received = listed.fetched_mono or 0.0
        doubts: dict[str, int] = {}
        for record in self._action_store.records:
            row = rows.get(record.target.deploy_id)
            why = self._contradiction(record, row, received) if row is not None else ""
            if not why or record.action_id in self._reopened:
                continue
            doubts[record.action_id] = self._doubts.get(record.action_id, 0) + 1
            if doubts[record.action_id] >= LISTS_AGREEING:
                self._reopen(record, why)
        self._doubts = doubts

    def _contradiction(self, record: ActionRecord, row: Deployment, received_mono: float) -> str:
        """Why a list that was received then speaks against how the action ended; empty if it does not."""
        if record.foreign or not record.steps or record.rung not in (Rung.VERIFIED, Rung.REJECTED):
            return ""
        since = received_mono - record.steps[-1].mono
        if not LIST_MAY_PRECEDE_S <= since <= WATCHED_S:
            return ""
        if record.rung is Rung.VERIFIED:
            return f"live/list says {row.status or 'alive'}" if row.alive else ""
        sent = next((step for step in record.steps if step.rung is Rung.SENT), None)
        if sent is None or row.alive or row.stopped_at is None or row.stopped_at < sent.at - BEFORE_S:
            return ""
        when = format_clock_time(row.stopped_at, self._clock.now())
        return f"by live/list it ended at {when}, after the request was sent"

    def _reopen(self, record: ActionRecord, why: str) -> None:
        self._reopened.add(record.action_id)
        ended = record.rung.value if record.rung is not None else ""
        self._action_store.reopen(record.action_id, f"{ended} withdrawn: {why}")
        reopened = self._action_store.get(record.action_id)
        if reopened is not None:
            self._verify(reopened)
