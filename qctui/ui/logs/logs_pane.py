"""The log of a deployment: its end, followed until a person scrolls back, its older lines, and a search in it all."""

from __future__ import annotations

from collections.abc import Callable

from qctui.model.deployment import LogPage
from qctui.model.keys import Key, log_lines_key
from qctui.model.resource import Resource
from qctui.ui.kit.pane import Pane
from qctui.ui.kit.render_context import RenderContext, nothing
from qctui.ui.logs.log_reading import LogReading, times_of
from qctui.ui.logs.log_view import FOLLOWING, LogView, Place
from qctui.ui.theme.glyph_set import Glyphs
from qctui.ui.wording.format import format_count
from qctui.ui.wording.load_state import LoadStateWords, describe

MOST_WINDOWS = 200
"""Windows taken over from what was read before at one go: more than any log keeps."""

Read = Callable[[Key[LogPage]], Resource[LogPage]]
"""What is known of a window."""


class LogsPane(Pane):
    """The log and its load state. Times in it are the algorithm's own."""

    searchable = True
    FILTER_HINT = "Enter searches the whole log for ..."

    def __init__(self, number: int, glyphs: Glyphs) -> None:
        self.view = LogView(glyphs)
        super().__init__(number, "Logs", self.view, glyphs)
        self.view.scrolled, self.view.turned = self._look, self._turn
        self.subscribed: Callable[[], object] = nothing
        """Called when other windows of the log are wanted than before."""
        self._log = LogReading()
        self._search: LogReading | None = None
        self._source = (0, "")
        """Project and deployment."""
        self.older = False
        """It is no longer the newest of its project: a search finds lines of newer ones too."""
        self._tail: LogPage | None = None
        self._left_at = FOLLOWING
        """Where the log was left for the search."""
        self._asked: tuple[Key[LogPage], ...] = ()
        """The windows that were wanted when that was last said."""
        self._state: LoadStateWords | None = None
        self._reading: Resource[LogPage] | None = None
        """What is known of the window that is being read; None while none is."""
        self._found: Resource[LogPage] = Resource()
        """The newest answer to the search."""

    def keys(self) -> tuple[Key[LogPage], ...]:
        """The windows that are to be read, besides the end of the log."""
        project_id, deploy_id = self._source
        if not deploy_id:
            return ()
        shown = self._shown
        starts = (shown.polled, self._missing())
        return tuple(log_lines_key(project_id, deploy_id, start, shown.query) for start in starts if start is not None)

    def show(self, resource: Resource[LogPage], source: tuple[int, str], context: RenderContext, read: Read) -> None:
        """Show the log of `source`, a project and its deployment. `resource` is its end, `read` returns other windows
        as far as they are known. What is read one after the other is joined as long as the pane lives."""
        if source != self._source:
            self._source, self._tail = source, None
            self._log = LogReading()
            if self._search is not None:
                self._search = LogReading(self._search.query)
            self._left_at, self._found = FOLLOWING, Resource()
            self.view.following = True
        if resource.value is not None and resource.value is not self._tail:
            self._tail = resource.value
            self._log.add_end(resource.value)
        self._take_windows(read)
        self._state = self._describe(resource, context)
        self._show_rows()
        self.show_title()
        self._asked = self.keys()

    def search(self, text: str) -> None:
        """Show what of the whole log contains this text, or the log itself again if it is empty."""
        if text == (self._search.query if self._search is not None else ""):
            return
        if self._search is None:
            self._left_at = self.view.place
        self._search = LogReading(text) if text else None
        self._found = Resource()
        self._show_rows(FOLLOWING if text else self._left_at)
        self.subscribed()

    def _look(self) -> None:
        """Whether it follows is in the title, and near the first line the lines before it are read."""
        self.show_title()
        self._ask_for_windows()

    def _turn(self, to_end: bool) -> None:
        """The beginning or the end of the log is not always among the lines that have been read."""
        shown = self._shown
        if not to_end:
            shown.go_to_beginning()
        elif shown.at_beginning:
            shown.go_to_end()
            self._show_rows(FOLLOWING)
        else:
            shown.go_to_end()
        self.show_title()
        self._ask_for_windows()

    def show_title(self) -> None:
        """Bring the title up to date."""
        if self._state is None:
            return
        shown, dot = self._shown, self._glyphs.dot
        joined = shown.log
        facts: list[tuple[str, str]] = []
        if self.filter_text != shown.query:
            facts.append(("Enter searches the whole log ", "mark bold"))
        elif self._search is not None:
            facts += self._match_facts(self._search)
        if joined.lines:
            below = self.view.below + (max(0, shown.end.end_line - joined.end_line) if shown.at_beginning else 0)
            lead = f"{dot} " if facts else ""
            if self.view.following and not shown.at_beginning:
                facts.append((f"{lead}following ", ""))
            else:
                facts.append((f"{lead}{format_count(below)} below, End follows ", "mark bold"))
        facts += self._reading_facts()
        if joined.lines:
            if joined.empty_window:
                facts.append((f"{dot} the newest answer has no rows ", "stale"))
            if times_of(joined.lines):
                facts.append((f"{dot} times in the algorithm's own zone ", "muted"))
            if joined.earlier:
                what = "lines" if self._search is None else "matches"
                facts.append((f"{dot} {format_count(joined.earlier)} earlier {what} not read ", "muted"))
        self.show_frame(tuple(facts), self._state)

    def drop_filter(self) -> bool:
        """Show the log itself again. False if nothing was searched for."""
        had = super().drop_filter() or self._search is not None
        self.search("")
        return had

    def filter_by(self, text: str) -> None:
        """What is typed stands out in what is on screen; Enter asks the server."""
        super().filter_by(text)
        self.view.highlight(text)
        self.show_title()

    def filter_kept(self) -> None:
        """Enter: search the whole log."""
        self.search(self.filter_text)

    def _leave_filter(self) -> None:
        super()._leave_filter()
        self.search("")

    @property
    def _shown(self) -> LogReading:
        return self._log if self._search is None else self._search

    def _missing(self) -> int | None:
        return self._shown.wanted(near_first=self.view.near_first, near_last=self.view.near_last)

    def _take_windows(self, read: Read) -> None:
        """Join every window that has come. One that is there already makes the next one wanted."""
        shown, (project_id, deploy_id) = self._shown, self._source
        for _ in range(2):
            if shown.polled is None:
                break
            found = read(log_lines_key(project_id, deploy_id, shown.polled, shown.query))
            if found.value is not None and found.value is not self._found.value:
                shown.add_end(found.value)
            if found.value is not None or found.error is not None or self._found.value is None:
                self._found = found
        self._reading = None
        for _ in range(MOST_WINDOWS):
            start = self._missing()
            if start is None:
                return
            self._reading = read(log_lines_key(project_id, deploy_id, start, shown.query))
            if self._reading.value is None:
                return
            begins = shown.add(start, self._reading.value)
            self._reading = None
            # The lines of the beginning are others than those that were shown.
            self._show_rows((shown.log.first_line, 0) if begins else None)

    def _describe(self, resource: Resource[LogPage], context: RenderContext) -> LoadStateWords:
        joined, search, expected = self._shown.log, self._search, format_count(self._shown.log.expected)
        if search is not None:
            resource, what = self._found, "matches"
            nothing = f"No line contains '{search.query}'. Esc shows the log again."
            if joined.expected:
                nothing = f"{expected} lines contain it; reading the newest{context.glyphs.ellipsis}"
        else:
            what, nothing = "log", "The log is empty."
            if joined.empty_window:
                nothing = f"No rows in this window, though the log has {expected}."
        return describe(resource, context, what=what, nothing=nothing, size=len(joined.lines))

    def _show_rows(self, place: Place | None = None) -> None:
        joined, words = self._shown.log, "" if self._state is None else self._state.body
        open_end = not self._shown.at_beginning
        self.view.show(joined.lines, joined.first_line, words, open_end=open_end, place=place)

    def _ask_for_windows(self) -> None:
        if self.keys() != self._asked:
            self.subscribed()

    def _match_facts(self, search: LogReading) -> list[tuple[str, str]]:
        if self._found.value is None:
            return [("searching the whole log ", "stale")] if self._found.error is None else []
        total = search.end.length
        count = f"{format_count(len(search.end.lines))}+" if total is None else format_count(total)
        facts = [(f"{count} match{'' if count == '1' else 'es'} ", "mark bold")]
        if (search.spans_deployments or self.older) and total != 0:
            others = "other" if self.older else "earlier"
            facts.append((f"{self._glyphs.dot} also of {others} deployments ", "stale"))
        return facts

    def _reading_facts(self) -> list[tuple[str, str]]:
        dot, alert = self._glyphs.dot, self._glyphs.alert
        if self._reading is not None and self._reading.error is not None:
            return [(f"{dot} {alert} more can't be read: {self._reading.error.message} ", "danger bold")]
        if self._missing() is not None:
            return [(f"{dot} reading more ", "stale")]
        stuck = self._shown.stuck if self.view.near_first or self._shown.at_beginning else ""
        return [(f"{dot} {stuck} ", "stale")] if stuck else []
