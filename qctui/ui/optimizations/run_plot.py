"""The widget of a statistical view: a plot with a cursor on its runs, and its reading below."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress

from textual import work

from qctui.plot.grid import MUTED, TEXT, CellGrid, Ink, cut
from qctui.sweep.judging import Sweep
from qctui.sweep.plots import Drawn, Plot, drawn
from qctui.sweep.views import View, nearest
from qctui.sweep.words import run_reading
from qctui.ui.keys.keymap import Scope, bindings
from qctui.ui.kit.ink_lines import InkLines
from qctui.ui.kit.render_context import nothing
from qctui.ui.kit.spans import seven_bit, wrap
from qctui.ui.textual_patches import lay_out
from qctui.ui.theme.glyph_set import Glyphs

READING = 0.4, 9
"""Part of the height that the reading takes, and lines that are enough for it."""

MOST_WAIT_S = 0.5
"""How long a key waits for the plot it is for."""

COMPARED = "+"
"""The sign of a run that is marked to be compared."""


class RunPlot(InkLines, can_focus=True):
    """A plot, drawn anew when its data, its size or what it is about changes, and never for a cursor."""

    DEFAULT_CSS = """
    RunPlot { height: 1fr; width: 1fr; }
    """
    BINDINGS = bindings(Scope.TABLE, Scope.MAP)

    def __init__(self, glyphs: Glyphs, make: Callable[[Sweep, int], View]) -> None:
        """`make` makes the view at a width; it is called on the thread of plots."""
        super().__init__()
        self.opened: Callable[[str], object] = nothing
        """Called with the key under the cursor: Enter."""
        self.moved: Callable[[str], object] = nothing
        """Called with the key that a person went to."""
        self.marked: Callable[[str], object] = nothing
        """Called with the key under the cursor: Space."""
        self.looked: Callable[[], object] = nothing
        """Called when another view is on screen."""
        self.marks_runs = True
        """What is under the cursor is a run."""
        self.view: View | None = None
        self._glyphs = glyphs
        self._make = make
        self._sweep: Sweep | None = None
        self._seen: Sweep | None = None
        """What is on screen."""
        self._words = ""
        self._key = self._run = ""
        self._compared: frozenset[str] = frozenset()
        self._drawing = Drawn(CellGrid(0, 0))
        self._drawn_for: tuple[Sweep | None, int, int] | None = None
        self._idle = asyncio.Event()
        self._idle.set()

    def show(self, sweep: Sweep | None, words: str, key: str, compared: frozenset[str]) -> None:
        """Show the view of a reading; `words` stand in its place while there are no runs. `key` is under the cursor."""
        self._sweep, self._words, self._run, self._compared = sweep, words, key, compared
        self._key = key if self.marks_runs else self._key
        self._draw_anew()
        self._present()

    def turn(self) -> None:
        """It is about something else now."""
        self._drawn_for = None
        self._draw_anew()

    @property
    def behind(self) -> bool:
        """What is on screen is of an earlier reading: the newest is being drawn."""
        return self._seen is not None and self._seen is not self._sweep

    def on_resize(self) -> None:
        """Draw for the new size."""
        self._draw_anew()
        self._present()

    async def action_move(self, by: int) -> None:
        """To the next point below or above."""
        await self._ready()
        self._go(0, by)

    async def action_across(self, by: int) -> None:
        """To the next point to the right or left."""
        await self._ready()
        self._go(by, 0)

    async def action_page(self, by: int) -> None:
        """To the next run at the same place."""
        await self._ready()
        here = self._here
        if here:
            self._choose(here[(here.index(self._at) + by) % len(here)])

    async def action_first(self) -> None:
        """To the best run."""
        await self._ready()
        self._choose(0)

    async def action_last(self) -> None:
        """To the worst run on the plot."""
        await self._ready()
        self._choose(-1)

    async def action_open(self) -> None:
        """Ask for what is under the cursor in full."""
        await self._ready()
        if self._at >= 0:
            self.opened(self._keys[self._at])

    async def action_mark(self) -> None:
        """Mark the run under the cursor to be compared."""
        await self._ready()
        if self._at >= 0:
            self.marked(self._key)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only runs can be marked."""
        return action != "mark" or self.marks_runs

    @property
    def _keys(self) -> Sequence[str]:
        return self.view.keys if self.view is not None else ()

    @property
    def _at(self) -> int:
        """The place of what is under the cursor among the points; -1 where it is not on the plot."""
        keys = self._keys
        return keys.index(self._key) if self._key in keys else -1 if self.marks_runs or not keys else 0

    @property
    def _here(self) -> list[int]:
        """The points in the cell under the cursor."""
        cells, at = self._drawing.cells, self._at
        return [place for place, cell in enumerate(cells) if cell == cells[at]] if 0 <= at < len(cells) else []

    def _go(self, across: int, down: int) -> None:
        cells, at = self._drawing.cells, self._at
        if at < 0:
            self._choose(0)
        elif at < len(cells):
            self._choose(nearest(cells, at, across, down))

    def _choose(self, place: int) -> None:
        if self._keys and self._keys[place] != self._key:
            self._key = self._keys[place]
            self._run = self._key if self.marks_runs else self._run
            self._present()
            self.moved(self._key)

    async def _ready(self) -> None:
        """Wait for what is being drawn: keys typed in a burst must find the points that they find when typed slowly."""
        lay_out(self.screen)
        self._draw_anew()
        with suppress(TimeoutError):
            async with asyncio.timeout(MOST_WAIT_S):
                await self._idle.wait()

    def _draw_anew(self) -> None:
        wanted = (self._sweep, *self.size)
        if self._sweep is not None and self.size.width and wanted != self._drawn_for:
            self._drawn_for = wanted
            self._idle.clear()
            self._draw_plot(self._sweep, *self.size)

    @work(group="plots", exclusive=True, exit_on_error=False)
    async def _draw_plot(self, sweep: Sweep, width: int, height: int) -> None:
        made: list[View] = []

        def make() -> Plot | None:
            made[:] = [self._make(sweep, width - 2)]
            return made[0].plot

        reading = min(READING[1], max(3, int(height * READING[0])))
        wanted = self._drawn_for
        drawing = await drawn(make, width, height - reading, ascii=self._glyphs.ascii)
        if wanted is not self._drawn_for:
            return  # it is about something else by now
        self.view, self._drawing, self._seen = (made[0] if made else View("", "")), drawing, sweep
        self._idle.set()
        self._present()
        self.looked()

    def _present(self) -> None:
        width, height = self.size
        if not width:
            return
        grid = CellGrid(width, height)
        if self._sweep is None or self._seen is None or self.view is None:
            self._write(grid, 0, self._words, MUTED)
        else:
            plot = self._drawing.grid
            for y in range(min(plot.height, height)):
                count = min(width, plot.width)
                grid.chars[y][:count], grid.inks[y][:count] = plot.chars[y][:count], plot.inks[y][:count]
            self._put_runs(grid)
            y = min(plot.height, height)
            if self._drawing.words:
                self._write(grid, 0, self._drawing.words, Ink("danger", bold=True))
            y = self._write(grid, y, self._run_words(self._seen), TEXT)
            self._write(grid, y, self.view.reading, MUTED)
        self.show_grid(grid)

    def _put_runs(self, grid: CellGrid) -> None:
        cells = self._drawing.cells
        if self._compared:
            for key, cell in zip(self._keys, cells, strict=True):
                if key in self._compared and cell is not None:
                    grid.put(*cell, COMPARED, Ink("chart-mark", bold=True))
        at = self._at
        if 0 <= at < len(cells) and (under := cells[at]) is not None:
            grid.put(*under, self._glyphs.cursor, Ink(back="chart-crosshair" if self.has_focus else "muted"))

    def _run_words(self, sweep: Sweep) -> str:
        each = sweep.ranking.by_key.get(self._run)
        if each is None:
            return ""
        shared = len(self._here) if self.marks_runs else 1
        others = f" ({shared:,} runs here, PgDn goes through them)" if shared > 1 else ""
        return f"{self._glyphs.cursor} {run_reading(sweep, each)}{others}"

    def _write(self, grid: CellGrid, y: int, text: str, ink: Ink) -> int:
        """Write a text in lines from `y` on, and return the line after it."""
        spans, width = ((text, ""),), grid.width - 2
        lines = wrap(seven_bit(spans) if self._glyphs.ascii else spans, width)
        for number, line in enumerate(lines[: max(0, grid.height - y)]):
            rest = number + 1 < len(lines) and y + 1 >= grid.height
            words = "".join(word for word, _ in line)
            grid.put(1, y, cut(f"{words}{' ' * width}", width, self._glyphs.ellipsis) if rest else words, ink, width)
            y += 1
        return y

    def watch_has_focus(self, has_focus: bool) -> None:
        """Show the cursor as the one keys move, or as a memory of where it was."""
        super().watch_has_focus(has_focus)
        self._present()
