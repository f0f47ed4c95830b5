"""Which charts a chart screen shows, and what the store has of them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from qctui.model.chart import Chart, ChartWindow
from qctui.model.deployment import name_of, newest_deployments
from qctui.model.keys import DEPLOYMENTS, PROJECTS, chart_key, detail_key
from qctui.model.resource import Resource
from qctui.plot.overlay import main_only, overlaid
from qctui.store import Store
from qctui.ui.context import DetailKind

EQUITY = "Strategy Equity"
BENCHMARK = "Benchmark"


@dataclass(frozen=True, slots=True)
class Subject:
    """A chart of a project, and what it is called here."""

    project_id: int
    chart: str
    label: str


class Subjects:
    """Charts by what they are about. Charts made of others are kept, so that equal data stay the same chart."""

    def __init__(self, store: Store) -> None:
        """Reads `store`, writes nothing."""
        self._store = store
        self._merged: tuple[tuple[Chart, Chart], tuple[str, str], Chart] | None = None
        self._reduced: dict[int, tuple[Chart, Chart]] = {}

    def name(self, project_id: int) -> str:
        """A project's name."""
        return name_of(project_id, {each.project_id: each.name for each in self._store.get(PROJECTS).value or ()})

    def charts(self, project_id: int) -> tuple[str, ...]:
        """The charts a project's deployment reports; empty until that was read."""
        detail = self._store.get(detail_key(project_id)).value
        return detail.charts if detail is not None else ()

    def of(self, kind: DetailKind, project_id: int, project: str, chart: str) -> list[Subject]:
        """What a screen of this kind shows, in its order: all charts, all equities (those alive first), or the one."""
        if kind is DetailKind.CHARTS:
            return [Subject(project_id, each, each) for each in self.charts(project_id)]
        if kind is DetailKind.EQUITIES:
            return self._equities()
        return [Subject(project_id, chart, project)]

    def others(self, project_id: int) -> list[Subject]:
        """What a project's equity can be compared with: its benchmark, and every other deployment's equity."""
        equities = [each for each in self._equities() if each.project_id != project_id]
        return [Subject(project_id, BENCHMARK, BENCHMARK), *equities]

    def resource(
        self, subject: Subject, against: Subject | None, kind: DetailKind, window: ChartWindow, count: int
    ) -> Resource[Chart]:
        """What the store has of a subject: alone, its main series alone among all equities, or with another over it.

        Until the other one is there the own one stands alone; the other one's failure is told.
        """
        own = self._store.get(chart_key(subject.project_id, subject.chart, window, count))
        if own.value is None:
            return own
        if kind is DetailKind.EQUITIES:
            known = self._reduced.get(subject.project_id)
            if known is None or known[0] is not own.value:
                known = self._reduced[subject.project_id] = (own.value, main_only(own.value))
            return replace(own, value=known[1])
        if against is None:
            return own
        other = self._store.get(chart_key(against.project_id, against.chart, window, count))
        if other.value is None:
            return own if other.error is None else own.with_error(other.error)
        parts, labels = (own.value, other.value), (subject.label, against.label)
        if self._merged is None or self._merged[:2] != (parts, labels):
            self._merged = (parts, labels, overlaid(subject.chart, list(zip(labels, parts, strict=True))))
        return replace(own, value=self._merged[2])

    def _equities(self) -> list[Subject]:
        names = {each.project_id: each.name for each in self._store.get(PROJECTS).value or ()}
        deployments = newest_deployments(self._store.get(DEPLOYMENTS).value or ())
        deployments.sort(key=lambda each: not each.alive)
        return [Subject(each.project_id, EQUITY, name_of(each.project_id, names)) for each in deployments]
