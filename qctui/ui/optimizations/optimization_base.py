"""The base of the screens of one optimization and of its runs: its newest reading, judged once."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import Any

from textual import work

from qctui.model.keys import Key, optimization_key
from qctui.model.optimization import Optimization
from qctui.model.resource import Failure, FailureKind, Resource
from qctui.sweep.judging import Sweep
from qctui.sweep.plots import work_off
from qctui.sweep.ranking import Ranking
from qctui.ui.actions.controller import OPTIMIZATION, Pointed
from qctui.ui.context import AppContext, Detail, DetailKind
from qctui.ui.detail_screen import DetailScreen
from qctui.ui.kit.pane import Pane
from qctui.ui.kit.render_context import RenderContext

_log = logging.getLogger(__name__)


class OptimizationBase(DetailScreen):
    """What is opened of one optimization: the whole of it, or one of its runs.

    A newer reading is shown when it is judged, which happens on another thread. Until then all of the screen is of the
    reading before, with its age.
    """

    ACTS_ON = frozenset({OPTIMIZATION})

    def __init__(self, context: AppContext, detail: Detail, sections: Sequence[Pane]) -> None:
        self._optimization_id, self._project_id = detail.optimization_id, detail.project_id
        super().__init__(context, sections)
        self.resource = self._newest
        """The reading on screen."""
        self.sweep: Sweep | None = None
        """Its runs; None before the first reading. Those that are known already are there at once, for keys that were
        typed ahead."""
        if (known := self.resource.value) is not None:
            opened = detail.sweep
            self.sweep = opened if opened is not None and opened.optimization is known else Sweep(known)
        self._judged: Sweep | None = None
        """What was judged last, or is being."""
        self._judging = False
        self._failed: tuple[Optimization, Failure] | None = None
        """A reading that could not be judged, and why."""

    def keys(self) -> Iterable[Key[Any]]:
        """The optimization's own read."""
        return [optimization_key(self._optimization_id)]

    def pointed(self) -> Pointed:
        """The optimization; no deployment is."""
        return Pointed(optimization_id=self._optimization_id, optimization_project_id=self._project_id)

    @property
    def _newest(self) -> Resource[Optimization]:
        return self._engine.store.get(optimization_key(self._optimization_id))

    def show_all(self, context: RenderContext) -> None:
        """As in `DetailScreen`, of the newest reading that is judged."""
        self._follow()
        super().show_all(context)

    def _follow(self) -> None:
        newest, shown = self._newest, self.sweep
        value = newest.value
        if value is None or (shown is not None and shown.optimization is value):
            self.resource = newest
        if self._failed is not None and self._failed[0] is value:
            self.resource = self.resource.with_error(self._failed[1])
        elif (
            value is not None and not self._judging and (self._judged is None or self._judged.optimization is not value)
        ):
            self._judging = True
            if shown is not None and shown.optimization is value:
                # On screen as far as it is seen: the first frame goes before the rest.
                self.call_after_refresh(self._judge, shown)
            else:
                self._judge(Sweep(value))

    @work(group="plots", exit_on_error=False)
    async def _judge(self, sweep: Sweep) -> None:
        self._judged, self._failed, shown = sweep, None, self.sweep is sweep
        try:
            await work_off(sweep.prepare())
            self.sweep = sweep
        except Exception as error:  # whatever it is: it must not end a program that may be needed to liquidate
            _log.exception("the runs of an optimization could not be judged")
            words = f"the newest runs could not be judged ({type(error).__name__}); the log has the details"
            clock = self._engine.clock
            self._failed = sweep.optimization, Failure(FailureKind.INTERNAL, words, clock.now(), clock.monotonic())
        self._judging = False
        if shown and self._failed is None:
            self._follow()
        else:
            self.show_all(self.ages.context())

    @property
    def ranking(self) -> Ranking:
        """The ranking of the newest reading's runs."""
        return self.sweep.ranking if self.sweep is not None else Ranking()

    def open_run(self, key: str) -> None:
        """Show a run in full."""
        if key in self.ranking.by_key:
            self.open_runs(DetailKind.RUN, (key,))

    def open_runs(self, kind: DetailKind, runs: tuple[str, ...]) -> None:
        """Show runs by their keys: one in full, or several side by side."""
        whose = self._optimization_id
        self._app_context.open(Detail(kind, self._project_id, optimization_id=whose, runs=runs, sweep=self.sweep))
