"""Several connections that are kept open for the triggers, and which of them the next trigger takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from qctui.api import endpoints
from qctui.api.answer import Answer
from qctui.api.endpoints import Endpoint
from qctui.api.ports import Gate
from qctui.api.transport import Channel, Place, Pool, Timeouts

TRIGGER_LANES = 16
TRIGGER_POOL = Pool(connections=16, idle_s=4.0)
"""In each of `TRIGGER_LANES`: for a hundred at once in half of them, while some are being warmed in the others.

A pool looks at each of its connections for every request: a hundred requests in one pool of a hundred connections spend
more time on that than on being sent.

Idle connections are trusted only briefly: one that the server closes just as a trigger leaves would make its outcome
unknown. Common servers keep them for 5 s and more; while a dialog is open, `warm` is called more often than that.

Each carries a trigger, before it at most one credential check that was answered well, and nothing else: an answer that
something in between delays, repeats or gives to the wrong request is then never one about a deployment, nor a refusal
that another request met with.
"""

WARM_TIMEOUTS = Timeouts(connect_s=3.0, read_s=3.0, total_s=5.0)
"""A connection that answers more slowly than this is none that a trigger should wait on."""


class Lanes:
    """Several pools to the same address, used as one."""

    def __init__(self, channels: Sequence[Channel]) -> None:
        self._channels = tuple(channels)
        self._lanes = range(len(channels))
        self._under_way = [0] * len(channels)

    def half_for_checks(self) -> range:
        """The half of the lanes in which no connection stands idle: those that do are left to the triggers."""
        half = len(self._channels) // 2
        first_has_idle = any(channel.has_idle() for channel in self._channels[:half])
        return self._lanes[half:] if first_has_idle else self._lanes[:half]

    async def check(self, lanes: range) -> None:
        """Check the credentials over a new connection in the least used of `lanes`."""
        with self._using(min(lanes, key=self._under_way.__getitem__)) as channel:
            await channel.post(endpoints.AUTHENTICATE, {}, timeouts=WARM_TIMEOUTS, place=Place.FIRST)

    async def trigger(
        self, endpoint: Endpoint, body: dict[str, object], timeouts: Timeouts, gate: Gate | None
    ) -> Answer:
        """As `Channel.post`, over the lane with a connection to spare, else the one least used."""
        with self._using(self._next_lane()) as channel:
            return await channel.post(endpoint, body, timeouts=timeouts, gate=gate, place=Place.LAST)

    @contextmanager
    def _using(self, lane: int) -> Iterator[Channel]:
        self._under_way[lane] += 1
        try:
            yield self._channels[lane]
        finally:
            self._under_way[lane] -= 1

    def has_idle(self) -> bool:
        """Whether a connection stands that nothing is using."""
        return any(channel.has_idle() for channel in self._channels)

    def _next_lane(self) -> int:
        # Whether one stands idle is asked of as few as possible: it looks at sockets, while a hundred wait to be sent.
        least_used_first = sorted(self._lanes, key=self._under_way.__getitem__)
        return next((lane for lane in least_used_first if self._channels[lane].has_idle()), least_used_first[0])
