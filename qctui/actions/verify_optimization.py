"""Verification of what is done to an optimization: aborted, renamed, deleted, run again (REFERENCE.md 5.3 to 5.5)."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence

from qctui.actions.send import MADE
from qctui.actions.verify import AGREEING, MOST_AGREEING, STATUS_S, Check
from qctui.api.ports import ApiError
from qctui.model.action import ActionRecord, Rung, Target
from qctui.model.optimization import Optimization, OptimizationSummary
from qctui.model.resource import FailureKind
from qctui.value import replace

CLOCKS_DIFFER_S = 120.0
"""What was made this much before the request, by the API's clock, was not made by it."""

FOUND = " is there, new and of this name"
"""Behind the id of what was found without an answer, in the words of VERIFIED: others read them in the journal."""

_Finding = tuple[Rung, str]
"""The rung that one look speaks for, and its words."""


def is_gone(error: ApiError) -> bool:
    """Whether a read failed as that of an optimization that does not exist: by the API's own `success: false`. It has
    no other word for it (REFERENCE.md 5.4)."""
    return error.answered and error.kind is FailureKind.REJECTED


class OptimizationCheck(Check):
    """Looks at the optimization until as many looks in a row agree as are needed: one answer may be a lagging
    replica's."""

    _failure = ""
    _found: _Finding | None = None
    _agreeing = 0
    """Looks in a row that found this very thing."""
    _needed = AGREEING

    def _begin(self) -> None:
        self._keep_looking(self._look, lambda: STATUS_S)

    async def _look(self) -> None:
        try:
            found = await self._find()
        except ApiError as error:
            self._failure = error.message
            self._warn("status", f"the optimization can't be read: {error.message}")
            return
        self._failure = ""
        self._warn("status", "")
        before, self._found = self._found, found
        if found is None or found != before:
            if self._agreeing:
                self._needed = min(MOST_AGREEING, self._needed + 1)
            self._agreeing = 0
        if found is None or self._done.is_set():
            return
        self._agreeing += 1
        if self._agreeing >= self._needed:
            self._finish(*found)

    async def _find(self) -> _Finding | None:
        """What a look at the world speaks for; None while the goal is not reached. Raises ApiError."""
        return self._judge(await self._api.fetch_optimization(self._target.optimization_id))

    @abstractmethod
    def _judge(self, optimization: Optimization) -> _Finding | None:
        """What one good answer of optimizations/read speaks for."""

    @abstractmethod
    def _unseen(self) -> str:
        """How it is instead, by the newest look."""

    def _give_up(self) -> None:
        record = self._action_store.get(self._id)
        answered = record is not None and any(step.rung is Rung.ACCEPTED for step in record.steps)
        seen = f"could not be re-read: {self._failure}" if self._failure else self._unseen()
        self._step(Rung.UNVERIFIED, seen if answered else f"no answer to the request; {seen}")


class AbortCheck(OptimizationCheck):
    """Looks for the status `aborted`."""

    _status = ""

    def _judge(self, optimization: Optimization) -> _Finding | None:
        self._status = optimization.status
        if not optimization.finished:
            return None
        if optimization.status.casefold() == "aborted":
            return Rung.VERIFIED, f"status {optimization.status}"
        return Rung.REJECTED, f"already finished: {optimization.status} before the abort took effect"

    def _unseen(self) -> str:
        return f"still {self._status or 'not aborted'}"


class RenameCheck(OptimizationCheck):
    """Looks for the new name."""

    _name = ""

    def _judge(self, optimization: Optimization) -> _Finding | None:
        self._name = optimization.name
        wanted = self._target.new_name
        return (Rung.VERIFIED, f"its name is {wanted}") if wanted and optimization.name == wanted else None

    def _unseen(self) -> str:
        if not self._target.new_name:
            return f"the new name is not in the journal; its name is {self._name}"
        return f"its name is {self._name}, not {self._target.new_name}"


