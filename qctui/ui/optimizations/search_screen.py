"""What is opened of one optimization, whatever part of it: its reading, judged once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from qctui.model.keys import Key, optimization_key
from qctui.model.optimization import Optimization
from qctui.model.resource import Resource
from qctui.sweep.judging import Sweep
from qctui.sweep.ranking import Ranking
from qctui.ui.actions.controller import OPTIMIZATION, Pointed
from qctui.ui.context import AppContext, Detail, DetailKind
from qctui.ui.detail_screen import DetailScreen
from qctui.ui.kit.pane import Pane


class SearchScreen(DetailScreen):
    """What is opened of one optimization: the whole of it, or one of its runs."""

    ACTS_ON = frozenset({OPTIMIZATION})

    def __init__(self, context: AppContext, detail: Detail, sections: Sequence[Pane]) -> None:
        self._optimization_id, self._project_id = detail.optimization_id, detail.project_id
        self._judged: Sweep | None = None
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
    def sweep(self) -> Sweep | None:
        """The newest reading's runs, judged once for each reading; None before the first one."""
        optimization = self.resource.value
        if optimization is None:
            return None
        if self._judged is None or self._judged.optimization is not optimization:
            self._judged = Sweep(optimization)
        return self._judged

    @property
    def ranking(self) -> Ranking:
        """The ranking of the newest reading's runs."""
        return self.sweep.ranking if self.sweep is not None else Ranking()

    def open_run(self, key: str) -> None:
        """Show a run in full."""
        if key in self.ranking.by_key:
            self._app_context.open(
                Detail(DetailKind.RUN, self._project_id, optimization_id=self._optimization_id, run=key)
            )
