"""Which charts a chart screen shows, and what the store has of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from qctui.model.chart import Chart, ChartWindow
from qctui.model.deployment import name_of, newest_deployments
from qctui.model.keys import DEPLOYMENTS, PROJECTS, chart_key, detail_key
from qctui.model.resource import Resource
from qctui.plot.marks import main_only, overlaid
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


class Arrangement:
    """Which charts a screen shows: one (perhaps with another over it), all of a deployment, or the equity of all.

    Charts made of others are kept, so that equal data stay the same chart.
    """

    def __init__(self, store: Store, selected: Callable[[], int], name: str, kind: DetailKind, chart: str) -> None:
        """`selected` returns the project whose charts are meant; `name` is that of the present one, as it is on
        screen."""
        self._store, self._selected, self._named = store, selected, (selected(), name)
        self.kind: DetailKind = DetailKind.CHART if kind is DetailKind.OVERLAY else kind
        self.chart = chart or EQUITY
        self.against: Subject | None = None
        """What is drawn over the one chart."""
        self._before: list[DetailKind] = []
        """The kinds this one was reached through: Escape goes back the same way."""
        self._merged: tuple[tuple[Chart, Chart], tuple[str, str], Chart] | None = None
        self._reduced: dict[int, tuple[Chart, Chart]] = {}

    @property
    def single(self) -> bool:
        """One chart fills the screen."""
        return self.kind is DetailKind.CHART

    @property
    def project_id(self) -> int:
        """The project whose charts are meant."""
        return self._selected()

    @property
    def project(self) -> str:
        """Its name."""
        known, name = self._named
        return name if known == self.project_id else name_of(self.project_id, self._names())

    @property
    def charts(self) -> tuple[str, ...]:
        """The charts its deployment reports; empty until that was read."""
        detail = self._store.get(detail_key(self.project_id)).value
        return detail.charts if detail is not None else ()

    def subjects(self) -> list[Subject]:
        """What there is to show, in its order: all charts, all equities (those alive first), or the one."""
        if self.kind is DetailKind.CHARTS:
            return [Subject(self.project_id, each, each) for each in self.charts]
        if self.kind is DetailKind.EQUITIES:
            return self._equities()
        return [Subject(self.project_id, self.chart, self.project)]

    def others(self) -> list[Subject]:
        """What the project's equity can be compared with: its benchmark, and every other deployment's equity."""
        equities = [each for each in self._equities() if each.project_id != self.project_id]
        return [Subject(self.project_id, BENCHMARK, BENCHMARK), *equities]

    def is_meant(self, subject: Subject) -> bool:
        """Whether this is the one that has the keys."""
        if self.kind is DetailKind.CHARTS:
            return subject.chart == self.chart
        return subject.project_id == self.project_id

    def place(self) -> int:
        """Which of what there is to show has the keys."""
        return next((at for at, each in enumerate(self.subjects()) if self.is_meant(each)), 0)

    def change(self, kind: DetailKind, chart: str = "") -> None:
        """Another arrangement, from which `back` leads to this one; to one it was reached through, no further."""
        if kind in self._before:
            del self._before[self._before.index(kind) :]
        elif kind is not self.kind:
            self._before.append(self.kind)
        self.kind, self.chart = kind, chart or self.chart

    @property
    def before(self) -> DetailKind | None:
        """The kind this one was reached from."""
        return self._before[-1] if self._before else None

    def resource(self, subject: Subject, window: ChartWindow, count: int) -> Resource[Chart]:
        """What the store has of a subject: alone, its main series alone among all equities, or with another over it.

        Until the other one is there the own one stands alone; the other one's failure is shown.
        """
        own = self._store.get(chart_key(subject.project_id, subject.chart, window, count))
        if own.value is None:
            return own
        if self.kind is DetailKind.EQUITIES:
            known = self._reduced.get(subject.project_id)
            if known is None or known[0] is not own.value:
                known = self._reduced[subject.project_id] = (own.value, main_only(own.value))
            return replace(own, value=known[1])
        if self.against is None:
            return own
        other = self._store.get(chart_key(self.against.project_id, self.against.chart, window, count))
        if other.value is None:
            return own if other.error is None else own.with_error(other.error)
        parts, labels = (own.value, other.value), (subject.label, self.against.label)
        if self._merged is None or self._merged[:2] != (parts, labels):
            self._merged = (parts, labels, overlaid(subject.chart, list(zip(labels, parts, strict=True))))
        return replace(own, value=self._merged[2])

    def _names(self) -> dict[int, str]:
        return {each.project_id: each.name for each in self._store.get(PROJECTS).value or ()}

    def _equities(self) -> list[Subject]:
        names = self._names()
        deployments = newest_deployments(self._store.get(DEPLOYMENTS).value or ())
        deployments.sort(key=lambda each: not each.alive)
        return [Subject(each.project_id, EQUITY, name_of(each.project_id, names)) for each in deployments]
