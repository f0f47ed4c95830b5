"""One run of an optimization in full: its parameters, every statistic, and its equity."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from qctui.model.keys import Key, optimization_key
from qctui.model.resource import Resource
from qctui.ui.actions.controller import OPTIMIZATION, Pointed
from qctui.ui.context import AppContext, Detail
from qctui.ui.detail_screen import DetailScreen
from qctui.ui.kit.facts_view import FactsPane
from qctui.ui.kit.lines import Paragraph, Piece, labelled, pieces
from qctui.ui.kit.render_context import RenderContext
from qctui.ui.optimizations.heat import UNRANKED
from qctui.ui.optimizations.heat_cells import done_text, value_text
from qctui.ui.optimizations.runs_panes import RankedRuns, runs_words
from qctui.ui.wording.format import format_change, format_instant, format_money, format_sparkline
from qctui.ui.wording.named_values import Group, fact, role_of_sign

_TRAIL_CELLS = 60


_labelled = partial(labelled, max_lines=2)


class RunScreen(DetailScreen):
    """It follows the run through newer readings of its optimization."""

    ACTS_ON = frozenset({OPTIMIZATION})
    NAME = "a run of an optimization"

    def __init__(self, context: AppContext, detail: Detail) -> None:
        self._optimization_id, self._project_id = detail.optimization_id, detail.project_id
        self._ranked = RankedRuns()
        optimization = context.engine.store.get(optimization_key(detail.optimization_id)).value
        self._run = self._ranked.of(optimization).by_key[detail.run]
        self.statistics = FactsPane(1, "Statistics", context.glyphs, id="statistics")
        super().__init__(context, (self.statistics,))

    def keys(self) -> Iterable[Key[Any]]:
        """The optimization's read."""
        return [optimization_key(self._optimization_id)]

    def pointed(self) -> Pointed:
        """Its optimization."""
        return Pointed(optimization_id=self._optimization_id, optimization_project_id=self._project_id)

    def show_header(self, context: RenderContext) -> Iterable[Paragraph]:
        """Which run it is and how it did."""
        resource = self._engine.store.get(optimization_key(self._optimization_id))
        ranking = self._ranked.of(resource.value)
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
        lines = [Paragraph(pieces(*title), max_lines=2), Paragraph(pieces(*whose), max_lines=2)]
        values = [piece for key, value in run.parameters.items() for piece in (dot, (f"{key} ", "muted"), value)]
        lines.append(_labelled("Parameters", pieces(*(values[1:] or [("none told", "muted")]))))
        if run.equity:
            lines += _equity(run.equity, context)
        return lines

    def show_sections(self, context: RenderContext) -> None:
        """Every statistic."""
        resource: Resource[Any] = self._engine.store.get(optimization_key(self._optimization_id))
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
        self.statistics.show_blocks(blocks, (), runs_words(resource, context))


def _equity(equity: tuple[tuple[float, float], ...], context: RenderContext) -> list[Paragraph]:
    (first_at, first), (last_at, last) = equity[0], equity[-1]
    step = max(1, -(-len(equity) // _TRAIL_CELLS))
    # Each cell stands for the last value of its stretch, counted from the end: the newest is always drawn.
    values = [value for _, value in equity[::-1][::step]][::-1]
    glyphs = context.glyphs
    change = last / first - 1 if first > 0 else None
    role = role_of_sign(change or 0.0)
    span = (
        f"{format_instant(first_at, context.zone, glyphs)[:10]} to {format_instant(last_at, context.zone, glyphs)[:10]}"
    )
    return [
        _labelled("Equity", pieces((format_sparkline(values, _TRAIL_CELLS, glyphs), role))),
        _labelled(
            "",
            pieces(
                f"{format_money(first, glyphs)} {glyphs.then} {format_money(last, glyphs)} ",
                (format_change(change, glyphs), role),
                (f"  {span}", "muted"),
            ),
        ),
    ]
