"""The grid of an optimization's heat map, and how its cells read. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable

from rich.style import Style
from textual.color import Color

from qctui.sweep.judging import Sweep
from qctui.sweep.ranking import UNTOLD, Column, RankedRun, RunState, statistic_text
from qctui.sweep.words import done_text
from qctui.ui.kit.spans import Span, width_of
from qctui.ui.theme.glyph_set import Glyphs
from qctui.ui.theme.themes import Palette
from qctui.value import Value


class HeatGrid(Value):
    """Runs over two parameters: `x` across, `y` downwards."""

    x: Column
    y: Column
    cells: dict[tuple[int, int], RankedRun]
    """By place on `x` and `y`; where several runs share a place, the best. Missing: no run there."""
    shared: dict[tuple[int, int], int]
    """How many runs each place has."""
    low: float
    high: float
    """The lowest and highest final value; both 0 without any."""
    best: tuple[int, int] | None
    sweep: Sweep
    """Whose runs these are."""

    def goodness(self, value: float) -> float:
        """0 for the worst of all final values, 1 for the best; for the lowest and the highest where it is unknown what
        is best."""
        if self.high <= self.low:
            return 1.0
        share = min(1.0, max(0.0, (value - self.low) / (self.high - self.low)))
        return 1.0 - share if self.sweep.optimization.criterion.maximize is False else share


def heat_grid(sweep: Sweep, over: tuple[str, ...] = (), within: tuple[str, str] | None = None) -> HeatGrid | None:
    """The map over two varying parameters, by default the first two; None where fewer vary. The one with more values is
    `x`. `within` is another parameter and its value: only its runs are on the map."""
    ranking = sweep.ranking
    columns = [sweep.columns[name] for name in over or ranking.varying[:2]]
    if len(columns) < 2 or not all(column.values for column in columns):
        return None
    x, y = sorted(columns, key=lambda column: len(column.values), reverse=True)
    shown: Iterable[int] = range(len(ranking.runs))
    if within is not None:
        third = sweep.columns[within[0]]
        value = third.values.index(within[1])
        shown = [number for number, step in enumerate(third.steps) if step == value]
    cells: dict[tuple[int, int], RankedRun] = {}
    shared: dict[tuple[int, int], int] = {}
    for number in shown:
        here = x.steps[number], y.steps[number]
        if UNTOLD not in here:
            # The ranking is best first: the first run of a place is the one that counts.
            cells.setdefault(here, ranking.runs[number])
            shared[here] = shared.get(here, 0) + 1
    best = next(iter(cells), None)
    if best is not None and cells[best].rank != 1:
        best = None
    low, high = (sweep.finals[0], sweep.finals[-1]) if sweep.finals else (0.0, 0.0)
    return HeatGrid(x, y, cells, shared, low, high, best, sweep)


STEPS = 8
"""Colours of the ramp."""

MOST_LABEL_CELLS = 12

VALUELESS = "?"
"""In the cell of a run that ended without a value of the target."""

_LEVEL_CELLS = 2

_FAINTEST = 0.25
"""How far the worst is from the background: it must be seen to be there."""


class HeatPalette(Palette):
    """The theme's roles, and `heat0` to `heat7`: from near the background to the first colour of the charts, distinct
    by brightness with every kind of colour vision. A word may follow: `level` colours the sign instead of what is
    behind it, `cursor` reverses."""

    def _make(self, role: str) -> Style:
        name, *words = role.split()
        if not name.startswith("heat"):
            return super()._make(role)
        step = int(name.removeprefix("heat"))
        strong = True if step == STEPS - 1 else None
        reverse = True if "cursor" in words else None
        low, high = self._color("background"), self._color("chart-1")
        if low is None or high is None or low.ansi is not None or high.ansi is not None:
            # Sixteen colours have no steps between them: the numbers say it, and the extremes stand out.
            ends = {0: "muted", STEPS - 1: "ok"}
            return self[ends.get(step, "")] + Style(bold=strong, reverse=reverse)
        background = low.blend(high, _FAINTEST + (1 - _FAINTEST) * step / (STEPS - 1))
        if "level" in words:
            return Style(color=background.rich_color, bold=strong, reverse=reverse)
        text = Color.parse("#ffffff") if background.brightness < 0.5 else Color.parse("#000000")
        return Style(color=text.rich_color, bgcolor=background.rich_color, bold=strong, reverse=reverse)


class CellPlan(Value):
    """How wide cells are, and whether numbers fit."""

    numbers: bool
    width: int
    label: int
    """Cells at the left for the values of `y`."""


def plan_cells(grid: HeatGrid, target: str, width: int, glyphs: Glyphs) -> CellPlan:
    """Numbers where all columns fit with them; else one level a cell, so that the whole map is seen at once."""
    label = max(3, *(min(MOST_LABEL_CELLS, width_of(((value, ""),))) for value in grid.y.values))
    texts = [cell_text(each, target, glyphs) for each in grid.cells.values()]
    longest = max([len(text) for text in texts], default=1)
    names = max(min(8, width_of(((value, ""),))) for value in grid.x.values)
    cells = 2 + max(3, longest, names)
    numbers = label + 1 + cells * len(grid.x.values) <= width
    return CellPlan(numbers, cells if numbers else _LEVEL_CELLS, label)


def cell_text(each: RankedRun | None, target: str, glyphs: Glyphs) -> str:
    """What stands in a cell: the value, `fail`, how far it is, that it has no value, or that there is no run."""
    if each is None:
        return glyphs.none
    if each.run.failed:
        return "fail"
    if each.unended:
        return f"{done_text(each.run.progress)}{glyphs.ellipsis}"
    return VALUELESS if each.value is None else value_text(each.value, target, glyphs)


def cell_level(each: RankedRun | None, grid: HeatGrid, glyphs: Glyphs) -> Span:
    """One sign for a cell, and its colour."""
    if each is None:
        return glyphs.dot, "rule"
    if each.run.failed:
        return "x", "danger"
    if not each.ended or each.value is None:
        return glyphs.ellipsis if each.unended else VALUELESS, "muted"
    goodness = grid.goodness(each.value)
    return glyphs.spark[round(goodness * (len(glyphs.spark) - 1))], f"heat{round(goodness * (STEPS - 1))}"


def value_text(value: float | None, statistic: str, glyphs: Glyphs, digits: int = 2) -> str:
    """A statistic's value with its unit, or that there is none."""
    return glyphs.none if value is None or not math.isfinite(value) else statistic_text(value, statistic, digits)


def legend(grid: HeatGrid, target: str, plan: CellPlan, glyphs: Glyphs) -> str:
    """What the signs mean."""
    low, high = value_text(grid.low, target, glyphs), value_text(grid.high, target, glyphs)
    maximize = grid.sweep.optimization.criterion.maximize
    span = f"worst {low} {glyphs.then} best {high}" if maximize else f"worst {high} {glyphs.then} best {low}"
    mark = f"  {glyphs.mark} best"
    if maximize is None:
        span, mark = f"lowest {low} {glyphs.then} highest {high}", ""
    levels = "" if plan.numbers else f"{glyphs.spark} "
    none = glyphs.none if plan.numbers else glyphs.dot
    failed = "" if plan.numbers else "x failed  "
    shown = span if grid.sweep.ranking.ended else "no run has ended"
    valueless = any(each.ended and each.value is None for each in grid.cells.values())
    going = (RunState.CUT_OFF if grid.sweep.over else RunState.RUNNING).value
    without = f"{VALUELESS} no value  " if valueless else ""
    return f"{levels}{shown}{mark}  {failed}{glyphs.ellipsis} {going}  {without}{none} none"
