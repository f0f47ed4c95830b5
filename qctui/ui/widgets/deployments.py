"""The Deployments pane: what trades, what ended, and what failed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping

from rich.cells import cell_len, set_cell_size

from qctui.model.deployment import Deployment, Environment, alive_by_project
from qctui.model.history import EquityTrail
from qctui.model.resource import Resource
from qctui.ui.faces import describe
from qctui.ui.format import format_change, format_count, format_money, format_sparkline, format_time
from qctui.ui.glyphs import Glyphs
from qctui.ui.moment import Moment
from qctui.ui.rows import (
    DeploymentRow,
    deployment_order,
    deployment_text,
    has_runtime_error,
    is_recent,
    name_of,
    newest_deployments,
)
from qctui.ui.selected import Selected, SelectedCursor
from qctui.ui.selection import Pane
from qctui.ui.widgets.cells import Spans
from qctui.ui.widgets.columns import Column
from qctui.ui.widgets.listing import ListPane

STALE_AFTER_S = 60.0
"""The live list is read every 15 s."""

_SPARK_MOST = 24
_STATUS_CELLS = 12


class DeploymentsPane(ListPane[DeploymentRow]):
    """One row per project. What is selected here is what the other panes show."""

    def __init__(self, glyphs: Glyphs, selected: Selected) -> None:
        super().__init__(
            1,
            "Deployments",
            glyphs,
            _columns(),
            lambda row: row.project_id,
            deployment_text,
            id="deployments",
            cursor=SelectedCursor(selected, Pane.DEPLOYMENTS),
        )
        self._selected = selected
        self.table.keeps = True
        self.show_older = False
        self._resource: Resource[tuple[Deployment, ...]] = Resource()
        self._alive: Counter[int] = Counter()
        self._names: Mapping[int, str] = {}
        self._trails: Mapping[str, EquityTrail] = {}
        # By project too: a deploy id may be missing, and then many share it.
        self._first: dict[tuple[int, str], float] = {}
        self._first_at: float | None = None
        self._every: list[DeploymentRow] = []
        self._hidden = 0
        self._listed: set[int] = set()
        self._seen: set[tuple[int, str]] = set()

    def show(
        self,
        resource: Resource[tuple[Deployment, ...]],
        names: Mapping[int, str],
        trails: Mapping[str, EquityTrail],
        moment: Moment,
    ) -> None:
        """Show the live list. `names` are project names by id, `trails` the equity seen by deploy id."""
        # The list comes without names and is in another order once they are known. Nobody chose a row before that.
        self.table.stays_first = not self._names and not self._selected.touched
        self._resource, self._names, self._trails = resource, names, trails
        newest = newest_deployments(resource.value or ())
        self._remember(newest, resource.fetched_at)
        self._alive = alive_by_project(resource.value or ())
        self._listed.update(each.project_id for each in newest)
        self._selected.deploy_ids = {each.project_id: each.deploy_id for each in newest}
        # What is selected or marked is on screen, however long ago it ended.
        kept = {self._selected.now.project.chosen, *self._selected.now.marked_projects}
        rows = [self._row(deployment) for deployment in newest]
        shown = [
            row for row in rows if self.show_older or row.project_id in kept or is_recent(row.deployment, moment.now)
        ]
        shown.sort(key=deployment_order)
        words = describe(
            resource,
            moment,
            what="deployments",
            nothing="Nothing ran in the last 24 hours; older ones are hidden." if rows else "No deployments yet.",
            stale_after_s=STALE_AFTER_S,
            size=len(shown),
        )
        self._hidden = len(rows) - len(shown)
        self._every = rows
        self.show_rows(shown, moment, words, self._tell(moment), self._marked_rows())

    @property
    def current_row(self) -> DeploymentRow | None:
        """The row under the cursor."""
        return self.table.cursor_row

    def knows(self, project_id: int) -> bool:
        """Whether the project was ever deployed, shown or not."""
        return project_id in self._selected.deploy_ids

    def was_listed(self, project_id: int) -> bool:
        """Whether the project had a deployment at any time since the start."""
        return project_id in self._listed

    def filters_out(self, project_id: int) -> bool:
        """Whether there is a filter that the project does not pass."""
        return bool(self.filter_text) and all(row.project_id != project_id for row in self._arranged())

    def show_again(self) -> None:
        """Show the same list for another selection, or with other marks."""
        if self._moment is not None:
            # A new moment object: rows are formatted again although time stood still.
            moment = Moment(self._moment.mono, self._moment.now, self._moment.zone, self._glyphs, self._moment.note)
            self.show(self._resource, self._names, self._trails, moment)

    def toggle_older(self) -> bool:
        """Show or hide what ended more than 24 hours ago. Returns whether it is shown."""
        self.show_older = not self.show_older
        self.show_again()
        return self.show_older

    def note_seen(self, row: DeploymentRow) -> None:
        """A person has looked at this row: its runtime error no longer stands out."""
        if row.unseen_error:
            self._seen.add((row.project_id, row.deployment.deploy_id))
            self.show_again()

    def _remember(self, newest: list[Deployment], fetched_at: float | None) -> None:
        present = {(deployment.project_id, deployment.deploy_id): deployment for deployment in newest}
        self._first = {key: value for key, value in self._first.items() if key in present}
        for key, deployment in present.items():
            if key in self._first or deployment.equity is None:
                continue
            trail = self._trails.get(deployment.deploy_id)
            seen_before = trail is not None and len(trail.values) > 0
            self._first[key] = trail.values[0] if trail is not None and seen_before else deployment.equity
            if self._first_at is None:
                self._first_at = trail.ats[0] if trail is not None and seen_before else fetched_at
        self._seen &= present.keys()

    def _marked_rows(self) -> frozenset[Hashable]:
        return frozenset(mark.project_id for mark in self._selected.now.marks if self._selected.stands(mark))

    def _row(self, deployment: Deployment) -> DeploymentRow:
        key = (deployment.project_id, deployment.deploy_id)
        return DeploymentRow(
            deployment,
            name_of(deployment.project_id, self._names),
            self._first.get(key),
            self._trails.get(deployment.deploy_id),
            has_runtime_error(deployment) and key not in self._seen,
            self._alive[deployment.project_id],
        )

    def _refresh_rows(self, *, refiltered: bool = False) -> None:
        if self._moment is not None:
            self._facts_of_rows = self._tell(self._moment)
        super()._refresh_rows(refiltered=refiltered)

    def _tell(self, moment: Moment) -> Spans:
        rows, hidden = self._every, self._hidden
        if not rows:
            return ()
        alive = sum(row.deployment.alive for row in rows)
        failed = sum(row.unseen_error and is_recent(row.deployment, moment.now) for row in rows)
        dot = moment.glyphs.dot
        facts: list[tuple[str, str]] = [(f"{format_count(self._alive.total())} running ", "")]
        if self._selected.now.marks:
            facts.append((f"{dot} {moment.glyphs.mark} {self._tell_marks()} ", "mark bold"))
        if unreadable := self._resource.unreadable:
            entries = "1 entry" if unreadable == 1 else f"{format_count(unreadable)} entries"
            facts.append((f"{dot} {moment.glyphs.alert} {entries} unreadable ", "stale bold"))
        if ended := len(rows) - alive - hidden:
            facts.append((f"{dot} {format_count(ended)} ended ", "muted"))
        if failed:
            facts.append((f"{dot} {moment.glyphs.alert} {format_count(failed)} failed ", "danger bold"))
        if hidden:
            facts.append((f"{dot} {format_count(hidden)} older ", "muted"))
        if self._first_at is not None:
            since = format_time(self._first_at, moment.now, moment.zone, moment.glyphs)
            facts.append((f"{dot} change since {since} ", "muted"))
        return tuple(facts)

    def _tell_marks(self) -> str:
        """How many are marked, and which of them are not to be seen: keys act on all of them."""
        marks, selected = self._selected.now.marks, self._selected
        on_screen = {row.project_id for row in self._arranged()} if self.filter_text else None
        standing = [mark for mark in marks if selected.stands(mark)]
        filtered = sum(mark.project_id not in on_screen for mark in standing) if on_screen is not None else 0
        told = [f"{len(marks)} marked"]
        if filtered:
            told.append(f"{filtered} hidden by the filter")
        if lost := len(marks) - len(standing):
            told.append(f"{lost} deployed again since")
        return ", ".join(told)


def _columns() -> tuple[Column[DeploymentRow], ...]:
    return (
        Column("badge", "", 5, _badge, keep=8),
        Column("name", "project", 16, _name, good=30, most=44, keep=9, sort_key=lambda row: row.name.casefold()),
        Column(
            "status", "status", _STATUS_CELLS, _status, keep=6, sort_key=lambda row: row.deployment.status.casefold()
        ),
        Column(
            "equity",
            "equity",
            11,
            _equity,
            right=True,
            keep=7,
            sort_key=lambda row: row.deployment.equity,
            descending=True,
        ),
        Column("change", "change", 8, _change, right=True, keep=5, sort_key=lambda row: row.change, descending=True),
        Column("trail", "seen", 8, _trail, good=14, most=_SPARK_MOST, keep=3, keep_end=True),
        Column("age", "age", 8, _age, right=True, keep=4, sort_key=_age_key),
        Column("brokerage", "brokerage", 16, _brokerage, most=28, keep=2, sort_key=_brokerage_key),
        Column("deploy_id", "deploy id", 12, _deploy_id, most=34, keep=1),
    )


def _badge(row: DeploymentRow, moment: Moment) -> Spans:
    environment = row.deployment.environment
    if environment is Environment.PAPER:
        return (("PAPER", "paper"),)
    return (("LIVE ", "live badge" if row.deployment.alive else "live"),)


def _name(row: DeploymentRow, moment: Moment) -> Spans:
    if row.unseen_error:
        return ((row.name, "danger bold"),)
    return ((row.name, "title" if row.deployment.alive else "muted"),)


def _status(row: DeploymentRow, moment: Moment) -> Spans:
    status = row.deployment.status or "unknown"
    if has_runtime_error(row.deployment):
        return ((status, "danger bold" if row.unseen_error else "danger"),)
    if not row.deployment.alive:
        return ((status, "muted"),)
    role = "ok" if status.casefold() == "running" else "stale"
    if row.alive_in_project < 2:
        return ((status, role),)
    # The row stands for them all: that there are others is what must not be cut off.
    others = f" +{row.alive_in_project - 1}"
    if cell_len(status) > (room := _STATUS_CELLS - len(others)):
        status = set_cell_size(status, room - 1).rstrip() + moment.glyphs.ellipsis
    return ((status, role), (others, "stale bold"))


def _equity(row: DeploymentRow, moment: Moment) -> Spans:
    return ((format_money(row.deployment.equity, moment.glyphs), "" if row.deployment.alive else "muted"),)


def _change(row: DeploymentRow, moment: Moment) -> Spans:
    change = row.change if row.deployment.alive else None
    text = format_change(change, moment.glyphs)
    if change is None or text == "0.00%":
        return ((text, "muted"),)
    return ((text, "pnl-up" if change > 0 else "pnl-down"),)


def _trail(row: DeploymentRow, moment: Moment) -> Spans:
    if row.trail is None or not row.deployment.alive:
        return ()
    values = row.trail.values
    role = "muted" if len(values) < 2 else "pnl-up" if values[-1] >= values[0] else "pnl-down"
    return ((format_sparkline(values, _SPARK_MOST, moment.glyphs), role),)


def _age(row: DeploymentRow, moment: Moment) -> Spans:
    deployment = row.deployment
    if deployment.alive:
        return ((moment.ago(deployment.launched_at) or moment.glyphs.none, "muted"),)
    ended = moment.ago(deployment.stopped_at)
    return ((f"{ended} ago" if ended not in {"", "now"} else ended or moment.glyphs.none, "muted"),)


def _age_key(row: DeploymentRow) -> float | None:
    at = row.deployment.launched_at if row.deployment.alive else row.deployment.stopped_at
    return None if at is None else -at


def _brokerage(row: DeploymentRow, moment: Moment) -> Spans:
    return ((row.deployment.brokerage or moment.glyphs.none, "muted"),)


def _brokerage_key(row: DeploymentRow) -> str:
    return row.deployment.brokerage.casefold()


def _deploy_id(row: DeploymentRow, moment: Moment) -> Spans:
    return ((row.deployment.deploy_id or moment.glyphs.none, "muted"),)
