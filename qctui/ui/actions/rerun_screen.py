"""The form of an optimization that is to be run again, over what is on screen (DESIGN section 10)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from textual import events
from textual.widget import Widget

from qctui.engine.engine_port import Subscription, Visibility
from qctui.model.action import PREPARATION, Preparation
from qctui.model.keys import Key, optimization_key
from qctui.model.optimization import OptimizationPlan
from qctui.ui.actions.plan_form import PlanForm, Row
from qctui.ui.actions.question_screen import QuestionScreen
from qctui.ui.context import AppContext
from qctui.ui.kit.lines import Lines, Paragraph, Piece, labelled, pieces
from qctui.value import replace


class RerunScreen(QuestionScreen[Preparation | None]):
    """The fields; Enter compiles the project and asks what it will take. Its result is what has been made ready, or
    None if a person left. Nothing is started here: that is asked in a dialog of its own.
    """

    DEFAULT_CSS = """
    RerunScreen {
        & #found { margin-top: 1; max-height: 4; }
        & #hint { margin-top: 1; }
    }
    """

    def __init__(self, context: AppContext, old_id: str, project_id: int) -> None:
        """Filled from the optimization that is to be run again, as soon as it has been read. `project_id` is that of
        its list."""
        super().__init__(context)
        glyphs = context.glyphs
        self._old_id, self._project_id = old_id, project_id
        self._form: PlanForm | None = None
        """None while it is not known what was asked for."""
        self._engine, self._subscribe = context.engine, context.subscribe
        self._fields, self._found = Lines(glyphs, id="fields"), Lines(glyphs, id="found")
        self._keys = Lines(glyphs, id="hint")
        self._asked: OptimizationPlan | None = None
        """What is being compiled for; None while the fields can be changed."""
        self._said = ""
        """Why the last try came to nothing."""

    @property
    def asks_for(self) -> str:
        """What the fields are for."""
        return "Run again"

    def compose_question(self) -> Iterable[Widget]:
        """The fields, what they amount to, and the keys."""
        yield self._fields
        yield self._found
        yield self._keys

    def on_mount(self) -> None:
        """Show the fields, or read what they are filled from."""
        self._fill_in()
        if self._form is None:
            self._subscribe(self, (Subscription(optimization_key(self._old_id), Visibility.OPENED),))

    def on_unmount(self) -> None:
        """Nothing is read for it any more."""
        self._subscribe(self, ())

    @property
    def text(self) -> str:
        """Everything it says, as plain text."""
        return "\n".join(part.text for part in (self._fields, self._found, self._keys))

    def show_changes(self, keys: frozenset[Key[Any]]) -> None:
        """What it is filled from, and how far the project is compiled."""
        if self._form is None and optimization_key(self._old_id) in keys and self.is_mounted:
            self._fill_in()
        if PREPARATION in keys and self._asked is not None and self.is_mounted:
            self._take(self._engine.store.get(PREPARATION).value)

    def on_paste(self, event: events.Paste) -> None:
        """Into the field."""
        event.stop()
        event.prevent_default()
        if self._asked is None and self._form is not None:
            self._form.paste(event.text)
            self._show()

    def on_key(self, event: events.Key) -> None:
        """Every key of the form."""
        event.stop()
        event.prevent_default()
        if event.key in ("escape", "ctrl+c"):
            self._engine.actions.stop_preparing()
            self.dismiss(None)
        elif self._asked is not None or self._form is None:
            return
        elif event.key == "enter":
            self._ask()
        elif self._form.press(event.key, event.character):
            self._said = ""
            self._show()

    def _fill_in(self) -> None:
        read = self._engine.store.get(optimization_key(self._old_id)).value
        if read is not None:
            self._form = PlanForm(replace(read.plan, project_id=read.project_id or self._project_id))
        self._show()

    def _ask(self) -> None:
        plan = None if self._form is None or self._form.problem else self._form.plan
        if plan is not None:
            self._asked, self._said = plan, ""
            self._engine.actions.prepare(plan)
        self._show()

    def _take(self, preparation: Preparation | None) -> None:
        # One that was given up may still have had its last word.
        if preparation is None or self._asked is None or preparation.plan != self._asked:
            return
        if preparation.failed:
            self._asked, self._said = None, preparation.words
        elif preparation.compile_id:
            self.dismiss(preparation)
            return
        self._show()

    def _show(self) -> None:
        if self._form is None:
            self._fields.show([Paragraph(pieces(*self._unread()), max_lines=4)])
            self._keys.show([Paragraph(pieces(("Escape leaves", "muted")), one_line=True)])
            return
        rows, at = self._form.rows, self._form.at
        self._fields.show(self._row(row, at=number == at) for number, row in enumerate(rows))
        self._found.show([Paragraph(pieces(*self._amounts(self._form)))])
        dot, left, right = self._glyphs.dot, *(("<", ">") if self._glyphs.ascii else ("\u2190", "\u2192"))
        words = f"Enter compiles and estimates {dot} Tab next field {dot} {left} {right} choose {dot} Escape leaves"
        self._keys.show(
            [Paragraph(pieces((words if self._asked is None else "Escape leaves", "muted")), one_line=True)]
        )

    def _row(self, row: Row, *, at: bool) -> Paragraph:
        said: list[Piece] = []
        if at and self._asked is None:
            said.append((f" {row.text}{'' if row.choices else '_'} ", "title badge"))
        else:
            said += [" ", row.text or (self._glyphs.none, "muted"), " "]
        if at and row.choices:
            said.append((f" {row.choices.index(row.text) + 1} of {len(row.choices)}", "muted"))
        elif row.hint and (at or row.problem):
            said.append((f" {row.hint}", "stale bold" if row.problem else "muted"))
        mark = self._glyphs.cursor if at else " "
        return labelled(f"{mark} {row.label}", pieces(*said), max_lines=2, indent=17)

    def _unread(self) -> list[Piece]:
        failed = self._engine.store.get(optimization_key(self._old_id)).error
        if failed is None:
            return [f"Reading what it was asked for{self._glyphs.ellipsis}"]
        return [("What it was asked for could not be read: ", "danger bold"), f"{failed.message}. It is tried again."]

    def _amounts(self, form: PlanForm) -> list[Piece]:
        """What the fields amount to, or why they do not, and how far the project is."""
        if self._asked is not None:
            known = self._engine.store.get(PREPARATION).value
            return [known.words if known is not None and known.plan == self._asked else "Compiling the project."]
        if self._said:
            return [(self._said, "danger bold")]
        plan = form.plan
        if form.problem or plan is None:
            return [(f"Can't be run: {form.problem}", "stale bold")]
        backtests = plan.backtests or 0
        return [(f"{backtests:,} backtest{'' if backtests == 1 else 's'}", "title bold")]
