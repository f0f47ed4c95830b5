"""The runs of an optimization as a table, and as a heat map."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import combinations

from qctui.model.optimization import Optimization
from qctui.model.resource import Resource
from qctui.plot.export import Color
from qctui.plot.grid import CellGrid
from qctui.sweep.judging import Sweep
from qctui.sweep.neighbours import Ground, Neighbours
from qctui.sweep.ranking import UNRANKED, RankedRun, Ranking, RunState, value_order
from qctui.sweep.words import progress_words, yet
from qctui.ui.kit.list_pane import SectionPane
from qctui.ui.kit.render_context import RenderContext
from qctui.ui.kit.spans import Spans
from qctui.ui.kit.table_columns import Column, figure, text_column
from qctui.ui.optimizations.heat import heat_grid, value_text
from qctui.ui.optimizations.heat_map import HeatMap
from qctui.ui.optimizations.plot_panes import ViewPane
from qctui.ui.optimizations.run_plot import COMPARED
from qctui.ui.selection_owner import Cursor
from qctui.ui.theme.glyph_set import Glyphs
from qctui.ui.wording.format import format_count, role_of_sign
from qctui.ui.wording.load_state import LoadStateWords, describe

STALE_AFTER_S = 60.0
"""An opened optimization is read every 10 s while it runs."""

MOST_PARAMETERS = 6
"""Parameters that get a column; a run in full has them all."""

_SHORT = {"Probabilistic Sharpe Ratio": "PSR", "Compounding Annual Return": "annual ret."}
"""Targets too long for a column's head; the screen's header has them whole."""

SIGNED = frozenset({"Net Profit", "Compounding Annual Return"})
"""Statistics that are gains or losses: their sign has a colour."""


NOT_JUDGED = Neighbours(None, None, 0, 0, Ground.UNKNOWN)
"""Of a run before its sweep is known."""


class RunsPane(SectionPane[RankedRun]):
    """The best first. Ranks are by the target; a run that failed or is under way has none."""

    def __init__(self, number: int, glyphs: Glyphs, cursor: Cursor) -> None:
        columns = self._columns((), "")
        super().__init__(number, "Runs", glyphs, columns, lambda each: each.key, _run_text, opens=True, cursor=cursor)
        self.table.marks = True
        self._shape: tuple[tuple[str, ...], str] = ((), "")
        self._sweep: Sweep | None = None
        self._compared: frozenset[str] = frozenset()

    def show(
        self, sweep: Sweep | None, compared: frozenset[str], words: LoadStateWords, context: RenderContext
    ) -> None:
        """Show the ranked runs of an optimization; those `compared` are marked."""
        ranking, failed = Ranking(), 0
        if sweep is not None:
            ranking, failed = sweep.ranking, sweep.counts.failed
            shape = ranking.varying[:MOST_PARAMETERS], sweep.target
            if shape != self._shape:
                self._shape = shape
                # It shows the rows of the reading before until there are others: those are judged by their own.
                self.table.change_columns(self._columns(*shape))
        self._sweep, self._compared = sweep, compared
        best = ranking.best
        dot = context.glyphs.dot
        facts: list[tuple[str, str]] = []
        if ranking.runs:
            facts.append((f"{format_count(len(ranking.runs))} ", ""))
            if failed:
                facts.append((f"{dot} {format_count(failed)} failed ", "danger"))
            known = f"{context.glyphs.mark} best" if best else UNRANKED if ranking.ended else "none has ended"
            facts.append((f"{dot} {known} ", "mark"))
            if compared:
                facts.append((f"{dot} {COMPARED} {len(compared)} to compare ", "mark"))
        marked = frozenset({best.key}) if best is not None else frozenset()
        self.show_rows(ranking.runs, context, words, tuple(facts), marked)

    def _columns(self, parameters: tuple[str, ...], target: str) -> tuple[Column[RankedRun], ...]:
        shown: list[Column[RankedRun]] = [
            Column("rank", "#", 4, self._rank, right=True, keep=20, sort_key=lambda each: each.rank),
        ]
        for name in parameters:
            width, cell, key = max(5, min(12, len(name))), _parameter(name), partial(_parameter_key, name)
            shown.append(Column(f"parameter {name}", name, width, cell, right=True, widest=16, keep=18, sort_key=key))
        if target:
            head = _SHORT.get(target, target)
            shown.append(_statistic("target", target, head, max(8, min(14, len(head))), 19, strong=True))
            shown.append(figure("near", "near", 11, self._near, widest=14, keep=17, sort_key=self._near_mean))
            shown.append(text_column("ground", 7, self._ground, header="lies on", keep=16))
        for column, name, header, keep in (
            ("sharpe", "Sharpe Ratio", "Sharpe", 9),
            ("drawdown", "Drawdown", "drawdown", 8),
            ("profit", "Net Profit", "net profit", 7),
            ("trades", "Total Orders", "trades", 6),
        ):
            if name != target:
                shown.append(_statistic(column, name, header, 10 if name == "Net Profit" else 8, keep))
        shown.append(Column("state", "state", 9, _state, keep=11, sort_key=_state_key))
        shown.append(text_column("name", 12, lambda each: each.name, header="run", widest=40, keep=2))
        return tuple(shown)

    def _judged(self, each: RankedRun) -> Neighbours:
        return NOT_JUDGED if self._sweep is None else self._sweep.neighbours(each.key)

    def _near_mean(self, each: RankedRun) -> float | None:
        return self._judged(each).mean

    def _near(self, each: RankedRun, context: RenderContext) -> Spans:
        near, glyphs = self._judged(each), context.glyphs
        text = value_text(near.mean, self._shape[1], glyphs, 3)
        if near.spread is not None:
            text += f"{'+-' if glyphs.ascii else '±'}{value_text(near.spread, self._shape[1], glyphs)}"
        return ((text, "muted"),)

    def _ground(self, each: RankedRun) -> str:
        return "" if each.final is None else self._judged(each).ground.value

    def _rank(self, each: RankedRun, context: RenderContext) -> Spans:
        mark = COMPARED if each.key in self._compared else ""
        if each.rank is None:
            return ((mark, "mark bold"), (context.glyphs.none, "muted"))
        return ((mark, "mark bold"), (str(each.rank), "mark bold" if each.rank == 1 else "muted"))


class MapPane(ViewPane):
    """The same runs over two parameters. Where a third one varies the map can be cut at each of its values."""

    def __init__(self, number: int, glyphs: Glyphs) -> None:
        self.map = HeatMap(glyphs)
        super().__init__(number, "Heat map", self.map, glyphs, id="map")
        self._sweep: Sweep | None = None
        self.selected = ""
        """The run that its cursor was last put on."""
        self._pair = 0
        self._cut = 0
        """0 is all runs, the best of each place; from 1 on a value of the third parameter."""

    def show(self, sweep: Sweep | None, key: str, compared: frozenset[str], words: LoadStateWords) -> None:
        """Show the map of an optimization of two varying parameters or more; of any other, why there is none. The
        cursor is on the selected run, `key`."""
        before, self._sweep, self._words = self._sweep, sweep, words
        self.map.compared = compared
        if sweep is None:
            self.map.show(None, "", words.body)
        elif sweep is not before:
            self._draw_map(sweep)
        if sweep is not None and key != self.selected and key in sweep.ranking.by_key:
            # Once: a person may have gone on to a cell without a run.
            self.selected = key
            self.map.select(sweep.ranking.by_key[key])
        self._show_title()

    def choices(self) -> Sequence[Sequence[str]]:
        """The pairs of parameters, and the values of the third."""
        third = self._third
        return [" x ".join(pair) for pair in self._pairs], [
            f"all {third}",
            *(f"{third} {each}" for each in self._values),
        ]

    def chosen(self) -> Sequence[int]:
        """As in `ViewPane`."""
        return self._pair, self._cut

    def take(self, places: Sequence[int]) -> None:
        """As in `ViewPane`."""
        self._pair, self._cut = places[0], places[1] if places[0] == self._pair else 0
        if self._sweep is not None:
            self._draw_map(self._sweep)
        self._show_title()

    def ask(self) -> bool:
        """Ask for the two parameters; the values of a third are turned through."""
        labels = self.choices()[0]
        if len(labels) < 2:
            return False
        self._ask(0, [labels], [self._pair, self._cut])
        return True

    def picture(self) -> tuple[CellGrid, Color]:
        """As in `ViewPane`."""
        return self.map.picture()

    @property
    def _pairs(self) -> list[tuple[str, ...]]:
        return list(combinations(self._sweep.ranking.varying, 2)) if self._sweep is not None else []

    @property
    def _third(self) -> str:
        """The parameter that the map is cut by."""
        varying = self._sweep.ranking.varying if self._sweep is not None else ()
        over = self._pairs[self._pair : self._pair + 1]
        return next((name for pair in over for name in varying if name not in pair), "")

    @property
    def _values(self) -> tuple[str, ...]:
        return self._sweep.columns[self._third].values if self._sweep is not None and self._third else ()

    def _draw_map(self, sweep: Sweep) -> None:
        pairs, values = self._pairs, self._values
        self._pair = self._pair if self._pair < len(pairs) else 0
        self._cut = self._cut if self._cut <= len(values) else 0
        count = len(sweep.ranking.varying)
        said = f"A heat map needs two parameters that vary; this optimization has {count}."
        if count >= 2:
            said = f"The values of its parameters are not known{yet(over=sweep.over)}."
        within = (self._third, values[self._cut - 1]) if self._cut else None
        over = pairs[self._pair] if pairs else ()
        self.map.show(heat_grid(sweep, over, within), sweep.target, said)

    def _show_title(self) -> None:
        target, third = ("" if self._sweep is None else self._sweep.target), self._third
        facts = [(f"{target} ", "muted")] if target else []
        if third:
            at = f"{third} {self._values[self._cut - 1]}" if self._cut else f"the best over {third}"
            rest = len(self._sweep.ranking.varying) - 3 if self._sweep is not None else 0
            more = f" and the best over {rest} more" if self._cut and rest else f" and {rest} more" if rest else ""
            facts = [(f"{target}, {at}{more} ", "muted")]
        self.show_frame(tuple(facts), self._words)


def runs_words(resource: Resource[Optimization], context: RenderContext) -> LoadStateWords:
    """The load state of an optimization's runs. A finished one does not get old: nothing in it changes any more."""
    optimization = resource.value
    finished = optimization is not None and optimization.finished
    return describe(
        resource,
        context,
        what="runs",
        nothing=f"No run has begun{yet(over=finished)}.",
        stale_after_s=float("inf") if finished else STALE_AFTER_S,
        size=0 if optimization is None else len(optimization.runs),
    )


