"""The dialog before an action: what is hit, what will happen, and the question (DESIGN section 4)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from textual import events, on
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Button

from qctui.actions.capture import running_beside
from qctui.actions.earlier_actions import is_same_object
from qctui.actions.spec import ACTION_SPECS, Ask, question_for
from qctui.model.action import ACTIONS, Recheck, Target, recheck_key
from qctui.model.alert import ALERTS, alerted_pulses
from qctui.model.keys import DEPLOYMENTS, PROJECTS, Key
from qctui.model.pulse import PULSES
from qctui.model.resource import Resource
from qctui.ui.actions.dialog_answer import Answer, Outcome, wait_until_sent
from qctui.ui.actions.dialog_facts import Aim, check_lines, many_facts, single_facts
from qctui.ui.actions.progress import format_beside
from qctui.ui.actions.question_line import QuestionLine
from qctui.ui.actions.question_screen import QuestionScreen
from qctui.ui.context import AppContext
from qctui.ui.keys.keymap import BY_ID, format_key, keys_of
from qctui.ui.kit.lines import Lines, Paragraph, pieces
from qctui.ui.kit.render_context import AgeTimer, RenderContext
from qctui.value import replace

_log = logging.getLogger(__name__)

MOST_CHECKED = 4
"""Lines below the facts at most: what runs beside panic takes two, so that the word of the re-reads has as many."""


_SCROLLS = {
    "up": Lines.scroll_up,
    "down": Lines.scroll_down,
    "pageup": Lines.scroll_page_up,
    "pagedown": Lines.scroll_page_down,
    "home": Lines.scroll_home,
    "end": Lines.scroll_end,
}


class ConfirmScreen(QuestionScreen[tuple[str, ...] | None]):
    """Asks before acting on targets captured by the caller, and sends on the right answer. Its result is the ids of the
    actions begun, or None if nothing was sent.

    Pasted text is ignored altogether. A target that ended or was redeployed is out for good, whatever a later read
    says: what a person read on screen was about another state of the world. With several targets the others can still
    be sent; the question then names the new count and what was typed for the old one is gone.
    """

    AUTO_FOCUS = "#cancel"
    DEFAULT_CSS = """
    ConfirmScreen {
        & > #question { border: heavy $danger; border-title-color: $danger; }
        &.-ascii > #question { border: ascii $danger; }
        & #check { max-height: 4; }
        &.-roomy #check { margin-top: 1; }
        &.-roomy #answer { margin-top: 1; }
        & #answer { height: 2; }
        & #buttons { height: 1; }
        & #cancel { margin-right: 2; min-width: 12; }
        & #hint { width: 1fr; }
    }
    """

    def __init__(
        self,
        context: AppContext,
        targets: Sequence[Target],
        *,
        refused: Sequence[str | None],
        note: str = "",
        headline: str = "",
        again: bool = False,
    ) -> None:
        """`refused` has for each target why it can't be acted upon, or None; at least one must be None. `note` is
        said above the facts, for example how old the list is that the targets were taken from, and `headline`
        before the action's title. `again`: one of the targets was acted on before from this console."""
        super().__init__(context, headline)
        engine, glyphs = context.engine, context.glyphs
        self._targets = tuple(targets)
        self._again = again
        self.confirmed: tuple[Target, ...] = ()
        """What was sent."""
        self._refused = tuple(reason or "" for reason in refused)
        self._disarmed = [""] * len(self._targets)
        self._actions, self._store = engine.actions, engine.store
        self._note = note
        self._panic_key = format_key(keys_of(BY_ID["panic"], context.options.keymap)[0])
        self._facts, self._check = Lines(glyphs, id="facts"), Lines(glyphs, id="check")
        self._asked, self._keys = QuestionLine(glyphs, id="answer"), Lines(glyphs, id="hint")
        self._timer = AgeTimer(
            engine.clock,
            context.options.zone,
            glyphs,
            lambda after_s, call: self.set_timer(after_s, call).stop,
            self._show,
        )
        self._answer: Answer | None = Answer(question_for(self._sendable()))
        self._opened_mono = engine.clock.monotonic()
        self._sent = False
        self._overflows = False

    @property
    def asks_for(self) -> str:
        """The action."""
        return ACTION_SPECS[self._targets[0].action].title

    def compose_question(self) -> Iterable[Widget]:
        """Facts above, the question below them, Cancel last and focused."""
        yield self._facts
        yield self._check
        yield self._asked
        with Horizontal(id="buttons"):
            yield Button("Cancel", id="cancel", compact=True)
            yield self._keys

    def on_mount(self) -> None:
        """Show what is known."""
        self._show(self._timer.context())

    def on_resize(self) -> None:
        """Give the facts what the rest leaves."""
        self.call_after_refresh(self._fit)

    def show_changes(self, keys: frozenset[Key[Any]]) -> None:
        """Newer facts, if they are about these targets."""
        watched = {ACTIONS, PROJECTS, PULSES, ALERTS} | {recheck_key(target) for target in self._targets}
        # What runs beside panic is known by the list, and by what is read of single deployments.
        panic = self._targets[0].panic and any(key == DEPLOYMENTS or key.kind == "detail" for key in keys)
        if self.is_mounted and (panic or watched & keys):
            self._show(self._timer.context())

    def on_paste(self, event: events.Paste) -> None:
        """As `Answer.paste`."""
        event.stop()
        event.prevent_default()
        shown = self._answer if self._asked.was_shown_before(event) else None
        if shown is not None and shown.paste(event.text) is Outcome.CHANGED:
            self._show_answer()

    def on_key(self, event: events.Key) -> None:
        """Every key of the dialog."""
        event.stop()
        event.prevent_default()
        if (scroll := _SCROLLS.get(event.key)) is not None:
            scroll(self._facts, animate=False)
            return
        # The newest word on the targets decides, even if it arrived an instant ago and was not drawn yet.
        # A key meant for another question than the one that now stands answers nothing.
        if self._update_aims():
            self._show(self._timer.context())
            return
        if self._answer is None:
            if event.key in ("escape", "enter", "n"):
                self._cancel()
            return
        if event.key != "escape" and not self._asked.was_shown_before(event) and self._must_be_seen():
            return
        outcome = self._answer.press(event.key, event.character)
        if outcome is Outcome.CANCELLED:
            self._cancel()
        elif outcome is Outcome.CONFIRMED:
            self._confirm()
        elif outcome is Outcome.CHANGED:
            self._show_answer()

    @on(Button.Pressed, "#cancel")
    def close_without_acting(self) -> None:
        """A click on Cancel."""
        self._cancel()

    @property
    def disarmed(self) -> list[tuple[Target, str]]:
        """The targets that turned out to be no longer what was captured, and why."""
        return [(target, why) for target, why in zip(self._targets, self._disarmed, strict=True) if why]

    @property
    def text(self) -> str:
        """Everything the dialog says, as plain text."""
        return "\n".join(part.text for part in (self._facts, self._check, self._asked))

    def _confirm(self) -> None:
        targets = self._sendable()
        if self._sent or not targets or self._answer is None:
            return
        if self._answer.question.ask is Ask.NAME:
            targets = tuple(replace(target, new_name=self._answer.typed.strip()) for target in targets)
        self._sent = True
        self.confirmed = targets
        # Before anything else of the interface runs: closing the dialog may take a frame, and the request must not
        # wait for it.
        self.dismiss(wait_until_sent(self._store, lambda: self._actions.confirm(targets, via="console")))

    def _cancel(self) -> None:
        if not self._sent and self.is_current:
            self._sent = True
            self.dismiss(None)

    def _must_be_seen(self) -> bool:
        """Whether a key that was pressed before the question was on screen answers nothing; says so.

        A code is not guessed, so it may be typed at once behind the action's key. `y` or a small number may be what a
        paste without brackets has there. And a code that was just confirmed is known: what is left of the keys that
        confirmed the first action must not confirm a second one whose question was not read.
        """
        assert self._answer is not None
        if self._answer.question.ask is Ask.CODE and not self._again:
            return False
        why = "A second time" if self._again else "Too early"
        self._answer.ignore(f"{why}: type it again, now that the question is on screen")
        self._show_answer()
        return True

    def _sendable(self) -> tuple[Target, ...]:
        return tuple(
            target
            for target, refused, disarmed in zip(self._targets, self._refused, self._disarmed, strict=True)
            if not refused and not disarmed
        )

    def _update_aims(self) -> bool:
        """Take in the newest re-reads; ask anew, and return True, if what can be sent is not what was asked about."""
        before = self._sendable()
        for index, target in enumerate(self._targets):
            newest = self._recheck(target).value
            if newest is not None and newest.disarmed and not self._disarmed[index]:
                self._disarmed[index] = newest.disarmed
        after = self._sendable()
        if after == before:
            return False
        ended = sum(bool(why) and not refused for why, refused in zip(self._disarmed, self._refused, strict=True))
        notice = f"{ended} ended or changed meanwhile: this is a new question"
        self._answer = Answer(question_for(after), notice) if after else None
        self._asked.ask_anew()
        return True

    def _recheck(self, target: Target) -> Resource[Recheck]:
        """What was read since this dialog opened: what an earlier one left in the store must not disarm this one."""
        recheck = self._store.get(recheck_key(target))
        stale = recheck.fetched_mono is not None and recheck.fetched_mono < self._opened_mono
        return Resource[Recheck]() if stale else recheck

    def _aims(self) -> list[Aim]:
        records = self._store.get(ACTIONS).value or ()
        projects = {project.project_id: project for project in self._store.get(PROJECTS).value or ()}
        pulses = alerted_pulses(self._store.get(PULSES).value or {}, self._store.get(ALERTS).value or ())
        return [
            Aim(
                target,
                self._recheck(target),
                next((each for each in reversed(records) if is_same_object(each.target, target)), None),
                projects.get(target.project_id),
                pulses.get(target.deploy_id),
                refused,
                disarmed,
            )
            for target, refused, disarmed in zip(self._targets, self._refused, self._disarmed, strict=True)
        ]

    def _show(self, context: RenderContext) -> None:
        self._update_aims()
        aims = self._aims()
        note = [Paragraph(pieces((self._note, "stale bold")))] if self._note else []
        self._facts.show([*note, *self._lines_or_targets(lambda: _facts(aims, context))])
        self._check.show(self._lines_or_targets(lambda: [*self._beside(), *check_lines(aims, context)]))
        self._show_answer()
        self._fit()

    def _beside(self) -> list[Paragraph]:
        """What panic does not hit though it runs, right above the question: further up it might be out of sight."""
        if not self._targets[0].panic:
            return []
        hit = {target.project_id for target in self._sendable()}
        running = running_beside(self._store, self._targets, hit)
        if not running:
            return []
        it = "it" if len(running) == 1 else "them"
        words = f"; Escape and {self._panic_key} takes {it} in"
        return [Paragraph(pieces(format_beside(running, self._glyphs), words), max_lines=2)]

    def _lines_or_targets(self, draw: Callable[[], list[Paragraph]]) -> list[Paragraph]:
        """The lines that `draw` makes; if it fails, at least what would be hit."""
        try:
            return draw()
        except Exception:  # a defect in showing must not stand between a person and the trigger
            _log.exception("the facts of a dialog could not be shown")
            named = ", ".join(f"{each.name} {each.identity}" for each in self._sendable())
            return [Paragraph(pieces((f"The facts could not be shown. Targets: {named}", "stale bold")))]

    def _show_answer(self) -> None:
        self._asked.show_answer(self._answer)
        self._show_keys()

    def _show_keys(self) -> None:
        if self._answer is None:
            hint = "Escape or Enter closes"
        else:
            keys = "Escape or n" if self._answer.cancels_by_n else "Escape"
            rest = f" {self._glyphs.dot} PgDn shows the rest" if self._overflows else ""
            hint = f"{keys} cancels{rest}"
        self._keys.show([Paragraph(pieces((hint, "muted")), one_line=True)])

    def _fit(self) -> None:
        """The question and Cancel are always whole; the facts scroll if they do not fit above them."""
        room = self.size.height - 2 - min(MOST_CHECKED, self._check.line_count) - 2 - 1
        self.set_class(self._facts.line_count + 2 <= room, "-roomy")
        self._facts.styles.max_height = max(3, room)
        self._overflows = self._facts.line_count > room
        self._show_keys()


def _facts(aims: Sequence[Aim], context: RenderContext) -> list[Paragraph]:
    return single_facts(aims[0], context) if len(aims) == 1 else many_facts(aims, context)
