"""Which rows of a drawing belong to which panel."""

from __future__ import annotations

from dataclasses import dataclass

from qctui.plot.marks import Kind, Panel

LEAST_PLOT = 2
"""Rows of cells a plot needs to be worth drawing."""

FEW_PLOT = 3
"""Rows of cells of a plot below the first that has hardly a point to show."""

LEAST_PANEL = 5
"""Rows a panel needs before another one may share the screen with it."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What `place` decided besides the rows it wrote into the panels."""

    panels: list[Panel]
    """Those that fit, top to bottom."""
    axis_row: int | None
    """The time axis; None without plots or room."""
    hidden: int
    """Panels left out for want of rows."""


def place(panels: list[Panel], height: int) -> Layout:
    """Share `height` rows: the time axis, a legend a panel where there is room, the first plot three times as
    high as the others.

    Rankings and tables come last, under the time axis.
    """
    for panel in panels:
        panel.legend_row = None
    if height < (LEAST_PLOT + 2) * len(panels):
        panels = [panel for panel in panels if not panel.idle]
    axis = 1 if any(panel.kind is Kind.LINE for panel in panels) and height > LEAST_PLOT else 0
    rows = height - axis
    most = max(1, rows // LEAST_PANEL)
    fitting = panels[:most]
    plots = [panel for panel in fitting if panel.kind is Kind.LINE]
    legends = rows >= (LEAST_PLOT + 2) * len(fitting)
    shares = _shares(fitting, rows - len(plots) if legends else rows)
    top = 0
    axis_row: int | None = None
    for panel, share in zip(fitting, shares, strict=True):
        if panel.kind is not Kind.LINE and plots and axis_row is None and axis:
            axis_row, top = top, top + 1
        if legends and panel.kind is Kind.LINE:
            panel.legend_row, top = top, top + 1
        panel.top, panel.height = top, share
        top += share
    if axis and axis_row is None:
        axis_row = height - 1
    return Layout(fitting, axis_row, len(panels) - len(fitting))


def _shares(panels: list[Panel], free: int) -> list[int]:
    """Rows of each panel: rankings and tables take what they need, up to a fair part; plots share the rest, the first
    one three times. A plot with hardly a visible point gets few, and one without any none: its legend says so."""
    plots = [panel for panel in panels if panel.kind is Kind.LINE and not panel.idle]
    fair = free // max(1, len(panels))
    shares = {}
    for panel in panels:
        if panel.kind is not Kind.LINE:
            needed = sum(max(1, len(mark.series.rows) + 1 if mark.series.rows else 1) for mark in panel.marks)
            shares[id(panel)] = max(1, min(needed, fair if plots else free))
            free -= shares[id(panel)]
    for panel in plots[1:]:
        if panel.few:
            shares[id(panel)] = max(1, min(FEW_PLOT, free // len(plots)))
            free -= shares[id(panel)]
    plots = [panel for panel in plots if id(panel) not in shares]
    weights = [3 if number == 0 and len(plots) > 1 else 1 for number in range(len(plots))]
    for number, (panel, weight) in enumerate(zip(plots, weights, strict=True)):
        shares[id(panel)] = max(1, free * weight // sum(weights[number:]))
        free -= shares[id(panel)]
    return [shares.get(id(panel), 0) for panel in panels]
