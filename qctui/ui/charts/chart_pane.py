"""The chart pane: one chart of the current deployment, with its load state, its age and what the crosshair reads."""

from __future__ import annotations

from collections.abc import Sequence

from textual import work

from qctui.engine.engine_port import Subscription
from qctui.model.chart import Chart
from qctui.model.keys import chart_key
from qctui.model.resource import Resource
from qctui.plot import crosshair, times, windows
from qctui.plot.compose import Drawing
from qctui.plot.export import csv_text, svg_text
from qctui.plot.grid import TEXT, CellGrid
from qctui.plot.marks import TAGGED
from qctui.plot.reading import gain, reading_last, value_text
from qctui.ui.charts.chart_view import ChartView
from qctui.ui.console_screen import choose_one
from qctui.ui.kit.file_writing import write_and_say
from qctui.ui.kit.pane import Pane
from qctui.ui.kit.render_context import RenderContext
from qctui.ui.kit.spans import Spans
from qctui.ui.theme.glyph_set import Glyphs
from qctui.ui.wording.load_state import LoadState, LoadStateWords, describe

STALE_AFTER_S = 300.0
"""Charts are read once a minute: five missed readings are not a hiccup."""


_FILES = {"csv": "CSV: the visible numbers", "svg": "SVG: a picture", "txt": "TXT: the characters"}
"""What a chart can be written as, by the file's ending."""

_ROLES = {"+": "pnl-up", "-": "pnl-down"}


