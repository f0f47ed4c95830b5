"""What the store holds of what is selected, and what the engine keeps current for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from qctui.engine.engine_port import Subscription, Visibility
from qctui.model.chart import EQUITY_CHART, Chart, ChartWindow
from qctui.model.deployment import Deployment, DeploymentDetail, name_of, names_of
from qctui.model.insight import InsightLog
from qctui.model.keys import (
    DEPLOYMENTS,
    PROJECTS,
    Key,
    chart_key,
    detail_key,
    insights_key,
    optimization_key,
    optimizations_key,
)
from qctui.model.optimization import OptimizationSummary
from qctui.model.resource import Resource
from qctui.store import Store
from qctui.ui.optimizations.optimizations_pane import OptimizationRow
from qctui.ui.selection import Selection
from qctui.ui.selection_owner import SelectionOwner
from qctui.ui.wording.load_state import merged

MOST_OPTIMIZATIONS = 8
"""Optimizations whose progress is read at once: the list does not carry it, and each costs a request."""


class SelectedData:
    """Reads the store for the panes of the main screen; writes nothing."""

    def __init__(self, store: Store, selected: SelectionOwner, pinned: Sequence[int]) -> None:
        """`pinned` are the projects whose optimizations are shown, instead of the selected one's."""
        self._store, self._selected, self._pinned = store, selected, pinned
        self.names: dict[int, str] = {}
        """Of all projects, by id."""
        self.chart_chosen = EQUITY_CHART
        """The chart that a person chose last; not every deployment has it."""

    def read_names(self) -> None:
        """Take in the projects as they are known now."""
        self.names = names_of(self._store.get(PROJECTS).value or ())

    @property
    def name(self) -> str:
        """The selected project's, as it is on screen."""
        project_id = self._selected.now.project_id
        return "" if project_id is None else name_of(project_id, self.names)

    @property
    def chart_names(self) -> tuple[str, ...]:
        """The charts the selected deployment reports; empty until that was read."""
        detail = self.detail
        return () if detail is None else detail.charts

    @property
    def chart_name(self) -> str:
        """The chart that is shown: the one a person chose where the deployment has it, else its equity. Empty without a
        deployment.

        Every deployment has the equity chart (REFERENCE.md 6.3): it is asked for while the names are not known. A chart
        is its project's: no deploy id is needed.
        """
        if not self._selected.now.deployed:
            return ""
        names = self.chart_names
        if self.chart_chosen in names or self.detail is None:
            return self.chart_chosen
        return EQUITY_CHART if EQUITY_CHART in names or not names else names[0]

    @property
    def detail(self) -> DeploymentDetail | None:
        """The selected deployment's own reading."""
        project_id = self._selected.now.project_id if self._selected.now.deployed else None
        return None if project_id is None else self._store.get(detail_key(project_id)).value

    @property
    def deployments(self) -> Resource[tuple[Deployment, ...]]:
        """The live list."""
        return self._store.get(DEPLOYMENTS)

    @property
    def optimizations(self) -> Resource[tuple[OptimizationSummary, ...]]:
        """Those of the selected project, or of the pinned ones."""
        if self._pinned:
            return merged([self._store.get(optimizations_key(project_id)) for project_id in self._pinned])
        project_id = self._selected.now.project_id
        return Resource() if project_id is None else self._store.get(optimizations_key(project_id))

    def chart(self, window: ChartWindow, count: int) -> Resource[Chart]:
        """So many samples of a part of the chart that is shown."""
        project_id, name = self._selected.now.project_id, self.chart_name
        if project_id is None or not name:
            return Resource()
        return self._store.get(chart_key(project_id, name, window, count))

    @property
    def insights(self) -> Resource[InsightLog]:
        """The selected deployment's."""
        key = self.insights_key
        return Resource() if key is None else self._store.get(key)

    @property
    def insights_key(self) -> Key[InsightLog] | None:
        """Where they are; None where there can be none."""
        now = self._selected.now
        if now.project_id is None or not now.deploy_id:
            return None
        return insights_key(now.project_id, now.deploy_id)


def subscriptions_for(
    selection: Selection,
    optimizations: Sequence[OptimizationRow],
    *,
    pinned: Sequence[int] = (),
    chart: Iterable[Subscription] = (),
    opened: Iterable[Subscription] = (),
    covered: bool = False,
) -> tuple[Subscription, ...]:
    """What the engine should keep current. Pure.

    `selection` is what the panes show, `optimizations` are the rows on screen, `chart` what the chart pane asks for,
    `opened` what the screens above the main one ask for. `covered`: one of those hides the main screen, which is then
    read as what is off screen.
    """
    visibility = Visibility.HIDDEN if covered else Visibility.VISIBLE
    listed = list(opened)
    for project_id in pinned or (() if selection.project_id is None else (selection.project_id,)):
        listed.append(Subscription(optimizations_key(project_id), visibility))
    if selection.project_id is not None and selection.deployed:
        listed.append(Subscription(detail_key(selection.project_id), visibility))
        if selection.deploy_id:
            listed.append(Subscription(insights_key(selection.project_id, selection.deploy_id), visibility))
        listed += [Subscription(each.key, max(visibility, each.visibility)) for each in chart]
    # A finished one never changes: it is read once, for its best value, and then no more.
    unread = [row for row in optimizations if not row.finished or row.detail is None or not row.detail.finished]
    for row in unread[:MOST_OPTIMIZATIONS]:
        listed.append(Subscription(optimization_key(row.summary.optimization_id), visibility))
    first: dict[object, Subscription] = {}
    for each in listed:
        known = first.get(each.key)
        if known is None or each.visibility < known.visibility:
            first[each.key] = each
    return tuple(first.values())
