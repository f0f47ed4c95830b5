"""What the dialog before an action and the form of a rerun have in common: a framed box that takes every key."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from typing import TypeVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widget import Widget

from qctui.ui.context import AppContext

R = TypeVar("R")


class QuestionScreen(ModalScreen[R]):
    """Every key ends here: none of them reaches a binding of the screen below or of the program."""

    stays_on_top = True
    """A question that is asked is seen: nothing is opened above it."""
    # Opaque: what changes below is not drawn at all while a person reads and types.
    DEFAULT_CSS = """
    QuestionScreen {
        align: center middle;
        background: $background;
        & > #question {
            width: 100%;
            max-width: 100;
            height: auto;
            max-height: 100%;
            border: heavy $focus;
            border-title-color: $title;
            border-title-style: bold;
            background: $surface;
            padding: 0 1;
        }
        &.-ascii > #question { border: ascii $focus; }
    }
    """

    def __init__(self, context: AppContext, headline: str = "") -> None:
        """`headline` is said before the title; in a demo also that it is one."""
        super().__init__()
        self._glyphs = context.glyphs
        self._headline = ", ".join(filter(None, ("demo" if context.options.demo else "", headline)))
        self.set_class(context.glyphs.ascii, "-ascii")

    def compose(self) -> ComposeResult:
        """The frame, with its title, and what is in it."""
        with Vertical(id="question") as box:
            box.border_title = ": ".join(filter(None, (self._headline, self.asks_for))).upper()
            yield from self.compose_question()

    @property
    @abstractmethod
    def asks_for(self) -> str:
        """What it is about, in the title."""

    @abstractmethod
    def compose_question(self) -> Iterable[Widget]:
        """What is in the frame."""
