"""What may be kept of resources nobody looks at any more: going back to one should show it at once, within reason."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection
from typing import Any

from qctui.model.chart import Chart
from qctui.model.insight import InsightLog
from qctui.model.keys import Key

BYTES_PER_POINT = 24
BYTES_PER_INSIGHT = 1_000
"""Rough sizes in memory: only their proportion and magnitude matter."""

HEAVY_BYTES = 24_000_000
"""Kept of charts and insights that are not wanted at the moment."""

HEAVY_KEYS = 64
"""And no more of them than this, however small: each pan of a chart is another key."""


class Retention:
    """Forgets the heavy resources that have been unwanted for longest, once they are too many or too large."""

    def __init__(self, forget: Callable[[Key[Any]], None]) -> None:
        self._forget = forget
        self._sizes: OrderedDict[Key[Any], int] = OrderedDict()
        """Oldest use first."""

    def note(self, key: Key[Any], value: object) -> None:
        """`key` now holds `value`."""
        size = _size_of(value)
        if size is not None:
            self._sizes[key] = size
            self._sizes.move_to_end(key)

    def touch(self, key: Key[Any]) -> None:
        """`key` has been wanted until now."""
        if key in self._sizes:
            self._sizes.move_to_end(key)

    def trim(self, wanted: Collection[Key[Any]]) -> None:
        """Forget what is too much, never anything wanted."""
        unwanted = [key for key in self._sizes if key not in wanted]
        total = sum(self._sizes[key] for key in unwanted)
        excess = len(unwanted) - HEAVY_KEYS
        for position, key in enumerate(unwanted):
            if total <= HEAVY_BYTES and position >= excess:
                return
            total -= self._sizes.pop(key)
            self._forget(key)


def _size_of(value: object) -> int | None:
    if isinstance(value, Chart):
        return BYTES_PER_POINT * value.points
    if isinstance(value, InsightLog):
        return BYTES_PER_INSIGHT * len(value.insights)
    return None
