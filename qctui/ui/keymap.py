"""Every key of the program: one registry that bindings, footer, help, palette and the user's own keys all read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from textual.binding import Binding, BindingType
from textual.keys import Keys

from qctui.text import clean


class Scope(Enum):
    """Where a command's keys work. The value is its heading in the help."""

    APP = "Everywhere"
    """On every screen but under a dialog."""
    MAIN = "On the main screen"
    TABLE = "In a table"
    """While a table has the focus."""
    CHART = "In the chart"
    """While the chart has the focus."""


_TOGETHER = (
    frozenset({Scope.APP, Scope.MAIN, Scope.TABLE}),
    frozenset({Scope.APP, Scope.MAIN, Scope.CHART}),
)
"""Scopes whose keys work at the same time: there one key means one thing."""


@dataclass(frozen=True, slots=True)
class Command:
    """Something a key does."""

    id: str
    """Shared by the binding, the user's keymap, the palette and the tests."""
    keys: str
    """Textual's names, separated by commas."""
    action: str
    """Textual action in the namespace of its scope's owner."""
    label: str
    """A word or two: footer and palette."""
    tooltip: str
    """One sentence: help and palette."""
    scope: Scope
    acts: bool = False
    """It reaches for a trigger: gone in read-only mode."""
    footer: int | None = None
    """Its place in the footer; None: not there. When room is short, the highest go first."""
    palette: bool = True
    """Listed in the command palette."""


