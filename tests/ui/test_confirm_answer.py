"""What keys amount to, without a screen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qctui.actions.spec import Ask, Question
from qctui.ui.actions.dialog_answer import Answer, Outcome

CODE = Question(Ask.CODE, "Type 430e to liquidate, then Enter.", "430e")
COUNT = Question(Ask.COUNT, "Type 12 to liquidate 12 deployments, then Enter.", "12")
KEY = Question(Ask.KEY, "Press y to stop.", "y")

KEYS = st.sampled_from([*"0123456789abcdefLSAXynq J?/", "enter", "backspace", "tab", "up", "ctrl+p", "ctrl+u"])


def press(answer: Answer, *keys: str) -> list[Outcome]:
    return [answer.press(key, key if len(key) == 1 else None) for key in keys]


def test_the_code_and_enter_confirm() -> None:
    assert press(Answer(CODE), *"430e", "enter")[-1] is Outcome.CONFIRMED


def test_letter_case_of_the_code_does_not_matter() -> None:
    assert press(Answer(CODE), *"430E", "enter")[-1] is Outcome.CONFIRMED


def test_a_code_without_enter_confirms_nothing() -> None:
    assert Outcome.CONFIRMED not in press(Answer(CODE), *"430e")


@pytest.mark.parametrize("typed", ["430", "4300", "430f", "4430e", "430ee", "0430e"])
def test_anything_but_the_code_does_not_match(typed: str) -> None:
    answer = Answer(CODE)
    assert press(answer, *typed, "enter")[-1] is Outcome.CHANGED
    assert answer.notice == f"{typed} does not match 430e; type it again"
    assert answer.typed == ""


def test_after_a_mismatch_the_code_can_be_typed_again() -> None:
    assert press(Answer(CODE), *"430f", "enter", *"430e", "enter")[-1] is Outcome.CONFIRMED


def test_enter_with_nothing_typed_presses_cancel() -> None:
    assert press(Answer(CODE), "enter") == [Outcome.CANCELLED]
    assert press(Answer(KEY), "enter") == [Outcome.CANCELLED]


def test_once_something_was_typed_enter_does_not_cancel() -> None:
    assert press(Answer(CODE), "4", "backspace", "enter", "enter")[-2:] == [Outcome.CHANGED, Outcome.CHANGED]


@pytest.mark.parametrize("question", [CODE, COUNT, KEY])
@pytest.mark.parametrize("key", ["escape", "n", "ctrl+c"])
def test_escape_and_n_cancel(question: Question, key: str) -> None:
    assert press(Answer(question), key) == [Outcome.CANCELLED]


def test_n_is_typed_where_the_code_has_one() -> None:
    answer = Answer(Question(Ask.CODE, "Type n4Zx to liquidate, then Enter.", "n4Zx"))
    assert press(answer, *"n4Zx", "enter")[-1] is Outcome.CONFIRMED


@pytest.mark.parametrize("key", ["L", "S", "X", "y", "space", " ", "j", "q", "J", "tab", "ctrl+p", "ctrl+j"])
def test_keys_that_cannot_be_part_of_a_code_are_inert(key: str) -> None:
    answer = Answer(CODE)
    press(answer, *"43")
    assert press(answer, key) == [Outcome.NOTHING]
    assert answer.typed == "43"


@pytest.mark.parametrize("key", ["space", " ", "Y", "S", "A", "1", "tab", "ctrl+j"])
def test_only_y_answers_a_question_for_y(key: str) -> None:
    assert press(Answer(KEY), key) == [Outcome.NOTHING]


def test_backspace_takes_back_and_ctrl_u_clears() -> None:
    answer = Answer(CODE)
    press(answer, *"43f", "backspace")
    assert answer.typed == "43"
    press(answer, "ctrl+u")
    assert answer.typed == ""


@given(st.lists(KEYS, max_size=40))
def test_only_the_exact_answer_then_enter_ever_confirms(keys: list[str]) -> None:
    answer = Answer(CODE)
    for key in keys:
        typed = answer.typed
        outcome = answer.press(key, key if len(key) == 1 else None)
        if outcome is Outcome.CONFIRMED:
            assert (key, typed) == ("enter", "430e")
        if outcome in (Outcome.CONFIRMED, Outcome.CANCELLED):
            return
