"""The chart on the whole screen: one, all of a deployment, the equity of all deployments, or one against another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

from textual.app import ComposeResult
from textual.binding import Binding
from textual.events import DescendantFocus, Resize

from qctui.engine.engine_port import Subscription, Visibility
from qctui.model.chart import EQUITY_CHART
from qctui.model.keys import Key, chart_key, detail_key
from qctui.plot.windows import named
from qctui.ui.actions.controller import DEPLOYMENT
from qctui.ui.charts.chart_pane import ChartPane
from qctui.ui.charts.chart_tiles import Arrangement, Subject, Tiles
from qctui.ui.charts.chart_view import ChartView
from qctui.ui.console_screen import ConsoleScreen, choose_one
from qctui.ui.context import AppContext, Detail, DetailKind
from qctui.ui.keys.keymap import Command, Scope, bindings
from qctui.ui.kit.bar import Bar
from qctui.ui.kit.pane import Pane
from qctui.ui.kit.render_context import RenderContext
from qctui.ui.selection import Picked
from qctui.value import replace

_MAIN_KEYS = frozenset(
    {
        "pick_chart", "previous_chart", "next_chart", "back", "next_pane", "previous_pane", "overlay", "chart_grid",
        "equity_grid",
    }
)  # fmt: skip
"""Commands of the main screen that mean the same here."""
_FOOTER = (
    "help", "back", "liquidate", "stop", "chart_open", "zoom_in", "window_next", "next_chart", "chart_series",
    "chart_grid", "overlay", "pan_left", "log_scale", "export_chart", "chart_mark", "panic", "chart_zone",
    "equity_grid", "percent_scale", "zoom_out", "pan_right",
)  # fmt: skip
"""Keys in the footer of this screen, those that must be there first."""


class ChartScreen(ConsoleScreen):
    """Shows charts of the store."""

    ACTS_ON = frozenset({DEPLOYMENT})
    NAME = "a chart"
    BINDINGS = [  # noqa: RUF012  # as its base declares it
        *(each for each in bindings(Scope.MAIN, Scope.PANES) if isinstance(each, Binding) and each.id in _MAIN_KEYS),
        *bindings(Scope.TILES),
    ]
    DEFAULT_CSS = """
    ChartScreen > #subject { background: $panel; }
    """

    def __init__(self, context: AppContext, detail: Detail) -> None:
        super().__init__(context)
        chart = detail.chart or EQUITY_CHART
        self._shown = Arrangement(context.engine.store, lambda: self.project_id, detail.name, detail.kind, chart)
        self._compares = detail.kind is DetailKind.OVERLAY
        """It begins with the question what to compare with."""
        self._tiles = Tiles(self._glyphs, detail.window, self.open_charts)
        self._tiles.changed = self._show_now
        self._subject = Bar(self._glyphs, id="subject")
        # The chart that had them may stand elsewhere by now, and another one in its place.
        self.action_bar.give_keys = self._show_page

    def compose(self) -> ComposeResult:
        """Whose chart, the charts, actions under way, alert line, keys."""
        return self._subject, self._tiles, self.action_bar, self.alert_line, self.key_bar

    async def on_mount(self) -> None:
        """Lay out the charts."""
        await self._lay_out()
        if self._compares:
            self._choose_against()

    # What is shown

    def subscriptions(self) -> tuple[Subscription, ...]:
        """What the engine should keep current for this screen now."""
        keys: list[Key[Any]] = [detail_key(self.project_id)]
        for subject, pane in self._tiles.shown:
            for each in (subject, self._shown.against):
                if each is not None and each.chart:
                    keys.append(chart_key(each.project_id, each.chart, *pane.view.wanted))
        return tuple(Subscription(key, Visibility.OPENED) for key in keys)

    def show_changes(self, keys: frozenset[Key[Any]]) -> None:
        """These keys have newer resources."""
        if not self.is_mounted:
            return
        if not self._shown.single and self._shown.subjects() != self._tiles.subjects:
            # The keys may be elsewhere: in the action bar.
            self._show_page(focus=self.focused is None or isinstance(self.focused, ChartView))
        elif any(key.kind in {"chart", "detail"} for key in keys):
            self._show_now()
        else:
            super().show_changes(keys)

    def _show_page(self, at: int | None = None, *, focus: bool = True) -> None:
        """Show the page on which a chart is: the one that has the keys, if it is not another."""
        subjects = self._shown.subjects()
        self._tiles.show_page(subjects, self._shown.place(subjects) if at is None else at, focus=focus)
        self._follow_focus()
        self._show_now()

    def _show_now(self) -> None:
        """Show what the store has now, and ask for the rest; once it has closed, nothing."""
        if self.is_open:
            self.show_all(self.ages.context())

    def show_all(self, context: RenderContext) -> None:
        """Draw everything from what the store holds."""
        for subject, pane in self._tiles.shown:
            self._draw(f"The chart {subject.chart}", partial(self._show_tile, subject, pane, context), pane)
        super().show_all(context)
        self._draw("The line above the charts", self._show_subject, self._subject)
        self.subscribe(self.subscriptions())

    def _show_tile(self, subject: Subject, pane: ChartPane, context: RenderContext) -> None:
        shown = self._shown
        pane.show(
            shown.resource(subject, *pane.view.wanted),
            context,
            project_id=subject.project_id,
            name=subject.chart,
            names=shown.charts if shown.single else (),
            project=subject.label if shown.kind is DetailKind.EQUITIES else shown.project,
        )

    def _show_subject(self) -> None:
        shown, tiles = self._shown, self._tiles
        words = {
            DetailKind.CHARTS: f"all charts of {shown.project}",
            DetailKind.EQUITIES: "equity of all deployments",
        }.get(shown.kind, shown.project)
        spans = [(" ", ""), (words, "title bold")]
        right: list[tuple[str, str]] = []
        if shown.against is not None:
            spans.append((f" against {shown.against.label}", "mark"))
        if not shown.single:
            total = len(tiles.subjects)
            window = next((named(pane.view.plot.window) for _, pane in tiles.shown), "")
            page = f"{len(tiles.shown)} of {total}, page {tiles.page[0]}/{tiles.page[1]} "
            right = [(f"{window} ", "key"), (page, "muted")]
            if not total:
                spans.append((" (none known yet)", "muted"))
        self._subject.show_line(spans, right)

    # How it is arranged

    def _room(self) -> tuple[int, int]:
        """Columns and rows of charts that fit."""
        return (1, 1) if self._shown.single else Tiles.room(self.size)

    async def _lay_out(self) -> None:
        # Asked for by what goes on in the app: a key behind it may have closed the screen.
        if not self.is_open:
            return
        subjects = self._shown.subjects()
        await self._tiles.lay_out(subjects, self._shown.place(subjects), self._room(), small=not self._shown.single)
        self._follow_focus()
        self._show_now()

    def on_resize(self, event: Resize) -> None:
        """Another size holds another number of small charts."""
        if self._tiles.laid_out is not None and self._room() != self._tiles.laid_out:
            self.call_later(self._lay_out)

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """A click selects too."""
        self._follow_focus()

    @property
    def panes(self) -> Sequence[Pane]:
        """The charts on screen."""
        return [pane for _, pane in self._tiles.shown]

    def choose(self, pane: Pane) -> None:
        """Give a chart the keys, and select it."""
        super().choose(pane)
        self._follow_focus()

    def _follow_focus(self) -> None:
        """What has the keys is what is selected."""
        subject = self._tiles.focused()
        if subject is None or self._shown.is_meant(subject):
            return
        if self._shown.kind is DetailKind.CHARTS:
            self._shown.chart = subject.chart
        elif self._shown.kind is DetailKind.EQUITIES:
            self._app_context.selected.change(Picked(subject.project_id))

    def open_charts(self, kind: DetailKind) -> None:
        """One of the small ones large, or another arrangement."""
        if kind is DetailKind.OVERLAY:
            self._choose_against()
        elif kind is not DetailKind.CHART or not self._shown.single:
            self._turn_to(kind, EQUITY_CHART if self._shown.kind is DetailKind.EQUITIES else "")

    def _turn_to(self, kind: DetailKind, chart: str = "") -> None:
        self._shown.change(kind, chart)
        self._shown.against = None
        # The app's: it goes on before the next key is looked at.
        self.app.call_next(self._lay_out)

    async def _enlarge(self, chart: str) -> None:
        self._shown.change(DetailKind.CHART, chart)
        await self._lay_out()

    def _take_chart(self, chart: str) -> None:
        self._shown.chart, self._shown.against = chart, None
        self._tiles.take(self._shown.subjects()[0])
        self._show_now()

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only a chart that is there can be gone to."""
        if action == "go_to_tile":
            return isinstance(parameters[0], int) and parameters[0] <= len(self._tiles.shown)
        return True

    def action_open_chart(self, kind: str) -> None:
        """Another arrangement of charts."""
        self.open_charts(DetailKind(kind))

    def action_go_to_tile(self, number: int) -> None:
        """Give the keys to one of several charts."""
        self.choose(self.panes[number - 1])

    def go_back(self) -> None:
        """One step back: to the grid a chart was enlarged from, or to where this was opened."""
        if self._shown.before is not None:
            self._turn_to(self._shown.before)
        else:
            super().go_back()

    def action_turn_chart(self, by: int) -> None:
        """The next or previous chart; with several on screen, page."""
        if not self._shown.single:
            page, pages = self._tiles.page
            self._show_page((page - 1 + by) % pages * self._tiles.most)
        elif names := self._shown.charts:
            at = names.index(self._shown.chart) if self._shown.chart in names else -by
            self._take_chart(names[(at + by) % len(names)])

    def action_pick_chart(self) -> None:
        """Choose a chart of the deployment."""

        async def chosen(chart: str) -> None:
            if not self._shown.single:
                await self._enlarge(chart)
            self._take_chart(chart)

        self.choose_chart(self._shown.charts, self._shown.chart, chosen)

    def _choose_against(self) -> None:
        others = self._shown.others()

        async def chosen(place: int) -> None:
            if not self._shown.single or self._shown.chart != EQUITY_CHART:
                await self._enlarge(EQUITY_CHART)
            self._shown.against = others[place - 1] if place else None
            for _, pane in self._tiles.shown:
                pane.view.set_view(percent=place > 0)
            self._show_now()

        labels = ["nothing", *(each.label for each in others)]
        choose_one(self, "Compare the equity with", labels, self._glyphs, chosen)

    def footer_commands(self) -> Iterable[Command]:
        """The commands whose keys work now, each with its place in the footer of this screen."""
        for command in super().footer_commands():
            yield replace(command, footer=_FOOTER.index(command.id) if command.id in _FOOTER else None)

    def on_unmount(self) -> None:
        """Nothing is read for it any more."""
        self._app_context.subscribe(self, ())