COMMANDS: tuple[Command, ...] = (
    Command(
        "liquidate",
        "L",
        "request_action('liquidate')",
        "liquidate",
        "Liquidate the selected or marked deployments: close all positions, then stop",
        Scope.APP,
        acts=True,
        footer=2,
    ),
    Command(
        "stop",
        "S",
        "request_action('stop')",
        "stop",
        "Stop the selected or marked deployments without selling anything",
        Scope.APP,
        acts=True,
        footer=3,
    ),
    Command(
        "abort",
        "A",
        "request_action('abort')",
        "abort",
        "Abort the selected optimization",
        Scope.APP,
        acts=True,
        footer=4,
    ),
    Command(
        "panic",
        "X",
        "request_action('panic')",
        "panic",
        "Liquidate every running deployment of this profile",
        Scope.APP,
        acts=True,
        footer=5,
    ),
    Command("journal", "J", "open_journal", "journal", "Show the actions taken from this machine", Scope.APP),
    Command("pick_project", "p", "pick_project", "project", "Pick a project by name", Scope.APP, footer=8),
    Command("refresh", "r", "refresh_now", "refresh", "Read everything on screen again now", Scope.APP),
    Command(
        "copy",
        "y",
        "copy_row",
        "copy",
        "Copy the selected row to the clipboard, through the terminal (OSC 52)",
        Scope.APP,
    ),
    Command(
        "palette", "ctrl+p", "command_palette", "palette", "Find a command by name", Scope.APP, footer=9, palette=False
    ),
    Command("help", "question_mark", "open_help", "help", "List the keys that work right now", Scope.APP, footer=0),
    Command("quit", "q,ctrl+c", "quit", "quit", "Leave; a confirmed action is still carried out", Scope.APP, footer=1),
    Command(
        "action_details",
        "v",
        "show_action_details",
        "action details",
        "Show or hide every fact of each target in the action bar",
        Scope.APP,
    ),
    Command(
        "acknowledge",
        "d",
        "acknowledge",
        "acknowledge",
        "Clear the outcomes that are on screen in the action bar: they have been seen",
        Scope.APP,
    ),
    Command(
        "cancel_sending",
        "u",
        "cancel_sending",
        "cancel sending",
        "Give up every request that has provably not been sent yet",
        Scope.APP,
        acts=True,
    ),
    Command("pane_deployments", "1", "go_to('deployments')", "deployments", "Go to Deployments", Scope.MAIN),
    Command("pane_optimizations", "2", "go_to('optimizations')", "optimizations", "Go to Optimizations", Scope.MAIN),
    Command("pane_insights", "3", "go_to('insights')", "insights", "Go to Insights", Scope.MAIN),
    Command("pane_chart", "4", "go_to('chart')", "chart", "Go to the chart", Scope.MAIN),
    Command("next_pane", "tab", "go_on(1)", "next pane", "Go to the next pane", Scope.MAIN, palette=False),
    Command(
        "previous_pane",
        "shift+tab",
        "go_on(-1)",
        "previous pane",
        "Go to the previous pane",
        Scope.MAIN,
        palette=False,
    ),
    Command("filter", "slash", "filter", "filter", "Show only rows that contain a text", Scope.MAIN, footer=6),
    Command("sort", "s", "sort", "sort", "Sort the pane by its next column", Scope.MAIN, footer=7),
    Command(
        "show_ended",
        "o",
        "toggle_ended",
        "older",
        "Show or hide deployments that ended more than 24 hours ago",
        Scope.MAIN,
        footer=10,
    ),
    Command("pick_chart", "c", "pick_chart", "charts", "Pick a chart of the deployment", Scope.MAIN),
    Command("previous_chart", "left_square_bracket", "turn_chart(-1)", "previous chart", "Previous chart", Scope.MAIN),
    Command("next_chart", "right_square_bracket", "turn_chart(1)", "next chart", "Next chart", Scope.MAIN),
    Command(
        "back", "escape", "back", "back", "Back: drop the filter or the marks; nothing else", Scope.MAIN, palette=False
    ),
    Command("down", "j,down", "move(1)", "down", "Next row", Scope.TABLE, palette=False),
    Command("up", "k,up", "move(-1)", "up", "Previous row", Scope.TABLE, palette=False),
    Command("page_down", "pagedown", "page(1)", "page down", "A page of rows down", Scope.TABLE, palette=False),
    Command("page_up", "pageup", "page(-1)", "page up", "A page of rows up", Scope.TABLE, palette=False),
    Command("first", "home", "first", "first", "First row", Scope.TABLE, palette=False),
    Command("last", "end", "last", "last", "Last row", Scope.TABLE, palette=False),
    Command("open", "enter", "open", "open", "Open the selected row", Scope.TABLE, footer=5, palette=False),
    Command(
        "mark", "space", "mark", "mark", "Mark or unmark a deployment, to act on several", Scope.TABLE, palette=False
    ),
    Command("zoom_in", "plus,equals_sign", "zoom(1)", "zoom in", "Show a shorter time", Scope.CHART),
    Command("zoom_out", "minus", "zoom(-1)", "zoom out", "Show a longer time", Scope.CHART),
    Command("pan_left", "h", "pan(-1)", "earlier", "Go back in time", Scope.CHART),
    Command("pan_right", "l", "pan(1)", "later", "Go forward in time", Scope.CHART),
    Command("fit", "0", "fit", "fit", "Show everything there is", Scope.CHART),
    Command("chart_open", "enter", "open", "enlarge", "Show the chart on the whole screen", Scope.CHART, footer=5),
    Command(
        "window_next", "w", "turn_window(1)", "longer", "Next window: 1h 1d 1w 1m 3m 1y all", Scope.CHART, footer=7
    ),
    Command("window_previous", "W", "turn_window(-1)", "shorter", "Previous window", Scope.CHART),
    Command(
        "crosshair_left", "left", "cursor(-1)", "crosshair left", "Move the crosshair left", Scope.CHART, palette=False
    ),
    Command(
        "crosshair_right",
        "right",
        "cursor(1)",
        "crosshair right",
        "Move the crosshair right",
        Scope.CHART,
        palette=False,
    ),
    Command(
        "crosshair_jump_left",
        "pageup",
        "cursor(-10)",
        "far left",
        "Ten columns to the left",
        Scope.CHART,
        palette=False,
    ),
    Command(
        "crosshair_jump_right",
        "pagedown",
        "cursor(10)",
        "far right",
        "Ten columns to the right",
        Scope.CHART,
        palette=False,
    ),
    Command(
        "point_before",
        "shift+left",
        "cursor_point(-1)",
        "point before",
        "Move to the point before",
        Scope.CHART,
        palette=False,
    ),
    Command(
        "point_after",
        "shift+right",
        "cursor_point(1)",
        "point after",
        "Move to the very next point",
        Scope.CHART,
        palette=False,
    ),
    Command("point_first", "home", "cursor_end(-1)", "first", "The first visible point", Scope.CHART, palette=False),
    Command("point_last", "end", "cursor_end(1)", "last", "The last visible point", Scope.CHART, palette=False),
    Command(
        "legend_next",
        "j,down",
        "turn_legend(1)",
        "next series",
        "Read the next series first",
        Scope.CHART,
        palette=False,
    ),
    Command(
        "legend_previous",
        "k,up",
        "turn_legend(-1)",
        "series before",
        "Read the series before it first",
        Scope.CHART,
        palette=False,
    ),
    Command(
        "chart_mark",
        "m",
        "set_mark",
        "mark",
        "Count changes from the crosshair; again: from the left edge",
        Scope.CHART,
    ),
    Command("chart_series", "t", "pick_series", "series", "Switch series on and off", Scope.CHART),
    Command("log_scale", "g", "toggle_log", "log scale", "Logarithmic value axis, or linear again", Scope.CHART),
    Command(
        "percent_scale",
        "percent_sign",
        "toggle_percent",
        "percent",
        "Change from the left edge in percent, or values",
        Scope.CHART,
    ),
    Command("chart_zone", "z", "toggle_zone", "UTC", "Times in UTC, or in the local zone again", Scope.CHART),
    Command("chart_glyphs", "b", "turn_glyphs", "glyphs", "Next glyph set: braille, blocks, ASCII", Scope.CHART),
    Command(
        "export_chart", "e", "export", "export", "Write the visible chart to a file: CSV, SVG or text", Scope.CHART
    ),
    Command(
        "overlay", "O", "overlay", "versus", "Lay another deployment or the benchmark over it, in percent", Scope.CHART
    ),
    Command("chart_grid", "a", "open_grid", "all charts", "All charts of the deployment side by side", Scope.CHART),
    Command("equity_grid", "E", "open_equities", "all equities", "The equity of all deployments", Scope.CHART),
)
"""In the order of the help."""

BY_ID: Mapping[str, Command] = {command.id: command for command in COMMANDS}

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


def check_keymap(overrides: Mapping[str, str]) -> dict[str, str]:
    """The user's keys, spelled as Textual spells them.

    Raises:
        KeymapError: an unknown id, a key nobody can press, or one key for two things that work at the same time.
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
