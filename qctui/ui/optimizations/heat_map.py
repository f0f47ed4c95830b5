"""The heat map of an optimization over two parameters."""

from __future__ import annotations

from collections.abc import Callable

from textual import events

from qctui.plot.export import Color
from qctui.plot.grid import CellGrid, Ink
from qctui.sweep.ranking import UNRANKED, RankedRun, value_key
from qctui.sweep.words import yet
from qctui.ui.keys.keymap import Scope, bindings
from qctui.ui.kit.cell_diff import SpanLines
from qctui.ui.kit.render_context import nothing
from qctui.ui.kit.spans import Span, Spans, fit, wrap
from qctui.ui.optimizations.heat import (
    CellPlan,
    HeatGrid,
    HeatPalette,
    cell_level,
    cell_text,
    legend,
    plan_cells,
    value_text,
)
from qctui.ui.optimizations.run_plot import COMPARED
from qctui.ui.textual_patches import lay_out
from qctui.ui.theme.glyph_set import Glyphs

_HEAD = 2
"""Lines above the cells: the axes' names, and the values across."""

_FOOT = 3
"""Lines below: the cell under the cursor, and what the signs mean."""

_READ = ("Sharpe Ratio", "Drawdown", "Net Profit", "Compounding Annual Return")
"""Said of the run under the cursor, beside the target."""


