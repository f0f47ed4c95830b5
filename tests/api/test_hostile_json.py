"""Whatever arrives, a method ends with a model or with one of our own errors that names no defect."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qctui.api.client import Client
from qctui.api.decode import SMALL
from qctui.api.ports import ApiError
from qctui.model.chart import Chart
from qctui.model.resource import FailureKind
from qctui.value import Value
from tests.api.samples import CALLS
from tests.api.support import PAYLOADS, ask, failure
from tests.examples import fewer

HOSTILE = ["[bold red]x[/] \x1b[31m 均值 [@click=app.quit]y[/]", "\x00\x07", "\u202e", "\ud800", "a\nb\tc", "9" * 5_000]
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(10**18, 10**320),
    st.floats(),
    st.text(),
    st.sampled_from(HOSTILE),
    st.sampled_from(["loading", "0001-01-01T00:00:00", "9999-12-31T23:59:59Z", "NaN", "-1", "1e999", ""]),
)
anything = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6) | st.sampled_from(HOSTILE), inner, max_size=4)
    ),
    max_leaves=10,
)
GOOD: dict[str, list[Any]] = {}
"""The good answers of each method."""
for path in sorted(PAYLOADS.glob("*.json")):
    if (answer := json.loads(path.read_text()))["success"] is True:
        GOOD.setdefault(path.stem.partition("__")[0], []).append(answer)
quick = fewer(0.1)


def texts_in(value: object) -> Iterator[str]:
    """Every string of a model, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, member in value.items():
            yield from texts_in(key)
            yield from texts_in(member)
    elif isinstance(value, tuple):
        for member in value:
            yield from texts_in(member)
    elif isinstance(value, Value):
        for name in value.__struct_fields__:
            yield from texts_in(getattr(value, name))


def outcome(body: object, call: Callable[[Client], Awaitable[object]]) -> None:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    refused: ApiError | None = None
    try:
        texts = list(texts_in(ask(raw, call)))
    except ApiError as error:
        refused, texts = error, [error.message, *error.message.splitlines()[1:]]
    assert refused is None or refused.kind is not FailureKind.INTERNAL, texts
    assert refused is None or len(texts) == 1
    for text in texts:
        assert not any(letter in text for letter in "\x00\x07\x1b\t\r\u202e\ud800")


def test_the_texts_of_a_model_are_all_looked_at() -> None:
    body = json.dumps(
        {"success": True, "charts": {"\x07": {}, "a": {}}, "runtimeStatistics": {"k": "v"}, "status": "s"}
    ).encode()
    assert {"a", "k", "v", "s"} <= set(texts_in(ask(body, CALLS["live_read"])))


@pytest.mark.parametrize("kind", sorted(CALLS))
@quick
@given(anything)
def test_anything_at_the_top(kind: str, body: object) -> None:
    outcome(body, CALLS[kind])


@pytest.mark.parametrize("kind", sorted(CALLS))
@quick
@given(st.binary(max_size=200))
def test_any_bytes(kind: str, body: bytes) -> None:
    outcome(body, CALLS[kind])


MANY = {
    "live_list": '{"success": true, "live": %s}',
    "live_orders_read": '{"success": true, "orders": [{"id": 1, "events": %s}]}',
    "live_portfolio_read": '{"success": true, "portfolio": {"holdings": {"A": {"q": 1}}, "cash": %s}}',
    "live_logs_read": '{"success": true, "logs": %s}',
    "optimizations_read": '{"success": true, "optimization": {"backtests": %s}}',
    "projects_read": '{"success": true, "projects": [{"projectId": 1, "collaborators": %s}]}',
}


LIST = f"[{'{},' * 60_000}1]"
MAP = json.dumps(dict.fromkeys(map(str, range(60_000)), 1))


@pytest.mark.parametrize("kind", MANY)
@pytest.mark.parametrize("members", [LIST, MAP], ids=["list", "map"])
def test_more_entries_than_a_real_answer_can_have_are_not_read(kind: str, members: str) -> None:
    """Millions of the smallest, a minute's work, are in an answer that is not too large by its bytes."""
    error = failure(lambda: ask((MANY[kind] % members).encode(), CALLS[kind]))
    assert error.kind is FailureKind.TOO_LARGE


def test_more_series_than_any_screen_shows_are_left_out() -> None:
    series = ",".join(f'"{number}": {{}}' for number in range(60_000))
    chart = ask(f'{{"success": true, "chart": {{"series": {{{series}}}}}}}'.encode(), CALLS["live_chart_read"])
    assert isinstance(chart, Chart)
    assert len(chart.series) == 1_000


def places(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every place in a JSON value."""
    inner: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    return [path, *(place for key, member in inner for place in places(member, (*path, key)))]


def replaced(value: Any, path: tuple[str | int, ...], new: object) -> object:
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = replaced(value[path[0]], path[1:], new)
    return copy


@pytest.mark.parametrize("kind", GOOD)
@quick
@given(st.data())
def test_anything_in_any_place_of_a_good_answer(kind: str, data: st.DataObject) -> None:
    body = data.draw(st.sampled_from(GOOD[kind]))
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(places(body)))
        body = replaced(body, path, data.draw(anything))
    outcome(body, CALLS[kind])


@pytest.mark.parametrize("kind", GOOD)
def test_every_single_place_of_a_good_answer(kind: str) -> None:
    """A place is known by its names: the members of a list, and the same field of several answers, are one."""
    tried: set[tuple[str, ...]] = set()
    for body in GOOD[kind]:
        for path in places(body):
            place = tuple(part if isinstance(part, str) else "[]" for part in path)
            if place in tried:
                continue
            tried.add(place)
            odd: list[object] = [None, [], {}, -1, HOSTILE[len(tried) % len(HOSTILE)], 10**400, [[{}]]]
            for new in odd:
                outcome(replaced(body, path, new), CALLS[kind])


def test_an_answer_to_a_create_that_turns_out_to_be_no_json_is_unknown_and_no_defect() -> None:
    some = b'{"optimizationId": "O-1"}, ' * (SMALL // 20)
    broken = b'{"success": true, "optimizations": [' + some + b'{"name": nothing}]}'
    error = failure(lambda: ask(broken, CALLS["optimizations_create"]))
    assert error.kind is FailureKind.MALFORMED
    assert error.may_have_acted
