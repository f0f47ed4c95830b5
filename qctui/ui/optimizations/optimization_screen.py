"""An optimization in full: its runs as a table, and the views that judge them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

from textual import work

from qctui.model.deployment import name_of
from qctui.model.keys import PROJECTS, Key, optimizations_key
from qctui.model.optimization import OptimizationSummary
from qctui.plot.export import svg_text
from qctui.sweep import views
from qctui.sweep.judging import Sweep
from qctui.sweep.run_export import csv_text, json_text
from qctui.sweep.words import yet
from qctui.ui.console_screen import choose_one
from qctui.ui.context import AppContext, Detail, DetailKind
from qctui.ui.keys.keymap import Scope, bindings
from qctui.ui.kit.file_writing import write_and_say
from qctui.ui.kit.lines import Paragraph
from qctui.ui.kit.pane import Pane
from qctui.ui.kit.render_context import RenderContext, nothing
from qctui.ui.optimizations.optimization_base import OptimizationBase
from qctui.ui.optimizations.optimization_header import header_of
from qctui.ui.optimizations.plot_panes import ParetoPane, PlotPane, SlicesPane, ViewPane
from qctui.ui.optimizations.runs_panes import MapPane, RunsPane, runs_words
from qctui.ui.selection_owner import LocalCursor
from qctui.ui.theme.chart_inks import Inks
from qctui.ui.wording.load_state import LoadStateWords

MOST_COMPARED = 6
"""Runs that fit side by side."""


class OptimizationScreen(OptimizationBase):
    """Read every 10 s while it runs; before its first reading the list's summary stands in."""

    NAME = "an optimization"
    BINDINGS = bindings(Scope.SWEEP)
    ROOMY = (116, 30)
    DEFAULT_CSS = """
    OptimizationScreen > #sections.-roomy { grid-size: 2 1; grid-columns: 1fr 1fr; }
    """

    def __init__(self, context: AppContext, detail: Detail) -> None:
        glyphs = context.glyphs
        self._name_seen = detail.name
        self._compared: frozenset[str] = frozenset()
        self._run = ""
        cursor = LocalCursor(lambda: self._select(str(cursor.place.key), self.runs))
        self.runs = RunsPane(1, glyphs, cursor)
        self.map = MapPane(2, glyphs)
        self.slices = SlicesPane(3, glyphs)
        distribution = PlotPane(4, "Distribution", glyphs, views.distribution)
        history = PlotPane(5, "History", glyphs, lambda sweep, _: views.history(sweep, glyphs.mark))
        importance = PlotPane(7, "Importance", glyphs, lambda sweep, _: views.importance(sweep))
        self.plots = (self.slices, distribution, history, ParetoPane(6, glyphs), importance)
        self._view: ViewPane = self.map
        super().__init__(context, detail, (self.runs, self.map, *self.plots))
        self.runs.table.opened = lambda row: self.open_run(row.key)
        self.runs.table.marked = lambda row: self._mark(row.key)
        self.map.map.opened, self.map.map.marked = self.open_run, self._mark
        self.map.map.moved = lambda key: self._select(key, self.map)
        for pane in self.plots:
            pane.plot.opened, pane.plot.marked = self.open_run, self._mark
            pane.plot.moved = partial(self._select, by=pane)
        importance.plot.opened, importance.plot.marks_runs = self._open_slices, False
        importance.plot.moved = nothing

    def depends_on(self, key: Key[Any]) -> bool:
        """Its row of the list is about it too."""
        return key in (optimizations_key(self._project_id), PROJECTS)

    @property
    def summary(self) -> OptimizationSummary | None:
        """Its row of the list, if that was read."""
        rows = self._engine.store.get(optimizations_key(self._project_id)).value or ()
        return next((row for row in rows if row.optimization_id == self._optimization_id), None)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What is asked of a view is said by the view; the heat map says itself why there is none."""
        if action in {"turn_view", "choose_view"}:
            return isinstance(self.chosen, ViewPane)
        return super().check_action(action, parameters)

    def action_toggle_map(self) -> None:
        """The heat map, or the table again."""
        self.choose(self.runs if self.chosen is self.map else self.map)

    def action_turn_view(self, by: int) -> None:
        """The next parameter, statistic or slice of the view."""
        if isinstance(self.chosen, ViewPane) and not self.chosen.turn(by):
            self.say(f"{self.chosen.title_text} has nothing to turn to here")

    def action_choose_view(self) -> None:
        """Choose what the view is about."""
        if isinstance(self.chosen, ViewPane) and not self.chosen.ask():
            self.say(f"{self.chosen.title_text} has nothing to choose here")

    def action_compare(self) -> None:
        """The marked runs side by side."""
        if len(self._compared) < 2:
            self.say(f"Mark two to {MOST_COMPARED} runs with Space first; C shows them side by side")
            return
        runs = tuple(each.key for each in self.ranking.runs if each.key in self._compared)
        self.open_runs(DetailKind.COMPARE, runs)

    def action_export(self) -> None:
        """Ask what to write to a file."""
        sweep, view = self.sweep, self._view if self.chosen is not self.runs else None
        if sweep is None or not sweep.ranking.runs:
            self.say(f"There are no runs to write{yet(over=sweep is not None and sweep.over)}")
            return
        files = {"csv": "CSV: all runs", "json": "JSON: all runs"}
        if view is not None:
            files |= {"svg": f"SVG: {view.title_text}, a picture", "txt": f"TXT: {view.title_text}, the characters"}

        def chosen(place: int) -> None:
            self._export(sweep, list(files)[place], view)

        choose_one(self, "Write to a file", list(files.values()), self._glyphs, chosen)

    @work(group="export", exit_on_error=False)
    async def _export(self, sweep: Sweep, ending: str, view: ViewPane | None) -> None:
        name, now = sweep.optimization.name or self._optimization_id, self._engine.clock.now()
        if view is None or ending in {"csv", "json"}:
            make = partial(csv_text, sweep) if ending == "csv" else lambda: json_text(sweep) + "\n"
            await write_and_say(self.app, make, f"{name} runs", ending, now)
            return
        grid, color = view.picture()
        name, background = f"{name} {view.title_text}", Inks(self.app.theme_variables).background
        make = partial(svg_text, grid, color, background, name) if ending == "svg" else lambda: grid.text() + "\n"
        await write_and_say(self.app, make, name, ending, now)

    def choose(self, pane: Pane) -> None:
        """As in `DetailScreen`; what was not on screen is shown as it is now."""
        if isinstance(pane, ViewPane):
            self._view = pane
        super().choose(pane)
        context = self.ages.context()
        self._draw("The header", lambda: self.header.show(self.show_header(context)), self.header)
        self._show_views(runs_words(self.resource, context))

    @property
    def beside(self) -> Sequence[Pane]:
        """The runs, and the view that was looked at last."""
        return self.runs, self._view

    @property
    def selected_run(self) -> str:
        """The run that is marked in every view: the one a person went to, at first the best."""
        return self._run or str(self.runs.table.cursor_key or "")

    def _select(self, key: str, by: Pane) -> None:
        """A person went to a run in one of the views: it is selected in all of them."""
        self._run = key
        if by is self.map:
            self.map.selected = key
        if by is not self.runs:
            self.runs.table.select(key)
            self._run = key
        for pane in (self.map, *self.plots):
            if pane is not by and pane in self.shown_sections:
                pane.show(self.sweep, key, self._compared, runs_words(self.resource, self.ages.context()))

    def _mark(self, key: str) -> None:
        if key not in self._compared and len(self._compared) >= MOST_COMPARED:
            self.say(f"At most {MOST_COMPARED} runs can be compared: unmark one first")
            return
        self._compared ^= {key}
        self.show_all(self.ages.context())

    def _open_slices(self, parameter: str) -> None:
        self.slices.show_parameter(parameter)
        self.choose(self.slices)

    def show_header(self, context: RenderContext) -> Iterable[Paragraph]:
        """What is searched, how far it is, what it has cost; where a plot needs the lines, the best alone."""
        optimization, summary = self.resource.value, self.summary
        name = (optimization.name if optimization else "") or self._name_seen or (summary.name if summary else "")
        projects = {each.project_id: each.name for each in self._engine.store.get(PROJECTS).value or ()}
        whose = (self._optimization_id or "id unknown", name_of(self._project_id, projects))
        short = self.tabbed and self.chosen in self.plots and self.size.height < self.ROOMY[1]
        return header_of(optimization, summary, self.ranking, name or "unnamed", whose, context, short=short)

    def show_sections(self, context: RenderContext) -> None:
        """Table and views of the same runs; those that are not on screen wait until they are."""
        sweep, words = self.sweep, runs_words(self.resource, context)
        if sweep is not None:
            self._compared &= sweep.ranking.by_key.keys()
        self._draw("The runs", lambda: self.runs.show(sweep, self._compared, words, context), self.runs)
        self._show_views(words)

    def _show_views(self, words: LoadStateWords) -> None:
        for pane in (self.map, *self.plots):
            if pane in self.shown_sections:
                show = partial(pane.show, self.sweep, self.selected_run, self._compared, words)
                self._draw(f"The view {pane.title_text}", show, pane)
            else:
                pane.show_frame((), words)