class RerunCheck(OptimizationCheck):
    """Looks for the optimization that was made: by the id of the answer, or, where that is not known, for the one new
    optimization of its name in the project that no other request has made or may have made."""

    _new: tuple[str, ...] = ()
    _rivals = 0
    """Other requests for one of this name of which it is not known either what they made."""
    _missing = ""
    """What the API says instead of the one that it has made."""

    async def _find(self) -> _Finding | None:
        record = self._action_store.get(self._id)
        made = made_by(record) if record is not None else ""
        if made:
            return await self._find_made(made)
        sent_at = record.confirmed_at if record is not None else self._clock.now()
        listed = await self._api.fetch_optimizations(self._target.project_id)
        others = [each for each in self._action_store.records if each.action_id != self._id]
        self._new = new_ones(listed, but_for_others(self._target, others), sent_at)
        self._rivals = sum(_is_rival(each, self._target) for each in others)
        if len(self._new) != 1 or self._rivals:
            return None
        return Rung.VERIFIED, f"{self._new[0]}{FOUND}"

    async def _find_made(self, made: str) -> _Finding | None:
        self._missing = ""
        try:
            await self._api.fetch_optimization(made)
        except ApiError as error:
            if not is_gone(error):
                raise
            # An answer, and it contradicts: what was found by the look before does not stand.
            self._missing = f"{made} is not there: {error.message}"
            return None
        return Rung.VERIFIED, f"{made} is there"

    def _judge(self, optimization: Optimization) -> _Finding | None:
        return None

    def _unseen(self) -> str:
        if self._missing:
            return self._missing
        if self._new:
            new = "1 new optimization is" if len(self._new) == 1 else f"{len(self._new)} new optimizations are"
            which = "whose it is" if len(self._new) == 1 else "which is it"
            return f"{new} called {self._target.new_name}: {which} is not known"
        return f"no new optimization is called {self._target.new_name}"


def made_by(record: ActionRecord) -> str:
    """The id of what an action has made, by the API's answer; empty if that had none."""
    return next(filter(None, (made_in(step.rung, step.detail) for step in reversed(record.steps))), "")


def made_in(rung: Rung | None, detail: str) -> str:
    """The id of what a rerun has made, in the words of the API's answer; empty if they have none."""
    return detail.removeprefix(MADE) if rung is Rung.ACCEPTED and detail.startswith(MADE) else ""


def named_in(said: Iterable[tuple[Rung | None, str]]) -> tuple[str, ...]:
    """The ids of what reruns have made, in the words of their rungs: those of the API's answers, and of the looks that
    found it without one."""
    found = (made_in(*each) or (each[1].removesuffix(FOUND) if each[1].endswith(FOUND) else "") for each in said)
    return tuple(filter(None, found))


def but_for_others(target: Target, others: Sequence[ActionRecord]) -> Target:
    """The target of a rerun; what `others` have made is none of its own."""
    steps = [step for each in others if each.target.action == target.action for step in each.steps]
    return replace(target, others=(*target.others, *named_in((step.rung, step.detail) for step in steps)))


def _is_rival(other: ActionRecord, target: Target) -> bool:
    """Whether another request may have made, or may be making, what this rerun looks for."""
    same = (other.target.action, other.target.project_id, other.target.new_name)
    if same != (target.action, target.project_id, target.new_name) or other.done or made_by(other):
        return False
    return any(step.rung in (Rung.SENT, Rung.UNKNOWN) for step in other.steps)


def new_ones(listed: Sequence[OptimizationSummary], target: Target, sent_at: float) -> tuple[str, ...]:
    """The ids of the optimizations that this rerun may have made: of its name, not known when it was captured, and not
    older than the request (Unix seconds; the clocks may differ)."""
    return tuple(
        each.optimization_id
        for each in listed
        if each.name == target.new_name
        and each.optimization_id not in target.others
        and (each.created_at is None or each.created_at >= sent_at - CLOCKS_DIFFER_S)
    )


class DeleteCheck(OptimizationCheck):
    """Looks whether it is gone: it can't be read any more, and its project does not list it."""

    _status = ""

    async def _find(self) -> _Finding | None:
        try:
            return await super()._find()
        except ApiError as error:
            if not is_gone(error):
                raise
        if not self._target.project_id:
            return Rung.VERIFIED, "it can't be read any more"
        # A second witness: the read's `success: false` may be about anything.
        listed = await self._api.fetch_optimizations(self._target.project_id)
        if any(each.optimization_id == self._target.optimization_id for each in listed):
            self._status = "listed"
            return None
        return Rung.VERIFIED, "its project does not list it any more"

    def _judge(self, optimization: Optimization) -> _Finding | None:
        self._status = optimization.status
        return None

    def _unseen(self) -> str:
        return f"still there: {self._status}" if self._status else "not seen gone"
