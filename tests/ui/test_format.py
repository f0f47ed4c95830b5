from __future__ import annotations

import math
from datetime import UTC

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from qctui.ui.theme.glyph_set import ASCII, UNICODE
from qctui.ui.wording import format as f


@pytest.mark.parametrize(
    ("seconds", "word"),
    [
        (-5.0, "now"),
        (0.0, "now"),
        (74.9, "now"),
        (75.0, "1m"),
        (120.0, "2m"),
        (299.0, "2m"),
        (300.0, "5m"),
        (600.0, "10m"),
        (900.0, "15m"),
        (1_800.0, "30m"),
        (3_600.0, "1h"),
        (7_200.0, "2h"),
        (86_399.0, "23h"),
        (86_400.0, "1d"),
        (200_000.0, "2d"),
    ],
)
def test_ages_move_in_coarse_steps(seconds: float, word: str) -> None:
    assert f.format_age(seconds)[0] == word


@given(st.floats(0, 10_000_000))
def test_an_age_keeps_its_word_until_the_moment_it_names(seconds: float) -> None:
    for wording in (f.format_age, f.format_late):
        word, until = wording(seconds)
        assert until > 0
        assert wording(seconds + until * 0.999)[0] == word
        assert wording(seconds + until + 1e-6 * (1 + seconds))[0] != word


@given(st.floats(0.001, 10_000_000))
def test_a_wait_keeps_its_word_until_the_moment_it_names(seconds: float) -> None:
    word, until = f.format_wait(seconds)
    assert until >= 0
    assert f.format_wait(seconds - until * 0.999)[0] == word


def test_something_late_is_told_in_seconds_and_then_minutes() -> None:
    assert [f.format_late(each)[0] for each in (0, 4.9, 5, 59, 60, 179, 3_600)] == [
        "0s", "0s", "5s", "55s", "1m", "2m", "1h",
    ]  # fmt: skip


def test_a_wait_is_never_understated() -> None:
    assert [f.format_wait(each)[0] for each in (-1, 0, 0.1, 5, 5.1, 60, 61)] == [
        "now", "now", "5s", "5s", "10s", "60s", "2m",
    ]  # fmt: skip


@pytest.mark.parametrize("value", [None, math.nan, math.inf])
def test_no_value_is_a_glyph_and_never_a_zero(value: float | None) -> None:
    for glyphs in (UNICODE, ASCII):
        assert f.format_money(value, glyphs) == glyphs.none
        assert f.format_change(value, glyphs) == glyphs.none
        assert f.format_percent(value, glyphs) == glyphs.none
        assert f.format_number(value, glyphs) == glyphs.none


def test_money_has_cents_up_to_a_million() -> None:
    texts = [f.format_money(value, UNICODE) for value in (0.0, -12_345.678, 999_999.99, 999_999.999, 1_204_331.52)]
    assert texts == ["0.00", "-12,345.68", "999,999.99", "1,000,000", "1,204,332"]


def test_a_change_carries_its_sign_unless_it_is_none() -> None:
    texts = [f.format_change(value, UNICODE) for value in (0.0125, -0.0125, 0.0, -0.00001, 12.5)]
    assert texts == ["+1.25%", "-1.25%", "0.00%", "0.00%", "+1,250%"]


def test_durations_have_two_units_at_most() -> None:
    texts = [f.format_duration(value, UNICODE) for value in (None, 0, 59, 300, 5_400, 86_400, 93_600)]
    assert texts == ["—", "0s", "59s", "5m", "1h 30m", "1d", "1d 2h"]


def test_times_are_as_short_as_they_can_be() -> None:
    now = 1_711_377_125.0
    assert f.format_time(now - 60, now, UTC, UNICODE) == "14:31:05"
    assert f.format_time(now - 86_400, now, UTC, UNICODE) == "03-24 14:32"
    assert f.format_time(now - 400 * 86_400, now, UTC, UNICODE) == "2023-02-19"
    assert f.format_instant(now, UTC, UNICODE) == "2024-03-25 14:32:05 UTC"


@pytest.mark.parametrize("at", [None, 1e30, -1e30, math.nan, math.inf])
def test_a_time_that_is_none_is_told_as_none(at: float | None) -> None:
    assert f.format_time(at, 1_711_377_125.0, UTC, UNICODE) == "—"


def test_latency_moves_in_steps() -> None:
    texts = [f.format_latency(each) for each in (None, 0.01, 0.051, 0.3, 0.9, 4.0, 60.0)]
    assert texts == ["", "50 ms", "100 ms", "500 ms", "1 s", "5 s", "over 20 s"]


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True)), st.integers(-1, 40))
@example([1.7e308, -9.9e307], 2)
@example([5e-324, 0.0], 2)
def test_a_sparkline_never_fails_and_fits(values: list[float], width: int) -> None:
    for glyphs in (UNICODE, ASCII):
        text = f.format_sparkline(values, width, glyphs)
        assert len(text) <= max(0, width)
        assert set(text) <= set(glyphs.spark)


def test_a_flat_sparkline_is_neither_low_nor_high() -> None:
    assert f.format_sparkline([5.0, 5.0], 8, UNICODE) == "▄▄"


@given(st.one_of(st.none(), st.floats(allow_nan=True)), st.integers(0, 40))
def test_a_bar_fills_its_width_and_is_full_only_at_the_end(fraction: float | None, width: int) -> None:
    done, rest = f.format_bar(fraction, width, UNICODE)
    assert len(done) + len(rest) == width
    if fraction is None or not fraction >= 1:
        assert done != UNICODE.bar_full * width or width == 0


def test_every_ascii_glyph_is_seven_bit_and_every_glyph_is_one_cell() -> None:
    from rich.cells import cell_len

    for glyphs in (UNICODE, ASCII):
        for each in glyphs.__struct_fields__:
            value = getattr(glyphs, each)
            if isinstance(value, str):
                assert cell_len(value) == len(value)
                assert value.isascii() or glyphs is UNICODE


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$99,831.77", ("$", 99_831.77)),
        ("$-61.31", ("$", -61.31)),
        ("-€1,204", ("€", -1_204.0)),
        ("CHF 12.5", ("CHF", 12.5)),
        ("+7", ("", 7.0)),
        (".5", ("", 0.5)),
        ("", None),
        ("none", None),
        ("9" * 400, None),
    ],
)
def test_the_amount_of_a_formatted_text(text: str, expected: tuple[str, float] | None) -> None:
    assert f.amount_of(text) == expected
