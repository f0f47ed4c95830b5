"""What a confirm dialog says: everything known of its targets, with its age, as paragraphs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from qctui.actions.spec import ACTION_SPECS, CODE_LENGTH, LIQUIDATE, ActionSpec, cautions, typed_code_source
from qctui.actions.wording import format_span
from qctui.alerts.alert_wording import pulse_sentence
from qctui.model.action import ActionRecord, Recheck, Target
from qctui.model.deployment import Environment, Project
from qctui.model.optimization import OptimizationPlan
from qctui.model.portfolio import Holding, Portfolio
from qctui.model.pulse import Pulse, PulseState
from qctui.model.resource import Resource
from qctui.ui.actions.plan_form import range_of
from qctui.ui.actions.progress import (
    format_badge,
    format_identity,
    format_ladder,
    format_list,
    format_position,
    target_name,
)
from qctui.ui.kit.facts_view import relative_words
from qctui.ui.kit.lines import Paragraph, Piece, labelled, pieces
from qctui.ui.kit.render_context import RenderContext
from qctui.ui.kit.spans import cut_name
from qctui.ui.wording.format import amount_of, format_money, named_balance
from qctui.value import Value

SHOWN = 4
"""Holdings, and balances, that are named."""

NAMED_PULSES = 6
"""Targets without a good pulse that are named above the list of several."""

MAX_NAME_CELLS = 32
"""Of a name in a list of several targets."""


class Aim(Value):
    """One target of a dialog and all that is known of it now."""

    target: Target
    recheck: Resource[Recheck]
    earlier: ActionRecord | None = None
    """The newest action of this run against the same deployment or optimization."""
    project: Project | None = None
    pulse: Pulse | None = None
    """Whether the deployment shows signs of life; None while that is not known."""
    refused: str = ""
    """Why it was never part of what can be sent; empty if it is."""
    disarmed: str = ""
    """Why it is no longer part of it; empty while armed."""

    @property
    def armed(self) -> bool:
        """It is sent if a person confirms."""
        return not self.refused and not self.disarmed

    @property
    def looked_at(self) -> bool:
        """The target itself has been read again, not only its portfolio."""
        newest = self.newest
        return newest.detail is not None or newest.another or newest.optimization is not None

    @property
    def newest(self) -> Recheck:
        """What the re-reads have told so far."""
        return self.recheck.value or Recheck()


def single_facts(aim: Aim, context: RenderContext) -> list[Paragraph]:
    """Everything about the one target, what will happen, and what may be left behind."""
    target = aim.target
    spec = ACTION_SPECS[target.action]
    about = _optimization_facts(aim, context) if target.optimization_id else _deployment_facts(aim, context)
    if warning := _pulse_warning(aim, context):
        # Right below the name: further down it might be out of sight.
        about.insert(1, labelled("Pulse", pieces((warning, "danger bold"))))
    said = [labelled("Note", pieces((caution, "stale bold"))) for caution in cautions(target, aim.project)]
    if aim.earlier is not None:
        said.append(labelled("Earlier", format_earlier(aim.earlier, context)))
    return [*about, *said, Paragraph(), *_outcome(spec)]


def many_facts(aims: Sequence[Aim], context: RenderContext) -> list[Paragraph]:
    """How many are hit, what they are worth together, and a line each."""
    armed = [aim for aim in aims if aim.armed]
    spec = ACTION_SPECS[aims[0].target.action]
    # Play money is never added to real money.
    real = [aim for aim in armed if aim.target.environment is Environment.LIVE]
    noun = spec.target_noun if len(armed) == 1 else f"{spec.target_noun}s"
    header = pieces(
        (f"{len(armed)} {noun}", "title bold"),
        ": ",
        (f" {len(real)} LIVE ", "live badge"),
        " ",
        (f"{len(armed) - len(real)} PAPER", "paper bold"),
    )
    if len(armed) < len(aims):
        header.append(f"  {len(aims) - len(armed)} skipped", "stale bold")
    header.append_text(pieces("  LIVE equity " if real else "  equity ", _total_equity(real or armed, context)))
    happens, left_behind = _outcome(spec)
    name_cells = min(MAX_NAME_CELLS, max(cell_len(target_name(aim.target)) for aim in aims))
    rows = [_row(aim, context, name_cells) for aim in aims]
    # Who is hit comes before the small print: a long list must not push the first names out of sight.
    return [Paragraph(header, hang=2), *_pulses(armed, context), happens, *rows, left_behind]


def check_lines(aims: Sequence[Aim], context: RenderContext) -> list[Paragraph]:
    """What the re-reads say of the targets: disarmed and why, failing and why, or checked."""
    if not any(aim.armed for aim in aims):
        why = aims[0].disarmed or aims[0].refused if len(aims) == 1 else "no target is left"
        return [
            Paragraph(pieces((f" DISARMED: {why} ", "danger badge"))),
            Paragraph(pieces("Nothing can be sent. Escape closes.")),
        ]
    armed = [aim for aim in aims if aim.armed]
    failing = [aim for aim in armed if aim.recheck.error is not None]
    if failing:
        error = failing[0].recheck.error
        which = "target" if len(aims) == 1 else f"{len(failing)} of {len(armed)} targets"
        why = error.message if error is not None else ""
        return [Paragraph(pieces((f"{which} could not be re-checked: {why}; you can still send", "stale bold")))]
    # A portfolio alone says nothing of whether it still runs: the two are read apart from each other.
    waiting = sum(not aim.looked_at for aim in armed)
    if waiting:
        which = "the target" if len(aims) == 1 else f"{waiting} of {len(armed)} targets"
        return [Paragraph(pieces((f"Checking {which} again; you need not wait for it.", "muted")))]
    newest = [aim.newest for aim in armed]
    if why := next((each.portfolio_failure for each in newest if each.portfolio_failure), ""):
        unread = f"Checked again, {_still(armed)}; holdings could not be re-read: {why}"
        return [Paragraph(pieces((unread, "stale bold")))]
    return [Paragraph(pieces((f"Checked again: {_still(armed)}.", "muted")))]


def _pulse_warning(aim: Aim, context: RenderContext) -> str:
    """What the target's pulse means for the action; empty if it is well, or not known."""
    if aim.pulse is None:
        return ""
    sells = aim.target.action == LIQUIDATE.id
    return pulse_sentence(aim.pulse, context.now, sells=sells, ago=partial(relative_words, context=context))


