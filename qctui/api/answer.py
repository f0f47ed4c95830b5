"""One endpoint's answer as JSON: whether it says success, the error if not, and the lists the parsers read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from qctui.api.auth import Scrubber
from qctui.api.decode import MAX_ENTRIES, Document, TimeSlice, TooLargeError
from qctui.api.endpoints import DATA_MEMBERS, Endpoint
from qctui.api.ports import ApiError, Loading
from qctui.api.tolerant import fold, line, number, spelled
from qctui.model.resource import FailureKind
from qctui.value import Value

T = TypeVar("T")

_AUTH_PREFIXES = ("hash doesn't match", "userid not valid")
_THROTTLE = "slow down"
_TRANSIENT = "failed to process request data"
_SHOWN = 3
_UNCLEAR = "the answer does not say clearly whether it succeeded"
_AT_ONCE = 16


class Answer(Value):
    """An answer of the API whose success or failure has been checked."""

    endpoint: Endpoint
    members: Mapping[str, object]
    """Top-level members under folded names."""
    document: Document

    def malformed(self, words: str) -> ApiError:
        """The failure of an answer that is JSON, but not one of its endpoint's."""
        return self.endpoint.failure(FailureKind.MALFORMED, words)

    @property
    def _says_loading(self) -> bool:
        return line(self.members.get("status")).casefold() == "loading"

    def loading(self, expected: str) -> Loading | None:
        """How far the API is with preparing the answer: it says that it is, or what was asked for is absent
        (REFERENCE.md 2.3). None if the answer is there."""
        if self.members.get(expected) is not None and not self._says_loading:
            return None
        fraction = number(self.members.get("progress"))
        if fraction is None or fraction < 0 or fraction > 100:
            return Loading(None)
        return Loading(fraction / 100 if fraction > 1 else fraction)

    def refuse_loading(self) -> None:
        """For an answer without what was asked for. Raises ApiError if it says that it is being prepared: documented
        for some endpoints only (REFERENCE.md 2.3)."""
        if self._says_loading:
            raise self.endpoint.failure(FailureKind.SERVER, "the API is still preparing the answer")

    async def each(self, name: str, parse: Callable[[object], T | None]) -> tuple[T, ...]:
        """As `sift`, without the number of what was left out."""
        return (await self.sift(name, parse))[0]

    async def sift(self, name: str, parse: Callable[[object], T | None]) -> tuple[tuple[T, ...], int]:
        """Parse every element of the list `name`, or of the map that stands for it (REFERENCE.md 2.4). Returns them and
        how many were left out because they parse to None.

        Raises ApiError if the list is absent, which is not "none", or if there were elements and none could be read:
        that is not an empty list. Raises TooLargeError for more than `MAX_ENTRIES`.
        """
        value = self.members.get(name)
        if not isinstance(value, dict) and not self.document.holds_array(value):
            self.refuse_loading()
            raise self.malformed(f"the answer has no {name}")
        found: list[T] = []
        seen = 0
        time_slice = TimeSlice()
        async for chunk in self.document.chunks(value):
            if seen + len(chunk) > MAX_ENTRIES:
                raise TooLargeError
            for item in chunk:
                seen += 1
                parsed = parse(item)
                if parsed is not None:
                    found.append(parsed)
                if seen % _AT_ONCE == 0:
                    await time_slice.pause_if_over()
        if seen and not found:
            raise self.malformed("no entry of the answer can be read")
        return tuple(found), seen - len(found)


def check(endpoint: Endpoint, status: int, tree: object, scrub: Scrubber) -> dict[str, object]:
    """The members of an answer, folded, if it is a success (REFERENCE.md section 2).

    Raises ApiError if `success` is there and not true, if there are errors, if the answer is no JSON object, or if it
    is another endpoint's.
    `answered` is set only for an explicit `success: false`: anything less clear is no certain "no" to a trigger.
    """
    if not isinstance(tree, dict):
        raise endpoint.failure(FailureKind.MALFORMED, "the answer is not a JSON object", status_code=status)
    members = fold(tree)
    if endpoint.plain and not DATA_MEMBERS.isdisjoint(members):
        # Something in between mixed answers up. Whether it says yes or no, it says it of something else.
        raise endpoint.failure(FailureKind.MALFORMED, "the answer belongs to another request", status_code=status)
    # Old data may carry `Success` beside `success`; one that is not true is enough for a no.
    success = spelled(tree, {"success"})
    errors, others = _texts(members)
    if all(value is True for value in success) and not errors and 200 <= status < 300:
        return members
    said_false = bool(success) and all(value is False for value in success)
    failure = _failure(endpoint, status, said_false, errors or others, scrub)
    failure.members = members
    raise failure


def error_text(tree: object) -> str:
    """What an answer says went wrong, unscrubbed; empty if it does not say."""
    errors, others = _texts(fold(tree))
    return "; ".join((errors or others)[:_SHOWN])


def _texts(members: dict[str, object]) -> tuple[list[str], list[str]]:
    """The error texts of an answer: those that make it a failure by being there, and those that only explain one.

    Four keys were seen (REFERENCE.md 2.2). `message` belongs to the second: live/read has one of its own.
    """
    errors = _strings(members.get("errors"))
    if "success" not in members:
        errors += _strings(members.get("error"))
    return errors, [text for key in ("messages", "message", "error") for text in _strings(members.get(key))]


def _strings(value: object) -> list[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list):
        value = [value]
    # An element that is no text still makes the list a non-empty one.
    return [item if isinstance(item, str) else line(item) or "an error without text" for item in value[:100] if item]


def _failure(endpoint: Endpoint, status: int, said_false: bool, texts: list[str], scrub: Scrubber) -> ApiError:
    # `success: "true"` is no clear yes, but it is no refusal either.
    well = 200 <= status < 300
    silent = "the API refused without saying why" if said_false else _UNCLEAR if well else "no reason is given"
    words = scrub("; ".join(texts[:_SHOWN])) or silent
    if not well:
        words = f"HTTP {status}, {words}"
    first = texts[0].strip().casefold() if texts else ""
    # What stands between may answer in JSON, too, but knows no `success`.
    kind = FailureKind.REJECTED if said_false or well else FailureKind.MALFORMED
    if first.startswith(_AUTH_PREFIXES):
        kind = FailureKind.AUTH
        words = f"{scrub.refused} ({words})"
    elif any(_THROTTLE in text.casefold() for text in texts):
        kind = FailureKind.RATE_LIMITED
    elif first.startswith(_TRANSIENT):
        kind = FailureKind.SERVER
    return endpoint.failure(kind, words, answered=said_false, status_code=status)
