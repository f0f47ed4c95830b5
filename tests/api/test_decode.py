from __future__ import annotations

import asyncio
import json
import tracemalloc
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qctui.api import decode as decoding
from qctui.api import response
from qctui.api.client import Client
from qctui.api.decode import DecodeError, Document, decode
from qctui.model.resource import FailureKind
from tests.api.support import ask, failure, run
from tests.examples import fewer

PAD = "x" * (decoding.SMALL + 1)


async def whole(document: Document, value: object) -> object:
    """The array put together again."""
    if not document.holds_array(value):
        return value
    return [item async for chunk in document.chunks(value) for item in chunk]


def reread(body: object, *, indent: int | None = None) -> object:
    """`body` through the slices: its top-level arrays are read piece by piece."""

    async def go() -> object:
        document = await decode(json.dumps(body, indent=indent).encode())
        assert isinstance(document.tree, dict)
        return {name: await whole(document, value) for name, value in document.tree.items()}

    return run(go())


def bulky(count: int) -> list[object]:
    return [
        {
            "id": i,
            "text": 'odd "]},{[" \\ \n',
            "inner": {"deep": [{"er": [i, None, {"x": "]"}]}], "e": {}},
            "l": [[], {}],
        }
        for i in range(count)
    ]


@pytest.mark.parametrize(
    "name", ["values", "Values", "equity", "files", "projects", "live", "optimizations", "orders", "insights"]
)
@pytest.mark.parametrize("indent", [None, 2])
def test_long_arrays_come_back_as_they_were(name: str, indent: int | None) -> None:
    body = {"success": True, "first": [1, 2], name: bulky(700), "last": {"a": "b"}, "tail": PAD}
    assert reread(body, indent=indent) == body


def test_what_only_looks_like_a_long_array() -> None:
    body = {
        "values": PAD,
        'odd\\"values': [1, 2],
        "text": '"values": [[1,2],[3,4]]' * 100,
        "equity": 5,
        "files": [],
        "live": [1, "two", None],
        "orders": [[1, 2], 3],
        "tail": PAD,
    }
    assert reread(body) == body


def test_elements_longer_than_a_window() -> None:
    body = {"files": [{"content": 'text \\ " ]}' * 20_000}, {"content": "short"}, {"content": PAD * 3}], "tail": 1}
    assert reread(body) == body


def test_elements_nested_deeper_than_foreseen() -> None:
    deep: object = []
    for _ in range(20):
        deep = {"a": [deep]}
    body = {"values": [[1, 2], deep, [3, 4]] * 50, "tail": PAD}
    assert reread(body) == body


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5) | st.just("values"), inner, max_size=4)
    ),
    max_leaves=12,
)


@fewer(0.3)
@given(st.lists(json_values, min_size=1, max_size=8), st.sampled_from([None, 0, 3]))
def test_any_array_comes_back_as_it_was(items: list[object], indent: int | None) -> None:
    body = {"before": PAD, "values": items * 40, "after": items}
    assert reread(body, indent=indent) == body


@pytest.mark.parametrize("raw", [b"", b"{", b'{"a": 1}}', b"nope", b"\xff", b'{"a": 01}', b"[" * 3_000, b"1" * 5_000])
@pytest.mark.parametrize("pad", [0, decoding.SMALL, decoding.SCAN])
def test_what_is_not_json(raw: bytes, pad: int) -> None:
    with pytest.raises(DecodeError):
        run(decode(b" " * pad + raw + b" " * pad))


ODD = rb'NaN -Infinity Infinity 1e999 -1e999 -0 1E+5 01 "\ud800" "\ud83d\ude00" { } [ ] , : "a" {"a":1,"a":NaN}'.split()
ODD += [b'"\xed\xa0\x80"', b'"\xff"', b'"\x00"', b"\xef\xbb\xbf", b"\xff\xfe[\x00]\x00", b" ", b"1" * 30, b"9" * 4_301]
ODD += [b"[" * 100 + b"]" * 100, b"[" * 3_000]


