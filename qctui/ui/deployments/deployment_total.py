"""The total of the deployments that run: money that is real, in one currency, as far as it is known. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from qctui.model.deployment import Environment
from qctui.ui.deployments.deployment_rows import PARTLY, STATUS_CELLS, DeploymentRow, at_risk, direction_role
from qctui.ui.kit.render_context import RenderContext
from qctui.ui.kit.spans import Spans
from qctui.ui.kit.table_columns import Column
from qctui.ui.wording.format import format_change, format_count, format_gain, format_money
from qctui.value import Value


class Sum(Value):
    """A sum of what is known."""

    value: float | None
    """None while nothing is."""
    known: int
    """Of how many rows."""


class Total(Value):
    """The LIVE rows that run together; the PAPER ones where none is LIVE: play money is never added to real."""

    rows: int
    environment: Environment
    equity: Sum
    gain: Sum
    change: float | None
    """The gain, relative to the equity of then of the rows that are in it."""
    exposure: Sum
    positions: Sum
    other_cash: bool
    """Some of them hold balances that their exposure leaves out."""
    oldest_mono: float | None
    """When the positions that are in it and were read longest ago were read."""
    currency: str
    """The currency of the amounts; empty while no account's is known."""
    foreign: int
    """Rows in another currency: their amounts are left out."""

    @property
    def known(self) -> int:
        """Rows that each of the sums is at least made of."""
        return min(each.known for each in (self.equity, self.gain, self.exposure, self.positions))


def total_of(rows: Iterable[DeploymentRow]) -> Total:
    """The total of those that run. An account whose currency is not known is taken to be in that of the most others;
    what is known to be in another one is never added."""
    alive = [row for row in rows if row.deployment.alive]
    live = [row for row in alive if row.deployment.environment is Environment.LIVE]
    running = live or alive
    currencies = Counter(row.account.currency for row in running if row.account.currency)
    currency = max(currencies, key=lambda each: (currencies[each], each == "$", each), default="")
    alike = [row for row in running if row.account.currency in {"", currency}]
    gained = [row for row in alike if row.gain is not None]
    gain = _sum([row.gain for row in gained])
    base = sum(row.base or 0.0 for row in gained)
    exposed = [row.account for row in alike if row.account.exposure is not None]
    read = [account.read_mono for account in exposed if account.read_mono is not None]
    return Total(
        rows=len(running),
        environment=Environment.LIVE if live else Environment.PAPER,
        equity=_sum([row.deployment.equity for row in alike]),
        gain=gain,
        change=gain.value / base if gain.value is not None and base > 0 else None,
        exposure=_sum([account.exposure for account in exposed]),
        positions=_sum([row.account.positions for row in running]),
        other_cash=any(account.other_cash for account in exposed),
        oldest_mono=min(read, default=None),
        currency=currency,
        foreign=len(running) - len(alike),
    )


def _sum(values: Sequence[float | None]) -> Sum:
    known = [value for value in values if value is not None]
    return Sum(sum(known) if known else None, len(known))


def total_cells(column: Column[DeploymentRow], total: Total, context: RenderContext) -> Spans:
    """What the row below all others says under this column."""
    glyphs = context.glyphs

    def partly(text: str, known: Sum) -> str:
        return f"{PARTLY}{text}" if 0 < known.known < total.rows else text

    if column.id == "name":
        return ((f"Total of {format_count(total.rows)} {total.environment.value}", "title"),)
    if column.id == "status" and total.known < total.rows:
        known = f"{format_count(total.known)} of {format_count(total.rows)} known"
        return ((known if len(known) <= STATUS_CELLS else f"{total.known}/{total.rows} known", "stale"),)
    if column.id == "equity":
        return ((partly(format_money(total.equity.value, glyphs), total.equity), "title"),)
    if column.id == "gain":
        return ((partly(format_gain(total.gain.value, glyphs), total.gain), direction_role(total.gain.value)),)
    if column.id == "change":
        return ((partly(format_change(total.change, glyphs), total.gain), direction_role(total.gain.value)),)
    if column.id == "exposure":
        part = total.exposure.known < total.rows
        return at_risk(total.exposure.value, total.other_cash, total.oldest_mono, context, partly=part)
    if column.id == "positions" and total.positions.value is not None:
        return ((partly(format_count(int(total.positions.value)), total.positions), ""),)
    return ()
