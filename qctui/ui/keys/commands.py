"""What keys do: every command of the program but the chart's own, which `registry_chart` adds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Scope(Enum):
    """Where a command's keys work. The value is its heading in the help."""

    APP = "Everywhere"
    """On every screen but under a dialog."""
    MAIN = "On the main screen"
    PANES = "Between panes"
    """On every screen that has panes: the main one and what is opened in full."""
    DETAIL = "In what is opened in full"
    TABLE = "In a table"
    """While a table has the focus."""
    CHART = "In the chart"
    """While the chart has the focus."""
    TILES = "Among charts side by side"
    MAP = "In a heat map"
    """While a heat map has the focus, beside the keys of a table."""


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


CONSOLE_COMMANDS: tuple[Command, ...] = (
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
    Command(
        "retry",
        "R",
        "request_action('retry')",
        "retry",
        "Ask again for what was rejected or not sent, of the targets as they are now",
        Scope.APP,
        acts=True,
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
        "Clear every action that is over from the action bar: its outcome has been seen",
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
    Command(
        "next_pane",
        "tab",
        "go_on(1)",
        "next pane",
        "Next pane; behind the last one the action bar",
        Scope.PANES,
        palette=False,
    ),
    Command(
        "previous_pane",
        "shift+tab",
        "go_on(-1)",
        "previous pane",
        "Previous pane; before the first one the action bar",
        Scope.PANES,
        palette=False,
    ),
    Command(
        "filter",
        "slash",
        "filter",
        "filter",
        "Show only rows that contain a text; of a log, search it all",
        Scope.PANES,
        footer=6,
    ),
    Command("sort", "s", "sort", "sort", "Sort the pane by its next column", Scope.PANES, footer=7),
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
        "overlay",
        "O",
        "open_chart('overlay')",
        "versus",
        "Lay another deployment or the benchmark over the equity, in percent",
        Scope.MAIN,
    ),
    Command(
        "chart_grid", "a", "open_chart('charts')", "all charts", "All charts of the deployment side by side", Scope.MAIN
    ),
    Command("equity_grid", "E", "open_chart('equities')", "all equities", "The equity of all deployments", Scope.MAIN),
    Command(
        "back",
        "escape",
        "back",
        "back",
        "Back: drop the filter or the marks, close what is open; nothing else",
        Scope.PANES,
        palette=False,
    ),
    Command("down", "j,down", "move(1)", "down", "Next row", Scope.TABLE, palette=False),
    Command("up", "k,up", "move(-1)", "up", "Previous row", Scope.TABLE, palette=False),
    Command("page_down", "pagedown", "page(1)", "page down", "A page of rows down", Scope.TABLE, palette=False),
    Command("page_up", "pageup", "page(-1)", "page up", "A page of rows up", Scope.TABLE, palette=False),
    Command("first", "home,g", "first", "first", "First row; of a log its very beginning", Scope.TABLE, palette=False),
    Command("last", "end,G", "last", "last", "Last row; a log is followed there", Scope.TABLE, palette=False),
    Command("open", "enter", "open", "open", "Open the selected row", Scope.TABLE, footer=5, palette=False),
    Command(
        "mark", "space", "mark", "mark", "Mark or unmark a deployment, to act on several", Scope.TABLE, palette=False
    ),
)
"""In the order of the help."""
