"""Which charts a chart screen shows, what the store has of them, and the panes they stand in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from textual.containers import Container
from textual.geometry import Size

from qctui.actions.capture import newest_known
from qctui.model.chart import EQUITY_CHART, Chart, ChartWindow
from qctui.model.deployment import name_of, names_of
from qctui.model.keys import PROJECTS, chart_key, detail_key
from qctui.model.resource import Resource
from qctui.plot.marks import main_only, overlaid
from qctui.store import Store
from qctui.ui.charts.chart_pane import ChartPane
from qctui.ui.charts.chart_view import ChartView
from qctui.ui.context import DetailKind
from qctui.ui.keys.keymap import NUMBERED_TILES
from qctui.ui.kit.render_context import nothing
from qctui.ui.theme.glyph_set import Glyphs
from qctui.value import Value, replace

BENCHMARK = "Benchmark"


class Subject(Value):
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
        self.chart = chart or EQUITY_CHART
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

    def place(self, subjects: Sequence[Subject]) -> int:
        """Which of these has the keys."""
        return next((at for at, each in enumerate(subjects) if self.is_meant(each)), 0)

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
        return names_of(self._store.get(PROJECTS).value or ())

    def _equities(self) -> list[Subject]:
        names = self._names()
        deployments = newest_known(self._store)
        deployments.sort(key=lambda each: not each.alive)
        return [Subject(each.project_id, EQUITY_CHART, name_of(each.project_id, names)) for each in deployments]


TILE = (38, 9)
"""Columns and rows a small chart needs."""
MOST_TILES = 12
"""Small charts at once: each costs a read a minute."""


class Tiles(Container):
    """One chart that fills it, or small ones in a grid. `lay_out` says which."""

    DEFAULT_CSS = """
    Tiles { height: 1fr; layout: grid; grid-size: 1 1; grid-gutter: 0 1; }
    """

    def __init__(self, glyphs: Glyphs, window: ChartWindow | None, opens: Callable[[DetailKind], object]) -> None:
        """`window` is the part of time to begin with; `opens` gives one of the charts more room."""
        super().__init__(id="charts")
        self._glyphs, self._opens = glyphs, opens
        self._laying_out = asyncio.Lock()
        self._panes: list[ChartPane] = []
        self._small = False
        self.page: tuple[int, int] = (0, 0)
        """Which page of how many, from 1."""
        self.subjects: list[Subject] = []
        """What there is to show, on this page or another."""
        self.shown: list[tuple[Subject, ChartPane]] = []
        """What is on screen, in order."""
        self.window = window
        """The part of time all of them show; None until a person chose one."""
        self.laid_out: tuple[int, int] | None = None
        """Columns and rows there was room for; None before the first time."""
        self.changed: Callable[[], object] = nothing
        """Called when the charts need other data."""

    @staticmethod
    def room(size: Size) -> tuple[int, int]:
        """Columns and rows of small charts that fit a screen of this size."""
        columns = max(1, min(4, size.width // TILE[0]))
        return columns, max(1, min(MOST_TILES // columns, (size.height - 2) // TILE[1]))

    @property
    def most(self) -> int:
        """Charts that a page holds."""
        return len(self._panes)

    async def lay_out(self, subjects: Sequence[Subject], at: int, room: tuple[int, int], *, small: bool) -> None:
        """Show the page of these on which number `at` is, and give that one the keys."""
        # Keys and resizes arrive on different queues; two of these at once would mount everything twice.
        async with self._laying_out:
            if room != self.laid_out or small is not self._small or not self._panes:
                self.laid_out, self._small = room, small
                self.shown = []
                await self.remove_children()
                self._panes = [self._pane(number) for number in range(1, room[0] * room[1] + 1)]
                await self.mount_all(self._panes)
            self.show_page(subjects, at)

    def show_page(self, subjects: Sequence[Subject], at: int, *, focus: bool = True) -> None:
        """Show the page of these on which number `at` is, in the charts there are, and give that one the keys."""
        if self.laid_out is None or not self._panes:
            return
        count, columns = len(self._panes), self.laid_out[0]
        self.subjects = list(subjects)
        page = at // count
        self.page = page + 1, max(1, -(-len(subjects) // count))
        shown = subjects[page * count : (page + 1) * count]
        self.styles.grid_size_columns = columns
        self.styles.grid_size_rows = max(1, -(-len(shown) // columns))
        self.shown = list(zip(shown, self._panes, strict=False))
        for number, pane in enumerate(self._panes):
            pane.display = number < len(shown)
            if pane.display and self._small:
                pane.rename(shown[number].label)
        if self.shown and focus:
            self.shown[at - page * count][1].focus_body()

    def _pane(self, number: int) -> ChartPane:
        small = self._small
        key = number if number <= NUMBERED_TILES else 0
        pane = ChartPane(self._glyphs, number=key, id=f"tile-{number}", named=not small)
        view = pane.view
        view.enlarges = small
        view.opens = self._opens
        view.window_changed = lambda: self.changed()
        view.moved = lambda: self._follow(view)
        if self.window is not None:
            view.plot = replace(view.plot, window=self.window)
        return pane

    def take(self, subject: Subject) -> None:
        """The first pane shows another subject from now on."""
        self.subjects = [subject]
        self.shown = [(subject, pane) for _, pane in self.shown[:1]]

    def focused(self) -> Subject | None:
        """The one that has the keys."""
        at = self.screen.focused
        return next((subject for subject, pane in self.shown if pane.view is at), None)

    def _follow(self, view: ChartView) -> None:
        """All charts show the part of time that this one shows."""
        self.window = view.plot.window
        for _, pane in self.shown:
            if pane.view is not view:
                pane.view.set_window(self.window)
        self.changed()
