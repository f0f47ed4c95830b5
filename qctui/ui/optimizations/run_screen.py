"""One run of an optimization in full, and several side by side."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Sequence
from string import ascii_uppercase

from qctui.model.chart import Chart, ChartWindow, Series, SeriesType
from qctui.model.optimization import HIGHER_IS_BETTER
from qctui.plot.chart_glyphs import ASCII, BRAILLE
from qctui.plot.compose import Source, compose
from qctui.plot.grid import MUTED, CellGrid
from qctui.plot.marks import PlotView
from qctui.sweep.judging import Sweep
from qctui.sweep.ranking import UNRANKED, RankedRun, RunState, statistics_told
from qctui.sweep.words import near_words, progress_words, yet
from qctui.ui.context import AppContext, Detail
from qctui.ui.kit.facts_view import FactsPane, Group, fact
from qctui.ui.kit.ink_lines import InkLines
from qctui.ui.kit.lines import Paragraph, Piece, labelled_lines, pieces
from qctui.ui.kit.list_pane import SectionPane
from qctui.ui.kit.pane import Pane
from qctui.ui.kit.render_context import RenderContext
from qctui.ui.kit.spans import Spans
from qctui.ui.kit.table_columns import Column
from qctui.ui.optimizations.heat import value_text
from qctui.ui.optimizations.optimization_base import OptimizationBase
from qctui.ui.optimizations.runs_panes import SIGNED, runs_words
from qctui.ui.theme.glyph_set import Glyphs
from qctui.ui.wording.format import format_change, format_instant, format_money, format_sparkline, role_of_sign
from qctui.ui.wording.load_state import LoadStateWords
from qctui.value import Value

_TRAIL_CELLS = 60

_HALF_HOLDS = 4
"""Runs whose columns fit into half of a wide screen."""


class RunScreen(OptimizationBase):
    """It follows the run through newer readings of its optimization."""

    NAME = "a run of an optimization"

    def __init__(self, context: AppContext, detail: Detail) -> None:
        self.statistics = FactsPane(1, "Statistics", context.glyphs)
        super().__init__(context, detail, (self.statistics,))
        self._run = self.ranking.by_key[detail.runs[0]]

    def show_header(self, context: RenderContext) -> Iterable[Paragraph]:
        """Which run it is and how it did."""
        resource, ranking = self.resource, self.ranking
        self._run = ranking.by_key.get(self._run.key, self._run)
        ranked, run, glyphs = self._run, self._run.run, context.glyphs
        dot = glyphs.between
        title: list[Piece] = [(run.name or "unnamed run", "title bold"), "  "]
        if run.failed:
            title.append((f"{glyphs.alert} failed, exit code {run.exit_code}", "danger bold"))
        elif ranked.unended:
            title.append((progress_words(ranked), "stale"))
        elif ranked.rank is not None:
            best = f"  {glyphs.mark} best" if ranked.rank == 1 else ""
            title += [f"rank {ranked.rank} of {ranking.ranked}", (best, "mark bold")]
        elif ranked.value is not None:
            title.append((f"done; {UNRANKED}", "muted"))
        else:
            title.append(("done, without a value of the target", "muted"))
        name = "" if resource.value is None else resource.value.name
        whose: list[Piece] = [run.backtest_id or "backtest id unknown", dot, name or self._optimization_id]
        head = [Paragraph(pieces(*title), max_lines=2), Paragraph(pieces(*whose), max_lines=2)]
        values = [piece for key, value in run.parameters.items() for piece in (dot, (f"{key} ", "muted"), value)]
        equity = _equity(run.equity, context) if run.equity else []
        near = [("Neighbours", [near_words(self.sweep, ranked.key)])] if self.sweep is not None and ranked.ended else []
        return [*head, *labelled_lines([("Parameters", values[1:] or [("none told", "muted")]), *near, *equity])]

    def show_sections(self, context: RenderContext) -> None:
        """Every statistic."""
        statistics = self._run.run.statistics
        facts = []
        for name, value in statistics.items():
            role = role_of_sign(value) if name in SIGNED else ""
            facts.append(fact(name, _statistic(value, name, context.glyphs), role))
        blocks: list[Paragraph | Group] = [Group("", tuple(facts))]
        if not facts:
            said = f"This run has no statistics{yet(over=self._run.state is not RunState.RUNNING)}."
            blocks = [Paragraph(pieces((said, "muted")))]
        self.statistics.show_blocks(blocks, (), runs_words(self.resource, context))


def _equity(equity: tuple[tuple[float, float], ...], context: RenderContext) -> list[tuple[str, Sequence[Piece]]]:
    (first_at, first), (last_at, last) = equity[0], equity[-1]
    step = max(1, -(-len(equity) // _TRAIL_CELLS))
    # Each cell stands for the last value of its stretch, counted from the end: the newest is always drawn.
    values = [value for _, value in equity[::-1][::step]][::-1]
    glyphs = context.glyphs
    change = last / first - 1 if first > 0 else None
    role = role_of_sign(change or 0.0)
    first_day, last_day = (format_instant(at, context.zone, glyphs)[:10] for at in (first_at, last_at))
    amounts = f"{format_money(first, glyphs)} {glyphs.then} {format_money(last, glyphs)} "
    return [
        ("Equity", [(format_sparkline(values, _TRAIL_CELLS, glyphs), role)]),
        ("", [amounts, (format_change(change, glyphs), role), (f"  {first_day} to {last_day}", "muted")]),
    ]


class ComparedRow(Value):
    """One parameter or statistic of the runs side by side."""

    name: str
    texts: tuple[str, ...]
    best: frozenset[int] = frozenset()
    """The places of the best of them, where it is known which way is better."""
    differs: bool = False
    """A parameter in which they differ."""


def compared_rows(sweep: Sweep, runs: Sequence[RankedRun], glyphs: Glyphs) -> list[ComparedRow]:
    """What is said of each run: parameters, those that differ first; how it did among its neighbours; statistics."""
    none = glyphs.none
    rows = [ComparedRow("rank", tuple(str(each.rank or each.state.value) for each in runs))]
    names = list(dict.fromkeys(name for each in runs for name in each.run.parameters))
    values = {name: tuple(each.run.parameters.get(name, none) for each in runs) for name in names}
    names.sort(key=lambda name: len(set(values[name])) < 2)
    rows += [ComparedRow(name, values[name], differs=len(set(values[name])) > 1) for name in names]
    near = [sweep.neighbours(each.key) for each in runs]
    rows.append(ComparedRow("neighbours", tuple(value_text(each.mean, sweep.target, glyphs, 3) for each in near)))
    lies = [each.ground.value if run.final is not None else none for run, each in zip(runs, near, strict=True)]
    rows.append(ComparedRow("lies on", tuple(lies)))
    told = statistics_told(runs)
    for name in sorted(told, key=lambda name: name != sweep.target):
        known = sweep.optimization.criterion.maximize if name == sweep.target else HIGHER_IS_BETTER.get(name)
        figures = [each.run.statistics.get(name) for each in runs]
        ended = [value for each, value in zip(runs, figures, strict=True) if value is not None and each.ended]
        best = None if known is None or len(set(ended)) < 2 else max(ended) if known else min(ended)
        places = [
            place for place, each in enumerate(runs) if best is not None and each.ended and figures[place] == best
        ]
        texts = tuple(_statistic(each, name, glyphs) for each in figures)
        rows.append(ComparedRow(name, texts, frozenset(places)))
    return rows


def _statistic(value: float | None, name: str, glyphs: Glyphs) -> str:
    """A statistic with as many digits as mean something."""
    large = 0.0 if value is None else abs(value)
    digits = 0 if name == "Total Orders" or large >= 1e6 else 3 if large < 1_000 else 2
    return value_text(value, name, glyphs, digits)


class ComparedPane(SectionPane[ComparedRow]):
    """A column for each run; the best of each line is marked."""

    def __init__(self, number: int, glyphs: Glyphs, count: int) -> None:
        columns: list[Column[ComparedRow]] = [Column("name", "", 14, _name, wanted=18, widest=28, keep=20)]
        for place in range(count):
            head = ascii_uppercase[place]
            columns.append(Column(head, head, 8, _figure(place), right=True, wanted=9, widest=16, keep=19))
        super().__init__(number, "Compared", glyphs, columns, lambda row: row.name, lambda row: row.name)


def _name(row: ComparedRow, context: RenderContext) -> Spans:
    return ((row.name, "title bold" if row.differs else "muted"),)


def _figure(place: int) -> Callable[[ComparedRow, RenderContext], Spans]:
    def cell(row: ComparedRow, context: RenderContext) -> Spans:
        if place in row.best:
            return ((f"{context.glyphs.mark}{row.texts[place]}", "mark bold"),)
        return ((row.texts[place], "title" if row.differs else ""),)

    return cell


class EquityLines(InkLines, can_focus=True):
    """The equity curves of runs over each other, as the change from the beginning in percent."""

    DEFAULT_CSS = """
    EquityLines { height: 1fr; width: 1fr; }
    """

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__()
        self._glyphs = glyphs
        self._runs: tuple[tuple[str, RankedRun], ...] = ()

    def show(self, runs: Sequence[tuple[str, RankedRun]]) -> None:
        """Show the curves of these runs, each with its name."""
        if tuple(runs) != self._runs:
            self._runs = tuple(runs)
            self.on_resize()

    def on_resize(self) -> None:
        """Draw for the new size."""
        width, height = self.size
        if not width:
            return
        series = tuple(
            Series(
                name, "", 0, SeriesType.LINE, array("d", [at for at, _ in each.run.equity]),
                array("d", [value for _, value in each.run.equity]),
            )
            for name, each in self._runs
            if each.run.equity
        )  # fmt: skip
        grid = CellGrid(width, height)
        if series:
            # A backtest's time is past: no edge of it is now.
            window = ChartWindow(None, min(each.xs[0] for each in series), max(each.xs[-1] for each in series))
            view = PlotView(window, 0.0, ASCII if self._glyphs.ascii else BRAILLE, percent=True)
            grid = compose(Source(Chart("Equity", False, series)), width, height, view).grid
            if self._glyphs.ascii:
                grid.to_ascii()
        else:
            grid.put(1, 0, "The API's answer has no equity of these runs.", MUTED)
        self.show_grid(grid)


class EquityPane(Pane):
    """The equity curves."""

    def __init__(self, number: int, glyphs: Glyphs) -> None:
        self.lines = EquityLines(glyphs)
        super().__init__(number, "Equity", self.lines, glyphs)

    def show(self, runs: Sequence[tuple[str, RankedRun]], words: LoadStateWords) -> None:
        """Show the curves of these runs; those without one are counted."""
        without = sum(not each.run.equity for _, each in runs)
        said = f"change in percent{f', {without} without a curve' if without else ''} "
        self.lines.show(runs)
        self.show_frame(((said, "muted"),), words)


class CompareScreen(OptimizationBase):
    """Two to six runs, followed through newer readings."""

    NAME = "runs side by side"
    ROOMY = (116, 30)
    DEFAULT_CSS = """
    CompareScreen > #sections.-roomy { grid-size: 2 1; grid-columns: 1fr 1fr; }
    CompareScreen.-many > #sections.-roomy { grid-columns: 2fr 1fr; }
    """

    def __init__(self, context: AppContext, detail: Detail) -> None:
        self._keys = detail.runs
        self.values = ComparedPane(1, context.glyphs, len(detail.runs))
        self.equity = EquityPane(2, context.glyphs)
        super().__init__(context, detail, (self.values, self.equity))
        # A column for each of them is what the screen is for: the curves make room.
        self.set_class(len(detail.runs) > _HALF_HOLDS, "-many")

    def show_header(self, context: RenderContext) -> Iterable[Paragraph]:
        """Which letter is which run."""
        title = f"{len(self._keys)} runs side by side"
        name = self.resource.value.name if self.resource.value is not None else self._optimization_id
        lines = [Paragraph(pieces((title, "title bold"), (f"  {name}", "muted")), max_lines=1)]
        for letter, each in self._compared:
            values = ", ".join(f"{name} {value}" for name, value in each.run.parameters.items())
            lines.append(Paragraph(pieces((f"{letter} ", "key"), each.name, (f"  {values}", "muted")), one_line=True))
        return lines

    def show_sections(self, context: RenderContext) -> None:
        """Values and curves of the same runs."""
        words, sweep, runs = runs_words(self.resource, context), self.sweep, self._compared
        if sweep is None:
            return
        rows = compared_rows(sweep, [each for _, each in runs], self._glyphs)
        facts = ((f"{context.glyphs.mark} best of a line ", "mark"),)
        self._draw("The values", lambda: self.values.show_rows(rows, context, words, facts), self.values)
        self._draw("The curves", lambda: self.equity.show(runs, words), self.equity)

    @property
    def _compared(self) -> list[tuple[str, RankedRun]]:
        by_key = self.ranking.by_key
        return [(ascii_uppercase[at], by_key[key]) for at, key in enumerate(self._keys) if key in by_key]
