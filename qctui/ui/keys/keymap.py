"""Every command and its keys: one registry that bindings, footer, help, palette and the user's own keys all read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from functools import partial
from typing import Any

from textual.binding import Binding, BindingType
from textual.keys import Keys
from textual.screen import Screen

from qctui.text import clean
from qctui.value import Value


class Scope(Enum):
    """Where a command's keys work. The value is its heading in the help."""

    APP = "Everywhere"
    """On every screen but under a dialog."""
    REPLAY = "In a replay"
    """On every screen but under a dialog, while a tape is shown."""
    MAIN = "On the main screen"
    PANES = "Between panes"
    """On every screen that has panes: the main one and what is opened in full."""
    DETAIL = "In what is opened in full"
    DEPLOYMENT = "In a deployment"
    SWEEP = "In an optimization"
    TABLE = "In a table"
    """While a table has the focus."""
    ALERTS = "Among the alerts"
    CHART = "In the chart"
    """While the chart has the focus."""
    TILES = "Among charts side by side"
    MAP = "In a heat map or a plot"
    """While one of them has the focus, beside the keys of a table."""


class Command(Value):
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


NUMBERED_TILES = 9
"""Charts of a page that have a key of their own."""

_app = partial(Command, scope=Scope.APP)
_replay = partial(Command, scope=Scope.REPLAY)
_main = partial(Command, scope=Scope.MAIN)
_panes = partial(Command, scope=Scope.PANES)
_detail = partial(Command, scope=Scope.DETAIL)
_deployment = partial(Command, scope=Scope.DEPLOYMENT)
_sweep = partial(Command, scope=Scope.SWEEP)
_table = partial(Command, scope=Scope.TABLE)
_alerts = partial(Command, scope=Scope.ALERTS)
_chart = partial(Command, scope=Scope.CHART)
_tiles = partial(Command, scope=Scope.TILES)
_map = partial(Command, scope=Scope.MAP)

