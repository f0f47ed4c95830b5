"""What has to hold for whatever the client makes of an answer, by what its methods promise and not by how they work."""

from __future__ import annotations

import inspect
import json
import math
import re
import types
import typing
from array import array
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from functools import cache
from itertools import pairwise
from typing import Any, Generic, TypeVar

from qctui.api.ports import ApiError, ReadApi, TriggerApi
from qctui.model.chart import Series
from qctui.model.deployment import DeploymentDetail, LogPage
from qctui.model.recording import Exchange
from qctui.model.resource import FailureKind
from qctui.value import Value
from tests.api.support import TOKEN

LONGEST_LINE, LONGEST_BLOCK, LONGEST_MESSAGE = 2_000, 20_000, 500
TRIGGERS = {"liquidate", "stop", "abort", "rename", "delete", "create"}

_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_BLOCKS = {(DeploymentDetail, "message"), (LogPage, "lines")}
"""Fields whose texts have several lines."""
_MAY_BE_NAN = {(Series, "opens"), (Series, "highs"), (Series, "lows")}

T = TypeVar("T")


class Column(Generic[T]):
    """Stands for `array`, which has no type of its members to be asked for before Python 3.12."""


Problems = Iterator[str]
Check = Callable[[Any], Problems]

PROMISED = {
    name: typing.get_type_hints(method)["return"]
    for port in (TriggerApi, ReadApi)
    for name, method in inspect.getmembers(port, inspect.isfunction)
    if not name.startswith("_")
}
"""What each method returns, by the client's ports."""


def judge_value(method: str, value: object) -> Problems:
    """What is wrong with a value that a method has returned."""
    yield from _check(PROMISED[method])(value)


def judge_error(error: BaseException) -> Problems:
    """What is wrong with what a method has raised."""
    if type(error) is not ApiError:
        yield f"raised {type(error).__name__}, which is none of its own errors: {error}"
        return
    if error.kind is FailureKind.INTERNAL:
        yield f"a defect of its own: {error.message} {error.__cause__!r}"
    if not error.message or len(error.message) > LONGEST_MESSAGE or _UNSAFE.search(error.message):
        yield f"a message that is no line: {error.message!r}"
    if TOKEN in error.message.lower():
        yield f"the token in a message: {error.message!r}"
    wait = error.retry_after_s
    if wait is not None and not 0 <= wait <= 86_400.0:
        yield f"a wait of {wait} seconds"


def judge_outcome(method: str, outcome: object, exchange: Exchange | None, requests: int) -> Problems:
    """What of an outcome contradicts the answer that was read: `exchange`, None if it was not read to its end."""
    if requests != 1:
        yield f"{requests} requests"
    error = outcome if isinstance(outcome, ApiError) else None
    status = None if exchange is None else exchange.status
    if error is not None and not error.may_have_acted and status not in (None, 429):
        yield f"with status {status} it says that nothing was done"
    if exchange is None or status is None:
        return
    said = _success(exchange.body)
    if error is not None and error.answered and status != 401 and (not said or not all(each is False for each in said)):
        yield f"a refusal of its own in what says success {said}"
    if error is None and not 200 <= status < 300 and method != "fetch_detail":
        yield f"a success with status {status}"
    if error is None and any(each is not True for each in said) and method != "fetch_detail":
        yield f"a success where it says success {said}"
    if error is None and method in TRIGGERS and not said:
        yield "an accepted trigger without a word of success"


def _success(raw: bytes) -> list[object]:
    """Every `success` of an answer, under any spelling; of one that stands twice the last, as decoders have it."""
    try:
        tree = json.loads(raw)
    except (ValueError, RecursionError):
        return []
    members = tree.items() if isinstance(tree, dict) else ()
    return [value for name, value in members if re.sub("[-_ ]", "", name).casefold() == "success"]


@cache
def _check(hint: Any) -> Check:
    """The check of one type."""
    origin, inside = typing.get_origin(hint), typing.get_args(hint)
    if isinstance(hint, type) and issubclass(hint, Value):
        return _check_value(hint)
    if hint is str:
        return lambda value: _check_text(value, LONGEST_LINE)
    if hint is float:
        return _check_float
    if origin is Column:
        return _check_array
    if origin in (typing.Union, types.UnionType):
        return _check_union([(each, _check(each)) for each in inside])
    if origin is tuple:
        return _check_tuple([_check(each) for each in inside if each is not ...], each_alike=... in inside)
    if origin is not None and issubclass(origin, Mapping):
        return _check_mapping(_check(inside[0]), _check(inside[1]))
    return lambda value: _check_type(value, hint)


