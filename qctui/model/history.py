"""What has been seen over time, bounded: the source of sparklines."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import dataclass

from qctui.model.keys import Key


@dataclass(frozen=True, slots=True, eq=False)
class EquityTrail:
    """The equity of one deployment as this program saw it, oldest first, at most one sample a minute and 120 in all.

    Both columns have the same length and hold finite numbers. Compared by identity: an unchanged deployment keeps its
    trail object. Time in which nothing was seen (an outage, a closed laptop) is missing, not interpolated.
    """

    ats: array[float]
    """When each sample was received, Unix seconds."""
    values: array[float]
    """Equity in the account's currency."""


EQUITY_HISTORY: Key[Mapping[str, EquityTrail]] = Key("equity_history")
"""Trails by deploy id, of every deployment the live list carries an equity for."""
