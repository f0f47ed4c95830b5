"""The keys of the chart screen: which of the main screen's it takes over, and which are in its footer."""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import replace

from qctui.ui.keys.keymap import COMMANDS, Command

KEYS = frozenset(
    {
        "pick_chart", "previous_chart", "next_chart", "back", "next_pane", "previous_pane", "overlay", "chart_grid",
        "equity_grid",
    }
)  # fmt: skip
"""Commands of the main screen that mean the same here."""
_FOOTER = (
    "help", "back", "liquidate", "stop", "chart_open", "zoom_in", "window_next", "next_chart", "chart_series",
    "chart_grid", "overlay", "pan_left", "log_scale", "export_chart", "chart_mark", "panic", "chart_zone",
    "equity_grid", "percent_scale", "zoom_out", "pan_right",
)  # fmt: skip
"""Keys in the footer of this screen, those that must be there first."""


def footer(working: Set[str | None]) -> Iterator[Command]:
    """The commands whose keys work now, by id, each with its place in the footer of this screen."""
    for command in COMMANDS:
        if command.id in working:
            yield replace(command, footer=_FOOTER.index(command.id) if command.id in _FOOTER else None)