class ChartPane(Pane):
    """Title, chart, note. `show` is its only way in for data.

    Its screen reads from the view which data it would like, and which chart or size.
    """

    def __init__(self, glyphs: Glyphs, *, number: int = 4, id: str = "chart", named: bool = True) -> None:
        """`named`: the chart's name stands beside the title."""
        self.view = ChartView(ascii=glyphs.ascii)
        super().__init__(number, "Chart", self.view, glyphs, id=id)
        self.view.looked = self._draw_facts
        self.view.picks_series = self._open_switches
        self.view.exports = self._open_export
        self._named = named
        self._subject: tuple[int, str] | None = None
        self._names: tuple[str, ...] = ()
        self._project = ""
        self._render_context: RenderContext | None = None
        self._read_at = 0.0
        """When the chart that is drawn was read, Unix seconds."""

    def show(
        self,
        resource: Resource[Chart],
        context: RenderContext,
        *,
        project_id: int,
        name: str,
        names: Sequence[str] = (),
        project: str = "",
        nothing: str = "No chart is selected.",
    ) -> None:
        """Show the resource of chart `name` of a project; `names` are all charts the deployment reports.

        `project`, its name, goes into files: a picture has no screen around it that says whose chart it is.
        While another window of the same chart has no value yet, what is there stays drawn. An empty `name`: there is no
        chart, and `nothing` says why.
        """
        subject = (project_id, name)
        if subject != self._subject:
            self._subject = subject
            self.view.forget()
        self._names, self._project = tuple(names), project
        self._render_context = context
        if resource.value is not None:
            self._read_at = resource.fetched_at or context.now
        # Where a replay went back, what is drawn may be what was only read later.
        of_later = context.replay and self._read_at > context.now
        chart = self.view.chart if resource.value is None and not of_later else resource.value
        words = describe(
            resource,
            context,
            what="chart",
            nothing=self._nothing(resource.value),
            stale_after_s=STALE_AFTER_S,
            size=chart.points + sum(len(series.rows) for series in chart.series) if chart is not None else None,
        )
        if not name:
            chart, words = None, LoadStateWords(LoadState.EMPTY, (), body=nothing)
        self._words = words
        self.view.show_chart(chart, now=context.now, zone=context.zone, words=words.body)
        self._draw_facts()

    @property
    def name_shown(self) -> str:
        """The chart it shows."""
        return self._subject[1] if self._subject is not None else ""

    def subscriptions(self, project_id: int, name: str) -> tuple[Subscription, ...]:
        """What the engine should keep current to show chart `name` of a project as it is looked at now."""
        return (Subscription(chart_key(project_id, name, *self.view.wanted)),) if name else ()

    def _open_switches(self) -> None:
        from qctui.ui.kit.chooser import SeriesSwitches

        names = list(dict.fromkeys(series.name for series in self.view.chart.series)) if self.view.chart else []
        if names:
            view = self.view
            self.app.push_screen(SeriesSwitches(names, lambda: view.plot.hidden, view.toggle_series, self._glyphs))

    def _open_export(self) -> None:
        if self.view.drawing is None:
            self.app.notify("There is no chart to write yet", severity="warning", markup=False)
            return
        endings, labels = list(_FILES), list(_FILES.values())
        choose_one(self, "Write the chart to a file", labels, self._glyphs, lambda place: self._export(endings[place]))

    @work(group="export", exit_on_error=False)
    async def _export(self, ending: str) -> None:
        drawing, context = self.view.drawing, self._render_context
        if drawing is None or context is None:
            return
        titled = self._titled(self.view.shown)
        inks, name = self.view.inks, f"{self._project} {self.name_shown}".strip()

        def make() -> str:
            if ending == "csv":
                return csv_text(drawing)
            return svg_text(titled, inks.hexes, inks.background, name) if ending == "svg" else titled.text() + "\n"

        await write_and_say(self.app, make, name, ending, context.now)

    def _titled(self, cells: CellGrid) -> CellGrid:
        """The cells with the title's words above them: a picture has no pane around it."""
        grid = CellGrid(cells.width, cells.height + 1)
        grid.chars[1:], grid.inks[1:] = cells.chars, cells.inks
        facts = "".join(text for text, _ in self._facts).strip()
        name = facts if self._named else f"{self.name_shown} {facts}"
        grid.put(0, 0, f"{self._project}: {name}" if self._project else name, TEXT)
        return grid

    def _draw_facts(self) -> None:
        self.show_frame(self._facts_now(), self._words)

    @property
    def _state_words(self) -> LoadStateWords:
        """The picture is drawn apart from the rest, and later: its failure is the pane's too."""
        defect = self.view.defect
        return self.defect_words(f"not drawn ({defect})") if defect and not self._defect else super()._state_words

    def _facts_now(self) -> Spans:
        view, drawing = self.view, self.view.drawing
        name = self.name_shown
        if not name or self._render_context is None:
            return ()
        # A small chart's title is its name: nothing after it may be cut in the middle of a number.
        window = (f"{windows.named(view.plot.window)} ", "key")
        facts: list[tuple[str, str]] = [(f"{name} ", "title"), window] if self._named else [("", "")]
        if drawing is not None and drawing.panels:
            at = view.visible_crosshair
            facts += self._last(drawing) if at is None else self._under(drawing, at)
        place = self._names.index(name) + 1 if name in self._names else 0
        if place and len(self._names) > 1:
            facts.append((f"{place}/{len(self._names)} ", "muted"))
        return (*facts, *(self._hints(drawing) if drawing is not None and drawing.panels else ()))

    def _under(self, drawing: Drawing, at: float) -> Spans:
        """When the crosshair is, and what is there where no legend says so."""
        view = self.view
        spans = [(f"{times.date_text(at, view.plot.zone)} {times.zone_name(at, view.plot.zone)} ", "title")]
        if all(panel.legend_row is None for panel in drawing.panels):
            spans.append((f"{crosshair.summary(drawing, view.plot, at)} ", "muted"))
        return tuple(spans)

    def _last(self, drawing: Drawing) -> Spans:
        """The last visible value of what the chart is about, where that is one series."""
        main = [mark for mark in drawing.panels[0].marks if mark.drawn and mark.kind in TAGGED]
        if len(main) != 1:
            return ()
        change = gain(main[0], drawing.time, self.view.plot)
        value = (f"{value_text(reading_last(main[0], drawing.time), main[0].series.unit)} ", "title bold")
        return (value, (f"{change} ", _ROLES.get(change[:1], "muted"))) if change else (value,)

    def _hints(self, drawing: Drawing) -> Spans:
        view, dot = self.view, self._glyphs.dot
        hints: list[str] = []
        if drawing.bucket_s:
            hints.append(f"{times.length_text(drawing.bucket_s)} candles")
        if view.plot.percent:
            hints.append("change in %")
        if view.plot.log and not drawing.notes:
            hints.append("log")
        if view.plot.mark is not None:
            hints.append("from mark")
        spans: list[tuple[str, str]] = [(f"{dot} {hint} ", "muted") for hint in hints]
        chart = self.view.chart
        if chart is not None and chart.sparse:
            spans.append((f"{dot} sparse: {chart.points} points for {windows.named(view.plot.window)} ", "stale"))
        spans += [(f"{dot} {note} ", "stale") for note in drawing.notes]
        return tuple(spans)

    def _nothing(self, chart: Chart | None) -> str:
        if chart is None or not chart.series:
            return "The chart has no series."
        names = ", ".join(series.name for series in chart.series[:3])
        return f"No points in this window\n{names}\nA longer one may have some: - or w"
