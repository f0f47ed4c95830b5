"""Success or failure of an answer (REFERENCE.md section 2), decided in one place for every endpoint."""

from __future__ import annotations

from qctui.api.auth import REFUSED
from qctui.api.endpoints import TELLING, Endpoint
from qctui.api.errors import ApiError
from qctui.api.scrub import Scrubber
from qctui.api.tolerant import fold, line
from qctui.model.resource import FailureKind

_AUTH_PREFIXES = ("hash doesn't match", "userid not valid")
_THROTTLE = "slow down"
_TRANSIENT = "failed to process request data"
_SHOWN = 3
_UNCLEAR = "the answer does not say clearly whether it succeeded"


def check(endpoint: Endpoint, status: int, tree: object, scrub: Scrubber, refused: str = REFUSED) -> dict[str, object]:
    """The answer's members, folded, if it is a success. `refused` is what is said of credentials it does not accept.

    Raises ApiError if `success` is there and not true, if there are errors, if the answer is no JSON object, or if it
    is another endpoint's.
    `answered` is set only for an explicit `success: false`: anything less clear is no certain "no" to a trigger.
    """
    if not isinstance(tree, dict):
        raise ApiError(
            FailureKind.MALFORMED,
            f"{endpoint.words}: the answer is not a JSON object",
            status_code=status,
        )
    answer = fold(tree)
    if endpoint.plain and not TELLING.isdisjoint(answer):
        # Something in between mixed answers up. Whether it says yes or no, it says it of something else.
        words = f"{endpoint.words}: the answer belongs to another request"
        raise ApiError(FailureKind.MALFORMED, words, status_code=status)
    # Old data may carry `Success` beside `success`; one that is not true is enough for a no.
    told = [value for name, value in tree.items() if name.casefold() == "success"]
    errors, others = _texts(answer)
    if all(value is True for value in told) and not errors and 200 <= status < 300:
        return answer
    said_false = bool(told) and all(value is False for value in told)
    failure = _failure(endpoint, status, said_false, errors or others, scrub, refused)
    failure.members = answer
    raise failure


def said_by(tree: object) -> str:
    """What an answer says went wrong, unscrubbed; empty if it does not say."""
    errors, others = _texts(fold(tree))
    return "; ".join((errors or others)[:_SHOWN])


def _texts(answer: dict[str, object]) -> tuple[list[str], list[str]]:
    """The error texts of an answer: those that make it a failure by being there, and those that only explain one.

    Four keys were seen (REFERENCE.md 2.2). `message` belongs to the second: live/read has one of its own.
    """
    errors = _strings(answer.get("errors"))
    if "success" not in answer:
        errors += _strings(answer.get("error"))
    return errors, [text for key in ("messages", "message", "error") for text in _strings(answer.get(key))]


def _strings(value: object) -> list[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list):
        value = [value]
    # An element that is no text still makes the list a non-empty one.
    return [item if isinstance(item, str) else line(item) or "an error without text" for item in value[:100] if item]


def _failure(
    endpoint: Endpoint, status: int, said_false: bool, said: list[str], scrub: Scrubber, refused: str
) -> ApiError:
    # `success: "true"` is no clear yes, but it is no refusal either.
    silent = "the API refused without saying why" if said_false or not 200 <= status < 300 else _UNCLEAR
    words = scrub("; ".join(said[:_SHOWN])) or silent
    if not 200 <= status < 300:
        words = f"HTTP {status}, {words}"
    first = said[0].strip().casefold() if said else ""
    kind = FailureKind.REJECTED
    if first.startswith(_AUTH_PREFIXES):
        kind = FailureKind.AUTH
        words = f"{refused} ({words})"
    elif any(_THROTTLE in text.casefold() for text in said):
        kind = FailureKind.RATE_LIMITED
    elif first.startswith(_TRANSIENT):
        kind = FailureKind.SERVER
    return ApiError(kind, f"{endpoint.words}: {words}", answered=said_false, status_code=status)
