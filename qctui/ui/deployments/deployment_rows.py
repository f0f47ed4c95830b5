"""The rows of Deployments, their order and their columns. Pure."""

from __future__ import annotations

from typing import Any

from qctui.model.account import Account, EquityTrail
from qctui.model.alert import Alert
from qctui.model.deployment import Deployment, Environment
from qctui.model.pulse import Pulse, PulseState
from qctui.ui.actions.progress import LIVE_IN_DOUBT
from qctui.ui.alerts.alert_line import alert_mark
from qctui.ui.kit.render_context import RenderContext
from qctui.ui.kit.spans import Spans, cut_text
from qctui.ui.kit.table_columns import Column, figure, text_column
from qctui.ui.wording.format import (
    format_change,
    format_compact,
    format_count,
    format_gain,
    format_money,
    format_sparkline,
)
from qctui.value import Value, field


class DeploymentRow(Value):
    """One project's newest deployment."""

    deployment: Deployment
    name: str
    base: float | None
    """The equity of 24 hours ago, or of its launch if that is later; None while it is not known."""
    trail: EquityTrail | None
    unseen_error: bool
    """It ended with a runtime error that no person has looked at yet."""
    alive_in_project: int = 0
    """Deployments of the project that may trade. The row shows the one launched last."""
    account: Account = field(default_factory=Account)
    """What is at risk in it, as far as it is known; nothing is of what has ended."""
    pulse: Pulse | None = None
    """Whether it shows signs of life; None of what does not run."""
    alert: Alert | None = None
    """The worst open alert about the project."""

    @property
    def project_id(self) -> int:
        """The row's key: it stays when the project is deployed again."""
        return self.deployment.project_id

    @property
    def gain(self) -> float | None:
        """What the equity has changed by since; None of what has ended, and while one of the two is unknown."""
        equity = self.deployment.equity
        return None if equity is None or self.base is None or not self.deployment.alive else equity - self.base

    @property
    def change(self) -> float | None:
        """The same, relative to the equity of then."""
        gain = self.gain
        return None if gain is None or self.base is None or self.base <= 0 else gain / self.base


def deployment_order(row: DeploymentRow) -> tuple[Any, ...]:
    """Alive first, LIVE before PAPER, by name; then what ended last. Having been seen changes no place: a row must not
    move because a person looked at it."""
    deployment = row.deployment
    if deployment.alive:
        return 0, deployment.environment is not Environment.LIVE, row.name.casefold(), deployment.project_id
    return 1, False, -(deployment.stopped_at or 0.0), row.name.casefold(), deployment.project_id


def deployment_text(row: DeploymentRow) -> str:
    """What a filter searches: the words of the row, and nothing that it does not show."""
    deployment = row.deployment
    doubt = "?" if deployment.claims_paper else ""
    pulse = row.pulse.state.value if row.pulse is not None else ""
    return f"{row.name} {deployment.environment.value}{doubt} {deployment.status} {pulse} {deployment.brokerage}"


_SPARK_CELLS = 12
"""Two hours a cell."""
STATUS_CELLS = 13
"""`Running QUIET`: the pulse stands beside the status. In a column of its own it would take the place of the exposure
where there are 80 cells."""

PARTLY = "~"
"""Before a total of figures that are not all known."""

PULSE_ROLES = {
    PulseState.OK: "ok",
    PulseState.QUIET: "stale bold",
    PulseState.BLIND: "danger bold",
    PulseState.UNKNOWN: "muted",
}
"""How the word of a pulse is drawn."""
_PULSE_ORDER = (PulseState.BLIND, PulseState.QUIET, PulseState.UNKNOWN, PulseState.OK, None)

OLD_S = 900.0
"""Positions read longer ago than this carry their age. The service's own snapshots are up to ten minutes old."""


def deployment_columns() -> tuple[Column[DeploymentRow], ...]:
    """What a row of Deployments shows, and what goes first where it does not fit."""
    return (
        Column("badge", "", 5, _badge, keep=11),
        Column(
            "name",
            "project",
            16,
            _name,
            wanted=30,
            widest=44,
            cut_middle=True,
            keep=12,
            sort_key=lambda row: row.name.casefold(),
        ),
        Column("status", "status, pulse", STATUS_CELLS, _status, keep=9, sort_key=_status_key),
        figure("equity", "equity", 11, _equity, keep=10, sort_key=lambda row: row.deployment.equity),
        figure("gain", "24h", 8, _gain, keep=7, sort_key=lambda row: row.gain),
        figure("change", "24h %", 7, _change, keep=8, sort_key=lambda row: row.change),
        Column("trail", "last 24h", _SPARK_CELLS, _trail, right=True, keep=4),
        figure("exposure", "exposure", 10, _exposure, keep=6, sort_key=lambda row: row.account.exposure),
        figure("positions", "pos", 3, _positions, keep=3, sort_key=lambda row: row.account.positions),
        Column("age", "up/ended", 8, _age, right=True, keep=5, sort_key=_age_key),
        Column("brokerage", "brokerage", 16, _brokerage, widest=28, keep=2, sort_key=_brokerage_key),
        text_column(
            "deploy_id", 12, lambda row: row.deployment.deploy_id, header="deploy id", widest=34, keep=1, sort_key=None
        ),
    )


