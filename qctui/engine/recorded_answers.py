"""The recorded answers as they stood at a place of the tape, behind the ordinary client."""

from __future__ import annotations

import contextlib
import json
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, TypeVar, cast

from qctui.api.ports import ApiError, ReadApi
from qctui.engine.remembered import OpenRecorded
from qctui.model.recording import NO_ANSWER
from qctui.model.resource import FailureKind
from qctui.tape.request_key import request_key
from qctui.tape.tape import Answers, Recorded, Tape
from qctui.tape.tape_file import Position, TapeError
from qctui.text import clean

T = TypeVar("T")

CHART = "live/chart/read"

PARSED_BYTES = 40_000_000
"""Answers whose values are kept, by the size of their bodies: most are the same at the next place."""

NO_BODY = "it is only looked up, or parsed already"

MOST_REQUESTS = 10_000
"""Calls of which the request is kept: to make one anew, with all that the client does for it, takes longer than to look
up its answer."""

_GENERIC = {
    FailureKind.TIMEOUT: "no answer in time",
    FailureKind.RESET: "the connection broke before the answer was complete",
    FailureKind.TOO_LARGE: "the answer is larger than a real one can be",
}
"""For recordings that do not say more."""


class StillClock:
    """A clock that stands at the instant that is looked at."""

    def __init__(self) -> None:
        self.at = 0.0

    def now(self) -> float:
        """The instant."""
        return self.at

    def monotonic(self) -> float:
        """The same: what was received then is as old as the tape says."""
        return self.at

    async def sleep(self, seconds: float) -> None:
        """Nothing is waited for."""


