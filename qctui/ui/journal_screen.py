"""The journal: every action taken from this machine, newest first, with its story line by line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from qctui.actions.actions_port import JournalEntry
from qctui.actions.journal import RUNG_OF_EVENT, lines_by_action, parse_journal_time
from qctui.model.action import ACTIONS, FINAL_RUNGS, Rung
from qctui.model.keys import Key
from qctui.ui.actions.controller import Pointed
from qctui.ui.actions.progress import LOUD, rung_role, rung_word
from qctui.ui.console_screen import AlertedScreen
from qctui.ui.context import AppContext
from qctui.ui.kit.lines import Lines, Paragraph, labelled, pieces
from qctui.ui.kit.render_context import RenderContext
from qctui.ui.kit.spans import Spans
from qctui.ui.kit.table import KeyedTable
from qctui.ui.kit.table_columns import Column
from qctui.ui.selection_owner import LocalCursor
from qctui.ui.wording.format import format_end, format_instant
from qctui.value import Value

LOOK_S = 2.0
"""How often the open view asks whether another console wrote something. Nothing is drawn unless it did."""


class Story(Value):
    """One action: its lines, oldest first."""

    entries: tuple[JournalEntry, ...]

    @property
    def first(self) -> JournalEntry:
        """The line that says what was meant."""
        return self.entries[0]

    @property
    def rung(self) -> Rung | None:
        """The newest rung it reached; None if only the intent was written."""
        reached = [RUNG_OF_EVENT[entry.event] for entry in self.entries if entry.event in RUNG_OF_EVENT]
        return reached[-1] if reached else None

    @property
    def outcome(self) -> str:
        """The newest rung as a word, and that it is open where nothing final was written."""
        rung = self.rung
        if rung is None:
            return "INTENT, open"
        return rung.value if rung in FINAL_RUNGS else f"{rung.value}, open"


def group_stories(entries: Sequence[JournalEntry]) -> tuple[Story, ...]:
    """The lines by action, the action begun last first."""
    return tuple(Story(tuple(each)) for each in reversed(lines_by_action(entries).values()))


class JournalScreen(AlertedScreen):
    """The list above, the story of the action under the cursor below; Enter gives the story the whole screen."""

    NAME = "the journal"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "back", id="journal_back", tooltip="Back to the list, then to the main screen"),
        Binding("J", "dismiss", "close", id="journal_close", show=False, tooltip="Close the journal"),
    ]
    DEFAULT_CSS = """
    JournalScreen {
        & > #journal-title { height: 1; padding: 0 1; background: $panel; }
        & > KeyedTable { height: 1fr; }
        & > #story { height: auto; max-height: 45%; border-top: solid $rule; padding: 0 1; }
        &.-ascii > #story { border-top: ascii $rule; }
        &.-opened > KeyedTable { display: none; }
        &.-opened > #story { max-height: 1fr; height: 1fr; }
        & > #journal-hint { height: 1; padding: 0 1; }
    }
    """

    def __init__(self, context: AppContext) -> None:
        super().__init__(context)
        glyphs = context.glyphs
        self.set_class(glyphs.ascii, "-ascii")
        self._entries: tuple[JournalEntry, ...] | None = None
        self._stories: tuple[Story, ...] = ()
        self._title, self._story = Lines(glyphs, id="journal-title"), Lines(glyphs, id="story")
        self._keys = Lines(glyphs, id="journal-hint")
        place = LocalCursor(moved=self._show_story)
        self._table: KeyedTable[Story] = KeyedTable(
            _columns(), lambda story: story.first.id, glyphs, cursor=place, id="stories"
        )
        self._table.opened = lambda _story: self._open(True)

    def compose(self) -> ComposeResult:
        """Title, list, story, alert line, keys."""
        return self._title, self._table, self._story, self.alert_line, self._keys

    def on_mount(self) -> None:
        """Show the journal and watch it."""
        self.set_focus(self._table)
        self._look()
        self.show_alerts(self.ages.context())
        self.set_interval(LOOK_S, self._look)

    def show_changes(self, keys: frozenset[Key[Any]]) -> None:
        """An action went on: its line is in the journal by now. Or an alert changed."""
        if not self.is_mounted:
            return
        if ACTIONS in keys:
            self._look()
        super().show_changes(keys)

    def show_all(self, context: RenderContext) -> None:
        """As in `AlertedScreen`."""
        self._look()
        super().show_all(context)

    def action_back(self) -> None:
        """Close the story if it has the whole screen, else the journal."""
        if self.has_class("-opened"):
            self._open(False)
        else:
            self.dismiss()

    def _show_story(self) -> None:
        """The story of the row under the cursor."""
        story = self._table.cursor_row
        paragraphs = [] if story is None else _story_paragraphs(story, self.ages.context())
        self._story.show(paragraphs)

    def pointed(self) -> Pointed:
        """Nothing: a line of the journal is what happened, not what trades now."""
        return Pointed(why_not="the journal is on screen: it shows what happened, not what trades")

    @property
    def text(self) -> str:
        """Title and story as plain text."""
        return f"{self._title.text}\n{self._story.text}"

    def _look(self) -> None:
        entries = self._engine.actions.entries()
        if entries == self._entries:
            return
        self._entries = entries
        self._stories = group_stories(entries)
        count = len(self._stories)
        count_words = f"{count} action{'' if count == 1 else 's'} taken from this machine" if count else "empty"
        title = pieces(("Journal ", "title bold"), (f"{self._glyphs.dot} {count_words}", "muted"))
        loud = sum(story.rung in LOUD for story in self._stories)
        if loud:
            title.append_text(pieces("  ", (f"{self._glyphs.alert} {loud} failed or unknown", "stale bold")))
        self._title.show([Paragraph(title, one_line=True)])
        self._table.show(
            self._stories, self.ages.context(), words="Nothing has been liquidated, stopped or aborted yet."
        )
        self._show_story()
        self._show_hint()

    def _open(self, opened: bool) -> None:
        self.set_class(opened, "-opened")
        self._story.can_focus = opened
        self.set_focus(self._story if opened else self._table)
        self._story.scroll_home(animate=False)
        self._show_hint()

    def _show_hint(self) -> None:
        whole = f"Enter whole story {self._glyphs.dot} " if self._stories else ""
        keys = "Esc list" if self.has_class("-opened") else f"{whole}Esc back"
        self._keys.show([Paragraph(pieces((keys, "muted")), one_line=True)])


def _story_paragraphs(story: Story, context: RenderContext) -> list[Paragraph]:
    """What was aimed at, then every line of the journal in its words."""
    first = story.first
    identity = first.optimization_id or first.deploy_id or "id unknown"
    badge = pieces() if first.optimization_id else pieces((f" {first.environment} ", _environment_role(first)), " ")
    # A tape knows neither.
    where: list[str | tuple[str, str]] = []
    if first.base_url:
        where = [("   profile ", "muted"), first.profile, ("   at ", "muted"), first.base_url]
    lines = [
        Paragraph(pieces((first.action.upper(), "title bold"), " ", badge, (first.name, "title bold")), max_lines=2),
        labelled("Target", pieces(identity, (f"   project {first.project_id}", "muted")), indent=10),
        labelled("From", pieces(first.via, *where), 2, indent=10),
    ]
    for entry in story.entries:
        rung = RUNG_OF_EVENT.get(entry.event)
        word = (rung_word(rung), rung_role(rung)) if rung is not None else (entry.event, "")
        instant = format_instant(parse_journal_time(entry.at), context.zone, context.glyphs)
        detail = f"  {entry.detail}" if entry.detail else ""
        lines.append(Paragraph(pieces((instant, "muted"), "  ", word, detail), hang=2))
    return lines


def _environment_role(entry: JournalEntry) -> str:
    return "paper bold" if entry.environment == "PAPER" else "live badge"


def _columns() -> tuple[Column[Story], ...]:
    return (
        Column("time", "time", 11, _time, keep=9),
        Column("action", "action", 9, _cell(lambda story: (story.first.action, "title bold")), keep=10),
        Column("environment", "", 5, _environment, keep=8),
        Column("name", "name", 16, _cell(lambda story: (story.first.name, "")), widest=40, cut_middle=True, keep=7),
        Column("target", "id", 6, _target, keep=5),
        Column("outcome", "outcome", 16, _outcome, keep=11),
        Column("via", "via", 7, _cell(lambda story: (story.first.via, "muted")), keep=3),
        Column("profile", "profile", 8, _cell(lambda story: (story.first.profile, "muted")), widest=16, keep=2),
        Column("ladder", "ladder", 30, _ladder, widest=80, keep=1),
    )


def _cell(value: Callable[[Story], tuple[str, str]]) -> Callable[[Story, RenderContext], Spans]:
    def cell(story: Story, _render_context: RenderContext) -> Spans:
        return (value(story),)

    return cell


def _time(story: Story, context: RenderContext) -> Spans:
    return ((context.time(parse_journal_time(story.first.at)), "muted"),)


def _environment(story: Story, context: RenderContext) -> Spans:
    if story.first.optimization_id:
        return ((context.glyphs.none, "muted"),)
    return ((story.first.environment, _environment_role(story.first)),)


def _target(story: Story, context: RenderContext) -> Spans:
    return ((format_end(story.first.optimization_id or story.first.deploy_id, context.glyphs), "muted"),)


def _outcome(story: Story, _render_context: RenderContext) -> Spans:
    rung = story.rung
    return ((story.outcome, rung_role(rung) if rung is not None else "stale bold"),)


def _ladder(story: Story, context: RenderContext) -> Spans:
    words = [RUNG_OF_EVENT[entry.event].value for entry in story.entries if entry.event in RUNG_OF_EVENT]
    return ((f" {context.glyphs.then} ".join(words), "muted"),)