def _badge(row: DeploymentRow, context: RenderContext) -> Spans:
    environment = row.deployment.environment
    if environment is Environment.PAPER:
        return (("PAPER", "paper"),)
    if row.deployment.claims_paper:
        return ((LIVE_IN_DOUBT, "live"),)
    return (("LIVE ", "live badge" if row.deployment.alive else "live"),)


def _name(row: DeploymentRow, context: RenderContext) -> Spans:
    role = "danger bold" if row.unseen_error else "title" if row.deployment.alive else "muted"
    return (*alert_mark(row.alert, context.glyphs), (row.name, role))


def _status(row: DeploymentRow, context: RenderContext) -> Spans:
    status = row.deployment.status or "unknown"
    if row.deployment.failed:
        return ((status, "danger bold" if row.unseen_error else "danger"),)
    if not row.deployment.alive:
        return ((status, "muted"),)
    role = "ok" if status.casefold() == "running" else "stale"
    beside: list[tuple[str, str]] = []
    if row.pulse is not None:
        beside.append((f" {row.pulse.state.value}", PULSE_ROLES[row.pulse.state]))
    if row.alive_in_project > 1:
        # The row stands for them all.
        beside.append((f" +{row.alive_in_project - 1}", "stale bold"))
    # That there are others, and whether it lives, is what must not be cut off.
    room = STATUS_CELLS - sum(len(text) for text, _ in beside)
    return ((cut_text(status, room, context.glyphs), role), *beside)


def _status_key(row: DeploymentRow) -> tuple[int, str]:
    """What needs a look first."""
    rank = _PULSE_ORDER.index(row.pulse.state if row.pulse is not None else None)
    return rank, row.deployment.status.casefold()


def _equity(row: DeploymentRow, context: RenderContext) -> Spans:
    return ((format_money(row.deployment.equity, context.glyphs), "" if row.deployment.alive else "muted"),)


def _gain(row: DeploymentRow, context: RenderContext) -> Spans:
    return ((format_gain(row.gain, context.glyphs), direction_role(row.gain)),)


def _change(row: DeploymentRow, context: RenderContext) -> Spans:
    return ((format_change(row.change, context.glyphs), direction_role(row.gain)),)


def direction_role(gain: float | None) -> str:
    """How a change is drawn, beside its sign."""
    return "muted" if not gain else "pnl-up" if gain > 0 else "pnl-down"


def _trail(row: DeploymentRow, context: RenderContext) -> Spans:
    if row.trail is None:
        return ()
    values = row.trail.sampled(context.now, _SPARK_CELLS)
    return ((format_sparkline(values, _SPARK_CELLS, context.glyphs), direction_role(row.gain)),)


def _exposure(row: DeploymentRow, context: RenderContext) -> Spans:
    return at_risk(row.account.exposure, row.account.other_cash, row.account.read_mono, context)


def at_risk(
    value: float | None, other_cash: bool, read_mono: float | None, context: RenderContext, *, partly: bool = False
) -> Spans:
    """What is at risk, with its age once that is old. `partly`: it is the sum of what is known."""
    if value is None or read_mono is None:
        return _unknown(context)
    old = context.mono - read_mono >= OLD_S
    if not old:
        # Asked for so that it is drawn again when it has become old.
        context.note(read_mono + OLD_S)
    # With all its marks and its age it has to fit: it is rounded more.
    amount = format_compact(value, context.glyphs, 2 if old else 3)
    text = f"{PARTLY if partly else ''}{amount}{'+' if other_cash else ''}"
    return ((text, ""), (f" {context.age(read_mono)}", "stale")) if old else ((text, ""),)


def _positions(row: DeploymentRow, context: RenderContext) -> Spans:
    positions = row.account.positions
    return _unknown(context) if positions is None else ((format_count(positions), ""),)


def _unknown(context: RenderContext) -> Spans:
    """Also of what has ended: it may have left positions behind, and nothing is read of them any more."""
    return ((context.glyphs.none, "muted"),)


def _age(row: DeploymentRow, context: RenderContext) -> Spans:
    deployment = row.deployment
    if deployment.alive:
        return ((context.ago(deployment.launched_at) or context.glyphs.none, "muted"),)
    ended = context.ago(deployment.stopped_at)
    return ((f"{ended} ago" if ended not in {"", "now"} else ended or context.glyphs.none, "muted"),)


def _age_key(row: DeploymentRow) -> float | None:
    at = row.deployment.launched_at if row.deployment.alive else row.deployment.stopped_at
    return None if at is None else -at


def _brokerage(row: DeploymentRow, context: RenderContext) -> Spans:
    account = f"{row.deployment.account_environment}, " if row.deployment.claims_paper else ""
    return ((account, "stale"), (row.deployment.brokerage or context.glyphs.none, "muted"))


def _brokerage_key(row: DeploymentRow) -> str:
    return row.deployment.brokerage.casefold()
