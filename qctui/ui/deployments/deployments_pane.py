"""The Deployments pane: what trades, what ended, and what failed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Mapping

from qctui.model.account import Account, EquityTrail
from qctui.model.alert import Alert
from qctui.model.deployment import Deployment, alive_by_project, is_recent, name_of, newest_deployments
from qctui.model.pulse import NOT_LOOKED_AT, Pulse
from qctui.model.resource import Resource
from qctui.ui.deployments.deployment_rows import DeploymentRow, deployment_columns, deployment_order, deployment_text
from qctui.ui.deployments.deployment_total import Total, total_cells, total_of
from qctui.ui.kit.list_pane import ListPane
from qctui.ui.kit.render_context import RenderContext, nothing
from qctui.ui.kit.spans import Spans
from qctui.ui.kit.table_columns import Column
from qctui.ui.selection import Pane
from qctui.ui.selection_owner import SelectedCursor, SelectionOwner
from qctui.ui.theme.glyph_set import Glyphs
from qctui.ui.wording.format import format_count
from qctui.ui.wording.load_state import describe
from qctui.value import Value, field, replace

_UNREAD = Account()

STALE_AFTER_S = 60.0
"""The live list is read every 15 s."""


class KnownBeside(Value):
    """What is known of the deployments beside the list of them."""

    names: Mapping[int, str] = field(default_factory=dict)
    """Of projects, by id."""
    trails: Mapping[str, EquityTrail] = field(default_factory=dict)
    """The equity of the last day, by deploy id."""
    accounts: Mapping[str, Account] = field(default_factory=dict)
    """What is at risk, by deploy id."""
    pulses: Mapping[str, Pulse] = field(default_factory=dict)
    """By deploy id."""
    alerts: Mapping[int, Alert] = field(default_factory=dict)
    """The worst open one, by project."""
    ended: frozenset[str] = frozenset()
    """The deploy ids that are known to have ended, whatever the list says."""


class DeploymentsPane(ListPane[DeploymentRow]):
    """One row per project. What is selected here is what the other panes show."""

    def __init__(self, glyphs: Glyphs, selected: SelectionOwner) -> None:
        columns, cursor = deployment_columns(), SelectedCursor(selected, Pane.DEPLOYMENTS)
        super().__init__(1, "Deployments", glyphs, columns, lambda row: row.project_id, deployment_text, cursor=cursor)
        self._selected = selected
        self.refiltered: Callable[[], object] = nothing
        """Called when it is filtered by another text."""
        self.table.keeps = True
        self.show_older = False
        self._resource: Resource[tuple[Deployment, ...]] = Resource()
        self._alive: Counter[int] = Counter()
        self._known = KnownBeside()
        self._total: Total | None = None
        self._every: list[DeploymentRow] = []
        self._hidden = 0
        self._listed: set[int] = set()
        self.guests: frozenset[Hashable] = frozenset()
        """Projects that ended long ago and are on screen only because they are selected or marked."""
        self._seen: set[tuple[int, str]] = set()

    def show(self, resource: Resource[tuple[Deployment, ...]], known: KnownBeside, context: RenderContext) -> None:
        """Show the live list."""
        # The list comes without names and is in another order once they are known. No row was chosen before that.
        self.table.stays_first = not self._known.names and not self._selected.touched
        self._resource, self._known = resource, known
        newest = newest_deployments(resource.value or (), known.ended)
        self._seen &= {(each.project_id, each.deploy_id) for each in newest}
        self._alive = alive_by_project(resource.value or ())
        self._listed.update(each.project_id for each in newest)
        self._selected.deploy_ids = {each.project_id: each.deploy_id for each in newest}
        # What is selected or marked is on screen, however long ago it ended.
        now = self._selected.now
        kept = {now.project.chosen, *(mark.project_id for mark in now.marks)}
        rows = [self._row(deployment, context) for deployment in newest]
        old = frozenset(
            row.project_id for row in rows if not self.show_older and not is_recent(row.deployment, context.now)
        )
        self.guests = old & kept
        shown = [row for row in rows if row.project_id not in old or row.project_id in kept]
        shown.sort(key=deployment_order)
        none = "Nothing ran in the last 24 hours; older ones are hidden." if rows else "No deployments yet."
        words = describe(
            resource, context, what="deployments", nothing=none, stale_after_s=STALE_AFTER_S, size=len(shown)
        )
        self._hidden = len(rows) - len(shown)
        self._every = rows
        self.show_rows(shown, context, words, (), self._marked_rows())

    def was_listed(self, project_id: int) -> bool:
        """Whether the project had a deployment at any time since the start."""
        return project_id in self._listed

    def filters_out(self, project_id: int) -> bool:
        """Whether there is a filter that the project does not pass."""
        return bool(self.filter_text) and all(row.project_id != project_id for row in self._arranged())

    def show_again(self) -> None:
        """Show the same list for another selection, or with other marks."""
        if self._render_context is not None:
            # Another object: rows are formatted again although time stood still.
            self.show(self._resource, self._known, replace(self._render_context))

    def toggle_older(self) -> None:
        """Show or hide what ended more than 24 hours ago."""
        self.show_older = not self.show_older
        self.show_again()

    def note_seen(self, row: DeploymentRow) -> None:
        """A person has looked at this row: its runtime error no longer stands out."""
        if row.unseen_error:
            self._seen.add((row.project_id, row.deployment.deploy_id))
            self.show_again()

    def _marked_rows(self) -> frozenset[Hashable]:
        return frozenset(mark.project_id for mark in self._selected.now.marks if self._selected.stands(mark))

    def _row(self, deployment: Deployment, context: RenderContext) -> DeploymentRow:
        key, known = (deployment.project_id, deployment.deploy_id), self._known
        alive = deployment.alive
        trail = known.trails.get(deployment.deploy_id) if alive else None
        return DeploymentRow(
            deployment,
            name_of(deployment.project_id, known.names),
            None if trail is None else trail.base(deployment.launched_at, context.now),
            trail,
            deployment.failed and key not in self._seen,
            self._alive[deployment.project_id],
            known.accounts.get(deployment.deploy_id, _UNREAD) if alive else _UNREAD,
            known.pulses.get(deployment.deploy_id, NOT_LOOKED_AT) if alive else None,
            known.alerts.get(deployment.project_id),
        )

    def _foot(self) -> Callable[[Column[DeploymentRow]], Spans] | None:
        """The row of the total; none for less than two that run: it would say the same again."""
        total, context = self._total, self._render_context
        if total is None or context is None or total.rows < 2:
            return None
        return lambda column: total_cells(column, total, context)

    def _refresh_rows(self, *, refiltered: bool = False) -> None:
        if self._render_context is not None:
            self._total = total_of(self._arranged())
            self._facts_of_rows = self._title_facts(self._render_context)
        super()._refresh_rows(refiltered=refiltered)
        if refiltered:
            self.refiltered()

    def _title_facts(self, context: RenderContext) -> Spans:
        rows, hidden = self._every, self._hidden
        if not rows:
            return ()
        alive = sum(row.deployment.alive for row in rows)
        failed = sum(row.unseen_error and is_recent(row.deployment, context.now) for row in rows)
        dot = context.glyphs.dot
        running = f"{format_count(self._alive.total())} running "
        facts: list[tuple[str, str]] = [(running, "")]
        if self._selected.now.marks:
            # First: what the keys would hit is said before anything that may not fit.
            facts = [(f"{context.glyphs.mark} {self._mark_words()} ", "mark bold"), (f"{dot} {running}", "")]
        if unreadable := self._resource.unreadable:
            entries = "1 entry" if unreadable == 1 else f"{format_count(unreadable)} entries"
            facts.append((f"{dot} {context.glyphs.alert} {entries} unreadable ", "stale bold"))
        # What failed has ended too: until it was seen it is counted as failed, and no deployment is counted twice.
        if ended := len(rows) - alive - hidden - failed:
            facts.append((f"{dot} {format_count(ended)} ended ", "muted"))
        if failed:
            facts.append((f"{dot} {context.glyphs.alert} {format_count(failed)} failed ", "danger bold"))
        if hidden:
            facts.append((f"{dot} {format_count(hidden)} older ", "muted"))
        if self._total is not None and self._total.foreign:
            left_out = format_count(self._total.foreign)
            facts.append((f"{dot} the total is in {self._total.currency}, without {left_out} ", "stale"))
        return tuple(facts)

    def _mark_words(self) -> str:
        """How many are marked, and which of them are not to be seen: keys act on all of them."""
        marks, selected = self._selected.now.marks, self._selected
        on_screen = {row.project_id for row in self._arranged()} if self.filter_text else None
        standing = [mark for mark in marks if selected.stands(mark)]
        filtered = sum(mark.project_id not in on_screen for mark in standing) if on_screen is not None else 0
        words = [f"{len(marks)} marked"]
        if filtered:
            words.append(f"{filtered} hidden by the filter")
        if lost := len(marks) - len(standing):
            words.append(f"{lost} deployed again since")
        return ", ".join(words)