def _pulses(armed: Sequence[Aim], context: RenderContext) -> list[Paragraph]:
    """Which of several targets have no good pulse, by name."""
    said = []
    refused = "refused by the brokerage"
    if armed and armed[0].target.action == LIQUIDATE.id:
        refused += ", and this may be too"
    for state, means in ((PulseState.BLIND, refused), (PulseState.QUIET, "without a sign of life")):
        names = [target_name(aim.target) for aim in armed if aim.pulse is not None and aim.pulse.state is state]
        if names:
            named = format_list(names, NAMED_PULSES, context.glyphs)
            words = pieces((f"{len(names)} {means}: ", "danger bold"), named)
            said.append(labelled(state.value, words, max_lines=2))
    return said


def _still(armed: Sequence[Aim]) -> str:
    """What the newest looks at these targets have in common; `running` only of what says so itself."""
    if armed[0].target.optimization_id:
        states = {aim.newest.optimization.finished for aim in armed if aim.newest.optimization is not None}
        return "finished" if states == {True} else "still under way"
    looks = [aim.newest for aim in armed]
    if all(each.detail and not each.another and each.detail.status.casefold() == "running" for each in looks):
        return "still running"
    return "not ended" if len(armed) == 1 else "none has ended"


def format_earlier(record: ActionRecord, context: RenderContext) -> Text:
    """An earlier action against the same target: `LIQUIDATE SENT 14:03:07 → UNKNOWN +10s (...)`."""
    return pieces((record.target.action.upper(), "title bold"), " ", format_ladder(record, context))


def _outcome(spec: ActionSpec) -> list[Paragraph]:
    return [labelled("Happens", pieces(spec.consequence)), labelled("Left behind", pieces(spec.leftovers))]


