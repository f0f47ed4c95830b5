"""One resource being kept current: its reader, when it is due, and how it has been going."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from qctui.engine.rate_limiter import Priority
from qctui.engine.readers import Reader
from qctui.engine.subscription import Pace
from qctui.model.keys import Key
from qctui.model.resource import Failure

FRESH_S = 5.0
"""How long a newly wanted read goes before the routine. A crowd of them is not news any more by then."""

COUNTLESS = frozenset({"optimization"})
"""Kinds of which many may be on screen at once, one a row: a single row is never urgent unless it is opened."""

BACKGROUND = frozenset({"accounts"})
"""Kinds that are many reads in turn, none of which anybody waits for."""

PATIENCE_S = 5.0
"""How long one of those waits for the next request before it may use what the others leave: a full screen must not
keep it from ever being made."""

CHAIN_LIMIT = 3
"""Requests in a row one resource may make without its turn ending, bulk pages apart: a list whose length changes with
every answer would never be done."""

READ_LIMIT_S = 120.0
"""A read under way for longer than this is given up. The client has time-outs of its own; this one is for whatever they
do not cover."""


@dataclass(slots=True, eq=False)
class Poll:
    """Everything the poller keeps of one wanted resource. Lives exactly as long as it is wanted."""

    key: Key[Any]
    pace: Pace
    reader: Reader
    due_mono: float
    priority: Priority = Priority.FRESH
    task: asyncio.Task[None] | None = None
    """The read under way: never more than one."""
    sent_mono: float = float("-inf")
    """When its last request was sent."""
    turn_mono: float = float("-inf")
    """When the first request of its last turn was sent: its cadence counts from here."""
    chained: int = 0
    """Requests of the turn under way so far."""
    loadings: int = 0
    """Loading answers in a row."""
    failure: Failure | None = None
    """Its own last failure, if its last read failed."""
    marked: bool = False
    """Its resource says that the API as a whole does not answer."""
    again: bool = False
    """What it reads has changed while a read was under way: that answer may be from before."""
    given_up: bool = False
    """Cancelled by `READ_LIMIT_S`, not because it is no longer wanted."""

    @property
    def settled(self) -> bool:
        """Waiting for its regular time, not failing, loading or in the middle of a turn."""
        return self.task is None and self.failure is None and self.loadings == 0 and self.chained == 0

    def errand_at(self, mono: float) -> Priority:
        """How urgent it is now: what part of the budget it may use."""
        if self.key.kind in BACKGROUND:
            return Priority.BACKGROUND if mono - self.sent_mono < PATIENCE_S else Priority.BULK
        if self.priority is Priority.BULK:
            return Priority.BULK
        if self.pace is Pace.OPENED:
            return Priority.FRESH
        awaited = self.pace is Pace.VISIBLE and self.key.kind not in COUNTLESS and mono - self.due_mono <= FRESH_S
        return Priority.FRESH if awaited and self.priority is Priority.FRESH else Priority.ROUTINE

    def order_at(self, mono: float) -> tuple[Pace, float, float]:
        """Who goes first when not everything can be read: the smallest. Among fresh ones the newest, because that is
        where somebody has just moved to; among others the longest due."""
        priority = self.errand_at(mono)
        return self.pace, -priority.value, -self.due_mono if priority is Priority.FRESH else self.due_mono
