"""The line of a confirm dialog that asks: the question, what was typed so far, and since when it is on screen."""

from __future__ import annotations

from textual import events
from textual.message import Message
from textual.strip import Strip

from qctui.actions.spec import Ask
from qctui.ui.actions.dialog_answer import Answer
from qctui.ui.kit.lines import Lines, Paragraph, pieces
from qctui.ui.theme.glyph_set import Glyphs

MAX_FIELD = 28
"""Characters that are seen of what was typed, its end: the question is one line."""


class QuestionLine(Lines):
    """What is asked, and since when it is on screen."""

    def __init__(self, glyphs: Glyphs, *, id: str) -> None:
        super().__init__(glyphs, id=id)
        self._shown_at: float | None = None

    def show_answer(self, answer: Answer | None) -> None:
        """The question with what was typed as its answer; nothing where there is none to answer."""
        lines = [Paragraph(), Paragraph()]
        if answer is not None:
            asked = pieces((answer.question.sentence, "title bold"))
            if answer.question.ask is not Ask.KEY:
                typed = answer.typed
                if len(typed) > MAX_FIELD:
                    typed = f"{self._glyphs.ellipsis}{typed[-MAX_FIELD:]}"
                field = f" {typed:_<{min(len(answer.question.expected), MAX_FIELD)}} "
                asked.append_text(pieces("  ", (field, "title badge")))
            lines = [Paragraph(asked), Paragraph(pieces((answer.notice, "stale bold")))]
        self.show(lines)

    def ask_anew(self) -> None:
        """Another question stands here from the next frame on."""
        self._shown_at = None
        self.refresh()

    def was_shown_before(self, event: events.Key | events.Paste) -> bool:
        """Whether the question was on screen when the key was pressed: a pasted `Sy` or `X2` answers nothing."""
        return self._shown_at is not None and event.time >= self._shown_at

    def render_line(self, y: int) -> Strip:
        """One line, on its way to the terminal."""
        # Not once the frame is done: on a busy machine a person sees the question, and answers, before that is known.
        if self._shown_at is None:
            self._shown_at = Message().time  # by the clock that keys are stamped with
        return super().render_line(y)
