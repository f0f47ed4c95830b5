"""Answers requests as a recorded world did: the nearest answer to the same request, its times moved to the present."""

from __future__ import annotations

import json
import math
import re
from datetime import datetime, timedelta
from typing import Any

from qctui.simulator.config import SimConfig
from qctui.simulator.recorded_tape import RecordedAnswer, RecordedRequest, RecordedTape
from qctui.simulator.request import NOT_RECORDED, TRIGGERS, UNCHANGEABLE, Fields
from qctui.simulator.shapes import Json, Recorded, ShapeChooser, encode
from qctui.simulator.world_clock import WorldClock

_LISTS = {"live/insights/read": "insights", "live/orders/read": "orders", "live/logs/read": "logs"}
"""Endpoints that answer with a part of a list, and what the list is called."""
_ENDPOINTS = (
    *("authenticate", "projects/read", "live/list", "live/read", "live/chart/read", "live/portfolio/read", *_LISTS),
    *("optimizations/list", "optimizations/read", *TRIGGERS),
)
_WINDOW = ("start", "end", "startLine", "endLine", "count", "format")
"""Fields that say how much of something, not of what."""
_WHOLE = {"live/list": "live", "projects/read": "projects"}
"""Endpoints that answer with everything if nothing is asked for in particular."""
_MUST = ("projectId", "name", "optimizationId", "query")
"""What is asked about: without it, or with another one, it is another request."""

_TIME = re.compile(r"\b(\d{4}-\d\d-\d\d)([ T])(\d\d:\d\d:\d\d)")
_TIME_FIELDS = frozenset(
    ("time", "createdtime", "generatedtime", "closetime", "lastfilltime", "lastupdatetime", "canceledtime", "x")
)
_POINTS = ("values", "equity")
"""Lists of points, each of which begins with its time."""


