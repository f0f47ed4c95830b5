from __future__ import annotations

import pytest

from qctui.ui.keys import keymap
from qctui.ui.keys.keymap import BY_ID, COMMANDS, KeymapError, Scope, check_keymap, format_key, keys_of


def test_every_command_has_its_own_id_a_tooltip_and_a_label() -> None:
    assert len(BY_ID) == len(COMMANDS)
    assert all(command.tooltip and command.label and command.action for command in COMMANDS)


def test_the_keys_as_shipped_do_not_clash() -> None:
    assert check_keymap({}) == {}


def test_no_binding_of_ours_acts_through_dialogs() -> None:
    for binding in keymap.bindings(*Scope):
        assert not isinstance(binding, tuple)
        assert not binding.priority
        assert binding.id
        assert binding.tooltip


def test_the_keys_of_the_design() -> None:
    promised = {
        "liquidate": "L", "stop": "S", "abort": "A", "panic": "X", "journal": "J", "pick_project": "p",
        "refresh": "r", "copy": "y", "palette": "ctrl+p", "help": "question_mark", "filter": "slash", "sort": "s",
        "mark": "space", "open": "enter", "pick_chart": "c", "previous_chart": "left_square_bracket",
        "next_chart": "right_square_bracket", "pan_left": "h", "pan_right": "l", "fit": "0",
        "pane_deployments": "1", "pane_optimizations": "2", "pane_insights": "3", "pane_chart": "4",
    }  # fmt: skip
    assert {name: BY_ID[name].keys for name in promised} == promised
    assert "q" in keys_of(BY_ID["quit"], {})
    assert {"j", "down"} == set(keys_of(BY_ID["down"], {}))


def test_a_key_is_taken_as_it_is_written_and_as_it_is_named() -> None:
    assert check_keymap({"filter": "?, ctrl+f", "help": "f1"}) == {"filter": "question_mark,ctrl+f", "help": "f1"}


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        ({"liquidat": "K"}, "unknown command 'liquidat'; allowed: liquidate, stop"),
        ({"stop": "L"}, "'L' is both 'liquidate' and 'stop'"),
        ({"down": "s"}, "'s' is both 'sort' and 'down'"),
        ({"stop": "meta+x"}, "keys.stop: 'meta+x' is not a key; allowed: a character"),
        ({"stop": "foo"}, "keys.stop: 'foo' is not a key"),
        ({"stop": " "}, "'stop' needs at least one key"),
    ],
)
def test_what_can_not_be_used_is_one_clear_line(overrides: dict[str, str], said: str) -> None:
    with pytest.raises(KeymapError) as caught:
        check_keymap(overrides)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_two_commands_may_swap_their_keys() -> None:
    assert check_keymap({"liquidate": "S", "stop": "L"}) == {"liquidate": "S", "stop": "L"}


def test_one_key_may_mean_two_things_where_they_never_meet() -> None:
    assert check_keymap({"mark": "t"}) == {"mark": "t"}


def test_keys_are_shown_as_a_person_reads_them() -> None:
    shown = [format_key(key) for key in ("question_mark", "ctrl+p", "L", "shift+left", "pagedown", "ctrl+slash")]
    assert shown == ["?", "Ctrl+P", "L", "Shift+Left", "PgDn", "Ctrl+/"]
