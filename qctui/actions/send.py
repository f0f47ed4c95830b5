"""Sending: one POST for one confirmation, again only when the one before provably never reached the API."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from qctui.actions.action_store import LOCK, ActionStore
from qctui.actions.earlier_actions import stop_lock
from qctui.actions.spec import ABORT, DELETE, LIQUIDATE, RENAME, RERUN, STOP
from qctui.api.ports import ApiError, Gate, TriggerApi
from qctui.clock import Clock, first_of
from qctui.model.action import Rung, Target
from qctui.model.resource import FailureKind

SEND_S = 120.0
"""From confirming to giving up while the API can't be reached."""

ANSWER_S = 30.0
"""From the request's first byte to its being UNKNOWN, should the client itself not give up earlier."""

BACKOFF_S = (0.5, 1.0, 2.0, 4.0, 5.0)
"""Pauses before the second, third ... try; the last one repeats."""

DECIDE_S = 0.25
"""How long a stop waits to know what other processes are doing: a little more than the lock beside the journal is."""

LEAVES_S = 0.02
"""From the decision that a request may leave to its first byte being out, at most."""

MADE = "as "
"""Before the id of what was made, in the words of ACCEPTED: the journal's line is all that a later start has."""

TOO_LATE = f"the API could not be reached within {SEND_S:g} s"

_LOG = logging.getLogger(__name__)


class InFlightRequest:
    """One action from its confirmation to its answer."""

    def __init__(self, action_id: str, target: Target, deadline: float) -> None:
        """`deadline`: monotonic seconds after which nothing may leave any more."""
        self.action_id = action_id
        self.target = target
        self.deadline = deadline
        self.sent_mono: float | None = None
        """When the first byte of the latest try left; None while everything sent so far provably did nothing."""
        self.closed = ""
        """Why nothing may leave any more; empty while it may."""
        self.abandoned = ""
        """Why its answer is no longer waited for; empty while it is."""
        self.made = ""
        """The id of what it has made, by the answer; empty if it makes nothing, or the answer has none."""
        self.on_first_try: Callable[[], None] = lambda: None
        """Called once the first byte of a try has left, or a try has failed before that."""
        self.changed = asyncio.Event()
        """Set when any of the above is, to wake what waits for it."""

    def close(self, why: str) -> bool:
        """Let nothing leave any more. False, and no effect, when it may be out already."""
        if self.sent_mono is not None:
            return False
        self.closed = self.closed or why
        self.changed.set()
        return True

    def abandon(self, why: str) -> None:
        """Stop waiting, whether or not it is out."""
        if not self.close(why):
            self.abandoned = why
        self.changed.set()


class Refusal(Exception):
    """The API refused, or the program did. The words are for the screen."""

    def __init__(self, words: str, *, of_credentials: bool) -> None:
        """`of_credentials`: the credentials are not accepted, so no look at the target will be either."""
        super().__init__(words)
        self.words = words
        self.of_credentials = of_credentials