def _deployment_facts(aim: Aim, context: RenderContext) -> list[Paragraph]:
    target = aim.target
    detail = aim.newest.detail
    source = "" if typed_code_source(target) == "deploy id" else "  (you type the end of the project id)"
    status = (detail.status if detail is not None else "") or target.status or context.glyphs.none
    checked = _aged(aim.recheck.fetched_mono if detail is not None else target.equity_mono, context)
    amount, amount_mono = _equity(aim, context)
    return [
        Paragraph(pieces(format_badge(target.environment), " ", (target_name(target), "title bold")), max_lines=2),
        labelled(
            "Deploy id", pieces(_coded(target.deploy_id), ("   project ", "muted"), str(target.project_id), source)
        ),
        labelled(
            "Brokerage",
            pieces(target.brokerage or context.glyphs.none, ("   status ", "muted"), status, checked),
            2,
        ),
        labelled("Equity", pieces(amount, _aged(amount_mono, context)), 1),
        labelled("Holdings", _holdings(aim, context), 3),
        labelled("Cash", _cash(aim, context), 2),
    ]


def _coded(identity: str) -> Text:
    """An id in full; its last four characters, the ones to type, stand out."""
    return pieces(identity[:-CODE_LENGTH], (identity[-CODE_LENGTH:] or "unknown", "title bold"))


def _equity(aim: Aim, context: RenderContext) -> tuple[str, float | None]:
    """The newest equity in words, and when it was received."""
    reported = detail.statistics.get("Equity", "") if (detail := aim.newest.detail) is not None else ""
    if reported:
        return reported, aim.recheck.fetched_mono
    known_mono = None if aim.target.equity is None else aim.target.equity_mono
    return format_money(aim.target.equity, context.glyphs), known_mono


def _known_portfolio(aim: Aim) -> tuple[Portfolio | None, float | None, str]:
    """The newest portfolio of the target, when it was received, and why there is no newer one."""
    newest, captured = aim.newest, aim.target.portfolio
    if newest.portfolio is not None or newest.another:
        return newest.portfolio, newest.portfolio_mono, newest.portfolio_failure
    failure = captured.error.message if captured.error is not None else ""
    return captured.value, captured.fetched_mono, newest.portfolio_failure or failure


def _holdings(aim: Aim, context: RenderContext) -> Text:
    portfolio, received, failure = _known_portfolio(aim)
    if portfolio is None:
        return pieces((f"unknown: {failure}" if failure else "not read yet", "stale bold"))
    if not portfolio.is_known:
        return pieces(("unknown: the service tells of none, which is not the same as flat", "stale bold"))
    held = portfolio.open_holdings
    if not held:
        return pieces("none open in the newest snapshot", _aged(received, context))
    listed = format_list([_holding(holding, context) for holding in held], SHOWN, context.glyphs)
    return pieces((f"{len(held)} open", "title bold"), _aged(received, context), f": {listed}")


def _holding(holding: Holding, context: RenderContext) -> str:
    if holding.unreadable_quantity or holding.market_value is None:
        return format_position(holding)
    sign = "-" if holding.market_value < 0 else ""
    value = format_money(abs(holding.market_value), context.glyphs)
    return f"{format_position(holding)} {sign}{holding.currency_symbol}{value}"


def _cash(aim: Aim, context: RenderContext) -> Text:
    portfolio, received, _ = _known_portfolio(aim)
    if portfolio is None or not portfolio.is_known:
        return pieces(("unknown", "stale bold"))
    if not portfolio.cash:
        return pieces("none told", _aged(received, context))
    balances = [named_balance(cash, context.glyphs) for cash in portfolio.cash]
    return pieces(format_list(balances, SHOWN, context.glyphs), _aged(received, context))


def _optimization_facts(aim: Aim, context: RenderContext) -> list[Paragraph]:
    target, optimization = aim.target, aim.newest.optimization
    status = (optimization.status if optimization is not None else target.status) or context.glyphs.none
    facts = [
        Paragraph(pieces((target.name or "optimization", "title bold")), max_lines=2),
        labelled("Id", _coded(target.optimization_id)),
        labelled("Project", pieces(str(target.project_id))),
        labelled("Status", pieces(status)),
    ]
    if target.plan is not None:
        return [facts[0], *_plan_facts(target, target.plan, context)]
    if target.new_name:
        facts.insert(1, labelled("New name", pieces((target.new_name, "title bold")), 2))
    if optimization is not None and optimization.total:
        done = (optimization.completed or 0) + (optimization.failed or 0)
        word = "cut off" if optimization.finished else "running"
        running = f", {optimization.running} {word}" if optimization.running else ""
        progress = pieces(
            f"{done:,} of {optimization.total:,} backtests{running}", _aged(aim.recheck.fetched_mono, context)
        )
        facts.append(labelled("Progress", progress))
    return facts


