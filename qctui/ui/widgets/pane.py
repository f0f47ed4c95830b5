"""The frame of a pane: its title with the age of what it shows, its body, and a line that says what is wrong."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.events import DescendantBlur, DescendantFocus, Key
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input

from qctui.ui.faces import Face, FaceWords
from qctui.ui.glyphs import Glyphs
from qctui.ui.widgets.bar import Bar
from qctui.ui.widgets.cells import Spans


class FilterInput(Input):
    """The line a filter is typed into."""

    DEFAULT_CSS = """
    FilterInput, FilterInput:focus { height: 1; border: none; padding: 0 1; background: $panel; }
    """

    def on_mount(self) -> None:
        """A blinking cursor would send bytes all day."""
        self.cursor_blink = False

    class Left(Message):
        """Escape or Enter: the keys go back to the rows."""

        def __init__(self, keep: bool) -> None:
            super().__init__()
            self.keep = keep
            """Whether the filter stays (Enter) or is dropped (Escape)."""

    def on_key(self, event: Key) -> None:
        """Escape drops the filter, and the down key goes to the rows it left."""
        if event.key in {"escape", "down"}:
            event.stop()
            event.prevent_default()
            self.post_message(self.Left(keep=event.key == "down"))


class Pane(Vertical):
    """Title line, body, note line. Subclasses compose the body and call `show_frame`."""

    DEFAULT_CSS = """
    Pane { height: 1fr; width: 1fr; }
    Pane > .pane--note { display: none; }
    Pane.-noted > .pane--note { display: block; }
    """

    has_filter: ClassVar[bool] = False
    """Whether there is something to search for here."""
    FILTER_HINT = "rows that contain ..."

    class FilterChanged(Message):
        """The text rows must contain is another one."""

        def __init__(self, pane: Pane, text: str) -> None:
            super().__init__()
            self.pane = pane
            self.text = text

    def __init__(self, number: int, title: str, glyphs: Glyphs, *, id: str) -> None:
        super().__init__(id=id)
        self._number = number
        self._title = title
        self._glyphs = glyphs
        self._bar = Bar(glyphs)
        self._note = Bar(glyphs)
        self._note.add_class("pane--note")
        self._facts: Spans = ()
        self._words = FaceWords(Face.LOADING, ())
        self._defect = ""
        self.filter_text = ""

    def compose(self) -> ComposeResult:
        """Title, body, note."""
        yield self._bar
        yield from self.compose_body()
        yield self._note

    def compose_body(self) -> Iterable[Widget]:
        """What stands between title and note."""
        return ()

    def show_frame(self, facts: Spans, words: FaceWords) -> None:
        """Show the face, and what the title says beside its name: the first fact always, the others while they fit."""
        self._facts, self._words = facts, words
        self._draw_frame()

    def show_defect(self, words: str) -> None:
        """Wear the failed face in these words instead of the age: what stands here is older than any age of it. Empty:
        it is drawn again."""
        if words != self._defect:
            self._defect = words
            self._draw_frame()

    def defect_words(self, words: str) -> FaceWords:
        """The failed face of something that could not be drawn."""
        alert = self._glyphs.alert
        note = ((f"{alert} {words}", "danger"), (". The log has the details.", "muted"))
        return FaceWords(Face.FAILED, ((f"{alert} not drawn", "danger bold"),), note)

    @property
    def title_text(self) -> str:
        """What it is called."""
        return self._title

    @property
    def face(self) -> Face:
        """The face it wears now."""
        return self._worn.face

    @property
    def frame_text(self) -> str:
        """Title and note as plain text."""
        note = self._note.text if self.has_class("-noted") else ""
        return f"{self._bar.text}\n{note}".strip()

    async def open_filter(self) -> None:
        """Let somebody type what rows must contain."""
        existing = self.query(FilterInput)
        if existing:
            self.screen.set_focus(existing.first())
            return
        field = FilterInput(self.filter_text, placeholder=self.FILTER_HINT, select_on_focus=False)
        await self.mount(field, after=self._bar)
        # Not `field.focus()`, which comes later: what was typed behind `/` belongs into the field already.
        self.screen.set_focus(field)

    async def drop_filter(self) -> bool:
        """Show all rows again. False if there was no filter."""
        had = bool(self.filter_text) or bool(self.query(FilterInput))
        await self.query(FilterInput).remove()
        if self.filter_text:
            self._set_filter("")
        return had

    @on(Input.Changed)
    def narrow(self, event: Input.Changed) -> None:
        """Narrow while typing."""
        event.stop()
        self._set_filter(event.value)

    @on(Input.Submitted)
    async def keep_filter(self, event: Input.Submitted) -> None:
        """Enter: back to the rows that are left."""
        event.stop()
        await self._close_filter()

    @on(FilterInput.Left)
    async def leave_filter(self, event: FilterInput.Left) -> None:
        """Escape or down."""
        event.stop()
        if not event.keep:
            self._set_filter("")
        await self._close_filter()

    def focus_body(self) -> None:
        """Give the keys to the body."""
        for widget in self.query("*"):
            if widget.can_focus and not isinstance(widget, FilterInput):
                self.screen.set_focus(widget, scroll_visible=False)
                return

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """The title shows which pane has the keys."""
        self.add_class("-current")
        self._draw_title()

    def on_descendant_blur(self, event: DescendantBlur) -> None:
        """The title shows which pane has the keys."""
        self.remove_class("-current")
        self._draw_title()

    async def _close_filter(self) -> None:
        self.focus_body()
        await self.query(FilterInput).remove()

    def _set_filter(self, text: str) -> None:
        if text == self.filter_text:
            return
        self.filter_text = text
        self.post_message(self.FilterChanged(self, text))

    @property
    def _worn(self) -> FaceWords:
        """The face's words, or those of a failure to draw it."""
        return self.defect_words(self._defect) if self._defect else self._words

    def _draw_frame(self) -> None:
        words = self._worn
        self._draw_title()
        self.set_class(bool(words.note), "-noted")
        self._note.show_line(((" ", ""), *words.note), (*words.note_right, (" ", "")))

    def _draw_title(self) -> None:
        current = self.has_class("-current")
        rule = "focus" if current else "rule"
        name = "focus bold" if current else "title bold"
        left: list[tuple[str, str]] = [
            (self._glyphs.rule, rule),
            (f" {self._number} ", "key" if current else "muted"),
            (f"{self._title} ", name),
            *self._facts[:1],
        ]
        if self.filter_text:
            left += [(f"/{self.filter_text} ", "mark bold")]
        age = self._worn.age
        right = ((" ", ""), *age, (" ", ""), (self._glyphs.rule, rule))
        self._bar.show_line(left, right if age else (), optional=self._facts[1:], fill=(self._glyphs.rule, rule))
