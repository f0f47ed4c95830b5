"""Paragraphs in cells: nothing lost, nothing wider than its room."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from qctui.ui.kit.lines import Paragraph, _wrap, pieces

TEXT = st.text(alphabet="ab c[/]$均é\u0301-", max_size=120)


@given(TEXT, st.integers(2, 60), st.integers(0, 14), st.integers(0, 6))
def test_wrapping_loses_no_character_and_keeps_to_the_width(text: str, width: int, indent: int, hang: int) -> None:
    rows = _wrap(Paragraph(pieces(text), indent=indent, hang=hang), width, "…")
    assert "".join("".join(row.plain.split()) for row in rows) == "".join(text.split())
    assert all(cell_len(row.plain) <= width for row in rows)


@given(TEXT, st.integers(2, 60), st.integers(1, 3))
def test_cut_paragraphs_keep_to_their_lines(text: str, width: int, limit: int) -> None:
    rows = _wrap(Paragraph(pieces(text), max_lines=limit), width, "…")
    assert len(rows) <= limit
    assert all(cell_len(row.plain) <= width for row in rows)
    full = _wrap(Paragraph(pieces(text)), width, "…")
    assert (len(full) > limit) == rows[-1].plain.endswith("…")


def test_labels_stand_before_the_first_line_only() -> None:
    rows = _wrap(Paragraph(pieces("one two three"), label="Label", indent=8), 16, "…")
    assert [row.plain for row in rows] == ["Label   one two", "        three"]


def test_a_label_never_touches_what_it_names() -> None:
    for label, indent, line in (
        ("Optimization", 13, "Optimization O-6c40"),
        ("Optimization", 12, "Optimizati… O-6c40"),
        ("均值均值", 8, "均值均… O-6c40"),
    ):
        assert [row.plain for row in _wrap(Paragraph(pieces("O-6c40"), label=label, indent=indent), 40, "…")] == [line]
