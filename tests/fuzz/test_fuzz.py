"""A few thousand bodies of the million that `python -m tests.fuzz` tries, and that each check is able to fail."""

from __future__ import annotations

import asyncio
import itertools
import math
import zlib
from array import array
from types import SimpleNamespace
from typing import Any

import pytest

from qctui.api import answer, chart_points, parse_chart, parse_live, response, tolerant
from qctui.api.auth import Scrubber
from qctui.api.chart_points import Columns
from qctui.api.client import QuantConnectClient, TriggerClient
from qctui.api.lanes import Lanes
from qctui.api.parse_live import ChartNames
from qctui.model.portfolio import Portfolio
from qctui.text import clean
from tests.fuzz import __main__ as fuzzing
from tests.fuzz.__main__ import Fuzz
from tests.fuzz.cases import Case, case_of

BODIES = 2_000
WITHIN = 1_500
"""A planted bug shows before this many bodies."""


def first_problem(numbers: range, fuzz: Fuzz, words: str = "") -> str:
    """What did not hold first and is called that, with the command that repeats it; empty if all did."""

    async def look() -> str:
        for number in numbers:
            for problem in await fuzz.problems(number):
                if words in problem:
                    return f"{problem}\npython -m tests.fuzz --first {number} --bodies 1"
        return ""

    return asyncio.run(look())


def test_some_thousand_bodies() -> None:
    fuzz = Fuzz(timer=lambda: 0.0)
    assert first_problem(range(BODIES), fuzz) == ""
    assert sum(fuzz.outcomes.values()) > BODIES
    # Enough of them are read: a million that are all refused would prove nothing.
    assert sum(count for kind, count in fuzz.outcomes.items() if "." not in kind) > BODIES / 4


def test_a_number_is_always_the_same_case() -> None:
    assert [str(case_of(number)) for number in range(50)] == [str(case_of(number)) for number in range(50)]


async def twice(*arguments: Any) -> Any:
    await trigger(*arguments)
    return await trigger(*arguments)


async def without_success(client: TriggerClient, endpoint: Any, body: Any, gate: Any) -> object:
    return await client._for_triggers.trigger(endpoint, body, client._trigger_timeouts, gate)


async def fails(*_: object) -> None:
    raise LookupError


def raises(_: object) -> float:
    raise ZeroDivisionError


def innocent(*arguments: Any, **facts: Any) -> Exception:
    error = of_status(*arguments, **facts)
    error.may_have_acted = False
    return error


def refusal(*arguments: Any) -> Exception:
    error = failure(*arguments)
    error.answered = True
    return error


async def backwards(*arguments: Any, **facts: Any) -> Columns:
    columns = await read_columns(*arguments, **facts)
    columns.xs.reverse()
    return columns


of_status, failure, read_columns = response.of_status, answer._failure, chart_points.read_columns
trigger = Lanes.trigger

PLANTED: dict[str, tuple[object, str, object]] = {
    "none of its own errors": (QuantConnectClient, "authenticate", fails),
    "a defect of its own": (parse_live, "line", lambda value: (value or "").strip()),
    "not clean": (tolerant, "clean", lambda value, limit=0: str("" if value is None else value)[:2_000]),
    "where a finite number": (tolerant, "math", SimpleNamespace(isfinite=lambda value: True)),
    "where a text is promised": (parse_live, "line", lambda value: value or ""),
    "requests": (Lanes, "trigger", twice),
    "without a word of success": (TriggerClient, "_trigger", without_success),
    "where it says success": (response, "check", lambda endpoint, status, tree, scrub: tolerant.fold(tree)),
    "the token in a message": (Scrubber, "__call__", lambda scrubber, text: clean(text, 300)),
    "nothing was done": (response, "of_status", innocent),
    "a refusal of its own": (answer, "_failure", refusal),
    "do not ascend": (parse_chart, "read_columns", backwards),
    "nowhere": (Columns, "gaps", property(lambda columns: array("l", [10**6]))),
    "raises ZeroDivisionError": (Portfolio, "exposure", property(raises)),
    "can't be asked for": (ChartNames, "raw", lambda names, project_id, name: math.nan),
}
"""What is said of a bug, and the bug: whose member it is, and what stands in its place."""


@pytest.mark.parametrize("words", PLANTED)
def test_a_planted_bug_is_found(words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    owner, name, bug = PLANTED[words]
    monkeypatch.setattr(owner, name, bug)
    assert words in first_problem(range(WITHIN), Fuzz(timer=lambda: 0.0), words).partition("\n")[0]


@pytest.mark.parametrize(("tick_s", "words"), [(0.9, "of a core for 1.0 MiB"), (2.0, "held the loop")])
def test_slowness_is_found(tick_s: float, words: str) -> None:
    """By a clock that moves each time the loop is left: an answer of this size does that again and again."""
    ticks = itertools.count()
    body = b'{"success":true,"chart":{"series":{"a":{"values":[%b[1,1]]}}}}' % (b"[1,{}]," * 20_000)
    fuzz = Fuzz(timer=lambda: next(ticks) * tick_s)
    found = asyncio.run(fuzz.judge(Case("live_chart_read", 200, pieces=[body]), "slow", traced=False))
    assert any(words in problem for problem in found)


@pytest.mark.parametrize("limit", [2**20, response.MAX_BYTES])
def test_memory_is_found(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bomb of 16 MiB, read up to the limit or to its end."""
    monkeypatch.setattr(fuzzing, "MOST_BYTES", 4 * 2**20)
    monkeypatch.setattr(response, "MAX_BYTES", limit)
    bomb = Case("live_list", 200, [("Content-Encoding", "gzip")], [zlib.compress(bytes(16 * 2**20), wbits=31)])
    found = asyncio.run(Fuzz(timer=lambda: 0.0).judge(bomb, "a bomb", traced=True))
    assert [problem for problem in found if "MiB" in problem] == ([] if limit == 2**20 else found)
    assert bool(found) is (limit > 2**20)
