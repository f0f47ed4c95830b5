from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from qctui.ui.kit.cell_diff import by_cell, changed_runs
from qctui.ui.kit.render_context import RenderContext
from qctui.ui.kit.spans import Spans, cut_name, fit, keep_ends, seven_bit, width_of, wrap
from qctui.ui.kit.table_columns import Column, place
from qctui.ui.theme.glyph_set import ASCII, UNICODE

TEXT = st.text(alphabet="ab [均值é́…▲", max_size=12)
SPANS = st.lists(st.tuples(TEXT, st.sampled_from(["", "ok"])), max_size=4).map(tuple)


def plain(spans: Spans) -> str:
    return "".join(text for text, _ in spans)


@given(SPANS, st.integers(1, 20), st.booleans())
def test_fitted_text_takes_exactly_its_cells(spans: Spans, width: int, right: bool) -> None:
    assert width_of(fit(spans, width, UNICODE, right=right)) == width


def test_text_that_is_cut_says_so() -> None:
    assert plain(fit((("abcdef", ""),), 4, UNICODE)) == "abc…"
    assert plain(fit((("abcdef", ""),), 4, ASCII)) == "abc~"
    assert plain(fit((("均值均值", ""),), 4, UNICODE)) == "均 …"
    assert plain(fit((("ab", ""),), 4, UNICODE, right=True)) == "  ab"


@given(TEXT, st.integers(0, 20))
def test_a_name_that_is_cut_stays_within_its_cells(name: str, room: int) -> None:
    assert cell_len(cut_name(name, room, UNICODE)) <= room
    assert cell_len(name) > room or cut_name(name, room, UNICODE) == name


def test_a_name_that_is_cut_keeps_both_ends() -> None:
    assert cut_name("Momentum/Crossover Live", 16, UNICODE) == "Momentum…er Live"
    assert cut_name("Momentum/Crossover Live", 16, ASCII) == "Momentum~er Live"
    assert cut_name("均值均值均值", 6, UNICODE) == "均…值"
    assert [cut_name("abc", room, UNICODE) for room in range(5)] == ["", "…", "a…", "abc", "abc"]
    marked = keep_ends((("! ", "danger"), ("Momentum/Crossover Live", "title")), 16, UNICODE)
    assert marked == (("! ", "danger"), ("Momentu…r Live", "title"))


@given(SPANS)
def test_seven_bits_keep_the_width(spans: Spans) -> None:
    replaced = seven_bit(spans)
    assert plain(replaced).isascii()
    assert width_of(replaced) == width_of(spans)


def cells(spans: Spans) -> list[str]:
    """What each cell of the line holds; the second cell of a wide character is empty."""
    held: list[str] = []
    for character in plain(spans):
        size = cell_len(character)
        if size:
            held += [character, *[""] * (size - 1)]
        elif held:
            held[-1] += character
    return held


@given(SPANS, SPANS)
def test_the_changed_cells_hold_every_difference(before: Spans, after: Spans) -> None:
    width = max(width_of(before), width_of(after), 1)
    old, new = fit(before, width, UNICODE), fit(after, width, UNICODE)
    held, sent = cells(old), cells(new)
    if width_of(old) == len(held) and width_of(new) == len(sent):
        for first, last in changed_runs(by_cell(old), by_cell(new)):
            assert 0 <= first < last <= width
            assert "" not in (held[first], sent[first]), "a wide character is split"
            held[first:last] = sent[first:last]
        assert held == sent


@pytest.mark.parametrize(
    ("between", "runs"),
    [
        ("-" * 20, [(0, 22)]),  # less than another run's cursor move and colours
        ("-" * 60, [(0, 1), (61, 62)]),
        ("均" * 20, [(0, 1), (41, 42)]),
    ],
)
def test_what_stands_between_two_changes_is_sent_where_that_is_cheaper(
    between: str, runs: list[tuple[int, int]]
) -> None:
    assert list(changed_runs(by_cell(((f"1{between}1", ""),)), by_cell(((f"2{between}2", ""),)))) == runs


def test_two_changes_with_another_colour_between_them_are_sent_apart() -> None:
    old, new = ((("1", ""), ("-", "muted"), ("1", "")), (("2", ""), ("-", "muted"), ("2", "")))
    assert list(changed_runs(by_cell(old), by_cell(new))) == [(0, 1), (2, 3)]


@given(SPANS, st.integers(1, 20))
def test_wrapping_loses_no_word(spans: Spans, width: int) -> None:
    words = " ".join(plain(line) for line in wrap(spans, width)).split()
    assert words == [word for text, _ in spans for word in text.split()]


def column(id: str, width: int, keep: int, *, wanted: int = 0, widest: int = 0) -> Column[str]:
    def cell(row: str, context: RenderContext) -> Spans:
        return ((row, ""),)

    return Column(id, id, width, cell, keep=keep, wanted=wanted, widest=widest)


COLUMNS = (
    column("badge", 5, 8), column("name", 10, 9, wanted=20, widest=40), column("age", 4, 4), column("id", 8, 1),
)  # fmt: skip


@given(st.integers(0, 200))
def test_columns_never_overlap_nor_leave_the_width(width: int) -> None:
    placed = place(COLUMNS, width, indent=2)
    x = 2
    for each in placed:
        assert each.x >= x
        x = each.x + each.width
    assert x <= max(width, 2)
    assert placed


def test_the_least_important_column_goes_first() -> None:
    assert [each.column.id for each in place(COLUMNS, 50, indent=2)] == ["badge", "name", "age", "id"]
    assert [each.column.id for each in place(COLUMNS, 40, indent=2)] == ["badge", "name", "age"]
    assert [each.column.id for each in place(COLUMNS, 18, indent=2)] == ["badge", "name"]
    assert [each.column.id for each in place(COLUMNS, 6, indent=2)] == ["name"]


def test_a_column_of_luxury_waits_until_the_others_have_room() -> None:
    narrow = place(COLUMNS, 41, indent=2)
    assert [each.column.id for each in narrow] == ["badge", "name", "age"]
    assert narrow[1].width > 20