def _run_text(each: RankedRun) -> str:
    """What a filter searches: what the row shows, and of a value also whose it is."""
    values = " ".join(f"{name}={value}" for name, value in each.run.parameters.items())
    return f"{values} {_state_word(each)}"


def _statistic(
    column: str, name: str, header: str, width: int, keep: int, *, strong: bool = False
) -> Column[RankedRun]:
    digits = 0 if name == "Total Orders" else 3 if strong else 2

    def value_of(each: RankedRun) -> float | None:
        return each.run.statistics.get(name)

    def cell(each: RankedRun, context: RenderContext) -> Spans:
        value = value_of(each)
        if value is None:
            return ((context.glyphs.none, "muted"),)
        text = value_text(value, name, context.glyphs, digits)
        if not each.ended:
            return ((text, "muted"),)
        if name in SIGNED:
            return ((f"+{text}" if value > 0 else text, role_of_sign(value)),)
        return ((text, "title bold" if strong and each.rank == 1 else ""),)

    # A search for the lowest reads best from the lowest up.
    falls = name not in {"Drawdown"}
    return figure(column, header, width, cell, widest=14, keep=keep, sort_key=value_of, descending=falls)


def _parameter(name: str) -> Callable[[RankedRun, RenderContext], Spans]:
    def cell(each: RankedRun, context: RenderContext) -> Spans:
        value = each.run.parameters.get(name)
        return ((value, "title") if value is not None else (context.glyphs.none, "muted"),)

    return cell


def _state_word(each: RankedRun) -> str:
    return f"{each.state.value} {each.run.exit_code}" if each.run.failed else each.state.value


def _state(each: RankedRun, context: RenderContext) -> Spans:
    if each.run.failed:
        return ((f"{context.glyphs.alert} exit {each.run.exit_code}", "danger"),)
    if each.state is RunState.RUNNING:
        return ((progress_words(each), "stale"),)
    return ((each.state.value, "stale" if each.unended else "muted"),)


def _state_key(each: RankedRun) -> tuple[bool, float]:
    return each.run.failed, -each.run.progress


def _parameter_key(name: str, each: RankedRun) -> tuple[bool, float, str] | None:
    value = each.run.parameters.get(name)
    return None if value is None else value_order(value)