# fmt: off
COMMANDS: tuple[Command, ...] = (
    _app("liquidate", "L", "request_action('liquidate')", "liquidate",
         "Liquidate the selected or marked deployments: close all positions, then stop", acts=True, footer=2),
    _app("stop", "S", "request_action('stop')", "stop",
         "Stop the selected or marked deployments without selling anything", acts=True, footer=3),
    _app("abort", "A", "request_action('abort')", "abort", "Abort the selected optimization", acts=True, footer=4),
    _app("rename", "M", "request_action('rename')", "rename",
         "Give the selected optimization another name", acts=True, footer=13),
    _app("delete", "K", "request_action('delete')", "delete",
         "Delete the selected optimization with all of its runs", acts=True, footer=14),
    _app("rerun", "I", "request_action('rerun')", "run again",
         "Start the selected optimization once more, changed or not", acts=True, footer=12),
    _app("panic", "X", "request_action('panic')", "panic",
         "Liquidate every running deployment of this profile", acts=True, footer=5),
    _app("retry", "R", "request_action('retry')", "retry",
         "Ask again for what was rejected or not sent, of the targets as they are now", acts=True),
    _app("journal", "J", "open_journal", "journal", "Show the actions taken from this machine"),
    _app("alerts", "N", "open_alerts", "alerts", "Show all alerts: what fires, acknowledged, shelved; again: close"),
    _app("pick_project", "p", "pick_project", "project", "Pick a project by name", footer=8),
    _app("refresh", "r", "refresh_now", "refresh", "Read everything on screen again now"),
    _app("copy", "y", "copy_row", "copy", "Copy the selected row to the clipboard, through the terminal (OSC 52)"),
    _app("palette", "ctrl+p", "command_palette", "palette", "Find a command by name", footer=9, palette=False),
    _app("help", "question_mark", "open_help", "help", "List the keys that work right now", footer=0),
    _app("quit", "q,ctrl+c", "quit", "quit", "Leave; a confirmed action is still carried out", footer=1),
    _app("action_details", "v", "show_action_details", "action details",
         "Show or hide every fact of each target in the action bar"),
    _app("acknowledge", "d", "acknowledge", "acknowledge",
         "Clear every action that is over from the action bar; among alerts, the selected one: it has been seen"),
    _app("cancel_sending", "u", "cancel_sending", "cancel sending",
         "Give up every request that has provably not been sent yet", acts=True),
    _replay("play", "P", "play", "play", "Play the tape, or stand still"),
    _replay("next_change", "full_stop", "step(1)", "next change", "To the next change of what is on screen"),
    _replay("previous_change", "comma", "step(-1)", "last change", "Back to the last change of what is on screen"),
    _replay("next_event", "right_parenthesis", "seek_event(1)", "next event",
            "To the next action, alert, order or end of a deployment"),
    _replay("previous_event", "left_parenthesis", "seek_event(-1)", "last event",
            "Back to the last action, alert, order or end of a deployment"),
    _replay("minute_on", "greater_than_sign", "seek(60)", "minute on", "A minute on"),
    _replay("minute_back", "less_than_sign", "seek(-60)", "minute back", "A minute back"),
    _replay("hour_on", "F", "seek(3600)", "hour on", "An hour on"),
    _replay("hour_back", "B", "seek(-3600)", "hour back", "An hour back"),
    _replay("go_to_time", "T", "go_to_time", "go to time", "Go to a time, or to an action by its id"),
    _replay("faster", "right_curly_bracket", "change_speed(1)", "faster", "Play faster"),
    _replay("slower", "left_curly_bracket", "change_speed(-1)", "slower", "Play slower"),
    _main("pane_deployments", "1", "go_to('deployments')", "deployments", "Go to Deployments"),
    _main("pane_optimizations", "2", "go_to('optimizations')", "optimizations", "Go to Optimizations"),
    _main("pane_insights", "3", "go_to('insights')", "insights", "Go to Insights"),
    _main("pane_chart", "4", "go_to('chart')", "chart", "Go to the chart"),
    _panes("next_pane", "tab", "go_on(1)", "next pane", "Next pane; behind the last one the action bar", palette=False),
    _panes("previous_pane", "shift+tab", "go_on(-1)", "previous pane",
           "Previous pane; before the first one the action bar", palette=False),
    _panes("filter", "slash", "filter", "filter",
           "Show only rows that contain a text; of a log, search it all", footer=6),
    _panes("sort", "s", "sort", "sort", "Sort the pane by its next column", footer=7),
    _main("show_ended", "o", "toggle_ended", "older",
          "Show or hide deployments that ended more than 24 hours ago", footer=10),
    _main("pick_chart", "c", "pick_chart", "charts", "Pick a chart of the deployment"),
    _main("previous_chart", "left_square_bracket", "turn_chart(-1)", "previous chart", "Previous chart"),
    _main("next_chart", "right_square_bracket", "turn_chart(1)", "next chart", "Next chart"),
    _main("overlay", "O", "open_chart('overlay')", "versus",
          "Lay another deployment or the benchmark over the equity, in percent"),
    _main("chart_grid", "a", "open_chart('charts')", "all charts", "All charts of the deployment side by side"),
    _main("equity_grid", "E", "open_chart('equities')", "all equities", "The equity of all deployments"),
    _panes("back", "escape", "back", "back",
           "Back: drop the filter or the marks, close what is open; nothing else", palette=False),
    _table("down", "j,down", "move(1)", "down", "Next row", palette=False),
    _table("up", "k,up", "move(-1)", "up", "Previous row", palette=False),
    _table("page_down", "pagedown", "page(1)", "page down", "A page of rows down", palette=False),
    _table("page_up", "pageup", "page(-1)", "page up", "A page of rows up", palette=False),
    _table("first", "home,g", "first", "first", "First row; of a log its very beginning", palette=False),
    _table("last", "end,G", "last", "last", "Last row; a log is followed there", palette=False),
    _table("open", "enter", "open", "open", "Open the selected row", footer=5, palette=False),
    _table("mark", "space", "mark", "mark", "Mark or unmark a deployment, to act on several, or a run, to compare it",
           palette=False),
    *(
        _detail(
            f"section_{number}", str(number), f"go_to_section({number})", f"section {number}",
            f"Go to the {ordinal} section", palette=False,
        )
        for number, ordinal in enumerate(("first", "second", "third", "fourth", "fifth", "sixth", "seventh"), 1)
    ),
    _deployment("earlier_orders", "o", "toggle_earlier", "earlier orders",
            "Show or hide the orders of the project's earlier deployments", footer=10),
    _deployment("older_deployment", "left_square_bracket", "turn_deployment(1)", "older deployment",
            "The project's deployment before this one"),
    _deployment("newer_deployment", "right_square_bracket", "turn_deployment(-1)", "newer deployment",
            "The project's deployment after this one"),
    _sweep("heat_map", "m", "toggle_map", "heat map",
            "Runs of two parameters as a heat map, or as a table again", footer=6),
    _sweep("next_view", "right_square_bracket", "turn_view(1)", "turn",
            "The next parameter or statistic of a view; of a heat map the next slice", footer=8),
    _sweep("previous_view", "left_square_bracket", "turn_view(-1)", "turn back",
            "The parameter, statistic or slice before it"),
    _sweep("choose_view", "c", "choose_view", "choose", "Choose the parameters or statistics of a view", footer=9),
    _sweep("compare", "C", "compare", "compare", "Compare the marked runs side by side", footer=7),
    _sweep("export_runs", "e", "export", "export", "Write the runs (CSV, JSON) or the view (text, SVG) to a file",
            footer=11),
    _map("map_left", "h,left", "across(-1)", "left", "To the left", palette=False),
    _map("map_right", "l,right", "across(1)", "right", "To the right", palette=False),
    _chart("zoom_in", "plus,equals_sign", "zoom(1)", "zoom in", "Show a shorter time", footer=7),
    _chart("zoom_out", "minus", "zoom(-1)", "zoom out", "Show a longer time"),
    _chart("pan_left", "h", "pan(-1)", "earlier", "Go back in time"),
    _chart("pan_right", "l", "pan(1)", "later", "Go forward in time"),
    _chart("fit", "0", "fit", "fit", "Show everything there is"),
    _chart("chart_open", "enter", "open", "enlarge", "Show the chart on the whole screen", footer=5),
    _chart("window_next", "w", "turn_window(1)", "longer", "Next window: 1h 1d 1w 1m 3m 1y all", footer=6),
    _chart("window_previous", "W", "turn_window(-1)", "shorter", "Previous window"),
    _chart("crosshair_left", "left", "crosshair(-1)", "crosshair left", "Move the crosshair left", palette=False),
    _chart("crosshair_right", "right", "crosshair(1)", "crosshair right", "Move the crosshair right", palette=False),
    _chart("crosshair_jump_left", "pageup", "crosshair(-10)", "far left", "Ten columns to the left", palette=False),
    _chart("crosshair_jump_right", "pagedown", "crosshair(10)", "far right", "Ten columns to the right", palette=False),
    _chart("point_before", "shift+left", "crosshair_point(-1)", "point before",
           "Move to the point before", palette=False),
    _chart("point_after", "shift+right", "crosshair_point(1)", "point after",
           "Move to the very next point", palette=False),
    _chart("point_first", "home", "crosshair_end(-1)", "first", "The first visible point", palette=False),
    _chart("point_last", "end", "crosshair_end(1)", "last", "The last visible point", palette=False),
    _chart("legend_next", "j,down", "turn_legend(1)", "next series", "Read the next series first", palette=False),
    _chart("legend_previous", "k,up", "turn_legend(-1)", "series before",
           "Read the series before it first", palette=False),
    _chart("chart_mark", "m", "set_mark", "mark", "Count changes from the crosshair; again: from the beginning"),
    _chart("chart_series", "t", "pick_series", "series", "Switch series on and off"),
    _chart("log_scale", "g", "toggle_log", "log scale", "Logarithmic value axis, or linear again"),
    _chart("percent_scale", "percent_sign", "toggle_percent", "percent",
           "Change since the beginning in percent, or values"),
    _chart("chart_zone", "z", "toggle_zone", "UTC", "Times in UTC, or in the local zone again"),
    _chart("chart_glyphs", "b", "turn_glyphs", "glyphs", "Next glyph set: braille, blocks, ASCII"),
    _chart("export_chart", "e", "export", "export", "Write the visible chart to a file: CSV, SVG or text"),
    *(
        _tiles(
            f"tile_{number}", str(number), f"go_to_tile({number})", f"chart {number}",
            f"Go to chart {number} of the page", palette=False,
        )
        for number in range(1, NUMBERED_TILES + 1)
    ),
    _alerts("acknowledge_all", "D", "acknowledge_all", "acknowledge all", "Every alert that fires has been seen",
            footer=7),
    _alerts("shelve", "z", "shelve", "shelve", "Put the selected alert away for a time, or take it back", footer=6),
)
# fmt: on
"""In the order of the help."""


