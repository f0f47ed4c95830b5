"""The chart on the whole screen: one, all of a deployment, the equity of all deployments, or one against another."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from textual.app import ComposeResult
from textual.binding import Binding
from textual.events import DescendantFocus, Resize

from qctui.engine.subscription import Pace, Subscription
from qctui.model.keys import Key, chart_key, detail_key
from qctui.plot.windows import named
from qctui.ui.actions.controller import DEPLOYMENT
from qctui.ui.charts.chart_choosers import Choose
from qctui.ui.charts.chart_footer import KEYS, footer
from qctui.ui.charts.chart_pane import ChartPane
from qctui.ui.charts.chart_subjects import EQUITY, Subject, Subjects
from qctui.ui.charts.chart_tiles import Tiles
from qctui.ui.charts.chart_view import ChartView
from qctui.ui.console_screen import ConsoleScreen
from qctui.ui.context import AppContext, Detail, DetailKind
from qctui.ui.keys.keymap import Command, Scope, bindings, commands_now
from qctui.ui.kit.bar import Bar
from qctui.ui.kit.render_context import RenderContext
from qctui.ui.selection import Picked


class ChartScreen(ConsoleScreen):
    """Shows charts of the store; `wants` is what the engine should keep current for it."""

    ACTS_ON = frozenset({DEPLOYMENT})
    NAME = "a chart"
    BINDINGS = [  # noqa: RUF012  # as its base declares it
        *(each for each in bindings(Scope.MAIN, Scope.PANES) if isinstance(each, Binding) and each.id in KEYS),
        *bindings(Scope.TILES),
    ]
    DEFAULT_CSS = """
    ChartScreen > #subject { background: $panel; }
    """

    def __init__(self, context: AppContext, detail: Detail) -> None:
        super().__init__(context)
        kind = detail.kind
        self._named = (self.project_id, detail.name)
        self._chart = detail.chart or EQUITY
        self._against: Subject | None = None
        self._mode: DetailKind = DetailKind.CHART if kind is DetailKind.OVERLAY else kind
        self._before: list[DetailKind] = []
        """The arrangements this one was reached through: Escape goes back the same way."""
        self._asks = kind is DetailKind.OVERLAY
        self._subjects = Subjects(context.engine.store)
        self._tiles = Tiles(self._glyphs, detail.window, self._open)
        self._tiles.changed = self._look
        self._subject = Bar(self._glyphs, id="subject")

    def compose(self) -> ComposeResult:
        """Whose chart, the charts, actions under way, keys."""
        yield self._subject
        yield self._tiles
        yield self.action_bar
        yield self.key_bar

    async def on_mount(self) -> None:
        """Lay out the charts."""
        await self._lay_out()
        if self._asks:
            self._choose_against()

    # What is shown

    def wants(self) -> tuple[Subscription, ...]:
        """What the engine should keep current for this screen."""
        found = [Subscription(detail_key(self.project_id), Pace.OPENED)]
        for subject, pane in self._tiles.shown:
            found += [Subscription(want.key, Pace.OPENED) for want in pane.wants(subject.project_id, subject.chart)]
            if self._against is not None:
                key = chart_key(self._against.project_id, self._against.chart, *pane.wanted)
                found.append(Subscription(key, Pace.OPENED))
        return tuple(found)

    @property
    def _project(self) -> str:
        known, name = self._named
        return name if known == self.project_id else self._subjects.name(self.project_id)

    def show_changes(self, keys: frozenset[Key[Any]]) -> None:
        """These keys have newer resources."""
        if not self.is_mounted:
            return
        if self._mode is not DetailKind.CHART and self._all() != self._tiles.subjects:
            # The keys may be elsewhere: in the action bar.
            focus = self.focused is None or isinstance(self.focused, ChartView)
            self._tiles.show_page(self._all(), self._at(), focus=focus)
            self._follow_focus()
            self.show_all(self.ages.context())
        elif any(key.kind in {"chart", "detail", "actions"} for key in keys):
            self.show_all(self.ages.context())

    def show_all(self, context: RenderContext) -> None:
        """Draw every chart on screen and the bars."""
        for subject, pane in self._tiles.shown:
            self._draw(f"The chart {subject.chart}", partial(self._show_tile, subject, pane, context), pane)
        self.show_actions(context)
        self._draw("The line above the charts", self._show_subject, self._subject)
        self.subscribe(self.wants())

    def _show_tile(self, subject: Subject, pane: ChartPane, context: RenderContext) -> None:
        names = self._subjects.charts(self.project_id) if self._mode is DetailKind.CHART else ()
        pane.show(
            self._subjects.resource(subject, self._against, self._mode, *pane.wanted),
            context,
            project_id=subject.project_id,
            name=subject.chart,
            names=names,
            project=self._project if self._mode is not DetailKind.EQUITIES else subject.label,
        )

    def _all(self) -> list[Subject]:
        """What there is to show, on this page or another."""
        return self._subjects.of(self._mode, self.project_id, self._project, self._chart)

    def _shape(self) -> tuple[int, int]:
        """Columns and rows of charts that fit."""
        return (1, 1) if self._mode is DetailKind.CHART else Tiles.room(self.size)

    def _at(self) -> int:
        """Which of them has the keys."""
        meant = [self._is_meant(each) for each in self._all()]
        return meant.index(True) if True in meant else 0

    def _is_meant(self, subject: Subject) -> bool:
        if self._mode is DetailKind.CHARTS:
            return subject.chart == self._chart
        return subject.project_id == self.project_id

    async def _lay_out(self) -> None:
        small = self._mode is not DetailKind.CHART
        await self._tiles.lay_out(self._all(), self._at(), self._shape(), small=small)
        self._follow_focus()
        self.show_all(self.ages.context())

    def _follow_focus(self) -> None:
        """What has the keys is what is selected."""
        subject = self._tiles.focused()
        if subject is None or self._is_meant(subject):
            return
        if self._mode is DetailKind.CHARTS:
            self._chart = subject.chart
        elif self._mode is DetailKind.EQUITIES:
            self._app_context.selected.change(Picked(subject.project_id))

    def _show_subject(self) -> None:
        words = {
            DetailKind.CHARTS: f"all charts of {self._project}",
            DetailKind.EQUITIES: "equity of all deployments",
        }.get(self._mode, self._project)
        spans = [(" ", ""), (words, "title bold")]
        if self._against is not None:
            spans.append((f" against {self._against.label}", "mark"))
        total = len(self._all())
        right: list[tuple[str, str]] = []
        if self._mode is not DetailKind.CHART:
            window = next((named(pane.view.plot.window) for _, pane in self._tiles.shown), "")
            right = [
                (f"{window} ", "key"),
                (f"{len(self._tiles.shown)} of {total}, page {self._tiles.page[0]}/{self._tiles.page[1]} ", "muted"),
            ]
            if not total:
                spans.append((" (none known yet)", "muted"))
        self._subject.show_line(spans, right)

    # Keys

    def _look(self) -> None:
        """Other data are needed: show what the store has of them, and ask for the rest."""
        self.show_all(self.ages.context())

    def _open(self, kind: DetailKind) -> None:
        """One of the small ones large, or another arrangement."""
        if kind is DetailKind.OVERLAY:
            self._choose_against()
        elif kind is not DetailKind.CHART or self._mode is not DetailKind.CHART:
            if self._mode is DetailKind.EQUITIES:
                self._chart = EQUITY
            self._turn_to(kind)

    def _turn_to(self, mode: DetailKind) -> None:
        self._enter(mode)
        self._against = None
        # The app's: it goes on before the next key is looked at.
        self.app.call_next(self._lay_out)

    def _enter(self, mode: DetailKind) -> None:
        """Another arrangement, from which Escape leads back to this one; to one it was reached through, no further."""
        if mode in self._before:
            del self._before[self._before.index(mode) :]
        elif mode is not self._mode:
            self._before.append(self._mode)
        self._mode = mode

    def action_open_chart(self, kind: str) -> None:
        """Another arrangement of charts."""
        self._open(DetailKind(kind))

    def action_go_to_tile(self, number: int) -> None:
        """Give the keys to one of several charts."""
        self._tiles.shown[number - 1][1].focus_body()
        self._follow_focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only a chart that is there can be gone to."""
        if action == "go_to_tile":
            return isinstance(parameters[0], int) and parameters[0] <= len(self._tiles.shown)
        return True

    def go_back(self) -> None:
        """One step back: to the grid a chart was enlarged from, or to where this was opened."""
        if self._before:
            self._turn_to(self._before[-1])
        else:
            self.dismiss(None)

    def action_go_on(self, by: int) -> None:
        """Give the keys to the next chart."""
        if by > 0:
            self.focus_next()
        else:
            self.focus_previous()
        self._follow_focus()

    def action_turn_chart(self, by: int) -> None:
        """The next or previous chart; with several on screen, page."""
        if self._mode is not DetailKind.CHART:
            page, pages = self._tiles.page
            self._tiles.show_page(self._all(), (page - 1 + by) % pages * self._tiles.most)
            self._follow_focus()
            self.show_all(self.ages.context())
            return
        names = self._subjects.charts(self.project_id)
        if names:
            at = names.index(self._chart) if self._chart in names else -by
            self._take_chart(names[(at + by) % len(names)])

    def action_pick_chart(self) -> None:
        """Choose a chart of the deployment."""
        names = self._subjects.charts(self.project_id)
        if not names:
            self.say("This deployment's charts are not known yet")
            return

        async def chosen(place: int | None) -> None:
            if place is None:
                return
            if self._mode is not DetailKind.CHART:
                self._enter(DetailKind.CHART)
                self._chart = names[place]
                await self._lay_out()
            self._take_chart(names[place])

        current = names.index(self._chart) if self._chart in names else None
        self.app.push_screen(Choose("Chart", names, self._glyphs, current=current), chosen)

    def _take_chart(self, chart: str) -> None:
        self._chart = chart
        self._against = None
        self._tiles.take(Subject(self.project_id, chart, self._project))
        self.show_all(self.ages.context())

    def _choose_against(self) -> None:
        others = self._subjects.others(self.project_id)
        labels = ["nothing", *(each.label for each in others)]

        async def chosen(place: int | None) -> None:
            if place is None:
                return
            if self._mode is not DetailKind.CHART or self._chart != EQUITY:
                self._enter(DetailKind.CHART)
                self._chart = EQUITY
                await self._lay_out()
            self._against = others[place - 1] if place else None
            for _, pane in self._tiles.shown:
                pane.view.set_view(percent=place > 0)
            self.show_all(self.ages.context())

        self.app.push_screen(Choose("Compare the equity with", labels, self._glyphs), chosen)

    # Around it

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """A click selects too, and the footer shows the keys that work now."""
        self._follow_focus()
        self.show_keys()

    def footer_commands(self) -> Iterable[Command]:
        """The commands whose keys work now, in this screen's own order."""
        return footer({command.id for command in commands_now(self)})

    def on_resize(self, event: Resize) -> None:
        """Another size holds another number of small charts."""
        if self._tiles.laid_out is not None and self._shape() != self._tiles.laid_out:
            self.call_later(self._lay_out)

    def on_unmount(self) -> None:
        """Nothing is read for it any more."""
        self.subscribe(())
