"""Shared by the parsers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeVar

from qctui.api.decode import Document
from qctui.api.endpoints import Endpoint
from qctui.api.errors import ApiError
from qctui.api.time_slice import Pace
from qctui.api.tolerant import line, mapping
from qctui.model.resource import FailureKind

T = TypeVar("T")

_AT_ONCE = 16
MAX_NAMES = 1_000
"""Entries kept of a map of names: far more than any screen shows."""


def malformed(endpoint: Endpoint, words: str) -> ApiError:
    """The failure of an answer that is JSON, but not one of this endpoint's."""
    return ApiError(FailureKind.MALFORMED, f"{endpoint.words}: {words}")


def required(endpoint: Endpoint, document: Document, members: dict[str, object], name: str) -> object:
    """The list `name` of an answer, for `Document.chunks`; a map stands for the list of its values (REFERENCE.md 2.4).

    Raises ApiError if it is absent: nothing told is not "none".
    """
    value = members.get(name)
    if isinstance(value, dict) or document.holds_array(value):
        return value
    refuse_loading(endpoint, members)
    raise malformed(endpoint, f"the answer has no {name}")


def refuse_loading(endpoint: Endpoint, members: Mapping[str, object]) -> None:
    """For an answer without what was asked for. Raises ApiError if it says that it is being prepared: documented for
    some endpoints only (REFERENCE.md 2.3)."""
    if line(members.get("status")).casefold() == "loading":
        raise ApiError(FailureKind.SERVER, f"{endpoint.words}: the API is still preparing the answer")


async def each(
    endpoint: Endpoint, document: Document, members: dict[str, object], name: str, parse: Callable[[object], T | None]
) -> tuple[T, ...]:
    """As `sift`, where what is left out need not be told."""
    return (await sift(endpoint, document, members, name, parse))[0]


async def sift(
    endpoint: Endpoint, document: Document, members: dict[str, object], name: str, parse: Callable[[object], T | None]
) -> tuple[tuple[T, ...], int]:
    """Parse every element of the list `name`. Returns them and how many were left out because they parse to None.

    Raises ApiError if the list is absent, or if there were elements and none could be read: that is not an empty list.
    """
    found: list[T] = []
    seen = 0
    pace = Pace()
    async for chunk in document.chunks(required(endpoint, document, members, name)):
        for item in chunk:
            seen += 1
            parsed = parse(item)
            if parsed is not None:
                found.append(parsed)
            if seen % _AT_ONCE == 0:
                await pace.give_way()
    if seen and not found:
        raise malformed(endpoint, "no entry of the answer can be read")
    return tuple(found), seen - len(found)


def texts(value: object) -> MappingProxyType[str, str]:
    """A map of names to text, cleaned; entries that are no text are left out."""
    cleaned: dict[str, str] = {}
    for name, text in list(mapping(value).items())[:MAX_NAMES]:
        if not isinstance(text, (dict, list)) and text is not None:
            cleaned[line(name)] = line(text)
    return MappingProxyType(cleaned)
