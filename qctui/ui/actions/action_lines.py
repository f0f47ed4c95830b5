"""The paragraphs of the action bar: each action's ladder, a total for several, and on demand every fact of a target."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence

from rich.text import Text

from qctui.actions.wording import format_fine_span
from qctui.model.action import ActionRecord, Rung, Target
from qctui.model.order import Order
from qctui.model.portfolio import Portfolio
from qctui.model.resource import Resource
from qctui.ui.actions.progress import (
    LOUD,
    RETRIED,
    format_aim,
    format_awaited,
    format_beside,
    format_ladder,
    format_list,
    format_position,
    format_reason,
    format_total,
    rung_role,
    rung_word,
    shown_steps,
)
from qctui.ui.kit.lines import Paragraph, pieces
from qctui.ui.kit.render_context import RenderContext
from qctui.ui.wording.format import format_price, named_balance

PortfolioOf = Callable[[Target], Resource[Portfolio]]
"""What was read last of a target's portfolio; empty where it is not known to be the target's."""

BesideOf = Callable[[str], Sequence[Target]]
"""What runs beside a confirmation (its batch id) that was to hit everything; empty beside any other."""

SHOWN_OPEN = 5
"""Positions named in the line of an action that did not reach its goal; the detail names them all."""

_CHECK = pieces(("Check the brokerage.", "title bold"))
"""Said once an action on positions has ended: what the service knows may lag (REFERENCE.md 7.1)."""


def group_batches(records: Iterable[ActionRecord], retried: Collection[str]) -> list[tuple[ActionRecord, ...]]:
    """Actions by confirmation, the newest first: what is under way or did not work, of this run, of an earlier one, of
    other consoles; then what is over. `retried` as in `batch_paragraphs`."""
    batches: dict[str, list[ActionRecord]] = {}
    for record in records:
        batches.setdefault(record.batch_id, []).append(record)

    def turn(batch: Sequence[ActionRecord]) -> int:
        stands = any((record.rung in LOUD or not record.done) and record.action_id not in retried for record in batch)
        return (2 if batch[0].foreign else 1 if batch[0].resumed else 0) if stands else 3

    return sorted([tuple(batch) for batch in reversed(batches.values())], key=turn)


def batch_paragraphs(
    batch: Sequence[ActionRecord],
    context: RenderContext,
    *,
    details: bool,
    portfolio_of: PortfolioOf,
    retried: Collection[str] = (),
    beside: Sequence[Target] = (),
) -> list[Paragraph]:
    """One confirmation. Several targets: the total, then a line each: what needs a person first, what is over last.
    `retried` are the ids of actions that a newer one stands for, `beside` what runs and is not part of it."""
    not_hit = [Paragraph(format_beside(beside, context.glyphs), indent=2, max_lines=2)] if beside else []
    if len(batch) == 1:
        head, *rest = _single(batch[0], context, portfolio_of, details=details, retried=batch[0].action_id in retried)
        return [head, *not_hit, *rest]
    total = pieces(format_total(batch, retried), _origin(batch[0]))
    if any(record.done and record.target.action == "liquidate" for record in batch):
        total.append_text(pieces("  ", _CHECK))
    lines = [Paragraph(total, hang=2), *not_hit]
    for record in sorted(batch, key=lambda each: (each.action_id in retried, each.rung not in LOUD, each.done)):
        again = record.action_id in retried
        if details:
            lines += _single(record, context, portfolio_of, details=True, retried=again)
        else:
            lines.append(Paragraph(_target_line(record, context, portfolio_of, retried=again), hang=4, max_lines=2))
    return lines


def _single(
    record: ActionRecord, context: RenderContext, portfolio_of: PortfolioOf, *, details: bool, retried: bool
) -> list[Paragraph]:
    head = pieces((record.target.action.upper(), "title bold"), " ", format_aim(record.target, context.glyphs))
    again = (f"  {RETRIED}", "muted") if retried else ""
    line = pieces(head, _origin(record), "  ", format_ladder(record, context), again)
    lines = [Paragraph(line, hang=2)]
    if details:
        return lines + _details(record, context, portfolio_of)
    alarms = _alarms(record, context, portfolio_of)
    if record.rung in (Rung.VERIFIED, Rung.UNVERIFIED) and record.target.action == "liquidate":
        alarms.append(_CHECK)
    return lines + [Paragraph(text, indent=2, max_lines=2) for text in alarms]


def _target_line(record: ActionRecord, context: RenderContext, portfolio_of: PortfolioOf, *, retried: bool) -> Text:
    """One target of several: how far it is comes first, so that a column of words can be read down."""
    rung = record.rung
    word = rung_word(rung) if rung is not None else "CONFIRMED"
    gap = " " * max(1, 13 - len(word))
    aim = format_aim(record.target, context.glyphs, name_cells=32, aligned=True)
    line = pieces("  ", (word, "muted" if retried else rung_role(rung)), gap, aim)
    if retried:
        line.append(f"  {RETRIED}", "muted")
        return line
    steps = shown_steps(record)
    if record.done and len(steps) > 1:
        line.append(f"  +{format_fine_span(steps[-1].mono - steps[0].mono)}", "muted")
    elif not record.done:
        line.append(f"  {format_awaited(record, context.mono)}", "muted")
    for text in _alarms(record, context, portfolio_of):
        line.append("  ").append_text(text)
    return line


def _origin(record: ActionRecord) -> Text:
    """Where it was confirmed, if not here: the journal says no more of a console than that it was one."""
    if not (record.foreign or record.resumed):
        return pieces()
    by_console = "from the last run" if record.from_last_run else "by another console"
    return pieces("  ", ("by a command" if record.via == "command" else by_console, "stale bold"))


def _alarms(record: ActionRecord, context: RenderContext, portfolio_of: PortfolioOf) -> list[Text]:
    """What must not be overlooked: why it failed, what is still open, what happened meanwhile."""
    alarms = [
        pieces((reason, "stale bold"))
        for reason in (format_reason(record), record.withdrawal, *record.warnings)
        if reason
    ]
    if record.rung is Rung.UNVERIFIED and record.target.action == "liquidate":
        still = _open_now(record, context, portfolio_of, SHOWN_OPEN)
        alarms.append(pieces(("Still open: ", "title bold"), still))
    return alarms


def _open_now(record: ActionRecord, context: RenderContext, portfolio_of: PortfolioOf, most: int) -> Text:
    """The quantities still open and the coins that are left, and how old the snapshots are that say so."""
    holdings, age = record.holdings, context.age(record.holdings_mono)
    if holdings is None:
        # What another console read is not in its journal, but when it saw it flat is.
        if not record.foreign or record.rung not in (Rung.FLAT, Rung.VERIFIED):
            return pieces(("not read here" if record.foreign else "unknown, no snapshot since", "stale bold"))
        seen = f"no holding when it was seen {record.rung.value}, {context.time(record.steps[-1].at)}"
        return pieces(seen, _coins(record, context, portfolio_of, most, flat=True))
    held = [format_position(holding) for holding in holdings if holding.open]
    open_now = (format_list(held, most, context.glyphs), "stale bold") if held else "no holding"
    aged = f" (snapshot {age})" if age else ""
    return pieces(open_now, (aged, "muted"), _coins(record, context, portfolio_of, most, flat=not held))


def _coins(record: ActionRecord, context: RenderContext, portfolio_of: PortfolioOf, most: int, *, flat: bool) -> Text:
    """What of the balances is no money of the account: no holding, and worth as much. `flat`: that not enough is known
    of them is said too."""
    read = portfolio_of(record.target)
    cash = read.value.cash if read.value is not None and read.value.is_known else ()
    coins = [named_balance(each, context.glyphs) for each in cash if each.foreign]
    ended_at = next((step.at for step in record.steps if step.rung is Rung.STOPPED), record.confirmed_at)
    since = read.fetched_at is not None and read.fetched_at >= ended_at
    aged = (f" ({context.age(read.fetched_mono)})", "muted")
    if coins:
        where = "; in Cash: " if since else "; in Cash before it: "
        return pieces(where, (format_list(coins, most, context.glyphs), "stale bold"), aged)
    if not flat:
        return pieces()
    if since and cash and all(each.own for each in cash):
        return pieces("; in Cash: no other currency", aged)
    return pieces(("; balances: open the deployment, Cash", "stale bold"))


def _details(record: ActionRecord, context: RenderContext, portfolio_of: PortfolioOf) -> list[Paragraph]:
    """Every rung with its time, what is still open, the orders of the liquidation and their fills."""

    def fact(label: str, body: Text) -> Paragraph:
        return Paragraph(body, label=f"  {label}", indent=14)

    target = record.target
    identity = target.optimization_id or target.deploy_id or "deploy id unknown"
    lines = [fact("Target", pieces(identity, ("   project ", "muted"), str(target.project_id)))]
    for step in record.steps:
        body = pieces((rung_word(step.rung), rung_role(step.rung)), f"  {step.detail}" if step.detail else "")
        lines.append(fact(context.time(step.at), body))
    if not record.done:
        lines.append(fact("Now", pieces(format_awaited(record, context.mono))))
        if record.goal_by_mono is not None and (left := context.wait(record.goal_by_mono)):
            lines.append(fact("Watched", pieces(f"for {left} more")))
    if target.action == "liquidate":
        lines.append(fact("Still open", _open_now(record, context, portfolio_of, most=100)))
        lines += [fact("Order", _order(order, context)) for order in record.orders]
        if not record.orders:
            lines.append(fact("Orders", pieces(("none tagged Liquidated seen yet", "muted"))))
    lines += [fact("Note", pieces((warning, "stale bold"))) for warning in record.warnings]
    if target.action == "liquidate" and record.done:
        lines.append(fact("", _CHECK))
    return lines


def _order(order: Order, context: RenderContext) -> Text:
    wanted = "?" if order.quantity is None else f"{order.quantity:+,.10g}"
    known = order.filled_quantity
    filled = "not told" if known is None else f"{known:+,.10g}" if known else "0"
    line = pieces(f"#{order.order_id} {order.order_type} {wanted} {order.ticker}  ", (order.status, "title bold"))
    line.append(f"  filled {filled}")
    prices = [event.fill_price for event in order.events if event.fill_quantity and event.fill_price is not None]
    if prices:
        line.append(f" last at {format_price(prices[-1], context.glyphs)}")
    if order.last_fill_at is not None:
        line.append(f"  {context.time(order.last_fill_at)}", "muted")
    return line
