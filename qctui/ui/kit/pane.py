"""A pane: a title with the age of what it shows, a body, and a line that says what is wrong; and lines to type into."""

from __future__ import annotations

from collections.abc import Callable

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.events import DescendantBlur, DescendantFocus, Key
from textual.widget import Widget
from textual.widgets import Input

from qctui.ui.kit.bar import Bar
from qctui.ui.kit.spans import Spans, cut_text
from qctui.ui.theme.glyph_set import Glyphs
from qctui.ui.wording.load_state import LoadState, LoadStateWords

FILTER_CELLS = 20
"""Of a filter in the title, with its sign: what is marked has to stand behind it even at 80 columns."""


class Field(Input):
    """Calls functions instead of posting messages, as Textual's own does: the next key would overtake those."""

    DEFAULT_CSS = """
    Field, Field:focus { height: 1; border: none; padding: 0 1; background: $panel; }
    """

    def __init__(
        self,
        value: str = "",
        *,
        placeholder: str,
        typed: Callable[[str], None],
        entered: Callable[[], object],
        left: Callable[[], object] | None = None,
    ) -> None:
        """`typed` is called with the text whenever it changes, `entered` on Enter, `left` on Escape: without it Escape
        is the screen's."""
        # First: a field that begins with a text calls `typed` while it is made.
        self._typed, self._entered, self._left = typed, entered, left
        super().__init__(value, placeholder=placeholder, select_on_focus=False)

    def on_mount(self) -> None:
        """A blinking cursor would send bytes all day."""
        self.cursor_blink = False

    def watch_value(self, value: str) -> None:
        """Another text."""
        self._typed(value)

    async def action_submit(self) -> None:
        """Enter."""
        self._entered()

    def on_key(self, event: Key) -> None:
        """Escape leaves."""
        if event.key == "escape" and self._left is not None:
            event.stop()
            event.prevent_default()
            self._left()


class FilterField(Field):
    """The line a filter is typed into."""

    BINDINGS = [  # noqa: RUF012  # as its base declares it
        Binding("down", "submit", "rows", show=False, id="filter_down", tooltip="To the rows that are left")
    ]


class Pane(Vertical):
    """Title line, body, note line. Subclasses give the body and call `show_frame`."""

    DEFAULT_CSS = """
    Pane { height: 1fr; width: 1fr; }
    Pane > .pane--note { display: none; }
    Pane.-noted > .pane--note { display: block; }
    """

    searchable = False
    """There is something here that a text can be looked for in."""
    FILTER_HINT = "rows that contain ..."

    def __init__(self, number: int, title: str, body: Widget, glyphs: Glyphs, *, id: str = "") -> None:
        """`number` is the key that leads here, 0 if none does. Without an `id` it is the title in lower case."""
        super().__init__(id=id or title.lower())
        self._body = body
        self._number = number
        self.title_text = title
        self._glyphs = glyphs
        self._bar = Bar(glyphs)
        self._note = Bar(glyphs)
        self._note.add_class("pane--note")
        self._facts: Spans = ()
        self._words = LoadStateWords(LoadState.LOADING, ())
        self._defect = ""
        self.filter_text = ""

    def compose(self) -> ComposeResult:
        """Title, body, note."""
        yield self._bar
        yield self._body
        yield self._note

    def show_frame(self, facts: Spans, words: LoadStateWords) -> None:
        """Show the load state, and the facts beside the name: the first one always, the others while they fit. While
        there is a filter the first is the count of what it leaves, and stands beside it; the second one is shown always
        as well."""
        self._facts, self._words = facts, words
        self._draw_frame()

    def show_defect(self, words: str) -> None:
        """Show the failed state in these words instead of the age, which is not true of what stands here; empty once it
        is drawn again."""
        if words != self._defect:
            self._defect = words
            self._draw_frame()

    def defect_words(self, words: str) -> LoadStateWords:
        """The failed state of what could not be drawn."""
        alert = self._glyphs.alert
        note = ((f"{alert} {words}", "danger"), (". The log has the details.", "muted"))
        return LoadStateWords(LoadState.FAILED, ((f"{alert} not drawn", "danger bold"),), note)

    def rename(self, title: str) -> None:
        """Call it something else."""
        if title != self.title_text:
            self.title_text = title
            self._draw_title()

    @property
    def load_state(self) -> LoadState:
        """The state it shows now."""
        return self._state_words.state

    async def open_filter(self) -> None:
        """Open the line in which a person types what rows must contain."""
        existing = self.query(FilterField)
        if existing:
            self.screen.set_focus(existing.first())
            return
        field = FilterField(
            self.filter_text,
            placeholder=self.FILTER_HINT,
            typed=self.filter_by,
            entered=self._keep_filter,
            left=self._leave_filter,
        )
        await self.mount(field, after=self._bar)
        self.screen.set_focus(field)

    def drop_filter(self) -> bool:
        """Show all rows again. False if there was no filter."""
        had = bool(self.filter_text) or bool(self.query(FilterField))
        self.filter_by("")
        self.query(FilterField).remove()
        return had

    def filter_by(self, text: str) -> None:
        """Show only what contains this text."""
        self.filter_text = text

    def filter_kept(self) -> None:
        """The filter was typed to its end."""

    def _keep_filter(self) -> None:
        self.filter_kept()
        self._close_filter()

    def _leave_filter(self) -> None:
        self.filter_by("")
        self._close_filter()

    def focus_body(self) -> None:
        """Give the keys to the body."""
        for widget in self.query("*"):
            if widget.can_focus and not isinstance(widget, FilterField):
                self.screen.set_focus(widget, scroll_visible=False)
                return

    @on(DescendantFocus)
    @on(DescendantBlur)
    def _show_focus(self) -> None:
        """The title shows which pane has the keys."""
        # Asked of the screen: what is said of one widget may arrive after what is said of the next.
        focused = self.screen.focused
        self.set_class(focused is not None and self in focused.ancestors, "-current")
        self._draw_title()

    def _close_filter(self) -> None:
        self.focus_body()
        self.query(FilterField).remove()

    @property
    def _state_words(self) -> LoadStateWords:
        """The words of the load state, or those of a failure to draw it."""
        return self.defect_words(self._defect) if self._defect else self._words

    def _draw_frame(self) -> None:
        words = self._state_words
        self._draw_title()
        self.set_class(bool(words.note), "-noted")
        self._note.show_line(((" ", ""), *words.note), (*words.note_right, (" ", "")))

    def _draw_title(self) -> None:
        current = self.has_class("-current")
        # The line itself differs too: not every person sees colours, nor does every terminal show them.
        rule = (self._glyphs.rule_current, "focus") if current else (self._glyphs.rule, "rule")
        name = "focus bold" if current else "title bold"
        left: list[tuple[str, str]] = [
            rule,
            (f" {self._number} " if self._number else " ", "key" if current else "muted"),
            (f"{self.title_text} ", name),
        ]
        if self.filter_text:
            left.append((f"{cut_text(f'/{self.filter_text}', FILTER_CELLS, self._glyphs)} ", "mark bold"))
        always = 2 if self.filter_text else 1
        left += self._facts[:always]
        age = self._state_words.age
        right = ((" ", ""), *age, (" ", ""), rule)
        self._bar.show_line(left, right if age else (), optional=self._facts[always:], fill=rule)
