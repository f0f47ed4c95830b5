"""The runs of an optimization as a table, and as a heat map."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from qctui.model.optimization import Optimization
from qctui.model.resource import Resource
from qctui.sweep.ranking import UNRANKED, RankedRun, Ranking, value_order
from qctui.ui.kit.list_pane import SectionPane
from qctui.ui.kit.pane import Pane
from qctui.ui.kit.render_context import RenderContext
from qctui.ui.kit.spans import Spans
from qctui.ui.kit.table_columns import Column, figure, text_column
from qctui.ui.optimizations.heat import done_text, heat_grid, value_text
from qctui.ui.optimizations.heat_map import HeatMap
from qctui.ui.theme.glyph_set import Glyphs
from qctui.ui.wording.format import format_count, role_of_sign
from qctui.ui.wording.load_state import LoadStateWords, describe

STALE_AFTER_S = 60.0
"""An opened optimization is read every 10 s while it runs."""

MOST_PARAMETERS = 6
"""Parameters that get a column; a run in full has them all."""

_SHORT = {"Probabilistic Sharpe Ratio": "PSR", "Compounding Annual Return": "annual ret."}
"""Targets too long for a column's head; the screen's header has them whole."""

_SIGNED = frozenset({"Net Profit", "Compounding Annual Return"})


class RunsPane(SectionPane[RankedRun]):
    """The best first. Ranks are by the target; a run that failed or is under way has none."""

    def __init__(self, number: int, glyphs: Glyphs) -> None:
        columns = _columns((), "")
        super().__init__(number, "Runs", glyphs, columns, lambda each: each.key, _run_text, opens=True)
        self._shape: tuple[tuple[str, ...], str] = ((), "")

    def show(
        self, resource: Resource[Optimization], ranking: Ranking, words: LoadStateWords, context: RenderContext
    ) -> None:
        """Show the ranked runs of an optimization."""
        if (optimization := resource.value) is not None:
            shape = ranking.varying[:MOST_PARAMETERS], optimization.criterion.target
            if shape != self._shape:
                self._shape = shape
                self.table.change_columns(_columns(*shape))
        best = ranking.best
        dot = context.glyphs.dot
        facts: list[tuple[str, str]] = []
        if ranking.runs:
            facts.append((f"{format_count(len(ranking.runs))} ", ""))
            failed = sum(each.run.failed for each in ranking.runs)
            if failed:
                facts.append((f"{dot} {format_count(failed)} failed ", "danger"))
            known = f"{context.glyphs.mark} best" if best else UNRANKED if ranking.ended else "none has ended"
            facts.append((f"{dot} {known} ", "mark"))
        marked = frozenset({best.key}) if best is not None else frozenset()
        self.show_rows(ranking.runs, context, words, tuple(facts), marked)


class MapPane(Pane):
    """The same runs over two parameters."""

    def __init__(self, number: int, glyphs: Glyphs) -> None:
        self.map = HeatMap(glyphs)
        super().__init__(number, "Heat map", self.map, glyphs, id="map")
        self._shown: Optimization | None = None

    def show(self, resource: Resource[Optimization], ranking: Ranking, words: LoadStateWords) -> None:
        """Show the map of an optimization of two parameters; of any other, why there is none."""
        optimization = resource.value
        target = "" if optimization is None else optimization.criterion.target
        if optimization is None:
            self.map.show(None, target, words.body)
        elif optimization is not self._shown:
            count = len(ranking.varying)
            said = f"A heat map needs two parameters that vary; this optimization has {count}."
            if count == 2:
                said = "The values of its parameters are not known yet."
            self.map.show(heat_grid(optimization, ranking), target, said)
        self._shown = optimization
        self.show_frame(((f"{target} ", "muted"),) if target else (), words)


def runs_words(resource: Resource[Optimization], context: RenderContext) -> LoadStateWords:
    """The load state of an optimization's runs. A finished one does not get old: nothing in it changes any more."""
    optimization = resource.value
    finished = optimization is not None and optimization.finished
    return describe(
        resource,
        context,
        what="runs",
        nothing="No run has begun yet.",
        stale_after_s=float("inf") if finished else STALE_AFTER_S,
        size=0 if optimization is None else len(optimization.runs),
    )


def _run_text(each: RankedRun) -> str:
    """What a filter searches: what the row shows, and of a value also whose it is."""
    values = " ".join(f"{name}={value}" for name, value in each.run.parameters.items())
    return f"{values} {_state_word(each)}"


def _columns(parameters: tuple[str, ...], target: str) -> tuple[Column[RankedRun], ...]:
    shown: list[Column[RankedRun]] = [
        Column("rank", "#", 4, _rank, right=True, keep=20, sort_key=lambda each: each.rank),
    ]
    for place, name in enumerate(parameters):
        width, cell, key = max(5, min(12, len(name))), _parameter(name), partial(_parameter_key, name)
        keep = 15 - place
        shown.append(Column(f"parameter {name}", name, width, cell, right=True, most=16, keep=keep, sort_key=key))
    if target:
        head = _SHORT.get(target, target)
        shown.append(_statistic("target", target, head, max(8, min(14, len(head))), 19, strong=True))
    for column, name, header, keep in (
        ("sharpe", "Sharpe Ratio", "Sharpe", 9),
        ("drawdown", "Drawdown", "drawdown", 8),
        ("profit", "Net Profit", "net profit", 7),
        ("trades", "Total Orders", "trades", 6),
    ):
        if name != target:
            shown.append(_statistic(column, name, header, 10 if name == "Net Profit" else 8, keep))
    shown.append(Column("state", "state", 9, _state, keep=18, sort_key=_state_key))
    shown.append(text_column("name", 12, _name, header="run", most=40, keep=2, sort_key=_name_key))
    return tuple(shown)


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
        if name in _SIGNED:
            return ((f"+{text}" if value > 0 else text, role_of_sign(value)),)
        return ((text, "title bold" if strong and each.rank == 1 else ""),)

    # A search for the lowest reads best from the lowest up.
    falls = name not in {"Drawdown"}
    return figure(column, header, width, cell, most=14, keep=keep, sort_key=value_of, descending=falls)


def _parameter(name: str) -> Callable[[RankedRun, RenderContext], Spans]:
    def cell(each: RankedRun, context: RenderContext) -> Spans:
        value = each.run.parameters.get(name)
        return ((value, "title") if value is not None else (context.glyphs.none, "muted"),)

    return cell


def _rank(each: RankedRun, context: RenderContext) -> Spans:
    if each.rank is None:
        return ((context.glyphs.none, "muted"),)
    return ((str(each.rank), "mark bold" if each.rank == 1 else "muted"),)


def _state_word(each: RankedRun) -> str:
    if each.run.failed:
        return f"failed {each.run.exit_code}"
    return "done" if each.run.progress >= 1 else "running"


def _state(each: RankedRun, context: RenderContext) -> Spans:
    if each.run.failed:
        return ((f"{context.glyphs.alert} exit {each.run.exit_code}", "danger"),)
    if each.run.progress < 1:
        return ((f"{done_text(each.run.progress)} done", "stale"),)
    return (("done", "muted"),)


def _state_key(each: RankedRun) -> tuple[bool, float]:
    return each.run.failed, -each.run.progress


def _parameter_key(name: str, each: RankedRun) -> tuple[bool, float, str] | None:
    value = each.run.parameters.get(name)
    return None if value is None else value_order(value)


def _name(each: RankedRun) -> str:
    return each.run.name or each.run.backtest_id


def _name_key(each: RankedRun) -> str:
    return each.run.name.casefold()