class RecordedAnswers:
    """Used by one task at a time. As a `Known` it says what was known at the place."""

    def __init__(self, tape: Tape, open_recorded: OpenRecorded) -> None:
        """At no place before `move`."""
        self.tape = tape
        self.clock = StillClock()
        self._api = open_recorded(self._find, self.clock)
        # It has every method of the client's.
        self.reads = cast(ReadApi, _Kept(self))
        """The client. An answer that was parsed before is not parsed again."""
        self.known: Mapping[tuple[str, str], Answers] = {}
        self.at = 0.0
        """When the last answer came."""
        self.asked: list[tuple[str, str]] = []
        """What was asked for since `begin`, by endpoint and request."""
        self.found: list[Recorded] = []
        """What was answered since then."""
        self._instead: Recorded | None = None
        """Answers whatever is asked for now."""
        self._values: OrderedDict[tuple[str, int], tuple[Any, int]] = OrderedDict()
        self._kept_bytes = 0
        self._requests: dict[tuple[Any, ...], tuple[str, Mapping[str, Any]]] = {}
        """What the client asks for when it is called so."""
        self._made: list[tuple[str, Mapping[str, Any]]] = []
        """What it asked for in this call."""
        self._looks_up = False
        self._method = ""
        self._hit: Any = None
        self._size = 0

    def move(self, place: Position) -> None:
        """Be at this place."""
        self.known = self.tape.known(place)
        self.clock.at = place.at
        self.at = max((each.good.at for each in self.known.values() if each.good is not None), default=place.at)

    def begin(self, at: float) -> None:
        """Another resource is read, as it was at this time."""
        self.asked, self.found = [], []
        self.clock.at = at

    async def look_up(self, ask: Callable[[], Awaitable[object]]) -> Recorded | None:
        """What `ask` would be answered with."""
        self._looks_up, before = True, len(self.found)
        try:
            with contextlib.suppress(ApiError):
                await ask()
        finally:
            self._looks_up = False
        return self.found[-1] if len(self.found) > before else None

    async def answered_with(self, recorded: Recorded | None, ask: Callable[[], Awaitable[T]]) -> T:
        """What `ask` makes of this answer, whatever it asks for; None: of those that stood at the place."""
        self._instead = recorded
        try:
            return await ask()
        finally:
            self._instead = None

    async def failure_of(self, recorded: Recorded, ask: Callable[[], Awaitable[object]]) -> ApiError | None:
        """The failure of a recorded answer, as `ask` meets it; None if that takes it for an answer."""
        try:
            await self.answered_with(recorded, ask)
        except ApiError as error:
            return error
        return None

    async def fetch(self, method: str, *arguments: Any, **named: Any) -> Any:
        """Call a method of the client."""
        self._method, self._hit, self._made = method, None, []
        call, first = (method, *arguments, *sorted(named.items())), len(self.found)
        try:
            if call in self._requests and self._is_known(*self._requests[call]):
                raise ApiError(FailureKind.INTERNAL, NO_BODY)
            value = await getattr(self._api, method)(*arguments, **named)
        except ApiError:
            if self._hit is None:
                raise
            return self._hit
        finally:
            if len(self._made) == 1:
                if len(self._requests) >= MOST_REQUESTS:
                    self._requests.clear()
                self._requests[call] = self._made[0]
        if self.found[first:] and self.found[-1].failure is None:
            self._keep((method, self.found[-1].seq), value)
        return value

    async def _find(self, endpoint: str, request: Mapping[str, Any]) -> tuple[int, bytes] | None:
        self._made.append((endpoint, request))
        found = self._resolve(endpoint, request)
        if found is None:
            return None
        self.found.append(found)
        if self._needs_no_body(found):
            raise ApiError(FailureKind.INTERNAL, NO_BODY)
        try:
            body = self.tape.body(found)
        except TapeError as error:
            raise ApiError(FailureKind.MALFORMED, f"{error}") from None
        self._size = len(body)
        if found.failure in NO_ANSWER:
            words = _GENERIC.get(found.failure, "no connection to the API")
            raise ApiError(found.failure, clean(body.decode("utf-8", "replace"), 300) or words)
        return found.status or 200, body

    def _is_known(self, endpoint: str, request: Mapping[str, Any]) -> bool:
        """Whether this request needs no client: what it is answered with is found, and `_hit` then."""
        asked = len(self.asked)
        found = self._resolve(endpoint, request)
        if found is None or not self._needs_no_body(found):
            del self.asked[asked:]
            return False
        self.found.append(found)
        return True

    def _needs_no_body(self, found: Recorded) -> bool:
        if not self._looks_up and (kept := self._values.get((self._method, found.seq))):
            self._values.move_to_end((self._method, found.seq))
            self._hit = kept[0]
        return self._looks_up or self._hit is not None

    def _resolve(self, endpoint: str, request: Mapping[str, Any]) -> Recorded | None:
        if self._instead is not None:
            return self._instead
        key = endpoint, request_key(request, self.clock.at)
        self.asked.append(key)
        found = self.known.get(key)
        if (found is None or found.good is None) and endpoint == CHART:
            return self._nearest_chart(request)
        return found.good if found is not None else None

    def charts_of(self, project_id: int, name: str) -> list[Recorded]:
        """The good answers for a chart, of whatever width and part of time."""
        return [found for _, found in self._charts(project_id, name)]

    def _charts(self, project_id: int, name: str) -> Iterator[tuple[dict[str, Any], Recorded]]:
        for (endpoint, text), found in self.known.items():
            request = _chart_request(text) if endpoint == CHART and found.good is not None else None
            if request is not None and found.good and (request["projectId"], request["name"]) == (project_id, name):
                yield request, found.good

    def _nearest_chart(self, request: Mapping[str, Any]) -> Recorded | None:
        """Of another width, or of another part of time: what shows most of what is asked for, and little else."""
        best: tuple[float, float, float] | None = None
        nearest: Recorded | None = None
        for other, found in self._charts(request["projectId"], request["name"]):
            follows = other["end"] == "now"
            end = found.first_at if follows else float(other["end"])
            start = end + float(other["start"]) if follows else float(other["start"])
            asked = max(1.0, request["end"] - request["start"])
            shown = max(0.0, min(end, request["end"]) - max(start, request["start"]))
            # What is missing counts in tenths: samples that came a little later show no less.
            fit = (
                round(10 * (1.0 - shown / asked)),
                max(1.0, end - start) / asked,
                abs(other["count"] - request["count"]),
            )
            if best is None or fit < best:
                best, nearest = fit, found
        return nearest

    def _keep(self, key: tuple[str, int], value: Any) -> None:
        if key in self._values:
            return
        self._values[key] = value, self._size
        self._kept_bytes += self._size
        while self._kept_bytes > PARSED_BYTES:
            _, (_, size) = self._values.popitem(last=False)
            self._kept_bytes -= size


class _Kept:
    """The client's methods, each through `RecordedAnswers.fetch`."""

    def __init__(self, answers: RecordedAnswers) -> None:
        self._answers = answers

    def __getattr__(self, method: str) -> Callable[..., Awaitable[Any]]:
        async def fetch(*arguments: Any, **named: Any) -> Any:
            return await self._answers.fetch(method, *arguments, **named)

        return fetch


@lru_cache(maxsize=1_024)
def _chart_request(text: str) -> dict[str, Any] | None:
    try:
        request: dict[str, Any] = json.loads(text)
        float(request["start"]), int(request["count"]), request["projectId"], request["name"], request["end"]
    except (ValueError, TypeError, KeyError):
        return None
    return request