BY_ID: Mapping[str, Command] = {command.id: command for command in COMMANDS}

SCOPES_TOGETHER = (
    frozenset({Scope.APP, Scope.REPLAY, Scope.MAIN, Scope.PANES, Scope.TABLE}),
    frozenset({Scope.APP, Scope.REPLAY, Scope.MAIN, Scope.PANES, Scope.CHART}),
    frozenset({Scope.APP, Scope.REPLAY, Scope.PANES, Scope.TABLE, Scope.ALERTS}),
    frozenset({Scope.APP, Scope.REPLAY, Scope.PANES, Scope.CHART, Scope.TILES}),
    frozenset({Scope.APP, Scope.REPLAY, Scope.DETAIL, Scope.PANES, Scope.TABLE, Scope.DEPLOYMENT}),
    frozenset({Scope.APP, Scope.REPLAY, Scope.DETAIL, Scope.PANES, Scope.TABLE, Scope.SWEEP, Scope.MAP}),
)
"""Scopes whose keys work at the same time: there one key means one thing."""

_KEY_SIGNS = {
    "question_mark": "?",
    "slash": "/",
    "escape": "Esc",
    "enter": "Enter",
    "tab": "Tab",
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
    "left_parenthesis": "(",
    "right_parenthesis": ")",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "left_curly_bracket": "{",
    "right_curly_bracket": "}",
    "up": "Up",
    "down": "Down",
    "left": "Left",
    "right": "Right",
    "home": "Home",
    "end": "End",
}
"""Keys as a person reads them, by Textual's names. One that is not here is shown by that name."""
_SPELLED = {sign: name for name, sign in _KEY_SIGNS.items() if len(sign) == 1}
_MODIFIERS = frozenset({"ctrl", "alt", "shift"})
_NAMED = frozenset(key.value for key in Keys if len(key.value) > 1 and key.value[0] != "<") | frozenset(_KEY_SIGNS)


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
    *modifiers, last = key.split("+")
    name = _KEY_SIGNS.get(last) or (last.upper() if modifiers else last)
    return "+".join([*(each.capitalize() for each in modifiers), name])


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
    for together in SCOPES_TOGETHER:
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