def _check_type(value: object, kind: type) -> Problems:
    if type(value) is not kind:
        yield f"{_short(value)} where {kind.__name__} is promised"
    elif kind is int and not -(2**63) <= typing.cast(int, value) < 2**63:
        yield f"an integer of {typing.cast(int, value).bit_length()} bits"


def _check_text(value: object, longest: int, *, lines: bool = False) -> Problems:
    if type(value) is not str:
        yield f"{_short(value)} where a text is promised"
    elif _UNSAFE.search(value.replace("\n", "") if lines else value):
        yield f"a text that is not clean: {_short(value)}"
    elif len(value) > longest:
        yield f"a text of {len(value)} characters"


def _check_float(value: object) -> Problems:
    # A whole number is one too, as the type system has it.
    if type(value) not in (float, int):
        yield f"{_short(value)} where a number is promised"
    elif not math.isfinite(typing.cast(float, value)):
        yield f"{value} where a finite number is promised"


def _check_array(value: object) -> Problems:
    if type(value) is not array:
        yield f"{_short(value)} where a column is promised"
    elif value.typecode == "d" and not all(map(math.isfinite, value)):
        yield "a column with a number that is not finite"


def _check_union(kinds: list[tuple[Any, Check]]) -> Check:
    def check(value: object) -> Problems:
        found: list[str] = []
        for hint, each in kinds:
            found = list(each(value))
            if not found or isinstance(
                value, array if typing.get_origin(hint) is Column else typing.get_origin(hint) or hint
            ):
                break
        yield from found

    return check


def _check_tuple(checks: list[Check], *, each_alike: bool) -> Check:
    def check(value: object) -> Problems:
        if type(value) is not tuple or (not each_alike and len(value) != len(checks)):
            yield f"{_short(value)} where a tuple is promised"
            return
        for number, each in enumerate(value):
            for problem in checks[0 if each_alike else number](each):
                yield f"[{number}] {problem}"

    return check


def _check_mapping(key: Check, member: Check) -> Check:
    def check(value: object) -> Problems:
        if not isinstance(value, Mapping):
            yield f"{_short(value)} where a map is promised"
            return
        for name, each in value.items():
            yield from key(name)
            for problem in member(each):
                yield f"[{name!r}] {problem}"

    return check


def _check_value(kind: type[Value]) -> Check:
    checks = {
        name: _field_check(kind, name, hint)
        for name, hint in typing.get_type_hints(kind, localns={"array": Column}).items()
    }
    for name, derived in inspect.getmembers(kind, lambda each: isinstance(each, property)):
        checks[name] = _check(typing.get_type_hints(derived.fget)["return"])

    def check(value: object) -> Problems:
        if type(value) is not kind:
            yield f"{_short(value)} where {kind.__name__} is promised"
            return
        for name, each in checks.items():
            try:
                found = list(each(getattr(value, name)))
            except Exception as error:  # what a value says of itself is read wherever it is shown
                found = [f"raises {type(error).__name__}: {error}"]
            for problem in found:
                yield f"{kind.__name__}.{name} {problem}"
        if isinstance(value, Series):
            yield from _check_series(value)

    return check


def _field_check(kind: type[Value], name: str, hint: Any) -> Check:
    if (kind, name) in _MAY_BE_NAN:
        return lambda column: iter(["an infinite number"] if column and any(map(math.isinf, column)) else [])
    if (kind, name) not in _BLOCKS:
        return _check(hint)
    if hint is str:
        return lambda text: _check_text(text, LONGEST_BLOCK, lines=True)
    return _check_tuple([lambda text: _check_text(text, LONGEST_BLOCK, lines=True)], each_alike=True)


def _check_series(series: Series) -> Problems:
    columns = (series.ys, series.opens, series.highs, series.lows)
    if any(column is not None and len(column) != len(series.xs) for column in columns):
        yield "columns of different lengths"
    if any(later < earlier for earlier, later in pairwise(series.xs)):
        yield "times that do not ascend"
    places = [*series.gaps, *series.tooltips]
    if any(later <= earlier for earlier, later in pairwise(series.gaps)) or any(
        not 0 <= place <= len(series) for place in places
    ):
        yield "gaps or tooltips that are nowhere"


def _short(value: object) -> str:
    if isinstance(value, Enum):
        return str(value)
    return f"{type(value).__name__} {str(value)[:80]!r}"
