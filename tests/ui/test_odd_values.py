"""Whatever the models can hold is shown: no value ends the program, and none that is missing becomes a number."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import force_setattr

from qctui.model.deployment import Deployment, Environment
from qctui.model.insight import Direction, Insight
from qctui.model.optimization import Criterion, Optimization, OptimizationSummary
from qctui.ui.deployments import deployment_rows
from qctui.ui.deployments.deployment_rows import DeploymentRow, deployment_order
from qctui.ui.insights import insights_pane
from qctui.ui.kit.render_context import RenderContext
from qctui.ui.kit.spans import Spans
from qctui.ui.kit.table_columns import Column
from qctui.ui.optimizations import optimizations_pane
from qctui.ui.optimizations.optimizations_pane import OptimizationRow
from qctui.ui.theme.glyph_set import ASCII, UNICODE, Glyphs
from tests.ui.page import console
from tests.ui.scene import MONO, NOW

NUMBER = st.one_of(st.none(), st.floats(allow_nan=True, allow_infinity=True))
WHOLE = st.one_of(st.none(), st.integers(-10, 10**20))
TEXT = st.text(max_size=30)
GLYPHS = st.sampled_from([UNICODE, ASCII])

DEPLOYMENTS = st.builds(
    Deployment, st.integers(), TEXT, TEXT, NUMBER, NUMBER, TEXT, st.sampled_from(Environment), NUMBER
)
ROWS = st.builds(DeploymentRow, DEPLOYMENTS, TEXT, NUMBER, st.none(), st.booleans())
INSIGHTS = st.builds(
    Insight, TEXT, NUMBER, NUMBER, TEXT, TEXT, TEXT, st.sampled_from(Direction), NUMBER, NUMBER, NUMBER, NUMBER, NUMBER,
    NUMBER, NUMBER, NUMBER, st.one_of(st.none(), st.booleans()), NUMBER, TEXT, TEXT, TEXT,
)  # fmt: skip
CRITERIA = st.builds(Criterion, TEXT, st.booleans(), NUMBER)
SUMMARIES = st.builds(
    OptimizationSummary, TEXT, st.integers(), TEXT, TEXT, CRITERIA, NUMBER, TEXT, NUMBER, NUMBER, WHOLE
)
DETAILS = st.builds(Optimization, TEXT, WHOLE, TEXT, TEXT, CRITERIA, NUMBER, WHOLE, WHOLE, WHOLE, WHOLE, WHOLE)
SEARCHES = st.builds(OptimizationRow, SUMMARIES, st.one_of(st.none(), DETAILS), TEXT)


def shown(columns: tuple[Column[Any], ...], row: object, glyphs: Glyphs) -> list[Spans]:
    return [column.cell(row, RenderContext(MONO, NOW, None, glyphs)) for column in columns]


@given(ROWS, GLYPHS)
def test_any_deployment_is_shown(row: DeploymentRow, glyphs: Glyphs) -> None:
    cells = shown(deployment_rows.deployment_columns(), row, glyphs)
    assert all(isinstance(text, str) for spans in cells for text, _ in spans)


@given(st.lists(ROWS, max_size=8))
def test_any_deployments_are_ordered(rows: list[DeploymentRow]) -> None:
    assert len(sorted(rows, key=deployment_order)) == len(rows)


@given(INSIGHTS, GLYPHS)
def test_any_insight_is_shown(row: Insight, glyphs: Glyphs) -> None:
    shown(insights_pane._columns(), row, glyphs)


@given(SEARCHES, GLYPHS)
def test_any_optimization_is_shown(row: OptimizationRow, glyphs: Glyphs) -> None:
    shown(optimizations_pane._columns(True), row, glyphs)


@pytest.mark.anyio
async def test_a_value_nobody_foresaw_is_a_sign_and_a_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async with console() as page:

        def broken(row: DeploymentRow, context: RenderContext) -> Spans:
            raise ZeroDivisionError("unforeseen")

        table = page.main.deployments.table
        column = table.columns[3]
        force_setattr(column, "cell", broken)
        with caplog.at_level(logging.ERROR):
            page.main.show_all(page.main.ages.context())
            await page.press("j", "j")
        assert page.main.presenter.data.name == "Pairs/KO-PEP mean reversion"
        assert caplog.text.count("Column 'equity' could not be shown") == 1
