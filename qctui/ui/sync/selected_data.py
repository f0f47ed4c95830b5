"""What the store holds of what is selected."""

from __future__ import annotations

from collections.abc import Sequence

from qctui.model.chart import Chart, ChartWindow
from qctui.model.deployment import Deployment, DeploymentDetail
from qctui.model.insight import InsightLog
from qctui.model.keys import (
    DEPLOYMENTS,
    PROJECTS,
    Key,
    chart_key,
    detail_key,
    insights_key,
    optimizations_key,
)
from qctui.model.optimization import OptimizationSummary
from qctui.model.resource import Resource
from qctui.store import Store
from qctui.ui.rows import name_of
from qctui.ui.selection import Selection
from qctui.ui.selection_owner import SelectionOwner
from qctui.ui.wording.load_state import merged

EQUITY_CHART = "Strategy Equity"


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
        self.names = {project.project_id: project.name for project in self._store.get(PROJECTS).value or ()}

    @property
    def name(self) -> str:
        """The selected project's, as it is on screen."""
        project_id = self._selection.project_id
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

        Every deployment has the equity chart (REFERENCE.md 6.3): it is asked for where no names are told. A chart is
        its project's: no deploy id is needed.
        """
        if not self._selection.deployed:
            return ""
        names = self.chart_names
        if self.chart_chosen in names or self.detail is None:
            return self.chart_chosen
        return EQUITY_CHART if EQUITY_CHART in names or not names else names[0]

    @property
    def detail(self) -> DeploymentDetail | None:
        """The selected deployment's own reading."""
        project_id = self._selection.project_id if self._selection.deployed else None
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
        project_id = self._selection.project_id
        return Resource() if project_id is None else self._store.get(optimizations_key(project_id))

    def chart(self, window: ChartWindow, count: int) -> Resource[Chart]:
        """So many samples of a part of the chart that is shown."""
        project_id, name = self._selection.project_id, self.chart_name
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
        now = self._selection
        if now.project_id is None or not now.deploy_id:
            return None
        return insights_key(now.project_id, now.deploy_id)

    @property
    def _selection(self) -> Selection:
        return self._selected.now
