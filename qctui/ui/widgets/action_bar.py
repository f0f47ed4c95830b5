"""The action bar: what was confirmed and how far it is, until a person acknowledges it (DESIGN sections 2 and 4)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from textual.app import App, ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from qctui.model.action import ActionRecord, Rung
from qctui.ui.glyphs import Glyphs
from qctui.ui.keymap import Scope, bindings
from qctui.ui.ladder import LOUD, format_counts, format_identity, format_reason
from qctui.ui.moment import Moment
from qctui.ui.widgets.action_lines import batch_paragraphs, group_batches
from qctui.ui.widgets.lines import Lines, Paragraph, pieces

HINTS: Mapping[str, tuple[str, str]] = {
    "action_details": ("v", "details"),
    "acknowledge": ("d", "acknowledge"),
    "cancel_sending": ("u", "cancel sending"),
}
"""The bar's own commands: id to default key and word."""


class ActionBar(Vertical, can_focus=True):
    """Every action not yet acknowledged: hidden without any, at most a third of the screen high, scrolling beyond.

    While something is under way it asks for a redraw once a second, for the seconds since confirming; idle it asks for
    nothing.
    """

    class Ticked(Message):
        """The bar shows elapsed seconds, and one has passed: it wants to be shown again."""

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

    def __init__(self, glyphs: Glyphs, keys: Mapping[str, str] | None = None, *, id: str | None = None) -> None:
        """`keys` are the keys in force for the commands of `HINTS`, as a person reads them."""
        super().__init__(id=id)
        self._glyphs = glyphs
        self._keys = {command: (keys or {}).get(command, default) for command, (default, _) in HINTS.items()}
        self._lines = Lines(glyphs, id="action-lines")
        self._records: tuple[ActionRecord, ...] = ()
        self.set_class(glyphs.ascii, "-ascii")
        self._details = False
        self._keys_from: Widget | None = None
        self._moment: Moment | None = None
        self._ticking = False
        self._frame = ("", "")
        self._told: dict[str, Rung | None] = {}

    def compose(self) -> ComposeResult:
        """The lines."""
        yield self._lines

    def show(self, records: Iterable[ActionRecord], moment: Moment) -> None:
        """Show every record that is not acknowledged."""
        self._records = tuple(record for record in records if not record.acknowledged)
        self._moment = moment
        loud = any(record.rung in LOUD for record in self._records)
        self.set_class(bool(self._records), "-shown")
        if not self._records and self._details:
            self.toggle_details()
        self.set_class(loud, "-loud")
        paragraphs = []
        for batch in group_batches(self._records):
            paragraphs += batch_paragraphs(batch, moment, details=self._details)
        self._lines.show(paragraphs)
        # Setting either repaints the whole frame, equal or not.
        frame = (self._title(loud), self._hint())
        if frame != self._frame:
            self._frame = frame
            self.border_title, self.border_subtitle = Content(frame[0]), Content(frame[1])
        self._fit()
        self._tell_if_covered()
        self._tick_while_pending()

    def show_defect(self, words: str) -> None:
        """Say that the actions could not be drawn, and name each in the plainest way there is: none is ever hidden.
        Empty: they have been drawn again."""
        self._lines.show_defect(words)
        if words:
            self.set_class(True, "-shown")
            self.set_class(True, "-loud")
            self._lines.show(_plain(record) for record in self._records)
            self._fit()
            self._tick_while_pending()

    @property
    def text(self) -> str:
        """What the bar says, as plain text."""
        return self._lines.text

    @property
    def empty(self) -> bool:
        """Every action has been acknowledged."""
        return not self._records

    @property
    def read_outcomes(self) -> tuple[str, ...]:
        """Ids of the actions that ended and whose outcome is on screen now: what a person can acknowledge. One scrolled
        out of sight was not seen."""
        seen = self._lines.visible_tags
        return tuple(record.action_id for record in self._records if record.done and record.action_id in seen)

    @property
    def cancellable(self) -> tuple[str, ...]:
        """Ids of the actions that provably have not been sent yet."""
        return tuple(record.action_id for record in self._records if record.cancellable)

    def toggle_details(self) -> None:
        """Show or hide every fact of each target. The keys go to the bar meanwhile, so that arrows scroll it, and then
        back to where they were."""
        self._details = not self._details
        if self._details:
            # Asked of the screen: the bar itself hears of its focus later than the next key.
            before = self.screen.focused
            self._keys_from = before if before is not self else None
            self.screen.set_focus(self)
        elif self.screen.focused is self and self._keys_from is not None:
            self.screen.set_focus(self._keys_from)
        if self._moment is not None:
            self.show(self._records, self._moment)

    def action_open(self) -> None:
        """Enter: every fact of each target."""
        self.toggle_details()

    def action_move(self, by: int) -> None:
        """Scroll by lines."""
        self._lines.scroll_relative(y=by, animate=False)

    def action_page(self, by: int) -> None:
        """Scroll by what fits."""
        self._lines.scroll_relative(y=by * max(1, self._lines.size.height - 1), animate=False)

    def action_first(self) -> None:
        """Scroll to the newest."""
        self._lines.scroll_home(animate=False)

    def action_last(self) -> None:
        """Scroll to the oldest."""
        self._lines.scroll_end(animate=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Nothing here can be marked."""
        return action != "mark"

    def on_resize(self) -> None:
        """Keep to the share of the screen."""
        self._fit()

    def _tell_if_covered(self) -> None:
        """Somebody who looks at another screen hears of an outcome there; it stays here until acknowledged."""
        told, self._told = self._told, {record.action_id: record.rung for record in self._records}
        covered = self.app.screen is not self.screen and uppermost_bar(self.app) is self
        for record in self._records:
            if told.get(record.action_id) == record.rung:
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

    def _title(self, loud: bool) -> str:
        """With several actions the counts stand here, where scrolling can't hide them."""
        alert = f" {self._glyphs.alert}" if loud else ""
        return f"Actions{alert}{f' {format_counts(self._records).plain}' if len(self._records) > 1 else ''}"

    def _hint(self) -> str:
        commands = ["action_details"]
        if any(record.done for record in self._records):
            commands.append("acknowledge")
        if self.cancellable:
            commands.append("cancel_sending")
        return f" {self._glyphs.dot} ".join(f"{self._keys[each]} {HINTS[each][1]}" for each in commands)

    def _fit(self) -> None:
        # With details open a person is reading: half of the screen then.
        share = 2 if self._details else 3
        self._lines.styles.max_height = max(2, self.app.size.height // share - 2)

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
    return Paragraph(pieces(f"{target.action} {target.name} {target.identity}  {rung}"), tag=record.action_id)


def uppermost_bar(app: App[Any]) -> ActionBar:
    """The bar of the topmost screen that has one: the one a person sees, or will once what covers it closes."""
    bars: Iterator[ActionBar] = (bar for screen in reversed(app.screen_stack) for bar in screen.query(ActionBar))
    return next(bars)