class HeatMap(SpanLines, can_focus=True):
    """A cell per pair of values, a cursor, and what is under it in full."""

    DEFAULT_CSS = """
    HeatMap { height: 1fr; width: 1fr; }
    """
    BINDINGS = bindings(Scope.TABLE, Scope.MAP)

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__(glyphs)
        self.opened: Callable[[str], object] = nothing
        """Called with the key of a run: Enter on its cell."""
        self.moved: Callable[[str], object] = nothing
        """Called with the key of the run on the cell that a person went to."""
        self.marked: Callable[[str], object] = nothing
        """Called with the key of a run: Space on its cell."""
        self.compared: frozenset[str] = frozenset()
        """Keys of the runs that are marked to be compared."""
        self._grid: HeatGrid | None = None
        self._target = ""
        self._words = ""
        self._place: tuple[str, str] | None = None
        """The values under the cursor: they stay when the axes grow."""
        self._from = (0, 0)
        self._plan = CellPlan(True, 1, 1)
        self._colors = HeatPalette({})

    def show(self, grid: HeatGrid | None, target: str, said: str) -> None:
        """Show a map of the values of `target`; `said` stands in its place while there is none."""
        self._grid, self._target, self._words = grid, target, said
        if grid is not None and grid.best is not None and self._place is None:
            # The first look is at the best; after that it is where a person put it.
            self._place = grid.x.values[grid.best[0]], grid.y.values[grid.best[1]]
        self._draw()

    @property
    def under(self) -> RankedRun | None:
        """The run under the cursor."""
        return None if self._grid is None else self._grid.cells.get(self._cursor)

    def action_move(self, by: int) -> None:
        """Move down or up."""
        self._go(0, by)

    def action_across(self, by: int) -> None:
        """Move right or left."""
        self._go(by, 0)

    def action_page(self, by: int) -> None:
        """Move by what fits."""
        lay_out(self.screen)
        self._go(0, by * max(1, self._shown[1] - 1))

    def action_first(self) -> None:
        """Go to the best run."""
        if self._grid is not None and self._grid.best is not None:
            x, y = self._cursor
            self._go(self._grid.best[0] - x, self._grid.best[1] - y)

    def action_last(self) -> None:
        """Go to the last cell."""
        self._go(1 << 20, 1 << 20)

    def action_open(self) -> None:
        """Ask for the run in full."""
        if (run := self.under) is not None:
            self.opened(run.key)

    def action_mark(self) -> None:
        """Mark the run to be compared, or unmark it."""
        if (run := self.under) is not None:
            self.marked(run.key)

    def select(self, each: RankedRun) -> None:
        """Go to the cell of a run, if it is on the map."""
        grid = self._grid
        if grid is None:
            return
        values = [each.run.parameters.get(axis.name) for axis in (grid.x, grid.y)]
        if values[0] is not None and values[1] is not None:
            self._place = value_key(values[0]), value_key(values[1])
            self._draw()

    def on_click(self, event: events.Click) -> None:
        """Put the cursor where a person pointed; a second click opens."""
        x = self._from[0] + (event.x - self._plan.label - 1) // max(1, self._plan.width)
        y = self._from[1] + event.y - _HEAD
        grid = self._grid
        if grid is not None and event.x > self._plan.label and 0 <= x < len(grid.x.values) and event.y >= _HEAD:
            if y < len(grid.y.values):
                self._go(x - self._cursor[0], y - self._cursor[1])
            if event.chain == 2:
                self.action_open()

    def on_resize(self) -> None:
        """Lay it out for the new size."""
        self._draw()

    @property
    def palette(self) -> HeatPalette:
        """The theme's roles, and the colours of the ramp."""
        variables = self.app.theme_variables
        if self._colors.variables is not variables:
            self._colors = HeatPalette(variables)
        return self._colors

    def picture(self) -> tuple[CellGrid, Color]:
        """The cells on screen, and the colours of their inks: for a file."""
        grid, palette = CellGrid(*self.size), self.palette
        for y, line in enumerate(self.drawn):
            x = 0
            for text, role in line:
                x = grid.put(x, y, text, Ink(role))

        def hexes(ink: Ink) -> tuple[str, str]:
            style = palette[ink.color]
            pair = [each.get_truecolor().hex if each is not None else "" for each in (style.color, style.bgcolor)]
            return pair[0] or "#d0d0d0", pair[1]

        return grid, hexes

    @property
    def _cursor(self) -> tuple[int, int]:
        grid, place = self._grid, self._place
        if grid is None or place is None or place[0] not in grid.x.values or place[1] not in grid.y.values:
            return 0, 0
        return grid.x.values.index(place[0]), grid.y.values.index(place[1])

    @property
    def _shown(self) -> tuple[int, int]:
        """How many columns and lines of cells fit."""
        across = (self.size.width - self._plan.label - 1) // max(1, self._plan.width)
        return max(1, across), max(1, self.size.height - _HEAD - _FOOT)

    def _go(self, across: int, down: int) -> None:
        grid = self._grid
        if grid is None:
            return
        x, y = self._cursor
        x = max(0, min(len(grid.x.values) - 1, x + across))
        y = max(0, min(len(grid.y.values) - 1, y + down))
        self._place = grid.x.values[x], grid.y.values[y]
        self._draw()
        if (run := self.under) is not None:
            self.moved(run.key)

    def _draw(self) -> None:
        if self.size.width:
            self.draw(self._lines())

    def _lines(self) -> list[Spans]:
        width, height = self.size
        grid = self._grid
        if grid is None:
            said = [((" ", ""), *line) for line in wrap(((self._words, "muted"),), width - 2)]
            return [*said, *[()] * (height - len(said))][:height]
        self._plan = plan_cells(grid, self._target, width, self._glyphs)
        self._scroll(grid)
        columns = range(self._from[0], min(len(grid.x.values), self._from[0] + self._shown[0]))
        rows = range(self._from[1], min(len(grid.y.values), self._from[1] + self._shown[1]))
        lines = [self._names(grid, columns, rows), self._across(grid, columns)]
        lines += [self._row(grid, y, columns) for y in rows]
        lines += [()] * (height - len(lines) - _FOOT)
        foot = [*self._reading(grid), ((" ", ""), (legend(grid, self._target, self._plan, self._glyphs), "muted"))]
        return [fit(line, width, self._glyphs) if line else () for line in [*lines, *foot]][:height]

    def _scroll(self, grid: HeatGrid) -> None:
        starts = []
        sizes = (len(grid.x.values), len(grid.y.values))
        for start, at, room, count in zip(self._from, self._cursor, self._shown, sizes, strict=True):
            start = min(start, at) if at < start + room else at - room + 1
            starts.append(max(0, min(start, count - room)))
        self._from = starts[0], starts[1]

    def _names(self, grid: HeatGrid, columns: range, rows: range) -> Spans:
        """Which parameter is which way, and which part of a large map is on screen."""
        down, across = self._glyphs.down, self._glyphs.then
        line: list[Span] = [(" ", ""), (f"{grid.y.name} ", "title"), (f"{down}  ", "muted"), (grid.x.name, "title")]
        line.append((f" {across}", "muted"))
        for axis, seen in ((grid.x, columns), (grid.y, rows)):
            if len(seen) < len(axis.values):
                part = f"   {axis.name} {seen.start + 1}-{seen.stop} of {len(axis.values)}"
                line.append((part, "stale"))
        return tuple(line)

    def _across(self, grid: HeatGrid, columns: range) -> Spans:
        line: list[Span] = [(" " * (self._plan.label + 1), "")]
        width, at = self._plan.width, self._cursor[0]
        if self._plan.numbers:
            for x in columns:
                role = "focus bold" if x == at else "muted"
                line += fit(((grid.x.values[x][: width - 1], role),), width, self._glyphs, right=True)
            return tuple(line)
        # Cells are too narrow for their names: as many as fit, from the left.
        room = 0
        for x in columns:
            name = grid.x.values[x][:8]
            if room <= 0 and (x - columns.start) * width + len(name) + 1 <= width * len(columns):
                line.append((f" {name}".ljust(-(-(len(name) + 2) // width) * width), "muted"))
                room = -(-(len(name) + 2) // width)
            room -= 1
        return tuple(line)

    def _row(self, grid: HeatGrid, y: int, columns: range) -> Spans:
        glyphs, plan, cursor = self._glyphs, self._plan, self._cursor
        role = "focus bold" if y == cursor[1] else "muted"
        line: list[Span] = [*fit(((grid.y.values[y], role),), plan.label, glyphs, right=True), (" ", "")]
        for x in columns:
            each, here = grid.cells.get((x, y)), (x, y) == cursor
            pointer = glyphs.cursor if here else " "
            compared = each is not None and each.key in self.compared
            mark = COMPARED if compared else glyphs.mark if (x, y) == grid.best else " "
            level, role = cell_level(each, grid, glyphs)
            if plan.numbers:
                text = f"{pointer}{mark}{cell_text(each, self._target, glyphs).rjust(plan.width - 2)}"
            else:
                text = f"{pointer if here else mark if mark != ' ' else level}{level}"
            if role.startswith("heat"):
                role += ("" if plan.numbers else " level") + (" cursor" if here else "")
            line.append((text, role))
        return tuple(line)

    def _reading(self, grid: HeatGrid) -> list[Spans]:
        """The cell under the cursor: its values, its rank, and the run's main statistics."""
        (x, y), each, glyphs = self._cursor, self.under, self._glyphs
        dot = glyphs.between
        where: list[Span] = [(" ", ""), (f"{grid.x.name} ", "muted"), (grid.x.values[x], "title bold"), dot]
        where += [(f"{grid.y.name} ", "muted"), (grid.y.values[y], "title bold"), dot]
        if each is None:
            return [(*where, (f"no run here{yet(over=grid.sweep.over)}", "muted")), ()]
        where += [(f"{self._target} ", "muted"), (value_text(each.value, self._target, glyphs, 3), "title bold")]
        if each.rank is not None:
            best = f" {glyphs.mark} best" if each.rank == 1 else ""
            where.append((f"  rank {each.rank} of {grid.sweep.ranking.ranked}{best}", "mark bold" if best else "muted"))
        elif each.ended and each.value is not None:
            where.append((f"  {UNRANKED}", "muted"))
        elif each.run.failed:
            where.append((f"  failed, exit code {each.run.exit_code}", "danger"))
        elif each.unended:
            where.append((f"  {each.state.value}", "stale"))
        else:
            where.append(("  ended without a value", "muted"))
        rest: list[Span] = [(" ", ""), (each.run.name or each.run.backtest_id, "muted")]
        if (shared := grid.shared.get((x, y), 0)) > 1:
            rest += [dot, (f"the best of {shared:,} runs here", "")]
        for name in _READ:
            if name != self._target and name in each.run.statistics:
                rest += [dot, (f"{name} ", "muted"), (value_text(each.run.statistics[name], name, glyphs), "")]
        return [tuple(where), tuple(rest)]
