"""The header of an optimization in full: what is searched, how far it is, what it has cost."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from qctui.model.optimization import Criterion, Optimization, OptimizationSummary, Parameter
from qctui.sweep.ranking import UNRANKED, Ranking, RunState
from qctui.sweep.words import done_text, yet
from qctui.ui.kit.facts_view import relative_words
from qctui.ui.kit.lines import Paragraph, Piece, labelled_lines, pieces
from qctui.ui.kit.render_context import RenderContext
from qctui.ui.optimizations.heat import value_text
from qctui.ui.wording.format import format_bar, format_count

_BAR_CELLS = 10


def header_of(
    optimization: Optimization | None,
    summary: OptimizationSummary | None,
    ranking: Ranking,
    name: str,
    whose: tuple[str, str],
    context: RenderContext,
    *,
    short: bool,
) -> Iterable[Paragraph]:
    """The header's lines. Before the first reading the list's `summary` stands in. `whose`: the id, and the project's
    name. A `short` one says the state and the best alone."""
    known: Optimization | OptimizationSummary | None = optimization or summary
    glyphs, dot = context.glyphs, context.glyphs.between
    title: list[Piece] = [(name, "title bold"), "  ", _status(known)]
    if known is not None:
        title += [dot, *_criterion(known.criterion)]
    head = [Paragraph(pieces(*title), max_lines=2)]
    facts: list[tuple[str, Sequence[Piece]]] = []
    if short:
        best = [("Best", _best(optimization, ranking, context))] if optimization is not None else []
        return [*head, *labelled_lines(best)]
    line: list[Piece] = [whose[0], dot, whose[1]]
    if known is not None and known.node_type:
        nodes = f" x {optimization.parallel_nodes}" if optimization and optimization.parallel_nodes else ""
        line += [dot, f"{known.node_type}{nodes}"]
    head.append(Paragraph(pieces(*line), max_lines=2))
    if optimization is not None:
        facts.append(("Progress", _progress(optimization, ranking, context)))
        facts.append(("Best", _best(optimization, ranking, context)))
        facts.append(("Cost", _cost(optimization, context)))
    if known is not None:
        facts.append(("Parameters", _parameters(known.parameters, dot)))
    if optimization is not None and optimization.constraints:
        words = [each.words for each in optimization.constraints]
        facts.append(("Constraints", [f" {glyphs.dot} ".join(words)]))
    return [*head, *labelled_lines(facts)]


def _best(optimization: Optimization, ranking: Ranking, context: RenderContext) -> list[Piece]:
    best = ranking.best
    if best is None:
        none = f"no run has ended{yet(over=optimization.finished)}"
        return [(f"unknown: {UNRANKED}" if ranking.ended else none, "muted")]
    values = f" {context.glyphs.dot} ".join(f"{name} {value}" for name, value in best.run.parameters.items())
    figure = value_text(best.value, optimization.criterion.target, context.glyphs, 3)
    return [(figure, "title bold"), (" with ", "muted"), values] if values else [(figure, "title bold")]


def _status(known: Optimization | OptimizationSummary | None) -> tuple[str, str]:
    status = known.status if known is not None else ""
    roles = {"completed": "muted", "aborted": "stale bold", "running": "ok"}
    return status or "status unknown", roles.get(status.casefold(), "stale")


def _criterion(criterion: Criterion) -> list[Piece]:
    goal = f" to {criterion.target_value:g}" if criterion.target_value is not None else ""
    return [(f"{criterion.extremum} ".lstrip(), "muted"), f"{criterion.target}{goal}"]


def _progress(optimization: Optimization, ranking: Ranking, context: RenderContext) -> list[Piece]:
    glyphs = context.glyphs
    done, rest = format_bar(optimization.progress, _BAR_CELLS, glyphs)
    over = optimization.finished
    bar: list[Piece] = [(f"the number of runs is not known{yet(over=over)}", "muted")]
    if optimization.total is not None:
        share = done_text(optimization.progress or 0.0)
        bar = [(done, "focus"), (rest, "rule"), f" {share} of {format_count(optimization.total)}"]
    # The API may count them as running even then, or no more.
    cut_off = sum(each.state is RunState.CUT_OFF for each in ranking.runs) or (optimization.running if over else None)
    counts = (
        ("done", optimization.completed, ""),
        ("failed", optimization.failed or None, "danger"),
        ("running", None if over else optimization.running, ""),
        ("cut off", cut_off or None, "stale"),
        ("never begun" if over else "queued", optimization.queued or None, "muted"),
    )
    for word, count, role in counts:
        if count is not None:
            bar += [glyphs.between, (f"{format_count(count)} {word}", role)]
    return bar


def _cost(optimization: Optimization, context: RenderContext) -> list[Piece]:
    """What was used so far. `Consumed` is in QuantConnect credits (REFERENCE.md 5.2)."""
    parts: list[Piece] = []
    dot = context.glyphs.between
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
