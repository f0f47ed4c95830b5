from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qctui.api import tolerant

HUGE = 10**400


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1, 1.0),
        (-2.5, -2.5),
        ("0.55", 0.55),
        (" -1e3 ", -1000.0),
        (True, None),
        (False, None),
        ("", None),
        ("1_000", None),
        ("nan", None),
        ("Infinity", None),
        (math.nan, None),
        (-math.inf, None),
        (HUGE, None),
        ("9" * 400, None),
        ("abc", None),
        (None, None),
        ([1], None),
        ({"a": 1}, None),
    ],
)
def test_number(value: object, expected: float | None) -> None:
    assert tolerant.number(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (31000017, 31000017),
        ("31000017", 31000017),
        ("-3", -3),
        (3.0, 3),
        ("3.0", 3),
        (3.5, None),
        (True, None),
        (HUGE, None),
        ("²", None),
        ("", None),
        (2**53 + 1, 2**53 + 1),
        (str(2**53 + 1), 2**53 + 1),
        (None, None),
    ],
)
def test_integer(value: object, expected: int | None) -> None:
    assert tolerant.integer(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, True),
        ("true", True),
        ("False", False),
        (1, True),
        (0, False),
        (2, None),
        ("yes", None),
        (None, None),
        ([], None),
    ],
)
def test_flag(value: object, expected: bool | None) -> None:
    assert tolerant.flag(value) is expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-11-20 14:30:00", 1795185000.0),
        ("2026-11-20T14:30:00Z", 1795185000.0),
        ("2026-11-20T14:30:00.5000000Z", 1795185000.5),
        ("2026-11-20T15:30:00+01:00", 1795185000.0),
        (1795185000, 1795185000.0),
        ("1795185000", 1795185000.0),
        (1795185000.00055, 1795185000.00055),
        ("", None),
        (None, None),
        (0, None),
        (-5, None),
        ("0001-01-01T00:00:00", None),
        ("9999-12-31T23:59:59.9999999Z", None),
        ("2200-01-02 00:00:00", None),
        ("2199-12-31 00:00:00", tolerant.LAST_UNIX_TIME - 86_400),
        (tolerant.LAST_UNIX_TIME + 1, None),
        (1e300, None),
        (1795185000500, 1795185000.5),
        ("1795185000000", 1795185000.0),
        (1795185000000000, None),
        (True, None),
        ("soon", None),
        ("yesterday, late", None),
        (["2026-11-20"], None),
    ],
)
def test_unix_time(value: object, expected: float | None) -> None:
    assert tolerant.unix_time(value) == expected


def test_text() -> None:
    assert tolerant.line(None) == ""
    assert tolerant.line({"a": 1}) == tolerant.line([1]) == ""
    assert tolerant.line(True) == "true"
    assert tolerant.line("a\nb\x1b[2Jc") == "a bc"
    assert tolerant.line(HUGE**12) == "?"
    assert tolerant.block("a\n\tb\x07") == "a\n    b"
    assert tolerant.block(7) == "7"


def test_maps_and_lists() -> None:
    assert tolerant.mapping([]) == tolerant.mapping(None) == tolerant.mapping("x") == {}
    assert tolerant.listing({"0": "a"}) == ["a"]
    assert tolerant.listing(None) == tolerant.listing(3) == []


def test_one_name_for_every_spelling() -> None:
    assert (
        tolerant.fold({"DeployId": 1})
        == tolerant.fold({"deploy-id": 1})
        == tolerant.fold({"deploy_id": 1})
        == {"deployid": 1}
    )
    assert tolerant.fold({"datacenter": None, "dataCenter": "NY7"}) == {"datacenter": "NY7"}
    assert tolerant.fold({"a": 1, "A": 2}) == {"a": 1}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(json_values)
def test_readers_never_raise_and_keep_their_word(value: object) -> None:
    for reader in (tolerant.number, tolerant.unix_time):
        read = reader(value)
        assert read is None or math.isfinite(read)
    assert isinstance(tolerant.integer(value), (int, type(None)))
    assert tolerant.flag(value) in (True, False, None)
    assert "\n" not in tolerant.line(value)
    assert isinstance(tolerant.block(value), str)
    assert isinstance(tolerant.fold(value), dict)
