from __future__ import annotations

from qctui.engine.engine_port import Subscription, Visibility
from qctui.model.keys import detail_key, insights_key, optimization_key, optimizations_key, portfolio_key
from qctui.ui.optimizations.optimizations_pane import OptimizationRow
from qctui.ui.selection import Place, Selection
from qctui.ui.sync.selected_data import MOST_OPTIMIZATIONS, subscriptions_for
from qctui.value import replace
from tests.ui.scene import optimizations

CURRENT = Selection(Place(7, 7), "L-7", deployed=True)
ROWS = [OptimizationRow(summary, detail, "") for summary, detail in optimizations(7)]


def test_nothing_selected_wants_nothing() -> None:
    assert subscriptions_for(Selection(), ()) == ()


def test_a_project_without_deployment_wants_its_optimizations_only() -> None:
    assert [want.key for want in subscriptions_for(Selection(Place(7, 7)), ())] == [optimizations_key(7)]


def test_a_deployment_wants_its_detail_insights_and_chart() -> None:
    chart = Subscription(portfolio_key(7))
    keys = {want.key for want in subscriptions_for(CURRENT, (), chart=[chart])}
    assert keys == {optimizations_key(7), detail_key(7), insights_key(7, "L-7"), portfolio_key(7)}


def test_unfinished_optimizations_are_read_and_finished_ones_once() -> None:
    def names(rows: list[OptimizationRow]) -> list[str]:
        return [want.key.name for want in subscriptions_for(CURRENT, rows) if want.key.kind == "optimization"]

    ids = [row.summary.optimization_id for row in ROWS]
    assert names(ROWS) == ids[:3]
    unread = [replace(row, detail=None) for row in ROWS]
    assert names(unread) == ids
    many = [replace(ROWS[0], summary=replace(ROWS[0].summary, optimization_id=f"O-{each}")) for each in range(50)]
    assert len(names(many)) == MOST_OPTIMIZATIONS


def test_pinned_projects_replace_the_current_one() -> None:
    keys = [want.key for want in subscriptions_for(CURRENT, (), pinned=(1, 2)) if want.key.kind == "optimizations"]
    assert keys == [optimizations_key(1), optimizations_key(2)]


def test_what_is_opened_goes_first_and_keeps_its_pace_over_a_covered_pane() -> None:
    opened = [Subscription(detail_key(7), Visibility.OPENED)]
    view = subscriptions_for(CURRENT, ROWS, opened=opened, covered=True)
    assert view[0] == opened[0]
    assert sum(want.key == detail_key(7) for want in view) == 1
    assert {want.visibility for want in view[1:]} == {Visibility.HIDDEN}


def test_equal_looks_make_equal_views() -> None:
    assert subscriptions_for(CURRENT, ROWS) == subscriptions_for(CURRENT, list(ROWS))
    assert optimization_key(ROWS[0].summary.optimization_id) in {want.key for want in subscriptions_for(CURRENT, ROWS)}
