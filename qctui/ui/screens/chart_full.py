"""The chart on the whole screen: one, all of a deployment, the equity of all deployments, or one against another."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container
from textual.events import DescendantFocus, Resize
from textual.screen import Screen

from qctui.engine.view import Pace, Want
from qctui.model.action import ACTIONS
from qctui.model.chart import ChartWindow
from qctui.model.keys import DEPLOYMENTS, Key, chart_key, detail_key
from qctui.ui.acting import Selection
from qctui.ui.keymap import COMMANDS, Scope, bindings
from qctui.ui.messages import DetailKind
from qctui.ui.moment import AgeTimer, Moment
from qctui.ui.plot.windows import named
from qctui.ui.screens.chart_choose import Choose
from qctui.ui.screens.chart_subjects import EQUITY, Subject, Subjects
from qctui.ui.screens.details import Surroundings
from qctui.ui.widgets.action_bar import ActionBar
from qctui.ui.widgets.bar import Bar
from qctui.ui.widgets.chart_pane import ChartPane
from qctui.ui.widgets.chart_view import ChartView
from qctui.ui.widgets.footer import KeyBar

TILE = (38, 9)
"""Columns and rows a small chart needs."""
MOST_TILES = 12
"""Small charts at once: each costs a read a minute."""


_KEYS = frozenset({"pick_chart", "previous_chart", "next_chart", "back", "next_pane", "previous_pane"})
"""Commands of the main screen that mean the same here."""


class ChartScreen(Screen[None]):
    """Shows charts of the store; `wants` is what it would like to be kept current."""

    AUTO_FOCUS = ""
    BINDINGS = [each for each in bindings(Scope.MAIN, Scope.PANES) if isinstance(each, Binding) and each.id in _KEYS]  # noqa: RUF012  # as its base declares it
    DEFAULT_CSS = """
    ChartScreen > #charts { height: 1fr; layout: grid; grid-size: 1 1; grid-gutter: 0 1; }
    ChartScreen > #subject { background: $panel; }
    """

    def __init__(
        self,
        around: Surroundings,
        *,
        project_id: int,
        name: str,
        chart: str = EQUITY,
        kind: DetailKind = DetailKind.CHART,
        window: ChartWindow | None = None,
    ) -> None:
        """`name` is the project's, as it is on screen; `window` the part of time to begin with."""
        super().__init__(id="chart-screen")
        self._around, self._engine, self._glyphs = around, around.engine, around.glyphs
        self._project_id, self._project = project_id, name
        self._chart = chart or EQUITY
        self._against: Subject | None = None
        self._mode: DetailKind = DetailKind.CHART if kind is DetailKind.OVERLAY else kind
        self._asks = kind is DetailKind.OVERLAY
        self._page = 0
        self._window = window
        self._told: tuple[Want, ...] = ()
        self._subjects = Subjects(around.engine.store)
        self._tiles: list[tuple[Subject, ChartPane]] = []
        self._laying_out = asyncio.Lock()
        self._laid_out: tuple[int, int] | None = None
        self._subject = Bar(self._glyphs, id="subject")
        self._keys = KeyBar(self._glyphs, around.options.keymap)
        self._actions = ActionBar(self._glyphs, id="chart-actions")
        self._ages = AgeTimer(around.engine.clock, around.options.zone, self._glyphs, self._start_timer, self._show)

    def compose(self) -> ComposeResult:
        """Whose chart, the charts, actions under way, keys."""
        yield self._subject
        yield Container(id="charts")
        yield self._actions
        yield self._keys

    async def on_mount(self) -> None:
        """Lay out the charts."""
        await self._lay_out()
        if self._asks:
            self._choose_against()

    # What is shown

    def wants(self) -> tuple[Want, ...]:
        """What the engine should keep current for this screen."""
        found = [Want(detail_key(self._project_id), Pace.OPENED)]
        for subject, pane in self._tiles:
            found += [Want(want.key, Pace.OPENED) for want in pane.wants(subject.project_id, subject.chart)]
            if self._against is not None:
                key = chart_key(self._against.project_id, self._against.chart, *pane.wanted)
                found.append(Want(key, Pace.OPENED))
        return tuple(found)

    @property
    def acting_selection(self) -> Selection:
        """The deployment whose chart has the keys is what an action aims at."""
        tile = self._focused_tile()
        return Selection((tile[0].project_id if tile is not None else self._project_id,))

    def show_changes(self, keys: frozenset[Key[Any]]) -> None:
        """These keys have newer resources."""
        if (
            self._mode is DetailKind.EQUITIES
            and DEPLOYMENTS in keys
            and self._subjects.of(self._mode, self._project_id, self._project, self._chart)
            != [s for s, _ in self._tiles]
        ):
            self.call_later(self._lay_out)
            return
        if any(key.kind in {"chart", "detail", "actions"} for key in keys):
            self._show(self._ages.moment())

    def _show(self, moment: Moment) -> None:
        for subject, pane in self._tiles:
            names = self._subjects.charts(self._project_id) if self._mode is DetailKind.CHART else ()
            pane.show(
                self._subjects.resource(subject, self._against, self._mode, *pane.wanted),
                moment,
                project_id=subject.project_id,
                name=subject.chart,
                names=names,
            )
        self._actions.show(self._engine.store.get(ACTIONS).value or (), moment)
        self._show_subject()
        self._tell()

    def _shape(self) -> tuple[int, int]:
        """Columns and rows of charts that fit."""
        if self._mode is DetailKind.CHART:
            return 1, 1
        columns = max(1, min(4, self.size.width // TILE[0]))
        return columns, max(1, min(MOST_TILES // columns, (self.size.height - 2) // TILE[1]))

    async def _lay_out(self) -> None:
        # Keys and resizes arrive on different queues; two of these at once would mount everything twice.
        async with self._laying_out:
            await self._mount_tiles()

    async def _mount_tiles(self) -> None:
        subjects = self._subjects.of(self._mode, self._project_id, self._project, self._chart)
        columns, rows = self._laid_out = self._shape()
        room = columns * rows
        pages = max(1, -(-len(subjects) // room))
        self._page %= pages
        shown = subjects[self._page * room : (self._page + 1) * room]
        rows = max(1, -(-len(shown) // columns))
        charts = self.query_one("#charts", Container)
        await charts.remove_children()
        charts.styles.grid_size_columns, charts.styles.grid_size_rows = columns, rows
        self._tiles = []
        for number, subject in enumerate(shown, 1):
            title = "Chart" if self._mode is DetailKind.CHART else subject.label
            pane = ChartPane(
                self._glyphs, number=number, title=title, id=f"tile-{number}", named=self._mode is DetailKind.CHART
            )
            if self._window is not None:
                pane.view.plot = replace(pane.view.plot, window=self._window)
            self._tiles.append((subject, pane))
        await charts.mount_all([pane for _, pane in self._tiles])
        if self._tiles:
            self._tiles[0][1].focus_body()
        self._show(self._ages.moment())

    def _show_subject(self) -> None:
        words = {
            DetailKind.CHARTS: f"all charts of {self._project}",
            DetailKind.EQUITIES: "equity of all deployments",
        }.get(self._mode, self._project)
        spans = [(" ", ""), (words, "title bold")]
        if self._against is not None:
            spans.append((f" against {self._against.label}", "mark"))
        total = len(self._subjects.of(self._mode, self._project_id, self._project, self._chart))
        right: list[tuple[str, str]] = []
        if self._mode is not DetailKind.CHART:
            window = named(self._tiles[0][1].view.plot.window) if self._tiles else ""
            right = [(f"{window} ", "key"), (f"{len(self._tiles)} of {total}, page {self._page + 1} ", "muted")]
            if not total:
                spans.append((" (none known yet)", "muted"))
        self._subject.show_line(spans, right)

    def _tell(self) -> None:
        wanted = self.wants()
        if wanted != self._told:
            self._told = wanted
            self._around.keep_open(self, wanted)

    # Keys

    @on(ChartView.WindowChanged)
    def look(self, event: ChartView.WindowChanged) -> None:
        """Small charts share their window: one that moves takes the others along."""
        self._window = event.view.plot.window
        for _, pane in self._tiles:
            if pane.view is not event.view:
                pane.view.set_window(self._window)
        self._show(self._ages.moment())

    @on(ChartView.OpenWanted)
    async def open(self, event: ChartView.OpenWanted) -> None:
        """One of the small ones large, or another arrangement."""
        tile = self._focused_tile()
        if event.kind is DetailKind.OVERLAY:
            self._choose_against()
            return
        if event.kind is DetailKind.CHART:
            if self._mode is DetailKind.CHART or tile is None:
                return
            subject = tile[0]
            self._project_id, self._chart = subject.project_id, subject.chart
            self._project = subject.label if self._mode is DetailKind.EQUITIES else self._project
        await self._turn_to(event.kind)

    async def _turn_to(self, mode: DetailKind) -> None:
        self._mode, self._page, self._against = mode, 0, None
        await self._lay_out()

    def action_back(self) -> None:
        """Back to where this was opened."""
        self.dismiss(None)

    def action_go_on(self, by: int) -> None:
        """Give the keys to the next chart."""
        if by > 0:
            self.focus_next()
        else:
            self.focus_previous()

    async def action_turn_chart(self, by: int) -> None:
        """The next or previous chart; with several on screen, page."""
        if self._mode is not DetailKind.CHART:
            self._page += by
            await self._lay_out()
            return
        names = self._subjects.charts(self._project_id)
        if names:
            at = names.index(self._chart) if self._chart in names else -by
            self._take_chart(names[(at + by) % len(names)])

    def action_pick_chart(self) -> None:
        """Choose a chart of the deployment."""
        names = self._subjects.charts(self._project_id)
        if not names:
            self.app.notify("This deployment's charts are not known yet", severity="warning", markup=False)
            return

        async def chosen(place: int | None) -> None:
            if place is None:
                return
            if self._mode is not DetailKind.CHART:
                await self._turn_to(DetailKind.CHART)
            self._take_chart(names[place])

        current = names.index(self._chart) if self._chart in names else None
        self.app.push_screen(Choose("Chart", names, self._glyphs, current=current), chosen)

    def _take_chart(self, chart: str) -> None:
        self._chart = chart
        self._against = None
        self._tiles = [(Subject(self._project_id, chart, self._project), pane) for _, pane in self._tiles[:1]]
        self._show(self._ages.moment())

    def _choose_against(self) -> None:
        others = self._subjects.others(self._project_id)
        labels = ["nothing", *(each.label for each in others)]

        async def chosen(place: int | None) -> None:
            if place is None:
                return
            if self._mode is not DetailKind.CHART or self._chart != EQUITY:
                self._chart = EQUITY
                await self._turn_to(DetailKind.CHART)
            self._against = others[place - 1] if place else None
            self._tiles[0][1].view.set_view(percent=place > 0)
            self._show(self._ages.moment())

        self.app.push_screen(Choose("Compare the equity with", labels, self._glyphs), chosen)

    # Around it

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """The footer shows the keys that work now."""
        ids = {active.binding.id for active in self.active_bindings.values() if active.enabled}
        self._keys.show(command for command in COMMANDS if command.id in ids)

    def on_resize(self, event: Resize) -> None:
        """Another size holds another number of small charts."""
        if self._laid_out is not None and self._shape() != self._laid_out:
            self.call_later(self._lay_out)

    def on_unmount(self) -> None:
        """Nothing is wanted any more."""
        self._around.keep_open(self, ())

    @on(ActionBar.Ticked)
    def show_elapsed(self) -> None:
        """The seconds beside an action under way."""
        self._actions.show(self._engine.store.get(ACTIONS).value or (), self._ages.moment())

    def _focused_tile(self) -> tuple[Subject, ChartPane] | None:
        focused = self.focused
        return next((tile for tile in self._tiles if tile[1].view is focused), None)

    def _start_timer(self, seconds: float, callback: Callable[[], None]) -> Callable[[], None]:
        return self.set_timer(seconds, callback).stop