class RecordedEndpoints:
    """Answers the requests of a recorded world. The beginning of the tape is where the clock begins."""

    def __init__(self, tape: RecordedTape, config: SimConfig, clock: WorldClock) -> None:
        self._tape, self._clock = tape, clock
        self.shapes = ShapeChooser(config.seed, "modern", {})
        self.handlers = frozenset(_ENDPOINTS)
        """Which endpoints there are."""
        self._moved_s = round(clock.now() - tape.first_at)
        """How much later everything is than it was."""
        self._requests: dict[str, list[RecordedRequest]] = {}
        for request in tape.requests:
            self._requests.setdefault(request.endpoint, []).append(request)

    @property
    def recorded_at(self) -> float:
        """The recorded time that is served now."""
        return self._clock.now() - self._moved_s

    def project_of(self, body: Json) -> object:
        """Return the project that a request names; None if it names none."""
        return body.get("projectId")

    def answer(self, endpoint: str, fields: Fields) -> Recorded:
        """Return the answer of a known endpoint."""
        if endpoint == "authenticate":
            return _said({"success": True})
        if endpoint in TRIGGERS:
            return _said({"success": False, "errors": [UNCHANGEABLE]})
        asked = {name: _number(value) if fields.textual else value for name, value in fields.body.items()}
        known = [(each, found) for each in self._about(endpoint, asked) if (found := each.at(self.recorded_at))]
        if not known:
            return _said({"success": False, "errors": [NOT_RECORDED]})
        request, found = min(known, key=lambda each: self._distance(endpoint, each[0].fields, asked))
        if not found.good:
            return Recorded(found.status, self._tape.body(found.seq), success=False)
        if endpoint in _LISTS:
            return self._part([each for each in known if each[1].good], asked, _LISTS[endpoint])
        return self._whole(found, endpoint, asked, request.fields)

    def _about(self, endpoint: str, asked: Json) -> list[RecordedRequest]:
        """The requests about the same, the likest ones."""
        ranked: dict[int, list[RecordedRequest]] = {}
        for each in self._requests.get(endpoint, ()):
            names = (asked.keys() | each.fields.keys()) - set(_WINDOW)
            apart = [name for name in names if asked.get(name) != each.fields.get(name)]
            both = [name for name in apart if name in asked and name in each.fields]
            needed = [name for name in apart if name in _MUST and (endpoint not in _WHOLE or name in each.fields)]
            # What was said of an older deployment is nothing about the newest; the other way round the answer tells.
            needed += [name for name in apart if name == "deployId" and name in each.fields]
            if not both and not needed:
                ranked.setdefault(len(apart), []).append(each)
        return ranked[min(ranked)] if ranked else []

    def _distance(self, endpoint: str, recorded: Json, asked: Json) -> float:
        """How far a request is from the one that is asked. For a list: by what they have in common."""
        if endpoint in _LISTS:
            (first, last), (from_, until) = _indexes(asked), _indexes(recorded)
            return -float(max(0, min(last, until) - max(first, from_)))
        return self._chart_distance(recorded, asked) if endpoint == "live/chart/read" else 0.0

    def _chart_distance(self, recorded: Json, asked: Json) -> float:
        """By the span, the place of the end, the number of samples."""
        (start, end), count = _window(asked, self._clock.now()), asked.get("count")
        recorded_start, recorded_end = _window(recorded, self.recorded_at)
        span, recorded_span = max(1.0, end - start), max(1.0, recorded_end - recorded_start)
        sizes = [float(each) for each in (count, recorded.get("count")) if isinstance(each, int) and each > 0]
        finer = abs(math.log(sizes[0] / sizes[1])) if len(sizes) == 2 else 0.0
        return 4 * abs(math.log(span / recorded_span)) + 4 * abs(end - recorded_end - self._moved_s) / span + finer

    def _whole(self, found: RecordedAnswer, endpoint: str, asked: Json, request: Json) -> Recorded:
        body = self._tape.body(found.seq)
        try:
            answer = self._moved(json.loads(body), "", *_span(asked))
        except (ValueError, RecursionError):  # it was as it is
            return Recorded(found.status, body)
        if endpoint in _WHOLE and isinstance(answer, dict):
            listed = answer.get(_WHOLE[endpoint])
            wanted = {name: asked[name] for name in ("projectId", "status") if name in asked and name not in request}
            if isinstance(listed, list):
                answer[_WHOLE[endpoint]] = [
                    each
                    for each in listed
                    if isinstance(each, dict) and all(each.get(name) == value for name, value in wanted.items())
                ]
        return Recorded(found.status, encode(answer) if isinstance(answer, dict) else body)

    def _part(self, good: list[tuple[RecordedRequest, RecordedAnswer]], asked: Json, name: str) -> Recorded:
        """A part of a list, put together from all parts that were recorded."""
        items: dict[int, Any] = {}
        answer: Json = {"success": True}
        for request, found in sorted(good, key=lambda each: (each[1].at, each[1].seq)):
            try:
                body = json.loads(self._tape.body(found.seq))
            except (ValueError, RecursionError):
                continue
            if not isinstance(body, dict):
                continue
            key = next((each for each in body if each.lower() == name), name)
            if not isinstance(listed := body.get(key), list):  # it was still loading
                continue
            answer = {**body, key: []}
            items.update(enumerate(listed, _indexes(request.fields)[0]))
        place, last = _indexes(asked)
        key = next((each for each in answer if each.lower() == name), name)
        found_items = []
        while place in items and place < last:
            found_items.append(items[place])
            place += 1
        answer[key] = found_items
        return Recorded(200, encode(self._moved(answer, "", None, None)))

    def _moved(self, value: Any, name: str, start: float | None, end: float | None) -> Any:
        """The same as much later as everything is; of points, those between two times."""
        if isinstance(value, dict):
            return {key: self._moved(each, key.lower(), start, end) for key, each in value.items()}
        if isinstance(value, list):
            moved = [self._moved(each, name, start, end) for each in value]
            if name in _POINTS and all(isinstance(each, int | float) or each is None for each in value):
                return [self._later(each) if not place else each for place, each in enumerate(value)]
            if name in _POINTS and start is not None and end is not None:
                return [each for each in moved if (at := _time_of(each)) is None or start <= at <= end]
            return moved
        if isinstance(value, str):
            return _TIME.sub(self._later_text, value)
        return self._later(value) if name.replace("-", "") in _TIME_FIELDS else value

    def _later(self, value: Any) -> Any:
        fits = isinstance(value, int | float) and not isinstance(value, bool) and 1e9 <= value < 5e9
        return value + self._moved_s if fits else value

    def _later_text(self, found: re.Match[str]) -> str:
        try:
            at = datetime.fromisoformat(f"{found[1]} {found[3]}") + timedelta(seconds=self._moved_s)
        except (ValueError, OverflowError):
            return found[0]
        return at.isoformat(found[2], "seconds")


def _said(answer: Json) -> Recorded:
    return Recorded(200, encode(answer), success=bool(answer["success"]))


def _number(value: Any) -> Any:
    return int(value) if isinstance(value, str) and value.lstrip("-").isdigit() else value


def _indexes(fields: Json) -> tuple[int, int]:
    """Which part of a list a request is about."""
    first, last = (fields.get(f"{each}Line", fields.get(each)) for each in ("start", "end"))
    begin = first if isinstance(first, int) else 0
    return begin, last if isinstance(last, int) else begin


def _window(fields: Json, now: float) -> tuple[float, float]:
    """Start and end of a chart. On the tape one that follows the time has its length for a start, and `now` for an
    end."""
    try:
        start, end = float(fields["start"]), str(fields["end"])
        return (now + start, now) if end == "now" else (start, float(end))
    except (KeyError, TypeError, ValueError):
        return now - 86_400.0, now


def _span(asked: Json) -> tuple[float | None, float | None]:
    start, end = asked.get("start"), asked.get("end")
    if "count" in asked and isinstance(start, int) and isinstance(end, int):
        return float(start), float(end)
    return None, None


def _time_of(point: Any) -> float | None:
    at = point[0] if isinstance(point, list) and point else point.get("x") if isinstance(point, dict) else None
    return at if isinstance(at, int | float) else None
