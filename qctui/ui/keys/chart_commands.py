"""What keys do in the chart."""

from __future__ import annotations

from qctui.ui.keys.commands import Command, Scope

NUMBERED_TILES = 9
"""Charts of a page that have a key of their own."""

CHART_COMMANDS: tuple[Command, ...] = (
    Command("zoom_in", "plus,equals_sign", "zoom(1)", "zoom in", "Show a shorter time", Scope.CHART, footer=7),
    Command("zoom_out", "minus", "zoom(-1)", "zoom out", "Show a longer time", Scope.CHART),
    Command("pan_left", "h", "pan(-1)", "earlier", "Go back in time", Scope.CHART),
    Command("pan_right", "l", "pan(1)", "later", "Go forward in time", Scope.CHART),
    Command("fit", "0", "fit", "fit", "Show everything there is", Scope.CHART),
    Command("chart_open", "enter", "open", "enlarge", "Show the chart on the whole screen", Scope.CHART, footer=5),
    Command(
        "window_next", "w", "turn_window(1)", "longer", "Next window: 1h 1d 1w 1m 3m 1y all", Scope.CHART, footer=6
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
    *(
        Command(
            f"tile_{number}",
            str(number),
            f"go_to_tile({number})",
            f"chart {number}",
            f"Go to chart {number} of the page",
            Scope.TILES,
            palette=False,
        )
        for number in range(1, NUMBERED_TILES + 1)
    ),
)
"""In the order of the help."""
