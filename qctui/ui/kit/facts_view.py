"""Facts that wrap and scroll, in as many columns as there is room for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual.widget import Widget

from qctui.ui.keys.keymap import Scope, bindings
from qctui.ui.kit.lines import Lines, Paragraph, pieces
from qctui.ui.kit.pane import Pane
from qctui.ui.kit.spans import Spans
from qctui.ui.theme.glyph_set import Glyphs
from qctui.ui.wording.load_state import LoadStateWords
from qctui.ui.wording.named_values import Group, lay_out


class FactsView(Lines, can_focus=True):
    """Blocks of facts; the keys of a table scroll it."""

    DEFAULT_CSS = """
    FactsView { height: 1fr; padding: 0 0 0 1; }
    """
    BINDINGS = bindings(Scope.TABLE)

    def __init__(self, glyphs: Glyphs, *, id: str | None = None) -> None:
        super().__init__(glyphs, id=id)
        self._blocks: tuple[Paragraph | Group, ...] = ()

    def show_blocks(self, blocks: Iterable[Paragraph | Group]) -> None:
        """Replace what is shown. Equal content costs nothing."""
        self._blocks = tuple(blocks)
        if self.size.width:
            self.show(lay_out(self._blocks, self.content_size.width - 1))

    def on_resize(self) -> None:
        """Choose the columns for the new width."""
        self.show(lay_out(self._blocks, self.content_size.width - 1))
        super().on_resize()

    def action_move(self, by: int) -> None:
        """Scroll by lines."""
        self.scroll_relative(y=by, animate=False)

    def action_page(self, by: int) -> None:
        """Scroll by what fits."""
        self.scroll_relative(y=by * max(1, self.size.height - 1), animate=False)

    def action_first(self) -> None:
        """Scroll to the top."""
        self.scroll_home(animate=False)

    def action_last(self) -> None:
        """Scroll to the end."""
        self.scroll_end(animate=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There are no rows here to open or mark."""
        return action not in {"mark", "open"}


class FactsPane(Pane):
    """A pane whose body is facts."""

    def __init__(self, number: int, title: str, glyphs: Glyphs, *, id: str) -> None:
        super().__init__(number, title, glyphs, id=id)
        self.view = FactsView(glyphs)
        """What is under the title."""

    def compose_body(self) -> Iterable[Widget]:
        """The facts."""
        yield self.view

    def show_blocks(self, blocks: Sequence[Paragraph | Group], facts: Spans, words: LoadStateWords) -> None:
        """Show these blocks; the words of the load state in their place while there are none."""
        body = [Paragraph(pieces((words.body, "muted")))] if words.body and not blocks else list(blocks)
        self.view.show_blocks(body)
        self.show_frame(facts, words)
