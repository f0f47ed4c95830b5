from hypothesis import given
from hypothesis import strategies as st

from qctui.text import clean, clean_block

HOSTILE = "[bold red]x[/] \x1b[31m 均值 [@click=app.quit]y[/]"


def test_markup_passes_as_text_and_escape_sequences_do_not() -> None:
    assert clean(HOSTILE) == "[bold red]x[/]  均值 [@click=app.quit]y[/]"


def test_sequences_go_whole_so_that_their_parameters_do_not_stay_behind() -> None:
    assert clean("a\x1b[38;2;255;0;0mb\x1b]0;title\x07c\x1b]8;;http://x\x1b\\d\x1bPq\x1b\\e") == "abcde"


def test_c1_controls_bidi_overrides_and_lone_surrogates_go() -> None:
    assert clean("a\x9b31mb\u202ec\ud800d\u200be\x7ff") == "a 31mb c d e f"


def test_joiners_that_real_names_use_stay() -> None:
    assert clean("🧑\u200d🚀") == "🧑\u200d🚀"


def test_nothing_and_other_types_become_text() -> None:
    assert clean(None) == ""
    assert clean(12.5) == "12.5"
    assert clean(10**5000) == "?"


def test_a_line_is_one_line_and_a_block_keeps_its_lines() -> None:
    assert clean("a\nb\tc") == "a b c"
    assert clean_block("a\r\n\tb\n\x1b[2Jc\n") == "a\n    b\nc"


def test_long_text_is_cut_with_an_ellipsis() -> None:
    assert clean("x" * 50, limit=10) == "x" * 9 + "…"


@given(st.text(alphabet=st.characters(), max_size=200))
def test_no_control_character_ever_passes(text: str) -> None:
    for out in (clean(text), clean_block(text).replace("\n", "")):
        assert not [c for c in out if ord(c) < 32 or 127 <= ord(c) < 160 or 0xD800 <= ord(c) < 0xE000]
