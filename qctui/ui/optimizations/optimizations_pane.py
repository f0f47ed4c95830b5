"""The Optimizations pane: what is being searched, how far, and the best value so far."""

from __future__ import annotations

from collections.abc import Mapping

from qctui.model.alert import Alert
from qctui.model.deployment import name_of
from qctui.model.optimization import PERCENT_STATISTICS, Optimization, OptimizationSummary
from qctui.model.resource import Resource
from qctui.ui.alerts.alert_line import alert_mark
from qctui.ui.kit.list_pane import ListPane
from qctui.ui.kit.render_context import RenderContext
from qctui.ui.kit.spans import Spans
from qctui.ui.kit.table_columns import Column, text_column
from qctui.ui.selection import Pane
from qctui.ui.selection_owner import SelectedCursor, SelectionOwner
from qctui.ui.theme.glyph_set import Glyphs
from qctui.ui.wording.format import format_bar, format_count, format_number
from qctui.ui.wording.load_state import describe
from qctui.value import Value, replace

STALE_AFTER_S = 180.0
"""The list is read every 30 s, at a third of that pace while it is covered."""

_BAR_CELLS = 10


class OptimizationRow(Value):
    """One optimization: its summary, and its detail once that was read."""

    summary: OptimizationSummary
    detail: Optimization | None
    project: str
    """Its project's name, where several are listed together."""
    alert: Alert | None = None
    """The worst open alert about it."""

    @property
    def status(self) -> str:
        """The newest status known."""
        return self.detail.status if self.detail is not None else self.summary.status

    @property
    def finished(self) -> bool:
        """Completed or aborted by either source: a detail that is not read again must not deny it."""
        return self.summary.finished or (self.detail is not None and self.detail.finished)

    @property
    def best(self) -> float | None:
        """The best value of the target so far; None while no run has one."""
        target = self.summary.criterion.target
        if self.detail is not None and (run := self.detail.best) is not None:
            return run.statistics.get(self.detail.criterion.target)
        return {"Sharpe Ratio": self.summary.sharpe_ratio, "Probabilistic Sharpe Ratio": self.summary.psr}.get(target)


def optimization_text(row: OptimizationRow) -> str:
    """What a filter searches: the words of the row, and nothing that it does not show."""
    criterion = row.summary.criterion
    name = row.summary.name or row.summary.optimization_id
    return f"{name} {row.status} {criterion.extremum} {criterion.target} {row.project}"


class OptimizationsPane(ListPane[OptimizationRow]):
    """The optimizations of the current project, or of all pinned ones."""

    def __init__(self, glyphs: Glyphs, selected: SelectionOwner, *, several: bool) -> None:
        """`several`: projects are listed together, and each row says whose it is."""
        columns, cursor = _columns(several), SelectedCursor(selected, Pane.OPTIMIZATIONS)
        super().__init__(2, "Optimizations", glyphs, columns, _key, optimization_text, cursor=cursor)
        self._several = several

    def show(
        self,
        resource: Resource[tuple[OptimizationSummary, ...]],
        details: Mapping[str, Optimization | None],
        alerts: Mapping[str, Alert],
        names: Mapping[int, str],
        scope: str,
        context: RenderContext,
        *,
        selected: bool = True,
    ) -> None:
        """Show a project's optimizations. `details` are those read so far, `alerts` the worst open one about each, by
        id; `scope` says whose they are. Without a project `selected` there is nothing to read."""
        if not selected:
            resource = Resource(value=())
        rows = [
            OptimizationRow(
                each,
                details.get(each.optimization_id),
                name_of(each.project_id, names) if self._several else "",
                alerts.get(each.optimization_id),
            )
            for each in resource.value or ()
        ]
        rows.sort(key=lambda row: (row.finished, -(row.summary.created_at or 0.0)))
        none = "No optimizations in this project." if selected else "No project is selected."
        words = describe(resource, context, what="optimizations", nothing=none, stale_after_s=STALE_AFTER_S)
        if not selected:
            words = replace(words, age=())
        running = sum(not row.finished for row in rows)
        facts: list[tuple[str, str]] = [(f"{scope} ", "muted")] if scope else []
        if running:
            facts.append((f"{context.glyphs.dot} {format_count(running)} running ", ""))
        self.show_rows(rows, context, words, tuple(facts))


def _columns(several: bool) -> tuple[Column[OptimizationRow], ...]:
    project: Column[OptimizationRow] = text_column(
        "project", 10, lambda row: row.project, widest=24, cut_middle=True, keep=5
    )
    return (
        Column(
            "name",
            "name",
            10,
            _name,
            wanted=20,
            widest=36,
            cut_middle=True,
            keep=9,
            sort_key=lambda row: row.summary.name.casefold(),
        ),
        *([project] if several else []),
        Column("progress", "progress", _BAR_CELLS, _progress, keep=8, sort_key=_fraction, descending=True),
        Column("runs", "runs", 7, _runs, right=True, keep=6),
        Column("best", "best", 6, _best, right=True, keep=7, sort_key=lambda row: row.best, descending=True),
        Column("target", "target", 18, _target, widest=32, keep=1, sort_key=_target_name),
        text_column(
            "status", 9, lambda row: row.status or "unknown", keep=0, sort_key=lambda row: row.status.casefold()
        ),
        Column("age", "age", 4, _age, right=True, keep=2, sort_key=_age_key),
    )


def _name(row: OptimizationRow, context: RenderContext) -> Spans:
    name = row.summary.name or row.summary.optimization_id
    return (*alert_mark(row.alert, context.glyphs), (name, "muted" if row.finished else "title"))


def _progress(row: OptimizationRow, context: RenderContext) -> Spans:
    if row.finished or row.detail is None:
        # A finished one's word says more than its bar: an aborted search may have come far.
        status = row.status or "unknown"
        return ((status, "stale" if status.casefold() == "aborted" else "muted" if row.finished else ""),)
    done, rest = format_bar(row.detail.progress, _BAR_CELLS, context.glyphs)
    return ((done, "focus"), (rest, "rule"))


def _runs(row: OptimizationRow, context: RenderContext) -> Spans:
    detail = row.detail
    if detail is None or detail.total is None or (detail.completed is None and detail.failed is None):
        return ((context.glyphs.none, "muted"),)
    ended = (detail.completed or 0) + (detail.failed or 0)
    return ((f"{ended}/{detail.total}", "muted" if row.finished else ""),)


def _best(row: OptimizationRow, context: RenderContext) -> Spans:
    if row.best is None:
        return ((context.glyphs.none, "muted"),)
    percent = row.summary.criterion.target in PERCENT_STATISTICS
    text = f"{format_number(row.best, context.glyphs, 1 if percent else 3)}{'%' if percent else ''}"
    return ((text, "" if row.finished else "title bold"),)


def _target(row: OptimizationRow, context: RenderContext) -> Spans:
    criterion = row.summary.criterion
    return ((f"{criterion.extremum} {criterion.target}".lstrip(), "muted"),)


def _age(row: OptimizationRow, context: RenderContext) -> Spans:
    return ((context.ago(row.summary.created_at) or context.glyphs.none, "muted"),)


def _fraction(row: OptimizationRow) -> float | None:
    return None if row.detail is None else row.detail.progress


def _target_name(row: OptimizationRow) -> str:
    return row.summary.criterion.target.casefold()


def _age_key(row: OptimizationRow) -> float | None:
    return None if row.summary.created_at is None else -row.summary.created_at


def _key(row: OptimizationRow) -> str:
    return row.summary.optimization_id