def _plan_facts(target: Target, plan: OptimizationPlan, context: RenderContext) -> list[Paragraph]:
    """What is asked for, and what it will take."""
    dot, backtests = f" {context.glyphs.dot} ", plan.backtests or 0
    ranges = [f"{each.name}{' =' if each.value is not None else ''} {range_of(each)}" for each in plan.parameters]
    takes: list[Piece] = [(f"{backtests:,} backtest{'' if backtests == 1 else 's'}", "title bold")]
    takes.append(f" on {plan.parallel_nodes} x {plan.node_type}")
    if target.estimate is None or target.estimate.seconds is None:
        takes.append(("; what they take could not be had", "stale bold"))
    else:
        takes.append(f"; QuantConnect estimates {format_span(target.estimate.seconds)}")
    if target.estimate is not None and target.estimate.balance is not None:
        takes.append(f"; {target.estimate.balance:,.10g} QCC are left")
    facts = [
        labelled("New name", pieces((plan.name, "title bold")), 2),
        labelled("Project", pieces(str(plan.project_id), (f"{dot}build ", "muted"), target.compile_id), 2),
        labelled("Target", pieces(f"{plan.criterion.extremum} {plan.criterion.target}"), 2),
        labelled("Parameters", pieces(dot.join(ranges)), 4),
    ]
    if plan.constraints:
        facts.append(labelled("Constraints", pieces(dot.join(each.words for each in plan.constraints)), 3))
    return [*facts, labelled("Takes", pieces(*takes), 3)]


def _aged(received_mono: float | None, context: RenderContext) -> tuple[str, str]:
    age = context.age(received_mono)
    return (f" ({age})" if age else "", "muted")


def _total_equity(armed: Sequence[Aim], context: RenderContext) -> Text:
    """The sum of what the rows say, as old as the oldest of them. Amounts in several currencies have none."""
    told = [(_equity(aim, context), aim.target.equity) for aim in armed]
    amounts = [amount_of(words) or ("", listed) for (words, _), listed in told]
    known = [(amount, mono) for (_, amount), ((_, mono), _) in zip(amounts, told, strict=True) if amount is not None]
    if len({symbol for symbol, amount in amounts if symbol and amount is not None}) > 1:
        return pieces(("in several currencies", "title bold"))
    total = pieces((format_money(sum(amount for amount, _ in known) if known else None, context.glyphs), "title bold"))
    total.append_text(pieces(_aged(min((mono for _, mono in known if mono is not None), default=None), context)))
    if len(known) < len(armed):
        total.append(f" ({len(armed) - len(known)} unknown)", "stale bold")
    return total


def _row(aim: Aim, context: RenderContext, name_cells: int) -> Paragraph:
    """One target of several: badge, name, end of the id, equity with its age, and why it is skipped or worth a look."""
    target = aim.target
    name = cut_name(target_name(target), name_cells, context.glyphs)
    row = pieces(
        format_badge(target.environment, aligned=True),
        " ",
        (set_cell_size(name, name_cells), "title bold"),
        " ",
        (format_identity(target, context.glyphs), "title bold"),
    )
    if not aim.armed:
        return Paragraph(
            pieces(row, "  ", ("skipped", "stale bold"), f": {aim.disarmed or aim.refused}"), hang=2, max_lines=2
        )
    portfolio, received, _ = _known_portfolio(aim)
    held = (
        f"{len(portfolio.open_holdings)} open" if portfolio is not None and portfolio.is_known else "holdings unknown"
    )
    amount, amount_mono = _equity(aim, context)
    ages = _aged(amount_mono, context), _aged(received, context)
    # An age both share is said once: on 80 columns that is a line instead of two, and twice as many targets in sight.
    equity = pieces(f"{amount:>12}", ages[0] if ages[0] != ages[1] else "")
    row.append_text(pieces(" ", equity, "  ", held, ages[1]))
    if aim.earlier is not None:
        row.append_text(pieces("  earlier: ", format_earlier(aim.earlier, context)))
    if aim.pulse is not None and _pulse_warning(aim, context):
        row.append_text(pieces("  ", (aim.pulse.state.value, "danger bold")))
    for caution in cautions(target, aim.project):
        row.append_text(pieces("  ", (caution, "stale bold")))
    return Paragraph(row, hang=2, max_lines=3)
