"""An instant as a person names it: a time of day, a date, a distance, or an action's id."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, time, timedelta, tzinfo

EXAMPLES = "03:12, yesterday, 2026-11-20 14:00, +10m, -2h, end, or an action's id"

_DISTANCE = re.compile(r"([+-])((?:\d+(?:\.\d+)?[smhd])+)")
_PART = re.compile(r"(\d+(?:\.\d+)?)([smhd])")
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0}
_CLOCK = re.compile(r"(\d{1,2}):(\d\d)(?::(\d\d))?")
_NUMBER = re.compile(r"(?:[LO]-)?[0-9a-f-]{4,64}", re.IGNORECASE)


def instant_of(
    text: str,
    *,
    first: float,
    last: float,
    here: float | None,
    now: float,
    zone: tzinfo | None,
    action_at: Callable[[str], float | None],
) -> float:
    """The Unix time that `text` means on a tape from `first` to `last`.

    A distance counts from `here`; without one, forward from the beginning and back from the end. `yesterday` is the one
    before `now`; a time of day is the newest on the tape. `zone` is the person's, None the machine's. `action_at` finds
    an action by the end of an id.

    Raises:
        ValueError: it means none; the message says what would.
    """
    said = " ".join(text.split())
    word = said.lower()
    if word in ("start", "begin", "beginning"):
        return first
    if word in ("end", "now"):
        return last
    if found := _DISTANCE.fullmatch(word.replace(" ", "")):
        seconds = sum(float(count) * _SECONDS[unit] for count, unit in _PART.findall(found[2]))
        begin = here if here is not None else first if found[1] == "+" else last
        return begin + (seconds if found[1] == "+" else -seconds)
    try:
        at = _on_calendar(said, word, last, now, zone)
    except (ValueError, OverflowError, OSError):
        raise ValueError(f"{text!r} is no time; for example {EXAMPLES}") from None
    if at is None and _NUMBER.fullmatch(said):
        at = action_at(said)
        if at is None:
            raise ValueError(f"no action has an id that ends in {said!r}; a time is, for example, {EXAMPLES}")
    if at is None:
        raise ValueError(f"{text!r} is no time; for example {EXAMPLES}")
    return at


def _on_calendar(said: str, word: str, last: float, now: float, zone: tzinfo | None) -> float | None:
    """None of what is neither a date nor a time of day. Raises ValueError for one that no calendar has."""
    day, _, rest = word.partition(" ")
    if day in ("yesterday", "today"):
        date = datetime.fromtimestamp(now, zone).date() - timedelta(days=day == "yesterday")
        return _placed(datetime.combine(date, _time_of(rest) if rest else time()), zone)
    if _CLOCK.fullmatch(word):
        newest = datetime.fromtimestamp(last, zone)
        at = _placed(datetime.combine(newest.date(), _time_of(word)), zone)
        before = datetime.combine(newest.date() - timedelta(days=1), _time_of(word))
        return at if at <= last else _placed(before, zone)
    if re.match(r"\d{4}-\d\d-\d\d", said):
        return _placed(datetime.fromisoformat(said), zone)
    return None


def _time_of(text: str) -> time:
    found = _CLOCK.fullmatch(text)
    if found is None:
        raise ValueError(text)
    return time(int(found[1]), int(found[2]), int(found[3] or 0))


def _placed(moment: datetime, zone: tzinfo | None) -> float:
    return (moment if moment.tzinfo is not None or zone is None else moment.replace(tzinfo=zone)).timestamp()
