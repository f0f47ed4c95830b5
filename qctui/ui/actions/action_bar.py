"""The action bar: what was confirmed and how far it is, until a person acknowledges it (DESIGN sections 2 and 4)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from textual import on
from textual.app import App, ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.events import Blur, Focus
from textual.message import Message
from textual.widget import Widget

from qctui.actions.earlier_actions import retried, without_effect
from qctui.model.action import ActionRecord, Rung
from qctui.ui.actions.action_lines import BesideOf, PortfolioOf, batch_paragraphs, group_batches
from qctui.ui.actions.progress import LOUD, format_counts, format_identity, format_reason
from qctui.ui.keys.keymap import BY_ID, Scope, bindings, format_key, keys_of
from qctui.ui.kit.lines import Lines, Paragraph, ScrollKeys, pieces
from qctui.ui.kit.render_context import RenderContext
from qctui.ui.theme.glyph_set import Glyphs

HINTS: Mapping[str, str] = {
    "next_pane": "scroll",
    "action_details": "details",
    "acknowledge": "acknowledge",
    "retry": "retry",
    "cancel_sending": "cancel sending",
}
"""The commands the bar names: id to word."""


class ActionBar(ScrollKeys, Vertical, can_focus=True):
    """Every action not yet acknowledged: hidden without any, at most a third of the screen high, scrolling beyond.

    While something is under way it asks for a redraw once a second, for the seconds since confirming; idle it asks for
    nothing.
    """

    class Ticked(Message):
        """The bar shows elapsed seconds, and one has passed: it has to be drawn again."""

    BINDINGS = bindings(Scope.TABLE)
    DEFAULT_CSS = """
    ActionBar {
        height: auto;
        display: none;
        border: solid $rule;
        border-title-color: $title;
        border-subtitle-color: $muted;
        padding: 0 1;
        &.-shown { display: block; }
        &.-loud { border: heavy $danger; border-title-color: $danger; }
        &:focus { border: solid $focus; }
        &.-loud:focus { border: heavy $focus; }
        &.-ascii { border: ascii $rule; }
        &.-ascii.-loud { border: ascii $danger; }
        &.-ascii:focus { border: ascii $focus; }
        & > Lines { max-height: 100%; }
    }
    """

    def __init__(
        self,
        glyphs: Glyphs,
        portfolio_of: PortfolioOf,
        beside_of: BesideOf,
        keymap: Mapping[str, str] | None = None,
        *,
        read_only: bool = False,
    ) -> None:
        """`keymap` are the user's own keys. `read_only`: nothing that acts is offered."""
        super().__init__(id="actions")
        self._glyphs, self._portfolio_of, self._beside_of = glyphs, portfolio_of, beside_of
        self._keys = {command: format_key(keys_of(BY_ID[command], keymap or {})[0]) for command in HINTS}
        self.lines = Lines(glyphs, id="action-lines")
        self._read_only = read_only
        self._known: tuple[ActionRecord, ...] = ()
        """Acknowledged ones too: a newer action may stand for an older one."""
        self._records: tuple[ActionRecord, ...] = ()
        self._retried: frozenset[str] = frozenset()
        """Ids of those that a newer action stands for."""
        self._retryable = False
        self.set_class(glyphs.ascii, "-ascii")
        self._details = False
        self._confirmed: set[str] = set()
        """Confirmations of this run that have been shown."""
        self.shares_acknowledge = False
        """Something else on the screen is acknowledged by the same key, unless the bar has the keys."""
        self._keys_from: Widget | None = None
        self.give_keys: Callable[[], None] | None = None
        """Gives the keys to what is to have them after the bar, where that is not what had them before."""
        self._render_context: RenderContext | None = None
        self._ticking = False
        self._frame = ("", "")
        self._reported: dict[str, Rung | None] = {}

    def compose(self) -> ComposeResult:
        """The lines."""
        yield self.lines

    def show(self, records: Iterable[ActionRecord], context: RenderContext) -> None:
        """Show every record that is not acknowledged."""
        self._known = tuple(records)
        self._records = tuple(record for record in self._known if not record.acknowledged)
        self._retried = retried(self._known)
        self._retryable = bool(without_effect(self._known))
        self._render_context = context
        self.set_class(bool(self._records), "-shown")
        if not self._records:
            self.give_back_keys()
        self.set_class(any(record.rung in LOUD for record in self._standing), "-loud")
        paragraphs = []
        for batch in group_batches(self._records, self._retried):
            paragraphs += batch_paragraphs(
                batch,
                context,
                details=self._details,
                portfolio_of=self._portfolio_of,
                retried=self._retried,
                beside=self._beside_of(batch[0].batch_id),
            )
        self.lines.show(paragraphs)
        self._fit()
        ours = {record.batch_id for record in self._records if not (record.foreign or record.resumed)}
        if ours - self._confirmed:
            # Whoever has just confirmed looks for that, whatever the bar was scrolled to before.
            self.action_first()
        self._confirmed = ours
        self._draw_frame()
        self._report_if_covered()
        self._tick_while_pending()

    def show_defect(self, words: str) -> None:
        """Say that the actions could not be drawn, and name each in the plainest way there is: none is ever hidden.
        Empty: they have been drawn again."""
        self.lines.show_defect(words)
        if words:
            self.add_class("-shown", "-loud")
            self.lines.show(_plain(record) for record in self._records)
            self._fit()
            self._tick_while_pending()

    @property
    def text(self) -> str:
        """What the bar says, as plain text."""
        return self.lines.text

    @property
    def empty(self) -> bool:
        """Every action has been acknowledged."""
        return not self._records

    @property
    def outcomes(self) -> tuple[str, ...]:
        """Ids of the actions that are over: what a person can acknowledge."""
        return tuple(record.action_id for record in self._records if record.done)

    @property
    def cancellable(self) -> tuple[str, ...]:
        """Ids of the actions that provably have not been sent yet."""
        return tuple(record.action_id for record in self._records if record.cancellable)

    def toggle_details(self) -> None:
        """Show or hide every fact of each target. The keys go to the bar meanwhile, so that arrows scroll it, and then
        back to where they were."""
        self._details = not self._details
        if self._details:
            self.take_keys()
        else:
            self._leave()
        if self._render_context is not None:
            self.show(self._known, self._render_context)

    def take_keys(self) -> None:
        """Let the keys scroll the bar, until `give_back_keys`."""
        before = self.screen.focused
        if before is not self:
            self._keys_from = before
            self.screen.set_focus(self)

    def give_back_keys(self) -> bool:
        """Close the details, and give the keys to what had them before. False if there was nothing to do."""
        had = self._details or self._has_keys
        if self._details:
            self.toggle_details()
        else:
            self._leave()
        return had

    def _leave(self) -> None:
        if self._has_keys:
            before = self._keys_from
            if self.give_keys is not None:
                self.give_keys()
            elif before is not None and before.is_attached and before.focusable:
                self.screen.set_focus(before)
            else:
                self.screen.focus_previous()

    def action_open(self) -> None:
        """Enter: every fact of each target."""
        self.toggle_details()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Nothing here can be marked."""
        return action != "mark"

    def on_resize(self) -> None:
        """Keep to the share of the screen."""
        self._fit()
        self._draw_frame()

    def _report_if_covered(self) -> None:
        """Report an outcome in passing to a person who looks at another screen; it stays here until acknowledged."""
        reported, self._reported = self._reported, {record.action_id: record.rung for record in self._records}
        covered = self.app.screen is not self.screen and uppermost_bar(self.app) is self
        for record in self._records:
            if reported.get(record.action_id) == record.rung:
                continue
            if covered and (record.done or record.rung in LOUD):
                reason = format_reason(record)
                aim = f"{record.target.action} {record.target.name} {format_identity(record.target, self._glyphs)}"
                rung = record.rung.value if record.rung is not None else ""
                self.app.notify(
                    f"{rung}: {aim}{f': {reason}' if reason else ''}",
                    severity="error" if record.rung in LOUD else "information",
                    timeout=30,
                    markup=False,
                )

    @property
    def _standing(self) -> tuple[ActionRecord, ...]:
        """How things stand: each target once, by its newest action of a kind."""
        return tuple(record for record in self._records if record.action_id not in self._retried)

    @property
    def _has_keys(self) -> bool:
        # Asked of the screen: the bar itself hears of its focus later than the next key.
        return self.is_attached and self.screen.focused is self

    @on(Focus)
    @on(Blur)
    def _draw_frame(self) -> None:
        """Where the keys are is shown without colour too."""
        # Setting either repaints the whole frame, equal or not.
        frame = (self._title(), self._hint())
        if frame != self._frame:
            self._frame = frame
            self.border_title, self.border_subtitle = Content(frame[0]), Content(frame[1])

    def _title(self) -> str:
        """With several actions the counts stand here, where scrolling can't hide them."""
        standing = self._standing
        current = f"{self._glyphs.cursor} " if self._has_keys else ""
        alert = f" {self._glyphs.alert}" if any(record.rung in LOUD for record in standing) else ""
        return f"{current}Actions{alert}{f' {format_counts(standing).plain}' if len(standing) > 1 else ''}"

    def _hint(self) -> str:
        acts = not self._read_only
        offered = {
            "next_pane": not self._has_keys and self.lines.line_count > self._room,
            "action_details": True,
            "acknowledge": any(record.done for record in self._records)
            and (self._has_keys or not self.shares_acknowledge),
            "retry": acts and self._retryable,
            "cancel_sending": acts and bool(self.cancellable),
        }
        return f" {self._glyphs.dot} ".join(f"{self._keys[each]} {HINTS[each]}" for each in HINTS if offered[each])

    @property
    def _room(self) -> int:
        """Lines there is room for. With details open a person is reading: half of the screen then."""
        return max(2, self.app.size.height // (2 if self._details else 3) - 2)

    def _fit(self) -> None:
        self.lines.styles.max_height = self._room

    def _tick_while_pending(self) -> None:
        pending = any(not record.done and not record.resumed and not record.foreign for record in self._records)
        if pending and not self._ticking:
            self._ticking = True
            self.set_timer(1.0, self._tick)

    def _tick(self) -> None:
        self._ticking = False
        self.post_message(self.Ticked())


def _plain(record: ActionRecord) -> Paragraph:
    target = record.target
    rung = record.rung.value if record.rung is not None else "confirmed"
    return Paragraph(pieces(f"{target.action} {target.name} {target.identity}  {rung}"))


def uppermost_bar(app: App[Any]) -> ActionBar:
    """The bar of the topmost screen that has one: the one a person sees, or will once what covers it closes."""
    bars: Iterator[ActionBar] = (bar for screen in reversed(app.screen_stack) for bar in screen.query(ActionBar))
    return next(bars)
