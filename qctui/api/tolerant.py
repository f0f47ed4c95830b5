"""Readers of values as the API sends them: whatever comes in, something usable or "no value" comes out; none raises.

The parsers `parse_*.py` apply them to the members of a decoded answer, which `fold` puts under one spelling of their
names.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Set
from datetime import UTC, datetime
from types import MappingProxyType

from qctui.text import clean, clean_block

LAST_UNIX_TIME = 7_258_118_400.0
"""The year 2200 in Unix seconds. Later times (.NET's largest date among them) are none: whatever they were meant to be,
nothing here happens then."""

MAX_NAMES = 1_000
"""Entries kept of a map of names: far more than any screen shows."""

MAX_MEMBERS = 10_000
"""An object with more members than that has none that can be read: a million names hold the loop for seconds. What is
missing is unknown, and never taken for nothing."""

_MILLISECONDS = 1e11
"""A number beyond this (in seconds the year 5138, in milliseconds 1973) counts milliseconds."""

_MAX_DIGITS = _MAX_NAME = 64
_MAX_INT = 2**63 - 1

_FOLDED: dict[str, str] = {}
"""Names that were folded before: answers have the same few a thousand times."""


def number(value: object) -> float | None:
    """A finite float from a number or numeric text (REFERENCE.md 2.6). Booleans are no numbers."""
    if type(value) is float:
        return value if math.isfinite(value) else None
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        text = value.strip()
        if not text or len(text) > _MAX_DIGITS or "_" in text:
            return None
        value = text
    if not isinstance(value, (int, float, str)):
        return None
    try:
        result = float(value)
    except (ValueError, OverflowError):
        return None
    return result if math.isfinite(result) else None


def integer(value: object) -> int | None:
    """A whole number within 64 bits, from an int, a whole float or text of one."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value if -_MAX_INT <= value <= _MAX_INT else None
    if isinstance(value, str) and value.isascii() and value.removeprefix("-").isdigit() and len(value) < 20:
        return integer(int(value))
    result = number(value)
    return int(result) if result is not None and result.is_integer() and abs(result) <= 2**53 else None


def flag(value: object) -> bool | None:
    """A boolean from true, false, their names as text (projects/read has both, REFERENCE.md 4.2), 1 or 0."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.strip().casefold())
    return bool(value) if value in (0, 1) else None


def unix_time(value: object) -> float | None:
    """Unix seconds from a date of either form or a number (REFERENCE.md 2.5). Without a zone it is UTC.

    Dates before 1970 are .NET's way to say "none", and so are those after `LAST_UNIX_TIME`.
    """
    seconds = number(value)
    if seconds is not None and seconds > _MILLISECONDS:
        seconds /= 1_000
    if seconds is None:
        if not isinstance(value, str) or not 8 <= len(value) <= _MAX_DIGITS:
            return None
        try:
            date = datetime.fromisoformat(value.strip())
            seconds = (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError):
            return None
    return seconds if 0 < seconds <= LAST_UNIX_TIME else None


def line(value: object) -> str:
    """One clean line; empty for null and for maps and lists, which are no text."""
    if isinstance(value, (Mapping, list)):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return clean(value)


def block(value: object) -> str:
    """Clean text that keeps its lines; empty as in `line`."""
    return clean_block(value) if isinstance(value, str) else line(value)


def mapping(value: object) -> dict[str, object]:
    """A map; an empty one for anything else, because the backend writes an empty map as `[]` (REFERENCE.md 2.4)."""
    return value if isinstance(value, dict) else {}


def listing(value: object) -> list[object]:
    """A list; the values of a map; an empty list for anything else."""
    if isinstance(value, list):
        return value
    return list(value.values()) if isinstance(value, dict) else []


def fold_name(key: str) -> str:
    """A member's name without case, hyphens, underscores and spaces: `DeployId`, `deploy-id` and `deployId` are one
    (REFERENCE.md 6.4, 9)."""
    name = _FOLDED.get(key)
    if name is None:
        name = key.replace("-", "").replace("_", "").replace(" ", "").casefold()
        if len(_FOLDED) < MAX_NAMES and len(key) <= _MAX_NAME:
            _FOLDED[key] = name
    return name


def overfull(value: object) -> bool:
    """Whether it is an object with so many members that `fold` and `spelled` find none."""
    return len(mapping(value)) > MAX_MEMBERS


def _members(value: object) -> Iterable[tuple[str, object]]:
    return () if overfull(value) else mapping(value).items()


def fold(value: object) -> dict[str, object]:
    """The members of a map under folded names. Of several spellings the first that is not null wins."""
    folded: dict[str, object] = {}
    for key, member in _members(value):
        name = _FOLDED.get(key) or fold_name(key)
        if folded.get(name) is None:
            folded[name] = member
    return folded


def spelled(value: object, names: Set[str]) -> list[object]:
    """Every member of a map whose folded name is one of `names`, however often it is there."""
    return [member for key, member in _members(value) if fold_name(key) in names]


def texts(value: object) -> MappingProxyType[str, str]:
    """A map of names to text, cleaned; entries that are no text are left out."""
    cleaned: dict[str, str] = {}
    for name, text in list(mapping(value).items())[:MAX_NAMES]:
        if not isinstance(text, (dict, list)) and text is not None:
            cleaned[line(name)] = line(text)
    return MappingProxyType(cleaned)


def symbol(value: object) -> tuple[str, str]:
    """The readable name and the unique id of a symbol, which is an object of both or text (then without an id)."""
    if not isinstance(value, dict):
        return line(value), ""
    raw = fold(value)
    return line(raw.get("value")), line(raw.get("id"))
