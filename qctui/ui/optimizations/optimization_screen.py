"""An optimization in full, with its runs as a table and a heat map; and one run of it in full."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from qctui.model.deployment import name_of
from qctui.model.keys import PROJECTS, Key, optimization_key, optimizations_key
from qctui.model.optimization import Criterion, Optimization, OptimizationSummary, Parameter
from qctui.model.resource import Resource
from qctui.sweep.ranking import UNRANKED, Ranking, rank_runs
from qctui.ui.actions.controller import OPTIMIZATION, Pointed
from qctui.ui.context import AppContext, Detail, DetailKind
from qctui.ui.detail_screen import DetailScreen
from qctui.ui.kit.facts_view import FactsPane, Group, fact, relative_words
from qctui.ui.kit.lines import Paragraph, Piece, labelled_lines, pieces
from qctui.ui.kit.pane import Pane
from qctui.ui.kit.render_context import RenderContext
from qctui.ui.optimizations.heat import done_text, value_text
from qctui.ui.optimizations.runs_panes import MapPane, RunsPane, runs_words
from qctui.ui.wording.format import (
    format_bar,
    format_change,
    format_count,
    format_instant,
    format_money,
    format_sparkline,
    role_of_sign,
)

_BAR_CELLS = 10
_TRAIL_CELLS = 60


class SearchScreen(DetailScreen):
    """What is opened of one optimization: the whole of it, or one of its runs."""

    ACTS_ON = frozenset({OPTIMIZATION})

    def __init__(self, context: AppContext, detail: Detail, sections: Sequence[Pane]) -> None:
        self._optimization_id, self._project_id = detail.optimization_id, detail.project_id
        self._ranked: tuple[Optimization | None, Ranking] = (None, Ranking())
        super().__init__(context, sections)

    def keys(self) -> Iterable[Key[Any]]:
        """The optimization's own read."""
        return [optimization_key(self._optimization_id)]

    def pointed(self) -> Pointed:
        """The optimization; no deployment is."""
        return Pointed(optimization_id=self._optimization_id, optimization_project_id=self._project_id)

    @property
    def resource(self) -> Resource[Optimization]:
        """The newest reading."""
        return self._engine.store.get(optimization_key(self._optimization_id))

    @property
    def ranking(self) -> Ranking:
        """The ranking of the newest reading's runs, made once for each."""
        optimization = self.resource.value
        if optimization is not self._ranked[0]:
            self._ranked = optimization, Ranking() if optimization is None else rank_runs(optimization)
        return self._ranked[1]


