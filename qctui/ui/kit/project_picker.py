"""The project picker: type a part of a name, Enter."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from textual.binding import Binding
from textual.widget import Widget

from qctui.engine.engine_port import Engine
from qctui.model.keys import DEPLOYMENTS, PROJECTS, Key
from qctui.ui.kit.chooser import BoxScreen
from qctui.ui.kit.field import Field
from qctui.ui.kit.list_pane import narrowed
from qctui.ui.kit.render_context import RenderContext
from qctui.ui.kit.spans import Spans
from qctui.ui.kit.table import KeyedTable
from qctui.ui.kit.table_columns import Column
from qctui.ui.theme.glyph_set import Glyphs
from qctui.ui.wording.load_state import describe


@dataclass(frozen=True, slots=True)
class _Choice:
    project_id: int
    name: str
    alive: bool


class ProjectPicker(BoxScreen[int | None]):
    """All projects, those that run first. Returns the id of the one picked, or None."""

    AUTO_FOCUS = "Field"
    TITLE = "Pick a project"
    KEYS = "Enter picks, Esc cancels"
    BINDINGS = [  # noqa: RUF012  # as its base declares it
        Binding("pagedown", "page(1)", "page down", show=False, id="picker_page_down", tooltip="A page down"),
        Binding("pageup", "page(-1)", "page up", show=False, id="picker_page_up", tooltip="A page up"),
        Binding("ctrl+c", "app.quit", "quit", show=False, id="picker_quit", tooltip="Leave the program"),
    ]
    DEFAULT_CSS = """
    ProjectPicker { align: center top; }
    ProjectPicker > .box { width: 72; height: 80%; max-height: 30; margin-top: 1; padding: 0; }
    ProjectPicker Field, ProjectPicker Field:focus { background: $boost; }
    """

    def __init__(self, engine: Engine, zone: tzinfo | None, glyphs: Glyphs) -> None:
        super().__init__(glyphs)
        self._clock, self._store = engine.clock, engine.store
        self._zone = zone
        self._table: KeyedTable[_Choice] = KeyedTable(_columns(), lambda each: each.project_id, glyphs)
        # The keys stay with the text field; the table only shows.
        self._table.can_focus = False
        self._table.opened = self._pick
        self._field = Field(placeholder="part of a name, or an id", typed=self._narrow, entered=self._pick)

    def compose_box(self) -> Iterable[Widget]:
        """A field and what matches."""
        yield self._field
        yield self._table

    def on_mount(self) -> None:
        """Show everything."""
        self.show_choices()

    def _narrow(self, text: str) -> None:
        """Narrow while typing; the first match is the one Enter picks."""
        self.show_choices()
        self._table.action_first()

    def _pick(self) -> None:
        """Enter or a double click: this one."""
        row = self._table.cursor_row
        if row is not None:
            self.dismiss(row.project_id)

    def action_move(self, by: int) -> None:
        """Move among what matches."""
        self._table.action_move(by)

    def action_page(self, by: int) -> None:
        """Move by pages among what matches."""
        self._table.action_page(by)

    def show_changes(self, keys: frozenset[Key[Any]]) -> None:
        """More projects, or other ones run."""
        if not keys.isdisjoint({PROJECTS, DEPLOYMENTS}):
            self.show_choices()

    def show_choices(self) -> None:
        """Show what matches now."""
        context = RenderContext(self._clock.monotonic(), self._clock.now(), self._zone, self._glyphs)
        text = self._field.value
        choices = self._choices()
        rows = narrowed(choices, text, lambda each: f"{each.name} {each.project_id}")
        words = f"No project contains '{text}'." if choices else self._nothing(context)
        self._table.show(rows, context, words=words)

    def _choices(self) -> Sequence[_Choice]:
        alive = {each.project_id for each in self._store.get(DEPLOYMENTS).value or () if each.alive}
        projects = [each for each in self._store.get(PROJECTS).value or () if not each.deleted]
        projects.sort(key=lambda each: (each.project_id not in alive, each.name.casefold(), each.project_id))
        return [_Choice(each.project_id, each.name, each.project_id in alive) for each in projects]

    def _nothing(self, context: RenderContext) -> str:
        resource = self._store.get(PROJECTS)
        words = describe(resource, context, what="projects", nothing="No projects.", stale_after_s=float("inf"))
        return words.body if resource.error is None else f"{words.body} {resource.error.message}"


def _columns() -> tuple[Column[_Choice], ...]:
    return (
        Column("name", "project", 20, _name, most=48, keep=3),
        Column("alive", "", 7, _alive, keep=2),
        Column("id", "id", 10, _id, right=True, keep=1),
    )


def _name(each: _Choice, context: RenderContext) -> Spans:
    return ((each.name, "title"),)


def _alive(each: _Choice, context: RenderContext) -> Spans:
    return (("running", "ok"),) if each.alive else ()


def _id(each: _Choice, context: RenderContext) -> Spans:
    return ((str(each.project_id), "muted"),)