class Sender:
    """Sends a request until it is ACCEPTED, NOT SENT or UNKNOWN, or refused, which is still to be put into words."""

    def __init__(
        self,
        api: TriggerApi,
        clock: Clock,
        action_store: ActionStore,
        spawn: Callable[[Coroutine[Any, Any, None]], None],
    ) -> None:
        """`spawn` runs what goes on after a request."""
        self._api = api
        self._clock = clock
        self._action_store = action_store
        self._spawn = spawn

    async def send(self, request: InFlightRequest) -> Rung:
        """Send, and put each rung into the action store. The rung that ended it: ACCEPTED, NOT SENT or UNKNOWN.

        Raises:
            Refusal: a certain no; the REJECTED step is left to the caller, who may know a better reason.
        """
        tries = 1
        while True:
            failure = await self._try(request)
            request.on_first_try()
            if failure is None:
                return self._end(request, Rung.ACCEPTED, f"{MADE}{request.made}" if request.made else "")
            if not failure.may_have_acted and (request.closed or self._late(request)):
                return self._end(request, Rung.NOT_SENT, request.closed or failure.message)
            if _is_certain_no(failure):
                raise Refusal(failure.message, of_credentials=failure.kind.refuses_credentials)
            if failure.may_have_acted:
                return self._end(request, Rung.UNKNOWN, failure.message)
            # Provably not acted upon: a connection that was never made, or a 429.
            request.sent_mono = None
            pause = max(failure.retry_after_s or 0.0, BACKOFF_S[min(tries, len(BACKOFF_S)) - 1])
            if self._clock.monotonic() + pause >= request.deadline:
                return self._end(request, Rung.NOT_SENT, failure.message)
            tries += 1
            words = f"{ordinal(tries)} try in {pause:g}s: {failure.message}"
            self._action_store.step(request.action_id, Rung.SENDING, words, tries=tries, cancellable=True)
            if not request.closed:
                await self._wait(request, pause)
            if request.closed:
                return self._end(request, Rung.NOT_SENT, request.closed)

    async def _try(self, request: InFlightRequest) -> ApiError | None:
        """One POST at most. None: accepted. Returns also when it was closed or abandoned, the POST being cancelled."""
        post = asyncio.ensure_future(self._post(request))
        try:
            while not post.done():
                if request.abandoned:
                    return ApiError(FailureKind.TIMEOUT, request.abandoned)
                if request.closed and request.sent_mono is None:
                    return ApiError(FailureKind.REFUSED, request.closed, may_have_acted=False)
                until = request.deadline if request.sent_mono is None else request.sent_mono + ANSWER_S
                left = until - self._clock.monotonic()
                if left <= 0 and request.sent_mono is None:
                    return ApiError(FailureKind.CONNECT, TOO_LATE, may_have_acted=False)
                if left <= 0:
                    return ApiError(FailureKind.TIMEOUT, f"no answer within {ANSWER_S:g} s")
                await self._wait(request, left, post)
            return post.result()
        finally:
            # A POST cancelled here before its first byte is refused by `gate`, should it still get there unwinding.
            if not post.done() and request.sent_mono is None:
                request.closed = request.closed or TOO_LATE
            post.cancel()

    async def _post(self, request: InFlightRequest) -> ApiError | None:
        async def gate() -> None:
            """Runs right before the first byte. A machine that slept while connecting must not send hours later."""
            if request.target.action == STOP.id:
                await self._give_way_to_liquidations(request)
            if request.closed or self._late(request):
                raise ApiError(FailureKind.REFUSED, request.closed or TOO_LATE, may_have_acted=False)
            self._mark_sent(request)

        try:
            await self._trigger(request, gate)
        except ApiError as error:
            return error
        except Exception as error:  # a defect of the client: whether it acted is not known, so it counts as sent
            _LOG.exception("the trigger failed in an unforeseen way")
            return ApiError(FailureKind.INTERNAL, f"internal error: {type(error).__name__}")
        return None

    async def _give_way_to_liquidations(self, request: InFlightRequest) -> None:
        """Let no stop overtake a liquidation, whichever process of this machine confirmed it: decided on what the
        shared journal says right now.

        Raises ApiError when it would. A disk or a lock that hangs delays an emergency by `DECIDE_S` at most; what this
        process knows decides then, with a warning.
        """
        catching_up = asyncio.ensure_future(self._catch_up())
        await first_of(self._clock, DECIDE_S, catching_up)
        failure = catching_up.result() if catching_up.done() else f"no answer of the disk within {DECIDE_S:g} s"
        reason = stop_lock(self._action_store.records, request.target, self._clock.monotonic())
        if reason is not None:
            raise ApiError(FailureKind.REFUSED, reason, may_have_acted=False)
        if failure:
            words = f"not known whether another process is liquidating: {failure}"
            self._action_store.warn(request.action_id, LOCK, words)

    async def _catch_up(self) -> str:
        try:
            return await self._action_store.catch_up()
        except Exception as error:  # a defect in reading a shared file must not keep a confirmed request from leaving
            _LOG.exception("what other processes do could not be read")
            return f"internal error ({type(error).__name__})"
        finally:
            self._spawn(self._release_soon())

    async def _release_soon(self) -> None:
        """After the first byte has left: the transport hands it over within a turn or two of the loop."""
        await self._clock.sleep(LEAVES_S)
        self._action_store.release()

    async def _trigger(self, request: InFlightRequest, gate: Gate) -> None:
        target = request.target
        if target.action == LIQUIDATE.id:
            await self._api.liquidate(target.project_id, gate=gate)
        elif target.action == STOP.id:
            await self._api.stop(target.project_id, gate=gate)
        elif target.action == ABORT.id:
            await self._api.abort(target.optimization_id, gate=gate)
        elif target.action == RENAME.id:
            await self._api.rename(target.optimization_id, target.new_name, gate=gate)
        elif target.action == DELETE.id:
            await self._api.delete(target.optimization_id, gate=gate)
        elif target.action == RERUN.id and target.plan is not None:
            request.made = await self._api.create(target.plan, target.compile_id, gate=gate)
        else:
            raise ApiError(FailureKind.REFUSED, f"no such action: {target.action}", may_have_acted=False)

    def _mark_sent(self, request: InFlightRequest) -> None:
        if request.sent_mono is None:
            request.sent_mono = self._clock.monotonic()
            request.changed.set()
            request.on_first_try()
            self._action_store.step(request.action_id, Rung.SENT)

    def _late(self, request: InFlightRequest) -> bool:
        return self._clock.monotonic() >= request.deadline

    async def _wait(self, request: InFlightRequest, limit_s: float, *futures: asyncio.Future[Any]) -> None:
        """Wait for one of `futures` or for something about the request to change, at most `limit_s`."""
        request.changed.clear()
        changed = asyncio.ensure_future(request.changed.wait())
        try:
            await first_of(self._clock, limit_s, changed, *futures)
        finally:
            changed.cancel()

    def _end(self, request: InFlightRequest, rung: Rung, words: str = "") -> Rung:
        if rung is not Rung.NOT_SENT:
            self._mark_sent(request)
        self._action_store.step(request.action_id, rung, words)
        return rung


def _is_certain_no(failure: ApiError) -> bool:
    """It was refused, and would be again: by the API's own answer, for the credentials, or by the program (read-only).

    A 429 is an answer too, but one that asks to come again.
    """
    if failure.kind is FailureKind.RATE_LIMITED and not failure.may_have_acted:
        return False
    return failure.answered or failure.kind is FailureKind.REFUSED or failure.kind.refuses_credentials


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th ..."""
    if 10 < number % 100 < 14:
        return f"{number}th"
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th') }"
