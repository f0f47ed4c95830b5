"""What the interface wants to know: the one value it hands to the engine."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from qctui.model.keys import Key


class Pace(IntEnum):
    """How eagerly a resource is read. Smaller goes first when the read budget is short."""

    OPENED = 0
    """Somebody is looking at its detail."""
    VISIBLE = 1
    """Its pane is on screen."""
    HIDDEN = 2
    """Wanted, but off screen: a third of the pace."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """One resource to be kept current."""

    key: Key[Any]
    pace: Pace = Pace.VISIBLE


@dataclass(frozen=True, slots=True)
class Subscriptions:
    """Everything the interface wants right now. The live list and the projects are always read and need not be in it.

    Handing over a new view ends the reads of what is no longer wanted; their late answers are dropped.
    """

    wants: tuple[Subscription, ...] = ()