class OptimizationScreen(SearchScreen):
    """Read every 10 s while it runs; before its first reading the list's summary stands in."""

    NAME = "an optimization"
    ROOMY = (116, 30)
    DEFAULT_CSS = """
    OptimizationScreen > #sections.-roomy { grid-size: 2 1; grid-columns: 1fr 1fr; }
    """

    def __init__(self, context: AppContext, detail: Detail) -> None:
        self._name_seen = detail.name
        self.runs = RunsPane(1, context.glyphs)
        self.map = MapPane(2, context.glyphs)
        super().__init__(context, detail, (self.runs, self.map))
        self.runs.table.opened = lambda row: self._open_run(row.key)
        self.map.map.opened = self._open_run

    def depends_on(self, key: Key[Any]) -> bool:
        """Its row of the list is about it too."""
        return key in (optimizations_key(self._project_id), PROJECTS)

    @property
    def summary(self) -> OptimizationSummary | None:
        """Its row of the list, if that was read."""
        rows = self._engine.store.get(optimizations_key(self._project_id)).value or ()
        return next((row for row in rows if row.optimization_id == self._optimization_id), None)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The heat map can be asked for where there is one, or why there is none."""
        return True if action == "toggle_map" else super().check_action(action, parameters)

    def action_toggle_map(self) -> None:
        """The heat map, or the table again."""
        self.choose(self.runs if self.chosen is self.map else self.map)

    def show_header(self, context: RenderContext) -> Iterable[Paragraph]:
        """What is searched, how far it is, what it has cost."""
        optimization, summary, glyphs = self.resource.value, self.summary, context.glyphs
        known: Optimization | OptimizationSummary | None = optimization or summary
        dot = (f" {glyphs.dot} ", "rule")
        name = (optimization.name if optimization else "") or self._name_seen or (summary.name if summary else "")
        title: list[Piece] = [(name or "unnamed", "title bold"), "  ", _status(known)]
        if known is not None:
            title += [dot, *_criterion(known.criterion)]
        projects = {each.project_id: each.name for each in self._engine.store.get(PROJECTS).value or ()}
        whose: list[Piece] = [self._optimization_id or "id unknown", dot, name_of(self._project_id, projects)]
        if known is not None and known.node_type:
            nodes = f" x {optimization.parallel_nodes}" if optimization and optimization.parallel_nodes else ""
            whose += [dot, f"{known.node_type}{nodes}"]
        facts: list[tuple[str, Sequence[Piece]]] = []
        if optimization is not None:
            facts.append(("Progress", _progress(optimization, context)))
            facts.append(("Best", self._best(optimization, context)))
            facts.append(("Cost", _cost(optimization, context)))
        if known is not None:
            facts.append(("Parameters", _parameters(known.parameters, dot)))
        if optimization is not None and optimization.constraints:
            facts.append(("Constraints", [f" {glyphs.dot} ".join(optimization.constraints)]))
        head = [Paragraph(pieces(*title), max_lines=2), Paragraph(pieces(*whose), max_lines=2)]
        return [*head, *labelled_lines(facts)]

    def show_sections(self, context: RenderContext) -> None:
        """Table and map of the same runs."""
        resource, ranking = self.resource, self.ranking
        words = runs_words(resource, context)
        self._draw("The runs", lambda: self.runs.show(resource, ranking, words, context), self.runs)
        self._draw("The heat map", lambda: self.map.show(resource, ranking, words), self.map)

    def _open_run(self, key: str) -> None:
        if key in self.ranking.by_key:
            self._app_context.open(
                Detail(DetailKind.RUN, self._project_id, optimization_id=self._optimization_id, run=key)
            )

    def _best(self, optimization: Optimization, context: RenderContext) -> list[Piece]:
        ranking, target = self.ranking, optimization.criterion.target
        best = ranking.best
        if best is None:
            return [(f"unknown: {UNRANKED}" if ranking.ended else "no run has ended yet", "muted")]
        values = f" {context.glyphs.dot} ".join(f"{name} {value}" for name, value in best.run.parameters.items())
        return [(value_text(best.value, target, context.glyphs, 3), "title bold"), (" with ", "muted"), values]


def _status(known: Optimization | OptimizationSummary | None) -> tuple[str, str]:
    status = known.status if known is not None else ""
    roles = {"completed": "muted", "aborted": "stale bold", "running": "ok"}
    return status or "status unknown", roles.get(status.casefold(), "stale")


def _criterion(criterion: Criterion) -> list[Piece]:
    goal = f" to {criterion.target_value:g}" if criterion.target_value is not None else ""
    return [(f"{criterion.extremum} ".lstrip(), "muted"), f"{criterion.target}{goal}"]


def _progress(optimization: Optimization, context: RenderContext) -> list[Piece]:
    glyphs = context.glyphs
    done, rest = format_bar(optimization.progress, _BAR_CELLS, glyphs)
    bar: list[Piece] = [("the number of runs is not known yet", "muted")]
    if optimization.total is not None:
        share = done_text(optimization.progress or 0.0)
        bar = [(done, "focus"), (rest, "rule"), f" {share} of {format_count(optimization.total)}"]
    counts = (
        ("done", optimization.completed, ""),
        ("failed", optimization.failed or None, "danger"),
        ("running", optimization.running, ""),
        ("queued", optimization.queued or None, "muted"),
    )
    for word, count, role in counts:
        if count is not None:
            bar += [(f" {glyphs.dot} ", "rule"), (f"{format_count(count)} {word}", role)]
    return bar


def _cost(optimization: Optimization, context: RenderContext) -> list[Piece]:
    """What was used so far. `Consumed` is in QuantConnect credits (REFERENCE.md 5.2)."""
    parts: list[Piece] = []
    dot = (f" {context.glyphs.dot} ", "rule")
    for name, before, after in (
        ("Consumed", "", " QCC"),
        ("Total Runtime", "ran ", ""),
        ("Average Length", "", " a run"),
    ):
        if value := optimization.runtime.get(name, ""):
            parts += [dot, (before, "muted"), value, (after, "muted")]
    if optimization.requested_at is not None:
        parts += [dot, (f"requested {relative_words(optimization.requested_at, context)}", "muted")]
    return parts[1:] or [("not told", "muted")]


def _parameters(parameters: tuple[Parameter, ...], dot: tuple[str, str]) -> list[Piece]:
    parts: list[Piece] = []
    for each in parameters:
        parts += [dot, (each.name, "title")]
        if each.value is not None:
            parts.append(f" = {each.value}")
        elif each.minimum is not None and each.maximum is not None:
            parts.append(f" {each.minimum:g} to {each.maximum:g}")
            if each.step:
                parts.append((f" by {each.step:g}", "muted"))
    return parts[1:]


class RunScreen(SearchScreen):
    """It follows the run through newer readings of its optimization."""

    NAME = "a run of an optimization"

    def __init__(self, context: AppContext, detail: Detail) -> None:
        self.statistics = FactsPane(1, "Statistics", context.glyphs)
        super().__init__(context, detail, (self.statistics,))
        self._run = self.ranking.by_key[detail.run]

    def show_header(self, context: RenderContext) -> Iterable[Paragraph]:
        """Which run it is and how it did."""
        resource, ranking = self.resource, self.ranking
        self._run = ranking.by_key.get(self._run.key, self._run)
        ranked, run, glyphs = self._run, self._run.run, context.glyphs
        dot = (f" {glyphs.dot} ", "rule")
        title: list[Piece] = [(run.name or "unnamed run", "title bold"), "  "]
        if run.failed:
            title.append((f"{glyphs.alert} failed, exit code {run.exit_code}", "danger bold"))
        elif run.progress < 1:
            title.append((f"{done_text(run.progress)} done", "stale"))
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
        return [*head, *labelled_lines([("Parameters", values[1:] or [("none told", "muted")]), *equity])]

    def show_sections(self, context: RenderContext) -> None:
        """Every statistic."""
        statistics = self._run.run.statistics
        facts = []
        for name, value in statistics.items():
            signed = name in {"Net Profit", "Compounding Annual Return"}
            digits = 3 if abs(value) < 1_000 else 2
            text = value_text(value, name, context.glyphs, digits)
            facts.append(fact(name, text, role_of_sign(value) if signed else ""))
        blocks: list[Paragraph | Group] = [Group("", tuple(facts))]
        if not facts:
            blocks = [Paragraph(pieces(("This run has no statistics yet.", "muted")))]
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