@pytest.mark.parametrize("pad", [0, decoding.SMALL // 2])
@given(st.lists(st.sampled_from(ODD) | st.binary(max_size=3), max_size=6), st.sampled_from([b"", b","]))
def test_whatever_the_standard_decoder_reads_is_read_as_it_does(pad: int, parts: list[bytes], between: bytes) -> None:
    raw = between.join(parts) + b" " * pad
    raw = b"[" + raw + b"]" if between else raw
    expected, found = "none", "none"
    with suppress(ValueError, RecursionError):
        expected = repr(json.loads(raw))
    with suppress(DecodeError):
        found = repr(run(decode(raw)).tree)
    assert found == expected


def test_dotnets_words_for_no_number_do_not_lose_a_long_answer() -> None:
    # As literals, which JSON does not have, where they are decoded alone and where nothing could be cut out.
    points = ",".join(f"[{number}, {word}]" for number in range(2_000) for word in ("NaN", "Infinity", "1e999", "2.5"))
    for padding in ("", "x" * decoding.SCAN):
        body = f'{{"values": [{points}], "pad": "{padding}", "total": [NaN, 1e999]}}'.encode()

        async def go(body: bytes = body) -> tuple[object, object]:
            document = await decode(body)
            assert isinstance(document.tree, dict)
            return document.tree["total"], await whole(document, document.tree["values"])

        total, values = run(go())
        assert repr(total) == "[nan, inf]"
        assert repr(values) == repr(json.loads(f"[{points}]"))


def test_half_a_surrogate_pair_in_a_name_does_not_lose_the_answer() -> None:
    for padding in ("", PAD[: decoding.SMALL // 2]):
        document = run(decode(b'{"name": "a\\ud800b", "pad": "' + padding.encode() + b'"}'))
        assert isinstance(document.tree, dict)
        assert document.tree["name"] == "a\ud800b"


@pytest.mark.parametrize("one", [b'{"id":1},', b"[],"])
def test_no_answer_takes_more_than_four_times_the_largest_one_in_memory(one: bytes) -> None:
    body = b'{"logs": [' + one * ((decoding.MAX_WHOLE - 100) // len(one)) + b'{}], "success": true}'
    tracemalloc.start()
    try:
        error = failure(lambda: ask(body, lambda client: client.reads.fetch_logs(1, "L-1", 0, 100)))
        assert tracemalloc.get_traced_memory()[1] < 4 * response.MAX_BYTES
    finally:
        tracemalloc.stop()
    assert error.kind is FailureKind.TOO_LARGE


def test_a_long_answer_without_arrays_is_refused_before_it_is_decoded() -> None:
    body = b'{"success": true, "a": "' + b"x" * decoding.MAX_WHOLE + b'"}'
    error = failure(lambda: ask(body, lambda client: client.reads.authenticate()))
    assert (error.kind, error.message) == (
        FailureKind.TOO_LARGE,
        "credential check: the answer is larger than a real one can be",
    )


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("live", lambda client: client.reads.fetch_deployments()),
        ("projects", lambda client: client.reads.fetch_projects()),
        ("orders", lambda client: client.reads.fetch_orders(1, 0, 100)),
        ("optimizations", lambda client: client.reads.fetch_optimizations(1)),
        ("insights", lambda client: client.reads.fetch_insights(1, 0, 99, "")),
    ],
)
def test_a_broken_element_is_malformed(name: str, call: Callable[[Client], Awaitable[object]]) -> None:
    rows = ",".join(json.dumps(item) for item in bulky(700))
    raw = ('{"success": true, "' + name + '": [' + rows + ",{1}," + rows + "]}").encode()
    error = failure(lambda: ask(raw, call))
    assert error.kind is FailureKind.MALFORMED
    assert "cannot be read" in error.message


def test_a_thousand_deployments() -> None:
    rows = [{"projectId": i, "deployId": f"L-{i:032x}", "status": "Running", "leagues": []} for i in range(1_000)]
    found = ask({"success": True, "live": rows}, lambda client: client.reads.fetch_deployments()).deployments
    assert [(row.project_id, row.deploy_id) for row in found] == [(i, f"L-{i:032x}") for i in range(1_000)]


def test_an_optimization_of_five_hundred_runs() -> None:
    equity = [[1_704_067_200 + 86_400 * day, 1, 2, 0, 100_000 + day] for day in range(100)]
    runs = {f"k{i}": {"id": f"{i:032x}", "name": f"r{i}", "progress": 1, "equity": equity} for i in range(500)}
    body = {"success": True, "optimization": {"optimizationId": "O-1", "backtests": runs}}
    found = ask(body, lambda client: client.reads.fetch_optimization("O-1"))
    assert [made.key for made in found.runs] == list(runs)
    assert {len(made.equity) for made in found.runs} == {100}
    assert {made.equity[-1] for made in found.runs} == {(1_704_067_200.0 + 86_400 * 99, 100_099.0)}


def test_source_files_of_a_deployment_are_not_looked_at() -> None:
    files = [{"name": "main.py", "content": "values = [1]\n" * 20_000, "modified": None} for _ in range(20)]
    body = {"success": True, "status": "Running", "files": files, "charts": {"Equity": {"name": "Equity"}}}
    found = ask(body, lambda client: client.reads.fetch_detail(1))
    assert (found.status, found.charts) == ("Running", ("Equity",))


def test_other_tasks_run_while_a_large_answer_is_read() -> None:
    body = json.dumps(
        {"success": True, "chart": {"series": {"S": {"values": [[i, i] for i in range(100_000)]}}}}
    ).encode()

    async def call(client: Client) -> int:
        turns = 0

        async def other() -> None:
            nonlocal turns
            while True:
                await asyncio.sleep(0)
                turns += 1

        task = asyncio.ensure_future(other())
        await client.reads.fetch_chart(1, "C", 0, 1, 1)
        task.cancel()
        return turns

    assert ask(body, call) > 10
