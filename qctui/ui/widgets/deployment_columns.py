"""The columns of Deployments."""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size

from qctui.model.deployment import Environment
from qctui.ui.format import format_change, format_money, format_sparkline
from qctui.ui.ladder import LIVE_IN_DOUBT
from qctui.ui.moment import Moment
from qctui.ui.rows import DeploymentRow, has_runtime_error
from qctui.ui.widgets.cells import Spans
from qctui.ui.widgets.columns import Column

_SPARK_MOST = 24
_STATUS_CELLS = 12


def deployment_columns() -> tuple[Column[DeploymentRow], ...]:
    """What a row of Deployments shows, and what goes first where it does not fit."""
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
        Column("age", "up/ended", 8, _age, right=True, keep=4, sort_key=_age_key),
        Column("brokerage", "brokerage", 16, _brokerage, most=28, keep=2, sort_key=_brokerage_key),
        Column("deploy_id", "deploy id", 12, _deploy_id, most=34, keep=1),
    )


def _badge(row: DeploymentRow, moment: Moment) -> Spans:
    environment = row.deployment.environment
    if environment is Environment.PAPER:
        return (("PAPER", "paper"),)
    if row.deployment.claims_paper:
        return ((LIVE_IN_DOUBT, "live"),)
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
    account = f"{row.deployment.account_environment}, " if row.deployment.claims_paper else ""
    return ((account, "stale"), (row.deployment.brokerage or moment.glyphs.none, "muted"))


def _brokerage_key(row: DeploymentRow) -> str:
    return row.deployment.brokerage.casefold()


def _deploy_id(row: DeploymentRow, moment: Moment) -> Spans:
    return ((row.deployment.deploy_id or moment.glyphs.none, "muted"),)
