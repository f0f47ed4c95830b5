"""Every key of the program: one registry that bindings, footer, help, palette and the user's own keys all read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from textual.binding import Binding, BindingType
from textual.keys import Keys
from textual.screen import Screen

from qctui.text import clean
from qctui.ui.keys.commands import COMMANDS, Command, Scope

__all__ = [
    "BY_ID",
    "COMMANDS",
    "Command",
    "KeymapError",
    "Scope",
    "bindings",
    "check_keymap",
    "commands_now",
    "format_key",
    "keys_of",
]

BY_ID: Mapping[str, Command] = {command.id: command for command in COMMANDS}

_TOGETHER = (
    frozenset({Scope.APP, Scope.MAIN, Scope.PANES, Scope.TABLE}),
    frozenset({Scope.APP, Scope.MAIN, Scope.PANES, Scope.CHART}),
    frozenset({Scope.APP, Scope.PANES, Scope.CHART, Scope.TILES}),
    frozenset({Scope.APP, Scope.DETAIL, Scope.PANES, Scope.TABLE, Scope.MAP}),
)
"""Scopes whose keys work at the same time: there one key means one thing."""

_DISPLAY = {
    "question_mark": "?",
    "slash": "/",
    "escape": "Esc",
    "enter": "Enter",
    "tab": "Tab",
    "shift+tab": "Shift+Tab",
    "space": "Space",
    "pagedown": "PgDn",
    "pageup": "PgUp",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "plus": "+",
    "equals_sign": "=",
    "minus": "-",
    "percent_sign": "%",
    "comma": ",",
    "full_stop": ".",
    "up": "Up",
    "down": "Down",
    "left": "Left",
    "right": "Right",
    "home": "Home",
    "end": "End",
}
_SPELLED = {sign: name for name, sign in _DISPLAY.items() if len(sign) == 1}
_MODIFIERS = frozenset({"ctrl", "alt", "shift"})
_NAMED = frozenset(key.value for key in Keys if len(key.value) > 1 and key.value[0] != "<") | frozenset(_DISPLAY)


class KeymapError(Exception):
    """The user's keys can't be used. The message is one line and says what is allowed."""


def bindings(*scopes: Scope) -> list[BindingType]:
    """The bindings a screen or widget that owns these scopes declares. None is a priority binding: those act through
    dialogs."""
    return [
        Binding(
            command.keys, command.action, command.label, show=command.footer is not None, id=command.id,
            tooltip=command.tooltip,
        )
        for command in COMMANDS
        if command.scope in scopes
    ]  # fmt: skip


def commands_now(screen: Screen[Any]) -> list[Command]:
    """The commands whose keys work on a screen right now, in the registry's order."""
    ids = {active.binding.id for active in screen.active_bindings.values() if active.enabled}
    return [command for command in COMMANDS if command.id in ids]


def check_keymap(overrides: Mapping[str, str]) -> dict[str, str]:
    """The user's keys, spelled as Textual spells them.

    Raises:
        KeymapError: an unknown id, a key that does not exist, or one key for two things that work at the same time.
    """
    checked: dict[str, str] = {}
    for command_id, keys in overrides.items():
        if command_id not in BY_ID:
            known = ", ".join(BY_ID)
            raise KeymapError(f"keys: unknown command {clean(command_id, 60)!r}; allowed: {known}")
        checked[command_id] = ",".join(_check_key(command_id, key) for key in _split(keys))
        if not checked[command_id]:
            raise KeymapError(f"keys: {command_id!r} needs at least one key, for example {BY_ID[command_id].keys!r}")
    _check_clashes(checked)
    return checked


def keys_of(command: Command, keymap: Mapping[str, str]) -> tuple[str, ...]:
    """The keys of a command under the user's keymap, as Textual spells them."""
    return tuple(keymap.get(command.id, command.keys).split(","))


def format_key(key: str) -> str:
    """A key as a person reads it: `?` for `question_mark`, `Ctrl+P` for `ctrl+p`."""
    if key in _DISPLAY:
        return _DISPLAY[key]
    *modifiers, last = key.split("+")
    name = _DISPLAY.get(last, last)
    return "+".join([*(each.capitalize() for each in modifiers), name.upper() if modifiers else name])


def _split(keys: object) -> Iterable[str]:
    if not isinstance(keys, str):
        return ()
    return [key.strip() for key in keys.split(",") if key.strip()]


def _check_key(command_id: str, key: str) -> str:
    *modifiers, last = key.split("+") if len(key) > 1 else (key,)
    name = _SPELLED.get(last, last)
    if last and set(modifiers) <= _MODIFIERS and ((len(name) == 1 and name.isprintable()) or name in _NAMED):
        return "+".join([*modifiers, name])
    raise KeymapError(
        f"keys.{command_id}: {clean(key, 40)!r} is not a key; allowed: a character, or names such as "
        "enter, space, tab, f5, pagedown, with ctrl+, alt+ or shift+ before them"
    )


def _check_clashes(checked: Mapping[str, str]) -> None:
    for together in _TOGETHER:
        owner: dict[str, Command] = {}
        for command in COMMANDS:
            if command.scope not in together:
                continue
            for key in keys_of(command, checked):
                first = owner.setdefault(key, command)
                if first is not command:
                    raise KeymapError(
                        f"keys: {format_key(key)!r} is both {first.id!r} and {command.id!r}; "
                        "give one of them another key"
                    )
