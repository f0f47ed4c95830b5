"""What keys do where one thing is shown in full."""

from __future__ import annotations

from qctui.ui.keys.commands import Command, Scope

MOST_SECTIONS = 5
"""Sections a screen can have: each has the key of its number."""

_ORDINALS = ("first", "second", "third", "fourth", "fifth")

DETAIL_COMMANDS: tuple[Command, ...] = (
    *(
        Command(
            f"section_{number}",
            str(number),
            f"go_to_section({number})",
            f"section {number}",
            f"Go to the {_ORDINALS[number - 1]} section",
            Scope.DETAIL,
            palette=False,
        )
        for number in range(1, MOST_SECTIONS + 1)
    ),
    Command(
        "heat_map",
        "m",
        "toggle_map",
        "heat map",
        "Runs of two parameters as a heat map, or as a table again",
        Scope.DETAIL,
        footer=6,
    ),
    Command(
        "earlier_orders",
        "o",
        "toggle_earlier",
        "earlier orders",
        "Show or hide the orders of the project's earlier deployments",
        Scope.DETAIL,
        footer=10,
    ),
    Command("map_left", "h,left", "across(-1)", "left", "The cell to the left", Scope.MAP, palette=False),
    Command("map_right", "l,right", "across(1)", "right", "The cell to the right", Scope.MAP, palette=False),
)
"""In the order of the help."""
